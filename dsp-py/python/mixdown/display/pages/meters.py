"""Pages of meters' readings: loudness, spectrum, correlation, mono compatibility, levels."""

from __future__ import annotations

import numpy as np

from mixdown import _checks
from mixdown.display import html, style
from mixdown.display.html import page_of
from mixdown.display.signals import loudness
from mixdown.meters import (
    ChannelLevel,
    Correlation,
    FoldBand,
    Level,
    LevelMatched,
    Loudness,
    MonoCompatibility,
    Spectrum,
)

#: Loss by the mono fold from which on a band is flagged, in dB.
_FLAGGED_DB = -6.0
#: Lowest loss that is drawn, in dB.
_LOWEST_DB = -24.0


@page_of.register
def _loudness(reading: Loudness) -> str:
    return html.page("Loudness", html.beside(html.table((), rows_of(reading)), curve_of(reading)))


def curve_of(reading: Loudness, target_lufs: float | None = None) -> str:
    """Return loudness over time as SVG; nothing where there is none."""
    if not np.isfinite(reading.momentary_lufs).any():
        return ""
    axes = loudness(reading, None, style.new_axes(6.0, 2.2), label="short-term, momentary", target_lufs=target_lufs)
    return html.drawn(axes)


def rows_of(reading: Loudness, digits: int = 1) -> list[tuple[str, str]]:
    """Return the figures of a reading with their names and units."""
    levels = [
        (name, f"{_checks.figure(value, digits)} {unit}")
        for name, value, unit in (
            ("integrated", reading.integrated_lufs, "LUFS"),
            ("short-term max", reading.max_short_term_lufs, "LUFS"),
            ("momentary max", reading.max_momentary_lufs, "LUFS"),
            ("range", reading.loudness_range_lu, "LU"),
            ("true peak", reading.true_peak_dbtp, "dBTP"),
            ("sample peak", reading.sample_peak_dbfs, "dBFS"),
        )
    ]
    return [
        *levels,
        ("PLR, true peak above integrated", _checks.figure_or_dash(reading.plr_lu, "LU", digits)),
        ("PSR min, within 3 s", _checks.figure_or_dash(reading.min_psr_lu, "LU", digits)),
    ]


@page_of.register
def _spectrum(made: Spectrum) -> str:
    drawn = html.drawn(made.plot()) if np.isfinite(made.levels_db).any() else ""
    return html.page(html.title_of(made), drawn)


@page_of.register
def _correlation(made: Correlation) -> str:
    figure = style.new_figure(8.0, 2.4)
    over_time, over_frequency = figure.subplots(1, 2)
    over_time.plot(made.times_s, made.over_time, color=style.AFTER, linewidth=1.5)
    style.style(over_time, title="Correlation over time")
    style.over_time(over_time, float(made.times_s[-1]) if made.times_s.size else 0.0)
    over_frequency.plot(made.centres_hz, made.bands, color=style.AFTER, linewidth=1.5)
    style.style(over_frequency, title="In thirds of an octave")
    style.over_frequency(over_frequency)
    for axes in (over_time, over_frequency):
        axes.axhline(0.0, color=style.FAINT, linewidth=0.8)
        axes.set_ylim(-1.05, 1.05)
        axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "0.5", "1"])
    return html.page(html.title_of(made), f"<div>{html.svg(figure)}</div>")


@page_of.register
def _mono_compatibility(made: MonoCompatibility) -> str:
    axes = style.new_axes(7.0, 2.4)
    centres_hz = np.array([band.centre_hz for band in made.bands])
    losses_db = np.maximum(made.loss_db, _LOWEST_DB)
    colours = [style.TARGET if band.is_flagged else style.AFTER for band in made.bands]
    axes.bar(centres_hz, losses_db, width=0.18 * centres_hz, color=colours)
    axes.axhline(_FLAGGED_DB, color=style.FAINT, linewidth=0.8, linestyle=":")
    style.style(axes, title="Change of level in mono", unit="dB")
    style.over_frequency(axes)
    axes.set_ylim(min(float(losses_db.min(initial=0.0)), -9.0) - 0.5, max(float(losses_db.max(initial=0.0)), 0.5))
    style.decibel_steps(axes.yaxis, 6)
    folded = html.folded(
        "All bands", html.table(("Band", "Level", "In mono", "Correlation", ""), _band_rows(made), left=1)
    )
    return html.page(html.title_of(made), html.drawn(axes), folded)


def _band_rows(made: MonoCompatibility) -> list[tuple[str, ...]]:
    return [_band_row(band) for band in made.bands]


def _band_row(band: FoldBand) -> tuple[str, ...]:
    level, loss = (f"{_checks.figure(value)} dB" for value in (band.level_db, band.loss_db))
    flag = "lost" if band.is_flagged else ""
    return f"{band.centre_hz:.0f} Hz", level, loss, _checks.figure(band.correlation, 2), flag


@page_of.register
def _channel_level(level: ChannelLevel) -> str:
    return html.page(type(level).__name__, html.table(("", *_LEVELS), [("", *_level_row(level))], left=1))


@page_of.register
def _level(level: Level) -> str:
    rows = [("all", *_level_row(level))]
    rows += [(f"channel {number}", *_level_row(channel)) for number, channel in enumerate(level.channels, 1)]
    return html.page(type(level).__name__, html.table(("", *_LEVELS), rows, left=1))


_LEVELS = ("Peak", "Sample peak", "RMS", "RMS overall", "Clipped samples", "Clips")


def _level_row(level: ChannelLevel) -> tuple[str, ...]:
    levels = (level.peak_dbfs, level.sample_peak_dbfs, level.rms_dbfs, level.overall_rms_dbfs)
    return (*(f"{_checks.figure(value)} dBFS" for value in levels), str(level.clipped_samples), str(level.clips))


@page_of.register
def _level_matched(matched: LevelMatched) -> str:
    rows = (("before", matched.before_gain_db), ("after", matched.after_gain_db))
    return html.page("LevelMatched", html.table((), [(name, f"{_checks.figure(db, 2)} dB") for name, db in rows]))
