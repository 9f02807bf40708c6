# SPDX-License-Identifier: Apache-2.0
"""Each file that the doctor may read becomes garbage, endless, a pipe and so on: it says what it
can, in bounded time and memory, and nothing crashes."""

import atexit
import glob
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import unittest

import fake
import schema
from fake import SOURCE, TOOL

LIMIT_S = 60  # of the processor, with sanitizers; what waits for ever is ended by CTest
LIMIT_KIB = 400 * 1024  # sanitizers take much of it themselves; a line that is kept whole is too much
TIMEOUT_MS = 1500  # loading a pipe as a library hangs

PYTHON_FILES = (
    "mediapipe-0.10.21.dist-info/METADATA", "mediapipe-0.10.21.dist-info/WHEEL",
    "mediapipe-0.10.21.dist-info/RECORD", "mediapipe/python/_framework_bindings.cpython-311.so",
    "mediapipe/tasks/c/libmediapipe.so", "mediapipe/python/solutions/face_mesh.py",
    "mediapipe/modules/face_gpu.binarypb", "tensorflow-2.17.0.dist-info/METADATA",
    "tensorflow/python/platform/build_info.py", "cv2/cv2.abi3.so", "cv2/version.py",
    "opencv_python-4.10.0.dist-info/METADATA", "onnxruntime_gpu-1.19.0.dist-info/METADATA",
    "onnxruntime/capi/libonnxruntime_providers_cuda.so", "torch-2.4.0.dist-info/METADATA",
    "torch/version.py", "torch/lib/libtorch_cuda.so", "ai_edge_litert-1.0.1.dist-info/METADATA")


def garbage(path, source):
    with open(path, "wb") as file:
        file.write(b"\x7fELF" * source.randrange(2) + source.randbytes(source.randrange(1, 70000)))


def repeated(path, piece, n):
    """All large files are one and the same, which takes no time to make."""
    data = os.path.join(tempfile.gettempdir(), f"mien-bad-{os.getpid()}-{piece.hex()}")
    if not os.path.exists(data):
        with open(data, "wb") as file:
            file.write(piece * n)
        atexit.register(os.unlink, data)
    os.link(data, path)


def long_line(path, source):
    repeated(path, source.choice([b"a", b"{", b"\t", b"\xff", b'"']), 10_000_000)


def many_lines(path, source):
    repeated(path, source.choice([b"=\n", b"nvidia: x\n", b"1 1 1 1\n"]), 400_000)


def endless(path, _):
    """A terabyte of zeros, which takes no room."""
    with open(path, "wb") as file:
        file.truncate(1 << 40)


def large(path, _):
    """As large as libraries are, and nothing in it."""
    with open(path, "wb") as file:
        file.truncate(1 << 26)


def loop(path, _):
    os.symlink(os.path.basename(path), path)


def far_link(path, _):
    os.symlink("../" * 60 + "x/" * 1000, path)


def folder(path, _):
    os.mkdir(path)


def pipe(path, _):
    os.mkfifo(path)


def empty(path, _):
    with open(path, "wb"):
        pass


def locked(path, source):
    garbage(path, source)
    os.chmod(path, 0)  # nothing to somebody who is root


KINDS = (garbage, long_line, many_lines, endless, loop, far_link, folder, pipe, empty, locked)


def named_paths():
    """Paths of files that stand in the probes' source."""
    paths = set()
    for name in glob.glob(os.path.join(SOURCE, "src/doctor/probe_*.c")):
        with open(name, encoding="utf-8") as file:
            paths.update(re.findall(r'"(/(?:proc|sys|etc|run|var|usr|dev)/[^"% ]*[^"%/ ])"',
                                    file.read()))
    return sorted(paths)


class BadFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mien-bad-")
        self.addCleanup(shutil.rmtree, self.folder)

    def run_bounded(self, *arguments, **variables):
        """Standard output, and that time and memory are within bounds."""
        with open(os.path.join(self.folder, "output"), "w+", encoding="utf-8") as output:
            program = subprocess.Popen([TOOL, "doctor", *arguments], env=dict(os.environ, **variables),
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            _, status, usage = os.wait4(program.pid, 0)
            program.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read()
        self.assertLess(usage.ru_utime + usage.ru_stime, LIMIT_S)
        self.assertLess(usage.ru_maxrss, LIMIT_KIB)
        self.assertNotIn("\033", text)
        return program.returncode, text

    def spoil(self, root, kind, share, source):
        """Puts bad files in the place of some of those that are there or that a probe names."""
        present = [os.path.join(place, name) for place, _, names in os.walk(root) for name in names]
        places = set(present) | {root + path for path in named_paths()}
        n = 0
        for place in sorted(places):
            if source.random() >= share or os.path.isdir(place):
                continue
            try:
                os.makedirs(os.path.dirname(place), exist_ok=True)
                if os.path.lexists(place):
                    os.unlink(place)
            except OSError:  # a file stands where a folder would
                continue
            kind(place, source)
            n += 1
        return n

    def test_machines(self):
        with open(os.path.join(SOURCE, "docs/schemas/doctor-1.schema.json"),
                  encoding="utf-8") as file:
            rules = json.load(file)
        machines = fake.machines()
        self.assertGreater(len(named_paths()), 30)
        for number, kind in enumerate(KINDS):
            for name, share in (("healthy-server", 1), ("jetson-group-and-image", 1),
                                ("healthy-container", 0.5)):
                with self.subTest(kind=kind.__name__, machine=name):
                    source = random.Random(number)
                    place = os.path.join(self.folder, f"{name}-{kind.__name__}")
                    root = fake.make(machines[name], place)
                    self.assertGreater(self.spoil(root, kind, share, source), 20)
                    code, text = self.run_bounded("--json", "--verbose", MIEN_DOCTOR_ROOT=root,
                                                  MIEN_DOCTOR_TIMEOUT_MS=str(TIMEOUT_MS))
                    self.assertEqual(code, 0, text)
                    schema.validate(rules, json.loads(text))
                    shutil.rmtree(place)

    def test_python(self):
        # Libraries are searched up to some gigabytes, which takes long.
        for number, kind in enumerate((large, *(kind for kind in KINDS if kind != endless))):
            with self.subTest(kind=kind.__name__):
                place = os.path.join(self.folder, kind.__name__)
                for name in PYTHON_FILES:
                    path = os.path.join(place, "lib/python3.11/site-packages", name)
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    kind(path, random.Random(number))
                code, text = self.run_bounded("--python", place, "--json")
                self.assertEqual(code, 0, text)
                self.assertTrue(json.loads(text))
                shutil.rmtree(place)

    def test_logs(self):
        for number, kind in enumerate((garbage, long_line, many_lines, loop, far_link, folder, empty)):
            with self.subTest(kind=kind.__name__):
                path = os.path.join(self.folder, f"log-{kind.__name__}")
                kind(path, random.Random(number))
                code, text = self.run_bounded("--explain", path)
                self.assertIn(code, (0, 4), text)


if __name__ == "__main__":
    unittest.main()
