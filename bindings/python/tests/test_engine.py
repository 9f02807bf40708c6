# SPDX-License-Identifier: Apache-2.0
"""The engine, and the arrays that it takes and gives."""
import copy
import json
import os
import pickle
import subprocess
import unittest

import numpy as np

import mien

from support import TestCase


def turn(angle, first, second):
    """A rotation that takes one axis towards another."""
    matrix = np.eye(3)
    matrix[[first, second], [first, second]] = np.cos(angle)
    matrix[second, first] = np.sin(angle)
    matrix[first, second] = -np.sin(angle)
    return matrix


class TestEngine(TestCase):
    @classmethod
    def setUpClass(cls):
        case = cls("test_result")
        case.need_models()
        cls.pixels = case.need_pixels()
        cls.engine = mien.Engine()
        cls.result = cls.engine.process(cls.pixels)

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()

    def same(self, frame, **options):
        """Whether a picture gives the landmarks of the RGB pixels, bit for bit."""
        result = self.engine.process(mien.Image(frame, **options) if options else frame)
        np.testing.assert_array_equal(result.landmarks, self.result.landmarks)

    def test_result(self):
        result = self.result
        self.assertEqual(len(result), 1)
        shapes = {"landmarks": (1, 468, 3), "face_ids": (1,), "scores": (1,), "presences": (1,),
                  "boxes": (1, 4)}
        for name, shape in shapes.items():
            array = getattr(result, name)
            self.assertEqual(array.shape, shape, name)
            self.assertEqual(array.dtype, np.int32 if name == "face_ids" else np.float32, name)
        for name in ("blendshapes", "matrices", "quaternions", "angles", "keypoints"):
            self.assertIsNone(getattr(result, name), name)
        height, width = self.pixels.shape[:2]
        points = result.landmarks[0, :, :2] * [width, height]
        np.testing.assert_allclose(points.min(0), result.boxes[0, :2], atol=1e-3)
        np.testing.assert_allclose(np.ptp(points, 0), result.boxes[0, 2:], atol=1e-3)
        self.assertTrue(0.5 < result.scores[0] <= 1 and 0.5 < result.presences[0] <= 1)

    def test_is_that_of_the_command_line_tool_bit_for_bit(self):
        tool = os.environ.get("MIEN_TOOL")
        if not tool:
            self.skipTest("MIEN_TOOL is not set: no command line tool of the same build")
        lines = subprocess.check_output([tool, "run", "--device", "cpu",
                                         self.need_picture("astronaut.png")]).decode().split("\n")
        face = next(json.loads(line) for line in lines if '"frame"' in line)["faces"][0]
        np.testing.assert_array_equal(np.float32(face["face_landmarks"]), self.result.landmarks[0])
        np.testing.assert_array_equal(np.float32(face["box"]), self.result.boxes[0])
        self.assertEqual(np.float32(face["score"]), self.result.scores[0])

    def test_no_face(self):
        result = self.engine.process(np.zeros((20, 30, 3), np.uint8), 7)
        self.assertEqual(len(result), 0)
        self.assertEqual(result.landmarks.shape, (0, 468, 3))
        self.assertEqual(result.boxes.shape, (0, 4))
        self.assertEqual(result.timestamp_us, 7)
        self.assertTrue(result)

    def test_rows_apart_and_backwards(self):
        height, width = self.pixels.shape[:2]
        wide = np.zeros((height, width + 5, 3), np.uint8)
        wide[:, :width] = self.pixels
        self.same(wide[:, :width])
        self.same(self.pixels[::-1].copy()[::-1])
        self.same(self.pixels[:, :, ::-1].copy()[:, :, ::-1])
        self.same(np.asfortranarray(self.pixels))
        self.same(np.repeat(self.pixels, 2, 1)[:, ::2])

    def test_formats(self):
        rgba = np.dstack([self.pixels, np.full(self.pixels.shape[:2], 9, np.uint8)])
        bgr = np.ascontiguousarray(self.pixels[:, :, ::-1])
        self.same(rgba)
        self.same(bgr, format="BGR")
        self.same(bgr[:, :, ::-1], format="RGB")
        self.same(self.pixels[:, :, ::-1], format="BGR")
        self.same(np.ascontiguousarray(rgba[:, :, [2, 1, 0, 3]]), format="BGRA")

    def test_gray(self):
        gray = self.pixels.mean(2).astype(np.uint8)
        want = self.engine.process(np.dstack([gray] * 3)).landmarks
        for frame in (gray, gray[:, :, None]):
            np.testing.assert_array_equal(self.engine.process(frame).landmarks, want)

    def test_yuv(self):
        gray = self.pixels.mean(2).astype(np.uint8)
        height, width = gray.shape
        chroma = np.full((height // 2, width), 128, np.uint8)
        want = self.engine.process(gray).landmarks
        for name in ("NV12", "I420"):
            frame = mien.Image(np.vstack([gray, chroma]), name, color_range="full")
            np.testing.assert_array_equal(self.engine.process(frame).landmarks, want)

    def test_borrows_memory(self):
        class Foreign:
            __array_interface__ = self.pixels.__array_interface__

        self.same(Foreign())
        frame = mien.Image(Foreign())
        self.assertTrue(np.shares_memory(frame._array, self.pixels))
        self.assertTrue(np.shares_memory(mien.Image(self.pixels[:, :, ::-1])._array, self.pixels))
        if hasattr(np, "from_dlpack"):
            class Tensor:
                def __dlpack__(_self, **options):
                    return self.pixels.__dlpack__(**options)

                def __dlpack_device__(_self):
                    return self.pixels.__dlpack_device__()

            self.assertTrue(np.shares_memory(mien.Image(Tensor())._array, self.pixels))

    def test_rotation(self):
        upright = self.result.landmarks
        for turns, degrees in ((1, 90), (2, 180), (3, 270)):
            stored = np.ascontiguousarray(np.rot90(self.pixels, turns))
            self.same(stored, rotation=degrees)
        self.assertGreater(np.abs(upright).max(), 0)

    def test_results_stay_valid(self):
        kept = self.engine.process(self.pixels)
        copy = kept.landmarks.copy()
        for _ in range(3):
            self.engine.process(np.ascontiguousarray(self.pixels[:, ::-1]))
        np.testing.assert_array_equal(kept.landmarks, copy)
        with mien.Engine() as engine:
            kept = engine.process(self.pixels)
        np.testing.assert_array_equal(kept.landmarks, copy)

    def test_results_outlive_their_engine(self):
        """Arrays are made when they are first asked for, and that may be late."""
        with mien.Engine() as engine:
            late = [engine.process(self.pixels) for _ in range(2)]
            engine.process(np.zeros((50, 60, 3), np.uint8))
        del engine
        twin = pickle.loads(pickle.dumps(late[0]))
        for result in late + [twin, copy.copy(twin)]:
            self.assertEqual((len(result), result.blendshapes), (1, None))
            for name in ("landmarks", "face_ids", "scores", "presences", "boxes"):
                np.testing.assert_array_equal(getattr(result, name), getattr(self.result, name))
        self.assertIs(late[1].landmarks, late[1].landmarks)
        with self.assertRaises(AttributeError):
            twin.nothing

    def test_results_are_freed(self):
        freed = []
        result = self.engine.process(self.pixels)
        clone = result._clone
        clone.__del__(lambda pointer: freed.append(pointer.value))  # as the collector calls it
        self.assertEqual(freed, [clone.pointer.value])
        self.assertTrue(freed[0])

    def test_raw(self):
        """The numbers of every array, as something that knows no NumPy."""
        with mien.Engine(max_faces=2, transform=True) as engine:
            found, empty = engine.process([self.pixels, np.zeros((50, 60, 3), np.uint8)])
        names = ("landmarks", "face_ids", "scores", "presences", "boxes", "matrices", "quaternions",
                 "angles")
        for result in (found, empty):
            blocks = [result.raw(name) for name in names]
            self.assertNotIsInstance(blocks[0], np.ndarray)
            for name, block in zip(names, blocks):
                array = getattr(result, name)
                self.assertEqual(memoryview(block).shape, array.shape, name)
                self.assertEqual(memoryview(block).tobytes(), array.tobytes(), name)
                self.assertIs(result.raw(name), array)
            self.assertIsNone(result.raw("blendshapes"))
        self.assertEqual(tuple(found.raw("landmarks")[0][33]), tuple(found.landmarks[0, 33]))
        with self.assertRaises(ValueError):
            found.raw("timestamp_us")

    def test_batch(self):
        mirrored = self.pixels[:, ::-1]
        frames = [self.pixels, mirrored, np.zeros_like(self.pixels)]
        for batch in (frames, np.stack(frames)):
            results = self.engine.process(batch)
            self.assertEqual([len(result) for result in results], [1, 1, 0])
            np.testing.assert_array_equal(results[0].landmarks, self.result.landmarks)
        self.assertEqual(self.engine.process_batch([]), [])
        with mien.Engine(mode="video") as video:
            results = video.process(frames[:2], [10, 20])
            self.assertEqual([result.timestamp_us for result in results], [10, 20])
            with self.assertRaises(ValueError):
                video.process(frames)

    def test_streams(self):
        with mien.Engine(mode="video") as one, mien.Engine(mode="video") as two:
            frames = [np.roll(self.pixels, 2 * i, 1) for i in range(4)]
            alone = [one.process(frame, 1000 * i) for i, frame in enumerate(frames)]
            paired = [two.process_batch([frame, frame], [1000 * i] * 2, [5, 9])
                      for i, frame in enumerate(frames)]
            for single, pair in zip(alone, paired):
                for result in pair:
                    np.testing.assert_array_equal(single.landmarks, result.landmarks)
            self.assertEqual({int(result.face_ids[0]) for result in alone}, {0})

    def test_many_faces_and_landmarks(self):
        self.need_models("face_mesh_attention")
        face = self.pixels[:256, 96:352]
        two = np.concatenate([face, face], 1)
        with mien.Engine("face_mesh_attention", max_faces=2) as engine:
            self.assertEqual(engine.process(two).landmarks.shape, (2, 478, 3))
            self.assertEqual(engine.info.n_landmarks, 478)

    def test_only_detects(self):
        with mien.Engine(None) as engine:
            result = engine.process(self.pixels)
        self.assertEqual(result.landmarks.shape, (1, 0, 3))
        self.assertEqual(result.keypoints.shape, (1, 6, 3))
        # The nose tip of the detection is near that of the mesh.
        distance = np.abs(result.keypoints[0, 2, :2] - self.result.landmarks[0, 1, :2]).max()
        self.assertLess(distance, 0.02)

    def test_smoothing(self):
        """Every mode does something else to a face that moves; the default is MediaPipe's."""
        bundle = mien.Model(self.need_bundle())
        frames = [np.roll(self.pixels, 3 * i * i, 1) for i in range(4)]

        def nose(**options):
            with mien.Engine(bundle, mode="video", **options) as engine:
                found = [engine.process(frame, 40000 * i) for i, frame in enumerate(frames)]
            return found[-1].landmarks[0, 1, 0]

        off, mediapipe, strong = (nose(smoothing=s) for s in ("off", "mediapipe", "strong"))
        self.assertEqual(nose(), mediapipe)
        self.assertEqual(nose(max_faces=2), nose(max_faces=2, smoothing="off"))
        # The face goes to the right; a filter stays behind.
        self.assertLess(strong, mediapipe)
        self.assertLess(mediapipe, off)

    def test_field_of_view(self):
        with mien.Engine(transform=True, fov_degrees=30) as engine:
            far = engine.process(self.pixels).matrices[0, 2, 3]
        with mien.Engine(transform=True) as engine:
            near = engine.process(self.pixels).matrices[0, 2, 3]
        # The same picture through a longer lens is of a face farther away.
        ratio = np.tan(np.radians(63 / 2)) / np.tan(np.radians(30 / 2))
        self.assertAlmostEqual(far / near, ratio, delta=0.1)

    def test_pose(self):
        """The matrix, the quaternion and the angles are of one rotation: Ry(yaw) Rx(pitch) Rz(roll)."""
        with mien.Engine(transform=True) as engine:
            found = [engine.process(frame) for frame in (self.pixels, self.pixels[:, ::-1])]
        for result in found:
            for matrix, quaternion, angles in zip(result.matrices, result.quaternions, result.angles):
                rotation = matrix[:3, :3] / np.linalg.norm(matrix[:3, 0])
                x, y, z, w = quaternion
                np.testing.assert_allclose(rotation, [
                    [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                    [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                    [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]], atol=1e-5)
                yaw, pitch, roll = np.radians(angles)
                np.testing.assert_allclose(rotation, turn(yaw, 2, 0) @ turn(pitch, 1, 2) @
                                           turn(roll, 0, 1), atol=1e-5)
        self.assertEqual([len(result) for result in found], [1, 1])

    def test_info(self):
        info = self.engine.info
        self.assertEqual((info.device_requested, info.device_crop, info.device_landmarks),
                         ("cpu", "cpu", "cpu"))
        self.assertEqual(info.n_landmarks, 468)

    def test_model_from_bytes_and_path(self):
        path = mien.find_model("face_mesh")
        with open(path, "rb") as file:
            data = file.read()
        for source in (path, data, mien.Model(path)):
            with mien.Engine(source) as engine:
                np.testing.assert_array_equal(engine.process(self.pixels).landmarks,
                                              self.result.landmarks)
        self.assertEqual(mien.Model(data).name, "face_mesh")
        self.assertEqual(mien.Model(data).n_networks, 1)


class TestCatalog(TestCase):
    def test_names(self):
        names = [entry.name for entry in mien.catalog()]
        self.assertIn("face_mesh", names)
        self.assertIn("face_landmarker", names)
        self.assertEqual(len(mien.BLENDSHAPE_NAMES), 52)
        self.assertEqual(mien.BLENDSHAPE_NAMES[0], "_neutral")

    def test_missing_model_names_the_command(self):
        code = ("import mien\ntry: mien.Engine()\n"
                "except FileNotFoundError as error: print(error)")
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("MIEN_", "XDG_"))}
        environment.update(HOME="/nonexistent", XDG_DATA_DIRS="/nonexistent")
        self.assertIn("mien models fetch face_mesh", self.python(code, env=environment))

    def test_topology(self):
        self.assertEqual(mien.edges("TESSELATION").shape, (2556, 2))
        self.assertEqual(mien.edges("CONTOURS").shape, (124, 2))
        self.assertEqual(mien.triangles().shape, (898, 3))
        with self.assertRaises(ValueError):
            mien.edges("EARS")


class TestDevices(TestCase):
    def test_devices(self):
        devices = {device.id: device for device in mien.devices()}
        self.assertTrue(devices["cpu"].usable)
        self.assertIn("ref", devices["cpu"].kernels)
        for device in devices.values():
            self.assertTrue(device.usable or device.reason, device)

    def test_doctor(self):
        report = mien.doctor()
        self.assertEqual(report.data["schema"], "mien.doctor/1")
        self.assertEqual(set(report.data["stacks"]), {"cuda", "vulkan", "egl"})
        self.assertIn("cuda", str(report).lower())
        # The helper lies beside the library: the drivers were asked.
        facts = json.dumps(report.data.get("facts", report.data))
        self.assertNotIn("helper mien-probe did not run", str(report) + facts)


if __name__ == "__main__":
    unittest.main()
