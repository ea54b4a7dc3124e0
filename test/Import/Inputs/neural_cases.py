"""The cases of compare_neural.py: op, inputs, attributes."""

import numpy as np
from onnx import TensorProto

CASES = []


class Operand:
    """An input: seeded normal numbers of a shape, or given values."""

    def __init__(self, shape=None, values=None, constant=False, scale=1.0,
                 low=None):
        self.shape, self.values, self.constant = shape, values, constant
        self.scale, self.low = scale, low

    def make(self, rng):
        if self.values is not None:
            return np.asarray(self.values)
        x = rng.standard_normal(self.shape).astype(np.float32) * self.scale
        if self.low is not None:
            x = np.abs(x) + np.float32(self.low)
        return x.astype(np.float32)


def x(*shape, **more):
    """A run-time input."""
    return Operand(shape, **more)


def w(*shape, **more):
    """A constant of random numbers."""
    return Operand(shape, constant=True, **more)


def ints(*values, dtype=np.int64):
    """A constant of integers."""
    return Operand(values=np.array(values, dtype), constant=True)


def number(value):
    """A constant of rank 0."""
    return Operand(values=np.array(value), constant=True)


def floats(*values):
    """A constant of floats."""
    return Operand(values=np.array(values, np.float32), constant=True)


class Case:
    """One node."""

    def __init__(self, op, inputs, opset, outputs, tolerance, use_onnx,
                 int_outputs, attrs):
        self.op, self.inputs, self.attrs = op, inputs, attrs
        self.opset, self.outputs = opset, outputs
        self.tolerance, self.use_onnx = tolerance, use_onnx
        self.int_outputs = int_outputs

    def output_type(self, i):
        return (TensorProto.INT64 if i in self.int_outputs
                else TensorProto.FLOAT)

    def label(self):
        shapes = [o.shape if o else None for o in self.inputs]
        return f"{self.op} {shapes} {self.attrs}"


def case(op, *inputs, opset=21, outputs=(0,), tolerance=1e-5, use_onnx=False,
         int_outputs=(), **attrs):
    CASES.append(Case(op, inputs, opset, outputs, tolerance, use_onnx,
                      int_outputs, attrs))


def grid(op, *inputs, opset=21, tolerance=1e-5, use_onnx=False, **choices):
    """Every combination of the choices of each attribute; None leaves one
    out."""
    names = list(choices)

    def walk(i, attrs):
        if i == len(names):
            case(op, *inputs, opset=opset, tolerance=tolerance,
                 use_onnx=use_onnx, **attrs)
            return
        for value in choices[names[i]]:
            more = {} if value is None else {names[i]: value}
            walk(i + 1, {**attrs, **more})
    walk(0, {})


# Activations.
for shape in ((2, 3, 5), (7,), (1, 2, 3, 1, 2)):
    for name in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Mish",
                 "HardSwish"):
        case(name, x(*shape, scale=3))
    for name in ("Celu", "Elu", "LeakyRelu", "ThresholdedRelu"):
        grid(name, x(*shape, scale=3), alpha=(None, 0.3, 1.7))
    case("Selu", x(*shape, scale=3))
    case("Selu", x(*shape, scale=3), alpha=1.2, gamma=0.7)
    grid("HardSigmoid", x(*shape, scale=3), alpha=(None, 0.4),
         beta=(None, 0.1))
    grid("Shrink", x(*shape), lambd=(None, 0.8), bias=(None, 0.3))
    grid("Gelu", x(*shape, scale=3), approximate=(None, "none", "tanh"))
    grid("Swish", x(*shape, scale=3), alpha=(None, 0.5), opset=24,
         use_onnx=True)
    case("SwiGLU", x(*shape), x(*shape), opset=28, use_onnx=True, alpha=1.3)
for slope in ((3, 1, 1), (1,), (5,), (2, 3, 4, 5), (3, 4, 1)):
    case("PRelu", x(2, 3, 4, 5), w(*slope))
    case("PRelu", x(2, 3, 4, 5), x(*slope))
for name in ("Softmax", "LogSoftmax"):
    for axis in (None, 0, 1, 2, -1, -3):
        grid(name, x(2, 3, 5, scale=4), axis=(axis,), opset=13)
        grid(name, x(2, 3, 5, scale=4), axis=(axis,), opset=11)
        grid(name, x(2, 3, 1, 4, 2), axis=(axis,), opset=9)

# Normalization.
for shape in ((2, 3), (2, 3, 5), (2, 3, 4, 5), (1, 3, 2, 3, 4)):
    C = shape[1]
    for make in (x, w):
        case("BatchNormalization", x(*shape), make(C), make(C), make(C),
             make(C, low=0.2), epsilon=1e-3)
        case("BatchNormalization", x(*shape), make(C), make(C), make(C),
             make(C, low=0.2), opset=9)
    case("BatchNormalization", x(*shape), x(C), x(C), x(C), x(C, low=0.2),
         outputs=(0, 1, 2), training_mode=1, momentum=0.7, use_onnx=True)
    if len(shape) > 2:
        case("InstanceNormalization", x(*shape), x(C), w(C))
        case("InstanceNormalization", x(*shape), w(C), w(C), epsilon=0.01)
    for axis in range(-len(shape), len(shape)):
        tail = shape[axis:] if axis else shape
        case("LayerNormalization", x(*shape), w(*tail), w(*tail), axis=axis,
             outputs=(0, 1, 2))
        case("LayerNormalization", x(*shape), x(*tail), axis=axis,
             epsilon=1e-2)
        case("RMSNormalization", x(*shape), w(*tail), axis=axis, opset=23,
             use_onnx=True)
        grid("LpNormalization", x(*shape), axis=(axis,), p=(None, 1, 2))
for groups in (1, 2, 3, 6):
    case("GroupNormalization", x(2, 6, 3, 5), x(6), x(6), num_groups=groups,
         epsilon=1e-2)
    case("GroupNormalization", x(1, 6, 7), w(groups), w(groups), opset=18,
         num_groups=groups)
grid("MeanVarianceNormalization", x(3, 4, 5, 6), axes=(None, [1], [-1, 0]))

# Convolutions: strides that leave a remainder, asymmetric padding, groups.
for make in (w, x):
    for size in ((9,), (9, 7), (5, 6, 7)):
        R = len(size)
        for groups, stride in ((1, 1), (1, 2), (2, 2), (4, 3)):
            case("Conv", x(2, 4, *size), make(8, 4 // groups, *[3] * R),
                 make(8), group=groups, strides=[stride] * R,
                 pads=[1] * R + [0] * R)
        case("Conv", x(1, 4, *size), make(4, 4, *[2, 3, 1][:R]),
             dilations=[2] * R, auto_pad="VALID")
        grid("Conv", x(1, 4, *size), make(3, 4, *[3, 2, 3][:R]),
             strides=(None, [3] * R), auto_pad=("SAME_UPPER", "SAME_LOWER"))
    case("Conv", x(1, 2, 3, 3), make(2, 2, 1, 1), pads=[2, 2, 2, 2],
         strides=[2, 2])
    for size in ((9,), (4, 7), (3, 4, 2)):
        R = len(size)
        for groups, stride in ((1, 1), (1, 2), (2, 3), (4, 2)):
            case("ConvTranspose", x(2, 4, *size),
                 make(4, 8 // groups, *[3, 2, 4][:R]), make(8), group=groups,
                 strides=[stride] * R, pads=[1] * R + [0] * R)
        case("ConvTranspose", x(1, 4, *size), make(4, 3, *[2, 3, 1][:R]),
             strides=[2, 3, 2][:R], output_padding=[1] * R)
        case("ConvTranspose", x(1, 4, *size), make(4, 3, *[2, 3, 1][:R]),
             dilations=[2] * R, strides=[2] * R)
        for pad in ("SAME_UPPER", "SAME_LOWER"):
            case("ConvTranspose", x(1, 4, *size), make(4, 3, *[3, 4, 3][:R]),
                 strides=[2] * R, auto_pad=pad)
        case("ConvTranspose", x(1, 4, *size), make(4, 3, *[3, 4, 3][:R]),
             strides=[2] * R, output_shape=[2 * i for i in size])
    case("ConvTranspose", x(1, 2, 5, 5), make(2, 3, 4, 4), strides=[4, 4],
         pads=[3, 2, 1, 3])
    case("ConvTranspose", x(1, 2, 5, 5), make(2, 3, 2, 2), strides=[3, 2],
         pads=[1, 1, 1, 1], output_padding=[2, 1])
for group, parts in ((1, 1), (2, 1), (1, 2), (2, 4)):
    case("DeformConv", x(2, 4, 7, 6), x(6, 4 // group, 3, 2),
         x(2, parts * 12, 4, 4, scale=2), x(6), x(2, parts * 6, 4, 4),
         group=group, offset_group=parts, strides=[2, 2], pads=[1, 1, 1, 1],
         dilations=[1, 1])
    case("DeformConv", x(1, 4, 9, 8), w(6, 4 // group, 2, 2),
         x(1, parts * 8, 7, 6), group=group, offset_group=parts,
         dilations=[2, 2])
for length, kernel in ((7, 3), (1, 4), (5, 2)):
    for more in ((), (x(6),), (x(6), x(2, 6, kernel - 1)),
                 (None, x(2, 6, kernel - 1))):
        grid("CausalConvWithState", x(2, 6, length), w(6, 1, kernel), *more,
             opset=27, use_onnx=True, activation=(None, "silu", "none"))
        case("CausalConvWithState", x(2, 6, length), x(6, 1, kernel), *more,
             opset=27, use_onnx=True, outputs=(0, 1))

# Pools: remainders, overhanging windows, dilations.
for size in ((11,), (9, 8), (6, 7, 5)):
    R = len(size)
    for name in ("AveragePool", "MaxPool", "LpPool"):
        grid(name, x(2, 3, *size), kernel_shape=[[3] * R], ceil_mode=(0, 1),
             strides=(None, [2] * R), pads=(None, [1] * R + [0] * R))
        grid(name, x(2, 3, *size), kernel_shape=[[2, 3, 2][:R]],
             strides=[[2] * R], auto_pad=("SAME_UPPER", "SAME_LOWER", "VALID"))
    for name in ("AveragePool", "MaxPool"):
        grid(name, x(1, 2, *size), kernel_shape=[[2] * R], ceil_mode=(0, 1),
             dilations=[[2] * R], pads=(None, [1] * 2 * R),
             strides=(None, [2] * R))
    grid("AveragePool", x(1, 2, *size), kernel_shape=[[3] * R],
         ceil_mode=(0, 1), count_include_pad=[1], strides=[[2] * R],
         pads=[[1] * 2 * R])
    grid("AveragePool", x(1, 2, *size), kernel_shape=[[2] * R],
         ceil_mode=(0, 1), count_include_pad=[1], strides=[[3] * R],
         pads=[[1] * 2 * R], dilations=[[2] * R], use_onnx=True)
    case("MaxPool", x(1, 3, *size), kernel_shape=[3] * R, strides=[2] * R,
         pads=[1] * 2 * R, outputs=(0, 1), int_outputs=(1,))
    case("MaxPool", x(2, 3, *size), kernel_shape=[3] * R, outputs=(0, 1),
         int_outputs=(1,), storage_order=1)
    for p in (1, 3):
        case("LpPool", x(1, 2, *size), kernel_shape=[2] * R, p=p)
        case("GlobalLpPool", x(1, 2, *size), p=p)
    case("GlobalLpPool", x(2, 2, *size))
    case("GlobalAveragePool", x(2, 3, *size))
    case("GlobalMaxPool", x(2, 3, *size))
case("MaxUnpool", x(1, 1, 2, 2), Operand(values=np.array([[[[5, 7], [13, 2]]]])),
     kernel_shape=[2, 2], strides=[2, 2])
case("MaxUnpool", x(1, 2, 3), Operand(values=np.array([[[1, 2, 5], [6, 9, 11]]])),
     kernel_shape=[2], strides=[2])

# Resizing: every mode, over ratios that tosa can and cannot say.
MODES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
for coordinates in MODES:
    for sizes in ((2, 3, 8, 10), (2, 3, 3, 11), (2, 3, 1, 4)):
        for mode in ("nearest", "linear", "cubic"):
            case("Resize", x(2, 3, 4, 5), None, None, ints(*sizes), mode=mode,
                 coordinate_transformation_mode=coordinates, opset=19)
    grid("Resize", x(1, 2, 5, 6), None, floats(1, 1, 2, 3), opset=19,
         nearest_mode=("floor", "ceil", "round_prefer_ceil"),
         coordinate_transformation_mode=[coordinates])
grid("Resize", x(1, 2, 7, 6), None, floats(1, 1, 0.6, 1.7), opset=19,
     mode=("nearest", "linear"), coordinate_transformation_mode=(
         None, "asymmetric"))
case("Resize", x(1, 2, 7, 6), None, floats(1, 1, 0.6, 1.7), opset=19,
     mode="linear", coordinate_transformation_mode="half_pixel_symmetric")
grid("Resize", x(1, 2, 7, 6), None, floats(1, 1, 0.6, 0.4), opset=19,
     mode=("linear", "cubic"), antialias=[1], exclude_outside=(0, 1),
     use_onnx=True)
grid("Resize", x(1, 2, 9, 6), None, None, ints(1, 2, 4, 12), opset=19,
     mode=("linear", "cubic"), antialias=[1])
grid("Resize", x(1, 2, 9, 6), None, floats(1, 1, 1.3, 1.6), opset=13,
     mode=["cubic"], exclude_outside=(0, 1), cubic_coeff_a=(None, -0.5))
grid("Resize", x(2, 5), None, floats(2, 2), mode=("nearest", "linear"))
grid("Resize", x(1, 2, 6), None, floats(1, 1, 1.5),
     mode=("nearest", "linear"))
grid("Resize", x(1, 2, 3, 4, 5), None, floats(1, 1, 2, 2, 2),
     mode=("nearest", "linear"))
grid("Resize", x(4, 5, 3, 2), None, floats(2, 0.5), opset=19, axes=[[1, 0]],
     mode=("nearest", "linear", "cubic"), use_onnx=True)
for policy in ("not_larger", "not_smaller"):
    grid("Resize", x(1, 2, 5, 7), None, None, ints(9, 10), opset=19,
         axes=[[2, 3]], keep_aspect_ratio_policy=[policy],
         mode=("nearest", "linear"))
grid("Resize", x(1, 2, 6, 5), floats(0, 0, 0.2, -0.3, 1, 1, 0.9, 1.2), None,
     ints(1, 2, 7, 4), mode=("nearest", "linear"), extrapolation_value=(None, 7.),
     coordinate_transformation_mode=["tf_crop_and_resize"])
grid("Resize", x(1, 2, 4, 4), floats(1, 1, 2, 3), opset=10,
     mode=("nearest", "linear"))
grid("Resize", x(1, 2, 6, 6), floats(1, 1, 0.5, 0.4), opset=10,
     mode=["nearest"])
for opset in (7, 9):
    scale = dict(scales=[1., 1., 2., 3.]) if opset == 7 else {}
    more = () if opset == 7 else (floats(1, 1, 2, 3),)
    for mode in ("nearest", "linear"):
        case("Upsample", x(1, 2, 4, 5), *more, opset=opset, mode=mode, **scale)

# Sampling at coordinates of the model.
grid("GridSample", x(2, 3, 5, 6), x(2, 4, 7, 2), opset=20,
     mode=("linear", "nearest", "cubic"), align_corners=(0, 1),
     padding_mode=("zeros", "border", "reflection"))
grid("GridSample", x(1, 2, 3, 4, 5), x(1, 2, 3, 4, 3), opset=20,
     mode=("linear", "nearest"), align_corners=(0, 1),
     padding_mode=("zeros", "border", "reflection"))
case("GridSample", x(1, 2, 5, 6), x(1, 3, 4, 2, scale=4), opset=16,
     mode="bicubic", padding_mode="reflection")
grid("AffineGrid", x(2, 2, 3), ints(2, 3, 5, 6), opset=20,
     align_corners=(0, 1))
grid("AffineGrid", x(2, 3, 4), ints(2, 3, 4, 5, 6), opset=20,
     align_corners=(0, 1))
ROIS = np.array([[1, 2, 9, 7], [0, 0, 11, 11], [3.5, 2.2, 3.9, 2.5],
                 [-4, -3, 20, 30]], np.float32)
for opset in (10, 16):
    grid("RoiAlign", x(2, 3, 12, 11), Operand(values=ROIS),
         Operand(values=np.array([0, 1, 0, 1])), opset=opset, mode=("avg", "max"),
         output_height=[3], output_width=[2], sampling_ratio=(0, 2),
         spatial_scale=(None, 0.5))
case("MaxRoiPool", x(2, 3, 12, 11), Operand(values=np.array(
    [[0, 1, 2, 9, 7], [1, 0, 0, 11, 11], [0, 3, 2, 3, 2]], np.float32)),
     pooled_shape=[3, 2], spatial_scale=0.7)
for size in (1, 3, 5):
    case("LRN", x(2, 5, 4, 3), size=size)
    case("LRN", x(2, 5, 7, 1), size=size, alpha=0.3, beta=0.4, bias=2.0)
# onnx.reference takes as many channels as images.
case("LRN", x(4, 4, 3, 2), size=2, beta=0.5, use_onnx=True)
case("LRN", x(4, 4, 3, 2), size=4, alpha=0.1, use_onnx=True)
case("Col2Im", x(2, 12, 9), ints(4, 5), ints(2, 3), opset=18, use_onnx=True)
case("Col2Im", x(1, 12, 6), ints(5, 6), ints(2, 3), opset=18, pads=[1, 0, 1, 1],
     strides=[3, 2], use_onnx=True)
case("Col2Im", x(1, 8, 12), ints(5, 6), ints(2, 2), opset=18, dilations=[2, 2],
     use_onnx=True)
case("Col2Im", x(1, 6, 12), ints(3, 4, 2), ints(1, 3, 1), opset=18,
     pads=[0, 0, 0, 0, 0, 0], use_onnx=True)

# Losses.
for shape in ((4, 5), (3, 5, 2), (2, 5, 3, 4)):
    labels = Operand(values=np.random.RandomState(3).randint(
        0, 5, (shape[0], *shape[2:])))
    for weights in ((), (x(5, low=0.1),)):
        for name, use in (("NegativeLogLikelihoodLoss", False),
                          ("SoftmaxCrossEntropyLoss", False)):
            grid(name, x(*shape), labels, *weights, opset=13,
                 reduction=(None, "none", "sum"), ignore_index=(None, 2))
    case("SoftmaxCrossEntropyLoss", x(*shape), labels, opset=13,
         outputs=(0, 1))

# Signals.
for parts in (1, 2):
    for length in ((), (number(4),), (number(16),), (number(7),)):
        case("DFT", x(2, 9, parts), *length, opset=17, axis=1)
        case("DFT", x(2, 9, parts), *length, opset=17, axis=1, inverse=1,
             use_onnx=True)
    case("DFT", x(2, 8, 3, parts), None, number(1), opset=20, use_onnx=True)
case("DFT", x(2, 9, 1), opset=17, axis=1, onesided=1)
case("DFT", x(2, 9, 1), None, number(-2), opset=20, onesided=1, use_onnx=True)
for size in ((), (number(9),)):
    case("DFT", x(2, 5, 2), *size, opset=20, onesided=1, inverse=1,
         use_onnx=True)
STEP = number(3)
for onesided in (0, 1):
    case("STFT", x(2, 17, 1), STEP, w(8), opset=17, onesided=onesided)
    case("STFT", x(2, 17, 1), STEP, x(8), opset=17, onesided=onesided)
    case("STFT", x(1, 17, 1), STEP, None,
         number(6), opset=17,
         onesided=onesided, use_onnx=True)
