"""The report of a master as one page of HTML: sound, figures and script within it, no network."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mixdown._checks import Audio
from mixdown.delivery.certificate import Certificate
from mixdown.delivery.report_rows import HEADINGS, ceiling_remarks, judged, stages, verdict_rows
from mixdown.display import documents, html
from mixdown.display.figures import number_text
from mixdown.display.players import ab_players, player
from mixdown.display.report import MasterFigures
from mixdown.meters import Loudness

_STYLE = """
figure.mixdown-player { margin: 6px 0; max-width: none }
.bold td, .bold .pass { font-weight: 600 }
@media (min-width: 641px) { .verdicts td.text { white-space: nowrap } }
.report svg { margin-bottom: 4px }
ol { margin: 4px 0; padding-left: 26px } li { margin: 2px 0; overflow-wrap: anywhere }
@media print { .listen { display: none } .report { grid-template-columns: 1.25fr 1fr } }
"""


@dataclass(frozen=True, eq=False)
class Reported:
    """A master and, if it is given, its mix at the same rate; arrays of shape (channels, frames)."""

    title: str
    audio: Audio
    sample_rate_hz: float
    certificate: Certificate
    mix: Audio | None
    mix_loudness: Loudness | None


def page_of(reported: Reported, longest_s: float) -> str:
    """Return the page: the same bytes for the same master, mix and title."""
    over_time, spectra = _figures(reported)
    parts = (
        f"<h1>{html.escaped(reported.title)}</h1>",
        f'<p class="quiet">{html.escaped(_subtitle(reported))}</p>',
        _certificate(reported),
        f'<div class="listen"><h2>Listen</h2>{_players(reported, longest_s)}</div>',
        f'<div class="columns report"><div><h2>Over time</h2>{over_time}</div>'
        f"<div>{spectra}{_processing(reported.certificate)}</div></div>",
        _targets(reported.certificate),
    )
    return documents.document(reported.title, *parts, _size(sum(len(part.encode()) for part in parts)), style=_STYLE)


def _size(size: int) -> str:
    """Return the foot of the page."""
    from importlib.metadata import version

    told = f"This page has {size / 1e6:.1f} MB with its sound, and loads nothing from a network."
    return f'<p class="quiet">{told} mixdown {html.escaped(version("mixdown"))}.</p>'


def _subtitle(reported: Reported) -> str:
    certificate = reported.certificate
    seconds = reported.audio.shape[1] / reported.sample_rate_hz
    channels = {1: "mono", 2: "stereo"}.get(certificate.channels, f"{certificate.channels} channels")
    bits = "32 bit floating point" if certificate.bit_depth == 32 else f"{certificate.bit_depth} bit"
    length = f"{int(seconds // 60)}:{seconds % 60:04.1f}"
    form = f"{reported.sample_rate_hz / 1000:g} kHz, {bits}, {channels}"
    return f"Master for {certificate.target.name} · {length} · {form}"


def _certificate(reported: Reported) -> str:
    certificate = reported.certificate
    head = ("", "LUFS", "True peak dBTP", "Range LU", "Max short-term", "Max momentary", "Sample peak dBFS", "PLR LU")
    rows = [] if reported.mix_loudness is None else [("Mix", *_figures_of(reported.mix_loudness))]
    rows.append(("Master", *_figures_of(certificate.loudness)))
    wanted = (number_text(certificate.target_lufs, digits=2), number_text(certificate.ceiling_dbtp, digits=2))
    rows.append(("Target, ceiling", *wanted, "", "", "", "", ""))
    said, name = judged(certificate, certificate.target), certificate.target.name
    verdict = {"pass": f"Pass: {name}.", "fail": f"Fail: {name}: {said[6:]}."}.get(said[:4], f"{name}: {said}.")
    notes = "".join(f"<p>{html.escaped(note)}</p>" for note in certificate.notes)
    return (
        f"<h2>Certificate</h2>{documents.table(head, rows)}"
        f"<p{_kind(said)}>{html.escaped(verdict)}</p>{notes}"
        f'<p class="quiet">Measured on the delivered samples. {html.escaped(certificate.meter)}.</p>'
    )


def _figures_of(reading: Loudness) -> tuple[str, ...]:
    return (
        number_text(reading.integrated_lufs, digits=2),
        number_text(reading.true_peak_dbtp, digits=2),
        number_text(reading.loudness_range_lu),
        number_text(reading.max_short_term_lufs),
        number_text(reading.max_momentary_lufs),
        number_text(reading.sample_peak_dbfs, digits=2),
        number_text(reading.plr_lu) if math.isfinite(reading.plr_lu) else "-",
    )


def _players(reported: Reported, longest_s: float) -> str:
    rate_hz = reported.sample_rate_hz
    if reported.mix is None:
        return player(reported.audio, rate_hz, longest_s=longest_s)
    return ab_players({"Mix": reported.mix, "Master": reported.audio}, rate_hz, longest_s=longest_s)


def _figures(reported: Reported) -> tuple[str, str]:
    """Return the figures over time and the spectrum, each with its legend."""
    from matplotlib.figure import Figure

    certificate = reported.certificate
    figures = MasterFigures(
        after=reported.audio,
        sample_rate_hz=reported.sample_rate_hz,
        loudness_after=certificate.loudness,
        target_lufs=certificate.target_lufs,
        ceiling_dbtp=certificate.ceiling_dbtp,
        before=reported.mix,
        loudness_before=reported.mix_loudness,
        reduction_db=certificate.reduction_curve_db,
    )
    drawn = []
    tall = Figure(figsize=(6.2, 5.2 + (0 if reported.mix is None else 1.4)), facecolor="none", layout="constrained")
    flat = Figure(figsize=(6.2, 3.4), facecolor="none", layout="constrained")
    over_time = figures.over_time(tall)
    spectra = flat.add_subplot()
    figures.spectra(spectra)
    spectrum_title = spectra.get_title(loc="left")
    spectra.set_title("", loc="left")
    for figure, all_axes, label in (
        (tall, over_time, "Waveform, loudness and gain reduction over time"),
        (flat, [spectra], "Spectrum"),
    ):
        legends = [documents.legend(axes) for axes in all_axes if axes.get_legend() is not None]
        for axes in all_axes:
            axes.patch.set_visible(False)
            for shape in axes.collections:
                # Shapes take the colours of the page, and are sharp at any size.
                shape.set_rasterized(False)
        drawn.append(f"{documents.themed(html.svg(figure), label)}{''.join(legends)}")
    return drawn[0], f"<h2>{html.escaped(spectrum_title)}</h2>{drawn[1]}"


def _processing(certificate: Certificate) -> str:
    lines = (re.sub(r"^\d+ +", "", line) for line in stages(certificate))
    return f"<h2>Processing</h2><ol>{''.join(f'<li>{html.escaped(line)}</li>' for line in lines)}</ol>"


def _targets(certificate: Certificate) -> str:
    told = "Player: the gain with which a player that follows the target plays the master, and the loudness then."
    table = _verdicts(verdict_rows(certificate)[1:], certificate.target.name)
    remarks = "".join(f'<p class="quiet">{html.escaped(line)}</p>' for line in ceiling_remarks(certificate))
    return f'<h2>Targets</h2>{table}{remarks}<p class="quiet">{told}</p>'


def _kind(said: str) -> str:
    """Return the class of a verdict; what a player does is neither good nor bad."""
    kind = {"pass": "pass", "fail": "fault"}.get(said[:4])
    return f' class="{kind}"' if kind else ""


def _verdicts(rows: Sequence[Sequence[str]], own: str) -> str:
    lines = []
    for row in rows:
        name, said, *figures = map(html.escaped, row)
        bold = ' class="bold"' if row[0] == own else ""
        cells = "".join(f"<td>{figure}</td>" for figure in figures)
        lines.append(f'<tr{bold}><td>{name}</td><td class="text"><span{_kind(said)}>{said}</span></td>{cells}</tr>')
    head = "".join(f'<th class="text">{name}</th>' if name == "Verdict" else f"<th>{name}</th>" for name in HEADINGS)
    return f'<div class="wide verdicts"><table><tr>{head}</tr>{"".join(lines)}</table></div>'
