"""Seams and places of an order, each with its cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Seam:
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
    >>> from mixdown.delivery.order import Song
    >>> seam = md.suggest_order([Song("One", -10, -20, 0.5), Song("Two", -11, -11, 0.5)], first="One").seams[0]
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


@dataclass(frozen=True)
class Place:
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
