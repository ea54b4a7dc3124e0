"""compare_ops.py QUANT_RUN FOLDER [CASE...]: runs the models of make_models.py
through quant-run and through onnxruntime on the same seeded data, and prints
the cases that differ by more than 1e-5 of the largest value."""

import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime

import make_models

TOLERANCE = 1e-5
onnxruntime.set_default_logger_severity(4)


def run_case(name, quant_run, folder):
    """The largest difference, relative to the largest reference value."""
    path = os.path.join(folder, name + ".onnx")
    onnx.save(make_models.CASES[name](), path)
    session = onnxruntime.InferenceSession(path)
    rng = np.random.RandomState(5)
    info = session.get_inputs()[0]
    x = rng.standard_normal(info.shape).astype(np.float32)
    expected = session.run(None, {info.name: x})
    np.savez(path + ".in.npz", **{info.name: x})
    code = subprocess.run([quant_run, path, "--inputs", path + ".in.npz",
                           "--outputs", path + ".out.npz"],
                          check=False).returncode
    if code != 0:
        return np.inf
    actual = np.load(path + ".out.npz")
    worst = 0.0
    for output, reference in zip(session.get_outputs(), expected):
        result = actual[output.name].reshape(reference.shape)
        scale = max(np.abs(reference).max(), 1e-6)
        worst = max(worst, np.abs(result - reference).max() / scale)
    return worst


def main(quant_run, folder, names):
    os.makedirs(folder, exist_ok=True)
    failed = 0
    names = names or list(make_models.CASES)
    for name in names:
        worst = run_case(name, quant_run, folder)
        if not worst <= TOLERANCE:
            print(f"{name}: differs by {worst:.3g}")
            failed += 1
    print(f"{len(names) - failed} of {len(names)} cases agree")


main(sys.argv[1], sys.argv[2], sys.argv[3:])
