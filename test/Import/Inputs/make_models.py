"""make_models.py CASE FILE.onnx: writes one small model of the table below.

make_models.py --list names the cases, --write-all FOLDER writes each to
FOLDER/CASE.onnx. Weights come from one seed, so a case is always the same
bytes. Each case is a few nodes around one op; `x` is its input.
"""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CASES = {}


class Model:
    """Collects nodes; `x` of `shape` is the input, the last output the
    result."""

    def __init__(self, shape, opset=17):
        self.rng = np.random.RandomState(11)
        self.shape, self.opset = shape, opset
        self.nodes, self.weights, self.outputs = [], [], []

    def random(self, *shape, positive=False):
        values = self.rng.standard_normal(shape).astype(np.float32)
        return np.abs(values) + np.float32(0.5) if positive else values

    def const(self, values):
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, op, *inputs, outputs=1, **attrs):
        """Adds a node; "" leaves an input out, arrays become constants."""
        names = [i if isinstance(i, str) else self.const(i) for i in inputs]
        outs = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(
            op, names, outs, name=f"{op.lower()}{len(self.nodes)}", **attrs))
        self.outputs = outs
        return outs[0] if outputs == 1 else outs

    def build(self):
        graph = helper.make_graph(
            self.nodes, "case",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(o, TensorProto.FLOAT, None)
             for o in self.outputs],
            self.weights)
        return helper.make_model(
            graph, ir_version=8,
            opset_imports=[helper.make_opsetid("", self.opset)])


def case(shape, opset=17):
    """Registers a function that adds the nodes of one case."""

    def register(function):
        def build():
            model = Model(shape, opset)
            function(model)
            return model.build()
        CASES[function.__name__] = build
        return function
    return register


def op_case(name, shape, op, *inputs, opset=17, outputs=1, **attrs):
    """A case of a single node on x; callables make constants."""

    def build():
        model = Model(shape, opset)
        model.node(op, "x", *[i(model) if callable(i) else i for i in inputs],
                   outputs=outputs, **attrs)
        return model.build()
    CASES[name] = build


def weights(*shape, positive=False):
    return lambda model: model.random(*shape, positive=positive)


def ints(*values):
    return np.array(values, np.int64)


def number(value):
    return np.array(value, np.float32)


IMAGE = [1, 4, 9, 8]


def convolutions():
    w, b = weights(6, 4, 3, 3), weights(6)
    op_case("conv", IMAGE, "Conv", w, b, pads=[1, 1, 1, 1])
    op_case("conv_no_bias", IMAGE, "Conv", w)
    op_case("conv_stride_rest", IMAGE, "Conv", w, b, strides=[2, 2],
            pads=[0, 1, 0, 1])
    op_case("conv_stride_slice", IMAGE, "Conv", weights(6, 4, 1, 1), b,
            strides=[3, 3])
    op_case("conv_same_upper", IMAGE, "Conv", w, b, auto_pad="SAME_UPPER",
            strides=[2, 2])
    op_case("conv_same_lower", IMAGE, "Conv", weights(6, 4, 2, 2), b,
            auto_pad="SAME_LOWER")
    op_case("conv_dilated", IMAGE, "Conv", w, b, dilations=[2, 3],
            pads=[2, 3, 2, 3])
    op_case("conv_depthwise", IMAGE, "Conv", weights(4, 1, 3, 3), weights(4),
            group=4, pads=[1, 0, 1, 0])
    op_case("conv_multiplier", IMAGE, "Conv", weights(8, 1, 3, 3), weights(8),
            group=4)
    op_case("conv_grouped", IMAGE, "Conv", weights(6, 2, 3, 3), b, group=2)
    op_case("conv_1d", [1, 4, 11], "Conv", weights(5, 4, 3), weights(5),
            strides=[2], pads=[1, 1])
    op_case("conv_dynamic", IMAGE, "Conv", "x")
    op_case("conv_transpose", IMAGE, "ConvTranspose", weights(4, 3, 3, 3),
            weights(3), strides=[2, 2])


def pools():
    op_case("max_pool", IMAGE, "MaxPool", kernel_shape=[3, 2], strides=[2, 2],
            pads=[1, 0, 1, 0])
    op_case("max_pool_ceil", IMAGE, "MaxPool", kernel_shape=[2, 3],
            strides=[2, 2], ceil_mode=1)
    op_case("max_pool_1d", [1, 4, 11], "MaxPool", kernel_shape=[2], strides=[2])
    op_case("average_pool", IMAGE, "AveragePool", kernel_shape=[3, 3],
            strides=[2, 2], pads=[1, 1, 1, 1])
    op_case("average_pool_count", IMAGE, "AveragePool", kernel_shape=[3, 3],
            strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    op_case("average_pool_ceil", IMAGE, "AveragePool", kernel_shape=[2, 3],
            strides=[2, 2], ceil_mode=1)
    op_case("global_average_pool", IMAGE, "GlobalAveragePool")
    op_case("global_max_pool", IMAGE, "GlobalMaxPool")


def products():
    op_case("gemm", [2, 5], "Gemm", weights(5, 3), weights(3))
    op_case("gemm_scaled", [2, 5], "Gemm", weights(3, 5), weights(1, 3),
            transB=1, alpha=0.5, beta=2.0)
    op_case("gemm_trans_a", [5, 2], "Gemm", weights(5, 3), weights(1), transA=1)
    op_case("gemm_matrix_bias", [2, 5], "Gemm", weights(5, 3), weights(2, 3),
            beta=0.25)
    op_case("matmul", [2, 3, 5], "MatMul", weights(5, 4))
    op_case("matmul_vector", [2, 5], "MatMul", weights(5))
    op_case("matmul_batched", [3, 2, 5], "MatMul", weights(3, 5, 4))

    @case([1, 2, 3, 4])
    def matmul_activations(m):
        t = m.node("Transpose", "x", perm=[0, 1, 3, 2])
        m.node("MatMul", "x", t)

    @case([3, 5])
    def matmul_constant_left(m):
        m.node("MatMul", m.random(4, 3), "x")


def elementwise():
    op_case("add_channels", IMAGE, "Add", weights(4, 1, 1))
    op_case("sub_scalar", IMAGE, "Sub", number(0.5))
    op_case("mul_row", IMAGE, "Mul", weights(8))
    op_case("div_constant", IMAGE, "Div", weights(1, 4, 1, 1, positive=True))
    op_case("max_scalar", IMAGE, "Max", number(0.25))
    op_case("min_two", IMAGE, "Min", weights(1, 4, 9, 8))
    op_case("sum_three", IMAGE, "Sum", weights(8), weights(4, 1, 1))
    op_case("pow_square", IMAGE, "Pow", number(2.0))
    op_case("pow_cube", IMAGE, "Pow", number(3.0))
    op_case("clip", IMAGE, "Clip", number(-0.5), number(1.0))
    op_case("clip_open", IMAGE, "Clip", "", number(np.inf))
    op_case("clip_6", IMAGE, "Clip", opset=6, min=-0.25, max=0.75)
    for op in ("Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "Neg", "Relu",
               "Sigmoid", "Sin", "Tanh", "HardSwish", "Softplus", "Identity"):
        op_case(op.lower(), IMAGE, op)
    op_case("gelu", IMAGE, "Gelu", opset=20)
    op_case("gelu_tanh", IMAGE, "Gelu", opset=20, approximate="tanh")
    op_case("elu", IMAGE, "Elu", alpha=0.75)
    op_case("leaky_relu", IMAGE, "LeakyRelu", alpha=0.125)
    op_case("hard_sigmoid", IMAGE, "HardSigmoid", alpha=0.25, beta=0.4)
    op_case("prelu", IMAGE, "PRelu", weights(4, 1, 1))

    @case(IMAGE)
    def positive_functions(m):
        value = m.node("Add", m.node("Abs", "x"), number(0.5))
        logs = m.node("Log", value)
        roots = m.node("Sqrt", value)
        inverse = m.node("Reciprocal", value)
        quotient = m.node("Div", logs, value)
        m.node("Sum", logs, roots, inverse, quotient)

    @case(IMAGE)
    def batch_norm(m):
        m.node("BatchNormalization", "x", m.random(4), m.random(4), m.random(4),
               m.random(4, positive=True), epsilon=1e-3)

    @case(IMAGE)
    def conv_batch_norm_relu(m):
        c = m.node("Conv", "x", m.random(6, 4, 3, 3), pads=[1, 1, 1, 1])
        n = m.node("BatchNormalization", c, m.random(6), m.random(6),
                   m.random(6), m.random(6, positive=True))
        m.node("Relu", n)

    @case(IMAGE)
    def batch_norm_conv(m):
        n = m.node("BatchNormalization", "x", m.random(4), m.random(4),
                   m.random(4), m.random(4, positive=True))
        m.node("Conv", n, m.random(6, 4, 3, 3))

    @case(IMAGE)
    def residual(m):
        a = m.node("Conv", "x", m.random(4, 4, 3, 3), pads=[1, 1, 1, 1])
        a = m.node("Relu", a)
        b = m.node("Conv", a, m.random(4, 4, 3, 3), pads=[1, 1, 1, 1])
        m.node("Relu", m.node("Add", a, b))


def reductions():
    op_case("softmax", IMAGE, "Softmax", axis=1)
    op_case("softmax_12", IMAGE, "Softmax", opset=12, axis=2)
    op_case("reduce_mean", IMAGE, "ReduceMean", axes=[2, 3], keepdims=0)
    op_case("reduce_mean_18", IMAGE, "ReduceMean", ints(1, -1), opset=18)
    op_case("reduce_sum", IMAGE, "ReduceSum", ints(3), keepdims=0)
    op_case("reduce_max", IMAGE, "ReduceMax", axes=[1])
    op_case("reduce_min_all", IMAGE, "ReduceMin", keepdims=0)


def layouts():
    op_case("reshape", IMAGE, "Reshape", ints(0, -1, 2))
    op_case("flatten", IMAGE, "Flatten", axis=2)
    op_case("squeeze", [1, 4, 1, 8], "Squeeze", ints(0, 2))
    op_case("squeeze_11", [1, 4, 1, 8], "Squeeze", opset=11, axes=[-2])
    op_case("unsqueeze", [4, 8], "Unsqueeze", ints(0, -1))
    op_case("transpose", IMAGE, "Transpose", perm=[0, 3, 1, 2])
    op_case("concat", IMAGE, "Concat", "x", weights(1, 2, 9, 8), axis=1)
    op_case("slice", IMAGE, "Slice", ints(1, -6), ints(3, 100), ints(1, 2))
    op_case("slice_9", IMAGE, "Slice", opset=9, axes=[2], starts=[2], ends=[-1])
    op_case("slice_steps", IMAGE, "Slice", ints(1, 0), ints(9, 8), ints(2, 3),
            ints(3, 2))
    op_case("split", IMAGE, "Split", ints(1, 3), axis=1, outputs=2)
    op_case("split_even", IMAGE, "Split", axis=3, outputs=2)
    op_case("pad", IMAGE, "Pad", ints(0, 0, 1, 2, 0, 1, 0, 3), number(1.5))
    op_case("pad_crop", IMAGE, "Pad", ints(0, -1, 0, 1, 0, 0, -2, 0))
    op_case("pad_axes", IMAGE, "Pad", ints(1, 2), number(0.0), ints(2),
            opset=18)
    op_case("depth_to_space", IMAGE, "DepthToSpace", blocksize=2)
    op_case("depth_to_space_crd", IMAGE, "DepthToSpace", blocksize=2,
            mode="CRD")
    resizes()

    @case(IMAGE)
    def shape_arithmetic(m):
        shape = m.node("Shape", "x")
        n = m.node("Gather", shape, np.array(0, np.int64))
        c = m.node("Slice", shape, ints(1), ints(2))
        rest = m.node("ConstantOfShape", ints(1), value=numpy_helper.from_array(
            np.array([-1], np.int64)))
        n = m.node("Unsqueeze", m.node("Cast", n, to=TensorProto.INT64),
                   ints(0))
        c = m.node("Div", m.node("Mul", c, ints(6)), ints(3))
        m.node("Reshape", "x", m.node("Concat", n, c, rest, axis=0))

    @case([1, 4, 4, 4])
    def flatten_dense(m):
        c = m.node("Conv", "x", m.random(3, 4, 3, 3))
        f = m.node("Flatten", m.node("Relu", c))
        d = m.node("MatMul", f, m.random(12, 5))
        m.node("Relu", m.node("Add", d, m.random(5)))


def resizes():
    for mode, coordinates, nearest in (
            ("nearest", "asymmetric", "floor"),
            ("nearest", "half_pixel", "round_prefer_floor"),
            ("nearest", "half_pixel", "round_prefer_ceil"),
            ("nearest", "align_corners", "floor"),
            ("linear", "half_pixel", "floor"),
            ("linear", "align_corners", "floor"),
            ("linear", "asymmetric", "floor")):
        op_case(f"resize_{mode}_{coordinates}_{nearest}", IMAGE, "Resize", "",
                "", ints(1, 4, 17, 12), mode=mode, nearest_mode=nearest,
                coordinate_transformation_mode=coordinates)
    op_case("resize_scales", IMAGE, "Resize", "",
            np.array([1, 1, 2, 2], np.float32),
            coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    op_case("resize_10", IMAGE, "Resize", np.array([1, 1, 2, 3], np.float32),
            opset=10)


def spelt_out():
    """Functions as PyTorch exports them, which qnt-raise-composites finds."""

    def scalar(value):
        return np.array(value, np.float32)

    @case([2, 5, 16])
    def exported_functions(m):
        mean = m.node("ReduceMean", "x", axes=[-1])
        centred = m.node("Sub", "x", mean)
        square = m.node("Pow", centred, scalar(2))
        variance = m.node("ReduceMean", square, axes=[-1])
        deviation = m.node("Sqrt", m.node("Add", variance, scalar(1e-5)))
        normal = m.node("Div", centred, deviation)
        scaled = m.node("Mul", normal, m.random(16))
        x = m.node("Add", scaled, m.random(16))
        # gelu
        erf = m.node("Erf", m.node("Div", x, scalar(2 ** 0.5)))
        gate = m.node("Mul", x, m.node("Add", erf, scalar(1)))
        x = m.node("Mul", gate, scalar(0.5))
        # silu, mish, hardswish
        x = m.node("Mul", x, m.node("Sigmoid", x))
        x = m.node("Mul", x, m.node("Tanh", m.node("Softplus", x)))
        x = m.node("Mul", x, m.node("HardSigmoid", x, alpha=1 / 6, beta=0.5))
        # rms norm
        mean = m.node("ReduceMean", m.node("Pow", x, scalar(2)), axes=[-1])
        deviation = m.node("Sqrt", m.node("Add", mean, scalar(1e-6)))
        normal = m.node("Mul", x, m.node("Reciprocal", deviation))
        m.node("Mul", m.random(16), normal)


convolutions()
pools()
products()
elementwise()
reductions()
layouts()
spelt_out()


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(CASES))
    elif len(arguments) == 2 and arguments[0] == "--write-all":
        os.makedirs(arguments[1], exist_ok=True)
        for name, build in CASES.items():
            onnx.save(build(), os.path.join(arguments[1], name + ".onnx"))
    elif len(arguments) == 2 and arguments[0] in CASES:
        onnx.save(CASES[arguments[0]](), arguments[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
