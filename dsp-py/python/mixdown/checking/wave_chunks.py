"""Texts and figures in the chunks of a WAV file: INFO without an encoding, the loudness that bext states."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from mixdown.analysis.findings import Finding, stated
from mixdown.checking.limits import mark_of
from mixdown.files.containers.structure import Structure
from mixdown.files.tags import Tags
from mixdown.meters import Loudness

#: Bytes of a chunk that are read at most.
_MOST_BYTES = 1 << 20
#: Texts of INFO that tags hold too.
_INFO_TAGS = {b"INAM": "title", b"IART": "artist", b"IPRD": "album"}
#: Loudness fields of bext version 2, from byte 412 on (EBU Tech 3285): attribute and unit; unset is 0x7FFF.
_LOUDNESS_FIELDS = (
    ("integrated_lufs", "LUFS"),
    ("loudness_range_lu", "LU"),
    ("true_peak_dbtp", "dBTP"),
    ("max_momentary_lufs", "LUFS"),
    ("max_short_term_lufs", "LUFS"),
)
_UNSET = 0x7FFF
_DUAL_MONO_LU = 3.01
_BEXT_SOURCE = "EBU Tech 3285, version 2"


def chunks_of(file: BinaryIO, structure: Structure) -> dict[str, bytes]:
    """Return the contents of the chunks bext and LIST INFO, where a WAV file has them; the first of each.

    Parameters
    ----------
    file : binary file
        Its position is changed.
    structure : Structure
    """
    if structure.kind not in ("WAV", "RF64"):
        return {}
    found: dict[str, bytes] = {}
    for part in structure.parts:
        if part.name in ("bext", "LIST"):
            file.seek(part.offset + 8)
            content = file.read(min(part.size_bytes, _MOST_BYTES))
            if part.name == "bext" or content[:4] == b"INFO":
                found.setdefault(part.name, content)
    return found


def chunk_findings(
    chunks: Mapping[str, bytes], tags: Tags, reading: Loudness, channels: int, limits: Mapping[str, float]
) -> list[Finding]:
    """Return what these chunks have to say, beside tags and loudness of the file."""
    bext = chunks.get("bext", b"")
    return [*_info_findings(chunks.get("LIST", b""), tags), *_bext_findings(bext, reading, channels, limits)]


def _texts(info: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 4
    while position + 8 <= len(info):
        name, size = struct.unpack_from("<4sI", info, position)
        yield name, info[position + 8 : position + 8 + size].split(b"\0")[0]
        position += 8 + size + size % 2


def _info_findings(info: bytes, tags: Tags) -> list[Finding]:
    found = []
    for name, content in _texts(info):
        word = name.decode("latin-1")
        if not content.isascii():
            message = f"INFO {word} holds characters beyond ASCII, and states no encoding: some programs show others."
            found.append(stated("encoding", "note", message))
            continue
        text, tag = content.decode("ascii").strip(), _INFO_TAGS.get(name)
        other = next(iter(tags.texts.get(tag, ())), "") if tag else ""
        if text and other.isascii() and other and text != other:
            message = f"INFO {word} is {text!r}, the tag {tag} is {other!r}: programs show one or the other."
            found.append(stated("tags", "warning", message))
    return found


def _bext_findings(bext: bytes, reading: Loudness, channels: int, limits: Mapping[str, float]) -> list[Finding]:
    if len(bext) < 422 or struct.unpack_from("<H", bext, 346)[0] < 2:
        return []
    found = []
    for (name, unit), stored in zip(_LOUDNESS_FIELDS, struct.unpack_from("<5h", bext, 412), strict=True):
        measured = float(getattr(reading, name))
        if stored == _UNSET or not math.isfinite(measured):
            continue
        # One channel may have been measured as two loudspeakers.
        allowed = (0.0, _DUAL_MONO_LU) if channels == 1 and unit == "LUFS" else (0.0,)
        if min(abs(stored / 100 - measured - more) for more in allowed) > limits["stated_lu"]:
            words = name.rpartition("_")[0].replace("_", " ")
            message = (
                f"bext states {stored / 100:.2f} {unit} as {words}, measured are {measured:.2f}: it is of another mix."
            )
            found.append(
                stated(
                    *("stated_loudness", "warning", message, measured, stored / 100, unit),
                    source=f"{_BEXT_SOURCE} {mark_of('stated_lu')}",
                )
            )
    return found
