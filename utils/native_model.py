"""Runs what quant-opt emitted, from Python, with nothing but numpy.

SharedModel loads a shared library through ctypes; LinkedModel links an object
file with utils/native_harness.c and streams samples through one process, under
an emulator if it is another machine's. Both read the contract beside the file
(model.json) and take and give arrays of exactly its types and shapes.

    model = SharedModel("out/digits.so")
    outputs = model(sample)             # one sample -> list of arrays
    outputs = model.map({"image": x})   # first axis = samples
"""

import ctypes
import json
import os
import subprocess
import tempfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
HARNESS = os.path.join(HERE, "native_harness.c")


class ContractError(Exception):
    """The arrays given do not fit the contract, or the model failed."""


class Contract:
    """model.json: names, types, shapes, arena."""

    def __init__(self, path):
        with open(path, encoding="utf8") as file:
            self.data = json.load(file)
        self.inputs = [(t["name"], np.dtype(t["dtype"]), tuple(t["shape"]))
                       for t in self.data["inputs"]]
        self.outputs = [(t["name"], np.dtype(t["dtype"]), tuple(t["shape"]))
                        for t in self.data["outputs"]]
        self.arena_bytes = self.data["arena_bytes"]
        self.arena_align = max(self.data["arena_align"], 16)

    @staticmethod
    def beside(path):
        return Contract(os.path.splitext(path)[0] + ".json")

    def pack(self, samples):
        """{name: array} or one array -> [one contiguous array per input]."""
        if not isinstance(samples, dict):
            samples = {self.inputs[0][0]: samples}
        packed = []
        for name, dtype, shape in self.inputs:
            if name not in samples:
                raise ContractError(f"no array for input '{name}'")
            array = np.ascontiguousarray(samples[name])
            if array.dtype != dtype:
                raise ContractError(f"input '{name}' is {array.dtype}, "
                                    f"expected {dtype}")
            each = int(np.prod(shape))
            if array.size % each:
                raise ContractError(f"input '{name}' has shape {array.shape}, "
                                    f"expected samples of {shape}")
            packed.append(array.reshape((-1,) + shape))
        if len({len(a) for a in packed}) != 1:
            raise ContractError("inputs hold different numbers of samples")
        return packed

    def unpack(self, raw, count):
        """The bytes of `count` samples -> [array per output, joined]."""
        sizes = [dtype.itemsize * int(np.prod(shape))
                 for _, dtype, shape in self.outputs]
        if len(raw) != count * sum(sizes):
            raise ContractError(f"got {len(raw)} bytes of output, expected "
                                f"{count * sum(sizes)}")
        rows = np.frombuffer(raw, np.uint8).reshape(count, sum(sizes))
        outs, at = [], 0
        for (_, dtype, shape), size in zip(self.outputs, sizes):
            part = np.ascontiguousarray(rows[:, at:at + size]).view(dtype)
            outs.append(part.reshape((count,) + shape))
            at += size
        return [joined(o) for o in outs]


def joined(array):
    """[N, 1, ...] -> [N, ...]: the batch axis of one becomes the samples'."""
    if array.ndim > 1 and array.shape[1] == 1:
        return array.reshape((array.shape[0],) + array.shape[2:])
    return array


class SharedModel:
    """A shared library, in this process."""

    def __init__(self, path, threads=1):
        self.contract = Contract.beside(path)
        library = ctypes.CDLL(os.path.abspath(path))
        init = library[self.contract.data["init"]]
        self._run = library[self.contract.data["run"]]
        error = init(ctypes.c_int(threads))
        if error:
            raise ContractError(f"init failed: {os.strerror(error)}")
        self._arena, self._arena_address = self._aligned(
            self.contract.arena_bytes, self.contract.arena_align)

    @staticmethod
    def _aligned(size, align):
        buffer = np.zeros(size + align, np.uint8)
        return buffer, buffer.ctypes.data + -buffer.ctypes.data % align

    def __call__(self, sample):
        ins = self.contract.pack(sample)
        outs = [np.empty(shape, dtype)
                for _, dtype, shape in self.contract.outputs]
        pointers = [(ctypes.c_void_p * len(v))(*(a.ctypes.data for a in v))
                    for v in (ins, outs)]
        error = self._run(*pointers, ctypes.c_void_p(self._arena_address))
        if error:
            raise ContractError(f"run failed: {os.strerror(error)}")
        return outs

    def map(self, samples):
        ins = self.contract.pack(samples)
        names = [name for name, _, _ in self.contract.inputs]
        rows = [self(dict(zip(names, row))) for row in zip(*ins)]
        return [joined(np.stack(column)) for column in zip(*rows)]


class LinkedModel:
    """An object file linked with the harness; `emulator` runs the program."""

    def __init__(self, path, compiler=("cc",), emulator=()):
        self.contract = Contract.beside(path)
        self._emulator = list(emulator)
        self._folder = tempfile.TemporaryDirectory()
        self._program = os.path.join(self._folder.name, "model")
        subprocess.run(
            [*compiler, "-O2", "-o", self._program, HARNESS, path,
             f"-DMODEL_INIT={self.contract.data['init']}",
             f"-DMODEL_RUN={self.contract.data['run']}", "-lm", "-lpthread"],
            check=True)

    def _execute(self, iterations, data):
        sizes = [",".join(str(dtype.itemsize * int(np.prod(shape)))
                          for _, dtype, shape in tensors)
                 for tensors in (self.contract.inputs, self.contract.outputs)]
        done = subprocess.run(
            [*self._emulator, self._program, str(self.contract.arena_bytes),
             str(self.contract.arena_align), str(iterations), *sizes],
            input=data, capture_output=True, check=False)
        if done.returncode:
            raise ContractError(f"program ended with {done.returncode}: "
                                f"{done.stderr.decode().strip()}")
        return done.stdout

    def map(self, samples):
        ins = self.contract.pack(samples)
        count = len(ins[0])
        data = b"".join(a[i].tobytes() for i in range(count) for a in ins)
        return self.contract.unpack(self._execute(0, data), count)

    def nanoseconds(self, samples, iterations=200):
        """Run times of the first sample, in order."""
        ins = self.contract.pack(samples)
        data = b"".join(a[0].tobytes() for a in ins)
        return np.array(self._execute(iterations, data).split(), np.int64)
