# SPDX-License-Identifier: Apache-2.0
"""The programs in examples/ do what they say, and are as short as the README says."""

import os
import subprocess

import tool

EXAMPLES = os.environ["MIEN_EXAMPLES"]
LANDMARKS = os.path.join(EXAMPLES, "landmarks")


class Landmarks(tool.Case):
    def example(self, *arguments):
        return subprocess.run([LANDMARKS, *arguments], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)

    def models(self):
        self.need_models()
        return [os.path.join(tool.MODELS, name) for name in
                ("face_landmark.tflite", "face_detection_short_range.tflite")]

    def test_it_is_short(self):
        with open(os.path.join(tool.SOURCE, "examples", "landmarks.c"), encoding="utf-8") as file:
            self.assertLess(len(file.readlines()), 40)

    def test_it_finds_the_nose(self):
        """Where the tool finds it: both see the same pixels."""
        models = self.models()
        picture = self.need("testdata/obama.jpg")
        self.write("a.ppm", tool.ppm_of(picture))
        header, frame, _ = self.ndjson(self.good("run", "a.ppm").stdout)
        x, y, _ = frame["faces"][0]["face_landmarks"][1]
        done = self.example(*models, "a.ppm")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^nose at [\d.]+, [\d.]+\n$")
        got = [float(word) for word in done.stdout.removeprefix("nose at ").split(",")]
        self.assertAlmostEqual(got[0], x * header["width"], delta=0.06)
        self.assertAlmostEqual(got[1], y * header["height"], delta=0.06)

    def test_mistakes(self):
        models = self.models()
        self.assertEqual(self.example().returncode, 1)
        self.write("a.ppm", tool.ppm(40, 30))
        self.assertEqual(self.example(*models, "a.ppm").stdout, "")
        self.write("cut.ppm", tool.ppm(40, 30)[:-1])
        done = self.example(*models, "cut.ppm")
        self.assertEqual(done.returncode, 1)
        self.assertIn("usage", done.stderr)
        self.write("empty.ppm", b"P6\n0 5\n255\n")
        self.assertEqual(self.example(*models, "empty.ppm").returncode, 1)
        done = self.example("none.tflite", models[1], "a.ppm")
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.tflite", done.stderr)


class Bundle(tool.Case):
    """The programs that take a bundle."""

    def setUp(self):
        super().setUp()
        self.bundle = os.path.join(tool.MODELS, "face_landmarker.task")
        if not os.path.exists(self.bundle):
            self.skipTest("needs face_landmarker.task")

    def run_example(self, name, *arguments, **more):
        program = os.path.join(EXAMPLES, name)
        if not os.path.exists(program):
            self.skipTest("needs a C++ compiler that goes with the C compiler")
        return subprocess.run([program, *arguments], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, **more)

    def make_ppm(self):
        """A portrait as a PPM file, and what the tool finds in it."""
        self.write("a.ppm", tool.ppm_of(self.need("testdata/obama.jpg")))
        header, frame, _ = self.ndjson(self.good("run", "a.ppm", "-m", "face_landmarker").stdout)
        return header, frame["faces"][0]

    def test_they_are_short(self):
        for name in ("landmarker.c", "live.c"):
            with open(os.path.join(tool.SOURCE, "examples", name), encoding="utf-8") as file:
                self.assertLess(len(file.readlines()), 55, name)

    def test_landmarker(self):
        _, face = self.make_ppm()
        done = self.run_example("landmarker", self.bundle, "a.ppm", text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        first, *rest = done.stdout.splitlines()
        pose = face["pose"]
        self.assertEqual(first, "yaw {yaw:.1f}, pitch {pitch:.1f}, roll {roll:.1f} degrees"
                         .format(**pose))
        want = [f"{name} {score:.2f}" for name, score in face["face_blendshapes"].items()
                if score > 0.5]
        self.assertEqual(rest, want)
        self.assertGreater(len(want), 3)
        self.assertEqual(self.run_example("landmarker").returncode, 1)

    def test_a_mat_of_opencv(self):
        header, face = self.make_ppm()
        done = self.run_example("opencv_mat", self.bundle, "a.ppm", text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        x, y, _ = face["face_landmarks"][1]
        self.assertEqual(done.stdout, f"nose at {x * header['width']:.1f}, "
                                      f"{y * header['height']:.1f}\n")
        self.assertEqual(self.run_example("opencv_mat", self.bundle, "none.ppm").returncode, 1)

    def test_live(self):
        header, _ = self.make_ppm()
        size = (header["width"], header["height"])
        pixels = self.read("a.ppm")[-3 * size[0] * size[1]:]
        blank = bytes(len(pixels))
        done = self.run_example("live", self.bundle, *map(str, size),
                                input=blank + 3 * pixels + blank)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode().splitlines(),
                         ["0 us: 0 faces", "33333 us: 1 faces", "66666 us: 1 faces",
                          "99999 us: 1 faces", "133332 us: 0 faces", "5 frames, 0 dropped"])
        self.assertEqual(self.run_example("live", self.bundle, "0", "5").returncode, 1)
        self.assertIn(b"none.task", self.run_example("live", "none.task", "4", "4").stderr)


if __name__ == "__main__":
    tool.main()
