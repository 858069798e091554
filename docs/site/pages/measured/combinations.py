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
    """Draw the sum of noise and of the same through a limiter that does not act."""
    late = md.Limiter(ceiling_db=0, lookahead_ms=5)
    frames = late.latency_frames(RATE_HZ, 1)
    drawing, worst_db = _sum(late, frames)
    text = (
        f"Noise, dry and through a limiter that does not act, of {frames} frames of latency, each at half. Largest level of "
        f"the sum from 0 dB: {shown(worst_db, 'dB')}."
    )
    return drawing.finished("aligned", "Branches are aligned", text, legend="lower left")


def _sum(late: md.Effect, frames: int) -> tuple[Drawing, float]:
    """Draw noise beside the same through an effect that only delays, and without alignment; return the worst level."""
    effect = md.Parallel([md.Chain([]), late], gains_db=[-6.0206, -6.0206])
    signal = noise(2, -40)
    drawing = Drawing()
    (axes,) = drawing.axes
    unaligned = 0.5 * signal + 0.5 * np.roll(signal, frames, axis=-1)
    for label, output, width in (("without alignment", unaligned, 0.9), ("Parallel", effect(signal, RATE_HZ), 1.8)):
        frequencies_hz, measured = measured_response(effect, signal, output)
        axes.plot(frequencies_hz, decibels(measured), linewidth=width, label=label)
    over_frequency(axes)
    axes.set_ylim(-40, 6)
    return drawing, float(np.max(np.abs(decibels(measured))))


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


def _function() -> Sequence[Measured]:
    late = 100

    def delayed(audio: np.ndarray, _: float) -> np.ndarray:
        return np.roll(audio, late, axis=-1)

    signal = impulse(480)
    stated = md.Function(delayed, latency_frames=late)(signal, RATE_HZ)[0]
    unstated = md.Function(delayed)(signal, RATE_HZ)[0]
    drawing = Drawing()
    (axes,) = drawing.axes
    axes.plot(np.arange(480), unstated, linewidth=0.9, label="latency not stated")
    axes.plot(np.arange(480), stated, label=f"latency_frames={late}")
    labelled(axes, "frames", "amplitude")
    effects = [md.Saturator(drive_db=6), md.Limiter(ceiling_db=-6)]
    sound = noise(2, -20)
    same = md.Chain([effects[0], md.Function(lambda audio, _: audio), effects[1]])(sound, RATE_HZ)
    exact = np.array_equal(same, md.Chain(effects)(sound, RATE_HZ))
    text = (
        f"An impulse through a function that delays by {late} frames: where the latency is stated it comes back at frame "
        f"**{int(np.argmax(stated))}**, else at {int(np.argmax(unstated))}. A function that returns what it gets, between a "
        f"saturator and a limiter, leaves {'every bit as it is' if exact else 'other bits'}."
    )
    return [drawing.finished("latency", "The stated latency is compensated", text)]


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {
    "Chain": _chain,
    "Parallel": _parallel,
    "MidSide": _mid_side,
    "Bypass": _bypass,
    "Function": _function,
}
