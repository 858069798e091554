"""Options that several commands take."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated, cast

import typer

from mixdown import _checks, _core
from mixdown._core import ParameterError
from mixdown.checking import profiles
from mixdown.delivery import targets
from mixdown.delivery.normalizing import ClipDb

#: Epilog of commands that take a target; lines are not rewrapped, which would split names.
TARGETS_HELP = "\b\n" + textwrap.fill(
    f"Targets: {', '.join(target.name for target in targets())}.", 78, break_on_hyphens=False
)

#: The same with the ingest profiles.
TAKERS_HELP = f"{TARGETS_HELP}\n\n\b\n" + textwrap.fill(
    f"Services that take files: {', '.join(profile.name for profile in profiles())}.", 78, break_on_hyphens=False
)

Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="File to write: .wav, .flac, .aiff, .mp3, .ogg, .opus or .m4a.")
]
Depth = Annotated[str, typer.Option("--bit-depth", metavar="BITS", help="16, 24 or 32 (floating point).")]


def number(option: str, text: str, low: float, high: float) -> float:
    """Return the number of an option, within its range.

    Options come as text: the parser's own refusals name no range.
    """
    try:
        value = float(text)
    except ValueError:
        legal = f"it must lie in {low:g}..{high:g}"
        raise ParameterError(f"{option} = {_checks.shown(text)} is not a number: {legal}") from None
    return _checks.in_range(option, value, low, high)


def bits(text: str) -> int:
    """Return the word length of a file."""
    if text not in ("16", "24", "32"):
        given = text if text.isdecimal() else _checks.shown(text)
        raise ParameterError(f"--bit-depth = {given} is not allowed: it must be 16, 24 or 32")
    return int(text)


def clip_depth(word: str) -> ClipDb:
    """Return the clipping that a word of the command line asks for."""
    if word in ("auto", "off"):
        return cast(ClipDb, word)
    low, high = _core.delivery_range("clip_db")
    try:
        depth_db = float(word)
    except ValueError:
        allowed = f"auto, off or dB, {low:g}..{high:g}"
        raise ParameterError(f"--clip-db = {_checks.shown(word)} is not allowed: it must be {allowed}") from None
    return _checks.in_range("--clip-db", depth_db, low, high)
