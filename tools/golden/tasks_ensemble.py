# SPDX-License-Identifier: Apache-2.0
"""Golden data of the Face Landmarker: how far MediaPipe's own blendshapes agree, when a few pixels change by one.

Each run is VIDEO with at most one face, so smoothed and tracked. Run 0 sees the clip as it is; in each of the others,
three pixels of one of the first frames with a face differ by one grey level, in one channel each. Frames of the clip
before its cut. Runs with the packages of requirements-tasks.txt.
"""
import os

import numpy as np
from mediapipe.tasks.python import vision

import common
import goldfile
import tasks

N_RUNS = 12
N_FRAMES = 211
N_CHANGES = 3
FIRST_FRAMES = 12  # with a face; one of them is changed
SEED = 1


def track(args, images):
    """Blendshapes and landmarks of the face of each frame, None where there is none."""
    found = []
    with tasks.landmarker(args, running_mode=vision.RunningMode.VIDEO, num_faces=1) as task:
        for i, image in enumerate(images):
            landmarks, blendshapes, _ = tasks.arrays(task.detect_for_video(tasks.image_of(image), tasks.FRAME_MS * i))
            found.append((blendshapes[0], landmarks[0, :, :2]) if len(landmarks) else None)
    return found


def change(rng, images, first):
    """The clip with the lowest bit of three pixels of a face turned over."""
    height, width = images[0].shape[:2]
    frame = int(rng.choice([i for i, face in enumerate(first) if face is not None][:FIRST_FRAMES]))
    points = first[frame][1] * (width, height)
    low = np.clip(points.min(0), 0, (width - 2, height - 2)).astype(int)
    high = np.clip(points.max(0), low + 1, (width - 1, height - 1)).astype(int)
    image, changes = images[frame].copy(), []
    for _ in range(N_CHANGES):
        y, x, channel = rng.integers(low[1], high[1]), rng.integers(low[0], high[0]), rng.integers(3)
        image[y, x, channel] ^= 1
        changes.append((frame, y, x, channel))
    return images[:frame] + [image] + images[frame + 1:], changes


def main():
    args = common.arguments(__doc__.splitlines()[0])
    images = list(common.frames(args, common.CLIP))[:N_FRAMES]
    rng = np.random.default_rng(SEED)
    changes, n_faces, scores = [[(-1,) * 4] * N_CHANGES], [], []
    first = found = track(args, images)
    for run in range(N_RUNS):
        if run:
            changed, where = change(rng, images, first)
            changes.append(where)
            found = track(args, changed)
        n_faces.append([face is not None for face in found])
        scores += [np.rint(face[0] * 255) for face in found if face is not None]
        apart = np.array([np.abs(a[0] - b[0]).max() for a, b in zip(found, first) if a is not None and b is not None])
        print(
            f"run {run}: frame {changes[-1][0][0]} changed; {sum(n_faces[-1])} faces; the largest difference of a"
            f" blendshape is {apart.mean():.4f} on average and {apart.max():.4f} at worst, within 0.02 in"
            f" {(apart <= 0.02).sum()} of {len(apart)}", flush=True,
        )
    notes = [
        f"FaceLandmarker, VIDEO, num_faces 1, frame i at {tasks.FRAME_MS} * i ms; {N_RUNS} runs of {N_FRAMES} frames",
        f"changes: frame, y, x, channel of pixels whose lowest bit was turned over; -1: none; default_rng({SEED})",
        "blendshapes: of all faces of all runs one after the other; u8 = round(score * 255)",
    ]
    models = {tasks.BUNDLE: common.model_bytes(args, tasks.BUNDLE)}
    text = common.provenance(args, models, ["mediapipe", "numpy"], notes)
    path = os.path.join(args.out, "tasks", "ensemble.gold")
    size = goldfile.write(path, text, {
        "n_faces": np.array(n_faces, np.uint8),
        "changes": np.array(changes, np.int32),
        "blendshapes": np.array(scores, np.uint8),
    })
    print(f"ensemble: {size} bytes")
    if size >= common.MAX_BYTES:
        raise ValueError("the file is too large for the repository")


if __name__ == "__main__":
    main()
