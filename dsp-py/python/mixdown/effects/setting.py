"""Settings as values: frozen, checked on creation, converted to plain values and back."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
import math
import re
import types
import typing
from abc import ABCMeta
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, TypeVar, cast

from mixdown import _checks
from mixdown._checks import Audio
from mixdown._core import ParameterError
from mixdown.display.html import Shown
from mixdown.effects.parameters import Parameter, parameters_of, range_of

#: Deepest nesting of settings: chains of chains, bands included.
MAX_DEPTH = 32

_KINDS: dict[str, type[Setting]] = {}
_ABSTRACT: set[type] = set()


class WholeFunction(Protocol):
    """A function of whole signals, as an effect that holds one sees it."""

    def _answer(self, audio: Audio, sample_rate_hz: float, place: str) -> Audio:
        """Return what it makes of a whole signal: an array of the same shape and format."""

    def _told(self, place: str) -> str:
        """Return its name and place for an error."""


class _ByName(ABCMeta):
    """Refuses calls that do not fit the signature of a class, and suggests the parameter meant."""

    if not TYPE_CHECKING:

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            if cls in _ABSTRACT:
                raise TypeError(f"{cls.__name__} is abstract: it has no settings of its own")
            _checks.check_call(cls.__name__, _signature(cls), args, kwargs, processes=hasattr(cls, "process"))
            return super().__call__(*args, **kwargs)

        @property
        def __signature__(cls) -> inspect.Signature:
            return _signature(cls)


@functools.cache
def _signature(cls: type) -> inspect.Signature:
    signature = inspect.signature(vars(cls).get("__init__") or cast(Any, cls).__init__)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


class Setting(Shown, metaclass=_ByName):
    """A frozen value with named, checked parameters. Subclasses are frozen dataclasses."""

    #: Its class, the type in plain values.
    _name: ClassVar[str]
    #: Name of a value of exactly this class in errors; by default the class.
    _called: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._name = cls.__name__
        if "_called" not in vars(cls):
            cls._called = cls.__name__
        _KINDS[cls.__name__] = cls

    def __post_init__(self) -> None:
        """Convert the arguments to plain numbers, then refuse values that no stream can take."""
        kinds = _field_kinds(type(self))
        for entry in dataclasses.fields(cast(Any, self)):
            value = _plain(entry.name, kinds[entry.name], getattr(self, entry.name))
            if kinds[entry.name] is int:
                # Checked here, since the compiled module reads no negative number as a count.
                _checks.whole_number(entry.name, value, *range_of(self._name, entry.name))
            object.__setattr__(self, entry.name, value)
        if self._depth() > MAX_DEPTH:
            raise ParameterError(_TOO_DEEP)
        self._check()

    def _depth(self) -> int:
        """Nesting depth, this setting included. Inner settings have been checked already."""
        return 1 + max((setting._depth() for _, setting in self._inner()), default=0)

    def _inner(self) -> Iterator[tuple[str, Setting]]:
        """Yield the settings that it holds, each with its place."""
        for entry in dataclasses.fields(cast(Any, self)):
            value = getattr(self, entry.name)
            if isinstance(value, Setting):
                yield entry.name, value
            elif isinstance(value, tuple):
                for position, item in enumerate(value):
                    if isinstance(item, Setting):
                        yield f"{entry.name}[{position}]", item

    def _functions(self) -> Iterator[tuple[str, WholeFunction]]:
        """Yield the functions of whole signals that run in it, first to last, each with its place."""
        for place, setting in self._inner():
            for within, function in setting._functions():
                yield f"{place}.{within}".removesuffix("."), function

    def _warnings(self, sample_rate_hz: float) -> Iterator[str]:
        """Yield what a user is to be warned of when it processes at this rate."""
        for _, setting in self._inner():
            yield from setting._warnings(sample_rate_hz)

    def _check(self) -> None:
        """Refuse values out of range."""

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Return the parameters with their units, ranges and defaults, for generic editors.

        The engine checks values by them. Combinations have none.

        Returns
        -------
        tuple of Parameter

        Examples
        --------
        >>> import mixdown as md
        >>> threshold, ratio = md.Compressor.parameters()[:2]
        >>> ratio
        <Parameter ratio: 1 to inf, default 4>
        >>> (threshold.minimum, threshold.maximum, threshold.default, threshold.unit, threshold.scale)
        (-60.0, 0.0, -18.0, 'dBFS', 'decibel')
        >>> [parameter.name for parameter in md.Limiter.parameters() if parameter.fixed_while_running]
        ['lookahead_ms', 'mode']
        """
        return parameters_of(cls.__name__)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other settings.

        Parameters
        ----------
        **changes
            Parameters by name.

        Returns
        -------
        effect or setting
            Of the same class.

        Examples
        --------
        >>> import mixdown as md
        >>> gentle = md.Compressor(threshold_db=-24, ratio=2)
        >>> gentle.replace(ratio=3).ratio, gentle.ratio
        (3.0, 2.0)
        """
        self._refuse_unknown(changes)
        changed: Self = dataclasses.replace(cast(Any, self), **changes)
        return changed

    @classmethod
    def _refuse_unknown(cls, names: typing.Iterable[str]) -> None:
        known = [entry.name for entry in dataclasses.fields(cast(Any, cls)) if entry.init]
        for name in names:
            if name not in known:
                raise _checks.unknown(cls._name, name, known)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for :func:`from_dict`.

        Returns
        -------
        dict
            ``{"type": "Gain", "gain_db": -3.0, …}``. Valid as strict JSON: an infinity is the word "inf" or "-inf".

        Examples
        --------
        >>> import mixdown as md
        >>> md.Bell(frequency_hz=3_000, gain_db=2).to_dict()
        {'type': 'Bell', 'frequency_hz': 3000.0, 'gain_db': 2.0, 'q': 1.0}
        """
        return cast(dict[str, Any], without_infinities(self._written(lambda setting: setting.to_dict())))

    def _engine(self, sample_rate_hz: float | None) -> dict[str, Any]:
        """Return plain values for the compiled module, converted to the rate where they depend on it."""
        return self._written(lambda setting: setting._engine(sample_rate_hz))

    def _written(self, inner: Any) -> dict[str, Any]:
        plain = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(cast(Any, self))}
        return {"type": self._name, **{name: _to_plain(value, inner) for name, value in plain.items()}}


_ABSTRACT.add(Setting)

_Kind = TypeVar("_Kind", bound=type[Setting])


def abstract(kind: _Kind) -> _Kind:
    """Make a base class one that has no values, which :func:`from_dict` does not know."""
    _ABSTRACT.add(kind)
    return unwritten(kind)


def unwritten(kind: _Kind) -> _Kind:
    """Exclude a class whose values cannot be written from :func:`from_dict`."""
    del _KINDS[kind.__name__]
    return kind


@functools.cache
def _field_kinds(kind: type[Setting]) -> dict[str, Any]:
    """Types of the parameters of a kind of setting."""
    return typing.get_type_hints(kind)


_TOO_DEEP = f"effects lie more than {MAX_DEPTH} deep within each other"


def _plain(name: str, kind: Any, value: Any) -> Any:
    """Convert a value for a frozen, hashable setting."""
    origin = typing.get_origin(kind)
    if kind is float:
        return _checks.number(name, value)
    if kind is int:
        return _checks.whole_number(name, value)
    if kind is bool:
        return _checks.flag(name, value)
    if origin in (types.UnionType, typing.Union) and type(None) in typing.get_args(kind):
        given = [inner for inner in typing.get_args(kind) if inner is not type(None)]
        return None if value is None else _plain(name, given[0], value)
    if origin is Literal:
        return _checks.one_of(name, value, typing.get_args(kind))
    if origin is tuple:
        item_kind = typing.get_args(kind)[0]
        values = _checks.items(name, value, _said(item_kind, plural=True))
        return tuple(_plain(f"{name}[{position}]", item_kind, item) for position, item in enumerate(values))
    kinds = typing.get_args(kind) if origin in (types.UnionType, typing.Union) else (kind,)
    if _settings_of(kind) and not isinstance(value, tuple(kind for kind in kinds if isinstance(kind, type))):
        wanted = _said(kind)
        article = "an" if wanted[0].lower() in "aeiou" else "a"
        raise TypeError(f"{name} = {_checks.shown(value)} is not {article} {wanted}{meant_setting(value)}")
    return value


def meant_setting(value: Any) -> str:
    """Return the end of an error about what is no effect: a class without its call, a function."""
    if isinstance(value, type) and value in _KINDS.values():
        return f": did you mean {value.__name__}()?"
    if callable(value) and not isinstance(value, (type, Setting)):
        return ": mixdown.Function makes one of a function"
    return ""


def _settings_of(kind: Any) -> tuple[type[Setting], ...]:
    kinds = typing.get_args(kind) if typing.get_origin(kind) in (types.UnionType, typing.Union) else (kind,)
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Setting))


def _said(kind: Any, *, plural: bool = False) -> str:
    """Return the name of a kind of value."""
    settings = _settings_of(kind)
    if not settings:
        return "numbers" if plural else "number"
    return " or ".join(kind._called + ("s" if plural else "") for kind in settings)


def _to_plain(value: Any, inner: Any) -> Any:
    if isinstance(value, Setting):
        return inner(value)
    if isinstance(value, tuple):
        return [_to_plain(item, inner) for item in value]
    return value


def without_infinities(value: Any) -> Any:
    """JSON has no infinity; :func:`from_dict` reads the words."""
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return {name: without_infinities(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_infinities(item) for item in value]
    return value


def from_plain(settings: Mapping[str, Any], depth: int = 1) -> Setting:
    """Make a setting from the result of :meth:`Setting.to_dict`; `depth` is its nesting depth."""
    if not isinstance(settings, Mapping):
        raise TypeError(f"settings = {_checks.shown(settings)} is not a mapping of names and values")
    if depth > MAX_DEPTH:
        raise ParameterError(_TOO_DEEP)
    fields = {str(name): value for name, value in settings.items()}
    if "type" not in fields:
        raise ParameterError('type is missing: the kind of setting, as "Gain"')
    name = fields.pop("type")
    cls = _KINDS.get(str(name))
    if cls is None:
        close = difflib.get_close_matches(str(name), _KINDS, n=1, cutoff=0.6)
        hint = f"did you mean {close[0]}?" if close else f"it must be one of {', '.join(sorted(_KINDS))}"
        raise ParameterError(f"type = {_checks.shown(name)} is not a kind of setting: {hint}")
    cls._refuse_unknown(fields)
    return cls(**{parameter: _from_plain(parameter, value, depth) for parameter, value in fields.items()})


def _from_plain(place: str, value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        try:
            return from_plain(value, depth + 1)
        except (ParameterError, TypeError) as error:
            raise _within(place, error) from None
    if isinstance(value, (list, tuple)):
        if depth > MAX_DEPTH:
            raise ParameterError(_TOO_DEEP)
        inner = [(f"{place}[{n}]", item, depth + isinstance(item, (list, tuple))) for n, item in enumerate(value)]
        return [_from_plain(*given) for given in inner]
    return {"inf": math.inf, "-inf": -math.inf}.get(value, value) if isinstance(value, str) else value


def _within(place: str, error: ParameterError | TypeError) -> ParameterError | TypeError:
    """Return the error of an inner setting with its place: "bands[0].q = 100 is out of range"."""
    message = str(error)
    if message == _TOO_DEEP:
        return error
    return type(error)(f"{place}{'.' if _OF_PARAMETER.match(message) else ': '}{message}")


#: A message that begins with a parameter, or with the place of one.
_OF_PARAMETER = re.compile(r"[a-z]\w*(\[\d+\])?( = |\.|: | has \d)")

#: Every kind of setting by its name.
KINDS: Mapping[str, type[Setting]] = types.MappingProxyType(_KINDS)
