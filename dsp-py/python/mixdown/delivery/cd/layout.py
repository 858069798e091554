"""The layout of a compact disc, from which the CUE sheet, the TOC file, CD-TEXT and the PQ table are written.

Rules: IEC 60908; https://www.cdrfaq.org and libburn's ``doc/cookbook.txt`` for what writing programs ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.analysis.reports import plain
from mixdown.delivery import codes
from mixdown.delivery.cd.cue import CueEncoding, cue_sheet
from mixdown.delivery.cd.entries import CdContents, CdTrack
from mixdown.delivery.cd.notes import notes_of
from mixdown.delivery.cd.packs import cdtext_packs
from mixdown.delivery.cd.positions import laid
from mixdown.delivery.cd.pq import pq_table, tracks_counted
from mixdown.delivery.cd.text import checked_text
from mixdown.delivery.cd.times import timecode
from mixdown.delivery.cd.toc import toc_file

#: Most tracks of a disc [P IEC 60908].
MOST_TRACKS = 99


@dataclass(frozen=True, repr=False)
class CdLayout(CdContents):
    """The layout of a compact disc, made by :meth:`CdLayout.of`.

    Its attributes are those of :class:`CdContents`.

    Examples
    --------
    >>> import mixdown as md
    >>> layout = md.CdLayout.of([md.CdTrack("One", 0), md.CdTrack("Two", 500_000)], 1_000_000)
    >>> layout
    <CdLayout: 2 tracks, 00:22:51>
    >>> layout.total_frames, layout.padded_frames, layout.notes
    (1701, 1000188, ())
    """

    @classmethod
    @_checks.named
    def of(
        cls,
        tracks: Iterable[CdTrack],
        frames: int,
        *,
        title: str = "",
        performer: str = "",
        songwriter: str = "",
        barcode: str = "",
    ) -> CdLayout:
        """Return the layout of a disc.

        A start after silence goes to the sector border before it, so that nothing is cut off; a start within music and
        indices go to the nearest border; a pause begins at the border after the music; the end of the disc is padded.

        Parameters
        ----------
        tracks : sequence of CdTrack
            1 to 99, in their order, each of 4 s or more.
        frames : int
            Length of the programme at 44.1 kHz, up to 79:57.
        title, performer, songwriter : str, optional
        barcode : str, optional
            GTIN of 8 to 13 digits.

        Returns
        -------
        CdLayout

        Examples
        --------
        >>> import mixdown as md
        >>> tracks = [md.CdTrack("One", 0), md.CdTrack("Two", 500_000, pause_frame=450_000)]
        >>> layout = md.CdLayout.of(tracks, 1_000_000)
        >>> [(entry.pause_sector, entry.start_sector, entry.end_sector) for entry in layout.entries]
        [(0, 0, 766), (766, 850, 1701)]
        """
        asked = _asked(tracks)
        frames = _checks.whole_number("frames", frames)
        title = checked_text("title", title)
        performer = checked_text("performer", performer)
        songwriter = checked_text("songwriter", songwriter)
        code = codes.catalog_number(barcode) if barcode else ""
        asked = [_with_texts(track, f"tracks[{at}]", performer, songwriter) for at, track in enumerate(asked)]
        _refuse_repeated([track.isrc for track in asked])
        entries = laid(asked, frames)
        notes = tuple(notes_of((title, performer, songwriter), entries))
        return cls(entries, frames, title, performer, songwriter, code, notes)

    def cue(self, file: str = "album.wav", encoding: CueEncoding = "latin-1", cdtext_file: str = "") -> bytes:
        r"""Return the CUE sheet.

        Parameters
        ----------
        file : str
            Name of the image, beside the sheet.
        encoding : "latin-1" or "utf-8", default "latin-1"
            Writing programs read Latin-1; UTF-8 is for players.
        cdtext_file : str, optional
            Name of the file with the packs of :meth:`cdtext`, beside the sheet.

        Returns
        -------
        bytes
            Lines end with CR LF.

        Examples
        --------
        >>> import mixdown as md
        >>> print(md.CdLayout.of([md.CdTrack("One", 0)], 441_000).cue().decode("latin-1").replace("\r", ""), end="")
        FILE "album.wav" WAVE
          TRACK 01 AUDIO
            TITLE "One"
            INDEX 01 00:00:00
        """
        return cue_sheet(self, file, encoding, cdtext_file)

    def toc(self, file: str = "album.wav") -> bytes:
        """Return the TOC file of cdrdao.

        Parameters
        ----------
        file : str
            Name of the image, beside the TOC file.

        Returns
        -------
        bytes

        Examples
        --------
        >>> import mixdown as md
        >>> md.CdLayout.of([md.CdTrack("", 0)], 441_000).toc().decode().splitlines()[-1]
        'FILE "album.wav" 00:00:00 00:10:00'
        """
        return toc_file(self, file)

    def cdtext(self) -> bytes:
        """Return the CD-TEXT packs: titles, performers, songwriters, barcode and ISRCs, in Latin-1.

        Returns
        -------
        bytes
            18 for each pack, at most 256 packs; empty where the disc has no text and no code.

        Examples
        --------
        >>> import mixdown as md
        >>> packs = md.CdLayout.of([md.CdTrack("One", 0)], 441_000, title="Al").cdtext()
        >>> packs[:18].hex(), len(packs) // 18
        ('80000000416c004f6e650000000000002a44', 4)
        """
        return cdtext_packs(self)

    def pq_table(self) -> str:
        """Return every index with its time in the file and on the disc, where 2 s of silence go before the file.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md
        >>> print(md.CdLayout.of([md.CdTrack("One", 0)], 441_000).pq_table())
        Total      00:10:00 in 1 track
        <BLANKLINE>
        Track  Index  In file   On disc   Length    ISRC  Flags  Title
        01     01     00:00:00  00:02:00  00:10:00               One
        AA     01     00:10:00  00:12:00                         lead-out
        """
        return pq_table(self)

    def to_dict(self) -> dict[str, Any]:
        """Return all positions and texts as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import mixdown as md
        >>> md.CdLayout.of([md.CdTrack("One", 0)], 441_000).to_dict()["entries"][0]["end_sector"]
        750
        """
        return cast(dict[str, Any], plain(self))

    def __repr__(self) -> str:
        return f"<CdLayout: {tracks_counted(self)}, {timecode(self.total_frames)}>"


def _asked(tracks: Iterable[CdTrack]) -> list[CdTrack]:
    asked = _checks.items("tracks", tracks, "CdTrack")
    for at, track in enumerate(asked):
        if not isinstance(track, CdTrack):
            raise TypeError(f"tracks[{at}] = {_checks.shown(track)} is not a CdTrack")
    if not 1 <= len(asked) <= MOST_TRACKS:
        raise ParameterError(f"tracks holds {len(asked)}: a CD takes 1..{MOST_TRACKS} tracks")
    return asked


def _with_texts(track: CdTrack, place: str, performer: str, songwriter: str) -> CdTrack:
    """Return a track with its texts and code checked, and those of the disc where it has none."""
    return replace(
        track,
        title=checked_text(f"{place}.title", track.title),
        performer=checked_text(f"{place}.performer", track.performer) or performer,
        songwriter=checked_text(f"{place}.songwriter", track.songwriter) or songwriter,
        isrc=codes.isrc(track.isrc, place=f"{place}.isrc") if track.isrc else "",
        copy_permitted=_checks.flag(f"{place}.copy_permitted", track.copy_permitted),
        pre_emphasis=_checks.flag(f"{place}.pre_emphasis", track.pre_emphasis),
        starts_in_music=_checks.flag(f"{place}.starts_in_music", track.starts_in_music),
    )


def _refuse_repeated(isrcs: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for at, isrc in enumerate(isrcs):
        if isrc and first.setdefault(isrc, at) != at:
            raise ParameterError(f"tracks[{at}].isrc = {isrc!r} is not allowed: tracks[{first[isrc]}] has it")
