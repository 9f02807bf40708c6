# SPDX-License-Identifier: Apache-2.0
"""Golden data of the Face Landmarker: MediaPipe's Tasks API in Python, on the CPU, pictures and the clip.

Runs with the packages of requirements-tasks.txt, which has MediaPipe's current release; the other scripts want
the last one with mediapipe.solutions.
"""
import hashlib
import os

import mediapipe
import numpy as np
from mediapipe.tasks.python import vision
from mediapipe.tasks.python.vision.core.image_processing_options import ImageProcessingOptions

import common
import goldfile

BUNDLE = "face_landmarker.task"
MAX_FACES = 4
FRAME_MS = 33
TURNED = ["alex-lacamoire.png", "lin-manuel-miranda.png"]


def landmarker(args, **options):
    model = os.path.join(args.shared, "models", BUNDLE)
    return vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=model), output_face_blendshapes=True,
        output_facial_transformation_matrixes=True, **options))


def arrays(result):
    """Landmarks n x 478 x 3, blendshapes n x 52, matrices n x 4 x 4."""
    n = len(result.face_landmarks)
    points = [[(p.x, p.y, p.z) for p in face] for face in result.face_landmarks]
    scores = [[category.score for category in face] for face in result.face_blendshapes]
    return (np.array(points, np.float32).reshape(n, 478, 3), np.array(scores, np.float32).reshape(n, 52),
            np.array(result.facial_transformation_matrixes, np.float32).reshape(n, 4, 4))


def image_of(pixels):
    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))


def write(args, models, notes, name, tensors):
    text = common.provenance(args, models, ["mediapipe", "numpy"], notes)
    path = os.path.join(args.out, "tasks", name + ".gold")
    size = goldfile.write(path, text, tensors)
    print(f"{name}: {size} bytes")
    if size >= common.MAX_BYTES:
        raise ValueError("the file is too large for the repository")


def stills(args, models):
    notes = [f"FaceLandmarker, IMAGE, num_faces {MAX_FACES}, blendshapes and matrices"]
    with landmarker(args, num_faces=MAX_FACES) as task:
        for name in common.STILLS:
            pixels = common.picture(args, name)
            landmarks, blendshapes, matrices = arrays(task.detect(image_of(pixels)))
            write(args, models, notes, os.path.splitext(name)[0], {
                "width": common.number(pixels.shape[1]),
                "height": common.number(pixels.shape[0]),
                "rgb_sha256": common.digest(pixels.tobytes()),
                "landmarks": landmarks,
                "blendshapes": blendshapes,
                "matrices": matrices,
            })


def turned(args, models):
    """Pictures that lie on a side or on the head, and rotation_degrees that says so."""
    notes = ["FaceLandmarker, IMAGE, num_faces 1, blendshapes and matrices; row i: the picture is turned i + 1 times "
             "by 90 degrees counterclockwise, numpy.rot90, and rotation_degrees is 90 (i + 1)"]
    with landmarker(args) as task:
        for name in TURNED:
            pixels = common.picture(args, name)
            rows = [arrays(task.detect(image_of(np.rot90(pixels, turns)), ImageProcessingOptions(
                rotation_degrees=90 * turns))) for turns in (1, 2, 3)]
            landmarks, blendshapes, matrices = [np.concatenate(each) for each in zip(*rows)]
            write(args, models, notes, "turned-" + os.path.splitext(name)[0], {
                "rgb_sha256": common.digest(pixels.tobytes()),
                "landmarks": landmarks,
                "blendshapes": blendshapes,
                "matrices": matrices,
            })


def video(args, models, name, max_faces):
    smoothed = "smoothed" if max_faces == 1 else "not smoothed"
    notes = [
        f"FaceLandmarker, VIDEO, num_faces {max_faces} ({smoothed}), blendshapes and matrices; frame i at {FRAME_MS} * i ms",
        "points: x, y of the landmarks in indices; u16 = round((v + 0.5) * 32767.5), clipped",
        "blendshapes: u16 = round(score * 65535)",
    ]
    indices = common.landmark_indices(478)
    pixels = hashlib.sha256()
    n_faces, points, scores, places = [], [], [], []
    with landmarker(args, running_mode=vision.RunningMode.VIDEO, num_faces=max_faces) as task:
        for i, frame in enumerate(common.frames(args, common.CLIP)):
            pixels.update(frame.tobytes())
            landmarks, blendshapes, matrices = arrays(task.detect_for_video(image_of(frame), FRAME_MS * i))
            n_faces.append(len(landmarks))
            points.append(common.quantise(landmarks[:, indices, :2]))
            scores.append(np.rint(blendshapes * 65535).astype(np.uint16))
            places.append(matrices)
    write(args, models, notes, name, {
        "rgb_sha256": np.frombuffer(pixels.digest(), np.uint8),
        "n_faces": np.array(n_faces, np.int32),
        "indices": indices,
        "points": np.concatenate(points),
        "blendshapes": np.concatenate(scores),
        "matrices": np.concatenate(places),
    })


def main():
    args = common.arguments(__doc__.splitlines()[0])
    models = {BUNDLE: common.model_bytes(args, BUNDLE)}
    stills(args, models)
    turned(args, models)
    video(args, models, "hamilton", 1)
    video(args, models, "hamilton-max-2", 2)


if __name__ == "__main__":
    main()
