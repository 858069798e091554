"""Convolvers: level and error beside a convolution in double precision."""

from __future__ import annotations

import tempfile
from pathlib import Path

import mixdown as md
import numpy as np
import pedalboard
import soundfile
from numpy.typing import NDArray
from scipy import signal
from tables import Row, Section

RATE_HZ = 48_000


def level_and_error_db(out: NDArray[np.float64], exact: NDArray[np.float64]) -> tuple[float, float]:
    """Return the gain that brings the exact result nearest to `out`, and what then is left, both in dB."""
    gain = float(np.sum(out * exact) / np.sum(exact**2))
    left = np.sqrt(np.mean((out - gain * exact) ** 2) / np.mean((gain * exact) ** 2))
    return 20 * np.log10(abs(gain)), float(20 * np.log10(left))


def section() -> Section:
    """Measure both convolvers on noise and a response of noise that dies away."""
    random = np.random.default_rng(1)
    noise = (0.1 * random.standard_normal((2, 3 * RATE_HZ))).astype(np.float32)
    fade = np.exp(-6.9 * np.arange(RATE_HZ) / RATE_HZ)
    taps = (0.02 * random.standard_normal((2, RATE_HZ)) * fade).astype(np.float32)
    exact = np.stack(
        [
            signal.fftconvolve(*pair)[: noise.shape[1]]
            for pair in zip(noise.astype(float), taps.astype(float), strict=True)
        ]
    )
    ours = md.Convolution(impulse_response=taps)(noise, RATE_HZ).astype(np.float64)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "response.wav"
        soundfile.write(path, taps.T, RATE_HZ, subtype="FLOAT")
        theirs = pedalboard.Convolution(str(path), mix=1.0)(noise, RATE_HZ).astype(np.float64)
    (our_level, our_error), (their_level, their_error) = (level_and_error_db(out, exact) for out in (ours, theirs))
    return Section(
        "Convolution",
        "A stereo response of 1 s, noise in. Level is that of the output beside the exact convolution, error what is left at "
        "the same level.",
        [
            Row("level", our_level, their_level, "dB", "0", 3),
            Row("error", our_error, their_error, "dB", "none", 1),
        ],
    )
