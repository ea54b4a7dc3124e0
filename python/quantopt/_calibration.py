"""Calibration: samples for the compiler, and the tables that come of them.

Invariant: samples are passed on one by one; however many there are, only one
is held here.
"""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, \
    Optional, Sequence, Tuple, Union

import numpy

from . import _quantopt
from ._arrays import TensorSpec, as_array, check_dtype, describe
from ._errors import fail, unwrap

Progress = Callable[[int, Optional[int]], Any]
Samples = Union[str, os.PathLike, numpy.ndarray, Mapping[str, Any],
                Iterable[Any]]


class CalibrationTable:
    """What calibration found on each edge of one model.

    A table can be saved, loaded, merged with tables of other data for the same
    model, and given to `Model.quantize` instead of data.
    """

    def __init__(self, text: str):
        self._text = text
        self._table = json.loads(text)

    @classmethod
    def load(cls, path: Union[str, os.PathLike]) -> "CalibrationTable":
        """Reads the file that `save`, or the command, has written."""
        try:
            with open(path, encoding="utf8") as file:
                text = file.read()
        except OSError as error:
            raise fail(f"cannot open calibration table '{os.fspath(path)}': "
                       f"{error.strerror}") from error
        try:
            table = cls(text)
        except ValueError as error:
            raise fail(f"calibration table '{os.fspath(path)}' is not valid "
                       f"JSON: {error}") from error
        if not isinstance(table._table, dict) or \
                table._table.get("format") != "qnt-calibration":
            raise fail(f"'{os.fspath(path)}' is no calibration table")
        return table

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes the table as JSON."""
        with open(path, "w", encoding="utf8") as file:
            file.write(self._text)

    def merge(self, other: "CalibrationTable") -> "CalibrationTable":
        """The table of both tables' samples; both must be of one model."""
        if not isinstance(other, CalibrationTable):
            raise TypeError("expected a CalibrationTable, found "
                            f"{type(other).__name__}")
        text, _ = unwrap(_quantopt.merge_tables(self._text, other._text))
        return CalibrationTable(text)

    @property
    def samples(self) -> int:
        """How many samples were seen."""
        return self._table.get("samples", 0)

    @property
    def ranges(self) -> Dict[str, Tuple[float, float]]:
        """The range (min, max) that was chosen for each edge."""
        return {edge["name"]: tuple(edge["chosen"])
                for edge in self._table["edges"]}

    def to_json(self) -> str:
        """The text that `save` writes."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CalibrationTable) and \
            self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return (f"<CalibrationTable of {len(self.ranges)} edges, "
                f"{self.samples} samples>")


def split_batch(values: Any, specs: Sequence[TensorSpec],
                what: str) -> Iterator[List[numpy.ndarray]]:
    """The samples in one item that calibration data yield: arrays with the
    shape of the input, N times its first axis, or without a first axis of
    1."""
    arrays = _pick(values, specs, what)
    parts = []
    for array, spec in zip(arrays, specs):
        check_dtype(array, spec, what)
        want = spec.shape
        if want and want[0] == 1 and array.shape == want[1:]:
            array = array[None]
        fits = array.shape[1:] == want[1:] and array.ndim == len(want)
        if not want and array.ndim == 1:
            parts.append(list(array))
            continue
        if not fits or (want and (array.shape[0] == 0
                                  or array.shape[0] % want[0])):
            sizes = ["N" if want[0] == 1 else f"{want[0]} * N", *want[1:]] \
                if want else ["N"]
            raise fail(f"{what} '{spec.name}' has shape {list(array.shape)}, "
                       f"but the model takes {spec.dtype} "
                       f"[{', '.join(map(str, sizes))}]")
        step = want[0] if want else 1
        parts.append([array] if not want else
                     [array[i:i + step]
                      for i in range(0, array.shape[0], step)])
    if len({len(part) for part in parts}) > 1:
        counts = ", ".join(f"'{s.name}' {len(p)}"
                           for s, p in zip(specs, parts))
        raise fail(f"{what}s hold different numbers of samples: {counts}")
    for sample in zip(*parts):
        yield [numpy.ascontiguousarray(array).reshape(spec.shape)
               for array, spec in zip(sample, specs)]


def _pick(values: Any, specs: Sequence[TensorSpec],
          what: str) -> List[numpy.ndarray]:
    """The arrays of the inputs; a mapping may hold others, too (labels)."""
    takes = f"the model takes {describe(specs)}"
    if isinstance(values, Mapping) or hasattr(values, "files"):
        for spec in specs:
            if spec.name not in values:
                raise fail(f"no array named '{spec.name}' in the calibration "
                           f"data, which hold {', '.join(map(str, values))}; "
                           f"{takes}")
        return [as_array(values[s.name], f"{what} '{s.name}'") for s in specs]
    if isinstance(values, (list, tuple)):
        if len(values) != len(specs):
            hint = ""
            if len(values) == len(specs) + 1:
                hint = "; leave labels out: (x for x, _ in loader)"
            raise fail(f"expected samples of {len(specs)} arrays, found "
                       f"{len(values)}; {takes}{hint}")
        return [as_array(v, f"{what} '{s.name}'")
                for v, s in zip(values, specs)]
    if len(specs) != 1:
        raise fail(f"expected samples of {len(specs)} arrays, found one "
                   f"{type(values).__name__}; {takes}")
    return [as_array(values, f"{what} '{specs[0].name}'")]


class SampleFeed:
    """Samples one by one for the compiler; calls `progress(done, total)`."""

    def __init__(self, data: Samples, model: _quantopt.Model,
                 specs: Sequence[TensorSpec], limit: int,
                 progress: Optional[Progress]):
        is_path = isinstance(data, (str, os.PathLike))
        if isinstance(data, (bytes, bytearray)) or not (
                is_path or hasattr(data, "__iter__")):
            raise TypeError(
                "calibration must be a dict of arrays, an array, a path to "
                ".npz or .npy, a CalibrationTable, or an iterable of samples; "
                f"found {type(data).__name__}")
        self._progress = progress
        self._limit = limit
        self._done = 0
        self._total: Optional[int] = None
        self._samples = self._read(model, os.fspath(data)) if is_path else \
            self._iterate(data, specs)

    def _read(self, model: _quantopt.Model, path: str
              ) -> Iterator[List[numpy.ndarray]]:
        reader, _ = unwrap(_quantopt.open_samples(model, path))
        self._set_total(reader.count)
        while True:
            sample, error = reader.next()
            if error is not None:
                raise fail(f"calibration: {error}")
            if sample is None:
                return
            yield sample

    def _iterate(self, data: Any, specs: Sequence[TensorSpec]
                 ) -> Iterator[List[numpy.ndarray]]:
        if isinstance(data, (Mapping, numpy.ndarray)) or \
                hasattr(data, "files"):
            first = _pick(data, specs, "calibration array")
            if first and first[0].ndim:
                step = specs[0].shape[0] if specs[0].shape else 1
                self._set_total(max(1, first[0].shape[0] // max(step, 1)))
            yield from split_batch(data, specs, "calibration array")
            return
        try:
            length = len(data)
        except TypeError:
            length = None
        known = length
        for item in data:
            count = 0
            for sample in split_batch(item, specs, "calibration sample"):
                if count == 0 and known is not None:
                    # One sample per item until an item shows otherwise.
                    self._set_total(known)
                    known = None
                count += 1
                if count == 2:
                    self._total = None
                yield sample

    def _set_total(self, count: int) -> None:
        self._total = min(count, self._limit) if self._limit else count

    def next(self) -> Optional[List[numpy.ndarray]]:
        """For the compiler: the next sample; the one before is done."""
        if self._limit and self._done == self._limit:
            sample = None
        else:
            sample = next(self._samples, None)
        if sample is None:
            if self._progress and self._done:
                self._progress(self._done, self._done)
            return None
        if self._progress and self._done:
            self._progress(self._done, self._total)
        self._done += 1
        return sample
