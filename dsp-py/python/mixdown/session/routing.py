"""The routing of a mix by names: cycles, strips that others need, names that do not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from mixdown import _checks
from mixdown._core import MixerError
from mixdown.session.automation import nearest

#: Name of the master strip; no other strip has it.
MASTER = "master"


class Routed(Protocol):
    """A strip as the routing sees it."""

    name: str

    def destinations(self) -> Iterator[tuple[str, str]]:
        """Names of the strips that it feeds, each with the setting that says so."""

    def key_sources(self) -> Iterator[str]:
        """Names of the strips that are its keys."""


def refuse_cycle(strips: Iterable[Routed], changed: Routed) -> None:
    """Refuse a strip that feeds itself by a way over strips that are there.

    Parameters
    ----------
    strips
        All strips, the changed one included.
    changed
        The only strip on the cycle that is new or has changed.
    """
    # A strip without sources is on no cycle: so are all plain tracks.
    if getattr(changed, "audio", None) is not None and not any(changed.key_sources()):
        return
    feeds: defaultdict[str, list[str]] = defaultdict(list)
    for strip in strips:
        for to, _ in strip.destinations():
            feeds[strip.name].append(to)
        for source in strip.key_sources():
            feeds[source].append(strip.name)
    # The way back, found from the strip in the direction of the signal.
    before: dict[str, str] = {}
    found = [changed.name]
    while found:
        name = found.pop()
        for to in feeds.get(name, ()):
            if to == changed.name:
                path = [to, name]
                while path[-1] != changed.name:
                    path.append(before[path[-1]])
                raise MixerError(f"strips feed each other in a circle: {' -> '.join(reversed(path))}")
            if to not in before:
                before[to] = name
                found.append(to)


def needed_by(name: str, strips: Iterable[Routed]) -> list[str]:
    """Return the names of the other strips that feed a strip or have it as their key."""
    return [
        strip.name
        for strip in strips
        if strip.name != name and (name in strip.key_sources() or any(to == name for to, _ in strip.destinations()))
    ]


def refuse_unknown(strips: Iterable[Routed], vcas: Mapping[str, Iterable[str]], known: Iterable[str]) -> None:
    """Refuse the first name in strips and VCA groups that is not among the known ones, and suggest one."""
    names = dict.fromkeys(known)
    for strip in strips:
        given = [*strip.destinations(), *((source, "key_from") for source in strip.key_sources())]
        for to, setting in given:
            if to not in names:
                what = f"strip {shown(strip.name)}: {setting}: there is no strip named {shown(to)}"
                raise MixerError(what + nearest(to, names))
    for vca, members in vcas.items():
        for member in members:
            if member not in names:
                what = f"vca {shown(vca)}: members: there is no strip named {shown(member)}"
                raise MixerError(what + nearest(member, names))


def shown(name: object) -> str:
    """Return a name for an error message."""
    return f'"{name}"' if isinstance(name, str) else _checks.shown(name)
