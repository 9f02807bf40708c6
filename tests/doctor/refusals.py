# SPDX-License-Identifier: Apache-2.0
"""A run whose device cannot be used says what the doctor finds first, and leaves nothing."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

import fake
import tool
from fake import TIMEOUT_MS, TOOL


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.models = os.path.join(fake.SHARED, "models")
        if not os.path.exists(os.path.join(cls.models, "face_landmark.tflite")):
            raise unittest.SkipTest("no models in the shared folder")
        listed = json.loads(subprocess.run([TOOL, "devices", "--json"], capture_output=True,
                                           check=True, text=True).stdout)["devices"]
        if any(device["usable"] and not device["software"] for device in listed):
            raise unittest.SkipTest("this machine has a GPU that can be used")
        cls.machines = fake.machines()

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mien-refused-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith("MIEN_D")}
        self.environment.update(MIEN_MODEL_DIR=self.models,
                                MIEN_DOCTOR_TIMEOUT_MS=str(TIMEOUT_MS))
        self.write("in.ppm", b"P6\n64 64\n255\n" + bytes(64 * 64 * 3))

    def write(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    def become(self, name):
        """What the doctor sees from now on: a fixture; None: this machine."""
        self.environment.pop("MIEN_DOCTOR_ROOT", None)
        if name:
            place = os.path.join(tempfile.mkdtemp(prefix="machine-", dir=self.folder), "machine")
            self.environment["MIEN_DOCTOR_ROOT"] = fake.make(self.machines[name], place)

    def mien(self, *arguments, **options):
        return subprocess.run([TOOL, *arguments], cwd=self.folder, env=self.environment,
                              timeout=120, capture_output=True, check=False, text=True, **options)

    def check_refusal(self, device, lines, finding):
        self.assertEqual(lines[0], f"mien: error: device {device}: {finding['title']} "
                                   f"[{finding['id']}]")
        self.assertLessEqual(len(lines), 6)
        self.assertEqual(lines[-1].split(None, 1), ["more", f"mien doctor --device {device}"])
        fix = [line.removeprefix("  fix").lstrip() for line in lines[1:-1]]
        self.assertEqual(fix, finding["fix"][:4])

    def check(self, machine, device):
        self.become(machine)
        before = sorted(os.listdir(self.folder))
        done = self.mien("run", "in.ppm", "--device", device, "-o", "out.jsonl", "-o", "new/",
                         "-o", "-", "--format", "csv", "-q")
        self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        report = json.loads(self.mien("doctor", "--device", device, "--json").stdout)
        self.check_refusal(device, done.stderr.splitlines(), report["findings"][0])
        self.assertEqual(report["device"]["cause"], report["findings"][0]["id"])
        return report["findings"][0]["id"]

    def test_this_machine(self):
        for device in ("cuda", "cuda:63", "vulkan", "gpu"):
            cause = self.check(None, device)
            first = json.loads(self.mien("doctor", "--json").stdout)["findings"]
            if first and first[0]["severity"] == "fatal":
                self.assertEqual(first[0]["id"], cause)

    def test_vulkan_of_this_machine(self):
        """The real probes and the real back end: no loader, a driver that is gone, one that is no driver, a manifest
        that is none, a driver that crashes; with none of them set, this machine has a driver that computes on the CPU,
        or none."""
        os.mkdir(os.path.join(self.folder, "empty"))
        self.write("empty/libvulkan.so.1", b"")
        self.write("no-driver.so", b"\x7fELF")
        self.write("torn.json", b'{"file_format')
        for name, library in (("gone", "/nowhere/libgone.so"), ("no-driver", f"{self.folder}/no-driver.so"),
                              ("crash", os.environ["MIEN_CRASHING_DRIVER"])):
            manifest = {"file_format_version": "1.0.0",
                        "ICD": {"library_path": library, "api_version": "1.1.0"}}
            self.write(name + ".json", json.dumps(manifest).encode())

        def driver(name):
            path = f"{self.folder}/{name}.json"
            return {"VK_DRIVER_FILES": path, "VK_ICD_FILENAMES": path}

        place = self.environment.get("LD_LIBRARY_PATH", "")
        listed = json.loads(self.mien("devices", "--json").stdout)["devices"]
        has_loader = not any(device["reason"] == "vulkan-loader-missing" for device in listed)
        # What the list says, and what the doctor finds, too, whatever else is wrong with this machine.
        for situation, reason, finding in (
                ({"LD_LIBRARY_PATH": f"{self.folder}/empty:{place}".rstrip(":")},
                 "vulkan-loader-missing", "vulkan-loader-missing"),
                (driver("missing"), "vulkan-env-hides-driver", "vulkan-env-hides-driver"),
                (driver("gone"), "vulkan-env-hides-driver", None),
                (driver("no-driver"), "vulkan-env-hides-driver", None),
                (driver("torn"), "driver-error", None),  # or by a newer loader as if it was not there
                (driver("crash"), "driver-crashes", None),
                ({}, None, "vulkan-software-only")):
            with self.subTest(situation=situation):
                before = dict(self.environment)
                self.environment.update(situation)
                try:
                    self.check(None, "vulkan")
                    report = json.loads(self.mien("doctor", "--json").stdout)
                    listed = json.loads(self.mien("devices", "--json").stdout)["devices"]
                finally:
                    self.environment = before
                self.assertEqual(report["stacks"]["vulkan"]["state"], "broken")
                found = [device for device in listed if device["id"].startswith("vulkan")]
                if has_loader and (situation or found[0]["usable"]):
                    if reason == "driver-error" and found[0]["reason"] != reason:
                        reason = "vulkan-env-hides-driver"
                    self.assertEqual({device["reason"] for device in found}, {reason})
                    if finding:
                        self.assertIn(finding, [item["id"] for item in report["findings"]])

    def test_a_driver_that_crashes_takes_nothing_along(self):
        """The list goes on behind it, and so does a policy that may take another device."""
        manifest = {"file_format_version": "1.0.0",
                    "ICD": {"library_path": os.environ["MIEN_CRASHING_DRIVER"], "api_version": "1.1.0"}}
        self.write("crash.json", json.dumps(manifest).encode())
        path = f"{self.folder}/crash.json"
        self.environment.update(VK_DRIVER_FILES=path, VK_ICD_FILENAMES=path)
        done = self.mien("devices", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        devices = {device["id"]: device for device in json.loads(done.stdout)["devices"]}
        if devices["vulkan"]["reason"] == "vulkan-loader-missing":
            self.skipTest("no Vulkan loader")
        self.assertEqual(devices["vulkan"]["reason"], "driver-crashes")
        self.assertTrue(devices["cpu"]["usable"])
        done = self.mien("run", "in.ppm", "--device", "auto")
        self.assertEqual(done.returncode, 0, done.stderr)
        header = json.loads(done.stdout.splitlines()[0])
        self.assertEqual(header["device"]["stages"]["landmarks"], "cpu")
        self.assertIn("vulkan (driver-crashes)", header["device"]["choice"])

    def test_causes(self):
        for machine, device, cause in (
                ("no-gpu", "cuda", "no-gpu-hardware"), ("no-gpu", "gpu", "no-gpu-hardware"),
                ("nouveau", "cuda:0", "nouveau-bound"),
                ("jetson-group", "cuda", "jetson-video-group"),
                ("uvm-999", "cuda", "nvidia-uvm-missing"),
                ("device-garbage", "cuda", "device-computes-garbage"),
                ("device-number", "cuda:7", "no-such-device"),
                ("cuda-not-built", "cuda", "backend-not-built")):
            with self.subTest(machine=machine, device=device):
                self.assertEqual(self.check(machine, device), cause)

    def test_vulkan(self):
        """None, a broken one, and one that computes on the CPU."""
        for machine, cause in (("software-only", "vulkan-software-only"),
                               ("no-vulkan-loader", "vulkan-loader-missing"),
                               ("no-icd", "vulkan-no-icd"),
                               ("icd-needs-x11", "vulkan-icd-needs-x11-libs"),
                               ("vulkan-not-built", "backend-not-built")):
            with self.subTest(machine=machine):
                self.assertEqual(self.check(machine, "vulkan"), cause)

    def test_pipe(self):
        """Who reads the output gets its end, and not one byte."""
        self.become("no-gpu")
        pipe = os.path.join(self.folder, "pipe")
        os.mkfifo(pipe)
        with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
            done = self.mien("run", "in.ppm", "--device", "cuda", "-o", "pipe", "--format", "csv")
            self.assertEqual((done.returncode, reader.stdout.read()), (3, b""))

    def test_where_the_doctor_finds_nothing(self):
        """The engine's own word stands: the doctor's machine is healthy, this one has no driver."""
        self.become("healthy-server")
        done = self.mien("run", "in.ppm", "--device", "cuda")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertRegex(done.stderr, r"^mien: error: .*\[(backend-not-built|no-libcuda)\]\n"
                                      r"  more      mien doctor --device cuda\n$")


if __name__ == "__main__":
    tool.main()
