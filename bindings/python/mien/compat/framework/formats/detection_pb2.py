# SPDX-License-Identifier: Apache-2.0
"""Detections, as mediapipe.framework.formats.detection_pb2 has them."""
from ._message import Message, float32, int64, text
from .location_data_pb2 import LocationData


class Detection(Message):
    __slots__ = ()
    FIELDS = {"label": (text, True), "label_id": (int64, True), "score": (float32, True),
              "location_data": (LocationData, False), "feature_tag": (text, False),
              "track_id": (text, False), "detection_id": (int64, False),
              "display_name": (text, True), "timestamp_usec": (int64, False)}


class DetectionList(Message):
    __slots__ = ()
    FIELDS = {"detection": (Detection, True)}
