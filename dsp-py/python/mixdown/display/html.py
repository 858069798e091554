"""Parts of pages for notebooks."""

from __future__ import annotations

import html
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase


def svg(figure: FigureBase) -> str:
    """Draw a figure as an SVG element: the same bytes for the same figure."""
    import matplotlib

    text = io.StringIO()
    # Else names of elements are drawn by lot, and the time is written.
    with matplotlib.rc_context({"svg.hashsalt": "mixdown"}):
        figure.get_figure(root=True).savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return cells as an HTML table; without headings the first cell of a row is its heading."""
    head = f"<tr>{''.join(_cell('th', name) for name in headings)}</tr>" if headings else ""
    first = "td" if headings else "th"
    body = "".join(f"<tr>{_cell(first, row[0])}{''.join(_cell('td', cell) for cell in row[1:])}</tr>" for row in rows)
    return f"<table>{head}{body}</table>"


def page(title: str, *parts: str) -> str:
    """Return a title over parts that are HTML."""
    return f"<div><b>{html.escape(title)}</b>{''.join(parts)}</div>"


def escaped(text: str) -> str:
    """Return text as HTML."""
    return html.escape(text)


def _cell(kind: str, text: str) -> str:
    return f'<{kind} style="text-align: left">{html.escape(text)}</{kind}>'
