"""A mix as a table of its strips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mixdown._tables import aligned
from mixdown.session.sends import Send
from mixdown.session.strips import Strip
from mixdown.session.words import listed, said

_HEADINGS = ("Strip", "Input", "Fader", "Pan", "Inserts", "Sends", "Key", "VCA", "To")
#: Columns that are left out where all cells are empty.
_OPTIONAL = ("Key", "VCA")


def rows_of(strips: Iterable[Strip], master: Strip, vcas: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the headings and a row for each strip, the master last; `vcas` are the members of the VCA groups."""
    rows = [_row(strip, vcas) for strip in strips]
    rows.append((*_row(master, vcas)[:-1], ""))
    kept = [
        column
        for column, heading in enumerate(_HEADINGS)
        if heading not in _OPTIONAL or any(row[column] for row in rows)
    ]
    return [tuple(cells[column] for column in kept) for cells in (_HEADINGS, *rows)]


def table(strips: Iterable[Strip], master: Strip, vcas: Mapping[str, Sequence[str]]) -> str:
    """Return the strips of a mix as a table of text, the master last."""
    rows = rows_of(strips, master, vcas)
    return aligned(rows, left=len(rows[0]))


def _row(strip: Strip, vcas: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    fader = "drawn" if isinstance(strip.fader_db, tuple) else said(strip.fader_db, " dB")
    if strip.mute:
        fader += " (mute drawn)" if isinstance(strip.mute, tuple) else " (muted)"
    pan = "drawn" if isinstance(strip.pan, tuple) else f"{strip.pan:g}"
    if strip.stereo_pan == "dual":
        pan = "dual"
    inserts = [effect._name for effect in strip.inserts]
    sends = [_send(to, send, strip) for to, send in strip.sends.items()]
    keys = {} if strip.key_from is None or isinstance(strip.key_from, str) else strip.key_from
    key = strip.key_from if isinstance(strip.key_from, str) else listed([f"{at}: {keys[at]}" for at in keys], ", ")
    groups = [name for name, members in vcas.items() if strip.name in members]
    name = f"{strip.name} (solo)" if strip.solo else strip.name
    cells = (name, strip._kind(), fader, pan, listed(inserts, " > "), listed(sends, ", "), key)
    return (*cells, listed(groups, ", "), strip.to)


def _send(to: str, send: Send, strip: Strip) -> str:
    level = "drawn" if f"sends/{to}/level_db" in strip.automation else said(send.level_db, " dB")
    usual = Send()
    marks: list[str] = [send.tap] if send.tap != usual.tap else []
    marks += ["muted"] if send.mute else []
    return f"{to} {level} ({', '.join(marks)})" if marks else f"{to} {level}"
