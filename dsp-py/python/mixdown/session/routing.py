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


class UnknownNameError(MixerError, KeyError):
    """A name that a mix, as a mapping, does not hold: the text is that of every other error of a mix."""

    def __str__(self) -> str:
        # A KeyError shows its text in quotes.
        return str(self.args[0])


def not_among(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Return the error for a name that is not among the strips or VCA groups, with the nearest."""
    if kind == "strip" and isinstance(name, str) and name == MASTER:
        return UnknownNameError(f"{shown(MASTER)} is not among the strips of the mapping: it is mix.master_strip")
    hint = nearest(name, known) if isinstance(name, str) else ""
    return UnknownNameError(f"there is no {kind} named {shown(name)}{hint}")


class Routed(Protocol):
    """A strip as the routing sees it."""

    name: str

    def _is_bus(self) -> bool:
        """Whether other strips may feed it."""

    def _destinations(self) -> Iterator[tuple[str, str]]:
        """Names of the strips that it feeds, each with the setting that says so."""

    def _key_sources(self) -> Iterator[str]:
        """Names of the strips that are its keys."""


def refuse_cycle(strips: Mapping[str, Routed], changed: Routed) -> None:
    """Refuse a strip that feeds itself by a way over strips that are there.

    Parameters
    ----------
    strips
        All other strips by their names, and perhaps the changed one.
    changed
        The only strip on the cycle that is new or has changed.
    """
    after: dict[str, str] = {}
    found = [changed.name]
    feeders: Mapping[str, list[str]] | None = None
    # Against the direction of the signal: most strips have no sources, and end the search.
    while found:
        name = found.pop()
        strip = changed if name == changed.name else strips.get(name)
        if strip is None:
            continue
        sources = list(strip._key_sources())
        if strip._is_bus():
            feeders = _feeders(strips, changed) if feeders is None else feeders
            sources += feeders.get(name, [])
        for source in sources:
            if source == changed.name:
                path = [source, name]
                while path[-1] != changed.name:
                    path.append(after[path[-1]])
                raise MixerError(f"strips feed each other in a circle: {' -> '.join(path)}")
            if source not in after:
                after[source] = name
                found.append(source)


def _feeders(strips: Mapping[str, Routed], changed: Routed) -> Mapping[str, list[str]]:
    """Return the names of the strips that feed each bus."""
    feeders: defaultdict[str, list[str]] = defaultdict(list)
    for strip in ({**strips, changed.name: changed}).values():
        for to, _ in strip._destinations():
            feeders[to].append(strip.name)
    return feeders


def needed_by(name: str, strips: Iterable[Routed]) -> list[str]:
    """Return the names of the other strips that feed a strip or have it as their key."""
    return [
        strip.name
        for strip in strips
        if strip.name != name and (name in strip._key_sources() or any(to == name for to, _ in strip._destinations()))
    ]


def routes_of(strip: Routed) -> Iterator[tuple[str, str]]:
    """Yield the settings of a strip that name others, each with the name."""
    yield from ((setting, to) for to, setting in strip._destinations())
    yield from (("key_from", source) for source in strip._key_sources())


def refuse_route(strip: Routed, setting: str, to: str, strips: Mapping[str, Routed]) -> None:
    """Refuse a destination or a key that is not among the strips of a mix, and a destination that takes none."""
    called = f"strip {shown(strip.name)}: {setting}: "
    if to not in strips:
        raise MixerError(f"{called}there is no strip named {shown(to)}{nearest(to, strips)}")
    if setting != "key_from" and not strips[to]._is_bus():
        raise MixerError(f"{called}{shown(to)} is a track: only groups, returns and the master take other strips")


def refuse_unknown(strips: Iterable[Routed], vcas: Mapping[str, Iterable[str]], known: Mapping[str, Routed]) -> None:
    """Refuse the first name in strips and VCA groups that is not among the known ones, and suggest one."""
    for strip in strips:
        for setting, to in routes_of(strip):
            refuse_route(strip, setting, to, known)
    for vca, members in vcas.items():
        for member in members:
            if member not in known:
                what = f"vca {shown(vca)}: members: there is no strip named {shown(member)}"
                raise MixerError(what + nearest(member, known))


def shown(name: object) -> str:
    """Return a name for an error message."""
    return f'"{name}"' if isinstance(name, str) else _checks.shown(name)
