"""Options of passes as the command line spells them."""

from __future__ import annotations

from typing import Any, Mapping

from ._errors import fail


def format_options(options: Mapping[str, Any]) -> str:
    """`key=value ...`; None is left out."""
    return " ".join(f"{key.replace('_', '-')}={_format(key, value)}"
                    for key, value in options.items() if value is not None)


def _format(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return ",".join(_format(key, item) for item in value)
    if hasattr(value, "__fspath__"):
        value = value.__fspath__()
    if not isinstance(value, str):
        raise TypeError(f"{key} must be text, a number or a bool, found "
                        f"{type(value).__name__}")
    for quote in ('"', "'"):
        if quote not in value:
            return f"{quote}{value}{quote}"
    raise fail(f"option '{key}' holds both kinds of quotes: {value}")
