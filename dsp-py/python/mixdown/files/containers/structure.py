"""Parts of an audio file, in their order: chunks of WAV and AIFF, blocks of FLAC, tags around them."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from mixdown.files.containers.boxes import Sound, sound_of

#: Kinds of the blocks of a FLAC file (RFC 9639, section 8.1).
_FLAC_BLOCKS = ("STREAMINFO", "PADDING", "APPLICATION", "SEEKTABLE", "VORBIS_COMMENT", "CUESHEET", "PICTURE")
#: Chunks of this many bytes and more, in WAV, stand for "to the end of the file".
UNKNOWN_BYTES = 0x7FFF_0000


class Part(NamedTuple):
    """A part of a file.

    Attributes
    ----------
    name : str
        As it stands in the file, blanks at its end included: "fmt ".
    offset : int
        Of its head.
    size_bytes : int
        Of its content, as its head states it.
    """

    name: str
    offset: int
    size_bytes: int


@dataclass(frozen=True)
class Structure:
    """What a file consists of.

    Attributes
    ----------
    kind : str
        "WAV", "RF64", "AIFF", "FLAC", "Ogg", "MP4" or "MP3"; empty for others.
    parts : tuple of Part
        Of WAV, RF64, AIFF and FLAC.
    format_code : int or None
        Of a WAV file: 1 is PCM, 3 floating point, 0xFFFE an extension that names another.
    stated_bytes : int or None
        Length of the file by the head of a WAV or AIFF file.
    bytes_in_all, bytes_after : int
        Length of the file, and what of it stands behind the last part.
    id3_in_front, id3v1 : bool
        Whether an ID3 tag stands before the file's own head, and one of the first version at its end.
    gapless : bool
        Whether an MP3 file has the Info or Xing header that names its length.
    md5 : bytes
        Of the samples, as a FLAC file states it; 16 zeros where it is unknown.
    sound : Sound or None
        Of an MP4 file.
    faults : tuple of str
        Contradictions, in a sentence each.
    """

    kind: str = ""
    parts: tuple[Part, ...] = ()
    format_code: int | None = None
    stated_bytes: int | None = None
    bytes_in_all: int = 0
    bytes_after: int = 0
    id3_in_front: bool = False
    id3v1: bool = False
    gapless: bool = False
    md5: bytes = b""
    sound: Sound | None = None
    faults: tuple[str, ...] = ()

    @property
    def after_data(self) -> tuple[str, ...]:
        """Names of the chunks behind the samples of a WAV or AIFF file."""
        names = [part.name for part in self.parts]
        data = next((name for name in ("data", "SSND") if name in names), None)
        return () if data is None else tuple(names[names.index(data) + 1 :])


def structure_of(file: BinaryIO) -> Structure:
    """Read the parts of an open file.

    Parameters
    ----------
    file : binary file
        A regular file; its position is changed.

    Returns
    -------
    Structure
    """
    size = file.seek(0, 2)
    if size < 16:
        return Structure(bytes_in_all=size)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        start = _after_id3(view)
        head = view[start : start + 12]
        id3v1 = view[size - 128 : size - 125] == b"TAG"
        if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:] == b"WAVE":
            made = _riff(view, start, "WAV" if head[:4] == b"RIFF" else "RF64", "<")
        elif head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
            made = _riff(view, start, "AIFF", ">")
        elif head[:4] == b"fLaC":
            made = _flac(view, start)
        elif head[:4] == b"OggS":
            made = Structure("Ogg")
        elif head[4:8] == b"ftyp":
            made = Structure("MP4", sound=sound_of(view))
        elif head[:1] == b"\xff" and head[1] & 0xE0 == 0xE0 and head[1] & 6 != 0:
            # The header stands in the first frame, behind its side information.
            first = view[start : start + 64]
            made = Structure("MP3", gapless=b"Xing" in first or b"Info" in first)
        else:
            made = Structure()
        own = {"bytes_in_all": size, "id3_in_front": start > 0, "id3v1": id3v1}
        return Structure(**{**vars(made), **own})


def _after_id3(view: mmap.mmap) -> int:
    if view[:3] != b"ID3":
        return 0
    length = 0
    for byte in view[6:10]:
        length = length << 7 | byte & 0x7F
    return min(10 + length + (10 if view[5] & 0x10 else 0), len(view) - 12)


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name)


def _riff(view: mmap.mmap, start: int, kind: str, endian: str) -> Structure:
    (stated,) = struct.unpack_from(f"{endian}I", view, start + 4)
    parts, faults, position = [], [], start + 12
    format_code, frame_bytes = None, 0
    while position + 8 <= len(view) and _is_name(view[position : position + 4]):
        name = view[position : position + 4].decode("ascii")
        (size,) = struct.unpack_from(f"{endian}I", view, position + 4)
        parts.append(Part(name, position, size))
        body, position = position + 8, position + 8 + size
        if name == "fmt " and body + 16 <= len(view):
            format_code = int(struct.unpack_from("<H", view, body)[0])
            faults += _contradictions(view, body)
            frame_bytes = int(struct.unpack_from("<H", view, body + 12)[0]) if format_code in (1, 3) else 0
        if name == "data" and (size >= UNKNOWN_BYTES or (size == 0 and not _is_name(view[body : body + 4]))):
            # The length was never written, or stands in another chunk: the samples reach to the end.
            position = len(view)
        elif name == "data" and kind == "WAV" and frame_bytes and size % frame_bytes:
            faults.append(f"The chunk data of {size} bytes holds no whole number of frames of {frame_bytes} bytes.")
        if size % 2 and position < len(view):
            if view[position] and _is_name(view[position : position + 4]):
                faults.append(f"The chunk {name.strip()} of {size} bytes lacks the byte that completes an odd length.")
            else:
                position += 1
    names = [part.name for part in parts]
    wanted = ("COMM", "SSND") if kind == "AIFF" else ("fmt ", "data")
    for name in wanted:
        if names.count(name) != 1:
            faults.append(f"It holds {names.count(name)} chunks called {name.strip()}, where one is allowed.")
    if all(name in names for name in wanted) and kind != "AIFF" and names.index("fmt ") > names.index("data"):
        faults.append("The chunk fmt stands behind the samples that it describes.")
    for name in sorted({name for name in names if names.count(name) > 1 and name not in wanted and name.strip()}):
        if name in ("LIST", "id3 ", "ID3 "):
            continue
        faults.append(f"It holds {names.count(name)} chunks called {name.strip()}.")
    return Structure(
        kind,
        tuple(parts),
        format_code,
        stated_bytes=None if kind == "RF64" else start + 8 + stated,
        bytes_after=max(len(view) - position, 0),
        faults=tuple(faults),
    )


def _contradictions(view: mmap.mmap, body: int) -> list[str]:
    """Return what does not fit in the format chunk of a WAV file."""
    code, channels, rate_hz, byte_rate, align, bits = struct.unpack_from("<HHIIHH", view, body)
    if code not in (1, 3, 0xFFFE):
        return []
    found = []
    if align != channels * ((bits + 7) // 8):
        wanted = f"{channels} channels of {bits} bits take {channels * ((bits + 7) // 8)}"
        found.append(f"The chunk fmt states {align} bytes per frame: {wanted}.")
    elif byte_rate != rate_hz * align:
        found.append(f"The chunk fmt states {byte_rate} bytes per second: it must be {rate_hz * align}.")
    return found


def _flac(view: mmap.mmap, start: int) -> Structure:
    parts, position, last = [], start + 4, False
    while not last and position + 4 <= len(view):
        kind, size = view[position], int.from_bytes(view[position + 1 : position + 4], "big")
        last, number = bool(kind & 0x80), kind & 0x7F
        name = _FLAC_BLOCKS[number] if number < len(_FLAC_BLOCKS) else f"block {number}"
        parts.append(Part(name, position, size))
        position += 4 + size
    return Structure("FLAC", tuple(parts), md5=bytes(view[start + 26 : start + 42]))
