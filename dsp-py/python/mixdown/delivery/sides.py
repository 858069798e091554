"""Sides of a record: where an album is cut so that its sides are equally long and end with a song that is not bright.

The groove slows down towards the centre, from 0.51 to 0.21 m/s on a twelve-inch record at 33 1/3 rpm, and with it goes
what it holds of high frequencies.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mixdown import _checks
from mixdown._checks import Source
from mixdown._core import ParameterError
from mixdown.meters import spectrum

#: Bands whose ratio is brightness, in Hz [C].
BRIGHT_HZ = (8_000.0, 16_000.0)
BODY_HZ = (500.0, 4_000.0)
#: Midbands of sixths of an octave lie within 1 % of the usual numbers.
_MIDBAND_TOLERANCE = 1.02
#: Most sides: four records.
MOST_SIDES = 8
#: Lengths and levels are compared in whole units of this.
_UNIT = 1e-6
#: Stands for the brightness of silence.
_SILENT_DB = -1e6


@dataclass(frozen=True, repr=False)
class VinylSides:
    """The sides of a record.

    Attributes
    ----------
    sides : tuple of tuple of int
        The songs of each side, counted from 0.
    durations_s : tuple of float
        Length of each side, gaps between its songs included.
    last_brightness : tuple of float
        That of the last song of each side, as it was given.
    """

    sides: tuple[tuple[int, ...], ...]
    durations_s: tuple[float, ...]
    last_brightness: tuple[float, ...]

    @property
    def longest_s(self) -> float:
        """Length of the longest side."""
        return max(self.durations_s)

    @property
    def difference_s(self) -> float:
        """Longest less shortest side."""
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
        >>> from mixdown.delivery.sides import vinyl_sides
        >>> print(vinyl_sides([200, 180, 190, 210], [-12, -20, -15, -18], 2).table())
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
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if at < 2 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

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
        Of the songs, in dB: see :func:`brightness_db`.
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
    >>> from mixdown.delivery.sides import vinyl_sides
    >>> sides = vinyl_sides([300, 240, 200, 260, 280], [-15, -12, -18, -20, -16], 2)
    >>> sides.sides, sides.longest_s, sides.difference_s
    (((0, 1, 2), (3, 4)), 740.0, 200.0)
    """
    lengths = [_figure(f"durations_s[{at}]", value, 0) for at, value in enumerate(durations_s)]
    bright = [_brightness(f"brightness[{at}]", value) for at, value in enumerate(brightness)]
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
        raise ParameterError(f"count = {count} is out of range: the album can start {len(starts)} sides")
    cuts = _Cuts(lengths, gaps, starts, count)
    longest = cuts.shortest_longest()
    shortest = cuts.longest_shortest(longest)
    borders = cuts.least_bright(shortest, longest, [bright[song] for song in range(len(lengths))])
    sides = [range(start, stop) for start, stop in itertools.pairwise(borders)]
    given = [float(value * _UNIT) for value in bright]
    return VinylSides(
        sides=tuple(map(tuple, sides)),
        durations_s=tuple(cuts.length(side.start, side.stop) * _UNIT for side in sides),
        last_brightness=tuple(-math.inf if given[side[-1]] <= _SILENT_DB else given[side[-1]] for side in sides),
    )


@_checks.named
def brightness_db(audio: Source, sample_rate_hz: float | None = None) -> float:
    """Measure how bright a song is: the power from 8 to 16 kHz against that from 0.5 to 4 kHz.

    Parameters
    ----------
    audio : array, or what `read` returned
    sample_rate_hz : float, optional

    Returns
    -------
    float
        dB, over sixths of an octave with their midbands in these ranges; -inf where there is nothing above 8 kHz.

    Examples
    --------
    >>> import numpy as np
    >>> from mixdown.delivery.sides import brightness_db
    >>> time_s = np.arange(96_000) / 48_000
    >>> sines = np.sin(2 * np.pi * 1000 * time_s) + 0.1 * np.sin(2 * np.pi * 10_000 * time_s)
    >>> round(brightness_db(sines, 48_000), 1)
    -20.0
    """
    measured = spectrum(audio, sample_rate_hz, fraction=6)
    power = 10 ** (measured.levels_db / 10)

    def between(low_hz: float, high_hz: float) -> float:
        inside = (measured.centres_hz >= low_hz / _MIDBAND_TOLERANCE) & (
            measured.centres_hz <= high_hz * _MIDBAND_TOLERANCE
        )
        return float(np.sum(power[inside]))

    bright, body = between(*BRIGHT_HZ), between(*BODY_HZ)
    if bright == 0:
        return -math.inf
    return math.inf if body == 0 else 10 * math.log10(bright / body)


class _Cuts:
    """All ways to cut an album, searched side by side from its end."""

    def __init__(self, lengths: Sequence[int], gaps: Sequence[int], starts: Sequence[int], count: int) -> None:
        self._songs = len(lengths)
        self._count = count
        self._starts = starts
        self._gaps = gaps
        played = np.cumsum([0, *(length + gap for length, gap in zip(lengths, gaps, strict=True))])
        self._played: list[int] = [int(value) for value in played]

    def length(self, start: int, stop: int) -> int:
        """Length of a side, without the gap before its first song."""
        return self._played[stop] - self._played[start] - self._gaps[start]

    def _stops(self, start: int, sides: int) -> Iterator[int]:
        """Where a side may end when so many are left with it."""
        if sides == 1:
            yield self._songs
        else:
            yield from (stop for stop in self._starts if stop > start)

    def shortest_longest(self) -> int:
        """Length of the longest side where that is as short as can be."""
        best: dict[int, int] = {self._songs: 0}
        for sides in range(1, self._count + 1):
            best = {
                start: min(ways)
                for start in self._starts
                if (ways := [max(self.length(start, s), best[s]) for s in self._stops(start, sides) if s in best])
            }
        return best[0]

    def longest_shortest(self, longest: int) -> int:
        """Length of the shortest side where that is as long as can be and no side is longer than `longest`."""
        best: dict[int, int] = {self._songs: longest}
        for sides in range(1, self._count + 1):
            best = {
                start: max(ways)
                for start in self._starts
                if (
                    ways := [
                        min(self.length(start, s), best[s])
                        for s in self._stops(start, sides)
                        if s in best and self.length(start, s) <= longest
                    ]
                )
            }
        return best[0]

    def least_bright(self, shortest: int, longest: int, brightness: Sequence[int]) -> list[int]:
        """Borders of the sides within these lengths whose last songs are least bright, the earlier ones first."""
        best: dict[int, tuple[int, list[int]]] = {self._songs: (0, [self._songs])}
        for sides in range(1, self._count + 1):
            best = {
                start: min(ways)
                for start in self._starts
                if (
                    ways := [
                        (brightness[s - 1] + best[s][0], [start, *best[s][1]])
                        for s in self._stops(start, sides)
                        if s in best and shortest <= self.length(start, s) <= longest
                    ]
                )
            }
        return best[0][1]


def _figure(name: str, value: float, low: float) -> int:
    """Return a length in whole units."""
    return round(_checks.in_range(name, value, low, 1e5) / _UNIT)


def _brightness(name: str, value: float) -> int:
    level_db = _checks.number(name, value)
    if math.isnan(level_db) or level_db == math.inf:
        raise ParameterError(f"{name} = {_checks.plain(level_db)} is not allowed: it must be a number, or -inf")
    return round(max(level_db, _SILENT_DB) / _UNIT)
