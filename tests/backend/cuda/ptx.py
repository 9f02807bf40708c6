# SPDX-License-Identifier: Apache-2.0
"""The PTX of every kernel has the instructions that its source means: python3 ptx.py FOLDER KERNEL...

FOLDER holds sm_NN/KERNEL.ptx. A compiler that does not know an instruction may compute it in some
other way, without a word; a driver refuses PTX that is newer than it asks for. Where NVIDIA's
ptxas is found it translates all of it, too, and the registers that docs/backends.md names are those that it takes.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

FOLDER, KERNELS = sys.argv[1], sys.argv[2:]
EVERY = bool(os.environ.get("MIEN_TEST_EVERY_ARCHITECTURE"))  # takes many minutes
DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "docs", "backends.md")
VERSIONS = {"53": "4.2", "75": "6.5", "80": "7.0", "90": "7.8"}

MMA_8 = "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32"
MMA_16 = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"
# At least so many of these in a kernel; a name in brackets behind it: of this level alone.
WANTED = {
    "conv": {"fma.rn.f32": 80, "ld.global.v4.f32": 12, "st.global.v4.f32": 2},
    "chain": {"fma.rn.f32": 100, "bar.sync": 2, "barrier.cluster.arrive (90)": 1,
              "barrier.cluster.wait (90)": 1},
    "chain_half": {"fma.rn.f16x2": 2, "bar.sync": 2, "fma.rn.f32 (53)": 90, f"{MMA_8} (75)": 8,
                   f"{MMA_16} (80)": 4, f"{MMA_16} (90)": 4, "barrier.cluster.arrive (90)": 1,
                   "barrier.cluster.wait (90)": 1},
    "conv_half": {"cvt.f32.f16": 16, "fma.rn.f32 (53)": 80, "cvt.rn.f16.f32 (53)": 8,
                  f"{MMA_8} (75)": 20, f"{MMA_16} (80)": 10, f"{MMA_16} (90)": 10,
                  "ld.global.v4.u32 (75)": 2, "ld.global.v4.u32 (90)": 2,
                  "cvt.rn.f16x2.f32 (80)": 20, "cvt.rn.f16x2.f32 (90)": 20},
    "depthwise_half": {"fma.rn.f16x2": 2, "cvt.f32.f16": 8},
    "depthwise_pointwise_half": {"fma.rn.f16x2": 2, "bar.sync": 1, "fma.rn.f32 (53)": 16,
                                 "cvt.f32.f16": 16, "ld.shared.v4.f32 (53)": 1,
                                 f"{MMA_8} (75)": 28, f"{MMA_16} (80)": 14, f"{MMA_16} (90)": 14,
                                 "ld.shared.v2.u32 (90)": 14},
    "crop": {"mul.lo.s64": 2, "mul.rn.f32": 3, "add.rn.f32": 3, "cvt.rn.f16x2.f32 (90)": 2},
    "layer_norm": {"sqrt.rn.f32": 1, "div.rn.f32": 2, "cvt.rn.f16.f32 (53)": 1},
    "depthwise": {"fma.rn.f32": 4, "ld.global.v4.f32": 2},
    "depthwise_pointwise": {"fma.rn.f32": 24, "ld.shared.v4.f32": 1, "bar.sync": 1},
    "fully_connected": {"fma.rn.f32": 1, "bar.sync": 2, "ld.shared.f32": 1},
    "decode_boxes": {"bar.sync": 1, "div.rn.f32": 4},
    "decode_landmarks": {"bar.sync": 3, "div.rn.f32": 3},
    "multiply_adds": {"fma.rn.f32": 16},
    "center_points": {"sqrt.rn.f32": 1, "div.rn.f32": 4},
    "landmarks_to_matrix": {"mul.rn.f64": 12, "div.rn.f32": 3},
    "copy": {"ld.global.f32": 1, "cvt.f32.f16": 1, "cvt.rn.f16.f32 (53)": 1, "cvt.rn.f16x2.f32 (90)": 1, "st.global.f32": 1},
    "depth_to_space": {"ld.global.f32": 1, "st.global.f32": 1},
    "resize_add": {"div.rn.f32": 2, "mul.rn.f32": 8, "add.rn.f32": 8, "cvt.rzi.s32.f32": 2, "cvt.f32.f16": 5,
                   "cvt.rn.f16.f32 (53)": 4, "cvt.rn.f16x2.f32 (90)": 2},
    "sample_bilinear": {"mul.rn.f32": 16, "add.rn.f32": 13, "cvt.rzi.s32.f32": 2, "cvt.f32.f16": 4,
                        "cvt.rn.f16.f32 (53)": 2, "cvt.rn.f16x2.f32 (90)": 1},
    "transform_landmarks": {"mul.rn.f32": 6, "add.rn.f32": 4, "st.global.f32": 2},
    "transpose": {"mul.rn.f32": 1, "add.rn.f32": 1, "st.global.f32": 1},
}
# What takes nearly all of the time keeps everything in registers.
HOT = ("chain", "conv", "conv_half", "depthwise", "depthwise_half", "depthwise_pointwise",
       "depthwise_pointwise_half", "fully_connected")
# Products are rounded before they are added where the source says so.
UNFUSED = ("crop", "decode_landmarks", "layer_norm", "center_points", "landmarks_to_matrix",
           "resize_add", "sample_bilinear", "transform_landmarks")
# What stands in braces is an asm statement of several instructions.
INSTRUCTION = re.compile(r"(?:^|[{;])\s*(?:@!?%p\d+\s+)?([a-z][\w.]*)(?=[\s;])", re.MULTILINE)
# Kernels that compute in halves, and those that turn a result into one.
HALVES = ("chain_half", "conv_half", "depthwise_half", "depthwise_pointwise_half", "copy", "crop", "layer_norm",
          "resize_add", "sample_bilinear")


def plain(name):
    """LLVM names the type that a load or a store is of; since version 21 only its bits."""
    return re.sub(r"^((?:ld|st)\b.*)\.[fus](\d+)$", r"\1.b\2", name)


def instructions(text):
    counts = {}
    for name in map(plain, INSTRUCTION.findall(text)):
        counts[name] = counts.get(name, 0) + 1
    return counts


class Ptx(unittest.TestCase):
    def each(self):
        for level in VERSIONS:
            for kernel in KERNELS:
                path = os.path.join(FOLDER, f"sm_{level}", f"{kernel}.ptx")
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                yield level, kernel, path, text

    def test_heads(self):
        for level, kernel, _, text in self.each():
            self.assertIn(f".version {VERSIONS[level]}\n", text)
            self.assertIn(f".target sm_{level}", text)
            self.assertIn(f".entry mien_{kernel}(", text)
            self.assertNotIn(".extern .func", text)

    def test_instructions(self):
        self.assertEqual(sorted(WANTED), sorted(KERNELS))
        for level, kernel, _, text in self.each():
            counts = instructions(text)
            for name, least in WANTED.get(kernel, {}).items():
                name, _, only = name.partition(" ")
                if only in ("", f"({level})"):
                    self.assertGreaterEqual(counts.get(plain(name), 0), least,
                                            f"{kernel} for {level}: {name}")
            # Before anything else a kernel waits for the launch in front.
            self.assertEqual([counts.get("griddepcontrol.wait", 0),
                              counts.get("griddepcontrol.launch_dependents", 0)],
                             [1, 1] if level == "90" else [0, 0], kernel)
            if level == "90":
                self.assertLess(text.index("griddepcontrol.wait"),
                                re.search(r"ld\.global|st\.global", text).start())
            if kernel not in HALVES:
                self.assertEqual([name for name in counts if ".f16" in name], [], kernel)
            if kernel in UNFUSED:
                self.assertEqual([name for name in counts if name.startswith("fma.")], [])
            for name in counts:
                self.assertNotIn(".ftz", name)
                self.assertNotIn(".approx", name)

    def test_memory_is_global(self):
        """An access through a generic pointer is slower; the compiler has to see what is what. Only
        what is not inlined (store_some) cannot know."""
        for _, kernel, _, text in self.each():
            generic = [name for name in INSTRUCTION.findall(text)
                       if re.match(r"(ld|st)\.(v\d\.)?[busf]\d", name)]
            self.assertLessEqual(set(generic), {"st.f32", "st.b32"}, kernel)
            self.assertNotIn("__local_depot", text)

    def test_a_wrong_kernel_is_noticed(self):
        self.assertEqual(instructions("\tfma.rn.f32 %f1, %f2;\n@%p1 bra $L1;\n"),
                         {"fma.rn.f32": 1, "bra": 1})
        self.assertEqual(instructions("\t{.reg .b16 l, h; mov.b32 {l, h}, %r1; cvt.f32.f16 %f1, l;}"),
                         {"mov.b32": 1, "cvt.f32.f16": 1})
        self.assertNotIn("fma.rn.f32", instructions("\t// fma.rn.f32 in words\n\tadd.s32 %r1;\n"))

    def need_ptxas(self):
        ptxas = shutil.which("ptxas") or shutil.which("/usr/local/cuda/bin/ptxas")
        if not ptxas:
            self.skipTest("no ptxas on this machine")
        known = subprocess.run([ptxas, "--help"], capture_output=True, text=True, check=True).stdout
        return ptxas, sorted({int(number) for number in re.findall(r"'sm_(\d+)'", known)})

    def test_ptxas(self):
        """For every architecture that it knows the kernels of the level that a driver takes there, and each level for
        the lowest; or all for all."""
        ptxas, known = self.need_ptxas()
        levels = sorted(int(level) for level in VERSIONS)
        best = {target: max(level for level in levels if level <= target) for target in known}
        work = []
        for level, kernel, path, _ in self.each():
            targets = [target for target in known if target >= int(level)]
            self.assertTrue(targets)
            work += [(ptxas, path, target, 0 if kernel in HOT and target == targets[0] else 64) for target in targets
                     if EVERY or target == targets[0] or best[target] == int(level)]
        self.assertEqual({target for _, _, target, _ in work}, set(known))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for _ in pool.map(lambda one: self.translate(*one), work):
                pass

    def translate(self, ptxas, path, target, most):
        """A call may put a few registers aside; a sum that lies in memory is far more. Returns registers and spills."""
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([ptxas, f"-arch=sm_{target}", "-v", path, "-o", os.path.join(folder, "out")],
                                  capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        spills = [int(n) for n in re.findall(r"(\d+) bytes spill", done.stderr)]
        self.assertLessEqual(max(spills), most, f"{path} for sm_{target}")
        return int(re.search(r"Used (\d+) registers", done.stderr).group(1)), max(spills)

    def test_documented_registers(self):
        """With the compilers that the page names: others place registers in another way."""
        ptxas, _ = self.need_ptxas()
        with open(DOCS, encoding="utf-8") as file:
            text = file.read()
        release, clang = re.search(r"`ptxas -v` of CUDA (\d+\.\d+) on what clang (\d+) makes", text).groups()
        version = subprocess.run([ptxas, "--version"], capture_output=True, text=True, check=True).stdout
        used = subprocess.run([os.environ["CUDA_CLANG"], "--version"], capture_output=True, text=True, check=True).stdout
        if f"release {release}," not in version or f"version {clang}." not in used:
            self.skipTest(f"not ptxas {release} and clang {clang}, whose registers docs/backends.md lists")
        rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
        self.assertEqual({row[0] for row in rows} - {"crop"}, {*HOT, "chain_half"})
        for kernel, *numbers in rows:
            found = [self.translate(ptxas, os.path.join(FOLDER, f"sm_{level}", f"{kernel}.ptx"), level, 64)
                     for level in (75, 90)]
            self.assertEqual([int(number) for number in numbers],
                             [found[0][0], found[1][0], max(found[0][1], found[1][1])], kernel)


if __name__ == "__main__":
    program = unittest.main(argv=sys.argv[:1], exit=False)
    if program.result.skipped and program.result.wasSuccessful():
        for _, reason in program.result.skipped:
            print(f"[  SKIPPED ] {reason}")
    sys.exit(0 if program.result.wasSuccessful() else 1)
