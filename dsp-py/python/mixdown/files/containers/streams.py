"""Headers and pages of files that hold coded frames: FLAC and Ogg."""

from __future__ import annotations

import mmap
import struct

from mixdown import loudspeakers
from mixdown.files.containers.container import Container
from mixdown.loudspeakers import Positions


def flac(view: mmap.mmap, start: int) -> Container:
    """Read length and loudspeakers from the header of a FLAC file."""
    packed = int.from_bytes(view[start + 18 : start + 26], "big")
    channels, frames = (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    positions = loudspeakers.FLAC.get(channels)
    position, last = start + 4, False
    while not last and position + 4 <= len(view):
        kind, size = view[position], int.from_bytes(view[position + 1 : position + 4], "big")
        last = bool(kind & 0x80)
        if kind & 0x7F == 4:
            comments = bytes(view[position + 4 : position + 4 + size]).upper()
            _, found, mask = comments.partition(b"WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0X")
            digits = mask[
                : next((at for at, byte in enumerate(mask) if chr(byte) not in "0123456789ABCDEF"), len(mask))
            ]
            if found and digits:
                # The last entry of the block ends where the next entry's length begins: at most 8 digits count.
                positions = loudspeakers.of_mask(int(digits[:8], 16), channels) or positions
        position += 4 + size
    return Container(promised_frames=frames or None, positions=positions)


def ogg(view: mmap.mmap, start: int) -> Container:
    """Follow the pages of an Ogg file to the end of its first stream."""
    positions, damage = None, ""
    first_serial: int | None = None
    expected, complete, streams, lost = 0, False, 0, 0
    position = start
    while position + 27 <= len(view):
        if view[position : position + 4] != b"OggS":
            following = view.find(b"OggS", position)
            if following < 0:
                break
            position = following
            continue
        flags, serial, number, segments = (
            view[position + 5],
            *struct.unpack_from("<II", view, position + 14),
            view[position + 26],
        )
        body = position + 27 + segments
        after = body + sum(view[position + 27 : body])
        if flags & 2 and (first_serial is None or complete):
            streams += 1
        if first_serial is None:
            first_serial = serial
            positions = _ogg_positions(view, body)
        if serial == first_serial and not complete:
            lost += number != expected
            expected = number + 1
            complete = bool(flags & 4) and after <= len(view)
        position = after
    if not complete:
        damage = "more were promised: the last page of the stream is missing"
    elif lost:
        damage = "pages of the stream are missing in between"
    elif streams > 1:
        damage = f"it holds {streams} streams one after another, of which the first is read"
    return Container(positions=positions, damage=damage)


def _ogg_positions(view: mmap.mmap, body: int) -> Positions | None:
    packet = bytes(view[body : body + 64])
    if packet[:7] == b"\x01vorbis":
        return loudspeakers.VORBIS.get(packet[11])
    if packet[:8] == b"OpusHead":
        return loudspeakers.VORBIS.get(packet[9]) if packet[18] <= 1 else None
    if packet[:5] == b"\x7fFLAC":
        return loudspeakers.FLAC.get((int.from_bytes(packet[27:35], "big") >> 41 & 7) + 1)
    return None
