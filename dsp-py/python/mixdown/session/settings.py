"""Settings of strips: their types in calls, and the conversion of their values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError, ShapeError
from mixdown._threads import each
from mixdown.conversion import at_rate
from mixdown.effects import Effect, PanLaw
from mixdown.effects.setting import meant_setting
from mixdown.session.automation import Automated, Points
from mixdown.session.sends import FrozenDict, Send

StereoPan = Literal["balance", "dual"]
"""Placing of a stereo strip."""


class FurtherSettings(TypedDict, total=False):
    """The settings of a strip but for its inserts: see :class:`Strip`."""

    fader_db: Automated
    pan: Automated
    pan_law: PanLaw
    width: float
    trim_db: float
    invert_polarity: bool
    sends: Mapping[str, Send | float]
    to: str
    key_from: str | Mapping[int, str] | None
    mute: bool | Points
    solo: bool
    solo_safe: bool
    stereo_pan: StereoPan
    left_pan: Automated
    right_pan: Automated


class Settings(FurtherSettings, total=False):
    """The settings of a strip: see :class:`Strip`."""

    inserts: Iterable[Effect]


def strip_name(value: Any, called: str = "name") -> str:
    """Return a legal name of a strip."""
    name = text(called, value)
    if "/" in name:
        raise ParameterError(f"{called} = {_checks.shown(value)} is not allowed: / stands between the parts of a path")
    return name


def text(name: str, value: Any) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str):
        raise TypeError(f"{name} = {_checks.shown(value)} is not a text")
    if not value:
        raise ParameterError(f"{name} = {value!r} is not allowed: it must be a text that is not empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ParameterError(f"{name} = {_checks.shown(value)} is not allowed: it must be Unicode text") from None
    return str(value)


def effects_of(value: Any) -> tuple[Effect, ...]:
    """Return inserts as stored."""
    effects = _checks.items("inserts", value, "effects")
    for position, effect in enumerate(effects):
        if not isinstance(effect, Effect):
            shown = _checks.shown(effect)
            raise TypeError(f"inserts[{position}] = {shown} is not an effect{meant_setting(effect)}")
    return tuple(effects)


def sends_of(value: Any) -> FrozenDict[str, Send]:
    """Return sends as stored."""
    if not isinstance(value, Mapping):
        raise TypeError(f"sends = {_checks.shown(value)} is not a mapping of names to levels in dB or Sends")
    return FrozenDict({text("a name in sends", to): send_of(to, send) for to, send in value.items()})


def send_of(to: Any, value: Any) -> Send:
    """Return a send to a strip as stored: a number is its level."""
    if isinstance(value, Send):
        return value
    name = f"sends[{_checks.shown(to)}]"
    try:
        return Send(_checks.number("level_db", value))
    except TypeError:
        raise TypeError(f"{name} = {_checks.shown(value)} is not a level in dB or a Send") from None
    except ParameterError as error:
        raise ParameterError(f"{name}: {error}") from None


def key_sources_of(value: Any) -> str | FrozenDict[int, str] | None:
    """Return the sources of keys as stored."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return FrozenDict(
            {
                _checks.whole_number("position of an insert in key_from", insert, 0, 65_535): text("key_from", name)
                for insert, name in value.items()
            }
        )
    return text("key_from", value)


@dataclasses.dataclass(frozen=True, eq=False)
class Stored:
    """Audio that :func:`track_audio` returned: it needs no further copy."""

    audio: Audio


def locked(audio: Audio) -> Audio:
    """Return an array that nobody else has as a view whose flag cannot be set to writeable again."""
    owner: Any = audio
    while isinstance(owner, np.ndarray):
        owner.flags.writeable = False
        owner = owner.base
    return audio.view()


def track_audio(name: str, source: Source, rate_hz: float | None, to_hz: float | None) -> Audio:
    """Return a track's audio as stored: a copy, read-only, at the rate of the mix."""
    called = f"audio of {name!r}"
    samples, own_hz = _checks.unpack(source, called)
    if rate_hz is not None:
        samples, own_hz = _checks.recording(source, rate_hz, called)
    audio = _checks.planar(samples, called)
    if audio.shape[0] not in (1, 2):
        hint = ": pass audio.T" if audio.shape[1] in (1, 2) else ""
        raise ShapeError(f"{called} has shape {audio.shape}: a track is (1 or 2, frames){hint}")
    if own_hz is not None and to_hz is not None and own_hz != to_hz:
        return locked(at_rate(_checks.finite(audio, called), own_hz, to_hz))
    kept = np.empty(audio.shape, audio.dtype)

    def copy(start: int, _: object) -> int:
        part = kept[:, start : start + _COPY_FRAMES]
        part[...] = audio[:, start : start + _COPY_FRAMES]
        return _checks.non_finite(part)

    starts = range(0, audio.shape[1], _COPY_FRAMES)
    # New memory takes longer to come than to be written: all cores ask for it.
    counts = each(starts, copy) if len(starts) > 1 else (copy(start, None) for start in starts)
    _checks.refuse_non_finite(sum(count for count in counts if isinstance(count, int)), called)
    return locked(kept)


#: Frames that a thread copies at once.
_COPY_FRAMES = 1 << 20
