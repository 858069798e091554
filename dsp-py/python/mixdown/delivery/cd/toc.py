"""TOC files of cdrdao: the disc as that program burns it, with its texts.

Grammar: the manual of cdrdao, section "TOC FILES".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mixdown.delivery.cd.entries import CdContents
from mixdown.delivery.cd.text import checked_text, latin_1
from mixdown.delivery.cd.times import timecode


def toc_file(disc: CdContents, file: str) -> bytes:
    """Return the TOC file of a disc."""
    # Texts on the disc are Latin-1; names of files are as on any disk of today.
    name = _quoted(checked_text("file", file), "utf-8")
    return ("\n".join(_lines(disc, name)) + "\n").encode("ascii")


def _lines(disc: CdContents, name: str) -> Iterator[str]:
    yield "CD_DA"
    if disc.barcode:
        yield f'CATALOG "{disc.barcode}"'
    album = (disc.title, disc.performer, disc.songwriter)
    tracks = [(entry.title, entry.performer, entry.songwriter) for entry in disc.entries]
    # What one track has, all must have, and the disc too.
    kept = [any(texts) for texts in zip(album, *tracks, strict=True)]
    if any(kept):
        yield "CD_TEXT {"
        yield "  LANGUAGE_MAP { 0 : EN }"
        yield from _language(album, kept)
        yield "}"
    for entry, texts in zip(disc.entries, tracks, strict=True):
        yield ""
        yield "TRACK AUDIO"
        yield "COPY" if entry.copy_permitted else "NO COPY"
        yield "PRE_EMPHASIS" if entry.pre_emphasis else "NO PRE_EMPHASIS"
        yield "TWO_CHANNEL_AUDIO"
        if entry.isrc:
            yield f'ISRC "{entry.isrc}"'
        if any(kept):
            yield "CD_TEXT {"
            yield from _language(texts, kept)
            yield "}"
        yield f"FILE {name} {timecode(entry.pause_sector)} {timecode(entry.end_sector - entry.pause_sector)}"
        if entry.pause_sectors:
            yield f"START {timecode(entry.pause_sectors)}"
        for sector in entry.index_sectors:
            # cdrdao counts from index 1.
            yield f"INDEX {timecode(sector - entry.start_sector)}"


def _language(texts: Sequence[str], kept: Sequence[bool]) -> Iterator[str]:
    yield "  LANGUAGE 0 {"
    for keyword, text, keep in zip(("TITLE", "PERFORMER", "SONGWRITER"), texts, kept, strict=True):
        if keep:
            yield f"    {keyword} {_quoted(latin_1(text))}"
    yield "  }"


def _quoted(text: str, encoding: str = "latin-1") -> str:
    """Return a text in quotes, its bytes beyond ASCII as octal numbers."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(chr(byte) if byte < 0x80 else f"\\{byte:03o}" for byte in escaped.encode(encoding)) + '"'
