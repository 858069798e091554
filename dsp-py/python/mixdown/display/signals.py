"""Pictures of audio: waveform, loudness, spectrum, spectrogram, goniometer, and two versions at equal loudness.

Each function draws one thing into one axis, and returns the axis. Drawn again into the same axis it adds to what is
there, in the next colour; from the second on there is a legend. Audio comes as an array with its rate, or as what
:func:`mixdown.read` returned alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import Audio, Source
from mixdown.display import style
from mixdown.loudspeakers import STANDARD
from mixdown.meters import Loudness, Spectrum, level_matched
from mixdown.meters import loudness as measured_loudness
from mixdown.meters import spectrum as measured_spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points of a waveform, about one per pixel, and the distance between its channels at full scale 1.
_COLUMNS, _LANE = 1200, 2.2
#: Range of a figure of loudness, in LU, and of a spectrum, in dB.
_LOUDNESS_LU, _SPECTRUM_DB = 30.0, 60.0
#: Lowest level of silence in a figure, in dB.
_SILENT_DB = -90.0


@_checks.named
def waveform(
    audio: Source,
    sample_rate_hz: float | None = None,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    ceiling_dbfs: float | None = None,
) -> Axes:
    """Draw the least and the greatest sample per column of pixels, a lane for each channel.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,), or what :func:`mixdown.read` returned
        Full scale is 1, the height of a lane; louder audio is cut there. Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`mixdown.read` returned.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    label : str, optional
        Name in the legend; by default a number.
    ceiling_dbfs : float, optional
        Level that is marked in each lane.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> ax = md.display.waveform(np.zeros((2, 24_000)), 48_000)
    >>> [lane.get_text() for lane in ax.get_yticklabels()], float(ax.get_xlim()[1])
    (['L', 'R'], 0.5)
    """
    given, rate_hz = _checks.recording(audio, sample_rate_hz)
    lanes = _checks.finite(_checks.planar(given))
    axes = _axes(ax, 1.0 + 0.9 * min(lanes.shape[0], 8))
    name = style.label_or_number(axes, label)
    colour = style.next_colour(axes, name)
    count = max(lanes.shape[0], len(axes.get_yticklabels()) if len(axes.lines) > 1 and axes.collections else 0)
    draw_lanes(axes, lanes, rate_hz, colour=colour, ceiling_dbfs=ceiling_dbfs)
    centres = -_LANE * np.arange(count)
    axes.set_yticks(centres, lane_names(audio, count))
    axes.set_ylim(float(centres[-1]) - 1.1, 1.1)
    style.style(axes, title="Waveform", grid="x")
    style.over_time(axes, lanes.shape[1] / rate_hz)
    style.legend(axes)
    return axes


def draw_lanes(
    axes: Axes, lanes: Audio, sample_rate_hz: float, *, colour: str, ceiling_dbfs: float | None = None
) -> None:
    """Draw the lanes of a waveform."""
    channels, frames = lanes.shape
    columns = np.unique(np.linspace(0, frames, _COLUMNS, endpoint=False, dtype=np.intp))
    for lane, centre in zip(lanes, (-_LANE * np.arange(channels)).tolist(), strict=True):
        axes.axhline(centre, color=style.GRID, linewidth=0.8, zorder=0)
        if frames:
            with np.errstate(invalid="ignore"):
                lowest = np.clip(np.minimum.reduceat(lane, columns), -1.0, 1.0)
                highest = np.clip(np.maximum.reduceat(lane, columns), -1.0, 1.0)
            times_s = columns / sample_rate_hz
            # One sample has no width.
            times_s = times_s if frames > 1 else np.append(times_s, 1 / sample_rate_hz)
            ends = (np.resize(lowest, times_s.size), np.resize(highest, times_s.size))
            axes.fill_between(
                times_s, centre + ends[0], centre + ends[1], color=colour, alpha=0.85, linewidth=0.5, rasterized=True
            )
        if ceiling_dbfs is not None:
            ceiling = 10.0 ** (ceiling_dbfs / 20.0)
            for edge in (centre - ceiling, centre + ceiling):
                axes.axhline(edge, color=style.TARGET, linewidth=0.7, alpha=0.7)


def lane_names(source: object, count: int) -> list[str]:
    """Return the names of channels: the loudspeakers of a recording, else those of the usual layout."""
    positions = getattr(source, "positions", None)
    if positions is not None and len(positions) == count:
        return [str(position) for position in positions]
    if count == 1:
        return ["M"]
    return list(STANDARD.get(count, tuple(str(channel + 1) for channel in range(count))))


@_checks.named
def loudness(
    audio: Source | Loudness,
    sample_rate_hz: float | None = None,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    target_lufs: float | None = None,
) -> Axes:
    """Draw short-term loudness (strong), momentary loudness (faint) and integrated loudness (dashed) over time.

    What lies more than 30 LU below the loudest value is outside the figure; silence leaves a gap.

    Parameters
    ----------
    audio : array, what :func:`mixdown.read` returned, or a Loudness
        What was measured already is drawn as it is. Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`mixdown.read` returned, and for a Loudness.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    label : str, optional
        Name in the legend; by default a number. The integrated loudness follows it.
    target_lufs : float, optional
        A level that is marked.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> sine = np.sin(2 * np.pi * 997 * np.arange(240_000) / 48_000)
    >>> ax = md.display.loudness(sine, 48_000, label="sine")
    >>> ax.get_legend_handles_labels()[1]
    ['sine, −3.0 LUFS']
    """
    reading = audio if isinstance(audio, Loudness) else measured_loudness(audio, sample_rate_hz)
    axes = _axes(ax)
    name = style.label_or_number(axes, label)
    colour = style.next_colour(axes, f"{name}, {style.number_text(reading.integrated_lufs)} LUFS")
    times_s = np.asarray(reading.times_s)
    short_s = times_s[times_s.size - np.size(reading.short_term_lufs) :]
    axes.plot(times_s, style.finite(reading.momentary_lufs), color=colour, linewidth=0.8, alpha=0.5)
    axes.plot(short_s, style.finite(reading.short_term_lufs), color=colour, linewidth=2.0)
    if np.isfinite(reading.integrated_lufs):
        axes.axhline(reading.integrated_lufs, color=colour, linewidth=1.1, linestyle=(0, (6, 3)))
    _tell(axes, "No loudness: silence." if times_s.size else "No loudness: shorter than 400 ms.")
    if target_lufs is not None:
        wanted = f"target {style.number_text(target_lufs)} LUFS"
        axes.axhline(target_lufs, color=style.INK, linewidth=1.0, linestyle=":", label=wanted)
    top = highest(axes, -_LOUDNESS_LU)
    axes.set_ylim(top - _LOUDNESS_LU, top + 2.0)
    style.decibel_steps(axes.yaxis, 7)
    style.style(axes, title="Loudness", unit="LUFS")
    style.over_time(axes, float(times_s[-1]) if times_s.size else 0.0)
    style.legend(axes)
    return axes


@_checks.named
def spectrum(
    audio: Source | Spectrum,
    sample_rate_hz: float | None = None,
    ax: Axes | None = None,
    *,
    fraction: int = 6,
    label: str | None = None,
) -> Axes:
    """Draw levels in bands of a fraction of an octave, from 20 Hz to 20 kHz and at most 60 dB below the highest.

    Parameters
    ----------
    audio : array, what :func:`mixdown.read` returned, or a Spectrum
        What was measured already is drawn as it is. Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`mixdown.read` returned, and for a Spectrum.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    fraction : int, default 6
        Bands of an octave, 1 to 24.
    label : str, optional
        Name in the legend; by default a number.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> sine = np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000)
    >>> ax = md.display.spectrum(sine, 48_000)
    >>> round(float(np.nanmax(ax.lines[-1].get_ydata())), 1)
    -3.0
    """
    made = audio if isinstance(audio, Spectrum) else measured_spectrum(audio, sample_rate_hz, fraction=fraction)
    axes = _axes(ax)
    draw_levels(axes, made.centres_hz, made.levels_db, style.label_or_number(axes, label))
    bands = made.centres_hz.size
    octaves = float(np.log2(made.centres_hz[-1] / made.centres_hz[0])) if bands > 1 else 1.0
    style.style(axes, title="Spectrum", unit=f"dB in 1/{round((bands - 1) / octaves) or 1} octave")
    style.legend(axes)
    return axes


def draw_levels(axes: Axes, frequencies_hz: NDArray[np.float64], levels_db: NDArray[np.float64], label: str) -> None:
    """Draw levels over frequency as the next line."""
    axes.plot(frequencies_hz, style.finite(levels_db), linewidth=1.8, label=label)
    style.over_frequency(axes)
    _tell(axes, "No levels: silence.")
    values = _values(axes)
    top = float(values.max()) if values.size else _SILENT_DB + _SPECTRUM_DB
    span = float(np.clip(top - values.min(), 24.0, _SPECTRUM_DB)) if values.size else _SPECTRUM_DB
    axes.set_ylim(top - span - 2.0, top + 3.0)
    style.decibel_steps(axes.yaxis, 7)


@_checks.named
def compare(
    before: Source,
    after: Source,
    sample_rate_hz: float | None = None,
    ax: Axes | None = None,
    *,
    fraction: int = 6,
    labels: tuple[str, str] = ("before", "after"),
) -> Axes:
    """Draw the spectra of two versions at equal loudness: the louder is turned down to the quieter, and says so.

    Parameters
    ----------
    before, after : array, or what :func:`mixdown.read` returned
        Finite.
    sample_rate_hz : float, optional
        Of both. May be left out where one of them is what :func:`mixdown.read` returned.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    fraction : int, default 6
        Bands of an octave, 1 to 24.
    labels : tuple of two str, default ("before", "after")
        Names in the legend.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> mix = np.random.default_rng(1).standard_normal((2, 96_000)) / 10
    >>> ax = md.display.compare(mix, 2 * mix, 48_000)
    >>> ax.get_legend_handles_labels()[1]
    ['before', 'after −6.0 dB']
    >>> one, other = (line.get_ydata() for line in ax.lines)
    >>> round(float(np.abs(one - other).max()), 2)
    0.0
    """
    names = _checks.items("labels", labels, "names")
    rates = (_checks.unpack(source, name)[1] for source, name in ((before, "before"), (after, "after")))
    rate_hz = sample_rate_hz if sample_rate_hz is not None else next((rate for rate in rates if rate), None)
    matched = level_matched(before, after, sample_rate_hz)
    axes = _axes(ax)
    gains_db = (matched.before_gain_db, matched.after_gain_db)
    for audio, gain_db, name in zip((matched.before, matched.after), gains_db, names, strict=True):
        moved = f" {style.number_text(gain_db)} dB" if gain_db else ""
        made = measured_spectrum(audio, rate_hz, fraction=fraction)
        draw_levels(axes, made.centres_hz, made.levels_db, f"{name}{moved}")
    style.style(axes, title="Spectrum at equal loudness", unit=f"dB in 1/{fraction} octave")
    style.legend(axes)
    return axes


def highest(axes: Axes, least: float) -> float:
    """Return the highest value of all curves and levels of axes."""
    values = [np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.lines]
    numbers = np.concatenate([np.ravel(value) for value in values]) if values else np.zeros(0)
    numbers = numbers[np.isfinite(numbers)]
    return float(numbers.max()) if numbers.size else least


def _tell(axes: Axes, told: str) -> None:
    """Write into axes why there is no curve, as long as there is none."""
    for text in [text for text in axes.texts if text.get_gid() == _EMPTY]:
        text.remove()
    if not _values(axes).size:
        text = axes.text(0.5, 0.5, told, transform=axes.transAxes, color=style.FAINT, ha="center", va="center")
        text.set_gid(_EMPTY)


#: Mark of the reason that there is no curve.
_EMPTY = "empty"


def _values(axes: Axes) -> NDArray[np.float64]:
    """Return the finite values of all curves of axes."""
    values = np.concatenate([np.ravel(np.asarray(line.get_ydata(), dtype=np.float64)) for line in axes.lines])
    return cast(NDArray[np.float64], values[np.isfinite(values)])


def _axes(ax: Axes | None, height: float = style.SIZE[1]) -> Axes:
    """Return the axes to draw into, those without data in the colours of all figures."""
    axes = style.new_axes(height=height) if ax is None else ax
    style.begin(axes)
    return axes
