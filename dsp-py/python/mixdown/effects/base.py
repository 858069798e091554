"""Settings as values: frozen, checked when made; and what every effect does with audio."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import operator
import types
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mixdown import _core
from mixdown._core import ParameterError
from mixdown.audio import Audio

if TYPE_CHECKING:
    from mixdown.effects.combinations import Chain

#: Metadata of a field that may be infinite.
UNBOUNDED = {"unbounded": True}

_KINDS: dict[str, type[Setting]] = {}


class Setting:
    """A frozen value with named, checked parameters. Subclasses are frozen dataclasses."""

    _name: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._name = cls.__name__
        _KINDS[cls.__name__] = cls

    def __post_init__(self) -> None:
        """Make plain numbers of whatever was given, then refuse what no stream can take."""
        kinds = _field_kinds(self._name)
        for entry in dataclasses.fields(cast(Any, self)):
            value = _plain(entry.name, kinds[entry.name], getattr(self, entry.name))
            _refuse_infinities(entry, value)
            object.__setattr__(self, entry.name, value)
        self._check()

    def _check(self) -> None:
        """Refuse values out of range."""

    def replace(self, **changes: Any) -> Self:
        """Return the same with other settings.

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
        return self._written(lambda setting: setting.to_dict())

    def _engine(self, sample_rate_hz: float | None) -> dict[str, Any]:
        """Return what the compiled half reads: :meth:`to_dict`, and what depends on the rate made for it."""
        return self._written(lambda setting: setting._engine(sample_rate_hz))

    def _written(self, inner: Any) -> dict[str, Any]:
        plain = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(cast(Any, self))}
        return {"type": self._name, **{name: _to_plain(value, inner) for name, value in plain.items()}}

    def _json(self, sample_rate_hz: float | None = None) -> str:
        """Return what the compiled half reads, as text."""
        return json.dumps(without_infinities(self._engine(sample_rate_hz)), allow_nan=False)


_Kind = TypeVar("_Kind", bound=type[Setting])


def abstract(kind: _Kind) -> _Kind:
    """Leave a class out of what :func:`from_dict` makes: it is there to be inherited from."""
    del _KINDS[kind.__name__]
    return kind


@abstract
class Effect(Setting):
    """Settings of an effect; every one of them is callable.

    See Also
    --------
    Chain : Effects in series, also written ``a >> b``.
    """

    def _check(self) -> None:
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

    def __rshift__(self, other: Effect) -> Chain:
        """``a >> b``: in series. Chains on either side are unfolded."""
        if not isinstance(other, Effect):
            return NotImplemented
        # A chain is an effect, so its module imports this one.
        from mixdown.effects.combinations import Chain

        stages = [stage.effects if isinstance(stage, Chain) else (stage,) for stage in (self, other)]
        return Chain([*stages[0], *stages[1]])


@functools.cache
def _field_kinds(name: str) -> dict[str, Any]:
    """Types of the parameters of a kind of setting."""
    return typing.get_type_hints(_KINDS[name])


def _plain(name: str, kind: Any, value: Any) -> Any:
    """Turn a given value into what a frozen, hashable setting holds."""
    origin = typing.get_origin(kind)
    if kind is float:
        return _number(name, value)
    if kind is int:
        return _whole_number(name, value)
    if kind is bool:
        return bool(value)
    if origin in (types.UnionType, typing.Union) and type(None) in typing.get_args(kind):
        given = [inner for inner in typing.get_args(kind) if inner is not type(None)]
        return None if value is None else _plain(name, given[0], value)
    if origin is Literal:
        words = typing.get_args(kind)
        if value not in words:
            raise ParameterError(f"{name} = {value!r} is not allowed: it must be one of {', '.join(words)}")
        return value
    if origin is tuple:
        item_kind = typing.get_args(kind)[0]
        return tuple(_plain(f"{name}[{position}]", item_kind, item) for position, item in enumerate(value))
    kinds = typing.get_args(kind) if origin in (types.UnionType, typing.Union) else (kind,)
    settings = tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Setting))
    if settings and not isinstance(value, tuple(kind for kind in kinds if isinstance(kind, type))):
        wanted = "effect" if Effect in settings else " or ".join(kind.__name__ for kind in settings)
        article = "an" if wanted[0].lower() in "aeiou" else "a"
        raise TypeError(f"{name} = {value!r} is not {article} {wanted}")
    return value


def _number(name: str, value: Any) -> float:
    try:
        if not isinstance(value, (str, bytes, bool)):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise TypeError(f"{name} = {value!r} is not a number")


def _whole_number(name: str, value: Any) -> int:
    try:
        if not isinstance(value, bool):
            return operator.index(value)
    except TypeError:
        pass
    raise TypeError(f"{name} = {value!r} is not a whole number")


def _refuse_infinities(entry: dataclasses.Field[Any], value: Any) -> None:
    """NaN is never a setting, an infinity only where the field says so."""
    values = value if isinstance(value, tuple) else (value,)
    for number in values:
        if not isinstance(number, float) or math.isfinite(number):
            continue
        if math.isnan(number) or not entry.metadata.get("unbounded"):
            raise ParameterError(f"{entry.name} is not a finite number")


def _to_plain(value: Any, inner: Any) -> Any:
    if isinstance(value, Setting):
        return inner(value)
    if isinstance(value, tuple):
        return [_to_plain(item, inner) for item in value]
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
    effect = _setting(settings)
    if not isinstance(effect, Effect):
        raise ParameterError(f"type = {effect._name!r} is not an effect by itself")
    return effect


def _setting(settings: Mapping[str, Any]) -> Setting:
    fields = dict(settings)
    name = fields.pop("type", None)
    cls = _KINDS.get(str(name))
    if cls is None:
        raise ParameterError(f"type = {name!r} is not an effect: it must be one of {', '.join(sorted(_KINDS))}")
    known = {entry.name for entry in dataclasses.fields(cast(Any, cls))}
    for parameter, value in fields.items():
        if parameter not in known:
            raise ParameterError(f"{name} has no parameter {parameter}")
        fields[parameter] = _from_plain(value)
    return cls(**fields)


def _from_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _setting(value)
    if isinstance(value, list):
        return [_from_plain(item) for item in value]
    return {"inf": math.inf, "-inf": -math.inf}.get(value, value) if isinstance(value, str) else value


#: Every kind of setting by its name.
KINDS: Mapping[str, type[Setting]] = types.MappingProxyType(_KINDS)
