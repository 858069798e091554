"""Where tracks lie on a compact disc: positions in frames become sectors, by one rule for every file of the disc."""

from __future__ import annotations

from collections.abc import Sequence

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.delivery.cd.entries import CdEntry, CdTrack
from mixdown.delivery.cd.times import (
    SECTOR_FRAMES,
    SECTORS_PER_S,
    sector_in_music,
    sector_of_end,
    sector_of_start,
    timecode,
)

#: Highest index of a track [P IEC 60908].
MOST_INDEX = 99
#: Shortest track: 4 s [P libburn, doc/cookbook.txt].
SHORTEST_TRACK_SECTORS = 4 * SECTORS_PER_S
#: Longest disc that is pressed or written, 79:57, and the longest that the standard promises, 74 minutes [P].
LONGEST_DISC_SECTORS = (79 * 60 + 57) * SECTORS_PER_S
STANDARD_DISC_SECTORS = 74 * 60 * SECTORS_PER_S


def laid(tracks: Sequence[CdTrack], frames: int) -> tuple[CdEntry, ...]:
    """Return the tracks in sectors; positions that do not rise, and discs that none can hold, are refused."""
    total = sector_of_end(frames)
    if not 1 <= total <= LONGEST_DISC_SECTORS:
        length = timecode(total) if total > 0 else "nothing"
        raise ParameterError(f"frames = {frames} is {length}: a CD takes up to {timecode(LONGEST_DISC_SECTORS)}")
    _refuse_disorder(tracks, frames)
    starts = [
        sector_in_music(track.start_frame) if track.starts_in_music else sector_of_start(track.start_frame)
        for track in tracks
    ]
    # What lies before the first track is its pause. A pause of less than a sector may end before it begins.
    pauses = [0] + [
        start if track.pause_frame is None else min(sector_of_end(track.pause_frame), start)
        for track, start in zip(tracks[1:], starts[1:], strict=True)
    ]
    ends = [*pauses[1:], total]
    places = zip(tracks, pauses, starts, ends, strict=True)
    return tuple(_entry(at, *place) for at, place in enumerate(places))


def _refuse_disorder(tracks: Sequence[CdTrack], frames: int) -> None:
    """Refuse positions that are no whole numbers, lie beyond the programme, or do not rise."""
    reached, reached_name = 0, "the start of the programme"
    for at, track in enumerate(tracks):
        places = [] if track.pause_frame is None else [("pause_frame", track.pause_frame)]
        places.append(("start_frame", track.start_frame))
        places += [(f"index_frames[{index}]", frame) for index, frame in enumerate(track.index_frames)]
        for word, value in places:
            name = f"tracks[{at}].{word}"
            frame = _checks.whole_number(name, value)
            if frame >= frames:
                raise ParameterError(f"{name} = {frame} is out of range: the programme has {frames} frames")
            if frame < reached:
                raise ParameterError(f"{name} = {frame} is not allowed: it lies before {reached_name} = {reached}")
            reached, reached_name = frame, name
    first = tracks[0].pause_frame
    if first:
        raise ParameterError(f"tracks[0].pause_frame = {first} is not allowed: all before the first track is its pause")


def _entry(at: int, track: CdTrack, pause: int, start: int, end: int) -> CdEntry:
    if end - start < SHORTEST_TRACK_SECTORS:
        length_s = max(end - start, 0) / SECTORS_PER_S
        least_s = SHORTEST_TRACK_SECTORS // SECTORS_PER_S
        raise ParameterError(f"tracks[{at}] {track.title!r} lasts {length_s:.2f} s: a CD track has {least_s} s or more")
    indices = tuple(map(sector_in_music, track.index_frames))
    if len(indices) > MOST_INDEX - 1:
        most = MOST_INDEX - 1
        raise ParameterError(f"tracks[{at}].index_frames holds {len(indices)}: a CD track takes up to {most}")
    reached = start
    for index, sector in enumerate(indices):
        if not reached < sector < end:
            frame = track.index_frames[index]
            allowed = f"indices are a sector of {SECTOR_FRAMES} frames or more apart, and end before the track"
            raise ParameterError(f"tracks[{at}].index_frames[{index}] = {frame} is not allowed: {allowed}")
        reached = sector
    return CdEntry(
        number=at + 1,
        title=track.title,
        performer=track.performer,
        songwriter=track.songwriter,
        isrc=track.isrc,
        pause_sector=pause,
        start_sector=start,
        index_sectors=indices,
        end_sector=end,
        copy_permitted=track.copy_permitted,
        pre_emphasis=track.pre_emphasis,
    )
