"""Inserts that change places: automation and keys follow them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mixdown.effects import Effect


def places_after(old: Sequence[Effect], new: Sequence[Effect]) -> Mapping[int, int]:
    """Return the new position of each insert that is still there.

    It is the same object, else an equal one, else one of the same kind in the same order, else, if as many inserts are
    there, what took its place.
    """
    places: dict[int, int] = {}
    left = list(range(len(new)))

    def match(same: Callable[[Effect, Effect], bool]) -> None:
        for position, effect in enumerate(old):
            if position not in places:
                found = next((place for place in left if same(effect, new[place])), None)
                if found is not None:
                    places[position] = found
                    left.remove(found)

    match(lambda one, other: one is other)
    match(lambda one, other: one == other)
    match(lambda one, other: type(one) is type(other))
    if len(old) == len(new):
        for position in range(len(old)):
            if position not in places and position in left:
                places[position] = position
                left.remove(position)
    return places
