"""Boxes of MP4 files (ISO/IEC 14496-12): the length by the edit list, and the coding."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from typing import NamedTuple

#: Codings by the names of their sample entries.
_CODINGS = {"mp4a": "AAC", "alac": "ALAC", "Opus": "Opus", "fLaC": "FLAC", "ac-3": "AC-3", "ec-3": "E-AC-3"}


class Sound(NamedTuple):
    """The first sound of an MP4 file.

    Attributes
    ----------
    coding : str
        "AAC", "ALAC", or the name of the sample entry.
    bits : int
        Word length, where the coding has one.
    edit_frames : int or None
        Length by the edit list; None where there is none of one entry, or where its unit is no frame: then it is
        rounded, and may cut off what sounds.
    """

    coding: str
    bits: int
    edit_frames: int | None


def sound_of(view: mmap.mmap) -> Sound | None:
    """Return the first sound of an MP4 file, None if there is none.

    Parameters
    ----------
    view : mmap
        A whole file.

    Returns
    -------
    Sound or None
    """
    try:
        return next(_sounds(view), None)
    except (struct.error, IndexError, ValueError):
        # A damaged file: the decoder reports it.
        return None


def _sounds(view: mmap.mmap) -> Iterator[Sound]:
    for start, end in _inside(view, b"moov", 0, len(view)):
        (header, _), *_ = _inside(view, b"mvhd", start, end)
        (timescale,) = struct.unpack_from(">I", view, header + (20 if view[header] else 12))
        for track, track_end in _inside(view, b"trak", start, end):
            handler = next(_inside(view, b"mdia/hdlr", track, track_end), None)
            if handler is None or view[handler[0] + 8 : handler[0] + 12] != b"soun":
                continue
            (media, _), *_ = _inside(view, b"mdia/mdhd", track, track_end)
            (rate_hz,) = struct.unpack_from(">I", view, media + (20 if view[media] else 12))
            (entry, _), *_ = _inside(view, b"mdia/minf/stbl/stsd", track, track_end)
            name = view[entry + 12 : entry + 16].decode("latin-1")
            (bits,) = struct.unpack_from(">H", view, entry + 34)
            frames = None
            edits = next(_inside(view, b"edts/elst", track, track_end), None)
            if edits is not None:
                version, (count,) = view[edits[0]], struct.unpack_from(">I", view, edits[0] + 4)
                (length,) = struct.unpack_from(">Q" if version else ">I", view, edits[0] + 8)
                frames = int(length) if count == 1 and timescale == rate_hz else None
            yield Sound(_CODINGS.get(name, name), bits, frames)


def _boxes(view: mmap.mmap, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of the content of each box."""
    while start + 8 <= end:
        size, name = struct.unpack_from(">I4s", view, start)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", view, start + 8)
            head = 16
        size = end - start if size == 0 else size
        if size < head:
            return
        yield name, start + head, min(start + size, end)
        start += size


def _inside(view: mmap.mmap, path: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    name, _, rest = path.partition(b"/")
    for found, first, last in _boxes(view, start, end):
        if found == name:
            yield from _inside(view, rest, first, last) if rest else ((first, last),)
