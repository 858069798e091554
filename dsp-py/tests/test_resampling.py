"""Conversion of the sample rate: the figures of its documentation, alignment, formats, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mixdown as md

PAIRS = [(44_100, 48_000), (48_000, 44_100), (44_100, 96_000), (96_000, 44_100)]
pairs = pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)

#: Of each quality: distortion and noise, ripple to 18 kHz, aliases and images, all in dB: the figures of the
#: documentation. Those wanted of "best" are -170, 0.005 and -160.
LIMITS_DB = {"best": (-185, 0.002, -174), "high": (-133, 0.003, -134), "fast": (-113, 0.13, -109)}
qualities = pytest.mark.parametrize("quality", LIMITS_DB)


def tone(hz: float, rate_hz: int, seconds: float = 1) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * hz / rate_hz * np.arange(int(seconds * rate_hz)))


def fitted(audio: NDArray[Any], hz: float, rate_hz: int) -> tuple[float, float]:
    """Amplitude of a sine, and RMS of the rest, by least squares."""
    phase = 2 * np.pi * hz / rate_hz * np.arange(len(audio))
    basis = np.stack([np.sin(phase), np.cos(phase), np.ones_like(phase)], axis=1)
    solution = np.linalg.lstsq(basis, audio.astype(np.float64), rcond=None)[0]
    return float(np.hypot(*solution[:2])), float(np.std(audio - basis @ solution))


def db(ratio: float) -> float:
    return float(20 * np.log10(ratio))


@pairs
@qualities
def test_distortion_and_noise_of_a_tone(from_hz: int, to_hz: int, quality: Any) -> None:
    limit_db = LIMITS_DB[quality][0]
    for dtype, rounding_db in ((np.float64, -999), (np.float32, -149)):
        audio = (0.5 * tone(997, from_hz, 4)).astype(dtype)
        out = md.resample(audio, from_hz, to_hz, quality=quality)[to_hz : 3 * to_hz]
        amplitude, residue = fitted(out, 997, to_hz)
        assert db(residue * np.sqrt(2) / amplitude) <= max(limit_db, rounding_db)
        assert amplitude == pytest.approx(0.5, abs=2e-3 if quality == "fast" else 1e-4)


@pairs
@qualities
def test_ripple_of_the_band(from_hz: int, to_hz: int, quality: Any) -> None:
    def gain_db(hz: float) -> float:
        out = md.resample(tone(hz, from_hz), from_hz, to_hz, quality=quality)
        return db(fitted(out[to_hz // 4 : 3 * to_hz // 4], hz, to_hz)[0])

    gains_db = [gain_db(hz) for hz in np.linspace(20, 18_000, 40)]
    assert max(gains_db) - min(gains_db) <= LIMITS_DB[quality][1]
    if quality == "best":
        # SOUND 13: -0.05 dB.
        assert -0.007 <= gain_db(20_000) <= 0.001


@pairs
@qualities
def test_aliases_and_images(from_hz: int, to_hz: int, quality: Any) -> None:
    limit_db = LIMITS_DB[quality][2]
    window = np.hanning(from_hz)
    if to_hz < from_hz:
        # Tones that the new rate cannot hold leave nothing.
        for hz in np.linspace(to_hz / 2 + 50, from_hz / 2 - 50, 10):
            audio = window * tone(hz, from_hz)
            out = md.resample(audio, from_hz, to_hz, quality=quality)
            assert db(np.sqrt(np.mean(out**2) / np.mean(audio**2))) <= limit_db, hz
    else:
        # Those that it holds stay below half of the old rate.
        for hz in (5_000, 15_000, 19_000):
            out = md.resample(window * tone(hz, from_hz), from_hz, to_hz, quality=quality)
            power = np.abs(np.fft.rfft(out)) ** 2
            above = np.fft.rfftfreq(len(out), 1 / to_hz) > from_hz / 2
            assert db(np.sqrt(power[above].sum() / power.sum())) <= limit_db, hz


@pairs
@qualities
def test_an_impulse_stays_where_it_is(from_hz: int, to_hz: int, quality: Any) -> None:
    """By its phase at low frequencies, in frames; wanted of "best" is a millionth."""
    limit = {"best": 1e-8, "high": 1e-5, "fast": 3e-5}[quality]
    for at in (2_000, 2_001, 7_777):
        audio = np.zeros(10_000)
        audio[at] = 1
        out = md.resample(audio, from_hz, to_hz, quality=quality)
        expected = at * to_hz / from_hz
        turn = 2 * np.pi * 500 / to_hz
        found = np.sum(out * np.exp(-1j * turn * (np.arange(len(out)) - expected)))
        assert abs(np.angle(found) / turn) <= limit


@pytest.mark.parametrize(("edge_hz", "limit_db"), [(14_500, -120), (19_000, -80)])
def test_there_and_back(edge_hz: float, limit_db: float) -> None:
    """Nothing is lost but the ripple of the band from 15 kHz on, 0.0013 dB, which is 76 dB below the sound."""
    rng = np.random.default_rng(5)
    spectrum = np.fft.rfft(rng.standard_normal(88_200))
    spectrum[np.fft.rfftfreq(88_200, 1 / 44_100) > edge_hz] = 0
    audio = 0.1 * np.fft.irfft(spectrum) * np.hanning(88_200)
    back = md.resample(md.resample(audio, 44_100, 96_000), 96_000, 44_100)
    assert back.shape == audio.shape
    assert db(np.sqrt(np.mean((back - audio) ** 2) / np.mean(audio**2))) <= limit_db


@pytest.mark.parametrize("frames", [1, 2, 3, 10, 441, 44_101])
@pytest.mark.parametrize(("from_hz", "to_hz"), [*PAIRS, (8_000, 384_000), (384_000, 8_000), (44_100, 44_117.5)])
def test_the_number_of_frames(frames: int, from_hz: float, to_hz: float) -> None:
    out = md.resample(np.zeros((2, frames)), from_hz, to_hz)
    assert out.shape == (2, int(np.floor(frames * to_hz / from_hz + 0.5)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_formats_and_axes_come_back_as_they_went_in(dtype: Any, noise: Any) -> None:
    audio = noise(3, 4_000).astype(dtype)
    out = md.resample(audio, 44_100, 48_000)
    assert out.dtype == dtype
    assert out.shape[0] == 3
    assert out.flags.c_contiguous
    assert out.flags.writeable
    for channel, one in zip(audio, out, strict=True):
        flat = md.resample(channel, 44_100, 48_000)
        assert flat.ndim == 1
        np.testing.assert_array_equal(flat, one)
    assert md.resample(audio[:1], 44_100, 48_000).shape[0] == 1
    assert md.resample(audio[:, :0], 44_100, 48_000).shape == (3, 0)


def test_strides_and_read_only_memory_make_no_difference(noise: Any) -> None:
    audio = noise(2, 3_000)
    expected = md.resample(audio, 48_000, 44_100)
    spread = np.zeros((4, 6_000), audio.dtype)
    spread[::2, ::2] = audio
    turned = np.asfortranarray(audio)
    audio.flags.writeable = False
    before = audio.copy()
    for same in (spread[::2, ::2], turned, audio, audio[::-1][::-1]):
        np.testing.assert_array_equal(md.resample(same, 48_000, 44_100), expected)
    np.testing.assert_array_equal(audio, before)


def test_the_same_rate_gives_a_copy(noise: Any) -> None:
    audio = noise(2, 100)
    out = md.resample(audio, 48_000, 48_000)
    np.testing.assert_array_equal(out, audio)
    out[:] = 0
    assert audio.any()


def test_a_recording_knows_its_rate(noise: Any) -> None:
    audio = noise(2, 4_410)
    expected = md.resample(audio, 44_100, 48_000)
    recording = md.Recording(audio, 44_100)
    np.testing.assert_array_equal(md.resample(recording, to_rate_hz=48_000), expected)
    np.testing.assert_array_equal(md.resample(recording, 44_100, 48_000), expected)
    np.testing.assert_array_equal(md.resample(audio, from_rate_hz=44_100, to_rate_hz=48_000), expected)
    with pytest.raises(md.ParameterError, match="from_rate_hz = 48000 does not fit: audio was recorded at 44100"):
        md.resample(recording, 48_000, 96_000)


def test_samples_that_are_not_finite_count_as_zero(noise: Any) -> None:
    audio = noise(1, 2_000)
    dirty = audio.copy()
    audio[0, [5, 700, 1_999]] = 0
    dirty[0, [5, 700, 1_999]] = [np.nan, np.inf, -np.inf]
    np.testing.assert_array_equal(md.resample(dirty, 44_100, 48_000), md.resample(audio, 44_100, 48_000))


def test_a_mix_and_a_master_use_the_best(noise: Any) -> None:
    audio = noise(1, 4_410)
    mix = md.Mix(sample_rate_hz=48_000)
    mix.track("a", audio, sample_rate_hz=44_100)
    np.testing.assert_array_equal(mix["a"].audio, md.resample(audio, 44_100, 48_000))


def test_refusals() -> None:
    audio = np.zeros(100)
    with pytest.raises(md.ParameterError, match="from_rate_hz is missing: audio may stand alone only if"):
        md.resample(audio, to_rate_hz=48_000)
    with pytest.raises(md.ParameterError, match="to_rate_hz is missing"):
        md.resample(audio, 48_000)
    with pytest.raises(md.ParameterError, match="quality = 'VHQ' is not allowed: it must be one of best, high, fast"):
        md.resample(audio, 48_000, 44_100, quality="VHQ")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"resample has no parameter to_hz: did you mean to_rate_hz\?"):
        md.resample(audio, 48_000, to_hz=44_100)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="parameters are given by name"):
        md.resample(audio, 48_000, 44_100, "fast")  # type: ignore[misc]
    with pytest.raises(md.ShapeError):
        md.resample(np.zeros((100, 2)), 48_000, 44_100)
    with pytest.raises(TypeError, match="to_float"):
        md.resample(np.zeros(100, np.int16), 48_000, 44_100)
