"""The second piece of the demo: 20 quiet seconds of guitar and strings on the chords of the song."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import instruments, score
from .synthesis import Session

#: Its chords, how long each is held, the length of a beat and of the end, in s.
CHORDS = ("Am7", "Fmaj7", "C", "G", "Am7", "C")
CHORD_S, BEAT_S, END_S = 2.6, 0.325, 4.4
#: Strings of the chord in the order in which they are plucked.
FIGURE = (0, 2, 3, 4, 1, 3, 2, 4)


def stems(*, seed: int = 1, sample_rate_hz: int = 48_000) -> dict[str, NDArray[np.float32]]:
    """Synthesise its stems.

    Parameters
    ----------
    seed
        The performance.
    sample_rate_hz
        44100..192000 Hz.

    Returns
    -------
    dict
        float32 arrays: "guitar", shape ``(1, frames)``, and "strings", shape ``(2, frames)``; they peak at -3 dBFS.
    """
    session = Session(float(sample_rate_hz), round((len(CHORDS) * CHORD_S + END_S) * sample_rate_hz))
    plucked, held = np.random.default_rng([seed, 100]), np.random.default_rng([seed, 101])
    played = {
        "guitar": instruments.guitar(session, _guitar(plucked), plucked, pick_hz=2500.0, position=0.14),
        "strings": instruments.pad(session, _strings(), held),
    }
    return {name: (10 ** (-3 / 20) / np.max(np.abs(part)) * part).astype(np.float32) for name, part in played.items()}


def _guitar(rng: np.random.Generator) -> list[score.Note]:
    notes = []
    for bar, chord in enumerate(CHORDS):
        strings = [score.midi_number(name) for name in score.VOICINGS[chord].guitar.split()]
        # The last chord is plucked once, and rings.
        for beat, string in enumerate(FIGURE if bar < len(CHORDS) - 1 else FIGURE[:5]):
            start_s = score.COUNT_IN_S + bar * CHORD_S + beat * BEAT_S + rng.normal(0.0, 0.004)
            strength = (0.8 if beat % 4 == 0 else 0.6) * rng.uniform(0.9, 1.0)
            notes.append(score.Note(start_s, 2.4, strings[min(string, len(strings) - 1)], strength, ""))
    return notes


def _strings() -> list[score.Note]:
    notes = []
    for bar, chord in enumerate(CHORDS):
        length_s = CHORD_S if bar < len(CHORDS) - 1 else CHORD_S + 1.2
        names = score.VOICINGS[chord].pad.split()
        start_s = score.COUNT_IN_S + bar * CHORD_S
        notes += [score.Note(start_s, length_s, score.midi_number(name), 0.6, "") for name in names]
    return notes
