"""Runs what quant-opt emitted, from Python, with nothing but numpy.

SharedModel loads a shared library through ctypes; ObjectModel hands an object
file to quant-run, which streams samples through one process, under an emulator
if it is another machine's. Both read the contract beside the file (model.json)
and take and give arrays of exactly its types and shapes.

    model = SharedModel("out/digits.so")
    outputs = model(sample)             # one sample -> list of arrays
    outputs = model.map({"image": x})   # first axis = samples
"""

import ctypes
import json
import os
import re
import subprocess
import tempfile

import numpy as np


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


class ObjectModel:
    """An object file, run by quant-run; under qemu if it is another
    machine's."""

    def __init__(self, path, runner, options=()):
        self.contract = Contract.beside(path)
        self._command = [runner, path, *options]

    def _execute(self, samples, *options):
        names = [name for name, _, _ in self.contract.inputs]
        with tempfile.TemporaryDirectory() as folder:
            inputs = os.path.join(folder, "inputs.npz")
            outputs = os.path.join(folder, "outputs.npz")
            packed = map(joined, self.contract.pack(samples))
            np.savez(inputs, **dict(zip(names, packed)))
            done = subprocess.run(
                [*self._command, f"--inputs={inputs}",
                 *(options or [f"--outputs={outputs}"])],
                capture_output=True, text=True, check=False)
            if done.returncode:
                raise ContractError(done.stderr.strip())
            if options:
                return done.stdout
            with np.load(outputs) as arrays:
                return [arrays[name] for name, _, _ in self.contract.outputs]

    def map(self, samples):
        return self._execute(samples)

    def microseconds(self, samples):
        """The median time of the first sample."""
        text = self._execute(samples, "--benchmark")
        return float(re.search(r"median ([0-9.]+) us", text)[1])
