"""make_broken.py FOLDER: writes models that the importer has to refuse, one
fault each, for onnx-errors.test; and a model with external data that is fine.
"""

import os
import sys

import numpy as np
from onnx import (AttributeProto, TensorProto, external_data_helper, helper,
                  numpy_helper)

FOLDER = sys.argv[1]


def tensor(name, *shape, value=1.0):
    return numpy_helper.from_array(np.full(shape, value, np.float32), name)


def model(nodes, weights=(), shape=(1, 2, 4, 4), opset=17, output="y"):
    graph = helper.make_graph(
        nodes, "broken",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        list(weights))
    return helper.make_model(graph, ir_version=8,
                             opset_imports=[helper.make_opsetid("", opset)])


def relu(shape=(1, 2, 4, 4), **kwargs):
    return model([helper.make_node("Relu", ["x"], ["y"], name="relu")],
                 shape=shape, **kwargs)


def conv(weight, **attributes):
    return model([helper.make_node("Conv", ["x", "w"], ["y"], name="conv",
                                   **attributes)], [weight])


def write(name, data):
    if not isinstance(data, bytes):
        data = data.SerializeToString()
    with open(os.path.join(FOLDER, name + ".onnx"), "wb") as file:
        file.write(data)


def files():
    good = conv(tensor("w", 3, 2, 3, 3)).SerializeToString()
    write("empty", b"")
    write("truncated", good[:len(good) * 2 // 3])
    write("text", b"this is a line of text, not a model\n")
    write("no_graph", b"\x08\x08")


def inputs():
    write("dynamic", relu(("batch", 2, "height", 4)))
    write("dynamic_batch", relu(("batch", 2, 4, 4)))
    write("negative_dim", relu((1, 2, -4, 4)))
    write("huge_dim", relu((1 << 20, 1 << 20, 1 << 20)))
    integers = relu()
    integers.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    integers.graph.node[0].op_type = "Sigmoid"
    write("integer_input", integers)
    write("newer_opset", relu(opset=99))


def external(location, **where):
    """Weights whose data lie in another file."""
    result = tensor("w", 3, 2, 3, 3)
    external_data_helper.set_external_data(result, location, **where)
    result.ClearField("raw_data")
    return result


def weights():
    bad = np.ones((3, 2, 3, 3), np.float32)
    bad[1, 0, 2, 1] = np.nan
    write("nan", conv(numpy_helper.from_array(bad, "w")))
    bad[1, 0, 2, 1] = np.inf
    write("inf", conv(numpy_helper.from_array(bad, "w")))
    short = tensor("w", 3, 2, 3, 3)
    short.dims[0] = 1 << 40
    write("huge_weights", conv(short))
    short.dims[0] = 4
    write("short_weights", conv(short))
    short.dims[0] = -3
    write("negative_weights", conv(short))
    unknown = tensor("w", 3, 2, 3, 3)
    unknown.data_type = 77
    write("unknown_type", conv(unknown))
    write("external_outside", conv(external("../w.bin")))
    write("external_missing", conv(external("absent.bin")))
    write("external", conv(external("w.bin", offset=4)))
    write("external_short", conv(external("w.bin", offset=400)))
    np.full(55, 2.0, np.float32).tofile(os.path.join(FOLDER, "w.bin"))


def graphs():
    node = helper.make_node
    write("cycle", model([node("Add", ["x", "b"], ["a"], name="first"),
                          node("Relu", ["a"], ["b"], name="second"),
                          node("Relu", ["b"], ["y"], name="third")]))
    write("undefined", model([node("Add", ["x", "ghost"], ["y"], name="add")]))
    write("defined_twice", model([node("Relu", ["x"], ["y"], name="one"),
                                  node("Abs", ["x"], ["y"], name="two")]))
    write("two_initializers", model(
        [node("Conv", ["x", "w"], ["y"])],
        [tensor("w", 1, 2, 1, 1), tensor("w", 1, 2, 1, 1)]))
    write("unsupported", model([
        node("ImageDecoder", ["x"], ["a"], name="decode"),
        node("Frobnicate", ["a"], ["b"], name="frob", domain="custom"),
        node("MaxPool", ["x"], ["c"], name="pool", kernel_shape=[2, 2],
             colour=2),
        node("Sum", ["b", "c"], ["y"], name="sum")]))


def nodes():
    write("weight_rank", conv(tensor("w", 3, 2, 3)))
    write("channels", conv(tensor("w", 3, 5, 3, 3)))
    write("large_kernel", conv(tensor("w", 3, 2, 9, 9)))
    write("pads_rank", conv(tensor("w", 3, 2, 3, 3), pads=[1, 1]))
    write("unknown_attribute", conv(tensor("w", 3, 2, 3, 3), colour=1))
    wrong = conv(tensor("w", 3, 2, 3, 3), group=1)
    wrong.graph.node[0].attribute[0].type = AttributeProto.FLOAT
    write("attribute_type", wrong)
    missing = conv(tensor("w", 3, 2, 3, 3))
    del missing.graph.node[0].input[1]
    write("missing_input", missing)
    write("broadcast", model([helper.make_node("Add", ["x", "w"], ["y"],
                                               name="add")],
                             [tensor("w", 3)]))
    write("product_types", model(
        [helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT32),
         helper.make_node("MatMul", ["i", "w"], ["y"], name="product")],
        [tensor("w", 4, 4)]))
    write("empty_softmax", model(
        [helper.make_node("Slice", ["x", "zero", "zero"], ["none"]),
         helper.make_node("Softmax", ["none"], ["y"], name="softmax")],
        [numpy_helper.from_array(np.zeros(1, np.int64), "zero")]))


def inner(nodes, inputs, outputs):
    def infos(names):
        return [helper.make_tensor_value_info(n, t, None) for n, t in names]
    return helper.make_graph(nodes, "inner", infos(inputs), infos(outputs))


def loop(turns, extra=()):
    """s = relu(s), so many times."""
    node = helper.make_node
    body = inner([node("Relu", ["s"], ["r"]),
                  node("Identity", ["go"], ["more"]), *extra],
                 [("i", TensorProto.INT64), ("go", TensorProto.BOOL),
                  ("s", TensorProto.FLOAT)],
                 [("more", TensorProto.BOOL), ("r", TensorProto.FLOAT)])
    count = [] if turns is None else [numpy_helper.from_array(
        np.array(turns, np.int64), "count")]
    return model([node("Loop", ["count" if count else "", "", "x"], ["y"],
                       name="loop", body=body)], count)


def calls(functions):
    """Functions of a model by the names of what they call."""
    result = model([helper.make_node("F0", ["x"], ["y"], name="call",
                                     domain="own")])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    for name, callees in functions.items():
        body = [helper.make_node(callee, ["a" if i == 0 else f"v{i - 1}"],
                                 ["b" if i + 1 == len(callees) else f"v{i}"],
                                 domain="own" if callee[0] == "F" else "")
                for i, callee in enumerate(callees)]
        result.functions.append(helper.make_function(
            "own", name, ["a"], ["b"], body, opsets))
    return result


def control():
    write("loop_huge", loop(1 << 40))
    write("loop_endless", loop(None))
    write("function_recursive", calls({"F0": ["F1"], "F1": ["Relu", "F0"]}))
    doubling = {f"F{i}": [f"F{i + 1}"] * 2 for i in range(40)}
    write("function_doubling", calls({**doubling, "F40": ["Relu", "Abs"]}))
    node = helper.make_node
    yes = inner([node("Relu", ["x"], ["p"])], [], [("p", TensorProto.FLOAT)])
    no = inner([node("ReduceMax", ["x"], ["q"])], [],
               [("q", TensorProto.FLOAT)])
    write("branches", model(
        [node("ReduceMax", ["x"], ["most"], keepdims=0),
         node("Cast", ["most"], ["go"], to=TensorProto.BOOL),
         node("If", ["go"], ["y"], name="if", then_branch=yes,
              else_branch=no)]))
    write("boxes", model(
        [node("NonMaxSuppression", ["x", "s", "count"], ["y"], name="nms")],
        [tensor("s", 2, 1, 3),
         numpy_helper.from_array(np.array([2], np.int64), "count")],
        shape=(2, 3, 4)))


os.makedirs(FOLDER, exist_ok=True)
files()
inputs()
weights()
graphs()
nodes()
control()
