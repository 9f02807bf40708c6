# SPDX-License-Identifier: Apache-2.0
"""Packs a build into a wheel, unpacks it, and runs the tests on what was in it.

    python3 main.py BUILD [TEST...]

MIEN_PRELOAD names libraries that are to be loaded before Python's, such as a sanitizer's. Ends with
77 if something had to be skipped.
"""
import os
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77

RUN = """
import sys, unittest
names = sys.argv[2:]
loader = unittest.defaultTestLoader
tests = loader.loadTestsFromNames(names) if names else loader.discover(sys.argv[1])
result = unittest.TextTestRunner(verbosity=2).run(tests)
for case, reason in result.skipped:
    print("[  SKIPPED ] {}: {}".format(case.id(), reason))
sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
"""


def unpack(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = archive.extract(entry, folder)
            os.chmod(path, entry.external_attr >> 16 & 0o777)


def has_numpy(python):
    try:
        return subprocess.call([python, "-c", "import numpy"], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def main():
    # The first python3 need not be the one that Debian's packages are for.
    python = next(filter(has_numpy, (sys.executable, "/usr/bin/python3")), None)
    if not python:
        print("[  SKIPPED ] all: {} has no numpy".format(sys.executable))
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, os.path.join(HERE, "..", "build.py"), "--build", sys.argv[1],
                 "--out", folder]
        wheel = subprocess.run(build, check=True, stdout=subprocess.PIPE).stdout.decode().strip()
        site = os.path.join(folder, "site")
        unpack(wheel, site)
        subprocess.check_call([python, "-m", "compileall", "-q", site])  # as pip does
        environment = dict(os.environ, PYTHONPATH=site)
        if environment.get("MIEN_PRELOAD"):
            environment["LD_PRELOAD"] = environment["MIEN_PRELOAD"]
        done = subprocess.run([python, "-B", "-c", RUN, HERE] + sys.argv[2:], cwd=HERE,
                              env=environment, stdout=subprocess.PIPE)
        sys.stdout.buffer.write(done.stdout)
        return done.returncode or (SKIPPED if b"[  SKIPPED ]" in done.stdout else 0)


if __name__ == "__main__":
    sys.exit(main())
