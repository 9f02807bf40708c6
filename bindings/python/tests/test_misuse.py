# SPDX-License-Identifier: Apache-2.0
"""Wrong use gives an exception and leaves the engine as it was."""
import os
import pickle
import sys
import threading
import time
import unittest
import unittest.mock

import numpy as np

import mien
from mien import _abi
from mien._library import library

from support import TestCase

BLACK = np.zeros((40, 50, 3), np.uint8)


class TestArguments(TestCase):
    def setUp(self):
        self.need_models()

    def test_pixels(self):
        wrong = {
            "float": BLACK.astype(np.float32),
            "uint16": BLACK.astype(np.uint16),
            "one dimension": BLACK[0, 0],
            "four dimensions": BLACK[None, None],
            "two channels": BLACK[:, :, :2],
            "five channels": np.zeros((4, 4, 5), np.uint8),
            "no rows": BLACK[:0],
            "no columns": BLACK[:, :0],
            "too wide": np.zeros((1, 40000, 3), np.uint8),
            "a number": 5,
            "text": "portrait.jpg",
            "nothing": None,
            "lists": [[1, 2], [3, 4]],
        }
        with mien.Engine() as engine:
            for what, frame in wrong.items():
                with self.subTest(what), self.assertRaises((ValueError, TypeError)):
                    engine.process(frame)
            self.assertEqual(len(engine.process(BLACK)), 0)

    def test_images(self):
        for what, arguments in {
                "format": (BLACK, "YUYV"), "format of another shape": (BLACK, "RGBA"),
                "gray as RGB": (BLACK[:, :, 0], "RGB"), "no format": (BLACK, ["RGB"]),
                "rows of NV12": (np.zeros((40, 50), np.uint8), "NV12"),
                "odd NV12": (np.zeros((60, 51), np.uint8), "NV12"),
                "I420 with gaps": (np.zeros((60, 64), np.uint8)[:, :50], "I420")}.items():
            with self.subTest(what), self.assertRaises(ValueError):
                mien.Image(*arguments)
        for options in ({"color_matrix": "bt1"}, {"color_range": "half"}, {"rotation": 1 << 40}):
            with self.assertRaises(ValueError):
                mien.Image(BLACK, **options)
        with mien.Engine() as engine, self.assertRaises(ValueError):
            engine.process(mien.Image(BLACK, rotation=45))

    def test_options(self):
        for options in (
                {"max_faces": 0}, {"max_faces": 1 << 40}, {"threads": 0}, {"threads": 65},
                {"mode": "film"}, {"mode": None}, {"min_detection_confidence": 2},
                {"min_tracking_confidence": float("nan")}, {"smoothing": "much"},
                {"queue_policy": "oldest"}, {"device": "abacus"}, {"model": "no_such_model"},
                {"model": b"not a model"}, {"model": "face_detector_short"},
                {"detector": "face_mesh"}, {"mode": "live_stream"},
                {"on_result": lambda result, time: None}):
            with self.subTest(options):
                with self.assertRaises((ValueError, FileNotFoundError, mien.MienError)) as caught:
                    mien.Engine(**options)
                self.assertTrue(str(caught.exception))
        for options in ({"max_faces": 1.5}, {"threads": "two"}, {"fov_degrees": "wide"},
                        {"model": 7}):
            with self.subTest(options), self.assertRaises((TypeError, ValueError)):
                mien.Engine(**options)

    def test_every_option_arrives(self):
        """What C gets for each keyword; none of these values is a default."""
        values = {
            "mode": ("live_stream", _abi.MODES["live_stream"]), "max_faces": (7, 7),
            "min_detection_confidence": (0.125, 0.125), "min_tracking_confidence": (0.25, 0.25),
            "min_presence_confidence": (0.75, 0.75), "threads": (3, 3),
            "blendshapes": (True, True), "transform": (True, True), "fov_degrees": (40, 40.0),
            "smoothing": ("strong", _abi.SMOOTHINGS["strong"]), "queue_capacity": (5, 5),
            "queue_policy": ("block", _abi.QUEUE_POLICIES["block"]), "device": ("gpu", b"gpu"),
            "allow_software": (True, True), "precision": ("fp16", _abi.PRECISIONS["fp16"]),
            "on_device_loss": ("reopen", _abi.ON_DEVICE_LOSS["reopen"]),
        }
        seen = {}

        def create(options, _engine, _error):
            # What byref() points to is its _obj.
            seen.update((name, getattr(options._obj, name)) for name in values)
            seen["log"] = options._obj.log
            return _abi.E_ARGUMENT

        with unittest.mock.patch.object(library, "mien_engine_create", create):
            with self.assertRaises(mien.ArgumentError):
                mien.Engine(on_result=lambda result, time: None,
                            **{name: given for name, (given, _) in values.items()})
        self.assertTrue(seen.pop("log"))
        self.assertEqual(seen, {name: want for name, (_, want) in values.items()})

    def test_times(self):
        with mien.Engine(mode="video") as engine:
            engine.process(BLACK, 1000)
            for time in (1000, 999, -5, 1 << 63):
                with self.subTest(time), self.assertRaises(ValueError):
                    engine.process(BLACK, time)
            with self.assertRaises(TypeError):
                engine.process(BLACK, 2000.5)
            engine.process(BLACK, np.int64(1001))
            engine.reset()
            engine.process(BLACK, 5)

    def test_batches(self):
        with mien.Engine(mode="video") as engine:
            with self.assertRaises(ValueError):
                engine.process_batch([BLACK, BLACK], [1])
            with self.assertRaises(ValueError):
                engine.process_batch([BLACK], [1], [1, 2])
            with self.assertRaises(ValueError):
                engine.process_batch([BLACK, BLACK], [5, 5])
            self.assertEqual(len(engine.process_batch([BLACK, BLACK], [5, 6])), 2)

    def test_devices(self):
        for device in mien.devices():
            if not device.usable:
                with self.assertRaises(mien.DeviceError) as caught:
                    mien.Engine(device=device.id)
                self.assertEqual(caught.exception.reason, device.reason)
                self.assertEqual(caught.exception.status, "MIEN_E_DEVICE")

    def test_device_variable(self):
        code = "import mien\ntry: mien.Engine()\nexcept ValueError as error: print(error)"
        environment = dict(os.environ, MIEN_DEVICE="abacus")
        self.assertIn("abacus", self.python(code, env=environment))

    def test_errors_travel(self):
        with self.assertRaises(mien.ArgumentError) as caught:
            mien.Engine(max_faces=0)
        error = pickle.loads(pickle.dumps(caught.exception))
        self.assertEqual((str(error), error.status), (str(caught.exception), "MIEN_E_ARGUMENT"))


class TestLife(TestCase):
    def setUp(self):
        self.need_models()

    def test_use_after_close(self):
        engine = mien.Engine()
        engine.close()
        engine.close()
        for call in (lambda: engine.process(BLACK), engine.reset, lambda: engine.info,
                     lambda: engine.process_batch([BLACK]), lambda: engine.send(BLACK, 0),
                     engine.flush, lambda: engine.stats):
            with self.assertRaises(ValueError):
                call()

    def test_calls_of_another_mode(self):
        with mien.Engine() as engine:
            for call in (lambda: engine.send(BLACK, 0), engine.flush, lambda: engine.stats):
                with self.assertRaises(ValueError):
                    call()

    def test_fork_is_refused_and_does_not_hang(self):
        code = """
import os, sys, threading, time
import numpy as np
import mien
engine = mien.Engine(mode="video")
picture = np.zeros((400, 500, 3), np.uint8)
def work():
    for i in range(200): engine.process(picture, i)
busy = threading.Thread(target=work)
busy.start()
time.sleep(0.02)
child = os.fork()
if child == 0:
    try: engine.process(picture, 1 << 40)
    except RuntimeError as error: sys.stdout.write("refused: %s\\n" % error)
    engine.close()
    with mien.Engine() as own: sys.stdout.write("%d faces\\n" % len(own.process(picture)))
    sys.stdout.flush()
    del engine
    os._exit(0)
_, status = os.waitpid(child, 0)
busy.join()
engine.process(picture, 1 << 40)
print("parent goes on", status)
"""
        printed = self.python(code)
        self.assertIn("refused: ", printed)
        self.assertIn("0 faces", printed)
        self.assertIn("parent goes on 0", printed)

    def test_two_threads_at_once(self):
        pixels = self.need_pixels()
        failures = []
        with mien.Engine() as engine:
            want = engine.process(pixels).landmarks

            def work():
                for _ in range(10):
                    got = engine.process(pixels).landmarks
                    if not np.array_equal(got, want):
                        failures.append(got)

            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])

    def test_close_while_another_thread_computes(self):
        for _ in range(5):
            engine = mien.Engine()
            outcomes = []

            def work(engine=engine, outcomes=outcomes):
                try:
                    while True:
                        engine.process(BLACK)
                except ValueError as error:
                    outcomes.append(str(error))

            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads:
                thread.start()
            engine.close()
            for thread in threads:
                thread.join(20)
            self.assertEqual(outcomes, ["the engine is closed"] * 2)

    def test_info_while_another_thread_closes(self):
        """Its texts are the engine's: they are read before the engine may go."""
        wanted = mien.Engine(None).info
        for _ in range(20):
            engine = mien.Engine(None)
            seen = []

            def work(engine=engine, seen=seen):
                try:
                    while True:
                        seen.append(engine.info)
                except ValueError as error:
                    seen.append(str(error))

            thread = threading.Thread(target=work)
            thread.start()
            time.sleep(0.001)
            engine.close()
            thread.join(20)
            self.assertEqual(seen.pop(), "the engine is closed")
            self.assertEqual(set(seen) - {wanted}, set())

    def test_others_run_while_it_computes(self):
        """The lock of the interpreter is free: another thread counts during a call."""
        big = np.zeros((2000, 3000, 3), np.uint8)
        counts = [0]
        done = threading.Event()

        def count():
            while not done.is_set():
                counts[0] += 1
                time.sleep(0)

        counter = threading.Thread(target=count)
        interval = sys.getswitchinterval()
        sys.setswitchinterval(100)  # nobody gets the lock but from who gives it away
        try:
            with mien.Engine() as engine:
                counter.start()
                for _ in range(200):  # a busy machine may let the other thread wait
                    before = counts[0]
                    engine.process(big)
                    during = counts[0] - before
                    if during > 0:
                        break
        finally:
            sys.setswitchinterval(interval)
            done.set()
            counter.join()
        self.assertGreater(during, 0)


class TestLiveStream(TestCase):
    def setUp(self):
        self.need_models()

    def stream(self, on_result, **options):
        engine = mien.Engine(mode="live_stream", on_result=on_result, **options)
        self.addCleanup(engine.close)
        return engine

    def test_every_frame_is_answered_or_counted(self):
        for policy in ("newest", "block"):
            times = []
            engine = self.stream(lambda result, time: times.append(time), queue_policy=policy,
                                 queue_capacity=3)
            for time in range(100):
                engine.send(BLACK, time * 10)
            engine.flush()
            stats = engine.stats
            self.assertEqual(stats.received, 100)
            self.assertEqual(stats.processed + stats.dropped, 100)
            self.assertEqual((stats.processed, stats.waiting), (len(times), 0))
            self.assertEqual(times, sorted(set(times)))
            self.assertEqual(times[-1], 990)
            if policy == "block":
                self.assertEqual(stats.dropped, 0)

    def test_as_many_wait_as_may(self):
        for capacity in (1, 3):
            begun, go_on = threading.Event(), threading.Event()

            def on_result(_result, _time, begun=begun, go_on=go_on):
                begun.set()
                go_on.wait(20)

            engine = self.stream(on_result, queue_capacity=capacity)
            engine.send(BLACK, 0)
            self.assertTrue(begun.wait(20))
            for time_us in range(1, 6):
                engine.send(BLACK, time_us)
            self.assertEqual((engine.stats.waiting, engine.stats.dropped), (capacity, 5 - capacity))
            go_on.set()
            engine.flush()

    def test_result_is_that_of_video(self):
        pixels = self.need_pixels()
        got = []
        engine = self.stream(lambda result, time: got.append(result), queue_policy="block")
        with mien.Engine(mode="video") as video:
            want = [video.process(np.roll(pixels, i, 1), i) for i in range(5)]
        for i in range(5):
            engine.send(np.roll(pixels, i, 1), i)
        engine.flush()
        for one, other in zip(got, want):
            np.testing.assert_array_equal(one.landmarks, other.landmarks)

    def test_the_frame_is_copied(self):
        pixels = self.need_pixels().copy()
        got = []
        engine = self.stream(lambda result, time: got.append(len(result)))
        engine.send(pixels, 1)
        pixels[:] = 0
        engine.flush()
        self.assertEqual(got, [1])

    def test_wrong_calls(self):
        engine = self.stream(lambda result, time: None)
        engine.send(BLACK, 5)
        for call in (lambda: engine.send(BLACK, 5), lambda: engine.process(BLACK, 6),
                     lambda: engine.process_batch([BLACK], [6]), lambda: engine.send(None, 7)):
            with self.assertRaises((ValueError, TypeError)):
                call()
        engine.reset()
        engine.send(BLACK, 5)

    def test_callback_that_calls_back(self):
        outcomes = {}

        def on_result(_result, _time):
            calls = {"send": lambda: engine.send(BLACK, 99), "flush": engine.flush,
                     "reset": engine.reset, "stats": lambda: engine.stats,
                     "info": lambda: engine.info, "process": lambda: engine.process(BLACK, 99),
                     "close": engine.close, "after": lambda: engine.stats}
            for name, call in calls.items():
                try:
                    call()
                    outcomes[name] = "good"
                except (ValueError, RuntimeError) as error:
                    outcomes[name] = str(error)
            done.set()

        done = threading.Event()
        engine = self.stream(on_result)
        engine.send(BLACK, 1)
        self.assertTrue(done.wait(20))
        self.assertEqual({name for name, what in outcomes.items() if what == "good"},
                         {"stats", "info", "close"})
        self.assertEqual(outcomes["after"], "the engine is closed")

    def test_last_reference_goes_in_the_callback(self):
        for _ in range(10):
            holder = []
            done = threading.Event()

            def on_result(_result, _time, holder=holder, done=done):
                holder.clear()
                done.set()

            holder.append(mien.Engine(mode="live_stream", on_result=on_result))
            holder[0].send(BLACK, 1)
            self.assertTrue(done.wait(20))

    def test_close_wakes_who_waits_to_send(self):
        slow = threading.Event()
        engine = self.stream(lambda result, time: slow.wait(0.2), queue_policy="block")
        outcomes = []

        def feed():
            try:
                for time in range(1000):
                    engine.send(BLACK, time)
            except (ValueError, RuntimeError) as error:
                outcomes.append(error)

        feeder = threading.Thread(target=feed)
        feeder.start()
        threading.Event().wait(0.3)
        engine.close()
        feeder.join(20)
        self.assertFalse(feeder.is_alive())
        self.assertEqual(len(outcomes), 1)

    def test_fork(self):
        code = """
import os, numpy as np, mien
engine = mien.Engine(mode="live_stream", on_result=lambda result, time: None)
picture = np.zeros((400, 500, 3), np.uint8)
engine.send(picture, 1)
# A sanitizer's allocator does not survive a fork while another thread allocates, and the first frame does.
if "MIEN_PRELOAD" in os.environ: engine.flush()
if os.fork() == 0:
    for call in (lambda: engine.send(picture, 2), engine.flush, engine.reset):
        try: call()
        except RuntimeError: os.write(1, b"refused ")
    engine.close()
    raise SystemExit
os.wait()
engine.flush()
print(engine.stats.processed)
"""
        self.assertEqual(self.python(code).split(), ["refused"] * 3 + ["1"])


if __name__ == "__main__":
    unittest.main()
