# SPDX-License-Identifier: Apache-2.0
"""What the house tests share: the project's files, and how findings are told."""

import os
import subprocess
import sys

SKIPPED = 77  # exit code that CTest takes for "skipped"


def files(root):
    """Paths below `root`, relative to it: what git knows or would take, else all but builds."""
    command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    git = None
    if os.path.exists(os.path.join(root, ".git")):
        git = subprocess.run(command, capture_output=True, check=False)
    if git and git.returncode == 0:
        found = [os.fsdecode(path) for path in git.stdout.split(b"\0") if path]
    else:
        found = []
        for folder, folders, names in os.walk(root):
            here = os.path.relpath(folder, root)
            folders[:] = [f for f in folders if f != ".git"]
            if here == ".":
                folders[:] = [f for f in folders if f != "out" and not f.startswith("build")]
            found += [os.path.normpath(os.path.join(here, name)) for name in names]
    return sorted(path for path in set(found) if os.path.isfile(os.path.join(root, path)))


def read(root, path):
    with open(os.path.join(root, path), "rb") as file:
        return file.read()


def report(findings):
    """Prints one line a finding; returns the exit code."""
    for finding in findings:
        print(finding)
    if findings:
        print(f"{len(findings)} findings")
    return 1 if findings else 0


def skip(reason):
    print(f"[  SKIPPED ] {reason}")
    sys.exit(SKIPPED)
