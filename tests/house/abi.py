# SPDX-License-Identifier: Apache-2.0
"""Checks what a built library shows and needs: python3 abi.py ROOT LIBRARY EXPORTS HEADER...

The exported symbols are exactly those of EXPORTS, and those are exactly what the headers declare.
Each of them is called with NULL by tests/engine/nulls.c, or tests/media/nulls.c.
libmien needs libc, libm, libpthread and dlopen and nothing else, has no text relocations and no memory that
is both writable and executable, and calls nothing that prints, exits or opens a connection.
"""

import os
import re
import subprocess
import sys

import tree

NEEDED = re.compile(r"^lib(c|dl|m|pthread)\.so\.\d+$")
# What would break "the library never prints, never exits, never opens a socket".
FORBIDDEN = {
    "_exit", "abort", "connect", "execv", "execve", "execvp", "exit", "fork", "fprintf",
    "getaddrinfo", "perror", "popen", "printf", "putchar", "puts", "quick_exit", "send", "socket",
    "stderr", "stdout", "system", "vprintf", "vfprintf",
}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def exported(library):
    symbols = set()
    for line in run("nm", "-D", "--defined-only", library).splitlines():
        symbols.add(line.split()[-1].split("@")[0])
    return symbols


def declared(headers):
    """Functions that headers mark with MIEN_API."""
    names = set()
    for header in headers:
        with open(header, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
        text = re.sub(r"#define MIEN_API\b.*", "", text)
        for declaration in re.findall(r"\bMIEN_API\b([^;]*);", text):
            names.add(re.search(r"\b(mien_\w+)\s*\(", declaration).group(1))
    return names


def compare(what, got, other, want):
    findings = [f"{what} has {name}, {other} has not" for name in sorted(got - want)]
    return findings + [f"{other} has {name}, {what} has not" for name in sorted(want - got)]


def check_needs(library):
    findings = []
    for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", library)):
        if not NEEDED.match(needed):
            findings.append(f"needs {needed}; only libc, libm, libpthread and libdl are allowed")
    for line in run("nm", "-D", "--undefined-only", library).splitlines():
        symbol = line.split()[-1].split("@")[0]
        if symbol in FORBIDDEN:
            findings.append(f"uses {symbol}")
    return findings


def check_memory(library):
    findings = []
    if "TEXTREL" in run("readelf", "-dW", library):
        findings.append("has text relocations")
    for line in run("readelf", "-lW", library).splitlines():
        segment = re.match(r"\s+(LOAD|GNU_STACK)\s.*\sRWE\s", line)
        if segment:
            findings.append(f"has a {segment.group(1)} segment that is writable and executable")
    return findings


def check_misuse(root, name, listed):
    """Every function is in the test of misuse that its library has."""
    test = "tests/{}/nulls.c".format("media" if name.startswith("libmien-media") else "engine")
    with open(os.path.join(root, test), encoding="utf-8") as file:
        called = set(re.findall(r"\b(mien_\w+)\(", file.read()))
    return [f"{test} does not call {name}" for name in sorted(listed - called)]


def check(root, library, exports, headers):
    with open(os.path.join(root, exports), encoding="utf-8") as file:
        listed = {line.strip() for line in file if line.strip() and not line.startswith("#")}
    name = os.path.basename(library)
    findings = compare(name, exported(library), exports, listed)
    headers = [os.path.join(root, header) for header in headers]
    findings += compare("the headers", declared(headers), exports, listed)
    findings += check_misuse(root, name, listed)
    problems = check_memory(library)
    if not name.startswith("libmien-media"):
        problems += check_needs(library)
    return findings + [f"{name} {problem}" for problem in problems]


if __name__ == "__main__":
    sys.exit(tree.report(check(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])))
