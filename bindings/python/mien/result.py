# SPDX-License-Identifier: Apache-2.0
"""What was found in a picture, as arrays."""
import ctypes
from typing import Any, List, Optional

import numpy as np

from . import _abi
from ._library import library

# MediaPipe's names of the blendshapes, in its order.
BLENDSHAPE_NAMES = tuple(library.mien_blendshape_name(i).decode()
                         for i in range(_abi.N_BLENDSHAPES))


def _numbers(faces: List[Any], fields: tuple, dtype: type) -> np.ndarray:
    rows = [[getattr(face, field) for field in fields] for face in faces]
    return np.array(rows, dtype).reshape(len(faces), len(fields))


def _block(faces: List[Any], field: str, shape: tuple) -> np.ndarray:
    """What a field of each face points to; NaN where a face has none."""
    array = np.full((len(faces),) + shape, np.nan, np.float32)
    address = array.__array_interface__["data"][0]
    size = array.nbytes // max(len(faces), 1)
    for i, face in enumerate(faces):
        source = getattr(face, field)
        if source:
            ctypes.memmove(address + i * size, source, size)
    return array


class Result:
    """The faces of one picture; a copy, which nobody else writes to. len() is their number.

    Every array has a row a face. Coordinates are those of the upright picture: x and y divided by
    its width and height, z of about the scale of x, smaller is nearer. Without a face the arrays
    are empty; what was not asked for is None.

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

    __slots__ = ("timestamp_us", "landmarks", "face_ids", "scores", "presences", "boxes",
                 "blendshapes", "matrices", "quaternions", "angles", "keypoints")

    def __init__(self, pointer: Any, n_landmarks: int, blendshapes: bool, transform: bool) -> None:
        faces = [library.mien_result_face(pointer, i)[0]
                 for i in range(library.mien_result_n_faces(pointer))]
        n = len(faces)
        self.timestamp_us = library.mien_result_timestamp_us(pointer)  # type: int
        self.landmarks = _block(faces, "landmarks", (n_landmarks, 3))  # type: np.ndarray
        self.face_ids = _numbers(faces, ("face_id",), np.int32)[:, 0]  # type: np.ndarray
        self.scores = _numbers(faces, ("score",), np.float32)[:, 0]  # type: np.ndarray
        self.presences = _numbers(faces, ("presence",), np.float32)[:, 0]  # type: np.ndarray
        self.boxes = _numbers(faces, ("box_x", "box_y", "box_width", "box_height"),
                              np.float32)  # type: np.ndarray
        self.blendshapes = None  # type: Optional[np.ndarray]
        self.matrices = None  # type: Optional[np.ndarray]
        self.quaternions = None  # type: Optional[np.ndarray]
        self.angles = None  # type: Optional[np.ndarray]
        self.keypoints = None  # type: Optional[np.ndarray]
        if blendshapes:
            self.blendshapes = _block(faces, "blendshapes", (_abi.N_BLENDSHAPES,))
        if transform:
            self.matrices = _block(faces, "transform", (4, 4))
            self.quaternions = np.array([list(face.quaternion) for face in faces],
                                        np.float32).reshape(n, 4)
            self.angles = _numbers(faces, ("yaw", "pitch", "roll"), np.float32)
        if not n_landmarks:
            self.keypoints = _block(faces, "keypoints", (_abi.N_KEYPOINTS, 3))

    def __len__(self) -> int:
        return len(self.face_ids)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "<mien.Result: {} faces at {} us>".format(len(self), self.timestamp_us)
