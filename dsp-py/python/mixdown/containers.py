"""What the headers of an audio file promise, read apart from the decoder, which keeps quiet about what is missing.

WAV, RF64, Wave64, AIFF, CAF, AU, FLAC, Ogg and MP3. A decoder that finds the end of a file early, a header that a
recorder never completed, or a stream that does not know its length deliver what they can; only a comparison with the
header tells a short song from half a song.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple

from mixdown import loudspeakers
from mixdown.loudspeakers import Positions

#: Lengths in a header from here on stand for "unknown, to the end of the file": programs write them into pipes.
_UNKNOWN_LENGTH = 0x7FFF_0000
#: Frames of an MP3 file are looked for this far behind its tags.
_MP3_SEARCH_BYTES = 65_536


@dataclass(frozen=True)
class Container:
    """What a file says about itself.

    Attributes
    ----------
    promised_frames : int or None
        Length by the header; None where it names none.
    positions : tuple of str or None
        Loudspeaker of each channel in the file's order; None where none are named.
    patches : tuple of (offset, bytes)
        What has to be put in the place of header bytes to have all of the audio decoded.
    stream : tuple of (start, stop), or None
        Parts of the file to be fed to the decoder one after another instead of the file.
    padding : int
        Zero bytes after them, which complete the last frame.
    damage : str
        What is wrong beyond the length; empty if nothing is.
    foreign : str
        Name of a format that the decoder does not read; empty for others.
    """

    promised_frames: int | None = None
    positions: Positions | None = None
    patches: tuple[tuple[int, bytes], ...] = ()
    stream: tuple[tuple[int, int], ...] | None = None
    padding: int = 0
    damage: str = ""
    foreign: str = ""


def inspect(file: BinaryIO) -> Container:
    """Read the headers of an open file.

    Parameters
    ----------
    file : binary file
        A regular file; its position is changed.

    Returns
    -------
    Container
        An empty one for what is not known here.
    """
    size = file.seek(0, 2)
    if size < 16:
        return Container()
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        start = _after_id3(view, 0)
        head = bytes(view[start : start + 16])
        try:
            if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
                return _wave(view, start)
            if head[:4] == b"riff":
                return _wave64(view)
            if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
                return _aiff(view, start)
            if head[:4] == b"caff":
                return _caf(view)
            if head[:4] in (b".snd", b"dns."):
                return _au(view)
            if head[:4] == b"fLaC":
                return _flac(view, start)
            if head[:4] == b"OggS":
                return _ogg(view, start)
        except (struct.error, IndexError):
            # The header itself is cut; the decoder says what it makes of it.
            return Container()
        foreign = _foreign(head)
        return Container(foreign=foreign) if foreign else _mp3(view, start)


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


# --- Samples in chunks: WAV, RF64, Wave64, AIFF, CAF, AU -------------------------------------------------------------


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
    """How frames lie in a chunk of samples."""

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
        # A recorder that brings its header up to date now and then, and crashed in between.
        return replace(length, promised_frames=data.size // samples.block_bytes, patches=(patch,) if patch else ())
    if samples.frames_per_block > 1 and data.size <= present:
        # The last block of a compressed file may be shorter: the decoder knows.
        return length
    return replace(length, promised_frames=data.size // samples.block_bytes * samples.frames_per_block)


def _sounds_on(view: mmap.mmap, position: int) -> bool:
    """Whether neither a chunk nor padding follows, but more samples."""
    # Chunks begin at even places, with a name of four letters.
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


def _wave(view: mmap.mmap, start: int) -> Container:
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


def _wave64(view: mmap.mmap) -> Container:
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


def _aiff(view: mmap.mmap, start: int) -> Container:
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
            # Offset and block size, 4 bytes each, stand before the samples.
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


def _caf(view: mmap.mmap) -> Container:
    samples, channels = _Samples(), 0
    for chunk in _chunks(view, 8, ">q"):
        if chunk.name == b"desc":
            packet_bytes, packet_frames, channels = struct.unpack_from(">III", view, chunk.body + 16)
            samples = _Samples(packet_bytes, packet_frames)
        elif chunk.name == b"chan":
            samples = samples._replace(positions=_core_audio_layout(view, chunk, channels))
        elif chunk.name == b"data":
            # A counter of edits, 4 bytes, stands before the samples.
            present = len(view) - chunk.body - 4
            patch = (chunk.body - 8, struct.pack(">q", present + 4))
            if chunk.size < 0:
                # To the end of the file; the decoder wants a number.
                return Container(positions=samples.positions, patches=(patch,))
            data = _Chunk(chunk.name, max(chunk.size - 4, 0), chunk.body + 4)
            length = _promise(view, data, samples, patch)
            # The decoder refuses a chunk that is longer than the file.
            return replace(length, patches=(patch,)) if data.size > present else length
        if chunk.size < 0:
            break
    return Container(positions=samples.positions)


def _au(view: mmap.mmap) -> Container:
    endian = ">" if view[:4] == b".snd" else "<"
    start, size, code, _, channels = struct.unpack_from(f"{endian}IIIII", view, 4)
    sample_bytes = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(code, 0)
    patch = (8, struct.pack(f"{endian}I", max(len(view) - start, 0)))
    return _promise(view, _Chunk(b"", size, start), _Samples(sample_bytes * channels), patch)


# --- FLAC ------------------------------------------------------------------------------------------------------------


def _flac(view: mmap.mmap, start: int) -> Container:
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


# --- Ogg -------------------------------------------------------------------------------------------------------------


def _ogg(view: mmap.mmap, start: int) -> Container:
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


# --- MP3 -------------------------------------------------------------------------------------------------------------


class _Mp3Frame(NamedTuple):
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
_MP3_RATES_HZ = {0: (11_025, 12_000, 8_000), 2: (22_050, 24_000, 16_000), 3: (44_100, 48_000, 32_000)}


def _mp3_frame(view: mmap.mmap, position: int) -> _Mp3Frame | None:
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
    rate_hz = _MP3_RATES_HZ[version][rate_index]
    samples = 384 if layer == 1 else 576 if layer == 3 and not first else 1152
    size = (12 * bits_per_s // rate_hz + pad) * 4 if layer == 1 else samples // 8 * bits_per_s // rate_hz + pad
    mono = view[position + 3] >> 6 == 3
    side_bytes = (17 if mono else 32) if first else (9 if mono else 17)
    return _Mp3Frame((version, layer, rate_hz), size, samples, side_bytes)


def _mp3_at(view: mmap.mmap, position: int, kind: tuple[int, int, int] | None) -> _Mp3Frame | None:
    """Return the frame at `position` if one of its kind, or the end of the file, follows it."""
    frame = _mp3_frame(view, position)
    if frame is None or (kind is not None and frame.kind != kind):
        return None
    following = _mp3_frame(view, position + frame.size)
    near_end = position + frame.size + 4 > len(view)
    return frame if near_end or (following is not None and following.kind == frame.kind) else None


class _Mp3Walk(NamedTuple):
    """All frames of a file.

    Attributes
    ----------
    spans : list of (start, stop)
        Where they lie, without what lies between them.
    tables : list of (start, stop, frames)
        Xing or Info headers, which are frames without sound, and how many frames each promises, 0 if it does not say.
    sounding : int
        Frames with sound.
    samples : int
        Length of each.
    padding : int
        Bytes that the last one lacks.
    skipped : int
        Bytes between frames.
    """

    spans: list[tuple[int, int]]
    tables: list[tuple[int, int, int]]
    sounding: int
    samples: int
    padding: int
    skipped: int


def _mp3_find(view: mmap.mmap, position: int, limit: int, kind: tuple[int, int, int] | None) -> int | None:
    """Return where the next frame starts."""
    found = view.find(b"\xff", position)
    while 0 <= found < limit:
        if _mp3_at(view, found, kind) is not None:
            return found
        found = view.find(b"\xff", found + 1)
    return None


def _mp3_walk(view: mmap.mmap, start: int) -> _Mp3Walk | None:
    position = _mp3_find(view, start, start + _MP3_SEARCH_BYTES, None)
    first = None if position is None else _mp3_frame(view, position)
    if position is None or first is None:
        return None
    spans: list[tuple[int, int]] = []
    tables: list[tuple[int, int, int]] = []
    sounding = padding = skipped = 0
    while position + 4 <= len(view):
        frame = _mp3_frame(view, position)
        if frame is None or frame.kind != first.kind:
            following = _mp3_find(view, position, len(view), first.kind)
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
            # As much of the last frame as there is will be decoded.
            sounding, padding = sounding + 1, stop - len(view)
        else:
            break
        within = min(stop, len(view))
        if spans and spans[-1][1] == position:
            spans[-1] = (spans[-1][0], within)
        else:
            spans.append((position, within))
        position = stop
    return _Mp3Walk(spans, tables, sounding, first.samples, padding, skipped)


def _mp3(view: mmap.mmap, start: int) -> Container:
    """Count the frames: their number is the length, whatever a header says."""
    walk = _mp3_walk(view, start)
    if walk is None or walk.sounding < 2:
        return Container()
    named_frames = walk.tables[0][2] if len(walk.tables) == 1 else 0
    damage, promised_frames, spans = "", None, walk.spans
    if walk.skipped:
        damage = f"{walk.skipped} bytes between its frames are not MP3"
    elif walk.padding and not named_frames:
        damage = "it ends within a frame"
    # The decoder stops where the header says, so a header that says too little is left out; encoders differ by one.
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
