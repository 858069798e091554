"""Compressors: static curve, stereo image, times, distortion."""

from __future__ import annotations

from collections.abc import Callable

import mixdown as md
import numpy as np
import pedalboard
from numpy.typing import NDArray
from tables import Row, Section

Signal = NDArray[np.float64]

RATE_HZ = 48_000
THRESHOLD_DB, RATIO, ATTACK_MS, RELEASE_MS = -20.0, 4.0, 10.0, 100.0


def ours(audio: Signal) -> Signal:
    """Compress with mixdown: no knee, as the other has none."""
    effect = md.Compressor(
        threshold_db=THRESHOLD_DB, ratio=RATIO, knee_db=0, attack_ms=ATTACK_MS, release_ms=RELEASE_MS
    )
    return effect(np.atleast_2d(audio), RATE_HZ).astype(np.float64)


def theirs(audio: Signal) -> Signal:
    """Compress with pedalboard."""
    effect = pedalboard.Compressor(threshold_db=THRESHOLD_DB, ratio=RATIO, attack_ms=ATTACK_MS, release_ms=RELEASE_MS)
    return effect(np.atleast_2d(audio).astype(np.float32), RATE_HZ).astype(np.float64)


def square(levels_db: Signal) -> Signal:
    """Return a square wave of 1 kHz whose magnitude has the given level at every frame."""
    phase = np.arange(len(levels_db)) * 1000.0 / RATE_HZ
    return np.where(phase % 1 < 0.5, 1.0, -1.0) * 10 ** (levels_db / 20)


def tone(levels_db: Signal) -> Signal:
    """Return a sine of 1 kHz whose envelope has the given level at every frame; no sample of it is 0."""
    phase = (np.arange(len(levels_db)) + 0.5) * 1000.0 / RATE_HZ
    return np.sin(2 * np.pi * phase) * 10 ** (levels_db / 20)


Carrier = Callable[[Signal], Signal]


def sine(frequency_hz: float, seconds: float = 2.0, level_db: float = 0.0) -> Signal:
    """Return a sine of whole periods per second."""
    return 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ)


def fitted(signal: Signal, frequency_hz: float) -> tuple[float, float]:
    """Return the amplitude of a sine in the last second, and what is left over, by least squares, both RMS."""
    last = signal[-RATE_HZ:]
    angle = 2 * np.pi * frequency_hz * np.arange(len(last)) / RATE_HZ
    basis = np.stack([np.sin(angle), np.cos(angle), np.ones_like(angle)], axis=1)
    weights, *_ = np.linalg.lstsq(basis, last, rcond=None)
    left = last - basis @ weights
    return float(np.hypot(*weights[:2]) / np.sqrt(2)), float(np.sqrt(np.mean(left**2)))


def db(ratio: float) -> float:
    """Return an amplitude ratio in dB."""
    return float(20 * np.log10(max(ratio, 1e-20)))


def static_error_db(compress, carrier: Carrier) -> float:
    """Return the largest error of the static curve, from -40 to 0 dBFS, on a carrier of constant level."""
    worst = 0.0
    for level_db in np.arange(-40.0, 0.5, 2.0):
        signal = carrier(np.full(2 * RATE_HZ, level_db))
        # Over whole periods.
        gain_db = db(float(np.std(compress(signal)[0][-960:]) / np.std(signal[-960:])))
        over = max(level_db - THRESHOLD_DB, 0)
        expected = level_db - over * (1 - 1 / RATIO)
        worst = max(worst, abs(level_db + gain_db - expected))
    return worst


def sine_error_db(compress, frequency_hz: float) -> float:
    """Return how far a full-scale sine is from the level that its peak asks for."""
    amplitude, _ = fitted(compress(sine(frequency_hz))[0], frequency_hz)
    return db(amplitude * np.sqrt(2)) - THRESHOLD_DB * (1 - 1 / RATIO)


def image_shift_db(compress) -> float:
    """Return how much the balance of a source moves that is 12 dB louder on the left."""
    left = sine(997.0)
    out = compress(np.stack([left, 10 ** (-12 / 20) * left]))
    levels = [fitted(channel, 997.0)[0] for channel in out]
    return db(levels[0] / levels[1]) - 12


def times_ms(compress, carrier: Carrier) -> tuple[float, float]:
    """Return the times to 63.2 % of the change of the gain in dB, up and down, on steps of 30 dB."""
    second = np.ones(RATE_HZ)
    levels_db = np.concatenate([-30 * second, 0 * second, -30 * second])
    signal = carrier(levels_db)
    gain_db = 20 * np.log10(np.abs(compress(signal)[0] / signal))
    settled = gain_db[2 * RATE_HZ - 1]
    attack = np.argmax(gain_db[RATE_HZ:] <= 0.632 * settled)
    release = np.argmax(gain_db[2 * RATE_HZ :] >= (1 - 0.632) * settled)
    return 1e3 * attack / RATE_HZ, 1e3 * release / RATE_HZ


def click_db(compress) -> float:
    """Return how much a click of one sample at 0 dBFS reduces the sound behind it, a tone below the threshold."""
    signal = tone(np.full(RATE_HZ, -60.0))
    signal[RATE_HZ // 2] = 1.0
    gain = compress(signal)[0][RATE_HZ // 2 + 1 :] / signal[RATE_HZ // 2 + 1 :]
    return -db(float(gain.min()))


def distortion_db(compress, frequency_hz: float) -> float:
    """Return everything beside the sine, in dB of it."""
    amplitude, left = fitted(compress(sine(frequency_hz))[0], frequency_hz)
    return db(left / amplitude)


def section() -> Section:
    """Measure both compressors."""
    rows = [
        Row("static curve, largest error", static_error_db(ours, tone), static_error_db(theirs, square), "dB", "0", 3),
        *(
            Row(f"level of a full-scale sine, {hz:g} Hz", sine_error_db(ours, hz), sine_error_db(theirs, hz), "dB", "0")
            for hz in (50.0, 100.0, 1000.0)
        ),
        Row("shift of a stereo image", image_shift_db(ours), image_shift_db(theirs), "dB", "0", 3),
        Row("reduction by a click of one sample at 0 dBFS", click_db(ours), click_db(theirs), "dB", "below 1"),
    ]
    (our_attack, our_release), (their_attack, their_release) = times_ms(ours, tone), times_ms(theirs, square)
    rows += [
        Row("attack to 63.2 %", our_attack, their_attack, "ms", f"{ATTACK_MS:g} ms"),
        Row(
            "release to 63.2 %",
            our_release,
            their_release,
            "ms",
            f"{RELEASE_MS:g} ms",
        ),
        *(
            Row(
                f"distortion of a full-scale sine, {hz:g} Hz",
                distortion_db(ours, hz),
                distortion_db(theirs, hz),
                "dB",
                "none",
                1,
            )
            for hz in (50.0, 100.0, 1000.0, 9999.3)
        ),
    ]
    return Section(
        "Compressor",
        f"Threshold {THRESHOLD_DB:g} dB, ratio {RATIO:g}, no knee, attack {ATTACK_MS:g} ms, release {RELEASE_MS:g} ms, "
        "peak detector, 48 kHz. Curve and times are\nread on what each detector reads as constant: ours on sines, "
        "whose envelope is, theirs on square waves, whose magnitude is.",
        rows,
    )
