"""make_big.py FOLDER: models whose weights lie in other files.

big.onnx has one table of more than 2 GiB in a sparse file, of which two rows
are not zero and are looked up; split.onnx has its weights in two files, at
offsets; sparse.onnx has a sparse initializer and a sparse constant; the
`bad_sparse_*` models are broken."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROWS, COLUMNS = 1 << 20, 520


def external(name, dims, location, offset, dtype=TensorProto.FLOAT,
             length=None):
    tensor = TensorProto(name=name, data_type=dtype, dims=dims,
                         data_location=TensorProto.EXTERNAL)
    fields = {"location": location, "offset": offset}
    if length is not None:
        fields["length"] = length
    for key, value in fields.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def save(folder, name, nodes, dims, weights, sparse=()):
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        weights, sparse_initializer=sparse)
    onnx.save(helper.make_model(
        graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]),
        os.path.join(folder, name + ".onnx"))


def make_big(folder):
    row = np.arange(COLUMNS, dtype=np.float32)
    with open(os.path.join(folder, "big.bin"), "wb") as file:
        file.truncate(ROWS * COLUMNS * 4)
        file.write(row.tobytes())
        file.seek((ROWS - 1) * COLUMNS * 4)
        file.write((-row).tobytes())
    rows = numpy_helper.from_array(np.array([0, -1], np.int64), "rows")
    save(folder, "big",
         [helper.make_node("Gather", ["w", "rows"], ["picked"]),
          helper.make_node("Add", ["x", "picked"], ["y"])],
         [2, COLUMNS], [external("w", [ROWS, COLUMNS], "big.bin", 0), rows])


def make_split(folder):
    first = np.arange(6, dtype=np.float32).reshape(2, 3)
    second = np.array([10, 20, 30], np.float16)
    with open(os.path.join(folder, "first.bin"), "wb") as file:
        file.write(b"\0" * 12 + first.tobytes())
    os.makedirs(os.path.join(folder, "parts"), exist_ok=True)
    with open(os.path.join(folder, "parts", "second.bin"), "wb") as file:
        # Not aligned to anything.
        file.write(b"\0" * 3 + second.tobytes() + b"\0" * 5)
    save(folder, "split",
         [helper.make_node("Cast", ["b"], ["wide"], to=TensorProto.FLOAT),
          helper.make_node("Add", ["a", "wide"], ["sum"]),
          helper.make_node("Add", ["x", "sum"], ["y"])], [2, 3],
         [external("a", [2, 3], "first.bin", 12, length=24),
          external("b", [3], "parts/second.bin", 3, TensorProto.FLOAT16, 6)])


def sparse_tensor(name, values, indices, dims):
    return helper.make_sparse_tensor(
        numpy_helper.from_array(np.array(values, np.float32), name),
        numpy_helper.from_array(np.array(indices, np.int64), name + "_i"),
        dims)


def make_sparse(folder):
    flat = sparse_tensor("w", [5, 7], [1, 5], [2, 3])
    full = sparse_tensor("c", [1, 2], [[0, 2], [1, 0]], [2, 3])
    save(folder, "sparse",
         [helper.make_node("Constant", [], ["k"], sparse_value=full),
          helper.make_node("Add", ["w", "k"], ["sum"]),
          helper.make_node("Add", ["x", "sum"], ["y"])], [2, 3], [], [flat])
    add = [helper.make_node("Add", ["x", "w"], ["y"])]
    save(folder, "bad_sparse_place", add, [2, 3], [],
         [sparse_tensor("w", [5, 7], [1, 6], [2, 3])])
    save(folder, "bad_sparse_count", add, [2, 3], [],
         [sparse_tensor("w", [5, 7], [1], [2, 3])])
    save(folder, "bad_sparse_size", add, [2, 3], [],
         [sparse_tensor("w", [5], [1], [1 << 20, 1 << 10])])


def main(folder):
    os.makedirs(folder, exist_ok=True)
    make_big(folder)
    make_split(folder)
    make_sparse(folder)


main(sys.argv[1])
