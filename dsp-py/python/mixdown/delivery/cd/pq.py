"""PQ table: every index of a disc with its times, for the pressing plant and for people."""

from __future__ import annotations

from collections.abc import Iterator

from mixdown.delivery.cd.entries import CdContents, CdEntry
from mixdown.delivery.cd.times import LEAD_PAUSE_SECTORS, timecode

_HEADINGS = ("Track", "Index", "In file", "On disc", "Length", "ISRC", "Flags", "Title")


def pq_table(disc: CdContents) -> str:
    """Return the table of a disc."""
    heads = [
        f"{word:<10} {text}"
        for word, text in (
            ("Title", disc.title),
            ("Performer", disc.performer),
            ("Songwriter", disc.songwriter),
            ("Barcode", disc.barcode),
            ("Total", f"{timecode(disc.total_frames)} in {tracks_counted(disc)}"),
        )
        if text
    ]
    rows = [_HEADINGS, *(row for entry in disc.entries for row in _rows(entry))]
    end = disc.total_frames
    rows.append(("AA", "01", timecode(end), timecode(end + LEAD_PAUSE_SECTORS), "", "", "", "lead-out"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*heads, "", *lines])


def tracks_counted(disc: CdContents) -> str:
    """Return the number of tracks in words."""
    return f"{len(disc.entries)} track{'s' * (len(disc.entries) != 1)}"


def _rows(entry: CdEntry) -> Iterator[tuple[str, ...]]:
    flags = " ".join(["DCP"] * entry.copy_permitted + ["PRE"] * entry.pre_emphasis)
    points = [(1, entry.start_sector, timecode(entry.sectors), entry.isrc, flags, entry.title)]
    if entry.pause_sectors:
        points.insert(0, (0, entry.pause_sector, timecode(entry.pause_sectors), "", "", ""))
    points += [(at, sector, "", "", "", "") for at, sector in enumerate(entry.index_sectors, start=2)]
    for index, sector, *rest in points:
        yield f"{entry.number:02}", f"{index:02}", timecode(sector), timecode(sector + LEAD_PAUSE_SECTORS), *rest
