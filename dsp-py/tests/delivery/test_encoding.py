"""Lossy coding: lengths, alignment, bit rates, the same bytes, and what is refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from judges import judge
from mixdown.files import advanced_audio
from mixdown.files.encoding import Coding, decode, encode, encoded

RATE_HZ = 44_100
FRAMES = 100_001
CODINGS = ("mp3:320", "mp3:128", "vorbis:160", "opus:128", "aac:256")
#: Share of a kb/s that headers, padding and a variable rate may take in 2.3 s.
BITRATE = {"mp3": 0.04, "vorbis": 0.4, "opus": 0.15, "aac": 0.1}


def programme(rate_hz: int = RATE_HZ, frames: int = FRAMES) -> np.ndarray:
    """Decaying chirps and clicks of noise: no two places are alike."""
    random, times = np.random.default_rng(4), np.arange(frames) / rate_hz
    chirp = 0.3 * np.sin(2 * np.pi * (200 + 300 * times) * times) * np.exp(-(times * 3 % 1) * 3)
    return np.stack([chirp + 0.1 * random.standard_normal(frames) * np.exp(-(times * 2 % 1) * 20) for _ in "LR"])


def delay_frames(before: np.ndarray, after: np.ndarray) -> int:
    size = 1 << (2 * before.shape[1]).bit_length()
    product = np.fft.rfft(after[0], size) * np.conj(np.fft.rfft(before[0], size))
    found = int(np.argmax(np.fft.irfft(product)))
    return found if found < size // 2 else found - size


@pytest.fixture(params=["PyAV", "ffmpeg"])
def aac(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "PyAV":
        pytest.importorskip("av", reason="PyAV is not installed")
    else:
        if shutil.which("ffmpeg") is None:
            pytest.skip("ffmpeg is not installed")
        monkeypatch.setattr(advanced_audio, "_pyav", lambda: None)
    return str(request.param)


@pytest.fixture(params=CODINGS)
def codec(request: pytest.FixtureRequest) -> str:
    if request.param.startswith("aac"):
        try:
            advanced_audio.encoder()
        except ValueError:
            pytest.skip("neither PyAV nor ffmpeg is installed")
    return str(request.param)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_length_and_place_are_those_of_the_programme(codec: str, rate_hz: int) -> None:
    made = encoded(programme(rate_hz), rate_hz, Coding.of(codec))
    audio, decoded_hz = decode(made.data)
    before = md.resample(programme(rate_hz), rate_hz, decoded_hz)
    assert decoded_hz == made.sample_rate_hz == (44_100 if rate_hz == 44_100 and "opus" not in codec else 48_000)
    assert audio.shape == before.shape
    assert delay_frames(before, audio) == 0
    error_db = 10 * np.log10(np.mean((audio - before) ** 2) / np.mean(before**2))
    assert -40 < error_db < -14


def test_aac_by_either_program(aac: str) -> None:
    made = encoded(programme(), RATE_HZ, Coding("aac", 256))
    assert (aac == "PyAV") == made.encoder.startswith("PyAV")
    audio, _ = decode(made.data)
    assert audio.shape[1] == made.frames == FRAMES
    assert delay_frames(programme(), audio) == 0


def test_the_bit_rate_is_the_one_asked_for(codec: str) -> None:
    made, coding = encoded(programme(), RATE_HZ, Coding.of(codec)), Coding.of(codec)
    assert made.bitrate_kbps == pytest.approx(coding.bitrate_kbps, rel=BITRATE[coding.codec])


def test_the_same_audio_gives_the_same_bytes(codec: str) -> None:
    first, second = (encoded(programme(), RATE_HZ, Coding.of(codec)).data for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("codec", "program"), [("opus:128", "opusinfo"), ("vorbis:160", "ffmpeg")])
def test_pages_with_their_own_serial_number_are_whole(codec: str, program: str, tmp_path: Path) -> None:
    """A wrong checksum loses a page: a decoder that we did not write must find every one."""
    file, coding = tmp_path / "coded.ogg", Coding.of(codec)
    encode(file, programme(48_000), 48_000, coding.codec, coding.bitrate_kbps)
    if program == "opusinfo":
        said = judge("opusinfo", str(file)).stdout
        assert "Playback length: 0m:02.083s" in said
        assert "WARNING" not in said
    else:
        done = judge("ffmpeg", "-nostdin", "-v", "warning", "-i", str(file), "-f", "null", "-")
        assert done.stderr == ""


def test_peaks_above_full_scale_stay() -> None:
    loud = 1.5 * np.sin(2 * np.pi * 997 / 48_000 * np.arange(48_000))[np.newaxis]
    for codec in ("mp3:320", "vorbis:256"):
        audio, _ = decode(encoded(loud, 48_000, Coding.of(codec)).data)
        assert np.abs(audio).max() > 1.45


@pytest.mark.parametrize(
    ("coding", "channels", "said"),
    [
        (Coding("mp3", 130), 2, "bitrate_kbps = 130 is not allowed: MP3 at 44100 Hz takes one of 32, 40, "),
        (Coding("vorbis", 9_000), 2, "bitrate_kbps = 9000 is out of range: it must lie in 32..500"),
        (Coding("opus", 128), 6, "audio has 6 channels: Opus is written with 1 or 2"),
    ],
)
def test_what_a_codec_does_not_take_is_refused(coding: Coding, channels: int, said: str) -> None:
    with pytest.raises(md.ParameterError, match=said):
        encoded(np.zeros((channels, 4_410)), RATE_HZ, coding)


@pytest.mark.parametrize("text", ["aac", "wma:128", "aac:", "aac:-3", "aac:²", 3])
def test_words_that_name_no_coding_are_refused(text: str) -> None:
    with pytest.raises(md.ParameterError, match=r"codec = .* is not allowed: it must be one of mp3, vorbis, opus, aac"):
        Coding.of(text)


def test_without_an_encoder_of_aac_both_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advanced_audio, "_pyav", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ValueError, match=r"pip install 'mixdown\[aac\]', or install ffmpeg"):
        encoded(np.zeros((2, 4_410)), RATE_HZ, Coding("aac", 256))
