# SPDX-License-Identifier: Apache-2.0
"""Checks that every header compiles alone: python3 headers.py ROOT

Public headers as C11 and C++17, pedantic, with every compiler that is installed; private ones as
C11. Each is included twice, so that a missing guard is found too.
"""

import os
import platform
import shutil
import subprocess
import sys

import tree

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-pedantic-errors", "-Werror", "-fsyntax-only"]
POSIX = ["-D_POSIX_C_SOURCE=200809L", "-D_XOPEN_SOURCE=700"]
X86_FLAGS = ["-mavx2", "-mfma", "-mf16c", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl"]


def compile_alone(root, path, compiler, flags):
    """The beginning of the compiler's complaint about a header, or None."""
    language = "c++" if "++" in compiler else "c"
    include = f'#include "{os.path.join(root, path)}"\n'
    # The last line keeps the C file from being an empty translation unit.
    result = subprocess.run(
        [compiler, "-x", language, *WARNINGS, *flags, "-"],
        input=include * 2 + "extern int not_empty;\n",
        capture_output=True,
        text=True,
        check=False,
    )
    return None if result.returncode == 0 else "\n".join(result.stderr.splitlines()[:6])


def media_flags():
    """Compiler flags for the libraries that media/ uses, or None where they are not installed."""
    libraries = ["libavcodec", "libavformat", "libavutil", "libswscale", "libjpeg", "libpng"]
    try:
        result = subprocess.run(
            ["pkg-config", "--cflags", *libraries], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return result.stdout.split() if result.returncode == 0 else None


def private_flags(root, path):
    """Flags for a private header, or None if this machine cannot compile it."""
    flags = ["-std=c11", *POSIX, f"-I{root}/include", f"-I{root}/src"]
    x86 = platform.machine() in ("x86_64", "AMD64")
    if path.startswith("src/kernels/x86/"):
        return flags + X86_FLAGS if x86 else None
    if path.startswith("src/kernels/arm/"):
        return flags if platform.machine() == "aarch64" else None
    if path.startswith("src/backend/cuda/kernels/"):  # its words for threads are the stand-in's
        return flags + [f"-I{root}/tests", "-include", f"{root}/tests/sim/kernel.h"]
    if path.startswith("media/"):
        media = media_flags()
        return None if media is None else flags + [f"-I{root}", *media]
    if path.startswith("tools/"):
        return flags + [f"-I{root}/" + "/".join(path.split("/")[:2])]
    if path.startswith("tests/"):
        return flags + [f"-I{root}/tests"]
    return flags


def check(root):
    headers = [path for path in tree.files(root) if path.endswith(".h")]
    c_compilers = [name for name in ("gcc", "clang") if shutil.which(name)] or ["cc"]
    cxx_compilers = [name for name in ("g++", "clang++") if shutil.which(name)]
    findings = []
    n_compiled = 0
    for path in headers:
        jobs = []
        if path.startswith("include/"):
            jobs += [(compiler, ["-std=c11"]) for compiler in c_compilers]
            jobs += [(compiler, ["-std=c++17"]) for compiler in cxx_compilers]
        else:
            flags = private_flags(root, path)
            jobs += [(compiler, flags) for compiler in c_compilers if flags is not None]
        for compiler, flags in jobs:
            n_compiled += 1
            complaint = compile_alone(root, path, compiler, flags)
            if complaint:
                findings.append(f"{path}: not alone with {compiler} {flags[0]}:\n{complaint}")
    print(f"{n_compiled} compilations of {len(headers)} headers; "
          f"compilers: {' '.join(c_compilers + cxx_compilers)}")
    return findings


if __name__ == "__main__":
    sys.exit(tree.report(check(sys.argv[1])))
