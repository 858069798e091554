"""Filters and equalizers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mixdown.effects.effect import Effect
from mixdown.effects.setting import abstract

Design = Literal["matched", "cookbook"]
"""How analog filter prototypes become digital ones."""


@abstract
class Band(Effect):
    """An effect that can also be a band of an :class:`Equalizer`."""


@dataclass(frozen=True, kw_only=True)
class Bell(Band):
    """Boost or cut around a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Centre, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain at the centre, -24 to 24 dB.
    q : float, default 1
        Quality factor, 0.1 to 40.
    """

    frequency_hz: float = 1000.0
    gain_db: float = 0.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class LowShelf(Band):
    """Boost or cut below a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Where half of the gain in dB is reached, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain far below, -24 to 24 dB.
    q : float, default 0.7071
        Quality factor, 0.1 to 40; above 0.7071 the shelf overshoots.
    """

    frequency_hz: float = 1000.0
    gain_db: float = 0.0
    q: float = 0.7071


@dataclass(frozen=True, kw_only=True)
class HighShelf(Band):
    """Boost or cut above a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Where half of the gain in dB is reached, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain far above, -24 to 24 dB.
    q : float, default 0.7071
        Quality factor, 0.1 to 40; above 0.7071 the shelf overshoots.
    """

    frequency_hz: float = 1000.0
    gain_db: float = 0.0
    q: float = 0.7071


@dataclass(frozen=True, kw_only=True)
class LowPass(Band):
    """Butterworth low pass.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Corner (-3.01 dB), 10 to 22 000 Hz and at most 0.49 of the sample rate.
    slope_db_per_octave : float, default 12
        6 to 96 dB/octave in steps of 6.
    """

    frequency_hz: float = 1000.0
    slope_db_per_octave: float = 12.0


@dataclass(frozen=True, kw_only=True)
class HighPass(Band):
    """Butterworth high pass.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Corner (-3.01 dB), 10 to 22 000 Hz and at most 0.49 of the sample rate.
    slope_db_per_octave : float, default 12
        6 to 96 dB/octave in steps of 6.
    """

    frequency_hz: float = 1000.0
    slope_db_per_octave: float = 12.0


@dataclass(frozen=True, kw_only=True)
class BandPass(Band):
    """Band pass with 0 dB at its centre.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Centre, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    q : float, default 1
        Quality factor, 0.1 to 40.
    """

    frequency_hz: float = 1000.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Notch(Band):
    """An exact null at a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Centre, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    q : float, default 1
        Quality factor, 0.1 to 40.
    """

    frequency_hz: float = 1000.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class AllPass(Band):
    """Second-order all pass: changes the phase, not the magnitude.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Where the phase is -180 degrees, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    q : float, default 1
        Quality factor, 0.1 to 40: steepness of the phase.
    """

    frequency_hz: float = 1000.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Tilt(Band):
    """Tilt: low frequencies up and high ones down around a pivot, or the reverse.

    Parameters
    ----------
    frequency_hz : float, default 650
        Pivot (0 dB), 10 to 22 000 Hz and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Level of the lowest over the highest frequencies, -24 to 24 dB: +6 is +3 dB of bass and -3 dB of treble.
    """

    frequency_hz: float = 650.0
    gain_db: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Equalizer(Effect):
    """Up to 32 bands of any kind.

    Parameters
    ----------
    bands : sequence of bands, default none
        `Bell`, `LowShelf`, `HighShelf`, `LowPass`, `HighPass`, `BandPass`, `Notch`, `AllPass`, `Tilt`.
    design : "matched" or "cookbook", default "matched"
        "matched" follows the analog magnitude up to 20 kHz; "cookbook" is the bilinear transform, which cramps there.
    """

    bands: tuple[Band, ...] = ()
    design: Design = "matched"

    def __init__(self, *, bands: Iterable[Band] = (), design: Design = "matched") -> None:
        object.__setattr__(self, "bands", bands)
        object.__setattr__(self, "design", design)
        self.__post_init__()


@dataclass(frozen=True, kw_only=True)
class LinearPhaseEqualizer(Effect):
    """Linear-phase equalizer: the magnitude of any bands, with a constant delay.

    Parameters
    ----------
    bands : sequence of bands, default none
        As in :class:`Equalizer`.
    length_frames : int, default 8192
        Taps minus one, 256 to 65 536 frames in steps of 2. The latency is half of it. Low and narrow bands need
        long ones. Fixed while a stream runs.
    """

    bands: tuple[Band, ...] = ()
    length_frames: int = 8192

    def __init__(self, *, bands: Iterable[Band] = (), length_frames: int = 8192) -> None:
        object.__setattr__(self, "bands", bands)
        object.__setattr__(self, "length_frames", length_frames)
        self.__post_init__()
