"""Integer form against simulated quantization, op by op.

    compare.py QUANT_OPT QUANT_RUN OPS.mlir FOLDER

Each function of OPS.mlir is propagated; then its simulation in float by the JIT
and its integer form by the reference interpreter run on the same seeded data.
Results must differ by at most one step of the output scale, and by none in at
least 95 of 100 elements.
"""

import os
import re
import subprocess
import sys

import numpy as np


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def functions(text):
    """(name, module, input shapes) of each function."""
    aliases = re.findall(r"^!\w+ = .*$", text, re.M)
    for body in re.findall(r"^func\.func @.*?^}$", text, re.M | re.S):
        name = re.match(r"func\.func @(\w+)", body).group(1)
        shapes = re.findall(r"%\w+: tensor<([0-9x]+)xf32>",
                            body[:body.index("->")])
        yield (name, "\n".join(aliases) + "\n" + body,
               [tuple(map(int, s.split("x"))) for s in shapes])


def samples_of(shape, count=16):
    """Samples are joined along the first axis."""
    return (count * shape[0],) + shape[1:]


def main(quant_opt, quant_run, source, folder):
    rng = np.random.default_rng(1)
    with open(source, encoding="utf8") as file:
        text = file.read()
    for name, module, shapes in functions(text):
        base = os.path.join(folder, name)
        with open(base + ".mlir", "w", encoding="utf8") as file:
            file.write(module)
        run(quant_opt, base + ".mlir", "--qnt-propagate", "--qnt-fold",
            "-o", base + ".q.mlir")
        run(quant_opt, base + ".q.mlir",
            "--qnt-lower-to-integer=full-integer",
            "--qnt-verify-contract=stage=lower", "-o", base + ".i.mlir")
        np.savez(base + ".in.npz", **{
            f"arg{i}": rng.uniform(-4, 4, samples_of(shape)).astype(np.float32)
            for i, shape in enumerate(shapes)})
        for suffix, option in (("q", []), ("i", ["--reference"])):
            run(quant_run, f"{base}.{suffix}.mlir", f"--inputs={base}.in.npz",
                f"--outputs={base}.{suffix}.npz", *option)
        with np.load(base + ".q.npz") as a, np.load(base + ".i.npz") as b:
            simulated, integer = (f[f.files[0]] for f in (a, b))
        with open(base + ".i.mlir", encoding="utf8") as file:
            scale = float(re.findall(r"qnt\.scale = (\S+) : f32",
                                     file.read())[-1])
        steps = np.rint(np.abs(simulated - integer) / scale)
        equal = np.mean(steps == 0)
        assert len(np.unique(integer)) > 3, f"{name}: constant output"
        verdict = "ok" if steps.max() <= 1 and equal >= 0.95 else "FAILED"
        print(f"{name}: {verdict} (largest difference {steps.max():.0f} steps, "
              f"{100 * equal:.1f} % equal)")


main(*sys.argv[1:])
