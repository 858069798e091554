"""The timeline of an album: songs joined to groups, trimmed, faded, with the silence between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mixdown._checks import Audio
from mixdown.album.songs import Song
from mixdown.conversion import at_rate

#: Silence that trimming leaves at the head, in s. All figures of this file are chosen.
_HEAD_S = 0.05
#: Level of 10 ms below which a tail is cut, in dBFS.
_TAIL_DBFS = -72.0
_TAIL_WINDOW_S = 0.01
#: First or last sample above which a song gets a short fade, in dBFS, and its lengths, in ms.
_CUT_DBFS = -60.0
_SHORT_FADES_MS = (5.0, 100.0)


@dataclass(frozen=True, eq=False)
class Group:
    """Songs without a gap between them: one programme.

    Attributes
    ----------
    songs : tuple of Song
    audio : array, shape (2, frames)
    sample_rate_hz : float
    starts : tuple of int
        Frame at which each song begins, the first at 0.
    pause_s : float
        Silence before it.
    index_points_s : tuple of tuple of float
        Of each song, from its start.
    changes : tuple of tuple of str
        What was done to each song: its ends, its rate, its channels.
    """

    songs: tuple[Song, ...]
    audio: Audio = field(repr=False)
    sample_rate_hz: float
    starts: tuple[int, ...]
    pause_s: float
    index_points_s: tuple[tuple[float, ...], ...]
    changes: tuple[tuple[str, ...], ...]

    @property
    def title(self) -> str:
        """The titles of its songs."""
        return " / ".join(song.title for song in self.songs)

    def song(self, index: int) -> Audio:
        """Return the samples from the start of a song to that of the next."""
        return self.audio[:, slice(*self.span(index, self.audio.shape[1]))]

    def span(self, index: int, frames: int) -> tuple[int, int]:
        """Return the first frame of a song and the frame after its last, of a programme of so many frames."""
        return self.starts[index], (*self.starts[1:], frames)[index]


def common_rate(songs: Sequence[Song]) -> float:
    """Return the rate that most songs have; among equals that of the earliest."""
    rates = [song.sample_rate_hz for song in songs]
    return max(rates, key=rates.count)


def groups_of(songs: Sequence[Song], sample_rate_hz: float) -> tuple[Group, ...]:
    """Return the groups of an album at one rate; each is resampled as a whole where its songs have one rate."""
    runs: list[list[Song]] = []
    for song in songs:
        if runs and song.is_joined:
            runs[-1].append(song)
        else:
            runs.append([song])
    return tuple(_joined(run, sample_rate_hz, 0.0 if number == 0 else run[0].gap_s) for number, run in enumerate(runs))


def _joined(run: list[Song], sample_rate_hz: float, pause_s: float) -> Group:
    own_hz = common_rate(run)
    if any(song.sample_rate_hz != own_hz for song in run):
        own_hz = sample_rate_hz
    changes, points = [], []
    programme: NDArray[np.floating] = np.zeros((2, 0), dtype=np.float32)
    starts: list[int] = []
    for position, song in enumerate(run):
        ends = (position == 0, position == len(run) - 1)
        audio, head_s, said = _ended(song, at_rate(song.audio, song.sample_rate_hz, own_hz), own_hz, ends)
        points.append(tuple(time_s - head_s for time_s in song.index_points_s if time_s > head_s))
        overlap = round(song.crossfade_s * own_hz)
        starts.append(programme.shape[1] - overlap)
        programme = _crossfaded(programme, audio, overlap)
        if song.sample_rate_hz != sample_rate_hz:
            said.append(f"from {song.sample_rate_hz:g} Hz to {sample_rate_hz:g} Hz")
        if song.was_mono:
            said.append("mono, made left and right")
        changes.append(tuple(said))
    whole = at_rate(programme, own_hz, sample_rate_hz)
    scaled = tuple(moved(start, own_hz, sample_rate_hz) for start in starts)
    return Group(tuple(run), whole, sample_rate_hz, scaled, pause_s, tuple(points), tuple(changes))


def moved(frame: int, from_rate_hz: float, to_rate_hz: float) -> int:
    """Return a frame at another rate."""
    return math.floor(frame * to_rate_hz / from_rate_hz + 0.5)


def _ended(song: Song, audio: Audio, rate_hz: float, outer: tuple[bool, bool]) -> tuple[Audio, float, list[str]]:
    """Return a song trimmed and faded, the length cut off its head, and what was done; `outer`: its free ends."""
    said, head, tail = [], 0, audio.shape[1]
    if song.trim == "auto":
        head, tail = _sounding(audio, rate_hz)
        head, tail = head if outer[0] else 0, tail if outer[1] else audio.shape[1]
        cut_s = (head / rate_hz, (audio.shape[1] - tail) / rate_hz)
        said += [
            f"{length:.2f} s of silence cut off the {end}"
            for end, length in zip(("head", "tail"), cut_s, strict=True)
            if length
        ]
    kept = audio[:, head:tail]
    fades_ms = [song.fade_in_ms, song.fade_out_ms]
    edges = np.abs(kept[:, [0, -1]]).max(axis=0)
    for end in range(2):
        if outer[end] and not fades_ms[end] and edges[end] > 10 ** (_CUT_DBFS / 20):
            fades_ms[end] = _SHORT_FADES_MS[end]
            level = 20 * math.log10(float(edges[end]))
            place = ("in", "starts") if end == 0 else ("out", "ends")
            said.append(f"faded {place[0]} over {fades_ms[end]:g} ms, as it {place[1]} at {level:.0f} dBFS")
    return _faded(kept, rate_hz, fades_ms[0], fades_ms[1]), head / rate_hz, said


def _sounding(audio: Audio, rate_hz: float) -> tuple[int, int]:
    """Return where a song begins and ends when its silence is cut."""
    sounds = np.flatnonzero(audio.any(axis=0))
    head = max(int(sounds[0]) - round(_HEAD_S * rate_hz), 0) if sounds.size else 0
    window = max(round(_TAIL_WINDOW_S * rate_hz), 1)
    frames = audio.shape[1]
    count = -(-frames // window)
    padded = np.zeros((audio.shape[0], count * window))
    padded[:, :frames] = audio
    power = np.mean(padded.reshape(audio.shape[0], count, window) ** 2, axis=2).max(axis=0)
    loud = np.flatnonzero(power >= 10 ** (_TAIL_DBFS / 10))
    tail = min((int(loud[-1]) + 1) * window, frames) if loud.size else frames
    return (head, tail) if tail > head else (0, frames)


def quintic(frames: int) -> NDArray[np.float64]:
    """Return a fade-in, sampled in the middle of its steps: 6 t^5 - 15 t^4 + 10 t^3."""
    t = (np.arange(frames) + 0.5) / max(frames, 1)
    return t**3 * (t * (6 * t - 15) + 10)


def _faded(audio: Audio, rate_hz: float, in_ms: float, out_ms: float) -> Audio:
    lengths = [min(round(length_ms * rate_hz / 1000), audio.shape[1]) for length_ms in (in_ms, out_ms)]
    if not any(lengths):
        return audio
    faded: NDArray[Any] = np.array(audio)
    rising, falling = (quintic(length).astype(audio.dtype) for length in lengths)
    faded[:, : lengths[0]] *= rising
    faded[:, audio.shape[1] - lengths[1] :] *= falling[::-1]
    return cast(Audio, faded)


def _crossfaded(before: Audio, after: Audio, overlap: int) -> Audio:
    """Join two programmes; where they overlap, at equal power."""
    if not overlap:
        return np.concatenate([before.astype(after.dtype, copy=False), after], axis=1)
    angle = (np.arange(overlap) + 0.5) * (math.pi / 2 / overlap)
    border = before.shape[1] - overlap
    both = before[:, border:] * np.cos(angle) + after[:, :overlap] * np.sin(angle)
    return np.concatenate([before[:, :border], both.astype(after.dtype), after[:, overlap:]], axis=1)
