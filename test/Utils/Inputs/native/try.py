"""try.py FOLDER shared|QUANT_RUN: runs FOLDER/twice.so or .o and checks it."""
import sys

import numpy as np

from native_model import ContractError, ObjectModel, SharedModel

folder, how = sys.argv[1:]
if how == "shared":
    model = SharedModel(f"{folder}/twice.so")
else:
    model = ObjectModel(f"{folder}/twice.o", how)
    assert model.microseconds(np.zeros((1, 4), np.float32)) > 0
x = np.random.RandomState(1).standard_normal((9, 4)).astype(np.float32)
y, count = model.map({"x": x})
assert np.array_equal(y, x + x) and count.dtype == np.int8
assert np.array_equal(count.reshape(-1), (x > 0).sum(1))
for wrong in ({"z": x}, {"x": x.astype(np.float64)}, {"x": x[:, :3]}):
    try:
        model.map(wrong)
        raise SystemExit("took arrays against the contract")
    except ContractError as error:
        print(error)
print("equal")
