"""Headers of files that hold their samples in chunks: WAV, RF64, Wave64, AIFF, CAF, AU."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from mixdown import loudspeakers
from mixdown.files.containers.container import Container
from mixdown.loudspeakers import Positions

#: Lengths from here on mean "unknown, to the end of the file": programs write them into pipes.
_UNKNOWN_LENGTH = 0x7FFF_0000


class _Chunk(NamedTuple):
    name: bytes
    size: int
    body: int


def _chunks(view: mmap.mmap, position: int, size_format: str = "<I", name_bytes: int = 4) -> Iterator[_Chunk]:
    """Yield the chunks from `position` on; Wave64 counts the head in the size and aligns to 8 bytes."""
    size_bytes = struct.calcsize(size_format)
    head = name_bytes + size_bytes
    while position + head <= len(view):
        name = bytes(view[position : position + name_bytes])
        (size,) = struct.unpack_from(size_format, view, position + name_bytes)
        if name_bytes == 16:
            size = max(size - head, 0)
            align = 8
        else:
            align = 1 if size_bytes == 8 else 2
        yield _Chunk(name, size, position + head)
        position += head + size
        position += -position % align if name_bytes == 16 else size % align


class _Samples(NamedTuple):
    """Layout of the frames in a chunk of samples."""

    block_bytes: int = 0
    frames_per_block: int = 1
    positions: Positions | None = None


def _wave_format(view: mmap.mmap, chunk: _Chunk, endian: str) -> _Samples:
    code, channels, _, _, align, bits = struct.unpack_from(f"{endian}HHIIHH", view, chunk.body)
    frames_per_block, positions = 1, None
    if code == 0xFFFE and chunk.size >= 40:
        (mask,) = struct.unpack_from(f"{endian}I", view, chunk.body + 20)
        (code,) = struct.unpack_from(f"{endian}H", view, chunk.body + 24)
        positions = loudspeakers.of_mask(mask, channels)
    if code in (2, 0x11, 0x31) and chunk.size >= 20:
        (frames_per_block,) = struct.unpack_from(f"{endian}H", view, chunk.body + 18)
    elif code not in (1, 3, 6, 7):
        align = 0
    elif align == 0:
        align = channels * (bits + 7) // 8
    return _Samples(align, frames_per_block, positions)


def _promise(
    view: mmap.mmap, data: _Chunk, samples: _Samples, patch: tuple[int, bytes] | None = None, endian: str = "<"
) -> Container:
    """Compare the size of a chunk of samples with the file; `patch` sets it right where the recorder left it 0."""
    present = max(len(view) - data.body, 0)
    length = Container(positions=samples.positions)
    if samples.block_bytes <= 0:
        return length
    if data.size == 0 and present >= samples.block_bytes and not _is_chunk(view, data.body, endian):
        return replace(length, promised_frames=0, patches=(patch,) if patch else ())
    if data.size >= _UNKNOWN_LENGTH and data.size > present:
        return length
    if 0 < data.size < present and samples.frames_per_block == 1 and _sounds_on(view, data.body + data.size):
        # A recorder that updates its header now and then, and crashed in between.
        return replace(length, promised_frames=data.size // samples.block_bytes, patches=(patch,) if patch else ())
    if samples.frames_per_block > 1 and data.size <= present:
        # The last block of a compressed file may be shorter: only the decoder can tell.
        return length
    return replace(length, promised_frames=data.size // samples.block_bytes * samples.frames_per_block)


def _sounds_on(view: mmap.mmap, position: int) -> bool:
    """Whether neither a chunk nor padding follows, but more samples."""
    # Chunks start at even offsets, with a name of four letters.
    places = (position, position + position % 2)
    names = [view[place : place + 4] for place in places]
    rest = view[position : position + 4_096]
    is_named = any(all(0x20 <= byte < 0x7F for byte in name) for name in names)
    return len(rest) >= 64 and any(rest) and not is_named


def _is_chunk(view: mmap.mmap, position: int, endian: str) -> bool:
    """Whether a chunk, rather than audio, follows an empty chunk of samples."""
    name = view[position : position + 4]
    if position + 8 > len(view) or not all(0x20 <= byte < 0x7F for byte in name):
        return False
    return position + 8 + int(struct.unpack_from(f"{endian}I", view, position + 4)[0]) <= len(view)


def wave(view: mmap.mmap, start: int) -> Container:
    """Read the header of a WAV, RF64 or BW64 file."""
    endian = ">" if view[start : start + 4] == b"RIFX" else "<"
    samples, long_size, size_at = _Samples(), None, 0
    for chunk in _chunks(view, start + 12, f"{endian}I"):
        if chunk.name == b"ds64":
            (long_size,) = struct.unpack_from("<Q", view, chunk.body + 8)
            size_at = chunk.body + 8
        elif chunk.name == b"fmt ":
            samples = _wave_format(view, chunk, endian)
        elif chunk.name == b"data":
            present = len(view) - chunk.body
            if long_size is not None and chunk.size == 0xFFFF_FFFF:
                patch = (size_at, struct.pack("<Q", present))
                return _promise(view, chunk._replace(size=long_size), samples, patch)
            patch = (chunk.body - 4, struct.pack(f"{endian}I", min(present, 0xFFFF_FFFF)))
            return _promise(view, chunk, samples, patch, endian)
    return Container(positions=samples.positions)


def wave64(view: mmap.mmap) -> Container:
    """Read the header of a Wave64 file."""
    samples = _Samples()
    for chunk in _chunks(view, 40, "<Q", name_bytes=16):
        if chunk.name[:4] == b"fmt ":
            samples = _wave_format(view, chunk, "<")
        elif chunk.name[:4] == b"data":
            patch = (chunk.body - 8, struct.pack("<Q", len(view) - chunk.body + 24))
            return _promise(view, chunk, samples, patch)
    return Container(positions=samples.positions)


def _core_audio_layout(view: mmap.mmap, chunk: _Chunk, channels: int) -> Positions | None:
    tag, bitmap, count = struct.unpack_from(">III", view, chunk.body)
    labels = [struct.unpack_from(">I", view, chunk.body + 12 + 20 * entry)[0] for entry in range(min(count, 64))]
    return loudspeakers.of_core_audio(tag, bitmap, labels, channels)


def aiff(view: mmap.mmap, start: int) -> Container:
    """Read the header of an AIFF file."""
    channels, frames, frames_at, bits, plain = 0, 0, 0, 0, True
    positions, data = None, None
    for chunk in _chunks(view, start + 12, ">I"):
        if chunk.name == b"COMM":
            channels, frames, bits = struct.unpack_from(">hIh", view, chunk.body)
            frames_at = chunk.body + 2
            compression = bytes(view[chunk.body + 18 : chunk.body + 22]) if chunk.size >= 22 else b"NONE"
            bits = {b"fl32": 32, b"FL32": 32, b"fl64": 64, b"FL64": 64, b"ulaw": 8, b"alaw": 8}.get(compression, bits)
            plain = compression.lower() in (
                b"none",
                b"sowt",
                b"twos",
                b"in24",
                b"in32",
                b"fl32",
                b"fl64",
                b"ulaw",
                b"alaw",
            )
        elif chunk.name == b"CHAN":
            positions = _core_audio_layout(view, chunk, channels)
        elif chunk.name == b"SSND":
            # Offset and block size, 4 bytes each, precede the samples.
            data = chunk._replace(size=max(chunk.size - 8, 0), body=chunk.body + 8)
            if data.size == 0:
                break
    if data is None or not plain or channels < 1:
        return Container(positions=positions)
    samples = _Samples(channels * ((bits + 7) // 8), 1, positions)
    length = _promise(view, data, samples, endian=">")
    if length.promised_frames == 0 and frames == 0 and samples.block_bytes and len(view) > data.body:
        present = len(view) - data.body
        sizes = (data.body - 12, struct.pack(">I", present + 8))
        return replace(length, patches=(sizes, (frames_at, struct.pack(">I", present // samples.block_bytes))))
    return replace(length, promised_frames=frames, patches=())


def caf(view: mmap.mmap) -> Container:
    """Read the header of a CAF file."""
    samples, channels = _Samples(), 0
    for chunk in _chunks(view, 8, ">q"):
        if chunk.name == b"desc":
            packet_bytes, packet_frames, channels = struct.unpack_from(">III", view, chunk.body + 16)
            samples = _Samples(packet_bytes, packet_frames)
        elif chunk.name == b"chan":
            samples = samples._replace(positions=_core_audio_layout(view, chunk, channels))
        elif chunk.name == b"data":
            # A counter of edits, 4 bytes, precedes the samples.
            present = len(view) - chunk.body - 4
            patch = (chunk.body - 8, struct.pack(">q", present + 4))
            if chunk.size < 0:
                # To the end of the file; the decoder needs a number.
                return Container(positions=samples.positions, patches=(patch,))
            data = _Chunk(chunk.name, max(chunk.size - 4, 0), chunk.body + 4)
            length = _promise(view, data, samples, patch)
            # The decoder refuses a chunk that is longer than the file.
            return replace(length, patches=(patch,)) if data.size > present else length
        if chunk.size < 0:
            break
    return Container(positions=samples.positions)


def au(view: mmap.mmap) -> Container:
    """Read the header of an AU file."""
    endian = ">" if view[:4] == b".snd" else "<"
    start, size, code, _, channels = struct.unpack_from(f"{endian}IIIII", view, 4)
    sample_bytes = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(code, 0)
    patch = (8, struct.pack(f"{endian}I", max(len(view) - start, 0)))
    return _promise(view, _Chunk(b"", size, start), _Samples(sample_bytes * channels), patch)
