"""TOML documents that name audio files, read: each error names the file and the line."""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mixdown import _checks
from mixdown._core import MixerError, ParameterError, ShapeError
from mixdown.effects import KINDS as EFFECTS
from mixdown.effects import Effect, from_dict
from mixdown.files.names import shown
from mixdown.session.automation import closest, nearest
from mixdown.session.places import Path as Place
from mixdown.session.places import Places
from mixdown.session.plain import moved

_EFFECTS = tuple(name for name, kind in EFFECTS.items() if issubclass(kind, Effect))
_ERRORS = (FileNotFoundError, OSError, MixerError, ParameterError, ShapeError, TypeError, ValueError)


class Document:
    """A TOML document with the lines of its keys.

    Parameters
    ----------
    path : Path
    head : pattern, optional
        What messages may have before the names of settings.

    Attributes
    ----------
    path : Path
    values : dict
        All of it, as :mod:`tomllib` returns it.
    places : Places
    kind : str
        What it is, with its article.
    """

    kind = "a session file"

    def __init__(self, path: Path, head: re.Pattern[str] | None = None) -> None:
        self.path = path
        self._head = head
        text = self._text(path.read_bytes())
        try:
            self.values = tomllib.loads(text)
            self.places = Places(text)
        except tomllib.TOMLDecodeError as error:
            said, _, place = str(error).removesuffix(")").rpartition(" (at ")
            found = re.fullmatch(r"line (\d+), (column \d+)", place)
            line, column = (found[1], f" (at {found[2]})") if found else (str(max(len(text.splitlines()), 1)), "")
            raise ParameterError(f"{shown(path)}:{line}: {said or error}{column}") from None
        except RecursionError:
            raise ParameterError(f"{shown(path)}: lists lie too deep within each other") from None

    def _text(self, content: bytes) -> str:
        try:
            # Editors on Windows begin a text with a mark.
            return content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            if b"\0" in content:
                raise ParameterError(f"{shown(self.path)}: not {self.kind}: it is not text") from None
            line = content.count(b"\n", 0, error.start) + 1
            raise ParameterError(f"{shown(self.path)}:{line}: the text is not UTF-8") from None

    @contextlib.contextmanager
    def told(self, place: Place, *before: str) -> Iterator[None]:
        """Write file and line before an error about a place, or what its text names within it behind `before`."""
        try:
            yield
        except (ValueError, TypeError, OSError) as error:
            rest = str(error) if self._head is None else self._head.sub("", str(error))
            for start in before:
                rest = rest.removeprefix(start)
            raise self.with_line(error, self.places.deepest(place, rest)) from error

    def with_line(self, error: Exception, place: Place) -> Exception:
        """Return an error with file and line before its text."""
        kind = next(known for known in _ERRORS if isinstance(error, known))
        return kind(f"{shown(self.path)}:{self.places.line(place)}: {error}")

    def refuse_unknown(self, place: Place, table: Iterable[str], known: Iterable[str], said: str) -> None:
        """Refuse keys that are not known; `said` is the message, with {} for the key."""
        known = list(known)
        for name in table:
            if name not in known:
                error = ParameterError(said.format(name) + nearest(name, known))
                raise self.with_line(error, (*place, name))

    def check_version(self, newest: int, page: str) -> None:
        """Refuse a document without version, or of one that is not known."""
        with self.told(()):
            if "version" not in self.values:
                raise ParameterError(f"version is missing: it is {newest} as {page} describes it")
            version = _checks.whole_number("version", self.values["version"])
            if not 1 <= version <= newest:
                raise ParameterError(f"version = {version} is not known: this mixdown reads up to {newest}")

    def effect(self, place: Place, plain: Any) -> Effect:
        """Return the effect of an item of a list."""
        with self.told(place):
            if not isinstance(plain, Mapping):
                what = f"{place[-2]}[{place[-1]}] = {_checks.shown(plain)} is not a table"
                raise TypeError(what + (f': write {{ type = "{plain}" }}' if plain in _EFFECTS else ""))
            kind = plain.get("type")
            if isinstance(kind, str) and kind not in _EFFECTS:
                known = nearest(kind, _EFFECTS) or f": it must be one of {', '.join(sorted(_EFFECTS))}"
                raise ParameterError(f"type = {_checks.shown(kind)} is not an effect{known}")
            effect: Effect = from_dict(moved(plain, lambda file: str(self.file("impulse_response", file))))
            return effect

    def file(self, what: str, given: str) -> Path:
        """Return the place of a file, which must be there."""
        file = Path(os.path.abspath(self.path.parent / given))
        if file.is_dir():
            raise ParameterError(f"{what} = {_checks.shown(given)} is a folder: the path of a file needed")
        if not file.is_file():
            beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
            near = closest(file.name, beside)
            hint = f": did you mean {shown((Path(given).parent / near).as_posix())}?" if near else ""
            raise FileNotFoundError(f"{what}: there is no file {shown(given)}{hint}")
        return file


def mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return a table, or refuse what is none."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} = {_checks.shown(value)} is not a table")
    return value
