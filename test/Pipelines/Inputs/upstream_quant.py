"""Writes inputs for upstream_quant.mlir and what its arithmetic makes of them,
in numpy, with the rounding fp32-rne of docs/Numerics.md.

    upstream_quant.py MODEL INPUTS.npz EXPECTED.npz
"""

import re
import sys

import numpy as np

model, inputs, expected = sys.argv[1:]
with open(model, encoding="utf8") as file:
    digits = re.search(r'dense<"0x([0-9A-F]+)">', file.read())[1]
weights = np.frombuffer(bytes.fromhex(digits), np.int8).reshape(4, 3, 3, 3)
bias = np.array([100, -200, 300, -400])
scales = np.array([0.01, 0.02, 0.015, 0.005], np.float32)
x = np.random.default_rng(5).uniform(-4, 4, (16, 8, 8, 3)).astype(np.float32)

stored = np.clip(np.rint(x / np.float32(0.03125)) - 5, -128, 127).astype(int)
padded = np.pad(stored, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=-5)
windows = np.lib.stride_tricks.sliding_window_view(padded + 5, (3, 3), (1, 2))
sums = np.einsum("nijcyx,oyxc->nijo", windows, weights.astype(int)) + bias
factors = np.float32(0.03125) * scales / np.float32(0.0625)
scaled = np.rint(sums.astype(np.float32) * factors.astype(np.float32))
small = np.clip(scaled - 128, -128, 127).astype(int)
pooled = small.reshape(16, 4, 2, 4, 2, 4).max((2, 4))
np.savez(inputs, arg0=x)
np.savez(expected,
         result0=((pooled + 128) * np.float32(0.0625)).astype(np.float32))
