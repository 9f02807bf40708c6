# SPDX-License-Identifier: Apache-2.0
"""`mien run` on video: tracking, annotated video, damage half-way, progress, Ctrl-C."""

import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
import termios
import time

import tool

CLIP = "testdata/short_hamilton_clip.mp4"


class Video(tool.Case):
    def setUp(self):
        super().setUp()
        self.need_models()
        self.clip = self.need(CLIP)

    def tracks(self, name):
        return tool.tracks(self.read(name))

    def n_frames(self, name):
        return [track[2] for track in self.tracks(name) if track[0] == "vide"]

    def frames(self, lines):
        return [line for line in lines if line["type"] == "frame"]


class Results(Video):
    def test_a_clip(self):
        done = self.good("run", self.clip, "-o", "-", "-o", "clip.csv")
        lines = self.ndjson(done.stdout)
        header, frames, end = lines[0], self.frames(lines), lines[-1]
        self.assertEqual((header["kind"], header["width"], header["height"]), ("video", 640, 360))
        self.assertAlmostEqual(header["fps"], 29.97, delta=0.01)
        self.assertEqual(header["options"]["mode"], "video")
        self.assertEqual(len(frames), 275)
        self.assertEqual(end, {"type": "end", "frames": 275, "dropped": 0, "errors": 0})
        self.assertEqual([frame["frame"] for frame in frames], list(range(275)))
        times = [frame["timestamp"] for frame in frames]
        self.assertEqual(times[0], 0)
        self.assertEqual(times, sorted(set(times)))
        self.assertAlmostEqual(times[-1], 274 / 29.97, delta=0.02)
        # The clip shows a face most of the time.
        self.assertGreater(sum(len(frame["faces"]) for frame in frames), 120)
        rows = self.read("clip.csv").decode().splitlines()
        self.assertEqual(len(rows) - 1, sum(len(frame["faces"]) for frame in frames))

    def test_static_equals_itself_in_batches(self):
        one = self.ndjson(self.good("run", self.clip, "--static").stdout)
        many = self.ndjson(self.good("run", self.clip, "--static", "--batch", "16").stdout)
        self.assertEqual(one[0]["options"]["mode"], "image")
        self.assertEqual(one[1:], many[1:])

    def test_two_videos_and_a_picture_do_not_mix(self):
        """Each clip begins anew: the second gives what the first gave."""
        shutil.copy(self.clip, self.path("again.mp4"))
        self.write("a.ppm", tool.ppm(8, 8))
        lines = self.ndjson(self.good("run", self.clip, "a.ppm", "again.mp4").stdout)
        self.assertEqual(lines[1:277], lines[281:557])
        self.assertEqual(len(lines), 277 + 3 + 277)


class Annotated(Video):
    def test_mp4_keeps_the_sound(self):
        self.good("run", self.clip, "-o", "out.mp4")
        sound, video = self.tracks("out.mp4")
        self.assertEqual(video[0], "vide")
        self.assertEqual(video[2:], (275, 640, 360))
        with open(self.clip, "rb") as file:
            before = tool.tracks(file.read())[0]
        self.assertEqual(sound[:2], before[:2])
        self.assertAlmostEqual(sound[2], before[2], delta=2)

    def test_a_picture_of_a_video(self):
        """The first frame with a face."""
        self.good("run", self.clip, "-o", "out.png", "-o", "out.jsonl", "-o", "out.obj")
        self.assertEqual(tool.png_size(self.read("out.png")), (640, 360))
        first = next(frame["frame"] for frame in self.frames(
            self.ndjson(self.read("out.jsonl").decode())) if frame["faces"])
        self.assertIn(f", frame {first}\n".encode(), self.read("out.obj"))

    def test_a_folder(self):
        self.write("a.ppm", tool.ppm(8, 8))
        self.write("b.y4m", b"YUV4MPEG2 W64 H64 F10:1 Ip A1:1 C420jpeg\n" +
                   3 * (b"FRAME\n" + bytes(64 * 64 * 3 // 2)))
        self.good("run", "b.y4m", "a.ppm", "-o", "out/", "--format", "annotated")
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["a.png", "b.mp4"])
        self.assertEqual(self.n_frames("out/b.mp4"), [3])


class Damage(Video):
    def setUp(self):
        super().setUp()
        with open(self.clip, "rb") as file:
            data = tool.faststart(file.read())
        self.write("whole.mp4", data)
        self.write("broken.mp4", data[:int(len(data) * 0.6)])

    def test_a_video_that_breaks_half_way(self):
        done = self.mien("run", "broken.mp4", "-o", "out.jsonl", "-o", "out.mp4")
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("broken.mp4", done.stderr)
        lines = self.ndjson(self.read("out.jsonl").decode())
        end, frames = lines[-1], self.frames(lines)
        self.assertEqual(end["errors"], 1)
        self.assertIn("broken.mp4", end["error"])
        self.assertEqual(end["frames"], len(frames))
        self.assertGreater(len(frames), 100)
        self.assertLess(len(frames), 275)
        self.assertEqual(self.n_frames("out.mp4"), [len(frames)])
        # Up to there it is the video that it was.
        whole = self.frames(self.ndjson(self.good("run", "whole.mp4").stdout))
        self.assertEqual(frames, whole[:len(frames)])

    def test_among_several(self):
        self.write("a.ppm", tool.ppm(8, 8))
        done = self.mien("run", "broken.mp4", "a.ppm")
        self.assertEqual(done.returncode, 8)
        self.assertEqual([line["errors"] for line in self.ndjson(done.stdout)
                          if line["type"] == "end"], [1, 0])


class Interrupt(Video):
    def begin(self, *arguments):
        """Starts a run that writes to a pipe, and waits until the pipe is full: a clip is larger
        than a pipe, so the run cannot end by itself."""
        process = self.start("run", self.clip, *arguments, "-o", "-", stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, bufsize=0)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        before, waiting = -1, 0
        while waiting == 0 or waiting != before:
            time.sleep(0.3)
            before = waiting
            answer = fcntl.ioctl(process.stdout, termios.FIONREAD, b"\0" * 4)
            waiting = struct.unpack("i", answer)[0]
        self.assertIsNone(process.poll())
        return process

    def finish(self, number, code):
        process = self.begin("-o", "out.mp4", "-o", "out.csv")
        process.send_signal(number)
        text = process.stdout.read()
        self.assertEqual(process.wait(tool.TIMEOUT), code)
        self.assertEqual(process.stderr.read(), b"")
        lines = self.ndjson(text.decode())
        end = lines[-1]
        self.assertEqual(end["type"], "end")
        self.assertTrue(end["interrupted"])
        self.assertEqual(end["errors"], 0)
        self.assertEqual(end["frames"], len(lines) - 2)
        self.assertLess(end["frames"], 275)
        self.assertEqual(self.files(), ["out.csv", "out.mp4"])
        self.assertEqual(self.n_frames("out.mp4"), [end["frames"]])

    def test_ctrl_c(self):
        self.finish(signal.SIGINT, 130)

    def test_terminate(self):
        self.finish(signal.SIGTERM, 143)

    def test_again_ends_at_once(self):
        process = self.begin("-o", "out.mp4", "-o", "out.csv")
        self.assertGreater(len(self.files()), 0)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), 130)
        self.assertEqual(self.files(), [])

    def test_nothing_more_is_read(self):
        self.write("a.ppm", tool.ppm(8, 8))
        process = self.begin("a.ppm")
        process.send_signal(signal.SIGINT)
        text = process.stdout.read()
        self.assertEqual(process.wait(tool.TIMEOUT), 130)
        self.assertEqual([line["source"] for line in self.ndjson(text.decode())
                          if line["type"] == "header"], [self.clip])


class Progress(Video):
    def on_a_terminal(self, *arguments):
        """What a run shows on a terminal as stderr."""
        master, slave = os.openpty()
        process = self.start("run", self.clip, "-o", "out.csv", *arguments,
                             stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        shown = b""
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:
            pass  # the other end is closed
        os.close(master)
        self.assertEqual(process.wait(tool.TIMEOUT), 0)
        return shown.decode()

    def test_on_a_terminal(self):
        begin = time.monotonic()
        shown = self.on_a_terminal()
        seconds = time.monotonic() - begin
        updates = [line for line in shown.split("\r") if line.startswith("frame ")]
        for line in updates:
            self.assertRegex(line.replace("\033[K", ""),
                             r"^frame \d+/275  \d+%  \d+ fps  cpu  faces [01]  ETA \d+:\d\d$")
        self.assertGreaterEqual(len(updates), 1 if seconds > 0.3 else 0)
        self.assertLessEqual(len(updates), 10 * seconds + 1)
        # The line is gone in the end, and one line says what was done.
        self.assertRegex(shown.replace("\n", "").rsplit("\033[K", 1)[1],
                         r"^\r+275 frames in [\d.]+ s, \d+ fps on cpu\r$")

    def test_not_without_a_terminal(self):
        self.assertEqual(self.good("run", self.clip, "-o", "out.csv").stderr, "")

    def test_switched_off(self):
        self.assertEqual(self.on_a_terminal("--progress", "none"), "")
        self.assertEqual(self.on_a_terminal("--quiet"), "")

    def test_for_programs(self):
        done = self.good("run", self.clip, "-o", "out.csv", "--progress", "json")
        for line in done.stderr.splitlines():
            self.assertEqual(set(json.loads(line)), {"type", "source", "sources", "frame", "frames",
                                                     "fps", "faces"})


if __name__ == "__main__":
    tool.main()
