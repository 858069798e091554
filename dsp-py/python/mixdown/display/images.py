"""Pictures that are images: the spectrogram, and the goniometer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import Audio, Source
from mixdown._core import ShapeError
from mixdown.display import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Window of a spectrogram in s, rounded to a power of two of frames, and the most columns.
_WINDOW_S, _COLUMNS = 0.0853, 900
#: Bands of an octave of a spectrogram, and its range in dB.
_PER_OCTAVE, _RANGE_DB = 24, 80.0
#: Transforms made at once, and frames that are counted at once.
_AT_ONCE, _FRAMES_AT_ONCE = 256, 1 << 20
#: Cells of a goniometer on each side of the middle.
_CELLS = 110


@_checks.named
def spectrogram(
    audio: Source,
    sample_rate_hz: float | None = None,
    ax: Axes | None = None,
    *,
    range_db: float = _RANGE_DB,
) -> Axes:
    """Draw level over time and frequency: the mean power of the channels, a full-scale sine 0 dBFS.

    Hann windows of 4096 frames at 44.1 and 48 kHz, half overlapping; of long audio a column is the mean of those that
    fall into it, so that nothing is left out.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,), or what :func:`mixdown.read` returned
        Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`mixdown.read` returned.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows, with a scale of colours beside them. Given axes have no scale:
        ``ax.collections[-1]`` is what ``figure.colorbar`` takes. What is in them already is covered.
    range_db : float, default 80
        Range of the colours below the highest level, 10 to 160 dB.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> sine = np.sin(2 * np.pi * 1500 * np.arange(96_000) / 48_000)
    >>> ax = md.display.spectrogram(0.5 * sine, 48_000)
    >>> round(float(ax.collections[-1].get_array().max()), 1)
    -6.0
    """
    given, rate_hz = _checks.recording(audio, sample_rate_hz)
    samples = _checks.finite(_checks.planar(given))
    range_db = _checks.in_range("range_db", range_db, 10, 160)
    levels_db, edges_hz = _bands(samples, rate_hz)
    top = float(levels_db.max()) if np.isfinite(levels_db).any() else 0.0
    axes = style.new_axes(height=3.8) if ax is None else ax
    _checks.drawable(axes)
    duration_s = samples.shape[1] / rate_hz
    edges_s = np.linspace(0.0, max(duration_s, 1e-3), levels_db.shape[1] + 1)
    shown = np.maximum(levels_db, top - range_db)
    mesh = axes.pcolormesh(
        edges_s, edges_hz, shown, cmap="magma", vmin=top - range_db, vmax=top, rasterized=True, shading="flat"
    )
    style.style(axes, title="Spectrogram", grid="", unit="frequency in Hz")
    style.over_time(axes, duration_s)
    axes.set_yscale("log")
    axes.set_ylim(20.0, 20_000.0)
    axes.set_yticks(style.MARKS_HZ, [style.frequency_text(hz) for hz in style.MARKS_HZ])
    axes.set_yticks([], minor=True)
    axes.set_facecolor(mesh.cmap(0.0))
    if ax is None:
        bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02, aspect=30)
        bar.set_label("dBFS", color=style.FAINT, fontsize=9)
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0, labelsize=9, labelcolor=style.FAINT)
        bar.formatter = style.formatted(lambda value: style.number_text(value, digits=0))
        bar.update_ticks()
    return axes


def _bands(samples: Audio, sample_rate_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return levels of a 24th of an octave over time, and the edges of these bands in Hz."""
    size = 1 << max(6, round(np.log2(_WINDOW_S * sample_rate_hz)))
    window = np.hanning(size + 1)[:-1]
    # Half a window before the beginning and behind the end, so that both are seen.
    hop, frames = size // 2, samples.shape[1]
    windows = frames // hop + 1
    columns = min(windows, _COLUMNS)
    at_column = (np.arange(windows) * columns) // windows
    power = np.zeros((size // 2 + 1, columns))
    for start in range(0, windows, _AT_ONCE):
        some = np.arange(start, min(start + _AT_ONCE, windows))
        parts: NDArray[np.floating] = np.stack([_part(samples, at, size) for at in (some * hop - hop).tolist()], axis=1)
        made = np.mean(np.abs(np.fft.rfft(parts * window, axis=-1)) ** 2, axis=0)
        np.add.at(power.T, at_column[some], made)
    power /= np.bincount(at_column, minlength=columns)
    power *= (2.0 / window.sum()) ** 2
    edges_hz = 20.0 * 2.0 ** (np.arange(int(np.log2(1000) * _PER_OCTAVE) + 2) / _PER_OCTAVE)
    edges_hz = edges_hz[edges_hz <= max(0.5 * sample_rate_hz, 40.0)]
    # Of a band narrower than a bin the bin that it lies in, else the highest of its bins.
    bins = edges_hz / (sample_rate_hz / size)
    low = np.minimum(np.round(bins[:-1]).astype(np.intp), power.shape[0] - 1)
    high = np.minimum(np.maximum(np.round(bins[1:]).astype(np.intp), low + 1), power.shape[0])
    bands = np.stack([power[one:other].max(axis=0) for one, other in zip(low, high, strict=True)])
    with np.errstate(divide="ignore"):
        return 10 * np.log10(bands), edges_hz


def _part(samples: Audio, start: int, frames: int) -> Audio:
    """Return a part of audio, with silence before its beginning and after its end."""
    part = samples[:, max(start, 0) : max(start + frames, 0)]
    before = min(max(-start, 0), frames)
    if part.shape[1] == frames:
        return part
    return cast(Audio, np.pad(part, ((0, 0), (before, frames - before - part.shape[1]))))


@_checks.named
def goniometer(
    audio: Source, sample_rate_hz: float | None = None, ax: Axes | None = None, *, label: str | None = None
) -> Axes:
    """Draw left against right, turned by 45 degrees: mono is upright, inverted polarity level.

    All samples count: a cell is the stronger the more of them fall into it. The figure is as large as the highest
    sample; the square is full scale.

    Parameters
    ----------
    audio : array, shape (2, frames), or what :func:`mixdown.read` returned
        Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`mixdown.read` returned.
    ax : matplotlib axes, optional
        New ones by default, which a notebook shows.
    label : str, optional
        Name in the legend; by default a number.

    Returns
    -------
    matplotlib axes

    Examples
    --------
    >>> import numpy as np, mixdown as md
    >>> left = 0.5 * np.sin(np.arange(48_000) / 10)
    >>> ax = md.display.goniometer(np.stack([left, left]), 48_000)
    >>> across = ax.images[-1].get_array()[..., 3].max(axis=0) > 0
    >>> int(across.sum())  # all of it lies on the upright line
    1
    """
    given, _ = _checks.recording(audio, sample_rate_hz)
    samples = _checks.planar(given)
    if samples.shape[0] != 2:
        raise ShapeError(f"audio has {samples.shape[0]} channels: a goniometer is of 2")
    left, right = _checks.finite(samples)
    axes = style.new_axes(4.2, 4.2) if ax is None else ax
    style.begin(axes)
    first = not axes.images
    colour = style.next_colour(axes, style.label_or_number(axes, label))
    peak = float(max(np.abs(left).max(initial=0.0), np.abs(right).max(initial=0.0)))
    extent = 1.05 * peak if peak > 0 else 1.0
    _dots(axes, left, right, extent, colour)
    extent = max(extent, 0.0 if first else axes.get_ylim()[1])
    if first:
        for x, y, name in ((0.0, 1.0, "mono"), (-0.5, 0.5, "L"), (0.5, 0.5, "R"), (1.0, 0.0, "")):
            # Twice as long as full scale: they end at the border.
            axes.plot([-2 * x, 2 * x], [-2 * y, 2 * y], color=style.GRID, linewidth=0.9, zorder=0)
            where = (0.5 + 0.4 * x / max(abs(x), abs(y)), 0.5 + (0.46 if x == 0 else 0.4) * y / max(abs(x), abs(y)))
            axes.text(*where, name, transform=axes.transAxes, color=style.FAINT, fontsize=9, ha="center", va="center")
        axes.plot([0, 1, 0, -1, 0], [1, 0, -1, 0, 1], color=style.FAINT, linewidth=0.7, zorder=0)
    style.style(axes, title="Goniometer", grid="")
    axes.set_xlim(-extent, extent)
    axes.set_ylim(-extent, extent)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    told = style.number_text(20 * np.log10(extent / 1.05)) if peak > 0 else "-∞"
    axes.set_xlabel(f"peak {told} dBFS", color=style.FAINT, fontsize=9)
    style.legend(axes)
    return axes


def _dots(axes: Axes, left: NDArray[np.floating], right: NDArray[np.floating], extent: float, colour: str) -> None:
    """Draw how many samples fall into each cell, as an image whose transparency says it."""
    from matplotlib.colors import to_rgb

    # An odd number: the middle has cells of its own.
    count = 2 * _CELLS + 1
    counted = np.zeros(count * count)
    for start in range(0, left.size, _FRAMES_AT_ONCE):
        one, other = (channel[start : start + _FRAMES_AT_ONCE] for channel in (left, right))
        # In cells from the lower left corner.
        row, column = (
            np.minimum((0.5 * count * (value / extent + 1)).astype(np.intp), count - 1)
            for value in (0.5 * (one + other), 0.5 * (other - one))
        )
        counted += np.bincount(count * row + column, minlength=count * count)
    cells = counted.reshape(count, count)
    image = np.empty((count, count, 4))
    image[..., :3] = to_rgb(colour)
    most = cells.max()
    image[..., 3] = np.where(cells > 0, 0.25 + 0.75 * np.log1p(cells) / np.log1p(most), 0.0) if most else 0.0
    axes.imshow(image, extent=(-extent, extent, -extent, extent), origin="lower", interpolation="nearest", zorder=2)
