#!/usr/bin/env python3
"""Writes docs/OnnxOps.md: which ONNX ops are read, and what int8 makes of them.

    utils/onnx_ops_page.py QUANT_OPT [--check]

The rows are those of `quant-opt --print-onnx-ops`. The last column is what
`--list-ops` says of the node cases that the onnx package generates for the op,
with everything but the first input constant, as weights are. --check writes
nothing and fails where the committed page differs; the last column is compared
only under the version of the onnx package that the page names.
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test import loader

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                    "docs", "OnnxOps.md")
CASES_PER_OP = 3
HEAD = f"""# ONNX ops

Made by `utils/onnx_ops_page.py build/bin/quant-opt`, from the op table of the
importer and the node cases of onnx {onnx.__version__}. [Onnx.md](Onnx.md) tells
what holds for all of them.

The last column is what `quant-opt case.onnx --list-ops` says with all inputs
but the first constant: *integer* with the types of the tensors around the op
(i32 is a bias), *float* where no case has an integer form, *some* where not
every case has one, nothing where the cases compute with integers from the
start or at compile time.

"""


def cases_by_op():
    """Single-node cases with a float32 first input, by op type."""
    result = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = loader.load_model_tests(kind="node")
    for test in tests:
        graph = test.model.graph
        if len(graph.node) != 1 or not graph.input or not test.data_sets:
            continue
        first = graph.input[0].type.tensor_type
        inputs = test.data_sets[0][0]
        if (first.elem_type != TensorProto.FLOAT
                or not all(isinstance(x, np.ndarray) for x in inputs)):
            continue
        result.setdefault(graph.node[0].op_type, []).append(test)
    return result


def save_case(test, path):
    """The model with all inputs but the first as initializers."""
    model = onnx.ModelProto()
    model.CopyFrom(test.model)
    graph = model.graph
    for info, value in list(zip(graph.input, test.data_sets[0][0]))[1:]:
        graph.initializer.append(numpy_helper.from_array(value, info.name))
    del graph.input[1:]
    onnx.save(model, path)


def decide(quant_opt, test, folder):
    """-> (status, schemes) of the case's node; None if it is not read."""
    path = os.path.join(folder, "case.onnx")
    save_case(test, path)
    run = subprocess.run([quant_opt, path, "--list-ops=json"], check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if run.returncode != 0:
        return None
    node = json.loads(run.stdout)["nodes"][0]
    return node["status"], node["schemes"]


def describe(decisions):
    """The last column."""
    states = {status for status, _ in decisions}
    if not states & {"integer", "float"}:
        return ""
    if "integer" not in states:
        return "float"
    schemes = []
    for status, names in decisions:
        if status == "integer":
            schemes += [n for n in names if n not in schemes]
    if not schemes:
        return ""
    text = "integer: " + ", ".join(sorted(schemes))
    return "some " + text if "float" in states else text


def make_page(quant_opt):
    table = subprocess.run([quant_opt, "--print-onnx-ops"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split("|")[1:3] for line in table.splitlines()]
    for row in rows:
        if rows.count(row) > 1:
            sys.exit(f"OpTable.cpp has two rows for{row[0]}and{row[1]}")
    cases = cases_by_op()
    lines, known = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for line in table.splitlines():
            line = line.replace("|  |", "| |").replace("|  |", "| |")
            op = line.split("|")[1].strip()
            if op == "op":
                lines.append(line + " int8 |")
                continue
            if op.startswith("---"):
                lines.append(line + "---|")
                continue
            if op not in known:
                found = [decide(quant_opt, test, folder)
                         for test in cases.get(op, [])[:CASES_PER_OP]]
                known[op] = describe([d for d in found if d])
            lines.append(f"{line} {known[op]} |")
    return HEAD + "\n".join(lines) + "\n"


def without_int8(page):
    """The rows without the last column."""
    return [line.rsplit("|", 2)[0] for line in page.splitlines()
            if line.startswith("|")]


def main(quant_opt, check):
    page = make_page(quant_opt)
    if not check:
        with open(PAGE, "w", encoding="utf8") as file:
            file.write(page)
        return 0
    with open(PAGE, encoding="utf8") as file:
        committed = file.read()
    if f"onnx {onnx.__version__}." not in committed:
        same = without_int8(page) == without_int8(committed)
    else:
        same = page == committed
    if not same:
        old, new = committed.splitlines(), page.splitlines()
        for line in new:
            if line not in old:
                print("now:      " + line)
        for line in old:
            if line not in new:
                print("the page: " + line)
        print("docs/OnnxOps.md differs; run "
              "utils/onnx_ops_page.py build/bin/quant-opt")
    return 0 if same else 1


sys.exit(main(sys.argv[1], "--check" in sys.argv[2:]))
