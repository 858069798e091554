"""Codes of recordings and releases: ISRC, and the GTIN of the barcode (EAN, UPC)."""

from __future__ import annotations

import re

from mixdown import _checks
from mixdown._core import ParameterError

#: Country or agency, registrant, year, designation.
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
#: Lengths of a GTIN: EAN-8, UPC-A, EAN-13, GTIN-14.
_GTIN_DIGITS = (8, 12, 13, 14)


@_checks.named
def isrc(text: str, *, place: str = "isrc") -> str:
    """Return an ISRC as files and discs store it: twelve characters, without hyphens.

    Parameters
    ----------
    text : str
        Two letters, three letters or digits, seven digits; blanks, hyphens, small letters and the word ISRC before it
        are allowed. It has no check digit.
    place : str, default "isrc"
        Where it was given, for the error.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        If it does not have this form.

    Notes
    -----
    IFPI, ISRC Bulletin 2015/01; ISO 3901.

    Examples
    --------
    >>> import mixdown as md
    >>> md.isrc("ISRC us-s1z-26-00001")
    'USS1Z2600001'
    """
    if not isinstance(text, str):
        raise TypeError(f"{place} = {_checks.shown(text)} is not a text")
    plain = re.sub(r"[\s-]", "", text.upper() if text.isascii() else text)
    code = plain.removeprefix("ISRC").removeprefix(":")
    if not _ISRC.fullmatch(code):
        form = "two letters, three letters or digits and seven digits, such as US-S1Z-26-00001"
        raise ParameterError(f"{place} = {_checks.shown(text)} is not allowed: an ISRC has {form}")
    return code


@_checks.named
def gtin(text: str, *, place: str = "barcode") -> str:
    """Return the number of a barcode, its check digit verified.

    Parameters
    ----------
    text : str
        8, 12 (UPC), 13 (EAN) or 14 digits; blanks and hyphens are allowed.
    place : str, default "barcode"
        Where it was given, for the error.

    Returns
    -------
    str
        As many digits as were given.

    Raises
    ------
    ParameterError
        If it has other characters or another length, or a wrong check digit: the right one is named.

    Notes
    -----
    GS1 General Specifications, 7.9: from the right, digits count three times and once in turn.

    Examples
    --------
    >>> import mixdown as md
    >>> md.gtin("0 12345 67890 5")
    '012345678905'
    """
    if not isinstance(text, str):
        raise TypeError(f"{place} = {_checks.shown(text)} is not a text")
    code = re.sub(r"[\s-]", "", text)
    if not re.fullmatch("[0-9]+", code) or len(code) not in _GTIN_DIGITS:
        raise ParameterError(f"{place} = {_checks.shown(text)} is not allowed: a GTIN has 8, 12, 13 or 14 digits")
    right = check_digit(code[:-1])
    if code[-1] != right:
        raise ParameterError(f"{place} = {_checks.shown(text)} is not allowed: its check digit must be {right}")
    return code


def check_digit(digits: str) -> str:
    """Return the check digit that follows these digits in a GTIN."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def catalog_number(barcode: str, *, place: str = "barcode") -> str:
    """Return a barcode as the 13 digits of a compact disc's CATALOG.

    Parameters
    ----------
    barcode : str
        As for :func:`gtin`.
    place : str, default "barcode"

    Returns
    -------
    str
        Shorter numbers are filled with zeros on the left.

    Raises
    ------
    ParameterError
        Also for 14 digits that do not begin with 0: they name a carton, not a disc.

    Examples
    --------
    >>> catalog_number("012345678905")
    '0012345678905'
    """
    code = gtin(barcode, place=place)
    if len(code) == 14 and code[0] != "0":
        raise ParameterError(f"{place} = {_checks.shown(barcode)} is not allowed: a disc takes 8, 12 or 13 digits")
    return code[-13:].zfill(13)
