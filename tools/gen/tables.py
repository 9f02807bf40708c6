#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns CSV files about landmarks into C tables.

    tools/gen/tables.py DATA refine > src/face/refine_tables.h
    tools/gen/tables.py DATA topology > src/face/topology_tables.h
    tools/gen/tables.py DATA blendshapes > src/face/blendshapes_tables.h
    tools/gen/tables.py DATA geometry > src/face/geometry_tables.h
    tools/gen/tables.py DATA landmarks_68 > tools/mien/output/landmarks_68_tables.h

DATA is a folder with attention_refinement_*.csv (index, landmark), connections_*.csv (start, end),
canonical_triangles.csv (three landmarks a row), blendshape_names.csv (index, name),
blendshape_landmark_subset.csv (index, landmark), canonical_vertices.csv (index, x, y, z, u, v),
procrustes_weights.csv (landmark, weight) and landmarks_68.csv (index, landmark, part), each with a
header line.
"""
import csv
import os
import sys

REFINEMENTS = ["lips", "left_eye", "right_eye", "left_iris", "right_iris"]
AVERAGES = ["left_iris", "right_iris"]
CONNECTIONS = ["lips", "left_eye", "left_eyebrow", "left_iris", "right_eye", "right_eyebrow",
               "right_iris", "face_oval", "nose", "contours", "tesselation"]
INCLUDES = {"refine": "#include <stdint.h>", "topology": '#include "mien/result.h"',
            "blendshapes": "#include <stdint.h>", "geometry": "#include <stdint.h>",
            "landmarks_68": "#include <stdint.h>"}
FOLDERS = {"landmarks_68": "tools/mien/output"}
N_LANDMARKS = 478


def cells(folder, name):
    with open(os.path.join(folder, name + ".csv"), newline="") as file:
        rows = list(csv.reader(file))[1:]
    if not rows:
        sys.exit(f"{name}.csv: no rows")
    return rows


def read(folder, name):
    return [[int(cell) for cell in row] for row in cells(folder, name)]


def counted(folder, name):
    """What is behind the first column, which must count from 0."""
    rows = cells(folder, name)
    if [int(row[0]) for row in rows] != list(range(len(rows))):
        sys.exit(f"{name}.csv: the first column does not count from 0")
    return [row[1:] for row in rows]


def indexed(folder, name):
    """The second column, in the order of the first, which must count from 0."""
    return [check(name, int(row[0])) for row in counted(folder, name)]


def number(text):
    """A float as C writes it, the shortest that gives the same value."""
    return repr(float(text)) + "f"


def check(name, landmark):
    if not 0 <= landmark < N_LANDMARKS:
        sys.exit(f"{name}.csv: {landmark} is no landmark")
    return landmark


def table(declaration, items):
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {item},"
    lines.append(line)
    return f"static const {declaration} = {{\n" + "\n".join(lines) + "\n};\n"


def rows(folder, name, width):
    data = read(folder, name)
    if any(len(row) != width for row in data):
        sys.exit(f"{name}.csv: a row has not {width} columns")
    return ["{" + ", ".join(str(check(name, cell)) for cell in row) + "}" for row in data]


def refine(folder):
    for name in REFINEMENTS:
        values = indexed(folder, f"attention_refinement_{name}")
        yield table(f"uint16_t {name}_targets[{len(values)}]", map(str, values))
    for name in AVERAGES:
        values = indexed(folder, f"attention_refinement_{name}_z_average")
        yield table(f"uint16_t {name}_z_average[{len(values)}]", map(str, values))


def topology(folder):
    for name in CONNECTIONS:
        edges = rows(folder, f"connections_{name}", 2)
        yield table(f"MienEdge {name}_edges[{len(edges)}]", edges)
    triangles = rows(folder, "canonical_triangles", 3)
    yield table(f"uint16_t triangles[{len(triangles)}][3]", triangles)


def blendshapes(folder):
    names = [row[0] for row in counted(folder, "blendshape_names")]
    yield table(f"char *const blendshape_names[{len(names)}]", [f'"{name}"' for name in names])
    subset = indexed(folder, "blendshape_landmark_subset")
    yield table(f"uint16_t blendshape_landmarks[{len(subset)}]", map(str, subset))


def geometry(folder):
    vertices = counted(folder, "canonical_vertices")
    yield table(f"float canonical_vertices[{len(vertices)}][3]",
                ["{" + ", ".join(map(number, row[:3])) + "}" for row in vertices])
    weights = cells(folder, "procrustes_weights")
    yield ("static const struct {\n    uint16_t landmark;\n    float weight;\n} " +
           table(f"procrustes_basis[{len(weights)}]",
                 [f"{{{check('procrustes_weights', int(row[0]))}, {number(row[1])}}}"
                  for row in weights]).removeprefix("static const "))


def landmarks_68(folder):
    """Each landmark with its vertex of the canonical face."""
    values, vertices = indexed(folder, "landmarks_68"), counted(folder, "canonical_vertices")
    yield ("static const struct {\n    uint16_t landmark;\n    float vertex[3];\n} " +
           table(f"landmarks_68[{len(values)}]",
                 [f"{{{value}, {{" + ", ".join(map(number, vertices[value][:3])) + "}}"
                  for value in values]).removeprefix("static const "))


def main():
    kinds = {"refine": refine, "topology": topology, "blendshapes": blendshapes,
             "geometry": geometry, "landmarks_68": landmarks_68}
    if len(sys.argv) != 3 or sys.argv[2] not in kinds:
        sys.exit(__doc__)
    folder, kind = sys.argv[1:]
    file = FOLDERS.get(kind, "src/face") + f"/{kind}_tables.h"
    guard = ("MIEN_TOOL_" if kind in FOLDERS else "MIENI_FACE_") + f"{kind.upper()}_TABLES_H"
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print(f"/* generated by tools/gen/tables.py DATA {kind} > {file} */")
    print("/* clang-format off */")
    print(f"#ifndef {guard}\n#define {guard}\n")
    print(INCLUDES[kind] + "\n")
    print("\n".join(kinds[kind](folder)))
    print("#endif")


main()
