"""Sound with content up to half the rate, and its true peak by a transform."""

import math

import numpy as np
import scipy.fft
import scipy.signal


def transform_dbtp(audio: np.ndarray, points: int = 32) -> float:
    """Return the true peak by zero-padding the spectrum of the whole: the ideal interpolation between silences."""
    edge = 2_048
    peak = 0.0
    for channel in np.atleast_2d(audio).astype(np.float64):
        length = scipy.fft.next_fast_len(channel.size + 2 * edge, real=True)
        spectrum = scipy.fft.rfft(np.pad(channel, (edge, length - channel.size - edge)))
        turns = 2j * np.pi * scipy.fft.rfftfreq(length)
        for point in range(points):
            peak = max(peak, np.abs(scipy.fft.irfft(spectrum * np.exp(turns * point / points), length)).max())
    return 20 * math.log10(peak)


def clipped(top_hz: float, kind: str) -> np.ndarray:
    """Return two seconds at 44.1 kHz with content up to `top_hz`, swelling, clipped hard."""
    random = np.random.default_rng(7)
    seconds = np.arange(2 * 44_100) / 44_100
    if kind == "noise":
        low_pass = scipy.signal.firwin(2_047, top_hz, fs=44_100, window=("kaiser", 10.0))
        sound = scipy.signal.oaconvolve(random.standard_normal((2, seconds.size)), low_pass[None], "same", axes=-1)
    else:
        sound = np.zeros((2, seconds.size))
        for tone_hz in (220.0, 277.2, 329.6, 441.3):
            for partial in range(1, int(top_hz / tone_hz) + 1):
                phases = random.uniform(0, 2 * np.pi, (2, 1))
                sound += np.sin(2 * np.pi * tone_hz * partial * seconds + phases)
    swell = 0.15 + 0.85 * np.sin(np.pi * 1.7 * seconds) ** 4
    return np.clip(0.5 * swell * sound / sound.std(), -0.9, 0.9)
