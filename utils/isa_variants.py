#!/usr/bin/env python3
"""The instruction sets that emitted code is compared on.

    utils/isa_variants.py MODEL CALIBRATION INPUTS [--tools DIR] [--samples N]

Each variant is a target for --lower-to-llvm and a way to run the object. One
quantized file is compiled for all of them, so a difference can only come from
code generation.

Invariant: a variant that this machine cannot run is named as skipped, never
passed over in silence.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile

import numpy as np

import native_model
from quant_tools import Compiler

X86 = [
    # name, options, CPU flags needed (in the kernel's words)
    ("x86-64", "mcpu=x86-64", ()),
    ("avx2", "mcpu=x86-64-v3", ("avx2",)),
    ("avxvnni", "mcpu=x86-64-v3 features=+avxvnni", ("avx_vnni",)),
    ("avx512-vnni", "mcpu=x86-64-v4 features=+avx512vnni", ("avx512_vnni",)),
]
ARM = [
    # name, options, CPU of qemu
    ("aarch64", "mcpu=generic", "cortex-a57"),
    ("dotprod", "mcpu=generic features=+dotprod", "max"),
    ("i8mm", "mcpu=generic features=+dotprod,+i8mm", "max"),
]


class Variant:
    """name; options of --lower-to-llvm; options of quant-run; why not."""

    def __init__(self, name, options, missing, runner_options=()):
        self.name, self.options, self.missing = name, options, missing
        self.runner_options = runner_options


def host_flags():
    with open("/proc/cpuinfo", encoding="utf8") as info:
        for line in info:
            if line.startswith("flags"):
                return set(line.split(":", 1)[1].split())
    return set()


def variants():
    """All of them; `missing` says why one cannot run here."""
    flags = host_flags() if platform.machine() == "x86_64" else set()
    for name, options, needed in X86:
        lacking = [f for f in needed if f not in flags]
        missing = None
        if platform.machine() != "x86_64":
            missing = "not an x86-64 machine"
        elif lacking:
            missing = f"the CPU lacks {', '.join(lacking)}"
        yield Variant(name, f"triple=x86_64-linux-gnu {options}", missing)
    tools = ("aarch64-linux-gnu-gcc", "qemu-aarch64")
    lacking = [t for t in tools if not shutil.which(t)]
    for name, options, cpu in ARM:
        yield Variant(
            name, f"triple=aarch64-linux-gnu {options}",
            f"no {', '.join(lacking)}" if lacking else None,
            (f"--emulator-cpu={cpu}",))


def reference_outputs(compiler, quantized, samples):
    """The interpreter's outputs, one array per output of the model."""
    inputs = compiler.path("reference", "inputs.npz")
    outputs = compiler.path("reference", "outputs.npz")
    np.savez(inputs, **samples)
    done = subprocess.run(
        [compiler.runner, "--reference", quantized, f"--inputs={inputs}",
         f"--outputs={outputs}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"quant-run --reference: {done.stderr.strip()}")
    with np.load(outputs) as arrays:
        return [arrays[k] for k in arrays.files]


def difference(a, b):
    """None if the bytes are equal, else what differs."""
    for i, (p, q) in enumerate(zip(a, b)):
        p, q = p.reshape(-1), q.reshape(-1)
        if p.dtype != q.dtype or p.size != q.size:
            return f"output {i}: {p.dtype}[{p.size}] and {q.dtype}[{q.size}]"
        if p.tobytes() != q.tobytes():
            return (f"output {i}: {int((p != q).sum())} of {p.size} values "
                    f"differ")
    return None if len(a) == len(b) else "different number of outputs"


def compare_model(compiler, name, source, calibration, samples):
    """-> {variant: 'equal' | 'differs...' | 'skipped...'}"""
    quantized = compiler.path(name, "quantized.mlir")
    compiler.run(source, "-o", quantized,
                 f"--quantize-int8=calibration-data={calibration}")
    expected = reference_outputs(compiler, quantized, samples)
    row = {"name": name, "samples": len(next(iter(samples.values())))}
    for variant in variants():
        if variant.missing:
            row[variant.name] = f"skipped: {variant.missing}"
            continue
        path = compiler.path(name, variant.name, "model.o")
        try:
            compiler.run(quantized, f"--lower-to-llvm={variant.options}",
                         "-o", path)
            got = native_model.ObjectModel(
                path, compiler.runner, variant.runner_options).map(samples)
        except (RuntimeError, native_model.ContractError) as error:
            row[variant.name] = f"failed: {error}"
            continue
        found = difference(got, expected)
        row[variant.name] = f"differs: {found}" if found else "equal"
    return row


def compare_all(compiler, models):
    """models: (name, file, calibration file, samples) each. Prints a table
    -> rows, number of variants not equal"""
    rows, bad = [], 0
    titles = [v.name for v in variants()]
    print(f"{'model':<17}{'samples':>8}"
          + "".join(f"{t:>13}" for t in titles))
    for name, source, calibration, samples in models:
        try:
            row = compare_model(compiler, name, source, calibration, samples)
        except RuntimeError as error:
            print(f"{name:<17} failed: {error}")
            bad += 1
            continue
        rows.append(row)
        print(f"{name:<17}{row['samples']:>8}" + "".join(
            f"{row[t].split(':')[0]:>13}" for t in titles), flush=True)
        for title in titles:
            if row[title] != "equal":
                print(f"  {title}: {row[title]}")
                bad += not row[title].startswith("skipped")
    print("all outputs equal the reference's" if not bad
          else f"{bad} comparisons failed")
    return rows, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("calibration")
    parser.add_argument("inputs")
    parser.add_argument("--tools", metavar="DIR", default=os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "..", "build", "bin"))
    parser.add_argument("--samples", type=int, metavar="N")
    args = parser.parse_args()
    with np.load(args.calibration) as arrays:
        names = arrays.files
    with np.load(args.inputs) as arrays:
        samples = {k: arrays[k][:args.samples] for k in names}
    with tempfile.TemporaryDirectory() as folder:
        _, bad = compare_all(Compiler(args.tools, folder), [
            (os.path.splitext(os.path.basename(args.model))[0], args.model,
             args.calibration, samples)])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
