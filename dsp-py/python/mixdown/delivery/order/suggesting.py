"""A suggested order with all its costs; nothing is put in order by itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.delivery.order.costs import ARCS, UNIT, costs_of, place_cost, seam_terms, wanted_energy
from mixdown.delivery.order.search import EXACT_SONGS, cheapest
from mixdown.delivery.order.songs import Song, checked_songs

Arc = Literal["rise_fall", "front", "wave", "flat"]
"""The course of energy over an album."""


@dataclass(frozen=True)
class Seam:
    """What it costs to play one song after another.

    Attributes
    ----------
    before, after : str
        Titles.
    step_lu : float
        From the end of one song to the start of the next.
    loudness : float
        Cost of a step beyond 3 LU: 1 for every 6 LU.
    key, tempo : float or None
        Costs up to 0.5; None where a song has no key or no tempo.
    """

    before: str
    after: str
    step_lu: float
    loudness: float
    key: float | None
    tempo: float | None

    @property
    def cost(self) -> float:
        """Sum of the terms."""
        return self.loudness + (self.key or 0.0) + (self.tempo or 0.0)


@dataclass(frozen=True)
class Place:
    """A song at its place.

    Attributes
    ----------
    title : str
    energy : float
        0 to 1.
    wanted_energy : float or None
        What the arc wants there; None with a flat arc.
    cost : float
        The difference.
    """

    title: str
    energy: float
    wanted_energy: float | None
    cost: float


@dataclass(frozen=True, repr=False)
class Order:
    """An order of songs with all its costs.

    Attributes
    ----------
    titles : tuple of str
    cost : float
        Sum over seams and places.
    given_cost : float
        That of the order in which the songs were given.
    seams : tuple of Seam
    places : tuple of Place
    arc : str
    exact : bool
        No order costs less; with more than 12 songs there may be one.
    """

    titles: tuple[str, ...]
    cost: float
    given_cost: float
    seams: tuple[Seam, ...]
    places: tuple[Place, ...]
    arc: str
    exact: bool

    def __repr__(self) -> str:
        return f"<Order of {len(self.titles)} songs: cost {self.cost:.2f}, as given {self.given_cost:.2f}>"

    def table(self) -> str:
        """Return the songs with what they cost, each with the seam before it.

        Returns
        -------
        str

        Examples
        --------
        >>> from mixdown.delivery.order import Song, suggest_order
        >>> print(suggest_order([Song("A", -14, -20, 0.4), Song("B", -14, -20, 0.2)]).table())
           Song  Step LU  Loudness  Key  Tempo  Energy  Wanted   Arc  Cost
        1  A                                      0.40    0.40  0.00  0.00
        2  B        +6.0      0.50    -      -    0.20    0.20  0.00  0.50
        cost 0.50, as given 0.50, arc rise_fall, no order costs less
        """
        headings = ("", "Song", "Step LU", "Loudness", "Key", "Tempo", "Energy", "Wanted", "Arc", "Cost")
        rows = [headings]
        for at, place in enumerate(self.places):
            seam = self.seams[at - 1] if at else None
            terms = (
                ("", "", "", "")
                if seam is None
                else (
                    f"{round(seam.step_lu, 1) + 0.0:+.1f}",
                    _figure(seam.loudness),
                    _figure(seam.key),
                    _figure(seam.tempo),
                )
            )
            cost = place.cost + (seam.cost if seam else 0.0)
            arc = (_figure(place.energy), _figure(place.wanted_energy), _figure(place.cost), _figure(cost))
            rows.append((str(at + 1), place.title, *terms, *arc))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(cells)
            ).rstrip()
            for cells in (list(zip(row, widths, strict=True)) for row in rows)
        ]
        found = "no order costs less" if self.exact else "a cheaper order may exist"
        lines.append(f"cost {self.cost:.2f}, as given {self.given_cost:.2f}, arc {self.arc}, {found}")
        return "\n".join(lines)


@_checks.named
def suggest_order(
    songs: Iterable[Song], *, arc: Arc = "rise_fall", first: str | None = None, last: str | None = None
) -> Order:
    """Suggest an order of songs, with what each of its seams and places costs.

    The cost of a seam is that of its step of loudness, max(0, |step| - 3) / 6, of its keys on the circle of fifths,
    0.5 max(0, d - 1) / 5, and of its tempos, 0.5 max(0, r - 0.06) / 0.44 with r in octaves, half and double time being
    equal; that of a place is the difference between energy and arc. What is not known is left out.

    Parameters
    ----------
    songs : sequence of Song
        Of orders that cost the same the one that is earlier in this one is taken.
    arc : "rise_fall", "front", "wave" or "flat", default "rise_fall"
        Course of energy: up to two thirds and down, from the first song down, high and low in turn, or none.
    first, last : str, optional
        Titles of songs that stay at the start and the end.

    Returns
    -------
    Order
        Exact up to 12 songs; above, a change of one or two songs finds none that costs less.

    Examples
    --------
    >>> from mixdown.delivery.order import Song, suggest_order
    >>> songs = [Song("Quiet", -20, -20, 0.2), Song("Loud", -10, -10, 1.0), Song("Middle", -15, -15, 0.5)]
    >>> order = suggest_order(songs, arc="front")
    >>> order.titles, round(order.cost, 3), round(order.given_cost, 3)
    (('Loud', 'Middle', 'Quiet'), 0.767, 3.0)
    """
    listed = checked_songs(songs)
    arc_name = _checks.one_of("arc", arc, tuple(ARCS))
    titles = [song.title for song in listed]
    first_at, last_at = _pinned("first", first, titles), _pinned("last", last, titles)
    if first_at is not None and first_at == last_at and len(listed) > 1:
        raise ParameterError(f"first = {first!r} is last too: one of {len(listed)} songs cannot be both")
    costs = costs_of(listed, arc_name)
    order = cheapest(costs, first_at, last_at)
    row = [listed[at] for at in order]
    return Order(
        titles=tuple(song.title for song in row),
        cost=costs.of(order) * UNIT,
        given_cost=costs.of(range(len(listed))) * UNIT,
        seams=tuple(_seam(before, after) for before, after in itertools.pairwise(row)),
        places=tuple(_place(song, arc_name, at, len(row)) for at, song in enumerate(row)),
        arc=arc_name,
        exact=len(listed) <= EXACT_SONGS,
    )


def _pinned(name: str, title: str | None, titles: Sequence[str]) -> int | None:
    if title is None:
        return None
    return titles.index(_checks.one_of(name, title, titles))


def _seam(before: Song, after: Song) -> Seam:
    return Seam(before.title, after.title, after.start_lufs - before.end_lufs, *seam_terms(before, after))


def _place(song: Song, arc: str, at: int, count: int) -> Place:
    return Place(song.title, song.energy, wanted_energy(arc, at, count), place_cost(song, arc, at, count))


def _figure(value: float | None) -> str:
    return "-" if value is None else _checks.figure(value, 2)
