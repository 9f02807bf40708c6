# SPDX-License-Identifier: Apache-2.0
"""scripts/gpu-check without a GPU, and the table that it ends with."""

import importlib.util
import json
import os
import subprocess
import sys

import tool

PEERS = os.path.join(tool.SOURCE, "bench", "peers")
sys.path.insert(0, PEERS)
import onnx_file
import onnx_torch

BUILD = os.path.dirname(os.path.dirname(os.path.dirname(tool.TOOL)))


def row(batch, ms, device_ms, floor_ms):
    return {"batch": batch, "median_ms": ms, "device_ms": device_ms, "floor_ms": floor_ms,
            "faces_s": 1e3 * batch / ms, "device_faces_s": 1e3 * batch / device_ms,
            "copies_up": 1, "copies_down": 1, "submissions": 1}


def report(name, ms, device_ms, batch_ms):
    """Of many faces the network alone takes the device half of what the call takes, cut out of a frame it is 512 faces
    that are best, and another network is slow."""
    mesh = [row(1, ms, device_ms, 0.001), row(1024, batch_ms, batch_ms / 2, 1.0)]
    frame = [row(1, ms, device_ms, 0.001), row(512, batch_ms, batch_ms, 0.5)]
    slow = [row(1, 1000, 1000, 0.001)]
    return {"version": "0", "build": "test",
            "device": {"id": "cuda:0", "name": name, "isa": "ptx_90"},
            "networks": [{"name": "face_blendshapes", "batches": slow}, {"name": "face_mesh", "batches": mesh}],
            "frame": {"batches": frame}}


class GpuCheck(tool.Case):
    def test_without_a_gpu(self):
        devices = json.loads(self.good("devices", "--json").stdout)["devices"]
        if any(device["usable"] and not device["software"] for device in devices):
            self.skipTest("this machine has a GPU that can be used")
        done = subprocess.run([os.path.join(tool.SOURCE, "scripts", "gpu-check"), "--build", BUILD, "--out",
                               self.path("out")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=self.environment, timeout=tool.TIMEOUT)
        self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
        self.assertIn("no CUDA device cuda:0 can be used", done.stderr)
        # The doctor's cause, as the tool itself would give it.
        cause = self.mien("doctor", "--device", "cuda:0", "--json")
        cause = json.loads(cause.stdout)["device"]["cause"]
        self.assertIn(cause, done.stderr)
        self.assertEqual(self.files(), [])

    def script(self, name, *lines):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        self.write(name, "\n".join(["#!/bin/sh", *lines, ""]).encode())
        os.chmod(self.path(name), 0o755)

    def make_stand_in(self):
        """A build with a GPU, with little to measure, tests that end in every way, and a sanitizer that only runs what it
        is given."""
        self.environment.update({"LD_LIBRARY_PATH": os.environ["SIM_CUDA"], "MIEN_SIM_CHECK": "0", "MIEN_SIM_SMS": "1",
                                 "MIEN_SIM_COUNT": "2", "PYTHONPATH": self.folder,
                                 "PATH": self.path("bin") + ":" + os.environ["PATH"]})
        if not any(device["id"] == "cuda:1" and device["usable"]
                   for device in json.loads(self.good("devices", "--json").stdout)["devices"]):
            self.skipTest("this build has no CUDA kernels")
        self.script("build/tools/mien/mien", 'for word in "$@"; do', "    shift", '    case $word in',
                    '    all) set -- "$@" face_detector_short --max-batch 1 ;;', '    *) set -- "$@" "$word" ;;',
                    "    esac", "done", f'exec "{tool.TOOL}" "$@"')
        for name, code in (("cuda-good", 0), ("cuda-skipped", 77), ("cuda-bad", 1)):
            self.script(f"build/tests/backend/test-backend-{name}", 'echo "device $CUDA_VISIBLE_DEVICES"', f"exit {code}")
        self.script("bin/compute-sanitizer", 'while [ "${1#--}" != "$1" ]; do', "    case $1 in --tool | --error-exitcode) shift ;; esac",
                    "    shift", "done", 'exec "$@"')

    def gpu_check(self):
        return subprocess.run([os.path.join(tool.SOURCE, "scripts", "gpu-check"), "--build", self.path("build"), "--cuda",
                               "1", "--seconds", "0.01", "--python", sys.executable, "--out", self.path("out")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment,
                              timeout=tool.TIMEOUT)

    def test_without_models(self):
        """Nothing could be measured: that shows at once, not after the tests."""
        self.make_stand_in()
        self.environment["MIEN_MODEL_DIR"] = self.path("nowhere")
        done = self.gpu_check()
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertIn("gpu-check: there is no face_mesh", done.stderr)
        self.assertNotIn("passed", done.stderr)

    def test_on_the_stand_in(self):
        """From beginning to end, without a peer."""
        self.need_models()
        self.make_stand_in()
        if os.path.exists(os.path.join(tool.SOURCE, "..", "shared", "models", "face_landmark.tflite")):
            del self.environment["MIEN_MODEL_DIR"]  # it looks there
        for module in ("onnxruntime", "torch"):
            self.write(module + ".py", b"raise ImportError('broken')\n")
        done = self.gpu_check()
        self.assertEqual(done.returncode, 1, done.stderr)
        for words in ("cuda-good: passed", "cuda-skipped: skipped", "cuda-bad: failed", "sanitizer-memcheck: passed",
                      "sanitizer-racecheck: passed", "sanitizer-synccheck: passed",
                      "peer: gpu.py: no peer: onnxruntime: broken; torch: broken"):
            self.assertIn(words, done.stderr)
        self.assertEqual(self.read("out/test-backend-cuda-bad.log"), b"device 1\n")
        self.assertRegex(self.verdict(done, "tests on the device (4 passed, 1 skipped)"), r" 1 failed .* MISSED$")
        self.assertTrue(self.verdict(done, "face_mesh, 1 face, device").endswith("not measured"))
        self.assertTrue(done.stdout.startswith("cuda:1: NVIDIA Simulated GPU"), done.stdout)
        for precision in ("fp32", "fp16"):
            report = json.loads(self.read(f"out/cuda-{precision}.json"))
            self.assertEqual((report["device"]["id"], report["device"]["precision"]), ("cuda:1", precision))

    def table(self, **files):
        for name, content in files.items():
            name, ending = name.replace("_", "-"), "json"
            text = json.dumps(content)
            if name == "tests":
                ending, text = "txt", content
            self.write(f"{name}.{ending}", text.encode())
        return subprocess.run([sys.executable, "-B", os.path.join(tool.SOURCE, "bench", "gpu_table.py"), self.folder],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def verdict(self, done, start):
        line, = [line for line in done.stdout.splitlines() if line.startswith(start)]
        return line

    def test_table_of_what_was_met_and_missed(self):
        ratios = {"batch_1": 6.0, "best_batch": 2.5}
        done = self.table(
            cuda_fp32=report("NVIDIA H200", 0.09, 0.015, 5.0), vulkan_fp32=report("x", 0.12, 0.02, 6),
            peer={"peer": "peer 1", "rows": [{"name": "face_mesh", "call": ratios, "device": ratios}]},
            tests="one passed\ntwo skipped\n")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertNotIn("another device", done.stdout)
        for start, word in (("tests on the device", "met"),
                            ("face_mesh, 1 face, device", "met, and the stretch"),
                            ("face_mesh, 1 face, call", "met"),
                            ("tracked frame, call", "met"),
                            ("face_mesh, 1024 faces at a time, device, fp32", "met, and the stretch"),
                            ("face_mesh, most faces at a time, device, fp16", "not measured"),
                            ("512 faces cut out of a frame, call to result, fp32", "MISSED"),
                            ("most faces cut out of a frame, call to result, fp16", "not measured"),
                            ("times faster than peer 1, 1 face", "met"),
                            ("times faster than peer 1, best", "MISSED"),
                            ("tracked frame, Vulkan / CUDA", "met")):
            self.assertTrue(self.verdict(done, start).endswith("  " + word), self.verdict(done, start))
        self.assertIn(" 4.096e+05 faces/s", self.verdict(done, "face_mesh, 1024"))
        self.assertIn(" 1.024e+05 faces/s", self.verdict(done, "512 faces cut"))

    def test_table_of_another_device(self):
        done = self.table(cuda_fp32=report("NVIDIA T4", 0.2, 0.07, 20.0), tests="one failed\n")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("another device", done.stdout)
        self.assertTrue(self.verdict(done, "tests on the device").endswith("MISSED"))
        self.assertTrue(self.verdict(done, "face_mesh, 1 face, device").endswith("MISSED"))

    def test_skipped_tests_are_no_pass(self):
        done = self.table(tests="one skipped\ntwo skipped\n")
        self.assertTrue(self.verdict(done, "tests on the device").endswith("not measured"))

    def test_table_of_nothing(self):
        done = self.table()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreater(done.stdout.count("not measured"), 6)
        self.assertNotIn(" met", done.stdout)


class Peers(tool.Case):
    """Whom bench/peers/gpu.py puts beside mien, and what they read."""

    def exported(self, model, *member):
        self.need_models()
        self.good("models", "export", model, *member, "--onnx", "network.onnx")
        return onnx_file.read(self.path("network.onnx"))

    def peers(self, *arguments):
        return subprocess.run([sys.executable, "-B", os.path.join(PEERS, "gpu.py"), "--mien", tool.TOOL, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment,
                              timeout=tool.TIMEOUT)

    def test_networks_are_read(self):
        graph = self.exported("face_mesh_attention")
        self.assertEqual(graph.inputs, {"input_1": [192, 192, 3]})
        self.assertEqual(graph.outputs["output_lips"], [1, 1, 160])
        self.assertEqual(list(graph.outputs)[-1], "conv_faceflag")
        for name, constant in graph.constants.items():
            size = {onnx_file.FLOAT: 4, onnx_file.INT64: 8}[constant.type]
            for side in constant.shape:
                size *= side
            self.assertEqual(len(constant.data), size, name)
        written = {*graph.inputs, *graph.constants, ""}
        for node in graph.nodes:
            self.assertLessEqual(set(node.inputs), written)
            self.assertIn(node.type, onnx_torch.OPERATIONS)
            written.update(node.outputs)
        self.assertLessEqual(set(graph.outputs), written)
        stem = next(node for node in graph.nodes if node.type == "Conv")
        self.assertEqual(stem.attributes, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1], "group": 1})
        self.assertEqual(graph.constants[stem.inputs[1]].shape, [16, 3, 3, 3])

    def test_every_operation_is_known(self):
        for model, *member in (("face_detector_short",), ("face_detector_full_sparse",), ("face_mesh",),
                               ("face_landmarker", "--network", "face_landmarks_detector"),
                               ("face_landmarker", "--network", "face_blendshapes")):
            types = {node.type for node in self.exported(model, *member).nodes}
            self.assertLessEqual(types, set(onnx_torch.OPERATIONS), (model, member))

    def test_integers(self):
        self.assertEqual(list(onnx_file.fields(memoryview(b"\x08\xac\x02\x10" + b"\xff" * 9 + b"\x01"))),
                         [(1, 300), (2, -1)])
        self.assertRaises(ValueError, lambda: list(onnx_file.fields(b"\x0d\0\0\0\0")))

    def test_no_peer(self):
        self.need_models()
        for module in ("onnxruntime", "torch"):
            self.write(module + ".py", b"raise ImportError('broken ' + __name__)\n")
        self.environment["PYTHONPATH"] = self.folder
        done = self.peers("--network", "face_blendshapes")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.splitlines()[-1],
                         "gpu.py: no peer: onnxruntime: broken onnxruntime; torch: broken torch")
        done = self.peers("--network", "face_blendshapes", "--peer", "torch", "--provider", "tensorrt")
        self.assertIn("torch has no tensorrt", done.stderr)

    def test_torch_on_the_processor(self):
        self.need_models()
        if not importlib.util.find_spec("torch"):
            self.skipTest("torch is not installed")
        self.write("onnxruntime.py", b"raise ImportError('broken')\n")
        self.environment["PYTHONPATH"] = self.folder
        done = self.peers("--network", "face_blendshapes", "--provider", "cpu", "--device", "cpu", "--seconds", "0.01",
                          "--rounds", "1", "--max-batch", "1", "--json", self.path("peer.json"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("onnxruntime: broken", done.stderr)
        report = json.loads(self.read("peer.json"))
        self.assertTrue(report["peer"].startswith("torch "), report["peer"])
        row, = report["rows"]
        self.assertEqual((row["name"], sorted(row["peer"])), ("face_blendshapes", ["1"]))
        self.assertGreater(row["call"]["batch_1"], 0)


if __name__ == "__main__":
    tool.main()
