# SPDX-License-Identifier: Apache-2.0
"""Every network as ONNX gives in ONNX Runtime what mien computes, and what TFLite was recorded to.

    python3 onnx_runtime.py PROGRAM [PYTHON]

PROGRAM: onnx-cases, which writes the networks, their inputs and what should come out. PYTHON: has
ONNX Runtime, where this one has not: `python3 -m venv VENV` and `VENV/bin/pip install -r
tests/golden/requirements-onnx.txt`. Without it the test is skipped. OpenVINO and PyTorch are asked too, if they are there.
"""

import glob
import os
import subprocess
import sys
import tempfile

# Of the largest value of an output (at least 1): TFLite's two sets of kernels differ by a fifth of it.
TOLERANCE = 1e-5


def skip(why):
    print("[  SKIPPED ] " + why)
    sys.exit(77)


def find_runtime():
    """Goes on in the other Python if ONNX Runtime is there."""
    try:
        import onnxruntime
    except ImportError:
        other = sys.argv[2] if len(sys.argv) > 2 else ""
        if not os.path.exists(other):
            skip("onnxruntime is not installed: pip install -r tests/golden/requirements-onnx.txt")
        sys.stdout.flush()
        os.execv(other, [other, "-B", os.path.abspath(__file__), sys.argv[1]])
    return onnxruntime


def read(path, shape=(-1,)):
    import numpy
    return numpy.fromfile(path, "<f4").reshape(shape)


def distance(got, want):
    """The largest difference, of the largest value."""
    import numpy
    assert got.size == want.size, (got.shape, want.shape)
    assert numpy.isfinite(got).all()
    return float(abs(got.ravel() - want.ravel()).max() / max(1, abs(want).max()))


def check_file(path):
    """What ONNX's own checker says, where it is installed."""
    try:
        import onnx
    except ImportError:
        return None
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    assert model.producer_name == "mien"
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]
    return len(model.graph.node)


def open_openvino(path):
    """Runs a network in OpenVINO; None where that is not installed, as in `make test`."""
    try:
        import openvino
    except ImportError:
        return None
    exact = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    network = openvino.Core().compile_model(path, "CPU", exact)
    return lambda tensor: list(network(tensor).values())


def open_torch(path):
    """The same in PyTorch, by the translation of bench/peers."""
    try:
        import torch
    except ImportError:
        return None
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "peers"))
    import onnx_torch
    network = onnx_torch.Network(torch, path)
    return lambda tensor: [output.numpy() for output in network([torch.from_numpy(tensor)])]


def check_network(onnxruntime, folder):
    """What is too far off: from mien, from what was recorded, a batch from its parts, or another that runs ONNX."""
    import numpy
    model = os.path.join(folder, "model.onnx")
    nodes = check_file(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    source, = session.get_inputs()
    assert source.shape[0] == "N", source.shape
    assert all(output.shape[0] == "N" for output in session.get_outputs())
    run = lambda tensor: session.run(None, {source.name: tensor})
    others = {"openvino": open_openvino(model), "torch": open_torch(model)}
    others = {name: other for name, other in others.items() if other}
    worst = {}
    inputs, answers = [], []
    for path in sorted(glob.glob(os.path.join(folder, "*.input"))):
        inputs.append(read(path, [1] + source.shape[1:]))
        answers.append(run(inputs[-1]))
        for i, output in enumerate(answers[-1]):
            for kind in ("mien", "tflite"):
                want = "{}.{}.{}".format(path[:-len(".input")], kind, i)
                if os.path.exists(want):
                    worst[kind] = max(worst.get(kind, 0), distance(output, read(want)))
        for name, other in others.items():
            for got, want in zip(other(inputs[-1]), answers[-1]):
                worst[name] = max(worst.get(name, 0), distance(got, want))
    assert len(inputs) >= 2, folder
    order = [0, 1, 0]
    batch = numpy.concatenate([inputs[k] for k in order])
    for name, other in {"batch": run, **others}.items():
        for i, output in enumerate(other(batch)):
            for row, k in enumerate(order):
                worst[name] = max(worst.get(name, 0), distance(output[row], answers[k][i]))
    print("{:33} {} nodes, off by".format(os.path.basename(folder), nodes or "?"),
          ", ".join("{:.1e} ({})".format(by, what) for what, by in sorted(worst.items())))
    assert "mien" in worst and "batch" in worst
    return [what for what, by in worst.items() if by > TOLERANCE]


def main():
    onnxruntime = find_runtime()
    with tempfile.TemporaryDirectory(prefix="mien-onnx-") as folder:
        done = subprocess.run([sys.argv[1], folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            sys.stdout.write(done.stdout.decode())
            sys.exit(done.returncode)
        print("onnxruntime " + onnxruntime.__version__)
        networks = sorted(os.path.join(folder, name) for name in os.listdir(folder))
        wrong = {os.path.basename(network): check_network(onnxruntime, network) for network in networks}
    assert len(wrong) == 19, sorted(wrong)
    wrong = {name: what for name, what in wrong.items() if what}
    if wrong:
        sys.exit("too far off: {}".format(wrong))


main()
