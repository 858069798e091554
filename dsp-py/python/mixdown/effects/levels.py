"""Level, pan and width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mixdown.effects.effect import Effect

PanLaw = Literal["constant_power", "-4.5dB", "-6dB", "linear"]
"""Pan law: the gains of both channels at each position."""


@dataclass(frozen=True, kw_only=True)
class Gain(Effect):
    """Gain and polarity.

    Parameters
    ----------
    gain_db : float, default 0
        Level change, -inf to 60 dB; at -144 and below the output is exactly 0.
    invert_polarity : bool, default False
        Inverts the polarity.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> halved = md.Gain(gain_db=-6)(np.ones(4), 48_000)
    >>> print(f"{halved[-1]:.4f}")
    0.5012
    """

    gain_db: float = 0.0
    invert_polarity: bool = False


@dataclass(frozen=True, kw_only=True)
class Pan(Effect):
    """Pan of a mono source, balance of a stereo one. Always makes stereo.

    Parameters
    ----------
    pan : float, default 0
        Position, -1 to 1: from left to right.
    law : str, default "constant_power"
        Level at the centre: "constant_power" (-3 dB), "-4.5dB", "-6dB" or "linear" (-6 dB on straight lines). A
        stereo source is balanced: 0 dB at the centre.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> centre = md.Pan()(np.ones(4), 48_000)
    >>> left, right = 20 * np.log10(centre[:, -1])
    >>> print(f"{left:.2f} dB, {right:.2f} dB")
    -3.01 dB, -3.01 dB
    """

    pan: float = 0.0
    law: PanLaw = "constant_power"


@dataclass(frozen=True, kw_only=True)
class Width(Effect):
    """Stereo width by mid and side, with mono bass. Stereo only.

    Parameters
    ----------
    width : float, default 1
        Factor on the side signal, 0 to 2; 0 makes mono.
    bass_mono_hz : float, default 0
        Below this the signal is mono: 0 (off) or 20 to 500 Hz.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> left_only = np.stack([np.ones(4), np.zeros(4)])
    >>> md.Width(width=0)(left_only, 48_000)[:, -1]
    array([0.5, 0.5])
    >>> md.Width(width=2)(left_only, 48_000)[:, -1]
    array([ 1.5, -0.5])
    """

    width: float = 1.0
    bass_mono_hz: float = 0.0
