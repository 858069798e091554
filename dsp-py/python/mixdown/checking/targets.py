"""A programme against a delivery target."""

from __future__ import annotations

import math

from mixdown.analysis.findings import Finding, stated
from mixdown.delivery import Target
from mixdown.meters import Loudness

#: Deviation from the loudness of a service that is worth a note, in LU.
_AUDIBLE_LU = 0.5


def target_findings(reading: Loudness, target: Target, channels: int) -> list[Finding]:
    """Return what a delivery target has to say on a loudness and a true peak.

    Parameters
    ----------
    reading : Loudness
        Of precision "reference", as certificates are.
    target : Target
    channels : int
    """
    lufs, peak_dbtp = reading.integrated_lufs, reading.true_peak_dbtp
    if not math.isfinite(lufs):
        return []
    found = []
    source = f"{target.source}, {target.date}"
    wanted = target.loudness_for(channels)
    deviation_lu = lufs - wanted
    if target.tolerance_lu and abs(deviation_lu) > target.tolerance_lu:
        allowed = f"{wanted:g} LUFS within {target.tolerance_lu:g} LU"
        message = f"{target.name} takes {allowed}: the mix has {lufs:.1f} LUFS."
        found.append(stated("loudness", "fault", message, lufs, wanted, "LUFS", source=source))
    elif not target.tolerance_lu and abs(deviation_lu) > _AUDIBLE_LU:
        side = "above" if deviation_lu > 0 else "below"
        message = f"{lufs:.1f} LUFS is {abs(deviation_lu):.1f} LU {side} the {wanted:g} LUFS of {target.name}."
        found.append(stated("loudness", "note", message, lufs, wanted, "LUFS", source=source))
    ceiling_dbtp = target.ceiling_at(lufs)
    if peak_dbtp > ceiling_dbtp:
        message = (
            f"The true peak of {peak_dbtp:z.2f} dBTP exceeds the {ceiling_dbtp:g} dBTP that {target.name} allows at "
            f"{lufs:.1f} LUFS."
        )
        found.append(stated("ceiling", "fault", message, peak_dbtp, ceiling_dbtp, "dBTP", source=source))
    return found
