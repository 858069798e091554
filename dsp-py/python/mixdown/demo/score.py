"""The demo song as data, and the players who read it.

Everything is written on a grid of sixteenths, one string of 16 characters per bar; ``" / "`` separates the
alternatives a player chooses from, so that every seed gives another performance. ``.`` rests, ``-`` holds the
previous symbol; the other symbols are explained at each part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

TEMPO_BPM = 108.0
BEATS_PER_BAR = 4
STEPS_PER_BEAT = 4
COUNT_IN_S = 0.3
"""Silence before the first bar."""
RING_OUT_S = 2.4
"""Time after the last bar for the instruments to decay."""
SWING_BEATS = 0.025
"""How late every second sixteenth comes."""

FORM = {
    "intro": "Am7 Fmaj7",
    "verse": "Am7 Fmaj7 C G  Am7 Fmaj7 C G",
    "chorus": "F G Em7 Am7  F G Dm7 G",
    "ending": "C",
}


class Voicing(NamedTuple):
    """One chord as each instrument plays it, as note names from low to high."""

    bass: str
    keys: str
    guitar: str
    pad: str


VOICINGS = {
    "Am7": Voicing(bass="A1", keys="G3 C4 E4 A4", guitar="A2 E3 G3 C4 E4", pad="A2 E3 C4 G4"),
    "Fmaj7": Voicing(bass="F1", keys="A3 C4 E4 G4", guitar="F2 C3 A3 C4 E4", pad="F2 C3 A3 E4"),
    "F": Voicing(bass="F1", keys="A3 C4 F4 A4", guitar="F2 C3 F3 A3 C4", pad="F2 C4 F4 A4"),
    "C": Voicing(bass="C2", keys="G3 C4 D4 E4", guitar="C3 E3 G3 C4 E4", pad="C3 G3 C4 E4"),
    "G": Voicing(bass="G1", keys="G3 B3 D4 G4", guitar="G2 D3 G3 B3 G4", pad="G2 D3 B3 D4"),
    "Em7": Voicing(bass="E1", keys="G3 B3 D4 E4", guitar="E2 B2 G3 D4 E4", pad="E2 B2 G3 D4"),
    "Dm7": Voicing(bass="D2", keys="A3 C4 D4 F4", guitar="D3 A3 C4 F4", pad="D3 A3 C4 F4"),
}

Part = Mapping[str, Sequence[str]]
"""The bars of each section of `FORM`; a section longer than its list repeats it, one not named rests."""

# x hit, X accent, g ghost.
KICK: Part = {
    "intro": ["................", "x............... / x.............x."],
    "verse": ["x.....x.x....... / x.....x.x.....x.", "x.....x.x..x.... / x..x..x.x......."] * 3
    + ["x.....x.x.......", "x.....x.x......."],
    "chorus": ["x..x..x.x..x.... / x..x..x.x.....x.", "x..x..x.x.x....x"] * 3
    + ["x..x..x.x..x....", "x.....x.x......."],
    "ending": ["X..............."],
}
SNARE: Part = {
    "intro": ["................", "............x.gx / ..........g.x.xX"],
    "verse": ["....X..g.g..X... / ....X..g....X..g", "....X....g..X..g / ....X..g.g..X.g."] * 3
    + ["....X..g.g..X...", "....X..gx.xxX... / ....X...xgxgX..."],
    "chorus": ["....X..g....X..g", "....X....g..X.g. / ....X..g.g..X..g"] * 3
    + ["....X..g....X..g", "....X...x.xxxxXX / ....X.g.xxx.x.XX"],
    "ending": ["X..............."],
}
# o is an open hat, the next hit closes it.
HATS: Part = {
    "intro": ["..x.x.x.x.x.x.x.", "x.x.x.x.x.x.x.o."],
    "verse": ["X.xgX.x.X.xgX.x. / X.x.X.xgX.x.X.xg", "X.xgX.x.X.xgX.o."],
    "chorus": ["X.o.X.o.X.o.X.o. / X.oxX.o.X.o.X.ox", "X.o.X.o.X.o.Xxox"],
}
# 1 high, 2 middle, 3 floor tom.
TOMS: Part = {
    "verse": ["................"] * 7 + ["............1.23 / ...........11223 / .............123"],
    "chorus": ["................"] * 7 + ["..........1122.3 / ........1.1.2.33"],
    "ending": ["3..............."],
}
# x crash.
CYMBALS: Part = {
    "verse": ["x..............."] + ["................"] * 7,
    "chorus": ["X..............."] + ["................"] * 3 + ["x..............."] + ["................"] * 3,
    "ending": ["X..............."],
}
# R root, 8 octave above, 5 fifth above, n a step that leads into the next root.
BASS: Part = {
    "intro": ["................", "R-------....5-n- / R-------..5-8-n-"],
    "verse": ["R----.R-R--.8.5- / R----.R-R---5-8.", "R----.R-R--R5-n- / R--R..R-R---8-n-"],
    "chorus": ["R--R.-R-R--R5-8- / R--R--8.R--R8-5-", "R--R--R-R.8-5-n- / R--R--5-R-R-8-n-"],
    "ending": ["R---------------"],
}
# K full chord, k light chord.
KEYS: Part = {
    "intro": ["K---------------", "K-------..k-----"],
    "verse": ["K-----k---..k--- / K-----..k-------", "K-----k-..k----- / K-----k---k--k--"],
    "chorus": ["K--K--k-K--k---- / K--K----K--k--k-", "K--K--k-K-k---k-"],
    "ending": ["K---------------"],
}
# The figure is the string of the voicing, counted from the lowest.
GUITAR_LEFT: Part = {
    "intro": ["0-1-2-3-4-3-2-3- / 0-2-3-4-3-2-3-1-"],
    "verse": ["0-2-3-1-4-3-2-1- / 0-1-2-4-3-2-1-2-", "0-2-1-3-2-4-3-2- / 0-2-3-4-3-1-2-3-"],
    "chorus": ["0-232-4-0-232-4- / 0-2-3-420-2-3-42"],
    "ending": ["0-1-2-3-4-------"],
}
# D strong down stroke, d light down stroke, u up stroke, m damped with the palm.
GUITAR_RIGHT: Part = {
    "verse": ["....m-..u-..m-.. / ....m-....u-m-..", "....m-..u-..m-u- / ..m-m-..u-..m-.."],
    "chorus": ["D---d-u-..u-d-u- / D---d-umm.u-d-u-", "D---d-u-..u-dudu / D--md-u-..u-d-u-"],
    "ending": ["D---------------"],
}
# P chord, held.
PAD: Part = {
    "intro": ["P---------------"],
    "verse": ["................"] * 4 + ["P---------------"] * 4,
    "chorus": ["P---------------"],
    "ending": ["P---------------"],
}

# note:syllable:beats, "-" rests. A syllable is a consonant (l, m, n, s, or none: slurred) and a vowel.
LEAD: Part = {
    "verse": [
        "-:1 E4:se:0.5 E4:la:0.5 D4:mi:0.5 C4:no:1 A3:la:0.5",
        "C4:so:1.5 A3:na:1 -:1.5 / C4:so:1 D4:o:0.5 A3:na:1 -:1.5",
        "-:1 E4:le:0.5 E4:na:0.5 D4:mi:0.5 E4:lo:0.5 G4:sa:1",
        "D4:lu:2 -:2 / E4:lu:0.5 D4:u:1.5 -:2",
        "-:1 E4:se:0.5 E4:la:0.5 D4:mi:0.5 C4:no:1 E4:la:0.5",
        "A4:so:1.5 G4:o:0.5 E4:na:1 -:1 / A4:so:1 G4:na:1 E4:e:1 -:1",
        "-:0.5 E4:mi:0.5 E4:le:0.5 D4:na:0.5 C4:lo:1 D4:se:1",
        "B3:no:1 D4:la:1 -:1 E4:li:0.5 G4:sa:0.5",
    ],
    "chorus": [
        "A4:la:1.5 A4:no:0.5 G4:me:0.5 A4:la:0.5 C5:sa:1",
        "B4:lo:1.5 G4:o:1 -:0.5 E4:mi:0.5 G4:sa:0.5",
        "G4:la:1.5 G4:no:0.5 E4:me:0.5 G4:la:0.5 B4:sa:1",
        "A4:no:2 -:1 E4:li:0.5 G4:sa:0.5 / A4:no:1 G4:o:0.5 A4:o:0.5 -:1 E4:li:0.5 G4:sa:0.5",
        "A4:la:1.5 A4:no:0.5 G4:me:0.5 A4:la:0.5 C5:sa:1",
        "D5:la:1.5 B4:a:1 -:0.5 G4:mi:0.5 A4:se:0.5 / D5:la:1 C5:a:0.5 B4:a:1 -:0.5 G4:mi:0.5 A4:se:0.5",
        "A4:la:1 F4:na:0.5 G4:mi:0.5 A4:so:1 F4:no:1",
        "G4:le:1.5 E4:e:0.5 D4:na:1.5 -:0.5 / G4:le:1 F4:e:0.5 E4:e:0.5 D4:na:1.5 -:0.5",
    ],
    "ending": ["C4:lo:3.5 -:0.5"],
}
HARMONY_LEFT: Part = {
    "chorus": [
        f"{note}:{'lu' if bar % 2 == 0 else 'a'}:3.5 -:0.5"
        for bar, note in enumerate(["F4", "G4", "E4", "E4", "F4", "G4", "F4", "D4"])
    ],
    "ending": ["E4:lu:3 -:1"],
}
HARMONY_RIGHT: Part = {
    "chorus": [
        f"{note}:{'lu' if bar % 2 == 0 else 'a'}:3.5 -:0.5"
        for bar, note in enumerate(["C4", "D4", "B3", "C4", "C4", "D4", "A3", "B3"])
    ],
    "ending": ["G3:lu:3 -:1"],
}


class Note(NamedTuple):
    """One note, hit or syllable as it is played."""

    start_s: float
    length_s: float
    pitch: int
    """MIDI note number, 69 is A4 at 440 Hz; 0 for unpitched instruments."""
    velocity: float
    """How hard, 0..1."""
    articulation: str
    """The symbol of the grid, or the syllable that is sung."""


class Step(NamedTuple):
    """One symbol of a part, at its place in the song."""

    bar: int
    beat: float
    """From the start of the song."""
    length_beats: float
    symbol: str


def midi_number(name: str) -> int:
    """MIDI note number of a note name such as ``"F#3"``; ``"A4"`` is 69."""
    semitone = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[name[0]]
    return semitone + name.count("#") - name.count("b") + 12 * (int(name[-1]) + 1)


def chords() -> list[str]:
    """The chord of each bar of the song, in order."""
    return [chord for bars in FORM.values() for chord in bars.split()]


def seconds(beat: float) -> float:
    """Time of a beat of the song, in seconds from the start of the stems."""
    return COUNT_IN_S + beat * 60.0 / TEMPO_BPM


def duration_s() -> float:
    """Length of every stem in seconds, count-in and decay included."""
    return seconds(BEATS_PER_BAR * len(chords())) + RING_OUT_S


def drum_part(part: Part, rng: np.random.Generator, *, looseness_s: float = 0.003) -> list[Note]:
    """Read a drum part.

    Parameters
    ----------
    part
        One of the grids above.
    rng
        The player: chooses alternatives, moves and scales each hit.
    looseness_s
        Standard deviation of the timing.
    """
    return [_played(step, rng, velocity=_VELOCITY[step.symbol], looseness_s=looseness_s) for step in _steps(part, rng)]


def bass_part(rng: np.random.Generator) -> list[Note]:
    """Read `BASS` over the chords, a shade behind the beat."""
    roots = [midi_number(VOICINGS[chord].bass) for chord in chords()]
    notes = []
    for step in _steps(BASS, rng):
        root, following = roots[step.bar], roots[min(step.bar + 1, len(roots) - 1)]
        pitch = {"R": root, "5": root + 7, "8": root + 12, "n": _leading(root, following)}[step.symbol]
        velocity = 0.9 if step.symbol == "R" else 0.75
        notes.append(_played(step, rng, velocity=velocity, pitch=pitch, looseness_s=0.005, late_s=0.006))
    return notes


def keys_part(rng: np.random.Generator) -> list[Note]:
    """Read `KEYS`; the notes of a chord fall a few milliseconds apart, the top one a little louder."""
    notes = []
    for step in _steps(KEYS, rng):
        pitches = [midi_number(name) for name in VOICINGS[chords()[step.bar]].keys.split()]
        for pitch in pitches:
            velocity = (0.8 if step.symbol == "K" else 0.5) + (0.1 if pitch == pitches[-1] else 0.0)
            notes.append(_played(step, rng, velocity=velocity, pitch=pitch, looseness_s=0.006))
    return notes


def arpeggio_part(rng: np.random.Generator) -> list[Note]:
    """Read `GUITAR_LEFT`: single strings of the chord, each ringing on for two beats."""
    notes = []
    for step in _steps(GUITAR_LEFT, rng):
        strings = VOICINGS[chords()[step.bar]].guitar.split()
        pitch = midi_number(strings[min(int(step.symbol), len(strings) - 1)])
        velocity = 0.85 if step.beat % 2 == 0 else 0.65
        held = step._replace(length_beats=max(2.0, step.length_beats))
        notes.append(_played(held, rng, velocity=velocity, pitch=pitch, looseness_s=0.005))
    return notes


def strum_part(rng: np.random.Generator) -> list[Note]:
    """Read `GUITAR_RIGHT`: the pick crosses the strings downwards, or upwards over the top three."""
    notes = []
    for step in _steps(GUITAR_RIGHT, rng):
        strings = [midi_number(name) for name in VOICINGS[chords()[step.bar]].guitar.split()]
        crossed = strings[:-4:-1] if step.symbol == "u" else strings
        gap_s = 0.016 if step.symbol == "D" else 0.009
        velocity = {"D": 0.95, "d": 0.7, "u": 0.6, "m": 0.65}[step.symbol]
        stroke = _played(step, rng, velocity=velocity, looseness_s=0.005)
        for order, pitch in enumerate(crossed):
            strength = stroke.velocity * rng.uniform(0.8, 1.0)
            notes.append(stroke._replace(start_s=stroke.start_s + order * gap_s, pitch=pitch, velocity=strength))
    return notes


def pad_part(rng: np.random.Generator) -> list[Note]:
    """Read `PAD`: every note of the chord, held to the end of its bar."""
    return [
        _played(step, rng, velocity=0.7, pitch=midi_number(name), looseness_s=0.01)
        for step in _steps(PAD, rng)
        for name in VOICINGS[chords()[step.bar]].pad.split()
    ]


def sung_part(part: Part, rng: np.random.Generator, *, looseness_s: float = 0.012) -> list[Note]:
    """Read a melody; longer and higher notes are sung louder."""
    notes = []
    for bar, line in _bars(part, rng):
        beat = float(BEATS_PER_BAR * bar)
        for token in line.split():
            name, *syllable, length = token.split(":")
            length_beats = float(length)
            if syllable:
                pitch = midi_number(name)
                velocity = 0.62 + 0.012 * (pitch - 60) + 0.06 * min(length_beats, 2.0)
                step = Step(bar, beat, length_beats, syllable[0])
                notes.append(_played(step, rng, velocity=velocity, pitch=pitch, looseness_s=looseness_s))
            beat += length_beats
    return notes


_SCALE = {0, 2, 4, 5, 7, 9, 11}
"""C major, in semitones above C."""
_VELOCITY = {"X": 0.95, "x": 0.72, "g": 0.26, "o": 0.8, "1": 0.8, "2": 0.85, "3": 0.95}


def _bars(part: Part, rng: np.random.Generator) -> Iterator[tuple[int, str]]:
    """The line of each bar that has one, after the player's choice of alternatives."""
    first = 0
    for section, progression in FORM.items():
        lines, bars = part.get(section), len(progression.split())
        if lines:
            for bar in range(bars):
                choices = lines[bar % len(lines)].split(" / ")
                yield first + bar, choices[rng.integers(len(choices))]
        first += bars


def _steps(part: Part, rng: np.random.Generator) -> Iterator[Step]:
    """Every symbol of a grid part that starts something; what lasts to the end of the song rings out."""
    last_step = STEPS_PER_BEAT * BEATS_PER_BAR * len(chords())
    for bar, line in _bars(part, rng):
        for place, symbol in enumerate(line):
            if symbol not in ".-":
                rest = line[place + 1 :]
                steps = 1 + len(rest) - len(rest.lstrip("-"))
                beat = BEATS_PER_BAR * bar + place / STEPS_PER_BEAT
                if round(beat * STEPS_PER_BEAT) + steps == last_step:
                    steps += round(0.3 * RING_OUT_S * TEMPO_BPM / 60.0 * STEPS_PER_BEAT)
                yield Step(bar, beat, steps / STEPS_PER_BEAT, symbol)


def _played(
    step: Step,
    rng: np.random.Generator,
    *,
    velocity: float,
    looseness_s: float,
    pitch: int = 0,
    late_s: float = 0.0,
) -> Note:
    """A step as a hand plays it: swung, a little early or late, a little louder or softer."""
    offbeat = round(step.beat * STEPS_PER_BEAT) % 2 == 1
    start_s = seconds(step.beat + (SWING_BEATS if offbeat else 0.0)) + late_s
    start_s += float(np.clip(rng.normal(0.0, looseness_s), -2.5 * looseness_s, 2.5 * looseness_s))
    strength = float(np.clip(velocity * np.exp(rng.normal(0.0, 0.07)), 0.05, 1.0))
    return Note(start_s, step.length_beats * 60.0 / TEMPO_BPM, pitch, strength, step.symbol)


def _leading(root: int, following: int) -> int:
    """The note of the scale of C next to `following`, on the side of `root`."""
    direction = 1 if root > following else -1
    step = 1 if (following + direction) % 12 in _SCALE else 2
    return following + direction * step
