"""Correlation of left and right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import Audio, AudioLike, Source
from mixdown._core import ShapeError
from mixdown.display.html import Shown

#: Seconds between two points of the curve.
_STEP_S = 0.1


@dataclass(frozen=True)
class CorrelationReading(Shown):
    """The reading of a correlation meter.

    Attributes
    ----------
    correlation : float
        Over the window, -1 to 1; it stands while a channel lies below -90 dBFS, and is 0 at first.
    overall : float
        Over everything measured; 0 if a channel lies below -90 dBFS.
    balance_db : float
        Power of the right channel over that of the left; 0 for silence.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> meter = md.CorrelationMeter(48_000)
    >>> left, right = np.random.default_rng(1).standard_normal((2, 48_000))
    >>> meter.observe(np.stack([left, left + right]))
    >>> reading = meter.reading()
    >>> print(f"{reading.overall:.2f}, balance {reading.balance_db:.1f} dB")
    0.71, balance 3.0 dB
    """

    correlation: float
    overall: float
    balance_db: float

    def __repr__(self) -> str:
        balance = f"balance {_checks.figure(self.balance_db)} dB"
        figures = f"{_checks.figure(self.correlation, 2)}, {_checks.figure(self.overall, 2)} overall, {balance}"
        return f"<CorrelationReading: {figures}>"


@dataclass(frozen=True, eq=False)
class Correlation(Shown):
    """Correlation of left and right: 1 for identical channels, 0 for independent ones, -1 for inverted polarity.

    Attributes
    ----------
    overall : float
        Of the whole; 0 if a channel lies below -90 dBFS.
    balance_db : float
        Power of the right channel over that of the left; 0 for silence.
    over_time : float64 array
        Over the window at each of `times_s`; it stands while a channel lies below -90 dBFS, and is 0 at first.
    times_s : float64 array
        Every 0.1 s, and the end.
    bands : float64 array
        Of each third of an octave at `centres_hz`; 0 where a channel lies below -120 dBFS.
    centres_hz : float64 array
        20 Hz to 20 kHz, as far as they lie below half the sample rate.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    >>> swapped = md.correlation(np.stack([tone, -0.5 * tone]), 48_000)
    >>> print(f"{swapped.overall:.2f}, balance {swapped.balance_db:.2f} dB")
    -1.00, balance -6.02 dB
    """

    overall: float
    balance_db: float
    over_time: NDArray[np.float64]
    times_s: NDArray[np.float64]
    bands: NDArray[np.float64]
    centres_hz: NDArray[np.float64]

    def __repr__(self) -> str:
        measured = self.over_time[self.over_time != 0]
        lowest = f", lowest {_checks.figure(float(measured.min()), 2)}" if measured.size else ""
        balance = f"balance {_checks.figure(self.balance_db)} dB"
        return f"<Correlation: {_checks.figure(self.overall, 2)} overall{lowest}, {balance}>"


class CorrelationMeter:
    """Correlation meter of two channels, fed block by block.

    Parameters
    ----------
    sample_rate_hz : float
        8 000 to 384 000.
    window_ms : float, default 300
        Time constant of the exponential window, 50 to 3 000 ms.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> meter = md.CorrelationMeter(48_000)
    >>> left = np.sin(np.arange(48_000) / 10)
    >>> meter.observe(np.stack([left, -0.5 * left]))
    >>> meter.reading()
    <CorrelationReading: -1.00, -1.00 overall, balance -6.0 dB>
    """

    @_checks.named
    def __init__(self, sample_rate_hz: float, *, window_ms: float = 300.0) -> None:
        self._sample_rate_hz = _checks.sample_rate(sample_rate_hz)
        settings = {"window_ms": _checks.number("window_ms", window_ms)}
        self._meter = _core.CorrelationMeter(self._sample_rate_hz, 2, settings)

    def __repr__(self) -> str:
        return f"<CorrelationMeter: {self._sample_rate_hz:g} Hz>"

    def observe(self, block: AudioLike) -> None:
        """Measure the next block.

        Parameters
        ----------
        block : array, shape (2, frames)
            All blocks of one format, float32 or float64. Non-finite samples are refused.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.CorrelationMeter(48_000)
        >>> for block in np.split(np.sin(np.arange(48_000) / 10) * [[1], [1]], 10, axis=-1):
        ...     meter.observe(block)
        >>> meter.reading().correlation
        1.0
        """
        self._meter.observe(block)

    def reading(self) -> CorrelationReading:
        """Return the reading of all audio measured so far.

        Returns
        -------
        CorrelationReading

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.CorrelationMeter(48_000, window_ms=50)
        >>> tone = np.sin(np.arange(48_000) / 10)
        >>> meter.observe(np.stack([tone, tone]))
        >>> meter.observe(np.stack([tone, -tone]))
        >>> meter.reading()
        <CorrelationReading: -1.00, 0.00 overall, balance 0.0 dB>
        """
        return CorrelationReading(**self._meter.reading())

    def reset(self) -> None:
        """Clear all state.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.CorrelationMeter(48_000)
        >>> meter.observe(np.ones((2, 480)))
        >>> meter.reset()
        >>> meter.reading().overall
        0.0
        """
        self._meter.reset()


def two_channels(audio: AudioLike, what: str) -> Audio:
    """Return audio of shape (2, frames), or refuse it for `what`."""
    samples = _checks.planar(audio)
    if samples.shape[0] != 2:
        raise ShapeError(f"audio has {samples.shape[0]} channels: {what} is of 2")
    return samples


@_checks.named
def correlation(audio: Source, sample_rate_hz: float | None = None, *, window_ms: float = 300.0) -> Correlation:
    """Measure the correlation of left and right: as a whole, over time and in thirds of an octave.

    Parameters
    ----------
    audio : array, float32 or float64, shape (2, frames), or what :func:`read` returned
        Mono is refused: correlation is of two channels. Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`read` returned.
    window_ms : float, default 300
        Time constant of the curve, 50 to 3 000 ms.

    Returns
    -------
    Correlation

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> left, right = np.random.default_rng(1).standard_normal((2, 480_000))
    >>> common = md.correlation(np.stack([left + right, left]), 48_000)
    >>> round(common.overall, 2), common.bands.shape
    (0.71, (31,))
    """
    given, rate_hz = _checks.recording(audio, sample_rate_hz)
    meter = CorrelationMeter(rate_hz, window_ms=window_ms)
    samples = _checks.finite(two_channels(given, "correlation"))
    frames = samples.shape[-1]
    # Positions that do not drift, and the end.
    steps = np.arange(1, int(frames / rate_hz / _STEP_S) + 2)
    ends = np.unique(np.minimum(np.rint(steps * _STEP_S * rate_hz).astype(np.int64), frames))
    values, start = [], 0
    for end in ends[ends > 0].tolist():
        meter.observe(samples[:, start:end])
        values.append(meter.reading().correlation)
        start = end
    reading = meter.reading()
    bands = _core.mono_fold(samples, rate_hz)["bands"]
    return Correlation(
        overall=reading.overall,
        balance_db=reading.balance_db,
        over_time=np.array(values, dtype=np.float64),
        times_s=ends[ends > 0] / rate_hz,
        bands=np.array([band[3] for band in bands]),
        centres_hz=np.array([band[0] for band in bands]),
    )
