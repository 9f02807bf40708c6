#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the wheel of mien: the package, libmien and mien-probe.

    python3 build.py --arch x86_64 --out wheels      # compiled for old systems, with zig
    python3 build.py --build ../../build/dev --out wheels    # what a build of CMake's has made

With --arch the C code is compiled by zig (pip install -r requirements.txt), which knows the symbols
of every glibc, for glibc 2.17: that is what the platform tag manylinux2014 stands for. With --build
the tag follows from the newest symbol that the files need.
"""
import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GLIBC = "2.17"
MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files give the same wheel

METADATA = """Metadata-Version: 2.1
Name: mien
Version: {version}
Summary: Face landmarks with MediaPipe's models and numbers, on the device that you name
License: Apache-2.0
Classifier: License :: OSI Approved :: Apache Software License
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Requires-Python: >=3.6
Requires-Dist: numpy
Requires-Dist: ray[data]; extra == "ray"
Requires-Dist: typing_extensions; extra == "ray"
Provides-Extra: ray
Description-Content-Type: text/markdown

{readme}"""

WHEEL = """Wheel-Version: 1.0
Generator: mien build.py
Root-Is-Purelib: false
"""


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def version():
    header = read(ROOT, "include", "mien", "version.h")
    return ".".join(re.search(r"MIEN_VERSION_{} (\d+)".format(part), header).group(1)
                    for part in ("MAJOR", "MINOR", "PATCH"))


def compile_for(arch, folder, gpu_code=""):
    """Builds libmien and mien-probe with zig; returns the folder with both."""
    compiler = "{} -m ziglang cc -target {}-linux-gnu.{}".format(sys.executable, arch, GLIBC)
    configure = ["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                 "-DMIEN_MEDIA=OFF", "-DMIEN_TESTS=OFF", "-DMIEN_CUDA_NATIVE=OFF",
                 "-DMIEN_GPU_CODE=" + (gpu_code and os.path.abspath(gpu_code)), "-DCMAKE_SYSTEM_NAME=Linux",
                 "-DCMAKE_SYSTEM_PROCESSOR=" + arch, "-DCMAKE_SHARED_LINKER_FLAGS=-s -Wl,-z,defs",
                 "-DCMAKE_EXE_LINKER_FLAGS=-s"]
    subprocess.run(configure, check=True, env=dict(os.environ, CC=compiler))
    subprocess.run(["ninja", "-C", folder, "mien", "mien_probe"], check=True)
    return os.path.join(folder, "src")


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()


def newest_glibc(paths):
    """The newest version of glibc that a symbol of these files asks for."""
    text = "".join(output_of("objdump", "-T", path) for path in paths)
    versions = re.findall(r"\bGLIBC_(\d+)\.(\d+)", text)
    return max((int(major), int(minor)) for major, minor in versions)


def machine(path):
    found = re.search(r"Machine:\s*(.*)", output_of("readelf", "-h", path)).group(1).strip()
    return next(arch for arch, name in MACHINES.items() if name == found)


def platform_tag(paths):
    major, minor = newest_glibc(paths)
    arch = machine(paths[0])
    if (major, minor) <= (2, 17):
        return "manylinux_2_17_{0}.manylinux2014_{0}".format(arch)
    return "manylinux_{}_{}_{}".format(major, minor, arch)


def python_files():
    """Pairs of a place in the wheel and a file."""
    for folder, folders, names in os.walk(os.path.join(HERE, "mien")):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", "lib"))
        for name in sorted(names):
            path = os.path.join(folder, name)
            yield os.path.relpath(path, HERE), path


class Wheel:
    """A zip file that keeps the list of its own content."""

    def __init__(self, path, name):
        self.zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self.info = name + ".dist-info/"
        self.record = []

    def add(self, place, data, mode=0o644):
        entry = zipfile.ZipInfo(place, EPOCH)
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        self.zip.writestr(entry, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        self.record.append("{},sha256={},{}".format(place, digest, len(data)))

    def close(self):
        record = self.info + "RECORD"
        self.add(record, ("\n".join(self.record + [record + ",,"]) + "\n").encode())
        self.zip.close()


def pack(binaries, out):
    """Writes the wheel; returns its path."""
    library, probe = (os.path.join(binaries, name) for name in ("libmien.so.0", "mien-probe"))
    tag = platform_tag([library, probe])
    name = "mien-" + version()
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, "{}-py3-none-{}.whl".format(name, tag))
    wheel = Wheel(path, name)
    for place, source in python_files():
        with open(source, "rb") as file:
            wheel.add(place, file.read())
    for source in (library, probe):
        with open(source, "rb") as file:
            wheel.add("mien/lib/" + os.path.basename(source), file.read(), 0o755)
    tags = "".join("Tag: py3-none-{}\n".format(each) for each in tag.split("."))
    wheel.add(wheel.info + "METADATA",
              METADATA.format(version=version(), readme=read(HERE, "README.md")).encode())
    wheel.add(wheel.info + "WHEEL", (WHEEL + tags).encode())
    with open(os.path.join(ROOT, "LICENSE"), "rb") as file:
        wheel.add(wheel.info + "LICENSE", file.read())
    wheel.close()
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--arch", choices=sorted(MACHINES), help="compile for this processor")
    source.add_argument("--build", help="folder that CMake and Ninja have built in")
    parser.add_argument("--out", default="wheels", help="folder for the wheel")
    parser.add_argument("--work", help="folder to compile in (default: OUT/work-ARCH)")
    parser.add_argument("--gpu-code", default="", metavar="FOLDER",
                        help="take PTX and SPIR-V from there, the folder src of another build of the same sources")
    args = parser.parse_args()
    if args.arch:
        work = args.work or os.path.join(args.out, "work-" + args.arch)
        binaries = compile_for(args.arch, work, args.gpu_code)
    else:
        binaries = os.path.join(args.build, "src")
    print(pack(binaries, args.out))


if __name__ == "__main__":
    main()
