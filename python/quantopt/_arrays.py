"""Arrays in and out of models.

Invariant: an array is passed on as it is or refused, never converted or copied
behind the caller's back; the refusal names the array, what was expected, what
was found, and the fix.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, \
    Tuple, Union

import numpy

from ._errors import fail


class TensorSpec(NamedTuple):
    """An input or output of a model.

    `scale` and `zero_point` are set where the tensor holds quantized integers:
    real = scale * (integer - zero_point); `axis` where they differ along one.
    """

    name: str
    dtype: numpy.dtype
    shape: Tuple[int, ...]
    scale: Optional[Tuple[float, ...]] = None
    zero_point: Optional[Tuple[int, ...]] = None
    axis: Optional[int] = None

    def __str__(self) -> str:
        text = f"{self.name} {self.dtype} {list(self.shape)}"
        if self.scale:
            text += f" scale {self.scale[0]:g}" if len(self.scale) == 1 else \
                f" scale {min(self.scale):g}..{max(self.scale):g}"
            text += f" zero point {(self.zero_point or (0,))[0]}"
        return text


Inputs = Union[numpy.ndarray, Sequence[Any], Mapping[str, Any]]
Outputs = Dict[str, numpy.ndarray]


def make_specs(raw) -> List[TensorSpec]:
    """Specs of what the compiler gives: (name, dtype, shape)."""
    return [TensorSpec(name, numpy.dtype(dtype), tuple(shape))
            for name, dtype, shape in raw]


def describe(specs: Sequence[TensorSpec]) -> str:
    return "; ".join(str(spec) for spec in specs) or "nothing"


def as_array(value: Any, what: str) -> numpy.ndarray:
    """numpy's view of a value: arrays, torch tensors, scalars, lists."""
    if isinstance(value, numpy.ndarray):
        return value
    if hasattr(value, "detach"):  # a tensor of torch
        value = value.detach().cpu()
    try:
        array = numpy.asarray(value)
    except Exception as error:
        raise fail(f"{what} is no array: {error}") from error
    if array.dtype == object:
        raise fail(f"{what} is no array: found {type(value).__name__}")
    return array


def match_names(values: Inputs, specs: Sequence[TensorSpec],
                what: str = "input") -> List[numpy.ndarray]:
    """One array per spec, from a mapping by name or a sequence in order."""
    takes = f"the model takes {describe(specs)}"
    if isinstance(values, Mapping):
        unknown = [str(k) for k in values if k not in {s.name for s in specs}]
        if unknown:
            raise fail(f"there is no {what} named '{unknown[0]}'; {takes}")
        for spec in specs:
            if spec.name not in values:
                raise fail(f"{what} '{spec.name}' is missing; {takes}")
        return [as_array(values[s.name], f"{what} '{s.name}'") for s in specs]
    if isinstance(values, (list, tuple)):
        if len(values) != len(specs):
            raise fail(f"expected {len(specs)} arrays, found {len(values)}; "
                       f"{takes}")
        return [as_array(value, f"{what} '{spec.name}'")
                for value, spec in zip(values, specs)]
    if len(specs) != 1:
        raise fail(f"expected {len(specs)} arrays by name or in a list, found "
                   f"one {type(values).__name__}; {takes}")
    return [as_array(values, f"{what} '{specs[0].name}'")]


def check_dtype(array: numpy.ndarray, spec: TensorSpec, what: str) -> None:
    if array.dtype != spec.dtype:
        raise fail(f"{what} '{spec.name}' must be {spec.dtype} "
                   f"{list(spec.shape)}, found {array.dtype} "
                   f"{list(array.shape)}; convert it with "
                   f".astype(numpy.{spec.dtype})")


def count_runs(array: numpy.ndarray, spec: TensorSpec, what: str) -> int:
    """How many runs an array holds: its first axis may be N times the
    spec's."""
    shape, want = array.shape, spec.shape
    if shape == want:
        return 1
    if want and len(shape) == len(want) and shape[1:] == want[1:] and \
            want[0] > 0 and shape[0] > 0 and shape[0] % want[0] == 0:
        return shape[0] // want[0]
    expected = list(want)
    hint = ""
    if want and shape == want[1:]:
        hint = "; add the first axis with array[None]"
    elif len(shape) == len(want) == 4 and \
            (shape[0], shape[2], shape[3], shape[1]) == want:
        hint = "; the model takes channels last: array.transpose(0, 2, 3, 1)"
    raise fail(f"{what} '{spec.name}' must have shape {expected}"
               f"{' or N times that along the first axis' if want else ''}, "
               f"found {list(shape)}{hint}")


def check_layout(array: numpy.ndarray, spec: TensorSpec, what: str) -> None:
    if not array.flags.c_contiguous:
        raise fail(f"{what} '{spec.name}' must be contiguous; make it so with "
                   "numpy.ascontiguousarray")
    if not array.flags.aligned:
        raise fail(f"{what} '{spec.name}' must be aligned; copy it with "
                   "numpy.array(x)")
    if not array.dtype.isnative:
        raise fail(f"{what} '{spec.name}' must be in native byte order; "
                   "convert it with .astype(x.dtype.newbyteorder('='))")


def run(executable, inputs: Inputs, out: Optional[Inputs],
        specs: Sequence[TensorSpec], out_specs: Sequence[TensorSpec]
        ) -> Outputs:
    """Checks the arrays and runs; writes into `out` or into new arrays."""
    arrays = match_names(inputs, specs)
    count = None
    for array, spec in zip(arrays, specs):
        check_dtype(array, spec, "input")
        runs = count_runs(array, spec, "input")
        check_layout(array, spec, "input")
        if count is not None and runs != count:
            raise fail(f"input '{spec.name}' holds {runs} runs, but "
                       f"'{specs[0].name}' holds {count}")
        count = runs
    count = 1 if count is None else count
    results = _make_outputs(out, out_specs, count)
    error = executable.run(arrays, results, count)
    if error is not None:
        raise fail(error)
    return {spec.name: array for spec, array in zip(out_specs, results)}


def _make_outputs(out: Optional[Inputs], specs: Sequence[TensorSpec],
                  count: int) -> List[numpy.ndarray]:
    if count > 1:
        scalar = next((s for s in specs if not s.shape), None)
        if scalar is not None:
            raise fail(f"output '{scalar.name}' is a scalar, so the outputs of "
                       f"{count} runs do not fit; run them one by one")
    shapes = [(spec.shape[0] * count, *spec.shape[1:]) if spec.shape else ()
              for spec in specs]
    if out is None:
        return [numpy.empty(shape, spec.dtype)
                for shape, spec in zip(shapes, specs)]
    arrays = match_names(out, specs, "output")
    for array, spec, shape in zip(arrays, specs, shapes):
        check_dtype(array, spec, "output")
        if array.shape != shape:
            raise fail(f"output '{spec.name}' must have shape {list(shape)}, "
                       f"found {list(array.shape)}")
        check_layout(array, spec, "output")
        if not array.flags.writeable:
            raise fail(f"output '{spec.name}' must be writable")
    return arrays
