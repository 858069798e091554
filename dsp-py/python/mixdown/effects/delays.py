"""Delay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from mixdown.effects.tempo import Note, TempoEffect

TimeChange = Literal["fade", "repitch"]
"""What a delay does when its time changes."""


@dataclass(frozen=True, kw_only=True)
class Delay(TempoEffect):
    """Delay: echoes with feedback, tempo sync and ping-pong.

    Echo k has the gain ``feedback ** (k - 1)``. Times of whole frames are exact copies. Others, from 16 frames on,
    lose 0.002 dB per echo; shorter ones lose treble: 3 dB at 16 kHz for 0.05 ms at 48 kHz. Each channel is delayed by
    itself, unless `ping_pong` makes stereo.

    Parameters
    ----------
    time_ms : float, default 375
        Time between two echoes, 0.02 to 10 000 ms; at most `max_time_ms`, and one frame at least. None if a note sets
        it.
    tempo_bpm : float, default None
        Tempo of the note, 20 to 999 bpm; with `note`, in place of `time_ms`.
    note : Note, default None
        Note that sets the time: "4/1", "2/1", "1/1", "1/2", "1/4", "1/8", "1/16", "1/32" or "1/64", dotted as "1/8d",
        or of a triplet as "1/8t".
    feedback : float, default 0.35
        Gain from each echo to the next, -1.1 to 1.1. At 1 echoes never end, and a sustained input adds up without
        bound. Beyond 1 a soft clip in the loop keeps echoes at full scale: it acts from -6 dBFS on, and adds
        harmonics and aliases at every pass; a `high_cut_hz` keeps them dark, a `low_cut_hz` keeps DC out.
    ping_pong : bool, default False
        Whether echoes come from left and right in turn: (L + R) / 2 feeds the left side first. Takes one or two
        channels and makes stereo. Fixed while a stream runs.
    low_cut_hz : float, default 20
        Low cut of the feedback, 12 dB per octave, 20 to 1000 Hz; 20 is off. The first echo is not cut.
    high_cut_hz : float, default 20 000
        High cut of the feedback, 12 dB per octave, 1000 to 20 000 Hz; 20 000 is off.
    time_change : str, default "fade"
        "fade" crossfades to another time in 50 ms; "repitch" moves there as a tape does, by two octaves of pitch at
        the most. Fixed while a stream runs.
    duck_db : float, default 0
        Largest reduction of the echoes while the input is loud, 0 to 40 dB: none up to -40 dBFS rms, all from
        -20 dBFS on, attack 10 ms, release 250 ms.
    mix : float, default 1
        0 to 1: (1 - mix) dry + mix wet.
    max_time_ms : float, default 2000
        Longest time that can be set, 1 to 10 000 ms: memory is taken for it. Fixed while a stream runs.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> click = np.zeros(48_000)
    >>> click[0] = 1
    >>> echoes = md.Delay(time_ms=250, feedback=0.5)(click, 48_000)
    >>> [(int(frame), float(echoes[frame])) for frame in np.flatnonzero(echoes)]
    [(12000, 1.0), (24000, 0.5), (36000, 0.25)]

    A dotted eighth at 120 beats per minute lasts 375 ms.

    >>> md.Delay(tempo_bpm=120, note="1/8d", ping_pong=True)(click, 48_000)[:, 18_000].tolist()
    [1.0, 0.0]
    """

    _timed: ClassVar[str] = "time_ms"

    def _no_response(self, place: str, sample_rate_hz: float) -> str:
        if not self.ping_pong:
            reason = "follows the level" if abs(self.feedback) < 1 else "has echoes that never end"
            return f"{place.removesuffix('.') or 'it'} {reason}"
        return super()._no_response(place, sample_rate_hz)

    time_ms: float | None = None
    tempo_bpm: float | None = None
    note: Note | None = None
    feedback: float = 0.35
    ping_pong: bool = False
    low_cut_hz: float = 20.0
    high_cut_hz: float = 20_000.0
    time_change: TimeChange = "fade"
    duck_db: float = 0.0
    mix: float = 1.0
    max_time_ms: float = 2000.0
