# SPDX-License-Identifier: Apache-2.0
"""The crop of MediaPipe's CPU path, in numpy: affine map, 1/32-pixel bilinear filter, 8-bit result.

A rectangle is (cx, cy, w, h, rotation): normalised by the picture, float32, radians, clockwise on screen.
The rectangle's corner maps to 0 and the opposite one to the crop's size; both sides are sampled at whole
coordinates, without a half-pixel shift.
"""
import numpy as np


def to_pixels(rect, width, height, crop_width, crop_height, keep_aspect):
    """The rectangle in pixels, float32, widened to the crop's aspect ratio where that is to be kept."""
    cx, cy, w, h, rotation = np.asarray(rect, np.float32)
    cx, w = cx * np.float32(width), w * np.float32(width)
    cy, h = cy * np.float32(height), h * np.float32(height)
    if keep_aspect:
        crop_aspect = np.float32(crop_height) / np.float32(crop_width)
        if crop_aspect > h / w:
            h = w * crop_aspect
        else:
            w = h / crop_aspect
    return np.array([cx, cy, w, h, rotation], np.float32)


def positions(pixel_rect, crop_width, crop_height):
    """Source positions of every crop pixel in units of 1/32 pixel, not yet rounded: two double arrays."""
    cx, cy, w, h, rotation = np.asarray(pixel_rect, np.float64)
    u = (np.arange(crop_width) / crop_width - 0.5) * w
    v = ((np.arange(crop_height) / crop_height - 0.5) * h)[:, None]
    x = cx + np.cos(rotation) * u - np.sin(rotation) * v
    y = cy + np.sin(rotation) * u + np.cos(rotation) * v
    return 32 * x, 32 * y


def tie_distance(pixel_rect, crop_width, crop_height):
    """How far the position nearest to a rounding tie is from it, in units of 1/32 pixel (0 to 0.5).

    A crop for which this is well above 1e-3 is the same in every implementation, whatever its last bits.
    """
    return min(np.abs(p - np.floor(p) - 0.5).min() for p in positions(pixel_rect, crop_width, crop_height))


def sample(image, pixel_rect, crop_width, crop_height, border):
    """Cuts pixel_rect out of an 8-bit picture. border: "replicate" or "zero"."""
    height, width = image.shape[:2]
    x, y = (np.rint(p).astype(np.int64) for p in positions(pixel_rect, crop_width, crop_height))
    x0, y0 = np.clip(x >> 5, -32768, 32767), np.clip(y >> 5, -32768, 32767)
    fx, fy = (x & 31)[..., None], (y & 31)[..., None]

    def tap(tx, ty):
        inside = (tx >= 0) & (tx < width) & (ty >= 0) & (ty < height)
        value = image[np.clip(ty, 0, height - 1), np.clip(tx, 0, width - 1)].astype(np.int64)
        return value * inside[..., None] if border == "zero" else value

    top = (32 - fx) * tap(x0, y0) + fx * tap(x0 + 1, y0)
    bottom = (32 - fx) * tap(x0, y0 + 1) + fx * tap(x0 + 1, y0 + 1)
    return (((32 - fy) * top + fy * bottom + 512) >> 10).astype(np.uint8)


def to_range(crop, low, high):
    """8-bit pixels to the value range of a network: one multiplication and one addition in float32."""
    scale = np.float32((high - low) / 255)
    return crop.astype(np.float32) * scale + np.float32(low)
