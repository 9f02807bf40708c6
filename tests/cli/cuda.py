# SPDX-License-Identifier: Apache-2.0
"""Runs on CUDA devices, which a stand-in driver plays: several that share pictures, and lost ones."""

import json
import os
import unittest

import schema
import tool


@unittest.skipUnless(tool.MODELS, "no models: `mien models fetch` or a shared folder has them")
class Cuda(tool.Case):
    N = 4

    def setUp(self):
        super().setUp()
        self.environment.update({"LD_LIBRARY_PATH": os.environ["SIM_CUDA"], "MIEN_SIM_COUNT": "2",
                                 "MIEN_SIM_CHECK": "0", "MIEN_SIM_SMS": "1",
                                 "MIEN_SIM_REPORT": self.path("report")})
        devices = json.loads(self.good("devices", "--json").stdout)["devices"]
        if not any(device["id"] == "cuda:1" and device["usable"] for device in devices):
            self.skipTest("this build has no CUDA kernels")
        portrait = self.need_portrait()
        self.pictures = []
        for i in range(self.N - 1):
            os.symlink(portrait, self.path(f"{i}.jpg"))
            self.pictures.append(f"{i}.jpg")
        self.pictures.insert(2, self.write("blank.ppm", tool.ppm(64, 64)))

    def lines(self, done):
        lines = self.ndjson(done.stdout)
        for line in lines:
            line.pop("device", None)
        return lines

    def launches(self):
        return json.loads(self.read("report"))["launches_of"]

    def test_pictures_are_shared(self):
        one = self.good("run", *self.pictures, "--device", "cuda:0")
        self.assertGreater(self.launches()[0], 0)
        self.assertEqual(self.launches()[1], 0)
        two = self.good("run", *self.pictures, "--device", "cuda:0,cuda:1", "--batch", "2")
        wanted = self.lines(one)
        for line in wanted:
            if "options" in line:
                line["options"]["batch"] = 2
        self.assertEqual(self.lines(two), wanted)
        self.assertGreater(min(self.launches()[:2]), 0)
        header = json.loads(two.stdout.splitlines()[0])["device"]
        self.assertEqual(header["requested"], "cuda:0,cuda:1")
        self.assertEqual(set(header["stages"].values()), {"cuda:0,cuda:1"})

    def test_damaged_file_among_them(self):
        self.write("1bad.png", b"no picture")
        names = [self.pictures[0], "1bad.png", *self.pictures[1:]]
        one = self.mien("run", *names, "--device", "cuda:0")
        two = self.mien("run", *names, "--device", "cuda:0,cuda:1")
        self.assertEqual((one.returncode, two.returncode), (8, 8))
        self.assertEqual(one.stderr, two.stderr)
        self.assertEqual(self.lines(one), self.lines(two))

    def test_followed_video_is_the_work_of_one(self):
        frame = b"FRAME\n" + bytes(64 * 64 * 3 // 2)
        self.write("a.y4m", b"YUV4MPEG2 W64 H64 F10:1 Ip A1:1 C420jpeg\n" + 3 * frame)
        done = self.good("run", "a.y4m", "--device", "cuda:1,cuda:0")
        self.assertIn("one device: cuda:1", done.stderr)
        header = json.loads(done.stdout.splitlines()[0])["device"]
        self.assertEqual(set(header["stages"].values()), {"cuda:1"})
        self.assertEqual(self.launches()[0], 0)
        self.good("run", "a.y4m", "--device", "cuda:1,cuda:0", "--static")
        self.assertGreater(min(self.launches()[:2]), 0)

    def test_lists_that_are_none(self):
        for device, word in (("cuda:0,", "missing"), ("cuda:0,cuda:0", "twice"),
                             ("cuda,cuda:0", "same device"), ("cuda:0,nonsense", "nonsense")):
            self.fails(2, ["run", *self.pictures, "--device", device], word)
        done = self.mien("run", *self.pictures, "--device", "cuda:0,cuda:7")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("cuda:7", done.stderr)

    def test_lost_device(self):
        arguments = ["run", *self.pictures, "--device", "cuda:0,cuda:1"]
        wanted = self.lines(self.good(*arguments))
        self.environment["MIEN_SIM_FAIL"] = "cuStreamSynchronize:4:702:1"
        done = self.mien(*arguments)
        self.assertEqual(done.returncode, 3)
        self.assertIn("CUDA_ERROR_LAUNCH_TIMEOUT (702)", done.stderr)
        self.assertIn("\n  more      mien doctor --explain watchdog-timeout\n", done.stderr)
        done = self.good(*arguments, "--on-device-loss", "reopen")
        self.assertIn("device cuda:1 was opened again", done.stderr)
        lines = self.lines(done)
        self.assertEqual(sum(line.pop("reopened", 0) for line in lines), 1)
        self.assertEqual(lines, wanted)
        report = json.loads(self.read("report"))
        self.assertEqual((report["contexts"], report["device_blocks"]), (0, 0))

    def test_device_that_stays_away(self):
        self.environment.update({"MIEN_SIM_FAIL": "cuStreamSynchronize:4:214",
                                 "MIEN_SIM_AFTER_LOSS": "46"})
        done = self.mien("run", *self.pictures, "--device", "cuda:0", "--on-device-loss", "reopen",
                         "-o", "out.jsonl")
        self.assertEqual(done.returncode, 3)
        self.assertIn("CUDA_ERROR_DEVICE_UNAVAILABLE (46)", done.stderr)
        self.assertIn("\n  fix       ", done.stderr)
        self.assertNotIn("out.jsonl", self.files())

    def bench(self, *arguments):
        done = self.good("bench", "--device", "cuda:0", "--seconds", "0.02", *arguments, "--json")
        report = json.loads(done.stdout)
        schema.validate(tool.load_schema("bench-1.schema.json"), report)
        self.assertEqual(report["device"]["id"], "cuda:0")
        self.assertGreater(report["device"]["peak_gmac_s"], 0)
        return report

    def check_rows(self, rows, macs, peak):
        self.assertEqual([row["batch"] for row in rows], [2**i for i in range(len(rows))])
        for row in rows:
            self.assertLessEqual(row["ms"], row["median_ms"])
            self.assertLessEqual(row["median_ms"], row["p99_ms"])
            self.assertGreater(row["device_ms"], 0)
            self.assertAlmostEqual(row["floor_ms"] / (row["batch"] * macs / peak * 1e-6), 1, 3)
            self.assertAlmostEqual(row["faces_s"] / (1e3 * row["batch"] / row["median_ms"]), 1, 3)
            self.assertEqual((row["copies_up"], row["copies_down"]), (1, 1))

    def test_bench_frame(self):
        """A tracked frame is one copy up, one graph and one copy down."""
        report = self.bench("--network", "frame", "--max-batch", "2")
        self.assertEqual(report["networks"], [])
        rows = report["frame"]["batches"]
        self.check_rows(rows, report["frame"]["macs"], report["device"]["peak_gmac_s"])
        self.assertEqual(rows[0]["submissions"], 1)
        self.assertGreater(rows[0]["launches"], 10)
        self.assertGreater(rows[0]["bytes_up"], 640 * 360 * 3 / 2)
        self.assertEqual(rows[0]["bytes_down"], 4 * (1 + 3 * 468))

    def test_bench_networks(self):
        report = self.bench("--network", "face_detector_short", "--max-batch", "4")
        network, = report["networks"]
        self.check_rows(network["batches"], network["macs"], report["device"]["peak_gmac_s"])
        self.assertNotIn("frame", report)
        text = self.good("bench", "--device", "cuda:0", "--seconds", "0.02", "--max-batch", "1",
                         "--network", "face_blendshapes").stdout
        self.assertRegex(text, r"\nface_blendshapes +1 ")
        self.fails(2, ["bench", "--network", "frame"], "is for devices")
        self.environment["MIEN_SIM_FAIL"] = "cuStreamSynchronize:9:719"
        self.fails(3, ["bench", "--device", "cuda:0", "--network", "face_detector_short"],
                   "CUDA_ERROR_LAUNCH_FAILED")


if __name__ == "__main__":
    tool.main()
