"""What meters, limiter and master make of input that is no music."""

import math

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


def sine(frames: int, rate_hz: int = RATE_HZ) -> np.ndarray:
    return 0.1 * np.sin(2 * np.pi * 997 * np.arange(frames) / rate_hz)


@pytest.mark.parametrize(
    ("audio", "rate_hz", "message"),
    [
        (np.zeros((0, 100)), RATE_HZ, r"audio has 0 rows: audio is \(channels, frames\) with 1\.\.64 channels"),
        (np.zeros((65, 100)), RATE_HZ, r"audio has 65 rows: .* pass audio\.T"),
        (np.array([0.0, math.nan]), RATE_HZ, "audio holds 1 non-finite samples"),
        (np.array([math.inf, -math.inf]), RATE_HZ, "audio holds 2 non-finite samples"),
        (sine(100), 7_999, r"sample_rate_hz = 7999 is out of range: it must lie in 8000\.\.384000"),
        (sine(100), 384_001, r"sample_rate_hz = 384001 is out of range: it must lie in 8000\.\.384000"),
    ],
)
def test_a_meter_refuses_what_it_cannot_read(audio: np.ndarray, rate_hz: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        md.loudness(audio, rate_hz)
    with pytest.raises(ValueError, match=r"\w"):
        md.master(audio, rate_hz)


@pytest.mark.parametrize("rate_hz", [8_000, 384_000])
def test_the_widest_rates(rate_hz: int) -> None:
    tone = sine(rate_hz, rate_hz)
    assert md.loudness(tone, rate_hz).true_peak_dbtp == pytest.approx(-20, abs=0.1)
    assert np.abs(md.Limiter(gain_db=24)(10 * tone, rate_hz)).max() <= 10 ** (-1 / 20)


@pytest.mark.parametrize("frames", [0, 1, 19_152, 19_200])
def test_lengths_around_the_first_block(frames: int) -> None:
    reading = md.loudness(sine(frames), RATE_HZ)
    assert md.Limiter()(sine(frames), RATE_HZ).shape == (frames,)
    if frames < 19_200:
        assert reading.integrated_lufs == -math.inf
        with pytest.raises(md.ParameterError, match=f"too short to have a loudness: {frames} frames"):
            md.master(sine(frames), RATE_HZ)
    else:
        assert reading.integrated_lufs == pytest.approx(-23, abs=0.02)
        mastered = md.master(sine(frames), RATE_HZ)
        assert mastered.certificate.loudness.integrated_lufs == pytest.approx(-14, abs=0.05)


def test_far_above_full_scale() -> None:
    square = 100 * np.sign(sine(96_000))
    assert md.loudness(square, RATE_HZ).sample_peak_dbfs == pytest.approx(40, abs=1e-9)
    assert np.abs(md.Limiter()(square, RATE_HZ)).max() <= 10 ** (-1 / 20)
    loud = md.master(1000 * sine(96_000), RATE_HZ).certificate.loudness
    assert loud.integrated_lufs == pytest.approx(-14, abs=0.05)
    assert loud.true_peak_dbtp <= -1


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.zeros(96_000), "silent: no part is louder than -70 LUFS"),
        # What a master is made of is the sound without its DC offset.
        (np.ones(96_000), "silent: no part is louder than -70 LUFS"),
        (np.eye(1, 96_000, 48_000)[0], "-14 LUFS cannot be reached with ceiling -1 dBTP: the loudest possible here is"),
    ],
    ids=["silence", "DC", "impulse"],
)
def test_what_has_no_loudness_to_reach_is_refused(audio: np.ndarray, message: str) -> None:
    reading = md.loudness(audio, RATE_HZ)
    assert not math.isnan(reading.integrated_lufs)
    with pytest.raises(md.ParameterError, match=message):
        md.master(audio, RATE_HZ)


def test_names_that_do_not_exist() -> None:
    with pytest.raises(md.ParameterError, match="target = 'myspace' is unknown: it must be one of spotify"):
        md.master(sine(48_000), RATE_HZ, target="myspace")
    with pytest.raises(md.ParameterError, match=r"layout = '2\.1' is not allowed: it must be one of mono"):
        md.loudness(np.zeros((2, 100)), RATE_HZ, layout="2.1")
