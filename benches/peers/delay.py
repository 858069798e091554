"""Delay and chorus: how long, and what the interpolation takes from the treble."""

from __future__ import annotations

import mixdown as md
import numpy as np
import pedalboard
from numpy.typing import NDArray
from tables import Row, Section

RATE_HZ = 44_100
#: 10.3 ms are 454.23 frames.
TIME_MS = 10.3
FEEDBACK = 0.9
ECHOES = 10


def response(effect, frames: int) -> NDArray[np.float64]:
    """Return the response to an impulse."""
    impulse = np.eye(1, frames, dtype=np.float32)
    return np.asarray(effect(impulse, RATE_HZ), dtype=np.float64)[0]


def echo(effect, index: int, hz: float) -> complex:
    """Return an echo of an impulse at a frequency, its phase relative to the time asked for."""
    middle = index * TIME_MS * 1e-3 * RATE_HZ
    first, last = round(middle - 220), round(middle + 220)
    out = response(effect, 8192)[first:last]
    return complex(np.exp(-2j * np.pi * hz / RATE_HZ * (np.arange(first, last) - middle)) @ out)


def late_us(effect, index: int) -> float:
    """Return how much later than asked for an echo comes, at 1 kHz."""
    return float(-np.angle(echo(effect, index, 1000)) / (2 * np.pi * 1000) * 1e6)


def lost_db(effect, hz: float) -> float:
    """Return what the tenth echo has lost at a frequency, beyond the feedback."""
    return float(20 * np.log10(abs(echo(effect, ECHOES, hz)) / FEEDBACK ** (ECHOES - 1)))


def section() -> Section:
    """Measure a delay of a fraction of a frame."""
    ours = md.Delay(time_ms=TIME_MS, feedback=FEEDBACK)
    theirs = pedalboard.Delay(delay_seconds=TIME_MS * 1e-3, feedback=FEEDBACK, mix=1.0)
    rows = [
        Row(f"{what} echo, late by", late_us(ours, index), late_us(theirs, index), "µs", "0")
        for what, index in (("first", 1), ("tenth", ECHOES))
    ]
    for hz in (1000, 10_000, 16_000):
        figures = lost_db(ours, hz), lost_db(theirs, hz)
        rows.append(Row(f"tenth echo, {hz / 1000:g} kHz, gain beyond the feedback", *figures, "dB", "0"))
    return Section(
        "Delay",
        f"{TIME_MS} ms at 44.1 kHz, which are 454.23 frames, feedback {FEEDBACK}, the wet signal alone. Theirs delays by whole\n"
        "frames: nothing is lost, and every echo is early by more.",
        rows,
    )


def wet(effect, hz: float) -> NDArray[np.float64]:
    """Return the spectrum of a steady tone through a chorus, in power; bins of 1 Hz."""
    n = np.arange(4 * RATE_HZ)
    sound = (0.5 * np.sin(2 * np.pi * hz / RATE_HZ * n)).astype(np.float32)
    out = np.asarray(effect(np.stack([sound, sound]), RATE_HZ), dtype=np.float64)[0, -RATE_HZ:]
    return np.abs(np.fft.rfft(out)) ** 2 / (0.25 * RATE_HZ) ** 2


def chorus_section() -> Section:
    """Measure the spectrum of one voice."""
    ours = md.Chorus(rate_hz=1, delay_ms=7, depth_ms=2, voices=1, width=0, mix=1)
    theirs = pedalboard.Chorus(rate_hz=1, depth=0.2, centre_delay_ms=7, feedback=0, mix=1)
    rows = []
    for hz in (1000, 10_000, 16_000):
        spectra = [wet(effect, hz) for effect in (ours, theirs)]
        power_db = [float(10 * np.log10(power.sum())) for power in spectra]
        rows.append(Row(f"tone of {hz / 1000:g} kHz: gain of the voice", *power_db, "dB", "0"))
        far = np.abs(np.arange(RATE_HZ // 2 + 1) - hz) > 500
        spurious_db = [float(10 * np.log10(power[far].sum() / power.sum())) for power in spectra]
        rows.append(Row("the same: all that lies beyond 500 Hz from the tone", *spurious_db, "dB", "none", 1))
    return Section(
        "Chorus",
        "One voice, the wet signal alone: rate 1 Hz, centre 7 ms, at 44.1 kHz; depth 2 ms (theirs: 0.2). A moved\n"
        "delay keeps the power of a tone and spreads it over sidebands a multiple of the rate away; the interpolation takes\n"
        "from the treble, and adds what lies far away.",
        rows,
    )
