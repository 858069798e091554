"""Vinyl check: a side of a record before it is cut."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mixdown import _checks, _core
from mixdown._threads import each
from mixdown.analysis.figures import Figures
from mixdown.analysis.findings import Finding
from mixdown.analysis.mix_check import worst_first
from mixdown.analysis.reports import limits as limits_table
from mixdown.analysis.reports import limits_of
from mixdown.delivery.vinyl.judging import Limits, of_side, of_song
from mixdown.delivery.vinyl.measuring import Measured, measured, together_lufs
from mixdown.delivery.vinyl.programmes import Side, programmes
from mixdown.delivery.vinyl.report import VinylCheck
from mixdown.delivery.vinyl.songs import VinylSong
from mixdown.delivery.vinyl.suggesting import SideAtLevel, suggestions

#: Level of the tone that is cut at the cutting level, in dBFS: its loudness, too.
_REFERENCE_LUFS = -18.0
#: Longest gap, in s.
_LONGEST_GAP_S = 60.0
#: Range of a level that is given, in dB.
_LEVELS_DB = (-40.0, 40.0)
#: Level at which a side is judged that fits at none.
_LOWEST_DB = _LEVELS_DB[0]


@_checks.named
def vinyl_check(
    side: Side,
    sample_rate_hz: float | None = None,
    *,
    fmt: str = "12in33",
    gap_s: float = 2.0,
    level_db: float | None = None,
    limits: Mapping[str, float] | None = None,
) -> VinylCheck:
    """Check a side of a record before it is cut: length and level, groove slope and curvature, lift, bass, sibilance.

    All figures come from geometry: the programme with the recording characteristic (RIAA) is the velocity of the
    groove, its integral the displacement, its derivative the curvature. The pitch follows displacement and width of
    every eighth of a turn; the highest level whose grooves still fit is found from it. Differences between two checks
    are exact, absolute levels good for ±3 dB. No record was cut.

    Parameters
    ----------
    side : audio, what :func:`read` returned, or mapping of title to either, or sequence of them or of (title, either)
        The programmes in their order, mono or stereo, each of its own rate. Without gaps: they are added.
    sample_rate_hz : float, optional
        Of what has none of its own.
    fmt : str, default "12in33"
        "12in33", "12in45", "10in33", "10in45", "7in33" or "7in45".
    gap_s : float, default 2
        Silence between programmes, 0 to 60.
    level_db : float, optional
        Level at which the side is judged, -40 to 40, in place of the one that fits.
    limits : mapping of name to number, optional
        In place of those of ``md.limits("vinyl_check")``, which say where they come from.

    Returns
    -------
    VinylCheck
        It passed if it holds no fault. What an effect mends has it as suggestion, with what the check says behind it.

    Examples
    --------
    Bass of 60 Hz out of phase lifts the stylus out of its groove.

    >>> import mixdown as md, numpy as np
    >>> bass = 0.316 * np.sin(2 * np.pi * 60 * np.arange(480_000) / 48_000)
    >>> check = md.vinyl_check(np.stack([bass, -bass]), 48_000, level_db=0)
    >>> check.passed, round(check.songs[0].lift_um)
    (False, 73)
    >>> check.of("lift")[0].suggestion.effect
    MidSide(mid=(), side=(HighPass(frequency_hz=150.0, slope_db_per_octave=6.0),))
    """
    return checked(side, sample_rate_hz, fmt=fmt, gap_s=gap_s, level_db=level_db, limits=limits)


def checked(
    side: Side,
    sample_rate_hz: float | None = None,
    *,
    fmt: str,
    gap_s: float,
    level_db: float | None = None,
    limits: Mapping[str, float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> VinylCheck:
    """Return the check of a side, with progress."""
    formats = {entry["name"]: entry for entry in _core.vinyl_formats()}
    _checks.one_of("fmt", fmt, list(formats))
    gap_s = _checks.in_range("gap_s", gap_s, 0.0, _LONGEST_GAP_S)
    given_db = None if level_db is None else _checks.in_range("level_db", level_db, *_LEVELS_DB)
    rules = Limits(limits_table("vinyl_check"), limits_of("vinyl_check", limits))
    listed = programmes(side, sample_rate_hz)
    report = progress or (lambda _: None)
    songs = measured(listed, fmt, rules.given, lambda share: report(0.6 * share))
    grooves, plain = [song.groove for song in songs], dict(rules.given)
    fits_db = _core.vinyl_level(grooves, fmt, gap_s, plain)
    lufs = together_lufs(songs)
    cut_db = given_db if given_db is not None else _level(fits_db, lufs, rules)
    cut = _core.vinyl_side(grooves, fmt, gap_s, plain, cut_db)
    entries = _songs(songs, cut["songs"], gap_s)
    courses: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for turn in cut["course"]:
        courses[turn["song"]].append(turn)
    duration_s = entries[-1].start_s + entries[-1].duration_s
    found = [
        of_song(entry, song, courses[index], rules)
        for index, (entry, song) in enumerate(zip(entries, songs, strict=True))
    ]
    mended = _mended(SideAtLevel(songs, fmt, gap_s, rules, cut_db), found, lambda share: report(0.6 + 0.4 * share))
    report(1.0)
    starts = [entry.start_s for entry in entries]
    return VinylCheck(
        fmt=fmt,
        findings=worst_first([*of_side(duration_s, fits_db, fmt, rules), *mended]),
        songs=tuple(entries),
        duration_s=duration_s,
        gap_s=gap_s,
        fits_level_db=fits_db,
        level_db=cut_db,
        programme_level_db=lufs - _REFERENCE_LUFS + cut_db if math.isfinite(lufs) else None,
        integrated_lufs=lufs if math.isfinite(lufs) else None,
        turns=cut["turns"],
        width_mm=cut["width_mm"],
        span_mm=formats[fmt]["outer_radius_mm"] - formats[fmt]["inner_radius_mm"],
        mean_pitch_um=cut["mean_pitch_um"],
        _course=tuple(Figures({**turn, "side_s": starts[turn["song"]] + turn["start_s"]}) for turn in cut["course"]),
        _limits=Figures({name: rules[name] for name in rules.table}),
    )


def _level(fits_db: float | None, lufs: float, limits: Limits) -> float:
    """Return the level at which a side is judged: what fits, and for short sides what is usual."""
    if fits_db is None:
        return _LOWEST_DB
    if not math.isfinite(lufs):
        return fits_db
    return min(fits_db, limits["most_level_db"] - (lufs - _REFERENCE_LUFS))


def _songs(songs: Sequence[Measured], cuts: Sequence[Mapping[str, Any]], gap_s: float) -> list[VinylSong]:
    entries: list[VinylSong] = []
    start_s = 0.0
    for song, cut in zip(songs, cuts, strict=True):
        duration_s = song.programme.duration_s
        bass, tone = song.figures["bass"], song.figures["tone"]
        lufs, peak = song.loudness.integrated_lufs, song.loudness.true_peak_dbtp
        sounds = math.isfinite(lufs)
        runs = sum(finding["value"] for finding in song.clipping)
        entries.append(
            VinylSong(
                title=song.programme.title,
                start_s=start_s,
                duration_s=duration_s,
                integrated_lufs=lufs if sounds else None,
                true_peak_dbtp=peak if math.isfinite(peak) else None,
                plr_lu=peak - lufs if sounds else None,
                flat_runs_per_minute=60.0 * runs / duration_s,
                bass_correlation=bass["correlation"],
                low_mid_correlation=bass["low_mid_correlation"],
                out_of_phase_ms=bass["out_of_phase_ms"],
                **tone,
                **cut,
            )
        )
        start_s += duration_s + gap_s
    return entries


def _mended(side: SideAtLevel, found: Sequence[Sequence[Finding]], progress: Callable[[float], None]) -> list[Finding]:
    """Return the findings of all songs with what mends them, song after song."""

    def work(index: int, progress: Callable[[float], None]) -> list[Finding]:
        made = suggestions(side, index, found[index])
        progress(1.0)
        return [replace(finding, suggestion=made.get(finding.check)) for finding in found[index]]

    outcomes = each(range(len(found)), work, progress=progress)
    return [finding for outcome in outcomes if isinstance(outcome, list) for finding in outcome]
