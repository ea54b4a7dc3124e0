"""What goes wrong: one exception, with the compiler's diagnostics.

Invariant: the text of an Error is what the command quant-opt prints.
"""

from __future__ import annotations

import warnings
from typing import Optional, Sequence, Tuple, TypeVar

from ._quantopt import Message, error_text

T = TypeVar("T")


class Error(Exception):
    """A refusal of the compiler.

    `diagnostics` holds all messages of the call that failed, each with
    `severity`, `location`, `summary` and `text`.
    """

    def __init__(self, text: str, diagnostics: Sequence[Message] = ()):
        super().__init__(text)
        self.diagnostics = list(diagnostics)

    def __reduce__(self):
        return Error, (str(self), self.diagnostics)


class CompilerWarning(UserWarning):
    """A warning of the compiler, through Python's `warnings`."""


def fail(what: str) -> "Error":
    """The exception for a fault that this package finds itself."""
    return Error(error_text(what))


def unwrap(outcome: Tuple[Optional[T], Sequence[Message]],
           stacklevel: int = 3) -> Tuple[T, list]:
    """(result, remarks) of a call into the compiler; raises if it failed."""
    result, messages = outcome
    if result is None:
        errors = [m for m in messages if m.severity == "error"]
        text = "\n".join(m.text for m in errors) or error_text(
            "the compiler failed without a message")
        raise Error(text, messages)
    for message in messages:
        if message.severity == "warning":
            warnings.warn(message.text, CompilerWarning, stacklevel=stacklevel)
    return result, [m for m in messages if m.severity == "remark"]
