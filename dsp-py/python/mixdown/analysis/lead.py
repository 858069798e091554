"""The lead: how far it stands above the others, over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio
from mixdown._threads import Progress, each
from mixdown.analysis.reports import Report, aligned, limits_of
from mixdown.analysis.stems import Stems, StemsLike
from mixdown.analysis.suggestions import Suggestion, suggestion_of
from mixdown.display import style
from mixdown.display.html import Told
from mixdown.display.style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Frames that are added at once: they stay in the cache.
_STEP_FRAMES = 65_536

LeadVerdict = Literal["buried", "low", "clear", "very forward", "not measurable"]


@dataclass(frozen=True, repr=False)
class LeadSpan(Told):
    """A time span in which the lead is buried.

    Attributes
    ----------
    start_s, end_s : float
    least_audibility : float
        The lowest of the running audibility in it.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> voice, band = np.random.default_rng(1).standard_normal((2, 240_000))
    >>> span = md.lead_report({"voice": 0.01 * voice, "band": 0.1 * band}, 48_000, lead="voice").spans[0]
    >>> print(f"{span.start_s:.1f} to {span.end_s:.1f} s, audibility down to {span.least_audibility:.2f}")
    0.0 to 5.8 s, audibility down to 0.00
    """

    start_s: float
    end_s: float
    least_audibility: float


@dataclass(frozen=True, repr=False)
class LeadMasker(Told):
    """A track that masks the lead.

    Attributes
    ----------
    name : str
    lost : float
        Share of the lead's loudness that this track alone masks.
    bands_hz : tuple of three float
        The ERB bands with the strongest masking, strongest first.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> voice, band = np.random.default_rng(1).standard_normal((2, 96_000))
    >>> masker = md.lead_report({"voice": 0.2 * voice, "band": 0.1 * band}, 48_000, lead="voice").maskers[0]
    >>> print(f"{masker.name} takes {masker.lost:.2f} of the loudness of the lead")
    band takes 0.39 of the loudness of the lead
    """

    name: str
    lost: float
    bands_hz: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class LeadReport(Report):
    """Level and audibility of the lead against all other tracks.

    In engineers' mixes of five songs leads lie between -5.5 and +1.7 LU, mean -2.2, with an audibility of .33 to .47,
    mean .41; their own choices spread by 3 dB. The limits are for sung leads.

    Attributes
    ----------
    lead : str
    level_lu : float or None
        K-weighted level beside the sum of all others, while it sounds. None, as below, where it is not measurable.
    audibility : float or None
        0 to 1: how far it lies above the others, from 15 dB below to 15 dB above, by importance for speech.
    verdict : "buried", "low", "clear", "very forward" or "not measurable"
        The audibility in a word.
    target : float
        The audibility aimed at.
    fader_change_db : float or None
        Fader change that reaches the target, in steps of half a dB. It is suggested from 2.5 dB on.
    audibility_per_db : float or None
        Change of the audibility per dB of the fader.
    spans : tuple of LeadSpan
        Spans of more than 3 s in which the lead is buried.
    maskers : tuple of LeadMasker
        The other tracks, strongest masker first.
    times_s, running_audibility : tuple
        The audibility over 3 s; None where the lead rests.
    block_times_s, block_levels_lu : tuple
        Its level over 400 ms; None where the lead rests.
    message : str
        The result in sentences.
    suggestions : tuple of Suggestion
        Suggestions, best first.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> voice, band = np.random.default_rng(1).standard_normal((2, 96_000))
    >>> report = md.lead_report({"voice": 0.05 * voice, "band": 0.1 * band}, 48_000, lead="voice")
    >>> print(f"{report.level_lu:.1f} LU relative to the rest, audibility {report.audibility:.2f}: {report.verdict}")
    -6.0 LU relative to the rest, audibility 0.29: low
    """

    lead: str
    level_lu: float | None
    audibility: float | None
    verdict: LeadVerdict
    target: float
    fader_change_db: float | None
    audibility_per_db: float | None
    spans: tuple[LeadSpan, ...]
    maskers: tuple[LeadMasker, ...]
    times_s: tuple[float, ...]
    running_audibility: tuple[float | None, ...]
    block_times_s: tuple[float, ...]
    block_levels_lu: tuple[float | None, ...]
    message: str
    suggestions: tuple[Suggestion, ...]

    def __repr__(self) -> str:
        level = "level not measurable"
        if self.level_lu is not None:
            level = f"{self.level_lu:+.1f} LU relative to the rest"
        audibility = "" if self.audibility is None else f", audibility {self.audibility:.2f}"
        return f"<LeadReport of {self.lead!r}: {self.verdict}, {level}{audibility}>"

    def suggest(self) -> tuple[Suggestion, ...]:
        """Return fader changes from 2.5 dB on, then cuts in the strongest maskers.

        Returns
        -------
        tuple of Suggestion

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> voice, band = np.random.default_rng(1).standard_normal((2, 96_000))
        >>> report = md.lead_report({"voice": 0.05 * voice, "band": 0.1 * band}, 48_000, lead="voice")
        >>> fader = report.suggest()[0]
        >>> print(f"{fader.track} {fader.fader_db:+.1f} dB")
        voice +3.5 dB
        """
        return self.suggestions

    def table(self) -> str:
        """Return the report as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> voice, band = np.random.default_rng(1).standard_normal((2, 96_000))
        >>> report = md.lead_report({"voice": 0.05 * voice, "band": 0.1 * band}, 48_000, lead="voice")
        >>> print(report.table().splitlines()[2])
        Fader to an audibility of 0.41: +3.5 dB
        """
        lines = [self.message, ""]
        if self.fader_change_db is not None:
            lines.append(f"Fader to an audibility of {self.target:.2f}: {self.fader_change_db:+.1f} dB")
        rows = [["masker", "takes", "most at"]]
        for masker in self.maskers:
            rows.append([masker.name, f"{masker.lost:.2f}", ", ".join(f"{hz:.0f}" for hz in masker.bands_hz) + " Hz"])
        if self.maskers:
            lines.append(aligned(rows))
        lines.extend(
            f"Buried from {_time(span.start_s)} to {_time(span.end_s)}: audibility down to {span.least_audibility:.2f}"
            for span in self.spans
        )
        lines.extend(f"Suggestion: {suggestion.reason}" for suggestion in self.suggestions)
        return "\n".join(lines)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw audibility and level over time, with the stretches in which the lead is buried.

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
        >>> voice, band = np.random.default_rng(1).standard_normal((2, 240_000))
        >>> axes = md.lead_report({"voice": 0.05 * voice, "band": 0.1 * band}, 48_000, lead="voice").plot()
        >>> audibility, target = (line.get_ydata() for line in axes.lines[:2])
        >>> print(f"audibility {np.nanmean(audibility):.2f}, aimed at {target[0]:.2f}")
        audibility 0.30, aimed at 0.41
        """
        axes = new_axes() if axes is None else axes
        for span in self.spans:
            axes.axvspan(span.start_s, span.end_s, color=style.AMBER, alpha=0.25, linewidth=0)
        colour = style.AFTER
        axes.plot(
            self.times_s, _gaps(self.running_audibility), color=colour, linewidth=1.8, label="audibility over 3 s"
        )
        axes.axhline(self.target, color=colour, linewidth=0.9, linestyle="--", label=f"aimed at {self.target:.2f}")
        style.style(axes, title=f"{self.lead}: {self.verdict}", unit="audibility")
        end_s = max((*self.times_s[-1:], *self.block_times_s[-1:]), default=0.0)
        style.over_time(axes, end_s)
        axes.set_ylim(0, 1)
        level = axes.twinx()
        levels = _gaps(self.block_levels_lu)
        level.plot(self.block_times_s, levels, color=style.BEFORE, linewidth=0.8)
        # A line of these axes for the legend.
        axes.plot([], [], color=style.BEFORE, linewidth=0.8, label="level over 400 ms")
        style.style(level, title="", grid="", unit="level relative to the rest in LU")
        level.set_ylim(-30, 30)
        axes.set_zorder(level.get_zorder() + 1)
        axes.patch.set_visible(False)
        style.legend(axes)
        return axes


def _gaps(values: tuple[float | None, ...]) -> list[float]:
    """Values to draw, with gaps where there is none."""
    return [float("nan") if value is None else value for value in values]


def _time(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


@_checks.named
def lead_report(
    stems: StemsLike,
    sample_rate_hz: float | None = None,
    *,
    lead: str,
    target: float | None = None,
    limits: Mapping[str, float] | None = None,
) -> LeadReport:
    """Measure level and audibility of the lead against all other tracks.

    Parameters
    ----------
    stems : mapping of name to audio, Mix, or Stems
        At least two; see :class:`Stems`. Of a mix alone, without its stems, this cannot be told.
    sample_rate_hz : float, optional
        See :class:`Stems`.
    lead : str
        The name of the lead.
    target : float, optional
        The audibility aimed at, 0 to 1; .41 by default.
    limits : mapping of name to number, optional
        In place of the report's own; see :func:`limits`.

    Returns
    -------
    LeadReport

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> voice, band = np.random.default_rng(1).standard_normal((2, 96_000))
    >>> report = md.lead_report({"voice": 0.05 * voice, "band": 0.1 * band}, 48_000, lead="voice")
    >>> round(report.level_lu), report.fader_change_db
    (-6, 3.5)
    """
    given = Stems.of(stems, sample_rate_hz)
    given.at_least(2, "a lead report")
    name = given.named("lead", lead)
    aim = None if target is None else _checks.in_range("target", target, 0, 1)
    thresholds = limits_of("lead_report", limits)
    spectra = given.spectra
    parts = [[given[name]], [audio for other, audio in given.items() if other != name]]
    own, others = each(parts, lambda tracks, progress: _metered(tracks, given.sample_rate_hz, progress))
    meters = (cast(_core.LoudnessMeter, own), cast(_core.LoudnessMeter, others))
    made = _core.lead_report(list(zip(given, spectra, strict=True)), name, meters, aim, thresholds)
    lists: dict[str, Any] = {field: tuple(value) for field, value in made.items() if isinstance(value, list)}
    lists["spans"] = tuple(LeadSpan(**span) for span in made["spans"])
    lists["maskers"] = tuple(LeadMasker(**{**item, "bands_hz": tuple(item["bands_hz"])}) for item in made["maskers"])
    lists["suggestions"] = tuple(suggestion_of(suggestion) for suggestion in made["suggestions"])
    return LeadReport(**{**made, **lists})


def _metered(tracks: list[Audio], sample_rate_hz: float, progress: Progress) -> _core.LoudnessMeter:
    """Return the meter of the sum of tracks; mono counts as two identical channels."""
    channels = max((track.shape[0] for track in tracks), default=1)
    frames = tracks[0].shape[-1]
    settings = {"weights": "by_count", "dual_mono": True, "precision": "off", "memory": "exact"}
    meter = _core.LoudnessMeter(sample_rate_hz, channels, settings)
    # One block at least: an empty track has a reading, too.
    for start in range(0, max(frames, 1), _STEP_FRAMES):
        part = np.zeros((channels, min(_STEP_FRAMES, frames - start)))
        for track in tracks:
            part += track[:, start : start + _STEP_FRAMES]
        meter.observe(part)
        progress(start / max(frames, 1))
    return meter
