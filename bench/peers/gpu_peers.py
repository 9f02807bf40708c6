# SPDX-License-Identifier: Apache-2.0
"""The peers that gpu.py puts beside mien. Each opens an ONNX file as a network; network.time(batch, seconds) gives the
milliseconds of a call, from inputs on the host to all outputs on the host, and of the device alone.

A peer that is not there, or does not start here, raises Missing with the reason.
"""
import statistics
import sys
import time

import onnx_torch

PROVIDERS = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider", "cpu": "CPUExecutionProvider"}


class Missing(Exception):
    pass


def median_ms(call, seconds, clock=None):
    """Median of runs, at least three, once it is warm. `clock` returns what the last one took."""
    call()
    call()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < end and len(times) < 1000):
        begin = time.perf_counter()
        call()
        times.append(clock() if clock else (time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def numbers(shapes, batch):
    """Inputs by name."""
    import numpy  # here, so that a peer that is missing is told first
    random = numpy.random.default_rng(1)
    return {name: random.random([batch, *shape], numpy.float32) for name, shape in shapes.items()}


class OnnxRuntime:
    """ONNX Runtime, and the provider that was asked for and no other."""

    def __init__(self, provider, device_index):
        try:
            import onnxruntime
        except ImportError as problem:
            raise Missing(f"onnxruntime: {problem}")
        self.runtime, self.provider, self.device_index = onnxruntime, PROVIDERS[provider], device_index
        self.where = "cpu" if provider == "cpu" else "cuda"
        self.name = f"onnxruntime {onnxruntime.__version__}, {self.provider}"
        if self.provider not in onnxruntime.get_available_providers():
            raise Missing(f"this onnxruntime has no {self.provider}; install onnxruntime-gpu, or try --provider cpu")

    def open(self, path):
        options = self.runtime.SessionOptions()
        if self.where == "cpu":
            options.intra_op_num_threads = 1
        session = self.runtime.InferenceSession(path, options, providers=[self.provider])
        if session.get_providers()[0] != self.provider:  # it falls back without a word
            raise Missing(f"onnxruntime does not start its {self.provider}; see mien doctor --python {sys.executable}")
        return Session(self, session)


class Session:
    def __init__(self, peer, session):
        self.peer, self.session = peer, session
        self.shapes = {one.name: list(one.shape[1:]) for one in session.get_inputs()}

    def time(self, batch, seconds):
        feeds = numbers(self.shapes, batch)
        call = median_ms(lambda: self.session.run(None, feeds), seconds)
        binding, peer = self.session.io_binding(), self.peer
        for name, value in feeds.items():
            on_device = peer.runtime.OrtValue.ortvalue_from_numpy(value, peer.where, peer.device_index)
            binding.bind_ortvalue_input(name, on_device)
        for output in self.session.get_outputs():
            binding.bind_output(output.name, peer.where, peer.device_index)

        def bound():
            self.session.run_with_iobinding(binding)
            binding.synchronize_outputs()

        return {"call": call, "device": median_ms(bound, seconds)}


class Torch:
    """PyTorch; on a GPU a batch is recorded once as a CUDA graph and launched again. Convolutions may choose their
    algorithm and round to TF32, as cuDNN does unasked and mien does not."""

    def __init__(self, provider, device_index):
        if provider not in ("cuda", "cpu"):
            raise Missing(f"torch has no {provider}")
        try:
            import torch
        except ImportError as problem:
            raise Missing(f"torch: {problem}")
        if provider == "cuda" and not torch.cuda.is_available():
            raise Missing("torch finds no CUDA device; install a build for CUDA, or try --provider cpu")
        self.torch = torch
        self.device = torch.device("cpu" if provider == "cpu" else f"cuda:{device_index}")
        self.name = f"torch {torch.__version__}, " + ("CPU" if provider == "cpu" else "CUDA graphs")
        if provider == "cpu":
            torch.set_num_threads(1)
        else:
            torch.cuda.set_device(self.device)
        torch.set_grad_enabled(False)

    def open(self, path):
        network = TorchNetwork(self, path)
        if self.device.type == "cuda":
            network.check(onnx_torch.Network(self.torch, path))
        return network


class TorchNetwork:
    def __init__(self, peer, path):
        self.torch, self.device = peer.torch, peer.device
        self.network = onnx_torch.Network(peer.torch, path, peer.device)

    def inputs(self, batch):
        arrays = numbers(self.network.inputs, batch)
        return [self.torch.from_numpy(arrays[name]) for name in self.network.inputs]

    def exactly(self, exact):
        """Whether the GPU rounds nothing to TF32 and takes no time to choose."""
        self.torch.backends.cudnn.allow_tf32 = self.torch.backends.cuda.matmul.allow_tf32 = not exact
        self.torch.backends.cudnn.benchmark = not exact

    def check(self, on_cpu):
        """A recorded run gives what the CPU gives."""
        self.exactly(True)
        inputs = self.inputs(2)
        replay, placed, outputs = self.record([one.to(self.device) for one in inputs])
        del placed
        replay()
        for got, want in zip(outputs, on_cpu(inputs)):
            off = float((got.cpu() - want).abs().max() / want.abs().max().clamp(min=1))
            if not off <= 1e-4:
                raise SystemExit(f"gpu.py: torch computes something else on the GPU than on the CPU, by {off:.1g}")
        self.exactly(False)

    def record(self, placed):
        """Returns what runs the network, its inputs and its outputs, all of which stay where they are."""
        torch = self.torch
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):  # what is chosen or allocated at first
                self.network(placed)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = self.network(placed)
        return graph.replay, placed, outputs

    def time(self, batch, seconds):
        inputs = self.inputs(batch)
        if self.device.type == "cpu":
            ms = median_ms(lambda: self.network(inputs), seconds)
            return {"call": ms, "device": ms}
        torch = self.torch
        replay, placed, outputs = self.record([one.to(self.device) for one in inputs])
        sent = [one.pin_memory() for one in inputs]
        received = [torch.empty(one.shape, pin_memory=True) for one in outputs]
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

        def whole():
            for to, value in zip(placed, sent):
                to.copy_(value, non_blocking=True)
            replay()
            for to, value in zip(received, outputs):
                to.copy_(value, non_blocking=True)
            torch.cuda.synchronize()

        def alone():
            begin.record()
            replay()
            end.record()
            torch.cuda.synchronize()

        return {"call": median_ms(whole, seconds),
                "device": median_ms(alone, seconds, lambda: begin.elapsed_time(end))}


PEERS = {"onnxruntime": OnnxRuntime, "torch": Torch}


def open_peer(which, provider, device_index, files):
    """A peer and its networks by name; `auto`: the first that starts here."""
    reasons = []
    for name in PEERS if which == "auto" else [which]:
        try:
            peer = PEERS[name](provider, device_index)
            return peer, {network: peer.open(path) for network, path in files.items()}
        except Missing as problem:
            reasons.append(str(problem))
            print(f"gpu.py: {problem}", file=sys.stderr)
    raise SystemExit("gpu.py: no peer: " + "; ".join(reasons))
