# SPDX-License-Identifier: Apache-2.0
"""The programs in examples/ do what they say, and are as short as the README says."""

import os
import subprocess

import tool

LANDMARKS = os.path.join(os.environ["MIEN_EXAMPLES"], "landmarks")


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
        self.good("run", picture, "-o", "a.png", "--draw", "none")
        data = self.read("a.png")
        self.write("a.ppm", b"P6\n%d %d\n255\n" % tool.png_size(data) + tool.png_pixels(data))
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


if __name__ == "__main__":
    tool.main()
