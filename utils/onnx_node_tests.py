#!/usr/bin/env python3
"""Runs the conformance cases of ONNX through quant-run and says how each ends.

    utils/onnx_node_tests.py [--tools DIR] [--filter REGEX] [--every K] [-v]
        [--json FILE] [--page FILE] [--write-known FILE | --known FILE]

Cases are those that the installed `onnx` package generates (one or a few nodes
each, with inputs and outputs), and those of Debian's libonnx-testdata where it
is installed. A case whose parameters (shapes, axes, weights) are inputs of the
graph is run as it is, and if that is refused once more with those inputs made
constants, as they are in the files of exporters.

A result is one of
    pass       every output has type, shape and values within the case's bounds
    constants  as pass, with the parameters made constants
    wrong      some output differs
    error      refused with a diagnostic
    crash      ended by a signal, or in any way but exit codes 0 and 1
    hang       did not end within the time limit
    scope      refused with a diagnostic, and outside of what is read: see REASONS

Invariant: ends with 0 only if no case is wrong, crashes or hangs and, with
--known, every case that is not listed there passes.
"""

import argparse
import collections
import glob
import io
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import warnings
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
TESTDATA = "/usr/share/libonnx-testdata/data"
FOLDERS = ("node", "simple", "pytorch-operator", "pytorch-converted")
RESULTS = ("pass", "constants", "wrong", "error", "crash", "hang", "scope")
LIMITS = "30,6144"

# Inputs that are parameters: what exporters store in the file.
PARAMETERS = {
    "AffineGrid": [1], "CenterCropPad": [1], "Col2Im": [1, 2], "Compress": [1],
    "ConstantOfShape": [0], "CumProd": [1], "CumSum": [1], "DFT": [1, 2],
    "Dropout": [1, 2], "Expand": [1], "BlackmanWindow": [0],
    "HammingWindow": [0], "HannWindow": [0], "If": [0], "Loop": [0, 1],
    "MaxUnpool": [2], "MelWeightMatrix": [0, 1, 2, 3, 4],
    "NonMaxSuppression": [2, 3, 4], "OneHot": [1], "Pad": [1, 2, 3],
    "Range": [0, 1, 2], "Reshape": [1], "Resize": [1, 2, 3],
    "Slice": [1, 2, 3, 4], "Split": [1], "SplitToSequence": [1],
    "Squeeze": [1], "STFT": [1, 2, 3], "Tile": [1], "TopK": [1], "Trilu": [1],
    "Unsqueeze": [1], "Upsample": [1],
    "ReduceL1": [1], "ReduceL2": [1], "ReduceLogSum": [1],
    "ReduceLogSumExp": [1], "ReduceMax": [1], "ReduceMean": [1],
    "ReduceMin": [1], "ReduceProd": [1], "ReduceSum": [1],
    "ReduceSumSquare": [1],
    # Weights and quantization parameters.
    "BatchNormalization": [1, 2, 3, 4], "Conv": [1, 2],
    "ConvInteger": [1, 2, 3], "ConvTranspose": [1, 2], "DeformConv": [1, 3],
    "DequantizeLinear": [1, 2], "GRU": [1, 2, 3], "Gemm": [1, 2],
    "InstanceNormalization": [1, 2], "GroupNormalization": [1, 2],
    "LayerNormalization": [1, 2], "LSTM": [1, 2, 3, 7],
    "MatMulInteger": [1, 2, 3], "QLinearConv": [1, 2, 3, 4, 5, 6, 7, 8],
    "QLinearMatMul": [1, 2, 3, 4, 5, 6, 7], "QuantizeLinear": [1, 2],
    "RNN": [1, 2, 3], "PRelu": [1],
}

# Why a refused case is outside of what is read, by what its diagnostic or its
# model says.
RANDOM = {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike",
          "RandomUniform", "RandomUniformLike"}
VALUE_SHAPES = {"Compress", "NonZero", "Unique", "NonMaxSuppression"}
OTHER_TYPES = {
    TensorProto.STRING: "strings", TensorProto.COMPLEX64: "complex numbers",
    TensorProto.COMPLEX128: "complex numbers", 17: "8-bit floats",
    18: "8-bit floats", 19: "8-bit floats", 20: "8-bit floats",
    23: "4-bit floats", 24: "8-bit floats", 25: "2-bit integers",
    26: "2-bit integers",
}
# Cases whose data are not what the specification says.
WRONG_DATA = {
    "debian_test_cast_FLOAT_to_BFLOAT16":
        "the data truncate where the specification rounds to nearest",
}
WRONG_DATA.update({
    "debian_test_castlike_" + name: "the data have another shape than the model"
    for name in ("BFLOAT16_to_FLOAT", "BFLOAT16_to_FLOAT_expanded",
                 "FLOAT_to_BFLOAT16", "FLOAT_to_BFLOAT16_expanded")})


class Case:
    """A model and its data sets, each a pair of input and output lists."""

    def __init__(self, suite, name, model, data_sets, rtol, atol):
        self.suite, self.name, self.model = suite, name, model
        self.data_sets, self.rtol, self.atol = data_sets, rtol, atol
        self.result, self.reason = "pass", ""

    def operator(self):
        """What the table of the page lists the case under."""
        nodes = self.model.graph.node
        if self.suite not in ("node", "debian/node"):
            return self.suite
        if len(nodes) == 1 or "_expanded" not in self.name:
            last = nodes[-1]
            prefix = last.domain + "." if last.domain not in (
                "", "ai.onnx") else ""
            return prefix + last.op_type
        return self.base_operator

    base_operator = "(functions)"


def generated_cases():
    """Those of the installed package."""
    from onnx.backend.test.loader import load_model_tests
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in load_model_tests(kind="node"):
            yield Case("node", case.name, case.model, case.data_sets,
                       case.rtol, case.atol)


def read_message(path, value_type):
    """A .pb file of a data set; what is not a tensor stays a message."""
    with open(path, "rb") as file:
        data = file.read()
    kind = value_type.WhichOneof("value")
    if kind != "tensor_type":
        return kind
    tensor = TensorProto()
    tensor.ParseFromString(data)
    return tensor


def debian_cases():
    """Those of libonnx-testdata."""
    for folder in FOLDERS:
        for path in sorted(glob.glob(f"{TESTDATA}/{folder}/*/model.onnx")):
            base = os.path.dirname(path)
            model = onnx.load(path)
            names = {tensor.name for tensor in model.graph.initializer}
            ports = ([i for i in model.graph.input if i.name not in names],
                     list(model.graph.output))
            sets = []
            for data in sorted(glob.glob(base + "/test_data_set_*")):
                sets.append(tuple(
                    [read_message(f"{data}/{kind}_{i}.pb", port.type)
                     for i, port in enumerate(list_)
                     if os.path.exists(f"{data}/{kind}_{i}.pb")]
                    for kind, list_ in zip(("input", "output"), ports)))
            yield Case("debian/" + folder, "debian_" + os.path.basename(base),
                       model, sets, 1e-3, 1e-7)


def to_array(value):
    """A tensor as numpy holds it; None for what is not a plain tensor."""
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    value = np.asarray(value) if np.isscalar(value) else value
    if not isinstance(value, np.ndarray) or value.dtype.kind in "OUSc":
        return None
    return value


def stored(array):
    """The array in a type that .npy files have."""
    name = array.dtype.name
    if name in ("int4", "uint4"):
        return array.astype("int8" if name == "int4" else "uint8")
    return array.view("V2") if name == "bfloat16" else array


def write_npz(path, arrays):
    """Any name will do, which numpy's own savez does not say."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, np.asarray(array, order="C"))
            archive.writestr(name + ".npy", data.getvalue())


def read_npz(path):
    with zipfile.ZipFile(path) as archive:
        return {entry[:-4]: np.lib.format.read_array(
            io.BytesIO(archive.read(entry))) for entry in archive.namelist()}


def difference(got, want, rtol, atol, fourier=False):
    """What is wrong with an output, or nothing."""
    plain = stored(want)
    # Files of before numpy had the type hold the bits of bfloat16.
    if got.dtype.kind == "V" and want.dtype == np.uint16:
        got = got.view(np.uint16)
    if got.dtype != plain.dtype:
        return f"type {got.dtype}, expected {want.dtype}"
    if got.shape != want.shape:
        return f"shape {list(got.shape)}, expected {list(want.shape)}"
    got = got.view(want.dtype) if got.dtype.kind == "V" else got
    if want.dtype.kind not in "fV":
        unequal = got != plain
    else:
        a, b = got.astype(np.float64), want.astype(np.float64)
        if fourier:
            # The cases come from an FFT in float32, which leaves rounding
            # errors of the largest term where the transform is zero.
            atol = max(atol, 2.0 ** -22 * np.abs(b).max(initial=0))
        if want.dtype.name == "bfloat16":
            # The cases round after every op, each time by up to 2^-9.
            rtol = max(rtol, 2.0 ** -6)
        unequal = ~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    count = int(np.count_nonzero(unequal))
    if not count:
        return None
    at = tuple(int(i) for i in np.argwhere(unequal)[0])
    return (f"{count} of {want.size} elements differ, first {got[at]} at "
            f"{list(at)}, expected {want[at]}")


class Server:
    """quant-run as a server of forked runs."""

    def __init__(self, tool):
        self.tool = tool
        self.process = subprocess.Popen(
            [tool, "--serve=" + LIMITS], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)

    def run(self, *words):
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.tool} ended; line {words}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def parameter_inputs(graph):
    """Values that nodes read as parameters, and what these come from."""
    names = set()
    for node in graph.node:
        for index in PARAMETERS.get(node.op_type, ()):
            if index < len(node.input):
                names.add(node.input[index])
    for node in reversed(graph.node):
        # The shape of a value is known without the value.
        if names & set(node.output) and node.op_type not in ("Shape", "Size"):
            names.update(node.input)
    return names


def freeze(model, arrays):
    """The model with the parameters among `arrays` made initializers."""
    frozen = onnx.ModelProto()
    frozen.CopyFrom(model)
    direct = {node.input[i] for node in model.graph.node
              for i in PARAMETERS.get(node.op_type, ())
              if i < len(node.input)}
    names = {name for name in parameter_inputs(model.graph) & set(arrays)
             if name in direct or arrays[name].size <= 16}
    if not names:
        return None
    kept = [i for i in frozen.graph.input if i.name not in names]
    del frozen.graph.input[:]
    frozen.graph.input.extend(kept)
    frozen.graph.initializer.extend(
        numpy_helper.from_array(arrays[name], name) for name in sorted(names))
    return frozen


def dynamic_shapes(model, arrays):
    """The option that gives inputs of open size the shape of their array."""
    entries = []
    for port in model.graph.input:
        if port.name not in arrays:
            continue
        tensor = port.type.tensor_type
        shape = arrays[port.name].shape
        open_ = not tensor.HasField("shape") or any(
            not dim.HasField("dim_value") for dim in tensor.shape.dim)
        if open_ and shape and 0 not in shape:
            entries.append(port.name + ":" + "x".join(map(str, shape)))
    return ["--input-shapes=" + ",".join(entries)] if entries else []


def first_error(text):
    for line in text.splitlines():
        if "error:" in line:
            return line.split("error:", 1)[1].strip()
    return text.strip().splitlines()[-1] if text.strip() else "no message"


def run_once(server, folder, case, model, data_set):
    """-> result, reason of one data set."""
    paths = [os.path.join(folder, name)
             for name in ("model.onnx", "in.npz", "out.npz")]
    initial = {tensor.name for tensor in model.graph.initializer}
    ports = [i.name for i in case.model.graph.input]
    if len(ports) != len(data_set[0]):
        ports = [p for p in ports
                 if p not in {t.name for t in case.model.graph.initializer}]
    arrays = {name: to_array(value) for name, value in zip(ports, data_set[0])
              if name not in initial}
    for port in case.model.graph.input:
        # Files of before numpy had the type hold the bits of bfloat16.
        array = arrays.get(port.name)
        if (port.type.tensor_type.elem_type == TensorProto.BFLOAT16
                and array is not None and array.dtype == np.uint16):
            arrays[port.name] = array.view("V2")
    plain = {name: stored(value) for name, value in arrays.items()
             if value is not None}
    onnx.save(model, paths[0])
    write_npz(paths[1], plain or {"none": np.zeros(1, np.float32)})
    if os.path.exists(paths[2]):
        os.remove(paths[2])
    reply = server.run(paths[0], "--inputs=" + paths[1],
                       "--outputs=" + paths[2], *dynamic_shapes(model, plain))
    if reply["timeout"]:
        return "hang", "no end within " + LIMITS.split(",", maxsplit=1)[0] + " s"
    if reply["rc"] not in (0, 1):
        return "crash", f"signal {reply['signal']}: " + reply["text"].strip(
            )[-200:]
    if reply["rc"] == 1:
        return "error", first_error(reply["text"])
    outputs = read_npz(paths[2])
    for port, want in zip(case.model.graph.output, data_set[1]):
        want = to_array(want)
        if want is None or port.name not in outputs:
            return "wrong", f"output '{port.name}' cannot be compared"
        fourier = any(n.op_type == "DFT" for n in case.model.graph.node)
        wrong = difference(outputs[port.name], want, case.rtol, case.atol,
                           fourier)
        if wrong:
            return "wrong", f"output '{port.name}': {wrong}"
    return "pass", ""


def run_set(server, folder, case, data_set):
    result, reason = run_once(server, folder, case, case.model, data_set)
    if result != "error":
        return result, reason
    arrays = {port.name: to_array(value) for port, value in zip(
        case.model.graph.input, data_set[0])}
    frozen = freeze(case.model, {name: value for name, value in arrays.items()
                                 if value is not None})
    if frozen is None:
        return result, reason
    result, reason = run_once(server, folder, case, frozen, data_set)
    return ("constants" if result == "pass" else result), reason


def value_types(graph):
    """Types of inputs and outputs."""
    for port in list(graph.input) + list(graph.output):
        kind = port.type.WhichOneof("value")
        if kind != "tensor_type":
            yield kind
        else:
            yield port.type.tensor_type.elem_type


def scope_reason(case):
    """Why a refused case is not among those that are meant to be read."""
    for type_ in value_types(case.model.graph):
        if isinstance(type_, str):
            return type_.replace("_type", "").replace("_", " ") + " values"
        if type_ in OTHER_TYPES:
            return OTHER_TYPES[type_]
    names = {node.op_type for node in case.model.graph.node}
    if names & RANDOM or "training_dropout" in case.name:
        return "random numbers"
    if any(node.domain.startswith("ai.onnx.") for node in
           case.model.graph.node):
        return "domains for training and classical learning"
    if names & {"ImageDecoder", "TfIdfVectorizer"}:
        return "files of images, and text"
    if names & VALUE_SHAPES:
        return "the shape of a result depends on values"
    inner = [t for node in case.model.graph.node for a in node.attribute
             for t in ([a.t] if a.HasField("t") else [])]
    for tensor in list(case.model.graph.initializer) + inner:
        if tensor.data_type in OTHER_TYPES:
            return OTHER_TYPES[tensor.data_type]
    if any(node.op_type.startswith(("Sequence", "Optional", "String", "Regex"))
           for node in case.model.graph.node):
        return "sequences, optional values or strings"
    for types in re.findall(r"element type (\w+)|cast to element type (\w+)",
                            case.reason):
        text = "".join(types)
        if text.startswith(("float8", "float4")):
            return "8-bit floats" if "8" in text[:6] else "4-bit floats"
        if text.startswith(("string", "complex", "uint2", "int2")):
            return {"s": "strings", "c": "complex numbers"}.get(
                text[0], "2-bit integers")
    return None


def run_case(server, folder, case):
    for data_set in case.data_sets:
        result, reason = run_set(server, folder, case, data_set)
        if RESULTS.index(result) > RESULTS.index(case.result):
            case.result, case.reason = result, reason
    if case.name in WRONG_DATA and case.result in ("wrong", "error"):
        case.result, case.reason = "scope", WRONG_DATA[case.name]
    if case.result == "error":
        scope = scope_reason(case)
        if scope:
            case.result, case.reason = "scope", scope


def run_all(tool, cases, workers, verbose):
    todo = queue.SimpleQueue()
    for case in cases:
        todo.put(case)

    def work():
        server = Server(tool)
        with tempfile.TemporaryDirectory() as folder:
            while True:
                try:
                    case = todo.get_nowait()
                except queue.Empty:
                    break
                run_case(server, folder, case)
                if verbose or case.result in ("wrong", "crash", "hang"):
                    print(f"{case.result:10}{case.name}  {case.reason}",
                          flush=True)
        server.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def collect(args):
    cases = list(generated_cases())
    by_name = {case.name: case for case in cases}
    if os.path.isdir(TESTDATA) and not args.no_debian:
        cases += debian_cases()
    for case in cases:
        base = re.sub(r"_expanded.*$", "", case.name)
        origin = by_name.get(base.replace("debian_", ""))
        if origin is not None and origin is not case:
            case.base_operator = origin.operator()
    if args.filter:
        pattern = re.compile(args.filter)
        cases = [c for c in cases
                 if pattern.search(c.name) or pattern.search(c.operator())]
    whole = os.environ.get("QNT_ALL_NODE_TESTS", "0") != "0"
    return cases if whole else cases[::args.every]


def summarize(cases):
    """Counts by result."""
    return collections.Counter(case.result for case in cases)


def write_page(path, cases):
    """The page with one row per operator."""
    rows = collections.defaultdict(list)
    for case in cases:
        rows[case.operator()].append(case)
    debian = any(case.suite.startswith("debian") for case in cases)
    total = summarize(cases)
    inside = len(cases) - total["scope"]
    good = total["pass"] + total["constants"]
    lines = [
        "# ONNX conformance", "",
        "Generated by `utils/onnx_node_tests.py --page`, which says what the "
        "columns mean.",
        f"Cases of onnx {onnx.__version__}"
        + (" and of Debian's libonnx-testdata." if debian else "."), "",
        f"{len(cases)} cases: {total['pass']} pass as they are, "
        f"{total['constants']} with parameters made constants, "
        f"{total['wrong']} wrong, {total['error']} refused, "
        f"{total['crash'] + total['hang']} crash or hang, {total['scope']} are "
        "out of scope.", "",
        f"Of the {inside} within scope, {100 * good / max(inside, 1):.1f} % "
        "pass.", "",
        "| op | cases | pass | constants | wrong | error | crash, hang "
        "| out of scope | reason |", "|---|---|---|---|---|---|---|---|---|"]
    for name in sorted(rows, key=lambda n: (n.startswith("debian"), n)):
        counts = summarize(rows[name])
        # The reasons that come up most.
        reasons = collections.Counter(
            c.reason for c in rows[name] if c.result not in (
                "pass", "constants"))
        text = reasons.most_common(1)[0][0] if reasons else ""
        text = re.sub(r"^1 unsupported node: (\w+) '[^']*': ", "", text)
        text = text.replace("|", "\\|")[:120]
        cells = [counts[key] or "" for key in
                 ("pass", "constants", "wrong", "error")]
        cells += [counts["crash"] + counts["hang"] or "", counts["scope"] or ""]
        lines.append(f"| {name} | {len(rows[name])} | "
                     + " | ".join(map(str, cells)) + f" | {text} |")
    with open(path, "w", encoding="utf8") as file:
        file.write("\n".join(lines) + "\n")


def check_known(cases, path):
    """Cases that should pass and do not -> their number."""
    with open(path, encoding="utf8") as file:
        known = json.load(file)
    if known["onnx"] != onnx.__version__:
        print(f"{path} is of onnx {known['onnx']}, this is "
              f"{onnx.__version__}: new cases may be refused")
        return 0
    bad = [c for c in cases if c.name not in known["refused"]
           and c.result not in ("pass", "constants")]
    for case in bad:
        print(f"{case.name} used to pass: {case.result}, {case.reason}")
    return len(bad)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tools", default=os.path.join(
        HERE, "..", "build", "dev", "bin"), help="where quant-run lies")
    parser.add_argument("--filter", help="cases or ops by this pattern")
    parser.add_argument("--every", type=int, default=1,
                        help="only each K-th case; QNT_ALL_NODE_TESTS=1 "
                        "overrides it")
    parser.add_argument("--no-debian", action="store_true",
                        help="only the cases of the onnx package")
    parser.add_argument("-j", type=int, default=2, help="runs at a time")
    parser.add_argument("-v", action="store_true", help="print every case")
    parser.add_argument("--json", help="all results to this file")
    parser.add_argument("--page", help="the table by op to this file")
    parser.add_argument("--known", help="list of refused cases to hold to")
    parser.add_argument("--write-known", help="writes that list")
    return parser.parse_args()


def main():
    args = parse_arguments()
    cases = collect(args)
    run_all(os.path.join(args.tools, "quant-run"), cases, args.j, args.v)
    total = summarize(cases)
    if args.json:
        with open(args.json, "w", encoding="utf8") as file:
            json.dump([{"name": c.name, "op": c.operator(),
                        "result": c.result, "reason": c.reason}
                       for c in cases], file, indent=1)
    if args.page:
        write_page(args.page, cases)
    refused = sorted(c.name for c in cases if c.result in ("error", "scope"))
    if args.write_known:
        with open(args.write_known, "w", encoding="utf8") as file:
            json.dump({"onnx": onnx.__version__, "refused": refused}, file,
                      indent=0)
            file.write("\n")
    bad = check_known(cases, args.known) if args.known else 0
    print(f"{len(cases)} cases: " + ", ".join(
        f"{total[key]} {key}" for key in RESULTS))
    return 1 if bad or total["wrong"] + total["crash"] + total["hang"] else 0


if __name__ == "__main__":
    sys.exit(main())
