"""AIFF files, byte for byte: metadata before the samples, nothing after them."""

from __future__ import annotations

import math
import struct
from typing import BinaryIO

import numpy as np

from mixdown.files.frames import Frames
from mixdown.files.tagging import id3_bytes
from mixdown.files.tags import Tags


def write_aiff(target: BinaryIO, frames: Frames, sample_rate_hz: int, bit_depth: int, tags: Tags) -> None:
    """Write an AIFF file.

    Parameters
    ----------
    target : binary file
    frames : Frames
        Whole numbers of `bit_depth` bits.
    sample_rate_hz, bit_depth : int
    tags : Tags
        Stored as an ID3 chunk.

    Notes
    -----
    Audio Interchange File Format 1.3, Apple 1989.
    """
    count, channels = frames.count, frames.channels
    common = struct.pack(">hIh", channels, count, bit_depth) + _extended(sample_rate_hz)
    chunks = struct.pack(">4sI", b"COMM", len(common)) + common
    if tags:
        content = id3_bytes(tags)
        chunks += struct.pack(">4sI", b"ID3 ", len(content)) + content + bytes(len(content) % 2)
    data_bytes = count * channels * (bit_depth // 8)
    size = 4 + len(chunks) + 16 + data_bytes + data_bytes % 2
    # The samples begin at once: offset and block size are 0.
    sound = struct.pack(">4sIII", b"SSND", 8 + data_bytes, 0, 0)
    target.write(struct.pack(">4sI4s", b"FORM", size, b"AIFF") + chunks + sound)
    for part in frames.parts:
        # The high bytes of big-endian numbers, once they are moved up.
        samples = np.ascontiguousarray(np.left_shift(part, 32 - bit_depth), ">i4").view(np.uint8).reshape(-1, 4)
        target.write(samples[:, : bit_depth // 8].tobytes())
    target.write(bytes(data_bytes % 2))


def _extended(value: int) -> bytes:
    """Return a whole number as an 80-bit float, as the sample rate is stored."""
    exponent = int(math.log2(value))
    return struct.pack(">HQ", 16_383 + exponent, value << (63 - exponent))
