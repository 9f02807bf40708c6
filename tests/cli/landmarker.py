# SPDX-License-Identifier: Apache-2.0
"""`mien run` with a bundle: blendshapes, pose, smoothing, the layout of OpenFace, the axes drawn."""

import csv
import functools
import io
import math
import os

import tool

BUNDLE = "face_landmarker.task"
PORTRAIT = "testdata/obama.jpg"
CLIP = "testdata/short_hamilton_clip.mp4"
N_COLUMNS = 11 + 5 * 68


def multiply(a, b):
    return [[sum(a[i][j] * b[j][k] for j in range(3)) for k in range(3)] for i in range(3)]


class Landmarker(tool.Case):
    def setUp(self):
        super().setUp()
        if not os.path.exists(os.path.join(tool.MODELS, BUNDLE)):
            self.skipTest("needs " + BUNDLE)

    def face(self, *arguments):
        (face,) = self.ndjson(self.good("run", *arguments).stdout)[1]["faces"]
        return face

    def rows(self, text):
        return list(csv.DictReader(io.StringIO(text)))


class Ndjson(Landmarker):
    def test_by_the_name_of_its_file(self):
        portrait = self.need(PORTRAIT)
        self.assertEqual(self.face(portrait, "-m", BUNDLE), self.face(portrait, "-m", "face_landmarker"))
        self.write(BUNDLE, b"what lies in the working folder comes first")
        self.fails(5, ["run", portrait, "-m", BUNDLE], BUNDLE)

    def test_a_bundle_brings_everything(self):
        lines = self.ndjson(self.good("run", self.need(PORTRAIT), "-m", "face_landmarker").stdout)
        header, frame, _ = lines
        self.assertEqual(header["device"]["stages"]["blendshapes"], "cpu")
        self.assertEqual([m["role"] for m in header["models"]],
                         ["landmarks", "detector", "blendshapes"])
        self.assertEqual({m["file"] for m in header["models"]}, {BUNDLE})
        self.assertEqual(header["options"]["smooth"], "default")
        (face,) = frame["faces"]
        self.assertEqual(len(face["face_landmarks"]), 478)
        scores = face["face_blendshapes"]
        self.assertEqual(list(scores)[:2], ["_neutral", "browDownLeft"])
        self.assertGreater(scores["mouthSmileLeft"], 0.8)
        self.assertLess(scores["jawOpen"], 0.2)
        matrix, pose = face["facial_transformation_matrix"], face["pose"]
        self.assertEqual(matrix[3], [0, 0, 0, 1])
        self.assertTrue(-70 < matrix[2][3] < -50)
        self.assertAlmostEqual(sum(q * q for q in pose["quaternion"]), 1, delta=1e-5)
        for angle in ("yaw", "pitch", "roll"):
            self.assertLess(abs(pose[angle]), 5)
        # Ry(yaw) Rx(pitch) Rz(roll) is the matrix.
        yaw, pitch = math.radians(pose["yaw"]), math.radians(pose["pitch"])
        self.assertAlmostEqual(matrix[0][2], math.sin(yaw) * math.cos(pitch), delta=1e-2)
        self.assertAlmostEqual(matrix[1][2], -math.sin(pitch), delta=1e-2)

    def test_other_models_have_neither(self):
        face = self.face(self.need(PORTRAIT))
        self.assertEqual(set(face), {"face_id", "score", "presence", "box", "face_landmarks"})
        # ... but a pose where one is asked for.
        face = self.face(self.need(PORTRAIT), "--fov", "63")
        self.assertIn("pose", face)
        self.assertNotIn("face_blendshapes", face)

    def test_field_of_view(self):
        near = self.face(self.need(PORTRAIT), "-m", "face_landmarker")
        far = self.face(self.need(PORTRAIT), "-m", "face_landmarker", "--fov", "30")
        ratio = (far["facial_transformation_matrix"][2][3] /
                 near["facial_transformation_matrix"][2][3])
        # The same picture through a longer lens is of a face farther away.
        want = math.tan(math.radians(63 / 2)) / math.tan(math.radians(30 / 2))
        self.assertAlmostEqual(ratio, want, delta=0.1)
        self.assertEqual(near["face_landmarks"], far["face_landmarks"])

    def test_detector_of_ones_own(self):
        done = self.good("run", self.need(PORTRAIT), "-m", "face_landmarker", "--detector", "full")
        header, frame, _ = self.ndjson(done.stdout)
        self.assertEqual(header["models"][1]["name"], "face_detector_full_sparse")
        self.assertEqual(len(frame["faces"]), 1)

    def test_thresholds(self):
        name = self.need(PORTRAIT)
        run = ["run", name, "-m", "face_landmarker"]
        self.assertEqual(self.ndjson(
            self.good(*run, "--min-presence-confidence", "1").stdout)[1]["faces"], [])
        self.assertEqual(len(self.ndjson(
            self.good(*run, "--min-tracking-confidence", "1").stdout)[1]["faces"]), 1)

    def test_smoothing(self):
        """By default as MediaPipe: with one face. Stronger is calmer, and off changes nothing."""
        clip = self.need(CLIP)

        def xs(*arguments):
            lines = self.ndjson(self.good("run", clip, "-m", "face_landmarker", *arguments).stdout)
            frames = [line for line in lines if line["type"] == "frame"][120:180]
            return [frame["faces"][0]["face_landmarks"][1][0] for frame in frames]

        def trembling(values):
            return sum(abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:]))

        default, off = xs(), xs("--smooth", "off")
        self.assertEqual(default, xs("--smooth", "mediapipe"))
        self.assertNotEqual(default, off)
        self.assertLess(trembling(default), trembling(off))
        self.assertLess(trembling(xs("--smooth", "strong")), trembling(default))

    def test_mistakes(self):
        self.fails(2, ["run", "a.ppm", "--smooth", "of"], "did you mean off")
        self.fails(2, ["run", "a.ppm", "--fov", "0"], "1 to 170")
        self.fails(2, ["run", "a.ppm", "-m", "face_landmarked"], "did you mean face_landmarker")
        self.fails(2, ["run", "a.ppm", "-m", "x"], "face_mesh_attention, face_landmarker")


class OpenFace(Landmarker):
    def test_a_portrait(self):
        path = self.need(PORTRAIT)
        text = self.good("run", path, "-m", "face_landmarker", "--format", "openface").stdout
        (row,) = self.rows(text)
        self.assertEqual(len(row), N_COLUMNS)
        self.assertFalse([name for name in row if "gaze" in name or " " in name])
        self.assertEqual((row["frame"], row["face_id"], row["success"]), ("1", "0", "1"))
        self.assertEqual(float(row["timestamp"]), 0)
        face = self.face(path, "-m", "face_landmarker")
        self.assertAlmostEqual(float(row["confidence"]), face["presence"], delta=1e-6)
        matrix = face["facial_transformation_matrix"]
        # Millimetres, y down and z away from the camera.
        for name, want in zip(("pose_Tx", "pose_Ty", "pose_Tz"),
                              (10 * matrix[0][3], -10 * matrix[1][3], -10 * matrix[2][3])):
            self.assertAlmostEqual(float(row[name]), want, delta=0.01)
        self.check_rotation(row, matrix)
        header = self.ndjson(self.good("run", path).stdout)[0]
        width, height = header["width"], header["height"]
        # Landmark 30 is the tip of the nose, 36 the outer corner of the eye on the left.
        for index, landmark in ((30, 4), (36, 33), (45, 263)):
            x, y, _ = face["face_landmarks"][landmark]
            self.assertAlmostEqual(float(row[f"x_{index}"]), x * width, delta=0.01)
            self.assertAlmostEqual(float(row[f"y_{index}"]), y * height, delta=0.01)
        self.check_points(row, height)
        # Outer corners of the eyes are about 9 cm apart.
        eyes = math.dist(*[[float(row[f"{axis}_{i}"]) for axis in "XYZ"] for i in (36, 45)])
        self.assertTrue(70 < eyes < 110, eyes)

    def check_rotation(self, row, matrix):
        """Rx Ry Rz in OpenFace's axes is the matrix in ours, whose y and z point the other way."""
        a, b, c = (float(row[name]) for name in ("pose_Rx", "pose_Ry", "pose_Rz"))
        turns = (((1, 0, 0), (0, math.cos(a), -math.sin(a)), (0, math.sin(a), math.cos(a))),
                 ((math.cos(b), 0, math.sin(b)), (0, 1, 0), (-math.sin(b), 0, math.cos(b))),
                 ((math.cos(c), -math.sin(c), 0), (math.sin(c), math.cos(c), 0), (0, 0, 1)))
        product = functools.reduce(multiply, turns)
        scale = math.hypot(*[matrix[row][0] for row in range(3)])
        for i in range(3):
            for k in range(3):
                sign = 1 if (i == 0) == (k == 0) else -1
                self.assertAlmostEqual(product[i][k], sign * matrix[i][k] / scale, delta=1e-4)

    def check_points(self, row, height):
        """Seen through the camera, the points in space are the points in the picture."""
        focal = height / 2 / math.tan(math.radians(63 / 2))
        width = 910
        for i in range(68):
            x, y, z = (float(row[f"{axis}_{i}"]) for axis in "XYZ")
            self.assertGreater(z, 300)
            self.assertAlmostEqual(focal * x / z + width / 2, float(row[f"x_{i}"]), delta=0.05)
            self.assertAlmostEqual(focal * y / z + height / 2, float(row[f"y_{i}"]), delta=0.05)

    def test_every_frame_has_a_row(self):
        self.good("run", self.need(CLIP), "-o", "clip.csv", "--format", "openface")
        rows = self.rows(self.read("clip.csv").decode())
        self.assertEqual([int(row["frame"]) for row in rows], list(range(1, 276)))
        without = [row for row in rows if row["success"] == "0"]
        self.assertTrue(80 < len(without) < 200)
        self.assertEqual({without[0][name] for name in ("pose_Tz", "x_0", "Z_67", "confidence")},
                         {"0"})

    def test_several_inputs(self):
        self.write("flat.ppm", tool.ppm(20, 10))
        text = self.good("run", "flat.ppm", self.need(PORTRAIT), "-f", "openface").stdout
        rows = self.rows(text)
        self.assertEqual([row["success"] for row in rows], ["0", "1"])
        self.assertEqual(rows[0]["source"], "flat.ppm")
        self.good("run", self.need(PORTRAIT), "-o", "out/", "--format", "openface")
        self.assertIn("pose_Tx", self.read("out/obama.csv").decode())


class Overlay(Landmarker):
    def test_axes_are_drawn(self):
        path = self.write("half.ppm", tool.ppm_of(self.need(PORTRAIT), 2))
        self.good("run", path, "-m", "face_landmarker", "-o", "plain.png", "--draw", "none")
        self.good("run", path, "-o", "axes.png", "--draw", "pose")
        plain, axes = self.read("plain.png"), self.read("axes.png")
        width, height = tool.png_size(plain)
        before, after = tool.png_pixels(plain), tool.png_pixels(axes)
        face = self.face(path)
        x, y, _ = face["face_landmarks"][1]
        # To the right of the nose red, above it green.
        for dx, dy, channel in ((40, 2, 0), (-2, -40, 1)):
            best = 0
            for off in range(-6, 7):
                column = round(x * width) + dx + (0 if dx > 10 else off)
                row = round(y * height) + dy + (off if dx > 10 else 0)
                at = 3 * (row * width + column)
                pixel = after[at:at + 3]
                if pixel != before[at:at + 3]:
                    best = max(best, pixel[channel] - max(pixel[:channel] + pixel[channel + 1:]))
            self.assertGreater(best, 60)


if __name__ == "__main__":
    tool.main()
