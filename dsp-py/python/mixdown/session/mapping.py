"""The strips of a mix as a mapping of names."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

from mixdown._core import MixerError
from mixdown.session.routing import MASTER, needed_by, refuse_cycle, shown
from mixdown.session.settings import strip_name
from mixdown.session.strips import Master, Strip
from mixdown.session.vcas import Vcas

_Default = TypeVar("_Default")


class Strips(Mapping[str, Strip]):
    """Strips by their names, in the order of writing; ``del`` removes one that no other needs."""

    _strips: dict[str, Strip]
    _master: Master
    _vcas: Vcas

    def rename(self, old: str, new: str) -> None:
        """Rename a strip, also where others feed it. The order of strips stays.

        Parameters
        ----------
        old, new : str

        Raises
        ------
        MixerError
            If there is no strip `old`, or a strip `new` already; nothing changes then.
        """
        strip = self[old]
        if strip_name(new) == old:
            return
        self._refuse_taken(new)
        self._strips = {new if name == old else name: strip for name, strip in self._strips.items()}
        object.__setattr__(strip, "name", str(new))
        for other in self._all():
            other.renamed(old, new)
        self._vcas.members_changed(lambda members: (new if member == old else member for member in members))

    def _refuse_taken(self, name: str) -> None:
        if name in self._strips or name == MASTER:
            raise MixerError(f"there is a strip named {shown(name)} already: names must differ")

    def _all(self) -> list[Strip]:
        return [*self._strips.values(), self._master]

    def _check_routes(self, strip: Strip) -> None:
        """Refuse a strip of this mix, new or changed, that feeds itself."""
        master: dict[str, Strip] = {MASTER: self.__dict__.get("_master", strip)}
        strips = ChainMap(master, self._strips)
        refuse_cycle(strips, strip)

    def __getitem__(self, name: str) -> Strip:
        strip = self._strips.get(name) if isinstance(name, str) else None
        if strip is None:
            raise MixerError(f"there is no strip named {shown(name)}")
        return strip

    def __delitem__(self, name: str) -> None:
        removed = self[name]
        by = needed_by(name, self._all())
        if by:
            raise MixerError(f"strip {shown(name)} cannot be removed while it is needed by {' and '.join(by)}")
        del self._strips[removed.name]
        self._vcas.members_changed(lambda members: (member for member in members if member != name))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._strips

    def __len__(self) -> int:
        return len(self._strips)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._strips))

    @overload
    def get(self, name: str) -> Strip | None: ...
    @overload
    def get(self, name: str, default: _Default) -> Strip | _Default: ...
    def get(self, name: str, default: object = None) -> object:
        """Return the strip called `name`, or `default`."""
        return self._strips.get(name, default) if isinstance(name, str) else default

    __eq__ = object.__eq__
    __hash__ = object.__hash__
