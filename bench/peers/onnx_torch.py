# SPDX-License-Identifier: Apache-2.0
"""A network that mien exported as ONNX, in PyTorch: an operation of the file is one or a few of torch's.

What depends on constants alone (sizes, indices) is worked out when the network is loaded, so that a run asks the host for
nothing and can be recorded as a CUDA graph. torch is only needed to load a network.
"""
import onnx_file


def pad(torch, x, pads, value=0.0):
    """By ONNX's order: all that stand before, then all behind."""
    n = len(pads) // 2
    pairs = [amount for axis in reversed(range(n)) for amount in (pads[axis], pads[n + axis])]
    return torch.nn.functional.pad(x, pairs, value=value) if any(pairs) else x


def conv(torch, node, constants):
    pads, strides, groups = (node.attributes[name] for name in ("pads", "strides", "group"))
    even = pads[:2] == pads[2:]

    def run(x, weights, bias=None):
        x = x if even else pad(torch, x, pads)
        return torch.nn.functional.conv2d(x, weights, bias, strides, pads[:2] if even else 0, groups=groups)
    return run


def max_pool(torch, node, constants):
    kernel, strides, pads = (node.attributes[name] for name in ("kernel_shape", "strides", "pads"))
    return lambda x: torch.nn.functional.max_pool2d(pad(torch, x, pads, -float("inf")), kernel, strides)


def average_pool(torch, node, constants):
    """What lies outside of the picture does not count."""
    kernel, strides, pads = (node.attributes[name] for name in ("kernel_shape", "strides", "pads"))
    average = torch.nn.functional.avg_pool2d

    def run(x):
        sums = average(pad(torch, x, pads), kernel, strides)
        return sums / average(pad(torch, torch.ones_like(x), pads), kernel, strides) if any(pads) else sums
    return run


def resize(torch, node, constants):
    scales = constants[node.inputs[2]].tolist()[2:]
    mode = node.attributes["coordinate_transformation_mode"]
    if mode != "asymmetric":
        return lambda x, *unused: torch.nn.functional.interpolate(
            x, [int(side * scale) for side, scale in zip(x.shape[2:], scales)], mode="bilinear",
            align_corners=mode == "align_corners")

    def along(x, axis, scale):
        side = x.shape[axis]
        at = torch.arange(int(side * scale), device=x.device) / scale
        first = at.floor().clamp(max=side - 1).long()
        part = (at - first).reshape([-1 if i == axis else 1 for i in range(4)])
        second = (first + 1).clamp(max=side - 1)
        return x.index_select(axis, first) * (1 - part) + x.index_select(axis, second) * part
    return lambda x, *unused: along(along(x, 2, scales[0]), 3, scales[1])


def prelu(torch, node, constants):
    slope = constants[node.inputs[1]]
    flat = slope.reshape(-1)
    is_by_channel = slope.dim() == 3 and flat.numel() == slope.shape[0]

    def run(x, unused):
        if is_by_channel and x.dim() == 4 and flat.numel() == x.shape[1]:
            return torch.nn.functional.prelu(x, flat)
        return torch.where(x < 0, x * slope, x)
    return run


def reduce(name):
    def make(torch, node, constants):
        function = getattr(torch, name)
        keep = bool(node.attributes["keepdims"])
        axes = node.attributes.get("axes") or constants[node.inputs[1]].tolist()
        return lambda x, *unused: function(x, dim=axes, keepdim=keep)
    return make


def slices(torch, node, constants):
    begins, ends, axes = (constants[name].tolist() if name else None for name in (node.inputs[1:] + [""])[:3])
    axes = list(range(len(begins))) if axes is None else axes

    def run(x, *unused):
        for begin, end, axis in zip(begins, ends, axes):
            x = x.narrow(axis, begin, min(end, x.shape[axis]) - begin)
        return x
    return run


def reshape(torch, node, constants):
    """A size of 0 stays."""
    sizes = constants[node.inputs[1]].tolist()
    return lambda x, unused: x.reshape([size or x.shape[axis] for axis, size in enumerate(sizes)])


def depth_to_space(torch, node, constants):
    b = node.attributes["blocksize"]

    def run(x):
        n, c, h, w = x.shape
        return x.reshape(n, b, b, c // (b * b), h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // (b * b), h * b, w * b)
    return run


def gather(torch, node, constants):
    return lambda x, indices: x.index_select(node.attributes["axis"], indices)


def concat(torch, node, constants):
    return lambda *parts: torch.cat(parts, node.attributes["axis"])


def grid_sample(torch, node, constants):
    mode, padding, corners = (node.attributes[name] for name in ("mode", "padding_mode", "align_corners"))
    return lambda x, grid: torch.nn.functional.grid_sample(x, grid, mode, padding, bool(corners))


def plain(name):
    """A function of torch that takes the same inputs."""
    return lambda torch, node, constants: getattr(torch, name)


OPERATIONS = {
    "Add": plain("add"), "AveragePool": average_pool, "Concat": concat, "Conv": conv, "DepthToSpace": depth_to_space,
    "Div": plain("div"), "Equal": plain("eq"), "Gather": gather, "GridSample": grid_sample, "LessOrEqual": plain("le"),
    "Max": plain("maximum"), "MaxPool": max_pool, "Mul": plain("mul"), "Neg": plain("neg"), "PRelu": prelu,
    "Reciprocal": plain("reciprocal"), "ReduceMax": reduce("amax"), "ReduceMean": reduce("mean"),
    "ReduceMin": reduce("amin"), "ReduceSum": reduce("sum"), "Relu": plain("relu"), "Reshape": reshape, "Resize": resize,
    "Sigmoid": plain("sigmoid"), "Slice": slices, "Sqrt": plain("sqrt"), "Sub": plain("sub"), "Where": plain("where"),
    "Expand": lambda torch, node, constants: lambda x, sizes: x.expand(sizes.tolist()),
    "Identity": lambda torch, node, constants: lambda x: x,
    "Pad": lambda torch, node, constants: lambda x, unused: pad(torch, x, constants[node.inputs[1]].tolist()),
    "Shape": lambda torch, node, constants: lambda x: torch.tensor(x.shape),
    "Transpose": lambda torch, node, constants: lambda x: x.permute(node.attributes["perm"]),
}


class Network:
    """network(inputs) gives a list of outputs; inputs are tensors on the device."""

    def __init__(self, torch, path, device="cpu"):
        graph = onnx_file.read(path)
        types = {onnx_file.FLOAT: torch.float32, onnx_file.INT64: torch.int64}
        self.inputs, self.outputs = graph.inputs, list(graph.outputs)
        constants = {name: torch.frombuffer(bytearray(value.data), dtype=types[value.type]).reshape(value.shape)
                     for name, value in graph.constants.items()}
        # Sizes stay on the host; what is computed with goes to the device.
        indices = {node.inputs[1] for node in graph.nodes if node.type == "Gather"}
        self.constants = {name: value.to(device) if value.is_floating_point() or name in indices else value
                          for name, value in constants.items()}
        kept = {*self.constants, *self.outputs, ""}
        last = {name: i for i, node in enumerate(graph.nodes) for name in node.inputs if name not in kept}
        self.steps = [(OPERATIONS[node.type](torch, node, self.constants), node.inputs, node.outputs[0],
                       [name for name in set(node.inputs) if last.get(name) == i])
                      for i, node in enumerate(graph.nodes)]

    def __call__(self, inputs):
        values = dict(self.constants)
        values.update(zip(self.inputs, inputs), **{"": None})
        for function, names, output, done in self.steps:
            values[output] = function(*[values[name] for name in names])
            for name in done:
                del values[name]
        return [values[name] for name in self.outputs]
