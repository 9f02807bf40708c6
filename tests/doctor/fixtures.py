# SPDX-License-Identifier: Apache-2.0
"""Runs the real `mien doctor --json` on each fake machine, and checks what it finds; then asks the
rules again with each one switched off: exactly its own fixtures must fail."""

import concurrent.futures
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import fake
import schema
from fake import HANG_MS, MATRIX, SOURCE, TIMEOUT_MS, TOOL, words


class Fixtures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="mien-doctor-")
        cls.machines = {name: machine
                        for name, machine in fake.machines().items()
                        if machine.is_fixture}
        for name, machine in cls.machines.items():
            fake.make(machine, os.path.join(cls.folder, name))
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
        asked = [line.split() for line in words(self.machines[name], "ask")]
        arguments = ["--device", asked[0][0]] if asked else []
        if words(self.machines[name], "host"):
            arguments.append("--host")
        result = self.doctor(name, "--json", *arguments, **variables)
        code = 3 if asked and asked[0][1] != "works" else 0
        self.assertEqual((result.returncode, result.stderr), (code, ""))
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

    def check_devices(self, machine, report):
        for line in words(machine, "ask"):
            device, state, *cause = line.split()
            self.assertEqual(report["device"]["requested"], device)
            self.assertEqual((report["device"]["state"], report["device"]["cause"]),
                             (state, cause[0] if cause else None))
            if cause:
                self.assertEqual(cause[0], report["findings"][0]["id"])
                self.assertEqual(report["device"]["summary"], report["findings"][0]["title"])
        if not words(machine, "ask"):
            self.assertIsNone(report["device"])
        smoke = {run["device"]: run for run in report["smoke"]}
        for line in words(machine, "smoke"):
            device, state, *cause = line.split()
            run = smoke[device]
            self.assertEqual((run["state"], run["reason"]), (state, cause[0] if cause else None))
            if state == "passed":
                self.assertEqual((run["first_ms"], run["run_ms"], run["difference"]),
                                 (180.0, 0.05, 2e-7))
            else:
                self.assertIsNone(run["difference"])

    def test_findings(self):
        # Most of the time is waiting for helpers, some of which hang.
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            reports = {name: pool.submit(self.report, name) for name in self.machines}
        for name, machine in self.machines.items():
            with self.subTest(fixture=name):
                report = reports[name].result()
                findings = report["findings"]
                if words(machine, "expect"):
                    self.assertTrue(findings, "nothing was found")
                    self.check_first(machine, findings[0])
                else:
                    self.assertEqual([finding["id"] for finding in findings], [])
                for cause in words(machine, "also"):
                    also = [finding for finding in findings if finding["id"] == cause]
                    self.assertEqual([finding["explained_by"] for finding in also], [None])
                self.check_devices(machine, report)
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
        programs = []
        for hangs in (False, True):
            roots = [os.path.join(self.folder, name, "root") for name in self.machines
                     if bool(words(self.machines[name], "hangs")) == hangs]
            timeout_ms = HANG_MS if hangs else TIMEOUT_MS
            environment = dict(os.environ, MIEN_DOCTOR_TIMEOUT_MS=str(timeout_ms))
            programs.append(subprocess.Popen([MATRIX, "off", *roots], env=environment, text=True,
                                             stdout=subprocess.PIPE))
        output = ""
        for program in programs:
            output += program.communicate(timeout=300)[0]
            self.assertEqual(program.returncode, 0)
        changed = {}
        for line in output.splitlines():
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


if __name__ == "__main__":
    unittest.main()
