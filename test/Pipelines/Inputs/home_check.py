"""home_check.py TOOLS UTILS FOLDER COUNT: compiled code, the reference and
onnxruntime on the networks of home_models.py, byte by byte."""

import os
import sys

import numpy as np
import onnx
import onnxruntime

tools, utils, folder, count = (*sys.argv[1:4], int(sys.argv[4]))
sys.path.insert(0, utils)

import home_models  # noqa: E402
from compare_home import OnnxRuntime, random_samples  # noqa: E402
from native_model import SharedModel, joined  # noqa: E402
from quant_tools import Compiler  # noqa: E402

onnxruntime.set_default_logger_severity(4)
compiler = Compiler(tools, folder)


def compile_model(model, name):
    path = compiler.path(name + ".onnx")
    onnx.save(model, path)
    integer, code = compiler.path(name + ".mlir"), compiler.path(name + ".so")
    compiler.run(path, "--quantize-int8=full-integer=true", "-o", integer)
    compiler.run(integer, "--lower-to-llvm=mcpu=native", "-o", code)
    baseline = compiler.path(name + "_base.so")
    compiler.run(integer, "--lower-to-llvm", "-o", baseline)
    return path, integer, [SharedModel(code), SharedModel(baseline)]


def check(model, name, samples=None):
    """-> bytes that differ from onnxruntime, from the reference."""
    path, integer, compiled = compile_model(model, name)
    contract = compiled[0].contract
    samples = samples or random_samples(contract, 20, seed=3)
    theirs = OnnxRuntime(path, "onnxruntime").map(samples)
    inputs, outputs = compiler.path("in.npz"), compiler.path("out.npz")
    np.savez(inputs, **{k: joined(v) for k, v in samples.items()})
    os.system(f"{compiler.runner} {integer} --reference --inputs={inputs} "
              f"--outputs={outputs}")
    with np.load(outputs) as arrays:
        reference = {key: arrays[key] for key in arrays.files}
    home = apart = 0
    for one in compiled:
        for (key, _, _), ours in zip(contract.outputs, one.map(samples)):
            home += int((ours.ravel() != theirs[key].ravel()).sum())
            apart += int((ours.ravel() != reference[key].ravel()).sum())
    return home, apart


def main():
    total = [0, 0]
    for index in range(count):
        found = check(home_models.random_net(index), f"net_{index:03}")
        if any(found):
            print(f"net_{index:03}: {found[0]} bytes differ from onnxruntime, "
                  f"{found[1]} from the reference")
        total = [a + b for a, b in zip(total, found)]
    for op in ("QLinearAdd", "QLinearMul"):
        for seed in range(count):
            model = home_models.binary_pairs(op, seed)
            found = check(model, f"{op}_{seed}", home_models.pairs_of(model))
            if any(found):
                print(f"{op} {seed}: {found[0]} pairs differ from onnxruntime, "
                      f"{found[1]} from the reference")
            total = [a + b for a, b in zip(total, found)]
    print(f"{total[0]} bytes differ from onnxruntime, "
          f"{total[1]} from the reference")


main()
