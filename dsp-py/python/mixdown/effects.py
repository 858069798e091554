"""Effects as values: frozen settings that process arrays, build streams, compare, print and pickle."""

from __future__ import annotations

import dataclasses
import json
import math
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self, cast, get_args, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mixdown import _core
from mixdown._core import ParameterError

#: Audio out: the format that went in, shape ``(channels, frames)`` or ``(frames,)``.
Audio = NDArray[np.float32] | NDArray[np.float64]

PanLaw = Literal["constant_power", "-4.5dB", "-6dB", "linear"]
"""How loud a source is on its way from one side to the other."""

Design = Literal["matched", "cookbook"]
"""How analog filter prototypes become digital ones."""

ReleaseMode = Literal["manual", "dual"]
"""How a gain comes back."""

LimiterMode = Literal["standard", "master", "sample_peak"]
"""How finely a limiter searches peaks."""

#: The words that a setting of each annotated type may be.
_WORDS = {
    "PanLaw": get_args(PanLaw),
    "Design": get_args(Design),
    "ReleaseMode": get_args(ReleaseMode),
    "LimiterMode": get_args(LimiterMode),
}

#: Metadata of a field that may be infinite.
_UNBOUNDED = {"unbounded": True}

_CLASSES: dict[str, type[Effect]] = {}


class Effect:
    """Settings of an effect. Subclasses are frozen dataclasses; every one of them is callable.

    See Also
    --------
    Chain : Effects in series, also written ``a >> b``.
    """

    _name: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._name = cls.__name__
        _CLASSES[cls.__name__] = cls

    def __post_init__(self) -> None:
        """Make plain numbers of whatever was given, then refuse what no stream can take."""
        for entry in dataclasses.fields(cast(Any, self)):
            value = _plain(entry.name, entry.type, getattr(self, entry.name))
            _refuse_infinities(entry, value)
            object.__setattr__(self, entry.name, value)
        _core.check(self)

    def process(
        self,
        audio: ArrayLike,
        sample_rate_hz: float,
        *,
        key: ArrayLike | None = None,
        tail: Literal["none", "auto"] | float = "none",
        out: Audio | None = None,
    ) -> Audio:
        """Run over a whole array, with fresh state and the latency taken out.

        Parameters
        ----------
        audio : array, float32 or float64, shape (channels, frames) or (frames,)
            Never changed, unless it is `out`.
        sample_rate_hz : float
            8 000 to 384 000.
        key : array, optional
            Side-chain of 1 channel or as many as `audio`, same format and length.
        tail : "none", "auto" or seconds, default "none"
            How much longer than the input the result is: "auto" until 100 ms lie below -120 dBFS, on a grid of
            100 ms, at most 60 s.
        out : array, optional
            Where to write the result; shape and format must fit.

        Returns
        -------
        array
            The format of `audio`. One axis stays one axis, unless the effect makes stereo.

        Raises
        ------
        ParameterError, ShapeError
            With the parameter, the value and the legal range.
        TypeError
            For arrays that are not float32 or float64.
        """
        return _core.process(self, audio, sample_rate_hz, key, tail, out)

    __call__ = process

    def stream(
        self, sample_rate_hz: float, channels: int, dtype: DTypeLike = "float32", key_channels: int = 0
    ) -> _core.Stream:
        """Build a running effect that takes block after block.

        Parameters
        ----------
        sample_rate_hz : float
            8 000 to 384 000.
        channels : int
            Input channels, 1 to 64.
        dtype : "float32" or "float64", default "float32"
            Format of all blocks.
        key_channels : int, default 0
            Channels of the side-chain: 0, 1 or `channels`.

        Returns
        -------
        Stream
            Its blocks come out delayed by ``latency_frames``.
        """
        return _core.Stream(self, sample_rate_hz, channels, np.dtype(dtype).name, key_channels)

    def latency_frames(self, sample_rate_hz: float, channels: int = 2) -> int:
        """Delay from input to output of a stream, in frames.

        Parameters
        ----------
        sample_rate_hz : float
            8 000 to 384 000.
        channels : int, default 2
            Input channels.

        Returns
        -------
        int
        """
        return _core.latency_frames(self, sample_rate_hz, channels)

    def frequency_response(self, frequencies_hz: ArrayLike, sample_rate_hz: float) -> NDArray[np.complex128]:
        """Complex gain at given frequencies, with the latency taken out.

        Parameters
        ----------
        frequencies_hz : array
            0 to half the sample rate, any shape.
        sample_rate_hz : float
            8 000 to 384 000.

        Returns
        -------
        complex array
            Of the shape of `frequencies_hz`.

        Raises
        ------
        ParameterError
            If one response does not describe the effect: it is not linear, or treats channels differently.
        """
        frequencies = np.asarray(frequencies_hz, dtype=np.float64)
        response = _core.frequency_response(self, np.ravel(frequencies), sample_rate_hz)
        return response.reshape(frequencies.shape)

    def replace(self, **changes: Any) -> Self:
        """Return the same effect with other settings.

        Parameters
        ----------
        **changes
            Parameters by name.
        """
        unknown = set(changes) - {entry.name for entry in dataclasses.fields(cast(Any, self)) if entry.init}
        if unknown:
            raise ParameterError(f"{self._name} has no parameter {sorted(unknown)[0]}")
        changed: Self = dataclasses.replace(cast(Any, self), **changes)
        return changed

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values: what :func:`from_dict` takes.

        Returns
        -------
        dict
            ``{"type": "Gain", "gain_db": -3.0, …}``
        """
        plain = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(cast(Any, self))}
        return {"type": self._name, **{name: _to_plain(value) for name, value in plain.items()}}

    def _json(self) -> str:
        """Return what the compiled half reads."""
        return json.dumps(without_infinities(self.to_dict()), allow_nan=False)

    def __rshift__(self, other: Effect) -> Chain:
        """``a >> b``: in series. Chains on either side are unfolded."""
        if not isinstance(other, Effect):
            return NotImplemented
        before = self.effects if isinstance(self, Chain) else (self,)
        after = other.effects if isinstance(other, Chain) else (other,)
        return Chain([*before, *after])


def _plain(name: str, annotation: object, value: Any) -> Any:
    """Turn a given value into what a frozen, hashable setting holds."""
    kind = str(annotation)
    if kind == "float":
        return _number(name, value)
    if kind == "bool":
        return bool(value)
    if kind.startswith("tuple[float"):
        return tuple(_number(f"{name}[{position}]", item) for position, item in enumerate(value))
    if kind.startswith(("tuple[Effect", "tuple[Band")):
        effects = tuple(value)
        for position, item in enumerate(effects):
            if not isinstance(item, Effect):
                raise TypeError(f"{name}[{position}] = {item!r} is not an effect")
        return effects
    words = _WORDS.get(kind)
    if words is not None and value not in words:
        raise ParameterError(f"{name} = {value!r} is not allowed: it must be one of {', '.join(words)}")
    if kind == "Effect" and not isinstance(value, Effect):
        raise TypeError(f"{name} = {value!r} is not an effect")
    return value


def _number(name: str, value: Any) -> float:
    try:
        if not isinstance(value, (str, bytes, bool)):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"{name} = {value!r} is not a number")


def _refuse_infinities(entry: dataclasses.Field[Any], value: Any) -> None:
    """NaN is never a setting, an infinity only where the field says so."""
    values = value if isinstance(value, tuple) else (value,)
    for number in values:
        if not isinstance(number, float) or math.isfinite(number):
            continue
        if math.isnan(number) or not entry.metadata.get("unbounded"):
            raise ParameterError(f"{entry.name} is not a finite number")


def _to_plain(value: Any) -> Any:
    if isinstance(value, Effect):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    return value


def without_infinities(value: Any) -> Any:
    """JSON has no infinity; the compiled half reads the words."""
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return {name: without_infinities(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_infinities(item) for item in value]
    return value


def from_dict(settings: Mapping[str, Any]) -> Effect:
    """Make an effect of what :meth:`Effect.to_dict` returned.

    Parameters
    ----------
    settings : mapping
        ``"type"`` and the parameters; missing ones take their default.

    Returns
    -------
    Effect

    Raises
    ------
    ParameterError
        For an unknown type or parameter, or a value out of range.
    """
    fields = dict(settings)
    name = fields.pop("type", None)
    cls = _CLASSES.get(str(name))
    if cls is None:
        raise ParameterError(f"type = {name!r} is not an effect: it must be one of {', '.join(sorted(_CLASSES))}")
    known = {entry.name: entry for entry in dataclasses.fields(cast(Any, cls))}
    for parameter, value in fields.items():
        if parameter not in known:
            raise ParameterError(f"{name} has no parameter {parameter}")
        fields[parameter] = _from_plain(value)
    return cls(**fields)


def _from_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return from_dict(value)
    if isinstance(value, list):
        return [_from_plain(item) for item in value]
    return {"inf": math.inf, "-inf": -math.inf}.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class Gain(Effect):
    """A fader: level and polarity.

    Parameters
    ----------
    gain_db : float, default 0
        Level change in dB, -inf to 60; at -144 and below the output is exactly 0.
    invert_polarity : bool, default False
        Turns the waveform upside down.
    """

    gain_db: float = field(default=0.0, metadata=_UNBOUNDED)
    invert_polarity: bool = False


@dataclass(frozen=True, kw_only=True)
class Pan(Effect):
    """Places a mono source between the loudspeakers, or balances a stereo one. Always makes stereo.

    Parameters
    ----------
    pan : float, default 0
        Position, -1 (left) to 1 (right).
    law : str, default "constant_power"
        Level at the centre: "constant_power" (-3 dB), "-4.5dB", "-6dB" or "linear" (-6 dB on straight lines). A
        stereo source is balanced: 0 dB at the centre.
    """

    pan: float = 0.0
    law: PanLaw = "constant_power"


@dataclass(frozen=True, kw_only=True)
class Width(Effect):
    """Stereo width by mid and side, with an optional mono bass. Stereo only.

    Parameters
    ----------
    width : float, default 1
        Factor on the side signal: 0 (mono) to 2.
    bass_mono_hz : float, default 0
        Below this the sound is mono; 0 is off, else 20 to 500.
    """

    width: float = 1.0
    bass_mono_hz: float = 0.0


class Band(Effect):
    """An effect that can also be a band of an :class:`Equalizer`."""


del _CLASSES["Band"]


@dataclass(frozen=True, kw_only=True)
class Bell(Band):
    """Boost or cut around a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Centre, 10 to 22 000 and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain at the centre, -24 to 24.
    q : float, default 1
        Quality factor, 0.1 to 40.
    """

    frequency_hz: float = 1000.0
    gain_db: float = 0.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class LowShelf(Band):
    """Boost or cut below a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Where half of the gain in dB is reached, 10 to 22 000 and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain far below, -24 to 24.
    q : float, default 0.7071
        Quality factor, 0.1 to 40; above 0.7071 the shelf overshoots.
    """

    frequency_hz: float = 1000.0
    gain_db: float = 0.0
    q: float = 0.7071


@dataclass(frozen=True, kw_only=True)
class HighShelf(Band):
    """Boost or cut above a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Where half of the gain in dB is reached, 10 to 22 000 and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain far above, -24 to 24.
    q : float, default 0.7071
        Quality factor, 0.1 to 40; above 0.7071 the shelf overshoots.
    """

    frequency_hz: float = 1000.0
    gain_db: float = 0.0
    q: float = 0.7071


@dataclass(frozen=True, kw_only=True)
class LowPass(Band):
    """Butterworth low pass.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Corner (-3.01 dB), 10 to 22 000 and at most 0.49 of the sample rate.
    slope_db_per_octave : float, default 12
        6, 12, 18 … 96.
    """

    frequency_hz: float = 1000.0
    slope_db_per_octave: float = 12.0


@dataclass(frozen=True, kw_only=True)
class HighPass(Band):
    """Butterworth high pass.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Corner (-3.01 dB), 10 to 22 000 and at most 0.49 of the sample rate.
    slope_db_per_octave : float, default 12
        6, 12, 18 … 96.
    """

    frequency_hz: float = 1000.0
    slope_db_per_octave: float = 12.0


@dataclass(frozen=True, kw_only=True)
class BandPass(Band):
    """Band pass with 0 dB at its centre.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Centre, 10 to 22 000 and at most 0.49 of the sample rate.
    q : float, default 1
        Quality factor, 0.1 to 40.
    """

    frequency_hz: float = 1000.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Notch(Band):
    """An exact null at a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Centre, 10 to 22 000 and at most 0.49 of the sample rate.
    q : float, default 1
        Quality factor, 0.1 to 40.
    """

    frequency_hz: float = 1000.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class AllPass(Band):
    """Second-order all pass: turns the phase, leaves the level alone.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Where the phase has turned by 180 degrees, 10 to 22 000 and at most 0.49 of the sample rate.
    q : float, default 1
        Quality factor, 0.1 to 40: how fast it turns.
    """

    frequency_hz: float = 1000.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Tilt(Band):
    """Lows against highs around a pivot.

    Parameters
    ----------
    frequency_hz : float, default 650
        Pivot (0 dB), 10 to 22 000 and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Level of the lowest over the highest frequencies, -24 to 24: +6 is +3 dB of bass and -3 dB of treble.
    """

    frequency_hz: float = 650.0
    gain_db: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Equalizer(Effect):
    """Up to 32 bands of any kind.

    Parameters
    ----------
    bands : sequence of bands, default none
        `Bell`, `LowShelf`, `HighShelf`, `LowPass`, `HighPass`, `BandPass`, `Notch`, `AllPass`, `Tilt`.
    design : "matched" or "cookbook", default "matched"
        "matched" follows the analog magnitude up to 20 kHz; "cookbook" is the bilinear transform, which cramps there.
    """

    bands: tuple[Band, ...] = ()
    design: Design = "matched"

    def __init__(self, *, bands: Sequence[Band] = (), design: Design = "matched") -> None:
        object.__setattr__(self, "bands", bands)
        object.__setattr__(self, "design", design)
        self.__post_init__()


@dataclass(frozen=True, kw_only=True)
class Limiter(Effect):
    """A brick-wall limiter: nothing above the ceiling, neither in the samples nor between them.

    Parameters
    ----------
    ceiling_db : float, default -1
        Highest true peak, -20 to 0; highest sample with mode "sample_peak".
    gain_db : float, default 0
        Drive, 0 to 24.
    lookahead_ms : float, default 1.5
        0.5 to 10: how long the gain takes to come down.
    hold_ms : float, default 8
        0 to 15: keeps the gain still between the crests of bass; costs no latency.
    release_ms : float, default 60
        5 to 2000: time to 63.2 % of the way back, in dB.
    release_mode : "manual" or "dual", default "manual"
        "dual" is slower after long reduction.
    mode : "standard", "master" or "sample_peak", default "standard"
        How finely true peaks are searched; "master" for the last file, "sample_peak" not at all.
    """

    ceiling_db: float = -1.0
    gain_db: float = 0.0
    lookahead_ms: float = 1.5
    hold_ms: float = 8.0
    release_ms: float = 60.0
    release_mode: ReleaseMode = "manual"
    mode: LimiterMode = "standard"

    def gain_reduction(self, audio: ArrayLike, sample_rate_hz: float) -> NDArray[np.float64]:
        """Return the gain reduction over time, aligned with the input.

        Parameters
        ----------
        audio : array, float32 or float64, shape (channels, frames) or (frames,)
        sample_rate_hz : float

        Returns
        -------
        float64 array, shape (channels, frames)
            In dB, positive; the same for all channels.
        """
        return _core.gain_reduction(self, audio, sample_rate_hz)


@dataclass(frozen=True)
class Chain(Effect, Sequence[Effect]):
    """Effects in series; an effect and a sequence of effects.

    Parameters
    ----------
    effects : sequence of effects, default none
        First to last. None at all changes nothing.
    """

    effects: tuple[Effect, ...] = ()

    def __init__(self, effects: Sequence[Effect] = ()) -> None:
        object.__setattr__(self, "effects", effects)
        self.__post_init__()

    def __len__(self) -> int:
        return len(self.effects)

    @overload
    def __getitem__(self, index: int) -> Effect: ...
    @overload
    def __getitem__(self, index: slice) -> Chain: ...
    def __getitem__(self, index: int | slice) -> Effect | Chain:
        return Chain(self.effects[index]) if isinstance(index, slice) else self.effects[index]

    def __iter__(self) -> Iterator[Effect]:
        return iter(self.effects)


@dataclass(frozen=True)
class Parallel(Effect):
    """Effects side by side, aligned in time and summed.

    Parameters
    ----------
    effects : sequence of effects
        The branches, at least one. ``Chain([])`` is the dry signal.
    gains_db : sequence of float, optional
        Level of each branch, -inf to 60; none means 0 dB for all.
    """

    effects: tuple[Effect, ...]
    gains_db: tuple[float, ...] = field(default=(), metadata=_UNBOUNDED)

    def __init__(self, effects: Sequence[Effect], gains_db: Sequence[float] | None = None) -> None:
        object.__setattr__(self, "effects", effects)
        object.__setattr__(self, "gains_db", () if gains_db is None else gains_db)
        self.__post_init__()


@dataclass(frozen=True, kw_only=True)
class MidSide(Effect):
    """Effects on the mid (L+R)/2 and on the side (L-R)/2 of a stereo signal, aligned in time.

    Parameters
    ----------
    mid, side : sequence of effects, default none
        First to last.
    """

    mid: tuple[Effect, ...] = ()
    side: tuple[Effect, ...] = ()

    def __init__(self, *, mid: Sequence[Effect] = (), side: Sequence[Effect] = ()) -> None:
        object.__setattr__(self, "mid", mid)
        object.__setattr__(self, "side", side)
        self.__post_init__()


@dataclass(frozen=True)
class Bypass(Effect):
    """Passes through with the latency of an effect that is not run.

    Parameters
    ----------
    effect : Effect
        The effect passed by.
    """

    effect: Effect = field()


#: Every kind of effect by its name.
CLASSES: Mapping[str, type[Effect]] = types.MappingProxyType(_CLASSES)
