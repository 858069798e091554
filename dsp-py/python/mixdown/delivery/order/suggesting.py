"""Suggestion of an order; nothing is reordered."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Literal

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.delivery.order.costs import ARCS, UNIT, costs_of, place_cost, seam_terms, wanted_energy
from mixdown.delivery.order.orders import Order
from mixdown.delivery.order.seams import Place, Seam
from mixdown.delivery.order.search import EXACT_SONGS, cheapest
from mixdown.delivery.order.songs import SongSummary, checked_songs

Arc = Literal["rise_fall", "front", "wave", "flat"]
"""The course of energy over an album."""


@_checks.named
def suggest_order(
    songs: Iterable[SongSummary], *, arc: Arc = "rise_fall", first: str | None = None, last: str | None = None
) -> Order:
    """Suggest an order of songs, with the cost of each transition and place.

    The cost of a seam is that of its step of loudness, ``max(0, abs(step) - 3) / 6``, of its keys on the circle of
    fifths,
    0.5 max(0, d - 1) / 5, and of its tempos, 0.5 max(0, r - 0.06) / 0.44 with r in octaves, half and double time being
    equal; that of a place is the difference between energy and arc. Unknown terms are left out.

    Parameters
    ----------
    songs : sequence of SongSummary
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
    >>> from mixdown import SongSummary, suggest_order
    >>> songs = [SongSummary("Quiet", -20, -20, 0.2), SongSummary("Loud", -10, -10, 1.0)]
    >>> songs.append(SongSummary("Middle", -15, -15, 0.5))
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
        pinned=first is not None or last is not None,
    )


def _pinned(name: str, title: str | None, titles: Sequence[str]) -> int | None:
    if title is None:
        return None
    return titles.index(_checks.one_of(name, title, titles))


def _seam(before: SongSummary, after: SongSummary) -> Seam:
    return Seam(before.title, after.title, after.start_lufs - before.end_lufs, *seam_terms(before, after))


def _place(song: SongSummary, arc: str, at: int, count: int) -> Place:
    return Place(song.title, song.energy, wanted_energy(arc, at, count), place_cost(song, arc, at, count))
