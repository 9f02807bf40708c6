# SPDX-License-Identifier: Apache-2.0
"""Checks wheels, and installs the one of this machine for every Python that is found.

    python3 wheels.py [--build BUILD] WHEELS WORK [VERSION...]

WHEELS: folder with the wheels. WORK: folder for the virtual environments. VERSION: such as 3.9;
without it every python3.N in PATH and of pyenv. In each environment, which begins with nothing, pip
installs the wheel and what it asks for, and the package's tests run. With BUILD they run in one of
them with its tool, with libmien-media, and with what requirements-tests.txt names: OpenCV, Pillow and Ray.
"""
import argparse
import base64
import concurrent.futures
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
FOR_OTHERS = ("3.13", "3.12", "3.11")  # what requirements-tests.txt is for, the first that is here
OLDEST_GLIBC = (2, 27)  # JetPack 4
NO_CACHE = ("3.6", "3.7")  # know no PYTHONPYCACHEPREFIX: they read what pip compiled, the others what the tests did
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
        raise RuntimeError("{}: failed\n{}".format(" ".join(command), text))
    return text


def pip_in(folder):
    return [os.path.join(folder, "bin", "python"), "-m", "pip", "--quiet",
            "--disable-pip-version-check", "install"]


def make_environment(python, version, wheel, folder):
    """A virtual environment with the wheel and what it asks for."""
    shutil.rmtree(folder, ignore_errors=True)
    run(python, "-m", "venv", folder)
    inside = os.path.join(folder, "bin", "python")
    if int(run(inside, "-c", "import pip; print(pip.__version__)").split(".")[0]) < 20:
        run(*(pip_in(folder) + ["--upgrade", "pip"]))  # older ones know no wheels for manylinux2014
    run(*(pip_in(folder) + ([wheel] if version in NO_CACHE else ["--no-compile", wheel])))


def run_tests(version, folder, others="", **variables):
    """Runs the package's tests in an environment, and removes it."""
    environment = dict(os.environ, **variables)
    environment.pop("PYTHONPATH", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # The tests write nothing beside themselves, and what they import is compiled but once.
    environment["PYTHONPYCACHEPREFIX"] = os.path.join(folder, "cache")
    flags = ["-B"] if version in NO_CACHE else []
    text = run(os.path.join(folder, "bin", "python"), *(flags + [
        "-c", CHECK.format(["tests", "discover", "-s", HERE, "-v"])]), cwd=folder, env=environment)
    skipped = sorted(set(re.findall(r"skipped ['\"](.*)['\"]", text)))
    reports = re.findall(r"import mien: .*", text)
    print("python {}: {}{}".format(version + others, "; ".join(
        re.findall(r"Ran \d+ tests in \S+", text) + reports),
        "; skipped: " + "; ".join(skipped) if skipped else ""), flush=True)
    shutil.rmtree(folder)


def test_alone(python, version, wheel, folder):
    """The tests with nothing but NumPy."""
    make_environment(python, version, wheel, folder)
    run_tests(version, folder)


def test_with_others(python, version, wheel, folder, build):
    """The tests with OpenCV, Ray and libmien-media; without the first two if pip cannot get them."""
    make_environment(python, version, wheel, folder)
    others = os.path.join(HERE, "..", "requirements-tests.txt")
    name = " with OpenCV, Pillow and Ray"
    if not quietly(*(pip_in(folder) + ["--only-binary=:all:", "--no-compile", "-r", others])):
        print("[  SKIPPED ] OpenCV, Pillow and Ray: pip cannot install requirements-tests.txt")
        name = ""
    run_tests(version, folder, name, RAY_USAGE_STATS_ENABLED="0",
              MIEN_TOOL=os.path.join(build, "tools", "mien", "mien"),
              LD_LIBRARY_PATH=os.path.join(build, "media"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", help="folder with the tool and libmien-media")
    parser.add_argument("wheels")
    parser.add_argument("work")
    parser.add_argument("version", nargs="*")
    args = parser.parse_args()
    native = None
    for path in sorted(glob.glob(os.path.join(args.wheels, "*.whl"))):
        arch = next(arch for arch in MACHINES if path.endswith(arch + ".whl"))
        with zipfile.ZipFile(path) as wheel:
            check_record(wheel)
            check_binaries(wheel, arch)
        if arch == platform.machine():
            native = os.path.abspath(path)
    if not native:
        sys.exit("{}: no wheel for {}".format(args.wheels, platform.machine()))
    pythons = find_pythons()
    work = os.path.abspath(args.work)
    versions = args.version or list(pythons)
    best = next((version for version in FOR_OTHERS if args.build and version in versions), None)
    if args.build and not best:
        print("[  SKIPPED ] OpenCV, Pillow and Ray: no Python of " + ", ".join(FOR_OTHERS))
    # What pip does and what the tests do are in programs of their own: threads are enough to wait.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = []
        for version in sorted(versions, key=lambda version: version != best):  # it takes longest
            common = pythons[version], version, native, os.path.join(work, "venv-" + version)
            if version == best:
                jobs.append(pool.submit(test_with_others, *common, os.path.abspath(args.build)))
            else:
                jobs.append(pool.submit(test_alone, *common))
        failures = [job.exception() for job in jobs if job.exception()]
    for failure in failures:
        print("{}: {}".format(type(failure).__name__, failure), file=sys.stderr)
    if len(pythons) < 2:
        print("[  SKIPPED ] a second Python: only {} is here".format(", ".join(versions)))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
