"""Levels, correlation and mono compatibility through Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
#: Of noise in a band of a third of an octave, ten seconds.
NOISE_DB = 0.2

STEREO: dict[str, Callable[[Any], Any]] = {
    "correlation": lambda audio: md.correlation(audio, RATE_HZ).overall,
    "mono_compatibility": lambda audio: md.mono_compatibility(audio, RATE_HZ).overall_loss_db,
    "CorrelationMeter": lambda audio: metered(audio),
}


def metered(audio: Any) -> float:
    meter = md.CorrelationMeter(RATE_HZ)
    meter.observe(audio)
    return meter.reading().overall


@pytest.fixture
def pair(noise) -> np.ndarray:
    return noise(2, 10 * RATE_HZ)


class TestLevels:
    def test_a_sine_reads_its_peak_and_3_db_less(self) -> None:
        sine = 0.5 * np.sin(2 * np.pi * 997 * np.arange(5 * RATE_HZ) / RATE_HZ)
        meter = md.LevelMeter(RATE_HZ, 2)
        meter.observe(np.stack([sine, 0.1 * sine]))
        reading = meter.reading()
        assert reading.sample_peak_dbfs == pytest.approx(-6.0206, abs=1e-3)
        assert reading.channels[0].rms_dbfs == pytest.approx(-9.0309, abs=0.01)
        assert reading.channels[1].overall_rms_dbfs == pytest.approx(-29.0309, abs=1e-3)
        assert reading.overall_rms_dbfs == pytest.approx(-9.0309 + 10 * math.log10(0.505), abs=1e-3)
        meter.reset()
        assert meter.reading().rms_dbfs == -math.inf

    def test_clipped_samples_and_the_fall_of_a_peak(self) -> None:
        meter = md.LevelMeter(RATE_HZ, 1, hold_ms=100, fall_db_per_s=20)
        block = np.zeros(RATE_HZ, dtype=np.float32)
        block[[0, 10, 11, 12]] = [1, -1.5, 1, 1]
        meter.observe(block)
        reading = meter.reading()
        assert (reading.clipped_samples, reading.clips) == (4, 1)
        assert reading.peak_dbfs == pytest.approx(20 * math.log10(1.5) - 0.9 * 20, abs=0.1)

    @pytest.mark.parametrize(
        ("name", "value"), [("rms_ms", 9), ("rms_ms", math.nan), ("hold_ms", -1), ("fall_db_per_s", math.inf)]
    )
    def test_settings_out_of_range(self, name: str, value: float) -> None:
        with pytest.raises(md.ParameterError, match=f"^{name} = .* is out of range: it must lie in"):
            md.LevelMeter(RATE_HZ, 1, **{name: value})


class TestCorrelation:
    def test_known_pairs(self, pair: np.ndarray) -> None:
        left, right = pair
        for other, expected in ((left, 1), (-left, -1)):
            reading = md.correlation(np.stack([left, other]), RATE_HZ)
            assert reading.overall == pytest.approx(expected, abs=1e-6)
            np.testing.assert_allclose(reading.over_time, expected, atol=1e-6)
            np.testing.assert_allclose(reading.bands, expected, atol=1e-6)
        apart = md.correlation(pair, RATE_HZ)
        assert abs(apart.overall) < 0.03
        assert abs(apart.over_time[-1]) < 0.03
        assert apart.times_s.tolist() == pytest.approx(np.arange(1, 101) / 10)
        assert apart.bands.shape == apart.centres_hz.shape == (31,)
        assert md.correlation(np.stack([left, 0.1 * right]), RATE_HZ).balance_db == pytest.approx(-20, abs=0.1)

    def test_the_curve_is_that_of_the_meter_in_any_blocks(self, pair: np.ndarray) -> None:
        curve = md.correlation(pair, RATE_HZ, window_ms=100)
        meter = md.CorrelationMeter(RATE_HZ, window_ms=100)
        for start in range(0, 5 * RATE_HZ, 4799):
            meter.observe(pair[:, start : min(start + 4799, 5 * RATE_HZ)])
        assert meter.reading().correlation == curve.over_time[49]

    def test_the_end_and_nothing(self) -> None:
        short = md.correlation(np.ones((2, 5_000)), RATE_HZ)
        assert short.times_s.tolist() == [0.1, 5_000 / RATE_HZ]
        empty = md.correlation(np.zeros((2, 0)), RATE_HZ)
        assert (empty.overall, empty.over_time.size) == (0.0, 0)
        assert "array" not in repr(empty)
        silent = md.correlation(np.zeros((2, 4_800)), RATE_HZ)
        assert (silent.overall, silent.balance_db) == (0.0, 0.0)

    def test_settings_out_of_range(self) -> None:
        with pytest.raises(md.ParameterError, match=r"^window_ms = 49 is out of range: it must lie in 50\.\.3000"):
            md.correlation(np.zeros((2, 9)), RATE_HZ, window_ms=49)


class TestMonoCompatibility:
    def test_mono_stereo_and_inverted(self, pair: np.ndarray) -> None:
        left = pair[0]
        mono = md.mono_compatibility(np.stack([left, left]), RATE_HZ)
        np.testing.assert_allclose(mono.loss_db, 0, atol=1e-9)
        assert (mono.verdict, mono.flagged, round(mono.loudness_change_lu, 6)) == ("fine", (), 0)
        stereo = md.mono_compatibility(pair, RATE_HZ)
        assert stereo.verdict == "fine"
        np.testing.assert_allclose(stereo.loss_db[8:], -3.0103, atol=5 * NOISE_DB)
        assert stereo.overall_loss_db == pytest.approx(-3.0103, abs=0.05)
        assert stereo.loudness_change_lu == pytest.approx(-3.0103, abs=0.1)
        lost = md.mono_compatibility(np.stack([left, -left]), RATE_HZ)
        assert np.all(lost.loss_db < -100)
        assert (lost.verdict, lost.loudness_change_lu) == ("fault", -math.inf)

    @pytest.mark.parametrize("frames", [0, 19_199])
    def test_without_a_loudness_there_is_no_change_of_it(self, pair: np.ndarray, frames: int) -> None:
        short = md.mono_compatibility(pair[:, :frames], RATE_HZ)
        assert short.loudness_change_lu is None
        assert "LU" not in repr(short)

    def test_a_late_side_loses_at_half_its_rate(self, pair: np.ndarray) -> None:
        left = pair[0]
        for late_ms in (0.5, 1.0):
            frames = round(late_ms * RATE_HZ / 1000)
            late = md.mono_compatibility(np.stack([left[frames:], left[:-frames]]), RATE_HZ)
            notch = min(late.bands, key=lambda band: band.loss_db)
            assert notch.centre_hz == pytest.approx(500 / late_ms, rel=0.01)
            assert notch.is_flagged
            assert notch.loss_db < -15

    def test_one_band_is_a_warning(self) -> None:
        times = np.arange(4 * RATE_HZ) / RATE_HZ
        sub, rest = np.sin(2 * np.pi * 100 * times), np.sin(2 * np.pi * 800 * times)
        result = md.mono_compatibility(np.stack([rest + sub, rest - sub]), RATE_HZ)
        assert (result.verdict, [round(band.centre_hz) for band in result.flagged]) == ("warning", [100])
        lines = result.table().splitlines()
        assert len(lines) == 32
        cells = lines[8].split()
        assert (cells[:2], cells[2:4], cells[-2:]) == (["100", "Hz"], ["-3.0", "dB"], ["-1.00", "lost"])

    def test_bands_of_low_rates(self) -> None:
        result = md.mono_compatibility(np.ones((2, 9)), 8_000)
        assert result.bands[-1].centre_hz == pytest.approx(3162, abs=1)


@pytest.mark.parametrize("entry", STEREO)
class TestOneRuleOfArrays:
    def test_the_same_samples_in_any_form(self, entry: str, pair: np.ndarray) -> None:
        expected = STEREO[entry](pair)
        read_only = pair.copy()
        read_only.flags.writeable = False
        for form in (pair.astype(">f4"), np.repeat(pair, 2, axis=1)[:, ::2], np.asfortranarray(pair), read_only):
            assert STEREO[entry](form) == expected

    @pytest.mark.parametrize(
        ("audio", "error", "message"),
        [
            ([[0.0], [0.5]], TypeError, "is list: audio is a numpy array; numpy.array makes one"),
            (None, TypeError, "is NoneType: audio is a numpy array"),
            (np.zeros((2, 9), np.int16), TypeError, r"is int16: .* mixdown\.to_float\(\S+\) converts"),
            (np.zeros((1, 2, 3)), md.ShapeError, r"has shape \[1, 2, 3\]: audio is \(channels, frames\)"),
            (np.zeros((9, 2)), md.ShapeError, r"has 9 channels"),
            (np.zeros((65, 2)), md.ShapeError, r"has 65 rows: .* pass \S+\.T"),
            (np.zeros(9), md.ShapeError, r"has 1 channels: .* 2$"),
            (np.full((2, 9), np.nan), md.ParameterError, "audio holds 18 non-finite samples"),
        ],
        ids=lambda value: "" if isinstance(value, type) else None,
    )
    def test_the_same_refusals_in_the_same_words(
        self, entry: str, audio: Any, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            STEREO[entry](audio)


def test_a_recording_alone_is_enough(pair: np.ndarray) -> None:
    assert md.correlation((pair, RATE_HZ)).overall == md.correlation(pair, RATE_HZ).overall
    assert md.mono_compatibility((pair, RATE_HZ)) == md.mono_compatibility(pair, RATE_HZ)
    with pytest.raises(md.ParameterError, match="sample_rate_hz is missing"):
        md.correlation(pair)
