"""Output of the command line: figures, tables that truncate none of them, progress."""

from __future__ import annotations

import math
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mixdown.files.names import printable, shown

#: Widths that names are folded to where a table is too wide.
_NAME_WIDTHS = (48, 32, 24, 16, 12)
_GAP = "  "
#: Exit code of a program ended by a signal, minus the number of the signal.
SIGNALLED = 128


def figure(value: float, unit: str = "", *, digits: int = 2, sign: bool = False) -> str:
    """Return a figure with its unit; zero has no sign.

    Parameters
    ----------
    value : float
    unit : str
    digits : int, default 2
        Decimal places.
    sign : bool, default False
        Whether positive values have one.

    Returns
    -------
    str
    """
    if math.isinf(value):
        text = "-inf" if value < 0 else "inf"
    else:
        text = f"{value:z.{digits}f}"
        text = f"+{text}" if sign and value > 0 and text.strip("0.") else text
    return f"{text} {unit}".rstrip()


def excess(value: float, unit: str, limit: float = 0.0) -> str:
    """Return the excess over a limit, never rounded to look like none.

    Parameters
    ----------
    value : float
        Of either sign, its magnitude above `limit`.
    unit : str
    limit : float, default 0
        Magnitude that is still allowed.

    Returns
    -------
    str
        One decimal place, two if one would not show the miss.
    """
    if not math.isfinite(value):
        return figure(value, unit)
    text = f"{value:+.1f}"
    if abs(float(text)) <= limit:
        away = math.ceil(round(abs(value) * 100, 6)) / 100
        # An excess below the last decimal place still shows.
        away = max(away, math.floor(limit * 100 + 1 + 1e-6) / 100)
        text = f"{math.copysign(away, value):+.2f}"
    return f"{text} {unit}"


def say(text: str = "") -> None:
    """Print a line on standard output; exit quietly if its reader has closed it, as ``head`` does."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_output()
        raise SystemExit(SIGNALLED + getattr(signal, "SIGPIPE", 13)) from None
    except OSError:
        abandon_output()
        raise


def abandon_output() -> None:
    """Keep the interpreter from flushing unwritable output again at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"mixdown: {text}\n")


def one_line(error: BaseException) -> str:
    """Return the message of an error in one line, with the name of its file."""
    if isinstance(error, OSError) and error.strerror:
        name = f"{shown(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        return f"{name}{error.strerror[0].lower()}{error.strerror[1:]}"
    return printable(" ".join(str(error).splitlines())) or type(error).__name__


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return a table with untruncated figures at any width.

    Parameters
    ----------
    headings : sequence of str
    rows : sequence of sequences of str
        The first column holds names.
    width : int, optional
        Available columns; by default those of the terminal, 80 in a pipe.

    Returns
    -------
    str
        Upright if it fits, else transposed, else one paragraph per row. Names are wrapped where that helps.
    """
    columns = width if width is not None else shutil.get_terminal_size((80, 24)).columns
    upright = [list(headings), *map(list, rows)]
    turned = [list(column) for column in zip(*upright, strict=True)]
    for grid, names_on_top in ((upright, False), (turned, True)):
        longest = max(cell_len(name) for name in (grid[0][1:] if names_on_top else [row[0] for row in grid]))
        for limit in (longest, *(limit for limit in _NAME_WIDTHS if limit < longest)):
            text = _grid(grid, limit, names_on_top, columns)
            if text is not None:
                return text
    label = max(map(cell_len, headings[1:]), default=0)
    lines = []
    for row in rows:
        lines += _folded(row[0], max(columns, 1))
        lines += [f"{_GAP}{_padded(head, label)}{_GAP}{cell}" for head, cell in zip(headings[1:], row[1:], strict=True)]
    return "\n".join(lines)


def _grid(grid: list[list[str]], limit: int, names_on_top: bool, columns: int) -> str | None:
    """Lay out a grid with names folded to `limit`; None if it is wider than `columns`."""
    cells = [
        [
            _folded(cell, limit) if (row == 0 and column > 0 if names_on_top else column == 0) else [cell]
            for column, cell in enumerate(line)
        ]
        for row, line in enumerate(grid)
    ]
    widths = [max(cell_len(part) for line in cells for part in line[column]) for column in range(len(grid[0]))]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > columns:
        return None
    lines = []
    for number, line in enumerate(cells):
        for part in range(max(map(len, line))):
            texts = [
                _padded(cell[part] if part < len(cell) else "", cell_width, right=column > 0)
                for column, (cell, cell_width) in enumerate(zip(line, widths, strict=True))
            ]
            lines.append(_GAP.join(texts).rstrip())
        if number == 0:
            lines.append(_GAP.join("-" * cell_width for cell_width in widths))
    return "\n".join(lines)


def _padded(text: str, width: int, *, right: bool = False) -> str:
    fill = " " * (width - cell_len(text))
    return fill + text if right else text + fill


def _folded(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for character in text:
        if line and cell_len(line + character) > width:
            lines.append(line)
            line = ""
        line += character
    return [*lines, line]


@contextmanager
def bar(title: str) -> Iterator[Callable[[float], None]]:
    """Show a progress bar on a terminal's stderr; call what it yields with the share done, 0 to 1."""
    console = Console(stderr=True, markup=False, emoji=False)
    columns = (
        # A title holds names of files, which may look like markup.
        TextColumn("{task.description:<28}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(title, total=1.0)
        yield lambda share: bars.update(task, completed=share)
        bars.update(task, completed=1.0)
