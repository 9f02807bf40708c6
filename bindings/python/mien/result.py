# SPDX-License-Identifier: Apache-2.0
"""What was found in a picture, as arrays."""
import ctypes

from . import _abi
from ._library import failure, library
from ._typing import Any, Callable, Dict, List, Optional

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    import numpy as np

# MediaPipe's names of the blendshapes, in its order.
BLENDSHAPE_NAMES = tuple(library.mien_blendshape_name(i).decode()
                         for i in range(_abi.N_BLENDSHAPES))


def _numbers(faces: List[Any], fields: tuple, kind: Any) -> Any:
    """A number of each face, or a row of them."""
    if len(fields) == 1:
        return (kind * len(faces))(*[getattr(face, fields[0]) for face in faces])
    row = kind * len(fields)
    return (row * len(faces))(*[row(*[getattr(face, field) for field in fields]) for face in faces])


def _block(faces: List[Any], field: str, shape: tuple) -> Any:
    """What a field of each face points to; NaN where a face has none."""
    kind = ctypes.c_float  # type: Any
    for n in reversed(shape):
        kind = kind * n
    block = (kind * len(faces))()
    size = ctypes.sizeof(kind)
    for i, face in enumerate(faces):
        source = getattr(face, field)
        if source:
            ctypes.memmove(ctypes.byref(block, i * size), source, size)
        else:
            ctypes.memset(ctypes.byref(block, i * size), 0xff, size)
    return block


def _array(block: Any) -> "np.ndarray":
    """The same memory as an array of NumPy's."""
    import numpy as np
    shape, kind = [], type(block)
    while hasattr(kind, "_length_"):
        shape.append(kind._length_)
        kind = kind._type_
    return np.ndarray(shape, np.int32 if kind is ctypes.c_int32 else np.float32, block)


# How arrays of ctypes are made of the faces and the number of landmarks.
_MAKERS = {
    "landmarks": lambda faces, n: _block(faces, "landmarks", (n, 3)),
    "face_ids": lambda faces, n: _numbers(faces, ("face_id",), ctypes.c_int32),
    "scores": lambda faces, n: _numbers(faces, ("score",), ctypes.c_float),
    "presences": lambda faces, n: _numbers(faces, ("presence",), ctypes.c_float),
    "boxes": lambda faces, n: _numbers(faces, ("box_x", "box_y", "box_width", "box_height"),
                                       ctypes.c_float),
    "blendshapes": lambda faces, n: _block(faces, "blendshapes", (_abi.N_BLENDSHAPES,)),
    "matrices": lambda faces, n: _block(faces, "transform", (4, 4)),
    "quaternions": lambda faces, n: _numbers(faces, ("quaternion",), ctypes.c_float * 4),
    "angles": lambda faces, n: _numbers(faces, ("yaw", "pitch", "roll"), ctypes.c_float),
    "keypoints": lambda faces, n: _block(faces, "keypoints", (_abi.N_KEYPOINTS, 3)),
}  # type: Dict[str, Callable[[List[Any], int], Any]]


class _Clone:
    """A result of the library's that is our own."""

    def __init__(self, borrowed: Any) -> None:
        self.pointer = ctypes.c_void_p()
        status = library.mien_result_clone(borrowed, ctypes.byref(self.pointer))
        if status != _abi.OK:
            raise failure(status, "")

    def __del__(self, destroy: Any = library.mien_result_destroy) -> None:
        destroy(self.pointer)


class Result:
    """The faces of one picture; a copy, which nobody else writes to. len() is their number.

    Every array has a row a face, and is made when it is first asked for; raw() gives the same
    numbers without NumPy. Coordinates are those of the upright picture: x and y divided by its
    width and height, z of about the scale of x, smaller is nearer. Without a face the arrays are
    empty; what was not asked for is None.

    timestamp_us: int, as it was passed
    landmarks: float32 [n, 468 or 478, 3]; [n, 0, 3] from an engine that only detects
    face_ids: int32 [n]; video: a number stays with a face while it is followed
    scores: float32 [n], of the detection that the face began with
    presences: float32 [n], the landmark network's confidence that this is a face
    boxes: float32 [n, 4], left, top, width, height in pixels
    blendshapes: float32 [n, 52], in the order of BLENDSHAPE_NAMES
    matrices: float32 [n, 4, 4], from MediaPipe's canonical face to the camera, in centimetres; NaN
        for a face of no extent
    quaternions: float32 [n, 4], x, y, z, w of the rotation in the matrix
    angles: float32 [n, 3], yaw, pitch, roll in degrees
    keypoints: float32 [n, 6, 3], only from an engine that only detects: eye, as seen in the
        picture, on the left and on the right, nose tip, mouth, ear on the left, ear on the right
    """

    __slots__ = ("timestamp_us", "_n_faces", "_n_landmarks", "_clone") + tuple(_MAKERS)

    timestamp_us: int
    landmarks: "np.ndarray"
    face_ids: "np.ndarray"
    scores: "np.ndarray"
    presences: "np.ndarray"
    boxes: "np.ndarray"
    blendshapes: "Optional[np.ndarray]"
    matrices: "Optional[np.ndarray]"
    quaternions: "Optional[np.ndarray]"
    angles: "Optional[np.ndarray]"
    keypoints: "Optional[np.ndarray]"

    def __init__(self, pointer: Any, n_landmarks: int, blendshapes: bool, transform: bool) -> None:
        self._clone = _Clone(pointer)
        self._n_faces = library.mien_result_n_faces(pointer)  # type: int
        self._n_landmarks = n_landmarks
        self.timestamp_us = library.mien_result_timestamp_us(pointer)
        if not blendshapes:
            self.blendshapes = None
        if not transform:
            self.matrices = self.quaternions = self.angles = None
        if n_landmarks:
            self.keypoints = None

    def __getattr__(self, name: str) -> Any:
        """Fills a slot that is still empty."""
        if name not in _MAKERS:
            raise AttributeError("mien.Result has no attribute {!r}".format(name))
        array = _array(self.raw(name))
        setattr(self, name, array)
        return array

    def raw(self, name: str) -> Any:
        """The numbers of an array without NumPy: x, y, z = result.raw("landmarks")[0][33].

        Made of ctypes, and a buffer for whoever takes one. What the result has already, an array or
        None, comes as it is.
        """
        if name not in _MAKERS:
            raise ValueError("{!r}: not one of {}".format(name, ", ".join(_MAKERS)))
        try:
            return object.__getattribute__(self, name)
        except AttributeError:
            pass
        clone = self._clone.pointer
        faces = [library.mien_result_face(clone, i)[0] for i in range(self._n_faces)]
        return _MAKERS[name](faces, self._n_landmarks)

    def __getstate__(self) -> Dict[str, Any]:
        names = ["timestamp_us", "_n_faces", "_n_landmarks"] + list(_MAKERS)
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def __len__(self) -> int:
        return self._n_faces

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "<mien.Result: {} faces at {} us>".format(len(self), self.timestamp_us)
