"""Pages of mixes: the routing and the strips, a strip with what is not its default, readings as a table."""

from __future__ import annotations

import dataclasses

from mixdown.analysis import Balance
from mixdown.display import html, style
from mixdown.display.html import page_of
from mixdown.display.routing import mix as routing
from mixdown.session import Mix, MixReading, Strip, StripReading
from mixdown.session.table import rows_of
from mixdown.session.words import said

#: Most strips whose routing is drawn.
_MOST_STRIPS = 16
_READINGS = ("Strip", "Peak", "RMS", "Loudness", "Correlation", "Reduction", "Clipped")


@page_of.register
def _mix(mix: Mix) -> str:
    headings, *rows = rows_of(mix._first(), mix._master, mix._members())
    drawn = ""
    if len(mix) <= _MOST_STRIPS:
        # As high as its longest column may be.
        height = min(5.0, 1.2 + 0.35 * len(mix))
        drawn = html.drawn(routing(mix, style.new_axes(9.0, height, (0.01, 0.01, 0.98, 0.98))))
    return html.page(html.title_of(mix), drawn, html.table(headings, rows), *map(html.line, mix._more()))


@page_of.register
def _strip(strip: Strip) -> str:
    shown_as = {
        "inserts": [*map(repr, strip.inserts)],
        "sends": [f"{to}: {send}" for to, send in strip.sends.items()],
    }
    rows = [
        (entry.name, "\n".join(shown_as.get(entry.name, [said(value)])))
        for entry in dataclasses.fields(strip)
        if entry.name not in ("name", "audio") and (value := getattr(strip, entry.name)) != entry.default
    ]
    return html.page(html.title_of(strip), html.table((), rows))


@page_of.register
def _reading(reading: MixReading) -> str:
    rows = [(name, *strip._row()) for name, strip in reading.items()]
    return html.page(html.title_of(reading), html.table(_READINGS, rows, left=1))


@page_of.register
def _strip_reading(reading: StripReading) -> str:
    return html.page("StripReading", html.table(_READINGS[1:], [reading._row()], left=0))


@page_of.register
def _balance(balance: Balance) -> str:
    rows = [
        (name, balance.roles.get(name, ""), balance.rules.get(name, ""), f"{reading.integrated_lufs:.1f} LUFS")
        for name, reading in balance.loudness.items()
    ]
    alone = [(name, reason) for name, reason in balance.left_alone.items()]
    return html.page(
        html.title_of(balance),
        html.table(("Stem", "Counts as", "Decided by", "Loudness as given"), rows, left=3),
        html.table(("Left alone", "Why"), alone),
        html.folded("Mix", page_of(balance.mix)),
    )
