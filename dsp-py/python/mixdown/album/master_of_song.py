"""The master of a song, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from mixdown import _checks
from mixdown._checks import Audio
from mixdown.album.tone import Move
from mixdown.delivery.certificate import Certificate
from mixdown.display.html import Told
from mixdown.meters import Loudness


@dataclass(frozen=True, repr=False)
class AlbumChange(Told):
    """What was done to a song.

    Attributes
    ----------
    title : str
    before_lufs : float
        Its loudness before gain and limiter.
    gain_db : float
        Gain before the limiter, beside the constant of the album: 0 for all with the policy "album".
    keep : str
        Why it kept its level; empty if it did not.
    tone : Move or None
    ends : tuple of str
        Trims, fades, conversions.
    """

    title: str
    before_lufs: float
    gain_db: float
    keep: str
    tone: Move | None
    ends: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{_checks.figure(self.gain_db, 2)} dB beside the album"]
        parts += [f"level kept: {self.keep}"] if self.keep else []
        parts += [self.tone.reason] if self.tone is not None else []
        return f"{self.title}: {'; '.join((*parts, *self.ends))}"


@dataclass(frozen=True, eq=False, repr=False)
class MasteredSong(Told):
    """A song of a mastered album.

    Attributes
    ----------
    title : str
    audio : array, shape (2, frames)
        Already rounded to the word length; without the silence before it.
    sample_rate_hz : float
    certificate : Certificate
        Readings of its samples; of songs without a gap between them the processing is that of all of them.
    """

    title: str
    audio: Audio = field(repr=False)
    sample_rate_hz: float
    certificate: Certificate

    @property
    def loudness(self) -> Loudness:
        """Its loudness as delivered."""
        return self.certificate.loudness

    @property
    def duration_s(self) -> float:
        """Its length, without the silence before it."""
        return float(self.audio.shape[1] / self.sample_rate_hz)
