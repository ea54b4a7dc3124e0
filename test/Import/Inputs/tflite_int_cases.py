"""Small quantized networks, one or more per TFLite op, for compare_tflite.py.

Scales and zero points are random; those that the format fixes are as it says.
Names end in the storage of the activations: _s8, _u8 or _s16.
"""

import numpy as np

from tflite_builder import Model, quant

SAME, VALID = 0, 1
STORAGE = {"s8": np.int8, "u8": np.uint8, "s16": np.int16}


class Quantized(Model):
    """A model whose activations have one storage type."""

    def __init__(self, rng, storage):
        super().__init__()
        self.rng, self.storage = rng, storage
        self.dtype = STORAGE[storage]

    def params(self, scale=None):
        scale = self.rng.uniform(0.01, 0.1) if scale is None else scale
        if self.storage == "s16":
            return quant(scale / 256)
        low, high = (-128, 128) if self.storage == "s8" else (0, 256)
        return quant(scale, self.rng.integers(low, high))

    def activation(self, shape, params=None):
        return self.tensor(shape, self.dtype, params or self.params())

    def quantized_input(self, shape, params=None):
        return self.input(shape, self.dtype, params or self.params())

    def params_of(self, index):
        return self.graph.tensors[index].quantization

    def scale_of(self, index):
        return np.float32(self.params_of(index).scale[0])

    def weights(self, shape, axis, per_channel=True):
        """Stored weights and their scales; uint8 ones have a zero point."""
        rng = self.rng
        if self.storage == "u8":
            params = quant(rng.uniform(0.002, 0.02), rng.integers(100, 156))
            stored = rng.integers(0, 256, shape).astype(np.uint8)
            return self.constant(stored, params), params.scale
        scales = rng.uniform(0.002, 0.02, shape[axis] if per_channel else 1)
        stored = rng.integers(-127, 128, shape).astype(np.int8)
        return (self.constant(stored, quant(scales.astype(np.float32), 0,
                                            axis)),
                scales.astype(np.float32))

    def bias(self, count, x, scales):
        dtype = np.int64 if self.storage == "s16" else np.int32
        high = 200000 if self.storage == "s16" else 3000
        stored = self.rng.integers(-high, high, count).astype(dtype)
        scale = self.scale_of(x) * np.asarray(scales, np.float32)
        return self.constant(stored, quant(scale, 0, 0))


def for_storages(storages, build, **fields):
    for storage in storages:
        yield storage, lambda rng, s=storage: build(Quantized(rng, s),
                                                    **fields)


def conv(m, kernel=3, stride=1, dilation=1, padding=SAME, act=0,
         per_channel=True, cin=4, cout=6, size=(9, 8), scale=None):
    x = m.quantized_input([1, *size, cin])
    w, scales = m.weights((cout, kernel, kernel, cin), 0, per_channel)
    b = m.bias(cout, x, scales)
    y = m.activation([1, 1, 1, cout], m.params(scale))
    m.op("CONV_2D", [x, w, b], [y], "Conv2DOptions", padding=padding,
         strideW=stride, strideH=stride, dilationWFactor=dilation,
         dilationHFactor=dilation, fusedActivationFunction=act)
    m.version(3)
    m.result(y)
    return m


def depthwise(m, stride=1, dilation=1, padding=SAME, multiplier=1, act=0,
              channels=8):
    x = m.quantized_input([1, 9, 8, channels])
    count = channels * multiplier
    w, scales = m.weights((1, 3, 3, count), 3)
    b = m.bias(count, x, scales)
    y = m.activation([1, 1, 1, count])
    m.op("DEPTHWISE_CONV_2D", [x, w, b], [y], "DepthwiseConv2DOptions",
         padding=padding, strideW=stride, strideH=stride,
         depthMultiplier=multiplier, dilationWFactor=dilation,
         dilationHFactor=dilation, fusedActivationFunction=act)
    m.version(3)
    m.result(y)
    return m


def transpose_conv(m, stride=2, padding=SAME):
    h = 5
    out = h * stride if padding == SAME else (h - 1) * stride + 3
    x = m.quantized_input([1, h, h, 4])
    shape = m.constant(np.array([1, out, out, 3], np.int32))
    w, scales = m.weights((3, 3, 3, 4), 0)
    b = m.bias(3, x, scales)
    y = m.activation([1, out, out, 3])
    m.op("TRANSPOSE_CONV", [shape, w, x, b], [y], "TransposeConvOptions",
         padding=padding, strideW=stride, strideH=stride)
    m.version(3)
    m.result(y)
    return m


def dense(m, act=0, per_channel=False, rows=1, depth=40, units=7):
    x = m.quantized_input([rows, depth])
    w, scales = m.weights((units, depth), 0, per_channel)
    b = m.bias(units, x, scales)
    y = m.activation([rows, units])
    m.op("FULLY_CONNECTED", [x, w, b], [y], "FullyConnectedOptions",
         fusedActivationFunction=act)
    m.version(4)
    m.result(y)
    return m


def batch_matmul(m):
    x, y = m.quantized_input([1, 2, 4, 5]), m.quantized_input([1, 2, 5, 6])
    z = m.activation([1, 2, 4, 6])
    m.op("BATCH_MATMUL", [x, y], [z], "BatchMatMulOptions")
    m.version(2)
    m.result(z)
    return m


def binary(m, op, options=None, shape=(1, 4, 5, 8), act=0, same=False):
    x = m.quantized_input([1, 4, 5, 8])
    params = m.params_of(x) if same else None
    y = m.quantized_input(shape, params)
    z = m.activation([1, 4, 5, 8], params)
    if options in ("AddOptions", "SubOptions"):
        m.op(op, [x, y], [z], options, fusedActivationFunction=act,
             potScaleInt16=False)
    elif options:
        m.op(op, [x, y], [z], options, fusedActivationFunction=act)
    else:
        m.op(op, [x, y], [z])
    m.version(2)
    m.result(z)
    return m


def unary(m, op, options=None, out=None, same=False, version=2, **fields):
    x = m.quantized_input([1, 8, 8, 4])
    params = m.params_of(x) if same else None
    if out:
        scale, zero = out[m.storage]
        params = quant(scale, zero)
    y = m.activation([1, 8, 8, 4], params)
    m.op(op, [x], [y], options, **fields)
    m.version(version)
    m.result(y)
    return m


def pool(m, op, padding=SAME, size=3, stride=2, act=0):
    x = m.quantized_input([1, 9, 8, 5])
    y = m.activation([1, 1, 1, 5], m.params_of(x))
    m.op(op, [x], [y], "Pool2DOptions", padding=padding, strideW=stride,
         strideH=stride, filterWidth=size, filterHeight=size,
         fusedActivationFunction=act)
    m.version(2)
    m.result(y)
    return m


def reduce(m, op, axes, keep, same=False, shape=(1, 7, 6, 5)):
    x = m.quantized_input(shape)
    a = m.constant(np.array(axes, np.int32))
    y = m.activation([1], m.params_of(x) if same else None)
    m.op(op, [x, a], [y], "ReducerOptions", keepDims=keep)
    m.version(2)
    m.result(y)
    return m


def resize(m, op, out, align=False, half=False):
    x = m.quantized_input([1, 5, 7, 3])
    size = m.constant(np.array(out, np.int32))
    y = m.activation([1, *out, 3], m.params_of(x))
    options = ("ResizeBilinearOptions" if op == "RESIZE_BILINEAR"
               else "ResizeNearestNeighborOptions")
    m.op(op, [x, size], [y], options, alignCorners=align,
         halfPixelCenters=half)
    m.version(3)
    m.result(y)
    return m


def moved(m, op, shape, parameters, out, options=None, version=2, **fields):
    x = m.quantized_input(shape)
    extra = [m.constant(np.asarray(p)) for p in parameters]
    y = m.activation(out, m.params_of(x))
    m.op(op, [x] + extra, [y], options, **fields)
    m.version(version)
    m.result(y)
    return m


def concatenation(m, same=False):
    xs = [m.quantized_input([1, 3, 4, 4])]
    params = m.params_of(xs[0]) if same else None
    xs += [m.quantized_input([1, 3, 4, 4], params) for _ in range(2)]
    y = m.activation([1, 3, 4, 12], params)
    m.op("CONCATENATION", xs, [y], "ConcatenationOptions", axis=-1)
    m.version(2)
    m.result(y)
    return m


def requantize(m):
    x = m.quantized_input([1, 8, 8, 4])
    y = m.activation([1, 8, 8, 4])
    m.op("QUANTIZE", [x], [y])
    m.version(2)
    m.result(y)
    return m


def from_float(m):
    x = m.input([1, 8, 8, 4])
    y = m.activation([1, 8, 8, 4])
    m.op("QUANTIZE", [x], [y])
    m.version(2)
    m.result(y)
    return m


def to_float(m):
    x = m.quantized_input([1, 8, 8, 4])
    y = m.tensor([1, 8, 8, 4])
    m.op("DEQUANTIZE", [x], [y])
    m.version(2)
    m.result(y)
    return m


def prelu(m):
    x = m.quantized_input([1, 8, 8, 4])
    params = m.params()
    a = m.constant(m.rng.integers(-100, 100, (1, 1, 4)).astype(np.int8)
                   if m.storage == "s8" else
                   m.rng.integers(20, 220, (1, 1, 4)).astype(np.uint8), params)
    y = m.activation([1, 8, 8, 4])
    m.op("PRELU", [x, a], [y])
    m.result(y)
    return m


def arg_max(m):
    x = m.quantized_input([1, 5, 8])
    axis = m.constant(np.array(-1, np.int32))
    y = m.tensor([1, 5], np.int32)
    m.op("ARG_MAX", [x, axis], [y], "ArgMaxOptions", outputType=2)
    m.version(2)
    m.result(y)
    return m


LOGISTIC = {"s8": (1 / 256, -128), "u8": (1 / 256, 0), "s16": (1 / 32768, 0)}
TANH = {"s8": (1 / 128, 0), "u8": (1 / 128, 128), "s16": (1 / 32768, 0)}
L2 = {"s8": (1 / 128, 0), "u8": (1 / 128, 128)}
LOG_SOFTMAX = {"s8": (16 / 256, 127), "u8": (16 / 256, 255)}
BYTES = ("s8", "u8")
ALL = ("s8", "u8", "s16")
SIGNED = ("s8", "s16")


def table():
    """Name, storages, builder, fields."""
    yield "conv", ALL, conv, {}
    yield "conv_stride", ALL, conv, dict(stride=2, act=1)
    yield "conv_valid", ALL, conv, dict(padding=VALID, act=3)
    yield "conv_dilated", ALL, conv, dict(dilation=2)
    yield "conv_point", ALL, conv, dict(kernel=1, cin=16, cout=24)
    yield "conv_tensor", ("s8",), conv, dict(per_channel=False, stride=2)
    yield "conv_wide", BYTES, conv, dict(cin=32, cout=40, size=(5, 5))
    yield "depthwise", ALL, depthwise, {}
    yield "depthwise_stride", ALL, depthwise, dict(stride=2, act=3)
    yield "depthwise_valid", ALL, depthwise, dict(padding=VALID, channels=17)
    yield "depthwise_dilated", BYTES, depthwise, dict(dilation=2)
    yield "depthwise_multiplier", ALL, depthwise, dict(multiplier=2)
    yield "depthwise_one", ALL, depthwise, dict(multiplier=8, channels=1)
    yield "transpose_conv", ALL, transpose_conv, {}
    yield "transpose_conv_valid", BYTES, transpose_conv, dict(padding=VALID)
    yield "transpose_conv_one", BYTES, transpose_conv, dict(stride=1)
    yield "dense", ALL, dense, {}
    yield "dense_relu", ALL, dense, dict(act=1)
    yield "dense_rows", ALL, dense, dict(rows=3)
    yield "dense_channels", ("s8",), dense, dict(per_channel=True)
    yield "batch_matmul", ("s8",), batch_matmul, {}
    for op in ("ADD", "SUB", "MUL"):
        options = op.capitalize() + "Options"
        yield op.lower(), ALL, binary, dict(op=op, options=options)
        yield op.lower() + "_relu", BYTES, binary, dict(op=op, options=options,
                                                        act=1)
        yield op.lower() + "_row", ALL, binary, dict(op=op, options=options,
                                                     shape=(8,))
        yield op.lower() + "_channel", ALL, binary, dict(
            op=op, options=options, shape=(1, 1, 1, 8))
    yield "squared_difference", ("s8",), binary, dict(op="SQUARED_DIFFERENCE")
    for op in ("MINIMUM", "MAXIMUM"):
        yield op.lower(), BYTES, binary, dict(op=op, same=True)
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        yield op.lower() + "_same", ALL, pool, dict(op=op)
        yield op.lower() + "_valid", ALL, pool, dict(op=op, padding=VALID)
        yield op.lower() + "_act", BYTES, pool, dict(op=op, act=3, size=2)
    yield "mean", ALL, reduce, dict(op="MEAN", axes=[1, 2], keep=True)
    yield "mean_flat", ALL, reduce, dict(op="MEAN", axes=[1, 2], keep=False)
    yield "mean_same", BYTES, reduce, dict(op="MEAN", axes=[1, 2], keep=False,
                                           same=True)
    yield "mean_last", BYTES, reduce, dict(op="MEAN", axes=[3], keep=True)
    yield "mean_rows", BYTES, reduce, dict(op="MEAN", axes=[1], keep=False)
    yield "sum", BYTES, reduce, dict(op="SUM", axes=[1, 2], keep=True)
    for op in ("REDUCE_MAX", "REDUCE_MIN"):
        yield op.lower(), BYTES, reduce, dict(op=op, axes=[1, 2], keep=True,
                                              same=True)
    for op in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        for align, half in ((False, False), (True, False), (False, True)):
            for out in ((10, 14), (8, 9)):
                name = f"{op.lower()}_{int(align)}{int(half)}_{out[0]}"
                yield name, BYTES, resize, dict(op=op, out=out, align=align,
                                                half=half)
    yield "logistic", ALL, unary, dict(op="LOGISTIC", out=LOGISTIC)
    yield "tanh", ALL, unary, dict(op="TANH", out=TANH)
    yield "softmax", ALL, unary, dict(op="SOFTMAX", options="SoftmaxOptions",
                                      beta=1.0, out=LOGISTIC)
    yield "log_softmax", BYTES, unary, dict(op="LOG_SOFTMAX", out=LOG_SOFTMAX)
    yield "l2_norm", BYTES, unary, dict(op="L2_NORMALIZATION",
                                        options="L2NormOptions", out=L2)
    yield "hard_swish", BYTES, unary, dict(op="HARD_SWISH", version=1)
    yield "leaky_relu", ALL, unary, dict(op="LEAKY_RELU",
                                         options="LeakyReluOptions", alpha=0.2)
    yield "elu", ("s8",), unary, dict(op="ELU", version=1)
    yield "gelu", BYTES, unary, dict(op="GELU", options="GeluOptions",
                                     approximate=False)
    yield "gelu_tanh", BYTES, unary, dict(op="GELU", options="GeluOptions",
                                          approximate=True)
    yield "exp", ("s8",), unary, dict(op="EXP")
    yield "abs", ("s8",), unary, dict(op="ABS")
    yield "relu", ALL, unary, dict(op="RELU")
    yield "relu6", BYTES, unary, dict(op="RELU6")
    yield "relu_same", BYTES, unary, dict(op="RELU", same=True)
    yield "prelu", BYTES, prelu, {}
    yield "requantize", ALL, requantize, {}
    yield "from_float", ALL, from_float, {}
    yield "to_float", ALL, to_float, {}
    yield "arg_max", BYTES, arg_max, {}
    yield "concatenation_same", BYTES, concatenation, dict(same=True)
    i32 = np.int32
    yield "reshape", ALL, moved, dict(op="RESHAPE", shape=[1, 3, 4, 2],
                                      parameters=[i32([1, 24])],
                                      out=[1, 24], options="ReshapeOptions",
                                      version=1)
    yield "transpose", BYTES, moved, dict(op="TRANSPOSE", shape=[1, 3, 4, 2],
                                          parameters=[i32([0, 2, 1, 3])],
                                          out=[1, 4, 3, 2])
    yield "pad", BYTES, moved, dict(
        op="PAD", shape=[1, 3, 4, 2],
        parameters=[i32([[0, 0], [1, 2], [0, 1], [0, 0]])], out=[1, 6, 5, 2])
    yield "slice", BYTES, moved, dict(
        op="SLICE", shape=[1, 6, 4, 2],
        parameters=[i32([0, 1, 2, 0]), i32([-1, 3, -1, -1])],
        out=[1, 3, 2, 2])
    yield "strided_slice", BYTES, moved, dict(
        op="STRIDED_SLICE", shape=[1, 6, 4, 2],
        parameters=[i32([0, 1, 0, 0]), i32([1, 6, 4, 2]), i32([1, 2, 1, 1])],
        out=[1, 3, 4, 2], options="StridedSliceOptions")
    yield "space_to_depth", BYTES, moved, dict(
        op="SPACE_TO_DEPTH", shape=[1, 4, 6, 3], parameters=[],
        out=[1, 2, 3, 12], options="SpaceToDepthOptions", blockSize=2)
    yield "depth_to_space", BYTES, moved, dict(
        op="DEPTH_TO_SPACE", shape=[1, 2, 3, 12], parameters=[],
        out=[1, 4, 6, 3], options="DepthToSpaceOptions", blockSize=2)


def cases():
    for name, storages, build, fields in table():
        for storage, case in for_storages(storages, build, **fields):
            yield f"{name}_{storage}", case
