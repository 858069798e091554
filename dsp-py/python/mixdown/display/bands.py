"""Spectra in bands of a fraction of an octave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import AudioLike
from mixdown._core import ParameterError

WELCH_FRAMES = 16_384


def fractional_octave_spectrum(
    audio: AudioLike, sample_rate_hz: float, *, fraction: int = 6
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the power in bands of ``1 / fraction`` octave.

    Welch's method: Hann windows of 16384 frames, half overlapping, mean of the energies of windows and
    channels. A band narrower than a bin takes its share of it. Shorter audio is measured in one window,
    padded with zeros.

    Parameters
    ----------
    audio
        Shape ``(channels, frames)`` or ``(frames,)``.
    fraction
        Bands per octave, at least 1; midbands are ``1000 * 10**(0.3 k / fraction)`` Hz.

    Returns
    -------
    frequencies_hz, levels_db
        Midbands from 20 Hz to 20 kHz whose upper edge is at most half the sample rate, and the mean square in
        each, 0 dB for a mean square of 1: a full-scale sine reads -3.01 dB. Silence is -inf.

    Raises
    ------
    ParameterError
        If `fraction` is under 1.
    """
    fraction = _checks.whole_number("fraction", fraction)
    if fraction < 1:
        raise ParameterError(f"fraction = {fraction} is out of range: it must be at least 1")
    sample_rate_hz = _checks.sample_rate(sample_rate_hz)
    power = _mean_power(_checks.planar(audio))
    edges_hz = (np.arange(power.size + 1) - 0.5) * sample_rate_hz / WELCH_FRAMES
    total = np.concatenate([[0.0], np.cumsum(power)])

    step = 10.0 ** (0.3 / fraction)
    lowest, highest = round(np.log(0.02) / np.log(step)), round(np.log(20.0) / np.log(step))
    midbands_hz = 1000.0 * step ** np.arange(lowest, highest + 1)
    midbands_hz = midbands_hz[midbands_hz * np.sqrt(step) <= 0.5 * sample_rate_hz]
    upper = np.interp(midbands_hz * np.sqrt(step), edges_hz, total)
    lower = np.interp(midbands_hz / np.sqrt(step), edges_hz, total)
    with np.errstate(divide="ignore"):
        return midbands_hz, 10.0 * np.log10(np.maximum(upper - lower, 0.0))


def _mean_power(audio: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean square in each bin of a real FFT of `WELCH_FRAMES`, over channels and half overlapping windows."""
    frames = audio.shape[-1]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WELCH_FRAMES) / WELCH_FRAMES)
    if frames < WELCH_FRAMES:
        audio = np.pad(audio, ((0, 0), (0, WELCH_FRAMES - frames)))
    starts = range(0, audio.shape[-1] - WELCH_FRAMES + 1, WELCH_FRAMES // 2)
    power = np.zeros(WELCH_FRAMES // 2 + 1)
    for start in starts:
        bins = np.fft.rfft(audio[:, start : start + WELCH_FRAMES] * window)
        power += np.mean(np.abs(bins) ** 2, axis=0)
    return np.asarray(power * 2.0 / (WELCH_FRAMES * np.sum(window**2) * len(starts)))
