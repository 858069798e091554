"""Limits of the file check."""

from __future__ import annotations

from collections.abc import Mapping

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.analysis.figures import Figures
from mixdown.analysis.reports import TABLES, Limit

_LIMITS = (
    Limit(
        "lossy_step_db",
        "dB",
        20.0,
        120.0,
        40.0,
        "Fall of the spectrum within 1.2 kHz that coders leave, at least [N: MP3 42 to 72, Opus 42 to 59, AAC at "
        "128 kb/s 35 to 54, at 256 as low as 10; programmes that were not coded up to 18]",
    ),
    Limit("lossy_from_hz", "Hz", 5_000.0, 20_000.0, 10_000.0, "Lowest frequency at which such a fall is sought [C]"),
    Limit(
        "lossy_to_hz",
        "Hz",
        10_000.0,
        22_000.0,
        20_500.0,
        "Highest frequency at which such a fall is a coder's: "
        "above, it may be the filter of a conversion to 44.1 kHz [N: of which the lowest falls at 21 kHz]",
    ),
    Limit("lossy_frames", "", 10.0, 10_000.0, 200.0, "Frames looked at, the loudest [N]"),
    Limit(
        "upsampled_share",
        "",
        0.3,
        0.5,
        0.46,
        "Share of the sample rate below which a fall by lossy_step_db above "
        "lossy_to_hz means a conversion from a lower rate [C]",
    ),
    Limit("edge_dbfs", "dBFS", -120.0, 0.0, -60.0, "First or last sample that is heard as a click above [C]"),
    Limit(
        "stated_lu",
        "LU",
        0.01,
        10.0,
        0.2,
        "Difference of a loudness that a file states from the one measured, above which it is stale "
        "[C: twice the tolerance of meters, EBU Tech 3341]",
    ),
    Limit(
        "quiet_steps",
        "",
        0.5,
        100.0,
        1.5,
        "Samples up to it are silent, and channels that differ by up to it are "
        "one, in 16-bit steps: dither reaches so far [C]",
    ),
)
LIMITS: Mapping[str, Limit] = Figures({limit.name: limit for limit in _LIMITS})
#: Seen by ``md.limits("check")``.
TABLES["check"] = LIMITS


def limits_given(given: Mapping[str, float] | None) -> dict[str, float]:
    """Return all limits, those given in place of the others; names and ranges are checked."""
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(f"limits = {_checks.shown(given)} is not a mapping of names to numbers")
    values = {name: limit.default for name, limit in LIMITS.items()}
    for name, value in (given or {}).items():
        if name not in LIMITS:
            raise _checks.unknown("limits", str(name), LIMITS)
        values[name] = _checks.in_range(f"limits.{name}", value, LIMITS[name].low, LIMITS[name].high)
    low_hz, high_hz = values["lossy_from_hz"], values["lossy_to_hz"]
    if low_hz > high_hz:
        raise ParameterError(f"limits.lossy_from_hz = {low_hz:g} is not allowed: limits.lossy_to_hz is {high_hz:g}")
    return values


def mark_of(name: str) -> str:
    """Return the mark of a limit, which says where it comes from."""
    meaning = LIMITS[name].meaning
    return meaning[meaning.rindex("[") :]
