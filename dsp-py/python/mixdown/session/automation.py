"""Automation: points in time of a parameter, and the paths of the parameters that have them."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.effects import Effect, LinearPhaseEqualizer, Parameter, parameters_of
from mixdown.effects.setting import Setting
from mixdown.effects.tempo import TempoEffect

Shape = Literal["linear", "db_linear", "exponential", "s_curve", "hold"]
"""Way from one point to the next."""

#: A time in s, a value, and the shape of the way that ends there.
Point: TypeAlias = tuple[float, float, Shape]
#: Points as they may be given: the shape may be left out.
Points: TypeAlias = Iterable[Sequence[Any]]
#: A number, or its course in time.
Automated: TypeAlias = float | Points

#: Parameters of a strip, and of a send, that take points.
STRIP_LANES = ("fader_db", "pan", "left_pan", "right_pan", "mute")
SEND_LANES = ("level_db", "pan", "mute")
#: Lists of numbers in effects, with their units.
_LISTS = {"crossovers_hz": "Hz", "gains_db": "dB"}


def is_points(value: Any) -> bool:
    """Whether a value is meant as points: any list, not a number or a word."""
    return (
        isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)) and getattr(value, "ndim", 1) > 0
    )


def read_points(name: str, values: Any, parameter: Parameter) -> tuple[Point, ...]:
    """Return points as stored; order, ranges and shapes are checked by the engine."""
    points: list[Point] = []
    for position, point in enumerate(_checks.items(name, values, "points")):
        called = f"{name}[{position}]"
        if isinstance(point, (str, bytes)) or not isinstance(point, Iterable):
            raise TypeError(f"{called} = {_checks.shown(point)} is not a point: (seconds, value[, shape])")
        parts = list(point)
        if len(parts) not in (2, 3):
            raise TypeError(f"{called} = {_checks.shown(point)} is not a point: (seconds, value[, shape])")
        time_s = _checks.number(f"{called}: time_s", parts[0])
        value: float
        if parameter.kind == "switch":
            value = _checks.flag(f"{called}: {parameter.name}", parts[1])
        else:
            value = _checks.number(f"{called}: {parameter.name}", parts[1])
        usual = usual_shape(parameter)
        if math.isinf(time_s):
            raise ParameterError(f"{called}: time_s = {_checks.plain(time_s)} is not allowed: it must be finite")
        shape: Any = _checks.one_of(f"{called}: shape", parts[2] if len(parts) == 3 else usual, get_args(Shape))
        points.append((time_s, value, shape))
    if not points:
        raise ParameterError(f"{name} has no points: 1 or more needed")
    return tuple(points)


def usual_shape(parameter: Parameter) -> Shape:
    """Return the shape of points that name none."""
    # What takes only some values has none between two of them.
    if parameter.kind == "switch" or parameter.step is not None or parameter.values:
        return "hold"
    return "db_linear" if parameter.unit.startswith("dB") else "linear"


def lane(path: str, points: Iterable[Point]) -> dict[str, Any]:
    """Return a lane in plain values for the compiled module."""
    plain = [{"time_s": time_s, "value": float(value), "shape": shape} for time_s, value, shape in points]
    return {"parameter": path, "points": plain}


def parameter_at(path: str, inserts: Sequence[Effect], sends: Sequence[str], strip: str) -> Parameter:
    """Return the parameter of a strip at a path.

    ``fader_db``, ``sends/hall/level_db``, ``2/threshold_db`` or, inside an insert, ``2/effects[1].bands[0].gain_db``.
    """
    called = f"{strip}/{path}"
    match path.split("/"):
        case [name] if name:
            return _named(called, name, parameters_of("Strip"), STRIP_LANES, "a strip")
        case ["sends", to, name]:
            if to not in sends:
                raise ParameterError(f"{called}: there is no send to {_checks.shown(to)}{nearest(to, sends)}")
            return _named(called, name, parameters_of("Send"), SEND_LANES, "a send")
        case [index, inside] if re.fullmatch(r"0|[1-9][0-9]{0,3}", index):
            if int(index) >= len(inserts):
                raise ParameterError(f"{called}: there is no insert {index}: the strip has {len(inserts)}")
            return _inside(called, inserts[int(index)], inside)
    raise ParameterError(
        f"{called}: no such parameter: after the name of the strip come fader_db, pan, left_pan, right_pan or mute, "
        "sends/<name>/<parameter> or <insert>/<parameter>, as 0/threshold_db or 1/bands[0].gain_db"
    )


def _inside(called: str, effect: Effect, path: str) -> Parameter:
    """Return the parameter at a path inside an insert, as errors write it."""
    holder: Setting = effect
    *steps, last = path.split(".")
    for step in steps:
        inner = dict(holder._inner())
        if step not in inner:
            raise ParameterError(f"{called}: {holder._called} has no {step}{_nearest_inside(effect, path)}")
        _refuse_costly(called, holder, step)
        holder = inner[step]
    _refuse_costly(called, holder, last)
    _refuse_idle(called, holder, last)
    known = _numbers_of(holder)
    lanes = [parameter.name for parameter in holder.parameters() if parameter.takes_automation]
    if last in known:
        return known[last]
    if last in lanes or any(last == parameter.name for parameter in holder.parameters()):
        return _named(called, last, holder.parameters(), [*lanes, *known], holder._called)
    name = last.partition("[")[0]
    if name != last and name in _LISTS and getattr(holder, name, None) == ():
        raise ParameterError(f"{called}: {holder._called} has no {name} of its own: give it some, as constants")
    raise ParameterError(f"{called}: {holder._called} has no parameter {last}{_nearest_inside(effect, path)}")


def _refuse_costly(called: str, holder: Setting, step: str) -> None:
    """Refuse the taps of a linear-phase equalizer, which are designed for longer than a block lasts."""
    if isinstance(holder, LinearPhaseEqualizer) and step.startswith("bands"):
        raise ParameterError(f"{called}: bands of LinearPhaseEqualizer take no automation; those of Equalizer do")


def _refuse_idle(called: str, holder: Setting, name: str) -> None:
    """Refuse a time or rate that a note sets, and a tempo without a note: neither would be heard."""
    if not isinstance(holder, TempoEffect):
        return
    if name == holder._timed and holder.tempo_bpm is not None:
        raise ParameterError(f"{called}: a note sets {name} of {holder._called}: automate tempo_bpm")
    if name == "tempo_bpm" and holder.tempo_bpm is None:
        raise ParameterError(f"{called}: tempo_bpm of {holder._called} needs a note: automate {holder._timed}")


def _numbers_of(holder: Setting) -> dict[str, Parameter]:
    """Return the numbers of lists: ``crossovers_hz[0]``, ``gains_db[1]``."""
    return {
        f"{name}[{position}]": Parameter(name=name, kind="number", unit=unit, takes_automation=True)
        for name, unit in _LISTS.items()
        for position in range(len(getattr(holder, name, ())))
    }


def _paths(holder: Setting, before: str = "") -> Iterator[str]:
    """Yield the paths of all parameters inside a setting that take points."""
    yield from (before + parameter.name for parameter in holder.parameters() if parameter.takes_automation)
    yield from (before + name for name in _numbers_of(holder))
    if not isinstance(holder, LinearPhaseEqualizer):
        for place, inner in holder._inner():
            yield from _paths(inner, f"{before}{place}.")


def _nearest_inside(effect: Effect, path: str) -> str:
    return nearest(path, _paths(effect))


def _named(called: str, name: str, parameters: Iterable[Parameter], lanes: Sequence[str], owner: str) -> Parameter:
    found = {parameter.name: parameter for parameter in parameters}
    if name in lanes:
        return found[name]
    if name in found:
        do = "does" if len(lanes) < 2 else "do"
        raise ParameterError(f"{called}: {name} takes no automation; {', '.join(lanes) or 'nothing'} of {owner} {do}")
    raise ParameterError(f"{called}: {owner} has no parameter {name}{nearest(name, lanes)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of an error about an unknown name."""
    close = closest(name, known)
    return f": did you mean {close}?" if close else ""


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is meant by another one, if any is near it."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), None)
