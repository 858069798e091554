"""Versions at equal loudness, and what an effect adds."""

import numpy as np
import pytest
from numpy.typing import NDArray

import mixdown as md

RATE_HZ = 48_000


def programme(seed: int = 1) -> NDArray[np.float64]:
    return np.asarray(0.1 * np.random.default_rng(seed).standard_normal((2, 3 * RATE_HZ)))


def test_the_louder_is_turned_down_to_the_quieter() -> None:
    audio = programme()
    for before, after, gains_db in ((audio, 2 * audio, (0, -6.0206)), (2 * audio, audio, (-6.0206, 0))):
        found = md.level_matched(before, after, RATE_HZ)
        one, two, *gains = found
        assert gains == pytest.approx(gains_db, abs=1e-3)
        first, second = (md.loudness(version, RATE_HZ).integrated_lufs for version in (one, two))
        assert first == pytest.approx(second, abs=0.01)
        assert first == pytest.approx(md.loudness(audio, RATE_HZ).integrated_lufs, abs=0.01)
        assert "dB" in repr(found)


def test_formats_and_shapes_stay_and_nothing_given_changes() -> None:
    audio = programme().astype(np.float32)
    kept = audio.copy()
    before, after, _, gain_db = md.level_matched(audio[0], md.Recording(3 * audio, RATE_HZ))
    assert before.dtype == after.dtype == np.float32
    assert (before.shape, after.shape) == (audio[0].shape, audio.shape)
    # Mono counts as two loudspeakers.
    assert gain_db == pytest.approx(-9.54, abs=0.1)
    np.testing.assert_array_equal(audio, kept)


def test_silence_and_short_sounds_stay_as_they_are() -> None:
    audio = programme()
    for quiet in (np.zeros_like(audio), audio[:, :1_000]):
        found = md.level_matched(audio, quiet, RATE_HZ)
        assert found[2:] == (0, 0)
        np.testing.assert_array_equal(found.after, quiet)


def test_rates_and_samples_are_checked() -> None:
    audio = programme()
    with pytest.raises(md.ParameterError, match="before and after are of different rates: 48000 and 44100 Hz"):
        md.level_matched((audio, RATE_HZ), (audio, 44_100))
    with pytest.raises(md.ParameterError, match="after holds 1 non-finite samples"):
        md.level_matched(audio, np.where(np.arange(audio.shape[1]) == 5, np.nan, audio[0]), RATE_HZ)
    with pytest.raises(TypeError, match="sample_rate_hz is missing"):
        md.level_matched(audio, audio)
    with pytest.raises(TypeError, match="needs after"):
        md.level_matched(audio)  # type: ignore[call-arg]


def test_the_delta_of_a_gain_and_of_a_delay_is_silence() -> None:
    audio = programme()
    # A limiter that does nothing delays alone.
    for effect in (md.Gain(gain_db=-9), md.Limiter(ceiling_db=0) >> md.Gain(gain_db=3)):
        assert np.abs(effect.delta(audio, RATE_HZ)).max() < 1e-6


def test_the_delta_of_an_equalizer_is_its_band() -> None:
    audio = programme()
    bell = md.Bell(frequency_hz=1_000, gain_db=6, q=4)
    added = bell.delta(audio, RATE_HZ)
    assert added.shape == audio.shape
    spectrum = np.abs(np.fft.rfft(added[0])) / np.abs(np.fft.rfft(audio[0]))
    hz = np.fft.rfftfreq(audio.shape[1], 1 / RATE_HZ)
    at = {centre: float(np.median(spectrum[np.abs(hz - centre) < 20])) for centre in (100, 1_000, 10_000)}
    # Twice the level less the level; elsewhere what matching the loudness turns it down by.
    assert at[1_000] == pytest.approx(1, abs=0.1)
    assert at[100] == pytest.approx(at[10_000], abs=0.01)
    assert at[100] < 0.1


def test_the_delta_takes_keys_tails_and_mono() -> None:
    audio = programme()
    key = np.zeros_like(audio)
    assert np.abs(md.Compressor(threshold_db=-30).delta(audio, RATE_HZ, key=key)).max() < 1e-6
    tail = md.Reverb(space="room").delta(audio, RATE_HZ, tail=0.5)
    assert tail.shape[1] == audio.shape[1] + RATE_HZ // 2
    mono = md.Pan(pan=0).delta(audio[0], RATE_HZ)
    assert mono.shape == (2, audio.shape[1])
    assert np.abs(md.Saturator(drive_db=12).delta(np.zeros(RATE_HZ), RATE_HZ)).max() == 0
