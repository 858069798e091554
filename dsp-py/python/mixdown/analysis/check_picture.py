"""The picture of a mix check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mixdown.display import style
from mixdown.display.style import AFTER, AMBER, FAINT, GRID, INK, TARGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mixdown.analysis.findings import Finding

#: Colours of severities.
_COLOURS = {"fault": TARGET, "warning": AMBER, "note": AFTER, "not_measurable": FAINT}
#: Width of the shortest mark, in parts of the programme.
_SHORTEST = 0.004


def draw_check(axes: Axes, envelope: NDArray[np.float32], duration_s: float, findings: Sequence[Finding]) -> None:
    """Draw the waveform, and below it a row for each check that found something.

    Findings without a place are drawn over the whole length, hollow.
    """
    times_s = np.linspace(0, duration_s, envelope.shape[-1])
    for lane, (lowest, highest) in enumerate(envelope):
        centre = -2.2 * lane
        axes.axhline(centre, color=GRID, linewidth=0.8, zorder=0)
        clipped = np.clip([lowest, highest], -1.0, 1.0) + centre
        axes.fill_between(times_s, *clipped, color=INK, alpha=0.55, linewidth=0.4, rasterized=True)
    lanes = len(envelope)
    places = [-2.2 * lane for lane in range(lanes)]
    labels = ["M"] if lanes == 1 else ["L", "R"]
    for row, check in enumerate(dict.fromkeys(finding.check for finding in findings)):
        centre = -2.2 * (lanes - 1) - 1.6 - 0.8 * row
        places.append(centre)
        labels.append(check.replace("_", " "))
        for finding in reversed([finding for finding in findings if finding.check == check]):
            colour = _COLOURS[finding.severity]
            least_s = _SHORTEST * duration_s
            # What is at the very end is drawn before it.
            spans = [(min(start, duration_s - least_s), max(end - start, least_s)) for start, end in finding.at_s]
            if spans:
                axes.broken_barh(spans, (centre - 0.3, 0.6), facecolors=colour)
            else:
                axes.broken_barh(
                    [(0.0, duration_s)], (centre - 0.15, 0.3), facecolors="none", edgecolors=colour, linewidth=0.9
                )
    axes.set_yticks(places, labels)
    axes.set_ylim(places[-1] - (1.1 if len(places) == lanes else 0.6), 1.1)
    style.style(axes, title="", grid="x")
    style.over_time(axes, duration_s)
    axes.set_xlim(0, max(duration_s, 1e-3))
    shown = [severity for severity in _COLOURS if any(finding.severity == severity for finding in findings)]
    for severity in shown:
        axes.plot([], [], color=_COLOURS[severity], linewidth=5, label=severity.replace("_", " "))
    style.legend(axes, least=1)
