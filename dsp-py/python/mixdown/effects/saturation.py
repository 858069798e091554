"""Saturation and clipping, at a multiple of the sample rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from mixdown.effects.effect import Effect

SaturatorCurve = Literal["tanh", "hard", "cubic", "soft_clip"]
"""Curve of a saturator, of slope 1 at 0 and a ceiling of 1: tanh x; x up to 1; x - 4/27 x³ up to 3/2; x up to 1/2, then
x - (x - 1/2)²/2 up to 3/2. Beyond, all are 1 but tanh, which comes near it."""


@dataclass(frozen=True, kw_only=True)
class Saturator(Effect):
    """A curve that adds harmonics, without aliases: warmth at little drive, distortion at much.

    A small signal gains `drive_db`; nothing comes out above `output_db`, but for what filters overshoot. Harmonics that
    would fold below 20 kHz are removed; treble of small signals is flat up to 20 kHz.

    Parameters
    ----------
    drive_db : float, default 0
        Gain into the curve, 0 to 36 dB.
    curve : str, default "tanh"
        "tanh" bends from the start; "hard" clips; "cubic" adds the third harmonic alone below its ceiling; "soft_clip"
        bends from 6 dB below the ceiling on.
    bias : float, default 0
        Offset into the curve, -1 to 1, which adds even harmonics. The DC that it makes is removed above 5 Hz.
    mix : float, default 1
        Share of the saturated sound, 0 to 1. At 0 the output is the input, delayed by the latency.
    output_db : float, default 0
        Level of the saturated sound, -36 to 36 dB.
    oversample : int, default 4
        Multiple of the sample rate at which the curve runs: 1, 2, 4, 8 or 16. 1 is the plain curve, without latency and
        with aliases; 4 is clean; 8 for the hardest curves. Fixed while a stream runs.
    auto_gain : bool, default False
        Matches the loudness of the saturated sound (K-weighted, averaged over 3 s, one gain for all channels) to that
        of the input, so that more drive is not louder. Input below -70 dB changes nothing.
    """

    _unlike_a_filter: ClassVar[str] = "is not linear"

    drive_db: float = 0.0
    curve: SaturatorCurve = "tanh"
    bias: float = 0.0
    mix: float = 1.0
    output_db: float = 0.0
    oversample: int = 4
    auto_gain: bool = False


@dataclass(frozen=True, kw_only=True)
class Clipper(Effect):
    """Cuts peaks at a ceiling, between the samples too, without aliases: what loud masters put before a limiter.

    What stays below the knee passes bit for bit. What a clip makes above 20 kHz is removed, so peaks come back over the
    ceiling by up to 0.4 dB in songs; a :class:`Limiter` after it takes them.

    Parameters
    ----------
    ceiling_db : float, default -0.1
        Level that peaks are cut to, -24 to 0 dBFS.
    knee_db : float, default 1
        Distance below the ceiling at which the curve begins to bend, 0 to 12 dB; 0 is a hard clip.
    gain_db : float, default 0
        Gain into the clip, -24 to 24 dB.
    oversample : int, default 8
        Multiple of the sample rate at which it clips: 1, 2, 4, 8 or 16. 1 clips the samples alone, without latency and
        with aliases. Fixed while a stream runs.
    mix : float, default 1
        Share of the clipped sound, 0 to 1. At 0 the output is the input, delayed by the latency.
    """

    _unlike_a_filter: ClassVar[str] = "is not linear"

    ceiling_db: float = -0.1
    knee_db: float = 1.0
    gain_db: float = 0.0
    oversample: int = 8
    mix: float = 1.0
