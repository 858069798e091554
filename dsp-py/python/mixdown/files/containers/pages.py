"""Pages of Ogg streams, written anew with another serial number."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

#: Bytes with their bits in reverse order.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ALL_ONES = 0xFFFF_FFFF


def checksum(page: bytes) -> int:
    """Return the CRC-32 of Ogg (RFC 3533): polynomial 0x04C11DB7, highest bit first, start and end 0.

    Parameters
    ----------
    page : bytes
        With 0 in the place of its checksum.

    Returns
    -------
    int

    Examples
    --------
    >>> hex(checksum(b"123456789"))
    '0x89a1897f'
    """
    # zlib's goes lowest bit first, and starts and ends with all ones.
    mirrored = zlib.crc32(page.translate(_REVERSED), _ALL_ONES) ^ _ALL_ONES
    return int(f"{mirrored:032b}"[::-1], 2)


def renumbered(stream: bytes, codec: str, frames: NDArray[np.float32]) -> bytes:
    """Return an Ogg stream whose serial number comes from its codec and its audio.

    Parameters
    ----------
    stream : bytes
        Of one logical stream.
    codec : str
    frames : float32 array
        The audio.

    Returns
    -------
    bytes
    """
    serial = zlib.crc32(np.ascontiguousarray(frames).view(np.uint8).data, zlib.crc32(codec.encode()))
    made = bytearray(stream)
    position = 0
    while position + 27 <= len(made):
        body = position + 27 + made[position + 26]
        after = body + sum(made[position + 27 : body])
        made[position + 14 : position + 18] = struct.pack("<I", serial)
        made[position + 22 : position + 26] = bytes(4)
        made[position + 22 : position + 26] = struct.pack("<I", checksum(bytes(made[position:after])))
        position = after
    return bytes(made)
