"""The delay: echoes of an impulse."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import COLOURS, INK, Drawing, Measured, labelled, over_frequency
from pages.measured.signals import RATE_HZ, decibels, impulse, shown


def _delay() -> Sequence[Measured]:
    return [_echoes(), _ping_pong(), _cuts()]


def _echoes() -> Measured:
    effect = md.Delay(time_ms=250, feedback=0.6)
    output = effect(impulse(2 * RATE_HZ), RATE_HZ)[0]
    frames = np.flatnonzero(output)
    formula = 0.6 ** np.arange(frames.size)
    drawing = Drawing()
    (axes,) = drawing.axes
    axes.vlines(
        1000 * frames / RATE_HZ, 0, output[frames], color=COLOURS[0], linewidth=3, label="time_ms=250, feedback=0.6"
    )
    axes.plot(
        1000 * frames / RATE_HZ, formula, "o", color=INK, markersize=4, fillstyle="none", label="feedback ** (k - 1)"
    )
    labelled(axes, "time, ms", "output")
    largest = float(np.max(np.abs(output[frames] - formula)))
    off = float(np.max(np.abs(frames - 12_000 * np.arange(1, frames.size + 1))))
    text = f"A unit impulse. Largest difference of a level from the formula: {shown(largest)}, of a time: **{off:g} frames**."
    return drawing.finished("echoes", "Echoes", text)


def _ping_pong() -> Measured:
    effect = md.Delay(tempo_bpm=120, note="1/8d", ping_pong=True, feedback=0.7)
    output = effect(impulse(3 * RATE_HZ), RATE_HZ)
    drawing = Drawing()
    (axes,) = drawing.axes
    for channel, (label, sign) in enumerate((("left", 1), ("right", -1))):
        frames = np.flatnonzero(output[channel])
        axes.vlines(
            1000 * frames / RATE_HZ, 0, sign * output[channel, frames], color=COLOURS[channel], linewidth=3, label=label
        )
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["1", "0.5", "0", "0.5", "1"])
    labelled(axes, "time, ms", "output")
    first = [1000 * float(np.flatnonzero(each)[0]) / RATE_HZ for each in output]
    text = (
        f'`tempo_bpm=120, note="1/8d", ping_pong=True, feedback=0.7`: the first echo on the left after {first[0]:g} ms, '
        f"on the right after {first[1]:g} ms; the right is drawn downwards."
    )
    return drawing.finished("ping-pong", "From side to side, in tempo", text)


def _cuts() -> Measured:
    effect = md.Delay(time_ms=500, feedback=0.8, low_cut_hz=200, high_cut_hz=4000)
    frames = RATE_HZ // 2
    output = effect(impulse(6 * frames), RATE_HZ)[0]
    drawing = Drawing()
    (axes,) = drawing.axes
    for echo in (1, 2, 3, 5):
        spectrum_db = decibels(np.fft.rfft(output[echo * frames : (echo + 1) * frames]))
        places = np.unique(np.geomspace(10, 10_000, 300).astype(int))
        axes.plot(places * RATE_HZ / frames, spectrum_db[places], label=f"echo {echo}")
    over_frequency(axes)
    axes.set_ylim(-40, 3)
    text = "`feedback=0.8, low_cut_hz=200, high_cut_hz=4000`: spectra of single echoes; the first is not cut."
    return drawing.finished("cuts", "Filters in the feedback", text)


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {"Delay": _delay}
