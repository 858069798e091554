"""Modulation: chorus, flanger, phaser, tremolo and vibrato."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from mixdown.effects.tempo import Note, TempoEffect

TremoloShape = Literal["sine", "triangle", "square"]
"""Course of the level of a tremolo."""


@dataclass(frozen=True, kw_only=True)
class Chorus(TempoEffect):
    """Chorus: copies of the sound through delays that an LFO sweeps, slightly apart in time and pitch. Makes stereo.

    The pitch deviates by `2 pi rate depth`: 17 cents with the defaults. Any number of voices keeps the level of pink
    noise within 0.5 dB, with a feedback of up to 0.7; at 0.95 they are up to 2.5 dB softer at a `delay_ms` of 12, 7 dB
    at 43. A mix of 0.5 is about 3 dB softer. All delays differ: the longest centre is 1.3 times the first.

    Parameters
    ----------
    rate_hz : float, default 0.8
        Rate of the LFO, 0.01 to 10 Hz, unless a note sets it.
    tempo_bpm : float, default None
        Tempo of the note, 20 to 999 bpm.
    note : str, default None
        A period of the LFO: "4/1", "2/1", "1/1", "1/2", "1/4", "1/8", "1/16", "1/32" or "1/64", dotted as "1/8d", as a
        triplet as "1/8t".
    delay_ms : float, default 12
        Centre of the delay of the first voice, 1 to 50 ms.
    depth_ms : float, default 2
        Peak deviation of the delay, 0 to 10 ms, and at most the delay less 1 ms.
    voices : int, default 3
        Voices of each side, 1 to 8. Fixed while a stream runs.
    feedback : float, default 0
        Gain of the mean of the voices back to the input, -0.95 to 0.95.
    width : float, default 1
        Difference of left and right in phase and delay, 0 to 1; at 0 both sides are identical.
    low_cut_hz : float, default 20
        Low cut of the voices, 12 dB per octave, 20 to 1000 Hz; 20 is off.
    mix : float, default 0.5
        0 to 1: (1 - mix) dry + mix wet.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = np.random.default_rng(1).standard_normal(48_000)
    >>> left, right = md.Chorus(mix=1)(noise, 48_000)
    >>> print(f"correlation of the sides {np.corrcoef(left, right)[0, 1]:.2f}")
    correlation of the sides 0.02
    """

    _timed: ClassVar[str] = "rate_hz"
    _unlike_a_filter: ClassVar[str] = "changes with time"

    rate_hz: float | None = None
    tempo_bpm: float | None = None
    note: Note | None = None
    delay_ms: float = 12.0
    depth_ms: float = 2.0
    voices: int = 3
    feedback: float = 0.0
    width: float = 1.0
    low_cut_hz: float = 20.0
    mix: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Flanger(TempoEffect):
    """Flanger: a comb filter that an LFO sweeps, also through zero.

    At a mix of 0.5 without feedback, notches lie at odd multiples of half the inverse delay, within 0.01 %. The latency
    is 0, or 3 ms with `through_zero`.

    Parameters
    ----------
    rate_hz : float, default 0.25
        Rate of the LFO, 0.01 to 10 Hz, unless a note sets it.
    tempo_bpm : float, default None
        Tempo of the note, 20 to 999 bpm.
    note : str, default None
        A period of the LFO: "4/1", "2/1", "1/1", "1/2", "1/4", "1/8", "1/16", "1/32" or "1/64", dotted as "1/8d", as a
        triplet as "1/8t".
    delay_ms : float, default 1
        The shortest delay, 0.2 to 10 ms, and at least 7 frames.
    depth_ms : float, default 4
        Range of the sweep above the shortest delay, 0 to 10 ms.
    feedback : float, default 0.5
        Gain of the delayed signal back to the input, -0.95 to 0.95.
    stereo_phase_degrees : float, default 0
        Phase lead of the LFO of every second channel, 0 to 180 deg.
    through_zero : bool, default False
        Delays the dry signal by 3 ms, so that the wet one passes it. Fixed while a stream runs.
    invert : bool, default False
        Inverts the polarity of the wet signal.
    mix : float, default 0.5
        0 to 1: (1 - mix) dry + mix wet.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> click = np.eye(1, 480)[0]
    >>> comb = md.Flanger(delay_ms=1, depth_ms=0, feedback=0)(click, 48_000)
    >>> np.flatnonzero(np.abs(comb) > 0.1).tolist(), comb[[0, 48]].round(3).tolist()
    ([0, 48], [0.5, 0.5])
    """

    _timed: ClassVar[str] = "rate_hz"
    _unlike_a_filter: ClassVar[str] = "changes with time"

    rate_hz: float | None = None
    tempo_bpm: float | None = None
    note: Note | None = None
    delay_ms: float = 1.0
    depth_ms: float = 4.0
    feedback: float = 0.5
    stereo_phase_degrees: float = 0.0
    through_zero: bool = False
    invert: bool = False
    mix: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Phaser(TempoEffect):
    """Phaser: sweeping notches, from a chain of all passes mixed with the dry signal.

    The wet signal is an all pass: without a sweep no setting makes a tone louder, and at a mix of 1 its level stays. A
    sweep concentrates energy in time and raises peaks: by 2.5 dB at a feedback of 0.9, otherwise with the defaults. At
    a mix of 0.5 there are half as many full notches as stages. The sweep is a sine in octaves, which starts upwards
    from the middle at the first frame.

    Parameters
    ----------
    rate_hz : float, default 0.4
        Sweeps per second, 0.01 to 20 Hz, unless a note sets them.
    tempo_bpm : float, default None
        Tempo of the note, 20 to 999 bpm.
    note : str, default None
        Time of a sweep: "4/1", "2/1", "1/1", "1/2", "1/4", "1/8", "1/16", "1/32" or "1/64", dotted as "1/8d", as a
        triplet as "1/8t".
    stages : int, default 6
        All passes, 4 to 12 in steps of 2: two for each notch. Fixed while a stream runs.
    frequency_hz : float, default 800
        Corner of the all passes in the middle of the sweep, 20 to 20 000 Hz and at most 0.45 of the sample rate.
    depth_octaves : float, default 2
        Deviation of the corner to either side, 0 to 4 octaves.
    feedback : float, default 0.5
        -0.9 to 0.9: positive narrows the notches, negative the peaks between them, which leaves less of the sound.
    stereo_phase_degrees : float, default 90
        Phase of every second channel, 0 to 180 deg.
    mix : float, default 0.5
        0 to 1: (1 - mix) dry + mix wet.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> click = np.eye(1, 48_000)[0]
    >>> comb = md.Phaser(stages=6, frequency_hz=800, depth_octaves=0, feedback=0)(click, 48_000)
    >>> np.abs(np.fft.rfft(comb))[[20, 214, 400, 800, 1_600, 2_986]].round(2)
    array([0.99, 0.  , 0.94, 0.  , 0.93, 0.02])
    """

    _timed: ClassVar[str] = "rate_hz"
    _unlike_a_filter: ClassVar[str] = "changes with time"

    rate_hz: float | None = None
    tempo_bpm: float | None = None
    note: Note | None = None
    stages: int = 6
    frequency_hz: float = 800.0
    depth_octaves: float = 2.0
    feedback: float = 0.5
    stereo_phase_degrees: float = 90.0
    mix: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Tremolo(TempoEffect):
    """Tremolo and auto-pan: the level of the channels swings between 1 and 1 - `depth`.

    At `stereo_phase_degrees` 180 it is an auto-pan, whose power is constant. No shape clicks: edges of the square and
    corners of the triangle last 12.5 ms. The level starts at its middle, rising, at the first frame.

    Parameters
    ----------
    rate_hz : float, default 5
        Periods per second, 0.01 to 20 Hz, unless a note sets them.
    tempo_bpm : float, default None
        Tempo of the note, 20 to 999 bpm.
    note : str, default None
        A period: "4/1", "2/1", "1/1", "1/2", "1/4", "1/8", "1/16", "1/32" or "1/64", dotted as "1/8d", as a triplet
        as "1/8t".
    depth : float, default 0.5
        0 to 1: the gain swings between 1 and 1 - depth.
    shape : "sine", "triangle" or "square", default "sine"
        Course of the level.
    stereo_phase_degrees : float, default 0
        Phase of every second channel, 0 to 180 deg.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> swing = md.Tremolo(rate_hz=5, depth=0.5)(np.ones(48_000), 48_000)
    >>> print(f"{swing.min():.3f} to {swing.max():.3f}")
    0.500 to 1.000
    """

    _timed: ClassVar[str] = "rate_hz"
    _unlike_a_filter: ClassVar[str] = "changes with time"

    rate_hz: float | None = None
    tempo_bpm: float | None = None
    note: Note | None = None
    depth: float = 0.5
    shape: TremoloShape = "sine"
    stereo_phase_degrees: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Vibrato(TempoEffect):
    """Vibrato: the pitch swings on a sine. Its latency is 5 ms and 8 frames, its neutral setting a depth of 0.

    Parameters
    ----------
    rate_hz : float, default 5
        Rate of the LFO, 0.01 to 20 Hz, unless a note sets it.
    tempo_bpm : float, default None
        Tempo of the note, 20 to 999 bpm.
    note : str, default None
        A period of the LFO: "4/1", "2/1", "1/1", "1/2", "1/4", "1/8", "1/16", "1/32" or "1/64", dotted as "1/8d", as a
        triplet as "1/8t".
    depth_cents : float, default 30
        Peak rise of the pitch, 0 to 200 cents; it falls a little further, by 226 at 200. Below a rate of 3.9 Hz less,
        as the delay deviates by 5 ms at most.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> phase = 2 * np.pi * 1_000 * np.arange(48_000) / 48_000
    >>> cosine, sine = md.Vibrato(rate_hz=5, depth_cents=50)(np.stack([np.cos(phase), np.sin(phase)]), 48_000)
    >>> pitch_hz = np.diff(np.unwrap(np.angle(cosine + 1j * sine)))[2_400:] * 48_000 / (2 * np.pi)
    >>> (1200 * np.log2(np.array([pitch_hz.min(), pitch_hz.max()]) / 1_000)).round(1)
    array([-51.5,  50. ])
    """

    _timed: ClassVar[str] = "rate_hz"
    _unlike_a_filter: ClassVar[str] = "changes with time"

    rate_hz: float | None = None
    tempo_bpm: float | None = None
    note: Note | None = None
    depth_cents: float = 30.0
