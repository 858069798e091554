"""Levels: sample peaks that hold and fall, RMS, clipped samples."""

from __future__ import annotations

from dataclasses import dataclass

from mixdown import _checks, _core
from mixdown._checks import AudioLike
from mixdown.display.html import Shown


@dataclass(frozen=True)
class ChannelLevel(Shown):
    """The levels of one channel. Silence is -inf, never NaN.

    Attributes
    ----------
    peak_dbfs : float
        Peak that rises at once, holds and falls.
    sample_peak_dbfs : float
        Largest sample of all.
    rms_dbfs : float
        RMS level over the window: a full-scale sine reads -3.01.
    overall_rms_dbfs : float
        RMS level of everything measured.
    clipped_samples : int
        Samples at or beyond full scale.
    clips : int
        Runs of three or more of them.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> meter = md.LevelMeter(48_000, 1)
    >>> meter.observe(0.5 * np.sin(2 * np.pi * 1_000 * np.arange(96_000) / 48_000))
    >>> level = meter.reading().channels[0]
    >>> print(f"peak {level.peak_dbfs:.2f} dBFS, RMS {level.rms_dbfs:.2f} dBFS")
    peak -6.02 dBFS, RMS -9.04 dBFS
    """

    peak_dbfs: float
    sample_peak_dbfs: float
    rms_dbfs: float
    overall_rms_dbfs: float
    clipped_samples: int
    clips: int

    def __repr__(self) -> str:
        figures = (
            f"{_checks.figure(self.peak_dbfs)} dBFS peak",
            f"{_checks.figure(self.sample_peak_dbfs)} dBFS sample peak",
            f"{_checks.figure(self.rms_dbfs)} dBFS RMS",
            f"{_checks.figure(self.overall_rms_dbfs)} dBFS RMS overall",
            f"{self.clipped_samples} clipped samples in {self.clips} clips",
        )
        return f"<{type(self).__name__}: {', '.join(figures)}>"


@dataclass(frozen=True, repr=False)
class Level(ChannelLevel):
    """The reading of a level meter: of all channels together, and of each.

    Peaks are those of the channel where they are highest, RMS levels those of the mean of the channels' mean squares,
    so that identical channels read as one of them.

    Attributes
    ----------
    channels : tuple of ChannelLevel
        Levels of each channel.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> meter = md.LevelMeter(48_000, 2)
    >>> meter.observe(np.stack([np.full(480, 0.5), np.full(480, 1.5)]))
    >>> [channel.clipped_samples for channel in meter.reading().channels]
    [0, 480]
    """

    channels: tuple[ChannelLevel, ...]


class LevelMeter:
    """Level meter, fed block by block: peaks, RMS and clipped samples.

    Parameters
    ----------
    sample_rate_hz : float
        8 000 to 384 000.
    channels : int
        1 to 64.
    rms_ms : float, default 300
        Time constant of the RMS level, 10 to 3 000 ms.
    hold_ms : float, default 0
        Time that a peak stands before it falls, 0 to 10 000 ms.
    fall_db_per_s : float, default 11.8
        Fall of a peak, 0 to 1 000 dB/s; 0 keeps it. The default is 20 dB in 1.7 s, as of a programme meter.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> meter = md.LevelMeter(48_000, 1)
    >>> meter.observe(0.5 * np.sin(2 * np.pi * 997 * np.arange(240_000) / 48_000))
    >>> meter.reading()
    <Level: -6.0 dBFS peak, -6.0 dBFS sample peak, -9.0 dBFS RMS, -9.0 dBFS RMS overall, 0 clipped samples in 0 clips>
    """

    @_checks.named
    def __init__(
        self,
        sample_rate_hz: float,
        channels: int,
        *,
        rms_ms: float = 300.0,
        hold_ms: float = 0.0,
        fall_db_per_s: float = 11.8,
    ) -> None:
        self._sample_rate_hz = _checks.sample_rate(sample_rate_hz)
        self._channels = _checks.whole_number("channels", channels, 1, _checks.MAX_CHANNELS)
        self._meter = _core.LevelMeter(
            self._sample_rate_hz,
            self._channels,
            {
                "rms_ms": _checks.number("rms_ms", rms_ms),
                "hold_ms": _checks.number("hold_ms", hold_ms),
                "fall_db_per_s": _checks.number("fall_db_per_s", fall_db_per_s),
            },
        )

    def __repr__(self) -> str:
        channels = f"{self._channels} channel{'' if self._channels == 1 else 's'}"
        return f"<LevelMeter: {self._sample_rate_hz:g} Hz, {channels}>"

    def observe(self, block: AudioLike) -> None:
        """Measure the next block.

        Parameters
        ----------
        block : array, shape (channels, frames), or (frames,) for one channel
            All blocks of one format, float32 or float64. Non-finite samples are refused.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.LevelMeter(48_000, 1)
        >>> for block in np.split(0.5 * np.sin(np.arange(48_000) / 10), 10):
        ...     meter.observe(block)
        >>> print(f"{meter.reading().channels[0].sample_peak_dbfs:.2f} dBFS")
        -6.02 dBFS
        """
        self._meter.observe(block)

    def reading(self) -> Level:
        """Return the reading of all audio measured so far.

        Returns
        -------
        Level

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.LevelMeter(48_000, 2)
        >>> meter.observe(np.stack([np.full(48_000, 0.5), np.full(48_000, 0.25)]))
        >>> [round(channel.peak_dbfs, 2) for channel in meter.reading().channels]
        [-6.02, -12.04]
        """
        reading = self._meter.reading()
        return Level(**{**reading, "channels": tuple(ChannelLevel(**channel) for channel in reading["channels"])})

    def reset(self) -> None:
        """Clear all state.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.LevelMeter(48_000, 1)
        >>> meter.observe(np.ones(480))
        >>> meter.reset()
        >>> meter.reading().channels[0].clipped_samples
        0
        """
        self._meter.reset()
