"""Output of the command line: figures, tables, JSON, warnings, progress; where each goes, and when it is silent."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column

from mixdown._tables import aligned, fitted, room, width_of, wrapped
from mixdown.cli.exits import PIPE_CLOSED
from mixdown.files.names import printable, shown

#: Columns of a terminal that does not tell.
_USUAL_COLUMNS = 80
#: Columns of the bar on a narrow one.
_LEAST_BAR = 8
_quiet: ContextVar[bool] = ContextVar("_quiet", default=False)


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


def output_columns() -> int | None:
    """Return the columns of standard output: of COLUMNS, else of the terminal; None where it is none."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError, AttributeError):
        return None


@contextlib.contextmanager
def session() -> Iterator[None]:
    """Lay out tables for standard output, and speak until a verb is told to be quiet."""
    before = _quiet.set(False)
    try:
        with fitted(output_columns()):
            yield
    finally:
        _quiet.reset(before)


def be_quiet(wanted: bool) -> bool:
    """Print errors alone from here on, and JSON where it is asked for."""
    _quiet.set(wanted)
    return wanted


def say(text: str = "") -> None:
    """Print lines on standard output, wrapped on a narrow terminal."""
    if not _quiet.get():
        _write("".join(f"{part}\n" for line in text.split("\n") for part in wrapped(line)))


def say_json(values: Any) -> None:
    """Print values as JSON, also where all else is quiet; what is not finite becomes null."""
    _write(f"{json.dumps(_finite(values), indent=2, allow_nan=False)}\n")


def _write(text: str) -> None:
    """Write to standard output; exit quietly if its reader has closed it, as ``head`` does."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_output()
        raise SystemExit(PIPE_CLOSED) from None
    except OSError:
        abandon_output()
        raise


#: Ends of the names of figures. In settings of effects an infinity stays the word that `from_dict` reads.
_UNITS = ("_db", "_dbtp", "_dbfs", "_lufs", "_lu", "_hz", "_s", "_ms")


def _finite(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        effect = "type" in value
        return {str(key): _finite(item, "" if effect else str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item, name) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return None if value in ("inf", "-inf", "nan") and name.endswith(_UNITS) else value


def abandon_output() -> None:
    """Keep the interpreter from flushing unwritable output again at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"mixdown: {text}\n")


def warn(text: str) -> None:
    """Print a warning on standard error."""
    if not _quiet.get():
        complain(f"warning: {printable(text)}")


def one_line(error: BaseException) -> str:
    """Return the message of an error in one line, with the name of its file."""
    if isinstance(error, OSError) and error.strerror:
        name = f"{shown(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        around = Path(os.fsdecode(error.filename)).parent if name else Path()
        if isinstance(error, FileNotFoundError) and not around.exists():
            return f"{name}folder {shown(around)} does not exist"
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
        Available columns; by default those of the terminal, without end in a pipe.

    Returns
    -------
    str
        See :func:`mixdown._tables.aligned`.
    """
    with fitted(room() if width is None else width):
        return aligned([headings, *rows], ruled=True)


@contextlib.contextmanager
def bar(title: str) -> Iterator[Callable[[float], None]]:
    """Show a progress bar if stderr is a terminal that can draw it; call what it yields with the share done, 0 to 1."""
    drawn = sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb") and not _quiet.get()
    console = Console(stderr=True, markup=False, emoji=False)
    # A title holds names of files, which may look like markup, and which are folded where they are long.
    rest = console.width - len(" 100 % 0:00:00") - 1
    titled = max(min(max(width_of(title), 28), rest - _LEAST_BAR), 1)
    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(overflow="fold", width=titled)),
        BarColumn(bar_width=max(min(rest - titled, 40), 1)),
        TextColumn("{task.percentage:>3.0f} %", markup=False, table_column=Column(no_wrap=True, min_width=5)),
        TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=7)),
    )
    with Progress(*columns, console=console, disable=not drawn) as bars:
        task = bars.add_task(title, total=1.0)
        yield lambda share: bars.update(task, completed=share)
        bars.update(task, completed=1.0)
