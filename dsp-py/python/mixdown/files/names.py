"""Printable names of files."""

from __future__ import annotations

import os


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
