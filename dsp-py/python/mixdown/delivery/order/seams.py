"""Seams and places of an order, each with its cost."""

from __future__ import annotations

from dataclasses import dataclass

from mixdown.display.html import Told


@dataclass(frozen=True, repr=False)
class Seam(Told):
    """The transition between two songs, and its cost.

    Attributes
    ----------
    before, after : str
        Titles.
    step_lu : float
        From the end of one song to the start of the next.
    loudness : float
        Cost of a step beyond 3 LU: 1 for every 6 LU.
    key, tempo : float or None
        Costs up to 0.5; None where a song has no key or no tempo.

    Examples
    --------
    >>> import mixdown as md
    >>> songs = [md.SongSummary("One", -10, -20, 0.5), md.SongSummary("Two", -11, -11, 0.5)]
    >>> seam = md.suggest_order(songs, first="One").seams[0]
    >>> print(f"{seam.step_lu:+.1f} LU costs {seam.cost:.2f}")
    +9.0 LU costs 1.00
    """

    before: str
    after: str
    step_lu: float
    loudness: float
    key: float | None
    tempo: float | None

    @property
    def cost(self) -> float:
        """Sum of the costs of loudness, key and tempo."""
        return self.loudness + (self.key or 0.0) + (self.tempo or 0.0)


@dataclass(frozen=True, repr=False)
class Place(Told):
    """A song at its place.

    Attributes
    ----------
    title : str
    energy : float
        0 to 1.
    wanted_energy : float or None
        What the arc wants there; None with a flat arc.
    cost : float
        The difference.
    """

    title: str
    energy: float
    wanted_energy: float | None
    cost: float
