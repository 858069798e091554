"""Findings of checks, with all their figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from mixdown import _checks
from mixdown.analysis.figures import Figures
from mixdown.analysis.reports import Report, plain
from mixdown.analysis.suggestions import Suggestion, suggestion_of
from mixdown.display.html import Shown

Severity = Literal["fault", "warning", "note", "not_measurable"]

#: Severities, the worst first, as they are written.
SEVERITIES = {"fault": "fault", "warning": "warning", "note": "note", "not_measurable": "not measurable"}


@dataclass(frozen=True, eq=False)
class Finding(Shown):
    """One finding of a check.

    Attributes
    ----------
    check : str
        "clipping", "held_peaks", "overs", "dynamics", "dc", "polarity", "mono_fold", "cancellation", "dropouts",
        "clicks", "noise_floor", "hum", "silence", "stems", "lead"; of a target "loudness" and "ceiling"; of a file
        those of :class:`FileCheck`.
    severity : "fault", "warning", "note" or "not_measurable"
    value : float or None
        The measured value.
    limit : float or None
        The limit that is exceeded.
    unit : str
        Of both.
    channel : int or None
        From 0; None for all.
    tracks : tuple of str
        The stems; empty for the programme.
    at_s : tuple of (from, to)
        Places, the first 100 spans.
    message : str
        A sentence with the figures.
    evidence : mapping of name to (value, unit)
        The other figures of the sentence.
    suggestion : Suggestion or None
        The remedy: an effect or a fader change.
    source : str
        Source of the limit: the publication, or its mark ([P] published, [N] measured, [C] chosen); empty where the
        limits of the check say it.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = np.sin(2 * np.pi * 100 * np.arange(96_000) / 48_000)
    >>> overs = md.check_mix(np.stack([tone, tone]) * 1.2, 48_000).findings[0]
    >>> print(f"{overs.severity}: {overs.check}, {overs.value:.2f} {overs.unit}")
    fault: overs, 1.58 dBTP
    """

    check: str
    severity: Severity
    value: float | None
    limit: float | None
    unit: str
    channel: int | None
    tracks: tuple[str, ...]
    at_s: tuple[tuple[float, float], ...]
    message: str
    evidence: Mapping[str, tuple[float, str]]
    suggestion: Suggestion | None
    source: str = ""

    def __post_init__(self) -> None:
        if self.value is not None and self.limit is not None:
            object.__setattr__(self, "message", _told_apart(self.message, self.value, self.limit))

    def __repr__(self) -> str:
        return f"<Finding: {SEVERITIES[self.severity]}, {self.check}: {self.message}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal(96_000)
        >>> plain = md.check_mix(np.stack([noise, -noise]), 48_000).of("polarity")[0].to_dict()
        >>> plain["severity"], round(plain["value"], 2), plain["limit"]
        ('fault', -1.0, -0.9)
        """
        return cast(dict[str, Any], plain(self))


def _told_apart(message: str, value: float, limit: float) -> str:
    """Return a sentence whose value does not read as the limit that it misses, for want of decimals."""
    if value == limit:
        return message
    for digits in (3, 2, 1, 0):
        for sign in ("+", ""):
            text = f"{value:{sign}z.{digits}f}"
            whole = rf"(?<![\d.+-]){re.escape(text)}(?!\d|\.\d)"
            # Without decimals the limit is written alike: the value is the first of two.
            if float(text) == limit and len(re.findall(whole, message)) > (digits == 0):
                told = _checks.apart(value, limit, digits + 1)
                told = f"+{told}" if text[0] == "+" else told
                return re.sub(whole, told, message, count=1)
    return message


class FindingsReport(Report):
    """A report that holds findings, the worst first."""

    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether the report holds no fault."""
        return all(finding.severity != "fault" for finding in self.findings)

    def of(self, check: str) -> tuple[Finding, ...]:
        """Return the findings of one check.

        Parameters
        ----------
        check : str
            As "clipping": see :class:`Finding`.

        Returns
        -------
        tuple of Finding

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> offset = md.check_mix(0.1 * np.random.default_rng(1).standard_normal((2, 96_000)) + 0.05, 48_000)
        >>> [(round(finding.value, 3), finding.limit, finding.unit) for finding in offset.of("dc")]
        [(-26.098, -50.0, 'dBFS'), (-26.061, -50.0, 'dBFS')]
        """
        return tuple(finding for finding in self.findings if finding.check == check)

    @property
    def counts(self) -> str:
        """Number of findings by severity, in words."""
        told = []
        for severity, word in SEVERITIES.items():
            number = sum(finding.severity == severity for finding in self.findings)
            # "Not measurable" has no plural.
            plural = "s" if number > 1 and " " not in word else ""
            told += [f"{number} {word}{plural}"] if number else []
        return ", ".join(told) or "nothing found"


def stated(
    check: str,
    severity: Severity,
    message: str,
    value: float | None = None,
    limit: float | None = None,
    unit: str = "",
    *,
    channel: int | None = None,
    at_s: tuple[tuple[float, float], ...] = (),
    evidence: Mapping[str, tuple[float, str]] | None = None,
    source: str = "",
) -> Finding:
    """Return a finding on the whole programme, or on a channel of it."""
    figures = Figures({} if evidence is None else dict(evidence))
    return Finding(check, severity, value, limit, unit, channel, (), at_s, message, figures, None, source)


def finding_of(made: Mapping[str, Any]) -> Finding:
    """Return a finding of the engine."""
    suggestion = made["suggestion"]
    return Finding(
        **{
            **made,
            "tracks": tuple(made["tracks"]),
            "at_s": tuple((span[0], span[1]) for span in made["at_s"]),
            "evidence": Figures({item["name"]: (item["value"], item["unit"]) for item in made["evidence"]}),
            "suggestion": None if suggestion is None else suggestion_of(suggestion),
        }
    )
