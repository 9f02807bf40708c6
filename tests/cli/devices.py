# SPDX-License-Identifier: Apache-2.0
"""Devices: the list, and that a named device is used or refused, never replaced."""

import json
import unittest

import schema
import tool


class Devices(tool.Case):
    def devices(self):
        report = json.loads(self.good("devices", "--json").stdout)
        schema.validate(tool.load_schema("devices-1.schema.json"), report)
        return {device["id"]: device for device in report["devices"]}

    def test_list(self):
        devices = self.devices()
        self.assertTrue(devices["cpu"]["usable"])
        self.assertIn("ref", devices["cpu"]["kernels"])
        for back_end in ("cuda", "vulkan"):
            found = [device for name, device in devices.items() if name.startswith(back_end)]
            self.assertTrue(found)
            for device in found:
                self.assertEqual(device["usable"], device["reason"] is None)
        table = self.good("devices").stdout
        for name in devices:
            self.assertIn(f"\n{name} ", table)
        self.assertNotIn("\033", table)

    def test_version_names_what_was_built(self):
        line = self.good("--version").stdout.splitlines()[1]
        back_ends, kernels, _ = line.split("; ", 2)
        devices = self.devices()
        built = {name.split(":")[0] for name, device in devices.items() if device["built"]}
        self.assertEqual(set(back_ends.removeprefix("back ends: ").split(", ")), built)
        sets = set(kernels.removeprefix("CPU kernels: ").split(" "))
        self.assertLessEqual(set(devices["cpu"]["kernels"]), sets)

    def test_list_on_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            self.assertEqual(self.start("devices", stdout=full).wait(), 6)


@unittest.skipUnless(tool.MODELS, "no models: `mien models fetch` or a shared folder has them")
class Choosing(tool.Case):
    def setUp(self):
        super().setUp()
        self.write("a.ppm", tool.ppm(64, 64))

    def header(self, *arguments):
        return json.loads(self.good("run", "a.ppm", *arguments).stdout.splitlines()[0])["device"]

    def test_cpu(self):
        for arguments in ([], ["--device", "cpu"], ["-d", "cpu"]):
            device = self.header(*arguments)
            self.assertEqual(device["requested"], "cpu")
            self.assertEqual(set(device["stages"].values()), {"cpu"})
            self.assertNotIn("choice", device)

    def test_unusable_device_is_refused(self):
        devices = json.loads(self.good("devices", "--json").stdout)["devices"]
        if any(device["usable"] and not device["software"] for device in devices):
            self.skipTest("this machine has a GPU that can be used")
        for name in ("cuda", "cuda:63", "cuda:GPU-0", "vulkan", "vulkan:63", "gpu"):
            done = self.mien("run", "a.ppm", "--device", name, "-o", "out.jsonl", "-o", "out.png")
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, r"^mien: error: device .*\[[a-z0-9-]+\]\n(  .*\n){1,5}$")
            self.assertEqual(self.files(), ["a.ppm"])

    def test_software_device_wants_its_number_and_a_word(self):
        devices = json.loads(self.good("devices", "--json").stdout)["devices"]
        found = [device["id"] for device in devices
                 if device["usable"] and device["software"] and device["id"] != "cpu"]
        if not found:
            self.skipTest("no software Vulkan device: mesa-vulkan-drivers has one")
        device = self.header("--device", found[0], "--allow-software")
        self.assertEqual(device["requested"], found[0])
        self.assertEqual(set(device["stages"].values()), {found[0]})
        for arguments in (["--device", found[0]], ["--device", "vulkan", "--allow-software"]):
            if arguments[1] == "vulkan" and not all(d["software"] for d in devices if d["usable"]):
                continue
            done = self.mien("run", "a.ppm", *arguments)
            self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)

    def test_precision(self):
        self.assertEqual(self.header()["precision"], "fp32")
        self.assertIn(self.header("--precision", "auto")["precision"], ("fp32", "fp16"))
        done = self.mien("run", "a.ppm", "--precision", "fp16", "-o", "out.jsonl")
        if done.returncode == 0:  # a processor with half-precision arithmetic
            self.assertEqual(self.header("--precision", "fp16")["precision"], "fp16")
            return
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"^mien: error: device cpu .*\[half-precision-missing\]\n$")
        self.assertEqual(self.files(), ["a.ppm"])

    def test_bench_of_a_software_device(self):
        devices = json.loads(self.good("devices", "--json").stdout)["devices"]
        found = [device["id"] for device in devices
                 if device["usable"] and device["software"] and device["id"] != "cpu"]
        if not found:
            self.skipTest("no software Vulkan device: mesa-vulkan-drivers has one")
        asked = ["bench", "--device", found[0], "--network", "face_detector_short", "--seconds",
                 "0.001", "--max-batch", "2", "--json"]
        self.assertEqual(self.mien(*asked).returncode, 3)
        report = json.loads(self.good(*asked, "--allow-software").stdout)
        schema.validate(tool.load_schema("bench-1.schema.json"), report)
        self.assertEqual(report["device"]["id"], found[0])
        self.assertGreater(report["device"]["peak_gmac_s"], 0)
        row = report["networks"][0]["batches"][0]
        self.assertEqual((row["submissions"], row["batch"]), (1, 1))
        self.assertGreater(row["device_ms"], 0)
        asked[4] = "frame"
        report = json.loads(self.good(*asked, "--allow-software").stdout)
        schema.validate(tool.load_schema("bench-1.schema.json"), report)
        row = report["frame"]["batches"][0]
        self.assertEqual((row["submissions"], row["batch"]), (1, 1))
        self.assertGreater(row["device_ms"], 0)

    def test_names_that_no_device_has(self):
        for name in ("GPU", "cpu:0", "cuda0", "opencl:1", "null", "x" * 300):
            done = self.mien("run", "a.ppm", "--device", name, "-o", "out.jsonl")
            self.assertEqual(done.returncode, 2, name)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertEqual(self.files(), ["a.ppm"])

    def test_auto_says_what_it_chose(self):
        done = self.good("run", "a.ppm", "--device", "auto")
        device = json.loads(done.stdout.splitlines()[0])["device"]
        self.assertEqual(device["requested"], "auto")
        used = device["stages"]["landmarks"]
        self.assertTrue(device["choice"].startswith(used))
        self.assertEqual(done.stderr, f"device auto: {device['choice']}\n")
        self.assertEqual(self.good("run", "a.ppm", "--device", "auto", "-q").stderr, "")

    def test_environment(self):
        self.environment["MIEN_DEVICE"] = "nonsense"
        self.assertEqual(self.mien("run", "a.ppm").returncode, 2)
        self.assertEqual(self.header("--device", "cpu")["requested"], "cpu")
        self.environment["MIEN_DEVICE"] = "auto"
        self.assertEqual(self.header()["requested"], "auto")
        self.environment["MIEN_DEVICE"] = ""
        self.assertEqual(self.header()["requested"], "cpu")


if __name__ == "__main__":
    tool.main()
