# SPDX-License-Identifier: Apache-2.0
"""The crop of MediaPipe's CPU path, in numpy: OpenCV's warp to the last bit of a double, 1/32-pixel bilinear filter,
8-bit result.

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
    """Source positions of every crop pixel in units of 1/32 pixel, as geometry has them: two double arrays."""
    cx, cy, w, h, rotation = np.asarray(pixel_rect, np.float64)
    u = (np.arange(crop_width) / crop_width - 0.5) * w
    v = ((np.arange(crop_height) / crop_height - 0.5) * h)[:, None]
    x = cx + np.cos(rotation) * u - np.sin(rotation) * v
    y = cy + np.sin(rotation) * u + np.cos(rotation) * v
    return 32 * x, 32 * y


def corners(pixel_rect):
    """Bottom left, top left, top right, bottom right in float32, as OpenCV's RotatedRect has them."""
    cx, cy, w, h, rotation = np.asarray(pixel_rect, np.float32)
    degrees = np.float32(np.float64(rotation * np.float32(180)) / np.pi)
    angle = np.float64(degrees) * np.pi / 180
    a, b = np.float32(np.sin(angle)) * np.float32(0.5), np.float32(np.cos(angle)) * np.float32(0.5)
    first = np.array([cx - a * h - b * w, cy + b * h - a * w], np.float32)
    second = np.array([cx + a * h - b * w, cy - b * h - a * w], np.float32)
    twice = np.array([2 * cx, 2 * cy], np.float32)
    return np.array([first, second, twice - first, twice - second])


def solve(a):
    """Gauss with the largest pivot of a column, on n rows of n + 1 numbers, in a fixed order of operations."""
    a = a.copy()
    n = len(a)
    for i in range(n):
        pivot = i + int(np.abs(a[i:, i]).argmax())
        a[[i, pivot], i:] = a[[pivot, i], i:]
        factor = -1 / a[i, i]
        for row in range(i + 1, n):
            a[row, i + 1:] += (a[row, i] * factor) * a[i, i + 1:]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        total = a[i, n]
        for k in range(i + 1, n):
            total -= a[i, k] * x[k]
        x[i] = total / a[i, i]
    return x


def warp(pixel_rect, crop_width, crop_height):
    """The 3 x 3 map from crop to picture in double: getPerspectiveTransform and invert."""
    tw, th = np.float32(crop_width), np.float32(crop_height)
    rows = np.zeros((8, 9))
    for i, ((x, y), (u, v)) in enumerate(zip(corners(pixel_rect), [(0, th), (0, 0), (tw, 0), (tw, th)])):
        rows[i] = [x, y, 1, 0, 0, 0, -x * np.float32(u), -y * np.float32(u), u]
        rows[i + 4] = [0, 0, 0, x, y, 1, -x * np.float32(v), -y * np.float32(v), v]
    a, b, c, d, e, f, g, h = solve(rows)
    i = 1.0
    scale = 1 / (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))
    return np.array([
        e * i - f * h, c * h - b * i, b * f - c * e,
        f * g - d * i, a * i - c * g, c * d - a * f,
        d * h - e * g, b * g - a * h, a * e - b * d,
    ]) * scale


def warp_positions(pixel_rect, crop_width, crop_height):
    """As positions(), but as warpPerspective comes to them: from the left edge of its blocks on."""
    m = warp(pixel_rect, crop_width, crop_height)
    block = min(1024 // min(16, crop_height), crop_width)
    column, row = np.arange(crop_width), np.arange(crop_height, dtype=np.float64)[:, None]
    first, more = np.float64(column // block * block), np.float64(column % block)
    scale = 32 / (m[6] * first + m[7] * row + m[8] + m[6] * more)
    x = (m[0] * first + m[1] * row + m[2] + m[0] * more) * scale
    y = (m[3] * first + m[4] * row + m[5] + m[3] * more) * scale
    return x, y


def tie_distance(pixel_rect, crop_width, crop_height):
    """How far the position nearest to a rounding tie is from it, in units of 1/32 pixel (0 to 0.5).

    A crop for which this is well above 1e-3 is the same in every implementation, whatever its last bits.
    """
    return min(np.abs(p - np.floor(p) - 0.5).min() for p in positions(pixel_rect, crop_width, crop_height))


def sample(image, pixel_rect, crop_width, crop_height, border):
    """Cuts pixel_rect out of an 8-bit picture. border: "replicate" or "zero"."""
    height, width = image.shape[:2]
    x, y = (np.rint(p).astype(np.int64) for p in warp_positions(pixel_rect, crop_width, crop_height))
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
