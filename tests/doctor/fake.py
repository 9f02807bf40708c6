# SPDX-License-Identifier: Apache-2.0
"""What the tests of the doctor on fake machines share: the tool, the stand-in drivers, machines."""

import json
import os
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

TOOL = os.environ["MIEN_TOOL"]
MATRIX = os.environ["MIEN_DOCTOR_MATRIX"]
SOURCE = os.environ["MIEN_SOURCE_DIR"]
SHARED = os.environ["MIEN_SHARED_DIR"]
DRIVERS = dict(item.split("=") for item in os.environ["MIEN_DRIVERS"].split(","))
TIMEOUT_MS = 20000  # a driver that only waits for its turn on a busy machine has not hung
HANG_MS = 1500


def machines():
    return expand.read(os.path.join(HERE, "fixtures"))


def make(machine, folder):
    """Builds a machine in a folder that does not exist yet; returns its root."""
    return expand.Expander(folder, DRIVERS).expand(machine)


def words(machine, word):
    return [rest for kind, rest in machine.lines if kind == word]


class HealthyMachine(unittest.TestCase):
    """A server on which everything works, until a test tells a driver otherwise."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mien-doctor-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = make(machines()["healthy-server"],
                         os.path.join(self.folder, "machine"))

    def set_variables(self, **variables):
        """What the drivers find in their environment, besides what the machine has."""
        path = os.path.join(self.folder, "machine", "env.txt")
        if not hasattr(self, "healthy"):
            with open(path, encoding="utf-8") as file:
                self.healthy = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.healthy)
            file.writelines(f"{name}={value}\n" for name, value in variables.items())

    def environment(self, timeout_ms):
        return dict(os.environ, MIEN_DOCTOR_ROOT=self.root,
                    MIEN_DOCTOR_TIMEOUT_MS=str(timeout_ms))

    def check_nothing_is_left(self):
        """No helper has outlived the doctor: each has the machine's root among its arguments."""
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{process}/cmdline", "rb") as file:
                    self.assertNotIn(self.root.encode(), file.read().split(b"\0"))
            except OSError:
                pass

    def ask(self, timeout_ms=TIMEOUT_MS, **variables):
        self.set_variables(**variables)
        begin = time.monotonic()
        result = subprocess.run([TOOL, "doctor", "--json", "--verbose"], timeout=120,
                                env=self.environment(timeout_ms), capture_output=True,
                                check=False, text=True)
        seconds = time.monotonic() - begin
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.check_nothing_is_left()
        return json.loads(result.stdout), seconds
