"""A mix in plain values: what a session file holds."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar, cast

from mixdown._core import ParameterError
from mixdown.effects import ImpulseResponse, from_dict
from mixdown.effects.setting import Setting
from mixdown.session.automation import Point, parameter_at, usual_shape
from mixdown.session.kinds import Group, Master, Return, Track
from mixdown.session.sends import Send
from mixdown.session.strips import Strip
from mixdown.session.vcas import Vca, Vcas

#: Version of the schema that is written, and the newest that is read.
VERSION = 1
_Strip = TypeVar("_Strip", bound=Strip)
KINDS: dict[str, type[Strip]] = {"track": Track, "group": Group, "return": Return}


class Session(Protocol):
    """A :class:`Mix`, as this module sees it."""

    @property
    def track(self) -> Callable[..., Track]:
        """Add a track."""

    @property
    def group(self) -> Callable[..., Group]:
        """Add a group."""

    @property
    def returns(self) -> Callable[..., Return]:
        """Add a return."""

    @property
    def master(self) -> Callable[..., None]:
        """Set the master."""

    @property
    def vca(self) -> Callable[..., Vca]:
        """Set a VCA group."""

    @property
    def sample_rate_hz(self) -> float:
        """Rate of the mix."""

    @property
    def master_strip(self) -> Master:
        """The master strip."""

    @property
    def vcas(self) -> Vcas:
        """The VCA groups."""

    def values(self) -> Iterable[Strip]:
        """Return all strips but the master."""

    def _plain(self) -> dict[str, Any]: ...

    def _made(self, kind: type[_Strip], settings: Mapping[str, Any]) -> _Strip: ...

    def _refuse_taken(self, name: str) -> None: ...


def plain_mix(mix: Session) -> dict[str, Any]:
    """Return a mix in plain values: what a session file holds. Audio of no file has no path."""
    for place, function in (placed for strip in (*mix.values(), mix.master_strip) for placed in strip._functions()):
        raise ParameterError(f"{function._told(place)} has no plain values: no session file holds one")
    plain: dict[str, Any] = {"version": VERSION, "sample_rate_hz": mix.sample_rate_hz}
    for strip in mix.values():
        plain.setdefault(kind_of(strip), []).append(_plain_strip(strip))
    vcas = [_without_defaults(vca, {"members": list(vca.members)}) for vca in mix.vcas.values()]
    if vcas:
        plain["vca"] = vcas
    master = _plain_strip(mix.master_strip)
    return {**plain, "master": master} if master else plain


def kind_of(strip: Strip) -> str:
    """Return the name of the tables of a kind of strip."""
    return next(name for name, kind in KINDS.items() if isinstance(strip, kind))


def _without_defaults(settings: Any, as_plain: Mapping[str, Any]) -> dict[str, Any]:
    plain = {}
    for entry in dataclasses.fields(settings):
        value = getattr(settings, entry.name)
        if entry.name != "audio" and (entry.default is dataclasses.MISSING or value != entry.default):
            plain[entry.name] = as_plain.get(entry.name, value)
    return plain


def _plain_strip(strip: Strip) -> dict[str, Any]:
    key_from = strip.key_from
    if isinstance(key_from, Mapping):
        key_from = {str(insert): name for insert, name in key_from.items()}  # type: ignore[misc]
    as_plain: dict[str, Any] = {
        "inserts": [plain_effect(effect) for effect in strip.inserts],
        "sends": {to: _plain_send(send) for to, send in strip.sends.items()},
        "key_from": key_from,
    }
    lanes = {path: _plain_points(strip, path, points) for path, points in strip.automation.items()}
    plain = _without_defaults(strip, {**as_plain, **lanes})
    further = {path: points for path, points in lanes.items() if "/" in path}
    if further:
        plain["automation"] = further
    file = source_file(strip)
    if file is None:
        return plain
    name = plain.pop("name")
    return {"name": name, "audio": file, **plain}


def _plain_points(strip: Strip, path: str, points: Iterable[Point]) -> list[list[Any]]:
    """Return points as lists, without the shape where it is the usual one of the parameter."""
    usual = usual_shape(parameter_at(path, strip.inserts, list(strip.sends), strip.name))
    return [[time_s, value] if shape == usual else [time_s, value, shape] for time_s, value, shape in points]


def _plain_send(send: Send) -> Any:
    return send.level_db if send == Send(send.level_db) else _without_defaults(send, {})


def plain_effect(setting: Setting) -> dict[str, Any]:
    """Return an effect, or a setting within one, in plain values without what its constructor gives by itself."""
    whole: dict[str, Any] = _with_infinities(setting.to_dict())
    if isinstance(setting, ImpulseResponse):
        return whole
    names = [entry.name for entry in dataclasses.fields(cast(Any, setting))]
    # Without these there is no setting; the defaults of a reverb are those of its space.
    parameters = inspect.signature(type(setting)).parameters
    given = [name for name in names if name == "space" or parameters[name].default is inspect.Parameter.empty]
    usual = type(setting)(**{name: getattr(setting, name) for name in given})
    short = {"type": whole["type"]}
    for name in names:
        value = getattr(setting, name)
        if name in whole and (name in given or value != getattr(usual, name)):
            short[name] = _plain_value(value) if _holds_settings(value) else whole[name]
    return short if from_dict(short) == setting else whole


def _holds_settings(value: Any) -> bool:
    return isinstance(value, Setting) or (isinstance(value, tuple) and any(isinstance(item, Setting) for item in value))


def _plain_value(value: Any) -> Any:
    return [*map(plain_effect, value)] if isinstance(value, tuple) else plain_effect(value)


def _with_infinities(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_infinities(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_with_infinities(item) for item in value]
    return {"inf": float("inf"), "-inf": float("-inf")}.get(value, value) if isinstance(value, str) else value


def source_file(strip: Strip) -> str | None:
    """Return the file of a track whose audio is as it was read or written, or None."""
    file, audio, _ = strip.__dict__.get("_file", (None, None, None))
    return file if audio is not None and audio is strip.__dict__.get("audio") else None


def moved(value: Any, move: Callable[[str], str]) -> Any:
    """Return plain values with other paths of audio files."""
    if isinstance(value, list):
        return [moved(item, move) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: move(item) if isinstance(item, str) and name in ("audio", "impulse_response") else moved(item, move)
        for name, item in value.items()
    }
