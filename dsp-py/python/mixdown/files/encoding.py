"""Lossy coding of audio: MP3, Ogg Vorbis and Opus by libsndfile, AAC by PyAV or ffmpeg.

Alignment: a decoder gives the first sample of the programme first. Lengths: of MP3, Vorbis and Opus exact, by the Info
tag and the last page; of AAC exact for decoders that follow the edit list to its end, and up to 1023 frames of silence
longer for the others, ffmpeg among them. :func:`decode` gives the exact length of all.

The same audio gives the same bytes: streams of Ogg take their serial number from the audio, where libsndfile draws one.
"""

from __future__ import annotations

import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import Source
from mixdown._core import ParameterError
from mixdown.conversion import at_rate
from mixdown.files import advanced_audio
from mixdown.files.containers.pages import renumbered
from mixdown.files.containers.structure import structure_of
from mixdown.files.recordings import Recording, read

#: Rates of MP3, AAC and, here, Vorbis, in Hz; audio at another one is converted.
_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
#: Bit rates of MP3 in kb/s: of MPEG-1, and of the lower sample rates of MPEG-2 and 2.5 (ISO/IEC 11172-3, 13818-3).
MP3_KBPS = {
    32_000: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    16_000: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    8_000: (8, 16, 24, 32, 40, 48, 56, 64),
}
#: Bit rates of the others in kb/s.
_KBPS = {"vorbis": (32, 500), "opus": (12, 512), "aac": (32, 320)}
#: Names of codecs, as they are given and as they are written.
CODECS = {"mp3": "MP3", "vorbis": "Ogg Vorbis", "opus": "Opus", "aac": "AAC"}

#: Frames coded at a time; Python handles signals in between.
_STEP_FRAMES = 262_144


@dataclass(frozen=True)
class Coding:
    """A codec and its bit rate.

    Attributes
    ----------
    codec : "mp3", "vorbis", "opus" or "aac"
    bitrate_kbps : int
        MP3 holds it exactly; the others on average, over programmes for which it is enough and not too much.
    """

    codec: str
    bitrate_kbps: int

    def __str__(self) -> str:
        return f"{self.codec}:{self.bitrate_kbps}"

    @classmethod
    def of(cls, text: str, name: str = "codec") -> Coding:
        """Return the coding that a text such as "aac:256" names.

        Parameters
        ----------
        text : str
            Name and kb/s.
        name : str
            Of the parameter in errors.

        Returns
        -------
        Coding

        Examples
        --------
        >>> Coding.of("mp3:320").bitrate_kbps
        320
        """
        codec, _, rate = text.partition(":") if isinstance(text, str) else ("", "", "")
        if codec not in CODECS or not rate.isascii() or not rate.isdecimal():
            allowed = f"it must be one of {', '.join(CODECS)}, a colon and kb/s, as aac:256"
            raise ParameterError(f"{name} = {_checks.shown(text)} is not allowed: {allowed}")
        return cls(codec, int(rate))

    def rate_hz(self, sample_rate_hz: float) -> int:
        """Return the rate at which audio of a rate is coded.

        Parameters
        ----------
        sample_rate_hz : float

        Returns
        -------
        int
            The same where the codec takes it, else the next above it; above 48 kHz 44.1 kHz for its multiples, else 48.
            Opus is always coded at 48 kHz: that is what decoders give.

        Examples
        --------
        >>> Coding("aac", 256).rate_hz(88_200), Coding("opus", 128).rate_hz(44_100)
        (44100, 48000)
        """
        if self.codec == "opus":
            return 48_000
        if sample_rate_hz > _RATES_HZ[-1]:
            return 44_100 if sample_rate_hz % 44_100 == 0 else 48_000
        return next(rate for rate in _RATES_HZ if rate >= sample_rate_hz)

    def check(self, sample_rate_hz: float | None = None, channels: int | None = None) -> None:
        """Refuse what cannot be coded, before any work.

        Parameters
        ----------
        sample_rate_hz : float, optional
        channels : int, optional

        Raises
        ------
        ParameterError
            For a bit rate or a number of channels that the codec does not take.
        ValueError
            If there is no encoder.
        """
        kbps = self.bitrate_kbps
        _checks.one_of("codec", self.codec, tuple(CODECS))
        if self.codec == "mp3":
            coded_hz = 48_000 if sample_rate_hz is None else self.rate_hz(sample_rate_hz)
            allowed = next(rates for lowest, rates in MP3_KBPS.items() if coded_hz >= lowest)
            if kbps not in allowed:
                words = ", ".join(map(str, allowed))
                at = "" if sample_rate_hz is None else f" at {coded_hz} Hz"
                raise ParameterError(f"bitrate_kbps = {kbps} is not allowed: MP3{at} takes one of {words}")
        else:
            _checks.whole_number("bitrate_kbps", kbps, *_KBPS[self.codec])
        if channels is not None and channels not in (1, 2):
            raise ParameterError(f"audio has {channels} channels: {CODECS[self.codec]} is written with 1 or 2")
        if self.codec == "aac":
            advanced_audio.encoder()


@dataclass(frozen=True, eq=False)
class Encoded:
    """Coded audio.

    Attributes
    ----------
    data : bytes
        Content of a file.
    sample_rate_hz, frames : int
        What a decoder gives.
    encoder : str
        The program that coded it.
    """

    data: bytes
    sample_rate_hz: int
    frames: int
    encoder: str

    @property
    def bitrate_kbps(self) -> float:
        """Mean bit rate, headers included."""
        return 8 * len(self.data) * self.sample_rate_hz / self.frames / 1_000


def encoded(audio: Source, sample_rate_hz: float | None, coding: Coding) -> Encoded:
    """Code audio in memory.

    Parameters
    ----------
    audio : float array, shape (channels, frames) or (frames,), or what :func:`read` returned
        One or two channels. Samples above full scale are coded as they are.
    sample_rate_hz : float, optional
        May be left out for what :func:`read` returned. See :meth:`Coding.rate_hz`.
    coding : Coding

    Returns
    -------
    Encoded

    Examples
    --------
    >>> import numpy as np
    >>> tone = 0.5 * np.sin(2 * np.pi * 1_000 / 48_000 * np.arange(48_000))
    >>> made = encoded(tone, 48_000, Coding("mp3", 128))
    >>> made.frames, round(made.bitrate_kbps)
    (48000, 135)
    """
    given, rate_hz = _checks.recording(audio, sample_rate_hz)
    samples = _checks.finite(_checks.planar(given))
    coding.check(rate_hz, samples.shape[0])
    coded_hz = coding.rate_hz(rate_hz)
    converted = at_rate(samples, rate_hz, coded_hz)
    frames = np.ascontiguousarray(converted.T, dtype=np.float32)
    if not len(frames):
        raise ParameterError("audio holds no frames: there is nothing to code")
    if coding.codec == "aac":
        data, encoder = advanced_audio.encoded(frames, coded_hz, coding.bitrate_kbps)
    else:
        import soundfile

        data = _by_libsndfile(frames, coded_hz, coding)
        encoder = f"libsndfile {soundfile.__libsndfile_version__}, {CODECS[coding.codec]}"
    return Encoded(data, coded_hz, len(frames), encoder)


def encode(
    path: str | os.PathLike[str], audio: Source, sample_rate_hz: float | None, codec: str, bitrate_kbps: int
) -> Encoded:
    """Write coded audio, whatever the ending of the name.

    Parameters
    ----------
    path : path
        Written as it is: to replace a file in one step, give the name beside it.
    audio, sample_rate_hz
        See :func:`encoded`.
    codec : "mp3", "vorbis", "opus" or "aac"
    bitrate_kbps : int

    Returns
    -------
    Encoded
    """
    made = encoded(audio, sample_rate_hz, Coding(codec, bitrate_kbps))
    Path(path).write_bytes(made.data)
    return made


def decode(source: str | os.PathLike[str] | bytes) -> Recording:
    """Decode an audio file to float, not clipped, to its exact length.

    Parameters
    ----------
    source : path or bytes
        A file or the content of one. AAC is decoded by PyAV where that is installed, else by ffmpeg.

    Returns
    -------
    Recording
    """
    if isinstance(source, bytes):
        with tempfile.NamedTemporaryFile() as file:
            file.write(source)
            file.flush()
            return decode(file.name)
    path = Path(source)
    with path.open("rb") as file:
        sound = structure_of(file).sound
    frames = None if sound is None else sound.edit_frames
    decoded = None if sound is None else advanced_audio.decoded(path)
    audio, rate_hz = read(path) if decoded is None else decoded
    return Recording(audio if frames is None else np.ascontiguousarray(audio[:, :frames]), rate_hz)


def _by_libsndfile(frames: NDArray[np.float32], rate_hz: int, coding: Coding) -> bytes:
    kbps, channels = coding.bitrate_kbps, frames.shape[1]
    if coding.codec == "mp3":
        low, high = next((rates[0], rates[-1]) for lowest, rates in MP3_KBPS.items() if rate_hz >= lowest)
        return _written(frames, rate_hz, "MP3", "MPEG_LAYER_III", (high - kbps) / (high - low), bitrate_mode="CONSTANT")
    if coding.codec == "opus":
        # libsndfile spreads the levels 1..0 over 6..256 kb/s per channel.
        level = 1 - (kbps / channels - 6) / 250
        data = _written(frames, rate_hz, "OGG", "OPUS", min(max(level, 0.0), 1.0))
    else:
        data = _written(frames, rate_hz, "OGG", "VORBIS", _vorbis_level(rate_hz, channels, kbps))
    return renumbered(data, coding.codec, frames)


def _vorbis_level(rate_hz: int, channels: int, kbps: int) -> float:
    """Return the level at which the encoder states a nominal bit rate, by bisection of its headers."""
    low, high = 0.0, 1.0
    silence = np.zeros((1, channels), np.float32)
    for _ in range(12):
        level = (low + high) / 2
        header = _written(silence, rate_hz, "OGG", "VORBIS", level)
        # The identification header follows the first page's head of 28 bytes: the nominal rate is at 20 in it.
        nominal = int.from_bytes(header[48:52], "little", signed=True)
        low, high = (level, high) if nominal > 1_000 * kbps else (low, level)
    return high


def _written(
    frames: NDArray[np.float32], rate_hz: int, file_format: str, subtype: str, level: float, **settings: Any
) -> bytes:
    import soundfile

    content = io.BytesIO()
    with soundfile.SoundFile(
        content,
        "w",
        rate_hz,
        frames.shape[1],
        subtype,
        format=file_format,
        compression_level=level,
        **settings,
    ) as target:
        for start in range(0, len(frames), _STEP_FRAMES):
            target.write(frames[start : start + _STEP_FRAMES])
    return content.getvalue()
