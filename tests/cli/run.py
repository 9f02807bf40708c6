# SPDX-License-Identifier: Apache-2.0
"""`mien run` on pictures: inputs, outputs, their content, and how files come to be."""

import csv
import io
import json
import os
import stat
import struct
import subprocess
import threading

import tool


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


class Run(tool.Case):
    def setUp(self):
        super().setUp()
        self.need_models()

    def portrait(self):
        """A copy of the portrait in the working folder."""
        path = self.need_portrait()
        with open(path, "rb") as file:
            return self.write("portrait" + os.path.splitext(path)[1], file.read())


class Ndjson(Run):
    def test_a_portrait(self):
        name = self.portrait()
        lines = self.ndjson(self.good("run", name).stdout)
        self.assertEqual([line["type"] for line in lines], ["header", "frame", "end"])
        header, frame, end = lines
        self.assertEqual(header["source"], name)
        self.assertEqual(header["kind"], "picture")
        self.assertIsNone(header["fps"])
        self.assertEqual(header["device"]["requested"], "cpu")
        self.assertEqual(set(header["device"]["stages"].values()), {"cpu"})
        self.assertEqual([m["role"] for m in header["models"]], ["landmarks", "detector"])
        self.assertEqual([m["name"] for m in header["models"]],
                         ["face_mesh", "face_detector_short"])
        self.assertEqual(header["options"]["mode"], "image")
        self.assertEqual((frame["frame"], frame["timestamp"]), (0, 0.0))
        self.assertEqual((end["frames"], end["dropped"], end["errors"]), (1, 0, 0))
        (face,) = frame["faces"]
        self.assertEqual(len(face["face_landmarks"]), 468)
        # The box bounds the landmarks, and the face lies in the picture.
        for axis, size in ((0, header["width"]), (1, header["height"])):
            low = min(point[axis] for point in face["face_landmarks"]) * size
            high = max(point[axis] for point in face["face_landmarks"]) * size
            self.assertAlmostEqual(face["box"][axis], low, delta=0.01)
            self.assertAlmostEqual(face["box"][axis] + face["box"][axis + 2], high, delta=0.01)
            self.assertGreater(high - low, 0.05 * size)
        self.assertGreater(face["presence"], 0.5)

    def test_refined(self):
        (face,) = self.ndjson(self.good("run", self.portrait(), "--refine").stdout)[1]["faces"]
        self.assertEqual(len(face["face_landmarks"]), 478)
        by_name = self.good("run", self.portrait(), "--model", "face_mesh_attention").stdout
        self.assertEqual(self.ndjson(by_name)[1]["faces"], [face])

    def test_full_range_detector(self):
        lines = self.ndjson(self.good("run", self.portrait(), "--detector", "full").stdout)
        self.assertEqual(lines[0]["models"][1]["name"], "face_detector_full_sparse")
        self.assertEqual(len(lines[1]["faces"]), 1)

    def test_models_by_path(self):
        path = os.path.join(tool.MODELS, "face_landmark.tflite")
        os.symlink(path, self.path("mine.tflite"))
        lines = self.ndjson(self.good("run", self.portrait(), "--model", "mine.tflite").stdout)
        self.assertEqual(lines[0]["models"][0]["file"], "mine.tflite")
        self.assertEqual(lines[0]["models"][0]["name"], "face_mesh")

    def test_two_people(self):
        path = self.need("testdata/two_people.jpg")
        self.assertEqual(len(self.ndjson(self.good("run", path).stdout)[1]["faces"]), 1)
        faces = self.ndjson(self.good("run", path, "--faces", "3").stdout)[1]["faces"]
        self.assertEqual(len(faces), 2)
        self.assertEqual(sorted(face["face_id"] for face in faces), [0, 1])

    def test_no_face(self):
        self.write("flat.ppm", tool.ppm(200, 100))
        done = self.good("run", "flat.ppm")
        self.assertEqual(self.ndjson(done.stdout)[1]["faces"], [])
        done = self.fails(7, ["run", "flat.ppm", "--require-face"], "no face")
        self.assertEqual(len(self.ndjson(done.stdout)), 3)
        self.good("run", "flat.ppm", self.portrait(), "--require-face")

    def test_thresholds(self):
        name = self.portrait()
        self.assertEqual(self.ndjson(
            self.good("run", name, "--min-detection-confidence", "1").stdout)[1]["faces"], [])
        self.assertEqual(self.ndjson(
            self.good("run", name, "--min-tracking-confidence", "1").stdout)[1]["faces"], [])

    def test_floats_are_the_shortest(self):
        """Every printed number is a float32, and its text has no digit too many."""
        text = self.good("run", self.portrait()).stdout.splitlines()[1]
        numbers = []
        json.loads(text, parse_float=lambda number: numbers.append(number) or float(number))
        self.assertGreater(len(numbers), 1400)
        for number in numbers:
            value = float32(float(number))
            digits = number.lstrip("-").replace(".", "").split("e")[0].lstrip("0")
            shortest = next(n for n in range(1, 18) if float32(float(f"{value:.{n}g}")) == value)
            self.assertLessEqual(len(digits), max(shortest, 1), number)

    def test_json_strings(self):
        for name in ('a "b" \\ c\t.ppm', "ü\u2028\x85€😀.ppm"):
            self.write(name, tool.ppm(4, 4))
            self.assertEqual(self.ndjson(self.good("run", name).stdout)[0]["source"], name)
        raw = b"bad\xff\xc0\x80utf8.ppm"
        with open(os.path.join(self.folder.encode(), raw), "wb") as file:
            file.write(tool.ppm(4, 4))
        done = self.good("run", raw)
        self.assertEqual(self.ndjson(done.stdout)[0]["source"], "bad\ufffd\ufffd\ufffdutf8.ppm")

    def test_locale(self):
        """A comma as decimal point, where such a locale is installed, changes nothing."""
        name = self.portrait()
        plain = self.good("run", name).stdout
        for locale in ("de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"):
            done = self.good("run", name, "--min-detection-confidence", "0.5",
                             environment={"LC_ALL": locale})
            self.assertEqual(done.stdout, plain)

    def test_same_results_with_batches_and_threads(self):
        names = [self.portrait()]
        for i in range(5):
            names.append(self.write(f"{i}.ppm", tool.ppm(10 + i, 20)))
        names.insert(3, self.need_portrait())

        def frames(*options):
            lines = self.ndjson(self.good("run", *names, *options).stdout)
            return [line for line in lines if line["type"] != "header"], [
                line["source"] for line in lines if line["type"] == "header"]

        one = frames()
        self.assertEqual(one[1], names)
        for options in (["--batch", "3"], ["--batch", "64"], ["--threads", "3", "--batch", "7"]):
            self.assertEqual(frames(*options), one)


class Table(Run):
    def rows(self, text):
        rows = list(csv.reader(io.StringIO(text)))
        self.assertTrue(all(len(row) == len(rows[0]) for row in rows))
        return rows

    def test_mesh(self):
        name = self.portrait()
        rows = self.rows(self.good("run", name, "--format", "csv").stdout)
        (face,) = self.ndjson(self.good("run", name).stdout)[1]["faces"]
        self.assertEqual(rows[0][:7],
                         ["frame", "timestamp", "face_id", "score", "x_0", "y_0", "z_0"])
        self.assertEqual(len(rows[0]), 4 + 3 * 468)
        self.assertEqual(rows[0][-1], "z_467")
        self.assertEqual(len(rows), 2)
        values = [float(value) for value in rows[1]]
        self.assertEqual(values[:4], [0, 0, face["face_id"], face["score"]])
        self.assertEqual(values[4:], [v for point in face["face_landmarks"] for v in point])

    def test_refined(self):
        rows = self.rows(self.good("run", self.portrait(), "--refine", "-f", "csv").stdout)
        self.assertEqual(rows[0][-1], "z_477")

    def test_several_sources(self):
        name = self.portrait()
        os.rename(self.path(name), self.path("a,b.jpg"))
        self.write("flat.ppm", tool.ppm(40, 40))
        self.good("run", "a,b.jpg", "flat.ppm", self.need_portrait(), "-o", "out.csv")
        rows = self.rows(self.read("out.csv").decode())
        self.assertEqual(rows[0][:3], ["source", "frame", "timestamp"])
        # Pictures without a face have no row.
        self.assertEqual([row[0] for row in rows[1:]], ["a,b.jpg", self.need_portrait()])
        self.assertEqual(rows[1][1:], rows[2][1:])


class Obj(Run):
    def parse(self, text):
        vertices, triangles, objects = [], [], 0
        for line in text.splitlines():
            words = line.split()
            if words[0] == "v":
                vertices.append([float(word) for word in words[1:]])
            elif words[0] == "f":
                triangles.append([int(word) for word in words[1:]])
            objects += words[0] == "o"
        return vertices, triangles, objects

    def test_a_face(self):
        name = self.portrait()
        self.good("run", name, "-o", "face.obj", "-o", "face.jsonl")
        header, frame, _ = self.ndjson(self.read("face.jsonl").decode())
        vertices, triangles, objects = self.parse(self.read("face.obj").decode())
        self.assertEqual((len(vertices), len(triangles), objects), (468, 898, 1))
        for vertex, (x, y, z) in zip(vertices, frame["faces"][0]["face_landmarks"]):
            self.assertAlmostEqual(vertex[0], x * header["width"], delta=0.01)
            self.assertAlmostEqual(vertex[1], (1 - y) * header["height"], delta=0.01)
            self.assertAlmostEqual(vertex[2], -z * header["width"], delta=0.01)
        self.assertEqual(set(v for triangle in triangles for v in triangle), set(range(1, 469)))
        # Seen by the viewer, nearly all triangles turn counter-clockwise: they face him.
        front = 0
        for a, b, c in triangles:
            (ax, ay, _), (bx, by, _), (cx, cy, _) = (vertices[i - 1] for i in (a, b, c))
            front += (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0
        self.assertGreater(front, 0.8 * 898)

    def test_two_faces(self):
        path = self.need("testdata/two_people.jpg")
        text = self.good("run", path, "--faces", "2", "-o", "-", "--format", "obj").stdout
        vertices, triangles, objects = self.parse(text)
        self.assertEqual((len(vertices), len(triangles), objects), (936, 1796, 2))
        self.assertEqual(max(v for triangle in triangles for v in triangle), 936)

    def test_no_face(self):
        self.write("flat.ppm", tool.ppm(40, 40))
        self.good("run", "flat.ppm", "-o", "none.obj")
        self.assertEqual(self.read("none.obj"), b"# no face was found\n")


class Pictures(Run):
    def pixels(self, name):
        return tool.png_pixels(self.read(name))

    def test_annotated(self):
        name = self.write("half.ppm", tool.ppm_of(self.path(self.portrait()), 2))
        self.good("run", name, "-o", "a.png", "-o", "a.jpg", "-o", "a.jsonl")
        header, frame, _ = self.ndjson(self.read("a.jsonl").decode())
        size = header["width"], header["height"]
        self.assertEqual(tool.png_size(self.read("a.png")), size)
        self.assertEqual(self.read("a.jpg")[:2], b"\xff\xd8")
        # Drawing nothing gives the picture itself: all differences are the overlay.
        self.good("run", name, "-o", "plain.png", "--draw", "none")
        drawn, plain = self.pixels("a.png"), self.pixels("plain.png")
        changed = [i // 3 for i in range(0, len(plain), 3) if drawn[i:i + 3] != plain[i:i + 3]]
        x, y, width, height = frame["faces"][0]["box"]
        self.assertGreater(len(changed), 0.05 * width * height)
        margin = 0.03 * max(width, height) + 12
        for pixel in changed:
            self.assertGreater(pixel % size[0], x - margin)
            self.assertLess(pixel % size[0], x + width + margin)
            self.assertGreater(pixel // size[0], y - margin)
            self.assertLess(pixel // size[0], y + height + margin)

    def test_to_a_pipe(self):
        self.write("flat.ppm", tool.ppm(31, 17))
        with open(self.path("piped.png"), "wb") as file:
            process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
            done = self.start("run", "flat.ppm", "-o", "-", "--format", "png",
                              stdout=process.stdin)
            self.assertEqual(done.wait(tool.TIMEOUT), 0)
            process.stdin.close()
            process.wait(tool.TIMEOUT)
        self.assertEqual(tool.png_size(self.read("piped.png")), (31, 17))
        self.assertEqual(self.pixels("piped.png"), bytes((90, 120, 150)) * 31 * 17)


class Inputs(Run):
    def sources(self, *arguments, **options):
        lines = self.ndjson(self.good("run", *arguments, **options).stdout)
        return [line["source"] for line in lines if line["type"] == "header"]

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("folder"))
        os.mkdir(self.path("folder/below"))
        for name in ("b.ppm", "a.PNG", "c.pgm", "below/d.ppm", ".e.ppm"):
            data = tool.png(9, 5) if name.endswith("PNG") else tool.ppm(7, 3)
            self.write("folder/" + name, b"P5\n2 1\n255\nab" if name == "c.pgm" else data)
        self.write("folder/readme.txt", b"text")

    def test_a_folder(self):
        self.assertEqual(self.sources("folder"), ["folder/a.PNG", "folder/b.ppm", "folder/c.pgm"])
        self.assertEqual(self.sources("folder/below/", "folder/b.ppm"),
                         ["folder/below/d.ppm", "folder/b.ppm"])

    def test_a_pattern(self):
        self.assertEqual(self.sources("folder/*.p?m"), ["folder/b.ppm", "folder/c.pgm"])
        self.assertEqual(self.sources("f*r"), ["folder/a.PNG", "folder/b.ppm", "folder/c.pgm"])
        self.write("odd[1].ppm", tool.ppm(2, 2))
        self.assertEqual(self.sources("odd[1].ppm"), ["odd[1].ppm"])

    def test_standard_input(self):
        self.assertEqual(self.sources("-", stdin=tool.png(6, 6)), ["-"])
        self.assertEqual(self.sources("folder/b.ppm", "-", stdin=tool.ppm(6, 6)),
                         ["folder/b.ppm", "-"])
        self.good("run", "-", "-o", "out/", stdin=tool.ppm(6, 6))
        self.assertEqual(os.listdir(self.path("out")), ["stdin.jsonl"])

    def test_options_after_inputs_and_double_dash(self):
        self.write("-x.ppm", tool.ppm(2, 2))
        self.assertEqual(self.sources("--faces", "2", "--", "-x.ppm"), ["-x.ppm"])


class Files(Run):
    def setUp(self):
        super().setUp()
        self.write("a.ppm", tool.ppm(24, 16))
        self.write("b.ppm", tool.ppm(16, 24))

    def test_several_outputs(self):
        done = self.good("run", "a.ppm", "-o", "x.jsonl", "-o", "x.csv", "-o", "x.obj", "-o",
                         "x.png", "-o", "x.jpg", "-o", "x.mp4", "-o", "x.ndjson", "-o", "x.json")
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.files(), ["a.ppm", "b.ppm", "x.csv", "x.jpg", "x.json", "x.jsonl",
                                        "x.mp4", "x.ndjson", "x.obj", "x.png"])
        self.assertEqual(self.read("x.json"), self.read("x.jsonl"))
        self.assertEqual(len(self.ndjson(self.read("x.jsonl").decode())), 3)

    def test_the_ending_is_stronger_than_the_format(self):
        self.good("run", "a.ppm", "-o", "x.CSV", "-o", "y", "--format", "obj")
        self.assertTrue(self.read("x.CSV").startswith(b"frame,"))
        self.assertTrue(self.read("y").startswith(b"#"))

    def test_a_file_and_standard_output(self):
        done = self.good("run", "a.ppm", "-o", "-", "-o", "x.csv")
        self.assertEqual(len(self.ndjson(done.stdout)), 3)

    def test_folders(self):
        os.mkdir(self.path("out"))
        self.good("run", "a.ppm", "b.ppm", "-o", "out", "-o", "new/")
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["a.jsonl", "b.jsonl"])
        self.assertEqual(sorted(os.listdir(self.path("new"))), ["a.jsonl", "b.jsonl"])
        self.assertEqual(self.ndjson(self.read("out/b.jsonl").decode())[0]["source"], "b.ppm")
        self.good("run", "a.ppm", "b.ppm", "-o", "out", "--format", "annotated", "--batch", "2")
        self.assertEqual(tool.png_size(self.read("out/b.png")), (16, 24))
        self.good("run", "a.ppm", "b.ppm", "-o", "out", "--format", "csv")
        self.assertTrue(self.read("out/a.csv").startswith(b"frame,"))

    def test_a_failed_input_in_a_folder(self):
        self.write("bad.ppm", b"")
        done = self.mien("run", "a.ppm", "bad.ppm", "b.ppm", "-o", "out/")
        self.assertEqual(done.returncode, 8)
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["a.jsonl", "b.jsonl"])

    def test_rights_follow_the_umask(self):
        old = os.umask(0o027)
        try:
            self.good("run", "a.ppm", "-o", "x.csv", "-o", "x.png")
        finally:
            os.umask(old)
        for name in ("x.csv", "x.png"):
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), 0o640)

    def test_a_link_stays_a_link(self):
        os.mkdir(self.path("real"))
        self.write("real/x.csv", b"old")
        os.symlink("real/x.csv", self.path("link.csv"))
        self.good("run", "a.ppm", "-o", "link.csv")
        self.assertTrue(os.path.islink(self.path("link.csv")))
        self.assertTrue(self.read("real/x.csv").startswith(b"frame,"))
        self.assertEqual(os.listdir(self.path("real")), ["x.csv"])

    def test_pipes_are_written_directly(self):
        os.mkfifo(self.path("fifo"))
        got = []
        reader = threading.Thread(target=lambda: got.append(self.read("fifo")))
        reader.start()
        self.good("run", "a.ppm", "-o", "fifo", "--format", "csv")
        reader.join(tool.TIMEOUT)
        self.assertTrue(got[0].startswith(b"frame,"))
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("fifo")).st_mode))
        self.good("run", "a.ppm", "-o", "/dev/null")

    def test_verbose_and_quiet(self):
        done = self.good("run", "a.ppm", "-v", "-o", "x.csv")
        self.assertIn("face_landmark.tflite", done.stderr)
        self.assertEqual(self.good("run", "a.ppm", "-q", "-o", "x.csv").stderr, "")


if __name__ == "__main__":
    tool.main()
