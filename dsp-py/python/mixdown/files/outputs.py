"""Formats that are written, by the endings of names, and what they hold."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.files.encoding import MP3_KBPS, Coding
from mixdown.files.names import shown
from mixdown.files.wave import Profile


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes
    ----------
    name : str
    bit_depths : tuple of int
        Word lengths; empty for lossy formats, which have none.
    codec : str
        Of lossy formats, as :class:`Coding` names it.
    default_kbps : int
        Of lossy formats.
    """

    name: str
    bit_depths: tuple[int, ...] = ()
    codec: str = ""
    default_kbps: int = 0


_AIFF = Format("AIFF", (16, 24))
#: Formats by the ending of the name.
FORMATS = {
    ".wav": Format("WAV", (16, 24, 32)),
    ".flac": Format("FLAC", (16, 24)),
    ".aiff": _AIFF,
    ".aif": _AIFF,
    ".mp3": Format("MP3", codec="mp3", default_kbps=320),
    ".ogg": Format("Ogg Vorbis", codec="vorbis", default_kbps=256),
    ".opus": Format("Opus", codec="opus", default_kbps=128),
    ".m4a": Format("M4A", codec="aac", default_kbps=256),
}


def format_of(file: Path) -> Format:
    """Return the format that the ending of a name asks for."""
    found = FORMATS.get(file.suffix.lower())
    if found is None:
        raise ParameterError(f"path = {shown(file)} is not allowed: its name must end in {', '.join(FORMATS)}")
    return found


def coding_of(file_format: Format, bitrate_kbps: int | None, sample_rate_hz: float | None) -> Coding | None:
    """Return the coding of a lossy format, None of others, for which a bit rate is refused."""
    if not file_format.codec:
        if bitrate_kbps is not None:
            raise ParameterError(
                f"bitrate_kbps = {_checks.shown(bitrate_kbps)} is not allowed: {file_format.name} has none"
            )
        return None
    if bitrate_kbps is not None:
        return Coding(file_format.codec, _checks.whole_number("bitrate_kbps", bitrate_kbps))
    coding = Coding(file_format.codec, file_format.default_kbps)
    if file_format.codec == "mp3" and sample_rate_hz is not None:
        # Low sample rates have lower bit rates.
        coded_hz = coding.rate_hz(sample_rate_hz)
        return Coding("mp3", next(rates[-1] for lowest, rates in MP3_KBPS.items() if coded_hz >= lowest))
    return coding


def check_output(
    path: str | os.PathLike[str],
    sample_rate_hz: float | None = None,
    channels: int | None = None,
    frames: int = 0,
    bit_depth: int = 24,
    profile: Profile | None = None,
    bitrate_kbps: int | None = None,
) -> None:
    """Refuse what :func:`write` would refuse, before any work is done.

    Parameters
    ----------
    path : path
    sample_rate_hz : float, optional
    channels : int, optional
        Not checked where they are not known yet.
    frames : int, default 0
        0 where the length is not known yet.
    bit_depth : int, default 24
    profile : "archive" or "ingest", optional
    bitrate_kbps : int, optional

    Raises
    ------
    OSError
        If its folder is missing, or cannot be written into.
    ParameterError
        For an ending, a rate, a number of channels, a length or a word length that the format does not hold.
    ValueError
        If there is no encoder for the format.
    """
    file = Path(path)
    file_format = format_of(file)
    bit_depth = _checks.bit_depth(bit_depth)
    if file_format.bit_depths and bit_depth not in file_format.bit_depths:
        taken = " or ".join(map(str, file_format.bit_depths))
        raise ParameterError(f"bit_depth = {bit_depth} is not allowed: {file_format.name} takes {taken}")
    _check_profile(file_format, profile, bit_depth)
    if sample_rate_hz is not None:
        sample_rate_hz = _checks.sample_rate(sample_rate_hz, whole=True)
        if file_format.name == "FLAC" and sample_rate_hz > 65_535 and sample_rate_hz % 10:
            hint = "FLAC takes multiples of 10 Hz above 65535 Hz; WAV takes any"
            raise ParameterError(f"sample_rate_hz = {sample_rate_hz:.0f} is not allowed: {hint}")
    coding = coding_of(file_format, bitrate_kbps, sample_rate_hz)
    if coding is not None:
        coding.check(sample_rate_hz, channels)
    if channels is not None:
        _check_size(file_format, profile, channels, frames, bit_depth)
    check_folder(file)


def check_folder(file: Path) -> None:
    """Refuse a place that no file can be written to: a folder, or one without a folder around it."""
    place = Path(os.path.realpath(file))
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    if not place.parent.is_dir():
        reason = errno.ENOTDIR if place.parent.exists() else errno.ENOENT
        raise OSError(reason, os.strerror(reason), str(file))
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))


def _check_profile(file_format: Format, profile: Profile | None, bit_depth: int) -> None:
    if profile is None:
        return
    _checks.one_of("profile", profile, get_args(Profile))
    if file_format.name != "WAV":
        raise ParameterError(f"profile = {profile!r} is not allowed: {file_format.name} has none, WAV has")
    if profile == "ingest" and bit_depth == 32:
        raise ParameterError("bit_depth = 32 is not allowed: it must be 16 or 24 with profile = 'ingest'")


def _check_size(file_format: Format, profile: Profile | None, channels: int, frames: int, bit_depth: int) -> None:
    name = file_format.name
    if profile == "ingest" and channels > 2:
        raise ParameterError(f"audio has {channels} channels: profile = 'ingest' takes 1 or 2")
    if name == "FLAC" and channels > 8:
        raise ParameterError(f"audio has {channels} channels: FLAC takes 1..8, WAV any number")
    # Sizes in WAV and AIFF are 32-bit numbers; a little is reserved for the header.
    if name in ("WAV", "AIFF") and channels * frames * (bit_depth // 8) > 0xFFFF_FFFF - (1 << 24):
        article = "a WAV" if name == "WAV" else "an AIFF"
        raise ParameterError(
            f"audio has {frames} frames: they do not fit into the 4 GiB of {article} file; FLAC holds them"
        )
