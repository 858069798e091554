"""Input files of commands and their output paths."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from mixdown.files.names import shown


@contextlib.contextmanager
def opened_file(file: Path) -> Iterator[Path | BinaryIO]:
    """Yield a file; a pipe or, for ``-``, standard input is stored first, since it is read more than once."""
    if str(file) != "-" and (file.is_file() or not file.exists()):
        yield file
        return
    if file.is_dir():
        raise IsADirectoryError(f"{shown(file)}: is a directory: name its files, as {shown(file / '*')}")
    with contextlib.ExitStack() as closing:
        source = sys.stdin.buffer if str(file) == "-" else closing.enter_context(file.open("rb"))
        stored = closing.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(source, stored)
        stored.flush()
        yield cast(BinaryIO, stored)


def check_place(output: Path, sources: Sequence[Path], force: bool) -> None:
    """Refuse to overwrite an input, and an existing file unless forced."""
    if not output.exists():
        return
    for source in sources:
        same = os.path.samestat(output.stat(), os.fstat(0) if str(source) == "-" else source.stat())
        if same:
            raise ValueError(f"{shown(output)}: is also the input: choose another output")
    if not force:
        raise FileExistsError(f"{shown(output)}: exists already: --force replaces it")
