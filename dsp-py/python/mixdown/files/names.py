"""Names of files as they can be shown."""

from __future__ import annotations

import os


def shown(name: str | bytes | os.PathLike[str]) -> str:
    r"""Return a file's name as text that any terminal and any encoder takes.

    Parameters
    ----------
    name : str, bytes or path

    Returns
    -------
    str
        What is not UTF-8, and control characters, stand as escapes such as ``\xff`` and ``\n``.
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return printable(text)


def printable(text: str) -> str:
    """Return a text with its control characters and lone surrogates as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "backslashreplace").decode()
        for character in text
    )
