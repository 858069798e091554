"""Dither and noise shaping."""

import math

import numpy as np
import pytest
import scipy.fft
import scipy.signal

import mixdown as md

RATE_HZ = 48_000


def level_db(samples: np.ndarray) -> float:
    return 10 * math.log10(np.mean(np.square(samples, dtype=np.float64)))


def test_dither_of_files_is_independent_and_repeats(tmp_path) -> None:
    silence = np.zeros((2, 2 * RATE_HZ))
    for name in ("kick.wav", "snare.wav"):
        md.write(tmp_path / name, silence, RATE_HZ, bit_depth=16)
    kick, snare = (md.read(tmp_path / name).audio for name in ("kick.wav", "snare.wav"))
    assert level_db(kick) == pytest.approx(-96.33, abs=0.1)
    # Twice the same noise would be 6.02 dB louder.
    assert level_db(kick + snare) - level_db(kick) == pytest.approx(3.01, abs=0.1)
    (tmp_path / "again").mkdir()
    md.write(tmp_path / "again" / "kick.wav", silence, RATE_HZ, bit_depth=16)
    assert (tmp_path / "again" / "kick.wav").read_bytes() == (tmp_path / "kick.wav").read_bytes()
    # Other contents under the same name have other noise.
    tone = 0.1 * np.sin(np.arange(2 * RATE_HZ) * 0.1) * np.ones((2, 1))
    errors = []
    for offset in (0.0, 1e-9):
        md.write(tmp_path / "tone.wav", tone + offset, RATE_HZ, bit_depth=16)
        errors.append(md.read(tmp_path / "tone.wav").audio.astype(np.float64) - tone)
    assert level_db(errors[0] + errors[1]) - level_db(errors[0]) == pytest.approx(3.01, abs=0.1)


def test_masters_of_other_names_have_other_dither(song) -> None:
    one, same, other = (md.master(song, RATE_HZ, bit_depth=16, name=name).audio for name in ("a.wav", "a.wav", "b.wav"))
    np.testing.assert_array_equal(one, same)
    assert level_db(one - other) == pytest.approx(-96.33 + 3.01, abs=0.2)


def threshold_db(frequency_hz: np.ndarray) -> np.ndarray:
    """Return the threshold of hearing after Terhardt (1979)."""
    khz = frequency_hz / 1_000
    return 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4


@pytest.mark.parametrize(
    ("rate_hz", "audible_db", "total_db"),
    [(44_100, -15.7, 13.2), (48_000, -17.1, 12.4), (88_200, -24.0, 7.3), (96_000, -24.4, 6.7)],
)
def test_n2_shaped_noise_is_less_audible_by_its_measured_spectrum(rate_hz, audible_db, total_db, tmp_path) -> None:
    silence = np.zeros((1, 20 * rate_hz))
    spectra, levels = [], []
    for shaping in ("none", "weighted"):
        md.write(tmp_path / "noise.wav", silence, rate_hz, bit_depth=16, noise_shaping=shaping)  # type: ignore[arg-type]
        noise = md.read(tmp_path / "noise.wav").audio[0].astype(np.float64)
        frequency, spectrum = scipy.signal.welch(noise, rate_hz, nperseg=8_192)
        spectra.append(spectrum)
        levels.append(level_db(noise))
    heard = (frequency >= 50) & (frequency <= 20_000)
    weight = 10 ** (-threshold_db(frequency[heard]) / 10)
    flat, shaped = (np.sum(weight * spectrum[heard]) for spectrum in spectra)
    assert 10 * math.log10(shaped / flat) <= audible_db
    assert levels[1] - levels[0] == pytest.approx(total_db, abs=0.2)


def test_shaped_noise_of_loud_sound_clips_nothing_new(tmp_path) -> None:
    # Up to 0.01 dB below full scale: the noise has room.
    tone = 10 ** (-0.01 / 20) * np.sin(np.arange(4 * 44_100) * 0.05)
    md.write(tmp_path / "tone.wav", tone, 44_100, bit_depth=16, noise_shaping="weighted")
    error = md.read(tmp_path / "tone.wav").audio - tone
    assert np.abs(error).max() < 40 / 32_768
    with pytest.raises(md.ParameterError, match="it must be 44100 to 96000 where noise_shaping is weighted"):
        md.write(tmp_path / "low.wav", tone, 22_050, bit_depth=16, noise_shaping="weighted")
    assert not (tmp_path / "low.wav").exists()
