"""Compiles small ONNX models of every element type and compares the code with
the JIT: types, shapes and values.

    element_types.py TOOLS FOLDER TARGET

TARGET is the option text of --lower-to-llvm. Prints one line per model.
"""

import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TOOLS, FOLDER, TARGET = sys.argv[1:4]
RANDOM = np.random.RandomState(1)


def tool(name, *arguments):
    done = subprocess.run([os.path.join(TOOLS, name), *arguments], text=True,
                          capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{name} {' '.join(arguments)}\n{done.stderr}")


def value(name, array):
    type_ = helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, type_, array.shape)


def check(name, nodes, inputs, outputs, constants=()):
    """Runs the model both ways."""
    graph = helper.make_graph(
        nodes, name, [value(n, a) for n, a in inputs.items()],
        [helper.make_tensor_value_info(n, t, None) for n, t in outputs],
        [numpy_helper.from_array(a, n) for n, a in constants])
    base = os.path.join(FOLDER, name)
    onnx.save(helper.make_model(graph, ir_version=9,
                                opset_imports=[helper.make_opsetid("", 18)]),
              base + ".onnx")
    np.savez(base + ".npz", **inputs)
    tool("quant-run", base + ".onnx", f"--inputs={base}.npz",
         f"--outputs={base}.jit.npz")
    tool("quant-opt", base + ".onnx", f"--lower-to-llvm={TARGET}", "-o",
         base + ".o")
    tool("quant-run", base + ".o", f"--inputs={base}.npz",
         f"--outputs={base}.native.npz")
    want, got = np.load(base + ".jit.npz"), np.load(base + ".native.npz")
    for key in want.files:
        same = (want[key].dtype == got[key].dtype
                and want[key].shape == got[key].shape
                and np.allclose(want[key].astype(np.float64),
                                got[key].astype(np.float64), 1e-5, 1e-6))
        if not same:
            print(f"{name}: {key} differs")
            return
    with open(base + ".json", encoding="utf8") as file:
        text = file.read()
    for array in inputs.values():
        if f'"dtype": "{array.dtype.name}"' not in text:
            print(f"{name}: the contract does not name {array.dtype.name}")
            return
    print(f"{name}: agrees")


def arithmetic(dtype):
    make = lambda: RANDOM.randint(0, 90, (1, 4, 5)).astype(dtype)
    type_ = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    check(np.dtype(dtype).name, [
        helper.make_node("Add", ["x", "y"], ["s"]),
        helper.make_node("Mul", ["s", "y"], ["p"]),
        helper.make_node("Transpose", ["p"], ["q"], perm=[0, 2, 1]),
        helper.make_node("Cast", ["q"], ["f"], to=TensorProto.FLOAT),
    ], {"x": make(), "y": make()}, [("q", type_), ("f", TensorProto.FLOAT)])


def main():
    for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32,
                  np.int64, np.uint64, np.float64):
        arithmetic(dtype)
    check("masked", [
        helper.make_node("Equal", ["m", "zero"], ["e"]),
        helper.make_node("Where", ["e", "low", "x"], ["y"]),
        helper.make_node("Gather", ["table", "ids"], ["g"]),
        helper.make_node("Not", ["e"], ["kept"]),
    ], {"m": np.array([[1, 0, 1, 0]]), "ids": np.array([[1, 9, 4]]),
        "x": RANDOM.randn(1, 4).astype(np.float32)},
        [("y", TensorProto.FLOAT), ("g", TensorProto.FLOAT),
         ("kept", TensorProto.BOOL)],
        [("zero", np.array(0)), ("low", np.array(-1e30, np.float32)),
         ("table", RANDOM.randn(10, 5).astype(np.float32))])
    check("logic", [helper.make_node("And", ["x", "y"], ["z"]),
                    helper.make_node("Identity", ["x"], ["same"])],
          {"x": RANDOM.rand(1, 70) > 0.5, "y": RANDOM.rand(1, 70) > 0.5},
          [("z", TensorProto.BOOL), ("same", TensorProto.BOOL)])
    check("half", [helper.make_node("Sigmoid", ["x"], ["y"])],
          {"x": RANDOM.randn(1, 40).astype(np.float16)},
          [("y", TensorProto.FLOAT16)])
    check("brain", [helper.make_node("Cast", ["x"], ["b"],
                                     to=TensorProto.BFLOAT16),
                    helper.make_node("Cast", ["b"], ["y"],
                                     to=TensorProto.FLOAT)],
          {"x": RANDOM.randn(1, 40).astype(np.float32)},
          [("y", TensorProto.FLOAT)])
    check("scalar", [helper.make_node("Mul", ["x", "x"], ["y"])],
          {"x": np.array(3, np.int64)}, [("y", TensorProto.INT64)])


main()
