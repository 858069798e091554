"""Mastered albums: the masters of all songs, at any rate and word length, and where each lies."""

from __future__ import annotations

import dataclasses
import math
import os
import weakref
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio
from mixdown.album.disc import CD_BITS, CD_RATE_HZ, image_of, layout_of
from mixdown.album.label import Label
from mixdown.album.master_of_song import AlbumChange, MasteredSong
from mixdown.album.measuring import length_text
from mixdown.album.settings import DeliverSettings
from mixdown.album.solving import Part, Plan, Policy, Solved, ceiling_of, solved
from mixdown.album.songs import Song
from mixdown.album.timeline import Group, moved
from mixdown.analysis.reports import aligned
from mixdown.conversion import at_rate
from mixdown.delivery.cd import CdLayout
from mixdown.delivery.mastering import Mastered, master
from mixdown.delivery.targets import Target, playback_gains
from mixdown.display.html import Shown
from mixdown.effects import Effect
from mixdown.files import Tags
from mixdown.meters import loudness
from mixdown.pack.delivering import CueEncoding, Delivery, deliver

#: Highest true peak of what is not limited.
UNLIMITED_DBTP = -1.0


class MasteredAlbum(Shown):
    """The masters of an album, as :meth:`Album.master` returns them.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 176_400)) * np.hanning(176_400)
    >>> album = md.Album(title="Two")
    >>> album.track((noise, 44_100), title="One", index_points_s=[1.5])
    >>> album.track((noise, 44_100), title="Two", gap_s=1.5)
    >>> record = album.master("spotify", bit_depth=16)
    >>> record
    <MasteredAlbum for spotify: 2 songs, -14.00 LUFS, -4.16 dBTP, 44100 Hz>
    >>> print(f"{record.album_lufs:.2f} LUFS, {record.true_peak_dbtp:.1f} dBTP for {record.target.name}")
    -14.00 LUFS, -4.2 dBTP for spotify
    >>> record.sample_rate_hz, record.bit_depth, record.settings["target_lufs"], record.label.title
    (44100, 16, -14.0, 'Two')
    >>> record.starts, record.frames, record.pauses_s, record.index_points_s
    ((0, 242550), 418950, (0.0, 1.5), ((1.5,), ()))
    >>> len(record.songs), len(record.tracks), record.changes[1].gain_db, record.changes_told, record.hidden
    (2, 2, 0.0, (), None)
    >>> record.layout, record.disc.bit_depth
    (<CdLayout: 2 tracks, 00:09:38>, 16)
    """

    def __init__(
        self,
        *,
        label: Label,
        songs: tuple[Song, ...],
        hidden_song: Song | None,
        target: Target,
        target_lufs: float,
        groups: tuple[Group, ...],
        parts: tuple[Part, ...],
        plan: Plan,
        solved: Solved,
        settings: dict[str, Any],
        policy: Policy,
        prepared: tuple[AlbumChange, ...],
        deliver_settings: DeliverSettings,
    ) -> None:
        self._label, self._songs, self._hidden_song = label, songs, hidden_song
        self._target, self._target_lufs = target, target_lufs
        self._groups, self._parts, self._plan = groups, parts, plan
        self._solved, self._settings, self._policy = solved, settings, policy
        self._prepared, self._deliver_settings = prepared, deliver_settings
        self._tracks: tuple[MasteredSong, ...] | None = None
        self._disc: MasteredAlbum | None = None
        #: What :meth:`at` returned, as long as it is in use.
        self._versions: weakref.WeakValueDictionary[tuple[Any, ...], MasteredAlbum] = weakref.WeakValueDictionary()
        self._hidden: Audio | None = None

    @property
    def label(self) -> Label:
        """Title, artist, barcode, date and cover of the album."""
        return self._label

    @property
    def songs(self) -> tuple[Song, ...]:
        """The songs before mastering."""
        return self._songs

    def tags(self, position: int) -> Tags:
        """Return the tags of a song.

        Parameters
        ----------
        position : int
            From 0.

        Returns
        -------
        Tags

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album(title="One", date="2026-11-28")
        >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000), title="Song")
        >>> tags = album.master("spotify").tags(0)
        >>> tags.text("title"), tags.text("date")
        ('Song', '2026-11-28')
        """
        return self._label.tags(self._songs, position)

    @property
    def target(self) -> Target:
        """The delivery target."""
        return self._target

    @property
    def sample_rate_hz(self) -> float:
        """Sample rate of the masters in Hz."""
        return self._solved.masters[0].sample_rate_hz

    @property
    def bit_depth(self) -> int:
        """Word length of the masters; 32 is floating point."""
        return int(self._settings["bit_depth"])

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the master, as plain values."""
        plan = {"policy": self._policy, "reference": self._plan.reference}
        return {"target": self._target.name, "target_lufs": self._target_lufs, **plan, **self._settings}

    @property
    def album_lufs(self) -> float:
        """Loudness of all songs as one programme, measured on the delivered samples."""
        return self._solved.album_lufs

    @property
    def true_peak_dbtp(self) -> float:
        """Highest true peak of all songs, measured on the delivered samples."""
        return max(one.certificate.loudness.true_peak_dbtp for one in self._solved.masters)

    @property
    def tracks(self) -> tuple[MasteredSong, ...]:
        """The songs, in order."""
        if self._tracks is None:
            self._tracks = tuple(
                _song(group, index, mastered)
                for group, mastered in zip(self._groups, self._solved.masters, strict=True)
                for index in range(len(group.songs))
            )
        return self._tracks

    @property
    def changes(self) -> tuple[AlbumChange, ...]:
        """The processing of each song, with its reason."""
        gains = [gain for group, gain in zip(self._groups, self._plan.gains_db, strict=True) for _ in group.songs]
        pairs = zip(self._prepared, gains, strict=True)
        return tuple(dataclasses.replace(change, gain_db=gain) for change, gain in pairs)

    @property
    def changes_told(self) -> tuple[str, ...]:
        """The same in words, for songs whose processing is not that of the whole album."""
        return tuple(str(change) for change in self.changes if change.keep or change.tone or change.ends)

    def __len__(self) -> int:
        return sum(len(group.songs) for group in self._groups)

    def __repr__(self) -> str:
        measured = f"{_checks.figure(self.album_lufs, 2)} LUFS, {_checks.figure(self.true_peak_dbtp, 2)} dBTP"
        return f"<MasteredAlbum for {self._target.name}: {len(self)} songs, {measured}, {self.sample_rate_hz:g} Hz>"

    def table(self) -> str:
        """Return the songs with their levels before and after, as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 48_000)) * np.hanning(48_000)
        >>> album = md.Album()
        >>> album.track((noise, 48_000), title="Song")
        >>> print(album.master("spotify").table())
        Song  Length  LUFS before  Gain dB    LUFS   dBTP  LRA LU  Clip dB  Limiter dB
        Song    0:01        -16.8     2.81  -14.00  -4.76     0.0      0.0         0.0
        <BLANKLINE>
        Album -14.00 LUFS, -4.76 dBTP (spotify: -14 LUFS).
        """
        rows: list[tuple[str, ...]] = [
            ("Song", "Length", "LUFS before", "Gain dB", "LUFS", "dBTP", "LRA LU", "Clip dB", "Limiter dB")
        ]
        for song, change in zip(self.tracks, self.changes, strict=True):
            certificate = song.certificate
            gain_db = change.gain_db + self._solved.constant_db
            figures = (
                *(change.before_lufs, gain_db, song.loudness.integrated_lufs),
                *(song.loudness.true_peak_dbtp, song.loudness.loudness_range_lu),
                *(certificate.clip_depth_db, certificate.max_reduction_db),
            )
            digits = (1, 2, 2, 2, 1, 1, 1)
            cells = (_checks.figure(value, count) for value, count in zip(figures, digits, strict=True))
            rows.append((song.title, length_text(song.duration_s), *cells))
        wanted = f"{self._target.name}: {self._target_lufs:g} LUFS"
        measured = f"{_checks.figure(self.album_lufs, 2)} LUFS, {_checks.figure(self.true_peak_dbtp, 2)} dBTP"
        album = f"Album {measured} ({wanted})."
        return "\n".join((aligned(rows), "", album, *self.changes_told))

    @_checks.named
    def at(
        self,
        sample_rate_hz: float,
        bit_depth: int | None = None,
        *,
        noise_shaping: str | None = None,
        progress: Callable[[float], object] | None = None,
    ) -> MasteredAlbum:
        """Return the album at another rate or word length, solved and measured anew from floating point.

        Parameters
        ----------
        sample_rate_hz : float
        bit_depth : 16, 24 or 32, optional
            By default that of this album.
        noise_shaping : "none" or "weighted", optional
            By default that of this album.
        progress : function, optional
            Called with the share done, 0 to 1.

        Returns
        -------
        MasteredAlbum

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album()
        >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000), title="Song")
        >>> disc = album.master("spotify").at(44_100, 16)
        >>> print(f"{disc.tracks[0].audio.shape}, {disc.album_lufs:.2f} LUFS")
        (2, 44100), -14.00 LUFS
        """
        rate_hz = _checks.sample_rate(sample_rate_hz, whole=True)
        bits = self.bit_depth if bit_depth is None else _checks.bit_depth(bit_depth)
        settings = {**self._settings, "bit_depth": bits}
        if noise_shaping is not None:
            settings["noise_shaping"] = noise_shaping
        elif bits != 16 or not 44_100 <= rate_hz <= 96_000:
            # There it would do nothing.
            settings["noise_shaping"] = "none"
        if rate_hz == self.sample_rate_hz and settings == self._settings:
            return self
        key = (rate_hz, *sorted((name, str(value)) for name, value in settings.items()))
        known = self._versions.get(key)
        if known is not None:
            return known
        parts = tuple(
            dataclasses.replace(part, audio=at_rate(part.audio, part.sample_rate_hz, rate_hz), sample_rate_hz=rate_hz)
            for part in self._parts
        )
        own_hz = self._groups[0].sample_rate_hz
        groups = tuple(
            dataclasses.replace(
                group,
                audio=part.audio,
                sample_rate_hz=rate_hz,
                starts=tuple(moved(start, own_hz, rate_hz) for start in group.starts),
            )
            for group, part in zip(self._groups, parts, strict=True)
        )
        found = solved(
            parts, self._plan, self._target, self._target_lufs, settings, progress, start_db=self._solved.constant_db
        )
        version = MasteredAlbum(
            label=self._label,
            songs=self._songs,
            hidden_song=self._hidden_song,
            target=self._target,
            target_lufs=self._target_lufs,
            groups=groups,
            parts=parts,
            plan=self._plan,
            solved=found,
            settings=settings,
            policy=self._policy,
            prepared=self._prepared,
            deliver_settings=self._deliver_settings,
        )
        self._versions[key] = version
        return version

    @property
    def pauses_s(self) -> tuple[float, ...]:
        """Silence before each song, in s."""
        return tuple(
            group.pause_s if index == 0 else 0.0 for group in self._groups for index in range(len(group.songs))
        )

    @property
    def starts(self) -> tuple[int, ...]:
        """Frame at which each song begins in :meth:`programme`."""
        return tuple(start for start, _ in self.placed())

    @property
    def frames(self) -> int:
        """Length of :meth:`programme`."""
        pauses = sum(round(group.pause_s * self.sample_rate_hz) for group in self._groups)
        return pauses + sum(int(one.audio.shape[1]) for one in self._solved.masters)

    @property
    def index_points_s(self) -> tuple[tuple[float, ...], ...]:
        """Further index points of each song, from its start."""
        return tuple(points for group in self._groups for points in group.index_points_s)

    def placed(self) -> list[tuple[int, int]]:
        """Return the frame at which each song begins in :meth:`programme`, and that of the pause before it.

        Returns
        -------
        list of (frame, frame)
            Equal where there is no silence.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 48_000))
        >>> album = md.Album()
        >>> for title in ("One", "Two"):
        ...     album.track((noise, 48_000), title=title, gap_s=0.5)
        >>> album.master("spotify").placed()
        [(0, 0), (72000, 48000)]
        """
        return _placed(self._groups, [one.audio.shape[1] for one in self._solved.masters], self.sample_rate_hz)

    @property
    def disc(self) -> MasteredAlbum:
        """The album at 44.1 kHz and 16 bits, for compact disc."""
        if self._disc is None:
            self._disc = self.at(CD_RATE_HZ, CD_BITS)
        return self._disc

    @property
    def layout(self) -> CdLayout:
        """The layout of the compact disc.

        Raises
        ------
        ParameterError
            For an album that no disc holds: more than 99 songs or 79:57, a song under 4 s.
        """
        # Known before anything is converted.
        groups = [
            dataclasses.replace(
                group, starts=tuple(moved(start, group.sample_rate_hz, CD_RATE_HZ) for start in group.starts)
            )
            for group in self._groups
        ]
        lengths = [moved(group.audio.shape[1], group.sample_rate_hz, CD_RATE_HZ) for group in groups]
        frames = sum(lengths) + sum(round(group.pause_s * CD_RATE_HZ) for group in groups)
        hidden = self._hidden_song
        hidden_frames = 0 if hidden is None else moved(hidden.audio.shape[1], hidden.sample_rate_hz, CD_RATE_HZ)
        placed = _placed(groups, lengths, CD_RATE_HZ)
        return layout_of(self._label, self._songs, self.index_points_s, placed, frames, hidden_frames)

    @property
    def hidden(self) -> Audio | None:
        """The hidden audio before the first track of the disc, mastered; None without it."""
        song = self._hidden_song
        if song is None:
            return None
        if self._hidden is not None:
            return self._hidden
        reading = loudness(song.audio, song.sample_rate_hz)
        settings = {**self._settings, "delivery_rate_hz": self.sample_rate_hz}
        # Beside the songs as in its mix, as far as the limiter goes.
        wanted = min(reading.integrated_lufs + self._solved.constant_db, self._target_lufs)
        ceiling_dbtp = ceiling_of(self._target, wanted)
        made = master(
            song.audio, song.sample_rate_hz, target_lufs=wanted, ceiling_dbtp=ceiling_dbtp, name="pregap", **settings
        )
        self._hidden = made.audio
        return self._hidden

    def disc_image(self) -> Audio:
        """Return the samples of the compact disc: hidden audio, songs and silence, padded to a whole sector.

        Returns
        -------
        array, shape (2, frames)

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album()
        >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 176_401)), 44_100), title="Song")
        >>> frames = album.master("spotify", bit_depth=16).disc_image().shape[1]
        >>> frames / 588
        301.0
        """
        return image_of(self.disc.programme(), self.disc.hidden, self.layout)

    def unlimited(self, effects: Effect | None = None) -> list[Audio]:
        """Return the songs without limiting, at their relative levels, for the sides of a record.

        Parameters
        ----------
        effects : Effect, optional
            On each song, or on songs without a gap between them as one.

        Returns
        -------
        list of array, shape (2, frames)
            With one gain for all, so that their highest true peak is -1 dBTP.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album()
        >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000), title="Song")
        >>> songs = album.master("spotify").unlimited()
        >>> print(f"{md.loudness(songs[0], 48_000, precision='high').true_peak_dbtp:.2f} dBTP")
        -1.00 dBTP
        """
        songs = []
        rate_hz = self.sample_rate_hz
        parts = [part.audio if effects is None else effects(part.audio, rate_hz) for part in self._parts]
        peaks = [part.reading.loudness.true_peak_dbtp for part in self._parts]
        if effects is not None:
            peaks = [loudness(audio, rate_hz, precision="high").true_peak_dbtp for audio in parts]
        peak_db = max(peak + gain for peak, gain in zip(peaks, self._plan.gains_db, strict=True))
        for group, part, gain_db in zip(self._groups, parts, self._plan.gains_db, strict=True):
            gain = 10 ** ((gain_db + UNLIMITED_DBTP - peak_db) / 20)
            audio = cast(Audio, (part * gain).astype(part.dtype))
            songs += [audio[:, slice(*group.span(index, audio.shape[1]))] for index in range(len(group.songs))]
        return songs

    @_checks.named
    def deliver(
        self,
        folder: str | os.PathLike[str],
        formats: Sequence[str] | None = None,
        *,
        overwrite: bool = False,
        cue_encoding: CueEncoding | None = None,
        vinyl_effects: Effect | Sequence[Effect] | None = None,
        progress: Callable[[float], object] | None = None,
    ) -> Delivery:
        """Write the album in several formats, with manifest, checksums and a report.

        Everything is written into ``FOLDER.part`` and renamed when it is complete: a failure leaves nothing. The same
        album and formats give the same bytes. Arguments that are not given come from the :class:`DeliverSettings` of
        the album.

        Parameters
        ----------
        folder : path
            New, or replaced with `overwrite`.
        formats : sequence of str, default ("wav24", "flac")
            "wav16", "wav24", "wav32" (masters with all metadata), "flac", "flac16", "cd" (image, CUE, TOC, CD-TEXT, PQ
            table), "mp3:320", "aac:256", "ogg:160", "opus:128" (with other bit rates, too), "vinyl:12in33" (sides
            before the limiter), "ingest:spotify" (any of :func:`profiles`: samples alone, as the service takes them).
        overwrite : bool, default False
            Replace a pack that is there; a folder with other files is refused.
        cue_encoding : "latin-1" or "utf-8", default "latin-1"
            Writing programs read Latin-1; UTF-8 is for players.
        vinyl_effects : effect or sequence of effects, optional
            On the sides of a record alone, such as the elliptical equalizer that :func:`vinyl_check` suggests.
        progress : function, optional
            Called with the share done, 0 to 1. What it raises ends the work.

        Returns
        -------
        Delivery

        Raises
        ------
        ParameterError
            For formats that the album does not fit, before anything is written.
        OSError
            For a folder that is there, or cannot be written, and for a cover that cannot be read.
        ValueError
            If an encoder is missing.

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> album = md.Album(title="One")
        >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000), title="Song")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     pack = album.master("spotify").deliver(f"{folder}/release", ["flac"])
        >>> song = next(file for file in pack.files if file.frames)
        >>> print(f"{song.path}: {song.frames} frames, {song.integrated_lufs:.2f} LUFS")
        flac/01 Song.flac: 48000 frames, -14.00 LUFS
        """
        settings = self._deliver_settings
        asked = settings.asked(formats)
        if vinyl_effects is None and any(name.startswith("vinyl") for name in asked):
            vinyl_effects = settings.vinyl_effects
        return deliver(
            self,
            folder,
            asked,
            overwrite=overwrite,
            cue_encoding=settings.cue_encoding if cue_encoding is None else cue_encoding,
            vinyl_effects=vinyl_effects,
            progress=progress,
        )

    def programme(self) -> Audio:
        """Return all songs and the pauses between them as one programme.

        Returns
        -------
        array, shape (2, frames)

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 48_000))
        >>> album = md.Album()
        >>> for title in ("One", "Two"):
        ...     album.track((noise, 48_000), title=title, gap_s=0.5)
        >>> album.master("spotify").programme().shape
        (2, 120000)
        """
        return joined([one.audio for one in self._solved.masters], self._groups, self.sample_rate_hz)


def joined(audio: Sequence[Audio], groups: Sequence[Group], rate_hz: float) -> Audio:
    """Return groups with the silence between them as one programme."""
    pieces: list[Audio] = []
    for samples, group in zip(audio, groups, strict=True):
        pieces.append(np.zeros((2, round(group.pause_s * rate_hz)), dtype=samples.dtype))
        pieces.append(samples)
    return cast(Audio, np.concatenate(pieces, axis=1))


def _placed(groups: Sequence[Group], lengths: Sequence[int], rate_hz: float) -> list[tuple[int, int]]:
    """Return where each song begins in a programme, and where the silence before it."""
    placed, position = [], 0
    for group, length in zip(groups, lengths, strict=True):
        pause, position = position, position + round(group.pause_s * rate_hz)
        for index, start in enumerate(group.starts):
            placed.append((position + start, pause if index == 0 else position + start))
        position += length
    return placed


def _song(group: Group, index: int, mastered: Mastered) -> MasteredSong:
    """Return a song of a delivered group, with readings of its own."""
    title, rate_hz = group.songs[index].title, mastered.sample_rate_hz
    if len(group.songs) == 1:
        return MasteredSong(title, mastered.audio, rate_hz, mastered.certificate)
    start, end = group.span(index, mastered.audio.shape[1])
    audio = mastered.audio[:, start:end]
    reading = loudness(audio, rate_hz, precision="reference")
    gains = {}
    if math.isfinite(reading.integrated_lufs):
        gains = playback_gains(reading, audio.shape[0], mastered.certificate.dual_mono)
    curve = mastered.certificate.reduction_curve_db
    step = rate_hz / 100
    part = curve[round(start / step) : max(round(end / step), round(start / step) + 1)] if curve.size else curve
    certificate = dataclasses.replace(
        mastered.certificate,
        loudness=reading,
        playback_gain_db=gains,
        reduction_curve_db=part,
        max_reduction_db=float(part.max(initial=0.0)),
    )
    return MasteredSong(title, audio, rate_hz, certificate)
