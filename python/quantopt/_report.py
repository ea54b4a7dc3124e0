"""What quantization did, tensor by tensor.

A view of the JSON that the command's --report writes, so the two cannot
disagree.
"""

from __future__ import annotations

import html
import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple


class TensorReport(NamedTuple):
    """One quantized tensor: an activation, a weight or a bias."""

    name: str
    role: str
    dtype: str
    shape: Tuple[int, ...]
    scale: Tuple[float, ...]
    zero_point: Tuple[int, ...]
    axis: Optional[int]
    #: The range that calibration saw; None for constants.
    seen: Optional[Tuple[float, float]]
    #: Signal to quantization noise in decibels; None where not measured.
    sqnr_db: Optional[float]


class FloatOp(NamedTuple):
    """An op that stayed float, and why."""

    op: str
    name: str
    reason: str


class Report:
    """What was decided for each tensor, and what it cost.

    `print(report)` shows the table that the command writes as text.
    """

    def __init__(self, json_text: str, text: str):
        self._json = json_text
        self._text = text
        self._data = json.loads(json_text)

    @property
    def tensors(self) -> List[TensorReport]:
        """Every quantized tensor, in the order of the model."""
        result = []
        for tensor in self._data.get("tensors", []):
            seen = None
            if "seen_min" in tensor and "seen_max" in tensor:
                seen = (tensor["seen_min"], tensor["seen_max"])
            result.append(TensorReport(
                tensor["name"], tensor["role"], tensor.get("dtype", ""),
                tuple(tensor.get("shape", ())), tuple(tensor.get("scale", ())),
                tuple(tensor.get("zero_point", ())), tensor.get("axis"), seen,
                tensor.get("sqnr_db")))
        return result

    @property
    def sqnr(self) -> Dict[str, float]:
        """Signal to quantization noise ratio per activation, in decibels."""
        return {t.name: t.sqnr_db for t in self.tensors
                if t.sqnr_db is not None}

    @property
    def float_ops(self) -> List[FloatOp]:
        """What stayed float, with reasons; empty in a full integer model."""
        return [FloatOp(op.get("op", ""), op.get("name", ""),
                        op.get("reason", ""))
                for op in self._data.get("float_ops", [])]

    @property
    def weight_bytes(self) -> Tuple[int, int]:
        """Bytes of the constants: (as float, as stored)."""
        sizes = self._data.get("weight_bytes", {})
        return sizes.get("float", 0), sizes.get("stored", 0)

    @property
    def object_bytes(self) -> Optional[int]:
        """Size of the object; None before compilation."""
        return self._data.get("object_bytes")

    def to_dict(self) -> Dict[str, Any]:
        """Everything, as JSON has it."""
        return json.loads(self._json)

    def to_json(self) -> str:
        """The text of the command's report.json."""
        return self._json

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._text.rstrip("\n")

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in (
                t.name, t.role, t.dtype, _span(t.scale), _span(t.zero_point),
                "" if t.sqnr_db is None else f"{t.sqnr_db:.1f}")) + "</tr>"
            for t in self.tensors)
        head = "".join(f"<th>{title}</th>" for title in (
            "tensor", "role", "dtype", "scale", "zero point", "SQNR dB"))
        return f"<table><tr>{head}</tr>{rows}</table>"


def _span(values: Tuple[float, ...]) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{low:.6g}" if low == high else f"{low:.4g} .. {high:.4g}"
