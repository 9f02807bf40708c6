# SPDX-License-Identifier: Apache-2.0
"""mediapipe.framework.formats: plain Python stand-ins for its protobuf messages."""
from ...._lazy import defer

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from . import detection_pb2, landmark_pb2, location_data_pb2

__all__ = defer(__name__, ("detection_pb2", "landmark_pb2", "location_data_pb2"), {})
