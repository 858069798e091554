"""Texts where not every character may stand: on terminals, in ASCII fields, as names of files."""

from __future__ import annotations

import os
import unicodedata


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
