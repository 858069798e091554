"""Common checks of arguments: audio, sample rates, numbers, words, and the names of parameters."""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import math
import operator
import os
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _core
from mixdown._core import ParameterError

Audio: TypeAlias = NDArray[np.float32] | NDArray[np.float64]

#: Legal sample rates, in Hz.
RATE_RANGE_HZ = (_core.MIN_SAMPLE_RATE_HZ, _core.MAX_SAMPLE_RATE_HZ)
#: Most channels of a stream.
MAX_CHANNELS = _core.MAX_CHANNELS
#: Numbers that are hardly anything but a rate.
_COMMON_RATES_HZ = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
#: Longest tail, in s.
MAX_TAIL_S = _core.MAX_TAIL_S


class SupportsArray(Protocol):
    """An object that converts to an array by ``__array__``."""

    def __array__(self) -> NDArray[Any]: ...


class SupportsDLPack(Protocol):
    """An object that converts to an array by ``__dlpack__``, such as a tensor."""

    def __dlpack__(self) -> Any: ...

    def __dlpack_device__(self) -> tuple[int, int]: ...


#: Audio arguments: see :func:`audio`.
AudioLike: TypeAlias = NDArray[Any] | SupportsArray | SupportsDLPack
#: Audio, or audio with its rate as :func:`mixdown.read` returns it.
Source: TypeAlias = AudioLike | tuple[AudioLike, float]


class CallError(ParameterError, TypeError):
    """A call with an unknown parameter, or a positional argument where a name is needed."""


class UnknownNameError(ParameterError, KeyError):
    """A name that is not among the known ones: its text is that of every other error."""

    def __str__(self) -> str:
        # A KeyError shows its text in quotes.
        return str(self.args[0])


def shown(value: object) -> str:
    """Return a value for an error message: one short line."""
    if isinstance(value, np.ndarray) and value.ndim > 0:
        return f"array of shape {value.shape}"
    if isinstance(value, (float, np.floating)) and math.isnan(value):
        # As the engine writes it.
        return "NaN"
    if isinstance(value, (type, types.FunctionType)):
        # Without its address.
        return f"{'class' if isinstance(value, type) else 'function'} {value.__name__}"
    try:
        text = " ".join(repr(value).split())
    except Exception:
        return f"<{type(value).__name__}>"
    return text if len(text) <= 80 else f"{text[:79]}…"


def figure(value: float, digits: int = 1) -> str:
    """Return a number as text: never "-0.0"."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def apart(value: float, limit: float, digits: int = 1) -> str:
    """Return a number with enough decimals to lie on its own side of a limit: -0.998, not -1.00, above -1."""
    wanted = (value > limit, value < limit)
    texts = (f"{value:z.{places}f}" for places in range(digits, 7))
    return next((text for text in texts if (float(text) > limit, float(text) < limit) == wanted), repr(value))


def figure_or_dash(value: float, unit: str = "", digits: int = 1) -> str:
    """Return a number with its unit, "-" where it is not finite: the PLR of what has no loudness."""
    return f"{figure(value, digits)} {unit}".rstrip() if math.isfinite(value) else "-"


def number(name: str, value: Any) -> float:
    """Return a real number as float; words, booleans and arrays are refused."""
    if not isinstance(value, (str, bytes, bytearray, bool, np.bool_)) and getattr(value, "ndim", 0) == 0:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
        except (TypeError, ValueError):
            pass
    raise TypeError(f"{name} = {shown(value)} is not a number{_number_in(value)}")


def _number_in(value: Any) -> str:
    """Return the end of an error about a text that holds a number."""
    try:
        inside = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        inside = math.nan
    return "" if math.isnan(inside) else f": did you mean {plain(inside)}, without quotes?"


def out_of_range(name: str, value: float, low: float, high: float) -> ParameterError:
    """Return the error of a number out of its range, with what it means in another unit, as the engine has it."""
    said = f"{name} = {plain(value)} is out of range: it must lie in {low:g}..{high:g}"
    if name.endswith(("_hz", "_ms")) and value < low:
        meant = round(value * 1_000, 6)
    elif name.endswith(("_db", "_dbtp", "_lufs")) and 0 in (low, high) and abs(value) >= 1:
        meant = -value
    elif "_" not in name and high == 1 and 5 <= abs(value) <= 100:
        meant = value / 100
    else:
        return ParameterError(said)
    return ParameterError(said + (f": did you mean {plain(meant)}?" if low <= meant <= high else ""))


def whole_number(name: str, value: Any, low: float | None = None, high: float | None = None) -> int:
    """Return a whole number, within a range if there is one."""
    try:
        whole = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        whole = None
    if whole is None:
        raise TypeError(f"{name} = {shown(value)} is not a whole number")
    if low is not None and high is not None and not low <= whole <= high:
        raise ParameterError(f"{name} = {shown(whole)} is out of range: it must lie in {low:g}..{high:g}")
    return whole


def in_range(name: str, value: Any, low: float, high: float) -> float:
    """Return a number within a range; NaN is in none."""
    real = number(name, value)
    if not low <= real <= high:
        raise out_of_range(name, real, low, high)
    return real


def path(name: str, value: Any) -> Path:
    """Return a path; nothing else is one."""
    if isinstance(value, (str, os.PathLike)):
        return Path(value)
    raise TypeError(f"{name} = {shown(value)} is not a path: it must be a str or a pathlib.Path")


def flag(name: str, value: Any) -> bool:
    """Return a boolean; nothing else is true or false."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise TypeError(f"{name} = {shown(value)} is not a boolean: it must be True or False")


def text(name: str, value: Any) -> str:
    """Return a string; nothing else is text."""
    if isinstance(value, str):
        return value
    raise TypeError(f"{name} = {shown(value)} is not a string")


def one_of(name: str, value: Any, words: Sequence[str]) -> str:
    """Return one of certain words."""
    if isinstance(value, str) and value in words:
        return str(value)
    raise ParameterError(
        f"{name} = {shown(value)} is not allowed: it must be one of {', '.join(words)}{closest(value, words)}"
    )


_Value = TypeVar("_Value")


def by_name(name: str, word: Any, known: Mapping[str, _Value]) -> _Value:
    """Return the value of a name, in any case; an unknown one is refused with all known ones and the nearest."""
    if isinstance(word, str) and word.lower() in known:
        return known[word.lower()]
    hint = closest(word, known)
    raise UnknownNameError(f"{name} = {shown(word)} is unknown: it must be one of {', '.join(known)}{hint}")


def closest(word: Any, known: Iterable[str]) -> str:
    """Return the end of an error about a word that is not known, with the nearest known one; empty if none is near."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6) if isinstance(word, str) else []
    return f": did you mean {close[0]}?" if close else ""


def numbers(name: str, values: Any) -> NDArray[np.float64]:
    """Return an array of real numbers, of the shape of `values`."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "iuf" and array.size:
        raise TypeError(f"{name} = {shown(values)} does not hold numbers alone")
    return array.astype(np.float64)


def sample_rate(value: Any, name: str = "sample_rate_hz", *, whole: bool = False) -> float:
    """Return a sample rate in Hz. The one check of all sample rates.

    Parameters
    ----------
    value : float
        8 000 to 384 000.
    name : str
        Its name in errors.
    whole : bool
        For files, which store whole Hz only.
    """
    if getattr(value, "ndim", 0) or isinstance(value, (list, tuple)):
        raise TypeError(f"{name} = {shown(value)} is not a number: audio comes first, then its sample rate")
    rate_hz = number(name, value)
    low, high = RATE_RANGE_HZ
    if not low <= rate_hz <= high:
        raise out_of_range(name, rate_hz, low, high)
    if whole and not rate_hz.is_integer():
        raise ParameterError(f"{name} = {plain(rate_hz)} is not allowed: it must be a whole number of Hz")
    # Whole rates count frames: `np.zeros(2 * rate)`.
    return int(rate_hz) if rate_hz.is_integer() else rate_hz


def plain(value: float) -> str:
    """Return a number for an error message: all its digits, whole ones without a point, NaN as the engine writes it."""
    value = float(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else shown(value)


def audio(value: AudioLike, name: str = "audio") -> Audio:
    """Return audio as numpy array, or refuse it. The one check of all audio arrays.

    float32 or float64, shape (channels, frames) or (frames,), 1 to 64 channels; any strides, byte order and memory,
    read-only too. Objects with ``__array__`` or ``__dlpack__`` are converted. Nothing is copied needlessly.
    """
    refuse_sources(value, name)
    return _core.as_audio(value, name)


def refuse_sources(value: Any, name: str = "audio") -> None:
    """Refuse what only makes audio: a mix, and an iterator of blocks."""
    if isinstance(value, (np.ndarray, tuple)):
        return
    kind = type(value)
    if callable(getattr(kind, "render", None)) and hasattr(kind, "sample_rate_hz"):
        raise TypeError(f"{name} is a {kind.__name__}: pass its audio and rate, as mix.render(), mix.sample_rate_hz")
    if isinstance(value, Iterator):
        hint = "Effect.process_blocks and mixdown.write take blocks; mixdown.read makes whole audio of a file"
        raise TypeError(f"{name} is an iterator, {kind.__name__}: {hint}")


def planar(value: AudioLike, name: str = "audio") -> Audio:
    """Return audio as array of shape (channels, frames)."""
    samples = audio(value, name)
    return samples[np.newaxis] if samples.ndim == 1 else samples


#: Frames that are looked at at once: what is made of them stays in the cache.
_STEP_FRAMES = 65_536


def finite(samples: Audio, name: str = "audio") -> Audio:
    """Return audio whose samples are all finite."""
    refuse_non_finite(non_finite(samples), name)
    return samples


def non_finite(samples: Audio) -> int:
    """Return how many samples are not finite."""
    bad = 0
    for start in range(0, samples.shape[-1], _STEP_FRAMES):
        part = np.isfinite(samples[..., start : start + _STEP_FRAMES])
        bad += 0 if part.all() else part.size - int(np.count_nonzero(part))
    return bad


def refuse_non_finite(bad: int, name: str = "audio", where: str = "") -> None:
    """Refuse audio with so many samples that are not finite; `where` tells where they are."""
    if bad:
        # "audio of 'kick'" is `audio` in code.
        hint = f"NaN or infinite; numpy.nan_to_num({name.split(' ')[0]}, posinf=0, neginf=0) makes them 0"
        raise ParameterError(f"{name} holds {bad} non-finite samples{where}: {hint}")


def unpack(source: Any, name: str = "audio") -> tuple[Any, float | None]:
    """Return the audio of a source, and its rate if it has one."""
    refuse_sources(source, name)
    if isinstance(source, tuple):
        if len(source) != 2:
            raise TypeError(f"{name} is a tuple of {len(source)}: audio is a numpy array, or (audio, sample_rate_hz)")
        samples, rate_hz = source
    elif hasattr(source, "sample_rate_hz") and hasattr(source, "audio"):
        samples, rate_hz = source.audio, source.sample_rate_hz
    else:
        return source, None
    return samples, sample_rate(rate_hz)


def recording(
    source: Source, sample_rate_hz: float | None, name: str = "audio", rate_name: str = "sample_rate_hz"
) -> tuple[AudioLike, float]:
    """Return audio and rate of a call with both, or with the result of :func:`mixdown.read` alone."""
    samples, own_hz = unpack(source, name)
    if own_hz is None:
        if sample_rate_hz is None:
            if isinstance(samples, (str, os.PathLike)):
                # Refused for what it is.
                audio(cast(Any, samples), name)
            raise CallError(f"{rate_name} is missing: {name} may stand alone only if it came from mixdown.read")
        return samples, sample_rate(sample_rate_hz, rate_name)
    if sample_rate_hz is not None and sample_rate(sample_rate_hz, rate_name) != own_hz:
        given = plain(sample_rate(sample_rate_hz, rate_name))
        raise ParameterError(f"{rate_name} = {given} does not fit: {name} was recorded at {plain(own_hz)}")
    return samples, own_hz


def rate_of_blocks(blocks: Any, sample_rate_hz: float | None, name: str = "blocks") -> float:
    """Return the rate of a call with an iterator of blocks, which may have one itself."""
    if not isinstance(blocks, Iterable) or isinstance(blocks, (str, bytes, tuple)) or hasattr(blocks, "__array__"):
        hint = "it must be an iterator of arrays, as mixdown.blocks(path); whole audio needs none"
        raise TypeError(f"{name} = {shown(blocks)} is not an iterator of blocks: {hint}")
    own_hz = getattr(blocks, "sample_rate_hz", None)
    if sample_rate_hz is None:
        if own_hz is None:
            raise CallError(f"sample_rate_hz is missing: {name} may stand alone only if it came from mixdown.blocks")
        return sample_rate(own_hz)
    rate_hz = sample_rate(sample_rate_hz)
    if own_hz is not None and rate_hz != own_hz:
        raise ParameterError(f"sample_rate_hz = {plain(rate_hz)} does not fit: that of {name} is {plain(own_hz)}")
    return rate_hz


def side_chain(key: Source | None, sample_rate_hz: float) -> AudioLike | None:
    """Return the samples of a key, which must have the rate of the audio."""
    return None if key is None else recording(key, sample_rate_hz, "key")[0]


def tail(value: Any) -> str | float:
    """Return the tail to keep: "none", "auto" or seconds."""
    if isinstance(value, str) and value in ("none", "auto"):
        return str(value)
    try:
        seconds = number("tail", value)
    except TypeError:
        seconds = math.nan
    if not 0 <= seconds <= MAX_TAIL_S:
        allowed = f'"none", "auto" or seconds, 0..{MAX_TAIL_S:g}'
        raise ParameterError(f"tail = {shown(value)} is not allowed: it must be {allowed}")
    return seconds


def sample_format(dtype: Any) -> str:
    """Return "float32" or "float64"."""
    try:
        name = "" if dtype is None or isinstance(dtype, bytes) else str(np.dtype(dtype).name)
    except TypeError:
        name = ""
    if name not in ("float32", "float64"):
        raise ParameterError(f"dtype = {shown(dtype)} is not allowed: it must be float32 or float64")
    return name


def bit_depth(value: Any) -> int:
    """Return the word length of a file: 16, 24, or 32 for floating point."""
    bits = whole_number("bit_depth", value)
    if bits not in (16, 24, 32):
        raise ParameterError(f"bit_depth = {bits} is not allowed: it must be 16, 24 or 32")
    return bits


def noise_shaping(value: Any, words: Sequence[str], bits: int) -> str:
    """Return the noise shaping of a file, which is refused at word lengths at which it does nothing."""
    word = one_of("noise_shaping", value, words)
    if word != "none" and bits != 16:
        allowed = f"16 where noise_shaping is {word}, at 44100 to 96000 Hz"
        raise ParameterError(f"bit_depth = {bits} is not allowed: it must be {allowed}")
    return word


def callback(name: str, value: Any) -> Any:
    """Return a function to be called with progress, or None."""
    if value is None or callable(value):
        return value
    raise TypeError(f"{name} = {shown(value)} is not a function")


def instance(name: str, value: Any, kinds: type | tuple[type, ...], called: str, hint: str = "") -> None:
    """Refuse a value that is of none of these classes."""
    if not isinstance(value, kinds):
        raise TypeError(f"{name} = {shown(value)} is not {called}{': ' if hint else ''}{hint}")


def drawable(axes: Any, name: str = "ax") -> None:
    """Refuse what is not axes to draw into."""
    if not hasattr(axes, "add_patch"):
        raise TypeError(f"{name} = {shown(axes)} is not matplotlib axes: figure.add_subplot() makes them")


def items(name: str, values: Any, of: str) -> list[Any]:
    """Return the items of any iterable, generators included; refuse a single item."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{name} = {shown(values)} is not a list of {of}: put it into [ ]")
    return list(values)


@contextlib.contextmanager
def collected_warnings() -> Iterator[list[str]]:
    """Collect what this thread would warn of, in place of warning: no filter drops a repeated one."""
    said: list[str] = []
    before = _collected.set(said)
    try:
        yield said
    finally:
        _collected.reset(before)


_collected: ContextVar[list[str] | None] = ContextVar("_collected", default=None)


def warn(message: str) -> None:
    """Warn at the line that called into the package, however deep within it the reason lies."""
    collected = _collected.get()
    if collected is not None:
        collected.append(message)
        return
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, RuntimeWarning, stacklevel=level)


_PACKAGE = __name__.partition(".")[0]


#: Parameters that are looked for in a call, and the function that has them.
_ELSEWHERE = {
    "Mastered.write": ("mixdown.master", ("bit_depth", "dither", "noise_shaping", "delivery_rate_hz", "target")),
}


def unknown(owner: str, name: str, known: Iterable[str]) -> CallError:
    """Return the error for an unknown parameter, with the closest known one."""
    names = list(known)
    elsewhere, moved = _ELSEWHERE.get(owner, ("", ()))
    if name in moved:
        return CallError(f"{owner} has no parameter {name}: it belongs to {elsewhere}")
    hint = closest(name, names)
    if not hint:
        # "db" of gain_db, "freq" of frequency_hz.
        within = [one for one in names if any(part.startswith(name) for part in one.split("_"))]
        hint = f": did you mean {' or '.join(within)}?" if within else f": it has {', '.join(names)}" if names else ""
    return CallError(f"{owner} has no parameter {name}{hint}")


def check_call(
    owner: str,
    signature: inspect.Signature,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    processes: bool = False,
) -> None:
    """Refuse a call that does not fit a signature, and suggest the fix; `processes` if the result takes audio."""
    parameters = signature.parameters
    for name in kwargs:
        if name not in parameters:
            raise unknown(owner, name, parameters)
    by_place = [p.name for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    by_name = [p for p in parameters.values() if p.kind is p.KEYWORD_ONLY]
    if len(args) > len(by_place):
        beyond = args[len(by_place) :]
        if processes and not by_place and any(getattr(value, "ndim", 0) for value in args):
            hint = f"{owner}()(audio, sample_rate_hz)"
            raise CallError(f"{owner} takes its settings by name, and audio goes to what it returns: {hint}")
        meant = _meant(beyond, [p for p in by_name if p.name not in kwargs])
        if meant:
            places = [written(name, value) for name, value in zip(by_place, args, strict=False)]
            raise CallError(f"parameters are given by name: {owner}({', '.join([*places, *meant])})")
        listed = " and ".join(by_place) or "nothing"
        several = len(by_place) == 1 and _is_list(parameters[by_place[0]])
        hint = ": several go into one list" if several else ""
        if by_name:
            hint = f": by name it takes {', '.join(p.name for p in by_name)}"
        raise CallError(f"{owner} takes {listed} by position, not {len(args)} values{hint}")
    for name in by_place[: len(args)]:
        if name in kwargs:
            raise CallError(f"{owner}: {name} is given twice")
    for name in [*by_place[len(args) :], *(p.name for p in by_name)]:
        if name not in kwargs and parameters[name].default is inspect.Parameter.empty:
            raise CallError(f"{owner} needs {name}{_needed(owner, name, by_place, args)}")


def _needed(owner: str, name: str, by_place: Sequence[str], args: Sequence[Any]) -> str:
    """Return the end of an error about a missing setting: the call with it."""
    if name in by_place:
        return ""
    places = [written(place, value) for place, value in zip(by_place, args, strict=False)]
    return f": {owner}({', '.join([*places, f'{name}={name}'])})"


def _is_list(parameter: inspect.Parameter) -> bool:
    return str(parameter.annotation).startswith(("Iterable", "Sequence"))


def _meant(values: Sequence[Any], by_name: Sequence[inspect.Parameter]) -> list[str]:
    """Return values as they are given by name, each to the next parameter of its kind; empty if one fits none."""
    left, meant = list(by_name), []
    for value in values:
        fitting = next((p for p in left if _fits(value, p)), None)
        if fitting is None:
            return []
        meant.append(f"{fitting.name}={written(fitting.name, value)}")
        left = left[left.index(fitting) + 1 :]
    return meant


def _fits(value: Any, parameter: inspect.Parameter) -> bool:
    """Return whether a parameter takes values of this kind, by its annotation and its default."""
    annotation, default = str(parameter.annotation), parameter.default
    while "[" in annotation:
        annotation = re.sub(r"\[[^\[\]]*\]", "", annotation)
    words = set(re.findall(r"\w+", annotation))
    if isinstance(value, (bool, np.bool_)):
        return "bool" in words
    if isinstance(value, (int, float, np.number)):
        if value in _COMMON_RATES_HZ and not parameter.name.endswith("_hz"):
            return False
        if parameter.name.endswith("sample_rate_hz") and not RATE_RANGE_HZ[0] <= value <= RATE_RANGE_HZ[1]:
            return False
        return bool(words & {"float", "int"}) or (isinstance(default, (int, float)) and not isinstance(default, bool))
    if isinstance(value, (str, os.PathLike)):
        return bool(words & {"str", "PathLike", "Literal"}) or isinstance(default, str)
    if isinstance(value, Mapping):
        return bool(words & {"Mapping", "dict", "StemsLike"})
    if getattr(value, "ndim", 0) or hasattr(value, "sample_rate_hz"):
        return bool(words & {"Source", "Audio", "AudioLike", "NDArray", "ArrayLike", "StemsLike"})
    if isinstance(value, (list, tuple)):
        return bool(words & {"Iterable", "Sequence", "tuple", "list"})
    if callable(value) and not hasattr(value, "process"):
        return "Callable" in words
    return type(value).__name__ in words or (hasattr(value, "process") and "Effect" in words)


def written(name: str, value: Any) -> str:
    """Return a value as a call holds it: short plain ones as they are, others by the name of the parameter."""
    plain_kinds = (str, int, float, bool, type(None), os.PathLike)
    items_of = value if isinstance(value, (list, tuple)) else [value]
    if isinstance(value, np.generic):
        return written(name, value.item())
    if all(type(item).__module__ == "builtins" and isinstance(item, plain_kinds) for item in items_of):
        text = repr(value)
        return text if len(text) <= 60 and type(value) in (str, int, float, bool, type(None), list, tuple) else name
    return name


_P = ParamSpec("_P")
_R = TypeVar("_R")


def named(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function refuse calls that do not fit its signature, and suggest the parameter meant."""
    signature = inspect.signature(function)
    inner = signature.replace(parameters=[p for p in signature.parameters.values() if p.name not in ("self", "cls")])
    method = len(inner.parameters) != len(signature.parameters)

    places = [p.name for p in inner.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    rate_at = places.index("sample_rate_hz") if "sample_rate_hz" in places else None

    @functools.wraps(function)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        # By the class of the object, which may have inherited the method.
        bound = args[0] if method and isinstance(args[0], type) else type(args[0]) if method else None
        owner = f"{bound.__name__}.{function.__name__}" if bound else function.__qualname__
        owner = owner.removesuffix(".__init__")
        given = args[1:] if method else args
        check_call(owner, inner, given, cast(dict[str, Any], kwargs))
        if rate_at and len(given) > rate_at and isinstance(given[rate_at], str):
            _refuse_setting_as_rate(owner, inner, given, rate_at)
        return function(*args, **kwargs)

    return checked


def _refuse_setting_as_rate(owner: str, signature: inspect.Signature, args: tuple[Any, ...], rate_at: int) -> None:
    """Refuse a setting in the place of the sample rate: a text that is no number, where one of them is text."""
    names = list(signature.parameters)
    by_name = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    meant = [] if _number_in(args[rate_at]) else _meant([args[rate_at]], by_name)
    if meant:
        places = [written(name, value) for name, value in zip(names, args[:rate_at], strict=False)]
        # What was read has its rate.
        rate = [] if unpack_rate(args[rate_at - 1]) else ["sample_rate_hz"]
        raise CallError(f"parameters are given by name: {owner}({', '.join([*places, *rate, *meant])})")


def unpack_rate(source: Any) -> bool:
    """Return whether a source has a rate of its own."""
    return hasattr(source, "sample_rate_hz") or (isinstance(source, tuple) and len(source) == 2)
