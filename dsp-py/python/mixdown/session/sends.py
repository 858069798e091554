"""Sends, and mappings that cannot be changed in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, TypeVar

from mixdown import _core
from mixdown.effects.setting import Setting

Tap = Literal["pre_insert", "pre_fader", "post_fader", "post_pan"]
"""Point of a strip at which a send takes its signal."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Send(Setting):
    """A send of a strip to a group or a return, as a value of `sends`.

    Parameters
    ----------
    level_db : float, default 0
        Level, -inf to 12 dB; at -144 and below silence.
    tap : "pre_insert", "pre_fader", "post_fader" or "post_pan", default "post_pan"
        Where it takes the signal: after trim and polarity, after inserts and width, after the fader, or after the pan.
    pan : float, default 0
        Position, -1 to 1: pan of a mono signal, balance of a stereo one, by the pan law of the strip. After the pan of
        the strip it is a balance on it.
    mute : bool, default False
        Mutes the send.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix()
    >>> hall = mix.returns("hall", fader_db=-6.0206)
    >>> dry = mix.track("dry", np.full(480, 0.5), fader_db=-np.inf, sends={"hall": md.Send(tap="pre_fader", pan=-1)})
    >>> mix.render(tail="none")[:, 100].round(4).tolist()
    [0.25, 0.0]
    """

    level_db: float = 0.0
    _: KW_ONLY
    tap: Tap = "post_pan"
    pan: float = 0.0
    mute: bool = False

    def _check(self) -> None:
        _core.check_send(self._to(""))

    def _to(self, to: str) -> dict[str, Any]:
        """Return plain values for the compiled module."""
        return {"to": to, "level_db": self.level_db, "tap": self.tap, "pan": self.pan, "mute": self.mute}


class FrozenDict(Mapping[_Key, _Value]):
    """A mapping that cannot be changed in place: a change is another one, which is checked."""

    def __init__(self, items: Mapping[_Key, _Value]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: _Key) -> _Value:
        return self._items[key]

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)
