# SPDX-License-Identifier: Apache-2.0
"""Runs the real `mien doctor --json` on each fake machine, and checks what it finds; then asks the
rules again with each one switched off: exactly its own fixtures must fail."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))

import expand
import schema

TOOL = os.environ["MIEN_TOOL"]
MATRIX = os.environ["MIEN_DOCTOR_MATRIX"]
SOURCE = os.environ["MIEN_SOURCE_DIR"]
DRIVERS = dict(item.split("=") for item in os.environ["MIEN_DRIVERS"].split(","))
TIMEOUT_MS = 20000  # a driver that only waits for its turn on a busy machine has not hung
HANG_MS = 1500


def words(machine, word):
    return [rest for kind, rest in machine.lines if kind == word]


class Fixtures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mien-doctor-")
        cls.machines = {name: machine
                        for name, machine in expand.read(os.path.join(HERE, "fixtures")).items()
                        if machine.is_fixture}
        for name, machine in cls.machines.items():
            expand.Expander(os.path.join(cls.folder, name), DRIVERS).expand(machine)
        with open(os.path.join(SOURCE, "docs/schemas/doctor-1.schema.json"),
                  encoding="utf-8") as file:
            cls.schema = json.load(file)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def doctor(self, name, *arguments, **variables):
        hangs = words(self.machines[name], "hangs")
        environment = dict(os.environ, MIEN_DOCTOR_ROOT=os.path.join(self.folder, name, "root"),
                           MIEN_DOCTOR_TIMEOUT_MS=str(HANG_MS if hangs else TIMEOUT_MS),
                           **variables)
        return subprocess.run([TOOL, "doctor", *arguments], env=environment, timeout=120,
                              capture_output=True, check=False, text=True)

    def report(self, name, **variables):
        result = self.doctor(name, "--json", **variables)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        report = json.loads(result.stdout)
        schema.validate(self.schema, report)
        return report

    def check_first(self, machine, first):
        cause, rule, severity, stage = words(machine, "expect")[0].split()
        got = (first["id"], first["rule"], first["severity"], first["stage"])
        self.assertEqual(got, (cause, rule, severity, int(stage)))
        evidence = {item["probe"]: item["value"] for item in first["evidence"]}
        for item in words(machine, "evidence"):
            probe, _, text = item.partition(" ")
            self.assertIn(probe, evidence)
            self.assertIn(text, evidence[probe])
        self.assertTrue(first["fix"] and first["fix"][0])
        for text in words(machine, "fix"):
            self.assertIn(text, "\n".join(first["fix"]))
        self.assertIsNone(first["explained_by"])

    def test_findings(self):
        for name, machine in self.machines.items():
            with self.subTest(fixture=name):
                report = self.report(name)
                findings = report["findings"]
                if words(machine, "expect"):
                    self.assertTrue(findings, "nothing was found")
                    self.check_first(machine, findings[0])
                else:
                    self.assertEqual([finding["id"] for finding in findings], [])
                for cause in words(machine, "also"):
                    also = [finding for finding in findings if finding["id"] == cause]
                    self.assertEqual([finding["explained_by"] for finding in also], [None])
                for wanted in words(machine, "stack"):
                    stack, state, *cause = wanted.split()
                    verdict = report["stacks"][stack]
                    self.assertEqual((verdict["state"], verdict["cause"]),
                                     (state, cause[0] if cause else None))

    def test_every_rule_has_a_fixture(self):
        rules = subprocess.run([MATRIX, "rules"], capture_output=True, check=True, text=True)
        have = {words(machine, "expect")[0].split()[1]
                for machine in self.machines.values() if words(machine, "expect")}
        self.assertEqual(set(rules.stdout.split()), have)

    def test_a_rule_switched_off_fails_its_own_fixtures(self):
        roots = [os.path.join(self.folder, name, "root") for name in self.machines]
        result = subprocess.run([MATRIX, "off", *roots], capture_output=True, check=True,
                                text=True, timeout=300,
                                env=dict(os.environ, MIEN_DOCTOR_TIMEOUT_MS="8000"))
        changed = {}
        for line in result.stdout.splitlines():
            root, rule = line.split("\t")
            name = os.path.basename(os.path.dirname(root))
            changed.setdefault(rule, set()).add(name)
        own = {}
        for name, machine in self.machines.items():
            for wanted in words(machine, "expect"):
                own.setdefault(wanted.split()[1], set()).add(name)
        self.assertEqual(changed, own)

    def test_switched_off_in_the_tool(self):
        self.assertEqual(self.report("nouveau")["findings"][0]["id"], "nouveau-bound")
        report = self.report("nouveau", MIEN_DOCTOR_NO_RULES="R200")
        self.assertNotIn("nouveau-bound", [finding["id"] for finding in report["findings"]])

    def test_exit_codes(self):
        self.assertEqual(self.doctor("healthy-server", "--device", "cuda").returncode, 0)
        self.assertEqual(self.doctor("nouveau", "--device", "cuda:0").returncode, 3)
        self.assertEqual(self.doctor("nouveau", "--device", "vulkan").returncode, 0)
        self.assertEqual(self.doctor("no-gpu", "--device", "gpu").returncode, 3)
        self.assertEqual(self.doctor("no-gpu", "--device", "cpu").returncode, 0)
        self.assertEqual(self.doctor("no-gpu").returncode, 0)
        self.assertEqual(self.doctor("no-gpu", "--device", "gpux").returncode, 2)

    def test_text_says_the_same(self):
        for name in ("jetson-group", "uvm-999", "healthy-desktop"):
            report = self.report(name)
            text = self.doctor(name).stdout
            for finding in report["findings"]:
                self.assertIn(finding["id"], text)
                for item in finding["evidence"]:
                    self.assertIn(f"{item['probe']} = {item['value']}", text)
            for verdict in report["stacks"].values():
                self.assertIn(verdict["summary"], text)

    def test_all_facts_on_request(self):
        result = self.doctor("healthy-server", "--json", "--verbose")
        report = json.loads(result.stdout)
        schema.validate(self.schema, report)
        facts = {item["probe"]: item["value"] for item in report["facts"]}
        self.assertEqual(facts["C05.0.run"], "0")
        self.assertEqual(facts["H05.version"], "550.90.07")


class Drills(unittest.TestCase):
    """Drivers that do the worst. The doctor ends in time, says so, and still knows the rest."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mien-doctor-")
        self.addCleanup(shutil.rmtree, self.folder)
        machine = expand.read(os.path.join(HERE, "fixtures"))["healthy-server"]
        self.root = expand.Expander(os.path.join(self.folder, "machine"), DRIVERS).expand(machine)

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
