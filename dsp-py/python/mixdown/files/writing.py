"""Writing of audio files."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core, loudspeakers
from mixdown._checks import Audio, AudioLike, Source
from mixdown._core import ParameterError
from mixdown.files.aiff import write_aiff
from mixdown.files.broadcast import Broadcast
from mixdown.files.containers import inspect
from mixdown.files.encoding import encoded
from mixdown.files.frames import Frames
from mixdown.files.names import shown
from mixdown.files.outputs import Format, check_output, coding_of, format_of
from mixdown.files.recordings import Recording
from mixdown.files.spool import Spool
from mixdown.files.tagging import tag_flac, tagged
from mixdown.files.tags import R128_GAINS, REPLAY_GAINS, Tags
from mixdown.files.wave import Profile, write_wave
from mixdown.loudspeakers import Positions

BitDepth = Literal[16, 24, 32]
"""Bits per sample of a file; 32 is floating point."""

Dither = Literal["tpdf", "none"]
"""Noise added before rounding to whole numbers."""

NoiseShaping = Literal["none", "weighted"]
"""Spectrum of the rounding error: flat, or lowest where the ear is most sensitive."""


@_checks.named
def write(
    path: str | os.PathLike[str],
    audio: Source | Iterator[AudioLike],
    sample_rate_hz: float | None = None,
    *,
    bit_depth: BitDepth = 24,
    dither: Dither = "tpdf",
    noise_shaping: NoiseShaping = "none",
    tags: Mapping[str, str] | Tags | None = None,
    profile: Profile | None = None,
    broadcast: Broadcast | None = None,
    bitrate_kbps: int | None = None,
) -> None:
    """Write an audio file in the format named by its suffix.

    The file is written beside its destination and renamed, so that a failure leaves the old file. Where a link
    is there, its target is replaced; permissions of a replaced file are kept.

    Parameters
    ----------
    path : path
        Ends in ``.wav``, ``.flac``, ``.aiff`` or ``.aif``; or, lossy, in ``.mp3``, ``.ogg`` (Vorbis), ``.opus`` or
        ``.m4a`` (AAC, by ``mixdown[aac]`` or ffmpeg).
    audio : float array, shape (channels, frames) or (frames,), or what :func:`read` returned, or an iterator of blocks
        Full scale is 1.0. Samples above are clipped in integer files, with a warning that counts them. Three and
        more channels of a WAV file are written with their channel mask: the loudspeakers of a :class:`Recording`, else
        those of the usual layout of as many channels. An iterator of such arrays, as :func:`blocks` or
        :meth:`Effect.process_blocks` return one, is written in constant memory, with the bits of all blocks as one
        array, into WAV, FLAC or AIFF; meanwhile the blocks take as much space beside the file.
    sample_rate_hz : float
        A whole number of Hz; may be left out for what :func:`read`, :func:`blocks` or :meth:`Effect.process_blocks`
        returned. FLAC takes multiples of 10 Hz above
        65 535 Hz; lossy formats are written at up to 48 kHz, Opus at 48 kHz always, resampled where needed.
    bit_depth : 16, 24 or 32, default 24
        32 is floating point (WAV only): nothing is rounded or clipped. Lossy formats have no word length: `bit_depth`,
        `dither` and `noise_shaping` do nothing there, and samples above full scale are coded as they are.
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
    bitrate_kbps : int, optional
        Of lossy formats, in kb/s: 320 for MP3 by default, 256 for Vorbis and AAC, 128 for Opus.

    Raises
    ------
    OSError
        If the file cannot be written.
    ParameterError, ShapeError, TypeError
        For arguments that do not fit; nothing is written then.
    ValueError
        If no AAC encoder is installed.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "a.wav")
    ...     md.write(path, np.zeros((2, 480)), 48_000, bit_depth=16, profile="ingest")
    ...     path.stat().st_size
    1964
    """
    if not isinstance(path, (str, os.PathLike)):
        hint = "it must be a str or a pathlib.Path, and comes before audio and rate"
        raise TypeError(f"path = {_checks.shown(path)} is not a path: {hint}")
    file = Path(path)
    if isinstance(audio, Iterator):
        positions: Positions | None = getattr(audio, "positions", None)
        rate_hz = _checks.rate_of_blocks(audio, sample_rate_hz, "audio")
        check_output(file, rate_hz, None, 0, bit_depth, profile, bitrate_kbps)
    else:
        positions = audio.positions if isinstance(audio, Recording) else None
        given, rate_hz = _checks.recording(audio, sample_rate_hz)
        samples = _checks.planar(given)
        check_output(file, rate_hz, samples.shape[0], samples.shape[1], bit_depth, profile, bitrate_kbps)
    known = tags if isinstance(tags, Tags) else Tags.of(tags or {})
    extension = _extension(known, profile, broadcast)
    file_format = format_of(file)
    _check_tags(known, file_format)
    _checks.one_of("dither", dither, get_args(Dither))
    coding = coding_of(file_format, bitrate_kbps, rate_hz)
    if coding is not None:
        _checks.one_of("noise_shaping", noise_shaping, get_args(NoiseShaping))
        if isinstance(audio, Iterator):
            hint = f"blocks are written into WAV, FLAC or AIFF; {file_format.name} takes the audio as one array"
            raise ParameterError(f"path = {shown(file)} is not allowed: {hint}")
        content = encoded(samples, rate_hz, coding).data
        replace_file(file, tagged(content, coding.codec, known))
        return
    container = _Container(file_format, round(rate_hz), bit_depth, positions, known, extension)
    _checks.noise_shaping(noise_shaping, get_args(NoiseShaping), bit_depth)
    rounding = (rate_hz, bit_depth, dither, noise_shaping, shown(file.name))
    if isinstance(audio, Iterator):
        if bit_depth != 32:
            # Before the blocks are made.
            _core.Quantizer(_rounding(bit_depth, dither, noise_shaping), rate_hz, 1, "")
        with Spool(file) as spool:
            spool.take(audio)
            check_output(file, rate_hz, spool.channels, spool.count, bit_depth, profile)
            frames, quantizer = spool.quantized(*rounding)
            container.write(file, frames)
        clipped = 0 if quantizer is None else quantizer.clipped
    else:
        whole, clipped = _quantized(samples, *rounding)
        container.write(file, Frames.of(whole))
    if clipped:
        _checks.warn(f"{clipped} samples above full scale were clipped")


@dataclass(frozen=True)
class _Container:
    """A file without loss, but for its samples."""

    file_format: Format
    rate_hz: int
    bit_depth: int
    positions: Positions | None
    tags: Tags
    extension: Broadcast | None

    def write(self, file: Path, frames: Frames) -> None:
        """Write the file beside its place, and rename it."""
        positions, known = self.positions, self.tags
        with _replacing(file) as beside:
            if self.file_format.name == "FLAC":
                _write_flac(beside, frames, self.rate_hz, self.bit_depth)
                mask = loudspeakers.mask_of(positions) if positions else None
                if mask is not None and positions != loudspeakers.STANDARD.get(frames.channels):
                    known = known.with_text("WAVEFORMATEXTENSIBLE_CHANNEL_MASK", f"0x{mask:X}")
                if known:
                    with beside.open("r+b") as target:
                        tag_flac(target, known)
                return
            with beside.open("wb") as target:
                if self.file_format.name == "AIFF":
                    write_aiff(target, frames, self.rate_hz, self.bit_depth, known)
                else:
                    positions = positions or loudspeakers.STANDARD.get(frames.channels)
                    write_wave(target, frames, self.rate_hz, self.bit_depth, positions, known, self.extension)


#: Largest picture in bytes: FLAC counts a block in 24 bits, its kind and description included.
_PICTURE_BYTES = (1 << 24) - 1024


def _check_tags(tags: Tags, file_format: Format) -> None:
    """Refuse gains of another format, of which players read one kind, and pictures that do not fit."""
    for picture in tags.pictures:
        if len(picture.data) > _PICTURE_BYTES:
            limit = f"files hold at most {_PICTURE_BYTES}"
            raise ParameterError(f"tags['cover'] has {len(picture.data)} bytes: {limit}")
    opus = file_format.name == "Opus"
    for name in REPLAY_GAINS if opus else R128_GAINS:
        if name in tags.texts:
            use = "Opus takes those of r128_tags" if opus else f"{file_format.name} takes those of replay_gain_tags"
            raise ParameterError(f"tags[{name!r}] is not allowed: {use}")


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


def _rounding(bit_depth: int, dither: str, noise_shaping: str) -> dict[str, Any]:
    return {"bits": bit_depth, "dither": dither, "noise_shaping": noise_shaping}


def _quantized(
    audio: Audio, sample_rate_hz: float, bit_depth: int, dither: str, noise_shaping: str, name: str
) -> tuple[NDArray[Any], int]:
    """Round samples to their word length, in rows of frames; return how many were clipped, too."""
    _checks.finite(audio)
    if bit_depth == 32:
        return np.asarray(audio, dtype=np.float32).T, 0
    whole, clipped = _core.quantize(audio, sample_rate_hz, _rounding(bit_depth, dither, noise_shaping), name)
    return whole.T, clipped


def _write_flac(file: Path, frames: Frames, sample_rate_hz: int, bit_depth: int) -> None:
    import soundfile

    file.touch()
    written = False
    with contextlib.suppress(soundfile.LibsndfileError, AssertionError):
        with soundfile.SoundFile(
            os.fsencode(file), "w", sample_rate_hz, frames.channels, f"PCM_{bit_depth}", format="FLAC"
        ) as target:
            for part in frames.parts:
                # libsndfile takes whole numbers left-aligned in 32 bits.
                target.write(np.left_shift(part, 32 - bit_depth))
        # libsndfile reports no error when the last bytes cannot be written, but then does not complete the header.
        with file.open("rb") as encoded:
            written = (inspect(encoded).promised_frames or 0) == frames.count
    if not written:
        # It does not report why.
        full = shutil.disk_usage(file.parent).free < 4 * frames.count * frames.channels
        reason = errno.ENOSPC if full else errno.EIO
        raise OSError(reason, os.strerror(reason), str(file))
