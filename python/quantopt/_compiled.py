"""Compiled models: bytes to save, and code to call.

Invariant: what `run` executes are the bytes that `save` writes.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import numpy

from . import _quantopt
from ._arrays import Inputs, Outputs, TensorSpec, run
from ._errors import unwrap
from ._options import format_options
from ._report import Report

PathLike = Union[str, "os.PathLike[str]"]


def suffix_of(path: PathLike) -> str:
    return os.path.splitext(os.fspath(path))[1].lower()


class CompiledModel:
    """An object file with its contract; see `Model.compile`."""

    def __init__(self, lowered: _quantopt.Model, products: Mapping[str, bytes],
                 opt_level: int, remarks: List[_quantopt.Message]):
        self._lowered = lowered
        self._products = dict(products)
        self._opt_level = opt_level
        #: What the compiler had to say.
        self.remarks = remarks
        self._lock = threading.Lock()
        self._runner: Any = None
        contract = self.contract
        self._specs = (_contract_specs(contract["inputs"]),
                       _contract_specs(contract["outputs"]))

    @property
    def name(self) -> str:
        """Prefix of all symbols."""
        return self.contract["name"]

    @property
    def object_bytes(self) -> bytes:
        """The ELF object."""
        return self._products["model.o"]

    @property
    def header(self) -> str:
        """The C header."""
        return self._products["model.h"].decode()

    @property
    def contract(self) -> Dict[str, Any]:
        """What a caller must know: symbols, tensors, arena, target."""
        return json.loads(self._products["model.json"])

    @property
    def report(self) -> Optional[Report]:
        """Sizes, what stayed float, and of tensors what is still known."""
        text = self._products.get("report.json")
        if text is None:
            return None
        return Report(text.decode(), self._products["report.txt"].decode())

    @property
    def inputs(self) -> List[TensorSpec]:
        """Inputs, with scale and zero point where they are integers."""
        return list(self._specs[0])

    @property
    def outputs(self) -> List[TensorSpec]:
        """Outputs, likewise."""
        return list(self._specs[1])

    def run(self, inputs: Inputs, out: Optional[Inputs] = None) -> Outputs:
        """Runs the compiled code on numpy arrays, without copies.

        `inputs`: a dict by name, a list in order, or the only array; exactly
        of the dtypes and shapes of `inputs`, C-contiguous. With N times the
        first axis, the model runs N times. `out`: arrays to write into;
        without it, new ones.

        Returns the outputs by name. Python's lock is released meanwhile, and
        any number of threads may call at once: each call has an arena of its
        own. Raises `Error` for arrays that do not fit, and for code of another
        machine.
        """
        return run(self._executable(), inputs, out, *self._specs)

    def __call__(self, *inputs: Any) -> Any:
        """Runs on arrays in order; gives the only output, or a tuple."""
        outputs = tuple(self.run(list(inputs)).values())
        return outputs[0] if len(outputs) == 1 else outputs

    def _executable(self) -> Any:
        with self._lock:
            if self._runner is None:
                self._runner, _ = unwrap(_quantopt.load_object(
                    self.object_bytes, self._products["model.json"].decode()))
            return self._runner

    def save(self, path: PathLike) -> None:
        """Writes what the suffix says, as `quant-opt -o` does: .o .s .so (with
        .h and .json beside it), .ll, .bc, .exe or no suffix for a program."""
        unwrap(self._lowered.transform([("qnt-emit", format_options(
            {"file": os.fspath(path), "opt-level": self._opt_level}))]))

    def __repr__(self) -> str:
        target = self.contract["target"]
        return (f"<CompiledModel {self.name} for {target['triple']} "
                f"{target['cpu']}: {len(self.object_bytes)} bytes, arena "
                f"{self.contract['arena_bytes']} bytes>")

    def __getstate__(self) -> Any:
        return (self._lowered.bytecode, self._products, self._opt_level,
                self.remarks)

    def __setstate__(self, state: Any) -> None:
        bytecode, products, opt_level, remarks = state
        lowered, _ = unwrap(_quantopt.load(bytecode, "", "", "", "", "",
                                           trusted=True))
        CompiledModel.__init__(self, lowered, products, opt_level, remarks)


def _contract_specs(tensors: List[Dict[str, Any]]) -> List[TensorSpec]:
    specs = []
    for tensor in tensors:
        quantized: Tuple[Any, Any, Any] = (None, None, None)
        if tensor["scale"]:
            quantized = (tuple(tensor["scale"]), tuple(tensor["zero_point"]),
                         tensor["axis"])
        specs.append(TensorSpec(tensor["name"], numpy.dtype(tensor["dtype"]),
                                tuple(tensor["shape"]), *quantized))
    return specs


def compile_model(native: _quantopt.Model, options: Mapping[str, Any],
                  opt_level: int, report: bool) -> CompiledModel:
    """Lowers and emits, with all products in memory."""
    folder = _quantopt.Folder()
    steps = []
    if native.kind != "lowered":
        steps.append(("lower-to-llvm", format_options(options)))
    steps.append(("qnt-emit", format_options(
        {"file": folder.path("model.o"), "opt-level": opt_level})))
    if report:
        steps.append(("qnt-write-report", format_options(
            {"file": folder.path("report.json"),
             "object": folder.path("model.o")})))
    lowered, remarks = unwrap(native.transform(steps), 5)
    products = {}
    for file in ("model.o", "model.h", "model.json", "report.json",
                 "report.txt"):
        content = folder.read(file)
        if content is not None:
            products[file] = content
    return CompiledModel(lowered, products, opt_level, remarks)
