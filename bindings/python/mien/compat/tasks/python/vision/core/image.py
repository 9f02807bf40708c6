# SPDX-License-Identifier: Apache-2.0
"""mp.Image: pixels that do not change any more."""
import enum
import os
from typing import Any, Tuple

import numpy as np


class ImageFormat(enum.IntEnum):
    """What pixels are made of."""

    UNKNOWN = 0
    SRGB = 1
    SRGBA = 2
    GRAY8 = 3
    GRAY16 = 4
    SRGB48 = 7
    SRGBA64 = 8
    VEC32F1 = 9
    VEC32F2 = 12
    VEC32F4 = 13


_CHANNELS = {
    ImageFormat.SRGB: 3, ImageFormat.SRGBA: 4, ImageFormat.GRAY8: 1, ImageFormat.GRAY16: 1,
    ImageFormat.SRGB48: 3, ImageFormat.SRGBA64: 4, ImageFormat.VEC32F1: 1, ImageFormat.VEC32F2: 2,
    ImageFormat.VEC32F4: 4,
}
_DTYPES = {
    np.dtype(np.uint8): ("uint8_t", ("GRAY8", "SRGB", "SRGBA")),
    np.dtype(np.uint16): ("uint16_t", ("GRAY16", "SRGB48", "SRGBA64")),
    np.dtype(np.float32): ("float", ("VEC32F1", "VEC32F2", "VEC32F4")),
}


class Image:
    """A picture, copied from an array of uint8, uint16 or float32."""

    def __init__(self, image_format: ImageFormat, data: np.ndarray) -> None:
        if data.ndim not in (2, 3):
            raise ValueError("Unsupported number of dimensions:{}".format(data.ndim))
        if data.dtype not in _DTYPES:
            raise ValueError("Unsupported numpy data type: {}".format(data.dtype))
        kind, formats = _DTYPES[data.dtype]
        image_format = ImageFormat(image_format)
        if image_format.name not in formats:
            raise ValueError("Unsupported image format: {} (expected {}, {}, or {} for {} data)"
                             .format(image_format.name, *(formats + (kind,))))
        channels = 1 if data.ndim == 2 else data.shape[2]
        wanted = _CHANNELS[image_format]
        if channels != wanted:
            raise ValueError("Pixel data size is too small or too large: {} channels (expected {})"
                             .format(channels, wanted))
        self._pixels = np.array(data, order="C").reshape(data.shape[0], data.shape[1], wanted)
        self._pixels.flags.writeable = False
        self._format = image_format

    @classmethod
    def create_from_file(cls, file_name: str) -> "Image":
        """Reads a picture file with PIL or, if that is not installed, cv2; turned upright."""
        if not os.path.exists(file_name):
            raise FileNotFoundError("Can't find file: {}".format(file_name))
        pixels = _read_file(file_name)
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]
        kinds = {1: ImageFormat.GRAY8, 3: ImageFormat.SRGB, 4: ImageFormat.SRGBA}
        return cls(kinds[channels], pixels)

    def numpy_view(self) -> np.ndarray:
        """The pixels, [height, width, channels]; not to be written to."""
        return self._pixels

    def __getitem__(self, key: Tuple[int, ...]) -> Any:
        if len(key) != 3 and not (len(key) == 2 and self.channels == 1):
            raise ValueError("Invalid index dimension: {} (expected 2 or 3)".format(len(key)))
        if any(not 0 <= index < size for index, size in zip(key, self._pixels.shape)):
            raise IndexError("{} is outside of {}".format(key, self._pixels.shape))
        return self._pixels[tuple(key) + (0,) * (3 - len(key))].item()

    def uses_gpu(self) -> bool:
        """Whether the pixels are on a GPU: never."""
        return False

    def is_contiguous(self) -> bool:
        """Whether rows follow each other without a gap: always."""
        return True

    def is_empty(self) -> bool:
        """Whether there are no pixels."""
        return self._pixels.size == 0

    def is_aligned(self, alignment_boundary: int) -> bool:
        """Whether every row begins at a multiple of so many bytes."""
        address = self._pixels.__array_interface__["data"][0]
        return address % alignment_boundary == 0 and self.step % alignment_boundary == 0

    @property
    def step(self) -> int:
        """Bytes from row to row."""
        return self._pixels.strides[0]

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return self._pixels.shape[1]

    @property
    def height(self) -> int:
        """Rows."""
        return self._pixels.shape[0]

    @property
    def channels(self) -> int:
        """Numbers a pixel."""
        return self._pixels.shape[2]

    @property
    def image_format(self) -> ImageFormat:
        """What the pixels are made of."""
        return self._format


def _read_file(path: str) -> np.ndarray:
    try:
        from PIL import Image as pil, ImageOps as operations
    except ImportError:
        return _read_with_cv2(path)
    try:
        with pil.open(path) as file:
            picture = operations.exif_transpose(file)
            if picture.mode.startswith("I"):  # gray of 16 bits: PIL would cut it off at 255
                return (np.asarray(picture) >> 8).astype(np.uint8)
            if picture.mode == "1":
                picture = picture.convert("L")
            if picture.mode not in ("L", "RGB", "RGBA"):
                picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
            return np.asarray(picture)
    except (OSError, ValueError) as error:
        raise RuntimeError("Failed to load image from file {}: {}".format(path, error)) from None


def _read_with_cv2(path: str) -> np.ndarray:
    try:
        import cv2
    except ImportError:
        raise ImportError("reading a picture file needs PIL or cv2: pip install pillow, or "
                          "pip install opencv-python-headless") from None
    stored = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if stored is None:
        raise RuntimeError("Failed to load image from file {}".format(path))
    if stored.ndim == 3 and stored.shape[2] == 4:
        pixels = stored if stored.dtype == np.uint8 else (stored >> 8).astype(np.uint8)
        return cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)
    # Read again, as these flags bring 8 bits a number and turn the picture upright.
    if stored.ndim == 2:
        return cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    return cv2.cvtColor(cv2.imread(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
