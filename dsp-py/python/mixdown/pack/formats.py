"""Formats of a pack: what each holds, by its name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.checking import Profile, profiles, profiles_of
from mixdown.files.encoding import Coding

Kind = Literal["masters", "flac", "disc", "lossy", "vinyl", "ingest"]
"""Group of files in a pack."""

#: Lossy formats: folder and ending, codec, usual bit rate in kb/s.
_LOSSY = {
    "mp3": ("mp3", "mp3", 320),
    "aac": ("m4a", "aac", 256),
    "ogg": ("ogg", "vorbis", 160),
    "opus": ("opus", "opus", 128),
}
_WORD_LENGTHS = {"16": 16, "24": 24, "32": 32, "": 24}
#: Records that a side is cut to.
RECORDS = ("12in33", "12in45", "10in33", "10in45", "7in33", "7in45")


@dataclass(frozen=True)
class Format:
    """A format of a pack.

    Attributes
    ----------
    name : str
        As asked for: "wav24", "mp3:320", "vinyl:12in33".
    kind : str
    folder : str
        Within the pack.
    suffix : str
        Ending of its files.
    bit_depth : int
        0 for lossy formats.
    coding : Coding or None
        Of lossy formats.
    profile : Profile or None
        Of the service that takes the files.
    record : str
        Of vinyl.
    """

    name: str
    kind: Kind
    folder: str
    suffix: str
    bit_depth: int = 24
    coding: Coding | None = None
    profile: Profile | None = None
    record: str = ""


def formats_of(formats: Any) -> tuple[Format, ...]:
    """Return formats by their names, checked: unknown ones and what is asked for twice are refused."""
    if isinstance(formats, str) or not isinstance(formats, Sequence):
        raise TypeError(f"formats = {_checks.shown(formats)} is not a sequence of names")
    found: list[Format] = []
    for number, name in enumerate(formats):
        place = f"formats[{number}]"
        if not isinstance(name, str):
            raise TypeError(f"{place} = {_checks.shown(name)} is not a text")
        made = _format(place, name.strip().lower())
        twice = next((other for other in found if other.folder == made.folder), None)
        if twice is not None:
            raise ParameterError(f"{place} = {name!r} has the folder of {twice.name!r}: give one of them")
        found.append(made)
    if not found:
        raise ParameterError("formats is empty: a pack holds at least one")
    return tuple(found)


def _format(place: str, name: str) -> Format:
    head, _, rest = name.partition(":")
    if head[:3] == "wav" and head[3:] in _WORD_LENGTHS and not rest:
        return Format(name, "masters", "masters", ".wav", _WORD_LENGTHS[head[3:]])
    if head in ("flac", "flac16", "flac24") and not rest:
        return Format(name, "flac", "flac", ".flac", _WORD_LENGTHS[head[4:]])
    if name == "cd":
        return Format(name, "disc", "cd", ".wav", 16)
    if head in _LOSSY:
        suffix, codec, usual_kbps = _LOSSY[head]
        if rest and not (rest.isascii() and rest.isdecimal()):
            raise ParameterError(f"{place} = {name!r} is not allowed: kb/s follow the colon, as {head}:{usual_kbps}")
        coding = Coding(codec, int(rest or usual_kbps))
        try:
            coding.check(channels=2)
        except ParameterError as error:
            raise ParameterError(f"{place} = {name!r}: {error}") from None
        return Format(name, "lossy", suffix, f".{suffix}", 0, coding)
    if head == "vinyl":
        record = rest or RECORDS[0]
        _known(place, name, record, RECORDS)
        return Format(name, "vinyl", "vinyl", ".wav", 24, record=record)
    if head == "ingest":
        _known(place, name, rest, [profile.name for profile in profiles()])
        (profile,) = profiles_of((rest,))
        bits = 16 if profile.bits == (16,) else 24
        return Format(name, "ingest", "ingest", ".wav", bits, profile=profile)
    known = "wav16, wav24, wav32, flac16, flac, cd, mp3:320, aac:256, ogg:160, opus:128, vinyl:12in33, ingest:spotify"
    raise ParameterError(f"{place} = {name!r} is unknown: formats are {known}")


def _known(place: str, name: str, word: str, words: Sequence[str]) -> None:
    if word not in words:
        hint = difflib.get_close_matches(word, words, 1)
        meant = f": did you mean {hint[0]}?" if hint else f": it must be one of {', '.join(words)}"
        raise ParameterError(f"{place} = {_checks.shown(name)} is not allowed{meant}")
