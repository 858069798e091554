"""The compact disc of an album: its image at 44.1 kHz and 16 bits, and its layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from mixdown._checks import Audio
from mixdown.album.label import Label
from mixdown.album.songs import Song
from mixdown.delivery.cd import CdLayout, CdTrack

#: Rate and word length of the disc (IEC 60908).
CD_RATE_HZ, CD_BITS = 44_100, 16


def layout_of(
    label: Label,
    songs: Sequence[Song],
    index_points_s: Sequence[Sequence[float]],
    placed: Sequence[tuple[int, int]],
    frames: int,
    hidden: Audio | None,
) -> CdLayout:
    """Return the layout of songs at 44.1 kHz, with hidden audio before the first of them.

    Parameters
    ----------
    label : Label
    songs : sequence of Song
    index_points_s : sequence of sequence of float
        Of each song, from its start.
    placed : sequence of (frame, frame)
        Where each song begins in the programme, and the silence before it.
    frames : int
        Length of the programme.
    hidden : array or None
    """
    before = 0 if hidden is None else hidden.shape[1]
    tracks = []
    for position, (song, (start, pause), points) in enumerate(zip(songs, placed, index_points_s, strict=True)):
        tags = label.tags(songs, position)
        tracks.append(
            CdTrack(
                title=song.title,
                start_frame=before + start,
                performer=song.artist,
                songwriter=tags.text("songwriter") or tags.text("composer"),
                isrc=song.isrc,
                # What lies before the first track is hidden audio, not a pause.
                pause_frame=before + pause if position and pause < start else None,
                starts_in_music=song.is_joined,
                index_frames=tuple(before + start + round(time_s * CD_RATE_HZ) for time_s in points),
            )
        )
    # A number of 14 digits is that of a carton: a disc has 13.
    barcode = label.barcode if len(label.barcode) <= 13 else ""
    return CdLayout.of(tracks, before + frames, title=label.title, performer=label.artist, barcode=barcode)


def image_of(programme: Audio, hidden: Audio | None, layout: CdLayout) -> Audio:
    """Return the samples of the disc, padded to whole sectors at its very end."""
    pieces = [] if hidden is None else [hidden.astype(programme.dtype, copy=False)]
    missing = layout.padded_frames - sum(piece.shape[1] for piece in (*pieces, programme))
    return cast(Audio, np.concatenate([*pieces, programme, np.zeros((2, missing), dtype=programme.dtype)], axis=1))
