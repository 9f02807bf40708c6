# SPDX-License-Identifier: Apache-2.0
"""mediapipe.solutions, as far as faces go."""
from . import drawing_styles, drawing_utils, face_detection, face_mesh, face_mesh_connections

__all__ = ["drawing_styles", "drawing_utils", "face_detection", "face_mesh",
           "face_mesh_connections"]
