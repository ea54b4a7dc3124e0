#!/usr/bin/env python3
"""Compares a compiled quantized model with its home runtime, byte by byte.

    utils/compare_home.py model.onnx [model.tflite ...] [options]

The first file is compiled with --quantize-int8 --lower-to-llvm; it and each
further file are run by the runtimes of their kind on the same samples:

    onnxruntime           all of a QDQ graph in integers, also int8 activations
                          (session.qdqisint8allowed = 1)
    onnxruntime-default   what a new session does
    onnxruntime-off       without graph optimizations
    litert                LiteRT with XNNPACK
    litert-reference      LiteRT with its reference kernels

Samples: --inputs FILE.npz with arrays of the model's types; or --data FOLDER of
../shared/data, whose evaluation samples are quantized by the input's scale;
else random ones. --bisect makes every stored tensor an output and names the
layers in order, the first that differs first. Ends with 1 if bytes differ from
the runtime named by --expect.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

from native_model import SharedModel
from quant_tools import Compiler

HERE = os.path.dirname(os.path.abspath(__file__))


# --- Runtimes ---------------------------------------------------------------


class OnnxRuntime:
    """A session of the CPU provider, one thread."""

    def __init__(self, path, kind):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        if kind == "onnxruntime":
            options.add_session_config_entry("session.qdqisint8allowed", "1")
        if kind == "onnxruntime-off":
            options.graph_optimization_level = (
                onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)
        self.session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"])
        self.names = [o.name for o in self.session.get_outputs()]

    def map(self, samples):
        inputs = self.session.get_inputs()
        rows = []
        for i in range(len(next(iter(samples.values())))):
            feed = {}
            for entry in inputs:
                shape = [d if isinstance(d, int) and d > 0 else 1
                         for d in entry.shape]
                feed[entry.name] = samples[entry.name][i].reshape(shape)
            rows.append(self.session.run(None, feed))
        return dict(zip(self.names, (np.stack(c) for c in zip(*rows))))


class LiteRt:
    """An interpreter, one thread; tensors in the order of the model."""

    def __init__(self, path, kind):
        from ai_edge_litert import interpreter as litert
        resolver = litert.OpResolverType
        self.interpreter = litert.Interpreter(
            path, num_threads=1,
            experimental_op_resolver_type=(
                resolver.BUILTIN_REF if kind == "litert-reference"
                else resolver.AUTO))
        self.interpreter.allocate_tensors()

    def map(self, samples):
        interpreter = self.interpreter
        inputs = interpreter.get_input_details()
        outputs = interpreter.get_output_details()
        arrays = list(samples.values())
        rows = []
        for i in range(len(arrays[0])):
            for detail, array in zip(inputs, arrays):
                interpreter.set_tensor(
                    detail["index"],
                    array[i].reshape(detail["shape"]).astype(detail["dtype"]))
            interpreter.invoke()
            rows.append([interpreter.get_tensor(d["index"]) for d in outputs])
        return {d["name"]: np.stack(c) for d, c in zip(outputs, zip(*rows))}


def runtimes_of(path):
    """The kinds that can run a file, with the class that does."""
    if path.endswith(".tflite"):
        return {"litert": LiteRt, "litert-reference": LiteRt}
    return {kind: OnnxRuntime for kind in
            ("onnxruntime", "onnxruntime-default", "onnxruntime-off")}


# --- Every stored tensor as an output ---------------------------------------


def expose_onnx(path, to):
    """Writes the model with all stored tensors as outputs; -> their names."""
    import onnx
    model = onnx.load(path)
    model = onnx.shape_inference.infer_shapes(model)
    graph = model.graph
    types = {v.name: v for v in graph.value_info}
    present = {o.name for o in graph.output}
    stored = (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    names = []
    for node in graph.node:
        name = node.output[0]
        info = types.get(name)
        quantizes = (node.op_type.startswith(("QLinear", "QGemm"))
                     or node.op_type == "QuantizeLinear")
        if (quantizes and name not in present
                and (info is None
                     or info.type.tensor_type.elem_type in stored)):
            graph.output.append(info or onnx.helper.make_empty_tensor_value_info(
                name))
        if name in {o.name for o in graph.output}:
            names.append(name)
    onnx.save(model, to)
    return names


# --- Samples ----------------------------------------------------------------


def samples_of_folder(folder, contract, count):
    """The stored evaluation samples, in the types of the contract."""
    root, name = os.path.split(folder.rstrip("/"))
    with tempfile.TemporaryDirectory() as temporary:
        file = os.path.join(temporary, "samples.npz")
        subprocess.run([sys.executable, os.path.join(root, "evaluate.py"),
                        name, "--write", file, "--split", "eval"],
                       check=True, stdout=subprocess.DEVNULL)
        with np.load(file) as arrays:
            reals = [arrays[key][:count] for key in arrays.files]
    result = {}
    for entry, real in zip(contract.data["inputs"], reals):
        dtype = np.dtype(entry["dtype"])
        if dtype.kind == "f":
            result[entry["name"]] = real.astype(dtype)
            continue
        scale = np.float32(np.atleast_1d(entry["scale"])[0])
        zero = np.atleast_1d(entry["zero_point"])[0]
        limits = np.iinfo(dtype)
        stored = np.rint(real.astype(np.float32) / scale) + zero
        result[entry["name"]] = np.clip(stored, limits.min,
                                        limits.max).astype(dtype)
    return result


def random_samples(contract, count, seed=1):
    random = np.random.default_rng(seed)
    result = {}
    for name, dtype, shape in contract.inputs:
        if dtype.kind == "f":
            result[name] = random.normal(size=(count,) + shape).astype(dtype)
        else:
            limits = np.iinfo(dtype)
            result[name] = random.integers(limits.min, limits.max,
                                           (count,) + shape, dtype,
                                           endpoint=True)
    return result


# --- Comparison -------------------------------------------------------------


def difference(ours, theirs):
    """-> elements, how many differ, the largest difference."""
    a = ours.reshape(-1).astype(np.float64)
    b = theirs.reshape(-1).astype(np.float64)
    if a.size != b.size:
        return a.size, a.size, float("inf")
    # uint8 and int8 of the same numbers differ by 128.
    if ours.dtype != theirs.dtype and {ours.dtype.kind,
                                       theirs.dtype.kind} == {"i", "u"}:
        a = a + (128 if ours.dtype.kind == "i" else -128)
    gap = np.abs(a - b)
    return a.size, int((gap != 0).sum()), float(gap.max(initial=0))


class Comparison:
    def __init__(self, options):
        self.options = options
        self.folder = tempfile.TemporaryDirectory()
        self.compiler = Compiler(options.tools, self.folder.name)

    def compile(self, path):
        output = self.compiler.path("model.so")
        self.compiler.run(path, *self.options.input_shapes, "--quantize-int8",
                          f"--lower-to-llvm={self.options.target}", "-o",
                          output)
        return SharedModel(output)

    def samples(self, contract):
        options = self.options
        if options.inputs:
            with np.load(options.inputs) as arrays:
                return {k: arrays[k][:options.samples] for k in arrays.files}
        if options.data:
            return samples_of_folder(options.data, contract, options.samples)
        return random_samples(contract, options.samples)

    def run(self):
        """-> whether the expected runtime gave the same bytes."""
        options, first = self.options, self.options.models[0]
        path = first
        if options.bisect:
            path = self.compiler.path("exposed.onnx")
            names = expose_onnx(first, path)
        model = self.compile(path)
        samples = self.samples(model.contract)
        ours = {name: array for (name, _, _), array in
                zip(model.contract.outputs, model.map(samples))}
        same = True
        for file in [path, *options.models[1:]]:
            for kind, runtime in runtimes_of(file).items():
                if options.expect and options.only and kind != options.expect:
                    continue
                theirs = runtime(file, kind).map(samples)
                if options.bisect and set(names) <= set(theirs):
                    rows = [(n, ours[n], theirs[n]) for n in names]
                else:
                    rows = [(n, a, b) for (n, a), b in
                            zip(ours.items(), theirs.values())]
                same &= (self.report(kind, rows)
                         or (kind != options.expect))
        return same

    def report(self, kind, rows):
        total = 0
        for name, a, b in rows:
            size, count, gap = difference(a, b)
            total += count
            if count or not self.options.bisect:
                print(f"{kind:20} {name[-48:]:48} {size:9} elements "
                      f"{count:7} differ {gap:g} at most")
        if self.options.bisect and total == 0:
            print(f"{kind:20} all {len(rows)} stored tensors are equal")
        return total == 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--tools", default=os.path.join(
        HERE, "..", "build", "dev", "bin"))
    parser.add_argument("--target", default="mcpu=native")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--inputs")
    parser.add_argument("--data")
    parser.add_argument("--input-shapes", default="")
    parser.add_argument("--bisect", action="store_true")
    parser.add_argument("--expect", default="",
                        help="the runtime whose bytes have to be equal")
    parser.add_argument("--only", action="store_true",
                        help="run no other runtime than the expected one")
    options = parser.parse_args()
    options.input_shapes = ([f"--input-shapes={options.input_shapes}"]
                            if options.input_shapes else [])
    return 0 if Comparison(options).run() else 1


if __name__ == "__main__":
    sys.exit(main())
