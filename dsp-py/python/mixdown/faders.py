"""Tapers of a fader: the position of its control against its level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args, overload

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._core import ParameterError

Taper = Literal["console", "decibel"]
"""Course of a fader's level over its way."""

Numbers = NDArray[Any] | Sequence[float]


@overload
def fader_db(position: float, *, taper: Taper = "console") -> float: ...
@overload
def fader_db(position: Numbers, *, taper: Taper = "console") -> NDArray[np.float64]: ...
@_checks.named
def fader_db(position: float | Numbers, *, taper: Taper = "console") -> float | NDArray[np.float64]:
    """Return the level of a fader at a position of its control.

    Parameters
    ----------
    position : float or array
        0 (down) to 1 (up).
    taper : "console" or "decibel", default "console"
        "console" is wide around 0 dB and narrow far below, as in Ardour: 0 dB at 0.7818, -20 dB at 0.3253, -60 dB at
        0.0395. "decibel" has equal dB for equal ways from -60 dB; its lowest 5 % go to silence in a straight line of
        the amplitude. Both end at 6 dB.

    Returns
    -------
    float, or float64 array
        dB; -inf at 0.

    Examples
    --------
    >>> import mixdown as md
    >>> round(md.fader_db(0.5), 2), round(md.fader_db(0.5, taper="decibel"), 2)
    (-10.47, -27.0)
    """
    places = _checks.numbers("position", position)
    if not np.all((places >= 0) & (places <= 1)):
        given = _checks.shown(position) if places.ndim else _checks.plain(float(places))
        raise ParameterError(f"position = {given} is out of range: it must lie in 0..1")
    word = _checks.one_of("taper", taper, get_args(Taper))
    return _shaped(_core.fader_levels_db(places.ravel().tolist(), word), places)


@overload
def fader_position(level_db: float, *, taper: Taper = "console") -> float: ...
@overload
def fader_position(level_db: Numbers, *, taper: Taper = "console") -> NDArray[np.float64]: ...
@_checks.named
def fader_position(level_db: float | Numbers, *, taper: Taper = "console") -> float | NDArray[np.float64]:
    """Return the position of a fader's control at a level: the inverse of :func:`fader_db`.

    Parameters
    ----------
    level_db : float or array
        dB, down to -inf. Above the 6 dB at which tapers end it is at the end.
    taper : "console" or "decibel", default "console"
        As in :func:`fader_db`.

    Returns
    -------
    float, or float64 array
        0 (down) to 1 (up).

    Examples
    --------
    >>> import mixdown as md
    >>> round(md.fader_position(0.0), 4), md.fader_position(float("-inf"))
    (0.7818, 0.0)
    """
    levels = _checks.numbers("level_db", level_db)
    if np.any(np.isnan(levels)):
        raise ParameterError("level_db = NaN is not allowed: it must be a level in dB or -inf")
    word = _checks.one_of("taper", taper, get_args(Taper))
    return _shaped(_core.fader_positions(levels.ravel().tolist(), word), levels)


def _shaped(values: list[float], like: NDArray[np.float64]) -> float | NDArray[np.float64]:
    return np.array(values).reshape(like.shape) if like.ndim else values[0]
