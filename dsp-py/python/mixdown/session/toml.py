"""TOML: written readably, and the lines of its keys."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Longest line of a list before each of its items gets its own.
_LINE_CHARACTERS = 100
_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""(?:^|[{,])\s*["']?([^\s"'={},\[\]#]+)["']?\s*=(?!=)""")


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
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(str(name))} = {_inline(item)}" for name, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return f"[{', '.join(map(_inline, value))}]"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _inline(name)


class Lines:
    """Where in a text the tables at its top, and their keys, stand: for messages."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._starts = [
            (number, found[2]) for number, line in enumerate(self._lines, 1) if (found := _HEADER.match(line))
        ]

    def table(self, name: str, position: int = 0) -> int:
        """Return the line of the header of a table; of several of a name that at a position. 0 if there is none."""
        lines = [number for number, found in self._starts if found == name]
        return lines[position] if position < len(lines) else 0

    def of(self, start: int, message: str) -> int:
        """Return the line of the table from line `start` on that a message is about: of the last key that it names."""
        message = message.partition(": did you mean")[0]
        end = min((number for number, _ in self._starts if number > start), default=len(self._lines) + 1)
        places: dict[str, list[int]] = {}
        for number in range(max(start, 1), end):
            for key in _KEY.findall(self._lines[number - 1]):
                places.setdefault(key, []).append(number)
        named = {
            key: [found.end() for found in re.finditer(rf"(?<!\w){re.escape(key)}(?!\w)", message)] for key in places
        }
        keys = [key for key in places if named[key] and key != "name"]
        if not keys:
            return max(start, 1)
        key = max(keys, key=lambda key: named[key][-1])
        # Several inserts may have it: the value tells which.
        value = re.match(r" = ['\"]?([^\s'\",:]+)", message[named[key][-1] :])
        given = [number for number in places[key] if value is not None and value[1] in self._lines[number - 1]]
        return (given or places[key])[0]
