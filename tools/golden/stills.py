# SPDX-License-Identifier: Apache-2.0
"""Golden data of pictures: MediaPipe's Python FaceMesh, static_image_mode, at most 4 faces."""
import os

import numpy as np

import common
import facemesh
import goldfile

MODELS = [
    "face_detection/face_detection_short_range.tflite",
    "face_landmark/face_landmark.tflite",
    "face_landmark/face_landmark_with_attention.tflite",
]
MAX_FACES = 4


def main():
    args = common.arguments(__doc__.splitlines()[0])
    notes = [
        f"FaceMesh(static_image_mode=True, max_num_faces={MAX_FACES}, refine_landmarks=False (468) and True (478))",
        "detections: box xmin, ymin, width, height; rects: cx, cy, w, h, rotation; all normalised",
    ]
    text = common.provenance(args, common.wheel_models(MODELS), ["mediapipe", "numpy"], notes)
    for name in common.STILLS:
        image = common.picture(args, name)
        height, width = image.shape[:2]
        tensors = {
            "width": common.number(width),
            "height": common.number(height),
            "rgb_sha256": common.digest(image.tobytes()),
        }
        n_faces = []
        for n_points in (468, 478):
            stages = facemesh.Stages(static=True, max_faces=MAX_FACES, refine=n_points == 478)
            faces, result = stages.process(image)
            stages.close()
            if n_points == 468:
                boxes, keypoints, scores = facemesh.detections(result.face_detections)
                tensors["detection_boxes"] = boxes
                tensors["detection_keypoints"] = keypoints
                tensors["detection_scores"] = scores
                tensors["rects_from_detections"] = facemesh.rectangles(result.face_rects_from_detections)
            n_faces.append(len(faces))
            tensors[f"n_faces_{n_points}"] = common.number(len(faces))
            tensors[f"landmarks_{n_points}"] = np.array(faces, np.float32).reshape(len(faces), n_points, 3)
            tensors[f"rects_from_landmarks_{n_points}"] = facemesh.rectangles(result.face_rects_from_landmarks)
        path = os.path.join(args.out, "stills", os.path.splitext(name)[0] + ".gold")
        size = goldfile.write(path, text, tensors)
        print(f"{name}: {width}x{height}, faces {n_faces}, detections {len(scores)}, {size} bytes")


if __name__ == "__main__":
    main()
