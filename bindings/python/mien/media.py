# SPDX-License-Identifier: Apache-2.0
"""Frames of pictures and video files, as the command line tool reads them.

Needs libmien-media, which is no part of the wheel: it brings FFmpeg. Build mien and install it, or
name its folder with LD_LIBRARY_PATH.
"""
import ctypes
import os

from . import _abi
from ._lazy import defer
from ._library import Library, check, failure
from ._typing import Any, Iterator, Optional
from .image import Image

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    import numpy as np
    from ._records import MediaInfo

__all__ = ["Frame", "Reader"]
__all__ += defer(__name__, (), {"MediaInfo": "_records"})

_NAME = "libmien-media.so.0"

_loaded = None  # type: Any


def _library() -> Any:
    """Loads libmien-media when it is needed first."""
    global _loaded
    if _loaded is None:
        try:
            _loaded = Library(_NAME, _abi.MEDIA_FUNCTIONS)
        except OSError as error:
            raise ImportError("reading files needs libmien-media, which is not in the wheel: build "
                              "mien and install it, or set LD_LIBRARY_PATH ({})".format(error)
                              ) from None
    return _loaded


class Frame(Image):
    """A frame of a file; Engine.process takes it as it is.

    timestamp_us: time since the first frame of the file, in microseconds.
    """

    def __init__(self, library: Any, pointer: Any, size: Any) -> None:
        self._library, self._pointer, self._size = library, pointer, size
        self._c = library.mien_media_frame_image(pointer)[0]
        self.timestamp_us = library.mien_media_frame_timestamp_us(pointer)  # type: int

    def to_rgb(self) -> "np.ndarray":
        """The upright picture, uint8 [height, width, 3]."""
        import numpy as np
        width, height = self._size
        pixels = np.empty((height, width, 3), np.uint8)
        status = self._library.mien_media_frame_to_rgb24(
            self._pointer, pixels.__array_interface__["data"][0], pixels.strides[0])
        if status != _abi.OK:
            raise failure(status, "")
        return pixels

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            self._library.mien_media_frame_destroy(self._pointer)


class Reader:
    """Reads a picture or a video file: `for frame in Reader("clip.mp4"): ...`

    Frames stay valid when the reader is gone. A damaged file raises MienError behind its last good
    frame.
    """

    def __init__(self, path: Any, threads: int = 1) -> None:
        self._library = _library()
        self._pointer = ctypes.c_void_p()
        options, error = _abi.MienMediaReaderOptions(), _abi.MienError()
        self._library.mien_media_reader_options_init(ctypes.byref(options))
        options.threads = threads
        check(self._library.mien_media_reader_open(
            os.fsencode(path), ctypes.byref(options), ctypes.byref(self._pointer),
            ctypes.byref(error)), error)
        self._info = _abi.MienMediaInfo()
        self._library.mien_media_reader_info(self._pointer, ctypes.byref(self._info))

    @property
    def info(self) -> "MediaInfo":
        """What the file says of itself."""
        from ._records import MediaInfo
        return MediaInfo(*[getattr(self._info, name) for name in MediaInfo._fields])

    def read(self) -> Optional[Frame]:
        """The next frame, or None at the end."""
        if not self._pointer:
            raise ValueError("the reader is closed")
        frame, error = ctypes.c_void_p(), _abi.MienError()
        check(self._library.mien_media_reader_read(
            self._pointer, ctypes.byref(frame), ctypes.byref(error)), error)
        size = self._info.width, self._info.height
        return Frame(self._library, frame, size) if frame else None

    def __iter__(self) -> Iterator[Frame]:
        frame = self.read()
        while frame is not None:
            yield frame
            frame = self.read()

    def close(self) -> None:
        """Frees the reader."""
        if self._pointer:
            self._library.mien_media_reader_destroy(self._pointer)
            self._pointer = ctypes.c_void_p()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            self.close()
