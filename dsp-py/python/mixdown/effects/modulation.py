"""Modulation: phaser and tremolo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from mixdown.effects.tempo import Note, TempoEffect

TremoloShape = Literal["sine", "triangle", "square"]
"""Course of the level of a tremolo."""


@dataclass(frozen=True, kw_only=True)
class Phaser(TempoEffect):
    """Phaser: notches that sweep, by a chain of all passes beside the signal.

    The wet signal is an all pass itself: no setting makes a tone louder than it was, and at a mix of 1 it keeps its
    level. At a mix of 0.5 there are half as many notches as stages, down to nothing. The sweep is a sine on a scale of
    octaves, from its middle upwards, its phase counted from the first frame.

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
    """

    _timed: ClassVar[str] = "rate_hz"

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
    corners of the triangle last 12.5 ms. The phase is counted from the first frame, the level at its middle, rising.

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
    """

    _timed: ClassVar[str] = "rate_hz"

    rate_hz: float | None = None
    tempo_bpm: float | None = None
    note: Note | None = None
    depth: float = 0.5
    shape: TremoloShape = "sine"
    stereo_phase_degrees: float = 0.0
