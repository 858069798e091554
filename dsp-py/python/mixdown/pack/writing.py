"""The files of a pack: masters, copies for services and listeners, the disc, the sides of a record."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from mixdown._checks import Audio
from mixdown.album.disc import CD_RATE_HZ
from mixdown.album.master_of_song import MasteredSong
from mixdown.checking import Profile
from mixdown.delivery.sides import brightness_db, vinyl_sides
from mixdown.delivery.vinyl import VinylCheck, vinyl_check
from mixdown.effects import Effect, without_infinities
from mixdown.files import BitDepth, Broadcast, Tags, write
from mixdown.files.names import unique_names
from mixdown.files.replay_gain import r128_tags, replay_gain_tags
from mixdown.files.tags import Picture
from mixdown.meters import Loudness
from mixdown.pack.formats import Format
from mixdown.pack.masters import Masters

#: Ceiling of the sides of a record, which are not limited.
_SIDES_DBTP = -1.0


@dataclass(frozen=True)
class Written:
    """A file of a pack.

    Attributes
    ----------
    path : str
        Within the pack.
    loudness : Loudness or None
        What its samples were certified with; None for coded audio, and where there is none.
    song : int or None
        Number of its song, from 0.
    profile : Profile or None
        What it has to pass.
    """

    path: str
    loudness: Loudness | None = None
    song: int | None = None
    profile: Profile | None = None


def named(mastered: Masters) -> list[str]:
    """Return the names of the songs' files, without ending: number and title."""
    digits = max(2, len(str(len(mastered))))
    titles = unique_names([track.title for track in mastered.tracks])
    return [f"{number:0{digits}d} {title}" for number, title in enumerate(titles, 1)]


def write_songs(mastered: Masters, form: Format, folder: Path, cover: Picture | None) -> Iterator[Written]:
    """Write each song in a lossless or lossy format, with its tags."""
    source = (
        mastered if form.bit_depth in (0, mastered.bit_depth) else mastered.at(mastered.sample_rate_hz, form.bit_depth)
    )
    album_peak = 10 ** (source.true_peak_dbtp / 20)
    for position, (track, name) in enumerate(zip(source.tracks, named(mastered), strict=True)):
        tags = _tagged(mastered, position, track, form, cover, source.album_lufs, album_peak)
        path = f"{form.folder}/{name}{form.suffix}"
        write(
            folder / path,
            track.audio,
            track.sample_rate_hz,
            bit_depth=cast(BitDepth, form.bit_depth or 24),
            dither="none",
            tags=tags,
            profile="archive" if form.kind == "masters" else None,
            broadcast=Broadcast.of(tags, track.loudness) if form.kind == "masters" else None,
            bitrate_kbps=form.bitrate_kbps,
        )
        yield Written(path, None if form.kind == "lossy" else track.loudness, position)


def _tagged(
    mastered: Masters,
    position: int,
    track: MasteredSong,
    form: Format,
    cover: Picture | None,
    album_lufs: float,
    album_peak: float,
) -> Tags:
    tags = mastered.tags(position)
    if form.kind != "masters":
        gains = r128_tags(track.loudness, album_lufs)
        if form.suffix != ".opus":
            gains = replay_gain_tags(track.loudness, album_lufs, album_peak)
        tags = replace(tags, texts={**tags.texts, **{name: (text,) for name, text in gains.items()}})
    if cover is not None and not tags.pictures:
        tags = replace(tags, pictures=(cover,))
    return tags


def write_ingest(mastered: Masters, form: Format, folder: Path) -> Iterator[Written]:
    """Write each song as a service takes it: format and samples alone, under a name of plain letters."""
    profile = cast(Profile, form.profile)
    rate_hz = profile.rates_hz[0] if profile.rates_hz else mastered.sample_rate_hz
    source = mastered.at(rate_hz, form.bit_depth)
    code = mastered.label.barcode or "album"
    for position, track in enumerate(source.tracks):
        path = f"{form.folder}/{code}_01_{position + 1:03d}.wav"
        write(
            folder / path,
            track.audio,
            track.sample_rate_hz,
            bit_depth=cast(BitDepth, form.bit_depth),
            dither="none",
            profile="ingest",
        )
        yield Written(path, track.loudness, position, profile)


def write_disc(mastered: Masters, form: Format, folder: Path, encoding: str) -> Iterator[Written]:
    """Write the image of a compact disc, its CUE sheet, TOC file, CD-TEXT and the PQ table."""
    layout = mastered.layout
    image = mastered.disc_image()
    path = f"{form.folder}/album.wav"
    write(folder / path, image, CD_RATE_HZ, bit_depth=16, dither="none", profile="ingest")
    yield Written(path)
    sheets = {
        "album.cue": layout.cue("album.wav", cast(Any, encoding), "album.cdt"),
        "album.toc": layout.toc("album.wav"),
        "album.cdt": layout.cdtext(),
        "pq.txt": layout.pq_table().encode(),
    }
    for name, content in sheets.items():
        (folder / form.folder / name).write_bytes(content)
        yield Written(f"{form.folder}/{name}")


@dataclass(frozen=True)
class Side:
    """A side of a record.

    Attributes
    ----------
    name : str
        "A", "B", and so on.
    titles : tuple of str
    check : VinylCheck
    """

    name: str
    titles: tuple[str, ...]
    check: VinylCheck


def sides_of(mastered: Masters, count: int = 2) -> list[list[int]]:
    """Return the songs of each side: as the album says, else cut so that the sides are of similar length."""
    titles = [track.title for track in mastered.tracks]
    if mastered.label.sides:
        return [[titles.index(title) for title in side] for side in mastered.label.sides]
    tracks = mastered.tracks
    cut = vinyl_sides(
        [track.duration_s for track in tracks],
        [brightness_db(track.audio, track.sample_rate_hz) for track in tracks],
        min(count, len(tracks)),
        gaps_s=mastered.pauses_s,
        runs_on=[position for position, song in enumerate(mastered.songs) if song.is_joined],
    )
    return [list(side) for side in cut.sides]


def write_sides(
    mastered: Masters, form: Format, folder: Path, into: list[Side], effects: Effect | None
) -> Iterator[Written]:
    """Write the sides of a record: the programme before the limiter, with one gain for all sides, silence inside."""
    songs = mastered.unlimited(effects)
    rate_hz = mastered.sample_rate_hz
    sides = sides_of(mastered)
    described = []
    for number, side in enumerate(sides):
        name = "ABCDEFGHIJKL"[number]
        pieces: list[Audio] = []
        starts_s: list[float] = []
        for position in side:
            pause_s = mastered.pauses_s[position] if position != side[0] else 0.0
            pieces.append(np.zeros((2, round(pause_s * rate_hz)), dtype=songs[position].dtype))
            starts_s.append(sum(piece.shape[1] for piece in pieces) / rate_hz)
            pieces.append(songs[position])
        path = f"{form.folder}/side-{name}.wav"
        audio = np.concatenate(pieces, axis=1)
        write(folder / path, audio, rate_hz, bit_depth=24, profile="archive")
        yield Written(path)
        titles = tuple(mastered.tracks[position].title for position in side)
        programmes = [(title, (songs[position], rate_hz)) for title, position in zip(titles, side, strict=True)]
        gaps = [mastered.pauses_s[position] for position in side[1:]]
        check = _at_cutting_level(programmes, form.record, float(np.mean(gaps)) if gaps else 0.0)
        into.append(Side(name, titles, check))
        tracks = [{"title": title, "start_s": start} for title, start in zip(titles, starts_s, strict=True)]
        described.append({"side": name, "file": f"side-{name}.wav", "tracks": tracks, "check": check.to_dict()})
    plain = without_infinities({"record": form.record, "sides": described})
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / form.folder / "sides.json").write_text(text + "\n", encoding="utf-8")
    yield Written(f"{form.folder}/sides.json")


def _at_cutting_level(programmes: Sequence[tuple[str, tuple[Audio, float]]], record: str, gap_s: float) -> VinylCheck:
    """Return the check of a side at the highest level that fits and that groove, cutter and stylus bear."""
    check = vinyl_check(programmes, fmt=record, gap_s=gap_s)
    excess_db = 0.0
    for finding in check.findings:
        if finding.severity == "fault" and finding.value is not None and finding.limit is not None:
            if finding.check in ("slope", "curvature"):
                excess_db = max(excess_db, finding.value - finding.limit)
            elif finding.check == "lift":
                excess_db = max(excess_db, 20 * math.log10(finding.value / finding.limit))
    if not excess_db:
        return check
    # All of them follow the level: it is the cutter's to choose, and no fault of the side.
    level_db = math.floor(10 * (check.level_db - excess_db)) / 10
    return vinyl_check(programmes, fmt=record, gap_s=gap_s, level_db=level_db)


def refuse_misfits(mastered: Masters, formats: Sequence[Format]) -> None:
    """Refuse formats that an album does not fit, before any work."""
    for form in formats:
        if form.kind == "disc":
            # For its refusals: too many songs, a song too short, too long in all, too much text.
            mastered.layout.cdtext()
