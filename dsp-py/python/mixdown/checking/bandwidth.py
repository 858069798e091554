"""Where the spectrum of a programme ends: what coders and conversions of the rate leave."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixdown._checks import Audio
from mixdown.analysis.findings import Finding, stated
from mixdown.checking.limits import mark_of

#: Length of a frame at up to 48 kHz; at higher rates it lasts as long.
_FRAME_FRAMES = 4_096
#: Fewest frames that are judged.
_LEAST_FRAMES = 10
#: Bands below and above a frequency whose mean levels are compared, in Hz from it.
_BAND_HZ = (300.0, 900.0)
_GRID_HZ = 50.0
#: Falls by up to so much less are the same.
_FLAT_DB = 1.0
#: Power of a sine at full scale is 1; this stands for digital silence.
_NOTHING = 1e-20


class Step(NamedTuple):
    """A fall of the spectrum."""

    frequency_hz: float
    fall_db: float


def loudest_spectrum(audio: Audio, sample_rate_hz: float, count: int) -> NDArray[np.float64] | None:
    """Return the mean power spectrum of the loudest frames, None for programmes of fewer than ten frames."""
    size = _FRAME_FRAMES << max(math.ceil(math.log2(sample_rate_hz / 48_000)), 0)
    if audio.shape[1] < (_LEAST_FRAMES + 1) * size // 2:
        return None
    frames: NDArray[Any] = np.lib.stride_tricks.sliding_window_view(audio, size, axis=1)[:, :: size // 2]
    energy = np.einsum("cfn,cfn->f", frames, frames)
    window: NDArray[np.float64] = np.hanning(size + 1)[:-1]
    power = np.zeros(size // 2 + 1)
    chosen = np.sort(np.argsort(-energy, kind="stable")[:count])
    for index in chosen:
        power = power + (np.abs(np.fft.rfft(frames[:, index] * window, axis=-1)) ** 2).sum(axis=0)
    return np.asarray(power / (len(chosen) * audio.shape[0] * (window.sum() / 2) ** 2))


def steps(audio: Audio, sample_rate_hz: float, limits: Mapping[str, float]) -> tuple[Step | None, Step | None]:
    """Return the largest fall where coders cut, and the largest above.

    At each frequency the mean level, in dB, of the band from 900 to 300 Hz below it is compared with that of the band
    from 300 to 900 Hz above it.

    Parameters
    ----------
    audio : array, shape (channels, frames)
        Finite.
    sample_rate_hz : float
    limits : mapping
        All of them.

    Returns
    -------
    Step or None, twice
        None where the programme is too short or its rate too low.

    Examples
    --------
    >>> import numpy as np
    >>> from mixdown.analysis import limits
    >>> from mixdown.checking.bandwidth import steps
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal((1, 96_000))
    >>> spectrum = np.fft.rfft(noise)
    >>> spectrum[:, 32_000:] = 0
    >>> values = {name: limit.default for name, limit in limits("check").items()}
    >>> at, _ = steps(np.fft.irfft(spectrum), 48_000, values)
    >>> round(at.frequency_hz / 1_000), at.fall_db > 100
    (16, True)
    """
    power = loudest_spectrum(audio, sample_rate_hz, round(limits["lossy_frames"]))
    if power is None:
        return None, None
    # Sums up to each bin give the mean of any band.
    sums = np.concatenate([[0.0], np.cumsum(10 * np.log10(power + _NOTHING))])
    spacing_hz = sample_rate_hz / 2 / (len(power) - 1)
    near, far = _BAND_HZ
    at_hz = np.arange(limits["lossy_from_hz"], sample_rate_hz / 2 - far, _GRID_HZ)

    def level_db(low_hz: NDArray[np.float64], high_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        low, high = (np.ceil(edge / spacing_hz).astype(np.intp) for edge in (low_hz, high_hz))
        return np.asarray((sums[high] - sums[low]) / (high - low), dtype=np.float64)

    falls_db = level_db(at_hz - far, at_hz - near) - level_db(at_hz + near, at_hz + far)

    def largest(chosen: NDArray[np.bool_]) -> Step | None:
        if not chosen.any():
            return None
        fall_db = float(falls_db[chosen].max())
        # A steep edge falls as far wherever it stands between the bands: its place is their middle.
        return Step(float(np.median(at_hz[chosen & (falls_db >= fall_db - _FLAT_DB)])), fall_db)

    return largest(at_hz <= limits["lossy_to_hz"]), largest(at_hz > limits["lossy_to_hz"])


def bandwidth_findings(
    cut: Step | None, above: Step | None, sample_rate_hz: float, limits: Mapping[str, float], lossy: bool
) -> list[Finding]:
    """Return what the ends of the spectrum say of the past of a file; nothing of one that is lossy itself."""
    if lossy:
        return []
    least_db = limits["lossy_step_db"]
    if cut is not None and cut.fall_db >= least_db:
        message = (
            f"The spectrum falls by {cut.fall_db:.0f} dB at about {cut.frequency_hz / 1000:.1f} kHz, within 1.2 kHz: "
            "the programme was coded by a lossy coder before, or filtered as steeply."
        )
        figures = {"frequency_hz": (cut.frequency_hz, "Hz")}
        return [
            stated(
                *("lossy_source", "warning", message, cut.fall_db, least_db, "dB"),
                evidence=figures,
                source=mark_of("lossy_step_db"),
            )
        ]
    if (
        above is not None
        and above.fall_db >= least_db
        and above.frequency_hz < limits["upsampled_share"] * sample_rate_hz
    ):
        message = (
            f"Nothing stands above {above.frequency_hz / 1000:.1f} kHz, where the spectrum falls by "
            f"{above.fall_db:.0f} dB: {sample_rate_hz:g} Hz hold what a lower rate held before."
        )
        figures = {"frequency_hz": (above.frequency_hz, "Hz")}
        return [
            stated(
                *("upsampled", "note", message, above.fall_db, least_db, "dB"),
                evidence=figures,
                source=mark_of("upsampled_share"),
            )
        ]
    return []
