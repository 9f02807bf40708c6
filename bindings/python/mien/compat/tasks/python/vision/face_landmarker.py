# SPDX-License-Identifier: Apache-2.0
"""MediaPipe's Face Landmarker: mp.tasks.vision.FaceLandmarker."""
import enum
import operator
import threading
import weakref
from typing import Any, Callable, Dict, List, Optional

import numpy as np

from ....._library import DeviceError, MienError
from .....engine import Engine
from .....image import Image as Picture
from .....model import Model
from .....result import BLENDSHAPE_NAMES, Result
from .....topology import edges
from ...._dataclass import dataclass
from ...._engine import clamp, make_engine
from ..components.containers.category import Category
from ..components.containers.landmark import NormalizedLandmark
from ..core.base_options import BaseOptions
from .core.image import Image, ImageFormat
from .core.image_processing_options import ImageProcessingOptions
from .core.vision_task_running_mode import VisionTaskRunningMode, validate_running_mode


Blendshapes = enum.IntEnum(  # type: ignore
    "Blendshapes", [("".join("_" + letter if letter.isupper() else letter.upper()
                             for letter in name.strip("_")), index)
                    for index, name in enumerate(BLENDSHAPE_NAMES)])
Blendshapes.__doc__ = "Indices of the blendshapes: Blendshapes.BROW_DOWN_LEFT is 1."

# MediaPipe's camera sees 63 degrees from the top of the picture to its bottom.
_FOV_DEGREES = 63.0


@dataclass
class _Connection:
    """A line from one landmark to another."""

    start: int
    end: int


class _Connections:
    """A list of connections as the attribute of a class; it is made when it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, _instance: Any, owner: type) -> List[_Connection]:
        made = [_Connection(start, end) for start, end in edges(self._name).tolist()]
        setattr(owner, "FACE_LANDMARKS_" + self._name, made)
        return made


class FaceLandmarksConnections:
    """Which landmarks are connected, by the subject's own left and right."""

    Connection = _Connection
    FACE_LANDMARKS_LIPS = _Connections("LIPS")
    FACE_LANDMARKS_LEFT_EYE = _Connections("LEFT_EYE")
    FACE_LANDMARKS_LEFT_EYEBROW = _Connections("LEFT_EYEBROW")
    FACE_LANDMARKS_LEFT_IRIS = _Connections("LEFT_IRIS")
    FACE_LANDMARKS_RIGHT_EYE = _Connections("RIGHT_EYE")
    FACE_LANDMARKS_RIGHT_EYEBROW = _Connections("RIGHT_EYEBROW")
    FACE_LANDMARKS_RIGHT_IRIS = _Connections("RIGHT_IRIS")
    FACE_LANDMARKS_FACE_OVAL = _Connections("FACE_OVAL")
    FACE_LANDMARKS_NOSE = _Connections("NOSE")
    FACE_LANDMARKS_CONTOURS = _Connections("CONTOURS")
    FACE_LANDMARKS_TESSELATION = _Connections("TESSELATION")


@dataclass
class FaceLandmarkerResult:
    """What was found: a list entry a face. Lists are empty if there is none, or if not asked for.

    facial_transformation_matrixes: float32 [4, 4], from MediaPipe's canonical face to the camera,
        in centimetres.
    """

    face_landmarks: List[List[NormalizedLandmark]]
    face_blendshapes: List[List[Category]]
    facial_transformation_matrixes: List[np.ndarray]


Callback = Callable[[FaceLandmarkerResult, Image, int], None]


@dataclass
class FaceLandmarkerOptions:
    """MediaPipe's options and defaults.

    device: "cpu", "cuda:0" ... instead of base_options.delegate; None: the delegate's, else
        $MIEN_DEVICE, else "cpu".
    """

    base_options: BaseOptions
    running_mode: VisionTaskRunningMode = VisionTaskRunningMode.IMAGE
    num_faces: int = 1
    min_face_detection_confidence: float = 0.5
    min_face_presence_confidence: float = 0.5
    min_tracking_confidence: float = 0.5
    output_face_blendshapes: bool = False
    output_facial_transformation_matrixes: bool = False
    result_callback: Optional[Callback] = None
    device: Optional[str] = None


def _load(base: BaseOptions) -> Model:
    """The bundle, or the exception that MediaPipe would raise."""
    source = base.model_asset_buffer or base.model_asset_path
    if not source:
        raise ValueError("ExternalFile must specify at least one of 'file_content', 'file_name', "
                         "'file_pointer_meta' or 'file_descriptor_meta'.")
    try:
        model = Model(source)
    except FileNotFoundError as error:
        raise FileNotFoundError("Unable to open file at {} ({})".format(
            base.model_asset_path, error)) from None
    except MienError as error:
        raise RuntimeError("Unable to open zip archive. {}".format(error)) from None
    if model.n_networks == 1:
        raise RuntimeError("Unable to open zip archive. This is a single network; FaceLandmarker "
                           "wants a bundle, such as face_landmarker.task")
    return model


def _weakly(method: Any) -> Callable[..., None]:
    """The method as a function that does not keep its object: a forgotten landmarker goes at once."""
    reference = weakref.WeakMethod(method)

    def call(*arguments: Any) -> None:
        bound = reference()
        if bound is not None:
            bound(*arguments)

    return call


def _device(options: FaceLandmarkerOptions) -> Optional[str]:
    base = options.base_options
    if options.device or base.device or base.delegate is None:
        return options.device or base.device
    delegate = BaseOptions.Delegate(base.delegate)
    return {BaseOptions.Delegate.GPU: "gpu", BaseOptions.Delegate.CPU: "cpu"}.get(delegate)


class FaceLandmarker:
    """Landmarks, blendshapes and head pose of the faces of pictures, video or a live stream."""

    def __init__(self, options: FaceLandmarkerOptions) -> None:
        mode = VisionTaskRunningMode(options.running_mode)
        validate_running_mode(mode, options.result_callback)
        if options.num_faces < 1:
            raise RuntimeError("num_faces should be greater than or equal to 1.")
        if not 0 <= options.min_face_presence_confidence <= 1:
            raise ValueError("Invalid `min_face_presence_confidence` option: value must be in the "
                             "range [0.0, 1.0]")
        self._options = options
        self._mode = mode
        self._model = _load(options.base_options)
        self._lock = threading.Lock()
        self._last_ms = None  # type: Optional[int]
        # Pictures of the stream that wait for their results, by their time.
        self._sent = {}  # type: Dict[int, Image]
        self._engine = self._make_engine()

    @classmethod
    def create_from_model_path(cls, model_path: str,
                               device: Optional[str] = None) -> "FaceLandmarker":
        """A landmarker of single pictures with the default options."""
        return cls(FaceLandmarkerOptions(BaseOptions(model_asset_path=model_path), device=device))

    @classmethod
    def create_from_options(cls, options: FaceLandmarkerOptions) -> "FaceLandmarker":
        """A landmarker with these options."""
        return cls(options)

    def detect(self, image: Image, image_processing_options: Optional[
            ImageProcessingOptions] = None) -> FaceLandmarkerResult:
        """Finds the faces of a picture."""
        self._want(VisionTaskRunningMode.IMAGE)
        return self._process(image, 0, image_processing_options)

    def detect_for_video(self, image: Image, timestamp_ms: int, image_processing_options: Optional[
            ImageProcessingOptions] = None) -> FaceLandmarkerResult:
        """Finds the faces of the next frame of a video."""
        self._want(VisionTaskRunningMode.VIDEO)
        return self._process(image, operator.index(timestamp_ms), image_processing_options)

    def detect_async(self, image: Image, timestamp_ms: int, image_processing_options: Optional[
            ImageProcessingOptions] = None) -> None:
        """Takes the next frame of a live stream; the callback gets the result.

        While one frame is looked at one may wait, and gives way to a newer one.
        """
        self._want(VisionTaskRunningMode.LIVE_STREAM)
        timestamp_ms = operator.index(timestamp_ms)
        with self._lock:
            picture = self._describe(image, image_processing_options)
            self._check_time(timestamp_ms)
            self._sent[timestamp_ms] = image
            try:
                self._engine.send(picture, timestamp_ms * 1000)
            except Exception:
                del self._sent[timestamp_ms]
                raise
            self._last_ms = timestamp_ms

    def close(self) -> None:
        """Frees what the object holds, after the frames that are still on their way."""
        if self._mode == VisionTaskRunningMode.LIVE_STREAM:
            try:
                self._engine.flush()
            except (MienError, ValueError, RuntimeError):
                pass  # closed already, or from the callback, which cannot wait for itself
        self._engine.close()

    def __enter__(self) -> "FaceLandmarker":
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def _make_engine(self) -> Engine:
        options = self._options
        streaming = self._mode == VisionTaskRunningMode.LIVE_STREAM
        try:
            return make_engine(
                self._model, _device(options), mode=self._mode.value.lower(),
                max_faces=options.num_faces,
                min_detection_confidence=clamp(options.min_face_detection_confidence),
                min_presence_confidence=options.min_face_presence_confidence,
                min_tracking_confidence=clamp(options.min_tracking_confidence),
                blendshapes=options.output_face_blendshapes,
                transform=options.output_facial_transformation_matrixes, fov_degrees=_FOV_DEGREES,
                on_result=_weakly(self._answer) if streaming else None)
        except DeviceError:
            raise
        except MienError as error:
            raise ValueError(str(error)) from None

    def _want(self, mode: VisionTaskRunningMode) -> None:
        if self._mode != mode:
            raise ValueError("Task is not initialized with the {} mode. Current running mode:{} "
                             "mode".format(*(each.value.lower().replace("_", " ")
                                             for each in (mode, self._mode))))

    def _check_time(self, timestamp_ms: int) -> None:
        if self._last_ms is not None and timestamp_ms <= self._last_ms:
            raise ValueError("Input timestamp must be monotonically increasing.")

    def _describe(self, image: Image,
                  options: Optional[ImageProcessingOptions]) -> Picture:
        """The picture for the engine."""
        if options is not None and options.region_of_interest is not None:
            raise ValueError("This task doesn't support region-of-interest.")
        rotation = operator.index(options.rotation_degrees) if options is not None else 0
        if rotation % 90:
            raise ValueError("Expected rotation to be a multiple of 90°.")
        formats = {ImageFormat.SRGB: "RGB", ImageFormat.SRGBA: "RGBA"}
        if image.image_format not in formats:
            raise ValueError("FaceLandmarker takes SRGB and SRGBA images, not {}".format(
                image.image_format.name))
        return Picture(image.numpy_view(), formats[image.image_format],
                       detector_rotation=rotation % 360)

    def _process(self, image: Image, timestamp_ms: int,
                 options: Optional[ImageProcessingOptions]) -> FaceLandmarkerResult:
        with self._lock:
            picture = self._describe(image, options)
            if self._mode == VisionTaskRunningMode.VIDEO:
                self._check_time(timestamp_ms)
            result = self._engine.process(picture, timestamp_ms * 1000)
            self._last_ms = timestamp_ms
        return _convert(result)

    def _answer(self, result: Any, timestamp_us: int) -> None:
        timestamp_ms = timestamp_us // 1000
        image = self._sent.pop(timestamp_ms)
        for earlier in [each for each in list(self._sent) if each < timestamp_ms]:
            self._sent.pop(earlier, None)  # gave way to this one
        if isinstance(result, Exception):
            import logging  # not with the package: to load it takes longer than to load this
            logging.getLogger("mien").error("a frame of the live stream failed: %s", result)
            return
        assert self._options.result_callback is not None
        self._options.result_callback(_convert(result), image, timestamp_ms)


def _convert(result: Result) -> FaceLandmarkerResult:
    matrices = [] if result.matrices is None else [
        matrix.copy() for matrix in result.matrices if not np.isnan(matrix[0, 0])]
    scores = [] if result.blendshapes is None else result.blendshapes.tolist()
    return FaceLandmarkerResult(
        [[NormalizedLandmark(x, y, z) for x, y, z in face] for face in result.landmarks.tolist()],
        [[Category(index, score, None, name)
          for index, (score, name) in enumerate(zip(face, BLENDSHAPE_NAMES))] for face in scores],
        matrices)
