"""Pages that stand alone: a file of HTML that needs nothing else, light and dark, on a screen, a phone and A4."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixdown.display import html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours of figures, and the variables of the page's style that stand for them.
_COLOURS = {
    "#ffffff": "paper",
    "#000000": "ink",
    "#28323b": "ink",
    "#6a7580": "faint",
    "#e6e9ec": "grid",
    "#98a2ad": "before",
    "#1b6b86": "after",
    "#c4553b": "mark",
}


def document(title: str, *parts: str, style: str = "") -> str:
    """Return a page.

    Parameters
    ----------
    title : str
        As text, for the tab of the browser.
    *parts : str
        Its content as HTML.
    style : str, optional
        Rules beside those of all pages.

    Returns
    -------
    str
    """
    from importlib import resources

    rules = resources.files(__package__).joinpath("documents.css").read_text("utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escaped(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>\n{rules}{style}</style></head>\n'
        f"<body>{''.join(parts)}</body></html>\n"
    )


def columns(left: str, right: str) -> str:
    """Return two parts side by side, below each other where the screen is narrow."""
    return f'<div class="columns"><div>{left}</div><div>{right}</div></div>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int] = ()) -> str:
    """Return a table of text, whose first column and those of `text` are words, and all others figures."""
    made = f"{_row(head, 'th', text)}{''.join(_row(row, 'td', text) for row in rows)}"
    return f'<div class="wide"><table>{made}</table></div>'


def _row(cells: Sequence[str], tag: str, text: Sequence[int]) -> str:
    heads = [f'<{tag} class="text">' if column in text else f"<{tag}>" for column in range(len(cells))]
    made = (f"{head}{html.escaped(cell)}</{tag}>" for head, cell in zip(heads, cells, strict=True))
    return f"<tr>{''.join(made)}</tr>"


def themed(svg: str, label: str = "") -> str:
    """Return a figure in the colours of the page, so that it can be read on a dark one.

    Parameters
    ----------
    svg : str
        As :func:`mixdown.display.html.svg` draws it.
    label : str, optional
        What it shows, for those who hear the page.

    Returns
    -------
    str
    """
    known = "|".join(_COLOURS)
    styled = re.sub(
        r'style="[^"]*"',
        lambda style: re.sub(known, lambda colour: f"var(--{_COLOURS[colour[0]]})", style[0]),
        svg,
    )
    # A hundredth of a point is finer than any screen: waveforms have thousands of points.
    styled = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path[0]), styled)
    named = f'<svg role="img" aria-label="{html.escaped(label)}" ' if label else '<svg aria-hidden="true" '
    return styled.replace("<svg ", named, 1)


def legend(axes: Axes) -> str:
    """Return the names of lines of axes, in colours of pages, as text that wraps; they leave the figure."""
    drawn = axes.get_legend()
    if drawn is not None:
        drawn.remove()
    items = []
    for line in axes.get_lines():
        label, colour = str(line.get_label()), str(line.get_color()).lower()
        if label.startswith("_"):
            continue
        kind = "solid" if line.get_linestyle() == "-" else "dashed"
        rule = f"border-top: {min(line.get_linewidth(), 2.5):g}px {kind} var(--{_COLOURS[colour]})"
        faint = f"; opacity: {line.get_alpha():g}" if line.get_alpha() else ""
        items.append(f'<span class="line"><i style="{rule}{faint}"></i>{html.escaped(label)}</span>')
    return f'<p class="legend quiet">{"".join(items)}</p>'
