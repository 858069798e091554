"""Saturator and clipper from Python: bad input, and the sound against models in numpy."""

import math

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: md.Saturator(curve="tube"),
            r"curve = 'tube' is not allowed: it must be one of tanh, hard, cubic, soft_clip",
        ),
        (lambda: md.Saturator(drive_db=math.inf), r"drive_db = inf is out of range: it must lie in 0\.\.36"),
        (lambda: md.Saturator(drive_db=math.nan), "drive_db = NaN is out of range"),
        (lambda: md.Saturator(drive_db=-1), "drive_db = -1 is out of range"),
        (lambda: md.Saturator(oversample=3), "oversample = 3 is not allowed: it must be 1, 2, 4, 8 or 16"),
        (lambda: md.Saturator(oversample=32), "oversample = 32"),
        (lambda: md.Saturator(bias=2), r"bias = 2 is out of range: it must lie in -1\.\.1"),
        (lambda: md.Saturator(mix=1.5), r"mix = 1\.5 is out of range"),
        (lambda: md.Clipper(ceiling_db=1), r"ceiling_db = 1 is out of range: it must lie in -24\.\.0"),
        (lambda: md.Clipper(knee_db=-1), r"knee_db = -1 is out of range: it must lie in 0\.\.12"),
        (lambda: md.Clipper(oversample=0), "oversample = 0"),
        (lambda: md.Clipper(gain_db=math.inf), "gain_db = inf is out of range"),
        (lambda: md.Saturator(drive=3), r"Saturator has no parameter drive: did you mean drive_db\?"),
    ],
)
def test_bad_settings_get_one_clear_line(make, message: str) -> None:
    with pytest.raises(md.ParameterError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", ["4", True, None])
def test_a_factor_is_a_number(bad: object) -> None:
    with pytest.raises((md.ParameterError, TypeError)):
        md.Saturator(oversample=bad)  # type: ignore[arg-type]


def programme(frames: int) -> np.ndarray:
    """A periodic sound of many tones up to 10 kHz, at -6 dBFS."""
    rng = np.random.default_rng(6)
    spectrum = np.zeros(frames // 2 + 1, complex)
    top = int(10_000 / RATE_HZ * frames)
    bins = rng.choice(np.arange(8, top), 60, replace=False)
    spectrum[bins] = np.exp(2j * np.pi * rng.random(60)) / np.sqrt(bins)
    sound = np.fft.irfft(spectrum, frames)
    return 0.5 * sound / np.abs(sound).max()


def ideal(sound: np.ndarray, curve) -> np.ndarray:
    """The curve at 64 times the rate by whole periods, without what lies above 20 kHz."""
    frames = len(sound)
    fine = np.fft.irfft(np.fft.rfft(sound), 64 * frames) * 64
    spectrum = np.fft.rfft(curve(fine))[: frames // 2 + 1] / 64
    spectrum[int(20_000 / RATE_HZ * frames) :] = 0
    return np.fft.irfft(spectrum, frames)


def band_limited(sound: np.ndarray) -> np.ndarray:
    spectrum = np.fft.rfft(sound)
    spectrum[int(20_000 / RATE_HZ * len(sound)) :] = 0
    return np.fft.irfft(spectrum, len(sound))


CURVES = {
    "tanh": np.tanh,
    "hard": lambda x: np.clip(x, -1, 1),
    "cubic": lambda x: np.clip(x, -1.5, 1.5) - 4 / 27 * np.clip(x, -1.5, 1.5) ** 3,
    "soft_clip": lambda x: (
        np.sign(x) * (np.minimum(np.abs(x), 1.5) - np.clip(np.minimum(np.abs(x), 1.5) - 0.5, 0, None) ** 2 / 2)
    ),
}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(("oversample", "limit_db"), [(4, -52), (16, -75)])
def test_the_sound_is_that_of_the_curve_at_a_far_higher_rate(curve: str, oversample: int, limit_db: float) -> None:
    """What differs is the antialiasing's: what it takes from the treble of loud parts."""
    frames = 9_600
    sound = programme(frames)
    gain, bias = 10 ** (12 / 20), 0.2
    f = CURVES[curve]
    expected = ideal(sound, lambda x: f(gain * x + bias) - f(bias))
    periods = 12
    saturator = md.Saturator(drive_db=12, curve=curve, bias=bias, oversample=oversample)
    out = saturator(np.tile(sound, periods)[None], RATE_HZ)[0]
    found = band_limited(out[-3 * frames : -2 * frames])
    # The DC blocker, a first-order high pass at 5 Hz.
    delay = np.exp(-2j * np.pi * np.arange(frames // 2 + 1) / frames)
    blocked = np.fft.rfft(expected) * (1 - delay) / (1 - np.exp(-2 * np.pi * 5 / RATE_HZ) * delay)
    error = np.linalg.norm(np.fft.rfft(found) - blocked) / np.linalg.norm(blocked)
    print(f"{curve} x{oversample}: {20 * np.log10(error):.1f} dB")
    assert 20 * np.log10(error) < limit_db


def test_latency_is_taken_out_and_mix_0_is_the_input() -> None:
    audio = (0.9 * np.random.default_rng(0).standard_normal((2, 4_000))).astype(np.float32)
    for effect in (md.Saturator(drive_db=30, mix=0), md.Clipper(ceiling_db=-20, mix=0)):
        np.testing.assert_array_equal(effect(audio, RATE_HZ), audio)
        assert effect.latency_frames(RATE_HZ) > 40
    for effect in (md.Saturator(oversample=1), md.Clipper(oversample=1)):
        assert effect.latency_frames(RATE_HZ) == 0


def test_a_clipper_raises_the_loudness_that_a_limiter_reaches() -> None:
    audio = np.tile(programme(48_000), 4)[None] * 2
    clipped = md.Clipper(ceiling_db=-6, gain_db=6)(audio, RATE_HZ)
    assert md.loudness(clipped, RATE_HZ).plr_lu < md.loudness(audio, RATE_HZ).plr_lu - 3
    assert np.abs(clipped).max() < 10 ** (-5 / 20)
