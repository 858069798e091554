"""The mastering report: waveform, loudness over time and spectrum, before and after, on one page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import AudioLike
from mixdown.display.figures import (
    AFTER,
    BEFORE,
    FAINT,
    INK,
    LoudnessLike,
    band_levels,
    loudness_over_time,
    number_text,
    reduction,
    spectrum,
    waveform,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def report(
    *,
    before: AudioLike,
    after: AudioLike,
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
        Loudness target and true-peak ceiling of the master.
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

    mix, master = _checks.planar(before, "before"), _checks.planar(after, "after")
    figure = Figure(figsize=(16.0, 12.0), dpi=100, facecolor="white")
    heading(figure, title, f"target {number_text(target_lufs)} LUFS    ceiling {number_text(ceiling_dbtp)} dBTP")
    measured_figures(figure, {"Mix": loudness_before, "Master": loudness_after})

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
    waveform(mix_axes, mix, sample_rate_hz, colour=BEFORE, title="Mix")
    waveform(master_axes, master, sample_rate_hz, colour=AFTER, title="Master", ceiling_dbfs=ceiling_dbtp)
    loudness_over_time(loudness_axes, loudness_before, loudness_after, target_lufs=target_lufs)
    quiet = [mix_axes, master_axes]
    if limited and reduction_db is not None:
        reduction_axes = figure.add_subplot(rows[3], sharex=mix_axes)
        reduction(reduction_axes, reduction_db, reduction_step_s)
        quiet.append(loudness_axes)
    for axes in quiet:
        axes.tick_params(labelbottom=False)
    longest_frames = max(mix.shape[1], master.shape[1])
    mix_axes.set_xlim(0.0, max(longest_frames / sample_rate_hz, 1e-3))
    # At equal loudness: what is louder would only lie higher.
    gain_db = loudness_after.integrated_lufs - loudness_before.integrated_lufs
    gain_db = gain_db if np.isfinite(gain_db) else 0.0
    frequencies_hz, mix_db = band_levels(mix, sample_rate_hz)
    spectrum(
        figure.add_subplot(rows[4 if limited else 3]),
        (frequencies_hz, mix_db + gain_db),
        band_levels(master, sample_rate_hz),
        title="Spectrum, at equal loudness",
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


def heading(figure: Figure, title: str, below: str) -> None:
    """Write the title of a page, and a line below it."""
    figure.text(0.06, 0.952, title, fontsize=21, fontweight="bold", color=INK, va="center")
    figure.text(0.06, 0.922, below, fontsize=12.5, color=FAINT, va="center")


def measured_figures(figure: Figure, readings: Mapping[str, LoudnessLike]) -> None:
    """Write the measured figures as a small table at the top right, the last row in colour."""
    columns = (
        (("integrated", "LUFS"), "integrated_lufs"),
        (("range", "LU"), "loudness_range_lu"),
        (("max short-term", "LUFS"), "max_short_term_lufs"),
        (("max momentary", "LUFS"), "max_momentary_lufs"),
        (("true peak", "dBTP"), "true_peak_dbtp"),
        (("sample peak", "dBFS"), "sample_peak_dbfs"),
    )
    for index, (lines, _) in enumerate(columns):
        for line, text in enumerate(lines):
            x, y = 0.585 + 0.078 * index, 0.969 - 0.015 * line
            figure.text(x, y, text, fontsize=9.5, color=FAINT, ha="right", va="baseline")
    for row, (name, reading) in enumerate(readings.items()):
        y, colour = 0.931 - 0.025 * row, AFTER if row == len(readings) - 1 else FAINT
        figure.text(0.445, y, name, fontsize=12.5, fontweight="bold", color=colour, va="center")
        for index, (_, attribute) in enumerate(columns):
            text = number_text(getattr(reading, attribute))
            figure.text(0.585 + 0.078 * index, y, text, fontsize=13, color=colour, ha="right", va="center")
