"""The codec preview: peaks, overs, loudness and what is cut off, of made signals and of a real song."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from mixdown.files import advanced_audio
from running import call
from signals import RATE_HZ

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")
FOLDER = Path(_FOLDER or ".")


def loud(seconds: float = 3.0) -> np.ndarray:
    """Clipped noise in two channels, just below full scale: every codec overshoots."""
    noise = 0.6 * np.random.default_rng(3).standard_normal((2, round(seconds * RATE_HZ)))
    return np.clip(noise, -0.95, 0.95)


def test_a_loud_programme_comes_back_above_full_scale() -> None:
    report = md.codec_preview(loud(), RATE_HZ, codec="mp3:128")
    assert report.audio.shape == (2, 3 * RATE_HZ)
    assert report.audio.dtype == np.float64
    assert report.sample_rate_hz == RATE_HZ
    measured = md.loudness(report.audio, RATE_HZ, precision="reference")
    assert report.true_peak_dbtp == pytest.approx(measured.true_peak_dbtp, abs=1e-6)
    assert report.integrated_lufs == pytest.approx(measured.integrated_lufs, abs=1e-6)
    assert report.rise_db == pytest.approx(report.true_peak_dbtp - report.before.true_peak_dbtp)
    over = np.abs(report.audio).max(axis=0) > 1
    assert report.overs == np.count_nonzero(np.diff(np.flatnonzero(over), prepend=-RATE_HZ) > RATE_HZ / 1000)
    assert over[round(report.overs_at_s[0] * RATE_HZ)]
    assert len(report.overs_at_s) == min(report.overs, 100)
    assert 15_500 < report.cutoff_hz < 17_500
    assert 125 < report.bitrate_kbps < 140
    assert "samples exceed full scale" in report.message


def test_a_quiet_programme_does_not() -> None:
    report = md.codec_preview(0.1 * loud()[0], RATE_HZ, codec="vorbis:256")
    assert report.audio.shape == (3 * RATE_HZ,)
    assert (report.overs, report.overs_at_s, report.cutoff_hz) == (0, (), None)
    assert "no sample exceeds full scale" in report.message
    assert -40 < report.error_db < -5


def test_a_programme_that_was_cut_before_is_not_cut_by_the_codec() -> None:
    once = md.codec_preview(loud(), RATE_HZ, codec="mp3:128")
    assert once.cutoff_hz is not None
    assert md.codec_preview(once.audio, RATE_HZ, codec="vorbis:500").cutoff_hz is None


def test_rates_that_a_codec_does_not_take() -> None:
    report = md.codec_preview((md.resample(loud(), RATE_HZ, 88_200), 88_200), codec="mp3:320")
    assert (report.sample_rate_hz, report.audio.shape) == (44_100, (2, 3 * 44_100))
    assert report.audio.dtype == np.float64


def test_silence() -> None:
    report = md.codec_preview(np.zeros((1, RATE_HZ), np.float32), RATE_HZ, codec="mp3:128")
    assert (report.rise_db, report.overs, report.error_db) == (0, 0, None)
    assert report.message == "mp3:128: the programme is silent."
    assert json.dumps(report.to_dict(), allow_nan=False)
    assert report.plot()


def test_views() -> None:
    report = md.codec_preview(loud(), RATE_HZ, codec="opus:96")
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert told["after"]["true_peak_dbtp"] == report.true_peak_dbtp
    assert told["codec"] == "opus:96"
    assert repr(report).startswith("<CodecReport opus:96: ")
    rows = [line.split() for line in report.table().splitlines()]
    peaks = [f"{report.before.true_peak_dbtp:.2f}", f"{report.true_peak_dbtp:.2f}", f"{report.rise_db:+.2f}"]
    assert ["True", "peak,", "dBTP", *peaks] in rows
    assert "<svg" in report._repr_html_()
    assert [line.get_label() for line in report.plot().get_lines()] == ["programme", "opus:96", "difference"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codec": "wma:128"}, "codec = 'wma:128' is not allowed: it must be one of mp3, vorbis, opus, aac"),
        ({"codec": "mp3:130"}, "bitrate_kbps = 130 is not allowed: MP3 at 48000 Hz takes one of 32"),
        ({"audio": np.zeros((3, 4_800))}, "audio has 3 channels: MP3 is written with 1 or 2"),
        ({"audio": np.full((1, 4_800), np.nan)}, "audio holds 4800 non-finite samples"),
        ({"audio": np.zeros((1, 0))}, "audio holds no frames"),
        ({"codek": "mp3:320"}, "did you mean codec"),
    ],
)
def test_one_clear_line(arguments, message) -> None:
    given = {"audio": loud(0.1), "codec": "mp3:320"} | arguments
    with pytest.raises(ValueError, match=message):
        md.codec_preview(given.pop("audio"), RATE_HZ, **given)


def test_the_command(tmp_path: Path) -> None:
    md.write(tmp_path / "song.wav", loud(), RATE_HZ)
    done = call("codec", tmp_path / "song.wav", "--codec", "mp3:128, opus:96")
    assert (done.returncode, done.stderr) == (0, "")
    assert "mp3:128 takes the true peak from" in done.stdout
    done = call("codec", tmp_path / "song.wav", "--codec", "mp3:128", "--json", "-o", tmp_path / "heard.wav")
    (told,) = json.loads(done.stdout)["codecs"]
    heard = md.read(tmp_path / "heard.wav")
    assert heard.audio.shape == (2, 3 * RATE_HZ)
    peak_dbtp = md.loudness(heard, precision="reference").true_peak_dbtp
    assert told["after"]["true_peak_dbtp"] == pytest.approx(peak_dbtp, abs=1e-6)
    for arguments, message in (
        (("--codec", "wma:128"), "--codec = 'wma:128' is not allowed"),
        (("--codec", "mp3:128,opus:96", "-o", tmp_path / "a.wav"), "--codec names 2"),
        (("--codec", "mp3:128", "-o", tmp_path / "heard.wav"), "exists already"),
        (("--codec", "mp3:128", "-o", tmp_path / "a.flac"), "bit_depth = 32 is not allowed: FLAC takes 16 or 24"),
    ):
        done = call("codec", tmp_path / "song.wav", *arguments)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert message in done.stderr
        assert not (tmp_path / "a.wav").exists()


def test_the_command_without_an_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    md.write(tmp_path / "song.wav", loud(1), RATE_HZ)
    monkeypatch.setattr(advanced_audio, "_pyav", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")
    done = call("codec", tmp_path / "song.wav")
    assert done.returncode == 1
    assert "AAC needs an encoder, and none is installed: pip install 'mixdown[aac]', or install ffmpeg" in done.stderr


@pytest.fixture(scope="module")
def vibe_ace() -> md.Mastered:
    """20 s of a real song, limited to -9 LUFS."""
    if _FOLDER is None:
        pytest.skip("MIXDOWN_TEST_AUDIO names no folder of real audio")
    excerpt = md.read(FOLDER / "songs" / "Vibe_Ace.ogg", start_s=20, duration_s=20)
    mastered = md.master(excerpt, target_lufs=-9, ceiling_dbtp=-1, clip_db="off")
    assert mastered.certificate.loudness.true_peak_dbtp == pytest.approx(-1.08, abs=0.01)
    return mastered


def test_a_real_song_at_mp3_320(vibe_ace: md.Mastered) -> None:
    report = md.codec_preview(vibe_ace, codec="mp3:320")
    assert report.true_peak_dbtp == pytest.approx(-1.0, abs=0.1)
    assert report.integrated_lufs == pytest.approx(-9.0, abs=0.02)


@pytest.mark.parametrize("program", ["PyAV", "ffmpeg"])
def test_a_real_song_at_aac_128(vibe_ace: md.Mastered, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its coder decides anew at the slightest change: another version of ffmpeg reads 0.5 dB less."""
    if program == "PyAV":
        pytest.importorskip("av", reason="PyAV is not installed")
    else:
        monkeypatch.setattr(advanced_audio, "_pyav", lambda: None)
        try:
            advanced_audio.encoder()
        except ValueError:
            pytest.skip("ffmpeg is not installed")
    report = md.codec_preview(vibe_ace, codec="aac:128")
    expected_dbtp = {"PyAV": -0.3, "ffmpeg": -0.7}[program]
    assert report.true_peak_dbtp == pytest.approx(expected_dbtp, abs=0.3)
    assert report.rise_db > 0.1
    assert 17_000 < report.cutoff_hz < 18_500
