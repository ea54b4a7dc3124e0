"""Random quantized networks of ONNX ops on stored numbers, seeded.

    home_models.py FOLDER COUNT [SEED]

Writes net_000.onnx and on, and one file per op. Each network is a chain with
branches over convolution (also depthwise and grouped by channel), product by a
matrix, sum, product, pool, sigmoid, leaky relu, concat and softmax; activations
are uint8 or int8, weights int8 or uint8, per tensor or per channel. Parameters
are chosen so that values fill their range without always saturating.
"""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MS = "com.microsoft"


class Net:
    """A graph under construction; `value` is (name, scale, zero, shape)."""

    def __init__(self, random, unsigned, unsigned_weights, per_channel):
        self.random = random
        self.dtype = np.uint8 if unsigned else np.int8
        self.wtype = np.uint8 if unsigned_weights else np.int8
        self.per_channel = per_channel
        self.nodes, self.inits, self.count = [], [], 0

    def name(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def const(self, array):
        name = self.name("c")
        self.inits.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def params(self, scale, zero, dtype=None):
        return [self.const(np.float32(scale)),
                self.const(np.array(zero, dtype or self.dtype))]

    def zero(self):
        limits = np.iinfo(self.dtype)
        return int(self.random.integers(limits.min, limits.max + 1))

    def input(self, shape):
        scale = np.float32(self.random.uniform(0.01, 0.1))
        return ("x", scale, self.zero(), shape)

    def of(self, value):
        return [value[0], *self.params(value[1], value[2])]

    def add(self, op, inputs, value, domain="", **attributes):
        self.nodes.append(helper.make_node(op, inputs, [value[0]],
                                           name=value[0], domain=domain,
                                           **attributes))
        return value

    def result(self, stem, scale, shape, zero=None):
        return (self.name(stem), np.float32(scale),
                self.zero() if zero is None else zero, tuple(shape))

    def weights(self, shape, channels):
        """-> inputs of a weight, its scales."""
        limits = np.iinfo(self.wtype)
        w = self.random.integers(limits.min, limits.max + 1, shape)
        each = self.random.uniform(0.005, 0.02, channels).astype(np.float32)
        scale = each if self.per_channel else each[:1].reshape(())
        # The kernels of per-channel weights need one zero point for all.
        zero = 0 if self.wtype == np.int8 else int(self.random.integers(100, 156))
        zeros = np.full(np.shape(scale), zero, self.wtype)
        return ([self.const(w.astype(self.wtype)), self.const(scale),
                 self.const(zeros)], float(np.mean(scale)))

    def conv(self, value, out, kernel, group=1, stride=1):
        n, c, h, w = value[3]
        pad = kernel // 2
        inputs, scale = self.weights((out, c // group, kernel, kernel), out)
        size = lambda d: (d + 2 * pad - kernel) // stride + 1
        fan = c // group * kernel * kernel
        result = self.result("conv", value[1] * scale * 80 * np.sqrt(fan),
                             (n, out, size(h), size(w)))
        bias = self.random.integers(-3000, 3000, out).astype(np.int32)
        return self.add(
            "QLinearConv",
            [*self.of(value), *inputs,
             *self.params(result[1], result[2]), self.const(bias)], result,
            kernel_shape=[kernel, kernel], pads=[pad] * 4, group=group,
            strides=[stride, stride])

    def matmul(self, value, out):
        k = value[3][-1]
        inputs, scale = self.weights((k, out), out)
        result = self.result("matmul", value[1] * scale * 80 * np.sqrt(k),
                             value[3][:-1] + (out,))
        return self.add("QLinearMatMul",
                        [*self.of(value), *inputs,
                         *self.params(result[1], result[2])], result)

    def binary(self, op, a, b):
        scale = ((a[1] + b[1]) if op == "QLinearAdd"
                 else a[1] * b[1] * 100) * self.random.uniform(0.5, 1.5)
        result = self.result(op[7:].lower(), scale, a[3])
        return self.add(op, [*self.of(a), *self.of(b),
                             *self.params(result[1], result[2])],
                        result, MS)

    def unary(self, op, value, scale, shape=None, zero=None, **attributes):
        result = self.result(op[7:].lower(), scale, shape or value[3], zero)
        return self.add(op, [*self.of(value),
                             *self.params(result[1], result[2])],
                        result, MS, **attributes)

    def concat(self, a, b):
        result = self.result("concat", max(a[1], b[1]),
                             (a[3][0], a[3][1] + b[3][1], *a[3][2:]))
        inputs = self.params(result[1], result[2]) + self.of(a) + self.of(b)
        return self.add("QLinearConcat", inputs, result, MS, axis=1)

    def max_pool(self, value):
        n, c, h, w = value[3]
        result = (self.name("max"), value[1], value[2],
                  (n, c, h // 2, w // 2))
        return self.add("MaxPool", [value[0]], result, kernel_shape=[2, 2],
                        strides=[2, 2])

    def flatten(self, value):
        result = (self.name("flat"), value[1], value[2],
                  (value[3][0], int(np.prod(value[3][1:]))))
        shape = self.const(np.array(result[3], np.int64))
        return self.add("Reshape", [value[0], shape], result)

    def model(self, sources, results):
        elem = helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype))
        info = lambda v: helper.make_tensor_value_info(v[0], elem, v[3])
        graph = helper.make_graph(self.nodes, "net",
                                  [info(v) for v in sources],
                                  [info(v) for v in results], self.inits)
        model = helper.make_model(graph, opset_imports=[
            helper.make_opsetid("", 17), helper.make_opsetid(MS, 1)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model

    def least(self):
        return int(np.iinfo(self.dtype).min)


def random_net(seed):
    random = np.random.default_rng(seed)
    net = Net(random, unsigned=seed % 2 == 0, unsigned_weights=seed % 4 == 0,
              per_channel=seed % 3 != 0)
    source = net.input((1, int(random.integers(2, 9)), 12, 12))
    x = net.conv(source, int(random.integers(4, 20)), 3)
    y = net.conv(x, x[3][1], 3, group=x[3][1])
    x = net.binary("QLinearAdd", x, y)
    y = net.conv(x, x[3][1], 1)
    x = net.binary("QLinearMul", x, y)
    x = net.unary("QLinearSigmoid", x, 1 / 256, zero=net.least())
    x = net.concat(x, net.unary("QLinearLeakyRelu", y, y[1], alpha=0.1))
    x = net.conv(x, 12, 3)
    if seed % 2:
        n, c, h, w = x[3]
        x = net.unary("QLinearAveragePool", x, x[1], shape=(n, c, h // 2, w // 2),
                      zero=x[2], kernel_shape=[2, 2], strides=[2, 2])
    x = net.max_pool(x)
    x = net.unary("QLinearGlobalAveragePool", x, x[1] / 2,
                  shape=(1, x[3][1], 1, 1), channels_last=0)
    x = net.matmul(net.flatten(x), 10)
    y = net.unary("QLinearSoftmax", x, 1 / 256, zero=net.least(), axis=-1,
                  opset=13)
    return net.model([source], [x, y])


def binary_pairs(op, seed):
    """All 65536 pairs of bytes through one op."""
    random = np.random.default_rng(seed)
    net = Net(random, seed % 2 == 0, False, False)
    a = ("a", np.float32(random.uniform(0.01, 0.1)), net.zero(), (1, 65536))
    b = ("b", np.float32(random.uniform(0.01, 0.1)), net.zero(), (1, 65536))
    if seed % 3 == 0:
        a, b = a[:1] + (np.float32(0.5),) + a[2:], b[:1] + (
            np.float32(0.5),) + b[2:]
    result = net.binary(op, a, b)
    return net.model([a, b], [result])


def pairs_of(model):
    """The 65536 pairs as arrays for its inputs."""
    elem = model.graph.input[0].type.tensor_type.elem_type
    dtype = np.uint8 if elem == TensorProto.UINT8 else np.int8
    bytes_ = np.arange(256, dtype=np.int64).astype(np.uint8).view(dtype)
    a, b = np.meshgrid(bytes_, bytes_, indexing="ij")
    return {"a": a.reshape(1, -1), "b": b.reshape(1, -1)}


if __name__ == "__main__":
    folder, count = sys.argv[1], int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    os.makedirs(folder, exist_ok=True)
    for index in range(first, first + count):
        onnx.save(random_net(index),
                  os.path.join(folder, f"net_{index:03}.onnx"))
