"""Convolution: an impulse gives the response back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mixdown as md
import numpy as np

from pages.measured.figures import Drawing, Measured, labelled
from pages.measured.reverbs import energy_decay_db, reverberation_s
from pages.measured.signals import RATE_HZ, Signal, impulse, noise, shown, times_s


def _room() -> Signal:
    """Return a response of decaying noise: 0.6 s to -60 dB."""
    seconds = 0.8
    return noise(seconds, -20) * 10 ** (-3 * times_s(round(seconds * RATE_HZ)) / 0.6)


def _convolution() -> Sequence[Measured]:
    room = _room()
    output = md.Convolution(impulse_response=room)(impulse(room.shape[1]), RATE_HZ)
    drawing = Drawing()
    (axes,) = drawing.axes
    first = slice(0, round(0.004 * RATE_HZ))
    times_ms = 1000 * times_s(room.shape[1])[first]
    axes.plot(times_ms, output[0, first], linewidth=1.0, label="output of an impulse")
    axes.plot(times_ms, room[0, first], "o", markersize=3, label="taps")
    labelled(axes, "time, ms", "amplitude")
    text = f"The first 4 ms. Largest difference of the whole response from its taps: {shown(float(np.max(np.abs(output - room))))}."
    return [drawing.finished("taps", "An impulse gives the taps", text), _shortened(room)]


def _shortened(room: Signal) -> Measured:
    drawing = Drawing()
    (axes,) = drawing.axes
    readings = []
    for share in (1, 0.7, 0.4):
        output = md.Convolution(impulse_response=room, decay=share)(impulse(room.shape[1]), RATE_HZ)
        decay_db = energy_decay_db(output)
        kept = decay_db[::40] > -60
        axes.plot(times_s(decay_db.size)[::40][kept], decay_db[::40][kept], label=f"decay={share}")
        readings.append(f"`decay={share}` {reverberation_s(output):.3f} s")
    labelled(axes, "time, s", "energy left, dB")
    text = f"Decaying noise of 0.6 s as the response. Time to -60 dB (-5 to -35 dB): {', '.join(readings)}."
    return drawing.finished("decay", "A shortened response", text)


MEASURED: dict[str, Callable[[], Sequence[Measured]]] = {"Convolution": _convolution}
