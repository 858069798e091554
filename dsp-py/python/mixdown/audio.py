"""Audio files and number formats: read, write, convert."""

from __future__ import annotations

import io
import os
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import mutagen.flac
import mutagen.id3
import mutagen.wave
import numpy as np
import soundfile
import soxr
from numpy.typing import ArrayLike, NDArray

from mixdown import _core
from mixdown._core import ParameterError, ShapeError

#: Audio in memory: shape ``(channels, frames)`` or ``(frames,)``.
Audio = NDArray[np.float32] | NDArray[np.float64]

BitDepth = Literal[16, 24, 32]
"""Bits per sample of a file; 32 is floating point."""

Dither = Literal["tpdf", "none"]
"""What whole numbers are rounded with."""

#: File name endings that :func:`read` is asked to try in folders.
READABLE = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")

_FORMATS = {".wav": "WAV", ".flac": "FLAC"}

#: Tag names and their ID3 frames; FLAC takes the names as they are.
_ID3_FRAMES: dict[str, type[mutagen.id3.TextFrame]] = {
    "title": mutagen.id3.TIT2,
    "artist": mutagen.id3.TPE1,
    "album": mutagen.id3.TALB,
    "albumartist": mutagen.id3.TPE2,
    "composer": mutagen.id3.TCOM,
    "genre": mutagen.id3.TCON,
    "date": mutagen.id3.TDRC,
    "tracknumber": mutagen.id3.TRCK,
    "isrc": mutagen.id3.TSRC,
    "copyright": mutagen.id3.TCOP,
}


def read(path: str | os.PathLike[str]) -> tuple[NDArray[np.float32], float]:
    """Read an audio file: WAV, FLAC, AIFF, Ogg, MP3.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    audio : float32 array, shape (channels, frames)
        Full scale is 1.0; decoded MP3 and Ogg may go above and are never clipped.
    sample_rate_hz : float

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not an audio file, or holds no audio.
    """
    file = Path(path)
    with file.open("rb"):
        pass
    try:
        audio, rate = soundfile.read(file, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{file}: not a readable audio file ({error.error_string.strip(' .')})") from None
    if audio.shape[0] == 0:
        raise ValueError(f"{file}: holds no audio (0 frames)")
    return np.ascontiguousarray(audio.T), float(rate)


def to_float(audio: ArrayLike, *, bit_depth: int | None = None) -> NDArray[np.float32]:
    """Convert whole numbers to float32 with full scale 1.0.

    Parameters
    ----------
    audio : array of whole numbers, any shape
        Signed, or unsigned 8 bit around 128.
    bit_depth : int, optional
        Bits that full scale stands for; by default those of the format. 24 for 24-bit values kept in int32.

    Returns
    -------
    float32 array
        ``audio / 2**(bit_depth - 1)``.
    """
    numbers = np.asarray(audio)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"audio is {numbers.dtype}: to_float takes whole numbers")
    if numbers.dtype == np.uint8:
        numbers = numbers.astype(np.int16) - 128
        bit_depth = bit_depth or 8
    elif numbers.dtype.kind == "u":
        raise TypeError(f"audio is {numbers.dtype}: unsigned samples are 8 bit")
    bits = bit_depth or 8 * numbers.dtype.itemsize
    if not 2 <= bits <= 8 * max(numbers.dtype.itemsize, 2):
        raise ParameterError(f"bit_depth = {bits} is out of range: it must lie in 2..{8 * numbers.dtype.itemsize}")
    return (numbers / float(2 ** (bits - 1))).astype(np.float32)


def write(
    path: str | os.PathLike[str],
    audio: ArrayLike,
    sample_rate_hz: float,
    *,
    bit_depth: BitDepth = 24,
    dither: Dither = "tpdf",
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write an audio file, WAV or FLAC by the ending of its name.

    The file is written beside its place and renamed into it, so that a failure leaves what was there.

    Parameters
    ----------
    path : path
        Ends in ``.wav`` or ``.flac``.
    audio : float array, shape (channels, frames) or (frames,)
        Full scale is 1.0. What lies above is clipped in whole-number files, with a warning that counts it.
    sample_rate_hz : float
        A whole number of Hz.
    bit_depth : 16, 24 or 32, default 24
        32 is floating point (WAV only): nothing is rounded or clipped.
    dither : "tpdf" or "none", default "tpdf"
        Triangular dither of 2 LSB peak to peak, the same for the same audio.
    tags : mapping, optional
        title, artist, album, albumartist, composer, genre, date, tracknumber, isrc, copyright.

    Raises
    ------
    OSError
        If the file cannot be written.
    ParameterError, ShapeError, TypeError
        For what does not fit; nothing is written then.
    """
    file = Path(path)
    if file.suffix.lower() not in _FORMATS:
        endings = ", ".join(_FORMATS)
        raise ParameterError(f"path = {file} is not allowed: its name must end in {endings}")
    encoded = _encode(planar(audio), sample_rate_hz, _FORMATS[file.suffix.lower()], bit_depth, dither)
    if tags:
        _tag(encoded, _FORMATS[file.suffix.lower()], tags)
    replace_file(file, encoded.getvalue())


def replace_file(file: Path, content: bytes) -> None:
    """Put `content` in the place of `file`: wholly, or not at all."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        # Tell of the file that was asked for, not of the one beside it.
        raise type(error)(error.errno, error.strerror, str(file)) from None
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def planar(audio: ArrayLike) -> Audio:
    """Return audio as an array of shape (channels, frames), or refuse what is none."""
    samples = np.asarray(audio)
    if samples.dtype not in (np.float32, np.float64):
        raise TypeError(f"audio is {samples.dtype}: audio is float32 or float64; mixdown.to_float converts")
    if samples.ndim == 1:
        samples = samples[np.newaxis]
    if samples.ndim != 2 or not 1 <= samples.shape[0] <= 64:
        hint = "; if its rows are frames, pass audio.T" if samples.ndim == 2 and samples.shape[0] > 64 else ""
        raise ShapeError(f"audio has shape {samples.shape}: it must be (channels, frames), 1..64 channels{hint}")
    return samples


def _encode(audio: Audio, sample_rate_hz: float, file_format: str, bit_depth: int, dither: str) -> io.BytesIO:
    if sample_rate_hz != round(sample_rate_hz) or not 8_000 <= sample_rate_hz <= 384_000:
        raise ParameterError(f"sample_rate_hz = {sample_rate_hz} is not allowed: whole Hz, 8000..384000")
    bad = audio.size - int(np.count_nonzero(np.isfinite(audio)))
    if bad:
        raise ParameterError(f"audio holds {bad} non-finite samples")
    if bit_depth == 32:
        if file_format == "FLAC":
            raise ParameterError("bit_depth = 32 is not allowed: FLAC takes 16 or 24")
        frames, subtype = np.asarray(audio, dtype=np.float32).T, "FLOAT"
    elif bit_depth in (16, 24):
        whole, clipped = _core.quantize(audio, bit_depth, dither)
        if clipped:
            warnings.warn(f"{clipped} samples above full scale were clipped", RuntimeWarning, stacklevel=3)
        # libsndfile takes whole numbers left-aligned in 32 bits.
        frames, subtype = np.left_shift(whole, 32 - bit_depth).T, f"PCM_{bit_depth}"
    else:
        raise ParameterError(f"bit_depth = {bit_depth} is not allowed: it must be 16, 24 or 32")
    encoded = io.BytesIO()
    soundfile.write(encoded, frames, round(sample_rate_hz), subtype=subtype, format=file_format)
    return encoded


def _tag(encoded: io.BytesIO, file_format: str, tags: Mapping[str, str]) -> None:
    unknown = sorted(set(tags) - set(_ID3_FRAMES))
    if unknown:
        raise ParameterError(f"tags has no {unknown[0]}: known are {', '.join(_ID3_FRAMES)}")
    encoded.seek(0)
    file: Any
    if file_format == "FLAC":
        file = cast(Any, mutagen.flac.FLAC)(encoded)
        for name, text in tags.items():
            file[name] = text
    else:
        file = cast(Any, mutagen.wave.WAVE)(encoded)
        file.add_tags()
        for name, text in tags.items():
            file.tags.add(_ID3_FRAMES[name](encoding=3, text=text))
    encoded.seek(0)
    file.save(encoded)


def resample(audio: Audio, from_hz: float, to_hz: float) -> Audio:
    """Convert the sample rate by soxr at its highest quality.

    Parameters
    ----------
    audio : array, shape (channels, frames)
    from_hz, to_hz : float

    Returns
    -------
    array
        Of the same format; the audio itself if the rates are equal.
    """
    if from_hz == to_hz:
        return audio
    converted: Audio = np.ascontiguousarray(soxr.resample(audio.T, from_hz, to_hz, quality="VHQ").T)
    return converted


def common_rate_hz(rates_hz: list[float]) -> float:
    """Return the rate most sources have; of several, the highest."""
    counts = Counter(rates_hz)
    return max(counts, key=lambda rate: (counts[rate], rate))
