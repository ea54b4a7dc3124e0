#!/usr/bin/env python3
"""Quantizes, compiles and measures the models of ../shared/data.

    utils/evaluate_models.py [NAME ...] [--json FILE] [--keep DIR]
    utils/evaluate_models.py --isa-identity [NAME ...]

Prints one row per model with the metric of the float model, of the int8 code
and of the int8 model published beside it, then each bar that was missed. With
--isa-identity the same model is compiled for every instruction set that this
machine can run, itself or under qemu, and the bytes of all outputs are compared
with each other and with the reference interpreter.

Invariant: ends with 0 only if every bar is met; each number comes from running
the emitted code.
"""

import argparse
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)

import isa_variants  # noqa: E402
import native_model  # noqa: E402
from quant_tools import Compiler  # noqa: E402

MODELS = ["ic_resnet8", "vww_mobilenetv1", "kws_dscnn", "ad_autoencoder",
          "mnist_keras_cnn", "mnist_mlp"]
# Bars of one model; all others are in judge().
SQNR_BARS = {"kws_dscnn": 26.0, "ic_resnet8": 22.0}
METRIC_DROP = 0.005
COMPILE_SECONDS = 5.0
CODE_BYTES = 48 * 1024


def load_evaluate(folder):
    """The module ../shared/data/evaluate.py."""
    path = os.path.join(folder, "evaluate.py")
    if not os.path.exists(path):
        sys.exit(f"evaluate_models: {path} is not there; give --data DIR")
    spec = importlib.util.spec_from_file_location("evaluate", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Replay:
    """A callable that answers each batch from outputs computed before, and
    computes what it has not seen: metrics may ask for a sample repeatedly."""

    def __init__(self, model):
        self.model, self.seen = model, {}

    def __call__(self, batch):
        key = batch.tobytes()
        if key not in self.seen:
            self.seen[key] = self.model(batch)
        return self.seen[key]


def write_calibration(ev, compiler, name):
    path = compiler.path(name, "calib.npz")
    samples = ev.calib(name)
    if not isinstance(samples, dict):
        samples = {next(iter(ev.meta(name)["inputs"])): samples}
    np.savez(path, **samples)
    return path


def weight_bytes(model):
    """Elements of the weights, one byte each: constants of rank 2 and more."""
    import onnx
    from onnx import numpy_helper
    graph = onnx.load(model).graph
    arrays = [numpy_helper.to_array(t) for t in graph.initializer]
    arrays += [numpy_helper.to_array(a.t) for n in graph.node
               if n.op_type == "Constant" for a in n.attribute
               if a.name == "value"]
    return sum(a.size for a in arrays
               if a.ndim >= 2 and a.dtype == np.float32)


def reference_value(ev, name):
    results = ev.meta(name)["results"]
    return results.get("model_int8_ref.tflite", {}).get("value")


def measure(ev, compiler, name):
    """Everything the table shows of one model."""
    source = ev.path(name)
    calibration = write_calibration(ev, compiler, name)
    shared = compiler.path(name, "model.so")
    linked = compiler.path(name, "object", "model.o")
    seconds = compiler.quantize(source, calibration, "mcpu=native", linked)
    compiler.quantize(source, calibration, "mcpu=native", shared)

    model = Replay(native_model.SharedModel(shared))
    metric = ev.evaluate(name, model)
    floats = ev.evaluate(name, ev.ort(source))
    close = ev.compare(name, model)["outputs"][0]
    program = native_model.ObjectModel(linked, compiler.runner)
    sample = ev.data(name, 1)[0]
    sample = {k: v[:1] for k, v in sample.items()} if isinstance(
        sample, dict) else sample[:1]
    weights = weight_bytes(source)
    return {
        "name": name,
        "float": floats["value"], "int8": metric["value"],
        "reference": reference_value(ev, name),
        "sqnr_db": metric.get("sqnr_db", close["sqnr_db"]),
        "agreement": close["argmax_agreement"],
        "unlabelled": metric.get("unlabelled", {}).get("argmax_agreement"),
        "float_bytes": os.path.getsize(source),
        "object_bytes": os.path.getsize(linked),
        "object_bar": int(1.15 * (weights + CODE_BYTES)),
        "latency_us": program.microseconds(sample),
        "arena_bytes": program.contract.arena_bytes,
        "seconds": seconds,
    }


def judge(row):
    """The bars that this row misses, in words."""
    name, value = row["name"], row["int8"]
    if name == "vww_mobilenetv1":
        if row["unlabelled"] < 0.975:
            yield f"agreement on unlabelled {row['unlabelled']:.4f} < 0.975"
    elif name == "ad_autoencoder":
        if value < 0.995:
            yield f"Spearman {value:.4f} < 0.995"
    elif row["float"] - value > METRIC_DROP + 1e-9:
        yield f"metric {value:.4f} more than 0.5 points below float"
    # Recorded values carry four digits.
    if row["reference"] is not None and value < row["reference"] - 5e-5:
        yield f"metric {value:.4f} below the reference's {row['reference']}"
    if row["sqnr_db"] < SQNR_BARS.get(name, 0):
        yield f"SQNR {row['sqnr_db']:.1f} dB < {SQNR_BARS[name]} dB"
    if row["seconds"] >= COMPILE_SECONDS:
        yield f"compiled in {row['seconds']:.1f} s, bar {COMPILE_SECONDS} s"
    if row["object_bytes"] >= row["object_bar"]:
        yield f"object {row['object_bytes']} B, bar {row['object_bar']} B"


def samples_of(ev, name):
    """What --isa-identity runs: all of kws, 50 of the others."""
    count = None if name == "kws_dscnn" else 50
    x, _ = ev.data(name, count)
    if isinstance(x, dict):
        return {k: v[:count] for k, v in x.items()}
    return {next(iter(ev.meta(name)["inputs"])): x[:count]}


HEADER = (f"{'model':<17}{'float':>8}{'int8':>8}{'ref':>8}{'SQNR dB':>9}"
          f"{'agree':>8}{'size %':>8}{'us':>9}{'arena':>9}{'sec':>6}"
          f"{'object':>9}{'bar':>9}")


def show(row):
    reference = "-" if row["reference"] is None else f"{row['reference']:.4f}"
    agreement = row["unlabelled"] or row["agreement"]
    print(f"{row['name']:<17}{row['float']:>8.4f}{row['int8']:>8.4f}"
          f"{reference:>8}{row['sqnr_db']:>9.1f}{agreement:>8.4f}"
          f"{100 * row['object_bytes'] / row['float_bytes']:>8.1f}"
          f"{row['latency_us']:>9.1f}{row['arena_bytes']:>9}"
          f"{row['seconds']:>6.2f}{row['object_bytes']:>9}"
          f"{row['object_bar']:>9}", flush=True)


def measure_all(ev, compiler, names):
    """-> rows, number of bars missed or models failed"""
    rows, missed = [], []
    print(HEADER)
    for name in names:
        try:
            rows.append(measure(ev, compiler, name))
        except (RuntimeError, OSError,
                native_model.ContractError) as error:
            missed.append(f"{name}: {error}")
            print(f"{name:<17} failed", flush=True)
            continue
        show(rows[-1])
        rows[-1]["missed"] = list(judge(rows[-1]))
        missed += [f"{name}: {m}" for m in rows[-1]["missed"]]
    for line in missed:
        print("MISSED", line)
    if not missed:
        print(f"all bars met by {len(rows)} models")
    return rows, len(missed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=f"models (default: {' '.join(MODELS)})")
    parser.add_argument("--data", metavar="DIR",
                        default=os.path.join(ROOT, "..", "shared", "data"))
    parser.add_argument("--tools", metavar="DIR",
                        default=os.path.join(ROOT, "build", "bin"))
    parser.add_argument("--json", metavar="FILE", help="write the rows there")
    parser.add_argument("--keep", metavar="DIR", help="keep the products there")
    parser.add_argument("--isa-identity", action="store_true")
    args = parser.parse_args()
    ev = load_evaluate(args.data)
    names = args.names or MODELS
    unknown = [n for n in names if n not in ev.names()]
    if unknown:
        parser.error(f"no model '{unknown[0]}' in {args.data}")
    folder = args.keep or tempfile.mkdtemp(prefix="qnt-models-")
    try:
        compiler = Compiler(args.tools, folder)
        if args.isa_identity:
            rows, bad = isa_variants.compare_all(compiler, (
                (n, ev.path(n), write_calibration(ev, compiler, n),
                 samples_of(ev, n)) for n in names))
        else:
            rows, bad = measure_all(ev, compiler, names)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if args.json:
        with open(args.json, "w", encoding="utf8") as file:
            json.dump(rows, file, indent=1)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
