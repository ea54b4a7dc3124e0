#!/usr/bin/env python3
"""Quantizes, compiles and runs the full-size networks of the onnx package.

    utils/light_models.py [NAME ...] [--samples N] [--json FILE]

The package holds their graphs with constants for weights ("light" models).
Random weights of the size that a trained network would have (seeded) take
their place, random images calibrate. For each network the table tells how far
the float path and the int8 code are from ONNX Runtime, what stayed float, and
the time and memory of the one command that compiles it.

Invariant: ends with 0 only if every network compiles and runs, float outputs
agree to 1e-4 of their largest value, and no op stays float but those that
EXPECTED_FLOAT names.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import native_model  # noqa: E402

FLOAT_TOLERANCE = 1e-4
# Kinds of ops that have no integer form.
EXPECTED_FLOAT = ("LRN",)


def light_folder():
    import onnx
    return os.path.join(os.path.dirname(onnx.__file__), "backend", "test",
                        "data", "light")


def names():
    return sorted(f[len("light_"):-len(".onnx")]
                  for f in os.listdir(light_folder()) if f.endswith(".onnx"))


def reaches(graph, name):
    """(op type, operand number) of what uses a value, through Unsqueeze."""
    for node in graph.node:
        if name not in node.input:
            continue
        if node.op_type == "Unsqueeze":
            yield from reaches(graph, node.output[0])
        else:
            yield node.op_type, list(node.input).index(name)


def random_weight(random, shape, uses):
    """Numbers that keep the variance of activations near 1."""
    def around(center, spread):
        values = random.normal(center, spread, shape)
        return np.clip(values, center - 2 * spread, center + 2 * spread)

    op, operand = next(iter(uses), ("", 0))
    if op in ("Conv", "Gemm") and operand == 1:
        fan_in = int(np.prod(shape[1:]))
        return around(0.0, (2.0 / fan_in) ** 0.5)
    if op == "BatchNormalization":
        return around((1.0, 0.0, 0.0, 1.0)[operand - 1], 0.1)
    return around(1.0 if op == "Mul" else 0.0, 0.1)


def with_weights(name, seed, path):
    """Writes the network with random weights; returns their bytes."""
    import onnx
    from onnx import numpy_helper
    model = onnx.load(os.path.join(light_folder(), f"light_{name}.onnx"))
    graph = model.graph
    shapes = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    random = np.random.default_rng(seed)
    kept, shaped, total = [], set(), 0
    for node in graph.node:
        shape = shapes.get(node.input[0]) if node.input else None
        if node.op_type != "ConstantOfShape" or shape is None:
            kept.append(node)
            continue
        values = random_weight(random, shape.astype(int),
                               list(reaches(graph, node.output[0])))
        values = values.astype(np.float32)
        total += values.nbytes
        shaped.add(node.input[0])
        graph.initializer.append(
            numpy_helper.from_array(values, node.output[0]))
    del graph.node[:]
    graph.node.extend(kept)
    # Nothing reads the shapes any more.
    constants = [t for t in graph.initializer if t.name not in shaped]
    del graph.initializer[:]
    graph.initializer.extend(constants)
    inputs = [v for v in graph.input if v.name not in shaped]
    del graph.input[:]
    graph.input.extend(inputs)
    onnx.save(model, path)
    return total


def measured(command):
    """Runs a command -> (seconds of CPU time, most bytes of memory)."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                                   stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(errors.read().strip().splitlines()[-1])
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def sqnr_db(found, expected):
    expected = expected.astype(np.float64)
    noise = ((found - expected) ** 2).sum()
    return float(10 * np.log10((expected ** 2).sum() / max(noise, 1e-30)))


class Network:
    """One network in a folder of its own."""

    def __init__(self, name, tools, folder, samples, seed):
        self.name, self.tools, self.folder = name, tools, folder
        self.model = os.path.join(folder, f"{name}.onnx")
        self.weights = with_weights(name, seed, self.model)
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            self.model, options, providers=["CPUExecutionProvider"])
        self.input = session.get_inputs()[0]
        random = np.random.default_rng(seed + 1)
        shape = [samples, *self.input.shape[1:]]
        self.images = random.normal(0, 1, shape).astype(np.float32)
        self.expected = np.concatenate(
            [session.run(None, {self.input.name: self.images[i:i + 1]})[0]
             for i in range(samples)])
        self.data = os.path.join(folder, "images.npz")
        np.savez(self.data, **{self.input.name: self.images})

    def float_error(self):
        out = os.path.join(self.folder, "float.npz")
        measured([os.path.join(self.tools, "quant-run"), self.model,
                  f"--inputs={self.data}", f"--outputs={out}"])
        with np.load(out) as arrays:
            found = arrays[arrays.files[0]].reshape(self.expected.shape)
        return float(np.abs(found - self.expected).max() /
                     np.abs(self.expected).max())

    def row(self):
        shared = os.path.join(self.folder, f"{self.name}.so")
        seconds, memory = measured(
            [os.path.join(self.tools, "quant-opt"), self.model,
             f"--quantize-int8=calibration-data={self.data}",
             "--lower-to-llvm=mcpu=native", "-o", shared])
        model = native_model.SharedModel(shared)
        start = time.perf_counter()
        found = model.map({self.input.name: self.images})[0]
        elapsed = (time.perf_counter() - start) / len(self.images)
        found = found.reshape(self.expected.shape)
        return {"name": self.name, "weight_bytes": self.weights,
                "float_error": self.float_error(),
                "sqnr_db": sqnr_db(found, self.expected),
                "float_ops": model.contract.data["float_ops"],
                "seconds": seconds, "memory_bytes": memory,
                "object_bytes": os.path.getsize(shared),
                "milliseconds": 1000 * elapsed}


def judge(row):
    """What is wrong with a row, in words."""
    if row["float_error"] > FLOAT_TOLERANCE:
        yield f"float differs by {row['float_error']:.1e}"
    for op in row["float_ops"]:
        if not any(kind in op["name"] or kind.lower() in op["reason"]
                   for kind in EXPECTED_FLOAT):
            yield f"{op['name']} stays float: {op['reason']}"
            break


HEADER = (f"{'network':<15}{'weights MB':>11}{'float err':>10}{'SQNR dB':>8}"
          f"{'fl.ops':>7}{'sec':>7}{'memory MB':>10}{'times':>6}"
          f"{'object MB':>10}{'ms':>8}  verdict")


def show(row):
    print(f"{row['name']:<15}{row['weight_bytes'] / 1e6:>11.1f}"
          f"{row['float_error']:>10.1e}{row['sqnr_db']:>8.1f}"
          f"{len(row['float_ops']):>7}{row['seconds']:>7.1f}"
          f"{row['memory_bytes'] / 1e6:>10.0f}"
          f"{row['memory_bytes'] / row['weight_bytes']:>6.1f}"
          f"{row['object_bytes'] / 1e6:>10.1f}{row['milliseconds']:>8.1f}  "
          f"{'; '.join(row['missed']) or 'ok'}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=f"networks (default: all: {' '.join(names())})")
    parser.add_argument("--tools", metavar="DIR", default=os.path.join(
        os.path.dirname(HERE), "build", "bin"))
    parser.add_argument("--samples", type=int, default=4, metavar="N",
                        help="random images (default 4)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--json", metavar="FILE", help="write the rows there")
    args = parser.parse_args()
    unknown = [n for n in args.names if n not in names()]
    if unknown:
        parser.error(f"no network '{unknown[0]}' in {light_folder()}")
    rows, bad = [], 0
    print(HEADER)
    for name in args.names or names():
        folder = tempfile.mkdtemp(prefix="qnt-light-")
        try:
            row = Network(name, args.tools, folder, args.samples,
                          args.seed).row()
            row["missed"] = list(judge(row))
            rows.append(row)
            bad += bool(row["missed"])
            show(row)
        except (RuntimeError, OSError, native_model.ContractError) as error:
            bad += 1
            print(f"{name:<15} failed: {str(error)[:300]}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(rows) - bad if bad <= len(rows) else 0} of "
          f"{len(args.names or names())} networks are fine")
    if args.json:
        with open(args.json, "w", encoding="utf8") as file:
            json.dump(rows, file, indent=1)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
