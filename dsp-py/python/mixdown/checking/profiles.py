"""What services take: their ingest specifications as data, with source and date."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, SupportsIndex, TypeAlias, overload

from mixdown import _checks
from mixdown._tables import aligned
from mixdown.display.html import Shown

Metadata: TypeAlias = Literal["any", "no ID3", "none"]
"""Metadata that a file may hold."""


@dataclass(frozen=True, repr=False)
class Profile(Shown):
    """Delivery requirements of a service. Empty tuples, 0 and inf set no limit.

    Attributes
    ----------
    name : str
    formats : tuple of str
        Containers and codings that are taken, as "WAV PCM", "FLAC", "MP4 ALAC", "MP3".
    preferred : tuple of str
        Those of them that the service prefers.
    format_codes : tuple of int
        Of WAV.
    data_last : bool
        Nothing may stand behind the samples of a WAV.
    metadata : "any", "no ID3" or "none"
        What may be embedded.
    rates_hz : tuple of int
        Sample rates that alone are taken.
    min_rate_hz, max_rate_hz : float
    better_rates_hz : tuple of int
        Recommended.
    bits : tuple of int
        Word lengths that alone are taken.
    better_bits : int
        Recommended, at least.
    channels : tuple of int
    min_lossy_kbps : float
        Of lossy formats.
    min_s, max_s : float
        Length of the programme.
    max_silence_s : float
        At either end.
    names : str
        Regular expression of the file's name without its ending.
    sectors : bool
        Whether a length that is no multiple of 588 frames is worth a note.
    source, date : str
        Source of the figures, and the date of reading. [C] at its beginning marks what was chosen: then nothing is a
        fault, at most a warning.

    Examples
    --------
    >>> import mixdown as md
    >>> spotify = next(profile for profile in md.profiles() if profile.name == "spotify")
    >>> spotify.min_rate_hz, spotify.bits
    (44100, (16, 24))
    """

    name: str
    formats: tuple[str, ...]
    source: str
    date: str
    preferred: tuple[str, ...] = ()
    format_codes: tuple[int, ...] = ()
    data_last: bool = False
    metadata: Metadata = "any"
    rates_hz: tuple[int, ...] = ()
    min_rate_hz: float = 0.0
    max_rate_hz: float = math.inf
    better_rates_hz: tuple[int, ...] = ()
    bits: tuple[int, ...] = ()
    better_bits: int = 0
    channels: tuple[int, ...] = (2,)
    min_lossy_kbps: float = 0.0
    min_s: float = 0.0
    max_s: float = math.inf
    max_silence_s: float = math.inf
    names: str = ""
    sectors: bool = False

    def __repr__(self) -> str:
        rates = f"{', '.join(map(str, self.rates_hz))} Hz" if self.rates_hz else ""
        if not rates and (self.min_rate_hz or math.isfinite(self.max_rate_hz)):
            rates = f"{self.min_rate_hz:g}..{self.max_rate_hz:g} Hz"
        bits = f"{' or '.join(map(str, self.bits))} bit" if self.bits else ""
        return f"<Profile {self.name}: {'; '.join(filter(None, (', '.join(self.formats), rates, bits)))}>"


_READ = "2026-11-28"
_PROFILES = (
    Profile(
        "spotify",
        ("FLAC", "WAV PCM"),
        "[P] support.spotify.com, audio file formats; providersupport.spotify.com, building a package",
        _READ,
        preferred=("FLAC",),
        format_codes=(1,),
        data_last=True,
        min_rate_hz=44_100,
        bits=(16, 24),
    ),
    Profile(
        "apple",
        ("WAV PCM", "FLAC", "MP4 ALAC", "ALAC"),
        "[P] itunespartner.apple.com, music requirements; of the badge for masters: masteringsong.com",
        _READ,
        min_rate_hz=44_100,
        better_bits=24,
    ),
    Profile(
        "youtube",
        ("FLAC", "WAV PCM", "AIFF PCM", "MP3", "MP4 AAC", "Ogg Vorbis", "Ogg Opus"),
        "[P] support.google.com/youtube/answer/6039860",
        _READ,
        preferred=("FLAC", "WAV PCM", "AIFF PCM"),
        better_rates_hz=(44_100, 48_000),
        better_bits=24,
        min_lossy_kbps=256,
    ),
    Profile(
        "cdbaby",
        ("WAV PCM", "FLAC"),
        "[P] support.cdbaby.com, 204498645",
        _READ,
        rates_hz=(44_100,),
        bits=(16,),
        names="[A-Za-z0-9_-]+",
    ),
    Profile(
        "symphonic",
        ("WAV PCM", "FLAC"),
        "[P] support.symdistro.com, 213074303",
        _READ,
        rates_hz=(44_100,),
        bits=(16,),
        metadata="none",
    ),
    Profile(
        "soundcloud",
        ("WAV PCM", "FLAC", "MP3"),
        "[P] help.soundcloud.com, 360051779033 (its mastering)",
        _READ,
        max_rate_hz=88_200,
        bits=(16, 24),
        channels=(1, 2),
    ),
    Profile(
        "distributor",
        ("WAV PCM", "FLAC"),
        "[C] after audiomaze and musicmyband",
        _READ,
        min_rate_hz=44_100,
        bits=(16, 24),
        metadata="no ID3",
        min_s=30.0,
        max_silence_s=10.0,
    ),
    Profile(
        "cd",
        ("WAV PCM",),
        "[P] IEC 60908",
        "1999",
        format_codes=(1,),
        rates_hz=(44_100,),
        bits=(16,),
        min_s=4.0,
        # 79 minutes, 57 seconds.
        max_s=4_797.0,
        sectors=True,
    ),
    Profile(
        "vinyl",
        ("WAV PCM", "WAV float", "AIFF PCM", "FLAC"),
        "[C] the cutting engineer takes it before the loud limiter, at 24 bits",
        _READ,
        min_rate_hz=44_100,
        better_bits=24,
    ),
)


class Profiles(Shown, tuple[Profile, ...]):
    """Ingest profiles, by position and by name, printed as a table."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> Profile: ...
    @overload
    def __getitem__(self, key: slice, /) -> tuple[Profile, ...]: ...
    @overload
    def __getitem__(self, key: str, /) -> Profile: ...
    def __getitem__(self, key: SupportsIndex | slice | str, /) -> Profile | tuple[Profile, ...]:
        if isinstance(key, str):
            return _checks.by_name("profile", key, {profile.name: profile for profile in self})
        return super().__getitem__(key)

    def __contains__(self, key: object, /) -> bool:
        """Whether a profile, or one of this name, is among them."""
        return any(profile.name == key for profile in self) if isinstance(key, str) else super().__contains__(key)

    def __repr__(self) -> str:
        rows = [("profile", "formats", "Hz", "bits", "as of", "source")]
        for profile in self:
            rates = ", ".join(map(str, profile.rates_hz)) or (
                f"from {profile.min_rate_hz:g}" if profile.min_rate_hz else "-"
            )
            bits = ", ".join(map(str, profile.bits)) or "-"
            rows.append((profile.name, ", ".join(profile.formats), rates, bits, profile.date, profile.source))
        return aligned(rows, left=len(rows[0]))


def profiles() -> Profiles:
    """Return the ingest profiles.

    Services change their requirements; these are presets with their source and its date. Where no official
    figure was found there is no profile: for "distributor" the figures are chosen.

    Returns
    -------
    tuple of Profile
        Prints as a table.

    Examples
    --------
    >>> import mixdown as md
    >>> md.profiles()["cdbaby"].rates_hz
    (44100,)
    """
    return Profiles(_PROFILES)


ProfilesLike: TypeAlias = str | Profile | Iterable[str | Profile]
"""Names of profiles, or your own profiles."""


def profiles_of(given: ProfilesLike) -> tuple[Profile, ...]:
    """Return profiles by their names, in any case, and those given as they are.

    Raises
    ------
    ParameterError
        For an unknown name, with all known ones.
    """
    known = {profile.name: profile for profile in _PROFILES}
    if isinstance(given, (str, Profile)):
        given = (given,)
    found = []
    for item in _checks.items("profiles", given, "names or profiles"):
        found.append(item if isinstance(item, Profile) else _checks.by_name("profiles", item, known))
    return tuple(dict.fromkeys(found))
