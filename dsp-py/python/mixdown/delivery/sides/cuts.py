"""All ways to cut an album into sides, without trying each: exact for any number of songs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence


class Cuts:
    """All ways to cut an album, searched side by side from its end."""

    def __init__(self, lengths: Sequence[int], gaps: Sequence[int], starts: Sequence[int], count: int) -> None:
        self._songs = len(lengths)
        self._count = count
        self._starts = starts
        self._gaps = gaps
        ends = itertools.accumulate(length + gap for length, gap in zip(lengths, gaps, strict=True))
        self._played = [0, *ends]

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
