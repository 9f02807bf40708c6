# SPDX-License-Identifier: Apache-2.0
"""The table that scripts/gpu-check ends with: each bound, what was measured, and the floor beside it.

    python3 bench/gpu_table.py FOLDER

FOLDER holds what was measured, as far as it was: cuda-fp32.json, cuda-fp16.json and vulkan-fp32.json (mien.bench/1), peer.json
(bench/peers/gpu.py), tests.txt (lines of NAME passed|failed|skipped). Exit code: 0 if nothing was missed, 1 if something
was. What was not measured is told, and is no pass.
"""
import json
import os
import sys

H200 = "H200"  # whose bounds these are


def load(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def rows_of(report, name=None):
    """The rows of a network, or (no name) of the tracked frame."""
    if report is None:
        return []
    parts = [report.get("frame")] if name is None else [n for n in report["networks"] if n["name"] == name]
    return [row for part in parts if part for row in part["batches"]]


def row_of(report, name=None):
    """The row of one face."""
    return next((row for row in rows_of(report, name) if row["batch"] == 1), None)


def best_row_of(report, key, name=None):
    """The row of most faces a second."""
    return max((row for row in rows_of(report, name) if row[key] is not None), key=lambda row: row[key], default=None)


def value(row, key, factor=1.0):
    return None if row is None or row[key] is None else row[key] * factor


class Table:
    def __init__(self):
        self.lines, self.n_missed = [], 0

    def add(self, what, got, unit, must, stretch=None, floor=None, at_most=True):
        """A bound; `must` None: none, told for its own sake."""
        if got is None:
            verdict = "not measured"
        elif must is None:
            verdict = ""
        elif (got <= must) if at_most else (got >= must):
            reached = stretch is not None and ((got <= stretch) if at_most else (got >= stretch))
            verdict = "met, and the stretch" if reached else "met"
        else:
            verdict = "MISSED"
            self.n_missed += 1
        sign = "<=" if at_most else ">="
        bound = "" if must is None else f"{sign} {must:g}" + (f" ({stretch:g})" if stretch is not None else "")
        shown = "-" if got is None else f"{got:.4g} {unit}"
        self.lines.append((what, shown, bound, "-" if floor is None else f"{floor:.4g} {unit}", verdict))

    def show(self):
        head = ("", "measured", "bound (stretch)", "floor", "")
        widths = [max(len(line[i]) for line in self.lines + [head]) for i in range(5)]
        for line in [head] + self.lines:
            print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def add_latency(table, cuda):
    mesh, frame = row_of(cuda, "face_mesh"), row_of(cuda)
    floor = value(mesh, "floor_ms", 1e3)
    table.add("face_mesh, 1 face, device", value(mesh, "device_ms", 1e3), "us", 60, 20, floor)
    table.add("face_mesh, 1 face, call to result", value(mesh, "median_ms", 1e3), "us", 100, 40, floor)
    table.add("tracked frame, call to result", value(frame, "median_ms", 1e3), "us", 150, 80, value(frame, "floor_ms", 1e3))
    if frame is not None:
        table.add("tracked frame, copies up", frame["copies_up"], "a frame", 1)
        table.add("tracked frame, copies down", frame["copies_down"], "a frame", 1)
        table.add("tracked frame, graphs", frame["submissions"], "a frame", 1)


def add_throughput(table, report, precision, must, stretch):
    """Of the network alone by the device's clock: its inputs are copied from the host only here. And of faces that are
    cut out of a frame, whole, which has more to do."""
    for name, key, what in (("face_mesh", "device_faces_s", "face_mesh, {} at a time, device"),
                            (None, "faces_s", "{} cut out of a frame, call to result")):
        best = best_row_of(report, key, name)
        faces = f"{best['batch']} faces" if best else "most faces"
        floor = 1e3 * best["batch"] / best["floor_ms"] if best and best["floor_ms"] else None
        table.add(f"{what.format(faces)}, {precision}", value(best, key), "faces/s", must, stretch, floor,
                  at_most=False)


def add_peer(table, peer):
    mesh = next((row for row in peer["rows"] if row["name"] == "face_mesh"), None) if peer else None
    name = peer["peer"] if peer else "ONNX Runtime, CUDA"
    for key, what, must in (("batch_1", "1 face", 5), ("best_batch", "best batch", 3)):
        # Of call and device the one that looks worse.
        got = min(mesh["call"][key], mesh["device"][key]) if mesh else None
        table.add(f"times faster than {name}, {what}", got, "times", must, at_most=False)


def add_tests(table, folder):
    path = os.path.join(folder, "tests.txt")
    if not os.path.exists(path):
        table.add("tests on the device", None, "failed", 0)
        return
    with open(path, encoding="utf-8") as file:
        ends = [line.split()[-1] for line in file if line.strip()]
    ran = ends.count("passed") + ends.count("failed") > 0
    table.add(f"tests on the device ({ends.count('passed')} passed, {ends.count('skipped')} skipped)",
              ends.count("failed") if ran else None, "failed", 0)


def main():
    folder = sys.argv[1]
    cuda, half = load(folder, "cuda-fp32.json"), load(folder, "cuda-fp16.json")
    vulkan, peer = load(folder, "vulkan-fp32.json"), load(folder, "peer.json")
    table = Table()
    add_tests(table, folder)
    add_latency(table, cuda)
    add_throughput(table, cuda, "fp32", 150000, 400000)
    add_throughput(table, half, "fp16", 300000, 1000000)
    add_peer(table, peer)
    ours, theirs = value(row_of(vulkan), "median_ms", 1e3), value(row_of(cuda), "median_ms", 1e3)
    table.add("tracked frame, Vulkan", ours, "us", None, floor=value(row_of(vulkan), "floor_ms", 1e3))
    table.add("tracked frame, Vulkan / CUDA", ours / theirs if ours and theirs else None, "times", 1.5)
    for report in (cuda, vulkan):
        if report:
            device = report["device"]
            print(f"{device['id']}: {device['name']}, {device['isa']}; {report['version']}, {report['build']}")
    print("floor: multiply-adds at the best rate of a loop on registers in fp32, measured on the device in the same run")
    if cuda and H200 not in cuda["device"]["name"]:
        print(f"the bounds are those of an {H200}; this is another device")
    print()
    table.show()
    return 1 if table.n_missed else 0


if __name__ == "__main__":
    sys.exit(main())
