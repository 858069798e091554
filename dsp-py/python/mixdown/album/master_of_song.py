"""The master of a song of an album, and its processing."""

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
    """The processing of one song of an album.

    Attributes
    ----------
    title : str
    before_lufs : float
        Loudness before gain and limiter.
    gain_db : float
        Gain before the limiter, relative to the album: 0 for all songs with the policy "album".
    keep : str
        Reason that the song kept its level; empty if it did not.
    tone : Move or None
    ends : tuple of str
        Trims, fades, conversions.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 48_000))
    >>> album = md.Album()
    >>> for title, gain in (("Loud", 1.0), ("Soft", 0.5)):
    ...     album.track((gain * noise, 48_000), title=title, level="move")
    >>> change = album.master(target_lufs=-16, policy="similar", window_lu=1).changes[1]
    >>> print(f"{change.title}: {change.before_lufs:.1f} LUFS, {change.gain_db:+.1f} dB beside the album")
    Soft: -20.0 LUFS, +2.0 dB beside the album
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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> album = md.Album()
    >>> album.track((0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000), title="Song")
    >>> song = album.master("spotify").tracks[0]
    >>> print(f"{song.title}: {song.duration_s:.1f} s, {song.loudness.integrated_lufs:.1f} LUFS")
    Song: 1.0 s, -14.0 LUFS
    """

    title: str
    audio: Audio = field(repr=False)
    sample_rate_hz: float
    certificate: Certificate

    @property
    def loudness(self) -> Loudness:
        """Loudness of the delivered samples."""
        return self.certificate.loudness

    @property
    def duration_s(self) -> float:
        """Length in s, without the pause before it."""
        return float(self.audio.shape[1] / self.sample_rate_hz)
