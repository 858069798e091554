"""Match: the equalization that leads from one programme to another."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import Source
from mixdown._core import ShapeError
from mixdown.analysis.reports import Report, aligned, limits_of
from mixdown.analysis.stems import one_or_two_channels
from mixdown.analysis.suggestions import Confidence, Suggestion, effect_of, suggestion_of
from mixdown.analysis.tonal_target import Levels, decibels, numbers
from mixdown.display import figures
from mixdown.display.html import Told
from mixdown.display.style import new_axes
from mixdown.effects import Convolution, Effect, Equalizer, Gain, MidSide

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Bands of the table: every second sixth of an octave.
_EVERY = 2


@dataclass(frozen=True, eq=False, repr=False)
class MatchCurve(Told):
    """The curves of a match, in sixths of an octave.

    Attributes
    ----------
    difference_db : tuple of float
        Reference minus programme, aligned by its median from 200 Hz to 4 kHz; None where not trusted.
    trusted : bool array
        Whether both have enough there.
    curve_db, fitted_db, residual_db : float64 arrays
        The wanted curve: the difference smoothed, limited, and times `amount`; the response of the effect; and the
        residual, wanted minus fitted.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = 0.1 * np.random.default_rng(1).standard_normal(240_000)
    >>> reference = md.HighShelf(frequency_hz=2_000, gain_db=4)(mix, 48_000)
    >>> curve = md.match(mix, 48_000, reference, amount=1).whole
    >>> print(f"from end to end {np.ptp(curve.curve_db):.1f} dB wanted, {np.ptp(curve.fitted_db):.1f} dB fitted")
    from end to end 4.0 dB wanted, 3.8 dB fitted
    """

    difference_db: Levels
    trusted: NDArray[np.bool_]
    curve_db: NDArray[np.float64]
    fitted_db: NDArray[np.float64]
    residual_db: NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Match(Report):
    """The result of :func:`match`.

    Attributes
    ----------
    effect : Equalizer, Convolution or MidSide
        For the programme.
    amount : float
        Share of the difference that is taken over.
    frequencies_hz : float64 array
        Midbands of sixths of an octave.
    whole : MatchCurve
        Of the programme, or of its mid.
    side : MatchCurve or None
        With `mid_side`.
    loudness_difference_lu : float
        Reference minus programme. It is not matched: :meth:`suggest` offers a gain.
    side_difference_db : float or None
        Level of the side beside the mid, reference minus programme. It is not matched.
    rms_difference_db, rms_halves_db : float
        Root mean square of the smoothed difference, and of that of the halves of one programme, the larger of both.
    worst_residual_db : float
        Largest magnitude of the residual where trusted.
    active_s : tuple of float
        Time in which the programme and the reference sound.
    confidence : "low" or "high"
        High if they differ by twice as much as the halves of either, and both sound for 10 s.
    notes : tuple of str
        Remarks, a sentence each.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = 0.1 * np.random.default_rng(1).standard_normal(240_000)
    >>> found = md.match(mix, 48_000, md.HighShelf(frequency_hz=2_000, gain_db=4)(mix, 48_000), amount=0.5)
    >>> for curve in (found.difference_db, found.curve_db, found.fitted_db):
    ...     print(f"{np.ptp(np.array(curve)[found.trusted].astype(float)):.1f} dB")
    4.0 dB
    2.0 dB
    1.9 dB
    >>> print(f"residual at most {np.abs(found.residual_db[found.trusted]).max():.2f} dB")
    residual at most 0.10 dB
    """

    effect: Effect
    amount: float
    frequencies_hz: NDArray[np.float64]
    whole: MatchCurve
    side: MatchCurve | None
    loudness_difference_lu: float
    side_difference_db: float | None
    rms_difference_db: float
    rms_halves_db: float
    worst_residual_db: float
    active_s: tuple[float, float]
    confidence: Confidence
    notes: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]

    @property
    def difference_db(self) -> Levels:
        """Reference minus programme in dB; None where not trusted."""
        return self.whole.difference_db

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Whether both programmes have enough energy in each band."""
        return self.whole.trusted

    @property
    def curve_db(self) -> NDArray[np.float64]:
        """The wanted curve in dB."""
        return self.whole.curve_db

    @property
    def fitted_db(self) -> NDArray[np.float64]:
        """Response of the effect in dB."""
        return self.whole.fitted_db

    @property
    def residual_db(self) -> NDArray[np.float64]:
        """Wanted minus fitted, in dB."""
        return self.whole.residual_db

    def __repr__(self) -> str:
        sizes = f"differs by {self.rms_difference_db:.1f} dB rms, halves by {self.rms_halves_db:.1f} dB"
        share = f"{100 * self.amount:.0f} % as {type(self.effect).__name__}"
        return f"<Match: {sizes}, {share}, residual {self.worst_residual_db:.2f} dB, confidence {self.confidence}>"

    def suggest(self) -> tuple[Suggestion, ...]:
        """Return the equalizer, if it reduces the difference, and a gain, if the loudness differs.

        Returns
        -------
        tuple of Suggestion

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = 0.1 * np.random.default_rng(1).standard_normal(240_000)
        >>> reference = 2 * md.HighShelf(frequency_hz=2_000, gain_db=4)(mix, 48_000)
        >>> equalizer, gain = md.match(mix, 48_000, reference, amount=1).suggest()
        >>> before, after, _ = equalizer.predicted["rms_difference_db"]
        >>> print(f"{before:.1f} dB rms apart, {after:.1f} dB after the equalizer; gain {gain.effect.gain_db:.1f} dB")
        2.0 dB rms apart, 0.1 dB after the equalizer; gain 9.8 dB
        """
        return self.suggestions

    def bands_table(self) -> str:
        """Return the bands of the equalizer as text; empty for a convolution.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = 0.1 * np.random.default_rng(1).standard_normal(240_000)
        >>> reference = md.HighShelf(frequency_hz=2_000, gain_db=4)(mix, 48_000)
        >>> print(md.match(mix, 48_000, reference, amount=1, bands=2).bands_table())
        Band         Frequency     Gain     q
        HighShelf      2059 Hz  +3.8 dB  0.73
        """
        sides = [("", self.effect)]
        if isinstance(self.effect, MidSide):
            sides = [("mid", self.effect.mid[0]), ("side", self.effect.side[0])]
        rows = [("Band", "", "Frequency", "Gain", "q")]
        for place, effect in sides:
            for band in effect.bands if isinstance(effect, Equalizer) else ():
                settings: Any = band
                gain = decibels(settings.gain_db, sign=True)
                rows.append((type(band).__name__, place, f"{settings.frequency_hz:.0f} Hz", gain, f"{settings.q:.2f}"))
        return aligned(rows, left=2) if len(rows) > 1 else ""

    def table(self) -> str:
        r"""Return the curve, the bands and the remarks as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = 0.1 * np.random.default_rng(1).standard_normal(240_000)
        >>> found = md.match(mix, 48_000, md.HighShelf(frequency_hz=2_000, gain_db=4)(mix, 48_000), amount=1)
        >>> lines = found.table().splitlines()
        >>> print(lines[0], lines[20], sep="\n")
        Frequency  reference dB  curve dB  effect dB
        2000 Hz            +1.8      +1.8       +1.8
        """
        parts = [("", self.whole)] if self.side is None else [("mid", self.whole), ("side", self.side)]
        rows = [
            (
                "Frequency",
                *(f"{name} {head}".strip() for name, _ in parts for head in ("reference dB", "curve dB", "effect dB")),
            )
        ]
        for band in range(0, self.frequencies_hz.size, _EVERY):
            if not any(curve.trusted[band] for _, curve in parts):
                continue
            cells = [
                decibels(values[band], "", sign=True)
                for _, curve in parts
                for values in (curve.difference_db, curve.curve_db, curve.fitted_db)
            ]
            rows.append((f"{self.frequencies_hz[band]:.0f} Hz", *cells))
        loudness = f"Loudness: reference {decibels(self.loudness_difference_lu, 'LU', sign=True)}; it is not matched."
        sizes = (
            f"Difference {self.rms_difference_db:.1f} dB rms, halves of a programme {self.rms_halves_db:.1f} dB; "
            f"worst residual {self.worst_residual_db:.2f} dB. Confidence: {self.confidence}."
        )
        bands = self.bands_table()
        return "\n".join([aligned(rows), *([bands] if bands else []), loudness, sizes, *self.notes])

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the difference, the curve wanted, and the response of the effect.

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
        >>> mix = 0.1 * np.random.default_rng(1).standard_normal(240_000)
        >>> axes = md.match(mix, 48_000, md.HighShelf(frequency_hz=2_000, gain_db=4)(mix, 48_000), amount=1).plot()
        >>> {line.get_label(): round(float(np.nanmax(line.get_ydata())), 1) for line in axes.lines[1:3]}
        {'wanted': 3.8, 'effect': 3.8}
        """
        axes = new_axes() if axes is None else axes
        hz = self.frequencies_hz
        parts = [(self.whole, "-", "{}")]
        # Names that begin with an underscore are in no legend.
        parts += [] if self.side is None else [(self.side, "--", "_{}")]
        highest = 3.0
        for curve, style, name in parts:
            difference = numbers(curve.difference_db)
            known = np.where(curve.trusted, curve.curve_db, np.nan)
            fitted = np.where(curve.trusted, curve.fitted_db, np.nan)
            axes.semilogx(
                hz, curve.difference_db, style, color=figures.BEFORE, linewidth=1.5, label=name.format("difference")
            )
            axes.semilogx(hz, known, style, color=figures.TARGET, linewidth=2.0, label=name.format("wanted"))
            axes.semilogx(hz, fitted, style, color=figures.AFTER, linewidth=2.0, label=name.format("effect"))
            for values in (difference, known, fitted):
                highest = max(highest, float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0)))
        axes.axhline(0.0, color=figures.FAINT, linewidth=0.8)
        title = "Match" if self.side is None else "Match of mid and side (dashed)"
        figures.style_levels(axes, title=title, unit="dB", range_db=(-1.1 * highest, 1.1 * highest))
        return axes


def match_of(made: Mapping[str, Any], amount: float, rate_hz: float) -> Match:
    """Return a match of the engine."""
    effect = _at_rate(effect_of(made["effect"]), rate_hz)
    suggestions = [suggestion_of(suggestion) for suggestion in made["suggestions"]]
    return Match(
        effect=effect,
        amount=amount,
        frequencies_hz=numbers(made["frequencies_hz"]),
        whole=_curve(made["whole"]),
        side=None if made["side"] is None else _curve(made["side"]),
        loudness_difference_lu=made["loudness_difference_lu"],
        side_difference_db=made["side_difference_db"],
        rms_difference_db=made["rms_difference_db"],
        rms_halves_db=made["rms_halves_db"],
        worst_residual_db=made["worst_residual_db"],
        active_s=tuple(made["active_s"]),
        confidence=made["confidence"],
        notes=tuple(made["notes"]),
        suggestions=tuple(
            made if isinstance(made.effect, Gain) else dataclasses.replace(made, effect=effect) for made in suggestions
        ),
    )


def _at_rate(effect: Effect, rate_hz: float) -> Effect:
    """Tell impulse responses their rate: the effect does the same at another one."""
    if isinstance(effect, Convolution):
        return effect.replace(impulse_response_rate_hz=rate_hz)
    if isinstance(effect, MidSide):
        mid, side = ([_at_rate(inner, rate_hz) for inner in part] for part in (effect.mid, effect.side))
        return MidSide(mid=mid, side=side)
    return effect


def _curve(made: Mapping[str, Any]) -> MatchCurve:
    return MatchCurve(
        difference_db=tuple(made["difference_db"]),
        trusted=np.array(made["trusted"], dtype=np.bool_),
        curve_db=numbers(made["curve_db"]),
        fitted_db=numbers(made["fitted_db"]),
        residual_db=numbers(made["residual_db"]),
    )


@_checks.named
def match(
    audio: Source,
    sample_rate_hz: float | Source | None = None,
    reference: Source | None = None,
    reference_rate_hz: float | None = None,
    *,
    amount: float = 0.5,
    smoothing_octaves: float = 0.67,
    bands: int | None = 8,
    max_db: float = 6.0,
    mid_side: bool = False,
    limits: Mapping[str, float] | None = None,
) -> Match:
    """Find the equalization from the spectrum of a programme to that of a reference.

    The difference of both long-term spectra, in sixths of an octave from 25 Hz to 16 kHz, aligned by its median from
    200 Hz to 4 kHz: loudness is reported and not matched. Bands where one of both lies 70 dB under its loudest are not
    trusted, and left as they are.

    Parameters
    ----------
    audio : array, or what :func:`read` returned
        Mono or stereo; it must sound for 3 s.
    sample_rate_hz : float, optional
        Of `audio`. With what :func:`read` returned, ``match(mix, reference)`` does.
    reference : array, or what :func:`read` returned
        Of any rate; it must sound for 3 s.
    reference_rate_hz : float, optional
        Of `reference`; by default that of `audio`.
    amount : float, default 0.5
        Share of the difference that is taken over, 0 to 1.
    smoothing_octaves : float, default 0.67
        Smoothing of the difference, full width at half maximum, 0 to 3.
    bands : int or None, default 8
        Most bands of the equalizer, 1 to 32; None for a convolution with a minimum-phase response of 8192 taps.
    max_db : float, default 6
        Largest difference that is taken over, before `amount`.
    mid_side : bool, default False
        Matches mid and side by themselves, the side above 150 Hz, and by at most 6 dB more or less than the mid.
    limits : mapping, optional
        Thresholds in place of the usual ones.

    Returns
    -------
    Match

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = np.random.default_rng(1).standard_normal(960_000) / 10
    >>> reference = md.Bell(frequency_hz=2_000, gain_db=4, q=1)(mix, 48_000)
    >>> found = md.match(mix, 48_000, reference, amount=1, smoothing_octaves=0)
    >>> peak_hz = found.frequencies_hz[found.curve_db.argmax()]
    >>> (round(peak_hz), round(float(np.ptp(found.curve_db)), 1))
    (2000, 4.0)
    """
    if reference is None and sample_rate_hz is not None and _checks.unpack(audio)[1] is not None:
        # match(mix, reference), both with their rates.
        reference, sample_rate_hz = sample_rate_hz, None  # type: ignore[assignment]
    if reference is None:
        raise _checks.CallError("match needs reference")
    samples, rate_hz = _checks.recording(audio, sample_rate_hz)  # type: ignore[arg-type]
    other, other_hz = _checks.unpack(reference, "reference")
    if other_hz is None:
        other_hz = rate_hz if reference_rate_hz is None else reference_rate_hz
        other_hz = _checks.sample_rate(other_hz, "reference_rate_hz")
    else:
        other, other_hz = _checks.recording(reference, reference_rate_hz, "reference", "reference_rate_hz")
    settings = {
        "amount": _checks.number("amount", amount),
        "smoothing_octaves": _checks.number("smoothing_octaves", smoothing_octaves),
        "bands": 0 if bands is None else _checks.whole_number("bands", bands, 1, 32),
        "max_db": _checks.number("max_db", max_db),
        "mid_side": _checks.flag("mid_side", mid_side),
    }
    given = limits_of("match", limits)
    own = one_or_two_channels(samples)
    beside = one_or_two_channels(other, "reference")
    for label, audio_of in (("audio", own), ("reference", beside)):
        if mid_side and audio_of.shape[0] != 2:
            raise ShapeError(f"{label} is mono: mid_side needs two channels")
    made = _core.match_to(_core.Spectra(own, rate_hz), _core.Spectra(beside, other_hz), settings, given)
    return match_of(made, settings["amount"], rate_hz)
