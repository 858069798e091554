"""Times on a compact disc: sectors of 1/75 s, which are 588 frames of sound, written as minutes, seconds and sectors.

IEC 60908 calls a sector a frame; here a frame is a sample of every channel, as everywhere in this package.
"""

from __future__ import annotations

#: Sample rate of a compact disc, in Hz.
SAMPLE_RATE_HZ = 44_100
#: Sectors in a second.
SECTORS_PER_S = 75
#: Frames of sound in a sector.
SECTOR_FRAMES = SAMPLE_RATE_HZ // SECTORS_PER_S
#: Silence in front of the first track, which is on every disc and in no file.
LEAD_PAUSE_SECTORS = 2 * SECTORS_PER_S


def sector_of_start(frame: int) -> int:
    """Return the sector of a start after silence: the one that holds the frame, so that nothing is cut off."""
    return frame // SECTOR_FRAMES


def sector_in_music(frame: int) -> int:
    """Return the sector border that is nearest to a frame within music."""
    return (frame + SECTOR_FRAMES // 2) // SECTOR_FRAMES


def sector_of_end(frame: int) -> int:
    """Return the first sector border at or after the end of music, where a pause begins."""
    return -(-frame // SECTOR_FRAMES)


def timecode(sectors: int) -> str:
    """Return a time as minutes, seconds and sectors.

    Examples
    --------
    >>> from mixdown.delivery.cd.times import timecode
    >>> timecode(75 * 61 + 74)
    '01:01:74'
    """
    minutes, rest = divmod(sectors, 60 * SECTORS_PER_S)
    seconds, sector = divmod(rest, SECTORS_PER_S)
    return f"{minutes:02}:{seconds:02}:{sector:02}"
