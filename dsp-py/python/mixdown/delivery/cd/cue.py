"""CUE sheets: one image file and the positions of its tracks.

Grammar: CDRWIN user's guide, and https://totalsonic.net/cuesheetsyntax.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.delivery.cd.entries import CdContents, CdEntry
from mixdown.delivery.cd.text import checked_text, latin_1, without_quotes
from mixdown.delivery.cd.times import timecode

CueEncoding = Literal["latin-1", "utf-8"]


def cue_sheet(disc: CdContents, file: str, encoding: str, cdtext_file: str) -> bytes:
    """Return the CUE sheet of a disc."""
    _checks.one_of("encoding", encoding, ("latin-1", "utf-8"))
    lines = [
        *([f"CATALOG {disc.barcode}"] if disc.barcode else []),
        *_texts(
            {"PERFORMER": disc.performer, "TITLE": disc.title, "SONGWRITER": disc.songwriter},
            encoding,
        ),
        *([f"CDTEXTFILE {_name('cdtext_file', cdtext_file, encoding)}"] if cdtext_file else []),
        f"FILE {_name('file', file, encoding)} WAVE",
    ]
    for entry in disc.entries:
        lines += [f"  TRACK {entry.number:02} AUDIO", *(f"    {line}" for line in _track(entry, encoding))]
    return "".join(f"{line}\r\n" for line in lines).encode(encoding)


def cue_text(text: str, encoding: str) -> str:
    """Return a text as the sheet holds it, between double quotes."""
    unicode = encoding == "utf-8"
    return without_quotes(text if unicode else latin_1(text), typographic=unicode)


def _name(parameter: str, name: str, encoding: str) -> str:
    """Return the name of a file in quotes: it must be the very name, so nothing is replaced."""
    name = checked_text(parameter, name)
    try:
        name.encode(encoding)
    except UnicodeEncodeError:
        raise ParameterError(f"{parameter} = {name!r} does not fit into {encoding}: use ASCII, or utf-8") from None
    if '"' in name or not name:
        raise ParameterError(f"{parameter} = {name!r} is not allowed: a name without double quotes")
    return f'"{name}"'


def _texts(texts: dict[str, str], encoding: str) -> Iterator[str]:
    for keyword, text in texts.items():
        if text:
            yield f'{keyword} "{cue_text(text, encoding)}"'


def _track(entry: CdEntry, encoding: str) -> Iterator[str]:
    yield from _texts(
        {"TITLE": entry.title, "PERFORMER": entry.performer, "SONGWRITER": entry.songwriter},
        encoding,
    )
    flags = ["DCP"] * entry.copy_permitted + ["PRE"] * entry.pre_emphasis
    if flags:
        yield f"FLAGS {' '.join(flags)}"
    if entry.isrc:
        yield f"ISRC {entry.isrc}"
    if entry.pause_sectors:
        yield f"INDEX 00 {timecode(entry.pause_sector)}"
    for index, sector in enumerate((entry.start_sector, *entry.index_sectors), start=1):
        yield f"INDEX {index:02} {timecode(sector)}"
