"""Reverbs: how soon echoes are dense, how even the tail is, how wide, how true to its time."""

from __future__ import annotations

import mixdown as md
import numpy as np
import pedalboard
from numpy.typing import NDArray
from scipy import signal
from tables import Row, Section

Signal = NDArray[np.float64]

RATE_HZ = 48_000
SECONDS = 4
T60_S = 2.0
OCTAVES_HZ = [125, 250, 500, 1000, 2000, 4000, 8000]


def responses() -> tuple[Signal, Signal]:
    """Return what an impulse on both sides makes of both, left and right."""
    impulse = np.zeros((2, SECONDS * RATE_HZ), np.float32)
    impulse[:, 0] = 1
    ours = md.Reverb(space="hall", t60_s=T60_S, t60_low_ratio=1, t60_high_ratio=1, modulation_depth_ms=0, predelay_ms=0)
    theirs = pedalboard.Reverb(room_size=0.7, damping=0, wet_level=1, dry_level=0, width=1)
    return ours(impulse, RATE_HZ).astype(np.float64), theirs(impulse, RATE_HZ).astype(np.float64)


def decay_time_s(response: Signal) -> float:
    """Return T60 from the slope between -5 and -35 dB of the energy that is left (Schroeder)."""
    left = np.cumsum(response[::-1] ** 2)[::-1]
    level = 10 * np.log10(np.maximum(left / left[0], 1e-20))
    span = (level <= -5) & (level >= -35)
    times = np.arange(len(response))[span] / RATE_HZ
    slope, _ = np.polyfit(times, level[span], 1)
    return float(-60 / slope)


def octave(response: Signal, centre_hz: float) -> Signal:
    """Return an octave of the response."""
    edges = [centre_hz / np.sqrt(2), centre_hz * np.sqrt(2)]
    return signal.sosfilt(signal.butter(4, edges, "bandpass", fs=RATE_HZ, output="sos"), response)


def dense_after_ms(response: Signal) -> float:
    """Return when the echo density (Abel & Huang, AES 121, 2006) first reaches that of noise."""
    window = np.hanning(int(0.02 * RATE_HZ) + 1)
    window /= window.sum()
    half = len(window) // 2
    onset = int(np.argmax(np.abs(response) > 1e-3 * np.abs(response).max()))
    for start in range(onset, len(response) - half, RATE_HZ // 2000):
        first = start - half
        part = response[max(first, 0) : start + half + 1]
        weights = window[max(-first, 0) :][: len(part)]
        weights = weights / weights.sum()
        deviation = np.sqrt(np.sum(weights * part**2))
        # Outside of one standard deviation lie 31.7 % of Gaussian noise.
        if np.sum(weights[np.abs(part) > deviation]) / 0.3173 >= 1:
            return 1e3 * (start - onset) / RATE_HZ
    return float("nan")


def flatness(response: Signal, t60_s: float) -> float:
    """Return the median over thirds of octaves of geometric over arithmetic mean power: 0.56 for Gaussian noise."""
    times = np.arange(len(response)) / RATE_HZ
    span = (times >= 0.15) & (times < 1.2)
    tail = response[span] * 10 ** (3 * times[span] / t60_s)
    power = np.abs(np.fft.rfft(tail * np.hanning(len(tail)))) ** 2
    frequencies = np.fft.rfftfreq(len(tail), 1 / RATE_HZ)
    values = []
    for low in 125 * 2 ** (np.arange(0, 17) / 3):
        band = power[(frequencies >= low) & (frequencies < low * 2 ** (1 / 3))]
        values.append(np.exp(np.mean(np.log(band + 1e-300))) / np.mean(band))
    return float(np.median(values))


def coherence(response: Signal) -> float:
    """Return the correlation of left and right from 0.1 to 1 s, without regard to its sign."""
    left, right = response[:, RATE_HZ // 10 : RATE_HZ]
    return float(abs(np.sum(left * right)) / np.sqrt(np.sum(left**2) * np.sum(right**2)))


def dc_db(response: Signal) -> float:
    """Return the gain at 0 Hz over the mean gain from 100 Hz to 8 kHz."""
    spectrum = np.abs(np.fft.rfft(response))
    frequencies = np.fft.rfftfreq(len(response), 1 / RATE_HZ)
    mean = np.sqrt(np.mean(spectrum[(frequencies > 100) & (frequencies < 8000)] ** 2))
    return float(20 * np.log10(spectrum[0] / mean))


def section() -> Section:
    """Measure both reverbs."""
    both = responses()
    times = [decay_time_s(octave(response[0], 1000)) for response in both]
    worst = max(abs(decay_time_s(octave(both[0][0], hz)) / T60_S - 1) for hz in OCTAVES_HZ)
    spread = [
        max(decay_time_s(octave(response[0], hz)) for hz in OCTAVES_HZ)
        / min(decay_time_s(octave(response[0], hz)) for hz in OCTAVES_HZ)
        for response in both
    ]

    def row(what: str, figure, unit: str, perfect: str, digits: int = 2) -> Row:
        return Row(what, figure(both[0], 0), figure(both[1], 1), unit, perfect, digits)

    rows = [
        row("echoes as dense as noise after", lambda r, _: dense_after_ms(r[0]), "ms", "soon", 0),
        row("flatness of the tail's spectrum", lambda r, n: flatness(r[0], times[n]), "", "0.56"),
        row("coherence of left and right, 0.1 to 1 s", lambda r, _: coherence(r), "", "0", 3),
        row("gain at 0 Hz over the mean", lambda r, _: dc_db(r[0]), "dB", "low", 0),
        Row("longest over shortest T60 of the octaves 125 Hz to 8 kHz", spread[0], spread[1], "", "1 (no damping set)"),
        Row(f"largest T60 error of those octaves, {T60_S:g} s asked for", 100 * worst, None, "%", "0", 1),
    ]
    return Section(
        "Reverb",
        f"Ours: hall, T60 {T60_S:g} s at all frequencies, no modulation. Theirs: room size 0.7, no damping; it has no T60 to "
        "ask for. An impulse on both\nsides, 48 kHz.",
        rows,
    )
