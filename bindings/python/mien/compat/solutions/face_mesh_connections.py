# SPDX-License-Identifier: Apache-2.0
"""Which landmarks of the face mesh are connected: sets of pairs, by the subject's own sides."""
from typing import FrozenSet, Tuple

from ...topology import edges


def _set(name: str) -> FrozenSet[Tuple[int, int]]:
    return frozenset((int(start), int(end)) for start, end in edges(name).tolist())


FACEMESH_LIPS = _set("LIPS")
FACEMESH_LEFT_EYE = _set("LEFT_EYE")
FACEMESH_LEFT_IRIS = _set("LEFT_IRIS")
FACEMESH_LEFT_EYEBROW = _set("LEFT_EYEBROW")
FACEMESH_RIGHT_EYE = _set("RIGHT_EYE")
FACEMESH_RIGHT_EYEBROW = _set("RIGHT_EYEBROW")
FACEMESH_RIGHT_IRIS = _set("RIGHT_IRIS")
FACEMESH_FACE_OVAL = _set("FACE_OVAL")
FACEMESH_NOSE = _set("NOSE")
FACEMESH_CONTOURS = _set("CONTOURS")
FACEMESH_IRISES = FACEMESH_LEFT_IRIS | FACEMESH_RIGHT_IRIS
FACEMESH_TESSELATION = _set("TESSELATION")
