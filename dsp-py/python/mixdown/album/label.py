"""The label of an album, and the tags of its songs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixdown.album.songs import Song
from mixdown.files import Tags


@dataclass(frozen=True)
class Label:
    """The label of an album: title, artist, codes and texts.

    Attributes
    ----------
    title, artist, barcode : str
        Empty if not given.
    texts : tuple of (name, text)
        Date, label, genre, copyright.
    cover : str or None
        Path of the picture.
    sides : tuple of tuple of str
        Titles on each side of a record; empty where that is left to :func:`vinyl_sides`.
    """

    title: str = ""
    artist: str = ""
    barcode: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    cover: str | None = None
    sides: tuple[tuple[str, ...], ...] = ()

    def tags(self, songs: Sequence[Song], position: int) -> Tags:
        """Return the tags of a song: those of the album, its own, and its number.

        Parameters
        ----------
        songs : sequence of Song
        position : int
            From 0.

        Returns
        -------
        Tags
        """
        song = songs[position]
        texts = {
            "title": song.title,
            "artist": song.artist or self.artist,
            "album": self.title,
            "albumartist": self.artist,
            **dict(self.texts),
            "barcode": self.barcode,
            "isrc": song.isrc,
            "tracknumber": str(position + 1),
            "tracktotal": str(len(songs)),
        }
        made = {name: (text,) for name, text in texts.items() if text}
        return Tags({**made, **song.tags.texts}, song.tags.pictures)
