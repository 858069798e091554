"""Delay, saturation and clipping on real stems and a song: from the folder that MIXDOWN_TEST_AUDIO names."""

import os
from pathlib import Path

import numpy as np
import pytest
import soxr

import mixdown as md

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

pytestmark = pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")

FOLDER = Path(_FOLDER or ".")
STEMS = FOLDER / "multitrack-mdn"
SONG = FOLDER / "songs" / "Lets_Go_Fishin.ogg"


def rms_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-30))


def test_a_delay_in_tempo_on_a_guitar_is_the_sum_of_its_echoes() -> None:
    guitar = md.read(STEMS / "leadguitar.mp3", duration_s=30)
    audio = guitar.audio.astype(np.float64)
    rate_hz = guitar.sample_rate_hz
    delay = md.Delay(tempo_bpm=100, note="1/8d", feedback=0.5)
    frames = 0.45 * rate_hz
    assert frames == round(frames)
    expected = np.zeros_like(audio)
    for echo, start in enumerate(range(round(frames), audio.shape[1], round(frames))):
        expected[:, start:] += 0.5**echo * audio[:, : audio.shape[1] - start]
    # The rounding of f64, over all echoes.
    assert rms_db(delay(audio, rate_hz) - expected) <= -280


def reference(audio: np.ndarray, rate_hz: int, drive: float) -> np.ndarray:
    """The curve at 32 times the rate: its aliases are far below what the test asks for."""
    up = soxr.resample(audio.T, rate_hz, 32 * rate_hz, quality="VHQ")
    return soxr.resample(np.tanh(drive * up), 32 * rate_hz, rate_hz, quality="VHQ").T


def heard(audio: np.ndarray, rate_hz: int) -> np.ndarray:
    """Without what lies above 20 kHz, where both roll off in their own way."""
    spectrum = np.fft.rfft(audio)
    spectrum[..., np.fft.rfftfreq(audio.shape[-1], 1 / rate_hz) > 19_500] = 0
    return np.fft.irfft(spectrum, audio.shape[-1])


@pytest.mark.parametrize("drive_db", [6, 18])
def test_a_saturated_bass_is_the_curve_without_aliases(drive_db: float) -> None:
    bass = md.read(STEMS / "bassguitar.mp3", start_s=20, duration_s=8)
    audio, rate_hz = bass.audio.astype(np.float64), bass.sample_rate_hz
    out = md.Saturator(drive_db=drive_db)(audio, rate_hz)
    expected = reference(audio, rate_hz, 10 ** (drive_db / 20))
    middle = slice(rate_hz, -rate_hz)
    error = heard((out - expected)[:, middle], rate_hz)
    ratio_db = rms_db(error) - rms_db(expected[:, middle])
    print(f"drive {drive_db} dB: {ratio_db:.1f} dB")
    assert ratio_db <= -60


def test_a_clipper_spares_the_limiter_of_a_loud_song() -> None:
    """At -9 LUFS, found by the drive: the gain reduction with and without the clip."""
    song = md.read(SONG, start_s=20, duration_s=40)
    limiter = md.Limiter(ceiling_db=-1, mode="master")

    def driven(gain_db: float, clip: bool) -> tuple[md.Effect, np.ndarray]:
        clipper = md.Clipper(ceiling_db=-1, gain_db=gain_db)
        before = clipper if clip else md.Gain(gain_db=gain_db)
        return before, before(song)

    figures = {}
    for clip in (False, True):
        low, high = 0.0, 18.0
        for _ in range(12):
            gain_db = 0.5 * (low + high)
            _, sound = driven(gain_db, clip)
            loudness = md.loudness(limiter(sound, song.sample_rate_hz), song.sample_rate_hz)
            low, high = (gain_db, high) if loudness.integrated_lufs < -9 else (low, gain_db)
        reduction = limiter.gain_reduction(sound, song.sample_rate_hz)
        figures[clip] = (float(reduction.max()), float(reduction.mean()), loudness)
        assert loudness.integrated_lufs == pytest.approx(-9, abs=0.05)
        # This meter is another one than the limiter's.
        assert loudness.true_peak_dbtp <= -1 + 0.01
    print({clip: (round(most, 2), round(mean, 2)) for clip, (most, mean, _) in figures.items()})
    assert figures[True][0] < 0.6 * figures[False][0]
    assert figures[True][1] < 0.6 * figures[False][1]
