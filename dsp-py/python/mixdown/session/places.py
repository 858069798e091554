"""The lines of a TOML text: where its tables, keys and items stand, for messages."""

from __future__ import annotations

import re
from bisect import bisect_left

Path = tuple[str | int, ...]
"""Keys and positions from the top of a document, as ``("track", 0, "inserts", 1, "type")``."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
#: Strings of several lines first; each ends at its first end that no backslash takes.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([btnfr"\\]))')
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_OTHER = re.compile(r"[^,\]}#\n]*")
#: The head of a message, or of the rest of one: a name or a position, or what a setting does not have.
_STEP = re.compile(r"""(?:point |\[)(\d+)(?:\]| \(at)|(\w+)|\[(['"])(.+?)\3\]""")
_LACKS = re.compile(r"(?:a )?\w+ has no (?:parameter )?(\w+)")


class Places:
    """Where the keys and items of a text stand, which :mod:`tomllib` has read without an error."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._at: dict[Path, int] = {(): 0}
        self._counts: dict[Path, int] = {}
        self._position = 0
        self._read()

    def start(self, path: Path) -> int:
        """Return the character at which a key or an item begins."""
        return self._at[path]

    def line(self, path: Path) -> int:
        """Return the line of a key or of an item, or of what it would stand in."""
        while path not in self._at:
            path = path[:-1]
        return bisect_left(self._ends, self._at[path]) + 1

    def deepest(self, path: Path, message: str) -> Path:
        """Return the path from `path` on that a message begins with, as far as it is in the text."""
        message = message.partition(": did you mean")[0].lstrip(":. ")
        while True:
            if (lacks := _LACKS.match(message)) and (*path, lacks[1]) in self._at:
                return (*path, lacks[1])
            step = _STEP.match(message)
            if step is None:
                return path
            # A position in a table of keys, too: `key_from = { 0 = "kick" }`.
            names = (int(step[1]), step[1]) if step[1] else (step[2] or step[4],)
            inner = next((where for name in names if (where := (*path, name)) in self._at), None)
            if inner is None:
                return path
            path, message = inner, message[step.end() :].lstrip(":. ")

    def _read(self) -> None:
        base: Path = ()
        while True:
            self._skip(_BLANK)
            start = self._position
            if start == len(self._text):
                return
            if self._text.startswith("[[", start):
                self._position += 2
                path = self._in_lists(self._key())
                self._skip(_SPACES)
                self._position += 2
                count = self._counts.get(path, 0)
                self._counts[path] = count + 1
                self._note((), path, start)
                base = (*path, count)
                self._at[base] = start
            elif self._text[start] == "[":
                self._position += 1
                base = self._in_lists(self._key())
                self._skip(_SPACES)
                self._position += 1
                self._note((), base, start)
            else:
                self._pair(base)

    def _in_lists(self, keys: Path) -> Path:
        """Return the path of a header: within lists of tables that of the last one."""
        path: Path = ()
        for key in keys:
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
            path = (*path, key)
        return path

    def _note(self, base: Path, keys: Path, start: int) -> None:
        for count in range(1, len(keys) + 1):
            self._at.setdefault(base + keys[:count], start)

    def _skip(self, what: re.Pattern[str]) -> str:
        found = what.match(self._text, self._position)
        if found is None:
            raise ValueError(f"no TOML at character {self._position}")
        self._position = found.end()
        return found[0]

    def _key(self) -> Path:
        """Read a key with its dots."""
        keys: list[str | int] = []
        while True:
            self._skip(_SPACES)
            if self._text[self._position] in "\"'":
                keys.append(_content(self._skip(_STRING)))
            else:
                keys.append(self._skip(_BARE))
            self._skip(_SPACES)
            if self._text[self._position] != ".":
                return tuple(keys)
            self._position += 1

    def _pair(self, base: Path) -> None:
        start = self._position
        keys = self._key()
        self._note(base, keys, start)
        # The sign between key and value.
        self._position += 1
        self._skip(_SPACES)
        self._value(base + keys)

    def _value(self, path: Path) -> None:
        first = self._text[self._position]
        if first in "\"'":
            self._skip(_STRING)
        elif first == "[":
            self._items(path, "]")
        elif first == "{":
            self._items(path, "}")
        else:
            self._skip(_OTHER)

    def _items(self, path: Path, end: str) -> None:
        """Read a list or a table within a line."""
        self._position += 1
        count = 0
        while True:
            self._skip(_BLANK)
            if self._text[self._position] == end:
                self._position += 1
                return
            if self._text[self._position] == ",":
                self._position += 1
            elif end == "}":
                self._pair(path)
            else:
                self._at[*path, count] = self._position
                self._value((*path, count))
                count += 1


def _content(string: str) -> str:
    """Return the text of a key in quotes."""
    if string[0] == "'":
        return string[1:-1]
    return _ESCAPE.sub(
        lambda found: _ESCAPED[found[3]] if found[3] else chr(int(found[1] or found[2], 16)), string[1:-1]
    )
