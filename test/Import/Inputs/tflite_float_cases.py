"""Small float networks, one or more per TFLite op, for compare_tflite.py.

Each case is a function that fills a Model; `cases()` yields name and function.
Shapes and weights come from the generator that is passed in, so a seed names a
network.
"""

import numpy as np

from tflite_builder import Model

ACT = {"none": 0, "relu": 1, "relu_n1": 2, "relu6": 3}
SAME, VALID = 0, 1


def unary(op, options=None, low=-3.0, **fields):
    def build(rng):
        m = Model()
        x = m.input([1, 4, 5, 3])
        if low >= 0:  # the domain of logarithms and roots
            y0 = m.tensor([1, 4, 5, 3])
            m.op("ABS", [x], [y0])
            y1 = m.tensor([1, 4, 5, 3])
            c = m.constant(np.float32(0.1))
            m.op("ADD", [y0, c], [y1], "AddOptions")
            x = y1
        y = m.tensor([1, 4, 5, 3])
        m.op(op, [x], [y], options, **fields)
        m.result(y)
        return m
    return build


def binary(op, options=None, shape=(1, 4, 5, 3), constant=False, **fields):
    def build(rng):
        m = Model()
        x = m.input([1, 4, 5, 3])
        if constant:
            y = m.constant(rng.uniform(0.5, 2, shape).astype(np.float32))
        else:
            y = m.input(shape)
        z = m.tensor([1, 4, 5, 3])
        m.op(op, [x, y], [z], options, **fields)
        m.result(z)
        return m
    return build


def conv(stride=1, dilation=1, padding=SAME, act="relu6", kernel=3, bias=True,
         groups=1):
    def build(rng):
        m = Model()
        cin, cout = 4, 6
        x = m.input([1, 9, 8, cin])
        w = m.constant(rng.normal(size=(cout, kernel, kernel, cin // groups))
                       .astype(np.float32))
        ins = [x, w]
        if bias:
            ins.append(m.constant(rng.normal(size=cout).astype(np.float32)))
        y = m.tensor([1, 1, 1, cout])
        m.op("CONV_2D", ins, [y], "Conv2DOptions", padding=padding,
             strideW=stride, strideH=stride, dilationWFactor=dilation,
             dilationHFactor=dilation, fusedActivationFunction=ACT[act])
        m.result(y)
        return m
    return build


def depthwise(stride=1, multiplier=1, padding=SAME, dilation=1):
    def build(rng):
        m = Model()
        c = 4
        x = m.input([1, 9, 8, c])
        w = m.constant(rng.normal(size=(1, 3, 3, c * multiplier))
                       .astype(np.float32))
        b = m.constant(rng.normal(size=c * multiplier).astype(np.float32))
        y = m.tensor([1, 1, 1, c * multiplier])
        m.op("DEPTHWISE_CONV_2D", [x, w, b], [y], "DepthwiseConv2DOptions",
             padding=padding, strideW=stride, strideH=stride,
             depthMultiplier=multiplier, dilationWFactor=dilation,
             dilationHFactor=dilation, fusedActivationFunction=1)
        m.result(y)
        return m
    return build


def blocks(kind):
    """A dilated convolution as older converters spell it."""
    def build(rng):
        m = Model()
        x = m.input([1, 9, 10, 4])
        block = m.constant(np.array([2, 2], np.int32))
        pads = m.constant(np.array([[2, 3], [2, 2]], np.int32))
        s = m.tensor([4, 7, 7, 4])
        m.op("SPACE_TO_BATCH_ND", [x, block, pads], [s],
             "SpaceToBatchNDOptions")
        y = m.tensor([4, 5, 5, 4])
        if kind == "conv":
            w = m.constant(rng.normal(size=(4, 3, 3, 4)).astype(np.float32))
            b = m.constant(rng.normal(size=4).astype(np.float32))
            m.op("CONV_2D", [s, w, b], [y], "Conv2DOptions", padding=VALID,
                 strideW=1, strideH=1)
        elif kind == "depthwise":
            w = m.constant(rng.normal(size=(1, 3, 3, 4)).astype(np.float32))
            b = m.constant(rng.normal(size=4).astype(np.float32))
            m.op("DEPTHWISE_CONV_2D", [s, w, b], [y], "DepthwiseConv2DOptions",
                 padding=VALID, strideW=1, strideH=1, depthMultiplier=1)
        else:
            y = m.tensor([4, 7, 7, 4])
            m.op("NEG", [s], [y])
        crops = m.constant(np.array([[0, 1], [0, 0]], np.int32))
        z = m.tensor([1, 9, 10, 4])
        m.op("BATCH_TO_SPACE_ND", [y, block, crops], [z],
             "BatchToSpaceNDOptions")
        m.result(z)
        return m
    return build


def transpose_conv(stride, padding, bias, kernel=3):
    def build(rng):
        m = Model()
        h = 5
        if padding == SAME:
            out = h * stride
        else:
            out = (h - 1) * stride + kernel
        x = m.input([1, h, h, 4])
        shape = m.constant(np.array([1, out, out, 3], np.int32))
        w = m.constant(rng.normal(size=(3, kernel, kernel, 4))
                       .astype(np.float32))
        ins = [shape, w, x]
        if bias:
            ins.append(m.constant(rng.normal(size=3).astype(np.float32)))
        y = m.tensor([1, out, out, 3])
        m.op("TRANSPOSE_CONV", ins, [y], "TransposeConvOptions",
             padding=padding, strideW=stride, strideH=stride)
        m.result(y)
        return m
    return build


def dense(act="none", keep=False, shape=(3, 8), bias=True, half=False):
    def build(rng):
        m = Model()
        x = m.input(shape)
        weights = rng.normal(size=(5, 8))
        if half:
            stored = m.constant(weights.astype(np.float16))
            w = m.tensor([5, 8])
            m.op("DEQUANTIZE", [stored], [w])
        else:
            w = m.constant(weights.astype(np.float32))
        ins = [x, w]
        if bias:
            ins.append(m.constant(rng.normal(size=5).astype(np.float32)))
        rows = int(np.prod(shape)) // 8
        y = m.tensor(list(shape[:-1]) + [5] if keep else [rows, 5])
        m.op("FULLY_CONNECTED", ins, [y], "FullyConnectedOptions",
             fusedActivationFunction=ACT[act], keepNumDims=keep)
        m.result(y)
        return m
    return build


def matmul(adj_x=False, adj_y=False):
    def build(rng):
        m = Model()
        x = m.input([2, 3, 5, 4] if adj_x else [2, 3, 4, 5])
        y = m.input([2, 3, 6, 5] if adj_y else [2, 3, 5, 6])
        z = m.tensor([2, 3, 4, 6])
        m.op("BATCH_MATMUL", [x, y], [z], "BatchMatMulOptions", adjX=adj_x,
             adjY=adj_y)
        m.result(z)
        return m
    return build


def pool(op, padding, size=3, stride=2):
    def build(rng):
        m = Model()
        x = m.input([1, 9, 8, 3])
        y = m.tensor([1, 1, 1, 3])
        m.op(op, [x], [y], "Pool2DOptions", padding=padding, strideW=stride,
             strideH=stride, filterWidth=size, filterHeight=size)
        m.result(y)
        return m
    return build


def resize(op, out, align=False, half=False, shape=(1, 5, 7, 3)):
    def build(rng):
        m = Model()
        x = m.input(shape)
        size = m.constant(np.array(out, np.int32))
        y = m.tensor([1, *out, 3])
        options = ("ResizeBilinearOptions" if op == "RESIZE_BILINEAR"
                   else "ResizeNearestNeighborOptions")
        m.op(op, [x, size], [y], options, alignCorners=align,
             halfPixelCenters=half)
        m.result(y)
        return m
    return build


def reduce(op, axes, keep):
    def build(rng):
        m = Model()
        x = m.input([2, 4, 5, 3])
        a = m.constant(np.array(axes, np.int32))
        y = m.tensor([1])
        m.op(op, [x, a], [y], "ReducerOptions", keepDims=keep)
        m.result(y)
        return m
    return build


def shaped(op, shape, parameters, out, options=None, count=1, first=False,
           dtype=np.float32, **fields):
    """An op whose other inputs are constants."""
    def build(rng):
        m = Model()
        x = m.input(shape, dtype)
        extra = [m.constant(np.asarray(p)) for p in parameters]
        ys = [m.tensor(out, dtype) for _ in range(count)]
        m.op(op, extra + [x] if first else [x] + extra, ys, options, **fields)
        m.version(2 if op == "BROADCAST_TO" else 1)
        for y in ys:
            m.result(y)
        return m
    return build


def joined(op, axis, options, **fields):
    def build(rng):
        m = Model()
        xs = [m.input([2, 3, 4]) for _ in range(3)]
        y = m.tensor([1])
        m.op(op, xs, [y], options, axis=axis, **fields)
        m.result(y)
        return m
    return build


def compare(op):
    def build(rng):
        m = Model()
        x, y = m.input([1, 4, 5]), m.input([1, 4, 5])
        c = m.tensor([1, 4, 5], np.bool_)
        m.op(op, [x, y], [c])
        z = m.tensor([1, 4, 5])
        m.op("SELECT_V2", [c, x, y], [z])
        m.result(z)
        return m
    return build


def arg(op):
    def build(rng):
        m = Model()
        x = m.input([2, 4, 5])
        axis = m.constant(np.array(1, np.int32))
        y = m.tensor([2, 5], np.int32)
        options = "ArgMaxOptions" if op == "ARG_MAX" else "ArgMinOptions"
        m.op(op, [x, axis], [y], options, outputType=2)
        m.result(y)
        return m
    return build


def top_k(rng):
    m = Model()
    x = m.input([2, 3, 8])
    k = m.constant(np.array(3, np.int32))
    y, i = m.tensor([2, 3, 3]), m.tensor([2, 3, 3], np.int32)
    m.op("TOPK_V2", [x, k], [y, i], "TopKV2Options")
    m.result(y)
    m.result(i)
    return m


def lstm(time_major):
    def build(rng):
        m = Model()
        batch, time, inputs, units = 1, 5, 4, 6
        shape = [time, batch, inputs] if time_major else [batch, time, inputs]
        x = m.input(shape)
        weights = [m.constant(rng.normal(size=(units, inputs))
                              .astype(np.float32) * 0.5) for _ in range(4)]
        recurrent = [m.constant(rng.normal(size=(units, units))
                                .astype(np.float32) * 0.5) for _ in range(4)]
        bias = [m.constant(rng.normal(size=units).astype(np.float32))
                for _ in range(4)]
        states = []
        for _ in range(2):
            state = m.tensor([batch, units])
            m.graph.tensors[state].isVariable = True
            states.append(state)
        y = m.tensor(shape[:2] + [units])
        m.op("UNIDIRECTIONAL_SEQUENCE_LSTM",
             [x, *weights, *recurrent, -1, -1, -1, *bias, -1, -1, *states,
              -1, -1, -1, -1], [y], "UnidirectionalSequenceLSTMOptions",
             fusedActivationFunction=4, timeMajor=time_major)
        m.result(y)
        return m
    return build


def integers(op, options=None):
    def build(rng):
        m = Model()
        x = m.input([1, 4, 5])
        i = m.tensor([1, 4, 5], np.int32)
        ten = m.constant(np.float32(10))
        scaled = m.tensor([1, 4, 5])
        m.op("MUL", [x, ten], [scaled], "MulOptions")
        m.op("CAST", [scaled], [i], "CastOptions", inDataType=0,
             outDataType=2)
        d = m.constant(rng.integers(1, 5, (1, 4, 5)).astype(np.int32)
                       * rng.choice([-1, 1], (1, 4, 5)).astype(np.int32))
        y = m.tensor([1, 4, 5], np.int32)
        m.op(op, [i, d], [y], options)
        m.result(y)
        return m
    return build


def gather(axis, batch=0):
    def build(rng):
        m = Model()
        x = m.input([2, 5, 3])
        shape = (2, 4) if batch else (2, 3)
        i = m.constant(rng.integers(0, (2, 5, 3)[axis], shape)
                       .astype(np.int32))
        y = m.tensor([1])
        m.op("GATHER", [x, i], [y], "GatherOptions", axis=axis,
             batchDims=batch)
        m.result(y)
        return m
    return build


def prelu(rng):
    m = Model()
    x = m.input([1, 4, 5, 3])
    a = m.constant(rng.normal(size=(1, 1, 3)).astype(np.float32))
    y = m.tensor([1, 4, 5, 3])
    m.op("PRELU", [x, a], [y])
    m.result(y)
    return m


def shape_arithmetic(rng):
    """SHAPE -> STRIDED_SLICE -> PACK -> RESHAPE, as Keras writes Flatten."""
    m = Model()
    x = m.input([1, 4, 5])
    s = m.tensor([3], np.int32)
    m.op("SHAPE", [x], [s], "ShapeOptions", outType=2)
    zero, one = (m.constant(np.array([v], np.int32)) for v in (0, 1))
    n = m.tensor([], np.int32)
    m.op("STRIDED_SLICE", [s, zero, one, one], [n], "StridedSliceOptions",
         shrinkAxisMask=1)
    rest = m.constant(np.array(20, np.int32))
    target = m.tensor([2], np.int32)
    m.op("PACK", [n, rest], [target], "PackOptions", valuesCount=2, axis=0)
    y = m.tensor([1, 20])
    m.op("RESHAPE", [x, target], [y], "ReshapeOptions")
    m.result(y)
    return m


I32 = np.int32


def cases():
    for op in ("ABS", "CEIL", "COS", "ELU", "EXP", "FLOOR", "HARD_SWISH",
               "LOGISTIC", "NEG", "RELU", "RELU6", "RELU_0_TO_1",
               "RELU_N1_TO_1", "ROUND", "SIN", "SQUARE", "TANH", "SIGN"):
        yield op.lower(), unary(op)
    for op in ("LOG", "SQRT", "RSQRT"):
        yield op.lower(), unary(op, low=0.0)
    yield "gelu", unary("GELU", "GeluOptions", approximate=False)
    yield "gelu_tanh", unary("GELU", "GeluOptions", approximate=True)
    yield "leaky_relu", unary("LEAKY_RELU", "LeakyReluOptions", alpha=0.2)
    yield "softmax", unary("SOFTMAX", "SoftmaxOptions", beta=1.0)
    yield "softmax_beta", unary("SOFTMAX", "SoftmaxOptions", beta=2.0)
    yield "log_softmax", unary("LOG_SOFTMAX")
    yield "l2_norm", unary("L2_NORMALIZATION", "L2NormOptions")
    yield "lrn", unary("LOCAL_RESPONSE_NORMALIZATION",
                       "LocalResponseNormalizationOptions", radius=1, bias=1.0,
                       alpha=0.1, beta=0.75)
    yield "prelu", prelu
    yield "add", binary("ADD", "AddOptions", fusedActivationFunction=1)
    yield "add_row", binary("ADD", "AddOptions", shape=(3,))
    yield "sub", binary("SUB", "SubOptions", shape=(5, 1))
    yield "mul", binary("MUL", "MulOptions", fusedActivationFunction=3)
    yield "div", binary("DIV", "DivOptions", constant=True)
    yield "pow", binary("POW", "PowOptions", shape=())
    yield "minimum", binary("MINIMUM")
    yield "maximum", binary("MAXIMUM", shape=(3,))
    yield "squared_difference", binary("SQUARED_DIFFERENCE")
    yield "floor_div", binary("FLOOR_DIV", constant=True)
    yield "floor_mod", binary("FLOOR_MOD", constant=True)
    yield "int_floor_div", integers("FLOOR_DIV")
    yield "int_floor_mod", integers("FLOOR_MOD")
    yield "int_add", integers("ADD", "AddOptions")
    yield "int_mul", integers("MUL", "MulOptions")
    for op in ("LESS", "GREATER", "LESS_EQUAL", "GREATER_EQUAL", "EQUAL",
               "NOT_EQUAL"):
        yield op.lower(), compare(op)
    yield "conv", conv()
    yield "conv_stride", conv(stride=2, act="relu")
    yield "conv_valid", conv(padding=VALID, stride=2, act="relu_n1")
    yield "conv_dilated", conv(dilation=2, act="none")
    yield "conv_point", conv(kernel=1)
    yield "conv_groups", conv(groups=2)
    yield "depthwise", depthwise()
    yield "depthwise_stride", depthwise(stride=2, padding=VALID)
    yield "depthwise_multiplier", depthwise(multiplier=2)
    yield "depthwise_dilated", depthwise(dilation=2)
    for kind in ("conv", "depthwise", "neg"):
        yield "blocks_" + kind, blocks(kind)
    yield "transpose_conv", transpose_conv(2, SAME, True)
    yield "transpose_conv_valid", transpose_conv(2, VALID, False)
    yield "transpose_conv_one", transpose_conv(1, SAME, True)
    yield "transpose_conv_even", transpose_conv(2, SAME, True, kernel=4)
    yield "transpose_conv_small", transpose_conv(3, SAME, True, kernel=2)
    yield "dense", dense()
    yield "dense_relu", dense("relu", bias=False)
    yield "dense_keep", dense(keep=True, shape=(2, 3, 8))
    yield "dense_half", dense(half=True)
    for x in (False, True):
        for y in (False, True):
            yield f"matmul_{int(x)}{int(y)}", matmul(x, y)
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        yield op.lower() + "_same", pool(op, SAME)
        yield op.lower() + "_valid", pool(op, VALID)
    yield "lstm", lstm(False)
    yield "lstm_time_major", lstm(True)
    yield "gather", gather(1)
    yield "gather_batch", gather(1, 1)
    yield "top_k", top_k
    yield "arg_max", arg("ARG_MAX")
    yield "arg_min", arg("ARG_MIN")
    for op in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
        yield op.lower() + "_hw", reduce(op, [1, 2], False)
        yield op.lower() + "_last", reduce(op, [-1], True)
    for op in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        for align, half in ((False, False), (True, False), (False, True)):
            for out in ((10, 14), (3, 4), (8, 9)):
                name = f"{op.lower()}_{int(align)}{int(half)}_{out[0]}"
                yield name, resize(op, out, align, half)
    yield from moves()


def moves():
    """Ops that move elements only."""
    yield "reshape", shaped("RESHAPE", [2, 3, 4], [I32([4, -1])], [4, 6],
                            "ReshapeOptions")
    yield "squeeze", shaped("SQUEEZE", [2, 1, 4, 1], [], [2, 4, 1],
                            "SqueezeOptions", squeezeDims=[1])
    yield "expand_dims", shaped("EXPAND_DIMS", [2, 3], [I32(1)], [2, 1, 3])
    yield "transpose", shaped("TRANSPOSE", [2, 3, 4], [I32([2, 0, 1])],
                              [4, 2, 3])
    yield "concatenation", joined("CONCATENATION", 1, "ConcatenationOptions")
    yield "concatenation_last", joined("CONCATENATION", -1,
                                       "ConcatenationOptions")
    yield "pack", joined("PACK", 1, "PackOptions", valuesCount=3)
    yield "unpack", shaped("UNPACK", [2, 3, 4], [], [2, 4], "UnpackOptions", 3,
                           num=3, axis=1)
    yield "split", shaped("SPLIT", [2, 6, 4], [I32(1)], [2, 2, 4],
                          "SplitOptions", 3, True, numSplits=3)
    yield "split_v", shaped("SPLIT_V", [2, 6, 4], [I32([1, 3, -1]), I32(1)],
                            [2, 2, 4], "SplitVOptions", 3, numSplits=3)
    yield "slice", shaped("SLICE", [2, 6, 4], [I32([0, 1, 2]),
                                               I32([-1, 3, -1])], [2, 3, 2])
    yield "strided_slice", shaped(
        "STRIDED_SLICE", [2, 6, 4], [I32([0, 1, 3]), I32([2, 6, 0]),
                                     I32([1, 2, -1])], [2, 3, 3],
        "StridedSliceOptions")
    yield "strided_slice_masks", shaped(
        "STRIDED_SLICE", [2, 6, 4], [I32([1, 0, 0, 1]), I32([2, 0, 0, 3]),
                                     I32([1, 1, 1, 1])], [6, 1, 2],
        "StridedSliceOptions", shrinkAxisMask=1, ellipsisMask=2, newAxisMask=4)
    yield "pad", shaped("PAD", [1, 3, 4, 2],
                        [I32([[0, 0], [1, 2], [0, 1], [0, 0]])], [1, 6, 5, 2])
    yield "pad_v2", shaped("PADV2", [1, 3, 4, 2],
                           [I32([[0, 0], [1, 2], [0, 1], [0, 0]]),
                            np.float32(0.75)], [1, 6, 5, 2])
    for mode in (0, 1):
        yield f"mirror_pad_{mode}", shaped(
            "MIRROR_PAD", [1, 3, 4, 2],
            [I32([[0, 0], [1, 2], [2, 1], [0, 0]])], [1, 6, 7, 2],
            "MirrorPadOptions", mode=mode)
    yield "tile", shaped("TILE", [2, 3], [I32([2, 3])], [4, 9])
    yield "gather_nd", shaped("GATHER_ND", [4, 3, 2],
                              [I32([[0, 1], [3, 2]])], [2, 2])
    yield "space_to_depth", shaped("SPACE_TO_DEPTH", [1, 4, 6, 3], [],
                                   [1, 2, 3, 12], "SpaceToDepthOptions",
                                   blockSize=2)
    yield "depth_to_space", shaped("DEPTH_TO_SPACE", [1, 2, 3, 12], [],
                                   [1, 4, 6, 3], "DepthToSpaceOptions",
                                   blockSize=2)
    yield "reverse", shaped("REVERSE_V2", [2, 3, 4], [I32([1])], [2, 3, 4])
    yield "broadcast_to", shaped("BROADCAST_TO", [1, 3, 1], [I32([2, 3, 4])],
                                 [2, 3, 4])
    yield "cumsum", shaped("CUMSUM", [2, 3, 4], [I32(1)], [2, 3, 4],
                           "CumsumOptions", exclusive=True, reverse=True)
    yield "shape_arithmetic", shape_arithmetic
