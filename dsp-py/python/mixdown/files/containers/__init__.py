"""Headers of audio files, read separately, since the decoder does not report missing audio.

WAV, RF64, Wave64, AIFF, CAF, AU, FLAC, Ogg and MP3. A decoder that finds the end of a file early, a header that a
recorder never completed, or a stream that does not know its length deliver what they can; only a comparison with the
header tells a short song from half a song.
"""

from __future__ import annotations

import mmap
import struct
from typing import BinaryIO

from mixdown.files.containers import chunks, streams
from mixdown.files.containers.container import Container
from mixdown.files.containers.mp3 import mp3

__all__ = ["Container", "inspect"]


def inspect(file: BinaryIO) -> Container:
    """Read the headers of an open file.

    Parameters
    ----------
    file : binary file
        A regular file; its position is changed.

    Returns
    -------
    Container
        An empty one for unknown formats.
    """
    size = file.seek(0, 2)
    if size < 16:
        return Container()
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        start = _after_id3(view, 0)
        head = bytes(view[start : start + 16])
        try:
            if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
                return chunks.wave(view, start)
            if head[:4] == b"riff":
                return chunks.wave64(view)
            if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
                return chunks.aiff(view, start)
            if head[:4] == b"caff":
                return chunks.caf(view)
            if head[:4] in (b".snd", b"dns."):
                return chunks.au(view)
            if head[:4] == b"fLaC":
                return streams.flac(view, start)
            if head[:4] == b"OggS":
                return streams.ogg(view, start)
        except (struct.error, IndexError):
            # The header itself is truncated: the decoder reports it.
            return Container()
        foreign = _foreign(head)
        return Container(foreign=foreign) if foreign else mp3(view, start)


def _foreign(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "MP4 (AAC or ALAC)"
    if head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "AAC"
    if head[:2] == b"\x0b\x77":
        return "AC-3"
    starts = {
        b"\x30\x26\xb2\x75": "Windows Media",
        b"\x1a\x45\xdf\xa3": "Matroska or WebM",
        b"MAC ": "Monkey's Audio",
        b"wvpk": "WavPack",
        b"MPCK": "Musepack",
        b"DSD ": "DSD",
        b"FRM8": "DSD",
        b"ADIF": "AAC",
    }
    return starts.get(head[:4], "")


def _after_id3(view: mmap.mmap, position: int) -> int:
    """Return where an ID3v2 tag at `position`, and any behind it, end."""
    while view[position : position + 3] == b"ID3" and position + 10 <= len(view):
        length = 0
        for byte in view[position + 6 : position + 10]:
            length = length << 7 | byte & 0x7F
        position += 10 + length + (10 if view[position + 5] & 0x10 else 0)
    return min(position, len(view))
