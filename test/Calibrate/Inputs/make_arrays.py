#!/usr/bin/env python3
"""Writes the arrays of the calibration tests, good and bad ones.

    make_arrays.py OUT_DIR

Needs nothing but Python, so that the tests run everywhere.
"""

import os
import struct
import sys
import zipfile


def npy(descr, shape, data, order="False"):
    text = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (
        descr, order, shape)
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text))
            + text.encode() + data)


def floats(values):
    return struct.pack("<%df" % len(values), *values)


def write(name, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(name, "w", compression) as archive:
        for key in sorted(entries):
            archive.writestr(zipfile.ZipInfo(key + ".npy"), entries[key],
                             compression)


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    os.chdir(sys.argv[1])
    ramp = npy("<f4", (64, 4), floats(range(256)))
    write("ramp.npz", {"x": ramp, "y": npy("<i4", (64,), bytes(256))})
    write("packed.npz", {"x": ramp}, zipfile.ZIP_DEFLATED)
    open("ramp.npy", "wb").write(ramp)
    # The same ramp in two shards.
    os.makedirs("shards", exist_ok=True)
    for i in range(2):
        write("shards/%d.npz" % i,
              {"x": npy("<f4", (32, 4), floats(range(128 * i, 128 * i + 128)))})
        write("half%d.npz" % i,
              {"x": npy("<f4", (32, 4), floats(range(128 * i, 128 * i + 128)))})
    write("zero.npz", {"x": npy("<f4", (2, 4), floats([0] * 8))})
    write("seven.npz", {"x": npy("<f4", (2, 4), floats([7] * 8))})
    # Bad ones.
    write("empty.npz", {})
    write("names.npz", {"a": ramp, "b": ramp})
    write("shape.npz", {"x": npy("<f4", (128, 2), floats(range(256)))})
    write("none.npz", {"x": npy("<f4", (0, 4), b"")})
    write("double.npz", {"x": npy("<f8", (1, 4), bytes(32))})
    write("objects.npz", {"x": npy("|O", (1, 4), bytes(32))})
    write("unknown.npz", {"x": npy("<c8", (1, 4), bytes(32))})
    write("nan.npz", {"x": npy("<f4", (2, 4), floats(
        [0, 1, 2, 3, 4, 5, float("nan"), 7]))})
    write("short.npz", {"x": ramp[:-4]})
    open("truncated.npz", "wb").write(open("ramp.npz", "rb").read()[:-30])
    open("zero-bytes.npz", "wb").close()
    open("text.npz", "w").write("not an archive\n")
    damaged = bytearray(open("ramp.npz", "rb").read())
    damaged[200] ^= 1
    open("damaged.npz", "wb").write(damaged)


main()
