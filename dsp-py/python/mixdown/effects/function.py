"""A function of whole signals as an effect: for what is no effect of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio
from mixdown._core import ParameterError, ShapeError
from mixdown.effects.effect import Effect
from mixdown.effects.setting import WholeFunction, unwritten

#: Largest latency of a function, in frames; that of the engine.
MAX_LATENCY_FRAMES = 1_048_576


@unwritten
@dataclass(frozen=True, eq=False, repr=False)
class Function(Effect):
    """A function of whole signals as an effect: a plug-in through pedalboard, a model, code of scipy.

    It stands wherever an effect does: in a :class:`Chain`, :class:`Parallel` or :class:`MidSide`, among the inserts of
    a mix, before a master. It works offline alone, on the whole audio at once: streams refuse it.

    The function gets the audio that reaches its place, shape (channels, frames), in an array of its own, and returns an
    array of the same shape: float32 or float64, finite. It is called once in a rendering, in the order of the signal
    path, with all frames of the result, in a mix those of the whole mix; then follow the frames of its latency. Frames
    before and after are given as well where there is sound that matters: before the input that of a linear-phase
    equalizer, after the result that into which later effects look ahead.

    Two are equal if they have the same function. Neither :meth:`to_dict` nor a session file holds one; pickle does, if
    it takes the function.

    Parameters
    ----------
    function : function of (audio, sample_rate_hz)
        Any callable. What it raises is raised, with a note of its place.
    name : str, optional
        For errors and tables; by default that of the function.
    latency_frames : int, default 0
        By how much what it returns is late, 0 to 1 048 576. It is compensated, as that of every effect.
    tail_s : float, default 60
        Longest time that it sounds after its input, 0 to 60 s. Silence of this length is given after the input if the
        tail is kept by "auto".

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> def reverse(audio, sample_rate_hz):
    ...     return audio[:, ::-1]
    >>> chain = md.Function(reverse) >> md.Gain(gain_db=-6.0206)
    >>> chain(np.array([1.0, 0.5, 0.25]), 48_000).round(4).tolist()
    [0.125, 0.25, 0.5]
    """

    function: Callable[[Any, Any], Any]
    name: str
    tail_s: float

    _unlike_a_filter: ClassVar[str] = "is a function of whole signals"

    def __init__(
        self,
        function: Callable[[Any, Any], Any],
        *,
        name: str | None = None,
        latency_frames: int = 0,
        tail_s: float = 60.0,
    ) -> None:
        if not callable(function):
            hint = "it must be a function of (audio, sample_rate_hz)"
            raise TypeError(f"function = {_checks.shown(function)} is not a function: {hint}")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name = {_checks.shown(name)} is not a text")
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "name", _name_of(function) if name is None else name)
        late = _checks.whole_number("latency_frames", latency_frames, 0, MAX_LATENCY_FRAMES)
        # Beside the method of this name.
        object.__setattr__(self, "_late_frames", late)
        object.__setattr__(self, "tail_s", _checks.in_range("tail_s", tail_s, 0, _checks.MAX_TAIL_S))
        self.__post_init__()

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other settings.

        Parameters
        ----------
        **changes
            Parameters by name.

        Returns
        -------
        Function

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> late = md.Function(np.roll, name="plug-in")
        >>> late.replace(latency_frames=64).latency_frames(48_000), late.latency_frames(48_000)
        (64, 0)
        """
        given = {"function": self.function, "name": self.name, "latency_frames": self._late, "tail_s": self.tail_s}
        for name in changes:
            if name not in given:
                raise _checks.unknown(self._name, name, given)
        return type(self)(**{**given, **changes})

    def _written(self, inner: Any) -> dict[str, Any]:
        raise ParameterError(f"{self._told('')} has no plain values: neither to_dict nor a session file holds one")

    @property
    def _late(self) -> int:
        return int(self.__dict__["_late_frames"])

    def _engine(self, sample_rate_hz: float | None) -> dict[str, Any]:
        return {"type": self._name, "latency_frames": self._late, "tail_s": self.tail_s}

    def _functions(self) -> Iterator[tuple[str, WholeFunction]]:
        yield "", self

    def _told(self, place: str) -> str:
        """Return its name and place for an error."""
        return f"{place}: function {self.name}" if place else f"function {self.name}"

    def _answer(self, audio: Audio, sample_rate_hz: float, place: str) -> Audio:
        """Return what the function makes of audio of shape (channels, frames), into which it may write."""
        called, shape, sample_format = self._told(place), audio.shape, audio.dtype
        try:
            made = self.function(audio, sample_rate_hz)
        except Exception as error:
            error.add_note(f"raised by {called}")
            raise
        wanted = f"it must return an array of shape {shape}, float32 or float64"
        if not (isinstance(made, np.ndarray) or hasattr(made, "__array__") or hasattr(made, "__dlpack__")):
            raise TypeError(f"{called} returned {_checks.shown(made)}: {wanted}")
        array = _core.as_array(made, f"what {called} returned")
        if array.dtype.kind != "f" or array.dtype.itemsize not in (4, 8):
            raise TypeError(f"{called} returned {array.dtype}: {wanted}")
        if array.shape != shape:
            raise ShapeError(f"{called} returned shape {array.shape}: {wanted}")
        with np.errstate(over="ignore"):
            result = cast(Audio, np.ascontiguousarray(array, sample_format))
        bad = _checks.non_finite(result)
        if bad:
            raise ParameterError(f"{called} returned {bad} non-finite samples: its result must be finite")
        return result

    def _key(self) -> tuple[int, str, int, float]:
        return id(self.function), self.name, self._late, self.tail_s

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Function) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        settings = [
            self.name if self.name == _name_of(self.function) else f"{_name_of(self.function)}, name={self.name!r}"
        ]
        settings += [f"latency_frames={self._late}"] * (self._late != 0)
        settings += [f"tail_s={self.tail_s:g}"] * (self.tail_s != _checks.MAX_TAIL_S)
        return f"Function({', '.join(settings)})"


def _name_of(function: Any) -> str:
    """Return the name of a function; of what wraps one, that of the wrapped; of other objects that of their class."""
    inner = getattr(function, "func", function)
    name = getattr(inner, "__name__", None)
    return name if isinstance(name, str) else type(inner).__name__
