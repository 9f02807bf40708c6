# SPDX-License-Identifier: Apache-2.0
"""NVIDIA's compiler takes the sources of the kernels, too: python3 nvcc.py KERNEL...

Each for another architecture that it knows, or with MIEN_TEST_EVERY_ARCHITECTURE=1 each for all.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

EVERY = bool(os.environ.get("MIEN_TEST_EVERY_ARCHITECTURE"))
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "src")


def main():
    nvcc = shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")
    if not nvcc or not shutil.which("g++"):
        print("[  SKIPPED ] backend/cuda/nvcc: no nvcc on this machine, or no g++ for it")
        return 77
    listed = subprocess.run([nvcc, "--list-gpu-arch"], stdout=subprocess.PIPE, text=True, check=True)
    known = sorted(int(number) for number in re.findall(r"compute_(\d+)\s", listed.stdout))
    n_failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for i, kernel in enumerate(sys.argv[1:]):
            for target in known if EVERY else [known[i % len(known)]]:
                done = subprocess.run(
                    [nvcc, "-x", "cu", f"-arch=sm_{target}", "-cubin", "--fmad=false", "-Werror", "all-warnings", "-I",
                     SOURCE, os.path.join(SOURCE, "backend", "cuda", "kernels", kernel + ".cu"), "-o",
                     os.path.join(folder, "out")],
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                print(f"{kernel} for sm_{target}: {'ok' if done.returncode == 0 else done.stdout}")
                n_failed += done.returncode != 0
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
