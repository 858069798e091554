"""The program ``mixdown``: its commands, exit codes and signals."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from mixdown import __version__
from mixdown.cli.album import album, order
from mixdown.cli.catalog import catalog
from mixdown.cli.check import check
from mixdown.cli.codec import codec
from mixdown.cli.compare import compare
from mixdown.cli.demo import demo
from mixdown.cli.master import master
from mixdown.cli.measure import measure
from mixdown.cli.mix import mix
from mixdown.cli.options import TAKERS_HELP, TARGETS_HELP
from mixdown.cli.terminal import SIGNALLED, complain, one_line, say
from mixdown.cli.translate import translate
from mixdown.cli.vinyl import vinyl
from mixdown.files.names import printable

app = typer.Typer(
    add_completion=False,
    help="Mix and master music.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(epilog=TARGETS_HELP)(measure)
app.command(epilog=TAKERS_HELP)(check)
app.command()(codec)
app.command()(mix)
app.command()(translate)
app.command()(demo)
app.command(epilog=TARGETS_HELP)(master)
app.command()(album)
app.command()(order)
app.command(epilog=TARGETS_HELP)(catalog)
app.command()(compare)
app.command()(vinyl)


def _version(shown: bool) -> None:
    if shown:
        say(f"mixdown {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Mix and master music."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def _stop(number: int, _frame: FrameType | None) -> None:
    """Exit by an exception, so that no partial file is left."""
    raise SystemExit(SIGNALLED + number)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line: 0 on success, 1 with one line on stderr otherwise, 130 after Ctrl-C.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        # Names and units must not fail on a terminal without their characters.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    warnings.showwarning = lambda message, *_args, **_kwargs: complain(f"warning: {printable(str(message))}")
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    """Run the command that the arguments name, and return the exit code."""
    interrupted = SIGNALLED + signal.SIGINT
    try:
        code = int(app(arguments, prog_name="mixdown", standalone_mode=False) or 0)
    except (ValueError, TypeError, OSError, MemoryError) as error:
        complain(one_line(error))
        return 1
    except (KeyboardInterrupt, typer.Abort):
        code = interrupted
    except Exception as error:
        # Usage errors of the command-line parser; anything else is a defect and keeps its traceback.
        if not hasattr(error, "format_message"):
            raise
        complain(one_line(ValueError(error.format_message())))
        return 1
    if code == interrupted:
        complain("interrupted")
    return code
