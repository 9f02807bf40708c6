# SPDX-License-Identifier: Apache-2.0
"""mediapipe.tasks.python.vision, as far as faces go."""
from ....._lazy import defer

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from . import core, drawing_styles, drawing_utils, face_landmarker
    from .core.image_processing_options import ImageProcessingOptions
    from .core.vision_task_running_mode import VisionTaskRunningMode as RunningMode
    from .face_landmarker import (
        Blendshapes, FaceLandmarker, FaceLandmarkerOptions, FaceLandmarkerResult,
        FaceLandmarksConnections,
    )

__all__ = defer(__name__, ("core", "drawing_styles", "drawing_utils", "face_landmarker"), {
    "Blendshapes": "face_landmarker",
    "FaceLandmarker": "face_landmarker",
    "FaceLandmarkerOptions": "face_landmarker",
    "FaceLandmarkerResult": "face_landmarker",
    "FaceLandmarksConnections": "face_landmarker",
    "ImageProcessingOptions": "core.image_processing_options",
    "RunningMode": "core.vision_task_running_mode:VisionTaskRunningMode",
})
