# SPDX-License-Identifier: Apache-2.0
"""Drivers that do the worst. The doctor ends in time, says so, and still knows the rest."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import fake
from fake import TIMEOUT_MS, TOOL


class Drills(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mien-doctor-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = fake.make(fake.machines()["healthy-server"],
                              os.path.join(self.folder, "machine"))

    def examine(self, fault, timeout_ms):
        with open(os.path.join(self.folder, "machine", "env.txt"), "a", encoding="utf-8") as file:
            # A sanitizer would turn the crash into an exit.
            file.write(f"MIEN_SIM_FAULT={fault}\nASAN_OPTIONS=handle_segv=0\n")
        environment = dict(os.environ, MIEN_DOCTOR_ROOT=self.root,
                           MIEN_DOCTOR_TIMEOUT_MS=str(timeout_ms))
        begin = time.monotonic()
        result = subprocess.run([TOOL, "doctor", "--json", "--verbose"], env=environment,
                                timeout=120, capture_output=True, check=False, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        report = json.loads(result.stdout)
        return report, time.monotonic() - begin

    def drill(self, fault, probe, what, stack, others, timeout_ms=TIMEOUT_MS):
        report, seconds = self.examine(fault, timeout_ms)
        facts = {item["probe"]: item["value"] for item in report["facts"]}
        self.assertTrue(facts[probe].startswith(what), facts[probe])
        states = {name: verdict["state"] for name, verdict in report["stacks"].items()}
        self.assertEqual(states, {stack: "broken", **{other: "works" for other in others}})
        self.assertFalse([name for name in facts if "nonsense" in name])
        return seconds

    def test_hang(self):
        seconds = self.drill("cuda:hang", "C01.probe", "hung", "cuda", ["vulkan", "egl"], 6000)
        self.assertLess(seconds, 10)

    def test_hang_in_vulkan(self):
        seconds = self.drill("vulkan:hang", "V01.probe", "hung", "vulkan", ["cuda", "egl"], 6000)
        self.assertLess(seconds, 10)

    def test_crash_in_constructor(self):
        self.drill("cuda-load:crash", "C01.probe", "crashed (signal 11)", "cuda",
                   ["vulkan", "egl"])

    def test_crash(self):
        self.drill("egl:crash", "G01.probe", "crashed (signal 11)", "egl", ["cuda", "vulkan"])

    def test_exit(self):
        self.drill("cuda:exit", "C01.probe", "failed (ended early, with code 7)", "cuda",
                   ["vulkan", "egl"])

    def test_flood(self):
        self.drill("vulkan:flood", "V01.probe", "failed", "vulkan", ["cuda", "egl"])

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_writes_nothing_and_calls_nobody(self):
        log = os.path.join(self.folder, "strace")
        environment = dict(os.environ, MIEN_DOCTOR_ROOT=self.root)
        command = ["strace", "-f", "-qq", "-e", "trace=socket,connect,open,openat,unlink,mkdir",
                   "-o", log, TOOL, "doctor"]
        result = subprocess.run(command, env=environment, timeout=300, check=False,
                                capture_output=True, text=True)
        with open(log, encoding="utf-8", errors="replace") as file:
            calls = file.read().splitlines()
        if not any("mien-probe" in call or "libcuda" in call for call in calls):
            self.skipTest(f"strace cannot trace here: {result.stderr}")
        self.assertEqual([call for call in calls if "AF_INET" in call], [])
        written = [call for call in calls if re.search(r"O_WRONLY|O_RDWR|O_CREAT|unlink|mkdir",
                                                       call)]
        self.assertEqual([call for call in written if '"/dev/null"' not in call], [])

    def test_garbage(self):
        report, _ = self.examine("cuda:garbage", TIMEOUT_MS)
        facts = {item["probe"]: item["value"] for item in report["facts"]}
        self.assertEqual(facts["C01.probe"], "failed (3 lines that are no facts)")
        self.assertFalse([name for name in facts if "nonsense" in name])


if __name__ == "__main__":
    unittest.main()
