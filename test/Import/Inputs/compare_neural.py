"""compare_neural.py QUANT_RUN FOLDER [OP...]: the neural operators in many
shapes against onnxruntime, or against onnx.reference where that lacks one.

Each entry of neural_cases.py is one node; a few nodes of one op make a model,
whose inputs are seeded. Prints every output that differs by more than the
tolerance of its case, relative to the largest reference value.
"""

import concurrent.futures
import os
import subprocess
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import neural_cases

warnings.filterwarnings("ignore")
onnxruntime.set_default_logger_severity(4)
# Passes over whole functions make large models slow.
NODES_PER_MODEL = 12


class Builder:
    """One model of several cases; inputs are named by case and position."""

    def __init__(self, opset):
        self.opset = opset
        self.nodes, self.inputs, self.outputs = [], [], []
        self.weights, self.feeds, self.labels = [], {}, []

    def add(self, case, rng):
        at = len(self.labels)
        names = []
        for i, operand in enumerate(case.inputs):
            if operand is None:
                names.append("")
                continue
            value = operand.make(rng)
            name = f"i{at}_{i}"
            names.append(name)
            if operand.constant:
                self.weights.append(numpy_helper.from_array(value, name))
                continue
            self.feeds[name] = value
            self.inputs.append(helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype),
                value.shape))
        outs = [f"o{at}_{i}" if i in case.outputs else ""
                for i in range(max(case.outputs) + 1)]
        self.nodes.append(helper.make_node(case.op, names, outs,
                                           name=f"n{at}", **case.attrs))
        for i in case.outputs:
            self.outputs.append(helper.make_tensor_value_info(
                outs[i], case.output_type(i), None))
            self.labels.append((outs[i], case))
        return self

    def model(self):
        graph = helper.make_graph(self.nodes, "cases", self.inputs,
                                  self.outputs, self.weights)
        return helper.make_model(
            graph, ir_version=10,
            opset_imports=[helper.make_opsetid("", self.opset)])


def reference(model, feeds, use_onnx):
    """What the node computes, by onnxruntime unless the case says otherwise."""
    if not use_onnx:
        session = onnxruntime.InferenceSession(model.SerializeToString())
        return session.run(None, feeds)
    return ReferenceEvaluator(model).run(None, feeds)


def run_group(key, cases, quant_run, folder):
    """Compares all outputs of one model; the number of cases that agree."""
    op, opset, use_onnx, _ = key
    rng = np.random.RandomState(7)
    builder = Builder(opset)
    for case in cases:
        builder.add(case, rng)
    model = builder.model()
    path = os.path.join(folder, "-".join(map(str, key)))
    onnx.save(model, path + ".onnx")
    np.savez(path + ".in.npz", **builder.feeds)
    try:
        expected = reference(model, builder.feeds, use_onnx)
    except Exception as error:  # of either library, for a wrong case
        print(f"{op}, operator set {opset}: differs, no reference: {error}")
        return 0
    code = subprocess.run([quant_run, path + ".onnx", "--inputs",
                           path + ".in.npz", "--outputs", path + ".out.npz"],
                          check=False).returncode
    if code != 0:
        print(f"{op}, operator set {opset}: differs, no result")
        return 0
    actual = np.load(path + ".out.npz")
    wrong = set()
    for (name, case), want in zip(builder.labels, expected):
        want = np.asarray(want)
        got = actual[name].reshape(want.shape).astype(np.float64)
        scale = max(np.abs(want).max(initial=0), 1e-6)
        worst = np.abs(got - want).max(initial=0) / scale
        if not worst <= case.tolerance:
            print(f"{case.label()}: {name} differs by {worst:.3g}")
            wrong.add(id(case))
    return len(cases) - len(wrong)


def main(quant_run, folder, ops):
    os.makedirs(folder, exist_ok=True)
    groups = {}
    for case in neural_cases.CASES:
        if not ops or case.op in ops:
            key = (case.op, case.opset, case.use_onnx)
            groups.setdefault(key, []).append(case)
    work = [((*key, at), cases[at:at + NODES_PER_MODEL])
            for key, cases in groups.items()
            for at in range(0, len(cases), NODES_PER_MODEL)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        counts = pool.map(lambda item: run_group(*item, quant_run, folder),
                          work)
        good = sum(counts)
    total = sum(len(cases) for _, cases in work)
    print(f"{good} of {total} cases agree")
    return 0 if good == total else 1


sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
