"""Groups of songs made ready for the solver: effects, tone, levels."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import cast

import numpy as np

from mixdown._checks import Audio
from mixdown._core import ParameterError
from mixdown._threads import Progress, each
from mixdown.album.master_of_song import AlbumChange
from mixdown.album.measuring import read_levels, read_song
from mixdown.album.solving import Part, kept_by_level
from mixdown.album.timeline import Group
from mixdown.album.tone import Move, Tone, median_tone, move_to, tone_of
from mixdown.effects import Effect
from mixdown.meters.loudness_meter import LoudnessMeter, album_of


def group_of(groups: Sequence[Group], song: int) -> int:
    """Return the group that holds a song."""
    counts = np.cumsum([len(group.songs) for group in groups])
    return int(np.searchsorted(counts, song, side="right"))


def prepared(
    groups: Sequence[Group],
    effects: Effect | None,
    tone: bool,
    anchor: int | None,
    quiet_stay: bool,
    progress: Progress,
) -> tuple[tuple[Part, ...], tuple[AlbumChange, ...]]:
    """Return the groups after effects and tone, and what was done to each song."""
    affected = each(groups, lambda group, note: _affected(group, group.songs[0].effects, effects, note))
    audio = [samples for samples in affected if not isinstance(samples, Exception)]
    moves = _moves(groups, audio, anchor) if tone else [None] * len(groups)

    def work(index: int, note: Progress) -> tuple[Part, LoudnessMeter]:
        group, move = groups[index], moves[index]
        samples = audio[index]
        if move is not None and move.effect is not None:
            samples = move.effect(samples, group.sample_rate_hz)
        reading, meter = read_song(group.title, samples, group.sample_rate_hz, note)
        song = group.songs[0]
        keep = 'level = "keep"' if song.level == "keep" else ""
        return Part(group.title, samples, group.sample_rate_hz, reading, song.level, keep, song.gain_db), meter

    pairs = [pair for pair in each(range(len(groups)), work, progress=progress) if not isinstance(pair, Exception)]
    album_lufs = album_of(meter for _, meter in pairs)
    parts = []
    for part, _ in pairs:
        is_judged = quiet_stay and not part.keep and part.level == "auto"
        by_rule = kept_by_level(part.reading, album_lufs) if is_judged else ""
        parts.append(dataclasses.replace(part, keep=part.keep or by_rule))
    changes = []
    for number, (group, move) in enumerate(zip(groups, moves, strict=True)):
        part = parts[number]
        levels = _levels(group, part)
        parts[number] = dataclasses.replace(part, louder_lu=max(levels) - part.reading.loudness.integrated_lufs)
        for song, lufs, ends in zip(group.songs, levels, group.changes, strict=True):
            changes.append(AlbumChange(song.title, lufs, gain_db=0.0, keep=part.keep, tone=move, ends=ends))
    return tuple(parts), tuple(changes)


def _levels(group: Group, part: Part) -> list[float]:
    """Return the loudness of each song of a group."""
    if len(group.songs) == 1:
        return [part.reading.loudness.integrated_lufs]
    levels = []
    for index in range(len(group.songs)):
        start, end = group.span(index, part.audio.shape[1])
        reading, _ = read_levels(part.audio[:, start:end], group.sample_rate_hz)
        levels.append(reading.integrated_lufs)
    return levels


def _affected(group: Group, own: Effect | None, album: Effect | None, progress: Progress) -> Audio:
    """Return a group after the effects of its songs and those of the album."""
    audio = group.audio
    for effect in (own, album):
        progress(0.0)
        if effect is not None:
            audio = effect(audio, group.sample_rate_hz)
            if audio.shape[0] != 2:
                raise ParameterError(f"effects of {group.title!r} make {audio.shape[0]} channels: albums are stereo")
    return audio


def _moves(groups: Sequence[Group], audio: Sequence[Audio], anchor: int | None) -> list[Move | None]:
    """Return the tone moves of groups towards the anchor or the median song."""
    tones = list(each(list(zip(audio, groups, strict=True)), lambda job, _: tone_of(job[0], job[1].sample_rate_hz)))
    found = [cast(Tone, tone) for tone in tones]
    reference = median_tone(found) if anchor is None else found[group_of(groups, anchor)]
    return [move_to(tone, reference, group.sample_rate_hz) for tone, group in zip(found, groups, strict=True)]
