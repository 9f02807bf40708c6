# SPDX-License-Identifier: Apache-2.0
"""mien.compat.solutions gives what MediaPipe's own Python package gave: names, numbers, errors."""
import copy
import pickle
import unittest

import numpy as np

import mien
import mien.compat as mp
from mien.compat.framework.formats import detection_pb2, landmark_pb2, location_data_pb2

from support import TestCase, errors

PORTRAITS = ("astronaut", "alex-lacamoire", "lin-manuel-miranda")
BLACK = np.zeros((40, 50, 3), np.uint8)


def points(landmark_list):
    return np.array([(p.x, p.y, p.z) for p in landmark_list.landmark])


class TestFaceMesh(TestCase):
    def test_gives_what_mediapipe_gives(self):
        self.need_models("face_mesh", "face_mesh_attention", "face_detector_short")
        n_compared = 0
        for name in PORTRAITS:
            try:
                pixels, golden = self.need_pixels(name), self.golden("stills", name + ".gold")
            except unittest.SkipTest:
                continue
            size = np.array([pixels.shape[1], pixels.shape[0]])
            for refine, n in ((False, 468), (True, 478)):
                with mp.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=4,
                                                     refine_landmarks=refine) as face_mesh:
                    found = face_mesh.process(pixels).multi_face_landmarks
                want = golden["landmarks_{}".format(n)]
                self.assertEqual(len(found), len(want), name)
                for face, expected in zip(found, want):
                    share = errors(points(face), expected, size)
                    self.assertLess(share.mean(), 0.003, name)
                    self.assertLess(share.max(), 0.02, name)
                    n_compared += 1
        if not n_compared:
            self.skipTest("no portraits")

    def test_results(self):
        self.need_models()
        with mp.solutions.face_mesh.FaceMesh() as face_mesh:
            result = face_mesh.process(self.need_pixels())
            self.assertEqual(len(result.multi_face_landmarks), 1)
            face = result.multi_face_landmarks[0]
            self.assertEqual(len(face.landmark), 468)
            self.assertFalse(face.landmark[0].HasField("visibility"))
            self.assertEqual(face.landmark[0].presence, 0)
            self.assertIsNone(face_mesh.process(BLACK).multi_face_landmarks)

    def test_tracks_unless_static(self):
        self.need_models()
        pixels = self.need_pixels()
        moved = np.roll(pixels, 6, 1)
        mesh = mp.solutions.face_mesh.FaceMesh
        with mesh(static_image_mode=True) as static, mesh() as tracking:
            first = [points(each.process(pixels).multi_face_landmarks[0])
                     for each in (static, tracking)]
            second = [points(each.process(moved).multi_face_landmarks[0])
                      for each in (static, tracking)]
            np.testing.assert_array_equal(first[0], first[1])
            self.assertGreater(np.abs(second[0] - second[1]).max(), 1e-6)
            tracking.reset()
            again = points(tracking.process(moved).multi_face_landmarks[0])
            np.testing.assert_array_equal(again, second[0])

    def test_errors(self):
        self.need_models()
        face_mesh = mp.solutions.face_mesh.FaceMesh()
        with self.assertRaisesRegex(ValueError, "must contain three channel rgb data"):
            face_mesh.process(np.zeros((4, 4, 4), np.uint8))
        with self.assertRaises(IndexError):
            face_mesh.process(BLACK[:, :, 0])
        with self.assertRaisesRegex(TypeError, "Cannot cast array .*dtype"):
            face_mesh.process(BLACK.astype(np.float32))
        with self.assertRaises(RuntimeError):
            face_mesh.process(BLACK[:0])
        with self.assertRaises(AttributeError):
            face_mesh.process(None)
        self.assertIsNone(face_mesh.process(BLACK).multi_face_landmarks)
        face_mesh.close()
        with self.assertRaisesRegex(ValueError, "_graph is None in SolutionBase"):
            face_mesh.process(BLACK)
        with self.assertRaisesRegex(ValueError, "_graph which is already None"):
            face_mesh.close()
        face_mesh.reset()
        with self.assertRaises(RuntimeError):
            mp.solutions.face_mesh.FaceMesh(max_num_faces=0)
        with self.assertRaises(TypeError):
            mp.solutions.face_mesh.FaceMesh(max_num_faces="one")
        for name in ("min_detection_confidence", "min_tracking_confidence"):
            with self.assertRaises(TypeError):
                mp.solutions.face_mesh.FaceMesh(**{name: "0.5"})
        # Thresholds beyond 0 and 1 are taken, as by MediaPipe: nothing passes this one.
        with mp.solutions.face_mesh.FaceMesh(min_tracking_confidence=5) as none:
            self.assertIsNone(none.process(self.need_pixels()).multi_face_landmarks)

    def test_device(self):
        self.need_models()
        with mp.solutions.face_mesh.FaceMesh(device="cpu") as face_mesh:
            face_mesh.process(BLACK)
        if not any(device.usable and not device.software for device in mien.devices()):
            reasons = mien.doctor().reasons()
            with self.assertRaises(RuntimeError) as caught:
                mp.solutions.face_mesh.FaceMesh(device="cuda:0")
            self.assertIn(reasons, str(caught.exception))
            self.assertIn("mien doctor", str(caught.exception))

    def test_constants(self):
        module = mp.solutions.face_mesh
        sizes = {"LIPS": 40, "LEFT_EYE": 16, "LEFT_EYEBROW": 8, "LEFT_IRIS": 4, "RIGHT_EYE": 16,
                 "RIGHT_EYEBROW": 8, "RIGHT_IRIS": 4, "FACE_OVAL": 36, "NOSE": 25, "CONTOURS": 124,
                 "IRISES": 8, "TESSELATION": 2556}
        for name, n in sizes.items():
            edges = getattr(module, "FACEMESH_" + name)
            self.assertIsInstance(edges, frozenset)
            self.assertEqual(len(edges), n, name)
        self.assertIn((263, 249), module.FACEMESH_LEFT_EYE)
        self.assertEqual((module.FACEMESH_NUM_LANDMARKS,
                          module.FACEMESH_NUM_LANDMARKS_WITH_IRISES), (468, 478))


class TestFaceDetection(TestCase):
    def test_gives_what_mediapipe_gives(self):
        self.need_models("face_detector_short", "face_detector_full_sparse")
        n_compared = 0
        for name in PORTRAITS:
            try:
                pixels, golden = self.need_pixels(name), self.golden("detections", name + ".gold")
            except unittest.SkipTest:
                continue
            for selection, kind in enumerate(("short", "full")):
                with mp.solutions.face_detection.FaceDetection(
                        model_selection=selection) as detection:
                    found = detection.process(pixels).detections or []
                self.assertEqual(len(found), len(golden[kind + "_scores"]), (name, kind))
                for got, score, box, keypoints in zip(found, *(
                        golden["{}_{}".format(kind, part)]
                        for part in ("scores", "boxes", "keypoints"))):
                    self.assertAlmostEqual(got.score[0], score, delta=2e-3)
                    location = got.location_data
                    self.assertEqual(location.format, location.RELATIVE_BOUNDING_BOX)
                    relative = location.relative_bounding_box
                    np.testing.assert_allclose(
                        [relative.xmin, relative.ymin, relative.width, relative.height], box,
                        atol=2e-3)
                    np.testing.assert_allclose([(p.x, p.y) for p in location.relative_keypoints],
                                               keypoints, atol=2e-3)
                    n_compared += 1
        if not n_compared:
            self.skipTest("no portraits")

    def test_key_points_and_thresholds(self):
        self.need_models()
        module, pixels = mp.solutions.face_detection, self.need_pixels()
        with module.FaceDetection() as detection:
            found = detection.process(pixels).detections
            self.assertIsNone(detection.process(BLACK).detections)
        self.assertEqual([list(found[0].label_id), len(found[0].score)], [[0], 1])
        nose = module.get_key_point(found[0], module.FaceKeyPoint.NOSE_TIP)
        self.assertEqual(nose.x, found[0].location_data.relative_keypoints[2].x)
        self.assertIsNone(module.get_key_point(None, module.FaceKeyPoint.NOSE_TIP))
        with module.FaceDetection(min_detection_confidence=0.9999) as strict:
            self.assertIsNone(strict.process(pixels).detections)


class TestPaths(unittest.TestCase):
    def test_other_paths_lead_to_the_same_modules(self):
        from mien.compat.python.solutions import face_mesh
        from mien.compat.python.solutions.drawing_utils import _normalized_to_pixel_coordinates
        from mien.compat.solutions.face_mesh import FaceMesh
        self.assertIs(face_mesh, mp.solutions.face_mesh)
        self.assertIs(face_mesh.FaceMesh, FaceMesh)
        self.assertEqual(_normalized_to_pixel_coordinates(0.5, 1, 10, 20), (5, 19))
        self.assertIsNone(_normalized_to_pixel_coordinates(0.5, 1.1, 10, 20))
        from mien.compat.tasks.python.vision import drawing_utils
        self.assertIs(drawing_utils._normalized_to_pixel_coordinates,
                      _normalized_to_pixel_coordinates)


class TestMessages(TestCase):
    def test_fields(self):
        point = landmark_pb2.NormalizedLandmark(x=0.1, y=2)
        self.assertEqual(point.x, float(np.float32(0.1)))
        self.assertEqual((point.y, point.z, point.visibility), (2.0, 0.0, 0.0))
        self.assertEqual([point.HasField(name) for name in "xyz"], [True, True, False])
        point.visibility = 0.5
        self.assertTrue(point.HasField("visibility"))
        point.ClearField("visibility")
        self.assertFalse(point.HasField("visibility"))
        self.assertEqual(str(point), "x: 0.1\ny: 2\n")
        self.assertEqual(point, landmark_pb2.NormalizedLandmark(x=0.1, y=2))
        self.assertNotEqual(point, landmark_pb2.Landmark(x=0.1, y=2))
        for wrong, kind in ((lambda: landmark_pb2.NormalizedLandmark(w=1), ValueError),
                            (lambda: setattr(point, "w", 1), AttributeError),
                            (lambda: point.HasField("w"), ValueError),
                            (lambda: setattr(point, "x", "1"), TypeError),
                            (lambda: hash(point), TypeError)):
            with self.assertRaises(kind):
                wrong()

    def test_lists_copy_what_they_take(self):
        faces = landmark_pb2.NormalizedLandmarkList()
        point = landmark_pb2.NormalizedLandmark(x=1)
        faces.landmark.extend([point, point])
        faces.landmark.append(point)
        faces.landmark.add().x = 5
        faces.landmark.add(x=6)
        faces.landmark[0].x = 9
        self.assertEqual([p.x for p in faces.landmark], [9, 1, 1, 5, 6])
        self.assertEqual(point.x, 1)
        for wrong, kind in ((lambda: faces.landmark.append(3), TypeError),
                            (lambda: faces.landmark.extend([landmark_pb2.Landmark()]), TypeError),
                            (lambda: setattr(faces, "landmark", []), AttributeError),
                            (lambda: faces.HasField("landmark"), ValueError)):
            with self.assertRaises(kind):
                wrong()
        for twin in (copy.deepcopy(faces), pickle.loads(pickle.dumps(faces))):
            self.assertEqual(twin, faces)
            twin.landmark.add(x=7)
            self.assertNotEqual(twin, faces)
        made = landmark_pb2.NormalizedLandmarkList(landmark=[{"x": 1}, point])
        self.assertEqual([p.x for p in made.landmark], [1, 1])
        with self.assertRaises(ValueError):
            landmark_pb2.NormalizedLandmarkList(landmark=[{"w": 1}])
        box = location_data_pb2.LocationData(relative_bounding_box={"xmin": 0.25})
        self.assertEqual(box.relative_bounding_box.xmin, 0.25)
        other = landmark_pb2.NormalizedLandmarkList(landmark=[point])
        other.MergeFrom(faces)
        self.assertEqual(len(other.landmark), 6)
        other.CopyFrom(faces)
        self.assertEqual(other, faces)

    def test_a_list_from_points_is_like_any_other(self):
        points = np.float32([[0.1, 0.2, 0.3], [1, 2, 3]])
        want = landmark_pb2.NormalizedLandmarkList()
        for x, y, z in points:
            want.landmark.add(x=x, y=y, z=z)

        def fresh():
            return landmark_pb2.from_points(points)

        # Each looks at one that nobody has looked at.
        self.assertEqual(fresh(), want)
        self.assertEqual(want, fresh())
        self.assertEqual(str(fresh()), str(want))
        self.assertEqual([point.y for point in fresh().landmark],
                         [point.y for point in want.landmark])
        for twin in (copy.copy(fresh()), copy.deepcopy(fresh()),
                     pickle.loads(pickle.dumps(fresh()))):
            self.assertEqual(twin, want)
        other = landmark_pb2.NormalizedLandmarkList()
        other.CopyFrom(fresh())
        self.assertEqual(other, want)
        cleared = fresh()
        cleared.Clear()
        self.assertEqual(len(cleared.landmark), 0)
        one = fresh()
        one.landmark[0].x = 7
        self.assertEqual((one.landmark[0].x, points[0, 0]), (7, np.float32(0.1)))
        self.assertIs(one.landmark, one.landmark)
        for wrong in (lambda: fresh().landmarks, lambda: setattr(fresh(), "w", 1)):
            with self.assertRaises(AttributeError):
                wrong()

    def test_messages_in_messages(self):
        detection = detection_pb2.Detection()
        self.assertFalse(detection.HasField("location_data"))
        detection.location_data.format = location_data_pb2.LocationData.RELATIVE_BOUNDING_BOX
        detection.location_data.relative_bounding_box.xmin = 0.25
        detection.score.append(0.5)
        self.assertTrue(detection.HasField("location_data"))
        self.assertFalse(detection.location_data.HasField("bounding_box"))
        self.assertEqual(str(detection), "score: 0.5\nlocation_data {\n  format: "
                         "RELATIVE_BOUNDING_BOX\n  relative_bounding_box {\n    xmin: 0.25\n  }\n}\n")


class TestDrawing(TestCase):
    def test_needs_cv2_only_when_used(self):
        code = ("import sys; sys.modules['cv2'] = None\nimport numpy as np, mien.compat as mp\n"
                "d = mp.solutions.drawing_utils\nlist = mp.framework.formats.landmark_pb2\n"
                "try: d.draw_landmarks(np.zeros((9, 9, 3), np.uint8), "
                "list.NormalizedLandmarkList())\nexcept ImportError as error: print(error)")
        self.assertIn("opencv", self.python(code))

    def test_styles(self):
        styles = mp.solutions.drawing_styles
        self.assertEqual(set(styles.get_default_face_mesh_contours_style()),
                         set(mp.solutions.face_mesh.FACEMESH_CONTOURS))
        self.assertEqual(set(styles.get_default_face_mesh_iris_connections_style()),
                         set(mp.solutions.face_mesh.FACEMESH_IRISES))
        self.assertEqual(styles.get_default_face_mesh_tesselation_style(),
                         mp.solutions.drawing_utils.DrawingSpec((128, 128, 128), 1, 2))
        self.assertEqual(mp.solutions.drawing_utils.DrawingSpec().color, (224, 224, 224))

    def test_colours(self):
        """MediaPipe's, blue first; green is the subject's left, red the right."""
        styles, sets = mp.solutions.drawing_styles, mp.solutions.face_mesh_connections
        white, green, red = (224, 224, 224), (48, 255, 48), (48, 48, 255)
        want = [{"LIPS": white, "LEFT_EYE": green, "LEFT_EYEBROW": green, "RIGHT_EYE": red,
                 "RIGHT_EYEBROW": red, "FACE_OVAL": white},
                {"LIPS": (192, 101, 21), "LEFT_EYE": (192, 255, 48), "LEFT_EYEBROW": green,
                 "RIGHT_EYE": (192, 48, 255), "RIGHT_EYEBROW": red, "FACE_OVAL": white,
                 "NOSE": (0, 204, 255)},
                {"LEFT_IRIS": green, "RIGHT_IRIS": red}]
        got = [styles.get_default_face_mesh_contours_style(),
               styles.get_default_face_mesh_contours_style(1),
               styles.get_default_face_mesh_iris_connections_style()]
        for style, colours in zip(got, want):
            self.assertEqual({edge: (spec.color, spec.thickness) for edge, spec in style.items()},
                             {edge: (colour, 2) for name, colour in colours.items()
                              for edge in getattr(sets, "FACEMESH_" + name)})

    def test_draws(self):
        self.need_module("cv2")
        draw = mp.solutions.drawing_utils
        spot = landmark_pb2.NormalizedLandmark
        landmarks = landmark_pb2.NormalizedLandmarkList(landmark=[
            spot(x=0.25, y=0.5), spot(x=0.75, y=0.5), spot(x=1.5, y=0.5),
            spot(x=0.5, y=0.25, visibility=0.1)])
        picture = BLACK.copy()
        draw.draw_landmarks(picture, landmarks, [(0, 1), (1, 2), (1, 3)], None,
                            draw.DrawingSpec(color=(1, 2, 3), thickness=1))
        row = np.flatnonzero((picture == (1, 2, 3)).all(2).any(1))
        self.assertEqual(row.tolist(), [20])  # only the line between the two that are shown
        self.assertEqual(picture[20, 12].tolist(), [1, 2, 3])
        self.assertEqual(picture[20, 37].tolist(), [1, 2, 3])
        draw.draw_landmarks(picture, landmarks, landmark_drawing_spec=draw.DrawingSpec(
            color=(0, 0, 255), thickness=-1, circle_radius=1))
        self.assertEqual(picture[20, 12].tolist(), [0, 0, 255])
        self.assertEqual(picture[10, 25].tolist(), [0, 0, 0])
        with self.assertRaisesRegex(ValueError, "Landmark index is out of range"):
            draw.draw_landmarks(picture, landmarks, [(0, 9)])
        with self.assertRaisesRegex(ValueError, "three channel bgr"):
            draw.draw_landmarks(np.zeros((9, 9, 4), np.uint8), landmarks)

    def test_draws_axes_and_detections(self):
        self.need_module("cv2")
        draw = mp.solutions.drawing_utils
        picture = np.zeros((100, 100, 3), np.uint8)
        draw.draw_axis(picture, np.eye(3), np.array([0, 0, -1.0]), axis_length=0.5)
        self.assertEqual(picture[50, 60].tolist(), list(draw.RED_COLOR))
        self.assertEqual(picture[40, 50].tolist(), list(draw.GREEN_COLOR))
        self.need_models()
        pixels = self.need_pixels().copy()
        before = pixels.copy()
        with mp.solutions.face_detection.FaceDetection() as detection:
            draw.draw_detection(pixels, detection.process(pixels).detections[0])
        self.assertGreater((pixels != before).sum(), 100)


if __name__ == "__main__":
    unittest.main()
