"""The report of a pack as one page that needs nothing else: no script, no network; one sheet of paper."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown.album.measuring import length_text
from mixdown.analysis.findings import SEVERITIES, Finding
from mixdown.display import documents, html, style
from mixdown.display.style import new_figure
from mixdown.pack.quality import Quality

#: Songs and kinds of findings that a page shows; the others are in report.json.
_MOST_SONGS, _MOST_FINDINGS = 30, 14
#: Letters of a title in the tables of seams, codecs and sides, and of a line of the disc; cd/pq.txt has them whole.
_LONG_TITLE, _LONG_LINE = 24, 76
#: Level below which nothing is drawn.
_SILENT_LUFS = -70.0


def write_report(quality: Quality, folder: Path) -> None:
    """Write ``report.json`` and ``report.html`` into a folder, which is made if it is missing."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(quality.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    (folder / "report.html").write_text(page_of(quality), encoding="utf-8")


def page_of(quality: Quality) -> str:
    """Return the page."""
    masters = quality.masters
    title = " – ".join(part for part in (masters.label.artist, masters.label.title) if part) or "Untitled"
    status = "passed" if quality.passed else "has faults"
    barcode = f" · {masters.label.barcode}" if masters.label.barcode else ""
    settings = masters.settings
    head = (
        f"{len(masters)} songs, {length_text(sum(track.duration_s for track in masters.tracks))}{barcode} · "
        f"{settings['target']}: album {_checks.figure(masters.album_lufs, 2)} LUFS, "
        f"{_checks.figure(masters.true_peak_dbtp, 2)} dBTP · {masters.sample_rate_hz / 1000:g} kHz, "
        f"{masters.bit_depth} bit · {', '.join(quality.formats)} · {quality.files} files"
    )
    parts = [
        f"<h1>{html.escaped(title)}</h1><p>{html.escaped(head)}</p>",
        f'<p class="{"quiet" if quality.passed else "fault"}">The pack {status}: {quality.verdict}.</p>',
        _findings(quality),
        _songs(quality),
        documents.columns(_loudness_plot(quality), _tone_plot(quality)),
        documents.columns(_seams(quality) + _changes(quality), _codecs(quality) + _sides(quality)),
        _disc(quality),
    ]
    return documents.document(title, *parts)


def _short(title: str) -> str:
    """Return a title of which the table of songs has the rest."""
    return title if len(title) <= _LONG_TITLE else f"{title[: _LONG_TITLE - 1].rstrip()}…"


def _findings(quality: Quality) -> str:
    if not quality.findings:
        return ""
    # The same of many songs in one line: the one that is furthest beyond its limit.
    kinds: dict[tuple[str, ...], list[tuple[str, Finding]]] = {}
    for place, finding in quality.findings:
        kind = (finding.severity, finding.check, re.split("[/,]| side", place)[0])
        kinds.setdefault(kind, []).append((place, finding))
    lines = []
    for same in list(kinds.values())[:_MOST_FINDINGS]:
        place, finding = max(same, key=_beyond)
        told = f"{place}, and {len(same) - 1} more" if len(same) > 1 else place
        lines.append(
            f'<tr><td class="{finding.severity}">{SEVERITIES[finding.severity]}</td>'
            f'<td class="text">{html.escaped(told)}</td><td class="text">{html.escaped(finding.message)}</td></tr>'
        )
    more = len(kinds) - len(lines)
    rest = f'<p class="quiet">And {more} kinds more.</p>' if more > 0 else ""
    rest += '<p class="quiet">All of them stand in report.json.</p>' if len(quality.findings) > len(lines) else ""
    return f"<h2>Findings</h2><table>{''.join(lines)}</table>{rest}"


def _beyond(found: tuple[str, Finding]) -> float:
    """Return how far a value lies beyond its limit; 0 without figures."""
    finding = found[1]
    return 0.0 if finding.value is None or finding.limit is None else abs(finding.value - finding.limit)


def _songs(quality: Quality) -> str:
    masters = quality.masters
    head = ("Song", "ISRC", "Gap s", "Length", "LUFS", "LRA", "Max S", "dBTP", "PLR", "Limiter dB", "Clip dB")
    rows = []
    for number, (track, song, pause_s) in enumerate(
        zip(masters.tracks, masters.songs, masters.pauses_s, strict=True), 1
    ):
        reading, certificate = track.loudness, track.certificate
        figures = (reading.loudness_range_lu, reading.max_short_term_lufs)
        rows.append(
            (
                f"{number}  {track.title}",
                song.isrc,
                _checks.figure(pause_s),
                length_text(track.duration_s),
                _checks.figure(reading.integrated_lufs, 2),
                *(_checks.figure(value) for value in figures),
                _checks.figure(reading.true_peak_dbtp, 2),
                _checks.figure_or_dash(reading.plr_lu),
                _checks.figure(certificate.max_reduction_db),
                _checks.figure(certificate.clip_depth_db),
            )
        )
    more = f'<p class="quiet">And {len(rows) - _MOST_SONGS} more.</p>' if len(rows) > _MOST_SONGS else ""
    return f"<h2>Songs as delivered</h2>{documents.table(head, rows[:_MOST_SONGS])}{more}"


def _loudness_plot(quality: Quality) -> str:
    figure = new_figure(6.0, 2.5)
    axes = figure.add_subplot()
    start_s = 0.0
    top = _SILENT_LUFS
    for track, pause_s in zip(quality.masters.tracks, quality.masters.pauses_s, strict=True):
        start_s += pause_s
        reading = track.loudness
        times_s = reading.times_s[reading.times_s.size - reading.short_term_lufs.size :]
        axes.plot(start_s + times_s, _sounding(reading.short_term_lufs), linewidth=0.8, color=style.AFTER)
        axes.hlines(reading.integrated_lufs, start_s, start_s + track.duration_s, color=style.INK, linewidth=1)
        top = max(top, reading.max_momentary_lufs)
        start_s += track.duration_s
    axes.axhline(quality.masters.album_lufs, color="#6A7580", linestyle=":", linewidth=1)
    style.style(axes, title="Loudness; bars are integrated, dotted is the album", unit="short-term in LUFS")
    style.over_time(axes, start_s)
    axes.set_xlim(0, start_s)
    axes.set_ylim(top - 30, top + 2)
    return documents.themed(html.svg(figure), "Short-term loudness of the songs over time")


def _sounding(levels_lufs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return levels with gaps in silence and where no window is complete yet."""
    return np.where(np.isfinite(levels_lufs) & (levels_lufs > _SILENT_LUFS), levels_lufs, np.nan)


def _signed(value: float) -> str:
    """Return a difference with its sign: never "-0.0"."""
    return f"{value:+.1f}" if round(value, 1) else "0.0"


def _tone_plot(quality: Quality) -> str:
    figure = new_figure(6.0, 2.5)
    axes = figure.add_subplot()
    style.begin(axes)
    # By number: fonts of figures lack the letters of many titles.
    for number, tone in enumerate(quality.tones, 1):
        axes.plot(tone.centres_hz, tone.levels_db, linewidth=1, label=str(number))
    axes.set_ylim(-35, 20)
    style.style(axes, title="Thirds of an octave, loud frames, without level", unit="dB re 200 Hz to 5 kHz")
    style.over_frequency(axes)
    if len(quality.tones) <= 10:
        axes.legend(fontsize=7, frameon=False, loc="lower left", ncols=5)
    return documents.themed(html.svg(figure), "Levels of the songs in thirds of an octave")


def _seams(quality: Quality) -> str:
    if not quality.seams:
        return ""
    rows = [
        (
            f"{_short(seam.before)} → {_short(seam.after)}",
            f"{_checks.figure(seam.pause_s)} s",
            _checks.figure(seam.end_lufs),
            _checks.figure(seam.start_lufs),
            _signed(seam.start_lufs - seam.end_lufs),
        )
        for seam in quality.seams[:_MOST_SONGS]
    ]
    return f"<h2>Seams</h2>{documents.table(('Songs', 'Gap', 'End LUFS', 'Start LUFS', 'Step LU'), rows)}"


def _changes(quality: Quality) -> str:
    told = quality.masters.changes_told
    if not told:
        return ""
    lines = "".join(f"<p>{html.escaped(change)}</p>" for change in told[:_MOST_SONGS])
    return f"<h2>What was done to the songs</h2>{lines}"


def _codecs(quality: Quality) -> str:
    if not quality.coded:
        return ""
    names = list(dict.fromkeys(one.format for one in quality.coded))
    rows = []
    for name in names:
        some = [one for one in quality.coded if one.format == name]
        worst = max(some, key=lambda one: one.true_peak_dbtp)
        means = np.mean([one.bitrate_kbps for one in some])
        rows.append((name, f"{means:.0f}", _checks.figure(worst.true_peak_dbtp, 2), _short(worst.title)))
    return f"<h2>After decoding</h2>{documents.table(('Format', 'kb/s', 'Highest dBTP', 'Song'), rows, (3,))}"


def _sides(quality: Quality) -> str:
    if not quality.sides:
        return ""
    rows = []
    for side in quality.sides:
        check = side.check
        fits = "none" if check.fits_level_db is None else _signed(check.fits_level_db)
        lift = max((song.max_lift_um for song in check.songs), default=0.0)
        rows.append(
            (
                side.name,
                ", ".join(map(_short, side.titles)),
                length_text(check.duration_s),
                fits,
                _signed(check.level_db),
                f"{lift:.0f}",
            )
        )
    head = ("Side", "Songs", "Length", "Fits dB", "Judged dB", "Lift µm")
    return f"<h2>Vinyl, {html.escaped(quality.sides[0].check.fmt)}</h2>{documents.table(head, rows, (1,))}"


def _disc(quality: Quality) -> str:
    if not quality.pq_table:
        return ""
    lines = (
        line if len(line) <= _LONG_LINE else f"{line[: _LONG_LINE - 1]}…" for line in quality.pq_table.splitlines()
    )
    return f"<h2>Compact disc</h2><pre>{html.escaped(chr(10).join(lines))}</pre>"
