"""Spectrum in bands of a fraction of an octave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import AudioLike, Source
from mixdown.display import style
from mixdown.display.html import Shown
from mixdown.effects.setting import without_infinities

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Spectrum(Shown):
    """Levels in fractions of an octave.

    Attributes
    ----------
    centres_hz : float64 array
        Midbands, 20 Hz to 20 kHz as far as they lie below half the sample rate.
    levels_db : float64 array
        Mean square of each band over the whole programme, mean of the channels: a full-scale sine reads -3.01, pink
        noise is flat, silence is -inf.
    running_db : float64 array
        The same over the window of time at the end.
    highest_db : float64 array
        The same of the loudest window of each bin.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    >>> spectrum = md.spectrum(tone, 48_000, fraction=3)
    >>> loudest = spectrum.levels_db.argmax()
    >>> print(f"{spectrum.levels_db[loudest]:.1f} dB at {spectrum.centres_hz[loudest]:.0f} Hz")
    -3.0 dB at 1000 Hz
    """

    centres_hz: NDArray[np.float64]
    levels_db: NDArray[np.float64]
    running_db: NDArray[np.float64]
    highest_db: NDArray[np.float64]

    def __repr__(self) -> str:
        if not np.isfinite(self.levels_db).any():
            return f"<Spectrum of {self.centres_hz.size} bands: silence>"
        loudest = int(np.argmax(self.levels_db))
        level = f"{_checks.figure(float(self.levels_db[loudest]))} dB at {self.centres_hz[loudest]:.0f} Hz"
        return f"<Spectrum of {self.centres_hz.size} bands: at most {level}>"

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values.

        Returns
        -------
        dict
            Valid as strict JSON: an infinity is the word "inf" or "-inf".

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> tone = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
        >>> plain = md.spectrum(tone, 48_000).to_dict()
        >>> len(plain["levels_db"]), round(max(plain["levels_db"]), 1)
        (61, -3.0)
        """
        return cast(dict[str, Any], without_infinities({name: array.tolist() for name, array in vars(self).items()}))

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the levels over frequency.

        Parameters
        ----------
        axes : matplotlib axes, optional
            New ones by default.

        Returns
        -------
        axes

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> tone = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
        >>> axes = md.spectrum(tone, 48_000, fraction=3).plot()
        >>> print(f"{axes.lines[1].get_ydata().max():.1f} dB, {len(axes.lines[1].get_xdata())} bands")
        -3.0 dB, 31 bands
        """
        drawn = style.new_axes() if axes is None else axes
        _checks.drawable(drawn, "axes")
        drawn.plot(self.centres_hz, style.finite(self.highest_db), linewidth=0.9, color=style.BEFORE, label="highest")
        levels_db = style.finite(self.levels_db)
        drawn.plot(self.centres_hz, levels_db, linewidth=1.8, color=style.AFTER, label="whole programme")
        finite = self.levels_db[np.isfinite(self.levels_db)]
        if finite.size and np.isfinite(self.highest_db.max()):
            drawn.set_ylim(max(finite.min(), finite.max() - 90) - 3, self.highest_db.max() + 3)
        style.style(drawn, title="Spectrum", unit="dB in a band")
        style.over_frequency(drawn)
        style.decibel_steps(drawn.yaxis, 7)
        style.legend(drawn)
        return drawn


class SpectrumMeter:
    """Spectrum meter in fractions of an octave, fed block by block.

    Parameters
    ----------
    sample_rate_hz : float
        8 000 to 384 000.
    channels : int
        1 to 64.
    fraction : int, default 6
        Bands of an octave, 1 to 24.
    window_ms : float, default 1000
        Time constant of the running level, 50 to 10 000 ms.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> meter = md.SpectrumMeter(48_000, 1, fraction=3)
    >>> meter.observe(np.sin(2 * np.pi * 1000 * np.arange(480_000) / 48_000))
    >>> meter.reading()
    <Spectrum of 31 bands: at most -3.0 dB at 1000 Hz>
    """

    @_checks.named
    def __init__(self, sample_rate_hz: float, channels: int, *, fraction: int = 6, window_ms: float = 1000.0) -> None:
        self._sample_rate_hz = _checks.sample_rate(sample_rate_hz)
        settings = {
            "bands_per_octave": _checks.whole_number("fraction", fraction, 1, 24),
            "window_ms": _checks.number("window_ms", window_ms),
        }
        count = _checks.whole_number("channels", channels, 1, _checks.MAX_CHANNELS)
        self._meter = _core.SpectrumMeter(self._sample_rate_hz, count, settings)

    def __repr__(self) -> str:
        return f"<SpectrumMeter: {self._sample_rate_hz:g} Hz>"

    def observe(self, block: AudioLike) -> None:
        """Measure the next block.

        Parameters
        ----------
        block : array, shape (channels, frames)
            All blocks of one format, float32 or float64. Non-finite samples are refused.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.SpectrumMeter(48_000, 1)
        >>> for block in np.split(np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000), 10):
        ...     meter.observe(block)
        >>> print(f"{meter.reading().levels_db.max():.1f} dB")
        -3.0 dB
        """
        self._meter.observe(block)

    def reading(self) -> Spectrum:
        """Return the reading of all audio measured so far.

        Returns
        -------
        Spectrum

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.SpectrumMeter(48_000, 1, fraction=1)
        >>> meter.observe(0.5 * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000))
        >>> meter.reading()
        <Spectrum of 11 bands: at most -9.0 dB at 1000 Hz>
        """
        return Spectrum(**self._meter.reading())

    def reset(self) -> None:
        """Clear all state.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.SpectrumMeter(48_000, 1)
        >>> meter.observe(np.ones(48_000))
        >>> meter.reset()
        >>> meter.reading()
        <Spectrum of 61 bands: silence>
        """
        self._meter.reset()


@_checks.named
def spectrum(audio: Source, sample_rate_hz: float | None = None, *, fraction: int = 6) -> Spectrum:
    """Measure levels in fractions of an octave.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,), or what :func:`read` returned
        Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`read` returned.
    fraction : int, default 6
        Bands of an octave, 1 to 24; midbands are ``1000 * 10**(0.3 k / fraction)`` Hz.

    Returns
    -------
    Spectrum

    Notes
    -----
    Welch's method: Hann windows of 16384 frames at 44.1 and 48 kHz, half overlapping. A band narrower than a bin takes
    its share of it.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(480_000) / 48_000)
    >>> round(float(md.spectrum(sine, 48_000).levels_db.max()), 2)
    -3.01
    """
    given, rate_hz = _checks.recording(audio, sample_rate_hz)
    samples = _checks.planar(given)
    meter = SpectrumMeter(rate_hz, samples.shape[0], fraction=fraction)
    meter.observe(samples)
    return meter.reading()
