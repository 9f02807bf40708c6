# SPDX-License-Identifier: Apache-2.0
"""MediaPipe's Python FaceMesh with the intermediate results of its own graph beside the landmarks."""
import mediapipe
import numpy as np
from mediapipe.python.solution_base import SolutionBase

GRAPH = "mediapipe/modules/face_landmark/face_landmark_front_cpu.binarypb"
DETECTOR = "facedetectionshortrangecpu__facedetectionshortrange__facedetection__TensorsToDetectionsCalculator"


def points(result):
    """Landmarks of all faces: list of N x 3 arrays."""
    faces = result.multi_face_landmarks or []
    return [np.array([(p.x, p.y, p.z) for p in face.landmark], np.float32) for face in faces]


def rectangles(rects):
    """Normalised rectangles: n x 5, cx, cy, w, h, rotation."""
    rows = [(r.x_center, r.y_center, r.width, r.height, r.rotation) for r in rects or []]
    return np.array(rows, np.float32).reshape(len(rows), 5)


def detections(found):
    """Boxes n x 4 (xmin, ymin, width, height), key points n x 6 x 2, scores n; all normalised."""
    found = list(found or [])
    boxes, keypoints = [], []
    for detection in found:
        box = detection.location_data.relative_bounding_box
        boxes.append((box.xmin, box.ymin, box.width, box.height))
        keypoints.append([(k.x, k.y) for k in detection.location_data.relative_keypoints])
    n = len(found)
    return (
        np.array(boxes, np.float32).reshape(n, 4),
        np.array(keypoints, np.float32).reshape(n, 6, 2),
        np.array([d.score[0] for d in found], np.float32).reshape(n),
    )


class Stages:
    """FaceMesh, and the same graph a second time with more of its outputs; both must agree."""

    def __init__(self, static, max_faces, refine):
        self.face_mesh = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=static, max_num_faces=max_faces, refine_landmarks=refine,
            min_detection_confidence=0.5, min_tracking_confidence=0.5,
        )
        self.graph = SolutionBase(
            binary_graph_path=GRAPH,
            side_inputs={
                "num_faces": max_faces, "with_attention": refine, "use_prev_landmarks": not static,
            },
            calculator_params={
                DETECTOR + ".min_score_thresh": 0.5,
                "facelandmarkcpu__ThresholdingCalculator.threshold": 0.5,
            },
            outputs=[
                "multi_face_landmarks", "face_detections", "face_rects_from_detections",
                "face_rects_from_landmarks",
            ],
        )

    def process(self, image):
        """Returns the landmarks of all faces and the result of the graph with its other outputs."""
        faces = points(self.face_mesh.process(image))
        result = self.graph.process(image)
        again = points(result)
        if len(faces) != len(again) or any(not np.array_equal(a, b) for a, b in zip(faces, again)):
            raise RuntimeError("FaceMesh and its graph with more outputs disagree")
        return faces, result

    def close(self):
        self.face_mesh.close()
        self.graph.close()
