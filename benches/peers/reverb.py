"""Reverbs: how smooth the beginning is, how soon dense, how even the tail is, how wide, how true to its time.

With `MIXDOWN_TEST_AUDIO` set, the recorded responses of its folder `impulse-responses` stand beside.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

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
BEGINNING_S = 0.15
OCTAVES_HZ = [125, 250, 500, 1000, 2000, 4000, 8000]


def hall() -> md.Reverb:
    """Return the hall that is measured."""
    return md.Reverb(space="hall", t60_s=T60_S, t60_low_ratio=1, t60_high_ratio=1, modulation_depth_ms=0, predelay_ms=0)


def largest_decay_error() -> float:
    """Return the largest error of T60 in an octave, over both outputs for each input.

    One response of noise strays by 3 % at 125 Hz.
    """
    sides = [hall()(np.eye(2)[:, [side]] * np.eye(1, SECONDS * RATE_HZ), RATE_HZ) for side in (0, 1)]
    outputs = [output for side in sides for output in side]
    errors = [decay_time_s(*(octave(output, hz) for output in outputs)) / T60_S - 1 for hz in OCTAVES_HZ]
    return max(abs(error) for error in errors)


def responses() -> tuple[Signal, Signal]:
    """Return what an impulse on both sides makes of both, left and right."""
    impulse = np.zeros((2, SECONDS * RATE_HZ), np.float32)
    impulse[:, 0] = 1
    ours = hall()
    theirs = pedalboard.Reverb(room_size=0.7, damping=0, wet_level=1, dry_level=0, width=1)
    return ours(impulse, RATE_HZ).astype(np.float64), theirs(impulse, RATE_HZ).astype(np.float64)


def decay_time_s(*responses: Signal) -> float:
    """Return T60 from the slope between -5 and -35 dB of the energy that is left in all of them (Schroeder)."""
    left = np.cumsum(sum(response**2 for response in responses)[::-1])[::-1]
    level = 10 * np.log10(np.maximum(left / left[0], 1e-20))
    span = (level <= -5) & (level >= -35)
    times = np.arange(len(left))[span] / RATE_HZ
    slope, _ = np.polyfit(times, level[span], 1)
    return float(-60 / slope)


def octave(response: Signal, centre_hz: float) -> Signal:
    """Return an octave of the response."""
    edges = [centre_hz / np.sqrt(2), centre_hz * np.sqrt(2)]
    return signal.sosfilt(signal.butter(4, edges, "bandpass", fs=RATE_HZ, output="sos"), response)


def onset(response: Signal) -> int:
    """Return the first sample above -60 dB of the largest."""
    return int(np.argmax(np.abs(response) > 1e-3 * np.abs(response).max()))


def sparse_until_ms(response: Signal, rate_hz: int = RATE_HZ) -> float:
    """Return the last time within 150 ms at which the echo density (Abel & Huang, AES 121, 2006) is below 0.8."""
    width = int(0.02 * rate_hz)
    window = np.hanning(width + 2)[1:-1]
    window /= window.sum()
    start = onset(response)
    beginning = np.concatenate([np.zeros(width // 2), response[start : start + int(0.17 * rate_hz)]])
    last = 0.0
    for at in range(0, min(int(BEGINNING_S * rate_hz), len(beginning) - width), rate_hz // 1000):
        part = beginning[at : at + width]
        deviation = np.sqrt(np.sum(window * part**2))
        # Outside of one standard deviation lie 31.7 % of Gaussian noise.
        if np.sum(window[np.abs(part) > deviation]) / 0.3173 < 0.8:
            last = 1e3 * at / rate_hz
    return last


def deepest_window_db(response: Signal, rate_hz: int = RATE_HZ) -> float:
    """Return how far the deepest 3 ms window within 150 ms lies below the loudest before and the loudest after."""
    width, hop = round(0.003 * rate_hz), rate_hz // 2000
    start = onset(response)
    energy = np.concatenate([[0.0], np.cumsum(response[start:] ** 2)])
    first = np.arange(0, min(int(BEGINNING_S * rate_hz), len(energy) - 1 - width), hop)
    levels = 10 * np.log10(energy[first + width] - energy[first] + 1e-30)
    before = np.maximum.accumulate(levels)
    after = np.maximum.accumulate(levels[::-1])[::-1]
    return float(np.max(np.minimum(before, after) - levels))


def beginnings() -> list[tuple[str, Signal, int]]:
    """Return what the left input makes of the left output: our spaces as shipped, theirs, and recorded ones."""
    impulse = np.zeros((2, 2 * RATE_HZ), np.float32)
    impulse[0, 0] = 1
    found = [
        (f"ours, {space}", md.Reverb(space=space)(impulse, RATE_HZ)[0].astype(np.float64), RATE_HZ)
        for space in get_args(md.effects.reverbs.Space)
    ]
    theirs = pedalboard.Reverb(room_size=0.5, wet_level=1, dry_level=0, width=1)
    found.append(("pedalboard, as shipped", theirs(impulse, RATE_HZ)[0].astype(np.float64), RATE_HZ))
    folder = os.environ.get("MIXDOWN_TEST_AUDIO")
    for path in sorted(Path(folder, "impulse-responses").iterdir()) if folder else []:
        audio, rate_hz = md.read(path)
        found.append((f"recorded, {path.name}", np.atleast_2d(audio)[0].astype(np.float64), rate_hz))
    return found


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
    worst = largest_decay_error()
    spread = [
        max(decay_time_s(octave(response[0], hz)) for hz in OCTAVES_HZ)
        / min(decay_time_s(octave(response[0], hz)) for hz in OCTAVES_HZ)
        for response in both
    ]

    def row(what: str, figure, unit: str, perfect: str, digits: int = 2) -> Row:
        return Row(what, figure(both[0], 0), figure(both[1], 1), unit, perfect, digits)

    rows = [
        row("echoes below 0.8 of the density of noise until", lambda r, _: sparse_until_ms(r[0]), "ms", "soon", 0),
        row("deepest 3 ms window below both neighbours", lambda r, _: deepest_window_db(r[0]), "dB", "3, as noise", 1),
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


class Beginnings(Section):
    """The first 150 ms of several responses, a line each."""

    def markdown(self) -> str:
        """Return the section as text."""
        head = f"## {self.title}\n\n{self.signals}\n\n| response | below 0.8 of the density until | deepest window |\n|---|--:|--:|\n"
        lines = [
            f"| {name} | {sparse_until_ms(response, rate_hz):.0f} ms | {deepest_window_db(response, rate_hz):.1f} dB |\n"
            for name, response, rate_hz in beginnings()
        ]
        return head + "".join(lines)


def beginning_section() -> Section:
    """Measure the beginning of every space, of theirs and of recorded responses."""
    return Beginnings(
        "Beginning of a reverb",
        "Left to left, within 150 ms after the onset. Echo density after Abel and Huang in windows of 20 ms, its last time "
        "below 0.8 of noise; windows of 3 ms,\nthe deepest below both the loudest before and the loudest after. Spaces as "
        "shipped; recorded responses where `MIXDOWN_TEST_AUDIO` leads to some.",
    )
