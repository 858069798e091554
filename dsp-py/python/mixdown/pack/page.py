"""The report of a pack as one page that needs nothing else: no script, no network; one sheet of paper."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mixdown import _checks
from mixdown.album.measuring import length_text
from mixdown.analysis.findings import SEVERITIES
from mixdown.analysis.reports import new_figure
from mixdown.display import html
from mixdown.pack.quality import Quality

_STYLE = """
@page { size: A4; margin: 9mm }
body { font: 13px/1.35 "Helvetica Neue", Arial, sans-serif; color: #1c2430; margin: 24px auto; max-width: 1080px }
h1 { font-size: 21px; margin: 0 0 2px } h2 { font-size: 14px; margin: 14px 0 4px; border-bottom: 1px solid #ccd3dc }
p { margin: 3px 0 } table { border-collapse: collapse; width: 100% }
td, th { padding: 2px 8px 2px 0; text-align: right; vertical-align: top; font-variant-numeric: tabular-nums }
th { font-weight: 600; color: #5a6675; border-bottom: 1px solid #ccd3dc }
td:first-child, th:first-child, td.text { text-align: left }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 22px } svg { width: 100%; height: auto }
pre { font: 11px/1.3 Menlo, Consolas, monospace; margin: 2px 0; white-space: pre-wrap }
.fault { color: #a3122a; font-weight: 600 } .warning { color: #8a5200; font-weight: 600 } .quiet { color: #5a6675 }
@media print {
body { font-size: 8.5px; margin: 0; max-width: none } h1 { font-size: 14px } h2 { font-size: 10px; margin: 6px 0 2px }
pre { font-size: 7px } td, th { padding: 1px 6px 1px 0 } }
"""
#: Songs, findings and lines of the PQ table that a page shows; the others are in report.json.
_MOST_SONGS, _MOST_FINDINGS = 30, 14


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
        _columns(_loudness_plot(quality), _tone_plot(quality)),
        _columns(_seams(quality) + _changes(quality), _codecs(quality) + _sides(quality)),
        _disc(quality),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escaped(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _columns(left: str, right: str) -> str:
    return f'<div class="columns"><div>{left}</div><div>{right}</div></div>'


def _row(cells: Sequence[str], tag: str = "td", text: Sequence[int] = ()) -> str:
    heads = [f'<{tag} class="text">' if column in text else f"<{tag}>" for column in range(len(cells))]
    made = (f"{head}{html.escaped(cell)}</{tag}>" for head, cell in zip(heads, cells, strict=True))
    return f"<tr>{''.join(made)}</tr>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int] = ()) -> str:
    return f"<table>{_row(head, 'th', text)}{''.join(_row(row, 'td', text) for row in rows)}</table>"


def _findings(quality: Quality) -> str:
    if not quality.findings:
        return ""
    lines = [
        f'<tr><td class="{finding.severity}">{SEVERITIES[finding.severity]}</td>'
        f'<td class="text">{html.escaped(place)}</td><td class="text">{html.escaped(finding.message)}</td></tr>'
        for place, finding in quality.findings[:_MOST_FINDINGS]
    ]
    more = len(quality.findings) - len(lines)
    rest = f'<p class="quiet">And {more} more, in report.json.</p>' if more > 0 else ""
    return f"<h2>Findings</h2><table>{''.join(lines)}</table>{rest}"


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
                _checks.figure(reading.plr_lu),
                _checks.figure(certificate.max_reduction_db),
                _checks.figure(certificate.clip_depth_db),
            )
        )
    more = f'<p class="quiet">And {len(rows) - _MOST_SONGS} more.</p>' if len(rows) > _MOST_SONGS else ""
    return f"<h2>Songs as delivered</h2>{_table(head, rows[:_MOST_SONGS])}{more}"


def _loudness_plot(quality: Quality) -> str:
    figure = new_figure(6.0, 2.5)
    axes = figure.add_subplot()
    start_s = 0.0
    top = -70.0
    for track, pause_s in zip(quality.masters.tracks, quality.masters.pauses_s, strict=True):
        start_s += pause_s
        reading = track.loudness
        times_s = reading.times_s[reading.times_s.size - reading.short_term_lufs.size :]
        axes.plot(start_s + times_s, np.maximum(reading.short_term_lufs, -70), linewidth=0.8)
        axes.hlines(reading.integrated_lufs, start_s, start_s + track.duration_s, color="black", linewidth=1)
        top = max(top, reading.max_momentary_lufs)
        start_s += track.duration_s
    axes.axhline(quality.masters.album_lufs, color="0.5", linestyle=":", linewidth=1)
    axes.set_xlim(0, start_s)
    axes.set_ylim(top - 30, top + 2)
    axes.set_xlabel("Time (s)", fontsize=8)
    axes.set_ylabel("Short-term (LUFS)", fontsize=8)
    axes.set_title("Loudness; bars are integrated, dotted is the album", fontsize=9, loc="left")
    axes.tick_params(labelsize=8)
    return html.svg(figure)


def _tone_plot(quality: Quality) -> str:
    figure = new_figure(6.0, 2.5)
    axes = figure.add_subplot()
    for tone, track in zip(quality.tones, quality.masters.tracks, strict=True):
        axes.semilogx(tone.centres_hz, tone.levels_db, linewidth=1, label=track.title)
    axes.set_xlim(40, 16_000)
    axes.set_ylim(-35, 20)
    axes.set_xticks([50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000])
    axes.set_xticklabels(["50", "100", "200", "500", "1k", "2k", "5k", "10k"])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.set_xlabel("Frequency (Hz)", fontsize=8)
    axes.set_ylabel("dB re 200 Hz to 5 kHz", fontsize=8)
    axes.set_title("Thirds of an octave, loud frames, without level", fontsize=9, loc="left")
    axes.tick_params(labelsize=8)
    if len(quality.tones) <= 10:
        axes.legend(fontsize=7, frameon=False, loc="lower left", ncols=2)
    return html.svg(figure)


def _seams(quality: Quality) -> str:
    if not quality.seams:
        return ""
    rows = [
        (
            f"{seam.before} → {seam.after}",
            f"{_checks.figure(seam.pause_s)} s",
            _checks.figure(seam.end_lufs),
            _checks.figure(seam.start_lufs),
            f"{seam.start_lufs - seam.end_lufs:+.1f}",
        )
        for seam in quality.seams[:_MOST_SONGS]
    ]
    return f"<h2>Seams</h2>{_table(('Songs', 'Gap', 'End LUFS', 'Start LUFS', 'Step LU'), rows)}"


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
        rows.append((name, f"{means:.0f}", _checks.figure(worst.true_peak_dbtp, 2), worst.title))
    return f"<h2>After decoding</h2>{_table(('Format', 'kb/s', 'Highest dBTP', 'Song'), rows, (3,))}"


def _sides(quality: Quality) -> str:
    if not quality.sides:
        return ""
    rows = []
    for side in quality.sides:
        check = side.check
        fits = "none" if check.fits_level_db is None else f"{check.fits_level_db:+.1f}"
        lift = max((song.max_lift_um for song in check.songs), default=0.0)
        rows.append(
            (
                side.name,
                ", ".join(side.titles),
                length_text(check.duration_s),
                fits,
                f"{check.level_db:+.1f}",
                f"{lift:.0f}",
            )
        )
    head = ("Side", "Songs", "Length", "Fits dB", "Judged dB", "Lift µm")
    return f"<h2>Vinyl, {html.escaped(quality.sides[0].check.fmt)}</h2>{_table(head, rows, (1,))}"


def _disc(quality: Quality) -> str:
    return f"<h2>Compact disc</h2><pre>{html.escaped(quality.pq_table)}</pre>" if quality.pq_table else ""
