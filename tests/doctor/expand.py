# SPDX-License-Identifier: Apache-2.0
"""Makes fake machines out of tests/doctor/fixtures/*.txt. A line is a word and what it wants:

    base NAME | fixture NAME       begins a machine; only fixtures are examined
    from NAME                      begin with another one's lines
    env NAME=VALUE, unset NAME     the environment; MIEN_SIM_* tells the drivers what to say
    file PATH TEXT                 \\n, \\t, \\s (space), \\0 and \\xNN stand for what they are
    dir PATH, link PATH TARGET     a folder, a symbolic link
    locked PATH                    a folder that nobody may write into
    sim DRIVER PATH                a stand-in driver of tests/sim: cuda, nvml, vulkan, egl
    drop PATH                      no such file or folder
    node PATH MODE UID GID ERROR   a device node, and what opening it gives (0: it opens)
    unnode PATH                    no such node
    gpu ADDRESS VENDOR DEVICE CLASS DRIVER    on the PCI bus; DRIVER -: none
    modules NAME...                those that are loaded; -: none
    hangs                          a driver hangs: the examination takes its whole time
    expect CAUSE RULE SEVERITY STAGE          the first finding; without it there is none
    also CAUSE                     another finding, not explained by the first
    evidence PROBE TEXT            the first finding cites it, with this in its value
    fix TEXT                       is in a line of the first finding's fix
    stack NAME STATE [CAUSE]       the verdict
    ask DEVICE STATE [CAUSE]       `--device DEVICE` is given, and what is said of it
    host                           `--host` is given
    smoke DEVICE STATE [CAUSE]     the run of a small network
"""

import os
import re
import shutil

ESCAPES = {"n": b"\n", "t": b"\t", "s": b" ", "0": b"\0", "\\": b"\\"}


class Machine:
    def __init__(self, name):
        self.name = name
        self.lines = []
        self.is_fixture = False


def read(folder):
    """All machines by name, their lines with those of their base in front."""
    machines = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            machine = None
            for line in file:
                word, _, rest = line.rstrip("\n").partition(" ")
                if not word or word.startswith("#"):
                    continue
                if word in ("base", "fixture"):
                    if rest in machines:
                        raise ValueError(f"{name}: {rest} is there twice")
                    machine = machines[rest] = Machine(rest)
                    machine.is_fixture = word == "fixture"
                elif word == "from":
                    machine.lines += machines[rest].lines
                else:
                    machine.lines.append((word, rest))
    return machines


def unescape(text):
    def one(match):
        code = match.group(1).decode()
        return bytes([int(code[1:], 16)]) if code[0] == "x" else ESCAPES[code]

    return re.sub(rb"\\(x[0-9a-f]{2}|[nts0\\])", one, text.encode())


class Expander:
    def __init__(self, folder, drivers):
        self.folder = folder
        self.root = os.path.join(folder, "root")
        self.drivers = drivers
        self.environment = {}
        self.nodes = {}

    def place(self, path):
        place = self.root + path
        os.makedirs(os.path.dirname(place), exist_ok=True)
        self.drop(path)
        return place

    def drop(self, path):
        place = self.root + path
        if os.path.islink(place) or os.path.isfile(place):
            os.unlink(place)
        elif os.path.isdir(place):
            shutil.rmtree(place)

    def write(self, path, data):
        with open(self.place(path), "wb") as file:
            file.write(data)

    def do_env(self, rest):
        name, _, value = rest.partition("=")
        self.environment[name] = value

    def do_unset(self, rest):
        del self.environment[rest]

    def do_file(self, rest):
        path, _, text = rest.partition(" ")
        if text.startswith("@"):  # a library of the test's own
            shutil.copyfile(self.drivers[text.strip("@")], self.place(path))
        else:
            self.write(path, unescape(text))

    def do_dir(self, rest):
        os.makedirs(self.root + rest, exist_ok=True)

    def do_locked(self, rest):
        os.makedirs(self.root + rest, exist_ok=True)
        os.chmod(self.root + rest, 0o555)

    def do_link(self, rest):
        path, target = rest.split()
        os.symlink(target, self.place(path))

    def do_sim(self, rest):
        driver, path = rest.split()
        shutil.copyfile(self.drivers[driver], self.place(path))

    def do_drop(self, rest):
        self.drop(rest)

    def do_node(self, rest):
        path, mode, uid, gid, error = rest.split()
        self.nodes[path] = f"{path}\tc\t195\t0\t{mode}\t{uid}\t{gid}\t{error}\n"

    def do_unnode(self, rest):
        self.nodes.pop(rest, None)

    def do_gpu(self, rest):
        address, vendor, device, kind, driver = rest.split()
        base = f"/sys/bus/pci/devices/{address}"
        for name, value in (("vendor", vendor), ("device", device), ("class", kind)):
            self.write(f"{base}/{name}", value.encode() + b"\n")
        self.drop(f"{base}/driver")
        if driver != "-":
            os.symlink(f"../../../bus/pci/drivers/{driver}", self.place(f"{base}/driver"))

    def do_modules(self, rest):
        names = [] if rest == "-" else rest.split()
        self.write("/proc/modules", "".join(f"{name} 16384 0 - Live 0x0000000000000000\n"
                                            for name in names).encode())

    def expand(self, machine):
        os.makedirs(self.root)
        if ("host", "") in machine.lines:
            self.environment["MIEN_TEST_HOST"] = "1"
        for asked in (rest for word, rest in machine.lines if word == "ask"):
            self.environment["MIEN_TEST_DEVICE"] = asked.split()[0]
        for word, rest in machine.lines:
            action = getattr(self, "do_" + word, None)
            if action:
                action(rest)
            elif word not in ("hangs", "expect", "also", "evidence", "fix", "stack", "ask", "smoke", "host"):
                raise ValueError(f"{machine.name}: unknown word {word}")
        with open(os.path.join(self.folder, "nodes.tsv"), "w", encoding="utf-8") as file:
            file.writelines(self.nodes.values())
        with open(os.path.join(self.folder, "env.txt"), "w", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in self.environment.items())
        return self.root
