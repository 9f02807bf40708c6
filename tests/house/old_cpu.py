# SPDX-License-Identifier: Apache-2.0
"""Runs the tool on an emulated processor without AVX: python3 old_cpu.py MIEN SHARED

A wide instruction outside of its own set of kernels would end the emulated run with a signal. The
landmarks have to be those of this machine, up to the rounding of sums.
"""

import json
import os
import platform
import shutil
import subprocess
import sys

import tree

PROCESSOR = "Nehalem"  # 2008: SSE4.2, neither AVX nor FMA
MAX_DIFFERENCE = 1e-4  # of the picture's width or height: a twentieth of a pixel


def data_folder():
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(home, "mien")


def find_picture(shared):
    for path in (os.path.join(shared, "testdata", "obama2.jpg"),
                 os.path.join(data_folder(), "astronaut.png")):
        if os.path.exists(path):
            return path
    tree.skip("no picture: `make test` or a shared folder has one")


def find_models(shared):
    for folder in (os.path.join(shared, "models"), os.path.join(data_folder(), "models")):
        if os.path.exists(os.path.join(folder, "face_landmark.tflite")):
            return folder
    tree.skip("no models: `mien models fetch` or a shared folder has them")


def landmarks(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    faces = [face for line in lines if line["type"] == "frame" for face in line["faces"]]
    if not faces:
        sys.exit(f"{' '.join(command)} found no face")
    return faces[0]["face_landmarks"]


def main(mien, shared):
    if platform.machine() != "x86_64":
        tree.skip("this processor is no x86-64")
    emulator = shutil.which("qemu-x86_64")
    if not emulator:
        tree.skip("qemu-x86_64 is not installed: apt-get install qemu-user")
    run = [mien, "run", find_picture(shared), "--model-dir", find_models(shared)]
    here = landmarks(run)
    there = landmarks([emulator, "-cpu", PROCESSOR, *run])
    worst = max(abs(a - b) for p, q in zip(here, there) for a, b in zip(p, q))
    print(f"{len(here)} and {len(there)} landmarks, largest difference {worst:g}")
    return 0 if len(here) == len(there) and worst <= MAX_DIFFERENCE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
