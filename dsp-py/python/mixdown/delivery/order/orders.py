"""An order of songs, with what its seams and places cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixdown import _checks
from mixdown.analysis.reports import Report, aligned
from mixdown.delivery.order.seams import Place, Seam
from mixdown.display.style import new_axes
from mixdown.files.names import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class Order(Report):
    """An order of songs, with its costs.

    Attributes
    ----------
    titles : tuple of str
    cost : float
        Sum over seams and places.
    given_cost : float
        That of the order in which the songs were given.
    seams : tuple of Seam
    places : tuple of Place
    arc : str
    exact : bool
        Whether no order costs less; with more than 12 songs there may be one.
    pinned : bool
        A song was to stay at the start or the end: orders without it there may cost less.

    Examples
    --------
    >>> import mixdown as md
    >>> from mixdown import SongSummary
    >>> order = md.suggest_order([SongSummary("Quiet", -20, -20, 0.2), SongSummary("Loud", -10, -10, 1.0)], arc="front")
    >>> order
    <Order of 2 songs: cost 1.17, as given 2.77>
    >>> order.titles, order.exact, round(order.seams[0].cost, 2)
    (('Loud', 'Quiet'), True, 1.17)
    """

    titles: tuple[str, ...]
    cost: float
    given_cost: float
    seams: tuple[Seam, ...]
    places: tuple[Place, ...]
    arc: str
    exact: bool
    pinned: bool = False

    def __repr__(self) -> str:
        return f"<Order of {len(self.titles)} songs: cost {self.cost:.2f}, as given {self.given_cost:.2f}>"

    def table(self) -> str:
        """Return the songs with their costs and those of the transitions, as text.

        Returns
        -------
        str

        Examples
        --------
        >>> from mixdown import SongSummary, suggest_order
        >>> print(suggest_order([SongSummary("A", -14, -20, 0.4), SongSummary("B", -14, -20, 0.2)]).table())
           Song  Step LU  Loudness  Key  Tempo  Energy  Wanted   Arc  Cost
        1  A                                      0.40    0.40  0.00  0.00
        2  B        +6.0      0.50    -      -    0.20    0.20  0.00  0.50
        cost 0.50, as given 0.50, arc rise_fall, no order costs less
        """
        headings = ("", "Song", "Step LU", "Loudness", "Key", "Tempo", "Energy", "Wanted", "Arc", "Cost")
        rows = [headings]
        for at, place in enumerate(self.places):
            seam = self.seams[at - 1] if at else None
            terms = (
                ("", "", "", "")
                if seam is None
                else (
                    f"{round(seam.step_lu, 1) + 0.0:+.1f}",
                    _figure(seam.loudness),
                    _figure(seam.key),
                    _figure(seam.tempo),
                )
            )
            cost = place.cost + (seam.cost if seam else 0.0)
            arc = (_figure(place.energy), _figure(place.wanted_energy), _figure(place.cost), _figure(cost))
            rows.append((str(at + 1), printable(place.title), *terms, *arc))
        found = "no order costs less" if self.exact else "a cheaper order may exist"
        found += " with these ends" if self.pinned else ""
        total = f"cost {self.cost:.2f}, as given {self.given_cost:.2f}, arc {self.arc}, {found}"
        return f"{aligned(rows, left=2)}\n{total}"

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the energy of the songs beside the arc, and what the seams cost.

        Parameters
        ----------
        axes : matplotlib axes, optional
            New ones by default.

        Returns
        -------
        axes

        Examples
        --------
        >>> import mixdown as md
        >>> songs = [md.SongSummary("Quiet", -20, -20, 0.2), md.SongSummary("Loud", -10, -10, 1.0)]
        >>> order = md.suggest_order(songs, arc="front")
        >>> order.plot().get_title(loc="left")
        'Cost 1.17, as given 2.77'
        """
        from mixdown.delivery.order.picture import draw_order

        drawn = new_axes(max(5.0, 1.5 + 0.7 * len(self.places)), 4.0) if axes is None else axes
        _checks.drawable(drawn, "axes")
        title = f"Cost {self.cost:.2f}, as given {self.given_cost:.2f}"
        draw_order(drawn, self.places, self.seams, self.arc, title)
        return drawn


def _figure(value: float | None) -> str:
    return "-" if value is None else _checks.figure(value, 2)
