"""Loudness meters after ITU-R BS.1770-5 and EBU Tech 3341 and 3342."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import Audio, AudioLike, Source
from mixdown._core import ParameterError
from mixdown._threads import each
from mixdown.display.html import Shown
from mixdown.loudspeakers import LAYOUTS

Precision = Literal["standard", "high", "reference"]
"""How finely true peaks are searched."""

Memory = Literal["exact", "constant"]
"""What a meter keeps of the past."""

#: Frames per block of a whole programme.
_STEP_FRAMES = 65_536


@dataclass(frozen=True, eq=False)
class Loudness(Shown):
    """The reading of a loudness meter. Silence is -inf, never NaN.

    Attributes
    ----------
    integrated_lufs : float
        Gated loudness of the whole programme; -inf under 400 ms.
    loudness_range_lu : float
        LRA; 0 under 3 s.
    max_momentary_lufs, max_short_term_lufs : float
        Largest mean over complete windows of 400 ms and 3 s.
    true_peak_dbtp, sample_peak_dbfs : float
        Highest point of the waveform, and highest sample.
    plr_lu : float
        True peak minus integrated loudness; -inf, and not printed, where there is no loudness.
    min_psr_lu : float
        Smallest difference of true peak and loudness within 3 s.
    momentary_lufs, short_term_lufs : float64 array
        Loudness over the last 400 ms and 3 s at each of `times_s`.
    times_s : float64 array
        Ends of the windows, every 100 ms from 0.4 s on.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 0.1 * np.sin(2 * np.pi * 1_000 * np.arange(96_000) / 48_000)
    >>> reading = md.loudness(np.stack([tone, 0 * tone]), 48_000)
    >>> print(f"{reading.integrated_lufs:.2f} LUFS, {reading.true_peak_dbtp:.2f} dBTP, PLR {reading.plr_lu:.2f} LU")
    -23.00 LUFS, -20.00 dBTP, PLR 3.00 LU
    >>> print(f"{reading.times_s.size} windows of 400 ms, at most {reading.momentary_lufs.max():.2f} LUFS")
    17 windows of 400 ms, at most -23.00 LUFS
    """

    integrated_lufs: float
    loudness_range_lu: float
    max_momentary_lufs: float
    max_short_term_lufs: float
    true_peak_dbtp: float
    sample_peak_dbfs: float
    plr_lu: float
    min_psr_lu: float
    momentary_lufs: NDArray[np.float64]
    short_term_lufs: NDArray[np.float64]
    times_s: NDArray[np.float64]

    def __repr__(self) -> str:
        figures = [
            f"{_checks.figure(value)} {unit}"
            for value, unit in (
                (self.integrated_lufs, "LUFS integrated"),
                (self.max_short_term_lufs, "LUFS short-term max"),
                (self.max_momentary_lufs, "LUFS momentary max"),
                (self.loudness_range_lu, "LU range"),
                (self.true_peak_dbtp, "dBTP"),
                (self.sample_peak_dbfs, "dBFS sample peak"),
            )
        ]
        # Ratios to a loudness: there are none without one.
        ratios = ((self.plr_lu, "LU PLR"), (self.min_psr_lu, "LU PSR min"))
        figures += [f"{_checks.figure(value)} {unit}" for value, unit in ratios if math.isfinite(value)]
        return f"<Loudness: {', '.join(figures)}>"


class LoudnessMeter:
    """Loudness meter after ITU-R BS.1770-5, fed block by block.

    Parameters
    ----------
    sample_rate_hz : float
        8 000 to 384 000.
    channels : int
        1 to 64.
    layout : str, optional
        "mono", "stereo", "3.0", "4.0", "5.0", "5.1" or "7.1"; by default the usual one of as many channels.
    weights : sequence of float, optional
        Weight of each channel's energy, 0 to 10, for counts without a layout.
    dual_mono : bool, default False
        A mono programme counts as two loudspeakers: 3.01 LU louder.
    precision : "standard", "high" or "reference", default "standard"
        True-peak search: 8 points of 32 taps per sample, 16 of 96, or 32 of 1024, as a master is
        certified with. They differ on loud signals with content up to half the sample rate.
    memory : "exact" or "constant", default "exact"
        Storage: every block, or histograms with bins of 0.02 LU for endless streams, without curves.

    Notes
    -----
    The K-weighting has the response of 48 kHz at every rate, as the standard requires. Meters that keep its numerator
    at 1, -2, 1 read up to 0.03 LU lower at 192 kHz.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> meter = md.LoudnessMeter(48_000, 1, dual_mono=True)
    >>> meter.observe(0.1 * np.sin(2 * np.pi * 1_000 * np.arange(96_000) / 48_000))
    >>> print(f"{meter.reading().integrated_lufs:.1f} LUFS")
    -20.0 LUFS
    """

    @_checks.named
    def __init__(
        self,
        sample_rate_hz: float,
        channels: int,
        *,
        layout: str | None = None,
        weights: Sequence[float] | None = None,
        dual_mono: bool = False,
        precision: Precision = "standard",
        memory: Memory = "exact",
    ) -> None:
        self._sample_rate_hz = _checks.sample_rate(sample_rate_hz)
        self._channels = _checks.whole_number("channels", channels, 1, _checks.MAX_CHANNELS)
        self._meter = _core.LoudnessMeter(
            self._sample_rate_hz,
            self._channels,
            {
                "weights": _weights(layout, weights),
                "dual_mono": _checks.flag("dual_mono", dual_mono),
                "precision": _checks.one_of("precision", precision, get_args(Precision)),
                "memory": _checks.one_of("memory", memory, get_args(Memory)),
            },
        )

    def __repr__(self) -> str:
        channels = f"{self._channels} channel{'' if self._channels == 1 else 's'}"
        return f"<LoudnessMeter: {self._sample_rate_hz:g} Hz, {channels}>"

    def observe(self, block: AudioLike) -> None:
        """Measure the next block.

        Parameters
        ----------
        block : array, shape (channels, frames), or (frames,) for one channel
            All blocks of one format, float32 or float64. Non-finite samples are refused.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.LoudnessMeter(48_000, 2)
        >>> tone = 0.1 * np.sin(2 * np.pi * 1_000 * np.arange(96_000) / 48_000)
        >>> for block in np.split(np.stack([tone, tone]), 100, axis=-1):
        ...     meter.observe(block)
        >>> print(f"{meter.reading().integrated_lufs:.1f} LUFS")
        -20.0 LUFS
        """
        self._meter.observe(block)

    def reading(self) -> Loudness:
        """Return the reading of all audio measured so far.

        Returns
        -------
        Loudness

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.LoudnessMeter(48_000, 1)
        >>> meter.observe(np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000))
        >>> reading = meter.reading()
        >>> print(f"{reading.integrated_lufs:.2f} LUFS, momentary at most {reading.max_momentary_lufs:.2f} LUFS")
        -3.01 LUFS, momentary at most -3.01 LUFS
        """
        return Loudness(**self._meter.reading())

    def reset(self) -> None:
        """Clear all state.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> meter = md.LoudnessMeter(48_000, 1)
        >>> meter.observe(np.sin(np.arange(48_000) / 10))
        >>> meter.reset()
        >>> meter.reading().integrated_lufs, meter.reading().times_s.size
        (-inf, 0)
        """
        self._meter.reset()


def _weights(layout: str | None, weights: Sequence[float] | None) -> Any:
    """Return the channel weights of a meter for the engine."""
    if weights is None:
        return "by_count" if layout is None else {"layout": _checks.one_of("layout", layout, list(LAYOUTS))}
    if layout is not None:
        raise ParameterError("layout and weights exclude each other")
    listed = _checks.items("weights", weights, "numbers")
    return {"explicit": [_checks.number(f"weights[{channel}]", weight) for channel, weight in enumerate(listed)]}


@_checks.named
def album_loudness(programmes: Iterable[Source], *, dual_mono: bool = False) -> float:
    """Measure the loudness of an album: gated over the blocks of all programmes.

    Parameters
    ----------
    programmes : iterable of (audio, sample_rate_hz), as :func:`read` returns them
        See :func:`loudness`. Rates and channel counts may differ.
    dual_mono : bool, default False
        Mono programmes count as two loudspeakers.

    Returns
    -------
    float
        LUFS; -inf if no block passes the gates. Not the mean of the programmes' loudness.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> loud = np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000)
    >>> album_lufs = md.album_loudness([(loud, 48_000), (0.5 * loud, 48_000)])
    >>> print(f"{album_lufs:.2f} LUFS")
    -5.05 LUFS
    """
    listed = []
    for number, programme in enumerate(_checks.items("programmes", programmes, "recordings")):
        audio, sample_rate_hz = _checks.recording(programme, None, f"programmes[{number}]")
        samples = _checks.planar(audio, f"programmes[{number}]")
        weights = getattr(programme, "weights", None)
        listed.append((samples, LoudnessMeter(sample_rate_hz, samples.shape[0], weights=weights, dual_mono=dual_mono)))

    def work(job: tuple[Audio, LoudnessMeter], progress: Callable[[float], None]) -> LoudnessMeter:
        samples, meter = job
        _observe(meter, samples, lambda done, frames: progress(done / max(frames, 1)))
        return meter

    return album_of(meter for meter in each(listed, work) if isinstance(meter, LoudnessMeter))


def album_of(meters: Iterable[LoudnessMeter]) -> float:
    """Return the album loudness over several meters.

    Parameters
    ----------
    meters : iterable of LoudnessMeter

    Returns
    -------
    float
        LUFS.
    """
    return _core.album_loudness([meter._meter for meter in meters])


@_checks.named
def loudness(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    layout: str | None = None,
    weights: Sequence[float] | None = None,
    dual_mono: bool = False,
    precision: Precision = "standard",
    progress: Callable[[int, int], None] | None = None,
) -> Loudness:
    """Measure loudness, loudness range and true peak of a whole programme.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,), or what :func:`read` returned
        Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`read` returned.
    layout, weights, dual_mono, precision
        See :class:`LoudnessMeter`.
    progress : function, optional
        Called with the frames done and the total frames.

    Returns
    -------
    Loudness

    Examples
    --------
    A full-scale sine of 997 Hz in one channel reads -3.01 LUFS.

    >>> import mixdown as md, numpy as np
    >>> sine = np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000)
    >>> round(md.loudness(sine, 48_000).integrated_lufs, 2)
    -3.01
    """
    given, rate_hz = _checks.recording(audio, sample_rate_hz)
    samples = _checks.planar(given)
    if layout is None and weights is None:
        # The loudspeakers of a recording override the usual layout of as many rows.
        weights = getattr(audio, "weights", None)
    meter = LoudnessMeter(
        rate_hz,
        samples.shape[0],
        layout=layout,
        weights=weights,
        dual_mono=dual_mono,
        precision=precision,
    )
    _observe(meter, samples, _checks.callback("progress", progress))
    reading = meter.reading()
    if reading.sample_peak_dbfs > _WHOLE_NUMBERS_DBFS:
        hint = "full scale is 1.0; mixdown.to_float makes it of whole numbers"
        _checks.warn(f"audio peaks at {reading.sample_peak_dbfs:.1f} dBFS: {hint}")
    return reading


#: Peak above which samples are whole numbers rather than audio: those of 8 bits reach 42 dBFS, of 16 bits 90.
_WHOLE_NUMBERS_DBFS = 40.0


def _observe(meter: LoudnessMeter, samples: Audio, progress: Callable[[int, int], None] | None) -> None:
    """Measure a whole programme, step by step."""
    frames = samples.shape[-1]
    for start in range(0, max(frames, 1), _STEP_FRAMES):
        meter.observe(samples[..., start : start + _STEP_FRAMES])
        if progress is not None:
            progress(min(start + _STEP_FRAMES, frames), frames)
