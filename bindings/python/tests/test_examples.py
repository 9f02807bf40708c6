# SPDX-License-Identifier: Apache-2.0
"""Programs for MediaPipe, as people copy them, run with nothing changed but their import lines."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

import mien

from support import HERE, TestCase

CLIP = "short_hamilton_clip.mp4"


def migrate(text):
    """docs/migration.md: the package's name in the import lines."""
    text = re.sub(r"^import mediapipe as mp$", "import mien.compat as mp", text, flags=re.M)
    return re.sub(r"^from mediapipe\b", "from mien.compat", text, flags=re.M)


class TestExamples(TestCase):
    def setUp(self):
        self.need_module("cv2")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_example(self, name, *arguments):
        with open(os.path.join(HERE, "examples", name)) as file:
            original = file.read()
        changed = migrate(original)
        self.assertNotIn("import mediapipe", changed)
        for before, after in zip(original.split("\n"), changed.split("\n")):
            if before != after:
                self.assertRegex(before, "^(import|from) mediapipe")
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(changed)
        done = subprocess.run([sys.executable, "-B", path] + list(arguments), timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def test_face_mesh_loop(self):
        self.need_models("face_mesh_attention", "face_detector_short")
        golden = self.golden("clip", "hamilton-attention-max-1.gold")
        out = os.path.join(self.folder, "out.avi")
        printed = self.run_example("face_mesh_loop.py", self.need_picture(CLIP), out).splitlines()
        self.assertEqual(len(printed), len(golden["n_faces"]))
        same = sum((line != "nobody") == n for line, n in zip(printed, golden["n_faces"]))
        self.assertGreaterEqual(same, 0.97 * len(printed))
        self.assertGreater(os.path.getsize(out), 100000)
        # Where MediaPipe saw the tip of the nose; OpenCV's pixels are not quite those of the
        # golden file.
        at = list(golden["indices"]).index(1) if 1 in golden["indices"] else None
        if at is not None:
            x, y = (golden["points"][0, at] / 32767.5 - 0.5) * [640, 360]
            got = next(line for line in printed if line != "nobody").split()
            self.assertLess(abs(int(got[1]) - x) + abs(int(got[2]) - y), 4)

    def test_landmarker_image(self):
        out = os.path.join(self.folder, "out.png")
        printed = self.run_example("landmarker_image.py", self.need_bundle(),
                                   self.need_picture("astronaut.png"), out)
        self.assertRegex(printed, r"^478 52 0\.\d+\n\[array\(")
        self.assertGreater(os.path.getsize(out), 100000)

    def test_landmarker_video(self):
        golden = self.golden("tasks", "hamilton.gold")
        out = os.path.join(self.folder, "out.png")
        printed = self.run_example("landmarker_video.py", self.need_bundle(),
                                   self.need_picture(CLIP), out)
        n_frames, n_faces = map(int, printed.split())
        self.assertEqual(n_frames, len(golden["n_faces"]))
        self.assertLessEqual(abs(n_faces - int(golden["n_faces"].sum())), 0.03 * n_frames)
        self.assertTrue(os.path.exists(out))

    def test_landmarker_live(self):
        printed = self.run_example("landmarker_live.py", self.need_bundle(),
                                   self.need_picture(CLIP))
        n_results, _most, width = map(int, printed.split())
        self.assertTrue(1 <= n_results <= 40)
        self.assertEqual(width, 640)


class TestMigration(unittest.TestCase):
    def test_only_import_lines_change(self):
        text = "import mediapipe as mp\nx = 'import mediapipe as mp'\nfrom mediapipe.tasks import a\n"
        self.assertEqual(migrate(text), "import mien.compat as mp\nx = 'import mediapipe as mp'\n"
                         "from mien.compat.tasks import a\n")
        self.assertTrue(mien.__version__)


if __name__ == "__main__":
    unittest.main()
