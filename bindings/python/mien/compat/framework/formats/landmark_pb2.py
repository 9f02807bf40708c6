# SPDX-License-Identifier: Apache-2.0
"""Landmarks, as mediapipe.framework.formats.landmark_pb2 has them."""
from typing import Any

from ._message import Message, Repeated, float32, new

_POINT = {"x": (float32, False), "y": (float32, False), "z": (float32, False),
          "visibility": (float32, False), "presence": (float32, False)}


class Landmark(Message):
    __slots__ = ()
    FIELDS = _POINT


class LandmarkList(Message):
    __slots__ = ()
    FIELDS = {"landmark": (Landmark, True)}


class LandmarkListCollection(Message):
    __slots__ = ()
    FIELDS = {"landmark_list": (LandmarkList, True)}


class NormalizedLandmark(Message):
    __slots__ = ()
    FIELDS = _POINT


class NormalizedLandmarkList(Message):
    __slots__ = ("_points",)
    FIELDS = {"landmark": (NormalizedLandmark, True)}

    def __getattr__(self, name: str) -> Any:
        # Python asks here for what is not set: `_values` of a list from points, once somebody looks.
        if name != "_values":
            raise AttributeError(self._unknown(name))
        landmarks = Repeated(NormalizedLandmark)
        list.extend(landmarks, [new(NormalizedLandmark, {"x": x, "y": y, "z": z})
                                for x, y, z in self._points.tolist()])
        values = {"landmark": landmarks}
        object.__setattr__(self, "_values", values)
        return values


class NormalizedLandmarkListCollection(Message):
    __slots__ = ()
    FIELDS = {"landmark_list": (NormalizedLandmarkList, True)}


def from_points(points: Any) -> NormalizedLandmarkList:
    """A list from a float32 array [n, 3] that nobody else writes to. Its landmarks are made once
    somebody looks at one, which not every program does."""
    landmarks = NormalizedLandmarkList.__new__(NormalizedLandmarkList)
    object.__setattr__(landmarks, "_points", points)
    return landmarks
