"""Frames of MP3 files."""

from __future__ import annotations

import mmap
import struct
from typing import NamedTuple

from mixdown.files.containers.container import Container

#: Search range for frames after the tags, in bytes.
_SEARCH_BYTES = 65_536


class _Frame(NamedTuple):
    """A frame's header."""

    kind: tuple[int, int, int]
    size: int
    samples: int
    side_bytes: int


def _kbps(text: str) -> tuple[int, ...]:
    return (0, *map(int, text.split()), 0)


#: By (MPEG 1, layer): bit rates in kbit/s by index.
_KBPS = {
    (True, 1): _kbps("32 64 96 128 160 192 224 256 288 320 352 384 416 448"),
    (True, 2): _kbps("32 48 56 64 80 96 112 128 160 192 224 256 320 384"),
    (True, 3): _kbps("32 40 48 56 64 80 96 112 128 160 192 224 256 320"),
    (False, 1): _kbps("32 48 56 64 80 96 112 128 144 160 176 192 224 256"),
    (False, 2): _kbps("8 16 24 32 40 48 56 64 80 96 112 128 144 160"),
    (False, 3): _kbps("8 16 24 32 40 48 56 64 80 96 112 128 144 160"),
}
#: By version bits: 0 is MPEG 2.5, 2 is MPEG 2, 3 is MPEG 1.
_RATES_HZ = {0: (11_025, 12_000, 8_000), 2: (22_050, 24_000, 16_000), 3: (44_100, 48_000, 32_000)}


def _frame(view: mmap.mmap, position: int) -> _Frame | None:
    if position + 4 > len(view) or view[position] != 0xFF or view[position + 1] & 0xE0 != 0xE0:
        return None
    version, layer = view[position + 1] >> 3 & 3, 4 - (view[position + 1] >> 1 & 3)
    rate_index, pad = view[position + 2] >> 2 & 3, view[position + 2] >> 1 & 1
    if version == 1 or layer == 4 or rate_index == 3:
        return None
    first = version == 3
    bits_per_s = 1000 * _KBPS[first, layer][view[position + 2] >> 4]
    if bits_per_s == 0:
        return None
    rate_hz = _RATES_HZ[version][rate_index]
    samples = 384 if layer == 1 else 576 if layer == 3 and not first else 1152
    size = (12 * bits_per_s // rate_hz + pad) * 4 if layer == 1 else samples // 8 * bits_per_s // rate_hz + pad
    mono = view[position + 3] >> 6 == 3
    side_bytes = (17 if mono else 32) if first else (9 if mono else 17)
    return _Frame((version, layer, rate_hz), size, samples, side_bytes)


def _at(view: mmap.mmap, position: int, kind: tuple[int, int, int] | None) -> _Frame | None:
    """Return the frame at `position` if one of its kind, or the end of the file, follows it."""
    frame = _frame(view, position)
    if frame is None or (kind is not None and frame.kind != kind):
        return None
    following = _frame(view, position + frame.size)
    near_end = position + frame.size + 4 > len(view)
    return frame if near_end or (following is not None and following.kind == frame.kind) else None


class _Walk(NamedTuple):
    """All frames of a file.

    Attributes
    ----------
    spans : list of (start, stop)
        Positions of the frames, without the bytes between them.
    tables : list of (start, stop, frames)
        Xing or Info headers, which are frames without audio, and the frame count of each, 0 if it states none.
    sounding : int
        Frames with audio.
    samples : int
        Length of each.
    padding : int
        Bytes missing from the last one.
    skipped : int
        Bytes between frames.
    """

    spans: list[tuple[int, int]]
    tables: list[tuple[int, int, int]]
    sounding: int
    samples: int
    padding: int
    skipped: int


def _find(view: mmap.mmap, position: int, limit: int, kind: tuple[int, int, int] | None) -> int | None:
    """Return the start of the next frame."""
    found = view.find(b"\xff", position)
    while 0 <= found < limit:
        if _at(view, found, kind) is not None:
            return found
        found = view.find(b"\xff", found + 1)
    return None


def _walk(view: mmap.mmap, start: int) -> _Walk | None:
    position = _find(view, start, start + _SEARCH_BYTES, None)
    first = None if position is None else _frame(view, position)
    if position is None or first is None:
        return None
    spans: list[tuple[int, int]] = []
    tables: list[tuple[int, int, int]] = []
    sounding = padding = skipped = 0
    while position + 4 <= len(view):
        frame = _frame(view, position)
        if frame is None or frame.kind != first.kind:
            following = _find(view, position, len(view), first.kind)
            if following is None:
                break
            skipped += following - position
            position = following
            continue
        stop = position + frame.size
        tag_at = position + 4 + frame.side_bytes
        if view[tag_at : tag_at + 4] in (b"Xing", b"Info"):
            flags, named = struct.unpack_from(">II", view, tag_at + 4)
            tables.append((position, stop, named if flags & 1 else 0))
        elif stop <= len(view):
            sounding += 1
        elif tag_at < len(view):
            # The decoder uses the rest of the last frame.
            sounding, padding = sounding + 1, stop - len(view)
        else:
            break
        within = min(stop, len(view))
        if spans and spans[-1][1] == position:
            spans[-1] = (spans[-1][0], within)
        else:
            spans.append((position, within))
        position = stop
    return _Walk(spans, tables, sounding, first.samples, padding, skipped)


def mp3(view: mmap.mmap, start: int) -> Container:
    """Count the frames: their number is the length, whatever the header states."""
    walk = _walk(view, start)
    if walk is None or walk.sounding < 2:
        return Container()
    named_frames = walk.tables[0][2] if len(walk.tables) == 1 else 0
    damage, promised_frames, spans = "", None, walk.spans
    if walk.skipped:
        damage = f"{walk.skipped} bytes between its frames are not MP3"
    elif walk.padding and not named_frames:
        damage = "it ends within a frame"
    # The decoder stops at the length of the header, so a header that is too short is skipped; encoders differ by one.
    if not named_frames or walk.sounding > named_frames + 1:
        promised_frames = named_frames * walk.samples or None
        for table_start, table_stop, _ in walk.tables:
            spans = [
                part
                for first, last in spans
                for part in ((first, min(last, table_start)), (max(first, table_stop), last))
                if part[0] < part[1]
            ]
    return Container(promised_frames=promised_frames, stream=tuple(spans), padding=walk.padding, damage=damage)
