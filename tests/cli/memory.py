# SPDX-License-Identifier: Apache-2.0
"""`mien run` on video: how much memory it needs, and that it needs no more the longer it runs."""

import json
import subprocess

import tool

CLIP = "testdata/short_hamilton_clip.mp4"
# With libraries, models and the frames in the queues: a third of what MediaPipe's Face Mesh takes, docs/benchmarks.
MOST_KIB = 53 * 1024
# What a decoder and the queues touch late, when the machine is busy with other things: a dozen frames of 338 KiB. A
# leak of 18 KiB a frame, a twentieth of a frame, would be too much.
GROWTH_KIB = 4096


def status_kib(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise ValueError(f"no {field}")


class Memory(tool.Case):
    def setUp(self):
        super().setUp()
        self.need_models()
        self.clip = self.need(CLIP)

    def samples(self, *arguments):
        """Resident memory when frame 20 and a frame near the end were read, and the most that there was.

        The tool is never more than the pipe and its own queues ahead of what is read.
        """
        with self.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            early = late = most = None
            for text in process.stdout:
                line = json.loads(text)
                if line["type"] != "frame":
                    continue
                if line["frame"] == 20:
                    early = status_kib(process.pid, "VmRSS")
                elif line["frame"] == 260:
                    late = status_kib(process.pid, "VmRSS")
                    most = status_kib(process.pid, "VmHWM")
        self.assertEqual(process.returncode, 0)
        print(f"{arguments[2:]}: {early} KiB at frame 20, {late} KiB at frame 260, at most {most} KiB")
        return early, late, most

    def test_tracking(self):
        early, late, most = self.samples("run", self.clip)
        self.assertLess(late, early + GROWTH_KIB)
        self.assertLess(most, MOST_KIB)

    def test_four_faces(self):
        early, late, most = self.samples("run", self.clip, "--refine", "--faces", "4")
        self.assertLess(late, early + GROWTH_KIB)
        self.assertLess(most, 60 * 1024)

    def test_searching_every_frame(self):
        early, late, _ = self.samples("run", self.clip, "--static")
        self.assertLess(late, early + GROWTH_KIB)


if __name__ == "__main__":
    tool.main()
