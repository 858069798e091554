"""CD-TEXT packs: the texts of a disc as they lie in its lead-in, 18 bytes each.

Format: MMC-3, annex J, as described in libburn's ``doc/cdtext.txt``; language codes: EBU Tech 3264, appendix 3.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Sequence

from mixdown._core import ParameterError
from mixdown.delivery.cd.entries import CdContents
from mixdown.delivery.cd.text import latin_1

_TITLE, _PERFORMER, _SONGWRITER, _CODES, _SIZES = 0x80, 0x81, 0x82, 0x8E, 0x8F
#: Bytes of text in a pack.
_TEXT_BYTES = 12
#: Packs of a block, whose running number is one byte.
_MOST_PACKS = 256
_SIZE_PACKS = 3
#: The position counts the characters that went before, in four bits.
_MOST_POSITION = 15
_LATIN_1 = 0
_ENGLISH = 9


def cdtext_packs(disc: CdContents) -> bytes:
    """Return the packs of a disc; none where it has no text and no code."""
    entries = disc.entries
    columns = {
        _TITLE: (disc.title, *(entry.title for entry in entries)),
        _PERFORMER: (disc.performer, *(entry.performer for entry in entries)),
        _SONGWRITER: (disc.songwriter, *(entry.songwriter for entry in entries)),
        _CODES: (disc.barcode, *(entry.isrc for entry in entries)),
    }
    columns = {pack_type: tuple(map(latin_1, texts)) for pack_type, texts in columns.items() if any(texts)}
    if not columns:
        return b""
    counts = [0] * 16
    packs: list[bytes] = []
    for pack_type, texts in columns.items():
        made = _packs_of(pack_type, texts)
        counts[pack_type - _TITLE] = len(made)
        packs += made
    number = len(packs) + _SIZE_PACKS
    if number > _MOST_PACKS:
        raise ParameterError(f"CD-TEXT takes {number} packs, {_MOST_PACKS} fit: {_longest(columns)}")
    counts[_SIZES - _TITLE] = _SIZE_PACKS
    sizes = bytes([_LATIN_1, 1, len(entries), 0, *counts, number - 1, *bytes(7), _ENGLISH, *bytes(7)])
    packs += [
        bytes([_SIZES, part, 0, 0]) + sizes[part * _TEXT_BYTES : (part + 1) * _TEXT_BYTES]
        for part in range(_SIZE_PACKS)
    ]
    return b"".join(_numbered(pack, at) for at, pack in enumerate(packs))


def crc(pack: bytes) -> int:
    """Return the checksum of the first 16 bytes of a pack: CRC-16/CCITT from 0, inverted.

    Examples
    --------
    >>> from mixdown.delivery.cd.packs import crc
    >>> f"{crc(bytes.fromhex('80000000416c62fc6d004772f6df6500')):04x}"
    '251f'
    """
    return binascii.crc_hqx(pack[:16], 0) ^ 0xFFFF


def _packs_of(pack_type: int, texts: Sequence[str]) -> list[bytes]:
    """Return the packs of one type without number and checksum: texts follow each other across packs, ended by NUL."""
    stream = bytearray()
    origin: list[tuple[int, int]] = []
    for track, text in enumerate(texts):
        encoded = text.encode("latin-1") + b"\0"
        stream += encoded
        origin += [(track, position) for position in range(len(encoded))]
    packs = []
    for start in range(0, len(stream), _TEXT_BYTES):
        track, position = origin[start]
        head = bytes([pack_type, track, 0, min(position, _MOST_POSITION)])
        packs.append(head + bytes(stream[start : start + _TEXT_BYTES]).ljust(_TEXT_BYTES, b"\0"))
    return packs


def _numbered(pack: bytes, number: int) -> bytes:
    whole = pack[:2] + bytes([number]) + pack[3:]
    return whole + struct.pack(">H", crc(whole))


def _longest(columns: dict[int, tuple[str, ...]]) -> str:
    """Return the three longest texts, as places with their lengths."""
    words = {_TITLE: "title", _PERFORMER: "performer", _SONGWRITER: "songwriter"}
    found = sorted(
        (-len(text), track, word) for kind, word in words.items() for track, text in enumerate(columns.get(kind, ()))
    )
    places = [
        f"{word if track == 0 else f'tracks[{track - 1}].{word}'} has {-length} characters"
        for length, track, word in found[:3]
    ]
    return ", ".join(places)
