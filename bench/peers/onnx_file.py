# SPDX-License-Identifier: Apache-2.0
"""Reads the ONNX files that `mien models export` writes: nodes, constants, names of inputs and outputs.

Field numbers are those of onnx/onnx.proto, IR version 8. What mien does not write is not read.
"""
import struct
from collections import namedtuple

FLOAT, INT64 = 1, 7  # TensorProto.DataType

# inputs and outputs: names ("" for one that is left out); attributes: name to integer, text or list of integers
Node = namedtuple("Node", "type inputs outputs attributes")
Constant = namedtuple("Constant", "shape type data")  # data: bytes, little endian
# inputs: name to shape without the batch; constants: name to Constant
Graph = namedtuple("Graph", "nodes constants inputs outputs")


def varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Number and value of each: an integer, or the bytes of a text, a list or a message."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
            value -= (value >> 63) << 64  # negative ones have ten bytes
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"field {tag >> 3} has wire type {kind}, which mien does not write")
        yield tag >> 3, value


def text(value):
    return bytes(value).decode("utf-8")


def read_attribute(data):
    name, value, numbers = None, None, []
    for number, field in fields(data):
        if number == 1:
            name = text(field)
        elif number == 3:
            value = field
        elif number == 4:
            value = text(field)
        elif number == 8:
            numbers.append(field)
    return name, numbers if value is None else value


def read_node(data):
    node = Node("", [], [], {})
    for number, field in fields(data):
        if number == 1:
            node.inputs.append(text(field))
        elif number == 2:
            node.outputs.append(text(field))
        elif number == 4:
            node = node._replace(type=text(field))
        elif number == 5:
            name, value = read_attribute(field)
            node.attributes[name] = value
    return node


def read_constant(data):
    shape, kind, name, content = [], None, None, b""
    for number, field in fields(data):
        if number == 1:
            shape.append(field)
        elif number == 2:
            kind = field
        elif number == 8:
            name = text(field)
        elif number == 9:
            content = field
    return name, Constant(shape, kind, content)


def inside(data, *path):
    """The message that lies at these field numbers."""
    for number in path:
        data = next(value for found, value in fields(data) if found == number)
    return data


def read_end(data):
    """Name and shape of an input or output; the batch, a name, is left out."""
    shape = [value for number, dimension in fields(inside(data, 2, 1, 2)) if number == 1
             for kind, value in fields(dimension) if kind == 1]
    return text(inside(data, 1)), shape


def read(path):
    with open(path, "rb") as file:
        data = memoryview(file.read())
    graph = Graph([], {}, {}, {})
    for number, field in fields(inside(data, 7)):
        if number == 1:
            graph.nodes.append(read_node(field))
        elif number == 5:
            name, constant = read_constant(field)
            graph.constants[name] = constant
        elif number in (11, 12):
            name, shape = read_end(field)
            (graph.inputs if number == 11 else graph.outputs)[name] = shape
    return graph


def integers(constant):
    return list(struct.unpack(f"<{len(constant.data) // 8}q", constant.data))
