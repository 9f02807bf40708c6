# SPDX-License-Identifier: Apache-2.0
"""mediapipe.framework.formats: plain Python stand-ins for its protobuf messages."""
from . import detection_pb2, landmark_pb2, location_data_pb2

__all__ = ["detection_pb2", "landmark_pb2", "location_data_pb2"]
