"""Compact discs as values: tracks as asked for, in frames of the programme, and as they lie on the disc, in sectors."""

from __future__ import annotations

from dataclasses import dataclass

from mixdown.delivery.cd.times import SECTOR_FRAMES
from mixdown.display.html import Shown


@dataclass(frozen=True)
class CdTrack(Shown):
    """A requested track of a compact disc.

    Positions are frames of the whole programme at 44.1 kHz.

    Parameters
    ----------
    title : str
    start_frame : int
        Where the track starts: index 1.
    performer, songwriter : str, optional
        Those of the disc by default.
    isrc : str, optional
        With or without hyphens.
    pause_frame : int, optional
        Where the track before ends and the pause begins: index 0. By default there is no pause. Audio before the
        first track is its pause: hidden audio.
    starts_in_music : bool, default False
        The track before runs into this one: the start goes to the nearest sector border, not to the one before.
    index_frames : sequence of int, optional
        Indices 2, 3 and so on.
    copy_permitted : bool, default False
        Digital copies are permitted (flag DCP).
    pre_emphasis : bool, default False
        The samples were recorded with pre-emphasis (flag PRE).

    Examples
    --------
    >>> import mixdown as md
    >>> md.CdTrack("Overture", 0, isrc="DE-A12-26-00001").start_frame
    0
    """

    title: str
    start_frame: int
    performer: str = ""
    songwriter: str = ""
    isrc: str = ""
    pause_frame: int | None = None
    starts_in_music: bool = False
    index_frames: tuple[int, ...] = ()
    copy_permitted: bool = False
    pre_emphasis: bool = False


@dataclass(frozen=True)
class CdEntry(Shown):
    """A track as it lies on the disc, in sectors of 1/75 s from the start of the image.

    Attributes
    ----------
    number : int
        1 to 99.
    title, performer, songwriter, isrc : str
        Empty where there is none.
    pause_sector : int
        Index 0; that of the start where there is no pause.
    start_sector : int
        Index 1.
    index_sectors : tuple of int
        Indices 2, 3 and so on.
    end_sector : int
        Where the next pause or track, or the lead-out, begins.
    copy_permitted, pre_emphasis : bool

    Examples
    --------
    >>> import mixdown as md
    >>> tracks = [md.CdTrack("One", 0), md.CdTrack("Two", 529_200, pause_frame=441_000)]
    >>> second = md.CdLayout.of(tracks, 1_000_000).entries[1]
    >>> second.pause_sectors / 75, round(second.sectors / 75, 2)
    (2.0, 10.68)
    """

    number: int
    title: str
    performer: str
    songwriter: str
    isrc: str
    pause_sector: int
    start_sector: int
    index_sectors: tuple[int, ...]
    end_sector: int
    copy_permitted: bool
    pre_emphasis: bool

    @property
    def pause_sectors(self) -> int:
        """Length of the pause before the track."""
        return self.start_sector - self.pause_sector

    @property
    def sectors(self) -> int:
        """Length of the track without its pause."""
        return self.end_sector - self.start_sector


@dataclass(frozen=True)
class CdContents(Shown):
    """The contents of a compact disc.

    Attributes
    ----------
    entries : tuple of CdEntry
        The tracks, in sectors of 1/75 s.
    frames : int
        Length of the programme at 44.1 kHz, without padding.
    title, performer, songwriter : str
        Of the disc; empty where there is none.
    barcode : str
        13 digits, or empty.
    notes : tuple of str
        Differences from the request, and texts that players may not show.
    """

    entries: tuple[CdEntry, ...]
    frames: int
    title: str
    performer: str
    songwriter: str
    barcode: str
    notes: tuple[str, ...]

    @property
    def total_frames(self) -> int:
        """Length of the disc in sectors of 1/75 s, which the standard calls frames."""
        return self.entries[-1].end_sector

    @property
    def padded_frames(self) -> int:
        """Length of the image at 44.1 kHz: that of the programme, padded with silence to whole sectors."""
        return self.total_frames * SECTOR_FRAMES
