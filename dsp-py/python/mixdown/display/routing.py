"""The routing of a mix as a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from mixdown.display.figures import AFTER, FAINT, INK, TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most strips of a column before names become small.
_ROWS = 16


class RoutedStrip(Protocol):
    """The parts of a strip that the drawing shows."""

    name: str

    def destinations(self) -> Iterator[tuple[str, str]]:
        """Names of the strips that it feeds, each with the setting that says so."""

    def key_sources(self) -> Iterator[str]:
        """Names of the strips that are its keys."""


def routing(axes: Axes, strips: Iterable[RoutedStrip]) -> None:
    """Draw the routing of a mix: signals from left to right, sends dashed, keys dotted.

    Parameters
    ----------
    axes : matplotlib Axes
    strips : strips
        All, the master included. Names of strips that are not among them are left out.
    """
    strips = list(strips)
    columns = _columns(strips)
    places = _places([strip.name for strip in strips], columns)
    size = 9 if max(list(columns.values()).count(column) for column in columns.values()) <= _ROWS else 6
    for strip in strips:
        for to, setting in strip.destinations():
            if to in places:
                _arrow(axes, places[strip.name], places[to], "-" if setting == "to" else "--", AFTER)
        for source in strip.key_sources():
            if source in places:
                _arrow(axes, places[source], places[strip.name], ":", TARGET)
    for name, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": FAINT}
        axes.text(x, y, name, ha="center", va="center", fontsize=size, color=INK, bbox=box, zorder=3)
    axes.set_xlim(-0.5, max(columns.values()) + 0.5)
    axes.set_ylim(-0.05, 1.05)
    axes.axis("off")


def _columns(strips: list[RoutedStrip]) -> Mapping[str, int]:
    """Return the column of each strip: right of all that feed it. Circles, which no mix has, end at the count."""
    columns = {strip.name: 0 for strip in strips}
    for _ in strips:
        moved = False
        for strip in strips:
            for to, _setting in strip.destinations():
                if to in columns and columns[to] <= columns[strip.name] < len(strips):
                    columns[to], moved = columns[strip.name] + 1, True
        if not moved:
            break
    return columns


def _places(names: list[str], columns: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    places = {}
    for column in set(columns.values()):
        rows = [name for name in names if columns[name] == column]
        for row, name in enumerate(rows):
            places[name] = (float(column), 1 - (row + 0.5) / len(rows))
    return places


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], line: str, colour: str) -> None:
    # A key may come from the same column: its way leads around the strips between.
    bent = "arc3,rad=0.3" if line == ":" else "arc3,rad=0"
    style = {
        "connectionstyle": bent,
        "arrowstyle": "->",
        "linestyle": line,
        "color": colour,
        "shrinkA": 22,
        "shrinkB": 22,
        "linewidth": 1.0,
    }
    axes.annotate("", xy=end, xytext=start, arrowprops=style, zorder=2)
