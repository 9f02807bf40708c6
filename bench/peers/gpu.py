# SPDX-License-Identifier: Apache-2.0
"""mien on a GPU beside ONNX Runtime's CUDA provider, or PyTorch with CUDA graphs where that does not start, in one run.

    python bench/peers/gpu.py --mien build/release/tools/mien/mien --models DIR [--device cuda:0]

Both have the same networks, from `mien models export --onnx`, and inputs of the same size. In each round every network is
timed by `mien bench --device` and right after it by the peer, with 1, 2, 4 and more faces at a time; of each batch size the
best median of all rounds counts. Two times are compared: "call", from inputs on the host to all outputs on the host, and
"device", for mien and PyTorch by the device's clock, for ONNX Runtime with inputs and outputs that stay on the device. A
ratio is the peer's time / mien's.

Needs numpy, and onnxruntime-gpu or torch; --provider cpu --device cpu tries the script itself without a GPU.
"""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

import gpu_peers

# Name in mien.bench/1, model, and the network's name in a bundle.
NETWORKS = [
    ("face_mesh", "face_mesh", None),
    ("face_mesh_attention", "face_mesh_attention", None),
    ("face_detector_short", "face_detector_short", None),
    ("face_detector_full_sparse", "face_detector_full_sparse", None),
    ("face_landmarks_v2", "face_landmarker", "face_landmarks_detector"),
    ("face_blendshapes", "face_landmarker", "face_blendshapes"),
]
MUST = {"batch_1": 5.0, "best_batch": 3.0}  # on an H200, face_mesh


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"gpu.py: {' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def export(args, folder):
    """Network name: ONNX file."""
    files = {}
    for name, model, member in NETWORKS:
        if name not in args.networks:
            continue
        files[name] = os.path.join(folder, name + ".onnx")
        run(args.mien, "models", "export", model, *(["--network", member] if member else []), "--onnx", files[name])
    return files


def time_mien(args, name):
    """Batch: milliseconds of a call and of the device."""
    command = [args.mien, "bench", "--device", args.device, "--network", name, "--json"]
    if args.device != "cpu":
        command += ["--seconds", str(args.seconds), "--max-batch", str(args.max_batch), "--precision", args.precision]
        command += ["--allow-software"] if args.allow_software else []
    report = json.loads(run(*command))
    network = next(network for network in report["networks"] if network["name"] == name)
    if args.device == "cpu":
        return {1: {"call": network["median_ms"], "device": network["median_ms"]}}
    return {row["batch"]: {"call": row["median_ms"], "device": row["device_ms"] or row["median_ms"]}
            for row in network["batches"]}


def keep_best(best, times):
    for batch, row in times.items():
        known = best.setdefault(batch, dict(row))
        for key, ms in row.items():
            known[key] = min(known[key], ms)


def peer_batches(args, network):
    """Times of rising batches, as long as there is memory and a run does not take too long."""
    times, batch = {}, 1
    while batch <= args.max_batch:
        try:
            times[batch] = network.time(batch, args.seconds)
        except Exception as problem:  # its own kinds; too large a batch ends the row, not the run
            if batch == 1:
                raise SystemExit(f"gpu.py: the peer: {str(problem).splitlines()[0]}")
            break
        if times[batch]["call"] > 500 * args.seconds:
            break
        batch *= 2
    return times


def compare(name, ours, peer):
    """Ratios of batch 1, and of the faces a second that each has at its own best batch."""
    row = {"name": name, "mien": ours, "peer": peer}
    for key in ("call", "device"):
        best_ours = max(batch / times[key] for batch, times in ours.items())
        best_peer = max(batch / times[key] for batch, times in peer.items())
        row[key] = {"batch_1": peer[1][key] / ours[1][key], "best_batch": best_ours / best_peer,
                    "mien_faces_s": 1e3 * best_ours, "peer_faces_s": 1e3 * best_peer}
    return row


def print_table(rows):
    print(f"{'peer time / mien time':<28} {'batch 1':>9} {'device':>9} {'best batch':>11} {'device':>9} "
          f"{'mien faces/s':>13} {'peer faces/s':>13}")
    for row in rows:
        call, device = row["call"], row["device"]
        print(f"{row['name']:<28} {call['batch_1']:9.2f} {device['batch_1']:9.2f} {call['best_batch']:11.2f} "
              f"{device['best_batch']:9.2f} {call['mien_faces_s']:13.0f} {call['peer_faces_s']:13.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [name for name, _, _ in NETWORKS]
    parser.add_argument("--mien", required=True, help="the tool")
    parser.add_argument("--models", default="", help="folder with the model files (default: where mien looks)")
    parser.add_argument("--device", default="cuda:0", help="mien's device (default cuda:0)")
    parser.add_argument("--allow-software", action="store_true", help="as in mien bench")
    parser.add_argument("--precision", default="fp32", choices=("fp32", "fp16", "auto"), help="mien's (default fp32)")
    parser.add_argument("--peer", default="auto", choices=["auto", *gpu_peers.PEERS],
                        help="the first of these that starts here (default auto)")
    parser.add_argument("--provider", default="cuda", choices=gpu_peers.PROVIDERS, help="the peer's (default cuda)")
    parser.add_argument("--network", action="append", choices=names, help="may be repeated (default: all)")
    parser.add_argument("--max-batch", type=int, default=1024, help="faces at a time (default 1024)")
    parser.add_argument("--seconds", type=float, default=1.0, help="for a batch size (default 1)")
    parser.add_argument("--rounds", type=int, default=2, help="(default 2)")
    parser.add_argument("--json", metavar="FILE", help="write all times, too")
    args = parser.parse_args()
    args.networks = args.network or names
    args.device_index = int(args.device.split(":")[1]) if ":" in args.device and args.provider != "cpu" else 0
    if args.models:
        os.environ["MIEN_MODEL_DIR"] = args.models
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        files = export(args, folder)
        peer, networks = gpu_peers.open_peer(args.peer, args.provider, args.device_index, files)
        ours, theirs = {name: {} for name in files}, {name: {} for name in files}
        for _ in range(args.rounds):
            for name in files:
                keep_best(ours[name], time_mien(args, name))
                keep_best(theirs[name], peer_batches(args, networks[name]))
        rows = [compare(name, ours[name], theirs[name]) for name in files]
    print("peer:", peer.name)
    print_table(rows)
    if args.json:
        about = {"peer": peer.name, "device": args.device, "precision": args.precision, "must": MUST,
                 "system": platform.platform(), "date": time.strftime("%Y-%m-%d"), "rows": rows}
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(about, file, indent=1)


if __name__ == "__main__":
    main()
