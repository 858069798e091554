"""Combinations of effects other than series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mixdown.effects.effect import Effect
from mixdown.effects.setting import WholeFunction


@dataclass(frozen=True)
class Parallel(Effect):
    """Effects in parallel, aligned in time and summed.

    Parameters
    ----------
    effects : sequence of effects
        The branches, at least one. ``Chain([])`` is the dry signal.
    gains_db : sequence of float, optional
        Level of each branch, -inf to 60, as many as branches; none means 0 dB for all.
    """

    effects: tuple[Effect, ...]
    gains_db: tuple[float, ...] = ()

    def __init__(self, effects: Iterable[Effect], gains_db: Iterable[float] | None = None) -> None:
        object.__setattr__(self, "effects", effects)
        object.__setattr__(self, "gains_db", () if gains_db is None else gains_db)
        self.__post_init__()


@dataclass(frozen=True, kw_only=True)
class MidSide(Effect):
    """Effects on the mid (L+R)/2 and on the side (L-R)/2 of a stereo signal, aligned in time.

    Parameters
    ----------
    mid, side : sequence of effects, default none
        First to last.
    """

    mid: tuple[Effect, ...] = ()
    side: tuple[Effect, ...] = ()

    def __init__(self, *, mid: Iterable[Effect] = (), side: Iterable[Effect] = ()) -> None:
        object.__setattr__(self, "mid", mid)
        object.__setattr__(self, "side", side)
        self.__post_init__()


@dataclass(frozen=True)
class Bypass(Effect):
    """Passes the input with the latency of an effect that does not run.

    Parameters
    ----------
    effect : Effect
        The bypassed effect.
    """

    effect: Effect

    def _functions(self) -> Iterator[tuple[str, WholeFunction]]:
        yield from ()

    def _warnings(self, sample_rate_hz: float) -> Iterator[str]:
        yield from ()
