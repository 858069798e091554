"""The report of a mix: what mixing changed, at equal loudness, and the master made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import Audio, AudioLike
from mixdown.display.figures import (
    AFTER,
    BEFORE,
    LeadLike,
    LoudnessLike,
    audibility_over_time,
    band_levels,
    levels_over_time,
    loudness_over_time,
    number_text,
    ratios,
    reduction,
    spectrum,
    waveform,
)
from mixdown.display.report import heading, measured_figures
from mixdown.meters import loudness

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Gate of the lead below its own loudness, in LU: it sounds where it is louder.
_GATE_LU = 10.0
#: Steps of 100 ms in a window of 3 s, and the share of them in which it must sound.
_BLOCKS, _SHARE = 27, 0.4
_NAMES = ("start balance", "mix")


class MixStage(NamedTuple):
    """A mix, and its lead and the sum of all others as they sound in it; arrays of shape (2, frames).

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> lead, rest = 0.1 * np.random.default_rng(1).standard_normal((2, 2, 48_000))
    >>> stage = md.display.MixStage(audio=lead + rest, lead=lead, rest=rest)
    >>> len(stage), stage.audio.shape
    (3, (2, 48000))
    """

    audio: AudioLike
    lead: AudioLike
    rest: AudioLike


def mix_report(
    *,
    start: MixStage,
    mix: MixStage,
    sample_rate_hz: float,
    master: LoudnessLike,
    target_lufs: float,
    ceiling_dbtp: float,
    title: str,
    reduction_db: NDArray[np.floating] | None = None,
    leads: tuple[LeadLike, LeadLike] | None = None,
) -> Figure:
    """Draw the report of a mix on one page of 1600 x 1400 pixels, with `leads` of 1600 x 1600.

    Parameters
    ----------
    start, mix
        The start balance and the mix. Waveform and spectrum of the start balance are drawn at the loudness of the mix.
    sample_rate_hz
        Of both.
    master
        Measurement of the master.
    target_lufs, ceiling_dbtp
        Loudness target and true-peak ceiling of the master.
    title
        First line of the page.
    reduction_db
        Gain reduction of the limiter, one value per 10 ms; drawn if there is any.
    leads
        Reports of the lead of the mix, and of the mix with suggestions applied; drawn if there are any.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> lead, rest = 0.1 * np.random.default_rng(1).standard_normal((2, 2, 48_000))
    >>> start, mix = (md.display.MixStage(gain * lead + rest, gain * lead, rest) for gain in (0.5, 1.0))
    >>> figure = md.display.mix_report(
    ...     start=start,
    ...     mix=mix,
    ...     sample_rate_hz=48_000,
    ...     master=md.loudness(mix.audio, 48_000),
    ...     target_lufs=-14,
    ...     ceiling_dbtp=-1,
    ...     title="Song",
    ... )
    >>> (figure.get_size_inches() * figure.dpi).tolist()
    [1600.0, 1400.0]
    """
    from matplotlib.figure import Figure

    readings = [loudness(stage.audio, sample_rate_hz, precision="reference") for stage in (start, mix)]
    gain_db = readings[1].integrated_lufs - readings[0].integrated_lufs
    gain = 10 ** (gain_db / 20) if np.isfinite(gain_db) else 1.0
    before, after = gain * _checks.planar(start.audio, "start"), _checks.planar(mix.audio, "mix")
    figure = Figure(figsize=(16.0, 14.0 if leads is None else 16.0), dpi=100, facecolor="white")
    drawn = f"start balance moved by {number_text(gain_db)} dB to the loudness of the mix"
    wanted = f"target {number_text(target_lufs)} LUFS, ceiling {number_text(ceiling_dbtp)} dBTP"
    heading(figure, title, f"{drawn}\n{wanted}")
    measured_figures(figure, {"Start balance": readings[0], "Mix": readings[1], "Master": master})
    heights = (0.7, 1.0, 0.9, 1.0, 0.4, *(() if leads is None else (0.8,)))
    grid = figure.add_gridspec(
        len(heights), 6, left=0.06, right=0.975, top=0.845, bottom=0.045, hspace=0.5, wspace=0.75, height_ratios=heights
    )
    first = figure.add_subplot(grid[0, :3])
    waveform(first, before, sample_rate_hz, colour=BEFORE, title="Start balance")
    waveform(figure.add_subplot(grid[0, 3:], sharex=first), after, sample_rate_hz, colour=AFTER, title="Mix")
    stages = (start._replace(audio=before), mix)
    spectra = [band_levels(stage.audio, sample_rate_hz) for stage in stages]
    spectrum(figure.add_subplot(grid[1, :2]), *spectra, names=_NAMES, title="Spectrum")
    fronts = [_ratio(stage.lead, stage.rest, sample_rate_hz) for stage in stages]
    ratios(figure.add_subplot(grid[1, 2:4]), *fronts, names=_NAMES, title="Lead over rest")
    widths = [_ratio(*_sides(stage.audio), sample_rate_hz) for stage in stages]
    ratios(figure.add_subplot(grid[1, 4:]), *widths, names=_NAMES, title="Side over mid")
    levels = [_lead_level(stage, sample_rate_hz) for stage in stages]
    over_time = figure.add_subplot(grid[2, :], sharex=first)
    levels_over_time(over_time, *levels, names=_NAMES, title="Lead over rest, while it sounds")
    loudness_over_time(figure.add_subplot(grid[3, :], sharex=first), readings[1], master, target_lufs=target_lufs)
    if reduction_db is not None and reduction_db.size:
        reduction(figure.add_subplot(grid[4, :], sharex=first), reduction_db, 0.01)
    if leads is not None:
        audibility_over_time(figure.add_subplot(grid[5, :], sharex=first), *leads, names=("mix", "with suggestions"))
    first.set_xlim(0.0, max(before.shape[1], after.shape[1], 1) / sample_rate_hz)
    return figure


def _sides(audio: AudioLike) -> tuple[Audio, Audio]:
    left, right = _checks.planar(audio)
    return left - right, left + right


def _ratio(
    upper: AudioLike, lower: AudioLike, sample_rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a level above another in third-octaves; -inf where there is none."""
    frequencies_hz, upper_db = band_levels(upper, sample_rate_hz, fraction=3)
    _, lower_db = band_levels(lower, sample_rate_hz, fraction=3)
    ratios_db = np.full(upper_db.shape, -np.inf)
    kept = np.isfinite(upper_db) & np.isfinite(lower_db)
    ratios_db[kept] = upper_db[kept] - lower_db[kept]
    return frequencies_hz, ratios_db


def _lead_level(stage: MixStage, sample_rate_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the short-term loudness of the lead above that of the rest; -inf where it rests."""
    lead, rest = (loudness(audio, sample_rate_hz) for audio in (stage.lead, stage.rest))
    blocks = min(lead.times_s.size, rest.times_s.size)
    sounds = lead.momentary_lufs[:blocks] > lead.integrated_lufs - _GATE_LU
    # Of 3 s it sounds in two fifths at least.
    share = np.convolve(sounds, np.ones(_BLOCKS) / _BLOCKS)[:blocks] if blocks else np.zeros(0)
    level_lu = np.full(blocks, -np.inf)
    short_term = [reading.short_term_lufs[:blocks] for reading in (lead, rest)]
    kept = sounds & (share >= _SHARE) & np.isfinite(short_term[0]) & np.isfinite(short_term[1])
    level_lu[kept] = short_term[0][kept] - short_term[1][kept]
    return lead.times_s[:blocks], level_lu
