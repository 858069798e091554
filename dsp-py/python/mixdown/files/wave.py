"""WAV files, byte for byte: metadata before the samples, nothing after them."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from mixdown import loudspeakers
from mixdown._core import ParameterError
from mixdown.files.broadcast import Broadcast
from mixdown.files.frames import Frames
from mixdown.files.tagging import id3_bytes, info_chunk
from mixdown.files.tags import Tags
from mixdown.loudspeakers import Positions

Profile = Literal["archive", "ingest"]
"""Chunks of a WAV file: with all metadata, or none."""

#: Second half of the coding identifiers of a WAVE format with a channel mask.
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")
#: An ISRC as EBU Core has it (EBU Tech 3352), on one line.
_AXML = (
    '<ebucore:ebuCoreMain xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:ebucore="urn:ebu:metadata-schema:ebuCore_2012"><ebucore:coreMetadata>'
    '<ebucore:identifier typeLabel="GUID" typeDefinition="Globally Unique Identifier" formatLabel="ISRC"'
    ' formatDefinition="International Standard Recording Code"'
    ' formatLink="http://www.ebu.ch/metadata/cs/ebu_IdentifierTypeCodeCS.xml#3.7">'
    "<dc:identifier>ISRC:{isrc}</dc:identifier></ebucore:identifier></ebucore:coreMetadata></ebucore:ebuCoreMain>"
)


def write_wave(
    target: BinaryIO,
    frames: Frames,
    sample_rate_hz: int,
    bit_depth: int,
    positions: Positions | None,
    tags: Tags,
    broadcast: Broadcast | None,
) -> None:
    """Write a WAV file.

    Parameters
    ----------
    target : binary file
    frames : Frames
        Whole numbers of `bit_depth` bits, or float32 at 32.
    sample_rate_hz, bit_depth : int
    positions : tuple of str, or None
        Loudspeakers of three and more channels.
    tags : Tags
        Stored as an ID3 chunk.
    broadcast : Broadcast, optional
        With it, the chunks of an archive: bext, fmt, LIST INFO, axml with the ISRC, id3.
    """
    before, after = [], []
    if broadcast is not None:
        coded = broadcast.coded(sample_rate_hz, bit_depth, frames.channels)
        before.append(_chunk(b"bext", coded.chunk()))
        info = info_chunk(tags)
        after += [_chunk(b"LIST", info)] if info else []
        if tags.isrc:
            after.append(_chunk(b"axml", _AXML.format(isrc=tags.isrc).encode("ascii")))
    after += [_chunk(b"id3 ", id3_bytes(tags))] if tags else []
    format_chunk = _chunk(b"fmt ", _format(frames.channels, sample_rate_hz, bit_depth, positions))
    chunks = b"".join((*before, format_chunk, *after))
    data_bytes = frames.count * frames.channels * (bit_depth // 8)
    size = 4 + len(chunks) + 8 + data_bytes + data_bytes % 2
    if size > 0xFFFF_FFFF:
        raise ParameterError(f"audio has {frames.count} frames: with its tags a WAV file would exceed 4 GiB")
    target.write(struct.pack("<4sI4s", b"RIFF", size, b"WAVE") + chunks)
    target.write(struct.pack("<4sI", b"data", data_bytes))
    for part in frames.parts:
        target.write(pcm_bytes(part, bit_depth))
    target.write(bytes(data_bytes % 2))


def _format(channels: int, sample_rate_hz: int, bit_depth: int, positions: Positions | None) -> bytes:
    code, align = 3 if bit_depth == 32 else 1, channels * bit_depth // 8
    masked = channels > 2
    fields = (channels, sample_rate_hz, sample_rate_hz * align, align, bit_depth)
    content = struct.pack("<HHIIHH", 0xFFFE if masked else code, *fields)
    if masked:
        # 0: no loudspeakers are named.
        mask = (loudspeakers.mask_of(positions) or 0) if positions else 0
        content += struct.pack("<HHIH", 22, bit_depth, mask, code) + _SUBFORMAT_TAIL
    return content


def pcm_bytes(frames: NDArray[Any], bit_depth: int) -> bytes:
    """Return samples as little-endian bytes: whole numbers of 16 or 24 bits, or float32."""
    if bit_depth == 32:
        return np.ascontiguousarray(frames, "<f4").tobytes()
    # The low bytes of little-endian numbers.
    samples = np.ascontiguousarray(frames, "<i4").view(np.uint8).reshape(-1, 4)
    return samples[:, : bit_depth // 8].tobytes()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)
