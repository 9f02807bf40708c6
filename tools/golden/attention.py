# SPDX-License-Identifier: Apache-2.0
"""Golden data of the attention network, whose custom operations only MediaPipe itself has.

A graph of MediaPipe's own calculators cuts the rectangle out of the picture and runs the network; its input
must be the exact sampler's crop bit for bit. The rectangles are those that FaceMesh finds, moved a little so
that no sampling position is near a rounding tie, and two of them turned.
"""
import math
import os

import mediapipe
import numpy as np
from mediapipe.framework.formats import rect_pb2
from mediapipe.python import packet_creator, packet_getter

import common
import goldfile
import sampler

MODEL = "face_landmark_with_attention.tflite"
SIZE = 192
OUTPUTS = ["mesh", "lips", "left_eye", "right_eye", "left_iris", "right_iris", "faceflag"]
TURN = math.atan2(7, 24)
# Picture and rectangle in its pixels: cx, cy, side, rotation.
CROPS = [
    ("astronaut.png", (225, 124, 156, 0)),
    ("lin-manuel-miranda.png", (392, 334, 450, TURN)),
    ("alex-lacamoire.png", (252, 226, 270, -TURN)),
]

GRAPH = """
input_stream: "image"
input_stream: "rect"
node {
  calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image"
  input_stream: "NORM_RECT:rect"
  output_stream: "TENSORS:input"
  options: {
    [mediapipe.ImageToTensorCalculatorOptions.ext] {
      output_tensor_width: %(size)d
      output_tensor_height: %(size)d
      output_tensor_float_range { min: 0.0 max: 1.0 }
    }
  }
}
node {
  calculator: "TfLiteCustomOpResolverCalculator"
  output_side_packet: "OP_RESOLVER:resolver"
}
node {
  calculator: "InferenceCalculator"
  input_stream: "TENSORS:input"
  input_side_packet: "OP_RESOLVER:resolver"
  output_stream: "TENSORS:outputs"
  options: {
    [mediapipe.InferenceCalculatorOptions.ext] {
      model_path: "%(model)s"
      delegate { xnnpack { num_threads: 1 } }
    }
  }
}
node {
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:input"
  output_stream: "FLOATS:input_floats"
}
"""
READ = """
node {
  calculator: "TensorsToFloatsCalculator"
  input_stream: "TENSORS:tensor_%(i)d"
  output_stream: "FLOATS:floats_%(i)d"
}
"""


def graph_text(model_path):
    n = range(len(OUTPUTS))
    ranges = " ".join(f"ranges {{ begin: {i} end: {i + 1} }}" for i in n)
    split = (
        'node {\n  calculator: "SplitTensorVectorCalculator"\n  input_stream: "outputs"\n'
        + "".join(f'  output_stream: "tensor_{i}"\n' for i in n)
        + f"  options: {{ [mediapipe.SplitVectorCalculatorOptions.ext] {{ {ranges} }} }}\n}}\n"
    )
    return GRAPH % {"size": SIZE, "model": model_path} + split + "".join(READ % {"i": i} for i in n)


def run_graph(model_path, image, rect):
    """MediaPipe's input tensor and outputs for a rectangle of a picture."""
    graph = mediapipe.CalculatorGraph(graph_config=graph_text(model_path))
    results = {}

    def keep(stream, packet):
        results[stream] = np.array(packet_getter.get_float_list(packet), np.float32)

    streams = ["input_floats"] + [f"floats_{i}" for i in range(len(OUTPUTS))]
    for stream in streams:
        graph.observe_output_stream(stream, keep)
    graph.start_run()
    frame = packet_creator.create_image_frame(image_format=mediapipe.ImageFormat.SRGB, data=image)
    cx, cy, width, height, rotation = (float(v) for v in rect)
    region = rect_pb2.NormalizedRect(
        x_center=cx, y_center=cy, width=width, height=height, rotation=rotation
    )
    graph.add_packet_to_input_stream("image", frame.at(0))
    graph.add_packet_to_input_stream("rect", packet_creator.create_proto(region).at(0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return [results[stream] for stream in streams]


def main():
    args = common.arguments(__doc__.splitlines()[0])
    model = common.model_bytes(args, MODEL)
    model_path = os.path.abspath(os.path.join(args.shared, "models", MODEL))
    for i, (picture, (cx, cy, side, rotation)) in enumerate(CROPS):
        image = common.picture(args, picture)
        height, width = image.shape[:2]
        rect = np.array([cx / width, cy / height, side / width, side / height, rotation], np.float32)
        pixels = sampler.to_pixels(rect, width, height, SIZE, SIZE, keep_aspect=False)
        if sampler.tie_distance(pixels, SIZE, SIZE) < 0.05:
            raise ValueError(f"{picture}: a position is near a rounding tie, choose another rectangle")
        crop = sampler.sample(image, pixels, SIZE, SIZE, "replicate")
        values = sampler.to_range(crop, 0, 1)
        seen, *outputs = run_graph(model_path, image, rect)
        if not np.array_equal(seen, values.ravel()):
            raise ValueError(f"{picture}: MediaPipe's crop is another")
        notes = [
            "runtime: MediaPipe's ImageToTensorCalculator and InferenceCalculator with its custom operations"
            " (XNNPACK delegate, 1 thread, float32)",
            "input: equal bit for bit to the crop of sampler.py",
        ]
        tensors = {
            "picture": np.frombuffer(picture.encode(), np.uint8),
            "picture_rgb_sha256": common.digest(image.tobytes()),
            "rect": rect,
            "rect_pixels": pixels,
            "crop_sha256": common.digest(crop.tobytes()),
            **common.input_marks(values),
        }
        tensors.update({f"output_{k}_{name}": outputs[k] for k, name in enumerate(OUTPUTS)})
        text = common.provenance(args, {MODEL: model}, ["mediapipe", "numpy"], notes)
        name = f"face_landmark_with_attention-crop-{i + 1}"
        size = goldfile.write(os.path.join(args.out, "attention", name + ".gold"), text, tensors)
        print(f"{name}: {size} bytes, flag {outputs[6][0]}, sizes {[len(o) for o in outputs]}")


if __name__ == "__main__":
    main()
