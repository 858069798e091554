"""Album files written: the text, and the audio of no file beside it."""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from mixdown._core import ParameterError
from mixdown.album.label import Label
from mixdown.album.settings import DeliverSettings, MasterSettings
from mixdown.album.songs import DEFAULT_GAP_S, SETTINGS, Song, song_audio
from mixdown.effects import Chain, Effect
from mixdown.files import Tags
from mixdown.files.tags import WRITABLE
from mixdown.files.writing import replace_file
from mixdown.session.plain import moved, plain_effect
from mixdown.session.stored import AudioFolder, relative, stamp_of
from mixdown.session.toml import written

#: Version of the schema that is written, and the newest that is read.
VERSION = 1


@dataclasses.dataclass(frozen=True)
class AlbumParts:
    """All that an album file holds.

    Attributes
    ----------
    label : Label
    sample_rate_hz : float or None
    songs : tuple of Song
    pregap : Song or None
    master : MasterSettings
    deliver : DeliverSettings
    """

    label: Label
    sample_rate_hz: float | None
    songs: tuple[Song, ...]
    pregap: Song | None
    master: MasterSettings
    deliver: DeliverSettings


def save(album: AlbumParts, path: str | os.PathLike[str]) -> AlbumParts:
    """Write an album file, and the audio of no file into a folder beside it; return the album with its files."""
    place = Path(os.path.abspath(path))
    for song in album.songs:
        _refuse_tags(song)
    folder = AudioFolder(place, _files_of(album))
    pregap = None if album.pregap is None else _stored(album.pregap, folder)
    album = dataclasses.replace(album, songs=tuple(_stored(song, folder) for song in album.songs), pregap=pregap)

    def near(file: str) -> str:
        return relative(os.path.abspath(file), place.parent)

    label, deliver = album.label, album.deliver
    about: dict[str, Any] = {"title": label.title, "artist": label.artist, "barcode": label.barcode}
    about = {name: value for name, value in about.items() if value}
    about |= {name: _date(value) if name == "date" else value for name, value in label.texts}
    about |= {} if label.cover is None else {"cover": near(label.cover)}
    about |= {} if album.sample_rate_hz is None else {"sample_rate_hz": album.sample_rate_hz}
    vinyl: dict[str, Any] = {} if deliver.record is None else {"format": deliver.record}
    if deliver.vinyl_effects is not None:
        vinyl["effects"] = _plain_effects(cast(Effect, deliver.vinyl_effects), near)
    vinyl |= {"sides": [list(side) for side in label.sides]} if label.sides else {}
    tables = {
        "album": about,
        "master": _plain(album.master, MasterSettings(), near),
        "deliver": _plain(deliver, DeliverSettings(), near, ("formats", "cue_encoding")),
        "vinyl": vinyl,
        "pregap": {} if pregap is None else {"file": near(str(pregap.source))},
    }
    headed = [(f"[{name}]", table) for name, table in tables.items() if table]
    headed += [("[[track]]", _plain_song(song, near)) for song in album.songs]
    text = f"# An album of mixdown. Paths are relative to this file.\n{written({'version': VERSION}, headed)}"
    replace_file(place, text.encode())
    return album


def _refuse_tags(song: Song) -> None:
    """Refuse tags that an album file cannot name."""
    several = next((name for name, texts in song.tags.texts.items() if len(texts) > 1 or name not in WRITABLE), None)
    if several is not None:
        raise ParameterError(f"tags of {song.title!r} hold {several!r}: an album file takes one text of each known tag")
    if song.tags.pictures and not song.cover:
        raise ParameterError(f"tags of {song.title!r} hold a picture of no file: give its path as the tag cover")


def _files_of(album: AlbumParts) -> Iterator[str]:
    """Yield the files that the album names."""
    if album.label.cover is not None:
        yield album.label.cover
    for song in (*album.songs, *([] if album.pregap is None else [album.pregap])):
        if song.source is not None:
            yield str(song.source)
        if song.cover:
            yield song.cover
    of_record = cast("Effect | None", album.deliver.vinyl_effects)
    for effects in (album.master.chain, of_record, *(song.effects for song in album.songs)):
        files: list[str] = []

        def take(file: str, into: list[str] = files) -> str:
            into.append(file)
            return file

        _plain_effects(effects, take)
        yield from files


def _stored(song: Song, folder: AudioFolder) -> Song:
    """Return a song with the file that holds its audio: its own, as long as that is as it was read."""
    if song.source is not None and not folder.is_foreign(song.source) and _holds(song.source, song):
        return song
    file = folder.store(song.title, song.audio[:1] if song.was_mono else song.audio, song.sample_rate_hz)
    return dataclasses.replace(song, source=file, stamp=stamp_of(file))


def _holds(file: Path, song: Song) -> bool:
    """Whether a file has the audio of a song."""
    try:
        if stamp_of(file) == song.stamp:
            return True
        found = song_audio(file, song.title)
    except (OSError, ValueError, TypeError):
        return False
    same = found["audio"].dtype == song.audio.dtype and found["sample_rate_hz"] == song.sample_rate_hz
    return same and np.array_equal(found["audio"], song.audio)


def _plain_song(song: Song, near: Callable[[str], str]) -> dict[str, Any]:
    usual = dataclasses.replace(
        song,
        **{name: value for name, value in SETTINGS.items() if name not in ("title", "tags", "isrc", "gap_s")},
        isrc="",
        gap_s=0.0 if song.is_joined else DEFAULT_GAP_S,
        tags=Tags(),
    )
    plain = _plain(song, usual, near, SETTINGS)
    if song.tags:
        texts = {name: texts[0] for name, texts in song.tags.texts.items()}
        plain["tags"] = {**texts, "cover": near(song.cover)} if song.cover else texts
    return {"file": near(str(song.source)), "title": song.title, **plain}


def _plain(settings: Any, usual: Any, near: Callable[[str], str], names: Any = None) -> dict[str, Any]:
    """Return settings in plain values, without those that are as usual."""
    plain: dict[str, Any] = {}
    for entry in dataclasses.fields(settings):
        value = getattr(settings, entry.name)
        if (names is None or entry.name in names) and value != getattr(usual, entry.name):
            plain[entry.name] = _plain_effects(value, near) if entry.name == "effects" else value
    return plain


def _plain_effects(effects: Effect | None, near: Callable[[str], str]) -> Any:
    """Return effects in series as a list of tables, one effect as a table."""
    if effects is None:
        return []
    several: Sequence[Effect] | None = effects if type(effects) is Chain else None
    plain = plain_effect(effects) if several is None else [plain_effect(effect) for effect in several]
    return moved(plain, near)


def _date(text: str) -> Any:
    """Return a date as TOML has it; what is none, as a year alone, stays a text."""
    try:
        date = datetime.date.fromisoformat(text)
    except ValueError:
        return text
    return date if date.isoformat() == text else text
