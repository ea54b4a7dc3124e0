"""quantized_ops.py QUANT_RUN FOLDER: small models of quantized ops through
quant-run and through onnxruntime, or numpy for QONNX, on seeded data; prints
the cases whose outputs are not equal."""

import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

MS, QONNX = "com.microsoft", "qonnx.custom_op.general"
FLOAT = TensorProto.FLOAT
random = np.random.default_rng(3)


def model(nodes, shape, constants):
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v), k)
         for k, v in constants.items()])
    sets = [helper.make_opsetid(d, v)
            for d, v in (("", 17), (MS, 1), (QONNX, 1))]
    made = helper.make_model(graph, opset_imports=sets)
    made.ir_version = 8
    return made


def packed(bits, zero_points):
    k, n, block = 64, 8, 32
    per_byte, blocks = 8 // bits, k // block
    constants = {
        "b": random.integers(0, 256, (n, blocks, block // per_byte), np.uint8),
        "s": random.uniform(0.01, 0.1, n * blocks).astype(np.float32)}
    names = ["x", "b", "s"]
    if zero_points:
        constants["z"] = random.integers(0, 256, n * -(-blocks // per_byte),
                                         np.uint8)
        names.append("z")
    node = helper.make_node("MatMulNBits", names, ["y"], domain=MS, K=k, N=n,
                            bits=bits, block_size=block)
    return model([node], [1, 5, k], constants), None


def dynamic():
    nodes = [helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
             helper.make_node("MatMulInteger", ["q", "w", "z", "wz"], ["a"]),
             helper.make_node("Cast", ["a"], ["f"], to=FLOAT),
             helper.make_node("Mul", ["f", "s"], ["y"])]
    weights = random.integers(0, 256, (64, 8), np.uint8)
    return model(nodes, [1, 64], {"w": weights, "wz": np.uint8(120)}), None


def qonnx():
    node = helper.make_node("Quant", ["x", "s", "z", "b"], ["y"], domain=QONNX,
                            signed=1, narrow=1, rounding_mode="ROUND")
    step = np.float32(0.1)
    made = model([node], [1, 3, 4, 4], {
        "s": step.reshape(1, 1, 1, 1), "z": np.float32(0), "b": np.float32(4)})
    return made, lambda x: np.clip(np.rint(x / step), -7, 7) * step


CASES = {"nbits4": packed(4, False), "nbits4_zero": packed(4, True),
         "nbits8_zero": packed(8, True), "dynamic": dynamic(),
         "qonnx_quant": qonnx()}


def main(quant_run, folder):
    failed = 0
    for name, (made, reference) in CASES.items():
        path = os.path.join(folder, name)
        onnx.save(made, path + ".onnx")
        shape = [d.dim_value
                 for d in made.graph.input[0].type.tensor_type.shape.dim]
        x = random.normal(size=shape).astype(np.float32)
        np.savez(path + ".in.npz", x=x)
        done = subprocess.run(
            [quant_run, path + ".onnx", "--inputs", path + ".in.npz",
             "--outputs", path + ".out.npz"], check=False)
        if reference:
            expected = reference(x)
        else:
            expected = onnxruntime.InferenceSession(
                made.SerializeToString()).run(None, {"x": x})[0]
        actual = None
        if done.returncode == 0:
            with np.load(path + ".out.npz") as arrays:
                actual = arrays["y"].reshape(expected.shape)
        close = actual is not None and np.allclose(actual, expected, rtol=1e-5,
                                                   atol=1e-5)
        if not close:
            print(f"{name} differs")
            failed += 1
    print(f"{len(CASES) - failed} of {len(CASES)} cases agree")


onnxruntime.set_default_logger_severity(4)
main(sys.argv[1], sys.argv[2])
