# SPDX-License-Identifier: Apache-2.0
"""Golden data of the clip: how far MediaPipe's FaceMesh agrees with itself, when a few pixels change by one.

Each run tracks at most one face over the whole clip. Run 0 sees the clip as it is; in each of the others, three
pixels of a single frame differ by one grey level, in one channel each, inside the face that is being tracked.
"""
import os

import mediapipe
import numpy as np

import clip
import common
import facemesh
import goldfile

CASES = [("ensemble", 468, 16), ("ensemble-attention", 478, 8)]
# Spread over the face: outline, eyes, nose, mouth, forehead.
INDICES = np.array([1, 10, 33, 50, 61, 105, 133, 152, 168, 172, 234, 263, 291, 334, 362, 397], np.int32)
N_CHANGES = 3
LAST_CHANGED_FRAME = 180
SEED = 1


def track(images, refine):
    """The landmarks of the face of each frame, None where there is none."""
    found = []
    with mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=False, max_num_faces=1, refine_landmarks=refine,
        min_detection_confidence=0.5, min_tracking_confidence=0.5,
    ) as mesh:
        for image in images:
            faces = facemesh.points(mesh.process(image))
            found.append(faces[0] if faces else None)
    return found


def choose_changes(rng, found, shape):
    """One frame with a face, and pixels of that face: rows of frame, y, x, channel."""
    height, width = shape[:2]
    frame = int(rng.choice([i for i, face in enumerate(found[:LAST_CHANGED_FRAME]) if face is not None]))
    face = found[frame][:, :2] * (width, height)
    low = np.clip(face.min(0), 0, (width - 2, height - 2)).astype(int)
    high = np.clip(face.max(0), low + 1, (width - 1, height - 1)).astype(int)
    return np.array(
        [(frame, rng.integers(low[1], high[1]), rng.integers(low[0], high[0]), rng.integers(3))
         for _ in range(N_CHANGES)], np.int32,
    )


def changed(images, changes):
    """The clip with the lowest bit of those pixels turned over."""
    images = list(images)
    for frame, y, x, channel in changes:
        image = images[frame].copy()
        image[y, x, channel] ^= 1
        images[frame] = image
    return images


def differences(found, first, size):
    """Frames with as many faces as the first run, and the mean distance in shares of the eye distance in those."""
    agreeing = sum((a is None) == (b is None) for a, b in zip(found, first))
    shares = []
    for a, b in zip(found, first):
        if a is not None and b is not None:
            eyes = np.linalg.norm((b[33] - b[263])[:2] * size)
            shares.append(np.linalg.norm((a - b)[:, :2] * size, axis=1).mean() / eyes)
    return agreeing, np.array(shares)


def run_all(images, n_landmarks, n_runs):
    """Runs the ensemble; returns the tensors to store."""
    height, width = images[0].shape[:2]
    rng = np.random.default_rng(SEED)
    first = track(images, n_landmarks == 478)
    n_faces, chosen, changes = [], [], []
    for run in range(n_runs):
        change = choose_changes(rng, first, images[0].shape) if run else np.full((N_CHANGES, 4), -1, np.int32)
        found = track(changed(images, change), n_landmarks == 478) if run else first
        changes.append(change)
        n_faces.append([face is not None for face in found])
        chosen += [common.quantise(face[INDICES, :2]) for face in found if face is not None]
        agreeing, shares = differences(found, first, (width, height))
        print(
            f"run {run}: frame {change[0, 0]} changed; {sum(n_faces[-1])} frames with a face, {agreeing} as run 0;"
            f" there the mean differs by {100 * shares.mean():.3f}% of the eye distance, by"
            f" {100 * shares.max():.3f}% at worst", flush=True,
        )
    return {
        "n_faces": np.array(n_faces, np.uint8),
        "changes": np.array(changes, np.int32),
        "indices": INDICES,
        "points": np.array(chosen, np.uint16).reshape(len(chosen), len(INDICES), 2),
    }


def main():
    args = common.arguments(__doc__.splitlines()[0])
    images = list(common.frames(args, common.CLIP))
    if len(images) != clip.N_FRAMES:
        raise ValueError(f"the clip has {clip.N_FRAMES} frames, the command gave {len(images)}")
    for name, n_landmarks, n_runs in CASES:
        notes = [
            f"clip: {common.CLIP}, every frame in order, {n_runs} times",
            f"FaceMesh(static_image_mode=False, max_num_faces=1, refine_landmarks={n_landmarks == 478})",
            f"changes: frame, y, x, channel of the pixels whose lowest bit was turned over in each run; -1: none;"
            f" numpy's default_rng({SEED})",
            "points: the faces of all frames of all runs one after the other, n_faces a run and frame",
            "points: x, y of the landmarks in indices; u16 = round((v + 0.5) * 32767.5), clipped",
        ]
        models = common.wheel_models([clip.DETECTOR, clip.MODELS[n_landmarks]])
        text = common.provenance(args, models, ["mediapipe", "numpy"], notes)
        path = os.path.join(args.out, "clip", f"{name}.gold")
        size = goldfile.write(path, text, run_all(images, n_landmarks, n_runs))
        print(f"{os.path.basename(path)}: {size} bytes")
        if size >= common.MAX_BYTES:
            raise ValueError("the file is too large for the repository")


if __name__ == "__main__":
    main()
