"""A mix as a table of its strips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mixdown.session.strips import Strip
from mixdown.session.words import listed, said

_HEADINGS = ("Strip", "Input", "Fader", "Pan", "Inserts", "Sends", "To")


def table(strips: Iterable[Strip], master: Strip) -> str:
    """Return the strips of a mix as a table of text, the master last."""
    rows = [_row(strip) for strip in strips]
    rows.append((*_row(master)[:-1], ""))
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    return "\n".join(_line(cells, widths) for cells in (_HEADINGS, *rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _row(strip: Strip) -> tuple[str, ...]:
    muted = strip.mute if isinstance(strip.mute, bool) else False
    fader = "muted" if muted else "drawn" if isinstance(strip.fader_db, tuple) else said(strip.fader_db, " dB")
    pan = "drawn" if isinstance(strip.pan, tuple) else f"{strip.pan:g}"
    if strip.stereo_pan == "dual":
        pan = "dual"
    drawn = [to for to in strip.sends if f"sends/{to}/level_db" in strip.automation]
    sends = [f"{to} {'drawn' if to in drawn else said(send.level_db, ' dB')}" for to, send in strip.sends.items()]
    inserts = [effect._name for effect in strip.inserts]
    marks = " (solo)" if strip.solo else ""
    return (strip.name + marks, strip._kind(), fader, pan, listed(inserts, " > "), listed(sends, ", "), strip.to)
