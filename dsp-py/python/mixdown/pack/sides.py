"""The sides of a record: cut from an album, and checked at the level that they can be cut at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from mixdown._checks import Audio
from mixdown._threads import Progress, each
from mixdown.album.master_of_song import MasteredSong
from mixdown.delivery.sides import brightness_db, vinyl_sides
from mixdown.delivery.vinyl import VinylCheck, vinyl_check
from mixdown.effects import Effect
from mixdown.pack.masters import Masters

#: Names of the sides of records.
SIDE_NAMES = "ABCDEFGHIJKL"


@dataclass(frozen=True, eq=False)
class Side:
    """A side of a record.

    Attributes
    ----------
    name : str
        "A", "B", and so on.
    titles : tuple of str
    starts_s : tuple of float
        Where each song begins.
    audio : array, shape (2, frames)
        Songs and the silence between them, before the limiter.
    check : VinylCheck
    """

    name: str
    titles: tuple[str, ...]
    starts_s: tuple[float, ...]
    audio: Audio = field(repr=False)
    check: VinylCheck


def sides_of(mastered: Masters, count: int = 2) -> list[list[int]]:
    """Return the songs of each side: as the album says, else cut so that the sides are of similar length."""
    titles = [track.title for track in mastered.tracks]
    if mastered.label.sides:
        return [[titles.index(title) for title in side] for side in mastered.label.sides]
    tracks = mastered.tracks
    joined = [position for position, song in enumerate(mastered.songs) if song.is_joined]
    cut = vinyl_sides(
        [track.duration_s for track in tracks],
        [bright for bright in each(tracks, _brightness) if not isinstance(bright, Exception)],
        min(count, len(tracks) - len(joined)),
        gaps_s=mastered.pauses_s,
        runs_on=joined,
    )
    return [list(side) for side in cut.sides]


def checked_sides(mastered: Masters, record: str, effects: Effect | None, progress: Progress) -> list[Side]:
    """Return the sides of a record, with one gain for all of them."""
    songs, rate_hz = mastered.unlimited(effects), mastered.sample_rate_hz
    sides = []
    jobs = list(zip(SIDE_NAMES, sides_of(mastered), strict=False))
    # One after another: the check of a side takes all cores.
    for number, (name, side) in enumerate(jobs):
        pieces: list[Audio] = []
        starts_s: list[float] = []
        for position in side:
            pause_s = mastered.pauses_s[position] if position != side[0] else 0.0
            pieces.append(np.zeros((2, round(pause_s * rate_hz)), dtype=songs[position].dtype))
            starts_s.append(sum(piece.shape[1] for piece in pieces) / rate_hz)
            pieces.append(songs[position])
        titles = tuple(mastered.tracks[position].title for position in side)
        programmes = [(title, (songs[position], rate_hz)) for title, position in zip(titles, side, strict=True)]
        gaps = [mastered.pauses_s[position] for position in side[1:]]
        check = _at_cutting_level(programmes, record, float(np.mean(gaps)) if gaps else 0.0)
        sides.append(Side(name, titles, tuple(starts_s), cast(Audio, np.concatenate(pieces, axis=1)), check))
        progress((number + 1) / len(jobs))
    return sides


def _at_cutting_level(programmes: Sequence[tuple[str, tuple[Audio, float]]], record: str, gap_s: float) -> VinylCheck:
    """Return the check of a side at the highest level that fits and that groove, cutter and stylus bear."""
    check = vinyl_check(programmes, fmt=record, gap_s=gap_s)
    excess_db = 0.0
    for finding in check.findings:
        if finding.severity == "fault" and finding.value is not None and finding.limit is not None:
            if finding.check in ("slope", "curvature"):
                excess_db = max(excess_db, finding.value - finding.limit)
            elif finding.check == "lift":
                excess_db = max(excess_db, 20 * math.log10(finding.value / finding.limit))
    if not excess_db:
        return check
    # All of them follow the level: it is the cutter's to choose, and no fault of the side.
    level_db = math.floor(10 * (check.level_db - excess_db)) / 10
    return vinyl_check(programmes, fmt=record, gap_s=gap_s, level_db=level_db)


def _brightness(track: MasteredSong, note: Progress) -> float:
    note(0.0)
    return brightness_db(track.audio, track.sample_rate_hz)
