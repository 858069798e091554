"""Saturation and clipping: what folds back as aliases, and what a clip leaves above its ceiling."""

from __future__ import annotations

from collections.abc import Callable

import mixdown as md
import numpy as np
import pedalboard
from numpy.typing import NDArray
from tables import Row, Section

RATE_HZ = 48_000
#: Frames of the analysis; a tone has a whole number of cycles in them, which shares no factor with them.
FRAMES = 48_000
HEARD_HZ = 20_000

Effect = Callable[[NDArray[np.float32], float], NDArray[np.float32]]


def tone(cycles: int, amplitude: float = 1.0) -> NDArray[np.float32]:
    """Return three times the frames of the analysis."""
    return (amplitude * np.sin(2 * np.pi * cycles / FRAMES * np.arange(3 * FRAMES))).astype(np.float32)


def alias_ratio_db(effect: Effect, cycles: int) -> float:
    """Return the power of the aliases over that of the harmonics, both up to 20 kHz, of a tone at full scale."""
    out = np.asarray(effect(tone(cycles)[np.newaxis], RATE_HZ), dtype=np.float64)[0, FRAMES : 2 * FRAMES]
    power = np.abs(np.fft.rfft(out)[1 : HEARD_HZ * FRAMES // RATE_HZ + 1]) ** 2
    harmonic = np.arange(1, len(power) + 1) % cycles == 0
    return float(10 * np.log10(power[~harmonic].sum() / power[harmonic].sum()))


def over_db(effect: Effect, sound: NDArray[np.float32], ceiling_db: float) -> float:
    """Return how far the true peak of a clipped sound lies above the ceiling."""
    return md.loudness(effect(sound, RATE_HZ), RATE_HZ).true_peak_dbtp - ceiling_db


def section() -> Section:
    """Measure tones into both curves, and white noise into a clip."""
    rows = []
    for drive_db in (12, 24):
        for hz in (1249, 4999):
            ours = md.Saturator(drive_db=drive_db)
            theirs = pedalboard.Distortion(drive_db)
            figures = alias_ratio_db(ours, hz), alias_ratio_db(theirs, hz)
            rows.append(Row(f"tanh, {hz} Hz, +{drive_db} dB: aliases", *figures, "dB", "none", 1))
    for drive_db in (12, 24):
        for hz in (1249, 4999):
            ours = md.Saturator(drive_db=drive_db, curve="hard")
            theirs = pedalboard.Clipping(-drive_db)
            figures = alias_ratio_db(ours, hz), alias_ratio_db(theirs, hz)
            rows.append(Row(f"hard clip, {hz} Hz, +{drive_db} dB: aliases", *figures, "dB", "none", 1))
    ours, theirs = md.Saturator(drive_db=24, curve="hard", oversample=8), pedalboard.Clipping(-24)
    figures = alias_ratio_db(ours, 4999), alias_ratio_db(theirs, 4999)
    rows.append(Row("the same, oversampled 8 times: aliases", *figures, "dB", "none", 1))
    noise = (0.5 * np.random.default_rng(4).standard_normal((2, 10 * RATE_HZ))).astype(np.float32)
    figures = over_db(md.Clipper(ceiling_db=-6), noise, -6), over_db(pedalboard.Clipping(-6), noise, -6)
    rows.append(Row("white noise into a clip: true peak over the ceiling", *figures, "dB", "0"))
    return Section(
        "Saturation",
        "A tone at full scale, driven into the curve, at 48 kHz: power of everything up to 20 kHz that is no harmonic, over\n"
        "the harmonics. Ours: `Saturator`, 4 times oversampled with second-order antiderivatives, and `Clipper`. Theirs:\n"
        "`Distortion` (tanh) and `Clipping` (hard), neither oversampled. The noise has 0.5 rms.",
        rows,
    )
