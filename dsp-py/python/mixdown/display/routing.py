"""The routing of a mix as a drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mixdown import _checks
from mixdown.display.style import AFTER, FAINT, INK, TARGET, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most strips of a column before names become small.
_ROWS = 16
#: Margin of a box around its text, and half of its height, relative to the size of the font.
_MARGIN, _HALF = 0.35, 0.9
#: Share of the height of a box over which the lines into it are spread, and where keys leave and enter it.
_SPREAD, _KEY = 0.7, -0.7
#: Length by which a line begins inside its box, below its edge, in points.
_INSIDE = 2.0
#: Distance within which the sides of two columns are the same, and how far lines within a column swing out.
_SAME, _SWING = 1e-6, 0.2
#: Height of the drawing, in which the rows take 1.
_HEIGHT = 1.04
#: Columns beside the first and the last.
_SIDE = 0.6
#: Length of the straight end of a line, which gives its head the direction.
_HEAD = 0.04


class RoutedStrip(Protocol):
    """The parts of a strip that the drawing shows."""

    name: str

    def _destinations(self) -> Iterator[tuple[str, str]]:
        """Names of the strips that it feeds, each with the setting that says so."""

    def _key_sources(self) -> Iterator[str]:
        """Names of the strips that are its keys."""


class RoutedMix(Protocol):
    """The part of a mix that the drawing needs."""

    def _all(self) -> Sequence[RoutedStrip]:
        """Return all strips, the master last."""


class _Stop(NamedTuple):
    """A place in a column: a strip, or where lines to a strip pass between others on their way."""

    name: str
    column: int
    is_strip: bool


@_checks.named
def mix(mix: RoutedMix, ax: Axes | None = None) -> Axes:
    """Draw the routing of a mix: signals from left to right, sends dashed, keys dotted.

    Parameters
    ----------
    mix : Mix
        Names of strips that are not in it are left out.
    ax : matplotlib Axes, optional
        New ones by default, which a notebook shows.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix()
    >>> _ = mix.track("lead", np.ones(480), sends={"hall": -12})
    >>> _ = mix.returns("hall", [md.Reverb()])
    >>> axes = md.display.mix(mix)
    >>> {text.get_text(): round(float(text.get_position()[0]), 1) for text in axes.texts}
    {'lead': 0.0, 'hall': 1.0, 'master': 2.0}
    """
    if not hasattr(mix, "_all"):
        raise TypeError(f"mix = {_checks.shown(mix)} is not a Mix")
    if ax is None:
        ax = new_axes(9.0, 5.0, (0.01, 0.01, 0.98, 0.98))
    _checks.drawable(ax)
    ax.axis("off")
    figure = ax.figure.get_figure(root=True)
    if figure.get_layout_engine() is not None:
        # The place of the axes is known once they are laid out.
        figure.draw_without_rendering()
    strips = mix._all()
    columns = _columns(strips)
    stops, lines = _ways(strips, columns)
    places = _places(stops, lines)
    count = max(columns.values()) + 1
    rows = [sum(stop.column == column for stop in places) for column in range(count)]
    size = 9 if max(rows) <= _ROWS else 6
    # Points of a column, and of the height.
    extent = ax.get_window_extent()
    across = 72 / figure.dpi * extent.width / (count - 1 + 2 * _SIDE)
    along = 72 / figure.dpi * extent.height / _HEIGHT
    halves = {}
    for stop, (x, y) in places.items():
        if stop.is_strip:
            box = {"boxstyle": f"round,pad={_MARGIN}", "facecolor": "white", "edgecolor": FAINT}
            text = ax.text(x, y, stop.name, ha="center", va="center", fontsize=size, color=INK, bbox=box, zorder=3)
            # Names are no formulas.
            text.set_parse_math(False)
            halves[stop.name] = (36 * text.get_window_extent().width / figure.dpi + _MARGIN * size) / across
    half = _HALF * size / along
    edges = [max(halves[name] for name in columns if columns[name] == column) + _HEAD for column in range(count)]
    entries: defaultdict[_Stop, list[_Stop]] = defaultdict(list)
    for start, end, _ in lines:
        entries[end].append(start)

    def way(start: _Stop, end: _Stop, sides: tuple[int, int], moved: tuple[float, float]) -> list[tuple[float, float]]:
        """Points from box to box: out of the column, then across, then into the other column."""
        points = []
        for stop, side, up in zip((start, end), sides, moved, strict=True):
            x, y = places[stop]
            box = x + side * (halves[stop.name] - (stop is start) * _INSIDE / across if stop.is_strip else 0.0)
            points += [(box, y + up), (x + side * edges[stop.column], y + up)]
        return [points[0], points[1], points[3], points[2]]

    keyed_strips = {strip.name for strip in strips if any(source in columns for source in strip._key_sources())}
    for start, end, style in lines:
        sources = sorted(entries[end], key=lambda source: places[source][1])
        share = sources.index(start) / (len(sources) - 1) - 0.5 if end.is_strip and len(sources) > 1 else 0.0
        # Above the key, where there is one.
        keyed = end.is_strip and len(sources) > 1 and end.name in keyed_strips
        up = half * ((share + 0.5) * _SPREAD if keyed else 2 * share * _SPREAD)
        _line(ax, way(start, end, (1, -1), (0.0, up)), style, AFTER, arrow=end.is_strip)
    for strip in strips:
        for source in strip._key_sources():
            if source in columns:
                start, end = (_Stop(name, columns[name], True) for name in (source, strip.name))
                forward = (columns[strip.name] > columns[source]) - (columns[strip.name] < columns[source])
                # Within a column on its left.
                sides = (forward, -forward) if forward else (-1, -1)
                _line(ax, way(start, end, sides, (_KEY * half, _KEY * half)), ":", TARGET, arrow=True)
    ax.set_xlim(-_SIDE, count - 1 + _SIDE)
    ax.set_ylim(0.5 - _HEIGHT / 2, 0.5 + _HEIGHT / 2)
    return ax


def _columns(strips: Sequence[RoutedStrip]) -> Mapping[str, int]:
    """Return the column of each strip: right of all that feed it. Circles, which no mix has, end at the count."""
    columns = {strip.name: 0 for strip in strips}
    for _ in strips:
        moved = False
        for strip in strips:
            for to, _setting in strip._destinations():
                if to in columns and columns[to] <= columns[strip.name] < len(strips):
                    columns[to], moved = columns[strip.name] + 1, True
        if not moved:
            break
    return columns


def _ways(
    strips: Sequence[RoutedStrip], columns: Mapping[str, int]
) -> tuple[list[_Stop], list[tuple[_Stop, _Stop, str]]]:
    """Return the stops, and the lines from column to column; those past a column meet on their way to a strip."""
    stops = dict.fromkeys(_Stop(strip.name, columns[strip.name], True) for strip in strips)
    lines: dict[tuple[_Stop, _Stop, str], None] = {}
    for strip in strips:
        for to, setting in strip._destinations():
            if to in columns:
                start, style = _Stop(strip.name, columns[strip.name], True), "-" if setting == "to" else "--"
                for column in range(start.column + 1, columns[to] + 1):
                    end = _Stop(to, column, column == columns[to])
                    stops[end] = None
                    lines[start, end, style] = None
                    start = end
    return list(stops), list(lines)


def _places(stops: Sequence[_Stop], lines: Iterable[tuple[_Stop, _Stop, str]]) -> dict[_Stop, tuple[float, float]]:
    """Return the place of each stop: beside those that feed it."""
    feeders: defaultdict[_Stop, list[_Stop]] = defaultdict(list)
    for start, end, _ in lines:
        feeders[end].append(start)
    places: dict[_Stop, tuple[float, float]] = {}
    for column in sorted({stop.column for stop in stops}):
        rows = [stop for stop in stops if stop.column == column]
        heights = {
            stop: sum(places[feeder][1] for feeder in feeders[stop]) / len(feeders[stop])
            for stop in rows
            if feeders[stop]
        }
        rows.sort(key=lambda stop: -heights.get(stop, 0.0) if column else 0.0)
        for row, stop in enumerate(rows):
            places[stop] = (float(column), 1 - (row + 0.5) / len(rows))
    return places


def _line(ax: Axes, way: Sequence[tuple[float, float]], style: str, colour: str, *, arrow: bool) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    start, (x0, y0), (x1, y1), end = way
    # Level at both ends; back to the same column it swings out to the left.
    back = abs(x1 - x0) < _SAME
    bends = (x0 - _SWING, x1 - _SWING) if back else ((x0 + x1) / 2, (x0 + x1) / 2)
    points = [start, (x0, y0), (bends[0], y0), (bends[1], y1), (x1, y1), end]
    path = Path(points, [Path.MOVETO, Path.LINETO, Path.CURVE4, Path.CURVE4, Path.CURVE4, Path.LINETO])
    head = "->" if arrow else "-"
    ax.add_patch(
        FancyArrowPatch(
            path=path, arrowstyle=head, linestyle=style, color=colour, linewidth=1.0, mutation_scale=9, zorder=2
        )
    )
