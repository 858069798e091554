"""The look that all figures share: colours, ticks, grid, legend; and where new axes come from.

Only the object interface of matplotlib is used, and it is loaded when something is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixdown import _checks
from mixdown.display.html import is_apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

BEFORE = "#98A2AD"
AFTER = "#1B6B86"
TARGET = "#C4553B"
INK = "#28323B"
FAINT = "#6A7580"
GRID = "#E6E9EC"
AMBER = "#C98A2B"
#: Colours of what is drawn into one axis, one after another.
LINES = (AFTER, TARGET, AMBER, "#6B5B95", "#4E8B57", BEFORE, INK)

#: Left, bottom, width and height in parts of a figure.
Place: TypeAlias = tuple[float, float, float, float]

#: Size of a new figure, in inches.
SIZE = (8.0, 3.4)
#: Frequencies that are marked, in Hz.
MARKS_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
#: Steps between the marks of an axis of time, in s, and the most marks.
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400)
_MOST_MARKS = 9
#: From this length on, in s, times are minutes and seconds.
_LONG_S = 60.0
#: Width of a letter of a legend and of a title, and of the sample of a line, in inches.
_LETTER, _TITLE_LETTER, _SAMPLE = 0.078, 0.105, 0.5


def new_axes(width: float = SIZE[0], height: float = SIZE[1], place: Place | None = None) -> Axes:
    """Return axes of a new figure that a notebook shows, all of it or the place within it that is given.

    Where a program has imported pyplot the figure is one of pyplot, so that ``plt.show()`` and the inline backend show
    it as any other; else nobody but its axes holds it, and they show it as the value of a cell.
    """
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or is_apart():
        # A class derived from matplotlib's own is made when it is needed.
        from mixdown.display.shown_axes import ShownAxes

        figure = new_figure(width, height)
        return figure.add_subplot(axes_class=ShownAxes) if place is None else placed(figure, place, ShownAxes)
    figure = new_figure(width, height, pyplot.figure)
    return figure.add_subplot() if place is None else placed(figure, place)


def placed(figure: Figure, place: Place, kind: type[Axes] | None = None) -> Axes:
    """Return axes at a place of a figure, which has no layout of its own then."""
    figure.set_layout_engine("none")
    return figure.add_axes(place) if kind is None else figure.add_axes(place, axes_class=kind)


def new_figure(width: float, height: float, make: Callable[..., Figure] | None = None) -> Figure:
    """Return a figure, by default one that needs no display and that no one else holds."""
    from matplotlib.figure import Figure

    return (make or Figure)(figsize=(width, height), dpi=100, facecolor="white", layout="constrained")


def begin(axes: Axes) -> None:
    """Give axes without data the colours of all figures; others keep theirs, so that a second drawing goes on."""
    _checks.drawable(axes)
    if not (axes.lines or axes.collections or axes.images or axes.patches):
        axes.set_prop_cycle(color=LINES)


def next_colour(axes: Axes, label: str | None) -> str:
    """Return the colour of what is drawn next, and put it into the legend under its label."""
    from matplotlib.colors import to_hex

    (sample,) = axes.plot([], [], linewidth=2.0, label=label)
    return to_hex(sample.get_color())


def label_or_number(axes: Axes, label: str | None) -> str:
    """Return a label, or the number of the drawing in these axes."""
    return str(len(axes.get_legend_handles_labels()[0]) + 1) if label is None else label


def style(axes: Axes, *, title: str, grid: str = "both", unit: str = "", small: bool = True) -> None:
    """Style axes: no frame, light grid, title at the top left, unit at the side; large letters for whole pages."""
    axes.set_axisbelow(True)
    axes.grid(visible=False)
    for axis in ("x", "y"):
        if grid in (axis, "both"):
            (axes.xaxis if axis == "x" else axes.yaxis).grid(color=GRID, linewidth=0.9)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=9 if small else 11, labelcolor=FAINT, pad=4 if small else 5)
    axes.tick_params(which="minor", length=0)
    axes.set_title(
        title,
        loc="left",
        fontsize=11 if small else 13,
        fontweight="bold",
        color=INK,
        pad=6 if small else 8,
        parse_math=False,
    )
    if unit:
        axes.set_ylabel(unit, color=FAINT, fontsize=9 if small else 10.5)


def over_frequency(axes: Axes, *, small: bool = True) -> None:
    """Make the horizontal axis one of frequencies, 20 Hz to 20 kHz."""
    axes.set_xscale("log")
    axes.set_xlim(MARKS_HZ[0], MARKS_HZ[-1])
    axes.set_xticks(MARKS_HZ, [frequency_text(hz) for hz in MARKS_HZ])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("frequency in Hz", color=FAINT, fontsize=9 if small else 10.5)


def frequency_text(hz: float) -> str:
    """Return a frequency as marks have it: 50, 2k."""
    return f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}"


def over_time(axes: Axes, duration_s: float) -> None:
    """Make the horizontal axis one of time from 0 to the longest drawing: seconds, of a minute and more m:ss."""
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    axes.dataLim.update_from_data_x(np.array([0.0, duration_s]), ignore=False)
    end_s = max(float(axes.dataLim.x1), 1e-3)
    axes.set_xlim(0.0, end_s)
    long = end_s >= _LONG_S
    step_s = next((step for step in _STEPS_S if end_s / step <= _MOST_MARKS), _STEPS_S[-1])
    axes.xaxis.set_major_locator(
        MultipleLocator(step_s) if long else MaxNLocator(nbins=_MOST_MARKS, steps=[1, 2, 2.5, 5, 10])
    )
    axes.xaxis.set_major_formatter(formatted(clock if long else lambda value: f"{value:.4g}"))
    axes.set_xlabel("time in m:ss" if long else "time in s", color=FAINT, fontsize=9)


def clock(time_s: float) -> str:
    """Return a time as minutes and seconds, from an hour on with hours; with the fraction of a second it has."""
    if not float(time_s).is_integer():
        return f"{time_s:g} s"
    minutes, seconds = divmod(int(time_s), 60)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}"


def plain_labels(axes: Axes) -> None:
    """Take the labels of marks as they are: names are no formulas."""
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_parse_math(False)


def formatted(text: Callable[[float], str]) -> FuncFormatter:
    """Label the ticks of an axis by a function of their value."""
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: text(value))


def whole_steps(axis: Axis, ticks: int) -> None:
    """Label an axis in at most so many steps of whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=ticks, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(formatted(lambda value: number_text(value, digits=0)))


def decibel_steps(axis: Axis, ticks: int) -> None:
    """Label an axis of dB in steps of the field: 1, 3, 6, 12, 20 dB and so on."""
    from matplotlib.ticker import FixedLocator

    axes = axis.axes
    low, high = sorted(axes.get_ylim() if axis is axes.yaxis else axes.get_xlim())
    step = next((step for step in (0.5, 1, 2, 3, 6, 10, 12, 20, 24) if (high - low) / step <= ticks), 40)
    marks = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    axis.set_major_locator(FixedLocator(marks.tolist()))
    axis.set_major_formatter(formatted(lambda value: number_text(value, digits=0 if step >= 1 else 1)))


def legend(axes: Axes, *, least: int = 2) -> None:
    """Name the drawings above the axes at the right, or within them where that is too narrow."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) < least:
        return
    figure = axes.figure.get_figure(root=True)
    # Where the layout is yet to be made, the axes will take most of the width.
    share = axes.get_position().width if figure.get_layout_engine() is None or len(figure.axes) > 1 else 0.9
    width = share * figure.get_size_inches()[0]
    needed = sum(len(label) * _LETTER + _SAMPLE for label in labels) + len(axes.get_title(loc="left")) * _TITLE_LETTER
    above = needed < width
    made = axes.legend(
        loc="lower right" if above else "best",
        bbox_to_anchor=(1.0, 1.0) if above else None,
        ncols=len(handles) if above else 1,
        frameon=not above,
        framealpha=0.85,
        edgecolor=GRID,
        fontsize=9,
        labelcolor=FAINT,
        handlelength=1.6,
        borderaxespad=0.2 if above else 0.6,
    )
    for text in made.get_texts():
        # Names are no formulas.
        text.set_parse_math(False)


def legend_above(axes: Axes) -> None:
    """Name the lines of a page above the axes, at the right."""
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(handles),
        frameon=False,
        fontsize=10.5,
        labelcolor=FAINT,
        handlelength=1.8,
        borderaxespad=0.2,
    )


def finite(values: ArrayLike) -> NDArray[np.float64]:
    """The values with NaN, which matplotlib leaves out, in place of -inf."""
    numbers = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def number_text(value: float, *, digits: int = 1) -> str:
    """A figure with a true minus sign, zero without one; infinity as a sign."""
    text = f"{value:z.{digits}f}" if np.isfinite(value) else ("∞" if value > 0 else "-∞")
    return text.replace("-", "\N{MINUS SIGN}")
