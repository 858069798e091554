"""Figures of the mastering report: waveform, loudness over time and spectrum, before and after.

Every function draws on axes it is given; `report` puts them on one page. Only the object interface of
matplotlib is used, so neither a display nor the global state of pyplot is needed. It is loaded when something is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

__all__ = [
    "LoudnessLike",
    "fractional_octave_spectrum",
    "loudness_over_time",
    "png",
    "reduction",
    "report",
    "spectrum",
    "waveform",
]

BEFORE = "#98A2AD"
AFTER = "#1B6B86"
TARGET = "#C4553B"
INK = "#28323B"
FAINT = "#6A7580"
GRID = "#E6E9EC"

WELCH_FRAMES = 16_384
ENVELOPE_COLUMNS = 1500
"""Points of a waveform, about one per pixel."""
LANE_HEIGHT = 2.2
"""Distance between the channels of a waveform, full scale 1."""


class LoudnessLike(Protocol):
    """What the figures read of a loudness measurement."""

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


def report(
    *,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    sample_rate_hz: float,
    loudness_before: LoudnessLike,
    loudness_after: LoudnessLike,
    target_lufs: float,
    ceiling_dbtp: float,
    title: str,
    reduction_db: NDArray[np.floating] | None = None,
    reduction_step_s: float = 0.01,
) -> Figure:
    """Draw the mastering report on one page of 1600 x 1200 pixels.

    Parameters
    ----------
    before, after
        Mix and master, shape ``(channels, frames)`` or ``(frames,)``, full scale 1.
    sample_rate_hz
        Of both.
    loudness_before, loudness_after
        Their measurements; values may be -inf.
    target_lufs, ceiling_dbtp
        What the master was to reach, and to stay under.
    title
        First line of the page.
    reduction_db, reduction_step_s
        Gain reduction of the limiter, one value per step; drawn if there is any.

    Returns
    -------
    Figure
        Save it with ``figure.savefig("report.png")``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16.0, 12.0), dpi=100, facecolor="white")
    figure.text(0.06, 0.952, title, fontsize=21, fontweight="bold", color=INK, va="center")
    figure.text(
        0.06,
        0.922,
        f"target {_number(target_lufs)} LUFS    ceiling {_number(ceiling_dbtp)} dBTP",
        fontsize=12.5,
        color=FAINT,
        va="center",
    )
    _measured_figures(figure, loudness_before, loudness_after)

    limited = reduction_db is not None and reduction_db.size > 0
    rows = figure.add_gridspec(
        5 if limited else 4,
        1,
        left=0.06,
        right=0.975,
        top=0.865,
        bottom=0.055,
        hspace=0.34,
        height_ratios=(0.8, 0.8, 1.15, 0.45, 1.25) if limited else (0.8, 0.8, 1.15, 1.25),
    )
    mix_axes = figure.add_subplot(rows[0])
    master_axes = figure.add_subplot(rows[1], sharex=mix_axes)
    loudness_axes = figure.add_subplot(rows[2], sharex=mix_axes)
    waveform(mix_axes, before, sample_rate_hz, colour=BEFORE, title="Mix")
    waveform(master_axes, after, sample_rate_hz, colour=AFTER, title="Master", ceiling_dbfs=ceiling_dbtp)
    loudness_over_time(loudness_axes, loudness_before, loudness_after, target_lufs=target_lufs)
    quiet = [mix_axes, master_axes]
    if limited and reduction_db is not None:
        reduction_axes = figure.add_subplot(rows[3], sharex=mix_axes)
        reduction(reduction_axes, reduction_db, reduction_step_s)
        quiet.append(loudness_axes)
    for axes in quiet:
        axes.tick_params(labelbottom=False)
    longest_frames = max(np.shape(before)[-1], np.shape(after)[-1])
    mix_axes.set_xlim(0.0, max(longest_frames / sample_rate_hz, 1e-3))
    spectrum(
        figure.add_subplot(rows[4 if limited else 3]),
        fractional_octave_spectrum(before, sample_rate_hz),
        fractional_octave_spectrum(after, sample_rate_hz),
    )
    return figure


def png(figure: Figure) -> bytes:
    """Draw a figure as a PNG file in memory.

    Parameters
    ----------
    figure : Figure

    Returns
    -------
    bytes
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def waveform(
    axes: Axes,
    audio: NDArray[np.floating],
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
    lanes = np.atleast_2d(audio)
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
    axes: Axes, before: LoudnessLike, after: LoudnessLike, *, target_lufs: float | None = None
) -> None:
    """Draw short-term loudness (strong), momentary loudness (faint) and integrated loudness (dashed).

    Loudness more than 30 LU under the loudest value lies below the figure; -inf leaves a gap.

    Parameters
    ----------
    before, after
        Measurements of the mix and the master.
    target_lufs
        Drawn as a line if given.
    """
    loudest = [target_lufs] if target_lufs is not None else []
    for name, loudness, colour in (("mix", before, BEFORE), ("master", after, AFTER)):
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
                label=f"{name}, integrated {_number(loudness.integrated_lufs)}",
            )
        loudest += [float(value) for value in _finite(loudness.momentary_lufs) if np.isfinite(value)]
    if target_lufs is not None:
        axes.axhline(target_lufs, color=TARGET, linewidth=1.1, label=f"target {_number(target_lufs)}", zorder=1)
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


def spectrum(
    axes: Axes,
    before: tuple[NDArray[np.floating], NDArray[np.floating]],
    after: tuple[NDArray[np.floating], NDArray[np.floating]],
) -> None:
    """Draw two spectra, each ``(frequencies_hz, levels_db)``, over 20 Hz to 20 kHz and at most 60 dB."""
    highest = []
    for name, (frequencies_hz, levels_db), colour in (("mix", before, BEFORE), ("master", after, AFTER)):
        axes.semilogx(frequencies_hz, _finite(levels_db), color=colour, linewidth=2.0, label=name)
        highest += [float(level) for level in levels_db if np.isfinite(level)]
    top = max(highest, default=0.0) + 4.0
    axes.set_ylim(top - max(30.0, min(60.0, top - min(highest, default=0.0) + 4.0)), top)
    axes.set_xlim(20.0, 20_000.0)
    marks_hz = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]
    axes.set_xticks(marks_hz, [f"{hz // 1000} k" if hz >= 1000 else str(hz) for hz in marks_hz])
    axes.set_xticks([], minor=True)
    _whole_steps(axes.yaxis, 7)
    _styled(axes, title="Spectrum", unit="dB per band", grid="both")
    axes.set_xlabel("frequency in Hz", color=FAINT, fontsize=10.5)
    _legend(axes)


def fractional_octave_spectrum(
    audio: NDArray[np.floating], sample_rate_hz: float, *, fraction: int = 6
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the power in bands of ``1 / fraction`` octave.

    Welch's method: Hann windows of 16384 frames, half overlapping, mean of the energies of windows and
    channels. A band narrower than a bin takes its share of it. Shorter audio is measured in one window,
    padded with zeros.

    Parameters
    ----------
    audio
        Shape ``(channels, frames)`` or ``(frames,)``.
    fraction
        Bands per octave, at least 1; midbands are ``1000 * 10**(0.3 k / fraction)`` Hz.

    Returns
    -------
    frequencies_hz, levels_db
        Midbands from 20 Hz to 20 kHz whose upper edge is at most half the sample rate, and the mean square in
        each, 0 dB for a mean square of 1: a full-scale sine reads -3.01 dB. Silence is -inf.

    Raises
    ------
    ValueError
        If `fraction` is under 1.
    """
    if fraction < 1:
        raise ValueError(f"fraction = {fraction} is less than 1")
    power = _mean_power(np.atleast_2d(audio))
    edges_hz = (np.arange(power.size + 1) - 0.5) * sample_rate_hz / WELCH_FRAMES
    total = np.concatenate([[0.0], np.cumsum(power)])

    step = 10.0 ** (0.3 / fraction)
    lowest, highest = round(np.log(0.02) / np.log(step)), round(np.log(20.0) / np.log(step))
    midbands_hz = 1000.0 * step ** np.arange(lowest, highest + 1)
    midbands_hz = midbands_hz[midbands_hz * np.sqrt(step) <= 0.5 * sample_rate_hz]
    upper = np.interp(midbands_hz * np.sqrt(step), edges_hz, total)
    lower = np.interp(midbands_hz / np.sqrt(step), edges_hz, total)
    with np.errstate(divide="ignore"):
        return midbands_hz, 10.0 * np.log10(np.maximum(upper - lower, 0.0))


def _mean_power(audio: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean square in each bin of a real FFT of `WELCH_FRAMES`, over channels and half overlapping windows."""
    frames = audio.shape[-1]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WELCH_FRAMES) / WELCH_FRAMES)
    if frames < WELCH_FRAMES:
        audio = np.pad(audio, ((0, 0), (0, WELCH_FRAMES - frames)))
    starts = range(0, audio.shape[-1] - WELCH_FRAMES + 1, WELCH_FRAMES // 2)
    power = np.zeros(WELCH_FRAMES // 2 + 1)
    for start in starts:
        bins = np.fft.rfft(audio[:, start : start + WELCH_FRAMES] * window)
        power += np.mean(np.abs(bins) ** 2, axis=0)
    return np.asarray(power * 2.0 / (WELCH_FRAMES * np.sum(window**2) * len(starts)))


def _measured_figures(figure: Figure, before: LoudnessLike, after: LoudnessLike) -> None:
    """Write the measured figures as a small table at the top right."""
    columns = (
        (("integrated", "LUFS"), before.integrated_lufs, after.integrated_lufs),
        (("range", "LU"), before.loudness_range_lu, after.loudness_range_lu),
        (("max short-term", "LUFS"), before.max_short_term_lufs, after.max_short_term_lufs),
        (("max momentary", "LUFS"), before.max_momentary_lufs, after.max_momentary_lufs),
        (("true peak", "dBTP"), before.true_peak_dbtp, after.true_peak_dbtp),
        (("sample peak", "dBFS"), before.sample_peak_dbfs, after.sample_peak_dbfs),
    )
    for name, y, colour in (("Mix", 0.931, FAINT), ("Master", 0.906, AFTER)):
        figure.text(0.475, y, name, fontsize=12.5, fontweight="bold", color=colour, va="center")
    for index, (heading, mix, master) in enumerate(columns):
        x = 0.585 + 0.078 * index
        for line, text in enumerate(heading):
            figure.text(x, 0.969 - 0.015 * line, text, fontsize=9.5, color=FAINT, ha="right", va="baseline")
        figure.text(x, 0.931, _number(mix), fontsize=13, color=FAINT, ha="right", va="center")
        figure.text(x, 0.906, _number(master), fontsize=13, color=AFTER, ha="right", va="center")


def _styled(axes: Axes, *, title: str, grid: str, unit: str = "") -> None:
    """Give axes the look of the page: no frame, light grid, title at the top left with the unit after it."""
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
    axis.set_major_formatter(_formatted(lambda value: _number(value, digits=0)))


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


def _number(value: float, *, digits: int = 1) -> str:
    """A figure with a true minus sign, zero without one; infinity as a sign."""
    text = f"{value:z.{digits}f}" if np.isfinite(value) else ("∞" if value > 0 else "-∞")
    return text.replace("-", "\N{MINUS SIGN}")
