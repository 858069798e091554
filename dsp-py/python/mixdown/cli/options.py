"""Options that several verbs take, each declared once: its unit, its range, its words, its completion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from mixdown import _checks, _core
from mixdown._core import ParameterError
from mixdown.checking import profiles
from mixdown.cli.terminal import be_quiet
from mixdown.delivery import targets
from mixdown.delivery.normalizing import ClipDb
from mixdown.files import NoiseShaping, Profile


@dataclass(frozen=True)
class Number:
    """A number that an option takes: its unit and range.

    Options come as text: the parser's own refusals name no range.
    """

    option: str
    unit: str
    low: float
    high: float
    whole: bool = False

    def declared(self, meaning: str, *more: str) -> Any:
        """Return the option for a verb's signature; `meaning` ends where the range follows, `more` are sentences."""
        return typer.Option(self.option, metavar=self.unit, help=" ".join((f"{meaning}, {self.range}.", *more)))

    @property
    def range(self) -> str:
        """The range in words."""
        return f"{self.low:g} to {self.high:g}"

    def read(self, text: str) -> float:
        """Return the number that a text gives, within the range."""
        try:
            value = float(text)
        except ValueError:
            legal = f"it must lie in {self.low:g}..{self.high:g}"
            raise ParameterError(f"{self.option} = {_checks.shown(text)} is not a number: {legal}") from None
        value = _checks.in_range(self.option, value, self.low, self.high)
        if self.whole and not value.is_integer():
            raise ParameterError(f"{self.option} = {text} is not allowed: it must be a whole number")
        return value

    def read_given(self, text: str | None) -> float | None:
        """Return the number of an option that may be left out."""
        return None if text is None else self.read(text)


def words_from(known: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Return the completion of an option whose value is a word, or several with commas between."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{word}" for word in known() if word.startswith(last.lower())]

    return complete


def separate(values: Iterable[str] | None) -> list[str]:
    """Return the words of an option that may be repeated, and that takes several with commas between."""
    return list(dict.fromkeys(word.strip() for value in values or () for word in value.split(",")))


def target_names() -> list[str]:
    """Return the names of the delivery targets."""
    return [target.name for target in targets()]


def taker_names() -> list[str]:
    """Return the names of the services that take files."""
    return [profile.name for profile in profiles()]


#: Ranges that several verbs share.
TARGET_LUFS = Number("--target-lufs", "LUFS", *_core.delivery_range("target_lufs"))
CEILING_DBTP = Number("--ceiling-dbtp", "DBTP", *_core.delivery_range("ceiling_dbtp"))
RATE_HZ = Number("--rate", "HZ", *_checks.RATE_RANGE_HZ)
AMOUNT = Number("--amount", "SHARE", 0, 1)
_CLIP_DB = Number("--clip-db", "DB", *_core.delivery_range("clip_db"))

Json = Annotated[bool, typer.Option("--json", help="Print JSON, alone on standard output, instead of text.")]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", is_eager=True, callback=be_quiet, help="Print errors alone: no text, warnings or progress."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]
Output = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="FILE", help="File to write: .wav, .flac, .aiff, .mp3, .ogg, .opus or .m4a."
    ),
]
Depth = Annotated[
    str,
    typer.Option(
        "--bit-depth",
        metavar="BITS",
        help="16, 24 or 32 (floating point).",
        autocompletion=words_from(lambda: ("16", "24", "32")),
    ),
]
OneTarget = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="NAME",
        help="Delivery target; spotify where --target-lufs is not given either.",
        autocompletion=words_from(target_names),
    ),
]
TargetLufs = Annotated[str | None, TARGET_LUFS.declared("Loudness instead of a named target")]
Ceiling = Annotated[
    str | None,
    CEILING_DBTP.declared("Highest true peak instead of the target's", "By default -1 with --target-lufs."),
]
Clip = Annotated[
    str,
    typer.Option(
        "--clip-db",
        metavar="DB",
        help=f"Clipping before the limiter: auto (beyond 3 dB of limiting), off, or dB, {_CLIP_DB.range}.",
        autocompletion=words_from(lambda: ("auto", "off")),
    ),
]
Shaping = Annotated[
    str,
    typer.Option(
        "--noise-shaping",
        metavar="NAME",
        help="Spectrum of the rounding error: none or weighted (for 16 bits, 44.1 to 96 kHz).",
        autocompletion=words_from(lambda: get_args(NoiseShaping)),
    ),
]
Rate = Annotated[str | None, RATE_HZ.declared("Sample rate of what is written", "By default that of what is read.")]
Chunks = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Chunks of a WAV file: archive (broadcast extension with the loudness, and all tags) or ingest (format "
        "and samples alone, as services take them).",
        autocompletion=words_from(lambda: get_args(Profile)),
    ),
]
DualMono = Annotated[bool, typer.Option("--dual-mono", help="Count mono as two loudspeakers: 3 LU louder.")]


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
    try:
        depth_db = float(word)
    except ValueError:
        allowed = f"auto, off or dB, {_CLIP_DB.low:g}..{_CLIP_DB.high:g}"
        raise ParameterError(f"--clip-db = {_checks.shown(word)} is not allowed: it must be {allowed}") from None
    return _checks.in_range(_CLIP_DB.option, depth_db, _CLIP_DB.low, _CLIP_DB.high)
