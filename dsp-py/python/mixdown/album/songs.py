"""Songs of an album: their audio, and how they stand beside their neighbours."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError, ShapeError
from mixdown.delivery.codes import isrc
from mixdown.delivery.order.songs import fifths
from mixdown.display.html import Shown
from mixdown.effects import Chain, Effect
from mixdown.files import Recording, Tags
from mixdown.files.names import shown
from mixdown.session.stored import Stamp, read_audio, stamp_of

Trim = Literal["none", "auto"]
"""Silence at the ends of a song: kept, or cut."""

Level = Literal["auto", "keep", "move"]
"""Level of a song beside the others: by the policy of the album unless it is quiet, as in its mix, or by the policy."""

#: Silence before a song, in s. Chosen: 2 s is usual, 1.5 s common.
DEFAULT_GAP_S = 2.0
#: Shortest song that has a loudness, in s: one block of the meter.
_LEAST_S = 0.4


@dataclass(frozen=True, eq=False)
class Song(Shown):
    """A song of an album.

    Attributes
    ----------
    title : str
    audio : array, shape (2, frames)
        Left and right are equal for a mono file.
    sample_rate_hz : float
    source : Path or None
        The file it was read from.
    was_mono : bool
    damage : tuple of str
        Damage found while the file was read.
    stamp : tuple of int
        State of that file when it was read.
    artist, isrc : str
        Empty if not given.
    gap_s : float
        Silence before it: 2 s where nothing is given, 0 for a song that goes on from the one before. Before the first
        song there is none.
    gapless : bool
        The song follows the one before without a gap.
    crossfade_s : float
        Length of the crossfade from the song before.
    fade_in_ms, fade_out_ms : float
    trim : "none" or "auto"
    gain_db : float
        Added to the gain of the album's policy.
    level : "auto", "keep" or "move"
    effects : Effect or None
    index_points_s : tuple of float
        Times of further index points of the CD, from the start of the song.
    key : str
        As "F#m"; empty if unknown.
    tempo_bpm : float or None
    tags : Tags
        Further tags.
    cover : str
        Path of a cover of its own, among the tags; empty without one.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> album = md.Album()
    >>> album.track((np.full(24_000, 0.1), 48_000), title="One")
    >>> album.track((np.full(24_000, 0.1), 48_000), title="Two", crossfade_s=0.1)
    >>> album["Two"].audio.shape, album["Two"].duration_s, album["Two"].is_joined
    ((2, 24000), 0.5, True)
    """

    title: str
    audio: Audio = field(repr=False)
    sample_rate_hz: float
    source: Path | None = None
    was_mono: bool = False
    damage: tuple[str, ...] = ()
    stamp: Stamp = field(default=(), repr=False)
    artist: str = ""
    isrc: str = ""
    gap_s: float = 2.0
    gapless: bool = False
    crossfade_s: float = 0.0
    fade_in_ms: float = 0.0
    fade_out_ms: float = 0.0
    trim: Trim = "none"
    gain_db: float = 0.0
    level: Level = "auto"
    effects: Effect | None = None
    index_points_s: tuple[float, ...] = ()
    key: str = ""
    tempo_bpm: float | None = None
    tags: Tags = field(default_factory=Tags)
    cover: str = ""

    @property
    def duration_s(self) -> float:
        """Length of the audio in s."""
        return float(self.audio.shape[-1] / self.sample_rate_hz)

    @property
    def is_joined(self) -> bool:
        """Whether the song follows the one before without a gap, or with a crossfade."""
        return self.gapless or self.crossfade_s > 0


#: What a song is told of, beside its audio, and what that is where it is not told.
SETTINGS: Mapping[str, Any] = {
    **{
        entry.name: None if entry.default is dataclasses.MISSING else entry.default
        for entry in dataclasses.fields(Song)
        if entry.name not in ("audio", "sample_rate_hz", "source", "was_mono", "stamp", "cover")
    },
    "gap_s": None,
    "isrc": None,
}


def song_audio(source: Any, title: str) -> dict[str, Any]:
    """Return the stereo samples of a path or recording, with their rate and where they are from."""
    file = Path(source) if isinstance(source, (str, os.PathLike)) else None
    stamp = stamp_of(file) if file is not None and file.exists() else ()
    with _checks.collected_warnings() as damage:
        recording: Any = read_audio(file) if file is not None else source
    for message in damage:
        _checks.warn(message)
    name = f"audio of {_checks.shown(title)}"
    samples, rate_hz = _checks.recording(cast(Source, recording), None, name)
    audio = _checks.planar(samples, name)
    if audio.shape[0] > 2:
        raise ShapeError(f"{name} has {audio.shape[0]} channels: albums are of mono and stereo")
    if isinstance(recording, Recording) and recording.weights is not None:
        raise ShapeError(f"{name} has the loudspeakers {recording.positions}: albums are of mono and stereo")
    _checks.finite(audio, name)
    if audio.shape[1] < _LEAST_S * rate_hz:
        length = audio.shape[1] / rate_hz
        raise ParameterError(f"{name} has a length of {length:.3f} s: a loudness takes {_LEAST_S} s")
    if not audio.any():
        raise ParameterError(f"{name} is silent: a level cannot be found")
    was_mono = bool(audio.shape[0] == 1)
    stereo = np.repeat(audio, 2, axis=0) if was_mono else audio
    return {
        "audio": stereo,
        "sample_rate_hz": rate_hz,
        "source": file,
        "was_mono": was_mono,
        "stamp": stamp,
        "damage": tuple(damage),
    }


def settings_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a song, each checked; what is not given has its default."""
    settings = {**SETTINGS, **settings}
    title = text("title", settings["title"])
    if not title.strip():
        raise ParameterError("title is empty: songs have titles")
    tags = settings["tags"]
    return {
        "title": title,
        "artist": text("artist", settings["artist"] or ""),
        "isrc": "" if settings["isrc"] is None else isrc(settings["isrc"]),
        **_joint(settings["gap_s"], settings["gapless"], settings["crossfade_s"]),
        "fade_in_ms": _checks.in_range("fade_in_ms", settings["fade_in_ms"], 0, 60_000),
        "fade_out_ms": _checks.in_range("fade_out_ms", settings["fade_out_ms"], 0, 60_000),
        "trim": _checks.one_of("trim", settings["trim"], ("none", "auto")),
        "gain_db": _checks.in_range("gain_db", settings["gain_db"], -24, 24),
        "level": _checks.one_of("level", settings["level"], get_args(Level)),
        "effects": chain_of("effects", settings["effects"]),
        "index_points_s": _index_points(settings["index_points_s"]),
        "key": _key(settings["key"]),
        "tempo_bpm": None
        if settings["tempo_bpm"] is None
        else _checks.in_range("tempo_bpm", settings["tempo_bpm"], 20, 400),
        "tags": tags_of(tags),
        "cover": os.fspath(tags["cover"]) if isinstance(tags, Mapping) and "cover" in tags else "",
    }


def refuse_twice(song: Mapping[str, Any], others: Iterable[tuple[str, str]]) -> None:
    """Refuse a title or an ISRC that another song has."""
    for title, code in others:
        if title == song["title"]:
            raise ParameterError(f"title = {title!r} is there already: songs are known by their titles")
        if code and code == song["isrc"]:
            raise ParameterError(
                f"isrc = {code} of {song['title']!r} is that of {title!r}: every recording has its own"
            )


def song_of(audio: Mapping[str, Any], settings: Mapping[str, Any]) -> Song:
    """Return a song of its audio and its settings, both checked."""
    song = Song(**audio, **settings)
    late = [time_s for time_s in song.index_points_s if time_s >= song.duration_s]
    if late:
        raise ParameterError(f"index_points_s holds {late[0]:g}: {song.title!r} ends at {song.duration_s:.3f} s")
    return song


def refuse_joint(before: Song | None, song: Song) -> None:
    """Refuse a song that cannot follow the one before as its settings say."""
    if not song.is_joined:
        return
    if before is None:
        raise ParameterError(f"{song.title!r} is the first song: it cannot go on from one before")
    for name in ("effects", "gain_db", "level"):
        values = getattr(before, name), getattr(song, name)
        if values[0] != values[1]:
            told = f"{name} = {values[0]!r} of {before.title!r} and {values[1]!r} of {song.title!r}"
            raise ParameterError(f"{told} do not fit: songs without a gap between them are processed as one")
    shorter = min((before, song), key=lambda one: one.duration_s)
    if song.crossfade_s > shorter.duration_s / 2:
        told = f"{shorter.title!r} lasts {shorter.duration_s:.2f} s"
        raise ParameterError(
            f"crossfade_s = {song.crossfade_s:g} is out of range: it is at most half of a song, {told}"
        )


def _joint(gap_s: float | None, gapless: Any, crossfade_s: Any) -> dict[str, Any]:
    """Return how a song follows the one before: in one way."""
    values = {
        "gapless": _checks.flag("gapless", gapless),
        "crossfade_s": _checks.in_range("crossfade_s", crossfade_s, 0, 60),
    }
    if gap_s is not None:
        values["gap_s"] = _checks.in_range("gap_s", gap_s, 0, 60)
    given = [f"{name} = {_checks.shown(value)}" for name, value in values.items() if value]
    if len(given) > 1:
        raise ParameterError(f"{' and '.join(given)} exclude each other: a song follows in one way")
    return {"gap_s": 0.0 if given else DEFAULT_GAP_S, **values}


def text(name: str, value: Any) -> str:
    """Return a text of one line."""
    if not isinstance(value, str):
        raise TypeError(f"{name} = {_checks.shown(value)} is not a text")
    if any(mark in value for mark in "\r\n\0"):
        raise ParameterError(f"{name} = {_checks.shown(value)} is not allowed: it must be one line")
    return value


def chain_of(name: str, effects: Any) -> Effect | None:
    """Return effects in series as one, or None."""
    if effects is None or (isinstance(effects, Chain) and not effects):
        return None
    if isinstance(effects, Effect):
        return effects
    if isinstance(effects, Iterable) and not isinstance(effects, (str, Mapping)):
        return Chain(list(effects)) if effects else None
    raise TypeError(f"{name} = {_checks.shown(effects)} is neither an effect nor a sequence of effects")


def tags_of(tags: Any) -> Tags:
    """Return tags of a mapping, or as they are."""
    return tags if isinstance(tags, Tags) else Tags.of(tags or {})


def _key(key: Any) -> str:
    if key is None or key == "":
        return ""
    fifths(text("key", key))
    return str(key)


def _index_points(times_s: Any) -> tuple[float, ...]:
    values = tuple(_checks.number(f"index_points_s[{n}]", time) for n, time in enumerate(cast(Sequence[Any], times_s)))
    if any(not time > 0 for time in values) or list(values) != sorted(set(values)):
        raise ParameterError(f"index_points_s = {_checks.shown(list(values))} is not allowed: times rise from above 0")
    return values


def named_file(song: Song) -> str:
    """Return a song's file for messages, or its title."""
    return song.title if song.source is None else shown(song.source)
