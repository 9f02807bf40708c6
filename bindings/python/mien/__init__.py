# SPDX-License-Identifier: Apache-2.0
"""mien: face landmarks with MediaPipe's models and MediaPipe's numbers.

    import mien
    with mien.Engine() as engine:
        result = engine.process(rgb)  # uint8, height x width x 3
        print(result.landmarks.shape)  # (faces, 468, 3)

mien.compat stands in for the package mediapipe; mien.ray is for many files on many machines.
"""
from ._library import MienError, ArgumentError, DeviceError, __version__
from .devices import Device, DoctorReport, devices, doctor
from .engine import Engine, EngineInfo, StreamStats
from .image import Image
from .model import Model, catalog, find_model
from .result import BLENDSHAPE_NAMES, Result
from .topology import edges, triangles

__all__ = [
    "ArgumentError", "BLENDSHAPE_NAMES", "Device", "DeviceError", "DoctorReport", "Engine",
    "EngineInfo", "Image", "MienError", "Model", "Result", "StreamStats", "__version__", "catalog",
    "devices", "doctor", "edges", "find_model", "triangles",
]
