# SPDX-License-Identifier: Apache-2.0
"""What is wrong with inputs, models and outputs: exit code, one line, nothing under the final name."""

import os
import subprocess

import tool


class Inputs(tool.Case):
    def setUp(self):
        super().setUp()
        self.need_models()

    def refuse(self, name, *words):
        """The input is refused for every kind of output and leaves no file."""
        before = self.files()
        for output in ("out.jsonl", "out.csv", "out.png", "out.mp4", "out.obj", "out/"):
            self.fails(4, ["run", name, "-o", output], name, *words)
        if "out" in self.files():
            self.assertEqual(os.listdir(self.path("out")), [])
            os.rmdir(self.path("out"))
        self.assertEqual(self.files(), before)
        self.assertEqual(self.fails(4, ["run", name]).stdout, "")

    def test_an_empty_file(self):
        self.refuse(self.write("empty.jpg", b""), "empty")
        self.refuse(self.write("empty.mp4", b""), "empty")

    def test_a_cut_jpeg(self):
        with open(self.need("testdata/obama.jpg"), "rb") as file:
            data = file.read()
        self.refuse(self.write("cut.jpg", data[:len(data) // 2]))
        self.refuse(self.write("head.jpg", data[:20]))

    def test_a_cut_png(self):
        data = tool.png(64, 64)
        self.refuse(self.write("cut.png", data[:len(data) // 2]))

    def test_a_text_file_named_mp4(self):
        self.refuse(self.write("text.mp4", b"This is no video.\n" * 50))

    def test_an_mp4_without_its_index(self):
        with open(self.need("testdata/short_hamilton_clip.mp4"), "rb") as file:
            self.refuse(self.write("cut.mp4", file.read()[:200000]))

    def test_what_is_not_there(self):
        self.refuse("missing.jpg", "No such file")
        self.refuse("missing/*.jpg", "no file matches")

    def test_a_folder_without_pictures(self):
        os.mkdir(self.path("folder"))
        self.refuse("folder", "no pictures")
        os.mkdir(self.path("folder/below"))
        self.write("folder/below/a.ppm", tool.ppm(4, 4))
        self.write("folder/notes.txt", b"text")
        self.write("folder/.hidden.png", tool.png(4, 4))
        os.mkdir(self.path("folder/trap.png"))
        self.refuse("folder", "no pictures")

    def test_empty_standard_input(self):
        self.fails(4, ["run", "-", "-o", "out.jsonl"])
        self.assertEqual(self.files(), [])

    def test_names_with_line_breaks_stay_one_line(self):
        self.fails(4, ["run", "a\nb\x1b[31m.jpg"], "a b")

    def test_one_of_several(self):
        self.write("a.ppm", tool.ppm(32, 32))
        self.write("b.jpg", b"")
        self.write("c.ppm", tool.ppm(16, 32))
        done = self.fails(8, ["run", "a.ppm", "b.jpg", "c.ppm"], "b.jpg")
        lines = self.ndjson(done.stdout)
        self.assertEqual([line["type"] for line in lines], ["header", "frame", "end"] * 2)
        self.assertEqual([lines[0]["source"], lines[3]["source"]], ["a.ppm", "c.ppm"])

    def test_all_of_several(self):
        self.write("a.jpg", b"")
        done = self.mien("run", "a.jpg", "b.jpg", "-o", "out.csv")
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stderr.count("mien: error: "), 2)
        self.assertEqual(self.files(), ["a.jpg"])

    def test_an_old_output_survives_a_failure(self):
        self.write("out.csv", b"precious")
        self.fails(4, ["run", "missing.jpg", "-o", "out.csv"])
        self.assertEqual(self.read("out.csv"), b"precious")
        self.assertEqual(self.files(), ["out.csv"])

    def test_extreme_sizes_are_fine(self):
        self.write("dot.ppm", tool.ppm(1, 1))
        self.write("dot.png", tool.png(1, 1))
        lines = self.ndjson(self.good("run", "dot.ppm", "dot.png", "-o", "-").stdout)
        self.assertEqual((lines[0]["width"], lines[0]["height"]), (1, 1))
        self.good("run", "dot.png", "-o", "out.png", "-o", "out.jpg", "-o", "out.mp4")
        self.assertEqual(tool.png_size(self.read("out.png")), (1, 1))

    def test_a_huge_picture_is_fine(self):
        self.write("huge.png", tool.png(16384, 16384))
        lines = self.ndjson(self.good("run", "huge.png").stdout)
        self.assertEqual((lines[0]["width"], lines[0]["height"]), (16384, 16384))


class Models(tool.Case):
    def setUp(self):
        super().setUp()
        self.write("a.ppm", tool.ppm(8, 8))

    def test_missing(self):
        self.environment["MIEN_MODEL_DIR"] = self.path("nowhere")
        self.fails(5, ["run", "a.ppm", "-o", "out.csv"], "mien models fetch face_mesh")
        self.fails(5, ["run", "a.ppm", "--refine"], "mien models fetch face_mesh_attention")
        self.fails(5, ["run", "a.ppm", "--model", "./none.tflite"], "none.tflite")
        self.assertEqual(self.files(), ["a.ppm"])

    def test_the_detector_is_missing(self):
        self.need_models()
        os.mkdir(self.path("models"))
        os.symlink(os.path.join(tool.MODELS, "face_landmark.tflite"),
                   self.path("models/face_landmark.tflite"))
        self.environment["MIEN_MODEL_DIR"] = self.path("models")
        self.fails(5, ["run", "a.ppm"], "mien models fetch face_detector_short")
        self.fails(5, ["run", "a.ppm", "--detector", "full"],
                   "mien models fetch face_detector_full_sparse")

    def model(self, name="face_landmark.tflite"):
        self.need_models()
        with open(os.path.join(tool.MODELS, name), "rb") as file:
            return file.read()

    def test_cut(self):
        """At every 1,000th byte, taking an even choice of 60 of those here."""
        data = self.model("face_detection_short_range.tflite")
        cuts = list(range(0, len(data), 1000))
        step = max(1, len(cuts) // 60)
        self.assertGreaterEqual(len(cuts[::step]), 50)
        for cut in cuts[::step]:
            self.write("cut.tflite", data[:cut])
            self.fails(5, ["run", "a.ppm", "--detector", "./cut.tflite", "-o", "out.csv"],
                       "cut.tflite")
        self.assertEqual(self.files(), ["a.ppm", "cut.tflite"])

    def test_cut_where_it_is_looked_for(self):
        data = self.model()
        os.mkdir(self.path("models"))
        self.environment["MIEN_MODEL_DIR"] = self.path("models")
        for cut in (0, 1000, len(data) - 1000, len(data) - 1):
            self.write("models/face_landmark.tflite", data[:cut])
            self.fails(5, ["run", "a.ppm"], "face_landmark.tflite")

    def test_one_wrong_bit(self):
        """A file that could be loaded but is not the published one is not used."""
        data = bytearray(self.model())
        data[len(data) // 2] ^= 1
        os.mkdir(self.path("models"))
        self.write("models/face_landmark.tflite", data)
        self.environment["MIEN_MODEL_DIR"] = self.path("models")
        self.fails(5, ["run", "a.ppm"], "face_landmark.tflite", "mien models fetch face_mesh")

    def test_the_wrong_kind(self):
        self.need_models()
        self.fails(5, ["run", "a.ppm", "--model",
                       os.path.join(tool.MODELS, "face_detection_short_range.tflite")])
        self.fails(5, ["run", "a.ppm", "--model", "./a.ppm"], "a.ppm")


class Outputs(tool.Case):
    def setUp(self):
        super().setUp()
        self.need_models()
        self.write("a.png", tool.png(64, 48))

    def test_no_such_folder(self):
        for name in ("none/out.csv", "none/out.png", "none/out.mp4"):
            self.fails(6, ["run", "a.png", "-o", name], name)
        self.fails(6, ["run", "a.png", "-o", "a.png/out.csv"], "a.png/out.csv")
        self.fails(6, ["run", "a.png", "-o", "none/folder/"], "none/folder")
        self.assertEqual(self.files(), ["a.png"])

    def test_a_full_disk(self):
        for form in ("ndjson", "csv", "png", "jpeg"):
            done = self.fails(6, ["run", "a.png", "--format", form, "-o", "/dev/full"],
                              "No space left")
            self.assertEqual(done.stderr.count("/dev/full"), 1, done.stderr)
        self.fails(6, ["run", "a.png", "-o", "/dev/full", "-o", "b.jsonl"], "/dev/full")
        self.assertEqual(self.files(), ["a.png"])

    def test_a_full_disk_behind_standard_output(self):
        with open("/dev/full", "wb") as full:
            done = self.start("run", "a.png", stdout=full, stderr=subprocess.PIPE)
            text = done.communicate(timeout=tool.TIMEOUT)[1]
        self.assertEqual(done.returncode, 6)
        self.assertIn(b"standard output", text)

    def test_a_reader_that_goes_away(self):
        self.need("testdata/short_hamilton_clip.mp4")
        process = self.start("run", self.need("testdata/short_hamilton_clip.mp4"), "-o", "-",
                             "-o", "out.csv", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        text = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(tool.TIMEOUT), 6)
        self.assertEqual(text.count(b"\n"), 1, text)
        self.assertEqual(self.files(), ["a.png"])

    def test_a_file_that_may_not_be_written(self):
        self.write("out.csv", b"precious")
        os.chmod(self.path("out.csv"), 0o444)
        if os.access(self.path("out.csv"), os.W_OK):
            return  # root may write everything
        self.fails(6, ["run", "a.png", "-o", "out.csv"], "out.csv")
        self.assertEqual(self.read("out.csv"), b"precious")


if __name__ == "__main__":
    tool.main()
