"""The program ``mixdown``: its verbs, exit codes and signals."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, Any

import typer

from mixdown import __version__, _start
from mixdown.cli.album import album, order
from mixdown.cli.catalog import catalog
from mixdown.cli.check import check
from mixdown.cli.codec import codec
from mixdown.cli.commands import Program, VerbCommand
from mixdown.cli.compare import compare
from mixdown.cli.demo import demo
from mixdown.cli.exits import DONE, FAULT, INTERRUPTED, PIPE_CLOSED, SIGNALLED
from mixdown.cli.master import master
from mixdown.cli.measure import measure
from mixdown.cli.mix import mix
from mixdown.cli.targets import targets
from mixdown.cli.terminal import abandon_output, complain, one_line, say, session, warn
from mixdown.cli.translate import translate
from mixdown.cli.verbs import VERBS
from mixdown.cli.vinyl import vinyl

app = typer.Typer(
    cls=Program,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)
_RUN = {
    verb.__name__: verb
    for verb in (demo, mix, translate, compare, master, album, order, catalog, measure, check, codec, vinyl, targets)
}
for _name in VERBS:
    app.command(_name, cls=VerbCommand)(_RUN[_name])


def _version(wanted: bool) -> None:
    if wanted:
        say(f"mixdown {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Mix and master music."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def _stop(number: int, _frame: FrameType | None) -> None:
    """Exit by an exception, so that no partial file is left."""
    raise SystemExit(SIGNALLED + number)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, and exit with a code of :data:`mixdown.cli.exits.EXIT_CODES`.

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
    warnings.showwarning = lambda message, *_args, **_kwargs: warn(str(message))
    with session():
        code = _run(arguments)
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    """Run the verb that the arguments name, and return the exit code."""
    try:
        _start.loaded()
        code = int(app(arguments, prog_name="mixdown", standalone_mode=False) or DONE)
    except BrokenPipeError:
        abandon_output()
        return PIPE_CLOSED
    except (ValueError, TypeError, OSError, MemoryError) as error:
        complain(one_line(error))
        return FAULT
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        # Refusals of the command-line parser; anything else is a defect and keeps its traceback.
        told: Any = error
        if not hasattr(error, "format_message"):
            raise
        complain(one_line(ValueError(told.format_message())))
        return FAULT
    if code == INTERRUPTED:
        complain("interrupted")
    return code
