# SPDX-License-Identifier: Apache-2.0
"""MediaPipe's Face Detection: mp.solutions.face_detection."""
import enum
from typing import Any, List, NamedTuple, Optional

from .._engine import clamp, make_engine
from ..framework.formats import detection_pb2
from ..framework.formats.location_data_pb2 import LocationData
from ._solution import SolutionBase

SolutionOutputs = NamedTuple("SolutionOutputs", [
    ("detections", Optional[List[detection_pb2.Detection]])])

# MediaPipe gives all that there are; the engine wants a number.
_MANY = 1024
# What MediaPipe's graph of the full range keeps.
_FULL_RANGE_SCORE = 0.6


class FaceKeyPoint(enum.IntEnum):
    """The key points of a detection, by the subject's own left and right."""

    RIGHT_EYE = 0
    LEFT_EYE = 1
    NOSE_TIP = 2
    MOUTH_CENTER = 3
    RIGHT_EAR_TRAGION = 4
    LEFT_EAR_TRAGION = 5


def get_key_point(detection: Any, key_point_enum: FaceKeyPoint) -> Any:
    """A key point of a detection, or None without a detection."""
    if not detection or not detection.location_data:
        return None
    return detection.location_data.relative_keypoints[key_point_enum]


class FaceDetection(SolutionBase):
    """Boxes and six key points of the faces of pictures.

    min_detection_confidence: score that a detection must have. MediaPipe ignores it: its short
        range keeps 0.5, its full range 0.6. Here the default keeps just that, and another value
        counts.
    model_selection: 1 for the full range (faces to 5 m), else the short range (to 2 m).
    device: "cpu", "cuda:0" ...; None: $MIEN_DEVICE, else "cpu".
    """

    def __init__(self, min_detection_confidence: float = 0.5, model_selection: int = 0,
                 device: Optional[str] = None) -> None:
        full = model_selection == 1
        score = clamp(min_detection_confidence)
        if full and score == 0.5:
            score = _FULL_RANGE_SCORE
        super().__init__(make_engine(
            None, device, detector="face_detector_full_sparse" if full else "face_detector_short",
            max_faces=_MANY, min_detection_confidence=score))

    def process(self, image: Any) -> SolutionOutputs:
        """Finds the faces of an RGB picture, uint8 [height, width, 3].

        Returns an object with detections: None without a face, else a list.
        """
        result = self._run(image)
        height, width = image.shape[:2]
        assert result.keypoints is not None
        found = [_detection(score, box, points) for score, box, points in zip(
            result.scores.tolist(), (result.boxes / [width, height, width, height]).tolist(),
            result.keypoints.tolist())]
        return SolutionOutputs(found or None)


def _detection(score: float, box: List[float], points: List[List[float]]) -> Any:
    return detection_pb2.Detection(label_id=[0], score=[score], location_data=LocationData(
        format=LocationData.RELATIVE_BOUNDING_BOX,
        relative_bounding_box=LocationData.RelativeBoundingBox(
            xmin=box[0], ymin=box[1], width=box[2], height=box[3]),
        relative_keypoints=[LocationData.RelativeKeypoint(x=x, y=y) for x, y, _z in points]))
