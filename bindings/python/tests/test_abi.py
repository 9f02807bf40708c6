# SPDX-License-Identifier: Apache-2.0
"""The structures and numbers of _abi.py are those of the headers: a C compiler is asked."""
import ctypes
import os
import shutil
import subprocess
import tempfile
import unittest

from mien import _abi

from support import ROOT, TestCase

CONSTANTS = {
    "MIEN_API_VERSION": _abi.API_VERSION,
    "MIEN_N_BLENDSHAPES": _abi.N_BLENDSHAPES,
    "MIEN_N_KEYPOINTS": _abi.N_KEYPOINTS,
}
CONSTANTS.update({name: value for value, name in _abi.STATUS_NAMES.items()})
CONSTANTS.update({"MIEN_PIXEL_" + c: _abi.PIXEL_FORMATS[name] for c, name in (
    ("RGB24", "RGB"), ("BGR24", "BGR"), ("RGBA32", "RGBA"), ("BGRA32", "BGRA"), ("GRAY8", "GRAY"),
    ("NV12", "NV12"), ("I420", "I420"))})
for _prefix, _table in (("MATRIX", _abi.COLOR_MATRICES), ("RANGE", _abi.COLOR_RANGES),
                        ("MODE", _abi.MODES), ("SMOOTHING", _abi.SMOOTHINGS),
                        ("PRECISION", _abi.PRECISIONS),
                        ("QUEUE", _abi.QUEUE_POLICIES),
                        ("ON_DEVICE_LOSS", _abi.ON_DEVICE_LOSS)):
    CONSTANTS.update({"MIEN_{}_{}".format(_prefix, name.upper()): value
                      for name, value in _table.items()})
CONSTANTS.update({"MIEN_TOPOLOGY_" + name: i for i, name in enumerate(_abi.TOPOLOGIES)})

STRUCTURES = [value for value in vars(_abi).values() if isinstance(value, type) and
              issubclass(value, ctypes.Structure) and value is not ctypes.Structure]


class TestAbi(TestCase):
    def ask(self, lines):
        """What a C program prints that shows these expressions, a number each."""
        compiler = shutil.which("cc")
        include = os.path.join(ROOT, "include")
        if not compiler or not os.path.isdir(include):
            self.skipTest("no C compiler, or no headers")
        code = ["#include <mien/mien.h>", "#include <mien/media.h>", "#include <stdio.h>", "int main(void) {"]
        code += ['    printf("%lld\\n", (long long)({}));'.format(line) for line in lines]
        code += ["    return 0;", "}"]
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, "ask.c"), os.path.join(folder, "ask")
            with open(source, "w") as file:
                file.write("\n".join(code))
            subprocess.run([compiler, "-I", include, source, "-o", program], check=True)
            return [int(word) for word in subprocess.check_output([program]).split()]

    def test_structures(self):
        names, lines, want = [], [], []
        for structure in STRUCTURES:
            c = structure.__name__
            names.append(c)
            lines.append("sizeof({})".format(c))
            want.append(ctypes.sizeof(structure))
            for field, _kind in structure._fields_:
                place = getattr(structure, field)
                for line, value in (("offsetof({}, {})", place.offset),
                                    ("sizeof((({} *)0)->{})", place.size)):
                    names.append(line.format(c, field))
                    lines.append(line.format(c, field))
                    want.append(value)
        self.assertGreater(len(STRUCTURES), 8)
        self.assertEqual(dict(zip(names, self.ask(lines))), dict(zip(names, want)))

    def test_constants(self):
        names = sorted(CONSTANTS)
        self.assertEqual(dict(zip(names, self.ask(names))), CONSTANTS)


if __name__ == "__main__":
    unittest.main()
