"""The mastering report: waveform, loudness over time, gain reduction and spectrum, before and after, on one page."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import Audio, AudioLike
from mixdown.display.figures import (
    AFTER,
    BEFORE,
    FAINT,
    INK,
    TARGET,
    LoudnessLike,
    band_levels,
    loudness_over_time,
    number_text,
    reduction,
    spectrum,
    waveform,
)
from mixdown.display.style import over_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches of the page, of the proportions of A4.
_PAGE = (16.0, 11.314)
#: Size of the text beside the figures, letters of a line, and the distance of lines as a share of the page.
_TEXT_PT, _LINE_LETTERS, _LINE = 9.5, 72, 0.0168
#: Letters of a title at full size.
_TITLE_LETTERS = 30


@dataclass(frozen=True, eq=False)
class MasterFigures:
    """The figures of a master, and of its mix if there is one.

    Attributes
    ----------
    after, before : array of shape (channels, frames)
        Master and mix.
    sample_rate_hz : float
        Of both.
    loudness_after, loudness_before : LoudnessLike
        Their measurements; values may be -inf.
    target_lufs, ceiling_dbtp : float
        Loudness target and true-peak ceiling of the master.
    reduction_db, reduction_step_s
        Gain reduction of the limiter, one value per step; drawn if there is any.
    """

    after: Audio
    sample_rate_hz: float
    loudness_after: LoudnessLike
    target_lufs: float
    ceiling_dbtp: float
    before: Audio | None = None
    loudness_before: LoudnessLike | None = None
    reduction_db: NDArray[np.floating] | None = None
    reduction_step_s: float = 0.01

    @property
    def limited(self) -> bool:
        """Whether there is a gain reduction to draw."""
        return self.reduction_db is not None and self.reduction_db.size > 0

    def over_time(self, figure: Figure, **place: float) -> list[Axes]:
        """Draw waveforms, loudness and gain reduction below each other, on one axis of time; return their axes."""
        heights = [*([] if self.before is None else [0.8]), 0.8, 1.15, *([0.45] if self.limited else [])]
        rows = figure.add_gridspec(len(heights), 1, height_ratios=heights, **place)
        first = figure.add_subplot(rows[0])
        drawn = [first, *(figure.add_subplot(rows[row], sharex=first) for row in range(1, len(heights)))]
        rest = list(drawn)
        if self.before is not None:
            waveform(rest.pop(0), self.before, self.sample_rate_hz, colour=BEFORE, title="Mix")
        waveform(
            rest.pop(0), self.after, self.sample_rate_hz, colour=AFTER, title="Master", ceiling_dbfs=self.ceiling_dbtp
        )
        loudness_over_time(rest.pop(0), self.loudness_before, self.loudness_after, target_lufs=self.target_lufs)
        if self.limited and self.reduction_db is not None:
            reduction(rest.pop(0), self.reduction_db, self.reduction_step_s)
        # Apart from the lowest label beside it.
        drawn[-1].tick_params(axis="x", pad=9)
        for axes in drawn[:-1]:
            axes.tick_params(labelbottom=False)
        longest = max(version.shape[1] for version in (self.before, self.after) if version is not None)
        over_time(drawn[-1], longest / self.sample_rate_hz)
        return drawn

    def spectra(self, axes: Axes) -> None:
        """Draw the spectra at equal loudness: what is louder would only lie higher."""
        after = band_levels(self.after, self.sample_rate_hz)
        if self.before is None or self.loudness_before is None:
            spectrum(axes, None, after)
            return
        gain_db = self.loudness_after.integrated_lufs - self.loudness_before.integrated_lufs
        frequencies_hz, mix_db = band_levels(self.before, self.sample_rate_hz)
        moved = (frequencies_hz, mix_db + (gain_db if np.isfinite(gain_db) else 0.0))
        spectrum(axes, moved, after, title="Spectrum, at equal loudness")


def report(
    *,
    after: AudioLike,
    sample_rate_hz: float,
    loudness_after: LoudnessLike,
    target_lufs: float,
    ceiling_dbtp: float,
    title: str,
    before: AudioLike | None = None,
    loudness_before: LoudnessLike | None = None,
    reduction_db: NDArray[np.floating] | None = None,
    reduction_step_s: float = 0.01,
    verdicts: Sequence[Sequence[str]] = (),
    remarks: Sequence[str] = (),
    stages: Sequence[str] = (),
) -> Figure:
    """Draw the mastering report on one page of 1600 x 1131 pixels, the proportions of A4.

    Parameters
    ----------
    after, before
        Master and, if given, mix, shape ``(channels, frames)`` or ``(frames,)``, full scale 1.
    sample_rate_hz
        Of both.
    loudness_after, loudness_before
        Their measurements; values may be -inf.
    target_lufs, ceiling_dbtp
        Loudness target and true-peak ceiling of the master.
    title
        First line of the page.
    reduction_db, reduction_step_s
        Gain reduction of the limiter, one value per step; drawn if there is any.
    verdicts
        Rows of a table of targets, the headings first.
    remarks
        Lines below that table.
    stages
        Lines of text: the processing.

    Returns
    -------
    Figure
        Save it with ``figure.savefig("report.png")``.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = np.random.default_rng(1).standard_normal((2, 48_000)) / 20
    >>> master = md.master(noise, 48_000, target="spotify")
    >>> readings = {"loudness_before": md.loudness(noise, 48_000), "loudness_after": master.certificate.loudness}
    >>> figure = md.display.report(before=noise, after=master.audio, sample_rate_hz=48_000, target_lufs=-14,
    ...                            ceiling_dbtp=-1, title="Noise", **readings)
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Mix', 'Master', 'Loudness', 'Spectrum, at equal loudness']
    >>> (figure.get_size_inches() * figure.dpi).round().tolist()
    [1600.0, 1131.0]
    """
    from matplotlib.figure import Figure

    figures = MasterFigures(
        after=_checks.planar(after, "after"),
        sample_rate_hz=sample_rate_hz,
        loudness_after=loudness_after,
        target_lufs=target_lufs,
        ceiling_dbtp=ceiling_dbtp,
        before=None if before is None else _checks.planar(before, "before"),
        loudness_before=loudness_before,
        reduction_db=reduction_db,
        reduction_step_s=reduction_step_s,
    )
    figure = Figure(figsize=_PAGE, dpi=100, facecolor="white")
    heading(figure, title, f"target {number_text(target_lufs)} LUFS    ceiling {number_text(ceiling_dbtp)} dBTP")
    readings = {"Mix": loudness_before, "Master": loudness_after}
    measured_figures(figure, {name: reading for name, reading in readings.items() if reading is not None})
    beside = bool(verdicts or stages)
    edge, top = 0.575 if beside else 0.975, 0.86
    figures.over_time(figure, left=0.06, right=edge, top=top, bottom=0.055 if beside else 0.38, hspace=0.34)
    if not beside:
        figures.spectra(figure.add_axes((0.06, 0.06, 0.915, 0.25)))
        return figure
    figures.spectra(figure.add_axes((0.635, 0.6, 0.34, top - 0.6)))
    for axes in figure.axes:
        _name_lines(axes)
    left, right = 0.62, 0.975
    below = _written_table(figure, verdicts, left=left, right=right, top=0.528)
    for line in _folded(remarks, 4):
        text = figure.text(left, below, line, fontsize=_TEXT_PT, color=FAINT, va="center")
        text.set_parse_math(False)
        below -= _LINE
    if stages:
        figure.text(left, below - 0.02, "Processing", fontsize=13, fontweight="bold", color=INK, va="center")
        first = below - 0.042
        for index, line in enumerate(_folded(stages, int((first - 0.015) / _LINE) + 1)):
            text = figure.text(left, first - _LINE * index, line, fontsize=_TEXT_PT, color=INK, va="center")
            text.set_parse_math(False)
    return figure


def _name_lines(axes: Axes) -> None:
    """Name the lines above axes that are too narrow for all names in one row."""
    if axes.get_legend() is not None:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=3,
            frameon=False,
            fontsize=9.5,
            labelcolor=FAINT,
            handlelength=1.5,
            columnspacing=1.4,
            borderaxespad=0.2,
        )


def _written_table(figure: Figure, rows: Sequence[Sequence[str]], *, left: float, right: float, top: float) -> float:
    """Write rows, the first as headings, the first two columns as words and the others as figures; return their end."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    letters = max(sum(widths) + 2 * (len(widths) - 1), 1)
    letter, size = (right - left) / letters, _TEXT_PT * min(1.0, _LINE_LETTERS / letters)
    for index, cells in enumerate(rows):
        start = left
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            words = column < 2
            x = start if words else start + letter * width
            colour = FAINT if index == 0 else _colour_of(cell)
            text = figure.text(x, top - _LINE * index, cell, fontsize=size, color=colour, va="center")
            text.set_horizontalalignment("left" if words else "right")
            text.set_parse_math(False)
            start += letter * (width + 2)
    return top - _LINE * len(rows)


def _colour_of(cell: str) -> str:
    return {"pass": AFTER, "fail": TARGET}.get(cell[:4], INK)


def _folded(lines: Sequence[str], most: int) -> list[str]:
    """Fold lines to the width beside the figures; what has no place ends in an ellipsis."""
    folded = [part for line in lines for part in textwrap.wrap(line, _LINE_LETTERS, subsequent_indent="   ")]
    return folded if len(folded) <= most else [*folded[: most - 1], "…"]


@_checks.named
def png(figure: Figure) -> bytes:
    """Draw a figure as a PNG file in memory.

    Parameters
    ----------
    figure : Figure

    Returns
    -------
    bytes

    Examples
    --------
    >>> import mixdown as md
    >>> from matplotlib.figure import Figure
    >>> picture = md.display.png(Figure(figsize=(2, 1), dpi=100))
    >>> int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    (200, 100)
    """
    if not hasattr(figure, "savefig"):
        raise TypeError(f"figure = {_checks.shown(figure)} is not a matplotlib figure: axes.figure is one")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def pdf(figure: Figure) -> bytes:
    """Draw a figure as a PDF file in memory: the same bytes for the same figure.

    Parameters
    ----------
    figure : Figure

    Returns
    -------
    bytes
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="pdf", metadata={"CreationDate": None})
    return buffer.getvalue()


def heading(figure: Figure, title: str, below: str) -> None:
    """Write the title of a page, and a line below it."""
    # As far as the table beside it. Names are no formulas.
    size = 21.0 * min(1.0, max(0.52, _TITLE_LETTERS / max(len(title), 1)))
    most = int(_TITLE_LETTERS * 21 / size)
    shown = title if len(title) <= most else f"{title[: most - 1].rstrip()}…"
    text = figure.text(0.06, 0.952, shown, fontsize=size, fontweight="bold", color=INK, va="center")
    text.set_parse_math(False)
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
