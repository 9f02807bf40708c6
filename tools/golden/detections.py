# SPDX-License-Identifier: Apache-2.0
"""Golden data of the detectors: MediaPipe's Python FaceDetection, short and full range, on pictures."""
import os

import mediapipe

import common
import facemesh
import goldfile

MODELS = [
    "face_detection/face_detection_short_range.tflite",
    "face_detection/face_detection_full_range_sparse.tflite",
]


def main():
    args = common.arguments(__doc__.splitlines()[0])
    notes = [
        "FaceDetection(model_selection=0 (short) and 1 (full), min_detection_confidence=0.5)",
        "boxes: xmin, ymin, width, height; all normalised by the picture; order as MediaPipe gives them",
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
        shown = []
        for model_selection, kind in enumerate(("short", "full")):
            with mediapipe.solutions.face_detection.FaceDetection(
                model_selection=model_selection, min_detection_confidence=0.5
            ) as detector:
                boxes, keypoints, scores = facemesh.detections(detector.process(image).detections)
            tensors[f"{kind}_boxes"] = boxes
            tensors[f"{kind}_keypoints"] = keypoints
            tensors[f"{kind}_scores"] = scores
            shown.append(f"{kind} {scores.round(4).tolist()}")
        path = os.path.join(args.out, "detections", os.path.splitext(name)[0] + ".gold")
        size = goldfile.write(path, text, tensors)
        print(f"{name}: {', '.join(shown)}, {size} bytes")


if __name__ == "__main__":
    main()
