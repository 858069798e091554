"""Writing of audio files."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import soundfile
from numpy.typing import NDArray

from mixdown import _checks, _core, loudspeakers
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError
from mixdown.files.broadcast import Broadcast
from mixdown.files.containers import inspect
from mixdown.files.names import shown
from mixdown.files.recordings import Recording
from mixdown.files.tagging import tag_flac
from mixdown.files.tags import Tags
from mixdown.files.wave import STEP_FRAMES, Profile, write_wave

BitDepth = Literal[16, 24, 32]
"""Bits per sample of a file; 32 is floating point."""

Dither = Literal["tpdf", "none"]
"""Noise added before rounding to whole numbers."""

NoiseShaping = Literal["none", "weighted"]
"""Spectrum of the rounding error: flat, or lowest where the ear is most sensitive."""

_FORMATS = {".wav": "WAV", ".flac": "FLAC"}


@_checks.named
def write(
    path: str | os.PathLike[str],
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    bit_depth: BitDepth = 24,
    dither: Dither = "tpdf",
    noise_shaping: NoiseShaping = "none",
    tags: Mapping[str, str] | Tags | None = None,
    profile: Profile | None = None,
    broadcast: Broadcast | None = None,
) -> None:
    """Write an audio file, WAV or FLAC by the ending of its name.

    The file is written beside its place and renamed into it, so that a failure leaves what was there. Where a link
    stands in its place, what it leads to is replaced; permissions of a replaced file are kept.

    Parameters
    ----------
    path : path
        Ends in ``.wav`` or ``.flac``.
    audio : float array, shape (channels, frames) or (frames,), or what :func:`read` returned
        Full scale is 1.0. Samples above are clipped in integer files, with a warning that counts them. Three and
        more channels of a WAV file are written with their channel mask: the loudspeakers of a :class:`Recording`, else
        those of the usual layout of as many channels.
    sample_rate_hz : float
        A whole number of Hz; may be left out for what :func:`read` returned. FLAC takes multiples of 10 Hz above
        65 535 Hz.
    bit_depth : 16, 24 or 32, default 24
        32 is floating point (WAV only): nothing is rounded or clipped.
    dither : "tpdf" or "none", default "tpdf"
        Triangular dither of 2 LSB peak to peak, the same for the same audio in a file of the same name.
    noise_shaping : "none" or "weighted", default "none"
        "weighted" moves the rounding error to where the ear hears least; at 16 bits and 44.1 to 96 kHz alone: the
        error of 24 bits is not heard. By the threshold of hearing it is 15.9 dB quieter than flat dither at 44.1 kHz,
        17.4 at 48, 24.5 at 88.2, 24.9 at 96.
    tags : mapping, optional
        title, artist, album, albumartist, composer, songwriter, genre, date, tracknumber, tracktotal, discnumber,
        disctotal, isrc, barcode, copyright, label, comment, lyrics; cover, the path of a JPEG or PNG file; and what
        :func:`replay_gain_tags` or, for Opus, :func:`r128_tags` returned.
    profile : "archive" or "ingest", optional
        Chunks of a WAV file. "archive": broadcast extension, INFO texts in ASCII, ISRC as EBU Core, and ID3, all before
        the samples. "ingest": what services take without doubt, the format and the samples alone; tags are refused.
        By default ID3 before the samples. Nothing ever follows the samples.
    broadcast : Broadcast, optional
        Broadcast extension of an archive; by default made of the tags, without loudness.

    Raises
    ------
    OSError
        If the file cannot be written.
    ParameterError, ShapeError, TypeError
        For arguments that do not fit; nothing is written then.
    """
    positions = audio.positions if isinstance(audio, Recording) else None
    given, sample_rate_hz = _checks.recording(audio, sample_rate_hz)
    samples = _checks.planar(given)
    file = Path(path)
    check_output(file, sample_rate_hz, samples.shape[0], samples.shape[1], bit_depth, profile)
    known = tags if isinstance(tags, Tags) else Tags.of(tags or {})
    extension = _extension(known, profile, broadcast)
    frames = _quantized(samples, sample_rate_hz, bit_depth, dither, noise_shaping, shown(file.name))
    with _replacing(file) as beside:
        if _FORMATS[file.suffix.lower()] == "FLAC":
            _write_flac(beside, frames, round(sample_rate_hz), bit_depth)
            mask = loudspeakers.mask_of(positions) if positions else None
            if mask is not None and positions != loudspeakers.STANDARD.get(samples.shape[0]):
                known = known.with_text("WAVEFORMATEXTENSIBLE_CHANNEL_MASK", f"0x{mask:X}")
            if known:
                with beside.open("r+b") as target:
                    tag_flac(target, known)
        else:
            positions = positions or loudspeakers.STANDARD.get(samples.shape[0])
            with beside.open("wb") as target:
                write_wave(target, frames, round(sample_rate_hz), bit_depth, positions, known, extension)


def _extension(tags: Tags, profile: Profile | None, broadcast: Broadcast | None) -> Broadcast | None:
    """Return the broadcast extension to write, if any."""
    if broadcast is not None and not isinstance(broadcast, Broadcast):
        raise TypeError(f"broadcast = {_checks.shown(broadcast)} is not a Broadcast")
    if broadcast is not None and profile != "archive":
        raise ParameterError(f"broadcast is given with profile = {profile!r}: only an archive WAV file holds it")
    if profile == "ingest" and tags:
        given = ", ".join([*tags.texts, *["cover"] * bool(tags.pictures)])
        raise ParameterError(f"tags = {given} is not allowed with profile = 'ingest': such a file holds no metadata")
    return (broadcast or Broadcast.of(tags)) if profile == "archive" else None


def check_output(
    path: str | os.PathLike[str],
    sample_rate_hz: float | None = None,
    channels: int | None = None,
    frames: int = 0,
    bit_depth: int = 24,
    profile: Profile | None = None,
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

    Raises
    ------
    OSError
        If its folder is missing, or cannot be written into.
    ParameterError
        For an ending, a rate, a number of channels, a length or a word length that the format does not hold.
    """
    file = Path(path)
    file_format = _FORMATS.get(file.suffix.lower())
    if file_format is None:
        raise ParameterError(f"path = {shown(file)} is not allowed: its name must end in {', '.join(_FORMATS)}")
    bit_depth = _checks.bit_depth(bit_depth)
    if bit_depth == 32 and file_format == "FLAC":
        raise ParameterError("bit_depth = 32 is not allowed: FLAC takes 16 or 24")
    if profile is not None:
        _checks.one_of("profile", profile, get_args(Profile))
        if file_format != "WAV":
            raise ParameterError(f"profile = {profile!r} is not allowed: {file_format} has none, WAV has")
        if profile == "ingest" and bit_depth == 32:
            raise ParameterError("bit_depth = 32 is not allowed: it must be 16 or 24 with profile = 'ingest'")
    if sample_rate_hz is not None:
        sample_rate_hz = _checks.sample_rate(sample_rate_hz, whole=True)
        if file_format == "FLAC" and sample_rate_hz > 65_535 and sample_rate_hz % 10:
            hint = "FLAC takes multiples of 10 Hz above 65535 Hz; WAV takes any"
            raise ParameterError(f"sample_rate_hz = {sample_rate_hz:.0f} is not allowed: {hint}")
    if channels is not None:
        if profile == "ingest" and channels > 2:
            raise ParameterError(f"audio has {channels} channels: profile = 'ingest' takes 1 or 2")
        if file_format == "FLAC" and channels > 8:
            raise ParameterError(f"audio has {channels} channels: FLAC takes 1..8, WAV any number")
        # Sizes in WAV are 32-bit numbers; a little is reserved for the header.
        if file_format == "WAV" and channels * frames * (bit_depth // 8) > 0xFFFF_FFFF - (1 << 24):
            raise ParameterError(
                f"audio has {frames} frames: they do not fit into the 4 GiB of a WAV file, but into FLAC"
            )
    place = Path(os.path.realpath(file))
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    if not place.parent.is_dir():
        reason = errno.ENOTDIR if place.parent.exists() else errno.ENOENT
        raise OSError(reason, os.strerror(reason), str(file))
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """Yield a temporary path beside `file`, and rename it to `file` if nothing failed."""
    # A link stays and points to the new content. The temporary name does not contain the file's, which may be long.
    place = Path(os.path.realpath(file))
    beside = place.with_name(f".mixdown-{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        yield beside
        with beside.open("r+b") as written:
            os.fsync(written.fileno())
        with contextlib.suppress(FileNotFoundError):
            replaced = place.stat()
            with contextlib.suppress(PermissionError, AttributeError):
                os.chown(beside, replaced.st_uid, replaced.st_gid)
            beside.chmod(stat.S_IMODE(replaced.st_mode))
        beside.replace(place)
    except OSError as error:
        # Report the requested file, not the temporary one.
        raise type(error)(error.errno, error.strerror, str(file)) from None
    finally:
        beside.unlink(missing_ok=True)


def replace_file(file: Path, content: bytes) -> None:
    """Replace `file` by `content`, atomically."""
    with _replacing(file) as beside, beside.open("wb") as target:
        target.write(content)


def _quantized(
    audio: Audio, sample_rate_hz: float, bit_depth: int, dither: str, noise_shaping: str, name: str
) -> NDArray[Any]:
    """Round samples to their word length, in rows of frames."""
    _checks.finite(audio)
    dither = _checks.one_of("dither", dither, get_args(Dither))
    noise_shaping = _checks.noise_shaping(noise_shaping, get_args(NoiseShaping), bit_depth)
    if bit_depth == 32:
        return np.asarray(audio, dtype=np.float32).T
    settings = {"bits": bit_depth, "dither": dither, "noise_shaping": noise_shaping}
    whole, clipped = _core.quantize(audio, sample_rate_hz, settings, name)
    if clipped:
        _checks.warn(f"{clipped} samples above full scale were clipped")
    return whole.T


def _write_flac(file: Path, frames: NDArray[Any], sample_rate_hz: int, bit_depth: int) -> None:
    file.touch()
    written = False
    with contextlib.suppress(soundfile.LibsndfileError, AssertionError):
        with soundfile.SoundFile(
            os.fsencode(file), "w", sample_rate_hz, frames.shape[1], f"PCM_{bit_depth}", format="FLAC"
        ) as target:
            for start in range(0, frames.shape[0], STEP_FRAMES):
                # libsndfile takes whole numbers left-aligned in 32 bits.
                target.write(np.left_shift(frames[start : start + STEP_FRAMES], 32 - bit_depth))
        # libsndfile reports no error when the last bytes cannot be written, but then does not complete the header.
        with file.open("rb") as encoded:
            written = (inspect(encoded).promised_frames or 0) == frames.shape[0]
    if not written:
        # It does not report why.
        full = shutil.disk_usage(file.parent).free < frames.nbytes
        reason = errno.ENOSPC if full else errno.EIO
        raise OSError(reason, os.strerror(reason), str(file))
