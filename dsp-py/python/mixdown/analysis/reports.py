"""What all reports have in common: plain values, a table, a page for notebooks; and their limits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mixdown import _checks, _core
from mixdown._core import ParameterError
from mixdown._tables import aligned as aligned
from mixdown.display.html import Shown, Told
from mixdown.effects import Effect, without_infinities

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Report(Shown):
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
            New ones by default, which a notebook shows: ``report.plot().figure.savefig("report.png")``. Where pyplot is
            imported they are of pyplot, so that ``plt.show()`` shows them.

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


@dataclasses.dataclass(frozen=True, repr=False)
class Limit(Told):
    """A threshold of a report.

    Attributes
    ----------
    name, unit : str
    low, high : float
        Its range.
    default : float
    meaning : str
        Meaning and source: [P] published, [N] measured on real multitracks, [C] chosen.

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
def limits(report: str = "") -> dict[str, Limit]:
    """Return the thresholds of a report, each with its range, default and source.

    Parameters
    ----------
    report : str
        Name of its function, as "translation". An unknown name, and none, is refused with all names.

    Returns
    -------
    dict of name to Limit

    Examples
    --------
    >>> import mixdown as md
    >>> md.limits("translation")["lost"].default
    0.25
    """
    name = _checks.text("report", report)
    if name in TABLES:
        return dict(TABLES[name])
    made = {}
    try:
        fields = _core.limits(name)
    except ParameterError as error:
        known = sorted({*str(error).rpartition(" one of ")[2].split(", "), *TABLES})
        told = f"report = {_checks.shown(name)} has no limits" if name else "limits needs report"
        raise ParameterError(f"{told}: it must be one of {', '.join(known)}{_checks.closest(name, known)}") from None
    for field in fields:
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
