"""A cascade of biquads as users write it: coefficients of the cookbook, and a loop compiled by numba where there is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

try:
    from numba import njit
except ImportError:
    njit = None


def bell(frequency_hz: float, gain_db: float, q: float, rate_hz: float) -> list[float]:
    """Return a section of `scipy.signal.sosfilt` from the Audio EQ Cookbook."""
    angle = 2 * np.pi * frequency_hz / rate_hz
    alpha, root = np.sin(angle) / (2 * q), 10 ** (gain_db / 40)
    numerator = np.array([1 + alpha * root, -2 * np.cos(angle), 1 - alpha * root])
    denominator = np.array([1 + alpha / root, -2 * np.cos(angle), 1 - alpha / root])
    return [*(numerator / denominator[0]), *(denominator / denominator[0])]


def _cascade(sections: NDArray[np.float64], audio: NDArray[np.float32]) -> NDArray[np.float32]:
    out = np.empty_like(audio)
    for row in range(audio.shape[0]):
        state = np.zeros((sections.shape[0], 2))
        for frame in range(audio.shape[1]):
            x = float(audio[row, frame])
            for section in range(sections.shape[0]):
                b0, b1, b2, _, a1, a2 = sections[section]
                y = b0 * x + state[section, 0]
                state[section, 0] = b1 * x - a1 * y + state[section, 1]
                state[section, 1] = b2 * x - a2 * y
                x = y
            out[row, frame] = x
    return out


cascade = njit(_cascade) if njit is not None else None
