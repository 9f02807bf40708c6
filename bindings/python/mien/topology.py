# SPDX-License-Identifier: Apache-2.0
"""Which landmarks are connected."""
import ctypes

from . import _abi
from ._library import library

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    import numpy as np


def _copy(pointer: int, n: int, columns: int) -> "np.ndarray":
    import numpy as np
    array = np.empty((n, columns), np.uint16)
    ctypes.memmove(array.ctypes.data, pointer, array.nbytes)
    return array


def edges(name: str) -> "np.ndarray":
    """A set of edges, uint16 [n, 2], such as "LIPS" or "TESSELATION".

    The sets are MediaPipe's, in its order, by the subject's own left and right: LIPS, LEFT_EYE,
    LEFT_EYEBROW, LEFT_IRIS, RIGHT_EYE, RIGHT_EYEBROW, RIGHT_IRIS, FACE_OVAL, NOSE, CONTOURS,
    TESSELATION.
    """
    if name not in _abi.TOPOLOGIES:
        raise ValueError("there is no set {!r}; the names are: {}".format(
            name, ", ".join(_abi.TOPOLOGIES)))
    n = ctypes.c_size_t()
    found = library.mien_topology_edges(_abi.TOPOLOGIES.index(name), ctypes.byref(n))
    return _copy(found, n.value, 2)


def triangles() -> "np.ndarray":
    """The triangles of the canonical face mesh, uint16 [898, 3]."""
    n = ctypes.c_size_t()
    found = library.mien_topology_triangles(ctypes.byref(n))
    return _copy(found, n.value, 3)
