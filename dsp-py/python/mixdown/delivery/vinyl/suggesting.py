"""What mends a song for vinyl: ordinary effects, and what the same check measures behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mixdown import _core
from mixdown.analysis.figures import Figures
from mixdown.analysis.findings import Finding
from mixdown.analysis.suggestions import Suggestion
from mixdown.delivery.vinyl.judging import Limits
from mixdown.delivery.vinyl.measuring import Measured, grooved
from mixdown.effects import DeEsser, Effect, Gain, HighPass, LowPass, MidSide

#: Corners of the high cut, in Hz, the gentlest first [C].
_HIGH_CUTS_HZ = (16_000.0, 14_000.0, 12_000.0, 10_000.0)
#: Settings of the de-esser, threshold and range in dB, the gentlest first [C].
_DE_ESSERS_DB = ((-6.0, 6.0), (-10.0, 6.0), (-10.0, 12.0))
#: Corner of the subsonic filter [C].
_SUBSONIC_HZ = 30.0
#: Step of a change of level [C].
_STEP_DB = 0.5
#: Highest corner, in parts of the rate.
_HIGHEST = 0.45

#: Figures by their names: of the song, and of the level that fits.
After = Mapping[str, tuple[float, str]]


@dataclass(frozen=True, eq=False)
class SideAtLevel:
    """The side under check, cut at one level."""

    songs: Sequence[Measured]
    fmt: str
    gap_s: float
    limits: Limits
    level_db: float

    def after(self, index: int, effect: Effect | None) -> After:
        """Return the figures of a song behind an effect, at the level of the check; and the level that then fits."""
        song = self.songs[index]
        groove = song.groove if effect is None else grooved(song.programme, self.fmt, self.limits.given, effect)
        grooves = [groove if place == index else one.groove for place, one in enumerate(self.songs)]
        rules = dict(self.limits.given)
        side = _core.vinyl_side(grooves, self.fmt, self.gap_s, rules, self.level_db)
        fits_db = _core.vinyl_level(grooves, self.fmt, self.gap_s, rules)
        cut, figures = side["songs"][index], groove.figures()
        found = {
            "slope_db": (cut["slope_db"], "dB"),
            "curvature_db": (cut["curvature_db"], "dB"),
            "lift_um": (cut["lift_um"], "µm"),
            "bass_correlation": (figures["bass"]["correlation"], ""),
            "low_mid_correlation": (figures["bass"]["low_mid_correlation"], ""),
            "out_of_phase_ms": (figures["bass"]["out_of_phase_ms"], "ms"),
            "sibilance_db": (figures["tone"]["sibilance_db"], "dB"),
            "subsonic_db": (figures["tone"]["subsonic_db"], "dB"),
            "ultrasonic_db": (figures["tone"]["ultrasonic_db"], "dB"),
            "fits_level_db": (fits_db, "dB"),
        }
        return {name: (value, unit) for name, (value, unit) in found.items() if value is not None}


#: Figures that a suggestion for a check changes, that of the check first.
_CHANGED = {
    "lift": ("lift_um", "bass_correlation", "fits_level_db"),
    "bass_phase": ("bass_correlation", "out_of_phase_ms", "lift_um", "fits_level_db"),
    "low_mid_phase": ("low_mid_correlation", "lift_um", "fits_level_db"),
    "sibilance": ("sibilance_db", "curvature_db"),
    "curvature": ("curvature_db", "slope_db"),
    "slope": ("slope_db", "curvature_db"),
    "ultrasonic": ("ultrasonic_db", "curvature_db"),
    "subsonic": ("subsonic_db", "lift_um", "fits_level_db"),
}
#: The limit that a suggestion is to keep by a figure, and whether it is the least.
_LIMITS = {
    "lift_um": ("lift_warning_um", False),
    "bass_correlation": ("bass_correlation", True),
    "out_of_phase_ms": ("out_of_phase_ms", False),
    "low_mid_correlation": ("low_mid_correlation", True),
    "sibilance_db": ("sibilance_warning_db", False),
    "curvature_db": ("curvature_warning_db", False),
    "slope_db": ("slope_warning_db", False),
    "ultrasonic_db": ("ultrasonic_warning_db", False),
    "subsonic_db": ("subsonic_warning_db", False),
}


def _figure_of(finding: Finding) -> str:
    """Return the figure that a finding is about."""
    return "out_of_phase_ms" if finding.unit == "ms" else _CHANGED[finding.check][0]


def suggestions(side: SideAtLevel, index: int, findings: Iterable[Finding]) -> dict[str, Suggestion]:
    """Return what mends the findings of a song, by their checks."""
    found = {finding.check: finding for finding in findings if finding.check in _CHANGED}
    if not found:
        return {}
    tried: dict[Effect | None, After] = {}

    def after(effect: Effect | None) -> After:
        if effect not in tried:
            tried[effect] = side.after(index, effect)
        return tried[effect]

    made = {check: _suggestion(side, index, finding, after) for check, finding in found.items()}
    return {check: suggestion for check, suggestion in made.items() if suggestion is not None}


def _suggestion(
    side: SideAtLevel, index: int, finding: Finding, after: Callable[[Effect | None], After]
) -> Suggestion | None:
    figure, limits = _figure_of(finding), side.limits
    before = after(None)
    limit, is_least = _LIMITS[figure]

    def mends(effect: Effect) -> bool:
        now = after(effect)
        if figure not in now:
            return False
        return now[figure][0] >= limits[limit] if is_least else now[figure][0] <= limits[limit]

    candidates = list(_candidates(finding, limits, side.songs[index].programme.rate_hz))
    # Where the strongest is not enough, no gentler one is.
    if candidates and mends(candidates[-1]):
        effect = next(filter(mends, candidates))
    elif finding.check in ("slope", "curvature"):
        effect = _turned_down(finding, limits)
    elif candidates:
        effect = candidates[-1]
    else:
        return None
    now = after(effect)
    if figure not in before or figure not in now:
        return None
    change = now[figure][0] - before[figure][0]
    if (change if is_least else -change) <= 0.0:
        return None
    changed = {
        name: (before[name][0], now[name][0], before[name][1])
        for name in _CHANGED[finding.check]
        if name in before and name in now
    }
    reason = _REASONS["level" if isinstance(effect, Gain) else finding.check]
    return Suggestion(
        track=side.songs[index].programme.title,
        effect=effect,
        key=None,
        fader_db=None,
        reason=f"{reason} {_text(before[figure])} becomes {_text(now[figure])}.",
        evidence=Figures({figure: before[figure]}),
        predicted=Figures(changed),
        confidence="high" if mends(effect) else "medium",
    )


_REASONS = {
    "lift": "The side signal without bass moves the stylus up and down less:",
    "bass_phase": "The side signal without bass leaves the bass in phase:",
    "low_mid_phase": "The side signal without low mids leaves them in phase:",
    "sibilance": "A de-esser takes the peaks of sibilants:",
    "curvature": "A high cut straightens the groove walls:",
    "slope": "A high cut slows the cutter:",
    "level": "At a lower level slope and curvature fall with it, where no high cut is enough:",
    "ultrasonic": "A high cut takes what no record plays:",
    "subsonic": "A high pass takes what only moves the groove:",
}


def _candidates(finding: Finding, limits: Limits, rate_hz: float) -> Iterable[Effect]:
    """Yield the effects that may mend a finding, the gentlest first."""
    if finding.check in ("lift", "bass_phase", "low_mid_phase"):
        corner_hz = limits["low_mid_hz" if finding.check == "low_mid_phase" else "bass_hz"]
        yield MidSide(side=[HighPass(frequency_hz=corner_hz, slope_db_per_octave=6)])
    elif finding.check == "sibilance":
        for threshold_db, range_db in _DE_ESSERS_DB:
            yield DeEsser(threshold_db=threshold_db, range_db=range_db)
    elif finding.check == "subsonic":
        yield HighPass(frequency_hz=_SUBSONIC_HZ, slope_db_per_octave=24)
    else:
        slope = 24 if finding.check == "ultrasonic" else 12
        for corner_hz in _HIGH_CUTS_HZ:
            if corner_hz <= _HIGHEST * rate_hz:
                yield LowPass(frequency_hz=corner_hz, slope_db_per_octave=slope)


def _turned_down(finding: Finding, limits: Limits) -> Effect:
    """Return the gain that leaves a slope or a curvature no warning."""
    excess_db = (finding.value or 0.0) - limits[f"{finding.check}_warning_db"]
    return Gain(gain_db=-_STEP_DB * math.ceil(excess_db / _STEP_DB))


def _text(figure: tuple[float, str]) -> str:
    value, unit = figure
    if unit == "dB":
        return f"{round(value, 1) + 0.0:+.1f} dB"
    return f"{value:.0f} ms" if unit == "ms" else f"{value:.1f} µm" if unit == "µm" else f"{value:.2f}"
