"""Tags and cover pictures: read from any file, written to WAV and FLAC."""

from __future__ import annotations

import base64
import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import mutagen
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import soundfile

from mixdown._core import ParameterError

#: Names of tags: the ID3 frame and the MP4 atom of each. FLAC and Ogg take the names as they are.
_KNOWN: dict[str, tuple[str, str]] = {
    "title": ("TIT2", "\xa9nam"),
    "artist": ("TPE1", "\xa9ART"),
    "album": ("TALB", "\xa9alb"),
    "albumartist": ("TPE2", "aART"),
    "composer": ("TCOM", "\xa9wrt"),
    "genre": ("TCON", "\xa9gen"),
    "date": ("TDRC", "\xa9day"),
    "tracknumber": ("TRCK", "trkn"),
    "discnumber": ("TPOS", "disk"),
    "isrc": ("TSRC", "----:com.apple.iTunes:ISRC"),
    "copyright": ("TCOP", "cprt"),
    "label": ("TPUB", "----:com.apple.iTunes:LABEL"),
    "bpm": ("TBPM", "tmpo"),
    "comment": ("COMM", "\xa9cmt"),
    "lyrics": ("USLT", "\xa9lyr"),
}
#: Tag names of :func:`mixdown.write`.
WRITABLE = (
    *("title", "artist", "album", "albumartist", "composer", "genre", "date", "tracknumber", "isrc", "copyright"),
)
#: Name of the tag that marks mixes of stems.
MIX_MARK = "mixdown"
#: Prefixes of tags about the samples or the program of the old file, which do not apply to a new one.
_OF_THE_FILE = (
    "replaygain",
    "r128_",
    "itunnorm",
    "itunsmpb",
    "itunpgap",
    "encoder",
    "encoded",
    "encoding",
    "waveformat",
    "metadata_block",
)


@dataclass(frozen=True)
class Picture:
    """A picture in a file.

    Attributes
    ----------
    data : bytes
    mime : str
        "image/jpeg", ...
    kind : int
        Kind by ID3 and FLAC: 3 is the front cover.
    text : str
        Description.
    """

    data: bytes
    mime: str
    kind: int = 3
    text: str = ""


@dataclass(frozen=True)
class Tags:
    """Texts by name in lower case, each one or several, and pictures."""

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.texts or self.pictures)

    def without(self, name: str) -> Tags:
        """Return all tags but one."""
        return Tags({other: values for other, values in self.texts.items() if other != name}, self.pictures)

    def with_text(self, name: str, text: str) -> Tags:
        """Return all tags and one more."""
        return Tags({**self.texts, name: (text,)}, self.pictures)

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Tags:
        """Return tags from texts by name, and refuse unknown names."""
        unknown = sorted(set(texts) - set(WRITABLE))
        if unknown:
            raise ParameterError(f"tags has no {unknown[0]}: known are {', '.join(WRITABLE)}")
        for name, text in texts.items():
            if not isinstance(text, str):
                raise TypeError(f"tags[{name!r}] = {text!r} is not a text")
        return cls({name: (text,) for name, text in texts.items()})


def read_tags(file: BinaryIO) -> Tags:
    """Read the tags and pictures of an audio file.

    Parameters
    ----------
    file : binary file
        Its position is changed.

    Returns
    -------
    Tags
        Empty for files without any, and for damaged ones: tags are no reason to refuse audio. What belongs to the old
        file alone, such as its replay gain, is skipped.
    """
    tagged: Any = None
    file.seek(0)
    with contextlib.suppress(mutagen.MutagenError, ValueError, EOFError):
        tagged = cast(Any, mutagen).File(file)
    entries = None if tagged is None else tagged.tags
    if isinstance(entries, mutagen.id3.ID3):
        found = _from_id3(entries)
    elif isinstance(entries, mutagen.mp4.MP4Tags):
        found = _from_mp4(entries)
    elif entries is not None and hasattr(entries, "items"):
        found = _from_comments(tagged)
    else:
        found = Tags()
    return found if found else _from_chunks(file)


def _kept(texts: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(text for text in values if text)
        for name, values in texts.items()
        if any(values) and not name.startswith(_OF_THE_FILE)
    }


def _from_id3(entries: Any) -> Tags:
    names = {frame: name for name, (frame, _) in _KNOWN.items()}
    texts: dict[str, tuple[str, ...]] = {}
    for entry in entries.values():
        if entry.FrameID in ("COMM", "USLT"):
            # iTunes stores its own figures in comments with a description.
            if not entry.desc:
                value = entry.text
                texts.setdefault(names[entry.FrameID], (value,) if isinstance(value, str) else tuple(map(str, value)))
        elif entry.FrameID == "TXXX":
            texts[entry.desc.lower()] = tuple(map(str, entry.text))
        elif entry.FrameID in names:
            values = entry.genres if entry.FrameID == "TCON" else entry.text
            texts[names[entry.FrameID]] = tuple(map(str, values))
    pictures = [Picture(entry.data, entry.mime, int(entry.type), entry.desc) for entry in entries.getall("APIC")]
    return Tags(_kept(texts), tuple(pictures))


def _from_mp4(entries: Any) -> Tags:
    texts: dict[str, tuple[str, ...]] = {}
    for name, (_, atom) in _KNOWN.items():
        values = entries.get(atom)
        if not values:
            continue
        if atom in ("trkn", "disk"):
            texts[name] = tuple(f"{number}/{total}" if total else str(number) for number, total in values)
        else:
            texts[name] = tuple(
                value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values
            )
    kinds = {mutagen.mp4.MP4Cover.FORMAT_JPEG: "image/jpeg", mutagen.mp4.MP4Cover.FORMAT_PNG: "image/png"}
    pictures = [Picture(bytes(cover), kinds.get(cover.imageformat, "image/jpeg")) for cover in entries.get("covr", [])]
    return Tags(_kept(texts), tuple(pictures))


def _from_comments(tagged: Any) -> Tags:
    texts = {
        str(name).lower(): tuple(str(value) for value in (values if isinstance(values, list) else [values]))
        for name, values in tagged.tags.items()
    }
    pictures = list(getattr(tagged, "pictures", []))
    for block in texts.get("metadata_block_picture", ()):
        with contextlib.suppress(mutagen.MutagenError, ValueError):
            pictures.append(cast(Any, mutagen.flac.Picture)(base64.b64decode(block)))
    for other in ("organization", "publisher"):
        if other in texts:
            texts.setdefault("label", texts.pop(other))
    if "description" in texts:
        texts.setdefault("comment", texts.pop("description"))
    found = tuple(Picture(picture.data, picture.mime, int(picture.type), picture.desc) for picture in pictures)
    return Tags(_kept(texts), found)


def _from_chunks(file: BinaryIO) -> Tags:
    """Read the texts in LIST INFO, NAME and AUTH chunks, which libsndfile knows."""
    names = ("title", "artist", "album", "date", "genre", "tracknumber", "copyright", "comment")
    # Through the file object: a buffered file moves its descriptor only when it reads.
    file.seek(0)
    try:
        with soundfile.SoundFile(file) as source:
            return Tags(_kept({name: (getattr(source, name),) for name in names}))
    except soundfile.LibsndfileError:
        return Tags()


def id3_bytes(tags: Tags) -> bytes:
    """Return tags as an ID3v2.4 tag, as WAV files hold it in a chunk."""
    id3: Any = mutagen.id3
    entries = id3.ID3()
    for name, values in tags.texts.items():
        frame = _KNOWN[name][0] if name in _KNOWN else "TXXX"
        if frame == "COMM":
            entries.add(id3.COMM(encoding=3, lang="und", desc="", text=list(values)))
        elif frame == "USLT":
            entries.add(id3.USLT(encoding=3, lang="und", desc="", text="\n".join(values)))
        elif frame == "TXXX":
            entries.add(id3.TXXX(encoding=3, desc=name, text=list(values)))
        else:
            entries.add(getattr(id3, frame)(encoding=3, text=list(values)))
    for picture in tags.pictures:
        entries.add(id3.APIC(encoding=3, mime=picture.mime, type=picture.kind, desc=picture.text, data=picture.data))
    content = io.BytesIO()
    entries.save(content, v1=0, padding=lambda info: 0)
    return content.getvalue()


def tag_flac(file: BinaryIO, tags: Tags) -> None:
    """Write tags into an open FLAC file."""
    file.seek(0)
    tagged: Any = cast(Any, mutagen.flac.FLAC)(file)
    for name, values in tags.texts.items():
        tagged[name] = list(values)
    for picture in tags.pictures:
        block: Any = cast(Any, mutagen.flac.Picture)()
        block.data, block.mime, block.type, block.desc = picture.data, picture.mime, picture.kind, picture.text
        tagged.add_picture(block)
    file.seek(0)
    tagged.save(file)
