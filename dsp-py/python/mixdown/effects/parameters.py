"""Parameters of settings, from the tables of the engine."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from mixdown import _core
from mixdown.display.html import Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class Parameter(Shown):
    """A parameter of an effect or of a strip, for editors.

    Attributes
    ----------
    name : str
        The keyword; its suffix is the unit.
    kind : "number", "switch", "choice" or "compound"
        A number of a range, True or False, one of some words, or a value with parts of its own, as bands are.
    unit : str
        Symbol of the unit, as "dB", "dBFS", "Hz", "ms", "%"; empty without one.
    minimum, maximum : float or None
        Ends of the range of a number, both legal.
    maximum_of_rate : float or None
        Highest legal value in parts of the sample rate, where that is lower than `maximum`.
    off : float or None
        A legal value outside the range, which switches the parameter off.
    step : float or None
        Only multiples of it are legal.
    values : tuple of float
        The only legal numbers, rising; empty if the whole range is legal.
    words : tuple of str
        The words of a choice.
    default : float, bool, str or None
        None for a compound.
    scale : "linear", "logarithmic", "decibel" or None
        Equal steps of a control: equal differences, equal ratios, equal differences of a level in dB.
    fixed_while_running : bool
        Whether a stream refuses another value.
    takes_automation : bool
        Whether points in time move it in a mix (:meth:`Mix.automate`): a number or a switch that is not fixed and quick
        to design.
    summary : str
        Its effect.

    Examples
    --------
    >>> import mixdown as md
    >>> frequency, gain, q = md.Bell.parameters()
    >>> frequency
    <Parameter frequency_hz: 10 to 22 000 Hz and at most 0.49 of the sample rate, default 1000>
    >>> gain.minimum, gain.maximum, gain.unit, q.scale
    (-24.0, 24.0, 'dB', 'logarithmic')
    """

    name: str
    kind: Literal["number", "switch", "choice", "compound"]
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    maximum_of_rate: float | None = None
    off: float | None = None
    step: float | None = None
    values: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    default: float | bool | str | None = None
    scale: Literal["linear", "logarithmic", "decibel"] | None = None
    fixed_while_running: bool = False
    takes_automation: bool = False
    summary: str = ""

    def __repr__(self) -> str:
        default = "" if self.default is None else f", default {_shown(self.default)}"
        fixed = ", fixed while a stream runs" if self.fixed_while_running else ""
        return f"<Parameter {self.name}: {self._legal()}{default}{fixed}>"

    def _legal(self) -> str:
        """Return the legal values in words."""
        if self.kind == "choice":
            return _either(map(_shown, self.words))
        if self.minimum is None or self.maximum is None:
            return "True or False" if self.kind == "switch" else self.kind
        unit = f" {self.unit}" if self.unit else ""
        if self.values:
            return _either(map(_shown, self.values)) + unit
        legal = f"{_shown(self.minimum)} to {_shown(self.maximum)}{unit}"
        if self.off is not None:
            legal = f"{_shown(self.off)} (off) or {legal}"
        if self.step is not None:
            legal += f" in steps of {_shown(self.step)}"
        if self.maximum_of_rate is not None:
            legal += f" and at most {_shown(self.maximum_of_rate)} of the sample rate"
        return legal


def _either(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _shown(value: float | bool | str) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value)
    text = f"{value:,.10g}".replace(",", " ")
    # Numbers of five digits and more are grouped.
    return text if abs(value) >= 10_000 else text.replace(" ", "")


@functools.cache
def parameters_of(kind: str) -> tuple[Parameter, ...]:
    """Return the parameters of a kind of settings; none for combinations."""
    return tuple(map(_parameter, _core.fields(kind))) if kind in _core.kinds() else ()


def _parameter(field: dict[str, Any]) -> Parameter:
    values = field["kind"]
    steps = values.get("steps", {})
    stepped = steps if isinstance(steps, dict) else {}
    return Parameter(
        name=field["name"],
        kind=values["type"],
        unit=field["unit"],
        minimum=values.get("min"),
        maximum=values.get("max"),
        maximum_of_rate=values.get("max_per_rate"),
        off=values.get("off"),
        step=stepped.get("multiples"),
        values=tuple(stepped.get("one_of", ())),
        words=tuple(values.get("words", ())),
        default=values.get("default"),
        scale=values.get("scale"),
        fixed_while_running=field["fixed"],
        takes_automation=values["type"] in ("number", "switch") and not field["fixed"] and not field["costly"],
        summary=field["summary"],
    )


def range_of(kind: str, name: str) -> tuple[float, float]:
    """Return the ends of the range of a number; infinite without a table entry."""
    for parameter in parameters_of(kind):
        if parameter.name == name and parameter.minimum is not None and parameter.maximum is not None:
            return parameter.minimum, parameter.maximum
    return -math.inf, math.inf
