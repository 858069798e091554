"""Equalizers: how far the response is from the analog prototype."""

from __future__ import annotations

import mixdown as md
import numpy as np
import pedalboard
from numpy.typing import NDArray
from tables import Row, Section

RATE_HZ = 44_100
#: Whole tones up to where hearing ends.
FREQUENCIES_HZ = np.geomspace(20, 20_000, 400)


def analog_bell_db(frequency_hz: float, gain_db: float, q: float) -> NDArray[np.float64]:
    """Return the level of (s² + sA/Q + 1) / (s² + s/(AQ) + 1)."""
    s = 1j * FREQUENCIES_HZ / frequency_hz
    a = 10 ** (gain_db / 40)
    return 20 * np.log10(np.abs((s**2 + s * a / q + 1) / (s**2 + s / (a * q) + 1)))


def response_db(impulse_response: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the level of a response at our frequencies, by the definition of the transform."""
    angle = -2j * np.pi * np.outer(FREQUENCIES_HZ, np.arange(len(impulse_response))) / RATE_HZ
    return 20 * np.log10(np.abs(np.exp(angle) @ impulse_response))


def error_db(effect, frequency_hz: float, gain_db: float, q: float) -> float:
    """Return the largest error of a bell."""
    impulse = np.eye(1, 8192, dtype=np.float32)
    measured = response_db(np.asarray(effect(impulse, RATE_HZ), dtype=np.float64)[0])
    return float(np.abs(measured - analog_bell_db(frequency_hz, gain_db, q)).max())


def section() -> Section:
    """Measure bells near the top of the band, at 44.1 kHz."""
    rows = []
    for frequency_hz, gain_db, q in [(1000, 12, 0.71), (10_000, 12, 0.71), (12_000, 12, 0.71), (16_000, 12, 1.0)]:
        our_bell = md.Bell(frequency_hz=frequency_hz, gain_db=gain_db, q=q)
        their_bell = pedalboard.PeakFilter(cutoff_frequency_hz=frequency_hz, gain_db=gain_db, q=q)
        rows.append(
            Row(
                f"bell {gain_db:+g} dB, {frequency_hz / 1000:g} kHz, q {q:g}",
                error_db(our_bell, frequency_hz, gain_db, q),
                error_db(their_bell, frequency_hz, gain_db, q),
                "dB",
                "0",
            )
        )
    return Section("Equalizer", "Largest difference to the analog bell from 20 Hz to 20 kHz, at 44.1 kHz.", rows)
