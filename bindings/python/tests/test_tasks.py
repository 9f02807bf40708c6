# SPDX-License-Identifier: Apache-2.0
"""mien.compat.tasks gives what MediaPipe's Face Landmarker gave: names, numbers, errors."""
import gc
import os
import pickle
import sys
import tempfile
import threading
import unittest
import unittest.mock
import weakref

import numpy as np

import mien
import mien.compat as mp
from mien.compat.tasks import python
from mien.compat.tasks.python import vision
from mien.compat.tasks.python.components import containers

from support import TestCase, errors, write_png

TURNED = ("alex-lacamoire", "lin-manuel-miranda")
PORTRAITS = ("astronaut", "alex-lacamoire", "lin-manuel-miranda")
BLACK = np.zeros((40, 50, 3), np.uint8)


def image(pixels):
    return mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels)


def arrays(result):
    """Landmarks [n, 478, 3], blendshapes [n, 52], matrices [n, 4, 4]."""
    return (np.array([[(p.x, p.y, p.z) for p in face] for face in result.face_landmarks]),
            np.array([[c.score for c in face] for face in result.face_blendshapes]),
            np.array(result.facial_transformation_matrixes))


def degrees_between(one, two):
    """The angle between the rotations of two matrices."""
    rotations = [m[:3, :3] / np.cbrt(np.linalg.det(m[:3, :3])) for m in (one, two)]
    cosine = (np.trace(rotations[0] @ rotations[1].T) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


class Tasks(TestCase):
    def options(self, **more):
        base = python.BaseOptions(model_asset_path=self.need_bundle())
        return vision.FaceLandmarkerOptions(base_options=more.pop("base_options", base), **more)

    def task(self, **more):
        """A landmarker that is closed after the test."""
        made = vision.FaceLandmarker.create_from_options(self.options(**more))
        self.addCleanup(made.close)
        return made

    def full(self, **more):
        return self.task(output_face_blendshapes=True, output_facial_transformation_matrixes=True,
                         **more)


class TestResults(Tasks):
    def test_gives_what_mediapipe_gives(self):
        task = self.full(num_faces=4)
        n_compared = 0
        for name in PORTRAITS:
            try:
                pixels, golden = self.need_pixels(name), self.golden("tasks", name + ".gold")
            except unittest.SkipTest:
                continue
            size = np.array([pixels.shape[1], pixels.shape[0]])
            landmarks, blendshapes, matrices = arrays(task.detect(image(pixels)))
            self.assertEqual(len(landmarks), len(golden["landmarks"]), name)
            for i, want in enumerate(golden["landmarks"]):
                self.assertLess(errors(landmarks[i], want, size).mean(), 0.005, name)
                self.assertLess(np.abs(landmarks[i, :, 2] - want[:, 2]).mean(), 0.005, name)
                self.assertLess(np.abs(blendshapes[i] - golden["blendshapes"][i]).max(), 0.02, name)
                self.assertLess(degrees_between(matrices[i], golden["matrices"][i]), 0.5, name)
                np.testing.assert_allclose(matrices[i][:3, 3], golden["matrices"][i][:3, 3],
                                           rtol=0.03, atol=0.3)
                n_compared += 1
        if not n_compared:
            self.skipTest("no portraits")

    def test_result(self):
        result = self.full().detect(image(self.need_pixels()))
        point = result.face_landmarks[0][0]
        self.assertIsInstance(point, containers.NormalizedLandmark)
        self.assertEqual((point.visibility, point.presence, point.name), (None, None, None))
        category = result.face_blendshapes[0][9]
        self.assertEqual((category.index, category.category_name, category.display_name),
                         (9, "eyeBlinkLeft", None))
        self.assertEqual([c.category_name for c in result.face_blendshapes[0]],
                         list(mien.BLENDSHAPE_NAMES))
        self.assertEqual(vision.Blendshapes.EYE_BLINK_LEFT, 9)
        self.assertEqual(vision.Blendshapes.NEUTRAL, 0)
        matrix = result.facial_transformation_matrixes[0]
        self.assertEqual((matrix.shape, matrix.dtype), ((4, 4), np.float32))
        self.assertEqual(matrix[3].tolist(), [0, 0, 0, 1])
        self.assertEqual(pickle.loads(pickle.dumps(point)), point)

    def test_only_what_was_asked_for(self):
        result = self.task().detect(image(self.need_pixels()))
        self.assertEqual(len(result.face_landmarks[0]), 478)
        self.assertEqual((result.face_blendshapes, result.facial_transformation_matrixes), ([], []))
        nothing = self.full().detect(image(BLACK))
        self.assertEqual(nothing, vision.FaceLandmarkerResult([], [], []))

    def test_is_the_engine_bit_for_bit(self):
        pixels = self.need_pixels()
        landmarks, blendshapes, matrices = arrays(self.full().detect(image(pixels)))
        with mien.Engine(self.need_bundle(), blendshapes=True, transform=True) as engine:
            result = engine.process(pixels)
        np.testing.assert_array_equal(landmarks, result.landmarks)
        np.testing.assert_array_equal(blendshapes, result.blendshapes)
        np.testing.assert_array_equal(matrices, result.matrices)
        self.assertEqual(result.quaternions.shape, (1, 4))
        self.assertLess(np.abs(result.angles).max(), 45)

    def test_rgba_and_buffer(self):
        pixels = self.need_pixels()
        want = arrays(self.task().detect(image(pixels)))[0]
        with open(self.need_bundle(), "rb") as file:
            data = file.read()
        task = self.task(base_options=python.BaseOptions(model_asset_buffer=data))
        rgba = np.dstack([pixels, np.zeros(pixels.shape[:2], np.uint8)])
        got = task.detect(mp.Image(image_format=mp.ImageFormat.SRGBA, data=rgba))
        np.testing.assert_array_equal(arrays(got)[0], want)

    def test_bundle_by_its_name_alone(self):
        self.need_bundle()
        with vision.FaceLandmarker.create_from_model_path("face_landmarker.task") as task:
            self.assertEqual(task.detect(image(BLACK)).face_landmarks, [])

    def compare_turned(self, task, detect):
        """What MediaPipe gives for pictures that are stored on a side or on the head."""
        n_compared = 0
        for name in TURNED:
            try:
                pixels, golden = self.need_pixels(name), self.golden("tasks", "turned-" + name + ".gold")
            except unittest.SkipTest:
                continue
            for i in range(3):
                stored = np.ascontiguousarray(np.rot90(pixels, i + 1))
                options = vision.ImageProcessingOptions(rotation_degrees=90 * (i + 1))
                landmarks, blendshapes, matrices = arrays(detect(task, image(stored), options))
                self.assertEqual(len(landmarks), 1, name)
                want, size = golden["landmarks"][i], np.array([stored.shape[1], stored.shape[0]])
                self.assertLess(errors(landmarks[0], want, size).mean(), 0.005, name)
                self.assertLess(np.abs(landmarks[0, :, 2] - want[:, 2]).mean(), 0.005, name)
                self.assertLess(np.abs(blendshapes[0] - golden["blendshapes"][i]).max(), 0.02, name)
                self.assertLess(degrees_between(matrices[0], golden["matrices"][i]), 0.5, name)
                np.testing.assert_allclose(matrices[0][:3, 3], golden["matrices"][i][:3, 3],
                                           rtol=0.03, atol=0.3)
                n_compared += 1
        if not n_compared:
            self.skipTest("no portraits")

    def test_turned_pictures(self):
        self.compare_turned(self.full(), lambda task, picture, options: task.detect(picture, options))

    def test_turned_frames(self):
        """A face is followed in the frame as it is stored: only the detector looks at it turned."""
        times = iter(range(1000))

        def detect(task, picture, options):
            with self.full(running_mode=vision.RunningMode.VIDEO) as task:
                first = task.detect_for_video(picture, next(times), options)
                second = task.detect_for_video(picture, next(times), options)
            one, two = arrays(first)[0][0], arrays(second)[0][0]
            size = np.array([picture.width, picture.height])
            self.assertLess(errors(two, one, size).mean(), 0.02)
            return first

        self.compare_turned(None, detect)

    def test_turned_pictures_of_the_engine(self):
        """rotation is of the results too; both turns add up."""
        self.need_bundle()
        pixels = self.need_pixels()
        with mien.Engine(self.need_bundle()) as engine:
            want = engine.process(mien.Image(np.rot90(pixels, 2), detector_rotation=180))
            got = engine.process(mien.Image(np.rot90(pixels, 1), rotation=270,
                                            detector_rotation=180))
            np.testing.assert_array_equal(got.landmarks, want.landmarks)
            self.assertEqual(len(want), 1)
            with self.assertRaises(mien.ArgumentError):
                engine.process(mien.Image(pixels, detector_rotation=45))


class TestVideo(Tasks):
    def test_gives_what_mediapipe_gives(self):
        golden = self.golden("tasks", "hamilton.gold")
        task = self.full(running_mode=vision.RunningMode.VIDEO)
        eyes = [list(golden["indices"]).index(corner) for corner in (33, 263)]
        at = n_same = 0
        shares, scores, angles = [], [], []
        for i, (frame, n) in enumerate(zip(self.need_frames(golden["rgb_sha256"]),
                                           golden["n_faces"])):
            landmarks, blendshapes, matrices = arrays(task.detect_for_video(image(frame), 33 * i))
            n_same += len(landmarks) == n
            if n and len(landmarks):
                size = np.array([frame.shape[1], frame.shape[0]])
                want = (golden["points"][at] / 32767.5 - 0.5) * size
                away = landmarks[0][golden["indices"], :2] * size - want
                shares.append(np.linalg.norm(away, axis=1).mean() /
                              np.linalg.norm(want[eyes[0]] - want[eyes[1]]))
                scores.append(np.abs(blendshapes[0] - golden["blendshapes"][at] / 65535).max())
                angles.append(degrees_between(matrices[0], golden["matrices"][at]))
            at += n
        self.assertGreaterEqual(n_same, 0.97 * len(golden["n_faces"]))
        self.assertLess(np.mean(shares), 0.005)
        self.assertLess(np.mean(scores), 0.02)
        self.assertLess(np.mean(angles), 0.5)

    def test_times(self):
        task = self.task(running_mode=vision.RunningMode.VIDEO)
        task.detect_for_video(image(BLACK), 10)
        for time in (10, 5, -1):
            with self.assertRaisesRegex(ValueError, "must be monotonically increasing"):
                task.detect_for_video(image(BLACK), time)
        with self.assertRaises(TypeError):
            task.detect_for_video(image(BLACK), 11.5)
        task.detect_for_video(image(BLACK), 11)


class TestLiveStream(Tasks):
    def stream(self, callback, **more):
        return self.task(running_mode=vision.RunningMode.LIVE_STREAM, result_callback=callback,
                         **more)

    def test_results_come_by_callback(self):
        pixels = self.need_pixels()
        want = arrays(self.task().detect(image(pixels)))[0]
        got = []
        task = self.stream(lambda *arguments: got.append(arguments))
        picture = image(pixels)
        task.detect_async(picture, 20)
        task.close()
        (result, sent, time), = got
        self.assertIs(sent, picture)
        self.assertEqual(time, 20)
        np.testing.assert_array_equal(arrays(result)[0], want)

    def test_drops_frames_but_never_the_order(self):
        got = []
        task = self.stream(lambda result, sent, time: got.append((time, sent.width)))
        for time in range(200):
            task.detect_async(image(np.zeros((40, 50 + time, 3), np.uint8)), time)
        task.close()
        times = [time for time, _ in got]
        self.assertEqual(times, sorted(set(times)))
        self.assertEqual(times[-1], 199)
        self.assertTrue(all(width == 50 + time for time, width in got))
        self.assertEqual(task._sent, {})

    def test_times(self):
        task = self.stream(lambda *arguments: None)
        task.detect_async(image(BLACK), 10)
        with self.assertRaisesRegex(ValueError, "must be monotonically increasing"):
            task.detect_async(image(BLACK), 10)
        task.detect_async(image(BLACK), 11)

    def test_callback_that_fails_or_calls_back(self):
        outcomes = []

        def callback(_result, _sent, time):
            if time == 1:
                raise KeyError("as callbacks do")
            for call in (lambda: task.detect_async(image(BLACK), 10 + time), task.close):
                try:
                    call()
                    outcomes.append("accepted")
                except (RuntimeError, ValueError) as error:
                    outcomes.append(str(error))

        task = self.stream(callback)
        with self.assertLogs("mien", "ERROR"):
            task.detect_async(image(BLACK), 1)
            task._engine.flush()
        task.detect_async(image(BLACK), 2)
        for _ in range(200):
            if len(outcomes) == 2:
                break
            threading.Event().wait(0.05)
        self.assertEqual(len(outcomes), 2)
        task.close()
        with self.assertRaises(ValueError):
            task.detect_async(image(BLACK), 100)

    def test_close_at_any_moment(self):
        for wait in (0, 0.0005, 0.002):
            task = self.stream(lambda *arguments: None)
            stopped = threading.Event()

            def feed(task=task, stopped=stopped):
                try:
                    for time in range(100000):
                        task.detect_async(image(BLACK), time)
                except ValueError:
                    stopped.set()

            feeder = threading.Thread(target=feed)
            feeder.start()
            threading.Event().wait(wait)
            task.close()
            feeder.join(20)
            self.assertTrue(stopped.is_set())

    def test_forgotten_stream_is_freed_at_once(self):
        task = vision.FaceLandmarker.create_from_options(self.options(
            running_mode=vision.RunningMode.LIVE_STREAM, result_callback=lambda *arguments: None))
        task.detect_async(image(BLACK), 1)
        engine = weakref.ref(task._engine)
        gc.disable()
        self.addCleanup(gc.enable)
        del task
        for _ in range(200):
            if engine() is None:
                break
            threading.Event().wait(0.05)  # a callback may still hold it
        self.assertIsNone(engine())

    def test_forgotten_stream_ends_with_the_program(self):
        code = ("import sys, numpy as np, mien.compat as mp\n"
                "v = mp.tasks.vision\n"
                "t = v.FaceLandmarker.create_from_options(v.FaceLandmarkerOptions(\n"
                "    mp.tasks.BaseOptions(sys.argv[1]), v.RunningMode.LIVE_STREAM,\n"
                "    result_callback=lambda *a: None))\n"
                "for i in range(50): t.detect_async(mp.Image(mp.ImageFormat.SRGB,\n"
                "    np.zeros((400, 500, 3), np.uint8)), i)\n"
                "print('end')")
        self.assertEqual(self.python(code, self.need_bundle()).strip(), "end")


class TestErrors(Tasks):
    def test_models(self):
        create = vision.FaceLandmarker.create_from_model_path
        with self.assertRaisesRegex(FileNotFoundError, "Unable to open file at /nonexistent"):
            create("/nonexistent/face.task")
        with self.assertRaisesRegex(ValueError, "ExternalFile must specify at least one of"):
            vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(
                python.BaseOptions()))
        self.need_models()
        with self.assertRaisesRegex(RuntimeError, "Unable to open zip archive"):
            create(mien.find_model("face_mesh"))
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"no bundle" * 100)
            file.flush()
            with self.assertRaisesRegex(RuntimeError, "Unable to open zip archive"):
                create(file.name)

    def test_options(self):
        def create(**more):
            vision.FaceLandmarker.create_from_options(self.options(**more))

        live = vision.RunningMode.LIVE_STREAM
        with self.assertRaisesRegex(ValueError, "callback must be provided"):
            create(running_mode=live)
        with self.assertRaisesRegex(ValueError, "callback should not be provided"):
            create(result_callback=lambda *arguments: None)
        with self.assertRaises(RuntimeError):
            create(num_faces=0)
        with self.assertRaisesRegex(ValueError, r"must be in the range \[0.0, 1.0\]"):
            create(min_face_presence_confidence=2)
        create(min_face_detection_confidence=2)
        create(min_tracking_confidence=2)
        # The presence that a face must have is one threshold, the overlap with a followed face another.
        picture = image(self.need_pixels())
        self.assertEqual(self.task(min_face_presence_confidence=1).detect(picture).face_landmarks, [])
        for more in ({"min_tracking_confidence": 1}, {"min_face_presence_confidence": 0}):
            self.assertEqual(len(self.task(**more).detect(picture).face_landmarks), 1)
        self.assertEqual(self.task(min_face_detection_confidence=1).detect(picture).face_landmarks, [])
        for name in ("detection", "presence"):
            with self.assertRaises(TypeError):
                create(**{"min_face_{}_confidence".format(name): "0.5"})
        with self.assertRaises(TypeError):
            create(min_tracking_confidence=None)

    def test_calls(self):
        task = self.task()
        for call, mode in ((lambda: task.detect_for_video(image(BLACK), 1), "video mode"),
                           (lambda: task.detect_async(image(BLACK), 1), "live stream mode")):
            with self.assertRaisesRegex(ValueError, "not initialized with the " + mode):
                call()
        with self.assertRaisesRegex(ValueError, "multiple of 90"):
            task.detect(image(BLACK), vision.ImageProcessingOptions(rotation_degrees=45))
        for degrees in (90.0, "90"):
            with self.assertRaises(TypeError):
                task.detect(image(BLACK), vision.ImageProcessingOptions(rotation_degrees=degrees))
        with self.assertRaisesRegex(ValueError, "region-of-interest"):
            task.detect(image(BLACK), vision.ImageProcessingOptions(containers.RectF(0, 0, 1, 1)))
        with self.assertRaises(ValueError):
            task.detect(mp.Image(image_format=mp.ImageFormat.GRAY8, data=BLACK[:, :, 0]))
        with self.assertRaises(AttributeError):
            task.detect(BLACK)
        task.close()
        task.close()
        with self.assertRaises(ValueError):
            task.detect(image(BLACK))

    def test_gpu_delegate(self):
        gpu = python.BaseOptions(model_asset_path=self.need_bundle(),
                                 delegate=python.BaseOptions.Delegate.GPU)
        if any(device.usable and not device.software for device in mien.devices()):
            self.task(base_options=gpu).detect(image(BLACK))
            return
        reasons = mien.doctor().reasons()
        for more in ({"base_options": gpu}, {"device": "cuda:0"}):
            with self.assertRaises(RuntimeError) as caught:
                self.task(**more)
            self.assertIn(reasons, str(caught.exception))
        self.task(device="cpu").detect(image(BLACK))

    def test_a_delegate_that_there_is_not(self):
        for delegate in (7, "GPU"):
            with self.assertRaises(ValueError):
                self.task(base_options=python.BaseOptions(model_asset_path=self.need_bundle(),
                                                          delegate=delegate))

    def test_in_a_fork(self):
        code = ("import os, sys, numpy as np, mien.compat as mp\n"
                "t = mp.tasks.vision.FaceLandmarker.create_from_model_path(sys.argv[1])\n"
                "black = mp.Image(mp.ImageFormat.SRGB, np.zeros((40, 50, 3), np.uint8))\n"
                "if os.fork() == 0:\n"
                "    try: t.detect(black)\n"
                "    except RuntimeError: os.write(1, b'refused')\n"
                "    os._exit(0)\n"
                "os.wait()\n"
                "t.detect(black)")
        self.assertEqual(self.python(code, self.need_bundle()), "refused")


class TestImage(TestCase):
    def test_properties(self):
        pixels = np.arange(10 * 8 * 3, dtype=np.uint8).reshape(10, 8, 3)
        picture = image(pixels)
        self.assertEqual((picture.width, picture.height, picture.channels, picture.image_format),
                         (8, 10, 3, mp.ImageFormat.SRGB))
        self.assertEqual(picture.step, 24)
        self.assertEqual((picture.is_empty(), picture.uses_gpu(), picture.is_contiguous()),
                         (False, False, True))
        self.assertTrue(picture.is_aligned(1))
        self.assertEqual(picture[1, 2, 0], 30)
        self.assertIs(picture.numpy_view().flags.writeable, False)
        pixels[:] = 0
        self.assertEqual(picture[1, 2, 0], 30)
        gray = mp.Image(image_format=mp.ImageFormat.GRAY8, data=np.full((3, 4), 7, np.uint8))
        self.assertEqual((gray[1, 2], gray[1, 2, 0], gray.numpy_view().shape), (7, 7, (3, 4, 1)))
        with self.assertRaises(IndexError):
            picture[10, 0, 0]
        with self.assertRaisesRegex(ValueError, "Invalid index dimension: 2"):
            picture[1, 2]

    def test_pixels_in_any_order(self):
        pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
        np.testing.assert_array_equal(image(pixels[:, :, ::-1]).numpy_view(), pixels[:, :, ::-1])

    def test_errors(self):
        srgb = mp.ImageFormat.SRGB
        for data, text in ((BLACK.astype(float), "Unsupported numpy data type: float64"),
                           (BLACK[0, 0], "Unsupported number of dimensions:1"),
                           (BLACK.astype(np.uint16), "Unsupported image format: SRGB"),
                           (BLACK.astype(np.float32), "Unsupported image format: SRGB"),
                           (BLACK[:, :, 0], "Pixel data size is too small")):
            with self.assertRaisesRegex(ValueError, text):
                mp.Image(image_format=srgb, data=data)

    def test_from_file(self):
        path = self.need_picture("astronaut.png")
        with self.assertRaisesRegex(FileNotFoundError, "Can't find file"):
            mp.Image.create_from_file("/nonexistent.png")
        try:
            picture = mp.Image.create_from_file(path)
        except ImportError as error:
            self.assertIn("PIL or cv2", str(error))
            return
        np.testing.assert_array_equal(picture.numpy_view(), self.need_pixels())
        with self.assertRaises(RuntimeError):
            mp.Image.create_from_file(__file__)

    def check_kinds_of_files(self):
        """What MediaPipe makes of gray and colour, with alpha, and with 16 bits a number."""
        kinds = {1: mp.ImageFormat.GRAY8, 3: mp.ImageFormat.SRGB, 4: mp.ImageFormat.SRGBA}
        with tempfile.TemporaryDirectory() as folder:
            for channels, kind in kinds.items():
                for dtype, shift in ((np.uint8, 0), (np.uint16, 8)):
                    pixels = np.arange(1, 1 + 6 * 5 * channels, dtype=dtype) << shift
                    pixels = pixels.reshape(6, 5, channels)
                    path = os.path.join(folder, "{}-{}.png".format(channels, shift))
                    write_png(path, pixels + np.array(77 if shift else 0, dtype))
                    with self.subTest(channels=channels, dtype=dtype.__name__):
                        picture = mp.Image.create_from_file(path)
                        self.assertEqual(picture.image_format, kind)
                        np.testing.assert_array_equal(picture.numpy_view(), pixels >> shift)

    def test_kinds_of_files_with_pil(self):
        self.need_module("PIL")
        self.check_kinds_of_files()

    def test_kinds_of_files_with_cv2(self):
        self.need_module("cv2")
        with unittest.mock.patch.dict(sys.modules, PIL=None):
            self.check_kinds_of_files()

    def test_from_file_without_pil_and_cv2(self):
        code = ("import sys; sys.modules['PIL'] = sys.modules['cv2'] = None\n"
                "import mien.compat as mp\ntry: mp.Image.create_from_file(sys.argv[1])\n"
                "except ImportError as error: print(error)")
        printed = self.python(code, os.path.abspath(__file__))
        self.assertIn("PIL or cv2", printed)


class TestNames(unittest.TestCase):
    def test_paths(self):
        self.assertIs(mp.tasks.BaseOptions, python.BaseOptions)
        self.assertIs(mp.tasks.vision, vision)
        self.assertIs(mp.tasks.python.vision.FaceLandmarker, vision.FaceLandmarker)
        self.assertIs(mp.tasks.vision.RunningMode.VIDEO, vision.RunningMode.VIDEO)
        from mien.compat.tasks.python.core.base_options import BaseOptions
        from mien.compat.tasks.python.vision.face_landmarker import FaceLandmarkerResult
        from mien.compat.framework.formats import landmark_pb2
        self.assertIs(BaseOptions, python.BaseOptions)
        self.assertIs(FaceLandmarkerResult, vision.FaceLandmarkerResult)
        self.assertIs(mp.framework.formats.landmark_pb2, landmark_pb2)

    def test_version(self):
        self.assertRegex(mp.__version__, r"^1\.\d+\.\d+$")

    def test_connections(self):
        sets = vision.FaceLandmarksConnections
        self.assertEqual(len(sets.FACE_LANDMARKS_TESSELATION), 2556)
        self.assertEqual(len(sets.FACE_LANDMARKS_CONTOURS), 124)
        self.assertEqual({(c.start, c.end) for c in sets.FACE_LANDMARKS_LIPS},
                         set(mp.solutions.face_mesh.FACEMESH_LIPS))
        self.assertEqual(sets.FACE_LANDMARKS_LIPS[0], sets.Connection(
            sets.FACE_LANDMARKS_LIPS[0].start, sets.FACE_LANDMARKS_LIPS[0].end))

    def test_defaults(self):
        options = vision.FaceLandmarkerOptions(python.BaseOptions("a.task"))
        self.assertEqual(
            (options.running_mode, options.num_faces, options.min_face_detection_confidence,
             options.min_face_presence_confidence, options.min_tracking_confidence,
             options.output_face_blendshapes, options.output_facial_transformation_matrixes,
             options.result_callback),
            (vision.RunningMode.IMAGE, 1, 0.5, 0.5, 0.5, False, False, None))
        self.assertEqual(options.base_options.model_asset_path, "a.task")
        with self.assertRaises(TypeError):
            vision.FaceLandmarkerOptions()
        with self.assertRaises(TypeError):
            vision.FaceLandmarkerOptions(python.BaseOptions(), colour=1)
        self.assertIn("num_faces=1", repr(options))


if __name__ == "__main__":
    unittest.main()
