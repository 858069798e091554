"""Tonal balance: the spectrum of a programme beside that of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mixdown import _checks, _core
from mixdown._checks import Source
from mixdown._core import ParameterError
from mixdown.analysis.reports import Report, aligned, limits_of
from mixdown.analysis.stems import one_or_two_channels
from mixdown.analysis.suggestions import Confidence, Suggestion, suggestion_of
from mixdown.analysis.tonal_target import Levels, TonalTarget, decibels, draw_target, numbers, target_of
from mixdown.display import figures
from mixdown.display.html import Told
from mixdown.display.style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, repr=False)
class TonalRegion(Told):
    """A region of the spectrum, compared with a target.

    Attributes
    ----------
    name : str
    low_hz, high_hz : float
    deviation_db : float or None
        Mean deviation of its bands; None if none is measurable.
    percentile : float or None
        Share of programmes with less of it, in percent; None without a spread.
    word : "more", "less", "usual" or None
        Beside most; None if it is not measurable.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal(240_000)
    >>> region = md.tonal_balance(noise, 48_000).regions[-1]
    >>> print(f"{region.name}, from {region.low_hz:.0f} Hz: {region.deviation_db:+.1f} dB, {region.word}")
    highs, from 6000 Hz: +20.7 dB, more
    """

    name: str
    low_hz: float
    high_hz: float
    deviation_db: float | None
    percentile: float | None
    word: Literal["more", "less", "usual"] | None


@dataclass(frozen=True, eq=False, repr=False)
class TonalBalance(Report):
    """The result of :func:`tonal_balance`.

    Attributes
    ----------
    target : TonalTarget
        The target of the comparison.
    frequencies_hz, level_db, deviation_db, percentiles : tuple of float
        Thirds of an octave: midbands, levels aligned with the target, level minus target, and the share of programmes
        with a lower level, in percent. None where not measurable.
    slope_db_per_octave : float or None
        Of the levels from 100 Hz to 10 kHz.
    slope_percentile : float or None
        Share of programmes whose slope is steeper, in percent: low is darker.
    regions : tuple of TonalRegion
    rms_db : float or None
        Root mean square of the deviations from 40 Hz to 12.5 kHz.
    active_s : float
        Time in which the programme sounds.
    confidence : "low" or "medium"
        Low under 10 s, and with fewer than three references.
    notes : tuple of str
        Deviations from most programmes, one sentence each. They are notes, not faults.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal(240_000)
    >>> report = md.tonal_balance(md.Tilt(gain_db=12)(noise, 48_000), 48_000)
    >>> print(f"{report.slope_db_per_octave:+.1f} dB per octave, number ones {report.target.slope_db_per_octave:+.1f}")
    +0.9 dB per octave, number ones -2.2
    >>> print(f"spread of number ones at 1 kHz {report.spread_db[report.frequencies_hz.index(1_000.0)]:.1f} dB")
    spread of number ones at 1 kHz 2.4 dB
    """

    target: TonalTarget
    frequencies_hz: tuple[float, ...]
    level_db: Levels
    deviation_db: Levels
    percentiles: Levels
    slope_db_per_octave: float | None
    slope_percentile: float | None
    regions: tuple[TonalRegion, ...]
    rms_db: float | None
    active_s: float
    confidence: Confidence
    notes: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]

    @property
    def spread_db(self) -> Levels:
        """Spread of the programmes of the target in dB; None where unknown."""
        return self.target.spread_db

    def __repr__(self) -> str:
        slope = "slope not measurable"
        if self.slope_db_per_octave is not None:
            slope = f"{self.slope_db_per_octave:+.1f} dB per octave"
        words = ", ".join(f"{region.word} {region.name}" for region in self.regions if region.word in ("more", "less"))
        return f"<TonalBalance beside {self.target.name}: {slope}, {words or 'as most'}>"

    def suggest(self) -> tuple[Suggestion, ...]:
        """Return an equalizer towards the references, if the programme lies outside their spread.

        Bands further than 2.5 dB, and further than the spread of the references, from their median are corrected, by
        at most 3 dB, four bands, and a q of 1. Against a generic curve nothing is suggested: unaltered songs deviate
        from it as much as faulty ones.

        Returns
        -------
        tuple of Suggestion
            None, or one.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((3, 240_000))
        >>> references = md.tonal_target([(one, 48_000) for one in noise])
        >>> bright = md.HighShelf(frequency_hz=5_000, gain_db=6)(noise[0], 48_000)
        >>> for suggestion in md.tonal_balance(bright, 48_000, target=references).suggest():
        ...     print([round(band.gain_db, 1) for band in suggestion.effect.bands])
        [-2.9]
        """
        return self.suggestions

    def table(self) -> str:
        """Return regions and notes as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(240_000)
        >>> print(md.tonal_balance(noise, 48_000).table().splitlines()[1])
        sub        0 to 60 Hz          -11.0 dB        3 %   less
        """
        rows = [("Region", "", "Beside " + self.target.name, "More than", "")]
        for region in self.regions:
            end = "" if region is self.regions[-1] else f"{region.high_hz:.0f} Hz"
            deviation = "not measurable" if region.deviation_db is None else decibels(region.deviation_db, sign=True)
            share = "-" if region.percentile is None else f"{region.percentile:.0f} %"
            span = f"{region.low_hz:.0f} to {end}" if end else f"from {region.low_hz:.0f} Hz"
            rows.append((region.name, span, deviation, share, region.word or ""))
        slope, target = self.slope_db_per_octave, self.target.slope_db_per_octave
        steepness = "Slope: not measurable."
        if slope is not None:
            beside = "" if target is None else f", {self.target.name} {target:+.1f}"
            steepness = f"Slope: {slope:+.1f} dB per octave{beside}."
        texts = [aligned(rows, left=2), steepness, *self.notes, *(made.reason for made in self.suggestions)]
        return "\n".join([*texts, f"Confidence: {self.confidence}."])

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the spectrum beside the target and its spread.

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
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(240_000)
        >>> axes = md.tonal_balance(noise, 48_000).plot()
        >>> axes.lines[-1].get_label(), len(axes.lines[-1].get_xdata())
        ('programme', 30)
        """
        axes = new_axes() if axes is None else axes
        _checks.drawable(axes, "axes")
        draw_target(axes, self.target)
        axes.semilogx(
            self.frequencies_hz, numbers(self.level_db), color=figures.AFTER, linewidth=2.0, label="programme"
        )
        figures.style_levels(axes, title="Tonal balance", unit="dB per third of an octave")
        return axes


@_checks.named
def tonal_balance(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    target: Literal["hits"] | TonalTarget = "hits",
    percussion: float = 0.0,
    limits: Mapping[str, float] | None = None,
) -> TonalBalance:
    """Compare the long-term spectrum of a programme with that of others.

    Thirds of an octave, averaged over the frames above -70 LUFS and less than 20 LU below their mean, aligned by the
    median from 100 Hz to 8 kHz: loudness does not matter.

    Parameters
    ----------
    audio : array, shape (channels, frames) or (frames,), or what :func:`read` returned
        Mono or stereo. It must sound for 3 s; under 10 s confidence is low.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`read` returned.
    target : "hits" or TonalTarget, default "hits"
        Number ones of pop music, or a :func:`tonal_target`. Single songs lie several dB from such a generic curve
        without a fault; own references tell more.
    percussion : float, default 0
        Percussion that "hits" supposes: -1 (sparse) to 1 (heavy on drums), which lifts bass and treble.
    limits : mapping, optional
        Thresholds in place of the usual ones.

    Returns
    -------
    TonalBalance

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = np.random.default_rng(1).standard_normal(480_000) / 10
    >>> balance = md.tonal_balance(noise, 48_000)  # white: +3.01 dB per octave in thirds of an octave
    >>> round(balance.slope_db_per_octave, 1)
    3.0
    """
    audio, rate_hz = _checks.recording(audio, sample_rate_hz)
    settings = limits_of("tonal_balance", limits)
    percussion = _checks.number("percussion", percussion)
    if isinstance(target, str):
        _checks.one_of("target", target, ("hits",))
        wanted: Mapping[str, Any] = _core.tonal_hits(percussion)
    elif isinstance(target, TonalTarget):
        if percussion:
            raise ParameterError(f"percussion = {_checks.plain(percussion)} is not allowed: it changes hits alone")
        wanted = target.to_dict()
    else:
        raise TypeError(f"target = {_checks.shown(target)} is neither 'hits' nor a TonalTarget")
    spectra = _core.Spectra(one_or_two_channels(audio), rate_hz)
    made = _core.tonal_balance(spectra, dict(wanted), settings)
    return TonalBalance(
        target=target_of(made["target"]),
        frequencies_hz=tuple(made["frequencies_hz"]),
        level_db=tuple(made["level_db"]),
        deviation_db=tuple(made["deviation_db"]),
        percentiles=tuple(made["percentiles"]),
        slope_db_per_octave=made["slope_db_per_octave"],
        slope_percentile=made["slope_percentile"],
        regions=tuple(TonalRegion(**region) for region in made["regions"]),
        rms_db=made["rms_db"],
        active_s=made["active_s"],
        confidence=made["confidence"],
        notes=tuple(made["notes"]),
        suggestions=tuple(suggestion_of(suggestion) for suggestion in made["suggestions"]),
    )
