"""Figures of audio and its measurements, each drawn into given axes.

Only the object interface of matplotlib is used, so neither a display nor the global state of pyplot is needed. It is
loaded when something is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixdown import _checks, meters
from mixdown._checks import AudioLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.ticker import FuncFormatter

BEFORE = "#98A2AD"
AFTER = "#1B6B86"
TARGET = "#C4553B"
INK = "#28323B"
FAINT = "#6A7580"
GRID = "#E6E9EC"

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
    _styled(axes, title=title, grid="x")


def loudness_over_time(
    axes: Axes, before: LoudnessLike | None, after: LoudnessLike, *, target_lufs: float | None = None
) -> None:
    """Draw short-term loudness (strong), momentary loudness (faint) and integrated loudness (dashed).

    Loudness more than 30 LU below the loudest value is outside the figure; -inf leaves a gap.

    Parameters
    ----------
    before, after
        Measurements of the mix, if there is one, and the master.
    target_lufs
        Drawn as a line if given.
    """
    loudest = [target_lufs] if target_lufs is not None else []
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
        loudest += [float(value) for value in _finite(loudness.momentary_lufs) if np.isfinite(value)]
    if target_lufs is not None:
        axes.axhline(target_lufs, color=TARGET, linewidth=1.1, label=f"target {number_text(target_lufs)}", zorder=1)
    top = max(loudest, default=0.0)
    axes.set_ylim(top - 30.0, top + 2.0)
    _whole_steps(axes.yaxis, 6)
    axes.xaxis.set_major_formatter(_formatted(_clock))
    _styled(axes, title="Loudness", unit="LUFS", grid="both")
    _legend(axes)


def reduction(axes: Axes, reduction_db: NDArray[np.floating], step_s: float) -> None:
    """Draw gain reduction hanging from 0 dB.

    Parameters
    ----------
    reduction_db
        In dB, positive, one value per step.
    step_s
        Time from value to value.
    """
    times_s = step_s * np.arange(reduction_db.size)
    axes.fill_between(times_s, 0.0, -reduction_db, color=AFTER, linewidth=0.0, step="post", rasterized=True)
    axes.set_ylim(-max(3.0, 1.1 * float(np.max(reduction_db))), 0.0)
    _whole_steps(axes.yaxis, 3)
    axes.xaxis.set_major_formatter(_formatted(_clock))
    _styled(axes, title="Gain reduction", unit="dB", grid="both")


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
    _over_frequency(axes)
    _whole_steps(axes.yaxis, 7)
    _styled(axes, title=title, unit="dB per band", grid="both")
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
    _over_frequency(axes)
    _whole_steps(axes.yaxis, 6)
    _styled(axes, title=title, unit="dB", grid="both")
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
    _styled(axes, title=title, unit="LU", grid="both")
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
    _styled(axes, title="Audibility of the lead, over 3 s", unit="", grid="both")
    _legend(axes)


def style_levels(axes: Axes, *, title: str, unit: str, range_db: tuple[float, float] | None = None) -> None:
    """Style axes of levels over 20 Hz to 20 kHz, whose lines have names."""
    if range_db is not None:
        axes.set_ylim(*range_db)
    _over_frequency(axes)
    _whole_steps(axes.yaxis, 7)
    _styled(axes, title=title, unit=unit, grid="both")
    _legend(axes)


def _over_frequency(axes: Axes) -> None:
    """Label an axis of frequencies."""
    axes.set_xlim(20.0, 20_000.0)
    marks_hz = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]
    axes.set_xticks(marks_hz, [f"{hz // 1000} k" if hz >= 1000 else str(hz) for hz in marks_hz])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("frequency in Hz", color=FAINT, fontsize=10.5)


def _styled(axes: Axes, *, title: str, grid: str, unit: str = "") -> None:
    """Style axes for the page: no frame, light grid, title at the top left with the unit after it."""
    axes.set_axisbelow(True)
    axes.grid(visible=False)
    for axis in ("x", "y"):
        if grid in (axis, "both"):
            (axes.xaxis if axis == "x" else axes.yaxis).grid(color=GRID, linewidth=0.9)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=11, labelcolor=FAINT, pad=5)
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=8)
    if unit:
        axes.set_ylabel(unit, color=FAINT, fontsize=10.5)


def _formatted(text: Callable[[float], str]) -> FuncFormatter:
    """Label the ticks of an axis by a function of their value."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: text(value))


def _whole_steps(axis: Axis, ticks: int) -> None:
    """Label an axis in at most so many steps of whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=ticks, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(_formatted(lambda value: number_text(value, digits=0)))


def _legend(axes: Axes) -> None:
    """Name the lines above the axes, at the right."""
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(handles),
        frameon=False,
        fontsize=10.5,
        labelcolor=FAINT,
        handlelength=1.8,
        borderaxespad=0.2,
    )


def _clock(time_s: float) -> str:
    """A time as minutes and seconds, with the fraction it has."""
    return f"{int(time_s // 60)}:{time_s % 60:02.0f}" if float(time_s).is_integer() else f"{time_s:g} s"


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    """The values with NaN, which matplotlib leaves out, in place of -inf."""
    numbers = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def number_text(value: float, *, digits: int = 1) -> str:
    """A figure with a true minus sign, zero without one; infinity as a sign."""
    text = f"{value:z.{digits}f}" if np.isfinite(value) else ("∞" if value > 0 else "-∞")
    return text.replace("-", "\N{MINUS SIGN}")
