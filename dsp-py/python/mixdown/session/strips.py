"""Strips of a mix: tracks and the master, whose settings may be changed until the mix is rendered."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Protocol, cast, get_args

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError, ShapeError
from mixdown.conversion import resample
from mixdown.effects import Effect, PanLaw, Parameter, parameters_of

#: Name of the master strip; no track has it.
MASTER = "master"
#: Rate for the check of a strip that is in no mix yet, in Hz.
_CHECK_RATE_HZ = 48_000.0


class _Owner(Protocol):
    """The mix of a track."""

    @property
    def sample_rate_hz(self) -> float: ...

    def get(self, name: str) -> Track | None: ...

    def rename(self, old: str, new: str) -> None: ...


class Strip:
    """Mutable settings: each new value is checked and converted to a plain value."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_complete", True)
        self._check()

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a setting at once, and keep the old one."""
        known = [entry.name for entry in dataclasses.fields(cast(Any, self))]
        if name not in known:
            raise _checks.unknown(f"a {type(self).__name__.lower()}", name, known)
        plain = self._plain(name, value)
        if "_complete" not in self.__dict__:
            object.__setattr__(self, name, plain)
            return
        before = getattr(self, name)
        object.__setattr__(self, name, plain)
        try:
            self._check()
        except BaseException:
            object.__setattr__(self, name, before)
            raise

    def __delattr__(self, name: str) -> None:
        raise ParameterError(f"{name} cannot be deleted: a {type(self).__name__.lower()} always has it")

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Return the parameters with their units, ranges and defaults, in the order of the signal path.

        Returns
        -------
        tuple of Parameter
        """
        return parameters_of(cls.__name__)

    def _check(self) -> None:
        """Refuse illegal settings by the checks of the engine."""

    def _plain(self, name: str, value: Any) -> Any:
        """Return the value of a setting as stored."""
        if name == "inserts":
            effects = _checks.items(name, value, "effects")
            for position, effect in enumerate(effects):
                if not isinstance(effect, Effect):
                    raise TypeError(f"inserts[{position}] = {_checks.shown(effect)} is not an effect")
            return tuple(effects)
        if name in ("invert_polarity", "mute", "solo"):
            return _checks.flag(name, value)
        if name == "pan_law":
            return _checks.one_of(name, value, get_args(PanLaw))
        return _checks.number(name, value)

    def _engine(self, sample_rate_hz: float) -> dict[str, Any]:
        """Return plain values for the compiled module."""
        plain = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(cast(Any, self))}
        return {**plain, "inserts": [effect._engine(sample_rate_hz) for effect in plain["inserts"]]}


@dataclass(eq=False, repr=False)
class Track(Strip):
    """One strip of a :class:`Mix`. Its settings may be changed until the mix is rendered.

    Parameters
    ----------
    name : str
        Its name in the mix. Setting it is :meth:`Mix.rename`.
    audio : array, shape (frames,), (1, frames) or (2, frames), or what :func:`read` returned
        float32 or float64; non-finite samples are refused. It is copied, converted to the mix's rate if it comes with
        another, and kept read-only, (1 or 2, frames): a change is another array.
    fader_db : float, default 0
        Level, -inf to 12 dB; at -144 and below silence.
    pan : float, default 0
        -1 to 1: pan of a mono track, balance of a stereo one.
    pan_law : "constant_power", "-4.5dB", "-6dB" or "linear", default "constant_power"
        As in :class:`Pan`.
    width : float, default 1
        Stereo width after the inserts, 0 to 2; mono tracks take 1 only.
    trim_db : float, default 0
        Level before the inserts, -24 to 24 dB.
    invert_polarity : bool, default False
        Inverts the polarity before the inserts.
    inserts : sequence of effects, default none
        First to last; kept as a tuple.
    mute : bool, default False
        The track is not audible.
    solo : bool, default False
        While any track is soloed, all others are muted.
    """

    name: str
    audio: Audio
    fader_db: float = 0.0
    pan: float = 0.0
    pan_law: PanLaw = "constant_power"
    width: float = 1.0
    trim_db: float = 0.0
    invert_polarity: bool = False
    inserts: tuple[Effect, ...] = ()
    mute: bool = False
    solo: bool = False

    def __setattr__(self, name: str, value: Any) -> None:
        owner = self._owner
        if name == "name" and owner is not None and owner.get(self.name) is self:
            owner.rename(self.name, value)
        else:
            super().__setattr__(name, value)

    @property
    def _owner(self) -> _Owner | None:
        """The mix that it was made for, whose rate it has. A copy is in none."""
        return self.__dict__.get("_mix")

    def _rate_hz(self) -> float | None:
        return None if self._owner is None else self._owner.sample_rate_hz

    def _plain(self, name: str, value: Any) -> Any:
        if name == "name":
            return strip_name(value)
        if name == "audio":
            return track_audio(self.name, value, None, self._rate_hz())
        return super()._plain(name, value)

    def _check(self) -> None:
        rate_hz = self._rate_hz() or _CHECK_RATE_HZ
        _core.check_track(self.name, self._engine(rate_hz), rate_hz, self.audio.shape[0])

    def _engine(self, sample_rate_hz: float) -> dict[str, Any]:
        """Return plain values for the compiled module, without the audio."""
        plain = super()._engine(sample_rate_hz)
        del plain["name"], plain["audio"]
        return plain

    def __repr__(self) -> str:
        channels, frames = self.audio.shape
        rate_hz = self._rate_hz()
        length = f"{frames} frames" if rate_hz is None else f"{frames / rate_hz:.2f} s"
        parts = [f"{'mono' if channels == 1 else 'stereo'}, {length}, fader {_checks.figure(self.fader_db)} dB"]
        defaults = {entry.name: entry.default for entry in dataclasses.fields(self)}
        for name in ("pan", "pan_law", "width", "trim_db", "invert_polarity", "mute", "solo"):
            if getattr(self, name) != defaults[name]:
                parts.append(f"{name} {getattr(self, name)}")
        if self.inserts:
            parts.append(f"inserts {' > '.join(effect._name for effect in self.inserts)}")
        return f"<Track {_checks.shown(self.name)}: {', '.join(parts)}>"


@dataclass(eq=False)
class Master(Strip):
    """The master strip of a :class:`Mix`.

    Parameters
    ----------
    inserts : sequence of effects, default none
        On the stereo bus, first to last.
    fader_db : float, default 0
        Level after them, -inf to 12 dB.
    """

    inserts: tuple[Effect, ...] = ()
    fader_db: float = 0.0

    def check_at(self, sample_rate_hz: float) -> None:
        """Refuse settings that are illegal in a mix of this rate."""
        _core.check_master(MASTER, self._engine(sample_rate_hz), sample_rate_hz)


def strip_name(value: Any) -> str:
    """Return a legal name of a strip."""
    if not isinstance(value, str):
        raise TypeError(f"name = {_checks.shown(value)} is not a text")
    if not value:
        raise ParameterError(f"name = {value!r} is not allowed: it must be a text that is not empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ParameterError(f"name = {_checks.shown(value)} is not allowed: it must be Unicode text") from None
    return str(value)


def track_audio(name: str, source: Source, rate_hz: float | None, to_hz: float | None) -> Audio:
    """Return a track's audio as stored: a read-only copy at the rate of the mix."""
    called = f"audio of {name!r}"
    samples, own_hz = _checks.unpack(source, called)
    if rate_hz is not None:
        samples, own_hz = _checks.recording(source, rate_hz, called)
    audio = _checks.planar(samples, called)
    if audio.shape[0] not in (1, 2):
        hint = ": pass audio.T" if audio.shape[1] in (1, 2) else ""
        raise ShapeError(f"{called} has shape {audio.shape}: a track is (1 or 2, frames){hint}")
    _checks.finite(audio, called)
    if own_hz is not None and to_hz is not None:
        audio = resample(audio, own_hz, to_hz)
    kept = cast(Audio, np.array(audio, order="C"))
    kept.flags.writeable = False
    return kept
