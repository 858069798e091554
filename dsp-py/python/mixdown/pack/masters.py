"""What a pack is made of: the masters of an album, as :class:`MasteredAlbum` has them."""

from __future__ import annotations

from typing import Any, Protocol

from mixdown._checks import Audio
from mixdown.album.label import Label
from mixdown.album.master_of_song import MasteredSong
from mixdown.album.songs import Song
from mixdown.delivery.cd import CdLayout
from mixdown.effects import Effect
from mixdown.files import Tags


class Masters(Protocol):
    """The masters of an album."""

    @property
    def label(self) -> Label:
        """What stands on its label."""

    @property
    def songs(self) -> tuple[Song, ...]:
        """The songs as they were given."""

    @property
    def tracks(self) -> tuple[MasteredSong, ...]:
        """The songs as delivered."""

    @property
    def settings(self) -> dict[str, Any]:
        """What it was mastered with."""

    @property
    def sample_rate_hz(self) -> float:
        """Rate of its samples."""

    @property
    def bit_depth(self) -> int:
        """Word length of its samples."""

    @property
    def album_lufs(self) -> float:
        """Loudness of all songs as one."""

    @property
    def true_peak_dbtp(self) -> float:
        """Highest true peak of all songs."""

    @property
    def pauses_s(self) -> tuple[float, ...]:
        """Silence before each song."""

    @property
    def changes_told(self) -> tuple[str, ...]:
        """What was done to each song, a sentence each."""

    @property
    def layout(self) -> CdLayout:
        """The layout of the compact disc."""

    def tags(self, position: int) -> Tags:
        """Return the tags of a song."""

    def at(self, sample_rate_hz: float, bit_depth: int | None = None) -> Masters:
        """Return the same album at another rate or word length."""

    def disc_image(self) -> Audio:
        """Return the samples of the compact disc."""

    def unlimited(self, effects: Effect | None = None) -> list[Audio]:
        """Return the songs before the limiter."""

    def __len__(self) -> int:
        """Return how many songs there are."""
