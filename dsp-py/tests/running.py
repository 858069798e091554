"""The command line, as tests run it."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import warnings

import pytest

from mixdown import cli

#: Beginning of a script that runs the command line with the arguments of the process.
START = "import os, signal, sys, mixdown.cli, mixdown.files\n"


def run(*arguments: object, script: str = "", **options) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, after a script."""
    command = [sys.executable, "-c", f"{START}{script}\nmixdown.cli.main()", *map(_text, arguments)]
    options = {"capture_output": True, "text": True, "timeout": 120, "check": False} | options
    return subprocess.run(command, **options)


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process, which is quicker."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as error,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("default")
        with pytest.raises(SystemExit) as end:
            cli.main(list(map(_text, arguments)))
    for number, handler in handlers.items():
        signal.signal(number, handler)
    return subprocess.CompletedProcess(arguments, end.value.code, out.getvalue(), error.getvalue())


def _text(argument: object) -> str:
    return os.fsdecode(argument if isinstance(argument, bytes) else str(argument))
