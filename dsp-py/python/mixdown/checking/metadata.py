"""Tags of a file: what is missing, malformed, or shown wrongly."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mixdown._core import ParameterError
from mixdown.analysis.findings import Finding, stated
from mixdown.delivery.codes import gtin, isrc
from mixdown.files import Tags

#: Tags of any file that is delivered, and what each is called.
_EXPECTED = {"title": "title", "artist": "artist", "isrc": "ISRC"}
#: Names under which files hold the barcode.
_BARCODES = ("barcode", "upc", "ean")
ISRC_SOURCE = "IFPI, ISRC Bulletin 2015/01"
_GTIN_SOURCE = "GS1 General Specifications, 7.9"


def text_of(tags: Tags, name: str) -> str:
    """Return the first text of a tag; empty if there is none."""
    return next(iter(tags.texts.get(name, ())), "").strip()


def tag_findings(tags: Tags) -> list[Finding]:
    """Return what the tags of one file have to say."""
    found = []
    missing = [word for name, word in _EXPECTED.items() if not text_of(tags, name)]
    if missing:
        message = f"The file has {_list(missing)}."
        found.append(stated("tags", "note", message, len(missing), 0))
    for name, code_of, source in (
        ("isrc", isrc, ISRC_SOURCE),
        *((name, gtin, _GTIN_SOURCE) for name in _BARCODES),
    ):
        for text in tags.texts.get(name, ()):
            try:
                code_of(text, place=name)
            except ParameterError as error:
                found.append(stated(name if name == "isrc" else "barcode", "fault", f"{error}.", source=source))
    for name in sorted(tags.texts):
        for text in tags.texts[name]:
            found += _text_findings(name, text)
    return found


def _text_findings(name: str, text: str) -> list[Finding]:
    meant = unmangled(text)
    if meant is not None:
        message = f"{name} = {text!r} is UTF-8 that was read as Latin-1: {meant!r} was meant."
        return [stated("encoding", "warning", message)]
    if "\N{REPLACEMENT CHARACTER}" in text:
        return [stated("encoding", "warning", f"{name} = {text!r} has lost characters that could not be read.")]
    found = []
    if any(unicodedata.category(character) == "Cc" and character not in "\r\n\t" for character in text):
        found.append(stated("encoding", "warning", f"{name} = {text!r} holds control characters."))
    if text != text.strip():
        found.append(stated("tags", "note", f"{name} = {text!r} begins or ends with blanks: some services show them."))
    if unicodedata.normalize("NFC", text) != text:
        message = f"{name} = {text!r} holds accents apart from their letters (not NFC): searches miss it."
        found.append(stated("encoding", "note", message))
    return found


def unmangled(text: str) -> str | None:
    """Return what a text was before its UTF-8 was read as Latin-1 or Windows-1252; None if it was not.

    Parameters
    ----------
    text : str

    Returns
    -------
    str or None

    Examples
    --------
    >>> unmangled("BjÃ¶rk"), unmangled("Björk"), len(unmangled("BjÃ¶rk"))
    ('Björk', None, 5)
    """
    for encoding in ("cp1252", "latin-1"):
        try:
            meant = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if meant != text:
            return meant
    return None


def sha256_of(audio: NDArray[np.float32]) -> str:
    """Return the checksum by which equal samples are found."""
    return hashlib.sha256(np.ascontiguousarray(audio).data).hexdigest()


def _list(words: Sequence[str]) -> str:
    *others, last = [f"no {word}" for word in words]
    return f"{', '.join(others)} and {last}" if others else last
