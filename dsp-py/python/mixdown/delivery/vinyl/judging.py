"""Findings of a vinyl check: figures against limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mixdown._checks import figure
from mixdown.analysis.figures import Figures
from mixdown.analysis.findings import Finding, Severity
from mixdown.analysis.reports import Limit
from mixdown.delivery.vinyl.measuring import Measured
from mixdown.delivery.vinyl.songs import VinylSong, clock

#: Most spans of a finding.
_MOST_SPANS = 100

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Limits:
    """The limits of a check, by their names, and who says so."""

    table: Mapping[str, Limit]
    given: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.given.get(name, self.table[name].default)

    def source(self, name: str) -> str:
        """Return the mark at the end of what a limit means, or that the user set it."""
        if name in self.given:
            return "given"
        mark = re.search(r"\[(.*)\]$", self.table[name].meaning)
        return "" if mark is None else mark[1]

    def severity(self, value: float, name: str) -> tuple[Severity, str] | None:
        """Return what exceeding the warning or the fault of a figure is, and the limit; None if it is within both.

        `name` holds `{}` in place of both words.
        """
        for word in ("fault", "warning"):
            limit = name.format(word)
            if limit in self.table and value > self[limit]:
                return word, limit
        return None


def of_side(duration_s: float, fits_level_db: float | None, fmt: str, limits: Limits) -> list[Finding]:
    """Return the findings on a whole side."""
    found = []
    over = limits.severity(duration_s, f"length_{fmt}_{{}}_s")
    if over is not None:
        severity, limit = over
        message = f"The side lasts {clock(duration_s)}; {fmt} is usual up to {clock(limits[limit])}: it gets quieter."
        found.append(_finding("side_length", severity, message, duration_s, limits, limit, "s"))
    if fits_level_db is None:
        message = f"The side lasts {clock(duration_s)}: on {fmt} not even silence fits."
        found.append(Finding("level", "fault", None, None, "dB", None, (), (), message, Figures({}), None, "geometry"))
    return found


def of_song(song: VinylSong, measured: Measured, course: Iterable[Mapping[str, Any]], limits: Limits) -> list[Finding]:
    """Return the findings on a song, the places from its start."""
    turns = list(course)
    found = [*_of_groove(song, turns, limits), *_of_bass(song, measured, limits), *_of_sound(song, measured, limits)]
    return [replace(finding, tracks=(song.title,)) for finding in found]


def _of_groove(song: VinylSong, turns: list[Mapping[str, Any]], limits: Limits) -> list[Finding]:
    found = []
    where = f"at {figure(song.outer_radius_mm, 0)} to {figure(song.inner_radius_mm, 0)} mm"
    tip = f"{limits['tip_um']:g} µm"
    texts = {
        "slope": (song.slope_db, "dB", f"The cutter moves {{}} dB re the speed of the groove {where}"),
        "curvature": (song.curvature_db, "dB", f"The groove walls curve {{}} dB re a stylus of {tip} {where}"),
        "lift": (song.lift_um, "µm", "The stylus rises by {} µm"),
    }
    for name, (value, unit, text) in texts.items():
        column = name if unit == "µm" else f"{name}_db"
        pattern = f"{name}_{{}}_um" if unit == "µm" else f"{name}_{{}}_db"
        over = limits.severity(value, pattern)
        if over is None:
            continue
        severity, limit = over
        shown = figure(value) if unit == "µm" else f"{value:+.1f}"
        message = f"{text.format(shown)}; the limit is {limits[limit]:g} {unit}."
        if name == "curvature" and limits.severity(song.outermost_curvature_db, pattern) is None:
            message += f" At the outermost groove it would be {song.outermost_curvature_db:+.1f} dB."
        places = [turn for turn in turns if turn[column if unit == "dB" else "lift_um"] > limits[limit]]
        finding = _finding(name, severity, message, value, limits, limit, unit)
        found.append(replace(finding, at_s=_spans(places), evidence=_evidence(name, song)))
    return found


def _evidence(name: str, song: VinylSong) -> Mapping[str, tuple[float, str]]:
    if name == "lift":
        return Figures({"max_lift_um": (song.max_lift_um, "µm")})
    radii = {"outer_radius_mm": (song.outer_radius_mm, "mm"), "inner_radius_mm": (song.inner_radius_mm, "mm")}
    if name == "slope":
        return Figures(radii)
    return Figures(
        {
            **radii,
            "round_curvature_db": (song.round_curvature_db, "dB"),
            "outermost_curvature_db": (song.outermost_curvature_db, "dB"),
            "innermost_curvature_db": (song.innermost_curvature_db, "dB"),
        }
    )


def _of_bass(song: VinylSong, measured: Measured, limits: Limits) -> list[Finding]:
    found = []
    corner = f"{limits['bass_hz']:g} Hz"
    if song.out_of_phase_ms > limits["out_of_phase_ms"]:
        spans = tuple((start, end) for start, end in measured.figures["bass"]["out_of_phase_s"])
        message = (
            f"Below {corner} the channels are out of phase for {song.out_of_phase_ms:.0f} ms; the limit is "
            f"{limits['out_of_phase_ms']:g} ms."
        )
        finding = _finding("bass_phase", "fault", message, song.out_of_phase_ms, limits, "out_of_phase_ms", "ms")
        found.append(replace(finding, at_s=spans))
    for check, value, limit, hz in (
        ("bass_phase", song.bass_correlation, "bass_correlation", corner),
        ("low_mid_phase", song.low_mid_correlation, "low_mid_correlation", f"{limits['low_mid_hz']:g} Hz"),
    ):
        if value is not None and value < limits[limit] and not any(finding.check == check for finding in found):
            message = f"Below {hz} the correlation of the channels is {value:.2f}; the limit is {limits[limit]:g}."
            found.append(_finding(check, "warning", message, value, limits, limit, ""))
    return found


def _of_sound(song: VinylSong, measured: Measured, limits: Limits) -> list[Finding]:
    found = []
    if song.sibilance_db is not None:
        over = limits.severity(song.sibilance_db, "sibilance_{}_db")
        if over is not None:
            severity, limit = over
            message = (
                f"5 to 9 kHz peak {song.sibilance_db:+.1f} dB re the song, both as recorded; the limit is "
                f"{limits[limit]:+g} dB."
            )
            found.append(_finding("sibilance", severity, message, song.sibilance_db, limits, limit, "dB"))
    for check, level_db, what in (
        ("subsonic", song.subsonic_db, "below 30 Hz"),
        ("ultrasonic", song.ultrasonic_db, "above 16 kHz"),
    ):
        limit = f"{check}_warning_db"
        if level_db is not None and level_db > limits[limit]:
            message = f"The level {what} is {level_db:.1f} dB re the song; the limit is {limits[limit]:g} dB."
            found.append(_finding(check, "warning", message, level_db, limits, limit, "dB"))
    if song.integrated_lufs is not None and song.integrated_lufs > limits["loudness_warning_lufs"]:
        message = (
            f"{song.integrated_lufs:.1f} LUFS are above {limits['loudness_warning_lufs']:g} LUFS: the cutting level is "
            "set by the side, and the mix before its limiter cuts as loud."
        )
        limit = "loudness_warning_lufs"
        found.append(_finding("loudness", "warning", message, song.integrated_lufs, limits, limit, "LUFS"))
    if song.plr_lu is not None and song.plr_lu < limits["least_plr_lu"]:
        message = f"The peaks lie {song.plr_lu:.1f} LU above the loudness; the limit is {limits['least_plr_lu']:g} LU."
        found.append(_finding("dynamics", "warning", message, song.plr_lu, limits, "least_plr_lu", "LU"))
    runs = sum(finding["value"] for finding in measured.clipping)
    if runs >= limits["clip_warning_runs"]:
        is_fault = song.flat_runs_per_minute > limits["clip_fault_per_minute"]
        limit, unit = ("clip_fault_per_minute", "runs/min") if is_fault else ("clip_warning_runs", "runs")
        value = song.flat_runs_per_minute if is_fault else runs
        message = f"It is clipped: {runs:.0f} flat runs, {song.flat_runs_per_minute:.1f} a minute."
        spans = sorted({(start, end) for finding in measured.clipping for start, end in finding["at_s"]})
        finding = _finding("clipping", "fault" if is_fault else "warning", message, value, limits, limit, unit)
        found.append(replace(finding, at_s=tuple(spans[:_MOST_SPANS])))
    return found


def _finding(
    check: str, severity: Severity, message: str, value: float, limits: Limits, limit: str, unit: str
) -> Finding:
    return Finding(
        check=check,
        severity=severity,
        value=value,
        limit=limits[limit],
        unit=unit,
        channel=None,
        tracks=(),
        at_s=(),
        message=message,
        evidence=Figures({}),
        suggestion=None,
        source=limits.source(limit),
    )


def _spans(turns: Iterable[Mapping[str, Any]]) -> Spans:
    """Return where turns are; those that follow each other are one span."""
    spans: list[tuple[float, float]] = []
    for turn in turns:
        start, end = turn["start_s"], turn["end_s"]
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans[:_MOST_SPANS])
