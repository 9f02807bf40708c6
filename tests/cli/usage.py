# SPDX-License-Identifier: Apache-2.0
"""Command lines: help, suggestions, ranges, contradictions. Needs no data."""

import os
import subprocess
import unittest

import schema
import tool


class Help(tool.Case):
    def test_version(self):
        for arguments in (["--version"], ["-V"], ["run", "--version"], ["bench", "-V"]):
            done = self.good(*arguments)
            self.assertRegex(done.stdout, r"^mien \d+\.\d+\.\d+\n")
            self.assertEqual(done.stderr, "")

    def test_help_has_examples_before_options(self):
        for command in ("run", "bench", "models list", "models fetch", "models verify",
                        "models inspect"):
            done = self.good(*command.split(), "--help")
            self.assertIn(f"Usage: mien {command}", done.stdout)
            self.assertLess(done.stdout.index("Examples:"), done.stdout.index("Options:"))
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)
            self.assertEqual(done.stderr, "")
        self.assertEqual(self.good("run", "-h").stdout, self.good("help", "run").stdout)

    def test_help_of_the_whole(self):
        for arguments in (["--help"], ["-h"], ["help"]):
            self.assertIn("Examples:", self.good(*arguments).stdout)
        self.assertIn("Usage: mien models", self.good("models", "--help").stdout)

    def test_run_help_has_every_promised_option(self):
        text = self.good("run", "--help").stdout
        for option in ("-o,", "--format", "--faces", "--model ", "--refine", "--detector",
                       "--threads", "--batch", "--model-dir", "--min-detection-confidence",
                       "--min-tracking-confidence", "--min-presence-confidence", "--smooth",
                       "--fov", "--static", "--require-face", "--color",
                       "-q,", "-v,", "--progress", "one at a time"):
            self.assertIn(option, " ".join(text.split()))

    def test_nothing(self):
        done = self.mien()
        self.assertEqual(done.returncode, 2)
        self.assertIn("Usage:", done.stdout)

    def test_full_disk_while_helping(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([tool.TOOL, "--help"], stdout=full, stderr=subprocess.PIPE,
                                  env=self.environment, check=False)
        self.assertEqual(done.returncode, 6)


class Mistakes(tool.Case):
    def setUp(self):
        super().setUp()
        self.write("a.ppm", tool.ppm(8, 8))
        self.write("b.ppm", tool.ppm(8, 8))

    def test_unknown(self):
        self.fails(2, ["rnu"], "unknown command rnu", "did you mean run?")
        self.fails(2, ["frobnicate"], "frobnicate", "mien --help")
        self.fails(2, ["--colour"], "--colour")
        self.fails(2, ["run", "a.ppm", "--fcaes", "2"], "--fcaes", "did you mean --faces?")
        self.fails(2, ["run", "a.ppm", "--gpu"], "--gpu", "mien run --help")
        self.fails(2, ["run", "a.ppm", "-Z"], "-Z")
        self.fails(2, ["models", "lst"], "lst", "mien models list")
        self.fails(2, ["models", "fetch", "face_mseh"], "face_mseh", "did you mean face_mesh?")
        self.fails(2, ["bench", "--network", "face_mash"], "did you mean face_mesh?")
        self.fails(2, ["bench", "something"], "something")

    def test_missing_values(self):
        self.fails(2, ["run"], "no INPUT")
        self.fails(2, ["run", ""], "INPUT is empty")
        self.fails(2, ["run", "a.ppm", "-o"], "--output", "needs a value")
        self.fails(2, ["run", "a.ppm", "--faces"], "--faces", "needs a value")
        self.fails(2, ["run", "a.ppm", "--quiet=yes"], "--quiet", "takes no value")
        self.fails(2, ["run", "a.ppm", "-o", ""], "OUT is empty")
        self.fails(2, ["models", "inspect"], "no FILE")

    def test_out_of_range(self):
        for value in ("0", "-1", "101", "1.5", "1e3", "two", "", "99999999999", "0x10", " 1"):
            self.fails(2, ["run", "a.ppm", f"--faces={value}"], "--faces", "1 to 100")
        for value in ("-0.1", "1.01", "nan", "inf", "1e999", "0,5", "0x1p-1"):
            for name in ("--min-detection-confidence", "--min-tracking-confidence"):
                self.fails(2, ["run", "a.ppm", f"{name}={value}"], name, "0 to 1")
        self.fails(2, ["run", "a.ppm", "--threads", "65"], "--threads", "1 to 64")
        self.fails(2, ["run", "a.ppm", "--batch", "0"], "--batch", "1 to 256")
        self.fails(2, ["bench", "--repeats", "0"], "--repeats", "1 to 1000000")

    def test_choices(self):
        self.fails(2, ["run", "a.ppm", "--format", "xml"], "--format", "ndjson, csv, openface, obj")
        self.fails(2, ["run", "a.ppm", "--format", "ndjsn"], "did you mean ndjson?")
        self.fails(2, ["run", "a.ppm", "--color", "sometimes"], "auto, always, never")
        self.fails(2, ["run", "a.ppm", "--model", "face_mesh_atention"],
                   "did you mean face_mesh_attention?")
        self.fails(2, ["run", "a.ppm", "--detector", "long"], "short, full")
        self.fails(2, ["run", "a.ppm", "--draw", "mesh,hat"], "--draw", "contours")

    def test_contradictions(self):
        self.fails(2, ["run", "a.ppm", "--refine", "--model", "face_mesh"], "contradict")
        self.fails(2, ["run", "a.ppm", "--json", "--format", "csv"], "contradict")
        self.fails(2, ["run", "-", "-"], "only once")

    def test_outputs_that_make_no_sense(self):
        self.fails(2, ["run", "a.ppm", "-o", "x.txt"], "x.txt", "--format")
        self.fails(2, ["run", "a.ppm", "-o", "x"], "the ending tells no format")
        self.fails(2, ["run", "a.ppm", "b.ppm", "-o", "x.png"], "x.png", "2 inputs", "folder")
        self.fails(2, ["run", "a.ppm", "b.ppm", "-o", "x.obj"], "x.obj")
        self.fails(2, ["run", "a.ppm", "-o", "-", "-o", "-"], "twice")
        self.fails(2, ["run", "a.ppm", "-o", "x.csv", "-o", "x.csv"], "twice")
        self.fails(2, ["run", "a.ppm", "--format", "mp4"], "mp4", "pipe")
        self.fails(2, ["run", "a.ppm", "-o", "x", "--format", "annotated"], "folder")
        self.assertEqual(self.files(), ["a.ppm", "b.ppm"])

    def test_an_output_that_is_an_input(self):
        before = self.read("a.ppm")
        self.write("c.png", tool.png(8, 8))
        os.mkdir(self.path("d"))
        os.link(self.path("c.png"), self.path("d/hard.png"))
        os.symlink("c.png", self.path("soft.png"))
        self.fails(2, ["run", "a.ppm", "-o", "a.ppm", "--format", "csv"], "overwrite", "a.ppm")
        self.fails(2, ["run", "c.png", "-o", "./c.png"], "overwrite")
        self.fails(2, ["run", "c.png", "-o", "d/hard.png"], "overwrite")
        self.fails(2, ["run", "c.png", "-o", "soft.png"], "overwrite")
        self.fails(2, ["run", "c.png", "-o", ".", "--format", "png"], "overwrite")
        self.fails(2, ["run", "c.png", "-o", ".", "--format", "annotated"], "overwrite")
        self.assertEqual(self.read("a.ppm"), before)
        self.assertEqual(self.read("c.png"), tool.png(8, 8))

    def test_two_inputs_with_one_name(self):
        os.mkdir(self.path("d"))
        self.write("d/a.ppm", tool.ppm(8, 8))
        self.fails(2, ["run", "a.ppm", "d/a.ppm", "-o", "out/"], "a.ppm", "d/a.ppm")
        self.assertNotIn("out", self.files())


class Colors(tool.Case):
    def color(self, *arguments, **environment):
        done = self.mien(*arguments, environment=environment)
        self.assertEqual(done.returncode, 5)
        return "\033[" in done.stderr

    def setUp(self):
        super().setUp()
        self.environment["MIEN_MODEL_DIR"] = self.path("nowhere")

    def test_only_when_asked_or_on_a_terminal(self):
        bad = ["models", "verify", "face_mesh"]
        self.assertFalse(self.color(*bad))
        self.assertTrue(self.color(*bad, "--color", "always"))
        self.assertTrue(self.color(*bad, "--color=always", NO_COLOR="1"))
        self.assertFalse(self.color(*bad, "--color", "never"))

    def on_a_terminal(self):
        """Runs the tool with a pseudo-terminal as stderr; returns what it shows."""
        master, slave = os.openpty()
        process = self.start("models", "verify", "face_mesh", stdout=subprocess.DEVNULL,
                             stderr=slave)
        process.wait(tool.TIMEOUT)
        os.close(slave)
        text = os.read(master, 65536)
        os.close(master)
        return text

    def test_on_a_terminal(self):
        self.assertIn(b"\033[", self.on_a_terminal())
        self.environment["NO_COLOR"] = "1"
        self.assertNotIn(b"\033[", self.on_a_terminal())
        self.environment["NO_COLOR"] = ""
        self.assertIn(b"\033[", self.on_a_terminal())
        self.environment["TERM"] = "dumb"
        self.assertNotIn(b"\033[", self.on_a_terminal())


class Validator(unittest.TestCase):
    """The schema check can fail."""

    END = {"type": "end", "frames": 1, "dropped": 0, "errors": 0}

    def refuse(self, **changes):
        with self.assertRaises(schema.Invalid):
            schema.validate(tool.RESULTS, {**self.END, **changes})

    def test_it_refuses(self):
        schema.validate(tool.RESULTS, self.END)
        self.refuse(frames=-1)
        self.refuse(frames="1")
        self.refuse(frames=True)
        self.refuse(frames=1.5)
        self.refuse(type="start")
        self.refuse(more=1)
        self.refuse(interrupted=False)
        with self.assertRaises(schema.Invalid):
            schema.validate(tool.RESULTS, {"type": "end", "frames": 1})
        face = {"face_id": 0, "score": 1.5, "presence": 1, "box": [0, 0, 1, 1],
                "face_landmarks": [[0, 0, 0]] * 468}
        frame = {"type": "frame", "frame": 0, "timestamp": 0.0, "faces": [face]}
        with self.assertRaisesRegex(schema.Invalid, "score"):
            schema.validate(tool.RESULTS, frame)
        face["score"] = 0.5
        schema.validate(tool.RESULTS, frame)
        for wrong in ([0, 0], [0, "0", 0], [0, 0, True], [0, None, 0]):
            face["face_landmarks"][467] = wrong
            with self.assertRaisesRegex(schema.Invalid, r"\.faces\[0\]\.face_landmarks\[467\]"):
                schema.validate(tool.RESULTS, frame)

    def test_unknown_keywords(self):
        with self.assertRaises(schema.Invalid):
            schema.validate({"minimumm": 1}, 0)


if __name__ == "__main__":
    tool.main()
