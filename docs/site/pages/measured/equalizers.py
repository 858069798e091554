"""Equalizers: several bands at once, by both designs and phases."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import COLOURS, FORMULA, Drawing, Measured, labelled, over_frequency
from pages.measured.filters import response
from pages.measured.signals import (
    RATE_HZ,
    decibels,
    impulse,
    measured_response,
    pink_noise,
    power_spectrum_db,
    shown,
    smoothed_db,
)

_BANDS = (
    md.HighPass(frequency_hz=40, slope_db_per_octave=24),
    md.LowShelf(frequency_hz=120, gain_db=3),
    md.Bell(frequency_hz=350, gain_db=-4, q=1.4),
    md.Bell(frequency_hz=3000, gain_db=2.5, q=0.8),
    md.HighShelf(frequency_hz=9000, gain_db=4),
)


def _equalizer() -> Sequence[Measured]:
    whole = {"all bands": md.Equalizer(bands=_BANDS), **{type(band).__name__: band for band in _BANDS[:1]}}
    designs = {
        design: md.Equalizer(bands=[md.Bell(frequency_hz=14_000, gain_db=12, q=1)], design=design)
        for design in ("matched", "cookbook")
    }
    cramped_db = [float(decibels(each.frequency_response([20_000], RATE_HZ))[0]) for each in designs.values()]
    more = f" At 20 kHz the matched design has {cramped_db[0]:.1f} dB, the cookbook {cramped_db[1]:.1f} dB."
    return [
        response({"five bands": whole["all bands"]}, title="Five bands of a vocal chain", lowest_db=-30),
        response(designs, name="designs", title="Both designs of a bell at 14 kHz", more=more),
        _places(),
    ]


def _places() -> Measured:
    placed = [
        md.Placed(md.HighPass(frequency_hz=150, slope_db_per_octave=12), place="side"),
        md.Placed(md.Bell(frequency_hz=2500, gain_db=3), place="mid"),
    ]
    equalizer = md.Equalizer(bands=placed)
    drawing = Drawing()
    (axes,) = drawing.axes
    largest_db = 0.0
    for label, right, band in (("mid", 1, placed[1].band), ("side", -1, placed[0].band)):
        signal = impulse(channels=2)
        signal[1] *= right
        output = equalizer(signal, RATE_HZ)
        part = np.stack([(output[0] + right * output[1]) / 2])
        frequencies_hz, measured = measured_response(equalizer, signal, part)
        formula_db = decibels(band.frequency_response(frequencies_hz, RATE_HZ))
        largest_db = max(largest_db, float(np.max(np.abs(decibels(measured) - formula_db))))
        axes.plot(frequencies_hz, decibels(measured), label=label)
        axes.plot(frequencies_hz, formula_db, **FORMULA)
    over_frequency(axes)
    axes.set_ylim(-36, 6)
    text = (
        "Impulses on mid and on side alone. Dotted: the response of the band that is placed there. Largest difference: "
        f"{shown(largest_db, 'dB')}."
    )
    return drawing.finished("places", "Bands on mid and side", text)


def _linear_phase() -> Sequence[Measured]:
    equalizer = md.LinearPhaseEqualizer(bands=_BANDS)
    signal = impulse(1 << 15)
    signal = np.roll(signal, 1 << 14, axis=-1)
    output = equalizer(signal, RATE_HZ)[0]
    frames = output.size
    centre = 1 << 14
    reach = round(0.01 * RATE_HZ)
    around = output[centre - reach : centre + reach + 1]
    asymmetry = float(np.max(np.abs(around - around[::-1])))
    drawing = Drawing()
    (axes,) = drawing.axes
    times_ms = 1000 * np.arange(-reach, reach + 1) / RATE_HZ
    axes.plot(times_ms, around)
    labelled(axes, "time from the impulse, ms", "output")
    axes.set_ylim(-0.3, 0.3)
    latency = equalizer.latency_frames(RATE_HZ)
    text = (
        f"The output of an impulse, latency removed ({latency} frames, {1000 * latency / RATE_HZ:.0f} ms at 48 kHz), "
        f"around its centre, cut at 0.3 of {float(np.max(around)):.2f}. Largest difference between both halves: "
        f"{shown(asymmetry)}."
    )
    assert frames == 1 << 15
    error_db = equalizer.design_error_db(RATE_HZ)
    formula = md.Equalizer(bands=_BANDS)
    return [
        _magnitudes(equalizer, formula, error_db),
        drawing.finished("impulse", "The impulse response is symmetric", text),
    ]


def _magnitudes(equalizer: md.LinearPhaseEqualizer, formula: md.Equalizer, error_db: float) -> Measured:
    drawing = Drawing()
    (axes,) = drawing.axes
    signal = np.roll(impulse(), 1 << 16, axis=-1)
    frequencies_hz, measured = measured_response(equalizer, signal)
    own_db = decibels(equalizer.frequency_response(frequencies_hz, RATE_HZ))
    bands_db = decibels(formula.frequency_response(frequencies_hz, RATE_HZ))
    largest_db = float(np.max(np.abs(decibels(measured) - own_db)))
    axes.plot(frequencies_hz, decibels(measured), label="linear phase")
    axes.plot(frequencies_hz, bands_db, label="the same bands in Equalizer", linewidth=1.2)
    axes.plot(frequencies_hz, own_db, **FORMULA)
    over_frequency(axes)
    axes.set_ylim(-30, 8)
    text = (
        f"Line: an impulse, transformed. Dotted: `frequency_response`; largest difference {shown(largest_db, 'dB')}. "
        f"`design_error_db(48_000)`, from the magnitude of its bands: {shown(error_db, 'dB')}."
    )
    return drawing.finished("response", "Magnitude of five bands", text)


def _dynamic_equalizer() -> Sequence[Measured]:
    shape = md.Bell(frequency_hz=3000, gain_db=0, q=1.5)
    band = md.DynamicBand(shape=shape, threshold_db=-40, ratio=4, range_db=12)
    effect = md.DynamicEqualizer(bands=[band])
    drawing = Drawing()
    (axes,) = drawing.axes
    worst_db = 0.0
    for colour, level_dbfs in zip(COLOURS, (-50, -30, -20, -10), strict=False):
        signal = pink_noise(4, level_dbfs)
        output = effect(signal, RATE_HZ)
        reduction_db = float(np.mean(effect.gain_reduction(signal, RATE_HZ)[0, 0, RATE_HZ:]))
        before, after = (power_spectrum_db(each[0, RATE_HZ:]) for each in (signal, output))
        frequencies_hz, ratio_db = smoothed_db(before[0], after[1])
        ratio_db = ratio_db - smoothed_db(*before)[1]
        still = md.Bell(frequency_hz=3000, gain_db=-reduction_db, q=1.5) if reduction_db > 0.01 else shape
        formula_db = decibels(still.frequency_response(frequencies_hz, RATE_HZ))
        worst_db = max(worst_db, float(np.max(np.abs(ratio_db - formula_db))))
        axes.plot(frequencies_hz, ratio_db, color=colour, label=f"{level_dbfs} dBFS: {-reduction_db:.1f} dB")
        axes.plot(frequencies_hz, formula_db, **FORMULA)
    over_frequency(axes)
    axes.set_ylim(-14, 3)
    text = (
        "Pink noise of four levels: spectrum of the output over that of the input, with the mean of `gain_reduction`. "
        "Dotted: a static bell of that gain; its largest distance is the swing of the gain with the noise, "
        f"**{worst_db:.2f} dB**."
    )
    return [drawing.finished("levels", "A dynamic bell at four levels", text, legend="lower left")]


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {
    "Equalizer": _equalizer,
    "LinearPhaseEqualizer": _linear_phase,
    "DynamicEqualizer": _dynamic_equalizer,
}
