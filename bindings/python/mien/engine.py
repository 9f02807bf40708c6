# SPDX-License-Identifier: Apache-2.0
"""The engine: pictures in, faces out, on the device that it was created with."""
import ctypes
import os
import sys
# To load threading takes longer than to load all of mien.
from _thread import RLock, allocate_lock, get_ident

from . import _abi
from ._lazy import defer
from ._library import check, failure, library
from ._typing import Any, Callable, Dict, List, Optional, Sequence, overload
from .image import Image, integer, lookup
from .model import Model
from .result import Result

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from ._records import EngineInfo, StreamStats

defer(__name__, (), {"EngineInfo": "_records", "StreamStats": "_records"})

_WARNINGS = 2  # of MienLogLevel


def _log_level() -> int:
    """What the program's logger "mien" wants of MienLogLevel."""
    if "logging" not in sys.modules:
        return _WARNINGS  # logging's own default; to load it takes longer than to load all of mien
    import logging
    level = logging.getLogger("mien").getEffectiveLevel()
    return {logging.ERROR: 1, logging.WARNING: _WARNINGS, logging.INFO: 3, logging.DEBUG: 4}.get(
        level, _WARNINGS)


@_abi.LogFn
def _pass_on(_user: Any, level: int, area: bytes, line: bytes) -> None:
    if level == 1:
        return  # the call failed: its exception tells that
    import logging
    logging.getLogger("mien").log({2: logging.WARNING, 3: logging.INFO}.get(level, logging.DEBUG),
                                  "%s: %s", area.decode(), line.decode("utf-8", "replace"))


def _loaded(model: Any) -> Model:
    return model if isinstance(model, Model) else Model(model)


class Engine:
    """Finds faces, on the device that is named, or is not created: nothing falls back.

    model: "face_mesh" (468 points), "face_mesh_attention" (478), another name of catalog(), the
        path of a .tflite or .task file, its bytes, or a Model. None: the engine only detects.
    detector: the same; a bundle brings its own.
    mode: "image": pictures that have nothing to do with each other; "video": frames in order, in
        which faces are followed; "live_stream": the same, but send() returns at once and on_result
        gets the results.
    device: "cpu", "cuda:0", "vulkan:0", "gpu", "auto" ...; None: $MIEN_DEVICE, else "cpu".
    max_faces, min_detection_confidence, min_tracking_confidence, min_presence_confidence,
    blendshapes, transform, fov_degrees, smoothing ("default", "off", "mediapipe", "strong"),
    threads, allow_software, queue_capacity, queue_policy ("newest", "block"),
    precision ("fp32", "fp16", "auto"), on_device_loss ("fail", "reopen"): as in
        include/mien/engine.h.
    on_result: called as on_result(result, timestamp_us), or with a MienError in place of the result
        if the frame failed, from a thread of the engine's own. Calls from there with the same engine
        fail, but info, stats and close.

    A call may come from any thread; calls of one engine wait for each other. An engine does not
    survive a fork: make one in the child. Its log goes to logging.getLogger("mien").
    """

    def __init__(self, model: Any = "face_mesh", detector: Any = None, mode: str = "image",
                 device: Optional[str] = None, max_faces: int = 1,
                 min_detection_confidence: float = 0.5, min_tracking_confidence: float = 0.5,
                 min_presence_confidence: float = 0.5, threads: int = 1, blendshapes: bool = False,
                 transform: bool = False, fov_degrees: float = 63.0, smoothing: str = "default",
                 on_result: Optional[Callable[[Any, int], None]] = None, queue_capacity: int = 1,
                 queue_policy: str = "newest", allow_software: bool = False,
                 precision: str = "fp32", on_device_loss: str = "fail") -> None:
        self._pointer = None  # type: Optional[ctypes.c_void_p]
        self._pid = os.getpid()
        # Of the pointer and of the number of calls that use it; a signal's handler may call too.
        self._guard = RLock()
        self._n_inside = 0
        self._last_leaves = None  # type: Any  # a lock that the last call inside releases
        self._computing = allocate_lock()
        networks = _loaded(model) if model is not None else None
        if detector is None and (networks is None or networks.n_networks == 1):
            detector = "face_detector_short"
        finder = _loaded(detector) if detector is not None else None

        options = _abi.MienEngineOptions()
        library.mien_engine_options_init(ctypes.byref(options))
        options.mode = lookup(_abi.MODES, "mode", mode)
        options.model = networks._pointer if networks else None
        options.detector = finder._pointer if finder else None
        options.max_faces = integer("max_faces", max_faces)
        options.min_detection_confidence = float(min_detection_confidence)
        options.min_tracking_confidence = float(min_tracking_confidence)
        options.min_presence_confidence = float(min_presence_confidence)
        options.threads = integer("threads", threads)
        options.blendshapes = bool(blendshapes)
        options.transform = bool(transform)
        options.fov_degrees = float(fov_degrees)
        options.smoothing = lookup(_abi.SMOOTHINGS, "smoothing", smoothing)
        options.device = (device or os.environ.get("MIEN_DEVICE") or "cpu").encode()
        options.allow_software = bool(allow_software)
        options.queue_capacity = integer("queue_capacity", queue_capacity)
        options.queue_policy = lookup(_abi.QUEUE_POLICIES, "queue_policy", queue_policy)
        options.precision = lookup(_abi.PRECISIONS, "precision", precision)
        options.on_device_loss = lookup(_abi.ON_DEVICE_LOSS, "on_device_loss", on_device_loss)
        options.log = ctypes.cast(_pass_on, ctypes.c_void_p)
        options.log_level = _log_level()
        self._on_result = on_result
        self._callback = None  # type: Any
        if on_result is not None:
            from ._stream import answer_of
            self._callback = options.on_result = _abi.ResultFn(answer_of(self))
        self._blendshapes, self._transform = bool(blendshapes), bool(transform)
        self._stream_thread = None  # type: Optional[int]

        made, error = ctypes.c_void_p(), _abi.MienError()
        check(library.mien_engine_create(ctypes.byref(options), ctypes.byref(made),
                                         ctypes.byref(error)), error)
        self._pointer = made
        if self._callback:
            from ._stream import opened
            opened(self)
        with self._inside() as engine:
            self._n_landmarks = self._read_info(engine).n_landmarks  # type: int

    @overload
    def process(self, frame: List[Any], timestamp_us: Optional[Sequence[int]] = None
                ) -> List[Result]: ...

    @overload
    def process(self, frame: Any, timestamp_us: int = 0) -> Result: ...

    def process(self, frame: Any, timestamp_us: Any = None) -> Any:
        """Finds the faces of one picture: an Image, or an array that Image takes.

        timestamp_us: time in microseconds; in video each must be greater than the last. A list of
        pictures, or an array of four dimensions, is a batch: see process_batch.
        """
        if isinstance(frame, (list, tuple)) or getattr(frame, "ndim", 0) == 4:
            return self.process_batch(frame, timestamp_us)
        image, result = _image(frame), ctypes.c_void_p()
        timestamp_us = integer("timestamp_us", timestamp_us or 0, 64)
        with self._computing_here() as engine:
            status = library.mien_engine_process(engine, ctypes.byref(image._c), timestamp_us,
                                                 ctypes.byref(result))
            self._check(status, engine)
            return self._take(result)

    def process_batch(self, frames: Sequence[Any], timestamps_us: Optional[Sequence[int]] = None,
                      stream_ids: Optional[Sequence[int]] = None) -> List[Result]:
        """Finds the faces of several pictures at once.

        In video, pictures with the same stream id are frames of the same video, in order. None: all
        0. One wrong picture fails the call, and no stream has moved on.
        """
        images = [_image(frame) for frame in frames]
        n = len(images)
        for what, values in (("timestamps_us", timestamps_us), ("stream_ids", stream_ids)):
            if values is not None and len(values) != n:
                raise ValueError("{}: {} for {} frames".format(what, len(values), n))
        described = (_abi.MienImage * n)(*[image._c for image in images])
        times = None
        if timestamps_us is not None:
            times = (ctypes.c_int64 * n)(*[integer("timestamp_us", t, 64) for t in timestamps_us])
        ids = None if stream_ids is None else (ctypes.c_uint32 * n)(*stream_ids)
        results = (ctypes.c_void_p * n)()
        with self._computing_here() as engine:
            status = library.mien_engine_process_batch(engine, n, described, times, ids, results)
            self._check(status, engine)
            return [self._take(result) for result in results]

    def send(self, frame: Any, timestamp_us: int) -> None:
        """Hands over a frame of a live stream, which is copied; on_result gets its result.

        Returns at once; with queue_policy "block", when there is room.
        """
        image = _image(frame)
        timestamp_us = integer("timestamp_us", timestamp_us, 64)
        with self._inside() as engine:
            self._check(library.mien_engine_send(engine, ctypes.byref(image._c), timestamp_us),
                        engine)

    def flush(self) -> None:
        """Waits until every frame that was sent is answered or dropped."""
        with self._inside() as engine:
            self._check(library.mien_engine_flush(engine), engine)

    @property
    def stats(self) -> "StreamStats":
        """Counters of a live stream."""
        from ._records import StreamStats
        stats = _abi.MienStreamStats()
        stats.struct_size = ctypes.sizeof(stats)
        with self._inside() as engine:
            status = library.mien_engine_stream_stats(engine, ctypes.byref(stats))
            self._check(status, engine)
        return StreamStats(stats.received, stats.dropped, stats.processed, stats.waiting)

    @property
    def info(self) -> "EngineInfo":
        """Where the stages run, and with what."""
        from ._records import EngineInfo
        values = {}  # type: Dict[str, Any]
        with self._inside() as engine:  # whose own some of the texts are
            info = self._read_info(engine)
            for name in EngineInfo._fields:
                value = getattr(info, name)
                values[name] = value.decode() if isinstance(value, bytes) else value
        names = {number: name for name, number in _abi.PRECISIONS.items()}
        values["precision"] = names[values["precision"]]
        return EngineInfo(**values)

    def _read_info(self, engine: Any) -> _abi.MienEngineInfo:
        info = _abi.MienEngineInfo()
        info.struct_size = ctypes.sizeof(info)
        self._check(library.mien_engine_info(engine, ctypes.byref(info)), engine)
        return info

    def reset(self) -> None:
        """Forgets all followed faces, stream ids and timestamps: call it between clips."""
        if get_ident() == self._stream_thread:
            raise RuntimeError("reset from on_result would wait for itself")
        with self._computing_here() as engine:
            library.mien_engine_reset(engine)

    def close(self) -> None:
        """Frees the engine. Frames of a live stream that wait are dropped."""
        if self._pid != os.getpid():
            self._pointer = None  # the parent's; its threads are not here
            return
        with self._guard:
            engine, self._pointer = self._pointer, None
        if not engine:
            return
        if get_ident() == self._stream_thread:
            # The library returns through this callback: let somebody else take it away.
            from ._stream import run_beside
            run_beside(self._destroy, engine)
        else:
            self._destroy(engine)

    def _destroy(self, engine: Any) -> None:
        if self._callback:
            library.mien_engine_reset(engine)  # wakes those who wait in send()
        with self._guard:  # none comes in any more, without the pointer
            if self._n_inside > 0:
                self._last_leaves = allocate_lock()
                self._last_leaves.acquire()
        if self._last_leaves:
            self._last_leaves.acquire()
        library.mien_engine_destroy(engine)
        if self._callback:
            from ._stream import closed
            closed(self)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            self.close()

    def _inside(self) -> "_Inside":
        return _Inside(self, None)

    def _computing_here(self) -> "_Inside":
        return _Inside(self, self._computing)

    def _check(self, status: int, engine: Any) -> None:
        if status != _abi.OK:
            text = library.mien_engine_message(engine) or b""
            raise failure(status, text.decode("utf-8", "replace"))

    def _take(self, result: Any) -> Result:
        return Result(result, self._n_landmarks, self._blendshapes, self._transform)


class _Inside:
    """Holds an engine open while a call is in it."""

    def __init__(self, engine: Engine, lock: Any) -> None:
        self.engine, self.lock = engine, lock

    def __enter__(self) -> Any:
        engine = self.engine
        # Before any lock: another thread may have held it when the process forked.
        if engine._pid != os.getpid():
            raise RuntimeError("this engine was made before a fork; make one in this process")
        if self.lock:
            self.lock.acquire()
        with engine._guard:
            pointer = engine._pointer
            if pointer:
                engine._n_inside += 1
        if not pointer:
            if self.lock:
                self.lock.release()
            raise ValueError("the engine is closed")
        return pointer

    def __exit__(self, *_error: Any) -> None:
        engine = self.engine
        with engine._guard:
            engine._n_inside -= 1
            if engine._n_inside == 0 and engine._last_leaves:
                engine._last_leaves.release()
        if self.lock:
            self.lock.release()


def _image(frame: Any) -> Image:
    return frame if isinstance(frame, Image) else Image(frame)
