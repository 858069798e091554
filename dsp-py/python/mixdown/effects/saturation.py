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
    """Saturator with antialiasing: warmth at little drive, distortion at much.

    Quiet sound is raised by `drive_db`; loud sound is held near `output_db`. Peaks exceed it: in two songs by up to
    2.4 dB at 12 dB of drive and 4.2 dB at 24, for white noise by 5.3 dB, at `oversample` 2 by 7.1 dB. A
    :class:`Limiter` after it holds a ceiling. Quiet sound keeps its treble, flat up to 20 kHz.

    The latency at 48 kHz is 57 to 62 frames with oversampling, 98 to 100 at 44.1 kHz, 27 at most from 96 kHz on.

    Aliases, under the harmonics of the worst full-scale tone from 1 to 15 kHz at 48 kHz: "tanh" at 12 dB of drive, 54
    dB at `oversample` 2, 87 at 4, 129 at 8; "hard", 50, 79 and 103; at 24 dB, both, 44, 64 and 89. Lower tones are
    cleaner.

    Parameters
    ----------
    drive_db : float, default 0
        Gain into the curve, 0 to 36 dB.
    curve : str, default "tanh"
        "tanh" bends from the start; "hard" clips; "cubic" adds the third harmonic alone below its ceiling; "soft_clip"
        bends from 6 dB below the ceiling on.
    bias : float, default 0
        Offset into the curve, -1 to 1, which adds even harmonics. A high-pass filter at 5 Hz removes the DC it causes.
    mix : float, default 1
        Share of the saturated sound, 0 to 1. At 0 the output is the input, delayed by the latency.
    output_db : float, default 0
        Level of the saturated sound, -36 to 36 dB.
    oversample : int, default 4
        Multiple of the sample rate at which the curve runs: 1, 2, 4, 8 or 16. 1 is the plain curve, without latency and
        with aliases; 4 suits most music; 8 is for heavy drive and hard curves. Fixed while a stream runs.
    auto_gain : bool, default False
        Matches the loudness of the saturated sound (K-weighted, one gain for all channels) to that of the input, so
        that more drive is not louder. It follows changes of level within a second and changes of drive at once. Input
        below -70 dB changes nothing; the gain is 6 dB at most.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    >>> levels = np.abs(np.fft.rfft(md.Saturator(drive_db=6)(tone, 48_000)))
    >>> print(f"third harmonic {20 * np.log10(levels[3_000] / levels[1_000]):.1f} dB")
    third harmonic -23.5 dB
    >>> [md.Saturator(oversample=times).latency_frames(48_000) for times in (1, 2, 4, 8, 16)]
    [0, 57, 61, 62, 62]
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
    """Clipper with antialiasing: cuts peaks at a ceiling, for loud masters, ahead of a limiter.

    Signals below the knee pass bit for bit. Harmonics above 20 kHz are removed, and without them peaks rise above the
    ceiling again: in songs by up to 0.4 dB when clipped by 6 dB, 0.9 dB when clipped by 24 dB. A :class:`Limiter` after
    it holds the ceiling. No sample exceeds it by more than 1 dB; at `oversample` 8, only strong sound above 20 kHz
    reaches that limit.

    The latency at 48 kHz is 153 to 169 frames with oversampling, 269 to 280 at 44.1 kHz, 66 at most from 96 kHz on.

    Aliases, under the harmonics of the worst full-scale tone from 1 to 15 kHz at 48 kHz: 76 dB when clipped by 6 dB,
    73 dB by 12 dB, at `oversample` 8; 71 and 66 dB at 4; 27 dB at 2. Tones up to 5 kHz are cleaner: above 100 dB at
    8.

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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = np.sin(2 * np.pi * 100 * np.arange(48_000) / 48_000)
    >>> clipped = md.Clipper(ceiling_db=-6, knee_db=0)(tone, 48_000)
    >>> print(f"{20 * np.log10(np.median(clipped[tone > 0.8])):.2f} dBFS")
    -6.00 dBFS
    >>> [md.Clipper(oversample=times).latency_frames(48_000) for times in (1, 2, 4, 8, 16)]
    [0, 153, 164, 168, 169]
    """

    _unlike_a_filter: ClassVar[str] = "is not linear"

    ceiling_db: float = -0.1
    knee_db: float = 1.0
    gain_db: float = 0.0
    oversample: int = 8
    mix: float = 1.0
