"""Writes models whose first dimension is open: `good` keeps samples apart, the
others mix them.

    any_batch.py FOLDER
"""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.RandomState(3)


def save(name, nodes, shape, output, **constants):
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)],
        [numpy_helper.from_array(a, n) for n, a in constants.items()])
    onnx.save(helper.make_model(graph, ir_version=9,
                                opset_imports=[helper.make_opsetid("", 18)]),
              os.path.join(sys.argv[1], name + ".onnx"))


def floats(*shape):
    return (RANDOM.randn(*shape) / 8).astype(np.float32)


def main():
    node = helper.make_node
    save("good", [
        node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        node("Relu", ["c"], ["r"]),
        node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["p"], ["f"]),
        node("Gemm", ["f", "m", "b"], ["g"]),
        node("Softmax", ["g"], ["s"], axis=1),
        node("ReduceMax", ["s", "one"], ["h"]),
        node("Sub", ["s", "h"], ["y"]),
    ], ["N", 2, 6, 6], ["N", 5], w=floats(3, 2, 3, 3), m=floats(27, 5),
        b=floats(5), one=np.array([1]))
    save("summed", [node("ReduceSum", ["x", "axes"], ["y"], name="sum")],
         ["N", 4], [1, 4], axes=np.array([0]))
    save("softmaxed", [node("Softmax", ["x"], ["y"], axis=0, name="soft")],
         ["N", 4], ["N", 4])
    save("turned", [node("Transpose", ["x"], ["y"], perm=[1, 0])],
         ["N", 4], [4, "N"])
    save("fixed", [node("Relu", ["x"], ["y"])], [2, 4], [2, 4])


main()
