"""Tables of text: aligned, and laid out anew where the terminal is too narrow. Nothing is cut off or left out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextvars import ContextVar

_GAP = "  "
#: Columns that names, and sentences, are folded to at the narrowest.
_LEAST_NAME, _LEAST_TEXT = 12, 24
#: A cell of more columns than this is a sentence.
_LONG = 48

#: Columns that are there; None where there is no end of them.
_room: ContextVar[int | None] = ContextVar("_room", default=None)


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    # Loaded with the first table: not by the import of the package.
    from rich.cells import cell_len

    return cell_len(text)


@contextlib.contextmanager
def fitted(columns: int | None) -> Iterator[None]:
    """Lay out all tables and lines that are made meanwhile in so many columns; None: as wide as they are."""
    before = _room.set(columns)
    try:
        yield
    finally:
        _room.reset(before)


def room() -> int | None:
    """Return how many columns there are; None where there is no end of them."""
    return _room.get()


def aligned(
    rows: Sequence[Sequence[str]],
    left: int | Collection[int] = 1,
    *,
    headed: bool = True,
    ruled: bool = False,
    indent: int = 0,
) -> str:
    """Return cells as a table of text.

    Parameters
    ----------
    rows : sequence of sequences of str
        The headings first.
    left : int or collection of int, default 1
        Columns of names and sentences, by their count or their places. They stand to the left and may be folded; all
        others stand to the right and are not.
    headed : bool, default True
        Whether the first row holds headings.
    ruled : bool, default False
        Whether there is a rule under them.
    indent : int, default 0
        Blanks before each line.

    Returns
    -------
    str
        Upright where it fits with names folded at most. Else with rows and columns exchanged, else as several tables
        below each other that repeat the first column, else as a block of lines for each row.

    Examples
    --------
    >>> rows = [("Song", "Loudness", "Peak"), ("A long name", "-14.0 LUFS", "-1.0 dBTP")]
    >>> print(aligned(rows))
    Song           Loudness       Peak
    A long name  -14.0 LUFS  -1.0 dBTP
    >>> with fitted(24):
    ...     print(aligned(rows))
    Song      A long name
    Loudness   -14.0 LUFS
    Peak        -1.0 dBTP
    """
    grid = [list(row) for row in rows]
    texts = range(left) if isinstance(left, int) else left
    columns = _room.get()
    space = None if columns is None else max(columns - indent, 1)
    lines = _upright(grid, texts, ruled, space)
    if lines is None and space is not None:
        if headed and len(grid) > 1:
            lines = _turned(grid, ruled, space) or _split(grid, texts, ruled, space)
        lines = lines or _blocks(grid, headed, space)
    return "\n".join(f"{' ' * indent}{line}".rstrip() for line in lines or ())


def wrapped(line: str) -> list[str]:
    """Return a line of text as lines that fit, indented as it is; no figure leaves its unit."""
    columns = _room.get()
    text = line.lstrip(" ")
    indent = len(line) - len(text)
    if columns is None or width_of(line) <= columns:
        return [line]
    return [f"{' ' * indent}{part}" for part in folded(text, max(columns - indent, 1))]


def _widths(grid: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(width_of, column)) for column in zip(*grid, strict=True)]


def _least(cells: Sequence[str], width: int) -> int:
    """Return the columns that a column of text needs, so that common words stay whole."""
    longest = max((width_of(word) for cell in cells for word in cell.split()), default=0)
    least = _LEAST_TEXT if width > _LONG else max(_LEAST_NAME, longest)
    return min(width, least, _LEAST_TEXT)


def _leasts(grid: Sequence[Sequence[str]], texts: Collection[int]) -> list[int]:
    """Return the columns that each column needs: figures are never folded, only the headings above them."""
    leasts = []
    for column, cells in enumerate(zip(*grid, strict=True)):
        width = max(map(width_of, cells))
        least = _least(cells, width)
        if column not in texts:
            least = max(min(least, _least(cells[:1], width)), *map(width_of, cells[1:]), 0)
        leasts.append(least)
    return leasts


def _shrunk(widths: list[int], least: Sequence[int], space: int) -> list[int] | None:
    """Return narrower widths that fit, always from the widest that can be folded; None if they do not."""
    widths = list(widths)
    for _ in range(sum(widths) + len(_GAP) * (len(widths) - 1) - space):
        wide = [column for column in range(len(widths)) if widths[column] > least[column]]
        if not wide:
            return None
        widths[max(wide, key=lambda column: widths[column])] -= 1
    return widths


def _upright(grid: list[list[str]], texts: Collection[int], ruled: bool, space: int | None) -> list[str] | None:
    widths = _widths(grid)
    fitting = widths if space is None else _shrunk(widths, _leasts(grid, texts), space)
    return None if fitting is None else _drawn(grid, fitting, texts, ruled)


def _drawn(grid: Sequence[Sequence[str]], widths: Sequence[int], texts: Collection[int], ruled: bool) -> list[str]:
    lines = []
    for number, row in enumerate(grid):
        cells = [folded(cell, width) for cell, width in zip(row, widths, strict=True)]
        for part in range(max(map(len, cells))):
            parts = (cell[part] if part < len(cell) else "" for cell in cells)
            padded = (_padded(text, widths[column], column not in texts) for column, text in enumerate(parts))
            lines.append(_GAP.join(padded).rstrip())
        if ruled and number == 0:
            lines.append(_GAP.join("-" * width for width in widths))
    return lines


def _turned(grid: list[list[str]], ruled: bool, space: int) -> list[str] | None:
    """Exchange rows and columns: names stand on top, folded where that helps."""
    turned = [list(column) for column in zip(*grid, strict=True)]
    if len(turned) < 2:
        return None
    figures = _widths(turned[1:])
    names = [width_of(name) for name in turned[0]]
    for limit in (max(names), _LONG, 32, 24, 16, _LEAST_NAME):
        widths = [max(figure, min(name, limit)) for figure, name in zip(figures, names, strict=True)]
        widths[0] = max(figures[0], names[0])
        if sum(widths) + len(_GAP) * (len(widths) - 1) <= space:
            return _drawn(turned, widths, [0], ruled)
    return None


def _split(grid: list[list[str]], texts: Collection[int], ruled: bool, space: int) -> list[str] | None:
    """Split the columns among several tables that repeat the first one."""
    widths, least = _widths(grid), _leasts(grid, texts)
    if len(grid) < 3 or any(least[0] + len(_GAP) + width > space for width in least[1:]):
        return None
    groups: list[list[int]] = [[0]]
    for column in range(1, len(widths)):
        used = sum(least[other] + len(_GAP) for other in groups[-1])
        if len(groups[-1]) > 1 and used + least[column] > space:
            groups.append([0])
        groups[-1].append(column)
    lines: list[str] = []
    for group in groups:
        part = [[row[column] for column in group] for row in grid]
        # A row that has nothing here stands in another part.
        part = [part[0], *(row for row in part[1:] if any(row[1:]))]
        drawn = _upright(part, [at for at, column in enumerate(group) if column in texts], ruled, space)
        if drawn is None:
            return None
        lines += ["", *drawn] if lines else drawn
    return lines


def _blocks(grid: list[list[str]], headed: bool, space: int) -> list[str]:
    """Write a block of lines for each row: its name, then all else below it."""
    lines = []
    headings, rows = (grid[0], grid[1:]) if headed else ([""] * len(grid[0]), grid)
    first = 1 if headed else max(len(grid[0]) - 1, 1)
    label = max(map(width_of, headings[first:]), default=0)
    for row in rows:
        lines += folded(_GAP.join(cell for cell in row[:first] if cell), space)
        for heading, cell in zip(headings[first:], row[first:], strict=True):
            if not headed:
                lines += [f"{_GAP}{part}" for part in folded(cell, max(space - len(_GAP), 1))]
                continue
            before = f"{_GAP}{_padded(heading, label, False)}{_GAP}"
            for part in folded(cell, max(space - width_of(before), _LEAST_NAME)):
                lines.append(f"{before}{part}".rstrip())
                before = " " * width_of(before)
    return lines


def _padded(text: str, width: int, right: bool) -> str:
    fill = " " * (width - width_of(text))
    return fill + text if right else text + fill


#: A blank that a line may end at: not between a figure and its unit.
_BLANKS = re.compile(
    r"(?<=\s)(?=\S)(?!(?:(?<=\d\s)|(?<=inf\s))(?:LUFS|LU|dBTP|dBFS|dB|Hz|kHz|ms|s|mm|µm|%|kb/s|MB)(?!\w))"
)
#: Within a word: figures with their sign stay whole.
_PARTS = re.compile(r"(?:[-+]?\d[\d.]*|[^\W\d_]+|[\W_])[,;:=)\]/]*")


def folded(text: str, width: int) -> list[str]:
    """Return a text as lines: at blanks, words that are too long at other marks, and only then anywhere."""
    lines, line = [], ""
    for word in _BLANKS.split(text):
        for part in _pieces(word, width):
            if line and width_of(line + part.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            line += part
    return [*lines, line.rstrip()]


def _pieces(word: str, width: int) -> Iterator[str]:
    if width_of(word.rstrip()) <= width:
        yield word
        return
    for part in _PARTS.findall(word):
        if width_of(part) <= width:
            yield part
        else:
            yield from part
