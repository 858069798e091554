"""Songs as the search for an order sees them: loudness of their ends, energy, key, tempo."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.display.html import Shown

_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_MINOR = ("m", "min", "minor")
_KEY = re.compile(r"([A-G])([#♯b♭]?) ?(m|min|minor|maj|major)?")
#: Numbers of the circle of fifths, A for minor and B for major; 8 is C major and A minor.
_NUMBERED = re.compile(r"(1[0-2]|[1-9])[AB]")


@dataclass(frozen=True)
class SongSummary(Shown):
    """A song of an album that is to be put in order.

    Parameters
    ----------
    title : str
        No other song's.
    start_lufs, end_lufs : float
        Short-term loudness of its first and last 10 s of sound.
    energy : float
        0 for the calmest song of the album to 1 for the most energetic.
    key : str, optional
        As "F#m", "Bb", "A minor", or its number on the circle of fifths, "8A".
    tempo_bpm : float, optional
        20 to 400.

    Examples
    --------
    >>> from mixdown import SongSummary
    >>> SongSummary("Opener", -16.0, -13.5, 0.4, key="Am", tempo_bpm=98).energy
    0.4
    """

    title: str
    start_lufs: float
    end_lufs: float
    energy: float
    key: str | None = None
    tempo_bpm: float | None = None


def checked_songs(songs: object) -> list[SongSummary]:
    """Return songs whose titles differ and whose figures are in range."""
    listed: list[SongSummary] = _checks.items("songs", songs, "SongSummary")
    if not listed:
        raise ParameterError("songs is empty: an order takes one song or more")
    first: dict[str, int] = {}
    for at, song in enumerate(listed):
        place = f"songs[{at}]"
        if not isinstance(song, SongSummary):
            raise TypeError(f"{place} = {_checks.shown(song)} is not a SongSummary")
        if not isinstance(song.title, str):
            raise TypeError(f"{place}.title = {_checks.shown(song.title)} is not a text")
        if first.setdefault(song.title, at) != at:
            raise ParameterError(f"{place}.title = {song.title!r} is not allowed: songs[{first[song.title]}] has it")
        _checks.in_range(f"{place}.start_lufs", song.start_lufs, -100, 20)
        _checks.in_range(f"{place}.end_lufs", song.end_lufs, -100, 20)
        _checks.in_range(f"{place}.energy", song.energy, 0, 1)
        if song.tempo_bpm is not None:
            _checks.in_range(f"{place}.tempo_bpm", song.tempo_bpm, 20, 400)
        if song.key is not None:
            fifths(song.key, f"{place}.key")
    return listed


def fifths(key: str, name: str = "key") -> int:
    """Return the place of a key on the circle of fifths, 0 for C major and A minor, 0 to 11.

    Examples
    --------
    >>> from mixdown.delivery.order.songs import fifths
    >>> fifths("C"), fifths("Am"), fifths("D"), fifths("F minor"), fifths("8A")
    (0, 0, 2, 8, 0)
    """
    if not isinstance(key, str):
        raise TypeError(f"{name} = {_checks.shown(key)} is not a text")
    if _NUMBERED.fullmatch(key):
        return (int(key[:-1]) - 8) % 12
    parts = _KEY.fullmatch(key)
    if parts is None:
        raise ParameterError(
            f'{name} = {_checks.shown(key)} is not allowed: write it as "F#m", "Bb", "A minor" or "8A"'
        )
    letter, accidental, mode = parts.groups()
    semitones = _NATURALS[letter] + _ACCIDENTALS[accidental]
    # A minor key counts as its relative major, three semitones above.
    return (semitones + (3 if mode in _MINOR else 0)) * 7 % 12


def fifths_apart(one: str, other: str) -> int:
    """Return the steps between two keys on the circle of fifths, 0 to 6."""
    steps = (fifths(one) - fifths(other)) % 12
    return min(steps, 12 - steps)


def tempo_step_octaves(one_bpm: float, other_bpm: float) -> float:
    """Return the ratio of two tempos in octaves, half and double time being the same: 0 to 0.5."""
    octaves = abs(math.log2(one_bpm / other_bpm)) % 1
    return min(octaves, 1 - octaves)
