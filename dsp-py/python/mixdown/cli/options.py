"""Options that several commands take."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated

import typer

from mixdown.delivery import targets

#: Epilog of commands that take a target; lines are not rewrapped, which would split names.
TARGETS_HELP = "\b\n" + textwrap.fill(
    f"Targets: {', '.join(target.name for target in targets())}.", 78, break_on_hyphens=False
)

Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write, .wav or .flac.")]
Depth = Annotated[int, typer.Option("--bit-depth", help="16, 24 or 32 (floating point).")]
