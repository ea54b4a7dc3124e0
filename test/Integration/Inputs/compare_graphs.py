#!/usr/bin/env python3
"""Compiles random graphs for every instruction set and compares each output,
byte for byte, with the interpreter of quant-run.

    compare_graphs.py TOOLS_DIR WORK_DIR FIRST_SEED LAST_SEED

Invariant: a failure names the seed, and the model stays in WORK_DIR.
"""

import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir,
                                os.pardir, os.pardir, "utils"))
import isa_variants  # noqa: E402
from quant_tools import Compiler  # noqa: E402
from random_graph import Graph  # noqa: E402


def execute(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[:500]}")


def load(path):
    with np.load(path) as arrays:
        return [arrays[name] for name in sorted(arrays.files)]


def check(compiler, seed):
    """-> the names of the variants that were compared"""
    text, shape = Graph(seed).build(14)
    model, inputs, want, got = (
        compiler.path(f"{seed}{suffix}")
        for suffix in (".mlir", ".npz", ".want.npz", ".got.npz"))
    with open(model, "w", encoding="utf8") as file:
        file.write(text)
    data = np.random.default_rng(seed).normal(size=(2,) + shape[1:]) * 4
    np.savez(inputs, x=data.astype(np.float32))
    execute(compiler.runner, model, "--reference", f"--inputs={inputs}",
            f"--outputs={want}")
    compared = []
    for variant in isa_variants.variants():
        if variant.missing:
            continue
        code = compiler.path(f"{seed}.{variant.name}.o")
        compiler.run(model, f"--lower-to-llvm={variant.options}", "-o", code)
        execute(compiler.runner, code, f"--inputs={inputs}",
                f"--outputs={got}", *variant.runner_options)
        found = isa_variants.difference(load(got), load(want))
        if found:
            raise RuntimeError(f"{variant.name}: {found}")
        compared.append(variant.name)
    return compared


def main():
    tools, work, first, last = sys.argv[1:]
    compiler = Compiler(tools, work)
    for seed in range(int(first), int(last)):
        try:
            names = check(compiler, seed)
        except RuntimeError as error:
            print(f"seed {seed}: {error}")
            return 1
        print(f"seed {seed}: equal on {', '.join(names)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
