"""compare_tflite.py TOOLS_DIR WORK_DIR KIND [--seed N] [--skip NAME,NAME]
[--target TARGET] [NAME...]: small random networks through quant-run and through
LiteRT.

KIND float: tflite_float_cases, results equal within 1e-5 of the largest.
KIND int: tflite_int_cases, results equal byte for byte, both of the reference
and of compiled code. Prints a line per fault and a summary; ends with 1 if
there is a fault.
"""

import argparse
import importlib
import os
import re
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def random_input(rng, detail, count):
    shape, dtype = [count, *detail["shape"]], detail["dtype"]
    if dtype == np.float32:
        return rng.uniform(-3, 3, shape).astype(dtype)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, endpoint=True, dtype=dtype)


def run_litert(path, rng, count):
    """Inputs and outputs of `count` runs, in the order of the graph."""
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_path=path)
    interpreter.allocate_tensors()
    ins = interpreter.get_input_details()
    outs = interpreter.get_output_details()
    data = [random_input(rng, detail, count) for detail in ins]
    results = [[] for _ in outs]
    for i in range(count):
        for detail, array in zip(ins, data):
            interpreter.set_tensor(detail["index"], array[i])
        interpreter.reset_all_variables()
        interpreter.invoke()
        for result, detail in zip(results, outs):
            result.append(interpreter.get_tensor(detail["index"]).copy())
    return data, [np.stack(result) for result in results]


def stacked(array):
    """Samples as quant-run takes them: stacked along the first dimension."""
    return array.reshape(-1, *array.shape[2:])


class Comparison:
    def __init__(self, tools, folder, kind, target):
        self.tools, self.folder, self.kind = tools, folder, kind
        self.target = target
        self.faults = self.compared = 0
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, tool, *arguments):
        result = subprocess.run([os.path.join(self.tools, tool), *arguments],
                                capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"{tool}: {result.stderr.strip()[:300]}")
        return result.stdout

    def forms(self, model):
        """The command lines of quant-run whose results have to agree."""
        if self.kind == "float":
            return {"float": [model]}
        self.run("quant-opt", model, "--quantize-int8=full-integer=true", "-o",
                 self.path("int.mlir"))
        self.run("quant-opt", model, "--quantize-int8=full-integer=true",
                 f"--lower-to-llvm={self.target}", "-o", self.path("m.o"))
        return {"reference": [self.path("int.mlir"), "--reference"],
                "compiled": [self.path("m.o")]}

    def differs(self, got, want):
        if got.dtype != want.dtype or got.size != want.size:
            return f"{got.dtype} {got.shape}, expected {want.dtype} {want.shape}"
        got = got.reshape(want.shape)
        if want.dtype.kind != "f":
            count = int((got != want).sum())
            worst = np.abs(got.astype(np.int64) - want.astype(np.int64)).max()
            return count and f"{count} of {want.size} differ, by up to {worst}"
        error = np.abs(got - want).max() / max(np.abs(want).max(), 1e-6)
        return not error < 1e-5 and f"relative error {error:.2g}"

    def compare(self, name, build, seed):
        rng = np.random.default_rng(seed)
        model = self.path("model.tflite")
        build(rng).save(model)
        data, wants = run_litert(model, rng, 4 if self.kind == "float" else 16)
        np.savez(self.path("in.npz"),
                 **{f"in{i}": stacked(a) for i, a in enumerate(data)})
        for form, arguments in self.forms(model).items():
            self.run("quant-run", *arguments, "--inputs", self.path("in.npz"),
                     "--outputs", self.path("out.npz"))
            with np.load(self.path("out.npz")) as outs:
                for i, want in enumerate(wants):
                    fault = self.differs(outs[f"out{i}"], want)
                    if fault:
                        raise RuntimeError(f"{form}, output {i}: {fault}")
            self.compared += 1

    def compare_all(self, cases, seed, wanted, skipped):
        def matches(name, patterns):
            return any(re.fullmatch(pattern, name) for pattern in patterns)

        for name, build in cases:
            if (wanted and not matches(name, wanted)) or matches(name, skipped):
                continue
            try:
                self.compare(name, build, seed)
            except RuntimeError as error:
                self.faults += 1
                print(f"{name}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools")
    parser.add_argument("folder")
    parser.add_argument("kind", choices=["float", "int"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip", default="")
    parser.add_argument("--target", default="mcpu=native")
    options = parser.parse_intermixed_args()
    cases = importlib.import_module(f"tflite_{options.kind}_cases").cases()
    comparison = Comparison(options.tools, options.folder, options.kind,
                            options.target)
    comparison.compare_all(cases, options.seed, options.names,
                           options.skip.split(","))
    print(f"{comparison.compared} compared, {comparison.faults} faults")
    return 1 if comparison.faults or not comparison.compared else 0


if __name__ == "__main__":
    sys.exit(main())
