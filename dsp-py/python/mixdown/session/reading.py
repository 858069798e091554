"""Session files read: each error names its line."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from mixdown import _checks, _core
from mixdown._checks import Audio
from mixdown._core import MixerError, ParameterError
from mixdown.session.automation import STRIP_LANES, parameter_at, read_points
from mixdown.session.document import Document, mapping
from mixdown.session.kinds import Master, Track
from mixdown.session.places import Path as Place
from mixdown.session.plain import KINDS, VERSION, Session
from mixdown.session.routing import MASTER, refuse_route, refuse_unknown, routes_of
from mixdown.session.routing import shown as called
from mixdown.session.saving import remember
from mixdown.session.sends import Send
from mixdown.session.settings import send_of, strip_name
from mixdown.session.stored import Stamp, read_audio, stamp_of
from mixdown.session.strips import Strip
from mixdown.session.vcas import Vca

_Mix = TypeVar("_Mix", bound=Session)
_TOP = ("version", "sample_rate_hz", *KINDS, "vca", "master")
#: The head of the engine's errors.
_OF_STRIP = re.compile(r'^(?:strip|vca) "(?:[^"\\]|\\.)*": ')
_VCA = tuple(entry.name for entry in dataclasses.fields(Vca))


def load(path: str | os.PathLike[str], make: Callable[..., _Mix]) -> _Mix:
    """Read a session file and the audio files that it names."""
    return _Reading(Path(path), make).mix


class _Reading(Document, Generic[_Mix]):
    """The reading of a session file; each error names the file and the line."""

    def __init__(self, path: Path, make: Callable[..., _Mix]) -> None:
        super().__init__(path, _OF_STRIP)
        document = self.values
        self._check_top()
        with self.told(()):
            self.mix = make(sample_rate_hz=document["sample_rate_hz"])
        strips = {self._add(place, table): place for place, table in self._tables(document)}
        for position, table in enumerate(document.get("vca", [])):
            self._add_vca(("vca", position), table)
        if "master" in document:
            with self.told(("master",)):
                table = mapping("master", document["master"])
            settings = self._settings(("master",), table, Master)
            with self._blamed(("master",), Master, {}, settings):
                self.mix.master(**settings)
            self._automate(("master",), self.mix.master_strip, table)
        self._check_whole({**strips, self.mix.master_strip.name: ("master",)})

    def _check_top(self) -> None:
        values = self.values
        self.refuse_unknown((), values, _TOP, "{} is no part of a mix")
        self.check_version(VERSION, "docs/session-files.md")
        with self.told(()):
            if "sample_rate_hz" not in values:
                raise ParameterError("sample_rate_hz is missing: the rate of the mix, as 48000")
            for kind in (*KINDS, "vca"):
                if not isinstance(values.get(kind, []), list):
                    raise ParameterError(f"{kind} is one table: write [[{kind}]]")

    def _tables(self, document: Mapping[str, Any]) -> list[tuple[Place, Any]]:
        """Return the strips in the order of the file, each with its place."""
        tables: list[tuple[Place, Any]] = [
            ((kind, position), table) for kind in KINDS for position, table in enumerate(document.get(kind, []))
        ]
        return sorted(tables, key=lambda table: self.places.start(table[0]))

    def _add(self, place: Place, table: Any) -> str:
        kind = str(place[0])
        with self.told(place):
            given = dict(mapping(kind, table))
            if "name" not in given:
                raise ParameterError(f"a {kind} needs a name")
        needed: dict[str, Any] = {"name": given.pop("name")}
        with self.told((*place, "name")):
            self.mix._refuse_taken(strip_name(needed["name"]))
        if kind == "track":
            with self.told((*place, "audio")):
                file, stamp, needed["audio"] = self._audio(needed["name"], given.pop("audio", None))
        settings = self._settings(place, given, KINDS[kind])
        add: Any = {"track": self.mix.track, "group": self.mix.group, "return": self.mix.returns}[kind]
        with self._blamed(place, KINDS[kind], needed, settings):
            strip: Strip = add(**needed, **settings)
        if isinstance(strip, Track):
            remember(strip, file, stamp)
        self._automate(place, strip, given)
        return strip.name

    def _add_vca(self, place: Place, table: Any) -> None:
        with self.told(place):
            vca = dict(mapping("vca", table))
        self.refuse_unknown(place, vca, _VCA, "a vca has no {}")
        with self.told(place):
            for name in ("name", "members"):
                if name not in vca:
                    raise ParameterError(f"a vca needs {name}")
            if vca["name"] in self.mix.vcas:
                raise MixerError(f"name: there is a vca named {called(vca['name'])} already: names must differ")
            self.mix.vca(**vca)

    @contextlib.contextmanager
    def _blamed(
        self, place: Place, kind: type[Strip], needed: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Iterator[None]:
        """Write file and line before an error about the settings of a new strip."""
        try:
            yield
        except (ValueError, TypeError) as error:
            culprit = (*place, *self._culprit(kind, needed, settings))
            named = self.places.deepest(place, _rest(str(error), needed.get("name", MASTER)))
            raise self.with_line(error, named if named[: len(culprit)] == culprit else culprit) from error

    def _culprit(self, kind: type[Strip], needed: Mapping[str, Any], settings: Mapping[str, Any]) -> Place:
        """Return the first of the settings of a new strip with which it is refused: inserts come before all others."""
        given = dict(needed)

        def refused(**more: Any) -> bool:
            try:
                self.mix._made(kind, {**given, **more})
            except (ValueError, TypeError):
                return True
            return False

        if refused():
            return ("audio",) if "audio" in needed else ()
        for name in sorted(settings, key=lambda name: name != "inserts"):
            if refused(**{name: settings[name]}):
                if name != "inserts":
                    return (name,)
                inserts = settings[name]
                first = next(count for count in range(len(inserts)) if refused(inserts=inserts[: count + 1]))
                return name, first
            given[name] = settings[name]
        return ()

    def _settings(self, place: Place, table: Mapping[str, Any], kind: type[Strip]) -> dict[str, Any]:
        """Return the settings of a strip from plain values."""
        known = [entry.name for entry in dataclasses.fields(kind) if entry.name not in ("audio", *kind._without)]
        settings: dict[str, Any] = {}
        keys = [*known, "automation", *(["audio"] if kind is Track else [])]
        self.refuse_unknown(place, table, keys, f"a {place[0]} has no {{}}")
        for name, value in table.items():
            with self.told((*place, name)):
                if name == "inserts" and not isinstance(value, list):
                    raise TypeError(f"inserts = {_checks.shown(value)} is not a list of effects: put it into [ ]")
                if name == "sends":
                    value = mapping("sends", value)
                if name == "key_from" and isinstance(value, Mapping):
                    value = {int(at) if at.isdecimal() else at: source for at, source in value.items()}
            if name == "inserts":
                value = [self.effect((*place, name, position), plain) for position, plain in enumerate(value)]
            if name == "sends":
                value = {to: self._send((*place, name, to), send) for to, send in value.items()}
            if name != "automation":
                settings[name] = value
        return settings

    def _send(self, place: Place, value: Any) -> Send:
        with self.told(place, f"sends[{_checks.shown(place[-1])}]"):
            return send_of(place[-1], Send(**value) if isinstance(value, Mapping) else value)

    def _automate(self, place: Place, strip: Strip, table: Mapping[str, Any]) -> None:
        place = (*place, "automation")
        with self.told(place):
            given = mapping("automation", table.get("automation", {}))
        lanes = {}
        for path, points in given.items():
            with self.told((*place, path), f"{strip.name}/", path):
                if path not in STRIP_LANES:
                    found = parameter_at(path, strip.inserts, list(strip.sends), strip.name)
                    lanes[path] = read_points(path, points, found)
                elif isinstance(getattr(strip, path), tuple):
                    raise ParameterError(f"{strip.name}/{path}: there are points in {path} = […] already")
                else:
                    strip.automate(path, points)
        if lanes:
            try:
                strip._draw(lanes)
            except ValueError as error:
                # All at once, since legal values of one may depend on another.
                path = next((path for path in lanes if str(error).startswith(f"{strip.name}/{path}: ")), "")
                rest = str(error).removeprefix(f"{strip.name}/{path}")
                raise self.with_line(error, self.places.deepest((*place, path), rest)) from error

    def _audio(self, name: Any, given: Any) -> tuple[Path, Stamp, tuple[Audio, float]]:
        if not isinstance(given, str):
            raise ParameterError(f"audio of track {_checks.shown(name)} is missing: the path of its file")
        file = self.file("audio", given)
        return file, stamp_of(file), read_audio(file)

    def _check_whole(self, places: Mapping[str, Place]) -> None:
        """Refuse names that are no strip's, and what only the whole mix shows."""
        strips = {strip.name: strip for strip in (*self.mix.values(), self.mix.master_strip)}
        for name, strip in strips.items():
            for setting, to in routes_of(strip):
                with self.told((*places[name], setting, to)):
                    refuse_route(strip, setting, to, strips)
        for position, vca in enumerate(self.mix.vcas.values()):
            for member, name in enumerate(vca.members):
                with self.told(("vca", position, "members", member)):
                    refuse_unknown([], {vca.name: [name]}, strips)
        with self.told(()):
            _core.check_mix(self.mix._plain(), self.mix.sample_rate_hz)


def _rest(message: str, name: Any) -> str:
    """Return what a message says of the settings of a strip."""
    return _OF_STRIP.sub("", message).removeprefix(f"{name}/")
