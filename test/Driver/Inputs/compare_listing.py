"""compare_listing.py QUANT_OPT FOLDER: what --list-ops says of a model against
what --quantize-int8 then does to it with real calibration data.

Each case of make_models.py is listed and quantized; the nodes that the listing
calls float have to be those of `qnt.float_ops`."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import onnx

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, os.pardir, "Import", "Inputs"))
import make_models  # noqa: E402

CASES_AT_ONCE = 7


def listed(quant_opt, path):
    text = subprocess.run([quant_opt, path, "--list-ops=json"], check=True,
                          stdout=subprocess.PIPE).stdout
    return {node["name"]: node for node in json.loads(text)["nodes"]}


def quantized(quant_opt, path, data):
    """Names of the nodes that stay float; None if quantization fails."""
    run = subprocess.run(
        [quant_opt, path, f"--quantize-int8=calibration-data={data}"],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        return None
    return set(re.findall(r"'([^']*)' stays float: ", run.stderr))


def main(quant_opt, folder):
    os.makedirs(folder, exist_ok=True)
    names = list(make_models.CASES)[::CASES_AT_ONCE]
    wrong = 0
    for name in names:
        path = os.path.join(folder, name + ".onnx")
        model = make_models.CASES[name]()
        onnx.save(model, path)
        dims = [d.dim_value
                for d in model.graph.input[0].type.tensor_type.shape.dim]
        rng = np.random.RandomState(3)
        np.savez(path + ".npz",
                 x=rng.standard_normal([4] + dims[1:]).astype(np.float32)
                 if dims[0] == 1 else
                 rng.standard_normal([4] + dims).astype(np.float32))
        nodes = listed(quant_opt, path)
        floats = quantized(quant_opt, path, path + ".npz")
        if floats is None:
            continue
        said = {n for n, node in nodes.items() if node["status"] == "float"}
        if said != floats & set(nodes):
            wrong += 1
            print(f"{name}: listed {sorted(said)}, found {sorted(floats)}")
    print(f"{len(names) - wrong} of {len(names)} listings are true")


main(sys.argv[1], sys.argv[2])
