# SPDX-License-Identifier: Apache-2.0
"""Pictures in the caller's memory, described for the library without a copy."""
import ctypes
from _operator import index  # operator itself takes longer to load than this module

from . import _abi
from ._typing import Any, Optional

TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    import numpy as np

_BY_CHANNELS = {1: "GRAY", 3: "RGB", 4: "RGBA"}
_CHANNELS = {"RGB": 3, "BGR": 3, "RGBA": 4, "BGRA": 4, "GRAY": 1}
# The same pixels read from their last byte to their first.
_REVERSED = {"RGB": "BGR", "BGR": "RGB"}


def _as_array(pixels: Any) -> "np.ndarray":
    """The object's own memory as an array, where it offers that."""
    import numpy as np
    if isinstance(pixels, np.ndarray):
        return pixels
    if not hasattr(pixels, "__array_interface__") and hasattr(pixels, "__dlpack__"):
        return np.from_dlpack(pixels)
    return np.asarray(pixels)


def integer(what: str, value: Any, bits: int = 32) -> int:
    """The number, if a signed integer of so many bits can hold it: ctypes would cut it off."""
    number = index(value)
    if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
        raise ValueError("{} {}: out of range".format(what, number))
    return number


def lookup(table: dict, what: str, value: Any) -> int:
    try:
        return table[value]
    except (KeyError, TypeError):
        raise ValueError("{} {!r}: not one of {}".format(what, value, ", ".join(table))) from None


class Image:
    """A picture: uint8 pixels, and what they mean. Borrows the array's memory.

    pixels: an array or anything with __array_interface__ or __dlpack__.
        RGB, BGR: height x width x 3; RGBA, BGRA: height x width x 4 (alpha is ignored); GRAY:
        height x width. NV12, I420: rows x width, rows = height + (height + 1) // 2, as OpenCV has
        them; width even.
    format: None for GRAY, RGB or RGBA by the shape.
    rotation: clockwise turn that makes the picture upright: 0, 90, 180 or 270. Results are those
        of the upright picture.
    detector_rotation: a further turn that makes the faces upright for the detector alone; results
        are those of the picture without it, as in MediaPipe's ImageProcessingOptions.
    color_matrix, color_range: of NV12 and I420: "bt601", "bt709", "bt2020"; "limited", "full".

    Rows may lie apart, and may be read backwards (pixels[:, :, ::-1], pixels[::-1]); pixels that
    lie otherwise are copied.
    """

    def __init__(self, pixels: Any, format: Optional[str] = None, rotation: int = 0,
                 color_matrix: str = "bt601", color_range: str = "limited",
                 detector_rotation: int = 0) -> None:
        array = _as_array(pixels)
        if array.dtype != "uint8":
            raise ValueError("pixels have dtype {}, not uint8".format(array.dtype))
        if array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        channels = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
        if format is None:
            if channels not in _BY_CHANNELS:
                raise ValueError("pixels have shape {}; want height x width, x 3 or x 4"
                                 .format(array.shape))
            format = _BY_CHANNELS[channels]
        code = lookup(_abi.PIXEL_FORMATS, "format", format)
        if channels != _CHANNELS.get(format, 1):
            raise ValueError("pixels have shape {}, which is not {}".format(array.shape, format))
        if array.size == 0 or max(array.shape) > 2 * 32767:
            raise ValueError("pixels have shape {}: no pixels, or too many".format(array.shape))
        if array.ndim == 3 and array.strides[2] == -1 and format in _REVERSED:
            array = array[:, :, ::-1]
            code = _abi.PIXEL_FORMATS[_REVERSED[format]]
        inner = (channels, 1) if array.ndim == 3 else (1,)
        if array.strides[1:] != inner:
            array = array.copy()
        self._array = array  # keeps the memory
        image = _abi.MienImage()
        image.struct_size = ctypes.sizeof(image)
        image.format = code
        image.height, image.width = array.shape[:2]
        image.planes[0] = array.__array_interface__["data"][0]
        image.strides_bytes[0] = array.strides[0]
        image.color_matrix = lookup(_abi.COLOR_MATRICES, "color_matrix", color_matrix)
        image.color_range = lookup(_abi.COLOR_RANGES, "color_range", color_range)
        image.rotation_degrees = integer("rotation", rotation)
        image.detector_rotation_degrees = integer("detector_rotation", detector_rotation)
        if format in ("NV12", "I420"):
            self._add_chroma(image, format)
        self._c = image

    @staticmethod
    def _add_chroma(image: _abi.MienImage, format: str) -> None:
        rows, width, stride = image.height, image.width, image.strides_bytes[0]
        height = rows * 2 // 3
        if width % 2 or height + (height + 1) // 2 != rows or stride < 0:
            raise ValueError("{} rows of {} bytes are no {} picture: want 3 * height / 2 rows of "
                             "an even width".format(rows, width, format))
        image.height = height
        image.planes[1] = image.planes[0] + height * stride
        if format == "NV12":
            image.strides_bytes[1] = stride
            return
        if stride != width:
            raise ValueError("I420 pictures need rows without gaps between them")
        image.strides_bytes[1] = image.strides_bytes[2] = width // 2
        image.planes[2] = image.planes[1] + width // 2 * ((height + 1) // 2)
