"""Albums: songs in order, mastered together."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self, cast

import numpy as np

from mixdown import _checks
from mixdown._checks import Source
from mixdown._core import ParameterError
from mixdown.album.label import Label
from mixdown.album.mastered import MasteredAlbum
from mixdown.album.measuring import AlbumMeasurements, Measure, SongReading, length_text, measured
from mixdown.album.preparing import group_of, prepared
from mixdown.album.reading import load
from mixdown.album.saving import AlbumParts, save
from mixdown.album.settings import DeliverSettings, MasterSettings, ToneMoves
from mixdown.album.solving import Policy, Reference, planned, solved
from mixdown.album.songs import (
    Level,
    Song,
    Trim,
    refuse_joint,
    refuse_twice,
    settings_of,
    song_audio,
    song_of,
    text,
)
from mixdown.album.timeline import common_rate, groups_of
from mixdown.delivery.codes import gtin
from mixdown.delivery.normalizing import ClipDb
from mixdown.delivery.order import Order, SongSummary, suggest_order
from mixdown.delivery.order.suggesting import Arc
from mixdown.display.html import Shown
from mixdown.effects import Effect
from mixdown.files import BitDepth, Dither, NoiseShaping
from mixdown.files.names import shown

#: A date of a release, as tags hold it.
_DATE = re.compile("[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")

AudioSource = Source | str | os.PathLike[str]
"""Audio of a song: a file, or what :func:`mixdown.read` returned."""


class Album(Shown):
    """An album: songs in order, the pauses between them, and its label.

    Parameters
    ----------
    title, artist : str, optional
    barcode : str, optional
        GTIN of 8, 12, 13 or 14 digits with its check digit.
    date : str, optional
        Of the release, as "2026-11-28".
    label, genre, copyright : str, optional
    cover : path, optional
        JPEG or PNG.
    sample_rate_hz : float, optional
        Rate of the masters; by default the one that most songs have.

    Examples
    --------
    Two songs that differ by 6 dB keep that difference, and the album has the loudness of the target.

    >>> import mixdown as md, numpy as np
    >>> noise = 0.05 * np.random.default_rng(1).standard_normal((2, 2, 48_000))
    >>> album = md.Album(title="Two")
    >>> for title, audio, gain in (("Loud", noise[0], 1.0), ("Soft", noise[1], 0.5)):
    ...     album.track((gain * audio, 48_000), title=title)
    >>> mastered = album.master(target_lufs=-16)
    >>> levels = [track.loudness.integrated_lufs for track in mastered.tracks]
    >>> round(levels[0] - levels[1], 1), round(mastered.album_lufs, 1)
    (6.0, -16.0)
    >>> album.sides = [["Loud"], ["Soft"]]
    >>> len(album.label.sides), album.master_settings.bit_depth, album.deliver_settings.formats
    (2, 24, ('wav24', 'flac'))
    """

    @_checks.named
    def __init__(
        self,
        *,
        title: str = "",
        artist: str = "",
        barcode: str | None = None,
        date: str | None = None,
        label: str | None = None,
        genre: str | None = None,
        copyright: str | None = None,  # noqa: A002
        cover: str | os.PathLike[str] | None = None,
        sample_rate_hz: float | None = None,
    ) -> None:
        if date is not None and not _DATE.fullmatch(text("date", date)):
            raise ParameterError(f"date = {_checks.shown(date)} is not allowed: it must be YYYY, YYYY-MM or YYYY-MM-DD")
        if cover is not None and not os.path.isfile(cover):
            raise FileNotFoundError(f"cover = {shown(os.fspath(cover))} is not there")
        given = {"date": date, "label": label, "genre": genre, "copyright": copyright}
        self._label = Label(
            title=text("title", title),
            artist=text("artist", artist),
            barcode="" if barcode is None else gtin(barcode),
            texts=tuple((name, text(name, value)) for name, value in given.items() if value is not None),
            cover=None if cover is None else os.fspath(cover),
        )
        self._rate_hz = None if sample_rate_hz is None else _checks.sample_rate(sample_rate_hz, whole=True)
        self._songs: list[Song] = []
        self._master_settings, self._deliver_settings = MasterSettings(), DeliverSettings()
        self._pregap: Song | None = None

    @_checks.named
    def track(
        self,
        audio: AudioSource,
        *,
        title: str,
        artist: str | None = None,
        isrc: str | None = None,
        gap_s: float | None = None,
        gapless: bool = False,
        crossfade_s: float = 0.0,
        fade_in_ms: float = 0.0,
        fade_out_ms: float = 0.0,
        trim: Trim = "none",
        gain_db: float = 0.0,
        level: Level = "auto",
        effects: Effect | Sequence[Effect] | None = None,
        index_points_s: Sequence[float] = (),
        key: str | None = None,
        tempo_bpm: float | None = None,
        tags: Any = None,
    ) -> None:
        """Add a song at the end.

        Parameters
        ----------
        audio : path, or what :func:`read` returned
            At least 0.4 s, not silent, finite. Mono becomes equal left and right; other rates are resampled.
        title : str
            Unlike those of the other songs.
        artist : str, optional
            By default that of the album.
        isrc : str, optional
            With or without hyphens.
        gap_s : float, optional
            Silence before it, 0 to 60; 2 by default.
        gapless : bool, default False
            The song follows the one before without a gap: both are processed as one programme.
        crossfade_s : float, default 0
            The same with a crossfade at equal power, at most half of either song.
        fade_in_ms, fade_out_ms : float, default 0
            Quintic fades, 0 to 60 000. An end that is cut above -60 dBFS is faded by 5 and 100 ms without being asked.
        trim : "none" or "auto", default "none"
            "auto" cuts digital silence at the head but for 50 ms, and the tail where 10 ms stay below -72 dBFS.
        gain_db : float, default 0
            -24 to 24, added to the gain of the album's policy.
        level : "auto", "keep" or "move", default "auto"
            "keep" holds the level of the mix beside the other songs in every policy: an interlude. "auto" does so where
            its loudest 3 s lie more than 4 LU below the album, but for the policy "track"; "move" never.
        effects : effect or sequence of effects, optional
            Before everything else.
        index_points_s : sequence of float, optional
            Further index points of the CD, from the start of the song.
        key : str, optional
            As "F#m", for suggestions of the order.
        tempo_bpm : float, optional
            20 to 400, for the same.
        tags : mapping, optional
            See :func:`write`.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album(title="Live")
        >>> for title in ("Overture", "Song"):
        ...     album.track((np.full((2, 48_000), 0.1), 48_000), title=title, gapless=len(album) > 0)
        >>> album["Song"].gap_s, album["Song"].duration_s, album.sample_rate_hz
        (0.0, 1.0, 48000)
        """
        settings = settings_of({name: value for name, value in locals().items() if name not in ("self", "audio")})
        refuse_twice(settings, [(song.title, song.isrc) for song in self._songs])
        self._append(song_of(song_audio(audio, title), settings))

    def _append(self, song: Song) -> None:
        """Add a song, if it can follow the one before."""
        refuse_joint(self._songs[-1] if self._songs else None, song)
        self._songs.append(song)

    @_checks.named
    def pregap(self, audio: AudioSource) -> None:
        """Set hidden audio before the first song of the CD: a player reaches it by going back from the start.

        Parameters
        ----------
        audio : path, or what :func:`read` returned

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 176_400))
        >>> album = md.Album()
        >>> album.track((noise, 44_100), title="Song")
        >>> album.pregap((noise, 44_100))
        >>> album.master("spotify").layout.entries[0].start_sector
        300
        """
        self._pregap = Song("pregap", **song_audio(audio, "pregap"))

    @classmethod
    @_checks.named
    def from_file(cls, path: str | os.PathLike[str], *, progress: Callable[[float], object] | None = None) -> Self:
        r"""Read an album file, and the audio files that it names.

        Parameters
        ----------
        path : path
            A text as :meth:`save` writes it; ``docs/album.md`` describes it.
        progress : function, optional
            Called with the share of the songs that are read, 0 to 1.

        Returns
        -------
        Album

        Raises
        ------
        ParameterError, FileNotFoundError
            For what :meth:`track` and :meth:`master` would refuse, for names that are not known, for files that are not
            there; with the line, and the nearest name.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/song.wav", np.full((2, 24_000), 0.1), 48_000)
        ...     file = pathlib.Path(folder, "album.toml")
        ...     lines = ("version = 1", "[album]", 'title = "One"', "[[track]]", 'file = "song.wav"', 'title = "Song"')
        ...     _ = file.write_text("\n".join(lines))
        ...     album = md.Album.from_file(file)
        >>> album.label.title, album["Song"].duration_s
        ('One', 0.5)
        """
        return load(path, cls, _checks.callback("progress", progress))

    @_checks.named
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an album file, from which :meth:`from_file` makes the same album.

        Songs of files are named by their paths from the new file. All other audio is written, as floating point, into
        the folder ``<name> audio`` beside the file: also audio whose file has changed since.

        Parameters
        ----------
        path : path
            As "album.toml". A file there is replaced.

        Raises
        ------
        ParameterError
            For tags that no album file can name: several texts of a tag, pictures of no file.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md, numpy as np
        >>> album = md.Album(title="One", date="2026-11-28")
        >>> album.track((np.full((2, 48_000), 0.1), 48_000), title="Song", gap_s=1)
        >>> album.master_settings = md.MasterSettings(target="spotify", policy="similar")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "album.toml")
        ...     album.save(file)
        ...     again = md.Album.from_file(file)
        ...     print(file.read_text())
        # An album of mixdown. Paths are relative to this file.
        version = 1
        <BLANKLINE>
        [album]
        title = "One"
        date = 2026-11-28
        <BLANKLINE>
        [master]
        target = "spotify"
        policy = "similar"
        <BLANKLINE>
        [[track]]
        file = "album audio/Song.wav"
        title = "Song"
        gap_s = 1.0
        <BLANKLINE>
        >>> float(abs(again["Song"].audio - album["Song"].audio).max())
        0.0
        """
        parts = AlbumParts(
            label=self._label,
            sample_rate_hz=self._rate_hz,
            songs=tuple(self._songs),
            pregap=self._pregap,
            master=self._master_settings,
            deliver=self._deliver_settings,
        )
        stored = save(parts, path)
        self._songs, self._pregap = list(stored.songs), stored.pregap

    def files(self) -> list[Path]:
        """Return the files that the album was made from: songs, hidden audio, covers.

        Returns
        -------
        list of Path

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> album = md.Album()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/song.wav", np.full((2, 24_000), 0.1), 48_000)
        ...     album.track(f"{folder}/song.wav", title="Song")
        >>> len(album.files()), album.files()[0].name
        (1, 'song.wav')
        """
        songs = [*self._songs, *([] if self._pregap is None else [self._pregap])]
        files = [song.source for song in songs if song.source is not None]
        covers = [self._label.cover, *(song.cover for song in songs)]
        return [*files, *(Path(cover) for cover in covers if cover)]

    def __len__(self) -> int:
        return len(self._songs)

    def __iter__(self) -> Iterator[Song]:
        return iter(self._songs)

    def __getitem__(self, title: str | int) -> Song:
        if isinstance(title, int):
            return self._songs[title]
        return self._songs[self._position("title", title)]

    def __repr__(self) -> str:
        name = " – ".join(part for part in (self._label.artist, self._label.title) if part) or "untitled"
        seconds = sum(song.duration_s - song.crossfade_s for song in self._songs)
        return f"<Album {name}: {len(self._songs)} songs, {length_text(seconds)}>"

    @property
    def label(self) -> Label:
        """Title, artist, barcode, date and cover of the album."""
        return self._label

    @property
    def sides(self) -> tuple[tuple[str, ...], ...]:
        """Titles on each side of a record; empty if none were given.

        All songs in their order, each once; a song that goes on from another stands on the same side.
        """
        return self._label.sides

    @sides.setter
    def sides(self, sides: Sequence[Sequence[str]]) -> None:
        checked = tuple(tuple(text(f"sides[{number}]", title) for title in side) for number, side in enumerate(sides))
        titles = [song.title for song in self._songs]
        if checked and [title for side in checked for title in side] != titles:
            told = _checks.shown([title for side in checked for title in side])
            raise ParameterError(f"sides = {told} are not the songs in their order: {', '.join(titles)}")
        for side in checked:
            if not side:
                raise ParameterError("sides holds one without songs")
            if self[side[0]].is_joined:
                raise ParameterError(f"sides holds {side[0]!r} first: it goes on from the song before")
        self._label = dataclasses.replace(self._label, sides=checked)

    @property
    def master_settings(self) -> MasterSettings:
        """Defaults of :meth:`master`."""
        return self._master_settings

    @master_settings.setter
    def master_settings(self, settings: MasterSettings) -> None:
        if not isinstance(settings, MasterSettings):
            raise TypeError(f"master_settings = {_checks.shown(settings)} is not a MasterSettings")
        self._master_settings = settings

    @property
    def deliver_settings(self) -> DeliverSettings:
        """Defaults of :meth:`MasteredAlbum.deliver`."""
        return self._deliver_settings

    @deliver_settings.setter
    def deliver_settings(self, settings: DeliverSettings) -> None:
        if not isinstance(settings, DeliverSettings):
            raise TypeError(f"deliver_settings = {_checks.shown(settings)} is not a DeliverSettings")
        self._deliver_settings = settings

    @property
    def sample_rate_hz(self) -> float:
        """Sample rate of the masters in Hz."""
        if self._rate_hz is not None:
            return self._rate_hz
        self._not_empty()
        return common_rate(self._songs)

    def _not_empty(self) -> None:
        if not self._songs:
            raise ParameterError("the album has no songs: add them with track")

    def _position(self, argument: str, title: Any) -> int:
        titles = [song.title for song in self._songs]
        if title not in titles:
            raise ParameterError(f"{argument} = {_checks.shown(title)} is none of the songs ({', '.join(titles)})")
        return titles.index(title)

    @_checks.named
    def measure(self, progress: Callable[[float], object] | None = None) -> AlbumMeasurements:
        """Measure all songs as they are, trimmed and joined.

        Parameters
        ----------
        progress : function, optional
            Called with the share done, 0 to 1.

        Returns
        -------
        AlbumMeasurements

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 48_000))
        >>> album = md.Album()
        >>> for title, gain in (("Loud", 1.0), ("Soft", 0.5)):
        ...     album.track((gain * noise, 48_000), title=title)
        >>> measurements = album.measure()
        >>> [round(song.loudness.integrated_lufs, 1) for song in measurements.songs], round(measurements.album_lufs, 1)
        ([-14.0, -20.0], -16.0)
        """
        self._not_empty()
        return measured(groups_of(self._songs, self.sample_rate_hz), cast(Any, progress))

    @_checks.named
    def master(
        self,
        target: str | None = None,
        *,
        target_lufs: float | None = None,
        ceiling_dbtp: float | None = None,
        policy: Policy | None = None,
        reference: Reference | None = None,
        window_lu: float | None = None,
        measure: Measure | None = None,
        anchor: str | None = None,
        tone: ToneMoves | None = None,
        effects: Effect | Sequence[Effect] | None = None,
        clip_db: ClipDb | None = None,
        bit_depth: BitDepth | None = None,
        dither: Dither | None = None,
        noise_shaping: NoiseShaping | None = None,
        progress: Callable[[float], object] | None = None,
    ) -> MasteredAlbum:
        """Master all songs together: they keep their relative levels, and the album meets the target as a whole.

        Songs without a gap between them are processed as one programme, so that nothing is heard where they meet. What
        is not given is as :attr:`master_settings` says: the defaults below, or the settings of an album file.

        Parameters
        ----------
        target, target_lufs, ceiling_dbtp
            See :func:`master`. The ceiling is the target's at the loudness of each song. A target given here puts
            that of the settings aside with its ceiling.
        policy : "album", "similar" or "track", default "album"
            "album" leaves the levels of the songs beside each other as they are; "similar" brings them within
            `window_lu` of the reference; "track" brings each song to the target on its own.
        reference : "album", "loudest" or "anchor", optional
            Reference that meets the target: all songs as one, the loudest, or the anchor. By default by the target.
        window_lu : float, default 1
            0 to 12.
        measure : "integrated" or "loud_part", default "integrated"
            Loudness by which "similar" compares songs: of all of it, or of its loud part.
        anchor : str, optional
            Title of the song that others are compared with; by default the median.
        tone : "none" or "gentle", default "none"
            "gentle": shelves that bring songs nearer to the reference, at most 1.5 dB each.
        effects : effect or sequence of effects, optional
            On all songs, after their own.
        clip_db, bit_depth, dither, noise_shaping
            See :func:`master`.
        progress : function, optional
            Called with the share done, 0 to 1.

        Returns
        -------
        MasteredAlbum

        Raises
        ------
        ParameterError
            For a song that cannot be made loud enough, with the highest loudness of the album within reach.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 48_000))
        >>> album = md.Album()
        >>> for title, gain in (("Loud", 1.0), ("Soft", 0.5)):
        ...     album.track((gain * noise, 48_000), title=title)
        >>> for policy in ("album", "similar", "track"):
        ...     songs = album.master(target_lufs=-16, policy=policy).tracks
        ...     print(policy, [round(song.loudness.integrated_lufs, 1) for song in songs])
        album [-14.0, -20.0]
        similar [-15.1, -17.1]
        track [-16.0, -16.0]
        """
        self._not_empty()
        given = {name: value for name, value in locals().items() if name not in ("self", "progress")}
        chosen = self._master_settings.given(given)
        anchored = None if chosen.anchor is None else self._position("anchor", chosen.anchor)
        wanted = chosen.wanted
        settings: dict[str, Any] = {
            name: getattr(chosen, name) for name in ("clip_db", "bit_depth", "dither", "noise_shaping")
        }
        note = _checks.callback("progress", progress) or (lambda share: None)
        groups = groups_of(self._songs, self.sample_rate_hz)
        moves = chosen.tone != "none"
        parts, changes = prepared(
            groups, chosen.chain, moves, anchored, chosen.policy != "track", lambda share: note(0.2 * share)
        )
        anchor_group = None if anchored is None else group_of(groups, anchored)
        plan = planned(parts, chosen.policy, chosen.measure, chosen.window_lu, chosen.lies_on_target, anchor_group)
        lufs = wanted.integrated_lufs
        found = solved(parts, plan, wanted, lufs, settings, lambda share: note(0.2 + 0.8 * share))
        note(1.0)
        return MasteredAlbum(
            label=self._label,
            songs=tuple(self._songs),
            hidden_song=self._pregap,
            target=wanted,
            target_lufs=lufs,
            groups=groups,
            parts=parts,
            plan=plan,
            solved=found,
            settings=settings,
            policy=chosen.policy,
            deliver_settings=self._deliver_settings,
            prepared=changes,
        )

    @_checks.named
    def suggest_order(
        self,
        *,
        arc: Arc = "rise_fall",
        first: str | None = None,
        last: str | None = None,
        progress: Callable[[float], object] | None = None,
    ) -> Order:
        """Suggest an order of the songs; nothing is reordered.

        Parameters
        ----------
        arc : str, default "rise_fall"
            Course of the energy over the album: "rise_fall", "front", "wave" or "flat".
        first, last : str, optional
            Titles of songs that stay at the ends. Songs without a gap between them stay together, as one with both
            titles.
        progress : function, optional
            Called with the share done, 0 to 1.

        Returns
        -------
        Order

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 48_000))
        >>> album = md.Album()
        >>> for title, gain in (("Quiet", 0.1), ("Loud", 1.0), ("Middle", 0.4)):
        ...     album.track((gain * noise, 48_000), title=title)
        >>> order = album.suggest_order(arc="front")
        >>> order.titles, round(order.cost, 2), round(order.given_cost, 2)
        (('Loud', 'Middle', 'Quiet'), 2.54, 5.46)
        """
        readings = self.measure(progress=progress).songs
        measured = list(zip(self._songs, readings, _energies(readings), strict=True))
        groups: list[list[tuple[Song, SongReading, float]]] = []
        for one in measured:
            if groups and one[0].is_joined:
                groups[-1].append(one)
            else:
                groups.append([one])
        titles = {
            song.title: " / ".join(member.title for member, *_ in group) for group in groups for song, *_ in group
        }
        pins = {
            name: None if title is None else titles[self._songs[self._position(name, title)].title]
            for name, title in (("first", first), ("last", last))
        }
        songs = [
            SongSummary(
                title=titles[group[0][0].title],
                start_lufs=group[0][1].start_lufs,
                end_lufs=group[-1][1].end_lufs,
                energy=sum(energy for *_, energy in group) / len(group),
                key=group[0][0].key or None,
                tempo_bpm=group[0][0].tempo_bpm,
            )
            for group in groups
        ]
        return suggest_order(songs, arc=arc, **pins)


def _energies(readings: Sequence[SongReading]) -> list[float]:
    """Return the loud parts of songs on a scale from the softest, 0, to the loudest, 1."""
    levels = np.array([reading.loud_part_lufs for reading in readings])
    span = float(np.ptp(levels))
    return [float(level) for level in (levels - levels.min()) / span] if span > 0 else [0.5] * len(readings)
