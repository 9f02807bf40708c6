# SPDX-License-Identifier: Apache-2.0
"""Reads and writes .gold files: named tensors, little endian.

    8 bytes "MIENGLD1", u32 number of tensors, then for each tensor
    u16 length of the name, the name (UTF-8), u8 type, u8 rank, u32 dims[rank], the data (C order, no padding).
    Types: 0 f32, 1 u8, 2 i32, 3 u16.

The first tensor is always "provenance", UTF-8 text as u8.

Run as a program it lists the tensors of the files named: python3 goldfile.py FILE...
"""
import os
import struct
import sys

import numpy as np

MAGIC = b"MIENGLD1"
DTYPES = [np.dtype("<f4"), np.dtype("u1"), np.dtype("<i4"), np.dtype("<u2")]


def write(path, provenance, tensors):
    """Writes a file whole or not at all. tensors: name -> array of one of the four types."""
    named = {"provenance": np.frombuffer(provenance.encode(), np.uint8), **tensors}
    out = bytearray(MAGIC + struct.pack("<I", len(named)))
    for name, array in named.items():
        array = np.asarray(array)
        if array.dtype not in DTYPES:
            raise TypeError(f"{name}: {array.dtype} has no place in a .gold file")
        encoded = name.encode()
        out += struct.pack("<H", len(encoded)) + encoded
        out += struct.pack("<BB", DTYPES.index(array.dtype), array.ndim)
        out += struct.pack(f"<{array.ndim}I", *array.shape)
        out += np.ascontiguousarray(array).tobytes()
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path + ".part", "wb") as file:
        file.write(out)
    os.replace(path + ".part", path)
    return len(out)


def read(path):
    """Returns name -> array, in file order; provenance as str."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != MAGIC:
        raise ValueError(f"{path}: not a .gold file")
    (n_tensors,) = struct.unpack_from("<I", data, 8)
    at = 12
    tensors = {}
    for _ in range(n_tensors):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        dtype, rank = struct.unpack_from("<BB", data, at)
        shape = struct.unpack_from(f"<{rank}I", data, at + 2)
        at += 2 + 4 * rank
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(data, DTYPES[dtype], count, at).reshape(shape)
        at += array.nbytes
        tensors[name] = array
    if at != len(data):
        raise ValueError(f"{path}: {len(data) - at} bytes after the last tensor")
    tensors["provenance"] = tensors["provenance"].tobytes().decode()
    return tensors


def main():
    for path in sys.argv[1:]:
        print(f"{path}: {os.path.getsize(path)} bytes")
        for name, array in read(path).items():
            if name == "provenance":
                print("  " + array.rstrip().replace("\n", "\n  "))
            else:
                shown = np.array2string(array.ravel()[:6], precision=6, threshold=6)
                print(f"  {name} {array.dtype.name}{list(array.shape)} {shown}")


if __name__ == "__main__":
    main()
