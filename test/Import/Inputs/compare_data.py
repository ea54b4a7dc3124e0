"""compare_data.py QUANT_RUN FOLDER [SEED]: ops that move elements, against
onnx.reference.

Every row of CASES draws shapes and values; each is put into one model three
times: all inputs at run time, the parameters constant, everything constant. One
run of quant-run then computes all of a type, and every output has to agree."""

import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

OPSET = 24
CASES = {}


def case(op, count=2, params=(1,)):
    """Registers a function (rng, dtype) -> (inputs, attributes), drawn `count`
    times. `params` are the inputs that have to be constant, if any."""

    def register(function):
        name = f"{op}_{function.__name__}"
        CASES[name] = (op, count, params, function)
        return function
    return register


def shape(rng, rank=None, low=1):
    return [int(d) for d in rng.randint(low, 5, rank or rng.randint(1, 5))]


def data(rng, dtype, dims):
    if dtype == np.bool_:
        return rng.randint(0, 2, dims).astype(dtype)
    return rng.randint(-50, 50, dims).astype(dtype)


def ints(values):
    return np.array(values, np.int64)


def axis_of(rng, dims):
    return int(rng.randint(-len(dims), len(dims)))


def indices(rng, dim, dims):
    return ints(rng.randint(-dim, dim, dims))


@case("Gather", count=4, params=())
def gather(rng, dtype):
    dims = shape(rng, rng.randint(1, 4))
    axis = axis_of(rng, dims)
    return [data(rng, dtype, dims),
            indices(rng, dims[axis], shape(rng, rng.randint(1, 3)))], {
                "axis": axis}


@case("GatherElements", count=3, params=())
def gather_elements(rng, dtype):
    dims = shape(rng)
    # The reference takes no negative axis.
    axis = int(rng.randint(len(dims)))
    picked = list(dims)
    picked[axis] = int(rng.randint(1, 6))
    return [data(rng, dtype, dims), indices(rng, dims[axis], picked)], {
        "axis": axis}


@case("GatherND", count=3, params=())
def gather_nd(rng, dtype):
    dims = shape(rng, 3, low=2)
    depth = int(rng.randint(1, 4))
    lead = shape(rng, 2)
    tuples = np.stack([indices(rng, dims[k], lead) for k in range(depth)], -1)
    return [data(rng, dtype, dims), tuples], {}


@case("GatherND", params=())
def batch(rng, dtype):
    dims = shape(rng, 4, low=2)
    tuples = np.stack([indices(rng, dims[1 + k], [dims[0], 3])
                       for k in range(2)], -1)
    return [data(rng, dtype, dims), tuples], {"batch_dims": 1}


@case("ScatterElements", count=4, params=())
def scatter_elements(rng, dtype):
    dims = shape(rng, low=2)
    axis = axis_of(rng, dims)
    picked = list(dims)
    picked[axis] = int(rng.randint(1, dims[axis] + 1))
    order = np.argsort(rng.rand(*dims), axis)
    chosen = ints(np.take(order, range(picked[axis]), axis))
    reductions = ["none"]
    if dtype != np.bool_:
        reductions += ["add", "max", "min", "mul"]
    return [data(rng, dtype, dims), chosen, data(rng, dtype, picked)], {
        "axis": axis, "reduction": reductions[rng.randint(len(reductions))]}


@case("ScatterND", count=3, params=())
def scatter_nd(rng, dtype):
    dims = shape(rng, 3, low=2)
    flat = rng.permutation(dims[0] * dims[1])[:3]
    tuples = ints(np.stack([flat // dims[1], flat % dims[1]], -1))
    return [data(rng, dtype, dims), tuples, data(rng, dtype, [3, dims[2]])], {}


@case("Slice", count=6, params=(1, 2, 3, 4))
def slices(rng, dtype):
    dims = shape(rng, low=3)
    axes = rng.permutation(len(dims))[:rng.randint(1, len(dims) + 1)]
    starts, ends, steps = [], [], []
    for axis in axes:
        step = int(rng.choice([-2, -1, 1, 2, 3]))
        low, high = sorted(rng.choice(dims[axis] + 1, 2, replace=False))
        starts.append(low if step > 0 else high)
        ends.append(high if step > 0 else low - dims[axis] - 1)
        steps.append(step)
    return [data(rng, dtype, dims), ints(starts), ints(ends), ints(axes),
            ints(steps)], {}


@case("Pad", count=8)
def pads(rng, dtype):
    dims = shape(rng, rng.randint(1, 4), low=2)
    mode = ["constant", "edge", "reflect", "wrap"][rng.randint(4)]
    amounts = [int(rng.randint(0, dims[i % len(dims)]))
               for i in range(2 * len(dims))]
    inputs = [data(rng, dtype, dims), ints(amounts)]
    if mode == "constant":
        inputs.append(data(rng, dtype, [1]).reshape(()))
    return inputs, {"mode": mode}


@case("Tile")
def tiles(rng, dtype):
    dims = shape(rng)
    return [data(rng, dtype, dims), ints(rng.randint(1, 4, len(dims)))], {}


@case("Expand")
def expands(rng, dtype):
    dims = shape(rng, 3)
    target = [int(rng.randint(1, 5)) if d == 1 else d for d in dims]
    return [data(rng, dtype, dims), ints([2] + target)], {}


@case("CenterCropPad", count=3)
def crops(rng, dtype):
    dims = shape(rng, 3)
    return [data(rng, dtype, dims), ints(rng.randint(1, 8, 2))], {
        "axes": [0, 2]}


@case("Concat", params=())
def concats(rng, dtype):
    dims = shape(rng, 3)
    axis = axis_of(rng, dims)
    parts = []
    for _ in range(3):
        dims[axis] = int(rng.randint(1, 4))
        parts.append(data(rng, dtype, dims))
    return parts, {"axis": axis}


@case("Trilu", count=3)
def triangles(rng, dtype):
    return [data(rng, dtype, shape(rng, 3)),
            ints([rng.randint(-3, 4)]).reshape(())], {
                "upper": int(rng.randint(2))}


@case("ReverseSequence", count=3, params=())
def sequences(rng, dtype):
    dims = shape(rng, 3)
    time = int(rng.randint(2))
    return [data(rng, dtype, dims),
            ints(rng.randint(1, dims[time] + 1, dims[1 - time]))], {
                "time_axis": time, "batch_axis": 1 - time}


@case("Where", count=3, params=())
def choices(rng, dtype):
    dims = shape(rng, 3)
    drop = [1 if rng.randint(2) else d for d in dims]
    return [data(rng, np.bool_, drop), data(rng, dtype, dims),
            data(rng, dtype, dims[1:])], {}


@case("DepthToSpace", params=())
def blocks(rng, dtype):
    return [data(rng, dtype, [2, 8, 2, 3])], {
        "blocksize": 2, "mode": ["DCR", "CRD"][rng.randint(2)]}


@case("SpaceToDepth", params=())
def depths(rng, dtype):
    return [data(rng, dtype, [2, 3, 4, 6])], {"blocksize": 2}


@case("Transpose", params=())
def transposes(rng, dtype):
    dims = shape(rng, 4)
    return [data(rng, dtype, dims)], {
        "perm": [int(i) for i in rng.permutation(4)]}


@case("Compress")
def compresses(rng, dtype):
    dims = shape(rng, 3, low=2)
    keep = rng.randint(0, 2, dims[1]).astype(np.bool_)
    keep[0] = True
    return [data(rng, dtype, dims), keep], {"axis": 1}


@case("OneHot", params=(1,))
def one_hot(rng, dtype):
    return [ints(rng.randint(-6, 6, [2, 3])), ints([5]).reshape(()),
            data(rng, dtype, [2])], {"axis": int(rng.randint(-3, 3))}


def reference(op, inputs, attrs):
    """What onnx.reference makes of the node alone."""
    names = [f"i{k}" for k in range(len(inputs))]
    infos = [helper.make_tensor_value_info(
        n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
        for n, v in zip(names, inputs)]
    node = helper.make_node(op, names, ["y"], **attrs)
    graph = helper.make_graph(
        [node], "one", infos,
        [helper.make_tensor_value_info("y", infos[0].type.tensor_type.elem_type,
                                       None)])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)])
    return ReferenceEvaluator(model).run(None, dict(zip(names, inputs)))[0]


class Batch:
    """All cases of one element type in one model."""

    def __init__(self):
        self.nodes, self.inputs, self.weights = [], {}, []
        self.expected = {}

    def add(self, name, op, inputs, attrs, constant):
        names = []
        for k, value in enumerate(inputs):
            names.append(f"{name}_{k}")
            if constant(k) or value.ndim == 0:
                self.weights.append(numpy_helper.from_array(value, names[-1]))
            else:
                self.inputs[names[-1]] = value
        self.nodes.append(helper.make_node(op, names, [name], name=name,
                                           **attrs))
        self.expected[name] = reference(op, inputs, attrs)

    def build(self):
        def info(name, value):
            return helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        graph = helper.make_graph(
            self.nodes, "data", [info(*i) for i in self.inputs.items()],
            [info(*i) for i in self.expected.items()], self.weights)
        return helper.make_model(
            graph, ir_version=10,
            opset_imports=[helper.make_opsetid("", OPSET)])


def make_batch(rng, dtype):
    result = Batch()
    for key, (op, count, params, draw) in CASES.items():
        # The reference computes OneHot by arithmetic, which bool has not.
        for i in range(0 if (op, dtype) == ("OneHot", np.bool_) else count):
            inputs, attrs = draw(rng, dtype)
            name = f"{key}_{i}"
            if reference(op, inputs, attrs).size == 0:
                continue
            if not params:
                result.add(name + "_run", op, inputs, attrs, lambda k: False)
            result.add(name + "_param", op, inputs, attrs, lambda k: k > 0)
            result.add(name + "_const", op, inputs, attrs, lambda k: True)
    return result


def main(quant_run, folder, seed):
    os.makedirs(folder, exist_ok=True)
    total = failed = 0
    for dtype in (np.float32, np.int64, np.uint8, np.float64, np.bool_):
        batch = make_batch(np.random.RandomState(seed), dtype)
        path = os.path.join(folder, np.dtype(dtype).name + ".onnx")
        onnx.save(batch.build(), path)
        np.savez(path + ".in.npz", **batch.inputs)
        subprocess.run([quant_run, path, "--inputs", path + ".in.npz",
                        "--outputs", path + ".out.npz"], check=True)
        actual = np.load(path + ".out.npz")
        for name, expected in batch.expected.items():
            total += 1
            result = actual[name]
            if (result.dtype != expected.dtype
                    or result.size != expected.size
                    or not np.array_equal(result.reshape(expected.shape),
                                          expected)):
                failed += 1
                print(f"{np.dtype(dtype).name} {name}: differs")
    print(f"{total - failed} of {total} cases agree")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 7)
