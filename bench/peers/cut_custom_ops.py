# SPDX-License-Identifier: Apache-2.0
"""Cuts the custom operations out of a .tflite file, so that plain LiteRT can run and time the rest.

What a custom operation would have made becomes an input of the network, or nothing at all where it is only an
output: every operation of TFLite itself stays, in its place.
"""
import argparse

import flatbuffers
from ai_edge_litert import schema_py_generated as schema


def cut(data):
    """The model without its custom operations, as bytes, and how many there were."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    graph = model.subgraphs[0]
    # Old files tell the kind in another field than new ones; the name is there in both.
    custom = {i for i, code in enumerate(model.operatorCodes) if code.customCode}
    gone = [op for op in graph.operators if op.opcodeIndex in custom]
    graph.operators = [op for op in graph.operators if op.opcodeIndex not in custom]
    made = {int(t) for op in gone for t in op.outputs}
    read = {int(t) for op in graph.operators for t in op.inputs}
    graph.inputs = [int(t) for t in graph.inputs] + sorted(made & read)
    # What only custom operations read is an output now: nobody shall leave its making out.
    wanted = {int(t) for op in gone for t in op.inputs} - made - read
    written = {int(t) for op in graph.operators for t in op.outputs}
    outputs = [int(t) for t in graph.outputs if int(t) not in made]
    graph.outputs = outputs + sorted((wanted & written) - set(outputs))

    kept = [i for i in range(len(model.operatorCodes)) if i not in custom]
    for op in graph.operators:
        op.opcodeIndex = kept.index(op.opcodeIndex)
    model.operatorCodes = [model.operatorCodes[i] for i in kept]
    model.signatureDefs = None
    builder = flatbuffers.Builder(len(data) + 65536)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output()), len(gone)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("output")
    args = parser.parse_args()
    with open(args.model, "rb") as file:
        data, n = cut(file.read())
    with open(args.output, "wb") as file:
        file.write(data)
    print(f"{args.output}: {n} custom operations cut out")


if __name__ == "__main__":
    main()
