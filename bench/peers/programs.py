# SPDX-License-Identifier: Apache-2.0
"""Times whole programs that follow the face of a clip: mien's tool, C API and Python package beside MediaPipe's.

    python3 bench/peers/programs.py --build build --shared ../shared --solutions PYTHON --tasks PYTHON --mien PYTHON

--solutions: a Python with MediaPipe 0.10.21, for Face Mesh; --tasks: one with the current release, for the Face
Landmarker; --mien: one with mien's wheel and OpenCV. Each round runs every program once, one after the other; of each
figure the best of all rounds counts. Every program decodes the clip itself, gives its frames one by one, and computes
one face; the Face Landmarker computes blendshapes and matrices too. In Python OpenCV decodes, or libmien-media
(mien.media), with the landmarks of each frame as an array of NumPy's, or as Result.raw gives them, without NumPy. What
reads the clip with OpenCV and does nothing with it is the floor of the programs that do. Start-up is the CPU time, and
beside it the wall time, of a program that looks at the first frame alone.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

MESH = """
import sys, cv2
import {package} as mp
capture = cv2.VideoCapture(sys.argv[1])
n = faces = 0
with mp.solutions.face_mesh.FaceMesh() as mesh:
    while True:
        good, frame = capture.read()
        if not good: break
        result = mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        n += 1
        faces += result.multi_face_landmarks is not None
print(n, faces)
"""
LANDMARKER = """
import sys, cv2
import {package} as mp
vision = mp.tasks.vision
capture = cv2.VideoCapture(sys.argv[1])
n = faces = 0
options = vision.FaceLandmarkerOptions(
    base_options=mp.tasks.BaseOptions(model_asset_path=sys.argv[2]), running_mode=vision.RunningMode.VIDEO,
    output_face_blendshapes=True, output_facial_transformation_matrixes=True)
with vision.FaceLandmarker.create_from_options(options) as task:
    while True:
        good, frame = capture.read()
        if not good: break
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        result = task.detect_for_video(image, 40 * n)
        n += 1
        faces += len(result.face_landmarks) > 0
print(n, faces)
"""
READER = """
import sys, mien
from mien.media import Reader
n = faces = 0
with Reader(sys.argv[1]) as reader, mien.Engine({options}mode="video") as engine:
    for frame in reader:
        result = engine.process(frame, frame.timestamp_us)
        n += 1
        faces += {seen}
print(n, faces)
"""
FLOOR = """
import sys, numpy, cv2
capture = cv2.VideoCapture(sys.argv[1])
n = 0
while True:
    good, frame = capture.read()
    if not good: break
    frame = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    n += 1
print(n)
"""
# The number of frames; the first of them as a clip of its own.
CUT = """
import sys, cv2
capture = cv2.VideoCapture(sys.argv[1])
_, frame = capture.read()
clip = cv2.VideoWriter(sys.argv[2], cv2.VideoWriter_fourcc(*"mp4v"), 25, frame.shape[1::-1])
clip.write(frame)
clip.release()
n = 1
while capture.read()[0]: n += 1
print(n)
"""
# What mien must reach beside MediaPipe: frames a CPU second, memory, start-up.
WANTED = (2.0, 1 / 3, 1 / 10)


class Program:
    """A command line, and the best that was seen of it. It gets the clip as its last argument but `rest`."""

    def __init__(self, name, peer, command, rest=(), out=None):
        self.name, self.peer, self.command, self.rest, self.out = name, peer, command, list(rest), out
        self.cpu = self.wall = self.start = self.start_wall = self.memory = float("inf")

    def run(self, clip):
        """Wall and CPU seconds, MiB."""
        command = self.command + [clip] + self.rest
        begin = time.perf_counter()
        with open(os.devnull, "w") as null:
            process = subprocess.Popen(command, stdout=self.out or null, stderr=null)
            _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = status
        if status:
            sys.exit(f"{' '.join(command)}: failed")
        return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    def round(self, clip, first):
        wall, cpu, memory = self.run(clip)
        self.wall, self.cpu = min(self.wall, wall), min(self.cpu, cpu)
        self.memory = min(self.memory, memory)
        wall, cpu, _ = self.run(first)
        self.start, self.start_wall = min(self.start, cpu), min(self.start_wall, wall)


def programs(args):
    def model(name):
        return os.path.join(args.shared, "models", name)

    bundle = model("face_landmarker.task")
    nets = [model("face_landmark.tflite"), model("face_detection_short_range.tflite")]
    tool = [os.path.join(args.build, "tools/mien/mien"), "run", "--device", "cpu", "--quiet", "--model-dir",
            os.path.join(args.shared, "models"), "--faces", "1"]
    own = os.path.join(args.build, "bench/bench-peers-video")
    os.environ["MIEN_MODEL_DIR"] = os.path.join(args.shared, "models")

    os.environ["LD_LIBRARY_PATH"] = os.path.join(args.build, "media")

    def python(program, code, **words):
        return [program, "-c", code.format(**words)]

    def readers(peer, options, rest):
        """With libmien-media: landmarks as an array of NumPy's, and without."""
        return [Program(name, peer, python(args.mien, READER, options=options, seen=seen), rest) for name, seen in (
            ("mien, Python, mien.media, NumPy", "len(result.landmarks) > 0"),
            ("mien, Python, mien.media", "len(result.raw('landmarks')) > 0"))]

    floor = "  Python, NumPy and OpenCV alone"
    return [
        Program("MediaPipe, Python, Face Mesh", None, python(args.solutions, MESH, package="mediapipe")),
        Program(floor, 0, [args.solutions, "-c", FLOOR]),
        Program("mien, tool", 0, tool),
        Program("mien, C API", 0, [own], nets),
        Program("mien, Python, OpenCV", 0, python(args.mien, MESH, package="mien.compat")),
        Program(floor, 0, [args.mien, "-c", FLOOR]),
        *readers(0, "", []),
        Program("MediaPipe, Python, Face Landmarker", None, python(args.tasks, LANDMARKER, package="mediapipe"), [bundle]),
        Program(floor, 8, [args.tasks, "-c", FLOOR]),
        Program("mien, tool", 8, tool + ["--model", bundle]),
        Program("mien, C API", 8, [own], [bundle]),
        Program("mien, Python, OpenCV", 8, python(args.mien, LANDMARKER, package="mien.compat"), [bundle]),
        *readers(8, "sys.argv[2], blendshapes=True, transform=True, ", [bundle]),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("build", "shared", "solutions", "tasks", "mien"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    clip = os.path.join(args.shared, "testdata", "short_hamilton_clip.mp4")
    everything = programs(args)
    with tempfile.TemporaryDirectory() as folder:
        first = os.path.join(folder, "first.mp4")
        cut = subprocess.run([args.mien, "-c", CUT, clip, first], check=True, stdout=subprocess.PIPE)
        n_frames = int(cut.stdout)
        for _ in range(args.rounds):
            for program in everything:
                program.round(clip, first)
    print(f"{n_frames} frames; in brackets: against MediaPipe (frames a CPU second at least {WANTED[0]:g}, memory at most "
          f"{WANTED[1]:.2f}, start-up at most {WANTED[2]:.2f})")
    print(f"{'program':36} {'frames/s':>9} {'frames/CPU s':>16} {'memory':>18} {'start-up, CPU':>18} {'wall':>18}")
    for program in everything:
        peer = program if program.peer is None else everything[program.peer]
        print(f"{program.name:36} {n_frames / program.wall:9.0f} "
              f"{n_frames / program.cpu:8.0f} ({peer.cpu / program.cpu:4.1f}) "
              f"{program.memory:7.0f} MiB ({program.memory / peer.memory:.2f}) "
              f"{1000 * program.start:8.0f} ms ({program.start / peer.start:.2f}) "
              f"{1000 * program.start_wall:8.0f} ms ({program.start_wall / peer.start_wall:.2f})")


if __name__ == "__main__":
    main()
