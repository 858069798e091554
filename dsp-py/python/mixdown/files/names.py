"""Texts where not every character may stand: on terminals, in ASCII fields, as names of files."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable


def shown(name: str | bytes | os.PathLike[str]) -> str:
    r"""Return a file's name as text for any terminal and any encoder.

    Parameters
    ----------
    name : str, bytes or path

    Returns
    -------
    str
        Bytes that are not UTF-8, and control characters, become escapes such as ``\xff`` and ``\n``.
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return printable(text)


def printable(text: str) -> str:
    """Return a text with its control characters and lone surrogates as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "backslashreplace").decode()
        for character in text
    )


#: Characters without a decomposition that leads to ASCII, and what they become.
_PLAIN_FORMS = (
    "ß=ss ẞ=SS æ=ae Æ=AE œ=oe Œ=OE ø=o Ø=O đ=d Đ=D ð=d Ð=D þ=th Þ=Th ł=l Ł=L ı=i ħ=h Ħ=H ŋ=n Ŋ=N "
    '‘=\' ’=\' ‚=\' ′=\' “=" ”=" „=" ″=" «=" »=" ‐=- ‑=- –=- —=- −=- ×=x ·=. •=* ©=(C) ®=(R) ℗=(P) €=EUR £=GBP'
)
_PLAIN = str.maketrans(dict(pair.split("=") for pair in _PLAIN_FORMS.split()))


def ascii_text(text: str) -> str:
    """Return a text in printable ASCII: no accents, plain quotes and dashes, ``?`` for what has no form there.

    Examples
    --------
    >>> ascii_text("Björk – “Jóga”")
    'Bjork - "Joga"'
    """
    apart = unicodedata.normalize("NFKD", text.translate(_PLAIN)).translate(_PLAIN)
    kept = (character for character in apart if not unicodedata.combining(character))
    return "".join(
        character if " " <= character <= "~" else " " if character.isspace() else "?" for character in kept
    ).strip()


#: Characters that Windows refuses in names.
_REFUSED = frozenset('/\\:*?"<>|')
#: Names of devices of Windows, whatever follows a dot.
_DEVICES = re.compile("(con|prn|aux|nul|conin\\$|conout\\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
#: Longest name in bytes, so that numbers, endings and folders leave the path short enough.
_LONGEST_BYTES = 120


def delivered_name(text: str) -> str:
    r"""Return a text as the name of a file or folder that every system takes, without ending.

    Parameters
    ----------
    text : str
        Such as a title.

    Returns
    -------
    str
        In composed characters (NFC), at most 120 bytes of UTF-8. ``/ \ : * ? " < > |``, control characters, a dot at
        the start and device names of Windows are changed by ``_``; no dot or blank ends it. Never empty.

    Examples
    --------
    >>> delivered_name("AC/DC: What? "), delivered_name("con"), len(delivered_name("é" * 100))
    ('AC_DC_ What_', 'con_', 60)
    """
    composed = unicodedata.normalize("NFC", text)
    # Categories: control characters, lone surrogates, separators of lines and paragraphs.
    name = "".join(
        "_" if character in _REFUSED or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character
        for character in composed
    ).strip()
    stem, dot, rest = name.partition(".")
    if _DEVICES.fullmatch(stem.rstrip()):
        name = f"{stem}_{dot}{rest}"
    if name.startswith("."):
        name = f"_{name[1:]}"
    return _shortened(name, _LONGEST_BYTES).rstrip(". ") or "_"


def _shortened(name: str, most_bytes: int) -> str:
    """Return the beginning of a name, without a letter that would lose its accents."""
    count = len(name)
    while len(name[:count].encode()) > most_bytes:
        count -= 1
    while 0 < count < len(name) and unicodedata.combining(name[count]):
        count -= 1
    return name[:count]


def unique_names(texts: Iterable[str]) -> list[str]:
    """Return the delivered names of several texts, no two alike, in small letters either.

    Examples
    --------
    >>> unique_names(["Intro", "INTRO", "Song", "intro"])
    ['Intro', 'INTRO (2)', 'Song', 'intro (3)']
    """
    names: list[str] = []
    taken: set[str] = set()
    for text in texts:
        plain = delivered_name(text)
        name, number = plain, 1
        while unicodedata.normalize("NFC", name.casefold()) in taken:
            number += 1
            mark = f" ({number})"
            name = _shortened(plain, _LONGEST_BYTES - len(mark)).rstrip(". ") + mark
        taken.add(unicodedata.normalize("NFC", name.casefold()))
        names.append(name)
    return names
