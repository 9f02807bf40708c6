# SPDX-License-Identifier: Apache-2.0
"""Whatever the doctor is asked, it opens no internet socket and changes no file, and neither does
the helper with the drivers in it: every system call is watched."""

import os
import re
import shutil
import subprocess
import unittest

import fake
import tool
from fake import TOOL

CHANGES = re.compile(r"\b(creat|mkdir|mkdirat|mknod|mknodat|unlink|unlinkat|rmdir|rename|renameat2?|"
                     r"link|linkat|symlink|symlinkat|truncate|chmod|fchmodat|chown|lchown|fchownat|"
                     r"setxattr|utimensat|bind)\(")
OPENS = re.compile(r'\bopen(?:at2?)?\((?:[^,"]*, )?"(?P<path>[^"]*)".*'
                   r"(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)")


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Quiet(fake.HealthyMachine):
    def calls(self, arguments, root):
        log = os.path.join(self.folder, "strace")
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0", **root)
        done = subprocess.run(["strace", "-f", "-qq", "-e", "trace=%file,%network", "-o", log, TOOL,
                               *arguments], env=environment, timeout=300, check=False, text=True,
                              capture_output=True, cwd=self.folder, stdin=subprocess.DEVNULL)
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        if not any(TOOL in line and "execve" in line for line in lines):
            self.skipTest(f"strace cannot trace here: {done.stderr}")
        return done, lines

    def check(self, *arguments, code=0, root=True, watched=None):
        with self.subTest(arguments=arguments, root=root):
            variables = {"MIEN_DOCTOR_ROOT": self.root} if root else {}
            done, lines = self.calls(arguments, variables)
            self.assertEqual(done.returncode, code, done.stderr)
            if watched:
                self.assertTrue([line for line in lines if watched in line])
            self.assertEqual([line for line in lines if "AF_INET" in line], [])
            self.assertEqual([line for line in lines if CHANGES.search(line)], [])
            written = [match for match in map(OPENS.search, lines) if match]
            self.assertEqual([match.string for match in written
                              if not match["path"].startswith("/dev/")], [])

    def test_a_machine_with_drivers(self):
        self.check("doctor", watched="libcuda.so")
        self.check("doctor", "--json", "--verbose", watched="libEGL.so")
        self.check("doctor", "--device", "vulkan:0", watched="libvulkan.so")

    def test_this_machine(self):
        self.check("doctor", root=False, watched="mien-probe")
        self.check("devices", root=False)
        self.check("devices", "--json", root=False)

    def test_what_people_have(self):
        log = os.path.join(self.folder, "some.log")
        with open(log, "w", encoding="utf-8") as file:
            file.write("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        site = os.path.join(self.folder, "venv/lib/python3.11/site-packages")
        for name in ("mediapipe-0.10.21", "torch-2.4.0"):
            os.makedirs(os.path.join(site, f"{name}.dist-info"))
            with open(os.path.join(site, f"{name}.dist-info/METADATA"), "w",
                      encoding="utf-8") as file:
                file.write(f"Version: {name.split('-')[1]}\n")
        self.check("doctor", "--explain", log, watched="some.log")
        self.check("doctor", "--explain", "-")
        self.check("doctor", "--explain", "nouveau-bound")
        self.check("doctor", "--python", os.path.join(self.folder, "venv"), watched="METADATA")
        self.check("doctor", "--python", os.path.join(self.folder, "venv"), "--json")

    def test_the_check_can_fail(self):
        """The patterns, on what strace prints."""
        for line in ('1 mkdir("/tmp/a", 0777) = 0', '1 unlinkat(AT_FDCWD, "/tmp/a", 0) = 0',
                     '1 rename("a", "b") = 0'):
            self.assertTrue(CHANGES.search(line))
        for line in ('1 open("/tmp/a", O_RDWR) = 3', '1 openat(3, "a", O_WRONLY|O_CREAT, 0666) = 3',
                     '1 openat(AT_FDCWD, "/tmp/a", O_WRONLY|O_TRUNC) = 3'):
            self.assertTrue(OPENS.search(line))
        self.assertFalse(OPENS.search('1 openat(AT_FDCWD, "/a", O_RDONLY|O_CLOEXEC) = 3'))


if __name__ == "__main__":
    tool.main()
