"""VCA groups: one fader for several strips, without a bus of its own."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from mixdown import _checks, _core
from mixdown.display.html import Shown
from mixdown.effects import Parameter, parameters_of
from mixdown.session.routing import not_among
from mixdown.session.settings import strip_name


@dataclass(eq=False)
class Vca(Shown):
    """One fader for several strips, as :meth:`Mix.vca` makes it. Its settings may be changed.

    Parameters
    ----------
    name : str
        Unique among the VCA groups.
    members : sequence of str
        Names of its strips, "master" included; each may be in several groups. They are looked up when it is rendered.
    fader_db : float, default 0
        Added to the faders of the members, -inf to 12 dB; at -144 and below silence.
    mute : bool, default False
        Mutes the members and their sends.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix()
    >>> _ = mix.track("kick", np.full(480, 0.5), pan=-1)
    >>> drums = mix.vca("drums", ["kick"], fader_db=-6.0206)
    >>> print(f"{mix.render(tail='none')[0, 100]:.4f}, with the fader of the kick at {mix['kick'].fader_db} dB")
    0.2500, with the fader of the kick at 0.0 dB
    """

    name: str
    members: tuple[str, ...]
    _: KW_ONLY
    fader_db: float = 0.0
    mute: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "_complete", True)
        self._check(self._engine())

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a setting at once, and keep the old one."""
        known = [entry.name for entry in dataclasses.fields(self)]
        if name not in known or (name == "name" and "_complete" in self.__dict__):
            raise _checks.unknown("a vca", name, known[1:])
        plain = _plain(name, value)
        if "_complete" in self.__dict__:
            self._check({**self._engine(), name: plain})
        object.__setattr__(self, name, plain)

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Return the parameters with their units, ranges and defaults.

        Returns
        -------
        tuple of Parameter

        Examples
        --------
        >>> import mixdown as md
        >>> [(parameter.name, parameter.default) for parameter in md.Vca.parameters()]
        [('name', None), ('members', None), ('fader_db', 0.0), ('mute', False)]
        """
        return parameters_of("Vca")

    def _engine(self) -> dict[str, Any]:
        """Return plain values for the compiled module."""
        return {"name": self.name, "members": self.members, "fader_db": self.fader_db, "mute": self.mute}

    @staticmethod
    def _check(plain: dict[str, Any]) -> None:
        _core.check_mix({"vcas": [{**plain, "members": []}]}, _core.MAX_SAMPLE_RATE_HZ)


def _plain(name: str, value: Any) -> Any:
    match name:
        case "name":
            return strip_name(value)
        case "mute":
            return _checks.flag(name, value)
        case "members":
            return tuple(
                strip_name(member, f"members[{position}]")
                for position, member in enumerate(_checks.items(name, value, "names"))
            )
    return _checks.number(name, value)


class Vcas(Mapping[str, Vca]):
    """The VCA groups of a mix by their names; ``del`` removes one."""

    def __init__(self) -> None:
        self._vcas: dict[str, Vca] = {}

    def __copy__(self) -> Vcas:
        copied = Vcas()
        for vca in self._vcas.values():
            copied.add(copy.copy(vca))
        return copied

    def __getitem__(self, name: str) -> Vca:
        vca = self._vcas.get(name) if isinstance(name, str) else None
        if vca is None:
            raise not_among("vca", name, self._vcas)
        return vca

    def __delitem__(self, name: str) -> None:
        del self._vcas[self[name].name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._vcas

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._vcas))

    def __len__(self) -> int:
        return len(self._vcas)

    def __repr__(self) -> str:
        return repr(self._vcas)

    def add(self, vca: Vca) -> None:
        """Add a group, or replace that of its name."""
        self._vcas[vca.name] = vca

    def members_changed(self, change: Callable[[tuple[str, ...]], Iterable[str]]) -> None:
        """Change the names of all members."""
        for vca in self._vcas.values():
            object.__setattr__(vca, "members", tuple(change(vca.members)))
