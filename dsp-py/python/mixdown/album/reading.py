"""Album files read: each error names its line."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._threads import Progress, each
from mixdown.album.saving import VERSION
from mixdown.album.settings import DeliverSettings, MasterSettings
from mixdown.album.songs import SETTINGS, Song, refuse_twice, settings_of, song_audio, song_of
from mixdown.effects import Effect
from mixdown.files.tags import WRITABLE
from mixdown.pack.formats import RECORDS
from mixdown.session.automation import nearest
from mixdown.session.document import Document, mapping
from mixdown.session.places import Path as Place

_TOP = ("version", "album", "master", "deliver", "vinyl", "pregap", "track")
_ALBUM = ("title", "artist", "barcode", "date", "label", "genre", "copyright", "cover", "sample_rate_hz")
_MASTER = tuple(MasterSettings.__dataclass_fields__)
_DELIVER = ("formats", "cue_encoding")
_VINYL = ("format", "sides", "effects")
_TRACK = ("file", *SETTINGS)


class _Songs(Protocol):
    """An :class:`Album`, as this module sees it."""

    master_settings: MasterSettings
    deliver_settings: DeliverSettings
    sides: Any

    @property
    def pregap(self) -> Callable[[Path], None]:
        """Set the hidden audio."""

    def _append(self, song: Song) -> None: ...


_Album = TypeVar("_Album", bound=_Songs)


def load(path: str | os.PathLike[str], make: Callable[..., _Album], progress: Progress | None = None) -> _Album:
    """Read an album file and the audio files that it names."""
    return _Reading(Path(path), make, progress).album


class _Reading(Document, Generic[_Album]):
    """The reading of an album file: all of its text first, then audio; each error names the file and the line."""

    kind = "an album file"

    def __init__(self, path: Path, make: Callable[..., _Album], progress: Progress | None) -> None:
        super().__init__(path)
        for name in self.values:
            if name not in _TOP:
                self._refuse_misplaced(name)
        self.refuse_unknown((), self.values, _TOP, "{} is no part of an album")
        self.check_version(VERSION, "docs/album.md")
        about = self._about()
        with self.told(("album",)):
            self.album = make(**about)
        tracks = self._tracks()
        titles = [settings["title"] for settings in tracks]
        vinyl = self._table("vinyl", _VINYL)
        master, deliver = self._master(titles), self._deliver(vinyl)
        sides = self._sides(vinyl, titles)
        hidden = self._hidden()
        for position, song in enumerate(self._songs(tracks, progress)):
            with self.told(("track", position)):
                self.album._append(song)
        if hidden is not None:
            with self.told(("pregap", "file")):
                self.album.pregap(hidden)
        with self.told(("vinyl",)):
            self.album.sides = sides
        self.album.master_settings, self.album.deliver_settings = master, deliver

    def _refuse_misplaced(self, name: str) -> None:
        """Refuse a key above all tables that one of them has."""
        tables = {"album": _ALBUM, "master": _MASTER, "deliver": _DELIVER, "vinyl": _VINYL}
        table = next((table for table, known in tables.items() if name in known), None)
        if table is not None:
            raise self.with_line(ParameterError(f"{name} belongs in [{table}]"), (name,))

    def _table(self, name: str, known: Iterable[str]) -> dict[str, Any]:
        """Return a table by its name; empty if there is none."""
        with self.told((name,)):
            table = dict(mapping(name, self.values.get(name, {})))
        self.refuse_unknown((name,), table, known, f"{name} has no {{}}")
        return table

    def _about(self) -> dict[str, Any]:
        about = self._table("album", _ALBUM)
        # A date with the time of the day is another class, and refused as what is no text.
        if type(about.get("date")) is datetime.date:
            about["date"] = about["date"].isoformat()
        if "cover" in about:
            about["cover"] = self._path(("album", "cover"), about["cover"])
        return about

    def _master(self, titles: Sequence[str]) -> MasterSettings:
        table = self._table("master", _MASTER)
        if "effects" in table:
            table["effects"] = self._effects(("master", "effects"), table["effects"])
        with self.told(("master",)):
            settings = MasterSettings(**table)
        if settings.anchor is not None:
            self._title(("master", "anchor"), "anchor", settings.anchor, titles)
        return settings

    def _deliver(self, vinyl: Mapping[str, Any]) -> DeliverSettings:
        table = self._table("deliver", _DELIVER)
        with self.told(("vinyl", "format")):
            record = vinyl.get("format")
            if record is not None:
                _checks.one_of("format", record, RECORDS)
        effects = self._effects(("vinyl", "effects"), vinyl["effects"]) if "effects" in vinyl else None
        with self.told(("deliver",)):
            return DeliverSettings(**table, record=record, vinyl_effects=effects)

    def _sides(self, vinyl: Mapping[str, Any], titles: Sequence[str]) -> list[list[str]]:
        sides = vinyl.get("sides", [])
        for number, side in enumerate(sides if isinstance(sides, list) else [sides]):
            place: Place = ("vinyl", "sides", number)
            with self.told(place if isinstance(sides, list) else place[:2]):
                if not isinstance(side, list):
                    raise TypeError(f"sides = {_checks.shown(sides)} does not hold lists of titles: [[…], […]]")
            for position, title in enumerate(side):
                self._title((*place, position), f"sides[{number}][{position}]", title, titles)
        return cast(list[list[str]], sides)

    def _title(self, place: Place, name: str, title: Any, titles: Sequence[str]) -> None:
        """Refuse a title that no song has."""
        if title not in titles:
            near = nearest(title, titles) if isinstance(title, str) else ""
            error = ParameterError(f"{name} = {_checks.shown(title)} is none of the songs{near}")
            raise self.with_line(error, place)

    def _hidden(self) -> Path | None:
        if "pregap" not in self.values:
            return None
        table = self._table("pregap", ("file",))
        with self.told(("pregap",)):
            if "file" not in table:
                raise ParameterError("pregap needs a file")
        return self._path(("pregap", "file"), table["file"])

    def _tracks(self) -> list[dict[str, Any]]:
        """Return the settings of the songs, checked, each with its file."""
        listed = self.values.get("track", [])
        with self.told(("track",)):
            if not isinstance(listed, list):
                raise ParameterError("track is one table: write [[track]]")
            if not listed:
                raise ParameterError("track is missing: an album has songs, [[track]] each")
        tracks: list[dict[str, Any]] = []
        for position, table in enumerate(listed):
            place: Place = ("track", position)
            with self.told(place):
                given = dict(mapping(f"track[{position}]", table))
            self.refuse_unknown(place, given, _TRACK, "a track has no {}")
            with self.told(place):
                for name in ("file", "title"):
                    if name not in given:
                        raise ParameterError(f"a track needs a {name}")
            file = self._path((*place, "file"), given.pop("file"))
            if "effects" in given:
                given["effects"] = self._effects((*place, "effects"), given["effects"])
            if "tags" in given:
                given["tags"] = self._tags((*place, "tags"), given["tags"])
            with self.told(place):
                settings = settings_of(given)
                refuse_twice(settings, [(other["title"], other["isrc"]) for other in tracks])
            tracks.append({"file": file, **settings})
        return tracks

    def _songs(self, tracks: Sequence[Mapping[str, Any]], progress: Progress | None) -> Iterator[Song]:
        """Yield the songs with their audio."""

        def work(position: int, note: Progress) -> Song:
            settings = dict(tracks[position])
            file = settings.pop("file")
            note(0.0)
            with self.told(("track", position, "file")):
                audio = song_audio(file, settings["title"])
            note(1.0)
            with self.told(("track", position)):
                return song_of(audio, settings)

        for song in each(range(len(tracks)), work, progress=progress):
            # No class of errors is asked for in place of songs.
            yield cast(Song, song)

    def _effects(self, place: Place, value: Any) -> Effect | list[Effect]:
        """Return effects of a list of tables, or of one table."""
        if isinstance(value, Mapping):
            return self.effect(place, value)
        with self.told(place):
            if not isinstance(value, list):
                raise TypeError(f"effects = {_checks.shown(value)} is not a list of effects: put it into [ ]")
        return [self.effect((*place, position), plain) for position, plain in enumerate(value)]

    def _tags(self, place: Place, value: Any) -> Mapping[str, Any]:
        with self.told(place):
            tags = dict(mapping("tags", value))
        self.refuse_unknown(place, tags, WRITABLE, "tags has no {}")
        if "cover" in tags:
            tags["cover"] = str(self._path((*place, "cover"), tags["cover"]))
        return tags

    def _path(self, place: Place, given: Any) -> Path:
        """Return the place of a file, which must be there."""
        name = str(place[-1])
        with self.told(place):
            if not isinstance(given, str) or not given:
                raise TypeError(f"{name} = {_checks.shown(given)} is not the path of a file")
            return self.file(name, given)
