# SPDX-License-Identifier: Apache-2.0
"""Golden data of single networks: what TFLite answers to inputs that C can make again bit for bit.

"random" cases: every input value uniform in the network's range. "crop" cases: a piece of a PNG picture cut
by the exact sampler, mapped to the range, plus uniform noise. Inputs are not stored, only what tells that
they were made alike.
"""
import io
import math
import os
import zipfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

import common
import goldfile
import prng
import sampler

NOISE = 0.02
# Cosine 24/25, sine 7/25: with the sizes below all positions are fifths, thirds or wholes of 1/32 pixel.
TURN = math.atan2(7, 24)
WHOLE_PICTURE = None

# range: of the input's values. crops: picture and rectangle in its pixels (cx, cy, side, rotation).
NETWORKS = {
    "face_detection_short_range": {
        "file": "face_detection_short_range.tflite",
        "range": (-1, 1),
        "n_random": 1,
        "crops": [("astronaut.png", WHOLE_PICTURE), ("lin-manuel-miranda.png", WHOLE_PICTURE)],
    },
    "face_detection_full_range_sparse": {
        "file": "face_detection_full_range_sparse.tflite",
        "range": (-1, 1),
        "n_random": 1,
        "crops": [("lin-manuel-miranda.png", WHOLE_PICTURE)],
    },
    "face_landmark": {
        "file": "face_landmark.tflite",
        "range": (0, 1),
        "n_random": 2,
        "crops": [
            ("astronaut.png", (225, 124, 150, TURN)),
            ("lin-manuel-miranda.png", (392, 334, 500, -TURN)),
        ],
    },
    "face_landmarks_detector": {
        "file": "face_landmarker.task",
        "member": "face_landmarks_detector.tflite",
        "range": (0, 1),
        "n_random": 1,
        "crops": [("astronaut.png", (225, 124, 160, TURN))],
    },
    "face_blendshapes": {
        "file": "face_landmarker.task",
        "member": "face_blendshapes.tflite",
        "range": (0, 256),
        "n_random": 2,
        "crops": [],
    },
}


def load(args, network):
    data = common.model_bytes(args, network["file"])
    if "member" in network:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            data = bundle.read(network["member"])
    return data


class Network:
    """A model in TFLite, one thread."""

    def __init__(self, data, resolver):
        self.interpreter = Interpreter(
            model_content=data, num_threads=1, experimental_op_resolver_type=resolver
        )
        self.interpreter.allocate_tensors()
        (self.input,) = self.interpreter.get_input_details()
        self.shape = tuple(self.input["shape"])
        self.outputs = self.interpreter.get_output_details()

    def run(self, values):
        self.interpreter.set_tensor(self.input["index"], values)
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(output["index"]).copy() for output in self.outputs]


def make_crop(args, picture, rect_pixels, shape, value_range):
    """The input of a crop case without its noise, and what to store about it."""
    image = common.picture(args, picture)
    height, width = image.shape[:2]
    detector = rect_pixels is WHOLE_PICTURE
    if detector:
        rect = np.array([0.5, 0.5, 1, 1, 0], np.float32)
    else:
        cx, cy, side, rotation = rect_pixels
        rect = np.array([cx / width, cy / height, side / width, side / height, rotation], np.float32)
    crop_height, crop_width = shape[1:3]
    pixels = sampler.to_pixels(rect, width, height, crop_width, crop_height, keep_aspect=detector)
    if sampler.tie_distance(pixels, crop_width, crop_height) < 0.05:
        raise ValueError(f"{picture}: a position is near a rounding tie, choose another rectangle")
    crop = sampler.sample(image, pixels, crop_width, crop_height, "zero" if detector else "replicate")
    tensors = {
        "picture": np.frombuffer(picture.encode(), np.uint8),
        "picture_rgb_sha256": common.digest(image.tobytes()),
        "rect": rect,
        "rect_pixels": pixels,
        "keep_aspect": common.number(detector),
        "border_zero": common.number(detector),
        "noise": np.array([NOISE], np.float32),
        "crop_sha256": common.digest(crop.tobytes()),
    }
    return sampler.to_range(crop, *value_range)[None], tensors


def make_cases(args, name, network, shape):
    """Yields the name of a case, its input and what to store about it."""
    low, high = network["range"]
    seed = 1000 * (1 + list(NETWORKS).index(name))
    for i in range(network["n_random"]):
        seed += 1
        values = prng.uniform(seed, shape, low, high)
        yield f"{name}-random-{i + 1}", values, {"seed": common.number(seed)}
    for i, (picture, rect_pixels) in enumerate(network["crops"]):
        seed += 1
        crop, about = make_crop(args, picture, rect_pixels, shape, network["range"])
        values = crop + prng.uniform(seed, shape, -NOISE, NOISE)
        yield f"{name}-crop-{i + 1}", values, {"seed": common.number(seed), **about}


def main():
    args = common.arguments(__doc__.splitlines()[0])
    for name, network in NETWORKS.items():
        data = load(args, network)
        model = Network(data, OpResolverType.AUTO)
        plain = Network(data, OpResolverType.BUILTIN_REF)
        for case, values, about in make_cases(args, name, network, model.shape):
            outputs = model.run(values)
            differences = [float(np.abs(a - b).max()) for a, b in zip(outputs, plain.run(values))]
            notes = [
                "runtime: LiteRT interpreter, default resolver (XNNPACK delegate), 1 thread, float32",
                f"value range {list(network['range'])}, input {list(model.shape)}",
                "outputs: " + ", ".join(
                    f"output_{i} = {o['name']}, LiteRT's reference kernels differ by at most {d:.2g}"
                    for i, (o, d) in enumerate(zip(model.outputs, differences))
                ),
            ]
            text = common.provenance(
                args, {network.get("member", network["file"]): data}, ["ai-edge-litert", "numpy"], notes,
                pixels="picture" in about,
            )
            tensors = {**about, **common.input_marks(values)}
            tensors.update({f"output_{i}": output for i, output in enumerate(outputs)})
            size = goldfile.write(os.path.join(args.out, "networks", case + ".gold"), text, tensors)
            peaks = [float(np.abs(o).max()) for o in outputs]
            print(f"{case}: {size} bytes, largest outputs {peaks}, against reference kernels {differences}")


if __name__ == "__main__":
    main()
