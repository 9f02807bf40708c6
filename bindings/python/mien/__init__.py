# SPDX-License-Identifier: Apache-2.0
"""mien: face landmarks with MediaPipe's models and MediaPipe's numbers.

    import mien
    with mien.Engine() as engine:
        result = engine.process(rgb)  # uint8, height x width x 3
        print(result.landmarks.shape)  # (faces, 468, 3)

mien.compat stands in for the package mediapipe; mien.ray is for many files on many machines.
"""
import sys

from ._library import MienError, ArgumentError, DeviceError, __version__

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from ._devices import Device, DoctorReport, devices, doctor
    from .engine import Engine, EngineInfo, StreamStats
    from .image import Image
    from .model import Model, catalog, find_model
    from .result import BLENDSHAPE_NAMES, Result
    from .topology import edges, triangles

# The module of each name. It is loaded when the name is first used, so that an import costs little.
_MODULES = {
    "Device": "_devices", "DoctorReport": "_devices", "devices": "_devices", "doctor": "_devices",
    "Engine": "engine", "EngineInfo": "engine", "StreamStats": "engine", "Image": "image",
    "Model": "model", "catalog": "model", "find_model": "model", "BLENDSHAPE_NAMES": "result",
    "Result": "result", "edges": "topology", "triangles": "topology",
}

__all__ = ["ArgumentError", "DeviceError", "MienError", "__version__"] + sorted(_MODULES)


class _Package(type(sys)):
    """This module's type: Python 3.6 knows no functions __getattr__ of modules."""

    def __getattr__(self, name):
        import importlib
        if name in ("engine", "image", "model", "result", "topology"):
            return importlib.import_module("." + name, __name__)
        if name not in _MODULES:
            raise AttributeError("module {!r} has no attribute {!r}".format(__name__, name))
        value = getattr(importlib.import_module("." + _MODULES[name], __name__), name)
        setattr(self, name, value)
        return value

    def __dir__(self):
        return sorted(set(super().__dir__()) | set(__all__))


sys.modules[__name__].__class__ = _Package
