"""Session files read: each error names its line."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from mixdown import _checks, _core
from mixdown._checks import Audio
from mixdown._core import MixerError, ParameterError, ShapeError
from mixdown.effects import from_dict
from mixdown.files.names import shown
from mixdown.session.automation import nearest
from mixdown.session.kinds import Master
from mixdown.session.plain import KINDS, VERSION, Session, moved
from mixdown.session.routing import refuse_unknown
from mixdown.session.saving import read_audio, remember, stamp_of
from mixdown.session.sends import Send
from mixdown.session.strips import Strip
from mixdown.session.toml import Lines

_Mix = TypeVar("_Mix", bound=Session)
_TOP = ("version", "sample_rate_hz", *KINDS, "vca", "master")


def load(path: str | os.PathLike[str], make: Callable[..., _Mix]) -> _Mix:
    """Read a session file and the audio files that it names."""
    return _Reading(Path(path), make).mix


class _Reading(Generic[_Mix]):
    """The reading of a session file; each error names the file and the line."""

    def __init__(self, path: Path, make: Callable[..., _Mix]) -> None:
        self._path = path
        content = path.read_bytes()
        try:
            text = content.decode()
            document = tomllib.loads(text)
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ParameterError(f"{shown(path)}: {error}") from None
        self._lines = Lines(text)
        self._check_top(document)
        with self._told(0):
            self.mix = make(sample_rate_hz=document["sample_rate_hz"])
        starts = {}
        for line, kind, table in self._tables(document):
            with self._told(line):
                starts[self._add(kind, table)] = line
        for position, table in enumerate(document.get("vca", [])):
            with self._told(self._lines.table("vca", position)):
                vca = dict(_mapping("vca", table))
                self.mix.vca(vca.pop("name", None), vca.pop("members", ()), **vca)
        if "master" in document:
            with self._told(self._lines.table("master")):
                self.mix.master(**_settings("master", document["master"], Master))
                self._automate(self.mix.master_strip, document["master"])
        self._check_whole(starts)

    @contextlib.contextmanager
    def _told(self, start: int) -> Iterator[None]:
        """Write file and line before an error about the table at a line."""
        try:
            yield
        except (ValueError, TypeError, OSError) as error:
            line = self._lines.of(start, str(error))
            kind = next(
                known
                for known in (FileNotFoundError, OSError, MixerError, ParameterError, ShapeError, TypeError, ValueError)
                if isinstance(error, known)
            )
            raise kind(f"{shown(self._path)}:{line}: {error}") from error

    def _check_top(self, document: Mapping[str, Any]) -> None:
        for name in document:
            if name not in _TOP:
                with self._told(self._lines.table(name)):
                    raise ParameterError(f"{name} is no part of a mix{nearest(name, _TOP)}")
        with self._told(0):
            if "version" not in document:
                raise ParameterError(f"version is missing: it is {VERSION} as docs/session-files.md describes it")
            version = _checks.whole_number("version", document["version"])
            if not 1 <= version <= VERSION:
                raise ParameterError(f"version = {version} is not known: this mixdown reads up to {VERSION}")
            if "sample_rate_hz" not in document:
                raise ParameterError("sample_rate_hz is missing: the rate of the mix, as 48000")

    def _tables(self, document: Mapping[str, Any]) -> list[tuple[int, str, Any]]:
        """Return the strips in the order of the file, each with its line."""
        tables = []
        for kind in KINDS:
            found = document.get(kind, [])
            with self._told(self._lines.table(kind)):
                if not isinstance(found, list):
                    raise ParameterError(f"{kind} is one table: write [[{kind}]]")
            tables += [(self._lines.table(kind, position), kind, table) for position, table in enumerate(found)]
        return sorted(tables, key=lambda table: table[0])

    def _add(self, kind: str, table: Any) -> str:
        given = dict(_mapping(kind, table))
        name, audio = given.pop("name", None), given.pop("audio", None) if kind == "track" else None
        if name is None:
            raise ParameterError(f"a {kind} needs a name")
        settings = _settings(kind, self._at_home(given), KINDS[kind])
        strip: Strip
        if kind == "track":
            file, stamp, source = self._audio(name, audio)
            strip = self.mix.track(name, source, **settings)
            remember(strip, file, stamp)
        else:
            strip = (self.mix.group if kind == "group" else self.mix.returns)(name, **settings)
        self._automate(strip, given)
        return strip.name

    def _at_home(self, given: Any) -> Any:
        return moved(given, lambda file: os.path.abspath(self._path.parent / file))

    def _automate(self, strip: Strip, table: Mapping[str, Any]) -> None:
        for path, points in _mapping("automation", table.get("automation", {})).items():
            strip.automate(path, points)

    def _audio(self, name: Any, given: Any) -> tuple[Path, tuple[int, ...], tuple[Audio, float]]:
        if not isinstance(given, str):
            raise ParameterError(f"audio of track {_checks.shown(name)} is missing: the path of its file")
        file = Path(os.path.abspath(self._path.parent / given))
        if not file.is_file():
            beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
            raise FileNotFoundError(f"audio: there is no file {shown(given)}{nearest(file.name, beside)}")
        return file, stamp_of(file), read_audio(file)

    def _check_whole(self, starts: Mapping[str, int]) -> None:
        """Refuse names that are no strip's, and what only the whole mix shows."""
        strips = [*self.mix.values(), self.mix.master_strip]
        known = [strip.name for strip in strips]
        for strip in strips:
            with self._told(starts.get(strip.name, self._lines.table("master"))):
                refuse_unknown([strip], {}, known)
        for position, vca in enumerate(self.mix.vcas.values()):
            with self._told(self._lines.table("vca", position)):
                refuse_unknown([], {vca.name: vca.members}, known)
        with self._told(0):
            _core.check_mix(self.mix._plain(), self.mix.sample_rate_hz)


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} = {_checks.shown(value)} is not a table")
    return value


def _settings(kind: str, table: Mapping[str, Any], strip: type[Strip]) -> dict[str, Any]:
    """Return the settings of a strip from plain values."""
    known = [entry.name for entry in dataclasses.fields(strip) if entry.name not in ("audio", *strip._without)]
    settings = {}
    for name, value in _mapping(kind, table).items():
        if name == "automation":
            continue
        if name not in known:
            raise ParameterError(f"a {kind} has no {name}{nearest(name, [*known, 'audio', 'automation'])}")
        settings[name] = value
    if "inserts" in settings:
        inserts = settings["inserts"]
        if not isinstance(inserts, list):
            raise TypeError(f"inserts = {_checks.shown(inserts)} is not a list of effects: put it into [ ]")
        settings["inserts"] = [from_dict(effect) for effect in inserts]
    if "sends" in settings:
        settings["sends"] = {to: _send(to, send) for to, send in _mapping("sends", settings["sends"]).items()}
    if isinstance(settings.get("key_from"), Mapping):
        settings["key_from"] = {
            int(insert) if insert.isdecimal() else insert: name for insert, name in settings["key_from"].items()
        }
    return settings


def _send(to: str, value: Any) -> Any:
    return Send(**value) if isinstance(value, Mapping) else value
