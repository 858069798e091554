"""Notes on a disc: where its files differ from the texts that were given, and what players may not take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mixdown.delivery.cd.entries import CdEntry
from mixdown.delivery.cd.positions import STANDARD_DISC_SECTORS
from mixdown.delivery.cd.text import USUAL_CHARACTERS, latin_1
from mixdown.delivery.cd.times import timecode

_WORDS = ("title", "performer", "songwriter")


def notes_of(heading: Sequence[str], entries: Sequence[CdEntry]) -> Iterator[str]:
    """Yield a line for each text that is changed or may be cut, and one for a disc beyond 74 minutes."""
    total = entries[-1].end_sector
    if total > STANDARD_DISC_SECTORS:
        yield f"total {timecode(total)}: beyond {timecode(STANDARD_DISC_SECTORS)}, ask the plant"
    seen = set()
    for place, text in _placed_texts(heading, entries):
        word = place.rpartition(" ")[2]
        # The performer of the disc stands in every track: once is enough.
        if text and (word, text) not in seen:
            seen.add((word, text))
            yield from _of_text(place, text)


def _placed_texts(heading: Sequence[str], entries: Sequence[CdEntry]) -> Iterator[tuple[str, str]]:
    for word, text in zip(_WORDS, heading, strict=True):
        yield f"disc {word}", text
    for entry in entries:
        for word, text in zip(_WORDS, (entry.title, entry.performer, entry.songwriter), strict=True):
            yield f"track {entry.number} {word}", text


def _of_text(place: str, text: str) -> Iterator[str]:
    written = latin_1(text)
    if written != text:
        lost = ", ".join(dict.fromkeys(character for character in text if latin_1(character) != character))
        yield f"{place} {text!r}: written {written!r} in Latin-1, which has no {lost}"
    if '"' in written:
        yield f"{place} {text!r}: CUE sheets cannot hold double quotes: '' in Latin-1, typographic quotes in UTF-8"
    if len(text) > USUAL_CHARACTERS:
        yield f"{place} {text!r}: {len(text)} characters, programs may cut it at {USUAL_CHARACTERS}"
