"""Pages of effects: their curve, and their parameters; of a chain a block for each member and the response of all."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from mixdown import _checks
from mixdown._core import ParameterError, ShapeError
from mixdown.display import curves, html, style
from mixdown.display.html import page_of
from mixdown.effects import (
    Band,
    Bypass,
    Chain,
    Clipper,
    Convolution,
    Delay,
    DynamicBand,
    DynamicEqualizer,
    Effect,
    Equalizer,
    Gain,
    ImpulseResponse,
    MidSide,
    MultibandCompressor,
    Pan,
    Parallel,
    Parameter,
    Placed,
    Plate,
    Reverb,
    Saturator,
    Width,
)
from mixdown.effects.dynamics import Curved
from mixdown.effects.setting import Setting

#: Rate at which curves are drawn, in Hz.
_RATE_HZ = 48_000
#: Most columns of a table of bands: with more parameters a band is a column, and not a row.
_MOST_COLUMNS = 12
#: Most members of a chain that have a picture each.
_MOST_PICTURES = 8


@page_of.register
def _setting(setting: Setting) -> str:
    return html.page(setting._name, table_of(setting))


@page_of.register
def _effect(effect: Effect) -> str:
    return html.page(title_of(effect), html.beside(table_of(effect), picture_of(effect)))


@page_of.register
def _chain(chain: Chain) -> str:
    return html.page(title_of(chain), picture_of(chain), *_members(chain.effects))


@page_of.register
def _parallel(parallel: Parallel) -> str:
    gains_db = parallel.gains_db or (0.0,) * len(parallel.effects)
    told = [f"{html.number(gain_db)} dB" for gain_db in gains_db]
    return html.page(title_of(parallel), picture_of(parallel), *_members(parallel.effects, told))


@page_of.register
def _mid_side(effect: MidSide) -> str:
    names = ["mid"] * len(effect.mid) + ["side"] * len(effect.side)
    return html.page(title_of(effect), picture_of(effect), *_members((*effect.mid, *effect.side), names))


@page_of.register
def _bypass(effect: Bypass) -> str:
    return html.page("Bypass", html.line("The input passes with the latency of:"), *_members((effect.effect,)))


@page_of.register
def _impulse_response(response: ImpulseResponse) -> str:
    return html.page("ImpulseResponse", html.line(repr(response)))


@page_of.register
def _parameter(parameter: Parameter) -> str:
    return html.page(html.title_of(parameter), html.line(parameter.summary))


def title_of(effect: Effect) -> str:
    """Return the class of an effect, and how many members it has."""
    members = getattr(effect, "effects", getattr(effect, "bands", None))
    if members is None:
        return effect._name
    kind = "band" if hasattr(effect, "bands") else "effect"
    return f"{effect._name}: {len(members)} {kind}{'' if len(members) == 1 else 's'}"


def _members(effects: Sequence[Effect], told: Sequence[str] = ()) -> list[str]:
    blocks = []
    for place, effect in enumerate(effects[: html.MOST_ROWS]):
        said = f"{place + 1}  {title_of(effect)}" + (f" ({told[place]})" if told else "")
        picture = picture_of(effect) if place < _MOST_PICTURES else ""
        inner = _members(effect.effects) if isinstance(effect, Chain) else [table_of(effect)]
        blocks.append(html.folded(said, picture, *inner))
    more = len(effects) - html.MOST_ROWS
    return [*blocks, html.line(f"and {more} more")] if more > 0 else blocks


def picture_of(effect: Effect) -> str:
    """Return the curve of an effect as SVG; nothing where it has none."""
    # What a user is warned of when it processes is no matter of its picture.
    with _checks.collected_warnings():
        return _picture(effect)


def _picture(effect: Effect) -> str:
    if isinstance(effect, (Gain, Pan, Width)) or (isinstance(effect, Chain) and not effect.effects):
        return ""
    if isinstance(effect, (Curved, MultibandCompressor, Saturator, Clipper)):
        return html.drawn(curves.transfer(effect, style.new_axes(4.4, 3.6)))
    if isinstance(effect, DynamicEqualizer):
        return _moves(effect)
    if isinstance(effect, (Reverb, Plate, Delay, Convolution)):
        return _decay(effect)
    try:
        return html.drawn(curves.response(effect, _RATE_HZ, style.new_axes(7.0, 2.6)))
    except (ParameterError, ShapeError):
        # No single response describes it, or not at this rate.
        return ""


def _decay(effect: Effect) -> str:
    rate_hz: float = _RATE_HZ
    if isinstance(effect, Convolution):
        try:
            rate_hz = effect._loaded()[1] or _RATE_HZ
        except (OSError, ParameterError):
            # Its file is not there, or is no response: that is told where it is used.
            return ""
    levels_db, _ = curves.decay_of(effect, rate_hz)
    # A frozen reverb takes nothing in.
    if not np.isfinite(levels_db).any():
        return ""
    return html.drawn(curves.decay(effect, rate_hz, style.new_axes(7.0, 2.2)))


def _moves(effect: DynamicEqualizer) -> str:
    """Draw the response at rest, and with all bands moved as far as they go."""
    if not effect.bands:
        return ""
    axes = style.new_axes(7.0, 2.6)
    for label, share in (("at rest", 0.0), ("moved by the whole range", 1.0)):
        bands = [_moved(band, share) for band in effect.bands]
        curves.response(Equalizer(bands=bands), _RATE_HZ, axes, label=label)
    return html.drawn(axes)


def _moved(band: DynamicBand | Band, share: float) -> Band:
    if isinstance(band, Band):
        return band
    sign = 1 if band.action == "boost" else -1
    gain_db = float(np.clip(band.shape.gain_db + sign * share * band.range_db, -36, 36))
    return cast(Band, band.shape.replace(gain_db=gain_db))


def table_of(setting: Setting) -> str:
    """Return the parameters of a setting with their units, and their bands as a table of their own."""
    known = {parameter.name: parameter for parameter in type(setting).parameters()}
    rows, tables = [], []
    for entry in dataclasses.fields(cast(Any, setting)):
        value = getattr(setting, entry.name)
        if isinstance(value, tuple) and value and all(isinstance(item, Setting) for item in value):
            tables.append(_listed(entry.name, value))
        elif value is not None and value != ():
            rows.append((_label(entry.name), _said(value, known.get(entry.name), entry.name)))
    return "".join((html.table((), rows), *tables))


def _label(name: str) -> str:
    return html.quantity(name, "")[0]


def _said(value: Any, parameter: Parameter | None, name: str) -> str:
    if isinstance(value, Setting):
        return repr(value)
    if callable(value):
        return str(getattr(value, "__name__", type(value).__name__))
    if parameter is not None and parameter.off is not None and value == parameter.off:
        return "off"
    unit = "" if parameter is None else parameter.unit
    if isinstance(value, tuple):
        return ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value) + _of(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return html.short(value)
    return f"{value:g} {unit}".rstrip() if unit else f"{value:g}{_of(name)}"


def _of(name: str) -> str:
    """Return the unit that the ending of a name says."""
    return next((f" {unit}" for ending, unit in html.UNITS.items() if name.endswith(ending)), "")


def _listed(name: str, settings: Sequence[Setting]) -> str:
    """Return settings as the rows of a table, what they have in common as its columns."""
    flat = [_flat(setting) for setting in settings]
    columns = list(dict.fromkeys(column for row in flat for column in row))
    heading = name.replace("_", " ").removesuffix("s")
    numbers = [str(number) for number in range(1, len(flat) + 1)]
    if len(columns) > _MOST_COLUMNS >= len(flat):
        rows = [(column, *(row.get(column, "") for row in flat)) for column in columns]
        return html.table((heading, *numbers), rows)
    rows = [(number, *(row.get(column, "") for column in columns)) for number, row in zip(numbers, flat, strict=True)]
    return html.table((heading, *columns), rows)


def _flat(setting: Setting) -> dict[str, str]:
    """Return the parameters of a band by their names; those of a band within another stand beside its own."""
    known = {parameter.name: parameter for parameter in type(setting).parameters()}
    row = {} if isinstance(setting, (DynamicBand, Placed)) else {"kind": setting._name}
    for entry in dataclasses.fields(cast(Any, setting)):
        value = getattr(setting, entry.name)
        if isinstance(value, Setting):
            row |= _flat(value)
        else:
            row[_label(entry.name)] = _said(value, known.get(entry.name), entry.name)
    return row
