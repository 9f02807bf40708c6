# SPDX-License-Identifier: Apache-2.0
"""Drivers that do the worst. The doctor ends in time, says so, and still knows the rest."""

import os
import pty
import subprocess
import unittest

import fake
from fake import TIMEOUT_MS, TOOL

LIMIT_S = 10
LIBCUDA = "/usr/lib/x86_64-linux-gnu/libcuda.so.550.90.07"


class Drills(fake.HealthyMachine):
    def examine(self, fault, timeout_ms):
        # A sanitizer would turn the crash into an exit.
        return self.ask(timeout_ms, MIEN_SIM_FAULT=fault, ASAN_OPTIONS="handle_segv=0")

    def drill(self, fault, probe, what, stack, others, timeout_ms=TIMEOUT_MS):
        report, seconds = self.examine(fault, timeout_ms)
        facts = {item["probe"]: item["value"] for item in report["facts"]}
        self.assertTrue(facts[probe].startswith(what), facts[probe])
        states = {name: verdict["state"] for name, verdict in report["stacks"].items()}
        self.assertEqual(states, {stack: "broken", **{other: "works" for other in others}})
        cause = {"hung": "driver-hangs"}.get(what, "driver-crashes")
        self.assertEqual(report["stacks"][stack]["cause"], cause)
        self.assertFalse([name for name in facts if "nonsense" in name])
        return seconds

    def test_hang(self):
        seconds = self.drill("cuda:hang", "C01.probe", "hung", "cuda", ["vulkan", "egl"], 6000)
        self.assertLess(seconds, LIMIT_S)

    def test_hang_in_vulkan(self):
        seconds = self.drill("vulkan:hang", "V01.probe", "hung", "vulkan", ["cuda", "egl"], 6000)
        self.assertLess(seconds, LIMIT_S)

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

    def test_garbage(self):
        report, _ = self.examine("cuda:garbage", TIMEOUT_MS)
        facts = {item["probe"]: item["value"] for item in report["facts"]}
        self.assertEqual(facts["C01.probe"], "failed (3 lines that are no facts)")
        self.assertFalse([name for name in facts if "nonsense" in name])


    def test_calls_begin_to_fail(self):
        """Wherever the driver goes away, CUDA is broken by then, and the rest is told."""
        broken = 0
        for n_calls in range(40):
            with self.subTest(n_calls=n_calls):
                report, seconds = self.ask(MIEN_SIM_FAIL_AFTER=n_calls)
                self.assertLess(seconds, LIMIT_S)
                cuda = report["stacks"]["cuda"]
                self.assertEqual(report["stacks"]["vulkan"]["state"], "works")
                if cuda["state"] == "works":
                    self.assertGreater(n_calls, 15)
                    break
                broken += 1
                self.assertEqual(cuda["state"], "broken")
                if report["findings"]:
                    self.assertIn(report["findings"][0]["id"],
                                  ("driver-error", "compute-capability-too-old"))
        self.assertGreater(broken, 10)

    def test_gpu_goes_away(self):
        """NVML's calls begin to fail; CUDA's do, too."""
        for n_calls in range(8):
            with self.subTest(n_calls=n_calls):
                report, _ = self.ask(MIEN_SIM_NVML_FAIL_AFTER=n_calls, MIEN_SIM_CUINIT=999)
                self.assertIn(report["findings"][0]["id"], ("gpu-lost", "driver-error"))

    def test_library_goes_away(self):
        """The file of the driver is removed while it is asked."""
        report, seconds = self.ask(MIEN_SIM_FAULT="cuda:vanish", MIEN_SIM_FILE=self.root + LIBCUDA)
        self.assertFalse(os.path.exists(self.root + LIBCUDA))
        self.assertLess(seconds, LIMIT_S)
        self.assertEqual(report["stacks"]["cuda"]["state"], "works")  # it was loaded already
        report, _ = self.ask()
        self.assertEqual(report["stacks"]["cuda"]["cause"], "placeholder-driver-library")

    def test_terminal(self):
        """On a terminal, too, a hanging driver leaves plain lines and nothing else."""
        self.set_variables(MIEN_SIM_FAULT="cuda:hang")
        terminal, inner = pty.openpty()
        program = subprocess.Popen([TOOL, "doctor"], env=self.environment(1500), stdin=inner,
                                   stdout=inner, stderr=inner)
        os.close(inner)
        output = b""
        try:
            while piece := os.read(terminal, 4096):
                output += piece
        except OSError:  # the other end is closed
            pass
        os.close(terminal)
        self.assertEqual(program.wait(timeout=60), 0)
        self.check_nothing_is_left()
        self.assertIn(b"driver-hangs", output)
        self.assertTrue(output.endswith(b"\r\n"))
        self.assertFalse([byte for byte in output if byte < 32 and byte not in b"\r\n"])


if __name__ == "__main__":
    unittest.main()
