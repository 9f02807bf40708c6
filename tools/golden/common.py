# SPDX-License-Identifier: Apache-2.0
"""What the golden scripts share: arguments, pictures, provenance."""
import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import shlex
import subprocess
import sys

import numpy as np

STILLS = [
    "aflw-test.jpg", "alex-lacamoire.png", "grass.jpg", "lin-manuel-miranda.png", "obama-1080p.jpg",
    "obama.jpg", "obama2.jpg", "two_people.jpg", "astronaut.png",
]
CLIP = "short_hamilton_clip.mp4"
MAX_BYTES = 300000  # of a file in the repository
ASTRONAUT_SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"
RGB_COMMAND = (
    "ffmpeg -v error -i {input} -fps_mode passthrough -f rawvideo -pix_fmt rgb24"
    " -sws_flags bicubic+accurate_rnd+full_chroma_int -"
)


def arguments(description):
    """Parses the arguments that all scripts take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--shared", required=True, help="folder with models/, testdata/ and reference/")
    parser.add_argument("--astronaut", required=True, help="astronaut.png out of the scikit-image package")
    default = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/golden")
    parser.add_argument("--out", default=default, help="where to write (default: tests/golden)")
    parser.add_argument(
        "--rgb-command", default=RGB_COMMAND,
        help="prints upright RGB24 frames of {input} to its output, default: %(default)s",
    )
    return parser.parse_args()


def sha256(data):
    return hashlib.sha256(data).digest()


def digest(data):
    """SHA-256 as a tensor."""
    return np.frombuffer(sha256(data), np.uint8)


def number(value):
    return np.array([value], np.int32)


def input_marks(values):
    """What tells a C test that its input is this one: sum in double in C order, first values, SHA-256."""
    total = np.cumsum(values.ravel(), dtype=np.float64)[-1]
    return {
        "input_sum": np.frombuffer(np.float64(total).tobytes(), np.uint8),
        "input_first": values.ravel()[:8].copy(),
        "input_sha256": digest(values.tobytes()),
    }


def quantise(values):
    return np.clip(np.rint((values.astype(np.float64) + 0.5) * 32767.5), 0, 65535).astype(np.uint16)


def landmark_indices(n_landmarks):
    """Every third landmark, and the outer corners of the eyes."""
    return np.array(sorted(set(range(0, n_landmarks, 3)) | {33, 263}), np.int32)


def picture_path(args, name):
    return args.astronaut if name == "astronaut.png" else os.path.join(args.shared, "testdata", name)


def model_bytes(args, name):
    with open(os.path.join(args.shared, "models", name), "rb") as file:
        return file.read()


def picture_size(path):
    """Width and height as stored; no picture of ours is turned by its metadata, and that is checked."""
    command = [
        "ffprobe", "-v", "error", "-select_streams", "v:0", "-print_format", "json",
        "-show_entries", "stream=width,height:stream_side_data=rotation:stream_tags=rotate", path,
    ]
    stream = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"][0]
    if "rotation" in str(stream.get("side_data_list", "")) or "rotate" in stream.get("tags", {}):
        raise ValueError(f"{path}: turned by its container")
    return stream["width"], stream["height"]


def frames(args, name):
    """Yields the RGB24 frames of a picture or clip, each height x width x 3, as the command prints them.

    The command may put one text line "WIDTH HEIGHT N" before the pixels.
    """
    path = picture_path(args, name)
    width, height = picture_size(path)
    command = [part.replace("{input}", path) for part in shlex.split(args.rgb_command)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        head = process.stdout.peek(64)[:64]
        line = head.split(b"\n")[0].split()
        if line[:2] == [str(width).encode(), str(height).encode()] and len(line) == 3:
            process.stdout.readline()
        while data := process.stdout.read(width * height * 3):
            if len(data) != width * height * 3:
                raise ValueError(f"{name}: the last frame is cut short")
            yield np.frombuffer(data, np.uint8).reshape(height, width, 3)
    if process.returncode != 0:
        raise RuntimeError(f"{name}: {command[0]} failed with status {process.returncode}")


def picture(args, name):
    """The one RGB24 frame of a still."""
    if name == "astronaut.png":
        with open(args.astronaut, "rb") as file:
            if sha256(file.read()).hex() != ASTRONAUT_SHA256:
                raise ValueError("astronaut.png is not the one that the golden files are made with")
    (image,) = frames(args, name)
    return image


def provenance(args, models, packages, notes, pixels=True):
    """The text of the first tensor. models: name -> bytes; notes: lines."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc) if epoch else datetime.datetime.now()
    script = os.path.basename(sys.argv[0])
    lines = [f"made by: python3 tools/golden/{script} --shared SHARED --astronaut astronaut.png"]
    if pixels:
        program, _, rest = args.rgb_command.partition(" ")
        lines.append(f"pixels: {os.path.basename(program)} {rest}".rstrip())
    lines += [f"model: {name} SHA-256 {sha256(data).hex()}" for name, data in models.items()]
    lines.append("versions: " + ", ".join(f"{p} {importlib.metadata.version(p)}" for p in packages))
    lines.append(f"python {sys.version.split()[0]}, {os.uname().machine}, {now:%Y-%m-%d}")
    return "\n".join(lines + notes) + "\n"


def wheel_models(names):
    """The models inside the installed mediapipe package: name -> bytes."""
    import mediapipe

    folder = os.path.join(os.path.dirname(mediapipe.__file__), "modules")
    models = {}
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            models["mediapipe/modules/" + name] = file.read()
    return models
