# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line tool share: running it as a user does, data, pictures.

The tool is $MIEN_TOOL; it never sees the user's own home folder. A test that lacks its data is
skipped, and then the program exits with 77.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

sys.dont_write_bytecode = True

import schema

TOOL = os.environ["MIEN_TOOL"]
SOURCE = os.environ["MIEN_SOURCE_DIR"]
SHARED = os.environ["MIEN_SHARED_DIR"]
TIMEOUT = 240


def user_data():
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(data, "mien")


def find(*candidates):
    return next((path for path in candidates if os.path.exists(path)), None)


def model_folder():
    """The folder with the models: the shared one, or where `mien models fetch` puts them."""
    folders = [os.path.join(SHARED, "models"), os.environ.get("MIEN_MODEL_DIR", ""),
               os.path.join(user_data(), "models")]
    return find(*(os.path.join(folder, "face_landmark.tflite") for folder in folders if folder))


MODELS = os.path.dirname(model_folder() or "")


class Case(unittest.TestCase):
    """A test with a folder of its own, which is also the tool's working folder."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mien-cli-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = {
            key: value for key, value in os.environ.items()
            if not key.startswith(("XDG_", "MIEN_", "LC_")) and key not in ("NO_COLOR", "LANG")}
        self.environment["HOME"] = self.path("home")
        self.environment["TERM"] = "xterm"
        if MODELS:
            self.environment["MIEN_MODEL_DIR"] = MODELS

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return name

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def files(self):
        """What lies in the working folder, hidden files too."""
        return sorted(name for name in os.listdir(self.folder) if name != "home")

    def start(self, *arguments, **options):
        return subprocess.Popen([TOOL, *arguments], cwd=self.folder, env=self.environment,
                                **options)

    def mien(self, *arguments, stdin=b"", environment=None):
        """Runs the tool; stdout and stderr are text."""
        done = subprocess.run([TOOL, *arguments], cwd=self.folder, input=stdin,
                              env={**self.environment, **(environment or {})},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
        done.stdout = done.stdout.decode()
        done.stderr = done.stderr.decode()
        return done

    def good(self, *arguments, **options):
        done = self.mien(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def fails(self, code, arguments, *words, **options):
        """Exits with this code after one line on stderr that has these words."""
        done = self.mien(*arguments, **options)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stderr}")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("mien: error: "), done.stderr)
        self.assertNotIn("\033", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done

    def need(self, *names):
        """Paths of test data; skips the test if one is not there."""
        paths = []
        for name in names:
            file = os.path.basename(name)
            path = find(os.path.join(SHARED, name), os.path.join(user_data(), file))
            if not path:
                self.skipTest(f"no {name} in the shared folder")
            paths.append(path)
        return paths[0] if len(paths) == 1 else paths

    def need_models(self):
        if not MODELS:
            self.skipTest("no models: `mien models fetch` gets them")

    def need_portrait(self):
        """A picture with one face."""
        path = find(os.path.join(SHARED, "testdata", "obama.jpg"),
                    os.path.join(user_data(), "astronaut.png"))
        if not path:
            self.skipTest("no portrait: scripts/fetch-sample gets one")
        return path

    def ndjson(self, text):
        """The lines of mien.results/1, each checked against the schema."""
        lines = [json.loads(line, parse_constant=self.no_constant) for line in text.splitlines()]
        for line in lines:
            schema.validate(RESULTS, line)
        return lines

    def no_constant(self, name):
        self.fail(f"{name} is not JSON")


def load_schema(name):
    with open(os.path.join(SOURCE, "docs", "schemas", name), encoding="utf-8") as file:
        return json.load(file)


RESULTS = load_schema("results-1.schema.json")


def ppm(width, height, color=(90, 120, 150)):
    return b"P6\n%d %d\n255\n" % (width, height) + bytes(color) * (width * height)


def ppm_of(picture, step=1):
    """A picture as PPM, of which only every so many pixels and rows may be taken."""
    done = subprocess.run([os.environ["MIEN_DUMP"], picture], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True)
    width, height = map(int, done.stderr.split())
    rows = []
    for y in range(0, height, step):
        row = done.stdout[3 * width * y:3 * width * (y + 1)]
        taken = bytearray(3 * len(row[::3 * step]))
        for channel in range(3):
            taken[channel::3] = row[channel::3 * step]
        rows.append(bytes(taken))
    return b"P6\n%d %d\n255\n" % (len(rows[0]) // 3, len(rows)) + b"".join(rows)


def png(width, height, color=(90, 120, 150)):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))

    compressor = zlib.compressobj(1)
    row = b"\0" + bytes(color) * width
    data = b"".join(compressor.compress(row) for _ in range(height)) + compressor.flush()
    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", data) + chunk(b"IEND", b""))


def png_size(data):
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise ValueError("no PNG")
    return struct.unpack(">II", data[16:24])


def unfilter(kind, row, above):
    """Undoes the filter of a row of 8-bit RGB, in place. Source: PNG, section 9.2."""
    if kind == 2:
        row[:] = bytes((a + b) & 255 for a, b in zip(row, above))
        return
    for i in range(len(row) if kind else 0):
        left = row[i - 3] if i >= 3 else 0
        corner = above[i - 3] if i >= 3 else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + above[i]) // 2
        else:
            estimate = left + above[i] - corner
            guess = min((left, above[i], corner), key=lambda value, e=estimate: abs(e - value))
        row[i] = (row[i] + guess) & 255


def png_pixels(data):
    """Pixels of an 8-bit RGB PNG, read by other code than that which wrote it."""
    width, height = png_size(data)
    position, packed = 8, b""
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position:position + 8])
        if kind == b"IDAT":
            packed += data[position + 8:position + 8 + length]
        position += 12 + length
    raw, stride, pixels = zlib.decompress(packed), width * 3, bytearray()
    above = bytes(stride)
    for y in range(height):
        begin = y * (stride + 1)
        row = bytearray(raw[begin + 1:begin + 1 + stride])
        unfilter(raw[begin], row, above)
        pixels += row
        above = row
    return bytes(pixels)


def boxes(data):
    """The boxes of an MP4 file or of a box: (type, begin, end)."""
    begin = 0
    while begin < len(data):
        size, kind = struct.unpack(">I4s", data[begin:begin + 8])
        yield kind, begin, begin + size
        begin += size


def box(data, *path):
    """The content of the box that a path of types leads to."""
    for wanted in path:
        begin, end = next((b, e) for kind, b, e in boxes(data) if kind == wanted)
        data = data[begin + 8:end]
    return data


def tracks(data):
    """The tracks of an MP4 file: (handler, codec, samples, width, height), sound first."""
    found = []
    moov = box(data, b"moov")
    for kind, begin, end in boxes(moov):
        if kind != b"trak":
            continue
        media = box(moov[begin + 8:end], b"mdia")
        table = box(media, b"minf", b"stbl")
        description = box(table, b"stsd")
        handler = box(media, b"hdlr")[8:12].decode()
        size = struct.unpack(">HH", description[40:44]) if handler == "vide" else (None, None)
        samples = struct.unpack(">I", box(table, b"stsz")[8:12])[0]
        found.append((handler, description[12:16].decode(), samples, *size))
    return sorted(found)


def faststart(data):
    """The same MP4 file with its index in front, so that its end can be cut off."""
    parts = {kind: data[begin:end] for kind, begin, end in boxes(data)}
    moov = bytearray(parts[b"moov"])
    position = moov.find(b"stco")
    while position >= 0:
        n = struct.unpack(">I", moov[position + 8:position + 12])[0]
        place = f">{n}I"
        offsets = struct.unpack_from(place, moov, position + 12)
        struct.pack_into(place, moov, position + 12, *(o + len(moov) for o in offsets))
        position = moov.find(b"stco", position + 4)
    rest = b"".join(data[begin:end] for kind, begin, end in boxes(data)
                    if kind not in (b"ftyp", b"moov"))
    return parts[b"ftyp"] + bytes(moov) + rest


def main():
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    for case, reason in program.result.skipped:
        print(f"[  SKIPPED ] {case.id()}: {reason}")
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if program.result.skipped else 0)
