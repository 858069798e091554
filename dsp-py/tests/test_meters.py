"""Meters, targets and normalising through Python."""

import math

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
#: M1: the standard allows 0.1.
LIMIT_LU = 0.01


def tone(level_dbfs: float, seconds: float, frequency_hz: float = 997.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    n = np.arange(round(seconds * rate_hz))
    return 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * frequency_hz * n / rate_hz)


def test_calibration() -> None:
    sine = tone(-23, 20)
    assert md.loudness(sine, RATE_HZ).integrated_lufs == pytest.approx(-26.0103, abs=LIMIT_LU)
    stereo = np.stack([sine, sine]).astype(np.float32)
    reading = md.loudness(stereo, RATE_HZ)
    assert reading.integrated_lufs == pytest.approx(-23.0, abs=LIMIT_LU)
    assert reading.max_momentary_lufs == pytest.approx(-23.0, abs=LIMIT_LU)
    assert reading.max_short_term_lufs == pytest.approx(-23.0, abs=LIMIT_LU)
    assert reading.true_peak_dbtp == pytest.approx(-23.0, abs=0.05)
    assert reading.loudness_range_lu == pytest.approx(0.0, abs=0.01)
    assert md.loudness(sine, RATE_HZ, dual_mono=True).integrated_lufs == pytest.approx(-23.0, abs=LIMIT_LU)
    assert reading.times_s[0] == pytest.approx(0.4)
    assert reading.times_s.shape == reading.momentary_lufs.shape == reading.short_term_lufs.shape


def test_layouts_and_weights() -> None:
    sine = tone(-20, 2)
    channels = np.zeros((6, sine.size))
    channels[3] = sine
    assert md.loudness(channels, RATE_HZ).integrated_lufs == -math.inf
    channels = np.zeros((6, sine.size))
    channels[4] = sine
    surround = md.loudness(channels, RATE_HZ).integrated_lufs
    assert surround == pytest.approx(-23.0103 + 10 * math.log10(1.41), abs=LIMIT_LU)
    assert md.loudness(channels[:5], RATE_HZ, weights=[0, 0, 0, 0, 1]).integrated_lufs == pytest.approx(
        -23.0103, abs=LIMIT_LU
    )
    with pytest.raises(md.ParameterError, match="layout"):
        md.loudness(sine, RATE_HZ, layout="9.1")
    with pytest.raises(ValueError, match="weights"):
        md.loudness(np.zeros((7, 100)), RATE_HZ)
    with pytest.raises(md.ParameterError, match="exclude each other"):
        md.loudness(sine, RATE_HZ, layout="mono", weights=[1])


def test_silence_and_short_programmes_read_minus_infinity() -> None:
    for audio in (np.zeros((2, RATE_HZ)), np.zeros((2, 0)), tone(-20, 0.399)):
        reading = md.loudness(audio, RATE_HZ)
        assert reading.integrated_lufs == -math.inf
        figures = [value for value in vars(reading).values() if isinstance(value, float)]
        assert not any(math.isnan(value) for value in figures)
    assert md.loudness(tone(-20, 0.4), RATE_HZ).integrated_lufs == pytest.approx(-23.0, abs=0.02)


def test_block_by_block_reads_the_same(noise) -> None:
    audio = noise(2, 5 * RATE_HZ)
    whole = md.loudness(audio, RATE_HZ)
    meter = md.LoudnessMeter(RATE_HZ, 2)
    for start in range(0, audio.shape[1], 4801):
        meter.observe(audio[:, start : start + 4801])
    reading = meter.reading()
    assert reading.integrated_lufs == whole.integrated_lufs
    assert reading.true_peak_dbtp == whole.true_peak_dbtp
    np.testing.assert_array_equal(reading.momentary_lufs, whole.momentary_lufs)
    meter.reset()
    assert meter.reading().integrated_lufs == -math.inf


def test_meters_refuse_what_is_no_audio() -> None:
    with pytest.raises(md.ParameterError, match="audio holds 2 non-finite samples"):
        md.loudness(np.array([0.0, np.nan, np.inf]), RATE_HZ)
    with pytest.raises(md.ShapeError, match="block has 1 channels: the meter has 2"):
        md.LoudnessMeter(RATE_HZ, 2).observe(np.zeros(10))
    with pytest.raises(md.ShapeError):
        md.loudness(np.zeros((65, 100)), RATE_HZ)


def test_normalize_hits_the_target_or_says_why_not(noise) -> None:
    # Without the top half octave, where no two interpolators agree.
    audio = md.LowPass(frequency_hz=15_000, slope_db_per_octave=96)(noise(2, 4 * RATE_HZ), RATE_HZ)
    loud = md.normalize(audio, RATE_HZ, target_lufs=-23)
    assert loud.dtype == np.float32
    assert md.loudness(loud, RATE_HZ).integrated_lufs == pytest.approx(-23, abs=LIMIT_LU)
    limited = md.loudness(md.normalize(audio, RATE_HZ, target_lufs=-10), RATE_HZ)
    assert limited.integrated_lufs == pytest.approx(-10, abs=0.03)
    assert limited.true_peak_dbtp <= -1
    reduced = md.loudness(md.normalize(audio, RATE_HZ, target_lufs=-3, policy="reduce"), RATE_HZ)
    assert reduced.true_peak_dbtp == pytest.approx(-1, abs=0.1)
    assert reduced.integrated_lufs < -3
    with pytest.raises(md.ParameterError, match="above the ceiling"):
        md.normalize(audio, RATE_HZ, target_lufs=-3, policy="fail")
    with pytest.raises(md.ParameterError, match="silent"):
        md.normalize(np.zeros((2, RATE_HZ)), RATE_HZ, target_lufs=-14)
    with pytest.raises(md.ParameterError, match="too short"):
        md.normalize(audio[:, :100], RATE_HZ, target_lufs=-14)
    with pytest.raises(md.ParameterError, match="holds 48000 non-finite samples"):
        md.normalize(np.full((1, RATE_HZ), np.nan), RATE_HZ, target_lufs=-14)
    with pytest.raises(md.ParameterError, match=r"target_lufs = 3 is out of range"):
        md.normalize(audio, RATE_HZ, target_lufs=3)


def test_targets_carry_their_source() -> None:
    targets = {target.name: target for target in md.targets()}
    assert targets["spotify"].integrated_lufs == -14
    assert targets["spotify"].ceiling_dbtp == -1
    assert targets["r128"].integrated_lufs == -23
    assert all(target.source and target.date for target in targets.values())
