# SPDX-License-Identifier: Apache-2.0
"""Where a detection is, as mediapipe.framework.formats.location_data_pb2 has it."""
from typing import Any

from ._message import Message, float32, int64, text

_FORMATS = ("GLOBAL", "BOUNDING_BOX", "RELATIVE_BOUNDING_BOX", "MASK")


class _BoundingBox(Message):
    __slots__ = ()
    FIELDS = {"xmin": (int64, False), "ymin": (int64, False), "width": (int64, False),
              "height": (int64, False)}


class _RelativeBoundingBox(Message):
    __slots__ = ()
    FIELDS = {"xmin": (float32, False), "ymin": (float32, False), "width": (float32, False),
              "height": (float32, False)}


class _RelativeKeypoint(Message):
    __slots__ = ()
    FIELDS = {"x": (float32, False), "y": (float32, False), "keypoint_label": (text, False),
              "score": (float32, False)}


class LocationData(Message):
    __slots__ = ()
    GLOBAL, BOUNDING_BOX, RELATIVE_BOUNDING_BOX, MASK = range(4)
    BoundingBox = _BoundingBox
    RelativeBoundingBox = _RelativeBoundingBox
    RelativeKeypoint = _RelativeKeypoint
    FIELDS = {"format": (int64, False), "bounding_box": (_BoundingBox, False),
              "relative_bounding_box": (_RelativeBoundingBox, False),
              "relative_keypoints": (_RelativeKeypoint, True)}

    def _show(self, name: str, kind: Any, value: Any) -> str:
        return _FORMATS[value] if name == "format" else super()._show(name, kind, value)
