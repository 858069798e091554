"""The picture of an order: the energy of its songs beside the arc, and what its seams cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixdown.delivery.order.seams import Place, Seam
from mixdown.display.figures import AFTER, FAINT, GRID, INK, TARGET
from mixdown.files.names import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Longest title below a song, in characters.
_TITLE = 18
#: Terms of a seam, each with its colour.
_TERMS = (("loudness", TARGET), ("key", "#C98A2B"), ("tempo", FAINT))


def draw_order(axes: Axes, places: Sequence[Place], seams: Sequence[Seam], arc: str) -> None:
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
    for label in axes.get_xticklabels():
        label.set_parse_math(False)
    axes.set_xlim(0.5, len(places) + 0.5)
    axes.set_ylim(0, max([1.05, *(1.1 * seam.cost for seam in seams)]))
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_ylabel("energy, cost", color=INK, fontsize=9)
    axes.tick_params(length=0, labelcolor=INK, labelsize=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
