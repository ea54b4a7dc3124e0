"""compare_structured.py QUANT_RUN FOLDER [CASE...]: the models of
structured_cases.py through quant-run and onnxruntime on the same data.

Prints every output that differs by more than the tolerance of its case,
relative to the largest reference value.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import onnxruntime

import structured_cases

onnxruntime.set_default_logger_severity(4)


def run_case(name, quant_run, folder):
    """What is wrong, or nothing."""
    build, tolerance = structured_cases.CASES[name]
    net, model = build()
    path = os.path.join(folder, name)
    onnx.save(model, path + ".onnx")
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString())
        expected = session.run(None, net.feeds)
    except Exception as error:
        return f"no reference: {error}"
    np.savez(path + ".in.npz", **net.feeds)
    result = subprocess.run(
        [quant_run, path + ".onnx", "--inputs", path + ".in.npz", "--outputs",
         path + ".out.npz", "--pad-detections"], check=False, capture_output=True, text=True)
    if result.returncode != 0:
        return "no result: " + result.stderr.strip()[-300:]
    actual = np.load(path + ".out.npz")
    for output, want in zip(session.get_outputs(), expected):
        want = np.asarray(want, np.float64)
        got = actual[output.name].astype(np.float64)
        if name.startswith("nms"):
            got = got[got[:, 0] >= 0]
        if got.size != want.size:
            return f"{output.name} has shape {got.shape}, not {want.shape}"
        worst = np.abs(got.reshape(want.shape) - want).max(initial=0)
        worst /= max(np.abs(want).max(initial=0), 1e-6)
        if not worst <= tolerance:
            return f"{output.name} differs by {worst:.3g}"
    return ""


def main(quant_run, folder, names):
    os.makedirs(folder, exist_ok=True)
    names = names or list(structured_cases.CASES)
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        problems = list(pool.map(
            lambda name: run_case(name, quant_run, folder), names))
    for name, problem in zip(names, problems):
        if problem:
            print(f"{name}: {problem}")
            failed += 1
    print(f"{len(names) - failed} of {len(names)} cases agree")
    return 1 if failed else 0


sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
