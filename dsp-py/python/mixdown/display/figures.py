"""Figures of audio and its measurements, each drawn into given axes.

Only the object interface of matplotlib is used, so neither a display nor the global state of pyplot is needed. It is
loaded when something is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, meters
from mixdown._checks import AudioLike
from mixdown.display.style import AFTER as AFTER
from mixdown.display.style import BEFORE as BEFORE
from mixdown.display.style import FAINT as FAINT
from mixdown.display.style import GRID as GRID
from mixdown.display.style import INK as INK
from mixdown.display.style import TARGET as TARGET
from mixdown.display.style import clock as _clock
from mixdown.display.style import finite as _finite
from mixdown.display.style import formatted as _formatted
from mixdown.display.style import legend, over_frequency, style
from mixdown.display.style import legend_above as _legend
from mixdown.display.style import number_text as number_text
from mixdown.display.style import whole_steps as _whole_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENVELOPE_COLUMNS = 1500
"""Points of a waveform, about one per pixel."""
LANE_HEIGHT = 2.2
"""Distance between the channels of a waveform, full scale 1."""


class LoudnessLike(Protocol):
    """The attributes of a loudness measurement that the figures use."""

    @property
    def integrated_lufs(self) -> float:
        """Gated loudness of the whole, -inf if there is none."""

    @property
    def loudness_range_lu(self) -> float:
        """Loudness range."""

    @property
    def max_momentary_lufs(self) -> float:
        """Loudest 400 ms."""

    @property
    def max_short_term_lufs(self) -> float:
        """Loudest 3 s."""

    @property
    def true_peak_dbtp(self) -> float:
        """Oversampled peak."""

    @property
    def sample_peak_dbfs(self) -> float:
        """Largest sample."""

    @property
    def momentary_lufs(self) -> NDArray[np.floating]:
        """Loudness of 400 ms windows, 10 per second."""

    @property
    def short_term_lufs(self) -> NDArray[np.floating]:
        """Loudness of 3 s windows, 10 per second."""

    @property
    def times_s(self) -> NDArray[np.floating]:
        """End of each of these windows."""


class LeadLike(Protocol):
    """The attributes of a lead report that the figures use."""

    @property
    def times_s(self) -> tuple[float, ...]:
        """Times of the running audibility."""

    @property
    def running_audibility(self) -> tuple[float | None, ...]:
        """Audibility over 3 s; None where the lead rests."""

    @property
    def audibility(self) -> float | None:
        """Audibility of the whole."""

    @property
    def target(self) -> float:
        """Audibility aimed at."""


def waveform(
    axes: Axes,
    audio: AudioLike,
    sample_rate_hz: float,
    *,
    colour: str = AFTER,
    title: str = "",
    ceiling_dbfs: float | None = None,
) -> None:
    """Draw the least and greatest sample per column of pixels, one lane per channel.

    Parameters
    ----------
    audio
        Shape ``(channels, frames)`` or ``(frames,)``, full scale 1; the lanes reach from -1 to 1, louder
        audio is cut there.
    ceiling_dbfs
        Marked in each lane if given.
    """
    lanes = _checks.planar(audio)
    sample_rate_hz = _checks.sample_rate(sample_rate_hz)
    channels, frames = lanes.shape
    names = {1: ["M"], 2: ["L", "R"]}.get(channels, [str(channel + 1) for channel in range(channels)])
    centres = -LANE_HEIGHT * np.arange(channels)
    columns = np.unique(np.linspace(0, frames, ENVELOPE_COLUMNS, endpoint=False, dtype=np.intp))
    for lane, centre in zip(lanes, centres.tolist(), strict=True):
        axes.axhline(centre, color=GRID, linewidth=0.8, zorder=0)
        if frames:
            lowest = np.clip(np.minimum.reduceat(lane, columns), -1.0, 1.0)
            highest = np.clip(np.maximum.reduceat(lane, columns), -1.0, 1.0)
            times_s = columns / sample_rate_hz
            axes.fill_between(times_s, centre + lowest, centre + highest, color=colour, linewidth=0.5, rasterized=True)
        if ceiling_dbfs is not None:
            ceiling = 10.0 ** (ceiling_dbfs / 20.0)
            for edge in (centre - ceiling, centre + ceiling):
                axes.axhline(edge, color=TARGET, linewidth=0.7, alpha=0.7)
    axes.set_yticks(centres, names)
    axes.set_ylim(float(centres[-1]) - 1.1, 1.1)
    style(axes, title=title, grid="x", small=False)


def loudness_over_time(
    axes: Axes, before: LoudnessLike | None, after: LoudnessLike, *, target_lufs: float | None = None
) -> None:
    """Draw short-term loudness (strong), momentary loudness (faint) and integrated loudness (dashed).

    The figure spans what the programme moves over, at least 12 LU and at most 32; what is rarer than a twentieth of
    the time, and more than 30 LU below the loudest value, as silence is, may lie below it. -inf leaves a gap.

    Parameters
    ----------
    axes : matplotlib Axes
        Drawn into.
    before, after
        Measurements of the mix, if there is one, and the master.
    target_lufs
        Drawn as a line if given.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> from matplotlib.figure import Figure
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 240_000))
    >>> axes = Figure().add_subplot()
    >>> before, after = (md.loudness(gain * noise, 48_000) for gain in (1.0, 2.0))
    >>> md.display.loudness_over_time(axes, before, after, target_lufs=-14)
    >>> [line.get_label() for line in axes.lines if "integrated" in line.get_label()]
    ['mix, integrated −13.9', 'master, integrated −7.8']
    """
    shown = [target_lufs] if target_lufs is not None else []
    loudest: list[float] = []
    for name, loudness, colour in (("mix", before, BEFORE), ("master", after, AFTER)):
        if loudness is None:
            continue
        times_s = np.asarray(loudness.times_s)
        axes.plot(
            times_s,
            _finite(loudness.momentary_lufs),
            color=colour,
            linewidth=0.8,
            alpha=0.55,
            label="momentary" if loudness is after else None,
        )
        axes.plot(
            times_s,
            _finite(loudness.short_term_lufs),
            color=colour,
            linewidth=2.2,
            label=f"{name}, short-term",
        )
        if np.isfinite(loudness.integrated_lufs):
            axes.axhline(
                loudness.integrated_lufs,
                color=colour,
                linewidth=1.3,
                linestyle=(0, (6, 3)),
                label=f"{name}, integrated {number_text(loudness.integrated_lufs)}",
            )
            shown.append(loudness.integrated_lufs)
        loudest += [float(value) for value in _finite(loudness.momentary_lufs) if np.isfinite(value)]
    if target_lufs is not None:
        axes.axhline(target_lufs, color=TARGET, linewidth=1.1, label=f"target {number_text(target_lufs)}", zorder=1)
    axes.set_ylim(*_span_lufs(loudest, shown))
    _whole_steps(axes.yaxis, 6)
    axes.xaxis.set_major_formatter(_formatted(_clock))
    style(axes, title="Loudness", unit="LUFS", grid="both", small=False)
    _legend(axes)


def _span_lufs(momentary: Sequence[float], lines: Sequence[float]) -> tuple[float, float]:
    """Return the least and greatest loudness of a figure of these values and of lines across it."""
    top = max((*momentary, *lines), default=0.0)
    sounding = [value for value in momentary if value > top - 30.0]
    least = [float(np.percentile(sounding, 5.0))] if sounding else []
    low = min((value for value in (*least, *lines) if value > top - 30.0), default=top)
    return max(min(low - 2.0, top - 10.0), top - 30.0), top + 2.0


def reduction(axes: Axes, reduction_db: NDArray[np.floating], step_s: float) -> None:
    """Draw gain reduction hanging from 0 dB.

    Parameters
    ----------
    axes : matplotlib Axes
        Drawn into.
    reduction_db
        In dB, positive, one value per step.
    step_s
        Time from value to value.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> from matplotlib.figure import Figure
    >>> axes = Figure().add_subplot()
    >>> md.display.reduction(axes, np.array([0.0, 6.0, 3.0]), step_s=0.01)
    >>> print(f"{axes.dataLim.ymin:.1f} dB")
    -6.0 dB
    """
    # The largest of each column of pixels: an hour has 360 000 values.
    starts = np.unique(np.linspace(0, reduction_db.size, ENVELOPE_COLUMNS, endpoint=False, dtype=np.intp))
    largest_db = np.maximum.reduceat(reduction_db, starts)
    times_s = step_s * starts
    axes.fill_between(times_s, 0.0, -largest_db, color=AFTER, linewidth=0.0, step="post", rasterized=True)
    axes.set_ylim(-max(3.0, 1.1 * float(np.max(reduction_db))), 0.0)
    _whole_steps(axes.yaxis, 3)
    axes.xaxis.set_major_formatter(_formatted(_clock))
    style(axes, title="Gain reduction", unit="dB", grid="both", small=False)


def band_levels(
    audio: AudioLike, sample_rate_hz: float, *, fraction: int = 6
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return midbands in Hz and levels in dB of a spectrum."""
    measured = meters.spectrum(audio, sample_rate_hz, fraction=fraction)
    return measured.centres_hz, measured.levels_db


def spectrum(
    axes: Axes,
    before: tuple[NDArray[np.floating], NDArray[np.floating]] | None,
    after: tuple[NDArray[np.floating], NDArray[np.floating]],
    *,
    names: tuple[str, str] = ("mix", "master"),
    title: str = "Spectrum",
) -> None:
    """Draw one or two spectra, each ``(frequencies_hz, levels_db)``, over 20 Hz to 20 kHz and at most 60 dB."""
    highest = []
    for name, levels, colour in zip(names, (before, after), (BEFORE, AFTER), strict=True):
        if levels is None:
            continue
        frequencies_hz, levels_db = levels
        axes.semilogx(frequencies_hz, _finite(levels_db), color=colour, linewidth=2.0, label=name)
        highest += [float(level) for level in levels_db if np.isfinite(level)]
    top = max(highest, default=0.0) + 4.0
    axes.set_ylim(top - max(30.0, min(60.0, top - min(highest, default=0.0) + 4.0)), top)
    over_frequency(axes, small=False)
    _whole_steps(axes.yaxis, 7)
    style(axes, title=title, unit="dB per band", grid="both", small=False)
    _legend(axes)


def ratios(
    axes: Axes,
    before: tuple[NDArray[np.floating], NDArray[np.floating]],
    after: tuple[NDArray[np.floating], NDArray[np.floating]],
    *,
    names: tuple[str, str],
    title: str,
) -> None:
    """Draw two ratios in dB, each ``(frequencies_hz, ratios_db)``, over 20 Hz to 20 kHz and -30 to 15 dB."""
    for name, (frequencies_hz, ratios_db), colour in zip(names, (before, after), (BEFORE, AFTER), strict=True):
        axes.semilogx(frequencies_hz, _finite(ratios_db), color=colour, linewidth=2.0, label=name)
    axes.set_ylim(-30.0, 15.0)
    over_frequency(axes, small=False)
    _whole_steps(axes.yaxis, 6)
    style(axes, title=title, unit="dB", grid="both", small=False)
    _legend(axes)


def levels_over_time(
    axes: Axes,
    before: tuple[NDArray[np.floating], NDArray[np.floating]],
    after: tuple[NDArray[np.floating], NDArray[np.floating]],
    *,
    names: tuple[str, str],
    title: str,
) -> None:
    """Draw two levels in LU, each ``(times_s, levels_lu)``, with gaps where they are not finite; their means dashed."""
    values = []
    for name, (times_s, levels_lu), colour in zip(names, (before, after), (BEFORE, AFTER), strict=True):
        finite = _finite(levels_lu)
        mean = float(np.nanmean(finite)) if np.isfinite(finite).any() else np.nan
        label = f"{name}, mean {number_text(mean)}" if np.isfinite(mean) else name
        axes.plot(times_s, finite, color=colour, linewidth=2.0, label=label)
        axes.axhline(mean, color=colour, linewidth=1.3, linestyle=(0, (6, 3)))
        values += finite[np.isfinite(finite)].tolist()
    axes.set_ylim(min(values, default=-10.0) - 1.0, max(values, default=0.0) + 1.0)
    _whole_steps(axes.yaxis, 6)
    axes.xaxis.set_major_formatter(_formatted(_clock))
    style(axes, title=title, unit="LU", grid="both", small=False)
    _legend(axes)


def audibility_over_time(axes: Axes, before: LeadLike, after: LeadLike, *, names: tuple[str, str]) -> None:
    """Draw the audibility of a lead in two mixes, with gaps where it rests, and the audibility aimed at."""
    for name, report, colour in zip(names, (before, after), (BEFORE, AFTER), strict=True):
        values = np.array([np.nan if value is None else value for value in report.running_audibility], dtype=np.float64)
        label = name if report.audibility is None else f"{name}, whole {report.audibility:.2f}"
        axes.plot(report.times_s, values, color=colour, linewidth=2.0, label=label)
    axes.axhline(before.target, color=TARGET, linewidth=1.3, linestyle=(0, (6, 3)), label="aimed at")
    axes.set_ylim(0.0, 0.7)
    axes.xaxis.set_major_formatter(_formatted(_clock))
    style(axes, title="Audibility of the lead, over 3 s", unit="", grid="both", small=False)
    _legend(axes)


def style_levels(axes: Axes, *, title: str, unit: str, range_db: tuple[float, float] | None = None) -> None:
    """Style axes of levels over 20 Hz to 20 kHz, whose lines have names."""
    if range_db is not None:
        axes.set_ylim(*range_db)
    over_frequency(axes)
    _whole_steps(axes.yaxis, 7)
    style(axes, title=title, unit=unit, grid="both")
    legend(axes)
