"""The spectrum in bands of a fraction of an octave, against numpy."""

import json

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
WINDOW = 16_384


def welch(audio: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Return the mean square within a band, by numpy; `audio` ends with silence."""
    window = np.hanning(WINDOW + 1)[:-1]
    starts = range(0, audio.shape[-1] - WINDOW + 1, WINDOW // 2)
    bins = [np.abs(np.fft.rfft(audio[:, start : start + WINDOW] * window)) ** 2 for start in starts]
    power = np.mean(bins, axis=(0, 1)) * 2 / (WINDOW * np.sum(window**2))
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    return float(power[(hz >= low_hz) & (hz < high_hz)].sum())


def test_levels_are_those_of_numpy() -> None:
    noise = np.random.default_rng(1).standard_normal((2, 40 * WINDOW)) * [[0.1], [0.2]]
    found = md.spectrum(noise, RATE_HZ, fraction=3)
    for centre_hz, level_db in zip(found.centres_hz, found.levels_db, strict=True):
        if centre_hz > 1_000:
            low, high = (centre_hz * 10 ** (0.05 * side) for side in (-1, 1))
            assert level_db == pytest.approx(10 * np.log10(welch(noise, low, high)), abs=0.15), centre_hz


def test_blocks_change_nothing_and_short_and_silent_audio_is_measured() -> None:
    noise = np.random.default_rng(2).standard_normal((1, 100_001)).astype(np.float32)
    meter = md.SpectrumMeter(RATE_HZ, 1)
    for start in range(0, noise.shape[1], 4_567):
        meter.observe(noise[:, start : start + 4_567])
    np.testing.assert_array_equal(meter.reading().levels_db, md.spectrum(noise, RATE_HZ).levels_db)
    meter.reset()
    assert np.isneginf(meter.reading().levels_db).all()
    assert repr(meter.reading()) == "<Spectrum of 61 bands: silence>"
    short = md.spectrum(noise[:, :500], RATE_HZ)
    assert np.isfinite(short.levels_db[20:]).all()
    assert json.loads(json.dumps(short.to_dict(), allow_nan=False))["centres_hz"][0] == pytest.approx(20, rel=0.06)
    assert len(short.plot().lines) == 2


def test_bad_input_is_refused() -> None:
    with pytest.raises(md.ParameterError, match=r"fraction = 0 is out of range: it must lie in 1\.\.24"):
        md.spectrum(np.zeros(100), RATE_HZ, fraction=0)
    with pytest.raises(md.ParameterError, match="audio holds 1 non-finite samples"):
        md.spectrum(np.array([0.0, np.nan]), RATE_HZ)
