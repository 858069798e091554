"""Mix check: faults of a programme, stems that cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError
from mixdown.analysis.figures import Figures
from mixdown.analysis.findings import SEVERITIES, Finding, FindingsReport, Severity, finding_of
from mixdown.analysis.lead import LeadReport, lead_report
from mixdown.analysis.reports import aligned, limits_of
from mixdown.analysis.reports import limits as limits_table
from mixdown.analysis.stems import Stems, StemsLike, one_or_two_channels
from mixdown.display.style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Columns of the waveform that a report keeps.
_COLUMNS = 1500


@dataclass(frozen=True, eq=False, repr=False)
class MixCheck(FindingsReport):
    """The findings of a mix check, and its measurements. What cannot be measured is None.

    Attributes
    ----------
    findings : tuple of Finding
        The worst first.
    sample_rate_hz, duration_s : float
    channels : int
    integrated_lufs, true_peak_dbtp, sample_peak_dbfs, plr_lu : float or None
        Loudness, peaks, and their difference; None for silence.
    held_share : float or None
        Share of the maxima near the peak that are held at it.
    dc_offsets : tuple of float or None
        Of each channel, in parts of full scale.
    correlation, mono_change_db : float or None
        Of two channels that sound.
    noise_floor_dbfs : float or None
        Level of the noise in pauses, 100 Hz to 12 kHz.
    hum_dbfs : float or None
        None if there is none, too.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> left, right = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    >>> report = md.check_mix(np.stack([left, left + right]), 48_000)
    >>> print(f"{report.true_peak_dbtp:.1f} dBTP, PLR {report.plr_lu:.1f} LU, correlation {report.correlation:.2f}")
    -3.2 dBTP, PLR 8.9 LU, correlation 0.70
    >>> report.passed, report.counts, len(report.not_measurable)
    (True, '2 not measurable', 2)
    """

    findings: tuple[Finding, ...]
    sample_rate_hz: float
    channels: int
    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    plr_lu: float | None
    held_share: float | None
    dc_offsets: tuple[float, ...] | None
    correlation: float | None
    mono_change_db: float | None
    noise_floor_dbfs: float | None
    hum_dbfs: float | None
    _envelope: NDArray[np.float32] = field(compare=False)

    @property
    def not_measurable(self) -> tuple[Finding, ...]:
        """Findings on what could not be measured in this programme."""
        return tuple(finding for finding in self.findings if finding.severity == "not_measurable")

    def __repr__(self) -> str:
        return f"<MixCheck: {'passed' if self.passed else 'faults'}; {self.counts}>"

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> plain = md.check_mix(0.1 * np.random.default_rng(1).standard_normal((2, 96_000)), 48_000).to_dict()
        >>> plain["passed"], plain["channels"], round(plain["integrated_lufs"], 1)
        (True, 2, -13.9)
        """
        values = super().to_dict()
        del values["_envelope"]
        return {"passed": self.passed, **values}

    def table(self) -> str:
        """Return the findings as text, the worst first.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(96_000)
        >>> table = md.check_mix(np.stack([noise, -noise]), 48_000).table()
        >>> print(table.partition(":")[0])
        fault           polarity     The channels have a correlation of -1.00, below -0.9
        """
        if not self.findings:
            return "Nothing found."
        rows = [[SEVERITIES[finding.severity], finding.check, finding.message] for finding in self.findings]
        return aligned(rows, left=3, headed=False)

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the waveform, and the findings where they are.

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
        >>> axes = md.check_mix(0.1 * np.random.default_rng(1).standard_normal((2, 96_000)), 48_000).plot()
        >>> [round(float(end), 1) for end in axes.get_xlim()]
        [0.0, 2.0]
        """
        from mixdown.analysis.check_picture import draw_check

        drawn = new_axes(9.0, 3.2 + 0.3 * len({finding.check for finding in self.findings})) if axes is None else axes
        _checks.drawable(drawn, "axes")
        draw_check(drawn, self._envelope, self.duration_s, self.findings)
        return drawn


@_checks.named
def check_mix(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    stems: StemsLike | None = None,
    lead: str | None = None,
    limits: Mapping[str, float] | None = None,
) -> MixCheck:
    """Check a mix for faults: clipping, overs, DC, polarity, mono, dropouts, clicks, noise, hum, silence.

    Parameters
    ----------
    audio : array, or what `read` returned
        Mono or stereo. Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000.
    stems : mapping of name to audio, Mix or Stems, optional
        The tracks of the mix, at its rate: pairs that cancel are found.
    lead : str, optional
        The stem that leads: its audibility among the others is one of the findings.
    limits : mapping of name to number, optional
        In place of those of ``md.limits("check_mix")``, which say where they come from.

    Returns
    -------
    MixCheck
        It passed if it holds no fault. A finding gives its figure, its limit, its place and, if there is a remedy, an
        ordinary effect with the figure measured after it.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal(96_000)
    >>> check = md.check_mix(np.stack([noise, -noise]), 48_000)
    >>> check.passed, round(check.correlation, 3)
    (False, -1.0)
    >>> [finding.check for finding in check.findings if finding.severity == "fault"]
    ['polarity', 'mono_fold']
    """
    samples, rate_hz = _checks.recording(audio, sample_rate_hz)
    programme = one_or_two_channels(samples)
    # Of stems and mixes the rate is their own, and must be that of the audio.
    tracks = None if stems is None else Stems.of(stems, rate_hz)
    if lead is not None:
        if tracks is None:
            raise ParameterError(f"lead = {lead!r} needs stems: a mix alone cannot tell")
        tracks.named("lead", lead)
    return checked(programme, rate_hz, tracks, lead, limits_of("check_mix", limits))


def checked(
    programme: Audio,
    rate_hz: float,
    stems: Stems | None = None,
    lead: str | None = None,
    limits: Mapping[str, Any] = Figures({}),
    progress: Callable[[float], None] | None = None,
) -> MixCheck:
    """Return the check of a programme of one or two channels, with progress."""
    tracks = [] if stems is None else list(stems.items())
    made = _core.check_programme(programme, rate_hz, tracks, dict(limits), progress)
    heard = [] if stems is None or lead is None or len(stems) < 2 else _of_lead(lead_report(stems, lead=lead))
    findings = [*(finding_of(finding) for finding in made["findings"]), *heard]
    return _check_of(made, worst_first(findings), programme)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by their severity; those of one severity keep their order."""
    order = list(SEVERITIES)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


#: What the verdict on a lead is among the findings; a clear lead is none.
_LEAD_SEVERITIES: Mapping[str, Severity] = Figures(
    {"buried": "warning", "low": "note", "very forward": "note", "not measurable": "not_measurable"}
)
_LEAD_LIMITS = Figures({"buried": "buried_audibility", "low": "low_audibility", "very forward": "forward_audibility"})


def _of_lead(report: LeadReport) -> list[Finding]:
    """Return the lead report as a finding, unless the lead is clear."""
    severity = _LEAD_SEVERITIES.get(report.verdict)
    if severity is None:
        return []
    limit = _LEAD_LIMITS.get(report.verdict)
    level = {} if report.level_lu is None else {"level_lu": (report.level_lu, "LU")}
    return [
        Finding(
            check="lead",
            severity=severity,
            value=report.audibility,
            limit=None if limit is None else limits_table("lead_report")[limit].default,
            unit="",
            channel=None,
            tracks=(report.lead,),
            at_s=tuple((span.start_s, span.end_s) for span in report.spans),
            message=report.message,
            evidence=Figures(level),
            suggestion=next(iter(report.suggestions), None),
        )
    ]


def _check_of(made: Mapping[str, Any], findings: tuple[Finding, ...], programme: Audio) -> MixCheck:
    offsets = made["dc_offsets"]
    return MixCheck(
        **{
            **made,
            "findings": findings,
            "dc_offsets": None if offsets is None else tuple(offsets),
            "_envelope": envelope_of(programme),
        }
    )


def envelope_of(programme: Audio) -> NDArray[np.float32]:
    """Return the lowest and highest sample per column: shape (channels, 2, columns)."""
    frames = programme.shape[-1]
    columns = np.unique(np.linspace(0, frames, _COLUMNS, endpoint=False, dtype=np.intp))
    if not frames:
        return np.zeros((programme.shape[0], 2, 0), dtype=np.float32)
    ends = [ufunc.reduceat(programme, columns, axis=1) for ufunc in (np.minimum, np.maximum)]
    return np.stack(ends, axis=1).astype(np.float32)
