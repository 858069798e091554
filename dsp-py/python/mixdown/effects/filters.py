"""Filters and equalizers."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from mixdown import _checks, _core
from mixdown.effects.effect import Effect
from mixdown.effects.setting import Setting, abstract

Design = Literal["matched", "cookbook"]
"""How analog filter prototypes become digital ones."""

Place = Literal["stereo", "mid", "side", "left", "right"]
"""Part of a stereo signal."""

#: Error of a linear-phase design that deserves a warning, in dB.
_AUDIBLE_ERROR_DB = 0.5


@abstract
class Band(Effect):
    """An effect that can also be a band of an :class:`Equalizer`.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> presence = md.Bell(frequency_hz=3_000, gain_db=2)
    >>> for effect in (presence, md.Equalizer(bands=[presence, md.Bell(frequency_hz=50, gain_db=1)])):
    ...     print(f"{20 * np.log10(np.abs(effect.frequency_response(3_000, 48_000))):.1f} dB")
    2.0 dB
    2.0 dB
    """


@dataclass(frozen=True, kw_only=True)
class Bell(Band):
    """Bell filter: boost or cut around a frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Centre, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain at the centre, -24 to 24 dB.
    q : float, default 1
        Quality factor, 0.1 to 40.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> presence = md.Bell(frequency_hz=3_000, gain_db=4)
    >>> (20 * np.log10(np.abs(presence.frequency_response([300, 1_500, 3_000], 48_000)))).round(2)
    array([0.04, 1.25, 4.  ])
    """

    frequency_hz: float = 1000.0
    gain_db: float = 0.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class LowShelf(Band):
    """Low shelf: boost or cut below a frequency.

    From 44.1 kHz on it follows its analog curve up to 20 kHz within 0.5 dB to a q of 2.5 (0.6 dB above 21 kHz) and
    within 1 dB to 4. Beyond, it is off by several dB where its peak or dip would lie above half the sample rate.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Where half of the gain in dB is reached, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain far below, -24 to 24 dB.
    q : float, default 0.7071
        Quality factor, 0.1 to 40; above 0.7071 the shelf overshoots.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> warmth = md.LowShelf(frequency_hz=200, gain_db=4)
    >>> (20 * np.log10(np.abs(warmth.frequency_response([20, 200, 2_000], 48_000)))).round(2)
    array([4., 2., 0.])
    """

    frequency_hz: float = 1000.0
    gain_db: float = 0.0
    q: float = 0.7071


@dataclass(frozen=True, kw_only=True)
class HighShelf(Band):
    """High shelf: boost or cut above a frequency.

    From 44.1 kHz on it follows its analog curve up to 20 kHz within 0.5 dB to a q of 2.5 (0.6 dB above 21 kHz) and
    within 1 dB to 4. Beyond, it is off by several dB where its peak or dip would lie above half the sample rate.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Where half of the gain in dB is reached, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Gain far above, -24 to 24 dB.
    q : float, default 0.7071
        Quality factor, 0.1 to 40; above 0.7071 the shelf overshoots.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> air = md.HighShelf(frequency_hz=8_000, gain_db=3)
    >>> (20 * np.log10(np.abs(air.frequency_response([800, 8_000, 20_000], 96_000)))).round(2)
    array([0.  , 1.5 , 2.92])
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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> darker = md.LowPass(frequency_hz=1_000, slope_db_per_octave=24)
    >>> (20 * np.log10(np.abs(darker.frequency_response([100, 1_000, 2_000], 48_000)))).round(2)
    array([  0.  ,  -3.01, -24.12])
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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> rumble_off = md.HighPass(frequency_hz=80, slope_db_per_octave=24)
    >>> (20 * np.log10(np.abs(rumble_off.frequency_response([40, 80, 800], 48_000)))).round(2)
    array([-24.1 ,  -3.01,   0.  ])
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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> telephone = md.BandPass(frequency_hz=1_000, q=0.7)
    >>> np.abs(telephone.frequency_response([100, 1_000, 10_000], 96_000)).round(3)
    array([0.143, 1.   , 0.143])
    """

    frequency_hz: float = 1000.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Notch(Band):
    """Notch: an exact null at one frequency.

    Parameters
    ----------
    frequency_hz : float, default 1000
        Centre, 10 to 22 000 Hz and at most 0.49 of the sample rate.
    q : float, default 1
        Quality factor, 0.1 to 40.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> hum_off = md.Notch(frequency_hz=50, q=10)
    >>> np.abs(hum_off.frequency_response([50, 100], 48_000)).round(3)
    array([0.   , 0.998])
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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> response = md.AllPass(frequency_hz=500).frequency_response([500], 48_000)
    >>> print(f"gain {np.abs(response[0]):.3f}, phase {np.degrees(np.angle(response[0])) % 360:.0f} degrees")
    gain 1.000, phase 180 degrees
    """

    frequency_hz: float = 1000.0
    q: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Tilt(Band):
    """Tilt filter: low frequencies up and high ones down around a pivot, or the reverse.

    Parameters
    ----------
    frequency_hz : float, default 650
        Pivot (0 dB), 10 to 22 000 Hz and at most 0.49 of the sample rate.
    gain_db : float, default 0
        Level of the lowest over the highest frequencies, -24 to 24 dB: +6 is +3 dB of bass and -3 dB of treble.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> warmer = md.Tilt(frequency_hz=650, gain_db=4)
    >>> (20 * np.log10(np.abs(warmer.frequency_response([20, 20_000], 96_000)))).round(2)
    array([ 2., -2.])
    """

    frequency_hz: float = 650.0
    gain_db: float = 0.0


_FLAT = Bell()


@dataclass(frozen=True)
class Placed(Setting):
    """A band of an :class:`Equalizer` on mid, side, left or right alone, or switched off.

    Parameters
    ----------
    band : Bell, LowShelf, HighShelf, LowPass, HighPass, BandPass, Notch, AllPass or Tilt, default Bell()
        The band.
    place : "stereo", "mid", "side", "left" or "right", default "stereo"
        The part; other than "stereo", the audio has 2 channels while the band is enabled.
    enabled : bool, default True
        False switches it off; it keeps its settings.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> narrow_bass = md.Equalizer(bands=[md.Placed(md.HighPass(frequency_hz=120), place="side")])
    >>> left_only = np.stack([np.ones(48_000), np.zeros(48_000)])
    >>> narrow_bass(left_only, 48_000)[:, -1].round(3)
    array([0.5, 0.5])
    """

    _called = "Placed band"

    band: Band = _FLAT
    place: Place = "stereo"
    enabled: bool = True

    def __init__(self, band: Band = _FLAT, *, place: Place = "stereo", enabled: bool = True) -> None:
        object.__setattr__(self, "band", band)
        object.__setattr__(self, "place", place)
        object.__setattr__(self, "enabled", enabled)
        self.__post_init__()

    def _check(self) -> None:
        _core.check_band(self._engine(None))


@dataclass(frozen=True, kw_only=True)
class Equalizer(Effect):
    """Parametric equalizer with up to 32 bands of any kind.

    The matched design follows the analog curve from 20 Hz to 20 kHz where that is above -60 dB. At 44.1 kHz, the
    hardest rate, with every legal setting: bell within 0.3 dB; tilt 0.5; notch 0.75; band pass 0.65; low pass 0.4 to 24
    dB per octave, 0.5 to 48, 0.7 to 96; high pass 0.55, 0.9 and 1.2; shelf of a q up to 2.5 0.5 (0.6 above 21 kHz),
    beyond as :class:`LowShelf` says. At 88.2 kHz and above all within 0.35 dB.

    Parameters
    ----------
    bands : sequence of bands, default none
        `Bell`, `LowShelf`, `HighShelf`, `LowPass`, `HighPass`, `BandPass`, `Notch`, `AllPass`, `Tilt`; or
        :class:`Placed` ones, which act on mid, side, left or right alone, or are switched off. The order of bands
        matters between one on mid or side and one on left or right, and nowhere else.
    design : "matched" or "cookbook", default "matched"
        "matched" follows the analog magnitude up to 20 kHz; "cookbook" is the bilinear transform, which cramps there.
    output_gain_db : float, default 0
        Gain after the bands, -24 to 24 dB.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> vocal = md.Equalizer(bands=[md.HighPass(frequency_hz=80), md.Bell(frequency_hz=3_000, gain_db=3)])
    >>> (20 * np.log10(np.abs(vocal.frequency_response([80, 800, 3_000], 48_000)))).round(2)
    array([-3.01,  0.23,  3.  ])
    """

    bands: tuple[Band | Placed, ...] = ()
    design: Design = "matched"
    output_gain_db: float = 0.0

    def __init__(
        self, *, bands: Iterable[Band | Placed] = (), design: Design = "matched", output_gain_db: float = 0.0
    ) -> None:
        object.__setattr__(self, "bands", bands)
        object.__setattr__(self, "design", design)
        object.__setattr__(self, "output_gain_db", output_gain_db)
        self.__post_init__()

    def _no_response(self, place: str, sample_rate_hz: float) -> str:
        parts = {
            f"{place}bands[{position}]": band.place
            for position, band in enumerate(self.bands)
            if isinstance(band, Placed) and band.enabled and band.place != "stereo"
        }
        listed = ", ".join(f"{name} on {part}" for name, part in parts.items())
        first = next(iter(parts))
        return f"bands act on a part of the stereo signal ({listed}); each has its own: {first}.band.frequency_response"


@dataclass(frozen=True, kw_only=True)
class LinearPhaseEqualizer(Effect):
    """Linear-phase equalizer: the magnitude response of any bands, with a constant delay.

    Parameters
    ----------
    bands : sequence of bands, default none
        As in :class:`Equalizer`, but none placed.
    length_ms : float, default 170
        Length of the filter, 5 to 680 ms, rounded up to a power of two of frames. The latency is half of it. Low and
        narrow bands need long ones: see :meth:`design_error_db`. Fixed while a stream runs.

    Warns
    -----
    RuntimeWarning
        When it processes at a rate at which the design is off by more than 0.5 dB.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> air = md.LinearPhaseEqualizer(bands=[md.HighShelf(frequency_hz=8_000, gain_db=3)], length_ms=40)
    >>> gain = air.frequency_response(8_000, 48_000)
    >>> print(f"{20 * np.log10(np.abs(gain)):.2f} dB, {abs(np.angle(gain)):.4f} rad")
    1.50 dB, 0.0000 rad
    >>> air.latency_frames(48_000)
    1024
    """

    bands: tuple[Band, ...] = ()
    length_ms: float = 170.0

    def __init__(self, *, bands: Iterable[Band] = (), length_ms: float = 170.0) -> None:
        object.__setattr__(self, "bands", bands)
        object.__setattr__(self, "length_ms", length_ms)
        self.__post_init__()

    @_checks.named
    def design_error_db(self, sample_rate_hz: float) -> float:
        """Return the largest deviation of the magnitude from that of the bands.

        Parameters
        ----------
        sample_rate_hz : float
            8 000 to 384 000.

        Returns
        -------
        float
            In dB, from 20 Hz to 20 kHz, where the magnitude of the bands is above -60 dB.

        Examples
        --------
        >>> import mixdown as md
        >>> rumble_off = [md.HighPass(frequency_hz=30)]
        >>> for length_ms in (170, 20):
        ...     equalizer = md.LinearPhaseEqualizer(bands=rumble_off, length_ms=length_ms)
        ...     print(f"{length_ms} ms: {equalizer.design_error_db(48_000):.2f} dB")
        170 ms: 0.00 dB
        20 ms: 2.50 dB
        """
        return _design_error_db(self, _checks.sample_rate(sample_rate_hz))

    def _warnings(self, sample_rate_hz: float) -> Iterator[str]:
        try:
            error_db = _design_error_db(self, sample_rate_hz) if self.bands else 0.0
        except _core.ParameterError:
            # Settings that do not suit the rate are refused where they are used.
            error_db = 0.0
        if error_db > _AUDIBLE_ERROR_DB:
            yield (
                f"LinearPhaseEqualizer: length_ms = {self.length_ms:g} is short for its bands: they are off by up to "
                f"{error_db:.1f} dB at {sample_rate_hz:g} Hz"
            )


@functools.lru_cache(maxsize=64)
def _design_error_db(equalizer: LinearPhaseEqualizer, sample_rate_hz: float) -> float:
    return _core.design_error_db(equalizer._engine(None), sample_rate_hz)
