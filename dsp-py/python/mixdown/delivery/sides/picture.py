"""The picture of the sides of a record: a bar for each, made of its songs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixdown.display import style
from mixdown.display.style import AFTER, FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Shortest song whose number is written into its bar, in parts of the longest side.
_NUMBERED = 0.03


def draw_sides(
    axes: Axes,
    sides: Sequence[Sequence[int]],
    songs_s: Sequence[Sequence[float]],
    durations_s: Sequence[float],
) -> None:
    """Draw a bar for each side, its songs apart by the mean of its gaps; the whole length stands behind it."""
    longest_s = max(max(durations_s), 1e-3)
    for row, (side, lengths_s, duration_s) in enumerate(zip(sides, songs_s, durations_s, strict=True)):
        between_s = (duration_s - sum(lengths_s)) / max(len(side) - 1, 1)
        start_s = 0.0
        for song, length_s in zip(side, lengths_s, strict=True):
            axes.barh(row, length_s / 60, 0.6, start_s / 60, color=AFTER, alpha=0.75, edgecolor="white", linewidth=0.8)
            if length_s >= _NUMBERED * longest_s:
                middle = (start_s + length_s / 2) / 60
                axes.text(middle, row, str(song + 1), color="white", fontsize=8, ha="center", va="center")
            start_s += length_s + between_s
        minutes, seconds = divmod(round(duration_s), 60)
        axes.text(
            duration_s / 60 + 0.008 * longest_s / 60, row, f"{minutes}:{seconds:02}", color=INK, fontsize=8, va="center"
        )
    axes.set_yticks(range(len(sides)), [chr(ord("A") + row) for row in range(len(sides))])
    axes.set_ylim(len(sides) - 0.5, -0.5)
    axes.set_xlim(0, 1.08 * longest_s / 60)
    axes.set_xlabel("time in min", color=FAINT, fontsize=9)
    style.style(axes, title="", grid="x")
