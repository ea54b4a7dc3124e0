#!/usr/bin/env python3
"""Compares quant-opt's int8 code with ONNX Runtime's and OpenVINO's.

    utils/compare_accuracy.py [NAME ...] [--model NAME=FILE] [--json FILE]

For each model of ../shared/data: the metric of the float model, of the code
that `quant-opt --quantize-int8` makes, and of the models that
onnxruntime.quantization and NNCF make from the same calibration data. Peers are
those that the Python in use can import; what is missing is said. Peers' models
and all figures are kept in --cache, so a second run measures only what changed.

The verdict of a model is `ok` if its metric drops no more than that of the
better peer, a gain counting as no drop, and float outputs agree with ONNX
Runtime to 1e-4 of their largest value.

Invariant: ends with 0 only if every model is ok; every number was measured.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)

import native_model  # noqa: E402
import peer_models  # noqa: E402
from quant_tools import Compiler  # noqa: E402

FLOAT_TOLERANCE = 1e-4
FLOAT_SAMPLES = 4
# Recorded digits of a metric; less than this is no difference.
EQUAL = 5e-5


def digest(*parts):
    """A short name for contents: files by their bytes, others by their text."""
    state = hashlib.sha256()
    for part in parts:
        if os.path.isfile(str(part)):
            with open(part, "rb") as file:
                state.update(file.read())
        state.update(str(part).encode())
    return state.hexdigest()[:16]


def load_evaluate(folder, files):
    """The module evaluate.py of `folder`, its model files replaced by `files`,
    its answers of onnxruntime remembered."""
    path = os.path.join(folder, "evaluate.py")
    if not os.path.exists(path):
        sys.exit(f"compare_accuracy: {path} is not there; give --data DIR")
    spec = importlib.util.spec_from_file_location("evaluate", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stored, ort, runners = module.path, module.ort, {}

    def path_of(name, file="model.onnx"):
        if file == "model.onnx" and name in files:
            return files[name]
        return stored(name, file)

    def replayed(file, quant=None):
        if quant is not None:
            return ort(file, quant)
        return runners.setdefault(file, Replay(ort(file)))

    module.path, module.ort = path_of, replayed
    return module


class Replay:
    """Answers each batch from what was computed before: a metric and a
    comparison ask for the same samples."""

    def __init__(self, model):
        self.model, self.seen = model, {}

    def __call__(self, batch):
        arrays = batch if isinstance(batch, dict) else {"": batch}
        key = b"".join(k.encode() + v.tobytes() for k, v in arrays.items())
        key = hashlib.sha256(key).digest()
        if key not in self.seen:
            self.seen[key] = self.model(batch)
        return self.seen[key]


class Store:
    """Figures in one JSON file per model, by key."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(folder, "figures.json")
        self.rows = {}
        if os.path.exists(self.path):
            with open(self.path, encoding="utf8") as file:
                self.rows = json.load(file)

    def get(self, key, compute):
        if key not in self.rows:
            self.rows[key] = compute()
            with open(self.path, "w", encoding="utf8") as file:
                json.dump(self.rows, file, indent=1)
        return self.rows[key]


class Comparison:
    """All figures of one model."""

    def __init__(self, ev, compiler, name, args):
        self.ev, self.compiler, self.name = ev, compiler, name
        self.args, self.count = args, args.n
        self.source = ev.path(name)
        if not os.path.exists(self.source):
            raise RuntimeError(f"{self.source} is not stored; give "
                               f"--model {name}=FILE")
        folder = os.path.join(args.cache, name)
        self.store = Store(folder)
        self.made = os.path.join(folder, digest(self.source))
        os.makedirs(self.made, exist_ok=True)
        self.key = f"{digest(self.source)} n={self.count}"

    def samples(self):
        x = self.ev.calib(self.name)
        if isinstance(x, dict):
            return x
        return {next(iter(self.ev.meta(self.name)["inputs"])): x}

    def score(self, model):
        """Metric, SQNR and agreement of a callable."""
        model = Replay(model)
        metric = self.ev.evaluate(self.name, model, self.count)
        first = self.ev.compare(self.name, model, self.count)["outputs"][0]
        return {"value": metric["value"], "n": metric["n"],
                "sqnr_db": first["sqnr_db"],
                "agreement": first["argmax_agreement"]}

    def float_metric(self):
        return self.store.get(f"float {self.key}", lambda: self.ev.evaluate(
            self.name, self.ev.ort(self.source), self.count)["value"])

    def peer(self, peer):
        """The figures of a peer, or {'error': ...}; failures of other people's
        tools are results, too."""
        lost = peer.available()
        if lost:
            return {"error": lost}

        def compute():
            try:
                start = time.time()
                if not os.path.exists(peer.file(self.made)):
                    peer.quantize(self.source, self.samples(), self.made)
                seconds = time.time() - start
                runner = peer.runner(self.made, self.ev)
                return {**self.score(runner), "seconds": seconds,
                        "bytes": peer.size(self.made)}
            except Exception as error:  # any type: not our code
                text = str(error).strip().splitlines() or [""]
                return {"error": f"{type(error).__name__}: {text[0][:200]}"}

        return self.store.get(f"{peer.name} {self.key}", compute)

    def ours(self):
        calibration = os.path.join(self.made, "calib.npz")
        if not os.path.exists(calibration):
            np.savez(calibration, **self.samples())
        shared = self.compiler.path(self.name, "model.so")
        seconds = self.compiler.quantize(self.source, calibration,
                                         "mcpu=native", shared)
        model = native_model.SharedModel(shared)
        contract = model.contract.data
        return {**self.score(model), "seconds": seconds,
                "bytes": os.path.getsize(shared),
                "float_ops": [op["name"] for op in contract["float_ops"]],
                "float_error": self.float_error()}

    def float_error(self):
        """The largest difference between our float path and ONNX Runtime's,
        relative to the largest value of each output."""
        samples = {k: v[:FLOAT_SAMPLES] for k, v in self.samples().items()}
        inputs = self.compiler.path(self.name, "float_in.npz")
        outputs = self.compiler.path(self.name, "float_out.npz")
        np.savez(inputs, **samples)
        done = subprocess.run(
            [self.compiler.runner, self.source, f"--inputs={inputs}",
             f"--outputs={outputs}"], capture_output=True, text=True,
            check=False)
        if done.returncode:
            raise RuntimeError(f"float path: {done.stderr.strip()}")
        shapes = self.ev.meta(self.name)["inputs"]
        fixed = {k: v.reshape([-1] + shapes[k]) for k, v in samples.items()}
        rows = [self.ev.ort(self.source)({k: v[i] for k, v in fixed.items()})
                for i in range(len(next(iter(fixed.values()))))]
        expected = [np.concatenate(column) for column in zip(*rows)]
        with np.load(outputs) as found:
            found = [found[key] for key in found.files]
        return max(float(np.abs(a.reshape(b.shape) - b).max()
                         / max(np.abs(b).max(), 1e-30))
                   for a, b in zip(found, expected))


def drop(reference, figures):
    return max(0.0, reference - figures["value"])


def judge(row):
    """What is wrong with a row, in words."""
    ours = row["ours"]
    if "error" in ours:
        yield ours["error"]
        return
    if ours["float_error"] > FLOAT_TOLERANCE:
        yield f"float differs by {ours['float_error']:.1e}"
    known = [p for p in row["peers"].values() if "error" not in p]
    if not known:
        return
    best = max(known, key=lambda figures: figures["value"])
    if drop(row["float"], ours) > drop(row["float"], best) + EQUAL:
        yield (f"metric {ours['value']:.4f}, the better peer's "
               f"{best['value']:.4f}")


def better(figures):
    """The best of one tool's calibration methods; an error if all failed."""
    known = [f for f in figures if "error" not in f]
    return max(known, key=lambda f: f["value"]) if known else figures[0]


def cell(figures, key="value", form="{:.4f}"):
    return "-" if "error" in figures else form.format(figures[key])


HEADER = (f"{'model':<25}{'float':>9}{'ours':>9}{'ORT':>9}{'OpenVINO':>9}"
          f"{'dB':>6}{'ORT':>6}{'OV':>6}{'agree':>8}{'kB':>7}{'ORT':>7}"
          f"{'OV':>7}{'fl.ops':>7}{'sec':>7}  verdict")


def show(row):
    ours = row["ours"]
    ort = better([f for k, f in row["peers"].items() if k.startswith("ort")])
    vino = row["peers"]["openvino"]
    text = f"{row['name']:<25}{row['float']:>9.4f}"
    for figures in (ours, ort, vino):
        text += f"{cell(figures):>9}"
    for figures in (ours, ort, vino):
        text += f"{cell(figures, 'sqnr_db', '{:.1f}'):>6}"
    text += f"{cell(ours, 'agreement'):>8}"
    for figures in (ours, ort, vino):
        size = "-" if "error" in figures else f"{figures['bytes'] // 1000}"
        text += f"{size:>7}"
    count = "-" if "error" in ours else len(ours["float_ops"])
    text += f"{count:>7}{cell(ours, 'seconds', '{:.1f}'):>7}"
    print(f"{text}  {'; '.join(row['missed']) or 'ok'}", flush=True)


def measure(ev, compiler, name, args):
    comparison = Comparison(ev, compiler, name, args)
    row = {"name": name, "float": comparison.float_metric(), "peers": {}}
    for peer in peer_models.peers(args.ort_methods):
        row["peers"][peer.name] = comparison.peer(peer)
    try:
        row["ours"] = {} if args.peers_only else comparison.ours()
    except (RuntimeError, OSError, native_model.ContractError) as error:
        row["ours"] = {"error": str(error).splitlines()[-1][:300]}
    return row


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="models (default: all)")
    parser.add_argument("--data", metavar="DIR",
                        default=os.path.join(ROOT, "..", "shared", "data"))
    parser.add_argument("--model", metavar="NAME=FILE", action="append",
                        default=[], help="a model that the data only describe")
    parser.add_argument("--tools", metavar="DIR",
                        default=os.path.join(ROOT, "build", "bin"))
    parser.add_argument("--cache", metavar="DIR",
                        default=os.path.join(ROOT, "build", "accuracy"),
                        help="where peers' models and figures are kept")
    parser.add_argument("--n", type=int, metavar="N",
                        help="evaluate the first N samples only")
    parser.add_argument("--ort-methods", metavar="LIST", default="minmax",
                        help="calibration methods of ONNX Runtime, of "
                        f"{','.join(peer_models.ORT_METHODS)}; the best counts")
    parser.add_argument("--peers-only", action="store_true",
                        help="fill the cache, measure nothing of our own")
    parser.add_argument("--json", metavar="FILE", help="write the rows there")
    args = parser.parse_args()
    args.ort_methods = args.ort_methods.split(",")
    for method in args.ort_methods:
        if method not in peer_models.ORT_METHODS:
            parser.error(f"unknown method '{method}' of ONNX Runtime")
    return parser, args


def main():
    parser, args = parse_arguments()
    files = dict(entry.split("=", 1) for entry in args.model)
    ev = load_evaluate(args.data, files)
    names = args.names or ev.names()
    for name in [*names, *files]:
        if name not in ev.names():
            parser.error(f"no model '{name}' in {args.data}")
    for peer in peer_models.peers(args.ort_methods):
        if peer.available():
            print(f"MISSING {peer.name}: {peer.available()}")
    compiler = Compiler(args.tools, os.path.join(args.cache, "code"))
    rows, bad = [], 0
    print(HEADER)
    for name in names:
        try:
            row = measure(ev, compiler, name, args)
        except RuntimeError as error:
            print(f"{name:<25} {error}", flush=True)
            bad += 1
            continue
        rows.append(row)
        if args.peers_only:
            print(name, json.dumps(row["peers"]), flush=True)
            continue
        row["missed"] = list(judge(row))
        bad += bool(row["missed"])
        show(row)
    print(f"{len(names) - bad} of {len(names)} models are no worse than the "
          "better peer")
    if args.json:
        with open(args.json, "w", encoding="utf8") as file:
            json.dump(rows, file, indent=1)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
