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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 0.1 * np.sin(2 * np.pi * 1_000 * np.arange(4_800) / 48_000)
    >>> half_limited = md.Parallel([md.Chain([]), md.Limiter(lookahead_ms=2)], gains_db=[-6, -6])
    >>> print(f"{20 * np.log10(np.ptp(half_limited(tone, 48_000)) / np.ptp(tone)):.2f} dB")
    0.02 dB
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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> wider = md.MidSide(side=[md.Gain(gain_db=6.0206)])
    >>> left_only = np.stack([np.ones(4), np.zeros(4)])
    >>> wider(left_only, 48_000)[:, -1].round(4)
    array([ 1.5, -0.5])
    """

    mid: tuple[Effect, ...] = ()
    side: tuple[Effect, ...] = ()

    def __init__(self, *, mid: Iterable[Effect] = (), side: Iterable[Effect] = ()) -> None:
        object.__setattr__(self, "mid", mid)
        object.__setattr__(self, "side", side)
        self.__post_init__()


@dataclass(frozen=True)
class Bypass(Effect):
    """Passes the input through with the latency of an effect, which does not run.

    Parameters
    ----------
    effect : Effect
        The bypassed effect.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> limiter = md.Limiter(ceiling_db=-6, lookahead_ms=2)
    >>> loud = np.sin(np.arange(4_800) / 10)
    >>> off = md.Bypass(limiter)
    >>> off.latency_frames(48_000), limiter.latency_frames(48_000)
    (141, 141)
    >>> float(np.abs(off(loud, 48_000) - loud).max())
    0.0
    """

    effect: Effect

    def _functions(self) -> Iterator[tuple[str, WholeFunction]]:
        yield from ()

    def _warnings(self, sample_rate_hz: float) -> Iterator[str]:
        yield from ()
