# SPDX-License-Identifier: Apache-2.0
"""Checks that clang-format would change nothing: python3 format.py ROOT

Versions of clang-format differ in details, so only the one that the project uses is asked.
"""

import os
import re
import shutil
import subprocess
import sys

import tree

VERSION = "14"


def find_formatter():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if not path:
            continue
        text = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
        if re.search(rf"version {VERSION}\.", text.stdout):
            return path
    return None


def check(root, formatter):
    sources = [path for path in tree.files(root) if path.endswith((".c", ".h"))]
    result = subprocess.run(
        [formatter, "--dry-run", "--Werror", *sources],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return []
    dirty = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", result.stderr, re.MULTILINE)))
    return [f"{path}: `make format` would change it" for path in dirty] or [result.stderr]


if __name__ == "__main__":
    found = find_formatter()
    if not found:
        tree.skip(f"clang-format {VERSION} is not installed")
    sys.exit(tree.report(check(os.path.abspath(sys.argv[1]), found)))
