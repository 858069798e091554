"""Test signals and what is read from their outputs, all at 48 kHz in float64."""

from __future__ import annotations

import math

import mixdown as md
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
Signal = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


def times_s(frames: int) -> Signal:
    """Return the time of each frame."""
    return np.arange(frames) / RATE_HZ


def decibels(amplitude: NDArray[np.floating] | float) -> Signal:
    """Return levels of amplitudes; what is below -300 dB counts as that."""
    return 20 * np.log10(np.maximum(np.abs(amplitude), 1e-15))


def amplitude(level_db: NDArray[np.floating] | float) -> Signal:
    """Return amplitudes of levels."""
    return np.asarray(10.0 ** (np.asarray(level_db, dtype=np.float64) / 20))


def impulse(frames: int = 1 << 17, channels: int = 1) -> Signal:
    """Return a unit impulse in every channel."""
    signal = np.zeros((channels, frames))
    signal[:, 0] = 1
    return signal


def sine(frequency_hz: float, seconds: float, level_dbfs: float = 0) -> Signal:
    """Return a sine whose crests are at a level."""
    return amplitude(level_dbfs) * np.sin(2 * math.pi * frequency_hz * times_s(round(seconds * RATE_HZ)))


def square(frames: int) -> Signal:
    """Return a square wave of 500 Hz: its peak and its RMS are its magnitude, at every frame."""
    return np.where(np.arange(frames) % 96 < 48, 1.0, -1.0)


def tone(frames: int) -> Signal:
    """Return a cosine of 500 Hz."""
    return np.cos(2 * math.pi * np.arange(frames) / 96)


def shown(value: float, unit: str = "") -> str:
    """Return a difference with a digit or two; what is only rounding as a bound."""
    text = "below 1e-9" if value < 1e-9 else f"{value:.2g}"
    return f"**{text} {unit}**" if unit else f"**{text}**"


def noise(seconds: float, level_dbfs: float = -20, *, channels: int = 1, seed: int = 1) -> Signal:
    """Return white noise of an RMS level."""
    return amplitude(level_dbfs) * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE_HZ)))


def pink_noise(seconds: float, level_dbfs: float = -20, *, seed: int = 1) -> Signal:
    """Return noise of equal power in every octave from 20 Hz up, of an RMS level."""
    frames = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(frames))
    frequencies_hz = np.fft.rfftfreq(frames, 1 / RATE_HZ)
    spectrum *= np.where(frequencies_hz < 20, 0, 1 / np.sqrt(np.maximum(frequencies_hz, 20)))
    signal = np.fft.irfft(spectrum, frames)
    return (signal * amplitude(level_dbfs) / np.sqrt(np.mean(signal**2)))[None]


def bins_hz(
    frames: int, *, points: int = 400, low_hz: float = 20, high_hz: float = 20_000
) -> tuple[NDArray[np.int64], Signal]:
    """Return the bins of a transform that lie at about equal ratios, and their frequencies."""
    wanted = np.geomspace(low_hz, high_hz, points) * frames / RATE_HZ
    indices = np.unique(np.rint(wanted).astype(np.int64))
    return indices, indices * RATE_HZ / frames


def measured_response(effect: md.Effect, signal: Signal, output: Signal | None = None) -> tuple[Signal, Spectrum]:
    """Return the response of the first channel at audible frequencies: output over input."""
    processed = effect(signal, RATE_HZ) if output is None else output
    indices, frequencies_hz = bins_hz(signal.shape[-1])
    return frequencies_hz, (np.fft.rfft(processed[0]) / np.fft.rfft(signal[0]))[indices]


def power_spectrum_db(signal: Signal, frames: int = 1 << 14) -> tuple[Signal, Signal]:
    """Return the level of each bin in the mean of Hann windows, a sine of full scale reading 0 dB."""
    window = np.hanning(frames + 1)[:-1]
    starts = range(0, signal.size - frames + 1, frames // 2)
    power = np.mean([np.abs(np.fft.rfft(signal[start : start + frames] * window)) ** 2 for start in starts], axis=0)
    return np.fft.rfftfreq(frames, 1 / RATE_HZ), 10 * np.log10(np.maximum(power / (frames / 4) ** 2, 1e-30))


def smoothed_db(frequencies_hz: Signal, levels_db: Signal, *, points: int = 90) -> tuple[Signal, Signal]:
    """Return the mean power in bands of equal ratio."""
    edges = np.geomspace(20, 20_000, points + 1)
    power = 10 ** (levels_db / 10)
    places = np.digitize(frequencies_hz, edges)
    kept = [band for band in range(1, points + 1) if np.any(places == band)]
    centres = np.sqrt(edges[:-1] * edges[1:])[np.array(kept) - 1]
    return centres, 10 * np.log10([np.mean(power[places == band]) for band in kept])


def thinned(values: Signal, *, points: int = 600) -> Signal:
    """Return every n-th value, about as many as points: a line needs no more."""
    return values[:: max(1, values.shape[-1] // points)]
