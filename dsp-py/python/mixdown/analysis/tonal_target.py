"""Targets of tonal balance: number ones, own references, or a curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixdown import _checks, _core
from mixdown._checks import Source
from mixdown._core import ParameterError
from mixdown._threads import each
from mixdown.analysis.reports import Report, aligned, limits_of
from mixdown.analysis.stems import one_or_two_channels
from mixdown.display import figures
from mixdown.display.style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Levels: TypeAlias = tuple[float | None, ...]
"""Values of bands; None where there is nothing to measure."""


@dataclass(frozen=True, repr=False)
class TonalTarget(Report):
    """Levels and spread in thirds of an octave, made by :func:`tonal_target`.

    Attributes
    ----------
    name : str
        Its name in sentences.
    references : int
        Programmes that it was made of; 0 for a curve.
    frequencies_hz, level_db, spread_db : tuple of float
        Midbands, levels about their median from 100 Hz to 8 kHz, and spread: the standard deviation of the references.
        None where there is none.
    slope_db_per_octave, slope_spread_db_per_octave : float or None
        Of the levels from 100 Hz to 10 kHz.
    region_spread_db : tuple of float
        Spread of the mean levels of the regions of a report; None where there is none.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 240_000))
    >>> md.tonal_target([(one, 48_000) for one in noise])
    <TonalTarget the references: 2 references, +3.0 dB per octave>
    """

    name: str
    references: int
    frequencies_hz: tuple[float, ...]
    level_db: Levels
    spread_db: Levels
    slope_db_per_octave: float | None
    slope_spread_db_per_octave: float | None
    region_spread_db: Levels

    def __repr__(self) -> str:
        slope = "" if self.slope_db_per_octave is None else f", {self.slope_db_per_octave:+.1f} dB per octave"
        made = f"{self.references} references" if self.references else "a curve"
        return f"<TonalTarget {self.name}: {made}{slope}>"

    def table(self) -> str:
        r"""Return the bands as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> hz = 1000 * 2.0 ** np.arange(-5, 4)
        >>> table = md.tonal_target(frequencies_hz=hz, levels_db=-2 * np.arange(-5, 4)).table().splitlines()
        >>> print(table[0], table[8], table[18], sep="\n")
        Band        Level  Spread
        99 Hz      6.7 dB       -
        1000 Hz    0.0 dB       -
        """
        rows = [("Band", "Level", "Spread")]
        for hz, level, spread in zip(self.frequencies_hz, self.level_db, self.spread_db, strict=True):
            rows.append((f"{hz:.0f} Hz", decibels(level), decibels(spread)))
        return aligned(rows)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the levels and their spread.

        Parameters
        ----------
        axes : matplotlib axes, optional
            New ones by default.

        Returns
        -------
        axes

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> hz = 1000 * 2.0 ** np.arange(-5, 4)
        >>> axes = md.tonal_target(frequencies_hz=hz, levels_db=-2 * np.arange(-5, 4)).plot()
        >>> print(f"{np.nanmax(axes.lines[0].get_ydata()):.1f} dB at most")
        10.0 dB at most
        """
        axes = new_axes() if axes is None else axes
        _checks.drawable(axes, "axes")
        draw_target(axes, self)
        figures.style_levels(axes, title=self.name, unit="dB per third of an octave")
        return axes


def draw_target(axes: Axes, target: TonalTarget) -> None:
    """Draw the levels of a target as a line, its spread as an area."""
    hz, level, spread = target.frequencies_hz, numbers(target.level_db), numbers(target.spread_db)
    if np.isfinite(spread).any():
        low, high = level - spread, level + spread
        axes.fill_between(hz, low, high, color=figures.BEFORE, alpha=0.25, linewidth=0.0, label="spread")
    axes.semilogx(hz, level, color=figures.BEFORE, linewidth=2.0, label=target.name)


def decibels(value: float | None, unit: str = "dB", *, sign: bool = False) -> str:
    """Return a level as text; "-" where there is none."""
    if value is None:
        return "-"
    text = _checks.figure(value)
    return f"{'+' if sign and float(text) > 0 else ''}{text} {unit}".rstrip()


def numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return values for a picture, with NaN for those that are not measurable."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def target_of(made: Mapping[str, Any]) -> TonalTarget:
    """Return a target of the engine."""
    fields: dict[str, Any] = {name: tuple(item) if isinstance(item, list) else item for name, item in made.items()}
    return TonalTarget(**fields)


@_checks.named
def tonal_target(
    references: Sequence[Source] | None = None,
    *,
    frequencies_hz: ArrayLike | None = None,
    levels_db: ArrayLike | None = None,
    spread_db: ArrayLike | None = None,
    name: str = "the curve",
    limits: Mapping[str, float] | None = None,
) -> TonalTarget:
    """Make a target of tonal balance: of references, or of a curve.

    Parameters
    ----------
    references : sequence of (audio, sample_rate_hz)
        What :func:`read` returned does. Each must sound for 3 s. Of three and more the spread means something.
    frequencies_hz, levels_db, spread_db : arrays, instead of references
        At least 8 rising frequencies, and levels per third of an octave. Levels per Hz are 3.01 dB per octave lower:
        add ``10 log10(frequency)`` to them. There is no target outside the range of the curve.
    name : str
        Name of a curve in sentences.
    limits : mapping, optional
        Thresholds in place of those of :func:`tonal_balance`.

    Returns
    -------
    TonalTarget

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> hz = 1000 * 2.0 ** np.arange(-5, 4)
    >>> target = md.tonal_target(frequencies_hz=hz, levels_db=-2 * np.arange(-5, 4), name="minus two")
    >>> round(target.slope_db_per_octave, 3)
    -2.0
    """
    settings = limits_of("tonal_balance", limits)
    if references is None:
        if frequencies_hz is None or levels_db is None:
            raise _checks.CallError("tonal_target needs references, or frequencies_hz and levels_db")
        hz, levels = (
            np.ravel(_checks.numbers(label, values))
            for label, values in (("frequencies_hz", frequencies_hz), ("levels_db", levels_db))
        )
        spread = None if spread_db is None else np.ravel(_checks.numbers("spread_db", spread_db)).tolist()
        falls = np.flatnonzero(~(np.diff(hz) > 0))
        if falls.size:
            first = int(falls[0])
            pair = f"{_checks.plain(hz[first + 1])} follows {_checks.plain(hz[first])}"
            raise ParameterError(f"frequencies_hz do not rise: {pair} at {first + 1}")
        if not isinstance(name, str):
            raise TypeError(f"name = {_checks.shown(name)} is not a text")
        return target_of(_core.tonal_curve(name, hz.tolist(), levels.tolist(), spread))
    if frequencies_hz is not None or levels_db is not None or spread_db is not None:
        raise ParameterError("references and a curve are given: tonal_target takes one of them")
    programmes = []
    for index, source in enumerate(_checks.items("references", references, "recordings")):
        label = f"references[{index}]"
        audio, rate_hz = _checks.recording(source, None, label, f"{label}.sample_rate_hz")
        programmes.append((one_or_two_channels(audio, label), rate_hz))
    measured = each(programmes, lambda programme, _: _core.Spectra(*programme))
    spectra = [cast(_core.Spectra, spectra) for spectra in measured]
    return target_of(_core.tonal_target(spectra, settings))
