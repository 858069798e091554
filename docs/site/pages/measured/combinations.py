"""Combinations: the response of several effects together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import FORMULA, Drawing, Measured, labelled, over_frequency
from pages.measured.filters import response
from pages.measured.signals import RATE_HZ, decibels, impulse, measured_response, noise, shown

_LOW = md.HighPass(frequency_hz=100, slope_db_per_octave=24)
_PRESENCE = md.Bell(frequency_hz=3000, gain_db=6)


def _chain() -> Sequence[Measured]:
    effects = {"HighPass": _LOW, "Bell": _PRESENCE, "HighPass >> Bell": _LOW >> _PRESENCE}
    return [response(effects, title="Responses multiply")]


def _parallel() -> Sequence[Measured]:
    branches = {
        "dry + low pass": md.Parallel([md.Chain([]), md.LowPass(frequency_hz=300)], gains_db=[0, 0]),
        "dry + low pass at -12 dB": md.Parallel([md.Chain([]), md.LowPass(frequency_hz=300)], gains_db=[0, -12]),
    }
    return [response(branches, title="Responses add"), _aligned()]


def _aligned() -> Measured:
    """Draw the sum of noise and of the same through a limiter that does not act: without alignment, a comb."""
    late = md.Limiter(ceiling_db=0, lookahead_ms=5)
    effect = md.Parallel([md.Chain([]), late], gains_db=[-6.0206, -6.0206])
    signal = noise(2, -40)
    output = effect(signal, RATE_HZ)
    drawing = Drawing()
    (axes,) = drawing.axes
    frequencies_hz, measured = measured_response(effect, signal, output)
    unaligned = 0.5 * signal + 0.5 * np.roll(signal, late.latency_frames(RATE_HZ, 1), axis=-1)
    axes.plot(
        frequencies_hz,
        decibels(measured_response(effect, signal, unaligned)[1]),
        linewidth=0.9,
        label="without alignment",
    )
    axes.plot(frequencies_hz, decibels(measured), label="Parallel")
    over_frequency(axes)
    axes.set_ylim(-40, 6)
    worst_db = float(np.max(np.abs(decibels(measured))))
    text = (
        f"Noise, dry and through a limiter that does not act, of {late.latency_frames(RATE_HZ, 1)} frames of latency, each "
        f"at half. Largest level of the sum from 0 dB: {shown(worst_db, 'dB')}."
    )
    return drawing.finished("aligned", "Branches are aligned", text, legend="lower left")


def _mid_side() -> Sequence[Measured]:
    effect = md.MidSide(mid=[_PRESENCE], side=[_LOW])
    drawing = Drawing()
    (axes,) = drawing.axes
    largest_db = 0.0
    for label, right, inner in (("mid", 1, _PRESENCE), ("side", -1, _LOW)):
        signal = impulse(channels=2)
        signal[1] *= right
        output = effect(signal, RATE_HZ)
        frequencies_hz, measured = measured_response(effect, signal, (output[:1] + right * output[1:]) / 2)
        formula_db = decibels(inner.frequency_response(frequencies_hz, RATE_HZ))
        heard = formula_db > -80
        largest_db = max(largest_db, float(np.max(np.abs(decibels(measured) - formula_db)[heard])))
        axes.plot(frequencies_hz, decibels(measured), label=label)
        axes.plot(frequencies_hz, formula_db, **FORMULA)
    over_frequency(axes)
    axes.set_ylim(-48, 9)
    text = f"Impulses on mid and on side alone. Dotted: the effect that stands there. Largest difference: {shown(largest_db, 'dB')}."
    return [drawing.finished("parts", "Effects on mid and side", text)]


def _bypass() -> Sequence[Measured]:
    inner = md.Limiter(lookahead_ms=2)
    effect = md.Bypass(inner)
    stream = effect.stream(RATE_HZ, 1, "float64")
    output = stream.process(impulse(480))[0]
    delay = int(np.argmax(output))
    drawing = Drawing()
    (axes,) = drawing.axes
    axes.plot(np.arange(480), impulse(480)[0], label="input")
    axes.plot(np.arange(480), output, label="output of the stream")
    labelled(axes, "frames", "amplitude")
    exact = np.array_equal(output, np.roll(impulse(480)[0], delay))
    text = (
        f"An impulse through a stream of `md.Bypass(md.Limiter(lookahead_ms=2))`: **{delay} frames** later, as the limiter "
        f"({inner.latency_frames(RATE_HZ, 1)}), and {'bit for bit the same' if exact else 'not the same bits'}."
    )
    return [drawing.finished("delay", "The latency stays", text)]


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {
    "Chain": _chain,
    "Parallel": _parallel,
    "MidSide": _mid_side,
    "Bypass": _bypass,
}
