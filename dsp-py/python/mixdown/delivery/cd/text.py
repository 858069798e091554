"""Text on a compact disc: one line of Latin-1, into which other letters are transliterated."""

from __future__ import annotations

import unicodedata

from mixdown import _checks
from mixdown._core import ParameterError

#: Characters of a text that programs for compact discs agree to keep [C].
USUAL_CHARACTERS = 80

_PUNCTUATION = {
    **dict.fromkeys("‘’‚‛′‹›ʻʼ", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
    "•": "·",
    "⁄": "/",
    "€": "EUR",
    "♯": "#",
    "♭": "b",
    "№": "No.",
}
#: Latin letters that do not decompose, each with what stands for it.
_LATIN = "ŒOE œoe ŁL łl ĐD đd ĦH ħh ŦT ŧt ŊN ŋn ıi ĸk ſs ƏA əa ẞSS"
_CYRILLIC = """аa бb вv гg дd еe ёyo жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъ ыy ь
эe юyu яya іi їyi єye ґg ўu ђdj јj љlj њnj ћc џdz ѓgj ќkj ѕdz"""
_GREEK = "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo"


def _table(*lists: str) -> dict[str, str]:
    return {pair[0]: pair[1:] for pairs in lists for pair in pairs.split()}


_SMALL = _table(_CYRILLIC, _GREEK)
_CAPITALS = {letter.upper(): latin.capitalize() for letter, latin in _SMALL.items()}
_REPLACED = _PUNCTUATION | _table(_LATIN) | _CAPITALS | _SMALL


def checked_text(name: str, value: object) -> str:
    """Return a text in composed characters; control characters, line breaks among them, are refused."""
    if not isinstance(value, str):
        raise TypeError(f"{name} = {_checks.shown(value)} is not a text")
    for character in value:
        if character in "\r\n\x0b\x0c\x85\u2028\u2029":
            raise ParameterError(f"{name} = {_checks.shown(value)} holds a line break: texts on a CD have one line")
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise ParameterError(
                f"{name} = {_checks.shown(value)} holds the control character {character!a}: a CD takes none"
            )
    return unicodedata.normalize("NFC", value)


def latin_1(text: str) -> str:
    """Return a text in characters of ISO 8859-1: accents fall away, Greek and Cyrillic letters are transliterated.

    What has no equivalent becomes a question mark.

    Examples
    --------
    >>> from mixdown.delivery.cd.text import latin_1
    >>> latin_1("Żółw – Für Élise"), latin_1("Чайка")
    ('Zólw - Für Élise', 'Chayka')
    """
    return "".join(map(_latin_character, unicodedata.normalize("NFC", text)))


def _latin_character(character: str) -> str:
    if ord(character) < 0x100:
        return character
    if character in _REPLACED:
        return _REPLACED[character]
    if unicodedata.category(character) in ("Mn", "Cf"):
        return ""
    parts = unicodedata.normalize("NFKD", character)
    if len(parts) == 1 and parts == character:
        return " " if character.isspace() else "?"
    return "".join("" if unicodedata.combining(part) else _latin_character(part) for part in parts)


def without_quotes(text: str, *, typographic: bool) -> str:
    """Return a text for a field between double quotes that knows no escape, as in a CUE sheet.

    Double quotes become typographic ones or, where the encoding has none, two apostrophes.
    """
    if not typographic:
        return text.replace('"', "''")
    opens = [at == 0 or text[at - 1].isspace() or text[at - 1] in "([{-/" for at in range(len(text))]
    return "".join(
        ("“" if opening else "”") if character == '"' else character
        for character, opening in zip(text, opens, strict=True)
    )
