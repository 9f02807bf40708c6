# SPDX-License-Identifier: Apache-2.0
"""What the tests of the doctor on fake machines share: the tool, the stand-in drivers, machines."""

import os
import sys

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
