"""try.py FOLDER shared|host|aarch64: runs FOLDER/twice.* and checks it."""
import sys

import numpy as np

from native_model import ContractError, LinkedModel, SharedModel

folder, how = sys.argv[1:]
if how == "shared":
    model = SharedModel(f"{folder}/twice.so")
elif how == "host":
    model = LinkedModel(f"{folder}/twice.o")
else:
    model = LinkedModel(
        f"{folder}/twice.o", ("aarch64-linux-gnu-gcc",),
        ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"))
x = np.random.RandomState(1).standard_normal((9, 4)).astype(np.float32)
y, count = model.map({"x": x})
assert np.array_equal(y, x + x) and count.dtype == np.int8
assert np.array_equal(count[:, 0], (x > 0).sum(1))
for wrong in ({"z": x}, {"x": x.astype(np.float64)}, {"x": x[:, :3]}):
    try:
        model.map(wrong)
        raise SystemExit("took arrays against the contract")
    except ContractError as error:
        print(error)
if how == "host":
    assert len(model.nanoseconds(x[:1], 7)) == 7
print("equal", how)
