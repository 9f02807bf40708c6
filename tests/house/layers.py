# SPDX-License-Identifier: Apache-2.0
"""Checks that includes point only downwards: python3 layers.py ROOT

The order is that of docs/architecture.md. Public headers may be included from anywhere; FFmpeg and
the picture libraries are known only to media/, cmocka only to tests, vector intrinsics only to the
kernels and to src/cpu, Vulkan only to its back end.
"""

import os
import re
import sys

import tree

# Top to bottom: a folder may include itself and what stands after it.
SRC_ORDER = ["engine", "doctor", "face", "backend", "graph", "model", "kernels", "image", "cpu",
             "base"]

C_HEADERS = {
    "assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits",
    "locale", "math", "setjmp", "signal", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef",
    "stdint", "stdio", "stdlib", "stdnoreturn", "string", "tgmath", "threads", "time", "uchar",
    "wchar", "wctype",
}
POSIX_HEADERS = {
    "dirent", "dlfcn", "fcntl", "fnmatch", "ftw", "getopt", "glob", "libgen", "poll", "pthread", "sched",
    "semaphore", "spawn", "strings", "sys/auxv", "sys/ioctl", "sys/mman", "sys/resource",
    "sys/select", "sys/stat", "sys/statvfs", "sys/time", "sys/types", "sys/utsname", "sys/wait", "termios",
    "ucontext", "unistd",
}
INTRINSICS = {"arm_neon", "cpuid", "immintrin"}
MEDIA_LIBRARIES = re.compile(r"lib(av\w+|sw\w+|postproc)/|(png|jpeglib|jerror)\.h$")
PUBLIC_MAY_USE = {"stdbool", "stddef", "stdint"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def area(path):
    """The layer of a file: "src/face", "include", "media", "tools", "tests", "examples"..."""
    parts = path.split("/")
    if parts[0] == "src":
        return "/".join(parts[:2])
    return parts[0]


def resolve(path, name, known):
    """The project's file that an include means, or None if it is none of ours."""
    here = os.path.dirname(path)
    own_root = {"media": "", "tests": "tests", "tools": "/".join(path.split("/")[:2])}
    folders = [here, "src", "include"]
    if path.split("/")[0] in own_root:
        folders.append(own_root[path.split("/")[0]])
    for folder in folders:
        candidate = os.path.normpath(os.path.join(folder, name))
        if candidate in known:
            return candidate
    return None


def back_end(path):
    """The folder of the back end that a file belongs to, or None."""
    parts = path.split("/")
    return parts[2] if parts[:2] == ["src", "backend"] and len(parts) > 3 else None


def check_own(path, target):
    """Why `path` may not include the project's file `target`, or None."""
    source, wanted = area(path), area(target)
    if wanted == "include" or source == wanted == "tests":
        return None
    if source == "include":
        return "a public header includes only public headers"
    if source == "examples":
        return "an example includes only public headers"
    if source == "tests":
        return None if wanted in ("media", "tools") or wanted.startswith("src/") else "foreign"
    if source == "bench":
        return None if wanted == "bench" or wanted.startswith("src/") else "foreign"
    if source in ("media", "tools"):
        # They are users of the library: they see its public headers and their own files. The tool
        # borrows small things from src/base and src/cpu besides.
        if wanted == source or (source == "tools" and wanted in ("src/base", "src/cpu")):
            return None
        return f"{source} includes only public headers and its own"
    if not wanted.startswith("src/"):
        return f"{source} knows nothing of {wanted}"
    order = [f"src/{name}" for name in SRC_ORDER]
    for name in (source, wanted):
        if name not in order:
            return f"{name} has no place in the order of layers"
    if order.index(wanted) < order.index(source):
        return f"upward: {wanted} stands above {source}"
    if back_end(path) and back_end(target) not in (None, back_end(path)):
        return "a back end includes nothing of another"
    return None


def check_foreign(path, name):
    """Why `path` may not include the system's header `name`, or None."""
    source = area(path)
    stem = name[:-2] if name.endswith(".h") else name
    if source == "include":
        return None if stem in PUBLIC_MAY_USE else "a public header needs only C's basic types"
    if stem in C_HEADERS or stem in POSIX_HEADERS:
        return None
    if stem in INTRINSICS:
        allowed = source == "src/cpu" or path.startswith(("src/kernels/x86/", "src/kernels/arm/"))
        return None if allowed else "vector intrinsics belong to src/kernels/x86, arm and src/cpu"
    if MEDIA_LIBRARIES.match(name):
        allowed = source == "media" or path.startswith("tests/media/")
        return None if allowed else "only media/ knows FFmpeg and the picture libraries"
    if name == "vulkan/vulkan_core.h":
        allowed = path.startswith("src/backend/vulkan/")
        return None if allowed else "only the Vulkan back end knows Vulkan"
    if name == "cmocka.h":
        return None if source == "tests" else "only tests know cmocka"
    return "not a header of C or POSIX"


def check(root):
    known = set(tree.files(root))
    findings = []
    for path in sorted(known):
        if not path.endswith((".c", ".h")):
            continue
        text = tree.read(root, path).decode("utf-8", "replace")
        for match in INCLUDE.finditer(text):
            quoted, angled = match.groups()
            name = quoted or angled
            target = resolve(path, name, known)
            if target:
                reason = check_own(path, target)
            elif quoted:
                reason = "there is no such file in the project"
            else:
                reason = check_foreign(path, name)
            if reason:
                line = text.count("\n", 0, match.start()) + 1
                findings.append(f"{path}:{line}: includes {name}: {reason}")
    return findings


if __name__ == "__main__":
    sys.exit(tree.report(check(sys.argv[1])))
