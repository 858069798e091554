"""Exit codes of the command line: the one table that the program, its help and its documentation go by."""

from __future__ import annotations

import signal

from mixdown import _start

#: Exit code of a program ended by a signal, minus the number of the signal.
SIGNALLED = 128

DONE = 0
#: One code for everything that a caller can mend: bad input, bad options, faults that a check found.
FAULT = 1
INTERRUPTED = _start.INTERRUPTED
PIPE_CLOSED = SIGNALLED + getattr(signal, "SIGPIPE", 13)

#: Each code with what it means.
EXIT_CODES = {
    DONE: "Done.",
    FAULT: "Bad input or a bad option, told in one line on standard error; nothing is left half-written.",
    SIGNALLED + getattr(signal, "SIGHUP", 1): "The terminal was closed.",
    INTERRUPTED: "Interrupted by Ctrl-C.",
    PIPE_CLOSED: "The program that reads the output has closed it, as head does.",
    SIGNALLED + signal.SIGTERM: "Ended from outside.",
}


def exit_codes(fault: str = "") -> dict[int, str]:
    """Return the exit codes of a verb.

    Parameters
    ----------
    fault : str
        What else ends it with 1.

    Returns
    -------
    dict of int to str
    """
    return {code: f"{meaning} {fault}" if fault and code == FAULT else meaning for code, meaning in EXIT_CODES.items()}
