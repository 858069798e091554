"""Phaser and tremolo: sound in figures, tempo, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000

#: Anything wrong, and what is said of it.
WRONG: list[tuple[type[md.Effect], dict[str, Any], str]] = [
    (md.Phaser, {"stages": 5}, "stages = 5 is not allowed: it must be an even number, from 4 to 12"),
    (md.Phaser, {"stages": 14}, "stages = 14 is "),
    (md.Phaser, {"feedback": 1}, "feedback = 1 is out of range"),
    (md.Phaser, {"frequency_hz": np.nan}, "frequency_hz = NaN is out of range"),
    (md.Phaser, {"depth_octaves": 5}, "depth_octaves = 5 is out of range"),
    (md.Tremolo, {"depth": 2}, "depth = 2 is out of range: it must lie in 0..1"),
    (md.Tremolo, {"depth": np.nan}, "depth = NaN is out of range"),
    (md.Tremolo, {"shape": "saw"}, "shape = 'saw' is not allowed: it must be one of sine, triangle, square"),
    (md.Tremolo, {"stereo_phase_degrees": 360}, "stereo_phase_degrees = 360 is out of range"),
]
WRONG += [
    (kind, *case)
    for kind in (md.Phaser, md.Tremolo)
    for case in (
        ({"tempo_bpm": 0, "note": "1/4"}, "tempo_bpm = 0 is out of range: it must lie in 20..999"),
        ({"rate_hz": 2, "note": "1/4", "tempo_bpm": 120}, "rate_hz = 2 and note = 1/4 are both given"),
        ({"note": "1/4"}, "tempo_bpm is missing: note = 1/4 needs a tempo"),
        ({"tempo_bpm": 120}, "note is missing: tempo_bpm = 120 needs a note"),
        ({"note": "1/5", "tempo_bpm": 120}, "note = '1/5' is not allowed"),
        ({"rate_hz": 0}, "rate_hz = 0 is out of range"),
        ({"rate_hz": np.inf}, "rate_hz = inf is out of range"),
        ({"mix": 2}, "mix = 2 is out of range") if kind is md.Phaser else ({"depth": -0.1}, "depth = -0.1 is out"),
    )
]


@pytest.mark.parametrize(("kind", "settings", "message"), WRONG)
def test_refusals(kind: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(md.ParameterError) as caught:
        kind(**settings)
    assert message in str(caught.value)


@pytest.mark.parametrize("kind", [md.Phaser, md.Tremolo])
def test_a_note_out_of_range_is_named(kind: Any, noise: Any) -> None:
    with pytest.raises(md.ParameterError, match=r"note = 1/64 at tempo_bpm = 300 makes rate_hz = 80: .* 0\.01\.\.20"):
        kind(tempo_bpm=300, note="1/64")(noise(1, 10), RATE_HZ)


@pytest.mark.parametrize("kind", [md.Phaser, md.Tremolo])
def test_a_note_sets_the_rate(kind: Any, noise: Any) -> None:
    audio = noise(2, 30_000)
    synced = kind(tempo_bpm=90, note="1/8d")
    np.testing.assert_array_equal(synced(audio, RATE_HZ), kind(rate_hz=2)(audio, RATE_HZ))
    assert synced.rate_hz is None
    assert kind().note is None
    assert synced.replace(rate_hz=3) == kind(rate_hz=3)
    assert kind(rate_hz=3).replace(tempo_bpm=90, note="1/8d") == synced
    assert eval(repr(synced), vars(md)) == synced


def test_an_auto_pan_keeps_the_power() -> None:
    both = np.ones((2, RATE_HZ))
    out = md.Tremolo(rate_hz=1, depth=1, stereo_phase_degrees=180)(both, RATE_HZ)
    power_db = 10 * np.log10(np.sum(out**2, axis=0))
    assert np.abs(power_db).max() <= 0.1
    assert out.min() >= 0
    assert out[0].max() == pytest.approx(1)
    assert out[0].min() == pytest.approx(0, abs=1e-6)


def test_notches_of_a_phaser_at_rest() -> None:
    impulse = np.zeros(65_536)
    impulse[0] = 1
    for feedback in (0, 0.9, -0.5):
        out = md.Phaser(depth_octaves=0, feedback=feedback)(impulse, RATE_HZ)
        gains = np.abs(np.fft.rfft(out))
        hz = np.fft.rfftfreq(65_536, 1 / RATE_HZ)
        # 800 Hz × tan(15°, 45°, 75°), as the bilinear transform bends them.
        for expected in np.arctan(np.tan(np.pi * 800 / RATE_HZ) * np.tan(np.radians([15, 45, 75]))) * RATE_HZ / np.pi:
            near = np.abs(hz / expected - 1) < 0.05
            assert hz[near][np.argmin(gains[near])] == pytest.approx(expected, rel=0.01)
        assert gains.max() <= 1 + 1e-6
