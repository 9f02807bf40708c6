# SPDX-License-Identifier: Apache-2.0
"""`mien models`: list, fetch, verify, inspect. Fetching meets stand-ins for curl and python3."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
import zipfile

import schema
import tool

SHORT = "face_detection_short_range.tflite"
WHEEL_FOLDER = "mediapipe/modules/face_detection/"

# What the tool starts instead of curl: writes $CURL_GIVES to the file after -o, or fails.
CURL = """#!/bin/sh
echo "curl $*" >>"$CALLS"
[ -n "$CURL_GIVES" ] || exit 6
while [ "$1" != -o ]; do shift; done
cp "$CURL_GIVES" "$2"
"""

# And instead of python3: `-m pip download` puts the wheel $PIP_GIVES into the folder after --dest, or
# fails; everything else is done by the real one.
PYTHON = """#!/bin/sh
echo "python3 $*" >>"$CALLS"
[ "$1 $2" = "-m pip" ] || exec "$REAL_PYTHON" "$@"
[ -n "$PIP_GIVES" ] || exit 1
while [ "$1" != --dest ]; do shift; done
mkdir -p "$2" && cp "$PIP_GIVES" "$2/mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"
"""


class Models(tool.Case):
    def setUp(self):
        super().setUp()
        self.environment.pop("MIEN_MODEL_DIR", None)
        os.mkdir(self.path("bin"))
        self.environment.update(
            PATH=self.path("bin") + ":" + os.environ["PATH"], CALLS=self.path("calls"),
            REAL_PYTHON=shutil.which("python3"), CURL_GIVES="", PIP_GIVES="",
            XDG_DATA_HOME=self.path("data"), XDG_CACHE_HOME=self.path("cache"),
            XDG_DATA_DIRS=self.path("system"))
        for name, text in (("curl", CURL), ("python3", PYTHON)):
            self.write("bin/" + name, text.encode())
            os.chmod(self.path("bin/" + name), 0o755)

    def store(self, folder="data"):
        return os.path.join(folder, "mien", "models")

    def stored(self):
        folder = self.path(self.store())
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def calls(self):
        return self.read("calls").decode() if "calls" in self.files() else ""

    def real(self, name=SHORT):
        self.need_models()
        return os.path.join(tool.MODELS, name)

    def sha256(self):
        with open(self.real(), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def put(self, folder, data, name=SHORT):
        os.makedirs(self.path(folder), exist_ok=True)
        self.write(os.path.join(folder, name), data)

    def put_real(self, folder, name=SHORT):
        os.makedirs(self.path(folder), exist_ok=True)
        shutil.copy(self.real(name), self.path(folder))

    def wheel(self, data, name=SHORT):
        with zipfile.ZipFile(self.path("some.whl"), "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(WHEEL_FOLDER + name, data)
        self.environment["PIP_GIVES"] = self.path("some.whl")


class Fetch(Models):
    def fetch(self, *words, code=0):
        done = self.mien("models", "fetch", "face_detector_short")
        self.assertEqual(done.returncode, code, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done

    def test_from_the_official_address(self):
        self.environment["CURL_GIVES"] = self.real()
        self.fetch("storage.googleapis.com", "verified")
        self.assertEqual(self.stored(), [SHORT])
        self.assertIn("--connect-timeout 5 ", self.calls())
        self.assertIn("https://storage.googleapis.com/mediapipe-assets/modules/face_detection/" +
                      SHORT, self.calls())
        self.assertNotIn("-m pip", self.calls())

    def test_again_does_nothing(self):
        self.put_real(self.store())
        self.fetch("already there")
        self.assertEqual(self.calls(), "")

    def test_from_the_wheel(self):
        with open(self.real(), "rb") as file:
            self.wheel(file.read())
        self.fetch("wheel", "verified")
        self.assertEqual(self.stored(), [SHORT])
        for word in ("download", "--no-deps", "--only-binary=:all:", "--python-version 3.11",
                     "--platform manylinux", "mediapipe=="):
            self.assertIn(word, self.calls())

    def test_the_wheel_is_downloaded_once(self):
        self.wheel(b"something else")
        done = self.mien("models", "fetch")
        self.assertEqual(done.returncode, 5)
        self.assertEqual(self.calls().count("-m pip"), 1)
        self.assertEqual(self.calls().count("curl "), 4)

    def test_a_wrong_hash(self):
        self.environment["CURL_GIVES"] = self.path(self.write("wrong", b"TFL3" * 1000))
        self.fetch("is not the file that mien knows", "SHA-256", code=5)
        self.assertEqual(self.stored(), [])

    def test_a_wrong_hash_in_the_wheel(self):
        self.wheel(b"TFL3" * 1000)
        self.fetch("is not the file that mien knows", code=5)
        self.assertEqual(self.stored(), [])

    def test_a_truncated_download(self):
        with open(self.real(), "rb") as file:
            data = file.read()
        self.environment["CURL_GIVES"] = self.path(self.write("short", data[:-1]))
        self.fetch("is not the file that mien knows", code=5)
        self.assertEqual(self.stored(), [])
        self.environment["CURL_GIVES"] = self.path(self.write("short", b""))
        self.fetch("is not the file that mien knows", code=5)
        self.assertEqual(self.stored(), [])

    def test_the_wheel_makes_up_for_a_wrong_file(self):
        self.environment["CURL_GIVES"] = self.path(self.write("wrong", b"<html>log in</html>"))
        with open(self.real(), "rb") as file:
            self.wheel(file.read())
        self.fetch("is not the file that mien knows", "verified")
        self.assertEqual(self.stored(), [SHORT])

    def test_a_wheel_without_the_file(self):
        self.wheel(b"", name="other.tflite")
        self.fetch("cannot be downloaded", code=5)
        self.assertEqual(self.stored(), [])

    def test_no_source(self):
        done = self.fetch("curl", "pip", "check the network", code=5)
        self.assertEqual(done.stderr.count("mien: error: "), 1)
        self.assertEqual(self.stored(), [])

    def test_no_programs(self):
        self.environment["PATH"] = self.path("empty")
        self.fetch("cannot be downloaded", code=5)

    def test_the_bundle_has_one_source(self):
        done = self.mien("models", "fetch", "face_landmarker")
        self.assertEqual(done.returncode, 5)
        self.assertIn("its only source", done.stderr)
        self.assertNotIn("-m pip", self.calls())

    def test_a_wrong_file_is_replaced(self):
        self.put(self.store(), b"old")
        self.environment["CURL_GIVES"] = self.real()
        self.fetch("verified")
        with open(self.real(), "rb") as file:
            self.assertEqual(self.read(os.path.join(self.store(), SHORT)), file.read())

    def test_to_another_folder(self):
        self.environment["CURL_GIVES"] = self.real()
        self.good("models", "fetch", "face_detector_short", "--model-dir", "here/models")
        self.assertEqual(os.listdir(self.path("here/models")), [SHORT])
        self.environment["MIEN_MODEL_DIR"] = self.path("there")
        self.good("models", "fetch", "face_detector_short")
        self.assertEqual(os.listdir(self.path("there")), [SHORT])
        self.assertEqual(self.stored(), [])

    def test_a_folder_that_cannot_be_made(self):
        self.write("file", b"")
        self.fails(6, ["models", "fetch", "--model-dir", "file/models"], "file/models")

    def test_ctrl_c(self):
        """The terminal sends it to the download, too; nothing stays."""
        self.write("bin/curl", b"#!/bin/sh\n: >>\"$CALLS\"\nexec sleep 100\n")
        process = self.start("models", "fetch", stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.stderr.close)
        while "calls" not in self.files():
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(tool.TIMEOUT), 130)
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(self.stored(), [])

    def test_quiet(self):
        self.environment["CURL_GIVES"] = self.real()
        self.assertEqual(self.good("models", "fetch", "face_detector_short", "-q").stderr, "")


class Find(Models):
    def where(self, *arguments):
        done = self.good("models", "list", "--json", *arguments)
        models = json.loads(done.stdout)
        schema.validate(tool.load_schema("models-1.schema.json"), models)
        return next(m for m in models["models"] if m["file"] == SHORT)

    def test_order(self):
        """Later places are found only while the earlier ones have nothing."""
        self.assertEqual(self.where()["state"], "missing")
        places = [self.store("system"), self.store("cache"), self.store("data"), "variable"]
        self.environment["MIEN_MODEL_DIR"] = self.path("variable")
        for place in places:
            self.put_real(place)
            found = self.where()
            self.assertEqual(found["path"], self.path(os.path.join(place, SHORT)))
            self.assertEqual((found["state"], found["sha256"]), ("ok", self.sha256()))
            self.assertIn(found["edition"], ("official", "wheel"))
        self.put_real("option")
        self.assertEqual(self.where("--model-dir", "option")["path"], f"option/{SHORT}")

    def test_default_folders_are_below_home(self):
        for variable in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
            self.environment.pop(variable)
        self.put_real("home/.cache/mien/models")
        self.assertIn("/home/.cache/", self.where()["path"])
        self.put_real("home/.local/share/mien/models")
        self.assertIn("/home/.local/share/", self.where()["path"])

    def test_list(self):
        self.put(self.store(), b"damaged")
        text = self.good("models", "list").stdout
        lines = text.splitlines()
        self.assertEqual(len(lines), 8)
        self.assertNotIn("\033", text)
        names = [line.split()[0] for line in lines]
        self.assertEqual(names, ["NAME", "face_mesh", "face_mesh_attention", "face_detector_short",
                                 "face_detector_full", "face_detector_full_sparse",
                                 "face_landmarker", "iris_landmark"])
        self.assertRegex(lines[3], SHORT + r" +229032 +Apache-2.0 +wrong hash +/.*/data/mien/")
        self.assertRegex(lines[1], r"missing +-$")

    def test_verify(self):
        self.good("models", "verify")
        self.fails(5, ["models", "verify", "face_detector_short"],
                   "mien models fetch face_detector_short")
        self.put_real(self.store())
        self.good("models", "verify", "face_detector_short")
        data = bytearray(self.read(os.path.join(self.store(), SHORT)))
        data[-1] ^= 1
        self.put(self.store(), data)
        self.fails(5, ["models", "verify"], SHORT, "wrong hash",
                   "mien models fetch face_detector_short")
        os.remove(self.path(os.path.join(self.store(), SHORT)))
        self.put(self.store(), b"")
        self.fails(5, ["models", "verify"], "wrong hash")

    def test_inspect(self):
        self.put_real(self.store())
        report = self.good("models", "inspect", "face_detector_short").stdout
        self.assertIn(self.sha256(), report)
        self.assertGreater(len(report.splitlines()), 20)
        by_file = self.good("models", "inspect", os.path.join(self.store(), SHORT)).stdout
        self.assertEqual(by_file.split("\n", 1)[1], report.split("\n", 1)[1])

    def test_inspect_nonsense(self):
        self.fails(5, ["models", "inspect", "missing.tflite"], "missing.tflite")
        self.fails(5, ["models", "inspect", self.write("x.tflite", b"nonsense")], "x.tflite")
        self.fails(5, ["models", "inspect", "face_mesh"], "mien models fetch face_mesh")


class Export(Models):
    """That the networks compute the same is for golden/onnx to say."""

    def setUp(self):
        super().setUp()
        self.need_models()
        self.environment["MIEN_MODEL_DIR"] = tool.MODELS

    def bundle(self):
        return self.need("models/face_landmarker.task")

    def test_a_file(self):
        done = self.good("models", "export", "face_detector_short", "--onnx", "short.onnx")
        data = self.read("short.onnx")
        self.assertIn(self.sha256().encode(), data)
        for word in (b"mien", b"Apache-2.0", b"face_detector_short", b"regressors"):
            self.assertIn(word, data)
        self.assertEqual(done.stderr, f"short.onnx: {len(data)} bytes\n")
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.files(), ["bin", "short.onnx"])
        # The same by path, over the old file, and quiet.
        self.write("short.onnx", b"old")
        again = self.good("models", "export", self.real(), "--onnx", "short.onnx", "-q")
        self.assertEqual(self.read("short.onnx"), data)
        self.assertEqual(again.stderr, "")

    def test_standard_output(self):
        with open(self.path("piped.onnx"), "wb") as file:
            process = self.start("models", "export", self.real(), "--onnx", "-", stdout=file)
            self.assertEqual(process.wait(tool.TIMEOUT), 0)
        self.good("models", "export", self.real(), "--onnx", "named.onnx")
        self.assertEqual(self.read("piped.onnx"), self.read("named.onnx"))

    def test_a_bundle_into_a_folder(self):
        self.good("models", "export", self.bundle(), "--onnx", "networks/")
        self.assertEqual(sorted(os.listdir(self.path("networks"))),
                         ["face_blendshapes.onnx", "face_detector.onnx",
                          "face_landmarks_detector.onnx"])
        # A folder that is there needs no slash; a .tflite file gives its own name.
        self.good("models", "export", self.real(), "--onnx", "networks")
        self.good("models", "export", self.bundle(), "--network", "face_detector", "--onnx",
                  "networks")
        self.assertEqual(len(os.listdir(self.path("networks"))), 4)
        self.assertIn("face_detection_short_range.onnx", os.listdir(self.path("networks")))

    def test_a_network_of_a_bundle(self):
        for name in ("face_blendshapes", "face_blendshapes.tflite"):
            self.good("models", "export", self.bundle(), "--network", name, "--onnx", "b.onnx")
            self.assertIn(b"serving_default_input_points:0", self.read("b.onnx"))

    def test_which_network(self):
        bundle = self.bundle()
        self.fails(2, ["models", "export", bundle, "--onnx", "x.onnx"], "--network",
                   "face_detector, face_landmarks_detector, face_blendshapes", "folder")
        self.fails(2, ["models", "export", bundle, "--onnx", "x.onnx", "--network", "face"],
                   "no network face;", "face_blendshapes")
        self.fails(2, ["models", "export", self.real(), "--onnx", "x.onnx", "--network", "face"],
                   "leave out --network")
        self.fails(2, ["models", "export", self.real()], "--onnx")
        self.fails(2, ["models", "export", "--onnx", "x.onnx"], "FILE")
        self.assertEqual(self.files(), ["bin"])

    def test_bad_input(self):
        self.fails(5, ["models", "export", "missing.tflite", "--onnx", "x.onnx"], "missing.tflite")
        self.fails(5, ["models", "export", self.write("text", b"nonsense"), "--onnx", "x.onnx"],
                   "text")
        self.environment["MIEN_MODEL_DIR"] = self.path("empty")
        self.fails(5, ["models", "export", "face_mesh", "--onnx", "x.onnx"],
                   "mien models fetch face_mesh")
        self.assertNotIn("x.onnx", self.files())

    def zip_of(self, name, **members):
        with zipfile.ZipFile(self.path(name), "w", zipfile.ZIP_STORED) as file:
            for member, network in members.items():
                path = os.path.join(tool.SOURCE, "tests/fuzz/corpus/network", network)
                file.write(path, member)
        return name

    def test_an_operation_without_translation(self):
        """Nothing stays of what was written before it."""
        both = self.zip_of("both.task", **{"a.tflite": "conv-prelu", "b.tflite": "softmax"})
        self.fails(5, ["models", "export", both, "--onnx", "out/"], both, "b.tflite",
                   "operator 0 (SOFTMAX)")
        self.assertEqual(self.files(), ["bin", both])
        self.good("models", "export", both, "--network", "a", "--onnx", "out/")
        self.assertEqual(os.listdir(self.path("out")), ["a.onnx"])

    def test_names_that_lead_elsewhere(self):
        for name in (b"../a.tflite", b"/a.tflite", b".a.tflite", b"b/a.tflite"):
            # Python's own writer would mend the name.
            plain = b"_" * (len(name) - 8) + b"_.tflite"
            bundle = self.zip_of("evil.task", **{plain.decode(): "conv-prelu"})
            self.write(bundle, self.read(bundle).replace(plain, name))
            self.fails(5, ["models", "export", bundle, "--onnx", "out/"], "no name for a file")
        self.assertEqual(self.files(), ["bin", "evil.task"])
        self.good("models", "export", bundle, "--onnx", "a.onnx")

    def test_two_of_one_name(self):
        bundle = self.zip_of("twins.task", **{"a.tflite": "conv-prelu", "b.tflite": "sparse"})
        data = self.read(bundle).replace(b"b.tflite", b"a.tflite")
        self.fails(5, ["models", "export", self.write(bundle, data), "--onnx", "out/"],
                   "two networks", "out/a.onnx")

    def test_where_it_cannot_be_written(self):
        model = self.real()
        self.fails(6, ["models", "export", model, "--onnx", "no/where.onnx"], "no/where.onnx",
                   "create the folder")
        self.fails(6, ["models", "export", model, "--onnx", "no/where/"], "no/where/")
        self.fails(6, ["models", "export", model, "--onnx", "/dev/full"], "No space left")
        self.write("file", b"")
        self.fails(6, ["models", "export", model, "--onnx", "file/"], "file/")
        self.assertEqual(self.files(), ["bin", "file"])

    def test_the_model_is_not_overwritten(self):
        shutil.copy(self.real(), self.path("m.tflite"))
        os.symlink("m.tflite", self.path("link.onnx"))
        for out in ("m.tflite", "./m.tflite", "link.onnx"):
            self.fails(2, ["models", "export", "m.tflite", "--onnx", out], "overwrite")
        self.assertEqual(self.files(), ["bin", "link.onnx", "m.tflite"])


class Bench(Models):
    def test_missing_models_are_left_out(self):
        self.put_real(self.store())
        done = self.good("bench", "--repeats", "3", "--json")
        self.assertIn("face_mesh: skipped: face_landmark.tflite is not on this machine",
                      done.stderr)
        self.assertIn("mien models fetch face_landmarker", done.stderr)
        report = json.loads(done.stdout)
        schema.validate(tool.load_schema("bench-1.schema.json"), report)
        self.assertEqual([n["name"] for n in report["networks"]], ["face_detector_short"])
        self.assertEqual(report["repeats"], 3)
        network = report["networks"][0]
        # 30.76 million multiply-adds, as counted in the file.
        self.assertAlmostEqual(network["macs"] * 1e-6, 30.76, delta=0.31)
        self.assertAlmostEqual(network["gmac_s"], network["macs"] / network["ms"] * 1e-6,
                               delta=0.01 * network["gmac_s"])
        self.assertLessEqual(network["ms"], network["median_ms"])

    def test_table(self):
        self.put_real(self.store())
        text = self.good("bench", "--network", "face_detector_short", "--repeats", "2").stdout
        self.assertIn("FMA peak", text)
        self.assertRegex(text.splitlines()[-1], r"^face_detector_short .*%$")

    def test_blocks(self):
        self.put_real(self.store())
        asked = ("bench", "--network", "face_detector_short", "--repeats", "2", "--blocks")
        self.assertIn("conv 128x128 3>24 5x5/2", self.good(*asked).stdout)
        report = json.loads(self.good(*asked, "--json").stdout)
        schema.validate(tool.load_schema("bench-1.schema.json"), report)
        network = report["networks"][0]
        self.assertEqual(sum(b["macs"] for b in network["blocks"]), network["macs"])
        # Each is the best of few rounds, so they may add up to a little more than the whole.
        self.assertLess(max(b["ms"] for b in network["blocks"]), network["ms"])

    def test_instruction_sets_can_be_left_out(self):
        self.put_real(self.store())
        asked = ("bench", "--network", "face_detector_short", "--repeats", "3", "--json")
        peaks = [json.loads(self.good(*asked, "--cpu-mask", mask).stdout)["fma_peak_gmac_s"]
                 for mask in ("0", "15")]
        self.assertGreater(peaks[0], 0)
        self.assertGreaterEqual(peaks[1], 0.9 * peaks[0])

    def test_pipeline(self):
        clip = self.need("testdata/short_hamilton_clip.mp4")
        asked = ("bench", "--repeats", "2", "--pipeline", clip)
        self.put_real(self.store())
        done = self.mien(*asked)
        self.assertEqual(done.returncode, 5)
        self.assertIn("--pipeline needs face_mesh", done.stderr)
        self.put_real(self.store(), "face_landmark.tflite")
        report = json.loads(self.good(*asked, "--json").stdout)
        schema.validate(tool.load_schema("bench-1.schema.json"), report)
        self.assertEqual([n["name"] for n in report["networks"]],
                         ["face_mesh", "face_detector_short"])
        pipeline = report["pipeline"]
        self.assertEqual((pipeline["input"], pipeline["frames"]), (clip, 275))
        self.assertGreater(pipeline["tracked"], 100)
        self.assertGreater(pipeline["decode_ms"], 0)
        # Where the face is not known the detector runs too.
        self.assertGreater(pipeline["frame_ms"], 0)
        self.assertGreater(pipeline["tracked_ms"], 0)
        self.assertGreater(pipeline["frames_per_second"], 0)
        told = self.good(*asked).stdout
        self.assertRegex(told, r"mien run, whose stages work side by side: \d+ frames a second, of ")
        self.fails(4, ["bench", "--repeats", "1", "--pipeline", self.write("no.mp4", b"x" * 99)],
                   "no.mp4")

    def interrupt_pipeline(self, clip, moment):
        """Ctrl-C when a terminal has shown `moment`; what the report says of the video."""
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        process = self.start("bench", "--repeats", "5", "--json", "--pipeline", clip,
                             stdout=subprocess.PIPE, stderr=slave)
        self.addCleanup(process.stdout.close)
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):  # the tool has ended
            while moment not in shown:
                shown += os.read(master, 4096)
        self.assertIn(moment, shown)
        process.send_signal(signal.SIGINT)
        report = json.loads(process.stdout.read())
        self.assertEqual(process.wait(tool.TIMEOUT), 130)
        schema.validate(tool.load_schema("bench-1.schema.json"), report)
        return report["pipeline"]

    def test_interrupted_pipeline(self):
        """A pass that is cut short takes nothing back; of a run that is, there is no rate."""
        clip = self.need("testdata/short_hamilton_clip.mp4")
        self.put_real(self.store())
        self.put_real(self.store(), "face_landmark.tflite")
        for moment in (b"pass 2 of 10", b"pass 6 of 10"):
            pipeline = self.interrupt_pipeline(clip, moment)
            self.assertEqual(pipeline["frames"], 275)
            self.assertGreater(pipeline.get("frames_per_second", 1), 0)

    def test_nothing_to_measure(self):
        done = self.mien("bench", "--network", "face_mesh")
        self.assertEqual(done.returncode, 5)
        self.assertEqual(done.stdout, "")

    def test_a_wrong_model_is_not_measured(self):
        self.put(self.store(), b"nonsense")
        self.fails(5, ["bench", "--network", "face_detector_short"], SHORT)


if __name__ == "__main__":
    tool.main()
