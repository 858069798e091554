"""Objects that show themselves in notebooks: their page, and the parts that pages are made of.

A page needs nothing else: no script, no style sheet, no network. Its figures are SVG, and the same object gives the
same bytes. What is text is escaped, so that a title like ``<b>`` stays a title.
"""

from __future__ import annotations

import dataclasses
import functools
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

#: Units by the endings of names, the longest first.
UNITS = {
    "_db_per_octave": "dB/octave",
    "_db_per_s": "dB/s",
    "_percent": "%",
    "_frames": "frames",
    "_kbps": "kb/s",
    "_dbfs": "dBFS",
    "_dbtp": "dBTP",
    "_lufs": "LUFS",
    "_bpm": "BPM",
    "_lu": "LU",
    "_db": "dB",
    "_hz": "Hz",
    "_ms": "ms",
    "_um": "µm",
    "_mm": "mm",
    "_s": "s",
}
#: Most rows of a table, and most items of a list, that a page shows.
MOST_ROWS, _MOST_ITEMS = 64, 8
#: Longest text of a cell.
_LONGEST = 400


class Shown:
    """An object that shows itself in a notebook."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return page_of(self)


@functools.singledispatch
def page_of(value: object) -> str:
    """Return the page of an object: its text, and the fields that it has. Kinds of objects register their own."""
    title = type(value).__name__
    text = repr(value)
    said = text[1:-1] if text.startswith("<") and text.endswith(">") else ""
    said = said.removeprefix(title).lstrip(":, ").strip()
    return page(title, line(said) if said else "", table((), fields_of(value)))


def fields_of(value: object, without: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the fields of a value with their units, those without a value and private ones left out."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return []
    named = [(entry.name, getattr(value, entry.name)) for entry in dataclasses.fields(value)]
    rows = [
        quantity(name, item)
        for name, item in named
        if not name.startswith("_") and name not in without and item is not None and item != "" and item != ()
    ]
    return [(name, item) for name, item in rows if item]


def quantity(name: str, value: Any) -> tuple[str, str]:
    """Return a name without the ending that says its unit, and the value with this unit."""
    ending = next((ending for ending in UNITS if name.endswith(ending)), "")
    unit = f" {UNITS[ending]}" if ending and not isinstance(value, (str, Mapping)) else ""
    return name.removesuffix(ending).replace("_", " "), f"{short(value)}{unit}"


def short(value: Any) -> str:
    """Return a value as short text: numbers by their digits, arrays by their count and range, never their contents."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return number(float(value))
    if isinstance(value, np.ndarray):
        numbers = value[np.isfinite(value)] if value.dtype.kind == "f" else value
        if not numbers.size or value.dtype.kind not in "fiu":
            return f"{value.size} values"
        return f"{value.size} values, {number(float(numbers.min()))} to {number(float(numbers.max()))}"
    if isinstance(value, Mapping):
        return _listed([f"{name}: {short(item)}" for name, item in value.items()])
    if isinstance(value, (tuple, list)):
        if len(value) > _MOST_ITEMS and all(isinstance(item, (int, float)) or item is None for item in value):
            return short(np.array([np.nan if item is None else item for item in value], dtype=np.float64))
        return _listed([short(item) for item in value])
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def number(value: float, digits: int = 2) -> str:
    """Return a number as text: small ones with their first digits, whole ones without a point, never "-0"."""
    rounded = round(value, digits) + 0.0
    if value and not rounded:
        return f"{value:.2g}"
    return f"{rounded:g}" if rounded.is_integer() and abs(rounded) < 1e6 else f"{rounded:.{digits}f}"


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _MOST_ITEMS
    return ", ".join(items[:_MOST_ITEMS]) + (f" and {more} more" if more > 0 else "")


def svg(figure: FigureBase) -> str:
    """Draw a figure as an SVG element: the same bytes for the same figure."""
    import matplotlib

    text = io.StringIO()
    # Else names of elements are drawn by lot, and the time is written.
    with matplotlib.rc_context({"svg.hashsalt": "mixdown"}):
        figure.get_figure(root=True).savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1_000) -> str:
    """Return cells as an HTML table, the first `left` columns to the left, the others to the right.

    Without headings the first cell of a row is its heading. No rows, no table; of many the first are shown.
    """
    listed = list(rows)
    if not listed:
        return ""
    more = len(listed) - MOST_ROWS
    head = f"<tr>{_cells('th', headings, left)}</tr>" if headings else ""
    first = "td" if headings else "th"
    body = "".join(
        f"<tr>{_cells(first, row[:1], left)}{_cells('td', row[1:], left - 1)}</tr>" for row in listed[:MOST_ROWS]
    )
    rest = line(f"and {more} more") if more > 0 else ""
    return f"<table>{head}{body}</table>{rest}"


def page(title: str, *parts: str) -> str:
    """Return a title over parts that are HTML."""
    return f"<div><b>{html.escape(title)}</b>{''.join(parts)}</div>"


def line(text: str) -> str:
    """Return text as a line of a page."""
    return f'<div style="margin: 2px 0">{html.escape(text)}</div>'


def text_table(text: str) -> str:
    """Return a table of text as it is, in letters of one width."""
    return f'<pre style="line-height: 1.3; overflow-x: auto; margin: 4px 0">{html.escape(text)}</pre>'


def folded(title: str, *parts: str) -> str:
    """Return parts behind a title that opens them."""
    return f"<details><summary>{html.escape(title)}</summary>{''.join(parts)}</details>"


def escaped(text: str) -> str:
    """Return text as HTML."""
    return html.escape(text)


def _cells(kind: str, cells: Sequence[str], left: int) -> str:
    return "".join(_cell(kind, cell, "left" if column < left else "right") for column, cell in enumerate(cells))


def _cell(kind: str, text: str, side: str) -> str:
    return f'<{kind} style="text-align: {side}">{html.escape(text)}</{kind}>'
