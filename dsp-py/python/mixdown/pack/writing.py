"""The files of a pack: masters, copies for services and listeners, the disc, the sides of a record."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from mixdown._core import ParameterError
from mixdown._threads import Progress, each
from mixdown.album.disc import CD_BITS, CD_RATE_HZ
from mixdown.album.master_of_song import MasteredSong
from mixdown.album.measuring import read_levels
from mixdown.checking import Profile
from mixdown.effects import Effect, without_infinities
from mixdown.files import BitDepth, Broadcast, Tags, check_output, replace_file, write
from mixdown.files.encoding import Coding, decode, encoded
from mixdown.files.names import unique_names
from mixdown.files.replay_gain import r128_tags, replay_gain_tags
from mixdown.files.tagging import tagged
from mixdown.files.tags import Picture
from mixdown.meters import Loudness, LoudnessMeter
from mixdown.meters.loudness_meter import album_of
from mixdown.pack.formats import Format
from mixdown.pack.masters import Masters
from mixdown.pack.sides import SIDE_NAMES, Side, checked_sides


@dataclass(frozen=True)
class Written:
    """A file of a pack.

    Attributes
    ----------
    path : str
        Within the pack.
    loudness : Loudness or None
        Of its samples, decoded where they are coded; None where it was not measured.
    song : int or None
        Number of its song, from 0.
    profile : Profile or None
        What it has to pass.
    coded_bytes : int
        Of a lossy file without tags and cover; 0 for others.
    """

    path: str
    loudness: Loudness | None = None
    song: int | None = None
    profile: Profile | None = None
    coded_bytes: int = 0


def named(mastered: Masters) -> list[str]:
    """Return the names of the songs' files, without ending: number and title."""
    digits = max(2, len(str(len(mastered))))
    titles = unique_names([track.title for track in mastered.tracks])
    return [f"{number:0{digits}d} {title}" for number, title in enumerate(titles, 1)]


def version_of(form: Format, mastered: Masters) -> tuple[float, int]:
    """Return the rate and word length at which the samples of a format are delivered."""
    if form.kind == "disc":
        return CD_RATE_HZ, CD_BITS
    rate_hz = mastered.sample_rate_hz
    if form.profile is not None:
        rate_hz = _rate_of(form.profile, rate_hz)
    # Lossy coders and cutters have no word length.
    return rate_hz, form.bit_depth if form.kind in ("masters", "flac", "ingest") else mastered.bit_depth


def _rate_of(profile: Profile, rate_hz: float) -> float:
    """Return the rate of an album where a service takes it, else one that it takes."""
    taken = profile.rates_hz or profile.better_rates_hz
    if taken:
        return rate_hz if rate_hz in taken else taken[-1] if rate_hz % 44_100 else taken[0]
    return (
        rate_hz if profile.min_rate_hz <= rate_hz <= profile.max_rate_hz else 44_100 if not rate_hz % 44_100 else 48_000
    )


def write_songs(
    source: Masters, form: Format, folder: Path, cover: Picture | None, progress: Progress
) -> list[Written]:
    """Write each song in a lossless format, with its tags."""
    names, album_peak = named(source), 10 ** (source.true_peak_dbtp / 20)
    # Of the files, as players find it: blocks across the borders of songs do not count.
    meters = each(source.tracks, _meter) if form.kind == "flac" else ()
    album_lufs = album_of(meter for meter in meters if isinstance(meter, LoudnessMeter))

    def work(position: int, note: Progress) -> Written:
        note(0.0)
        track, tags = source.tracks[position], _tags(source, position, cover)
        if form.kind != "masters":
            tags = _with(tags, replay_gain_tags(track.loudness, album_lufs, album_peak))
        path = f"{form.folder}/{names[position]}{form.suffix}"
        write(
            folder / path,
            track.audio,
            track.sample_rate_hz,
            bit_depth=cast(BitDepth, form.bit_depth),
            dither="none",
            tags=tags,
            profile="archive" if form.kind == "masters" else None,
            broadcast=Broadcast.of(tags, track.loudness) if form.kind == "masters" else None,
        )
        note(1.0)
        return Written(path, track.loudness, position)

    return _each_song(source, work, progress)


def write_coded(
    source: Masters, form: Format, folder: Path, cover: Picture | None, progress: Progress
) -> list[Written]:
    """Write each song in a lossy format; the gains in its tags are those of what a decoder gives."""
    coding = cast(Coding, form.coding)

    def code(position: int, note: Progress) -> tuple[bytes, LoudnessMeter]:
        note(0.0)
        track = source.tracks[position]
        content = encoded(track.audio, track.sample_rate_hz, coding).data
        note(0.5)
        heard = decode(content)
        meter = LoudnessMeter(heard.sample_rate_hz, 2, precision="reference")
        meter.observe(heard.audio)
        note(1.0)
        return content, meter

    coded = [one for one in each(range(len(source)), code, progress=progress) if not isinstance(one, Exception)]
    readings = [meter.reading() for _, meter in coded]
    album_lufs = album_of(meter for _, meter in coded)
    album_peak = 10 ** (max(reading.true_peak_dbtp for reading in readings) / 20)
    written = []
    for position, (name, (content, _), reading) in enumerate(zip(named(source), coded, readings, strict=True)):
        gains = (
            r128_tags(reading, album_lufs)
            if coding.codec == "opus"
            else replay_gain_tags(reading, album_lufs, album_peak)
        )
        path = f"{form.folder}/{name}{form.suffix}"
        replace_file(folder / path, tagged(content, coding.codec, _with(_tags(source, position, cover), gains)))
        written.append(Written(path, reading, position, coded_bytes=len(content)))
    return written


def _tags(mastered: Masters, position: int, cover: Picture | None) -> Tags:
    tags = mastered.tags(position)
    return replace(tags, pictures=(cover,)) if cover is not None and not tags.pictures else tags


def _with(tags: Tags, texts: Mapping[str, str]) -> Tags:
    return replace(tags, texts={**tags.texts, **{name: (text,) for name, text in texts.items()}})


def _each_song(source: Masters, work: Callable[[int, Progress], Written], progress: Progress) -> list[Written]:
    done = each(range(len(source)), work, progress=progress)
    return [one for one in done if not isinstance(one, Exception)]


def write_ingest(source: Masters, form: Format, folder: Path, progress: Progress) -> list[Written]:
    """Write each song as a service takes it: format and samples alone, under a name of plain letters."""
    code = source.label.barcode or "album"

    def work(position: int, note: Progress) -> Written:
        note(0.0)
        track = source.tracks[position]
        path = f"{form.folder}/{code}_01_{position + 1:03d}.wav"
        write(
            folder / path,
            track.audio,
            track.sample_rate_hz,
            bit_depth=cast(BitDepth, form.bit_depth),
            dither="none",
            profile="ingest",
        )
        note(1.0)
        return Written(path, track.loudness, position, form.profile)

    return _each_song(source, work, progress)


def write_disc(mastered: Masters, form: Format, folder: Path, encoding: str) -> list[Written]:
    """Write the image of a compact disc, its CUE sheet, TOC file, CD-TEXT and the PQ table."""
    layout = mastered.layout
    image = mastered.disc_image()
    path = f"{form.folder}/album.wav"
    write(folder / path, image, CD_RATE_HZ, bit_depth=16, dither="none", profile="ingest")
    written = [Written(path)]
    sheets = {
        "album.cue": layout.cue("album.wav", cast(Any, encoding), "album.cdt"),
        "album.toc": layout.toc("album.wav"),
        "album.cdt": layout.cdtext(),
        "pq.txt": layout.pq_table().encode(),
    }
    for name, content in sheets.items():
        (folder / form.folder / name).write_bytes(content)
        written.append(Written(f"{form.folder}/{name}"))
    return written


def _meter(track: MasteredSong, note: Progress) -> LoudnessMeter:
    return read_levels(track.audio, track.sample_rate_hz, note)[1]


def write_sides(
    mastered: Masters, form: Format, folder: Path, effects: Effect | None, progress: Progress
) -> tuple[list[Written], list[Side]]:
    """Write the sides of a record: the programme before the limiter, with one gain for all sides, silence inside."""
    sides = checked_sides(mastered, form.record, effects, lambda share: progress(0.9 * share))
    written, described = [], []
    for side in sides:
        name = f"side-{side.name}.wav"
        path = f"{form.folder}/{name}"
        write(folder / path, side.audio, mastered.sample_rate_hz, bit_depth=24, profile="archive")
        tracks = [{"title": title, "start_s": start} for title, start in zip(side.titles, side.starts_s, strict=True)]
        described.append({"side": side.name, "file": name, "tracks": tracks, "check": side.check.to_dict()})
        written.append(Written(path))
    plain = without_infinities({"record": form.record, "sides": described})
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    path = f"{form.folder}/sides.json"
    (folder / path).write_text(text + "\n", encoding="utf-8")
    return [*written, Written(path)], sides


def refuse_misfits(mastered: Masters, formats: Sequence[Format]) -> None:
    """Refuse formats that an album does not fit, before any work."""
    # The place of the pack is judged elsewhere: this one can be written.
    beside = Path(tempfile.gettempdir())
    for number, form in enumerate(formats):
        if form.kind == "disc":
            # For its refusals: too many songs, a song too short, too long in all, too much text.
            mastered.layout.cdtext()
            continue
        if form.kind == "vinyl" and len(mastered.label.sides) > len(SIDE_NAMES):
            most = len(SIDE_NAMES)
            raise ParameterError(
                f"formats[{number}] = {form.name!r}: {len(mastered.label.sides)} sides, at most {most}"
            )
        rate_hz, bits = version_of(form, mastered)
        kbps = None if form.coding is None else form.coding.bitrate_kbps
        frames = sum(track.audio.shape[1] for track in mastered.tracks) if form.kind == "vinyl" else 0
        for track in mastered.tracks:
            length = max(frames, round(track.duration_s * rate_hz))
            try:
                check_output(beside / f"a{form.suffix}", rate_hz, 2, length, bits, bitrate_kbps=kbps)
            except ParameterError as error:
                raise ParameterError(f"formats[{number}] = {form.name!r} of {track.title!r}: {error}") from None
