# SPDX-License-Identifier: Apache-2.0
"""Golden data of the clip: MediaPipe's Python FaceMesh in tracking mode, at most 1 and at most 2 faces, and with attention.

x and y are stored as u16: round((v + 0.5) * 32767.5), clipped to 0 ... 65535, so 0 stands for -0.5 and 65535
for 1.5; one step is 3.05e-5, or 0.02 pixels of a picture 640 wide.
"""
import hashlib
import os
import time

import numpy as np

import common
import facemesh
import goldfile

DETECTOR = "face_detection/face_detection_short_range.tflite"
MODELS = {468: "face_landmark/face_landmark.tflite", 478: "face_landmark/face_landmark_with_attention.tflite"}
# Name, at most so many faces, landmarks a face.
CASES = [("hamilton-max-1", 1, 468), ("hamilton-max-2", 2, 468), ("hamilton-attention-max-1", 1, 478)]
N_FRAMES = 275


def track(args, max_faces, n_landmarks):
    """Runs the clip; returns the tensors to store."""
    stages = facemesh.Stages(static=False, max_faces=max_faces, refine=n_landmarks == 478)
    indices = common.landmark_indices(n_landmarks)
    pixels = hashlib.sha256()
    n_faces, n_detections, chosen, rects = [], [], [], []
    start = time.perf_counter()
    for image in common.frames(args, common.CLIP):
        pixels.update(image.tobytes())
        faces, result = stages.process(image)
        n_faces.append(len(faces))
        n_detections.append(-1 if result.face_detections is None else len(result.face_detections))
        chosen += [common.quantise(face[indices, :2]) for face in faces]
        rects.append(facemesh.rectangles(result.face_rects_from_landmarks))
    stages.close()
    seconds = time.perf_counter() - start
    if len(n_faces) != N_FRAMES:
        raise ValueError(f"the clip has {N_FRAMES} frames, the command gave {len(n_faces)}")
    height, width = image.shape[:2]
    print(
        f"at most {max_faces}: {len(n_faces)} frames in {seconds:.1f} s, both graphs together;"
        f" faces per frame {dict(zip(*np.unique(n_faces, return_counts=True)))}"
    )
    return {
        "width": common.number(width),
        "height": common.number(height),
        "rgb_sha256": np.frombuffer(pixels.digest(), np.uint8),
        "n_faces": np.array(n_faces, np.int32),
        "n_detections": np.array(n_detections, np.int32),
        "indices": indices,
        "points": np.array(chosen, np.uint16).reshape(len(chosen), len(indices), 2),
        "rects_from_landmarks": np.concatenate(rects),
    }


def main():
    args = common.arguments(__doc__.splitlines()[0])
    for name, max_faces, n_landmarks in CASES:
        notes = [
            f"clip: {common.CLIP}, every frame in order",
            f"FaceMesh(static_image_mode=False, max_num_faces={max_faces}, refine_landmarks={n_landmarks == 478})",
            "points, rects_from_landmarks: the faces of all frames one after the other, n_faces a frame",
            "n_detections: faces that the detector gave on the frame, -1 if it gave no answer or did not run",
            "points: x, y of the landmarks in indices; u16 = round((v + 0.5) * 32767.5), clipped",
        ]
        models = common.wheel_models([DETECTOR, MODELS[n_landmarks]])
        text = common.provenance(args, models, ["mediapipe", "numpy"], notes)
        path = os.path.join(args.out, "clip", f"{name}.gold")
        size = goldfile.write(path, text, track(args, max_faces, n_landmarks))
        print(f"{os.path.basename(path)}: {size} bytes")
        if size >= common.MAX_BYTES:
            raise ValueError("the file is too large for the repository")


if __name__ == "__main__":
    main()
