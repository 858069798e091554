"""Sides of a record: where an album is cut so that its sides are equally long and end with a song that is not bright.

The groove slows down towards the centre, from 0.51 to 0.21 m/s on a twelve-inch record at 33 1/3 rpm, and with it goes
what it holds of high frequencies.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.analysis.reports import Report, aligned
from mixdown.delivery.sides.cuts import Cuts
from mixdown.display.style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most sides: four records.
MOST_SIDES = 8
#: Lengths and levels are compared in whole units of this.
_UNIT = 1e-6
#: Stands for the brightness of silence.
_SILENT_DB = -1e6


@dataclass(frozen=True, repr=False)
class VinylSides(Report):
    """The sides of a record.

    Attributes
    ----------
    sides : tuple of tuple of int
        The songs of each side, counted from 0.
    songs_s : tuple of tuple of float
        Their lengths.
    durations_s : tuple of float
        Length of each side, gaps between its songs included.
    last_brightness : tuple of float
        That of the last song of each side, as it was given.

    Examples
    --------
    >>> import mixdown as md
    >>> sides = md.vinyl_sides([200, 180, 190, 210], [-12, -20, -15, -18], 2)
    >>> sides.sides, sides.durations_s, sides.longest_s, sides.difference_s
    (((0, 1), (2, 3)), (380.0, 400.0), 400.0, 20.0)
    """

    sides: tuple[tuple[int, ...], ...]
    songs_s: tuple[tuple[float, ...], ...]
    durations_s: tuple[float, ...]
    last_brightness: tuple[float, ...]

    @property
    def longest_s(self) -> float:
        """Length of the longest side in s."""
        return max(self.durations_s)

    @property
    def difference_s(self) -> float:
        """Difference between the longest and the shortest side in s."""
        return max(self.durations_s) - min(self.durations_s)

    def titled(self, titles: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the titles of each side.

        Parameters
        ----------
        titles : sequence of str
            Of all songs, in order.

        Returns
        -------
        tuple of tuple of str

        Examples
        --------
        >>> import mixdown as md
        >>> sides = md.vinyl_sides([200, 180, 190, 210], [0, 0, 0, 0], 2)
        >>> sides.titled(["1st", "2nd", "3rd", "4th"])
        (('1st', '2nd'), ('3rd', '4th'))
        """
        songs = sum(map(len, self.sides))
        if len(titles) != songs:
            raise ParameterError(f"titles holds {len(titles)}: the sides have {songs} songs")
        return tuple(tuple(titles[song] for song in side) for side in self.sides)

    def table(self) -> str:
        """Return the sides as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md
        >>> print(md.vinyl_sides([200, 180, 190, 210], [-12, -20, -15, -18], 2).table())
        Side  Songs  Length  Brightness of the last
        A     1-2      6:20                   -20.0
        B     3-4      6:40                   -18.0
        """
        rows = [("Side", "Songs", "Length", "Brightness of the last")]
        for at, (side, length_s) in enumerate(zip(self.sides, self.durations_s, strict=True)):
            songs = f"{side[0] + 1}-{side[-1] + 1}" if len(side) > 1 else f"{side[0] + 1}"
            minutes, seconds = divmod(round(length_s), 60)
            brightness = _checks.figure(self.last_brightness[at])
            rows.append((chr(ord("A") + at), songs, f"{minutes}:{seconds:02}", brightness))
        return aligned(rows, left=2)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the sides as bars of their songs.

        Parameters
        ----------
        axes : matplotlib axes, optional
            New ones by default.

        Returns
        -------
        axes

        Examples
        --------
        >>> import mixdown as md
        >>> axes = md.vinyl_sides([200, 180, 190, 210], [-12, -20, -15, -18], 2).plot()
        >>> print([f"{bar.get_width():.2f} min" for bar in axes.patches])
        ['3.33 min', '3.00 min', '3.17 min', '3.50 min']
        """
        from mixdown.delivery.sides.picture import draw_sides

        drawn = new_axes(8.0, 0.9 + 0.5 * len(self.sides)) if axes is None else axes
        draw_sides(drawn, self.sides, self.songs_s, self.durations_s)
        return drawn

    def __repr__(self) -> str:
        return f"<VinylSides: {len(self.sides)}, longest {self.longest_s:.1f} s, difference {self.difference_s:.1f} s>"


@_checks.named
def vinyl_sides(
    durations_s: Iterable[float],
    brightness: Iterable[float],
    count: int = 2,
    *,
    gaps_s: Iterable[float] = (),
    runs_on: Iterable[int] = (),
) -> VinylSides:
    """Cut an album into the sides of records, in the given order.

    Of all cuts that with the shortest longest side is taken, of these the one with the smallest difference between
    longest and shortest side, of these the one whose last songs are least bright on average, of these the one that
    cuts earlier.

    Parameters
    ----------
    durations_s : sequence of float
        Lengths of the songs.
    brightness : sequence of float
        Of the songs, in dB: the power from 8 to 16 kHz against that from 0.5 to 4 kHz.
    count : int, default 2
        Sides, 1 to 8.
    gaps_s : sequence of float, optional
        Silence before each song, which falls away at the start of a side.
    runs_on : sequence of int, optional
        Songs, counted from 0, that the one before runs into: no side starts with them.

    Returns
    -------
    VinylSides

    Examples
    --------
    >>> import mixdown as md
    >>> sides = md.vinyl_sides([300, 240, 200, 260, 280], [-15, -12, -18, -20, -16], 2)
    >>> sides.sides, sides.longest_s, sides.difference_s
    (((0, 1, 2), (3, 4)), 740.0, 200.0)
    """
    given_s = _checks.items("durations_s", durations_s, "numbers")
    shares = _checks.items("brightness", brightness, "numbers")
    lengths = [_figure(f"durations_s[{at}]", value, 0) for at, value in enumerate(given_s)]
    bright = [_brightness(f"brightness[{at}]", value) for at, value in enumerate(shares)]
    gaps = [_figure(f"gaps_s[{at}]", value, 0) for at, value in enumerate(gaps_s)] or [0] * len(lengths)
    if not lengths:
        raise ParameterError("durations_s is empty: a side takes one song or more")
    for name, values in (("brightness", bright), ("gaps_s", gaps)):
        if len(values) != len(lengths):
            raise ParameterError(f"{name} holds {len(values)}: there are {len(lengths)} songs")
    count = _checks.whole_number("count", count, 1, MOST_SIDES)
    held = {_checks.whole_number("runs_on", song, 0, len(lengths) - 1) for song in runs_on}
    starts = [song for song in range(len(lengths)) if song == 0 or song not in held]
    if count > len(starts):
        raise ParameterError(f"count = {count} is out of range: the album can be cut into {len(starts)} at most")
    cuts = Cuts(lengths, gaps, starts, count)
    longest = cuts.shortest_longest()
    shortest = cuts.longest_shortest(longest)
    borders = cuts.least_bright(shortest, longest, [bright[song] for song in range(len(lengths))])
    sides = [range(start, stop) for start, stop in itertools.pairwise(borders)]
    given = [float(value * _UNIT) for value in bright]
    return VinylSides(
        sides=tuple(map(tuple, sides)),
        songs_s=tuple(tuple(lengths[song] * _UNIT for song in side) for side in sides),
        durations_s=tuple(cuts.length(side.start, side.stop) * _UNIT for side in sides),
        last_brightness=tuple(-math.inf if given[side[-1]] <= _SILENT_DB else given[side[-1]] for side in sides),
    )


def _figure(name: str, value: float, low: float) -> int:
    """Return a length in whole units."""
    return round(_checks.in_range(name, value, low, 1e5) / _UNIT)


def _brightness(name: str, value: float) -> int:
    level_db = _checks.number(name, value)
    if math.isnan(level_db) or level_db == math.inf:
        raise ParameterError(f"{name} = {_checks.plain(level_db)} is not allowed: it must be a number, or -inf")
    return round(max(level_db, _SILENT_DB) / _UNIT)
