"""Tags and cover pictures: their names, and what is read from a file."""

from __future__ import annotations

import base64
import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.files.names import printable, shown

#: Names of tags: the ID3 frame and the MP4 atom of each. FLAC and Ogg take the names as they are.
KNOWN: dict[str, tuple[str, str]] = {
    "title": ("TIT2", "\xa9nam"),
    "artist": ("TPE1", "\xa9ART"),
    "album": ("TALB", "\xa9alb"),
    "albumartist": ("TPE2", "aART"),
    "composer": ("TCOM", "\xa9wrt"),
    "songwriter": ("TXXX", "----:com.apple.iTunes:SONGWRITER"),
    "genre": ("TCON", "\xa9gen"),
    "date": ("TDRC", "\xa9day"),
    "tracknumber": ("TRCK", "trkn"),
    "tracktotal": ("TRCK", "trkn"),
    "discnumber": ("TPOS", "disk"),
    "disctotal": ("TPOS", "disk"),
    "isrc": ("TSRC", "----:com.apple.iTunes:ISRC"),
    "barcode": ("TXXX", "----:com.apple.iTunes:BARCODE"),
    "copyright": ("TCOP", "cprt"),
    "label": ("TPUB", "----:com.apple.iTunes:LABEL"),
    "bpm": ("TBPM", "tmpo"),
    "comment": ("COMM", "\xa9cmt"),
    "lyrics": ("USLT", "\xa9lyr"),
}
#: Numbers and their totals, which ID3 and MP4 keep in one entry.
TOTALS = {"tracknumber": "tracktotal", "discnumber": "disctotal"}
#: Their forms; a track may also be called A1, as sides of records have it.
_NUMBERS = {
    "tracktotal": "[1-9][0-9]{0,3}",
    "discnumber": "[1-9][0-9]{0,3}(/[1-9][0-9]{0,3})?",
    "disctotal": "[1-9][0-9]{0,3}",
}
#: Gains for players: ReplayGain 2.0, and of Opus RFC 7845.
REPLAY_GAINS = (
    *("replaygain_track_gain", "replaygain_track_peak", "replaygain_album_gain", "replaygain_album_peak"),
    *("replaygain_reference_loudness",),
)
R128_GAINS = ("r128_track_gain", "r128_album_gain")
#: Tag names of :func:`mixdown.write`; "cover" is the path of a picture.
WRITABLE = (*(name for name in KNOWN if name != "bpm"), "cover", *REPLAY_GAINS, *R128_GAINS)
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

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Picture:
        """Return the picture in a file, JPEG or PNG, as front cover."""
        data = Path(path).read_bytes()
        for mime, head in (("image/jpeg", b"\xff\xd8\xff"), ("image/png", b"\x89PNG\r\n\x1a\n")):
            if data.startswith(head):
                return cls(data, mime)
        raise ParameterError(f"cover = {shown(path)} is not allowed: it must be a JPEG or PNG file")


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

    def text(self, name: str) -> str:
        """Return the texts of a name as one, empty if it has none."""
        return "; ".join(self.texts.get(name, ()))

    def number(self, name: str) -> tuple[str, str]:
        """Return "tracknumber" or "discnumber" and its total: of "3", or of "3/9" in one text."""
        number, _, total = self.text(name).partition("/")
        return number.strip(), self.text(TOTALS[name]) or total.strip()

    @property
    def isrc(self) -> str:
        """The ISRC in its stored form; empty if there is none, or if what a file holds is none."""
        # The codes belong to deliveries, which stand above the files.
        from mixdown.delivery.codes import isrc

        with contextlib.suppress(ParameterError):
            return isrc(self.text("isrc"))
        return ""

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Tags:
        """Return tags from texts by name, without empty ones.

        Unknown names, malformed codes and numbers are refused, and a cover that is no picture.
        """
        from mixdown.delivery.codes import gtin, isrc

        _checks.instance("tags", texts, Mapping, "a mapping of names to texts", 'as {"title": "Song"}')
        unknown = sorted(set(texts) - set(WRITABLE))
        if unknown:
            raise ParameterError(f"tags has no {unknown[0]}: known are {', '.join(WRITABLE)}")
        checked = {}
        for name, text in texts.items():
            place = f"tags[{name!r}]"
            if name == "cover":
                continue
            if not isinstance(text, str):
                raise TypeError(f"{place} = {text!r} is not a text")
            if not text:
                continue
            if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
                raise ParameterError(f"{place} = {printable(text)} is not allowed: it holds NUL or what is no Unicode")
            if name == "isrc":
                text = isrc(text, place=place)
            elif name == "barcode":
                text = gtin(text, place=place)
            elif name in _NUMBERS and not re.fullmatch(_NUMBERS[name], text):
                raise ParameterError(f"{place} = {text!r} is not allowed: it must be a whole number, 1..9999, as text")
            checked[name] = (text,)
        pictures = (Picture.load(texts["cover"]),) if "cover" in texts else ()
        return cls(checked, pictures)


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
    import mutagen.id3
    import mutagen.mp4

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
    names = {frame: name for name, (frame, _) in KNOWN.items() if name not in TOTALS.values()}
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
    import mutagen.mp4

    texts: dict[str, tuple[str, ...]] = {}
    names = {atom: name for name, (_, atom) in KNOWN.items() if name not in TOTALS.values()}
    for atom, values in entries.items():
        name = names.get(atom) or (atom.rpartition(":")[2].lower() if atom.startswith("----:") else "")
        if not name or not values:
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
    import mutagen.flac

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
    import soundfile

    names = ("title", "artist", "album", "date", "genre", "tracknumber", "copyright", "comment")
    # Through the file object: a buffered file moves its descriptor only when it reads.
    file.seek(0)
    try:
        with soundfile.SoundFile(file) as source:
            return Tags(_kept({name: (getattr(source, name),) for name in names}))
    except soundfile.LibsndfileError:
        return Tags()
