# SPDX-License-Identifier: Apache-2.0
"""Times mien and its peers in turns, in one run, and prints one table of ratios (peer's time / ours).

Peers: LiteRT (XNNPACK), one thread, on the same networks and inputs of the same size; MediaPipe's Python FaceMesh
on the same decoded RGB frames of a clip. Each round runs every peer and mien's side right after it, and the loop
of multiply-adds; of each the best of all rounds counts (of a clip: the best of each frame).

    python bench/peers/peers.py --shared ../shared --ours build/bench/bench-peers-ours

Where other programs run, --realtime lets the two threads of mien be measured on a core each (as root): two threads
of the same priority as everybody else may have to share one.

Needs ai-edge-litert, mediapipe, numpy and opencv-python, which are in tools/golden/requirements.txt or come with it.
"""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import zipfile

os.environ.setdefault("GLOG_minloglevel", "3")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from ai_edge_litert.interpreter import Interpreter  # noqa: E402

import cut_custom_ops  # noqa: E402

# Network, its file and member, and what the ratio must be and should be; share: of the peak.
NETWORKS = [
    ("face_mesh", "face_landmark.tflite", None, 1.5, 1.75),
    ("face_mesh_attention", "face_landmark_with_attention.tflite", None, 1.5, 1.7),
    ("face_detector_short", "face_detection_short_range.tflite", None, 1.4, 1.6),
    ("face_detector_full_sparse", "face_detection_full_range_sparse.tflite", None, 1.4, 2.0),
    ("face_landmarks_v2", "face_landmarker.task", "face_landmarks_detector.tflite", 1.5, 1.75),
    ("face_blendshapes", "face_landmarker.task", "face_blendshapes.tflite", 1.3, 1.5),
]
MESH_PEAK = (0.70, 0.85)
THREADS = (0.85, 0.95)
FRAMES = [("tracked frame", "video", 2.5, 4.0), ("frame with the detector", "image", 2.0, 3.0)]


class Ours:
    """mien's side, which does what it is told on its standard input."""

    def __init__(self, program, models, frames, width, height, cpu_mask, before=()):
        self.process = subprocess.Popen(
            [*before, program, models, frames, str(width), str(height), hex(cpu_mask)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.build = self.process.stdout.readline().strip()

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().strip()
        if not line or line.startswith("error"):
            raise RuntimeError(f"{' '.join(map(str, words))}: {line or 'mien is gone'}")
        return line.split()

    def number(self, *words):
        return float(self.ask(*words)[0])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class LiteRt:
    def __init__(self, data):
        self.interpreter = Interpreter(model_content=data, num_threads=1)
        self.interpreter.allocate_tensors()
        random = np.random.default_rng(1)
        self.inputs = [
            (detail["index"], random.random(tuple(detail["shape"]), np.float32))
            for detail in self.interpreter.get_input_details()
        ]

    def best_ms(self, n):
        """From the caller's arrays on, as mien's side is timed."""
        best = 1e9
        for _ in range(n):
            start = time.perf_counter()
            for index, value in self.inputs:
                self.interpreter.set_tensor(index, value)
            self.interpreter.invoke()
            best = min(best, time.perf_counter() - start)
        return best * 1e3


class FaceMesh:
    def __init__(self, mode, refine):
        import mediapipe

        self.mesh = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=mode == "image", max_num_faces=1, refine_landmarks=refine
        )

    def frames_ms(self, frames):
        self.mesh.reset()
        times, faces = [], []
        for frame in frames:
            start = time.perf_counter()
            result = self.mesh.process(frame)
            times.append((time.perf_counter() - start) * 1e3)
            faces.append(len(result.multi_face_landmarks or []))
        return np.array(times), np.array(faces)


def read_clip(path):
    capture = cv2.VideoCapture(path)
    frames = []
    while True:
        good, frame = capture.read()
        if not good:
            return frames
        frames.append(np.ascontiguousarray(frame[:, :, ::-1]))


def model_bytes(models, file, member):
    with open(os.path.join(models, file), "rb") as opened:
        data = opened.read()
    if member:
        with zipfile.ZipFile(os.path.join(models, file)) as bundle:
            return bundle.read(member)
    return data


def open_peers(models):
    peers = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, file, member, _, _ in NETWORKS:
            data = model_bytes(models, file, member)
            if name == "face_mesh_attention":
                path = os.path.join(folder, "cut.tflite")
                with open(path, "wb") as opened:
                    opened.write(cut_custom_ops.cut(data)[0])
                data = open(path, "rb").read()
            peers[name] = LiteRt(data)
    return peers


def note_best(best, key, value, better=min):
    best[key] = better(best.get(key, value), value)


def time_threads(args, ours, best):
    """Rounds of mien and the loop on one and two threads."""
    for _ in range(args.rounds):
        for threads in (1, 2):
            note_best(best, ("loop", threads), ours.number("peak", threads, 10), max)
            key = ("threads", threads)
            note_best(best, key, ours.number("network", "face_mesh", threads, args.runs))


def time_networks(args, ours, best, left_out):
    """Rounds of LiteRT and mien on every network, and of the loop."""
    peers = open_peers(args.models)
    for turn in range(args.rounds):
        for name, *_ in NETWORKS:
            if name in left_out:
                continue
            note_best(best, ("peak", 1), ours.number("peak", 1, 3), max)
            note_best(best, ("peer", name), peers[name].best_ms(args.runs))
            try:
                note_best(best, ("ours", name), ours.number("network", name, 1, args.runs))
            except RuntimeError as problem:
                left_out[name] = str(problem)
        print(f"\rnetworks: round {turn + 1} of {args.rounds} ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def time_frames(args, ours, frames, best):
    """Rounds of FaceMesh and mien over the clip; keeps the best of every frame, and who saw a face."""
    meshes = {mode: FaceMesh(mode, False) for _, mode, _, _ in FRAMES}
    for turn in range(args.clip_rounds):
        for _, mode, _, _ in FRAMES:
            times, faces = meshes[mode].frames_ms(frames)
            answer = [pair.split(":") for pair in ours.ask("frames", "face_mesh", mode)]
            note_best(best, ("peer", mode), times, np.minimum)
            note_best(best, ("ours", mode), np.array([float(ms) for ms, _ in answer]), np.minimum)
            best["faces", mode] = (faces > 0) & (np.array([int(n) for _, n in answer]) > 0)
        print(f"\rclip: round {turn + 1} of {args.clip_rounds} ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for _, mode, _, _ in FRAMES:
        seen = best["faces", mode]
        if mode == "video":  # tracked: both had a face in the frame before and in this one
            seen = seen & np.concatenate(([False], seen[:-1]))
        best["n", mode] = int(seen.sum())
        for who in ("peer", "ours"):
            best[who, mode] = float(best[who, mode][seen].mean())


def rows_of(best, macs):
    """The table: what, peer, ours, value, must, stretch; a value is a ratio, or a share from 0 to 1."""
    rows = []
    for name, _, _, must, stretch in NETWORKS:
        if ("ours", name) not in best:
            continue
        peer, ours = best["peer", name], best["ours", name]
        rows.append((f"{name}, LiteRT", peer, ours, peer / ours, must, stretch))
        share = macs.get(name, 0) / ours * 1e-6 / best["peak", 1]
        wanted = MESH_PEAK if name == "face_mesh" else (None, None)
        rows.append((f"{name}, share of peak", None, None, share, *wanted))
    gain = best["threads", 1] / best["threads", 2]
    loop = best["loop", 2] / best["loop", 1]
    rows.append((f"face_mesh, two threads ({gain:.2f} of the loop's {loop:.2f})", best["threads", 1],
                 best["threads", 2], gain / loop, *THREADS))
    for what, mode, must, stretch in FRAMES:
        if ("n", mode) in best:
            peer, ours = best["peer", mode], best["ours", mode]
            what = f"{what} ({best['n', mode]}), FaceMesh"
            rows.append((what, peer, ours, peer / ours, must, stretch))
    return rows


def print_table(rows, peak):
    print(f"FMA peak of one thread: {peak:.1f} GMAC/s; times in ms, best of interleaved rounds")
    print(f"{'':<50} {'peer':>8} {'ours':>8} {'value':>7} {'must':>6} {'stretch':>8}")
    for what, peer, ours, value, must, stretch in rows:
        times = f"{peer:8.3f} {ours:8.3f}" if peer else " " * 17
        mark = "" if must is None else "  yes" if value >= must else "  NO"
        bounds = "" if must is None else f"{must:6.2f} {stretch:8.2f}"
        print(f"{what:<50} {times} {value:7.2f} {bounds}{mark}")


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def describe(build):
    from importlib import metadata

    versions = {name: metadata.version(name) for name in ("ai-edge-litert", "mediapipe", "numpy")}
    return {"mien": build, "machine": cpu_name(), "system": platform.platform(), "versions": versions,
            "date": time.strftime("%Y-%m-%d"), "load_average": os.getloadavg()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", default="../shared", help="folder with models/ and testdata/")
    parser.add_argument("--ours", default="build/bench/bench-peers-ours", help="mien's side")
    parser.add_argument("--clip", help="default: the test clip of the shared folder")
    parser.add_argument("--frames", type=int, default=120, help="frames of the clip to use (default 120)")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of the networks (default 20)")
    parser.add_argument("--runs", type=int, default=20, help="runs in a round (default 20)")
    parser.add_argument("--clip-rounds", type=int, default=5, help="rounds of the clip (default 5; 0: none)")
    parser.add_argument("--cpu-mask", type=lambda text: int(text, 0), default=2**64 - 1,
                        help="instruction sets that mien may use (default all)")
    parser.add_argument("--realtime", action="store_true", help="two threads: before other programs (root)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    args.models = os.path.join(args.shared, "models")

    clip = args.clip or os.path.join(args.shared, "testdata", "short_hamilton_clip.mp4")
    frames = read_clip(clip)[: args.frames]
    best, left_out = {}, {}
    with tempfile.NamedTemporaryFile(suffix=".rgb") as raw:
        for frame in frames:
            raw.write(frame.tobytes())
        raw.flush()
        height, width = frames[0].shape[:2]
        command = (args.ours, args.models, raw.name, width, height, args.cpu_mask)
        ours = Ours(*command, before=("chrt", "-f", "1") if args.realtime else ())
        time_threads(args, ours, best)
        ours.close()
        ours = Ours(*command)
        macs = {name: ours.number("macs", name) for name, *_ in NETWORKS}
        time_networks(args, ours, best, left_out)
        if args.clip_rounds:
            time_frames(args, ours, frames, best)
        ours.close()
    rows = rows_of(best, macs)
    about = describe(ours.build)
    if args.json:
        keys = ("what", "peer_ms", "ours_ms", "value", "must", "stretch")
        about["fma_peak_gmac_s"] = best["peak", 1]
        about["left_out"] = left_out
        about["rows"] = [dict(zip(keys, row)) for row in rows]
        print(json.dumps(about, indent=1))
        return
    print(f"{about['machine']}; {about['mien']}; {about['versions']}; load {about['load_average'][0]:.1f}")
    print_table(rows, best["peak", 1])
    for name, why in left_out.items():
        print(f"{name}: left out: {why}")


if __name__ == "__main__":
    main()
