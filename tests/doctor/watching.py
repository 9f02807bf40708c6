# SPDX-License-Identifier: Apache-2.0
"""Runs the real `mien doctor --watch` on fake machines with a stand-in NVML: as JSON, as lines, and
on the screen of a pseudo terminal."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))

import expand
import quiet
import schema

TOOL = os.environ["MIEN_TOOL"]
SOURCE = os.environ["MIEN_SOURCE_DIR"]
DRIVERS = dict(item.split("=") for item in os.environ["MIEN_DRIVERS"].split(","))
PATIENCE = 60  # seconds, on a busy machine
TIMEOUT_MS = 30000  # a driver that only waits for its turn has not hung

ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
CODES = ((1, "not initialised"), (4, "no permission"), (6, "not found"), (8, "power cables"),
         (9, "not loaded"), (12, "missing"), (15, "lost"), (16, "reset"), (17, "denies"),
         (18, "different versions"), (20, "memory"), (28, "no GPU"), (999, "does not know"))


class Watch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mien-watch-")
        self.addCleanup(shutil.rmtree, self.folder)
        with open(os.path.join(SOURCE, "docs/schemas/watch-1.schema.json"),
                  encoding="utf-8") as file:
            self.schema = json.load(file)

    def machine(self, name="healthy-server", files=None, **variables):
        """A fake machine; returns its root."""
        machine = expand.read(os.path.join(HERE, "fixtures"))[name]
        # A sanitizer would turn the crash into an exit.
        variables = {"ASAN_OPTIONS": "handle_segv=0", **variables}
        machine.lines += [("env", f"{key}={value}") for key, value in variables.items()]
        machine.lines += [("file", f"{path} {text}") for path, text in (files or {}).items()]
        place = tempfile.mkdtemp(dir=self.folder)
        return expand.Expander(os.path.join(place, "machine"), DRIVERS).expand(machine)

    def start(self, root, *arguments, timeout_ms=TIMEOUT_MS, **options):
        environment = dict(os.environ, MIEN_DOCTOR_ROOT=root,
                           MIEN_DOCTOR_TIMEOUT_MS=str(timeout_ms))
        process = subprocess.Popen([TOOL, "doctor", "--watch", "--interval", "0.1", *arguments],
                                   env=environment, **options)
        self.addCleanup(process.kill)
        return process

    def sample_until(self, root, wanted, **options):
        """All samples up to the first that is `wanted`, after which Ctrl-C ends it."""
        process = self.start(root, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             **options)
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        samples = []
        for line in process.stdout:
            sample = json.loads(line)
            schema.validate(self.schema, sample)
            self.assertEqual(sample["sample"], len(samples))
            samples.append(sample)
            if wanted(sample):
                break
        else:
            self.fail(f"it never came to that: {samples[-1:]}")
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
        killer.cancel()
        self.assertEqual((process.returncode, errors), (130, b""))
        self.assertTrue(not rest or rest.endswith(b"\n"))
        return samples

    def answer(self, root, **options):
        return self.sample_until(root, lambda sample: sample["nvml"]["state"] == "ok",
                                 **options)[-1]

    def test_readings(self):
        root = self.machine(files={"/proc/4711/comm": "python3\\n"},
                            MIEN_SIM_PROCS="4711:3072,4712:1024", MIEN_SIM_DRAWING="4711:100,9:?",
                            MIEN_SIM_UTILIZATION=42, MIEN_SIM_DECODER=7, MIEN_SIM_THROTTLE="0x24",
                            MIEN_SIM_NVML_FREE=3072)
        gpu, = self.answer(root)["gpus"]
        self.assertEqual(gpu, {
            "id": "nvml:0", "source": "nvml", "name": "NVIDIA Simulated GPU",
            "pci": "0000:01:00.0", "error": None, "load_percent": 42, "decoder_percent": 7,
            "encoder_percent": 0, "memory_used_bytes": 5 << 30, "memory_total_bytes": 8 << 30,
            "clock_mhz": 1807, "clock_max_mhz": 2100, "clock_top_mhz": None,
            "memory_clock_mhz": 7501, "memory_clock_max_mhz": 7501,
            "slowed_by": ["power limit", "heat"], "temperature_c": 45, "temperature_limit_c": 93,
            "power_w": 120.5, "power_limit_w": 170,
            "processes": [{"pid": 4711, "name": "python3", "memory_bytes": 3 << 30},
                          {"pid": 4712, "name": "?", "memory_bytes": 1 << 30},
                          {"pid": 9, "name": "?", "memory_bytes": None}]})

    def test_several(self):
        sample = self.answer(self.machine(MIEN_SIM_COUNT=3))
        self.assertEqual([gpu["id"] for gpu in sample["gpus"]], ["nvml:0", "nvml:1", "nvml:2"])

    def test_nothing_supported(self):
        gpu, = self.answer(self.machine(MIEN_SIM_NVML_LIMITED=1))["gpus"]
        self.assertIsNone(gpu["error"])
        self.assertEqual({gpu[key] for key in ("load_percent", "memory_total_bytes", "clock_mhz",
                                               "slowed_by", "power_w", "processes")}, {None})

    def test_every_code(self):
        def refused(sample):
            return sample["nvml"]["state"] == "refused"

        for code, text in CODES:
            with self.subTest(code=code):
                nvml = self.sample_until(self.machine(MIEN_SIM_NVML_INIT=code), refused)[-1]["nvml"]
                self.assertIn(text, nvml["text"])
                self.assertIn(str(code), nvml["text"])
        sample = self.sample_until(self.machine(MIEN_SIM_NVML_COUNT=999), refused)[-1]
        self.assertEqual(sample["verdicts"][0]["id"], "driver")
        for variable in ("MIEN_SIM_NVML_STATUS", "MIEN_SIM_NVML_CALL"):
            for code, text in ((4, "permission"), (15, "lost"), (999, "does not know")):
                with self.subTest(variable=variable, code=code):
                    sample = self.answer(self.machine(**{variable: code}))
                    gpu, = sample["gpus"]
                    self.assertIn(text, gpu["error"])
                    self.assertIn(str(code), gpu["error"])
                    self.assertIsNone(gpu["load_percent"])
                    self.assertEqual(sample["verdicts"][0]["id"], "gpu-error")

    def test_no_driver(self):
        sample = self.sample_until(self.machine("no-gpu"),
                                   lambda sample: sample["nvml"]["state"] != "starting")[-1]
        self.assertEqual((sample["nvml"]["state"], sample["gpus"]), ("absent", []))
        self.assertEqual(sample["verdicts"][0]["id"], "none")

    def drill(self, state, timeout_ms=TIMEOUT_MS, **variables):
        """A driver that goes wrong: it is said, and the view goes on with /proc."""
        root = self.machine(files={"/proc/meminfo": "MemTotal: 8 kB\\nMemAvailable: 4 kB\\n"},
                            **variables)
        seen = []

        def wanted(sample):
            seen.append(sample["nvml"]["state"])
            return seen[-3:] == [state] * 3

        samples = self.sample_until(root, wanted, timeout_ms=timeout_ms)
        last = samples[-1]
        self.assertEqual(last["gpus"], [])
        self.assertEqual(last["memory"]["total_bytes"], 8192)
        self.assertEqual(last["verdicts"][0]["id"], "driver")
        return samples

    def test_hang(self):
        samples = self.drill("hung", 2500, MIEN_SIM_FAULT="nvml:hang")
        self.assertEqual(samples[0]["nvml"]["state"], "starting")
        self.assertIn("has not answered", samples[-1]["nvml"]["text"])

    def test_hang_later(self):
        samples = self.drill("hung", 6000, MIEN_SIM_FAULT="nvml-count:hang", MIEN_SIM_FAULT_AT=3)
        self.assertIn("ok", [sample["nvml"]["state"] for sample in samples])

    def test_crash(self):
        samples = self.drill("crashed", MIEN_SIM_FAULT="nvml:crash")
        self.assertIn("signal 11", samples[-1]["nvml"]["text"])

    def test_crash_later(self):
        samples = self.drill("crashed", MIEN_SIM_FAULT="nvml-count:crash", MIEN_SIM_FAULT_AT=3)
        self.assertIn("signal 11", samples[-1]["nvml"]["text"])

    def test_garbage(self):
        self.drill("crashed", MIEN_SIM_FAULT="nvml-count:garbage", MIEN_SIM_FAULT_AT=2)

    def test_exit(self):
        samples = self.drill("crashed", MIEN_SIM_FAULT="nvml-count:exit", MIEN_SIM_FAULT_AT=2)
        self.assertIn("code 7", samples[-1]["nvml"]["text"])

    def test_lost(self):
        root = self.machine(MIEN_SIM_LOST_AT=4, MIEN_SIM_UTILIZATION=50)
        samples = self.sample_until(root, lambda s: s["gpus"] and s["gpus"][0]["error"])
        self.assertIn("fallen off the bus", samples[-1]["gpus"][0]["error"])
        self.assertIsNone(samples[-1]["gpus"][0]["load_percent"])

    def test_gone(self):
        root = self.machine(MIEN_SIM_GONE_AT=4, MIEN_SIM_COUNT=2)
        samples = self.sample_until(root, lambda s: "gone" in (s["nvml"]["text"] or ""))
        self.assertEqual(samples[-1]["nvml"]["text"], "of 2 NVIDIA GPUs 2 are gone")
        self.assertEqual(samples[-1]["gpus"], [])

    def test_jetson(self):
        sample = self.answer(self.machine("healthy-jetson"))
        gpu, = sample["gpus"]
        self.assertEqual((gpu["id"], gpu["clock_max_mhz"]), ("jetson", 1020))
        self.assertEqual(gpu["temperature_c"], 48)
        self.assertIsNotNone(sample["jetson"]["l4t"])

    def test_who_starves_whom(self):
        """A program that keeps a core busy while the GPU has nothing to do."""
        root = self.machine(files={"/proc/77/comm": "python3\\n",
                                   "/proc/77/task/77/comm": "python3\\n"},
                            MIEN_SIM_UTILIZATION=3)
        stop = threading.Event()

        def replace(path, text):
            with open(root + path + ".new", "w", encoding="utf-8") as file:
                file.write(text)
            os.rename(root + path + ".new", root + path)

        def turn():
            ticks = 1000
            while not stop.is_set():
                stat = f"77 (python3) R 1 1 1 0 -1 0 1 0 0 0 {ticks} 0 0 0 20 0 1 0 5 1\n"
                # The process first: a look in between must not see it busier than the machine.
                replace("/proc/stat", f"cpu  {ticks} 0 0 {ticks} 0 0 0 0 0 0\n"
                                      f"cpu0 {ticks} 0 0 0 0 0 0 0 0 0\n"
                                      f"cpu1 0 0 0 {ticks} 0 0 0 0 0 0\n")
                replace("/proc/77/stat", stat)
                replace("/proc/77/task/77/stat", stat)
                ticks += 10
                stop.wait(0.005)

        thread = threading.Thread(target=turn)
        thread.start()
        try:
            samples = self.sample_until(
                root, lambda s: s["verdicts"][0]["id"] == "cpu-feeds-slowly")
        finally:
            stop.set()
            thread.join()
        self.assertRegex(samples[-1]["verdicts"][0]["text"],
                         r"nvml:0 is idle \(3 %\) while a thread of python3 \(77\) keeps a core")
        self.assertEqual([core["load_percent"] for core in samples[-1]["cpu"]["cores"]], [100, 0])

    def test_plain(self):
        root = self.machine(MIEN_SIM_UTILIZATION=97, MIEN_SIM_THROTTLE="0x4")
        process = self.start(root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in process.stdout:
            if b"nvml:0" in line:
                break
        self.assertRegex(line.decode(), r"^\d\d:\d\d:\d\d  nvml:0 97 %   1\.2 of 8\.0 GiB   1807 "
                         r"of 2100 MHz   45 C   120 of 170 W   slowed by power limit  cpu \?, busiest core \?  memory .*  \|  "
                         r"nvml:0 is slowed down by its power limit \(120 of 170 W\)\n$")
        process.terminate()
        rest, errors = process.communicate()
        self.assertEqual((process.returncode, errors), (143, b""))
        self.assertNotIn(b"\x1b", rest)

    def test_closed_output(self):
        process = self.start(self.machine("no-gpu"), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(PATIENCE), 6)
        self.assertEqual(process.stderr.read(),
                         b"mien: error: cannot write standard output: Broken pipe\n")
        process.stderr.close()

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_writes_nothing_and_calls_nobody(self):
        log = os.path.join(self.folder, "strace")
        environment = dict(os.environ, MIEN_DOCTOR_ROOT=self.machine(),
                           MIEN_DOCTOR_TIMEOUT_MS=str(TIMEOUT_MS), ASAN_OPTIONS="detect_leaks=0")
        process = subprocess.Popen(
            ["strace", "-f", "-qq", "-e", "trace=%file,%network", "-o", log, TOOL, "doctor",
             "--watch", "--interval", "0.1"], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        seen = any(b"nvml:0" in line for line in process.stdout)
        process.stdout.close()  # which ends it
        errors = process.stderr.read()
        process.stderr.close()
        code = process.wait(PATIENCE)
        if not os.path.exists(log) or not os.path.getsize(log):
            self.skipTest(f"strace cannot trace here: {errors}")
        self.assertEqual((seen, code), (True, 6), errors)
        with open(log, encoding="utf-8", errors="replace") as file:
            calls = file.read().splitlines()
        self.assertTrue([call for call in calls if "libnvidia-ml" in call])
        self.assertEqual([call for call in calls if "AF_INET" in call or quiet.CHANGES.search(call)],
                         [])
        written = [match for match in map(quiet.OPENS.search, calls) if match]
        self.assertEqual([match.string for match in written
                          if not match["path"].startswith("/dev/")], [])

    def test_usage(self):
        for arguments in (["--interval", "1"], ["--watch", "--interval", "0"],
                          ["--watch", "--interval", "x"], ["--watch", "--device", "cuda"],
                          ["--watch", "--explain", "nouveau-bound"], ["--watch", "--python", "x"]):
            done = subprocess.run([TOOL, "doctor", *arguments], capture_output=True, check=False,
                                  timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)
            self.assertEqual(done.stderr.count(b"\n"), 1)


class Terminal(Watch):
    """The full screen. What the tool writes is taken as it is, and as a small terminal shows it."""

    def open(self, root, columns, rows, interval="0.2", **variables):
        self.master, slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.resize(columns, rows)
        # A session of its own, whose terminal this is, so that Ctrl-C and Ctrl-Z are real.
        environment = {**os.environ, "TERM": "xterm", **variables, "MIEN_DOCTOR_ROOT": root,
                       "MIEN_DOCTOR_TIMEOUT_MS": str(TIMEOUT_MS)}
        environment.pop("NO_COLOR", None)
        environment.update({key: value for key, value in variables.items() if key == "NO_COLOR"})
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import fcntl, os, sys, termios; os.setsid(); "
             "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])",
             TOOL, "doctor", "--watch", "--interval", interval],
            stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self.addCleanup(self.process.kill)
        self.output = b""

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, wanted):
        """Reads until the output from here on is `wanted`; returns that output."""
        end = time.monotonic() + PATIENCE
        output = b""
        while time.monotonic() < end:
            if select.select([self.master], [], [], 1)[0]:
                try:
                    piece = os.read(self.master, 65536)
                except OSError:  # the other end is closed
                    piece = b""
                if not piece:
                    break
                output += piece
                self.output += piece
            if wanted(output):
                return output
        self.assertTrue(wanted(output), f"it never came: {output[-2000:]}")
        return output

    def press(self, key):
        os.write(self.master, key)

    def frames(self, output):
        """The whole screens of an output, each a list of lines without codes."""
        frames = output.split(b"\x1b[H")[1:]
        return [[re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line).rstrip() for line in
                 frame.split(b"\x1b[J")[0].decode("ascii").split("\r\n")]
                for frame in frames if b"\x1b[J" in frame]

    def frame_with(self, text):
        """The first whole screen from here on that has this text."""
        def found(output):
            return [frame for frame in self.frames(output) if text in "\n".join(frame)]

        return found(self.read_until(found))[0]

    def end(self, key, code):
        self.press(key)
        self.read_until(lambda output: LEAVE in output)
        self.assertEqual(self.process.wait(PATIENCE), code)
        self.assertEqual(self.output.count(ENTER), self.output.count(LEAVE))
        self.assertTrue(self.output.replace(b"^C", b"").endswith(LEAVE))

    def test_screen(self):
        self.open(self.machine(MIEN_SIM_UTILIZATION=50, MIEN_SIM_THROTTLE="0x4",
                               MIEN_SIM_PROCS="4711:3072"), 80, 24)
        frame = self.frame_with("nvml:0  NVIDIA")
        self.assertTrue(self.output.startswith(ENTER))
        self.assertLessEqual(len(frame), 24)
        self.assertLess(max(map(len, frame)), 80)
        text = "\n".join(frame)
        for part in ("load    [||||||||        ]   50 %", "memory  [||              ]",
                     "1807 of 2100 MHz", "45 of 93 C", "120.5 of 170.0 W", "held by power limit",
                     "used by ? (4711) 3.00 GiB", "CPU", "Memory",
                     "nvml:0 is slowed down by its power limit"):
            self.assertIn(part, text)
        self.assertIn(b"\x1b[1;31m", self.output)
        self.end(b"\x03", 130)

    def test_sizes(self):
        self.open(self.machine(MIEN_SIM_COUNT=8, MIEN_SIM_THROTTLE="0x40"), 80, 24)
        self.frame_with("nvml:7")
        for columns, rows in ((40, 10), (200, 60), (20, 5), (5, 2), (1, 1), (300, 200), (80, 24)):
            with self.subTest(columns=columns, rows=rows):
                self.resize(columns, rows)
                # Two frames on it is the new size for sure.
                output = self.read_until(lambda text: len(self.frames(text)) >= 3)
                frame = self.frames(output)[-1]
                self.assertLessEqual(len(frame), rows)
                self.assertLess(max(map(len, frame)), max(columns, 2))
                if columns >= 20 and rows >= 5:
                    self.assertIn("heat", " ".join(frame))
        self.end(b"\x03", 130)

    def test_resize_draws_at_once(self):
        """And not only when the next sample is due."""
        self.open(self.machine("no-gpu"), 80, 24, interval="3600")
        wide = self.frame_with("CPU")
        self.resize(30, 20)
        frame, = self.frames(self.read_until(self.frames))
        self.assertLess(max(map(len, frame)), 30)
        self.assertGreaterEqual(max(map(len, wide)), 40)
        self.end(b"\x03", 130)

    def test_no_colors(self):
        self.open(self.machine(), 80, 24, NO_COLOR="1")
        self.frame_with("nvml:0")
        self.assertFalse(re.search(rb"\x1b\[[0-9;]*m", self.output))
        self.end(b"\x03", 130)

    def test_dumb_terminal(self):
        for term in ("dumb", ""):
            self.open(self.machine("no-gpu"), 80, 24, TERM=term)
            self.read_until(lambda output: output.count(b"\n") >= 2)
            self.assertNotIn(b"\x1b", self.output)
            self.press(b"\x03")
            self.assertEqual(self.process.wait(PATIENCE), 130)

    def test_unknown_size(self):
        self.open(self.machine("no-gpu"), 0, 0)
        self.frame_with("CPU")
        self.end(b"\x03", 130)

    def test_quit_key_of_the_terminal(self):
        self.open(self.machine("no-gpu"), 80, 24)
        self.frame_with("CPU")
        self.end(b"\x1c", -signal.SIGQUIT)

    def test_terminated(self):
        self.open(self.machine("no-gpu"), 80, 24)
        self.frame_with("CPU")
        self.process.terminate()
        self.end(b"", 143)

    def test_suspended(self):
        self.open(self.machine("no-gpu"), 80, 24)
        self.frame_with("CPU")
        # Whoever leads a session is not stopped by the key, as nobody could wake it; by hand it is.
        self.process.send_signal(signal.SIGTSTP)
        self.read_until(lambda output: LEAVE in output)
        while os.waitpid(self.process.pid, os.WUNTRACED | os.WNOHANG) == (0, 0):
            time.sleep(0.01)
        self.process.send_signal(signal.SIGCONT)
        self.read_until(lambda output: ENTER in output and self.frames(output))
        self.end(b"\x03", 130)

    def test_hanging_driver_does_not_hold_the_keys(self):
        self.open(self.machine(MIEN_SIM_FAULT="nvml:hang"), 80, 24)
        self.frame_with("CPU")
        begin = time.monotonic()
        self.end(b"\x03", 130)
        self.assertLess(time.monotonic() - begin, 10)


if __name__ == "__main__":
    # Terminal is a Watch for its helpers alone.
    loader = unittest.TestLoader()
    suite = unittest.TestSuite([loader.loadTestsFromTestCase(Watch)])
    suite.addTests(Terminal(name) for name in loader.getTestCaseNames(Terminal)
                   if name in vars(Terminal))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(not result.wasSuccessful())
