"""TOML, written readably."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Longest line of a list before each of its items gets its own.
_LINE_CHARACTERS = 100


def written(values: Mapping[str, Any], tables: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """Return a document: values, then tables with their headers, as ``[master]`` or ``[[track]]``."""
    return "\n".join([_pairs(values), *(f"{header}\n{_pairs(table)}" for header, table in tables)])


def _pairs(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(name)} = {_broken(value)}\n" for name, value in table.items())


def _broken(value: Any) -> str:
    """Return a value, a long list with one item in each line."""
    text = _inline(value)
    if isinstance(value, list) and value and (len(text) > _LINE_CHARACTERS or isinstance(value[0], Mapping)):
        return "[\n" + "".join(f"    {_inline(item)},\n" for item in value) + "]"
    return text


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(str(name))} = {_inline(item)}" for name, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return f"[{', '.join(map(_inline, value))}]"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _inline(name)
