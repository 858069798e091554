"""The order that costs least: exact over subsets of up to 12 songs, by insertion and exchange above.

The exact search is that of Held and Karp (J. SIAM 10, 1962) with costs of places beside those of seams.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from mixdown.delivery.order.costs import Costs

#: Most songs that are searched exactly: 12 * 12 * 4096 steps.
EXACT_SONGS = 12
#: Of the starts that go on to the cheapest next song, so many songs in all are put in order: 10 starts of 30 songs.
_GREEDY_SONGS = 300
#: A move: the songs of a run that moves, or the kind of another change; two places.
_Move: TypeAlias = tuple[int, int, int]
_EXCHANGE, _REVERSE = 0, -1


def cheapest(costs: Costs, first: int | None, last: int | None) -> tuple[int, ...]:
    """Return the songs in the cheapest order that was found; of equal ones that which is earlier in the given order."""
    count = len(costs.seams)
    return exact(costs, first, last) if count <= EXACT_SONGS else improved(costs, first, last)


def exact(costs: Costs, first: int | None, last: int | None) -> tuple[int, ...]:
    """Return the cheapest order of all, and of equal ones the earliest in the given order."""
    count = len(costs.seams)
    seams: list[list[int]] = costs.seams.tolist()
    places: list[list[int]] = costs.places.tolist()
    whole = (1 << count) - 1

    def free(used: int, at: int) -> list[int]:
        if at == 0 and first is not None:
            return [first]
        if at == count - 1 and last is not None:
            return [] if used >> last & 1 else [last]
        return [song for song in range(count) if not used >> song & 1 and song not in (first, last)]

    # rest[used][song]: the least cost of all that follows when these were played, this song last; None if none can.
    rest: list[list[int | None]] = [[None] * count for _ in range(whole + 1)]
    rest[whole] = [0] * count
    for used in range(whole - 1, 0, -1):
        at = used.bit_count()
        open_songs = free(used, at)
        for song in range(count):
            if used >> song & 1:
                ways = [
                    seams[song][then] + places[then][at] + beyond
                    for then in open_songs
                    if (beyond := rest[used | 1 << then][then]) is not None
                ]
                rest[used][song] = min(ways, default=None)
    order: list[int] = []
    used = 0
    for at in range(count):
        choices = [
            ((seams[order[-1]][then] if order else 0) + places[then][at] + beyond, then)
            for then in free(used, at)
            if (beyond := rest[used | 1 << then][then]) is not None
        ]
        order.append(min(choices)[1])
        used |= 1 << order[-1]
    return tuple(order)


def improved(costs: Costs, first: int | None, last: int | None) -> tuple[int, ...]:
    """Return a cheap order: the best of several starts, each changed as long as one change makes it cheaper.

    The starts are the given order, one by insertion, and those that go on from a first song to the cheapest next.
    """
    count = len(costs.seams)
    middle = [song for song in range(count) if song not in (first, last)]
    heads = [] if first is None else [first]
    tails = [] if last is None else [last]
    starts = [[*heads, *middle, *tails], _inserted(costs, heads, middle, tails)]
    openings = middle[:: -(-len(middle) * count // _GREEDY_SONGS)]
    starts += [[*heads, *_greedy(costs, opening, middle, len(heads)), *tails] for opening in openings]
    moves = list(_moves(len(heads), count - len(tails)))
    ends = [_descended(costs, start, moves) for start in starts]
    return min((costs.of(order), tuple(order)) for order in ends)[1]


def _inserted(costs: Costs, heads: Sequence[int], middle: Sequence[int], tails: Sequence[int]) -> list[int]:
    """Return an order into which each song was put where it costs least at the seams."""
    order: list[int] = []
    for song in middle:
        candidates = [[*order[:at], song, *order[at:]] for at in range(len(order) + 1)]
        order = min(candidates, key=lambda row: _seams(costs, [*heads, *row, *tails]))
    return [*heads, *order, *tails]


def _greedy(costs: Costs, opening: int, middle: Sequence[int], at: int) -> list[int]:
    """Return an order that goes on to the song that costs least, the first one at a place."""
    order = [opening]
    left = [song for song in middle if song != opening]
    while left:
        place = at + len(order)
        order.append(min(left, key=lambda song: int(costs.seams[order[-1], song] + costs.places[song, place])))
        left.remove(order[-1])
    return order


def _seams(costs: Costs, order: Sequence[int]) -> int:
    return sum(int(costs.seams[one, other]) for one, other in itertools.pairwise(order))


def _descended(costs: Costs, order: list[int], moves: Sequence[_Move]) -> list[int]:
    """Return an order that no single move makes cheaper."""
    cost = costs.of(order)
    changed = True
    while changed:
        changed = False
        for move in moves:
            candidate = _moved(order, move)
            candidate_cost = costs.of(candidate)
            if candidate_cost < cost:
                order, cost, changed = candidate, candidate_cost, True
    return order


def _moves(low: int, high: int) -> Iterator[_Move]:
    """Yield all moves; places below `low` and from `high` on stay."""
    for length in (1, 2, 3):
        for start in range(low, high - length + 1):
            for to in range(low, high - length + 1):
                if to != start:
                    yield length, start, to
    for start in range(low, high):
        for stop in range(start + 1, high):
            yield _EXCHANGE, start, stop
            yield _REVERSE, start, stop


def _moved(order: list[int], move: _Move) -> list[int]:
    kind, start, to = move
    if kind == _EXCHANGE:
        exchanged = list(order)
        exchanged[start], exchanged[to] = order[to], order[start]
        return exchanged
    if kind == _REVERSE:
        return [*order[:start], *reversed(order[start : to + 1]), *order[to + 1 :]]
    run = order[start : start + kind]
    others = [*order[:start], *order[start + kind :]]
    return [*others[:to], *run, *others[to:]]
