# SPDX-License-Identifier: Apache-2.0
"""What the tests of the package share: data, and a reader of PNG files."""
import functools
import hashlib
import os
import struct
import subprocess
import sys
import unittest
import zlib

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("MIEN_SOURCE_DIR") or os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
SHARED = os.environ.get("MIEN_SHARED_DIR") or os.path.join(os.path.dirname(ROOT), "shared")
sys.path.insert(0, os.path.join(ROOT, "tools", "golden"))


def user_data():
    """Where `mien models fetch` and scripts/fetch-sample put things."""
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(home, "mien")


if not os.environ.get("MIEN_MODEL_DIR") and os.path.isdir(os.path.join(SHARED, "models")):
    os.environ["MIEN_MODEL_DIR"] = os.path.join(SHARED, "models")

# After the variable is set, so that every test finds the same models.
import mien  # noqa: E402


def find(*places):
    return next((place for place in places if os.path.exists(place)), None)


class TestCase(unittest.TestCase):
    """A test that says which data it lacks."""

    def need_picture(self, name):
        """Path of a picture of the test data."""
        path = find(os.path.join(SHARED, "testdata", name), os.path.join(user_data(), name))
        return path or self.skipTest("no " + name)

    def need_pixels(self, name="astronaut"):
        """RGB pixels of a PNG picture; the astronaut is the one that everybody can fetch."""
        return read_png(self.need_picture(name + ".png"))

    def need_frames(self, sha256, name="short_hamilton_clip.mp4"):
        """RGB frames of a clip, as the golden files were made with."""
        path = self.need_picture(name)
        from mien import media
        try:
            frames = np.stack([frame.to_rgb() for frame in media.Reader(path)])
        except ImportError as error:
            self.skipTest(str(error))
        if hashlib.sha256(frames.tobytes()).digest() != sha256.tobytes():
            self.skipTest("another version of FFmpeg: its pixels are not those of the golden file")
        return frames

    def need_models(self, *names):
        for name in names or ("face_mesh", "face_detector_short"):
            try:
                mien.find_model(name)
            except FileNotFoundError as error:
                self.skipTest(str(error))

    def need_bundle(self):
        """Path of the Face Landmarker's bundle."""
        self.need_models("face_landmarker")
        return mien.find_model("face_landmarker")

    def need_module(self, name):
        try:
            return __import__(name)
        except ImportError:
            return self.skipTest("no module " + name)

    def golden(self, *path):
        """A file of tests/golden."""
        import goldfile
        place = os.path.join(ROOT, "tests", "golden", *path)
        if not os.path.exists(place):
            self.skipTest("no {}".format(os.path.join(*path)))
        return goldfile.read(place)

    def python(self, code, *arguments, **options):
        """Runs code in a Python of its own; returns what it prints."""
        done = subprocess.run((sys.executable, "-B", "-c", code) + arguments, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=HERE, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()


def eye_distance(landmarks, size):
    """Pixels between the outer corners of the eyes; landmarks [n, 2 or 3], size (w, h)."""
    return np.linalg.norm((landmarks[33, :2] - landmarks[263, :2]) * size)


def errors(got, want, size):
    """Distances of landmarks in the picture, as shares of the distance of the eyes."""
    return np.linalg.norm((got[:, :2] - want[:, :2]) * size, axis=1) / eye_distance(want, size)


def _unfilter(kind, row, above, n):
    """Undoes the filter of a row, in place; n bytes a pixel. Source: PNG, section 9."""
    if kind == 1:
        for channel in range(n):
            row[channel::n] = np.cumsum(row[channel::n], dtype=np.uint8)
    elif kind == 2:
        row += above
    elif kind:
        values, up = row.tolist(), above.tolist()
        for i, value in enumerate(values):
            left = values[i - n] if i >= n else 0
            if kind == 3:
                guess = (left + up[i]) // 2
            else:
                corner = up[i - n] if i >= n else 0
                p = left + up[i] - corner
                a, b, c = abs(p - left), abs(p - up[i]), abs(p - corner)
                guess = left if a <= b and a <= c else up[i] if b <= c else corner
            values[i] = (value + guess) & 255
        row[:] = values


def write_png(path, pixels):
    """Writes an array [h, w, 1, 3 or 4] of uint8 or uint16."""
    height, width, n = pixels.shape
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    size = len(rows) // height

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize,
                         {1: 0, 3: 2, 4: 6}[n], 0, 0, 0)
    data = b"".join(b"\0" + rows[at:at + size] for at in range(0, len(rows), size))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                   chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


@functools.lru_cache(None)
def read_png(path):
    """RGB pixels of an 8-bit RGB or RGBA file; alpha is dropped."""
    with open(path, "rb") as file:
        data = file.read()
    at, packed, n, shape = 8, b"", 0, (0, 0)
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        chunk = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, _depth, color = struct.unpack(">IIBB", chunk[:10])
            n, shape = {2: 3, 6: 4}[color], (height, width)
        elif kind == b"IDAT":
            packed += chunk
        at += 12 + length
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(shape[0], shape[1] * n + 1)
    pixels = rows[:, 1:].copy()
    above = np.zeros(shape[1] * n, np.uint8)
    for kind, row in zip(rows[:, 0], pixels):
        _unfilter(kind, row, above, n)
        above = row
    return np.ascontiguousarray(pixels.reshape(shape + (n,))[:, :, :3])
