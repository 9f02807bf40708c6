# SPDX-License-Identifier: Apache-2.0
"""mien.ray: many files, shared out over actors, give the rows of `mien run`."""
import csv
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import numpy as np

import mien
from mien import media
from mien.ray import FaceLandmarks

from support import TestCase

N_CLIPS = 20
N_ACTORS = 4
N_STARTS = 5  # Ray gives up after 30 seconds, which a busy machine can take


class Files(TestCase):
    def setUp(self):
        try:
            media._library()
        except ImportError as error:
            self.skipTest(str(error))


class TestReader(Files):
    def test_picture(self):
        pixels = self.need_pixels()
        with media.Reader(self.need_picture("astronaut.png")) as reader:
            self.assertTrue(reader.info.is_picture)
            frame, = list(reader)
        np.testing.assert_array_equal(frame.to_rgb(), pixels)
        self.need_models()
        with mien.Engine() as engine:
            np.testing.assert_array_equal(engine.process(frame).landmarks,
                                          engine.process(pixels).landmarks)
        with self.assertRaises(ValueError):
            reader.read()

    def test_video(self):
        times = []
        for frame in media.Reader(self.need_picture("short_hamilton_clip.mp4")):
            times.append(frame.timestamp_us)
        self.assertEqual((len(times), times[0]), (275, 0))
        self.assertEqual(times, sorted(set(times)))

    def test_errors(self):
        for path in ("/nonexistent.mp4", os.path.abspath(__file__)):
            with self.assertRaises(mien.MienError) as caught:
                media.Reader(path)
            self.assertIn(path, str(caught.exception))


class TestRay(Files):
    @classmethod
    def tearDownClass(cls):
        if getattr(cls, "ray", None):
            cls.ray.shutdown()
            shutil.rmtree(cls.folder, ignore_errors=True)  # Ray's processes may still write there

    def setUp(self):
        super().setUp()
        ray = self.need_module("ray")
        self.need_module("pyarrow")
        self.need_module("cv2")  # cuts the clips
        self.need_models()
        if not os.environ.get("MIEN_TOOL"):
            self.skipTest("MIEN_TOOL is not set: no command line tool of the same build")
        if getattr(type(self), "ray", None):
            return
        type(self).folder = tempfile.mkdtemp()
        type(self).ray = ray
        self.cut_clips(self.need_picture("short_hamilton_clip.mp4"))
        variables = {name: os.environ[name] for name in ("MIEN_MODEL_DIR", "LD_LIBRARY_PATH",
                                                         "PYTHONPATH") if name in os.environ}
        for i in range(N_STARTS):
            try:
                ray.init(num_cpus=N_ACTORS, include_dashboard=False, log_to_driver=False,
                         runtime_env={"env_vars": variables}, configure_logging=False,
                         object_store_memory=200 << 20, _temp_dir=os.path.join(self.folder, "ray"))
                break
            except Exception as error:  # Ray's own class is just this
                if i == N_STARTS - 1 or "timed out during startup" not in str(error):
                    raise
                ray.shutdown()
        ray.data.DataContext.get_current().enable_progress_bars = False

    def cut_clips(self, path):
        import cv2
        frames = [frame.to_rgb() for frame in media.Reader(path)]
        for i in range(N_CLIPS):
            clip = cv2.VideoWriter(os.path.join(self.folder, "clip-{:02}.mp4".format(i)),
                                   cv2.VideoWriter_fourcc(*"mp4v"), 25, frames[0].shape[1::-1])
            for frame in frames[12 * i:12 * (i + 1)]:
                clip.write(np.ascontiguousarray(frame[:, :, ::-1]))
            clip.release()

    def clips(self):
        return sorted(glob.glob(os.path.join(self.folder, "clip-*.mp4")))

    def serial_rows(self):
        """What the command line tool writes, in one process."""
        table = os.path.join(self.folder, "serial.csv")
        subprocess.check_call([os.environ["MIEN_TOOL"], "run", "--device", "cpu", "--quiet"] +
                              self.clips() + ["-o", table])
        with open(table) as file:
            lines = list(csv.reader(file))[1:]
        return sorted((line[0], int(line[1]), float(line[2]), int(line[3]),
                       np.float32(line[4]).tobytes(), np.array(line[5:], np.float32).tobytes())
                      for line in lines)

    def ray_rows(self, how):
        files = self.ray.data.from_items([{"path": path} for path in self.clips()],
                                         override_num_blocks=N_CLIPS)
        rows = files.map_batches(how, batch_size=1, concurrency=N_ACTORS, num_cpus=1,
                                 fn_constructor_kwargs={"device": "cpu"}).take_all()
        self.assertEqual([row["error"] for row in rows if row["error"]], [])
        return sorted((row["path"], row["frame"], row["timestamp"], row["face_id"],
                       np.float32(row["score"]).tobytes(),
                       np.array(row["landmarks"], np.float32).tobytes()) for row in rows)

    def test_rows_are_those_of_a_serial_run(self):
        want = self.serial_rows()
        self.assertGreater(len(want), 60)
        self.assertEqual(self.ray_rows(FaceLandmarks), want)

    def test_an_actor_that_dies_changes_nothing(self):
        mark = os.path.join(self.folder, "died")

        class Dying(FaceLandmarks):
            """Is killed once, in the middle of the work, with rows that nobody has got."""

            def process_file(self, path):
                rows = super().process_file(path)
                if path.endswith("clip-09.mp4") and not os.path.exists(mark):
                    open(mark, "w").close()
                    os.kill(os.getpid(), signal.SIGKILL)
                return rows

        rows = self.ray_rows(Dying)
        self.assertTrue(os.path.exists(mark))
        self.assertEqual(rows, self.serial_rows())

    def test_files_that_cannot_be_read(self):
        worker = FaceLandmarks(model="face_mesh")
        with_a_face = self.serial_rows()[0][0]
        table = worker({"path": ["/nonexistent.mp4", with_a_face]})
        self.assertIn("/nonexistent.mp4", table["error"][0].as_py())
        self.assertGreater(len(table), 1)
        self.assertEqual(set(table["error"].to_pylist()[1:]), {None})
        with open(with_a_face, "rb") as file:
            data = file.read()
        damaged = os.path.join(self.folder, "damaged.mp4")
        with open(damaged, "wb") as file:
            file.write(data[:-2000])
        table = worker({"path": [damaged]})
        self.assertIn("damaged.mp4", table["error"].to_pylist()[-1])


if __name__ == "__main__":
    unittest.main()
