"""The program ``mixdown`` while it loads: Ctrl-C is one line and its exit code already then.

The package imports this module before all others: an interrupt within the import of numpy, say, would print what numpy
makes of it. The library itself leaves signals alone.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from types import FrameType

#: Exit code of what Ctrl-C ended.
INTERRUPTED = 128 + signal.SIGINT
_SCRIPTS = ("mixdown", "mixdown.exe", "mixdown-script.py")


def _is_program() -> bool:
    """Return whether this process runs the command line: its script, or ``python -m mixdown``; no process of a pool."""
    called = sys.argv[0] if getattr(sys, "argv", None) else ""
    words = sys.orig_argv
    if called == "-m":
        return "mixdown" in (word for before, word in itertools.pairwise(words) if before == "-m")
    return os.path.basename(called) in _SCRIPTS and called in words


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """Exit at once: what is half loaded cannot be left by an exception."""
    os.write(2, b"mixdown: interrupted\n")
    os._exit(INTERRUPTED)


def loaded() -> None:
    """Leave Ctrl-C to the program from here on."""
    if signal.getsignal(signal.SIGINT) is _interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Where Ctrl-C is ignored, as in the background of a shell, it stays so.
if _is_program() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _interrupted)
