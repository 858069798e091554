"""Bands: the response of an impulse over the formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import FORMULA, Drawing, Measured, over_frequency
from pages.measured.signals import RATE_HZ, decibels, impulse, measured_response, shown

#: Where the formula is below this, in dB under its highest, rounding is measured rather than the filter.
FLOOR_DB = -80.0


def response(
    effects: Mapping[str, md.Effect],
    *,
    name: str = "response",
    title: str = "Frequency response",
    lowest_db: float = -36.0,
    more: str = "",
) -> Measured:
    """Draw the responses of effects, measured with an impulse, over `frequency_response`."""
    drawing = Drawing()
    (axes,) = drawing.axes
    largest_db = 0.0
    for label, effect in effects.items():
        frequencies_hz, measured = measured_response(effect, impulse())
        formula_db = decibels(effect.frequency_response(frequencies_hz, RATE_HZ))
        measured_db = decibels(measured)
        heard = formula_db > formula_db.max() + FLOOR_DB
        largest_db = max(largest_db, float(np.max(np.abs(measured_db - formula_db)[heard])))
        axes.plot(frequencies_hz, np.maximum(measured_db, lowest_db - 40), label=label)
        axes.plot(frequencies_hz, np.maximum(formula_db, lowest_db - 40), **FORMULA)
    over_frequency(axes)
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, lowest_db), max(high, 3.0))
    return drawing.finished(name, title, f"{difference(largest_db)}{more}")


def difference(largest_db: float) -> str:
    """Return the sentence on the largest difference from the formula."""
    return (
        "Lines: the output of a unit impulse, transformed. Dotted: `frequency_response`. Largest difference from 20 Hz "
        f"to 20 kHz, where the response is above {FLOOR_DB:g} dB: {shown(largest_db, 'dB')}."
    )


def _bell() -> Sequence[Measured]:
    gains = {f"gain_db={gain}": md.Bell(frequency_hz=1000, gain_db=gain) for gain in (12, 6, -6, -12)}
    widths = {f"q={q}": md.Bell(frequency_hz=1000, gain_db=9, q=q) for q in (0.3, 1, 4, 16)}
    return [
        response(gains, title="Gain at 1 kHz"),
        response(widths, name="q", title="Quality factor, at a gain of 9 dB"),
    ]


def _low_shelf() -> Sequence[Measured]:
    gains = {f"gain_db={gain}": md.LowShelf(frequency_hz=200, gain_db=gain) for gain in (12, 6, -6, -12)}
    qualities = {f"q={q}": md.LowShelf(frequency_hz=200, gain_db=9, q=q) for q in (0.4, 0.7071, 1.5, 2.5)}
    return [
        response(gains, title="Gain, at a corner of 200 Hz"),
        response(qualities, name="q", title="Quality factor, at a gain of 9 dB"),
    ]


def _high_shelf() -> Sequence[Measured]:
    gains = {f"gain_db={gain}": md.HighShelf(frequency_hz=4000, gain_db=gain) for gain in (12, 6, -6, -12)}
    qualities = {f"q={q}": md.HighShelf(frequency_hz=4000, gain_db=9, q=q) for q in (0.4, 0.7071, 1.5, 2.5)}
    return [
        response(gains, title="Gain, at a corner of 4 kHz"),
        response(qualities, name="q", title="Quality factor, at a gain of 9 dB"),
    ]


def _slopes(kind: type[md.LowPass | md.HighPass], frequency_hz: float) -> Measured:
    effects = {
        f"{slope} dB/octave": kind(frequency_hz=frequency_hz, slope_db_per_octave=slope)
        for slope in (6, 12, 24, 48, 96)
    }
    corner_db = [float(decibels(each.frequency_response([frequency_hz], RATE_HZ))[0]) for each in effects.values()]
    more = f" At the corner: {min(corner_db):.2f} to {max(corner_db):.2f} dB."
    return response(effects, title=f"Slopes, at a corner of {frequency_hz:g} Hz", lowest_db=-84, more=more)


def _by_q(kind: Callable[..., md.Effect], qualities: Sequence[float]) -> Measured:
    effects = {f"q={q}": kind(frequency_hz=1000, q=q) for q in qualities}
    return response(effects, title="Quality factor, at 1 kHz", lowest_db=-48)


def _all_pass() -> Sequence[Measured]:
    drawing = Drawing(2)
    phases, delays = drawing.axes
    worst_degrees = worst_db = 0.0
    for q in (0.5, 1, 4):
        effect = md.AllPass(frequency_hz=1000, q=q)
        frequencies_hz, measured = measured_response(effect, impulse())
        formula = effect.frequency_response(frequencies_hz, RATE_HZ)
        worst_degrees = max(worst_degrees, float(np.max(np.abs(np.angle(measured / formula, deg=True)))))
        worst_db = max(worst_db, float(np.max(np.abs(decibels(measured)))))
        phases.plot(frequencies_hz, np.degrees(np.unwrap(np.angle(measured))), label=f"q={q}")
        phases.plot(frequencies_hz, np.degrees(np.unwrap(np.angle(formula))), **FORMULA)
        turn = -np.diff(np.unwrap(np.angle(measured))) / np.diff(2 * np.pi * frequencies_hz)
        delays.plot(frequencies_hz[1:], 1000 * turn, label=f"q={q}")
    over_frequency(phases, unit="phase, degrees")
    over_frequency(delays, unit="group delay, ms")
    for axes in drawing.axes:
        axes.set_xticks([20, 200, 2000, 20_000])
    text = (
        "Lines: the output of a unit impulse, transformed. Dotted: `frequency_response`. Largest difference of the phase "
        f"{shown(worst_degrees, 'degrees')}; largest level anywhere {shown(worst_db, 'dB')}."
    )
    return [drawing.finished("phase", "Phase and group delay at 1 kHz", text)]


def _tilt() -> Sequence[Measured]:
    effects = {f"gain_db={gain}": md.Tilt(gain_db=gain) for gain in (12, 6, -6, -12)}
    return [response(effects, title="Tilt around 650 Hz")]


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {
    "Bell": _bell,
    "LowShelf": _low_shelf,
    "HighShelf": _high_shelf,
    "LowPass": lambda: [_slopes(md.LowPass, 1000)],
    "HighPass": lambda: [_slopes(md.HighPass, 100)],
    "BandPass": lambda: [_by_q(md.BandPass, (0.5, 1, 4, 16))],
    "Notch": lambda: [_by_q(md.Notch, (0.5, 1, 4, 16))],
    "AllPass": _all_pass,
    "Tilt": _tilt,
}
