"""Models of PyTorch, by way of its ONNX exporter."""

from __future__ import annotations

import io
from typing import Any, Mapping, Optional, Sequence

from ._errors import fail
from ._model import Model, load_native


def from_torch(module: Any, example_args: Any, *,
               input_names: Optional[Sequence[str]] = None,
               output_names: Optional[Sequence[str]] = None,
               dynamic: Any = False, opset: int = 17,
               name: Optional[str] = None,
               **export_options: Any) -> Model:
    """Exports a torch.nn.Module (in eval mode) and reads the result.

    example_args: a tensor, or a tuple of the arguments of `forward`.
    input_names, output_names: names in the model; by default torch's.
    dynamic: True leaves the first axis of all inputs open; a dict is passed on
        as torch's `dynamic_axes`.
    opset: ONNX operator set of the export.
    name: name of the function; by default the class of the module.
    export_options: passed on to torch.onnx.export.

    Raises `Error` without torch, for what torch cannot export, and for models
    that are not supported.
    """
    try:
        import torch
    except ImportError as error:
        raise fail("from_torch needs the package torch (pip install torch)") \
            from error
    if not isinstance(module, torch.nn.Module):
        raise TypeError("expected a torch.nn.Module, found "
                        f"{type(module).__name__}")
    arguments = example_args if isinstance(example_args, tuple) else \
        (example_args,)
    tensors = [a for a in arguments if isinstance(a, torch.Tensor)]
    names = list(input_names) if input_names else \
        [f"input{i}" for i in range(len(tensors))]
    axes = dynamic if isinstance(dynamic, Mapping) else (
        {name: {0: "batch"} for name in names} if dynamic else None)
    options = dict(opset_version=opset, input_names=names,
                   output_names=list(output_names) if output_names else None,
                   dynamic_axes=axes, dynamo=False)
    options.update(export_options)
    file = io.BytesIO()
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            torch.onnx.export(module, arguments, file, **options)
    except Exception as error:
        raise fail(f"torch cannot export {type(module).__name__}: {error}") \
            from error
    finally:
        module.train(was_training)
    return load_native(file.getvalue(), "", None, None,
                       name or type(module).__name__, None)
