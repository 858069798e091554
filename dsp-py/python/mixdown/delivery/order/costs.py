"""What an order costs: at each seam by loudness, key and tempo, at each place by the arc of energy.

All figures are chosen [C]: they say how far apart two songs may be before a listener is expected to notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixdown.delivery.order.songs import SongSummary, fifths_apart, tempo_step_octaves

#: Steps of loudness that cost nothing, and those that cost 1 beyond them, in LU [C].
FREE_STEP_LU = 3.0
STEP_LU = 6.0
#: Highest cost of a seam by key and by tempo [C].
KEY_WEIGHT = 0.5
TEMPO_WEIGHT = 0.5
#: Neighbours on the circle of fifths cost nothing; 6 steps are the farthest.
FREE_FIFTHS = 1
FARTHEST_FIFTHS = 6
#: 4 % of tempo costs nothing [C]; half an octave is the farthest.
FREE_TEMPO_OCTAVES = 0.06
FARTHEST_TEMPO_OCTAVES = 0.5
#: Energy wanted over the album, from its first song at 0 to its last at 1 [C]; "flat" wants none.
ARCS: dict[str, tuple[tuple[float, float], ...]] = {
    "rise_fall": ((0, 0.4), (2 / 3, 1), (1, 0.2)),
    "front": ((0, 1), (1, 0.2)),
    "wave": ((0, 0.8), (0.25, 0.3), (0.5, 1), (0.75, 0.3), (1, 0.8)),
    "flat": (),
}
#: Costs are added as whole numbers of this, so that equal orders cost the same in whatever order they are added.
UNIT = 1e-9


@dataclass(frozen=True)
class Costs:
    """What every pair of songs costs in a row, and every song at every place, in units of 1e-9."""

    seams: NDArray[np.int64]
    places: NDArray[np.int64]

    def of(self, order: Sequence[int]) -> int:
        """Return what an order costs."""
        row = np.asarray(order)
        return int(self.seams[row[:-1], row[1:]].sum() + self.places[row, np.arange(len(row))].sum())


def costs_of(songs: Sequence[SongSummary], arc: str) -> Costs:
    """Return the costs of an album."""
    count = len(songs)
    seams = np.zeros((count, count), np.int64)
    for before, one in enumerate(songs):
        for after, other in enumerate(songs):
            if before != after:
                seams[before, after] = sum(units(term or 0.0) for term in seam_terms(one, other))
    places = [[units(place_cost(song, arc, at, count)) for at in range(count)] for song in songs]
    return Costs(seams, np.array(places, np.int64))


def units(cost: float) -> int:
    """Return a cost in whole units."""
    return round(cost / UNIT)


def seam_terms(before: SongSummary, after: SongSummary) -> tuple[float, float | None, float | None]:
    """Return the costs of loudness, key and tempo between two songs; None where one of them has no such figure."""
    loudness = max(0.0, abs(after.start_lufs - before.end_lufs) - FREE_STEP_LU) / STEP_LU
    key = tempo = None
    if before.key is not None and after.key is not None:
        steps = max(0, fifths_apart(before.key, after.key) - FREE_FIFTHS)
        key = KEY_WEIGHT * steps / (FARTHEST_FIFTHS - FREE_FIFTHS)
    if before.tempo_bpm is not None and after.tempo_bpm is not None:
        octaves = max(0.0, tempo_step_octaves(before.tempo_bpm, after.tempo_bpm) - FREE_TEMPO_OCTAVES)
        tempo = TEMPO_WEIGHT * octaves / (FARTHEST_TEMPO_OCTAVES - FREE_TEMPO_OCTAVES)
    return loudness, key, tempo


def wanted_energy(arc: str, at: int, count: int) -> float | None:
    """Return the energy that an arc wants at a place, or None if it wants none."""
    points = ARCS[arc]
    if not points or count == 1:
        return None
    positions, energies = zip(*points, strict=True)
    return float(np.interp(at / (count - 1), positions, energies))


def place_cost(song: SongSummary, arc: str, at: int, count: int) -> float:
    """Return the cost of a song at a place."""
    wanted = wanted_energy(arc, at, count)
    return 0.0 if wanted is None else abs(song.energy - wanted)
