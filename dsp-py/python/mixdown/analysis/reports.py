"""What all reports have in common: plain values, a table, a page for notebooks; and their limits."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mixdown import _checks, _core
from mixdown.display import html
from mixdown.effects import Effect, without_infinities

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Report:
    """A report: a frozen value, which never changes the audio."""

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(480_000)
        >>> plain = md.tonal_balance(noise, 48_000).to_dict()
        >>> round(plain["slope_db_per_octave"], 1), len(plain["regions"])
        (3.0, 6)
        """
        return cast(dict[str, Any], without_infinities(plain(self)))

    def table(self) -> str:
        """Return the report as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(480_000)
        >>> for line in md.tonal_balance(noise, 48_000).table().splitlines()[:3]:
        ...     print(line)
        Region                      Beside hits  More than
        sub        0 to 60 Hz          -10.8 dB        4 %   less
        bass       60 to 150 Hz        -16.7 dB        0 %   less
        """
        raise NotImplementedError

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the report.

        Parameters
        ----------
        axes : matplotlib axes, optional
            New ones by default: of pyplot if that was imported before, so that ``plt.show()`` shows them, else of a
            figure that needs no display: ``report.plot().figure.savefig("report.png")``.

        Returns
        -------
        axes

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(480_000)
        >>> axes = md.tonal_balance(noise, 48_000).plot()
        >>> low_hz, high_hz = axes.get_xlim()
        >>> print(f"{low_hz:.0f} to {high_hz:.0f} Hz, {axes.figure.get_figwidth():.0f} in wide")
        20 to 20000 Hz, 8 in wide
        """
        raise NotImplementedError

    def _repr_html_(self) -> str:
        figure = self.plot().figure
        page = html.page(type(self).__name__, f"<pre>{html.escaped(self.table())}</pre>", html.svg(figure))
        if "matplotlib.pyplot" in sys.modules:
            # It was drawn for the page alone.
            sys.modules["matplotlib.pyplot"].close(figure)
        return page


def plain(value: Any) -> Any:
    """Return a value of a report as plain values: dicts, lists, numbers, words."""
    if isinstance(value, Effect):
        return value.to_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return cells as a table of text: the first `left` columns to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def new_axes(width: float = 8.0, height: float = 4.5) -> Axes:
    """Return axes of a new figure: of pyplot where that is in use, else of one that needs no display."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return new_figure(width, height, None if pyplot is None else pyplot.figure).add_subplot()


def new_figure(width: float, height: float, make: Callable[..., Figure] | None = None) -> Figure:
    """Return a figure, by default one that needs no display and that no one else holds."""
    from matplotlib.figure import Figure

    return (make or Figure)(figsize=(width, height), dpi=100, facecolor="white", layout="constrained")


@dataclasses.dataclass(frozen=True)
class Limit:
    """A threshold of a report.

    Attributes
    ----------
    name, unit : str
    low, high : float
        Its range.
    default : float
    meaning : str
        What it limits, and where it comes from: [P] published, [N] measured on real multitracks, [C] chosen.

    Examples
    --------
    >>> import mixdown as md
    >>> lost = md.limits("translation")["lost"]
    >>> lost.low, lost.default, lost.high
    (0.0, 0.25, 1.0)
    """

    name: str
    unit: str
    low: float
    high: float
    default: float
    meaning: str


#: Limits of reports that are made in Python, by their names.
TABLES: dict[str, Mapping[str, Limit]] = {}


@_checks.named
def limits(report: str) -> dict[str, Limit]:
    """Return the thresholds of a report, each with its range, default and source.

    Parameters
    ----------
    report : str
        Name of its function, as "translation".

    Returns
    -------
    dict of name to Limit

    Examples
    --------
    >>> import mixdown as md
    >>> md.limits("translation")["lost"].default
    0.25
    """
    if report in TABLES:
        return dict(TABLES[report])
    made = {}
    for field in _core.limits(report):
        kind = field["kind"]
        made[field["name"]] = Limit(
            field["name"], field["unit"], kind["min"], kind["max"], kind["default"], field["summary"]
        )
    return made


def limits_of(report: str, given: Mapping[str, float] | None) -> dict[str, Any]:
    """Return limits given in place of those of a report, whose names and ranges are checked."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError(f"limits = {_checks.shown(given)} is not a mapping of names to numbers")
    known = limits(report)
    checked = {}
    for name, value in given.items():
        if name not in known:
            raise _checks.unknown("limits", str(name), known)
        checked[name] = _checks.in_range(f"limits.{name}", value, known[name].low, known[name].high)
    return checked
