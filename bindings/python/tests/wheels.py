# SPDX-License-Identifier: Apache-2.0
"""Checks wheels, and installs the one of this machine for every Python that is found.

    python3 wheels.py WHEELS WORK [VERSION...]

WHEELS: folder with the wheels. WORK: folder for the virtual environments. VERSION: such as 3.9;
without it every python3.N in PATH and of pyenv. In each environment, which begins with nothing, pip
installs the wheel and what it asks for, and the package's tests run; OpenCV's too where pip has it.
"""
import base64
import glob
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
OLDEST_GLIBC = (2, 27)  # JetPack 4
MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}
CHECK = "import unittest, sys\nsys.exit(not unittest.main(module=None, argv={!r}, exit=False).result.wasSuccessful())"


def check_record(wheel):
    """Every file is in RECORD with its hash."""
    record = next(name for name in wheel.namelist() if name.endswith("/RECORD"))
    listed = [line.rsplit(",", 2) for line in wheel.read(record).decode().splitlines()]
    assert {name for name, _, _ in listed} == set(wheel.namelist()), "RECORD is not complete"
    for name, digest, size in listed:
        if name != record:
            data = wheel.read(name)
            want = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            assert (digest, size) == ("sha256=" + want, str(len(data))), name


def check_binaries(wheel, arch):
    """They are for this processor, for an old glibc, and executable."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("mien/lib/libmien.so.0", "mien/lib/mien-probe"):
            path = wheel.extract(name, folder)
            assert wheel.getinfo(name).external_attr >> 16 & 0o111 == 0o111, name
            header = subprocess.check_output(["readelf", "-h", path]).decode()
            assert MACHINES[arch] in header, (name, arch)
            symbols = subprocess.check_output(["objdump", "-T", path]).decode()
            versions = {tuple(map(int, found)) for found in
                        re.findall(r"\bGLIBC_(\d+)\.(\d+)", symbols)}
            assert versions, name + ": objdump shows no versions"
            assert max(versions) <= OLDEST_GLIBC, (name, max(versions))
            needed = set(re.findall(r"NEEDED\s+(\S+)", subprocess.check_output(
                ["objdump", "-p", path]).decode()))
            allowed = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2"}
            assert needed <= allowed, (name, needed)
            print("{}: {} needs glibc {}.{}".format(arch, name, *max(versions)))
        if arch != platform.machine():
            check_emulated(os.path.join(folder, "mien", "lib"), arch)


def check_emulated(folder, arch):
    """The files of another processor's wheel run in an emulator."""
    compiler, emulator = shutil.which(arch + "-linux-gnu-gcc"), shutil.which("qemu-" + arch)
    include = os.path.join(HERE, "..", "..", "..", "include")
    if not compiler or not emulator:
        print("[  SKIPPED ] running the files for {}: no cross compiler, or no emulator".format(arch))
        return
    source, program = os.path.join(folder, "ask.c"), os.path.join(folder, "ask")
    with open(source, "w") as file:
        file.write("#include <mien/mien.h>\n#include <stdio.h>\n"
                   "int main(void) { puts(mien_build_info()); return 0; }\n")
    run(compiler, "-I", include, source, os.path.join(folder, "libmien.so.0"), "-o", program,
        "-Wl,-rpath," + folder)
    emulated = [emulator, "-L", "/usr/{}-linux-gnu".format(arch)]
    print("{}: {}".format(arch, run(*(emulated + [program])).strip()))
    probe = os.path.join(folder, "mien-probe")
    os.chmod(probe, 0o755)
    assert run(*(emulated + [probe, "cuda", "/nonexistent"])).endswith("done\n"), "mien-probe"


def version_of(python):
    try:
        text = subprocess.check_output(
            [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    return text.decode().strip()


def find_pythons():
    """Version to program, each version once."""
    candidates = [shutil.which("python3." + str(minor)) for minor in range(6, 20)]
    candidates += glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python3"))
    candidates += [shutil.which("python3"), "/usr/bin/python3"]
    found = {}
    for python in filter(None, candidates):
        version = version_of(python)
        if version and int(version.split(".")[1]) >= 6:
            found.setdefault(version, python)
    return dict(sorted(found.items(), key=lambda pair: int(pair[0].split(".")[1])))


def quietly(*command):
    """Whether a command succeeds."""
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def run(*command, **options):
    """Runs a command; what it printed is shown only if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        sys.exit("{}: failed\n{}".format(" ".join(command), text))
    return text


def test_in(python, version, wheel, folder):
    """Installs the wheel into an environment of its own and runs the tests there."""
    shutil.rmtree(folder, ignore_errors=True)
    run(python, "-m", "venv", folder)
    inside = os.path.join(folder, "bin", "python")
    pip = [inside, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    if int(run(inside, "-m", "pip", "--version").split()[1].split(".")[0]) < 20:
        run(*(pip + ["--upgrade", "pip"]))  # older ones know no wheels for manylinux2014
    run(*(pip + [wheel]))
    packages = run(inside, "-m", "pip", "list", "--format=freeze")
    assert "numpy" in packages and "mien" in packages, packages
    quietly(*(pip + ["--only-binary=:all:", "opencv-python-headless"]))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    text = run(inside, "-B", "-c", CHECK.format(["tests", "discover", "-s", HERE, "-v"]), cwd=folder,
               env=environment)
    skipped = sorted(set(re.findall(r"skipped ['\"](.*)['\"]", text)))
    print("python {}: {}{}".format(version, re.search(r"Ran \d+ tests in \S+", text).group(),
                                   "; skipped: " + "; ".join(skipped) if skipped else ""))
    shutil.rmtree(folder)


def main():
    wheels, work, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    native = None
    for path in sorted(glob.glob(os.path.join(wheels, "*.whl"))):
        arch = next(arch for arch in MACHINES if path.endswith(arch + ".whl"))
        with zipfile.ZipFile(path) as wheel:
            check_record(wheel)
            check_binaries(wheel, arch)
        if arch == platform.machine():
            native = path
    if not native:
        sys.exit("{}: no wheel for {}".format(wheels, platform.machine()))
    pythons = find_pythons()
    versions = wanted or list(pythons)
    for version in versions:
        test_in(pythons[version], version, os.path.abspath(native),
                os.path.join(os.path.abspath(work), "venv-" + version))
    if len(pythons) < 2:
        print("[  SKIPPED ] a second Python: only {} is here".format(", ".join(versions)))


if __name__ == "__main__":
    main()
