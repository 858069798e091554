"""Files that appear whole or not at all, though whoever writes them may be killed at any time."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_PREFIX, _SUFFIX = ".mixdown-", ".part"


def _prefix() -> str:
    """Beginning of the names of folders of attempts of this machine."""
    return f"{_PREFIX}{socket.gethostname()}-"


@contextlib.contextmanager
def attempt(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside what it is to replace; it is removed with all that was not moved out of it.

    Parameters
    ----------
    folder : path
        Made where it is missing.

    Yields
    ------
    path
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"{_prefix()}{os.getpid()}-", suffix=_SUFFIX, dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def is_attempt(file: Path) -> bool:
    """Whether a file is, or lies in, an attempt; its name says nothing to a reader.

    Parameters
    ----------
    file : path

    Returns
    -------
    bool
    """
    return any(part.startswith(_PREFIX) and part.endswith(_SUFFIX) for part in file.parts)


def place(content: bytes, file: Path) -> None:
    """Write a file beside its place, and move it there.

    Parameters
    ----------
    content : bytes
    file : path
    """
    with attempt(file.parent) as beside:
        written = beside / "content"
        with written.open("wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        written.replace(file)


def clear_dead(folders: Iterable[Path]) -> None:
    """Remove what processes of this machine that have ended have left in folders.

    Attempts of other machines are theirs to remove: whether their processes live is not known here.

    Parameters
    ----------
    folders : iterable of paths
    """
    prefix = _prefix()
    for folder in folders:
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder):
                if entry.name.startswith(prefix) and entry.name.endswith(_SUFFIX):
                    owner = entry.name.removeprefix(prefix).partition("-")[0]
                    if owner.isdecimal() and not _lives(int(owner)):
                        shutil.rmtree(entry.path, ignore_errors=True)


def _lives(process: int) -> bool:
    """Whether a process of this machine runs; one that cannot be asked counts as running."""
    if os.name == "nt":
        # A signal of 0 would end it there.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
