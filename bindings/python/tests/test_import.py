# SPDX-License-Identifier: Apache-2.0
"""What importing the package costs, and what it leaves alone."""
import compileall
import re
import shutil
import subprocess
import sys
import tempfile
import os
import unittest

import mien
from mien import media

from support import HERE, TestCase

# CPU seconds of numpy's import, and of the one that follows.
MEASURE = """
import sys, time
begin = time.process_time()
import numpy
between = time.process_time()
import mien
print(between - begin, time.process_time() - between)
"""


class TestImport(TestCase):
    def test_is_small_beside_the_import_of_numpy(self):
        with tempfile.TemporaryDirectory() as folder:
            # A copy that is compiled, as pip leaves it: this one may be read from its sources.
            shutil.copytree(os.path.dirname(mien.__file__), os.path.join(folder, "mien"),
                            ignore=shutil.ignore_patterns("__pycache__"))
            compileall.compile_dir(folder, quiet=1)
            environment = dict(os.environ, PYTHONPATH=folder)
            times = [self.python(MEASURE, env=environment).split() for _ in range(7)]
        numpy, own = [min(float(row[i]) for row in times) for i in (0, 1)]
        print("import mien: {:.1f} ms of CPU time, numpy before it: {:.1f} ms".format(
            own * 1000, numpy * 1000))
        self.assertLess(own, numpy / 8, times)
        self.assertLess(own, 0.020, times)

    def test_opens_no_gpu(self):
        if not shutil.which("strace"):
            self.skipTest("no strace")
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "trace")
            done = subprocess.run(
                ["strace", "-f", "-e", "trace=openat,open,execve,connect,socket", "-o", trace,
                 sys.executable, "-B", "-c", "import numpy, mien, mien.compat; print(mien)"],
                cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if done.returncode and b"ptrace" in done.stderr:
                self.skipTest("strace may not trace here")
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            with open(trace) as file:
                calls = file.read()
        self.assertIn("libmien.so", calls)
        touched = re.findall(r"[^\n]*(?:/dev/nvidia|/dev/dri|libcuda|libvulkan|libEGL|mien-probe|"
                             r"socket\(|connect\()[^\n]*", calls)
        self.assertEqual(touched, [])

    def test_needs_no_other_package(self):
        loaded = self.python("import mien.compat, sys; print(sorted(m for m in ('cv2', 'PIL', "
                             "'mediapipe', 'google', 'matplotlib', 'ray') if m in sys.modules))")
        self.assertEqual(loaded.strip(), "[]")

    def test_loads_what_is_used_alone(self):
        """A frame of libmien-media needs no array, nor does the number of faces in it; and each of
        these modules takes about as long to load as one of mien's."""
        self.need_models()
        slow = ("numpy", "logging", "typing", "collections", "functools", "importlib", "operator",
                "threading", "weakref", "mien.topology", "mien._records", "mien._stream")
        # The program may have them before: from site, for one.
        loaded = self.python("import ctypes, sys; before = set(sys.modules); import mien, mien.media; "
                             "mien.Engine(None).close(); print(sorted((set(sys.modules) - before) & "
                             "set({})))".format(slow))
        self.assertEqual(loaded.strip(), "[]")
        # Old versions of NumPy load logging themselves.
        loaded = self.python("import numpy, sys; before = set(sys.modules); import mien.compat as mp; "
                             "mp.solutions.face_mesh; print(sorted(m for m in ('dataclasses', 'logging', "
                             "'mien.compat.tasks', 'mien.compat.solutions.drawing_utils') "
                             "if m in set(sys.modules) - before))")
        self.assertNotIn("mien", loaded)
        self.assertNotIn("logging", loaded)

    def test_landmarks_without_numpy(self):
        self.need_models()
        picture = self.need_picture("astronaut.png")
        try:
            media.Reader(picture).close()
        except ImportError as error:
            self.skipTest(str(error))
        printed = self.python("import sys, mien; from mien.media import Reader\n"
                              "result = mien.Engine().process(next(iter(Reader(sys.argv[1]))))\n"
                              "print(len(result.raw('landmarks')[0]), 'numpy' in sys.modules)",
                              picture)
        self.assertEqual(printed.split(), ["468", "False"])

    def test_names(self):
        """Every name that a package tells of is there, and dir() tells of them."""
        import mien.compat as mp
        for package in (mien, media, mp, mp.tasks, mp.tasks.python, mp.tasks.python.vision, mp.solutions,
                        mp.framework.formats):
            for name in package.__all__:
                self.assertIsNotNone(getattr(package, name))
                self.assertIn(name, dir(package))
            with self.assertRaises(AttributeError):
                package.nothing
        self.assertTrue(callable(mien.devices))
        from mien import engine, model
        for module, name in ((media, "MediaInfo"), (engine, "EngineInfo"), (engine, "StreamStats"),
                             (model, "CatalogEntry")):
            self.assertEqual(getattr(module, name).__module__, "mien._records")
        self.assertIn("MediaInfo", dir(media))

    def test_has_type_hints(self):
        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(mien.__file__), "py.typed")))
        self.assertIn("device", mien.Engine.__init__.__annotations__)


if __name__ == "__main__":
    unittest.main()
