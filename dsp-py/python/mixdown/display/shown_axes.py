"""Axes that show their figure in a notebook. Imported when the first are made, as it loads matplotlib."""

from __future__ import annotations

from matplotlib.axes import Axes

from mixdown.display.html import svg


class ShownAxes(Axes):
    """Axes of a figure that pyplot does not know: as the value of a cell they show it."""

    def _repr_svg_(self) -> str:
        return svg(self.figure)
