"""Objects that show themselves in notebooks: their page, and the parts that pages are made of.

A page needs nothing else: no script, no style sheet, no network. Its figures are SVG, and the same object gives the
same bytes. What is text is escaped, so that a title like ``<b>`` stays a title.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import html
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

#: Units by the endings of names, the longest first.
UNITS = {
    "_db_per_octave": "dB/octave",
    "_db_per_s": "dB/s",
    "_db_spl": "dB SPL",
    "_octaves": "octaves",
    "_degrees": "°",
    "_cents": "cents",
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
#: Most fields of a line.
_MOST_FIELDS = 12
#: Longest text of a cell.
_LONGEST = 400


_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
#: Names of elements of an SVG, where they are given and where they are used.
_NAMES = re.compile(r'(\bid="|url\(#|href="#)')


def _named(svg_text: str, name: str) -> str:
    """Give the elements of an SVG names of their own: a page has many, and a browser takes the first of one name.

    Where that one is hidden, as within what is folded, clipping by it fails.
    """
    return _NAMES.sub(rf"\g<1>md{name}-", svg_text)


class Shown:
    """An object that shows itself in a notebook."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return shown(self)


class Told(Shown):
    """A result that prints as a line: its fields with their units."""

    __slots__ = ()

    def __repr__(self) -> str:
        told = [f"{name} {item}" for name, item in fields_of(self)]
        more = f" and {len(told) - _MOST_FIELDS} more" if len(told) > _MOST_FIELDS else ""
        return f"<{type(self).__name__}: {', '.join(told[:_MOST_FIELDS])}{more}>"


def shown(value: object) -> str:
    """Return the page of an object, whose figures pyplot does not know."""
    with apart():
        return page_of(value)


@contextmanager
def apart() -> Iterator[None]:
    """Keep new figures apart from pyplot: they are drawn for a page alone."""
    before = _apart.set(True)
    try:
        yield
    finally:
        _apart.reset(before)


def is_apart() -> bool:
    """Whether figures are drawn for a page alone."""
    return _apart.get()


_apart: ContextVar[bool] = ContextVar("_apart", default=False)


@functools.singledispatch
def page_of(value: object) -> str:
    """Return the page of an object: its text, and the fields that it has. Kinds of objects register their own."""
    if type(value).__repr__ is Told.__repr__:
        return page(type(value).__name__, table((), fields_of(value)))
    return page(title_of(value), table((), fields_of(value)))


def title_of(value: object) -> str:
    """Return the first line of what a value prints as, without its brackets; its class where that is a call."""
    text = repr(value).partition("\n")[0]
    return text[1:-1] if text.startswith("<") and text.endswith(">") else type(value).__name__


def fields_of(value: object, without: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the fields of a value with their units, those without a value and private ones left out."""
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return []
    named = {
        entry.name: getattr(value, entry.name)
        for entry in dataclasses.fields(value)
        if entry.repr and not entry.name.startswith("_") and entry.name not in without
    }
    return [quantity(name, item) for name, item in named.items() if not _is_nothing(item)]


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, (str, tuple, list, Mapping)) and not value)


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
        return _listed([_entry(str(name), item) for name, item in value.items()])
    if isinstance(value, (tuple, list)):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return _listed([f"{short(item[0])} to {short(item[1])}" for item in value])
        if len(value) > _MOST_ITEMS and all(isinstance(item, (int, float)) or item is None for item in value):
            return short(np.array([np.nan if item is None else item for item in value], dtype=np.float64))
        return _listed([short(item) for item in value])
    text = title_of(value) if isinstance(value, Shown) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _entry(name: str, value: Any) -> str:
    """Return an entry of a mapping; figures with their unit as evidence and predictions have them."""
    if isinstance(value, tuple) and len(value) > 1 and isinstance(value[-1], str):
        figures = " to ".join(short(item) for item in value[:-1])
        ending = next((ending for ending in UNITS if name.endswith(ending)), "")
        return f"{name.removesuffix(ending).replace('_', ' ')} {figures} {value[-1]}".rstrip()
    return f"{name}: {short(value)}"


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
    # Else names of elements are drawn by lot, and the time is written. Text stays text: it can be searched and read
    # aloud, and the browser has letters that the fonts of figures lack.
    fixed = matplotlib.rc_context({"svg.hashsalt": "mixdown", "svg.fonttype": "none"})
    with fixed, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure.get_figure(root=True).savefig(text, format="svg", metadata={"Date": None})
    # Without the block that tells what an SVG is.
    made = _METADATA.sub("", text.getvalue()[text.getvalue().index("<svg") :])
    made = _named(made, hashlib.sha256(made.encode()).hexdigest()[:12])
    # No wider than the page.
    return made.replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1)


def drawn(axes: Axes) -> str:
    """Return the figure of axes as a part of a page."""
    return f"<div>{svg(axes.figure)}</div>"


def beside(*parts: str) -> str:
    """Return parts beside each other, one below the other where the page is narrow."""
    kept = [f"<div>{part}</div>" for part in parts if part]
    style = "display: flex; flex-wrap: wrap; gap: 4px 20px; align-items: flex-start"
    return f'<div style="{style}">{"".join(kept)}</div>' if len(kept) > 1 else "".join(parts)


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
    return f'<pre style="line-height: 1.3; white-space: pre-wrap; margin: 4px 0">{html.escape(text)}</pre>'


def folded(title: str, *parts: str) -> str:
    """Return parts behind a title that opens them."""
    name = hashlib.sha256(title.encode()).hexdigest()[:6]
    inner = _OWN.sub(rf"\g<0>{name}-", "".join(parts))
    return f"<details><summary>{html.escape(title)}</summary>{inner}</details>"


_OWN = re.compile(r'(?:\bid="|url\(#|href="#)md[0-9a-f]{12}-')


def escaped(text: str) -> str:
    """Return text as HTML."""
    return html.escape(text)


def _cells(kind: str, cells: Sequence[str], left: int) -> str:
    return "".join(_cell(kind, cell, "left" if column < left else "right") for column, cell in enumerate(cells))


def _cell(kind: str, text: str, side: str) -> str:
    return f'<{kind} style="text-align: {side}">{html.escape(text)}</{kind}>'
