"""Level, pan and width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mixdown.effects.effect import Effect

PanLaw = Literal["constant_power", "-4.5dB", "-6dB", "linear"]
"""Pan law: the gains of both channels at each position."""


@dataclass(frozen=True, kw_only=True)
class Gain(Effect):
    """A fader: level and polarity.

    Parameters
    ----------
    gain_db : float, default 0
        Level change, -inf to 60 dB; at -144 and below the output is exactly 0.
    invert_polarity : bool, default False
        Inverts the polarity.
    """

    gain_db: float = 0.0
    invert_polarity: bool = False


@dataclass(frozen=True, kw_only=True)
class Pan(Effect):
    """Places a mono source between the loudspeakers, or balances a stereo one. Always makes stereo.

    Parameters
    ----------
    pan : float, default 0
        Position, -1 to 1: from left to right.
    law : str, default "constant_power"
        Level at the centre: "constant_power" (-3 dB), "-4.5dB", "-6dB" or "linear" (-6 dB on straight lines). A
        stereo source is balanced: 0 dB at the centre.
    """

    pan: float = 0.0
    law: PanLaw = "constant_power"


@dataclass(frozen=True, kw_only=True)
class Width(Effect):
    """Stereo width by mid and side, with an optional mono bass. Stereo only.

    Parameters
    ----------
    width : float, default 1
        Factor on the side signal, 0 to 2; 0 makes mono.
    bass_mono_hz : float, default 0
        Below this the signal is mono: 0 (off) or 20 to 500 Hz.
    """

    width: float = 1.0
    bass_mono_hz: float = 0.0
