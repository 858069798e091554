"""Tags as each format stores them: ID3, Vorbis comments, MP4 atoms, INFO texts."""

from __future__ import annotations

import base64
import io
import re
import struct
from typing import Any, BinaryIO, cast

from mixdown.files.names import ascii_text
from mixdown.files.tags import KNOWN, REPLAY_GAINS, TOTALS, Picture, Tags

#: Texts of a LIST INFO chunk. Not the ISRC: the entry of that name means "source".
_INFO = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "genre": b"IGNR",
    "tracknumber": b"ITRK",
    "date": b"ICRD",
    "copyright": b"ICOP",
    "comment": b"ICMT",
}
_ITUNES = "----:com.apple.iTunes:"


def id3_bytes(tags: Tags) -> bytes:
    """Return tags as an ID3v2.4 tag in UTF-8, without padding."""
    import mutagen.id3

    id3: Any = mutagen.id3
    entries = id3.ID3()
    for name, values in tags.texts.items():
        frame = KNOWN[name][0] if name in KNOWN else "TXXX"
        if name in TOTALS.values():
            continue
        if frame == "COMM":
            entries.add(id3.COMM(encoding=3, lang="und", desc="", text=list(values)))
        elif frame == "USLT":
            entries.add(id3.USLT(encoding=3, lang="und", desc="", text="\n".join(values)))
        elif frame == "TXXX":
            entries.add(id3.TXXX(encoding=3, desc=_free_name(name), text=list(values)))
        elif name not in TOTALS:
            entries.add(getattr(id3, frame)(encoding=3, text=list(values)))
    for name in TOTALS:
        number, total = tags.number(name)
        if number or total:
            text = f"{number or 0}/{total}" if total else number
            entries.add(getattr(id3, KNOWN[name][0])(encoding=3, text=[text]))
    for picture in tags.pictures:
        entries.add(id3.APIC(encoding=3, mime=picture.mime, type=picture.kind, desc=picture.text, data=picture.data))
    content = io.BytesIO()
    entries.save(content, v1=0, padding=lambda info: 0)
    return content.getvalue()


def _free_name(name: str) -> str:
    """Return the description of a text without a frame of its own."""
    return name.upper() if name in KNOWN or name in REPLAY_GAINS else name


def info_chunk(tags: Tags) -> bytes:
    """Return the content of a LIST INFO chunk, empty if it had no entry.

    Its texts have no agreed encoding, programs read UTF-8 or Latin-1: so they are ASCII, and ID3 has the rest.
    """
    entries = b""
    for name, identifier in _INFO.items():
        text = ascii_text(tags.number(name)[0] if name in TOTALS else tags.text(name)).encode("ascii")
        if text:
            # NUL-terminated; the length counts the NUL, not the byte that makes it even.
            entries += struct.pack("<4sI", identifier, len(text) + 1) + text + bytes(2 - len(text) % 2)
    return b"INFO" + entries if entries else b""


def tag_flac(file: BinaryIO, tags: Tags) -> None:
    """Write tags into an open FLAC file."""
    import mutagen.flac

    file.seek(0)
    tagged: Any = cast(Any, mutagen.flac.FLAC)(file)
    _comment(tagged, tags)
    for picture in tags.pictures:
        tagged.add_picture(_block(picture))
    file.seek(0)
    tagged.save(file)


def tag_ogg(file: BinaryIO, tags: Tags, *, opus: bool) -> None:
    """Write tags into an open Ogg Vorbis or Ogg Opus file."""
    import mutagen.oggopus
    import mutagen.oggvorbis

    kind: Any = mutagen.oggopus.OggOpus if opus else mutagen.oggvorbis.OggVorbis
    file.seek(0)
    tagged = kind(file)
    _comment(tagged, tags)
    if tags.pictures:
        blocks = [base64.b64encode(_block(picture).write()).decode("ascii") for picture in tags.pictures]
        tagged["METADATA_BLOCK_PICTURE"] = blocks
    file.seek(0)
    tagged.save(file)


def _comment(tagged: Any, tags: Tags) -> None:
    for name, values in tags.texts.items():
        # Names are printable ASCII without "=".
        plain = "".join(letter if " " <= letter <= "}" and letter != "=" else "_" for letter in name.upper())
        tagged[plain or "_"] = list(values)


def _block(picture: Picture) -> Any:
    import mutagen.flac

    block: Any = cast(Any, mutagen.flac.Picture)()
    block.data, block.mime, block.type, block.desc = picture.data, picture.mime, picture.kind, picture.text
    return block


def tag_mp4(file: BinaryIO, tags: Tags) -> None:
    """Write tags into an open M4A file."""
    import mutagen.mp4

    file.seek(0)
    tagged: Any = cast(Any, mutagen.mp4.MP4)(file)
    if tagged.tags is None:
        tagged.add_tags()
    entries = tagged.tags
    for name, values in tags.texts.items():
        atom = KNOWN[name][1] if name in KNOWN else _ITUNES + _free_name(name)
        if name in TOTALS or name in TOTALS.values():
            continue
        if atom == "tmpo":
            if len(values) == 1 and re.fullmatch(r"[0-9]{1,3}(\.[0-9]*)?", values[0]):
                entries[atom] = [round(float(values[0]))]
        elif atom.startswith("----:"):
            entries[atom] = [cast(Any, mutagen.mp4.MP4FreeForm)(value.encode()) for value in values]
        else:
            entries[atom] = list(values)
    for name in TOTALS:
        number, total = tags.number(name)
        if re.fullmatch("[0-9]{0,4}", number) and re.fullmatch("[0-9]{0,4}", total):
            if number or total:
                entries[KNOWN[name][1]] = [(int(number or 0), int(total or 0))]
        else:
            # "A1" of a record.
            text = f"{number}/{total}" if total else number
            entries[_ITUNES + name.upper()] = [cast(Any, mutagen.mp4.MP4FreeForm)(text.encode())]
    if tags.pictures:
        entries["covr"] = [_cover(picture) for picture in tags.pictures]
    file.seek(0)
    tagged.save(file, padding=lambda info: 0)


def _cover(picture: Picture) -> Any:
    import mutagen.mp4

    cover: Any = mutagen.mp4.MP4Cover
    return cover(picture.data, cover.FORMAT_PNG if picture.mime == "image/png" else cover.FORMAT_JPEG)


def tagged(content: bytes, codec: str, tags: Tags) -> bytes:
    """Return a coded file with tags, MP3, Ogg Vorbis, Opus or M4A by the name of its codec."""
    if not tags:
        return content
    if codec == "mp3":
        return id3_bytes(tags) + content
    file = io.BytesIO(content)
    if codec == "aac":
        tag_mp4(file, tags)
    else:
        tag_ogg(file, tags, opus=codec == "opus")
    return file.getvalue()
