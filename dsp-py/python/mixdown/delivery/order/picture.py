"""The picture of an order: the energy of its songs beside the arc, and what its seams cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixdown.delivery.order.seams import Place, Seam
from mixdown.display import style
from mixdown.display.style import AFTER, AMBER, FAINT, TARGET
from mixdown.files.names import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Longest title below a song, in characters.
_TITLE = 18
#: Terms of a seam, each with its colour.
_TERMS = (("loudness", TARGET), ("key", AMBER), ("tempo", FAINT))


def draw_order(axes: Axes, places: Sequence[Place], seams: Sequence[Seam], arc: str, title: str) -> None:
    """Draw an order: energy and arc above, the costs of seams as bars between the songs."""
    numbers = range(1, len(places) + 1)
    wanted = [(at, place.wanted_energy) for at, place in zip(numbers, places, strict=True)]
    course = [(at, energy) for at, energy in wanted if energy is not None]
    if course:
        axes.plot(*zip(*course, strict=True), color=FAINT, linewidth=1.2, linestyle="--", label=f"arc {arc}")
    energies = [place.energy for place in places]
    axes.plot(numbers, energies, color=AFTER, linewidth=1.2, marker="o", markersize=6, label="energy")
    bottoms = [0.0 for _ in seams]
    for name, colour in _TERMS:
        costs = [getattr(seam, name) or 0.0 for seam in seams]
        if any(costs):
            middles = [at + 0.5 for at in numbers[:-1]]
            axes.bar(middles, costs, 0.3, bottoms, color=colour, alpha=0.8, label=f"cost of {name}")
        bottoms = [bottom + cost for bottom, cost in zip(bottoms, costs, strict=True)]
    titles = [printable(place.title) for place in places]
    shown = [title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…" for title in titles]
    axes.set_xticks(list(numbers), shown, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_xlim(0.5, len(places) + 0.5)
    axes.set_ylim(0, max([1.05, *(1.1 * seam.cost for seam in seams)]))
    style.style(axes, title=title, grid="y", unit="energy, cost")
    style.plain_labels(axes)
    style.legend(axes)
