# SPDX-License-Identifier: Apache-2.0
"""mediapipe.solutions, as far as faces go."""
from ..._lazy import defer

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from . import drawing_styles, drawing_utils, face_detection, face_mesh, face_mesh_connections

__all__ = defer(
    __name__,
    ("drawing_styles", "drawing_utils", "face_detection", "face_mesh", "face_mesh_connections"), {})
