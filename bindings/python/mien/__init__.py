# SPDX-License-Identifier: Apache-2.0
"""mien: face landmarks with MediaPipe's models and MediaPipe's numbers.

    import mien
    with mien.Engine() as engine:
        result = engine.process(rgb)  # uint8, height x width x 3
        print(result.landmarks.shape)  # (faces, 468, 3)

mien.compat stands in for the package mediapipe; mien.ray is for many files on many machines.
"""
from ._lazy import defer
from ._library import MienError, ArgumentError, DeviceError, __version__

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from ._devices import Device, DoctorReport, devices, doctor
    from ._records import EngineInfo, StreamStats
    from .engine import Engine
    from .image import Image
    from .model import Model, catalog, find_model
    from .result import BLENDSHAPE_NAMES, Result
    from .topology import edges, triangles

__all__ = ["ArgumentError", "DeviceError", "MienError", "__version__"]
__all__ += defer(__name__, (), {
    "Device": "_devices", "DoctorReport": "_devices", "devices": "_devices", "doctor": "_devices",
    "Engine": "engine", "EngineInfo": "_records", "StreamStats": "_records", "Image": "image",
    "Model": "model", "catalog": "model", "find_model": "model", "BLENDSHAPE_NAMES": "result",
    "Result": "result", "edges": "topology", "triangles": "topology",
})
