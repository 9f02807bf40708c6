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
    __slots__ = ()
    FIELDS = {"landmark": (NormalizedLandmark, True)}


class NormalizedLandmarkListCollection(Message):
    __slots__ = ()
    FIELDS = {"landmark_list": (NormalizedLandmarkList, True)}


def from_points(points: Any) -> NormalizedLandmarkList:
    """A list from a float32 array [n, 3]."""
    landmarks = Repeated(NormalizedLandmark)
    list.extend(landmarks, [new(NormalizedLandmark, {"x": x, "y": y, "z": z})
                            for x, y, z in points.tolist()])
    return new(NormalizedLandmarkList, {"landmark": landmarks})
