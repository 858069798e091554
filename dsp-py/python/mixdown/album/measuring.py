"""Measurements of the songs of an album, beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio
from mixdown._core import ParameterError
from mixdown._threads import Progress, each
from mixdown.album.timeline import Group
from mixdown.album.tone import Tone, tone_of
from mixdown.analysis.reports import Report, aligned
from mixdown.display import style
from mixdown.display.html import Told
from mixdown.display.style import new_axes
from mixdown.meters import Loudness, LoudnessMeter
from mixdown.meters.loudness_meter import album_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Measure = Literal["integrated", "loud_part"]
"""Loudness by which songs are compared: of the whole song, or of its loud part."""

#: Distance of the loudness range from the median from which a song is named, in LU. Chosen.
_RANGE_LU = 4.0
#: Gate and percentile of the loud part: the gate of the loudness range (EBU Tech 3342), its upper percentile.
_GATES = (-70.0, -20.0)
_LOUD_PERCENTILE = 95.0
#: Sound by which a song joins its neighbours, in s.
_END_S = 10.0
_STEP_FRAMES = 1 << 18
#: Letters of a title in a picture.
_LONG_TITLE = 18


@dataclass(frozen=True, eq=False, repr=False)
class SongReading(Told):
    """Measurements of a song.

    Attributes
    ----------
    title : str
    duration_s : float
    loudness : Loudness
    loud_part_lufs : float
        The 95th percentile of its short-term loudness, gated as the loudness range is.
    start_lufs, end_lufs : float
        Loudest short-term level within the first and the last 10 s.
    tone : Tone
        Its long-term spectrum in thirds of an octave.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> album = md.Album()
    >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 240_000)), 48_000), title="Song")
    >>> reading = album.measure().songs[0]
    >>> print(f"loud part {reading.loud_part_lufs:.1f} LUFS, start {reading.start_lufs:.1f} LUFS")
    loud part -13.9 LUFS, start -13.9 LUFS
    """

    title: str
    duration_s: float
    loudness: Loudness = field(repr=False)
    loud_part_lufs: float
    start_lufs: float
    end_lufs: float
    tone: Tone = field(repr=False)

    def level_lufs(self, measure: Measure) -> float:
        """Return the loudness by which songs are compared.

        Parameters
        ----------
        measure : "integrated" or "loud_part"

        Returns
        -------
        float
            LUFS.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album()
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 480_000))
        >>> album.track((noise * np.where(np.arange(480_000) < 240_000, 1, 0.5), 48_000), title="Song")
        >>> reading = album.measure().songs[0]
        >>> [round(reading.level_lufs(measure), 1) for measure in ("integrated", "loud_part")]
        [-15.9, -13.8]
        """
        return self.loud_part_lufs if measure == "loud_part" else self.loudness.integrated_lufs


def read_levels(audio: Audio, rate_hz: float, progress: Progress | None = None) -> tuple[Loudness, LoudnessMeter]:
    """Return the loudness of a programme, and the meter for that of an album."""
    meter = LoudnessMeter(rate_hz, audio.shape[0], precision="high")
    frames = audio.shape[1]
    for start in range(0, max(frames, 1), _STEP_FRAMES):
        meter.observe(audio[:, start : start + _STEP_FRAMES])
        if progress is not None:
            progress(min(start + _STEP_FRAMES, frames) / max(frames, 1))
    return meter.reading(), meter


def read_song(title: str, audio: Audio, rate_hz: float, progress: Progress) -> tuple[SongReading, LoudnessMeter]:
    """Measure a song."""
    loudness, meter = read_levels(audio, rate_hz, lambda share: progress(0.8 * share))
    if not math.isfinite(loudness.integrated_lufs):
        raise ParameterError(f"audio of {title!r} has no loudness: it lies below the gate of -70 LUFS")
    reading = SongReading(
        title=title,
        duration_s=audio.shape[1] / rate_hz,
        loudness=loudness,
        loud_part_lufs=_loud_part(loudness),
        start_lufs=edge_lufs(loudness, first=True),
        end_lufs=edge_lufs(loudness, first=False),
        tone=tone_of(audio, rate_hz),
    )
    progress(1.0)
    return reading, meter


def _loud_part(loudness: Loudness) -> float:
    levels = loudness.short_term_lufs
    levels = levels[np.isfinite(levels) & (levels >= _GATES[0])]
    if not levels.size:
        return loudness.integrated_lufs
    mean = 10 * math.log10(float(np.mean(10 ** (levels / 10))))
    return float(np.percentile(levels[levels >= mean + _GATES[1]], _LOUD_PERCENTILE))


def edge_lufs(loudness: Loudness, *, first: bool) -> float:
    """Return the loudest short-term level within the first or last 10 s of sound, momentary if it is too short."""
    for levels in (loudness.short_term_lufs, loudness.momentary_lufs):
        sounds = np.flatnonzero(np.isfinite(levels) & (levels >= _GATES[0]))
        if sounds.size:
            count = round(10 * _END_S)
            part = (
                levels[sounds[0] : sounds[0] + count]
                if first
                else levels[max(sounds[-1] + 1 - count, 0) : sounds[-1] + 1]
            )
            return float(np.max(part))
    return loudness.integrated_lufs


@dataclass(frozen=True, eq=False)
class AlbumMeasurements(Report):
    """Measurements of the songs of an album, side by side.

    Attributes
    ----------
    songs : tuple of SongReading
    album_lufs : float
        Integrated loudness gated over the blocks of all songs: neither a mean of dB nor of energies.
    tonal_spread_db : float
        Standard deviation of the songs in thirds of an octave, root mean square over the bands.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 240_000))
    >>> album = md.Album()
    >>> for title, gain in (("Loud", 1.0), ("Soft", 0.5)):
    ...     album.track((gain * noise, 48_000), title=title)
    >>> measurements = album.measure()
    >>> measurements
    <AlbumMeasurements: 2 songs, -19.9 to -13.9 LUFS, album -15.9 LUFS>
    >>> [round(range_lu, 1) for range_lu in measurements.loudness_range_lu], len(measurements.notes)
    ([0.0, 0.0, 0.0], 0)
    """

    songs: tuple[SongReading, ...]
    album_lufs: float
    tonal_spread_db: float

    def __repr__(self) -> str:
        levels = [song.loudness.integrated_lufs for song in self.songs]
        span = f"{_checks.figure(min(levels))} to {_checks.figure(max(levels))} LUFS"
        return f"<AlbumMeasurements: {len(levels)} songs, {span}, album {_checks.figure(self.album_lufs)} LUFS>"

    @property
    def loudness_range_lu(self) -> tuple[float, float, float]:
        """Smallest, median and largest loudness range of the songs."""
        ranges = np.array([song.loudness.loudness_range_lu for song in self.songs])
        return float(ranges.min()), float(np.median(ranges)), float(ranges.max())

    @property
    def notes(self) -> tuple[str, ...]:
        """Songs whose loudness range lies more than 4 LU from the median."""
        _, median, _ = self.loudness_range_lu
        return tuple(
            f"{song.title}: loudness range {song.loudness.loudness_range_lu:.1f} LU, median {median:.1f} LU."
            for song in self.songs
            if abs(song.loudness.loudness_range_lu - median) > _RANGE_LU
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album()
        >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000), title="Song")
        >>> plain = album.measure().to_dict()
        >>> round(plain["album_lufs"], 1), plain["songs"][0]["duration_s"]
        (-14.0, 1.0)
        """
        return {
            "album_lufs": self.album_lufs,
            "tonal_spread_db": self.tonal_spread_db,
            "songs": [_figures(song) for song in self.songs],
            "notes": list(self.notes),
        }

    def table(self) -> str:
        """Return the songs as a table of text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album()
        >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000), title="Song")
        >>> for line in album.measure().table().splitlines()[:2]:
        ...     print(line)
        Song  Length   LUFS  Loud part LUFS  LRA LU  Max S LUFS  dBTP  Start LUFS  End LUFS  Tilt dB
        Song    0:01  -14.0           -14.0     0.0        -inf  -6.8       -13.9     -13.9     15.3
        """
        head = (
            *("Song", "Length", "LUFS", "Loud part LUFS", "LRA LU", "Max S LUFS", "dBTP"),
            *("Start LUFS", "End LUFS", "Tilt dB"),
        )
        rows: list[tuple[str, ...]] = [head]
        for song in self.songs:
            reading = song.loudness
            figures = (
                *(reading.integrated_lufs, song.loud_part_lufs, reading.loudness_range_lu, reading.max_short_term_lufs),
                *(reading.true_peak_dbtp, song.start_lufs, song.end_lufs, song.tone.tilt_db),
            )
            rows.append((song.title, length_text(song.duration_s), *(_checks.figure(value) for value in figures)))
        lines = [aligned(rows), "", f"Album {_checks.figure(self.album_lufs, 2)} LUFS (all songs as one programme)."]
        lines.append(f"Tonal spread {self.tonal_spread_db:.1f} dB rms between songs.")
        return "\n".join((*lines, *self.notes))

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the short-term loudness of the songs one after another.

        Parameters
        ----------
        axes : matplotlib axes, optional
            New ones by default.

        Returns
        -------
        axes

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> album = md.Album()
        >>> for title in ("One", "Two"):
        ...     album.track((0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000), title=title)
        >>> axes = album.measure().plot()
        >>> print(f"{axes.get_xlim()[1]:.1f} s, {len(axes.texts)} songs")
        2.0 s, 2 songs
        """
        songs = [(song.title, song.loudness, song.duration_s) for song in self.songs]
        return draw_songs(new_axes(9.0, 3.6) if axes is None else axes, songs, self.album_lufs)


def draw_songs(axes: Axes, songs: Sequence[tuple[str, Loudness, float]], album_lufs: float) -> Axes:
    """Draw the short-term loudness of songs one after another, each with its integrated loudness, and the album's."""
    start_s = 0.0
    for title, reading, duration_s in songs:
        times_s = start_s + reading.times_s[reading.times_s.size - reading.short_term_lufs.size :]
        axes.plot(times_s, style.finite(reading.short_term_lufs), linewidth=1.0, color=style.AFTER)
        level = reading.integrated_lufs
        axes.hlines(level, start_s, start_s + duration_s, color=style.INK, linewidth=1.2)
        axes.annotate(
            title if len(title) <= _LONG_TITLE else f"{title[: _LONG_TITLE - 1]}…",
            (start_s + duration_s / 2, level),
            (0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=style.INK,
            parse_math=False,
        )
        start_s += duration_s
        axes.axvline(start_s, color=style.GRID, linewidth=1.0, zorder=0)
    top = max(reading.max_momentary_lufs for _, reading, _ in songs)
    style.style(axes, title="Loudness of the songs", unit="LUFS", grid="y")
    style.over_time(axes, start_s)
    axes.set_xlim(0.0, start_s)
    axes.set_ylim(top - 30, top + 4)
    style.decibel_steps(axes.yaxis, 7)
    label = f"album {style.number_text(album_lufs)} LUFS"
    axes.axhline(album_lufs, color=style.FAINT, linestyle=":", linewidth=1.0, label=label)
    style.legend(axes, least=1)
    return axes


def length_text(seconds: float) -> str:
    """Return a length as minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _figures(song: SongReading) -> dict[str, Any]:
    figures: dict[str, Any] = {"title": song.title, "duration_s": song.duration_s}
    figures |= {name: value for name, value in vars(song.loudness).items() if isinstance(value, float)}
    figures |= {"loud_part_lufs": song.loud_part_lufs, "start_lufs": song.start_lufs, "end_lufs": song.end_lufs}
    return {**figures, "tilt_db": song.tone.tilt_db}


def measured(groups: Sequence[Group], progress: Progress | None = None) -> AlbumMeasurements:
    """Measure all songs of some groups."""
    from mixdown.album.tone import spread_db

    songs = [
        (song.title, group.song(index), group.sample_rate_hz)
        for group in groups
        for index, song in enumerate(group.songs)
    ]

    def work(job: tuple[str, Audio, float], note: Progress) -> tuple[SongReading, LoudnessMeter]:
        return read_song(*job, note)

    pairs = [pair for pair in each(songs, work, progress=progress) if not isinstance(pair, Exception)]
    readings = tuple(reading for reading, _ in pairs)
    return AlbumMeasurements(
        readings, album_of(meter for _, meter in pairs), spread_db([reading.tone for reading in readings])
    )
