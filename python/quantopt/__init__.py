"""A quantizing compiler: float models to int8 object files.

    import quantopt
    model = quantopt.load("model.onnx")
    quantized = model.quantize("calib.npz")
    print(quantized.report)
    compiled = quantized.compile()
    outputs = compiled.run({"image": image})
    compiled.save("model.o")

docs/Python.md is the guide.
"""

from __future__ import annotations

import os
from typing import Any, Mapping, Optional, Sequence

from ._arrays import TensorSpec
from ._calibration import CalibrationTable
from ._compiled import CompiledModel
from ._errors import CompilerWarning, Error, fail
from ._model import Model, PathLike, QuantizedModel, load_native
from ._quantopt import Message
from ._report import FloatOp, Report, TensorReport
from ._torch import from_torch

__version__ = "0.1.0"

__all__ = [
    "CalibrationTable", "CompiledModel", "CompilerWarning", "Error", "FloatOp",
    "Message", "Model", "QuantizedModel", "Report", "TensorReport",
    "TensorSpec", "from_torch", "load"]


def load(model: Any, *, input_shapes: Optional[Mapping[str, Sequence[int]]]
         = None, external_data_dir: Optional[PathLike] = None,
         name: Optional[str] = None, entry: Optional[str] = None) -> Model:
    """Reads a model.

    model: a path to ONNX, TFLite, MLIR text or bytecode; the bytes of such a
        file; or an onnx.ModelProto.
    input_shapes: shapes of inputs by name, for dimensions that the file
        leaves open.
    external_data_dir: where an ONNX model's external weights lie; by default
        beside the file.
    name: name of the function, hence of the compiled symbols; by default made
        from the file name.
    entry: which public function of an MLIR module to take, if it has several.

    Raises `Error` for files that cannot be read and models that are not
    supported, with the place in the model.
    """
    if isinstance(model, (bytes, bytearray, memoryview)):
        content, path = bytes(model), ""
    elif isinstance(model, (str, os.PathLike)):
        path = os.fspath(model)
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise fail(f"cannot open model '{path}': {error.strerror}") \
                from error
    elif hasattr(model, "SerializeToString"):
        content, path = model.SerializeToString(), ""
    else:
        raise TypeError("expected a path, bytes or an onnx.ModelProto, found "
                        f"{type(model).__name__}")
    if input_shapes is not None and not isinstance(input_shapes, Mapping):
        raise TypeError("input_shapes must be a dict of names and shapes, "
                        f"found {type(input_shapes).__name__}")
    return load_native(content, path, input_shapes, external_data_dir, name,
                       entry)
