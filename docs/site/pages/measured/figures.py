"""The style of the site's figures: vector graphics whose ink follows the theme of the page."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

#: Colours of curves, readable on white and on black.
COLOURS = ("#2f7fd0", "#e0781e", "#2f9d62", "#c9445f", "#8b66d0")
#: Colours that the page replaces by its own.
_INK, _GRID = "#010203", "#010204"
_OF_PAGE = {_INK: "var(--color-foreground-primary)", _GRID: "var(--color-background-border)"}

_STYLE = {
    "axes.edgecolor": _INK,
    "axes.grid": True,
    "axes.labelcolor": _INK,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": _INK,
    "figure.facecolor": "none",
    "font.size": 10.5,
    "grid.color": _GRID,
    "grid.linewidth": 0.8,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "legend.labelcolor": _INK,
    "axes.facecolor": "none",
    "lines.linewidth": 1.8,
    "path.simplify_threshold": 0.2,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}

#: The look of a formula over what was measured.
FORMULA = {"color": _INK, "linewidth": 1.0, "linestyle": (0, (1.5, 4))}
INK = _INK

_WIDTH_IN, _HEIGHT_IN = 6.4, 3.0


@dataclass(frozen=True)
class Measured:
    """A figure, and what was read from it.

    Attributes
    ----------
    name
        Of the file, unique among those of an effect.
    title
        One line.
    text
        What was processed, and the figures measured, as sentences.
    svg
        The figure.
    """

    name: str
    title: str
    text: str
    svg: str


class Drawing:
    """A figure of one or more axes beside each other, in the style of the site."""

    def __init__(self, columns: int = 1, *, height_in: float = _HEIGHT_IN) -> None:
        with mpl.rc_context(_STYLE):
            self.figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
            grid = self.figure.subplots(1, columns, squeeze=False)
        self.axes: list[Axes] = list(grid[0])

    def finished(self, name: str, title: str, text: str, *, legend: bool | str = True) -> Measured:
        """Return the figure with its words."""
        with mpl.rc_context({**_STYLE, "svg.hashsalt": f"{title} {name}"}):
            # One legend is enough where all axes show the same curves.
            for axes in self.axes if len(self.axes) == 1 else self.axes[:1]:
                if legend and axes.get_legend_handles_labels()[0]:
                    axes.legend(loc=legend if isinstance(legend, str) else "best")
            stream = io.StringIO()
            self.figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        return Measured(name, title, text, _for_pages(stream.getvalue(), f"{title}. {text}", name))


def over_frequency(axes: Axes, *, unit: str = "dB", low_hz: float = 20, high_hz: float = 20_000) -> None:
    """Let the horizontal axis be the audible frequencies."""
    axes.set_xscale("log")
    axes.set_xlim(low_hz, high_hz)
    axes.xaxis.set_major_locator(FixedLocator([20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value / 1000:g}k" if value >= 1000 else f"{value:g}")
    )
    axes.set_xlabel("frequency, Hz")
    axes.set_ylabel(unit)


def labelled(axes: Axes, horizontal: str, vertical: str) -> None:
    """Name both axes."""
    axes.set_xlabel(horizontal)
    axes.set_ylabel(vertical)


def _for_pages(svg: str, label: str, name: str) -> str:
    svg = svg[svg.index("<svg") :]
    for colour, of_page in _OF_PAGE.items():
        svg = svg.replace(colour, of_page)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px; font-family: inherit", svg)
    svg = re.sub(r"<title>.*?</title>", "", svg, flags=re.DOTALL)
    # Identifiers are unique on a page that shows many figures.
    prefix = f"{re.sub('[^a-z]', '', label.lower())[:24]}-{name}-"
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", svg)
    spoken = re.sub(r"[`*\"<>&$\\]", "", label)
    return re.sub(
        r'width="[\d.]+pt" height="[\d.]+pt"', f'class="measured" role="img" aria-label="{spoken}"', svg, count=1
    )
