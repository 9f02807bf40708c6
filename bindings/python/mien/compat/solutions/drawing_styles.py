# SPDX-License-Identifier: Apache-2.0
"""MediaPipe's default colours for faces: mp.solutions.drawing_styles."""
from typing import Dict, Mapping, Tuple

from . import face_mesh_connections as sets
from .drawing_utils import DrawingSpec

_RED = (48, 48, 255)
_GREEN = (48, 255, 48)
_BLUE = (192, 101, 21)
_YELLOW = (0, 204, 255)
_GRAY = (128, 128, 128)
_WHITE = (224, 224, 224)
_CYAN = (192, 255, 48)
_MAGENTA = (192, 48, 255)

_CONTOURS = (
    {"LIPS": _WHITE, "LEFT_EYE": _GREEN, "LEFT_EYEBROW": _GREEN, "RIGHT_EYE": _RED,
     "RIGHT_EYEBROW": _RED, "FACE_OVAL": _WHITE},
    {"LIPS": _BLUE, "LEFT_EYE": _CYAN, "LEFT_EYEBROW": _GREEN, "RIGHT_EYE": _MAGENTA,
     "RIGHT_EYEBROW": _RED, "FACE_OVAL": _WHITE, "NOSE": _YELLOW},
)
_IRISES = {"LEFT_IRIS": _GREEN, "RIGHT_IRIS": _RED}

Style = Mapping[Tuple[int, int], DrawingSpec]


def _style(colors: Dict[str, Tuple[int, int, int]]) -> Style:
    return {edge: DrawingSpec(color=color, thickness=2) for name, color in colors.items()
            for edge in getattr(sets, "FACEMESH_" + name)}


def get_default_face_mesh_contours_style(i: int = 0) -> Style:
    """A colour for each line of the contours; there are two styles, 0 and 1."""
    return _style(_CONTOURS[1 if i == 1 else 0])


def get_default_face_mesh_tesselation_style() -> DrawingSpec:
    """Thin and grey."""
    return DrawingSpec(color=_GRAY, thickness=1)


def get_default_face_mesh_iris_connections_style() -> Style:
    """A colour for each line of the irises."""
    return _style(_IRISES)
