# SPDX-License-Identifier: Apache-2.0
"""The same as in solutions."""
from ....solutions.drawing_styles import (
    get_default_face_mesh_contours_style, get_default_face_mesh_iris_connections_style,
    get_default_face_mesh_tesselation_style,
)

__all__ = ["get_default_face_mesh_contours_style", "get_default_face_mesh_iris_connections_style",
           "get_default_face_mesh_tesselation_style"]
