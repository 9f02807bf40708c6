# SPDX-License-Identifier: Apache-2.0
"""scripts/gpu-check without a GPU, and the table that it ends with."""

import json
import os
import subprocess
import sys

import tool

BUILD = os.path.dirname(os.path.dirname(os.path.dirname(tool.TOOL)))


def row(batch, ms, device_ms, floor_ms):
    return {"batch": batch, "median_ms": ms, "device_ms": device_ms, "floor_ms": floor_ms,
            "faces_s": 1e3 * batch / ms, "copies_up": 1, "copies_down": 1, "submissions": 1}


def report(name, ms, device_ms, batch_ms):
    rows = [row(1, ms, device_ms, 0.001), row(1024, batch_ms, batch_ms, 1.0)]
    return {"version": "0", "build": "test",
            "device": {"id": "cuda:0", "name": name, "isa": "ptx_90"},
            "networks": [{"name": "face_mesh", "batches": rows}], "frame": {"batches": rows}}


class GpuCheck(tool.Case):
    def test_without_a_gpu(self):
        devices = json.loads(self.good("devices", "--json").stdout)["devices"]
        if any(device["usable"] and not device["software"] for device in devices):
            self.skipTest("this machine has a GPU that can be used")
        done = subprocess.run([os.path.join(tool.SOURCE, "scripts", "gpu-check"), "--build", BUILD, "--out",
                               self.path("out")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=self.environment, timeout=tool.TIMEOUT)
        self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
        self.assertIn("no CUDA device cuda:0 can be used", done.stderr)
        # The doctor's cause, as the tool itself would give it.
        cause = self.mien("doctor", "--device", "cuda:0", "--json")
        cause = json.loads(cause.stdout)["device"]["cause"]
        self.assertIn(cause, done.stderr)
        self.assertEqual(self.files(), [])

    def table(self, **files):
        for name, content in files.items():
            name, ending = name.replace("_", "-"), "json"
            text = json.dumps(content)
            if name == "tests":
                ending, text = "txt", content
            self.write(f"{name}.{ending}", text.encode())
        return subprocess.run([sys.executable, "-B", os.path.join(tool.SOURCE, "bench", "gpu_table.py"), self.folder],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def verdict(self, done, start):
        line, = [line for line in done.stdout.splitlines() if line.startswith(start)]
        return line

    def test_table_of_what_was_met_and_missed(self):
        ratios = {"batch_1": 6.0, "best_batch": 2.5}
        done = self.table(
            cuda_fp32=report("NVIDIA H200", 0.09, 0.015, 5.0), vulkan_fp32=report("x", 0.12, 0.02, 6),
            peer={"peer": "peer 1", "rows": [{"name": "face_mesh", "call": ratios, "device": ratios}]},
            tests="one passed\ntwo skipped\n")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertNotIn("another device", done.stdout)
        for start, word in (("tests on the device", "met"),
                            ("face_mesh, 1 face, device", "met, and the stretch"),
                            ("face_mesh, 1 face, call", "met"),
                            ("tracked frame, call", "met"),
                            ("face_mesh, faces a second, 1024", "met"),
                            ("face_mesh, faces a second at", "not measured"),
                            ("times faster than peer 1, 1 face", "met"),
                            ("times faster than peer 1, best", "MISSED"),
                            ("tracked frame, Vulkan / CUDA", "met")):
            self.assertTrue(self.verdict(done, start).endswith(word.split(", ")[-1]),
                            self.verdict(done, start))
        self.assertIn("1.024e+06 faces/s", self.verdict(done, "face_mesh, faces a second, 1024"))

    def test_table_of_another_device(self):
        done = self.table(cuda_fp32=report("NVIDIA T4", 0.2, 0.07, 20.0), tests="one failed\n")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("another device", done.stdout)
        self.assertTrue(self.verdict(done, "tests on the device").endswith("MISSED"))
        self.assertTrue(self.verdict(done, "face_mesh, 1 face, device").endswith("MISSED"))

    def test_table_of_nothing(self):
        done = self.table()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreater(done.stdout.count("not measured"), 6)
        self.assertNotIn(" met", done.stdout)


if __name__ == "__main__":
    tool.main()
