# SPDX-License-Identifier: Apache-2.0
"""Checks the golden scripts and the golden files against MediaPipe and its own fixtures; prints what it saw.

Writes nothing. Ends with status 1 if a check fails.
"""
import glob
import json
import math
import os
import sys

import cv2
import mediapipe
import numpy as np
from ai_edge_litert.interpreter import OpResolverType
from mediapipe.python import packet_creator, packet_getter

import attention
import common
import facemesh
import goldfile
import networks
import prng
import sampler

# Rectangle (cx, cy, w, h, degrees), crop side, keep aspect, fixture of MediaPipe's image_to_tensor test.
MEDIUM = (0.65, 0.4, 0.5, 0.5)
LARGE = (0.5, 0.5, 1.5, 1.1)
CROP_CASES = [
    (MEDIUM, 0, 256, True, "medium_sub_rect_keep_aspect"),
    (MEDIUM, 90, 256, True, "medium_sub_rect_keep_aspect_with_rotation"),
    (MEDIUM, -45, 256, False, "medium_sub_rect_with_rotation"),
    (LARGE, 0, 128, False, "large_sub_rect"),
    (LARGE, 0, 128, True, "large_sub_rect_keep_aspect"),
    (LARGE, -15, 128, True, "large_sub_rect_keep_aspect_with_rotation"),
]
SPLITMIX_SEED_0 = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
LETTERBOX = """
input_stream: "image"
node {
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image"
  output_stream: "TENSORS:input"
  options: {
    [mediapipe.ImageToTensorCalculatorOptions.ext] {
      output_tensor_width: %(size)d
      output_tensor_height: %(size)d
      keep_aspect_ratio: true
      output_tensor_float_range { min: 0.0 max: 255.0 }
      border_mode: BORDER_ZERO
    }
  }
}
node {
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:input"
  output_stream: "FLOATS:floats"
}
"""
failed = []


def report(name, good, text):
    print(f"{'ok' if good else 'FAILED'}: {name}: {text}")
    if not good:
        failed.append(name)


def read_png(path):
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    return np.ascontiguousarray(image[..., 2::-1])


def worst(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(np.abs(a - b).max()) if a.shape == b.shape else math.inf


def check_prng():
    values = [int(v) for v in prng.next_u64(0, 3)]
    report("splitmix64", values == SPLITMIX_SEED_0, "first numbers of seed 0")


def check_sampler(args):
    folder = os.path.join(args.shared, "reference/mediapipe-testdata/image_to_tensor")
    image = read_png(os.path.join(folder, "noop_except_range.png"))
    height, width = image.shape[:2]
    for rect, degrees, side, keep_aspect, name in CROP_CASES:
        for border, suffix in (("replicate", ""), ("zero", "_border_zero")):
            rect32 = np.array([*rect, math.radians(degrees)], np.float32)
            pixels = sampler.to_pixels(rect32, width, height, side, side, keep_aspect)
            crop = sampler.sample(image, pixels, side, side, border)
            path = os.path.join(folder, name + suffix + ".png")
            difference = worst(crop, read_png(path))
            report("sampler", difference == 0, f"{name}{suffix}: largest difference {difference:g}")


def check_sergey(args):
    reference = os.path.join(args.shared, "reference")
    with open(os.path.join(reference, "data/sergey_stage_values.json")) as file:
        stages = json.load(file)
    image = read_png(os.path.join(reference, "mediapipe-testdata/face_detection/sergey.png"))
    for key, refine in (("legacy_468", False), ("legacy_478_attention", True)):
        mesh = facemesh.Stages(static=True, max_faces=1, refine=refine)
        (face,), result = mesh.process(image)
        mesh.close()
        there = stages[key]
        differences = {
            "score": worst(facemesh.detections(result.face_detections)[2], [stages["detection"]["score"]]),
            "rect": worst(facemesh.rectangles(result.face_rects_from_detections)[0], there["roi_cx_cy_w_h_rot"]),
            "landmarks": worst(face, there["landmarks"]),
            "next rect": worst(facemesh.rectangles(result.face_rects_from_landmarks)[0], there["next_roi"]),
        }
        good = all(d < 1e-4 for d in differences.values())
        text = ", ".join(f"{name} {d:.2g}" for name, d in differences.items())
        report("sergey " + key, good, text)


def project(raw, rect):
    """Landmarks of a rectangle's crop in the picture, as FaceMesh does it."""
    points = raw.reshape(-1, 3) / np.float32(192)
    cx, cy, w, h, rotation = rect
    dx, dy = points[:, 0] - np.float32(0.5), points[:, 1] - np.float32(0.5)
    cosine, sine = np.cos(rotation), np.sin(rotation)
    x, y = (cosine * dx - sine * dy) * w + cx, (sine * dx + cosine * dy) * h + cy
    return np.stack([x, y, points[:, 2] * w], 1)


def check_stills(args):
    """Sampler and LiteRT on MediaPipe's rectangles must give the landmarks of FaceMesh."""
    mesh = networks.Network(common.model_bytes(args, "face_landmark.tflite"), OpResolverType.AUTO)
    attention_path = os.path.abspath(os.path.join(args.shared, "models", attention.MODEL))
    for name in common.STILLS:
        gold = goldfile.read(os.path.join(args.out, "stills", os.path.splitext(name)[0] + ".gold"))
        image = common.picture(args, name)
        height, width = image.shape[:2]
        same_pixels = gold["rgb_sha256"].tobytes() == common.sha256(image.tobytes())
        report("stills " + name, same_pixels, "pixels as stored")
        for i in range(gold["n_faces_468"][0]):
            rect = gold["rects_from_detections"][i]
            pixels = sampler.to_pixels(rect, width, height, 192, 192, keep_aspect=False)
            crop = sampler.sample(image, pixels, 192, 192, "replicate")
            seen, *_ = attention.run_graph(attention_path, image, rect)
            theirs = np.rint(seen * 255).astype(np.int64).reshape(crop.shape)
            changed = int((theirs != crop).any(-1).sum())
            raw, _ = mesh.run(sampler.to_range(crop, 0, 1)[None])
            moved = np.abs(project(raw, rect) - gold["landmarks_468"][i])[:, :2] * (width, height)
            report(
                f"stills {name} face {i}", moved.max() < 0.1 and changed == 0,
                f"landmarks at most {moved.max():.2g} px away; crop: {changed} of {192 * 192} pixels"
                f" differ from MediaPipe's, by at most {np.abs(theirs - crop).max()}",
            )


def letterbox(image, size):
    """What MediaPipe gives to a detector, as 8-bit pixels."""
    graph = mediapipe.CalculatorGraph(graph_config=LETTERBOX % {"size": size})
    seen = []
    graph.observe_output_stream("floats", lambda _, packet: seen.append(packet_getter.get_float_list(packet)))
    graph.start_run()
    frame = packet_creator.create_image_frame(image_format=mediapipe.ImageFormat.SRGB, data=image)
    graph.add_packet_to_input_stream("image", frame.at(0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return np.rint(seen[0]).astype(np.int64).reshape(size, size, 3)


def check_letterbox(args):
    """The sampler gives MediaPipe's letterbox, also where positions are rounding ties."""
    for name in common.STILLS:
        image = np.ascontiguousarray(common.picture(args, name))
        height, width = image.shape[:2]
        for size in (128, 192):
            pixels = sampler.to_pixels([0.5, 0.5, 1, 1, 0], width, height, size, size, keep_aspect=True)
            difference = np.abs(sampler.sample(image, pixels, size, size, "zero") - letterbox(image, size))
            ties = sampler.tie_distance(pixels, size, size) == 0
            changed = int((difference != 0).any(-1).sum())
            report(
                f"letterbox {name} {width}x{height} to {size}", changed == 0,
                f"{'ties' if ties else 'no ties'}, {changed} pixels differ, by at most {difference.max()}",
            )


def check_confidence(args):
    """min_detection_confidence of FaceDetection must not change anything: the tests count on it."""
    image = common.picture(args, "two_people.jpg")
    for model_selection, kind in enumerate(("short", "full")):
        answers = []
        for confidence in (0.3, 0.5, 0.99):
            with mediapipe.solutions.face_detection.FaceDetection(
                model_selection=model_selection, min_detection_confidence=confidence
            ) as detector:
                answers.append(facemesh.detections(detector.process(image).detections))
        same = all(np.array_equal(a, b) for other in answers[1:] for a, b in zip(answers[0], other))
        report(f"confidence {kind}", same, f"scores {answers[0][2]} at 0.3, 0.5 and 0.99 alike")


def check_attention(args):
    """The package's own attention model must answer as the one of models/ does."""
    path = os.path.join(os.path.dirname(mediapipe.__file__), "modules/face_landmark", attention.MODEL)
    for i, (picture, _) in enumerate(attention.CROPS):
        gold = goldfile.read(os.path.join(args.out, "attention", f"face_landmark_with_attention-crop-{i + 1}.gold"))
        _, *outputs = attention.run_graph(path, common.picture(args, picture), gold["rect"])
        stored = [gold[f"output_{k}_{name}"] for k, name in enumerate(attention.OUTPUTS)]
        difference = max(worst(a, b) for a, b in zip(outputs, stored))
        report("attention " + picture, difference == 0, f"the package's model differs by at most {difference:.2g}")


def check_files(args):
    paths = sorted(glob.glob(os.path.join(args.out, "**/*.gold"), recursive=True))
    for path in paths:
        first, *_ = goldfile.read(path)
        if first != "provenance" or os.path.getsize(path) >= 300000:
            report("files", False, path)
    report("files", bool(paths), f"{len(paths)} files, {sum(map(os.path.getsize, paths))} bytes")


def main():
    args = common.arguments(__doc__.splitlines()[0])
    check_prng()
    check_sampler(args)
    check_sergey(args)
    check_stills(args)
    check_letterbox(args)
    check_confidence(args)
    check_attention(args)
    check_files(args)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
