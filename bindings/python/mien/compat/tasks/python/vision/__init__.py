# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks.python.vision, as far as faces go."""
from . import core, drawing_styles, drawing_utils, face_landmarker
from .core.image_processing_options import ImageProcessingOptions
from .core.vision_task_running_mode import VisionTaskRunningMode as RunningMode
from .face_landmarker import (
    Blendshapes, FaceLandmarker, FaceLandmarkerOptions, FaceLandmarkerResult,
    FaceLandmarksConnections,
)

__all__ = [
    "Blendshapes", "FaceLandmarker", "FaceLandmarkerOptions", "FaceLandmarkerResult",
    "FaceLandmarksConnections", "ImageProcessingOptions", "RunningMode", "core", "drawing_styles",
    "drawing_utils", "face_landmarker",
]
