"""Dynamics processors."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixdown import _checks, _core
from mixdown._checks import Source
from mixdown.effects.effect import Effect
from mixdown.effects.filters import Band, Bell, HighShelf, LowShelf, Tilt
from mixdown.effects.setting import Setting, abstract

Detector = Literal["peak", "rms", "peak_hold"]
"""Level detector of a compressor: the envelope, the root of the mean square, or each crest of the samples, held."""

ExpanderDetector = Literal["rms", "peak"]
"""Level detector of an expander: the root of the mean square, or the envelope."""

CompressorReleaseMode = Literal["manual", "dual", "auto"]
"""Release of a compressor."""

ReleaseMode = Literal["manual", "dual", "auto"]
"""Release of a limiter."""

LimiterMode = Literal["standard", "master", "sample_peak"]
"""Peak detector of a limiter."""


@abstract
class Dynamics(Effect):
    """An effect whose gain follows the level of its input or key."""

    _unlike_a_filter: ClassVar[str] = "has a gain that follows the level"
    #: Whether it has bands, each with its own gain reduction.
    _banded: ClassVar[bool] = False

    @_checks.named
    def gain_reduction(
        self, audio: Source, sample_rate_hz: float | None = None, key: Source | None = None
    ) -> NDArray[np.float64]:
        """Return the gain reduction over time, aligned with the input.

        Parameters
        ----------
        audio : array, float32 or float64, shape (channels, frames) or (frames,), or what :func:`read` returned
        sample_rate_hz : float, optional
            8 000 to 384 000. May be left out for what :func:`read` returned.
        key : array, optional
            Side-chain of 1 channel or as many as `audio`, same rate, format and length.

        Returns
        -------
        float64 array, shape (channels, frames)
            In dB, positive, boosts negative: what acts on the processed signal, whatever `mix` and `listen` are.
            Effects of several bands return (bands, channels, frames).

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> tone = 10 ** (-6 / 20) * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
        >>> reduction = md.Compressor(threshold_db=-18, ratio=4).gain_reduction(tone, 48_000)
        >>> print(f"{reduction.shape}, {reduction[0, -1]:.1f} dB")
        (1, 48000), 9.0 dB
        """
        samples, rate_hz = _checks.recording(audio, sample_rate_hz)
        key_samples = _checks.side_chain(key, rate_hz)
        reduction = _core.gain_reduction(self._engine(rate_hz), samples, rate_hz, key_samples)
        return reduction if self._banded else reduction[0]


@abstract
class Curved(Dynamics):
    """An effect of one band, which has a static curve."""

    @_checks.named
    def transfer_curve(self, levels_db: ArrayLike) -> NDArray[np.float64]:
        """Return the output level for steady input levels.

        Parameters
        ----------
        levels_db : array
            Level as the detector reads it, any shape.

        Returns
        -------
        float64 array
            In dB, of the shape of `levels_db`; makeup gain included.

        Examples
        --------
        >>> import mixdown as md
        >>> compressor = md.Compressor(threshold_db=-20, ratio=4, knee_db=0)
        >>> compressor.transfer_curve([-40, -20, -8, 0]).round(2)
        array([-40., -20., -17., -15.])
        """
        levels = _checks.numbers("levels_db", levels_db)
        return _core.transfer_curve(self._engine(None), np.ravel(levels)).reshape(levels.shape)


@dataclass(frozen=True, kw_only=True)
class Compressor(Curved):
    """Feed-forward compressor: a soft knee, ballistics in dB, linked channels.

    Time constants reach 63.2 % of a change in dB. It takes a key.

    The detector sets the weight of short transients. "peak" follows the envelope, which reads a sine of any frequency
    alike; the attack smooths transients. "rms" follows the mean square: it is slower, and reads a sine 3 dB lower.
    "peak_hold" follows the magnitude of each sample and holds it: a click of one sample at 0 dBFS counts in full.
    Measured with the three detectors in this order: the first 10 ms of a recorded snare at 0 dBFS lose 1.6, 0.9 and 1.8
    dB (attack 30 ms); a click of one sample (threshold -30 dBFS, attack 10 ms) is reduced by 0.6, 2.0 and 18.4 dB at 48
    kHz, by 1.7, 5.0 and 18.4 dB at 16 kHz, and by 2.8, 7.1 and 18.4 dB at 8 kHz. The release time holds if the
    attack is not longer; with "rms" it starts as the mean square falls, by 4.3 dB per `rms_ms`.

    Parameters
    ----------
    threshold_db : float, default -18
        Level above which it compresses, -60 to 0 dBFS.
    ratio : float, default 4
        1 to inf: input dB above the threshold per output dB.
    knee_db : float, default 6
        Width of the knee, 0 to 24 dB.
    attack_ms : float, default 10
        Attack time, 0.02 to 250 ms.
    release_ms : float, default 100
        Release time, 5 to 5000 ms.
    makeup_db : float, default 0
        Gain after the compression, -12 to 24 dB.
    detector : "peak", "rms" or "peak_hold", default "peak"
        Level detector.
    rms_ms : float, default 10
        Time constant of the mean square, 1 to 300 ms.
    lookahead_ms : float, default 0
        0 to 20 ms: the gain changes this much before the signal; adds as much latency. Fixed while a stream runs.
    link_percent : float, default 100
        Channel linking, 0 to 100 %: share of the loudest channel's reduction in every channel.
    mix : float, default 1
        0 to 1: (1 - mix) dry + mix wet.
    range_db : float, default inf
        Most gain reduction, 0 to inf dB.
    key_high_pass_hz : float, default 0
        High pass of 12 dB per octave in the side-chain: 0 (off) or 20 to 500 Hz.
    key_low_pass_hz : float, default 0
        Low pass of 12 dB per octave in the side-chain: 0 (off) or 50 to 20 000 Hz and at most 0.45 of the sample rate.
    release_mode : "manual", "dual" or "auto", default "manual"
        "dual" is slower after long reduction; "auto" sets both times by the crest factor of the signal: `attack_ms` and
        `release_ms` do not act, and a click of one sample at 0 dBFS makes 2.7 dB of reduction (threshold -30 dBFS,
        at 48 kHz).
    auto_makeup : bool, default False
        Adds half of the reduction at 0 dBFS to the makeup.
    listen : bool, default False
        Puts out the filtered key instead of the compressed signal, with the same latency; `mix` and makeup do not act
        on it.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 10 ** (-8 / 20) * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    >>> quieter = md.Compressor(threshold_db=-20, ratio=4, knee_db=0)(tone, 48_000)
    >>> print(f"12 dB over at 4:1: {20 * np.log10(np.ptp(quieter[-480:]) / np.ptp(tone)):.1f} dB")
    12 dB over at 4:1: -9.0 dB
    """

    threshold_db: float = -18.0
    ratio: float = 4.0
    knee_db: float = 6.0
    attack_ms: float = 10.0
    release_ms: float = 100.0
    makeup_db: float = 0.0
    detector: Detector = "peak"
    rms_ms: float = 10.0
    lookahead_ms: float = 0.0
    link_percent: float = 100.0
    mix: float = 1.0
    range_db: float = math.inf
    key_high_pass_hz: float = 0.0
    key_low_pass_hz: float = 0.0
    release_mode: CompressorReleaseMode = "manual"
    auto_makeup: bool = False
    listen: bool = False


@dataclass(frozen=True, kw_only=True)
class Expander(Curved):
    """Downward expander: attenuates below the threshold. It takes a key.

    The hold starts when the level has fallen: after a tone at -6 dBFS that stops abruptly (threshold -40 dBFS, knee 0),
    the expander stays open for the hold and 76 ms with "rms"; with "peak" for the hold and up to 71 ms at 50 Hz, 56 ms
    at 100 Hz, 41 ms at 200 Hz, 13 ms at 1 kHz.

    Parameters
    ----------
    threshold_db : float, default -40
        Level below which it attenuates, -80 to 0 dBFS.
    ratio : float, default 2
        dB out for each dB below the threshold, 1 to 100.
    knee_db : float, default 6
        Width of the knee, 0 to 24 dB.
    attack_ms : float, default 5
        Time to open, to 63.2 % in amplitude whatever the range, 0.02 to 250 ms.
    hold_ms : float, default 15
        Time that it stays open, 0 to 500 ms.
    release_ms : float, default 100
        Time to 63.2 % of a closing in dB, 5 to 5000 ms; 90 % takes 2.3 times as long.
    range_db : float, default 40
        Most attenuation, 0 to inf dB.
    link_percent : float, default 100
        0 to 100 %: share of the least reduced channel's reduction in every channel.
    lookahead_ms : float, default 0
        0 to 10 ms: it opens this much before a sound and closes no earlier; adds as much latency. Fixed while a stream
        runs.
    detector : "rms" or "peak", default "rms"
        Level detector: the mean square over 10 ms, or the envelope, which opens faster.
    key_high_pass_hz : float, default 0
        High pass of 12 dB per octave in the side-chain: 0 (off) or 20 to 10 000 Hz and at most 0.45 of the sample rate.
    key_low_pass_hz : float, default 0
        Low pass of 12 dB per octave in the side-chain: 0 (off) or 50 to 20 000 Hz and at most 0.45 of the sample rate.

    Examples
    --------
    >>> import mixdown as md
    >>> expander = md.Expander(threshold_db=-40, ratio=2, knee_db=0)
    >>> expander.transfer_curve([-60, -50, -40, -20]).round(2)
    array([-80., -60., -40., -20.])
    """

    threshold_db: float = -40.0
    ratio: float = 2.0
    knee_db: float = 6.0
    attack_ms: float = 5.0
    hold_ms: float = 15.0
    release_ms: float = 100.0
    range_db: float = 40.0
    link_percent: float = 100.0
    lookahead_ms: float = 0.0
    detector: ExpanderDetector = "rms"
    key_high_pass_hz: float = 0.0
    key_low_pass_hz: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Gate(Curved):
    """Noise gate with hysteresis and hold. It takes a key.

    The hold starts when the envelope has fallen: after a tone at -6 dBFS that stops abruptly (threshold -40 dBFS), the
    gate stays open for the hold and up to 74 ms at 50 Hz, 59 ms at 100 Hz, 44 ms at 200 Hz, 13 ms at 1 kHz.

    Parameters
    ----------
    threshold_db : float, default -40
        Level above which it opens, -80 to 0 dBFS.
    attack_ms : float, default 1
        Time to open, to 63.2 % in amplitude whatever the range, 0.02 to 250 ms.
    hold_ms : float, default 10
        Time that it stays open after the level has fallen, 0 to 500 ms.
    release_ms : float, default 100
        Time to 63.2 % of a closing in dB, 5 to 5000 ms; 90 % takes 2.3 times as long.
    range_db : float, default 80
        Attenuation when closed, 0 to inf dB.
    hysteresis_db : float, default 3
        Distance below the threshold at which it closes, 0 to 12 dB.
    link_percent : float, default 100
        0 to 100 %: share of the least reduced channel's reduction in every channel.
    lookahead_ms : float, default 0
        0 to 10 ms: it opens this much before a sound and closes no earlier; adds as much latency. Fixed while a stream
        runs.
    key_high_pass_hz : float, default 0
        High pass of 12 dB per octave in the side-chain: 0 (off) or 20 to 10 000 Hz and at most 0.45 of the sample rate.
    key_low_pass_hz : float, default 0
        Low pass of 12 dB per octave in the side-chain: 0 (off) or 50 to 20 000 Hz and at most 0.45 of the sample rate.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = np.random.default_rng(1).standard_normal(48_000)
    >>> hit = np.where(np.arange(48_000) < 12_000, 0.1, 0.0003) * noise
    >>> reduction = md.Gate(threshold_db=-40, range_db=60).gain_reduction(hit, 48_000)[0]
    >>> print(f"{reduction[11_999]:.1f} dB in the hit, {reduction[-1]:.1f} dB in the pause")
    0.0 dB in the hit, 60.0 dB in the pause
    """

    threshold_db: float = -40.0
    attack_ms: float = 1.0
    hold_ms: float = 10.0
    release_ms: float = 100.0
    range_db: float = 80.0
    hysteresis_db: float = 3.0
    link_percent: float = 100.0
    lookahead_ms: float = 0.0
    key_high_pass_hz: float = 0.0
    key_low_pass_hz: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DeEsser(Dynamics):
    """De-esser: attenuates sibilance by its level relative to the whole signal. The latency is 1 ms.

    Parameters
    ----------
    frequency_hz : float, default 5500
        Lower edge of the sibilant band, 1000 to 16 000 Hz and at most 0.45 of the sample rate.
    threshold_db : float, default -6
        Level of the band above that frequency over the level of the whole, -40 to 0 dB.
    floor_db : float, default -60
        Level of the band below which nothing counts, -120 to 0 dBFS: breath and room noise are left alone.
    knee_db : float, default 6
        Width of the knee around the threshold, from no attenuation to all of it, 0 to 24 dB.
    range_db : float, default 6
        Most attenuation of the band, 0 to 20 dB.
    attack_ms : float, default 0.5
        Attack time, 0.02 to 50 ms.
    release_ms : float, default 40
        Release time, 5 to 1000 ms.
    listen : bool, default False
        Puts out the band alone, before the attenuation.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> seconds = np.arange(48_000) / 48_000
    >>> voice = 0.3 * np.sin(2 * np.pi * 300 * seconds)
    >>> hiss = 0.3 * np.sin(2 * np.pi * 8_000 * seconds) * (seconds > 0.5)
    >>> reduction = md.DeEsser(range_db=6).gain_reduction(voice + hiss, 48_000)[0]
    >>> print(f"{reduction[20_000]:.1f} dB before the hiss, {reduction[-1]:.1f} dB in it")
    0.0 dB before the hiss, 6.0 dB in it
    >>> md.DeEsser().latency_frames(48_000)
    48
    """

    frequency_hz: float = 5500.0
    threshold_db: float = -6.0
    floor_db: float = -60.0
    knee_db: float = 6.0
    range_db: float = 6.0
    attack_ms: float = 0.5
    release_ms: float = 40.0
    listen: bool = False


@dataclass(frozen=True, kw_only=True)
class MultibandCompressor(Dynamics):
    """Multiband compressor: 2 to 6 bands, whose crossovers sum to an all pass.

    Parameters
    ----------
    crossovers_hz : sequence of float, default (200, 2000)
        Crossover frequencies: 1 to 5, each at least 1.25 times the one before, 20 to 22 000 Hz and at most 0.49 of
        the sample rate.
    bands : sequence of Compressor, default one more than crossovers
        From the lowest band up.
    slope_db_per_octave : float, default 24
        12, 24 or 48 dB/octave. Fixed while a stream runs.
    solo : int, optional
        Index of the one band to hear, from the lowest, 0; None for all. The others report a reduction of 0.
    bypassed : sequence of int, default ()
        Indices of the bands that are not compressed: their gain reduction is 0.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> bass = 0.5 * np.sin(2 * np.pi * 60 * np.arange(48_000) / 48_000)
    >>> multiband = md.MultibandCompressor(crossovers_hz=[200, 2_000], bands=[md.Compressor(ratio=4)] * 3)
    >>> multiband.gain_reduction(bass, 48_000)[:, 0, -1].round(1)
    array([8.9, 0. , 0. ])
    """

    _banded: ClassVar[bool] = True

    crossovers_hz: tuple[float, ...] = (200.0, 2000.0)
    bands: tuple[Compressor, ...] = ()
    slope_db_per_octave: float = 24.0
    solo: int | None = None
    bypassed: tuple[int, ...] = ()

    def __init__(
        self,
        *,
        crossovers_hz: Iterable[float] = (200.0, 2000.0),
        bands: Iterable[Compressor] | None = None,
        slope_db_per_octave: float = 24.0,
        solo: int | None = None,
        bypassed: Iterable[int] = (),
    ) -> None:
        crossovers_hz = tuple(_checks.items("crossovers_hz", crossovers_hz, "numbers"))
        object.__setattr__(self, "crossovers_hz", crossovers_hz)
        object.__setattr__(self, "bands", (Compressor(),) * (len(crossovers_hz) + 1) if bands is None else bands)
        object.__setattr__(self, "slope_db_per_octave", slope_db_per_octave)
        bypassed = tuple(_checks.items("bypassed", bypassed, "band indices"))
        indices = {f"bypassed[{position}]": band for position, band in enumerate(bypassed)}
        for name, band in (indices if solo is None else {"solo": solo, **indices}).items():
            _checks.whole_number(name, band, 0, len(crossovers_hz))
        object.__setattr__(self, "solo", solo)
        object.__setattr__(self, "bypassed", tuple(sorted(set(bypassed))))
        self.__post_init__()

    def _engine(self, sample_rate_hz: float | None) -> dict[str, Any]:
        plain = super()._engine(sample_rate_hz)
        # The compiled module expects compressors without their type.
        plain["bands"] = [{name: value for name, value in band.items() if name != "type"} for band in plain["bands"]]
        return plain


DynamicDirection = Literal["above", "below"]
"""Side of the threshold on which a dynamic band acts."""

DynamicAction = Literal["reduce", "boost"]
"""What a dynamic band does to its gain there."""


@dataclass(frozen=True, kw_only=True)
class DynamicBand(Setting):
    """A band of a :class:`DynamicEqualizer` whose gain follows the level in the band.

    Beyond the threshold the gain changes by ``1 - 1 / ratio`` dB per dB in compression ("above" and "reduce", "below"
    and "boost"), by ``ratio - 1`` dB per dB in expansion ("below" and "reduce", "above" and "boost").

    Parameters
    ----------
    shape : Bell, LowShelf, HighShelf or Tilt, default Bell()
        The static band.
    threshold_db : float, default -30
        Level in the band beyond which it acts, -80 to 0 dBFS.
    ratio : float, default 2
        1 to inf: dB in for each dB out of a compression, dB out for each dB in of an expansion.
    range_db : float, default 12
        Most change of the gain, 0 to 24 dB, and to -36 or 36 dB at most.
    attack_ms : float, default 10
        Attack time, 0.02 to 250 ms.
    release_ms : float, default 100
        Release time, 5 to 5000 ms.
    knee_db : float, default 6
        Width of the knee, 0 to 24 dB.
    direction : "above" or "below", default "above"
        The side of the threshold on which it acts.
    action : "reduce" or "boost", default "reduce"
        Whether it lowers or raises the gain there. A boost is a negative gain reduction.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> harshness = md.DynamicBand(shape=md.Bell(frequency_hz=3_000, q=2), threshold_db=-30, ratio=3, range_db=6)
    >>> tone = 0.5 * np.sin(2 * np.pi * 3_000 * np.arange(48_000) / 48_000)
    >>> reduction = md.DynamicEqualizer(bands=[harshness]).gain_reduction(tone, 48_000)
    >>> print(f"{reduction[0, 0, -1]:.1f} dB")
    6.0 dB
    """

    shape: Bell | LowShelf | HighShelf | Tilt = field(default_factory=Bell)
    threshold_db: float = -30.0
    ratio: float = 2.0
    range_db: float = 12.0
    attack_ms: float = 10.0
    release_ms: float = 100.0
    knee_db: float = 6.0
    direction: DynamicDirection = "above"
    action: DynamicAction = "reduce"

    def _check(self) -> None:
        _core.check_band(self._engine(None))


@dataclass(frozen=True, kw_only=True)
class DynamicEqualizer(Dynamics):
    """Dynamic equalizer: bands whose gain follows the level. It takes a key.

    Parameters
    ----------
    bands : sequence of DynamicBand or plain bands, default none
        Up to 32.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> bands = [md.DynamicBand(shape=md.Bell(frequency_hz=250), threshold_db=-30), md.HighPass(frequency_hz=40)]
    >>> tone = 0.1 * np.sin(2 * np.pi * 250 * np.arange(48_000) / 48_000)
    >>> md.DynamicEqualizer(bands=bands).gain_reduction(tone, 48_000)[:, 0, -1].round(1)
    array([5., 0.])
    """

    _banded: ClassVar[bool] = True

    bands: tuple[DynamicBand | Band, ...] = ()

    def __init__(self, *, bands: Iterable[DynamicBand | Band] = ()) -> None:
        object.__setattr__(self, "bands", bands)
        self.__post_init__()


@dataclass(frozen=True, kw_only=True)
class Limiter(Curved):
    """Brick-wall true-peak limiter: neither samples nor the waveform between them exceed the ceiling.

    By a meter of any length, the ceiling holds within 0.1 dB ("standard") or 0.05 dB ("master") for sound up to 20 kHz.
    White noise 12 dB over exceeds it by 0.14 and 0.02 dB up to 95 % of half the rate, 0.39 and 0.11 dB up to 98 %, 0.81
    and 0.54 dB up to half the rate; :func:`master` measures with a longer meter and limits until that fits.

    The latency is `lookahead_ms` and the delay of the true-peak interpolator, 45 frames with "standard", 93 with
    "master"; with "sample_peak" it is 3 frames less than `lookahead_ms`.

    Parameters
    ----------
    ceiling_db : float, default -1
        Highest true peak, -20 to 0 dBTP; highest sample with mode "sample_peak".
    gain_db : float, default 0
        Drive, 0 to 24 dB.
    lookahead_ms : float, default 1.5
        0.5 to 10 ms: the time in which the gain falls before a peak; adds as much latency.
        Fixed while a stream runs.
    hold_ms : float, default 8
        0 to 15 ms: holds the gain between the crests of low frequencies; adds no latency.
    release_ms : float, default 60
        5 to 2000 ms: time to 63.2 % of the recovery in dB; not used with "auto".
    release_mode : "manual", "dual" or "auto", default "manual"
        "dual" is slower after long reduction; "auto" goes by the programme, from 30 ms after single peaks to 400 ms
        after long reduction. "auto" is the cleanest for bass (30 Hz, 6 dB over: THD -70 dB, 60 ms -55, 20 ms -46);
        songs without deep bass stay closest to themselves with 20 ms (4 dB over: residual -20.1 dB, auto -19.7, 60 ms
        -18.8).
    link_percent : float, default 100
        0 to 100 %: share of the loudest channel's reduction in every channel. The ceiling is kept at any link.
    mode : "standard", "master" or "sample_peak", default "standard"
        Peak detector: "master" interpolates true peaks with longer filters, "sample_peak" not at all.
        Fixed while a stream runs.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = md.LowPass(frequency_hz=8_000)(0.5 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000)
    >>> limited = md.Limiter(ceiling_db=-1, mode="master")(noise, 48_000)
    >>> for sound in (noise, limited):
    ...     print(f"{md.loudness(sound, 48_000).true_peak_dbtp:.2f} dBTP")
    2.25 dBTP
    -1.00 dBTP
    >>> [md.Limiter(lookahead_ms=1, mode=mode).latency_frames(48_000) for mode in ("standard", "master", "sample_peak")]
    [93, 141, 45]
    """

    ceiling_db: float = -1.0
    gain_db: float = 0.0
    lookahead_ms: float = 1.5
    hold_ms: float = 8.0
    release_ms: float = 60.0
    release_mode: ReleaseMode = "manual"
    link_percent: float = 100.0
    mode: LimiterMode = "standard"


@dataclass(frozen=True, kw_only=True)
class TransientShaper(Dynamics):
    """Transient shaper: attack and sustain of a sound, louder or softer by a number of dB whatever its level.

    A fast envelope and a slow one detect attacks and decays; a third, ten times as slow, measures decays. A steady tone
    keeps its level, and so do white noise, anything below -70 dBFS, and beats faster than `slow_ms`. The level of pink
    and brown noise fluctuates, as does rumble, and the shaper follows it: a high pass before it helps.
    :meth:`gain_reduction` is negative where the gain is a boost.

    Parameters
    ----------
    attack_db : float, default 0
        Gain of onsets, -24 to 24 dB: in full for the first third of `slow_ms`, gone after two of it.
    sustain_db : float, default 0
        Gain of decays, -24 to 24 dB: in full where the level has fallen by 9 dB.
    fast_ms : float, default 1
        Time in which the fast envelope rises, 0.1 to 10 ms.
    slow_ms : float, default 30
        Time of the slow envelope, 10 to 300 ms: what still belongs to an onset.
    lookahead_ms : float, default 2
        Time by which the gain changes ahead of an onset, 0 to 10 ms; adds as much latency. Fixed while a stream runs.
    link_percent : float, default 100
        Channel linking, 0 to 100 %: share of the common gain, of the loudest channel's envelope, in every channel.
    output_db : float, default 0
        Gain of everything, -24 to 24 dB.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> seconds = np.arange(48_000) / 48_000
    >>> drum = np.exp(-seconds / 0.1) * np.sin(2 * np.pi * 200 * seconds) * (seconds > 0)
    >>> shaped = md.TransientShaper(attack_db=6)(drum, 48_000)
    >>> onset = slice(0, 480)
    >>> print(f"{10 * np.log10((shaped[onset] ** 2).sum() / (drum[onset] ** 2).sum()):.1f} dB in the first 10 ms")
    6.0 dB in the first 10 ms
    """

    attack_db: float = 0.0
    sustain_db: float = 0.0
    fast_ms: float = 1.0
    slow_ms: float = 30.0
    lookahead_ms: float = 2.0
    link_percent: float = 100.0
    output_db: float = 0.0
