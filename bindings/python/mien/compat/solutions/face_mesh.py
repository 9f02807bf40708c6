# SPDX-License-Identifier: Apache-2.0
"""MediaPipe's Face Mesh: mp.solutions.face_mesh."""
from typing import Any, List, NamedTuple, Optional

from .._engine import clamp, make_engine
from ..framework.formats import landmark_pb2
from ._solution import SolutionBase
from .face_mesh_connections import (
    FACEMESH_CONTOURS, FACEMESH_FACE_OVAL, FACEMESH_IRISES, FACEMESH_LEFT_EYE,
    FACEMESH_LEFT_EYEBROW, FACEMESH_LEFT_IRIS, FACEMESH_LIPS, FACEMESH_NOSE, FACEMESH_RIGHT_EYE,
    FACEMESH_RIGHT_EYEBROW, FACEMESH_RIGHT_IRIS, FACEMESH_TESSELATION,
)

FACEMESH_NUM_LANDMARKS = 468
FACEMESH_NUM_LANDMARKS_WITH_IRISES = 478

SolutionOutputs = NamedTuple("SolutionOutputs", [
    ("multi_face_landmarks", Optional[List[landmark_pb2.NormalizedLandmarkList]])])


class FaceMesh(SolutionBase):
    """Landmarks of the faces of pictures, or of the frames of a video.

    static_image_mode: the pictures have nothing to do with each other.
    refine_landmarks: 478 landmarks with irises, and better eyes and lips, in place of 468.
    min_detection_confidence, min_tracking_confidence: scores that a detection must have, and that a
        face must have to be kept.
    device: "cpu", "cuda:0" ...; None: $MIEN_DEVICE, else "cpu".
    """

    def __init__(self, static_image_mode: bool = False, max_num_faces: int = 1,
                 refine_landmarks: bool = False, min_detection_confidence: float = 0.5,
                 min_tracking_confidence: float = 0.5, device: Optional[str] = None) -> None:
        if max_num_faces < 1:
            raise RuntimeError("max_num_faces should be greater than or equal to 1.")
        super().__init__(make_engine(
            "face_mesh_attention" if refine_landmarks else "face_mesh", device,
            mode="image" if static_image_mode else "video", max_faces=max_num_faces,
            min_detection_confidence=clamp(min_detection_confidence),
            min_tracking_confidence=clamp(min_tracking_confidence)))

    def process(self, image: Any) -> SolutionOutputs:
        """Finds the faces of an RGB picture, uint8 [height, width, 3].

        Returns an object with multi_face_landmarks: None without a face, else a list.
        """
        result = self._run(image)
        faces = [landmark_pb2.from_points(points) for points in result.landmarks]
        return SolutionOutputs(faces or None)


__all__ = [
    "FACEMESH_CONTOURS", "FACEMESH_FACE_OVAL", "FACEMESH_IRISES", "FACEMESH_LEFT_EYE",
    "FACEMESH_LEFT_EYEBROW", "FACEMESH_LEFT_IRIS", "FACEMESH_LIPS", "FACEMESH_NOSE",
    "FACEMESH_NUM_LANDMARKS", "FACEMESH_NUM_LANDMARKS_WITH_IRISES", "FACEMESH_RIGHT_EYE",
    "FACEMESH_RIGHT_EYEBROW", "FACEMESH_RIGHT_IRIS", "FACEMESH_TESSELATION", "FaceMesh",
    "SolutionOutputs",
]
