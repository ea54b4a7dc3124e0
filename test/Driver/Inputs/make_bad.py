"""make_bad.py FOLDER: writes a small good model and every broken input that
bad-input.test names. Values come from one seed."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, external_data_helper, helper, numpy_helper

FOLDER = sys.argv[1]
RNG = np.random.RandomState(3)
SHAPE = [1, 1, 4, 4]


def path(name):
    return os.path.join(FOLDER, name)


def weights():
    return {"w": RNG.standard_normal((2, 1, 3, 3)).astype(np.float32),
            "b": RNG.standard_normal(2).astype(np.float32)}


def model(arrays, extra=(), shape=SHAPE, name="small"):
    """image -> Conv -> Relu -> `extra` nodes -> out."""
    nodes = [helper.make_node("Conv", ["image", "w", "b"], ["conv_out"],
                              name="conv", pads=[1, 1, 1, 1]),
             helper.make_node("Relu", ["conv_out"], ["relu_out"], name="relu")]
    last = "relu_out"
    for number, (op, domain) in enumerate(extra):
        out = f"extra{number}_out"
        nodes.append(helper.make_node(op, [last], [out], name=f"extra{number}",
                                      domain=domain))
        last = out
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT,
                                       [shape[0], 2] + shape[2:])],
        [numpy_helper.from_array(v, k) for k, v in arrays.items()])
    return helper.make_model(
        graph, ir_version=8,
        opset_imports=[helper.make_opsetid("", 17),
                       helper.make_opsetid("custom", 1)])


def write(name, data):
    with open(path(name), "wb") as file:
        file.write(data)


def with_value(value):
    arrays = weights()
    arrays["w"][1, 0, 2, 1] = value
    return model(arrays).SerializeToString()


def models():
    good = model(weights()).SerializeToString()
    write("good.onnx", good)
    write("other.onnx", model(weights(), name="other").SerializeToString())
    write("empty.onnx", b"")
    write("truncated.onnx", good[:len(good) // 2])
    write("text.onnx", b"this is no model, it is a line of text\n" * 4)
    write("image.onnx", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    write("unsupported.onnx", model(
        weights(), [("ImageDecoder", ""), ("Frobnicate", "custom"),
                    ("ImageDecoder", "")]).SerializeToString())
    write("dynamic.onnx", model(
        weights(), shape=["batch", 1, "height", 4]).SerializeToString())
    write("nan.onnx", with_value(np.nan))
    write("inf.onnx", with_value(np.inf))
    external = model(weights())
    for tensor in external.graph.initializer:
        if tensor.name == "w":
            external_data_helper.set_external_data(tensor, "absent.bin")
            tensor.ClearField("raw_data")
    write("external.onnx", external.SerializeToString())


def calibrations():
    x = RNG.random_sample([8] + SHAPE[1:]).astype(np.float32)
    bad = x.copy()
    bad[5, 0, 1, 2] = np.nan
    np.savez(path("good.npz"), image=x)
    np.savez(path("name.npz"), picture=x)
    np.savez(path("shape.npz"), image=x[:, :, :3])
    np.savez(path("dtype.npz"), image=(x * 255).astype(np.uint8))
    np.savez(path("nan.npz"), image=bad)
    np.savez(path("none.npz"), image=x[:0])
    np.savez(path("constant.npz"), image=np.zeros_like(x))
    np.savez(path("empty.npz"))
    write("zero.npz", b"")
    write("text.npz", b"image: 1 2 3\n")
    with open(path("good.npz"), "rb") as file:
        data = file.read()
    write("truncated.npz", data[:len(data) // 2])


os.makedirs(FOLDER, exist_ok=True)
models()
calibrations()
