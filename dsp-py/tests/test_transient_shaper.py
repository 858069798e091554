"""The transient shaper, on bursts and on recorded drums."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mixdown as md

RATE_HZ = 48_000
FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")
recorded = pytest.mark.skipif(FOLDER is None, reason="MIXDOWN_TEST_AUDIO is not set")


def level_db(audio: NDArray[Any]) -> float:
    return float(10 * np.log10(np.mean(np.square(audio, dtype=np.float64))))


def drum(name: str) -> tuple[NDArray[np.float32], int, int]:
    """A recorded drum behind 100 ms of silence, its rate, and the frame of its onset."""
    recording = md.read(Path(str(FOLDER)) / "drum-oneshots" / f"{name}.wav")
    rate_hz = int(recording.sample_rate_hz)
    mono = recording.audio[:1]
    audio = np.concatenate([np.zeros((1, rate_hz // 10), np.float32), mono], axis=1)
    loud = np.abs(audio[0]) > 0.03 * np.abs(audio).max()
    return audio, rate_hz, int(np.argmax(loud))


@recorded
@pytest.mark.parametrize("name", ["kick", "snare", "hihat"])
def test_attack_lifts_the_beginning_of_a_drum_and_leaves_its_body(name: str) -> None:
    audio, rate_hz, onset = drum(name)
    shaper = md.TransientShaper(attack_db=6)
    out = shaper(audio, rate_hz)
    ms = rate_hz // 1000
    first = slice(onset, onset + 8 * ms)
    assert level_db(out[:, first]) - level_db(audio[:, first]) >= 5.8
    # A kick swells for 100 ms.
    body = slice(onset + 110 * ms, onset + 400 * ms)
    assert abs(level_db(out[:, body]) - level_db(audio[:, body])) <= 0.5
    gains_db = -shaper.gain_reduction(audio, rate_hz)
    assert gains_db.min() >= -1e-6
    assert gains_db.max() <= 6 + 1e-6


@recorded
@pytest.mark.parametrize("name", ["kick", "snare", "hihat"])
def test_sustain_shortens_a_drum_and_leaves_its_beginning(name: str) -> None:
    audio, rate_hz, onset = drum(name)
    out = md.TransientShaper(sustain_db=-12)(audio, rate_hz)
    ms = rate_hz // 1000
    first = slice(onset, onset + 15 * ms)
    assert abs(level_db(out[:, first]) - level_db(audio[:, first])) <= 0.2

    def length_s(sound: NDArray[Any]) -> float:
        """Until 95 % of the energy have passed."""
        energy = np.cumsum(np.square(sound[0, onset:], dtype=np.float64))
        return float(np.searchsorted(energy, 0.95 * energy[-1])) / rate_hz

    assert length_s(out) <= 0.85 * length_s(audio)
    late = slice(onset + 300 * ms, onset + 400 * ms)
    assert level_db(out[:, late]) - level_db(audio[:, late]) <= -10


@recorded
def test_the_gain_of_a_drum_does_not_depend_on_its_level() -> None:
    audio, rate_hz, onset = drum("snare")
    shaper = md.TransientShaper(attack_db=9, sustain_db=-9)
    loud, soft = (shaper.gain_reduction(gain * audio, rate_hz) for gain in (0.5, 0.02))
    # 28 dB lower the first samples of the onset are below -65 dBFS, and so is the sound after 100 ms.
    rise = slice(0, onset + 2 * rate_hz // 1000)
    heard = slice(rise.stop, onset + 100 * rate_hz // 1000)
    np.testing.assert_allclose(soft[:, rise], loud[:, rise], atol=0.3)
    np.testing.assert_allclose(soft[:, heard], loud[:, heard], atol=0.1)


def test_neutral_settings_are_a_delay_of_nothing(noise: Any) -> None:
    audio = noise(2, 5_000)
    np.testing.assert_array_equal(md.TransientShaper()(audio, RATE_HZ), audio)
    assert md.TransientShaper().latency_frames(RATE_HZ) == 96


def test_steady_sound_keeps_its_level() -> None:
    phase = 2 * np.pi / RATE_HZ * np.arange(2 * RATE_HZ)
    for hz in (50, 997, 10_000):
        tone = 0.25 * np.sin(hz * phase)
        gains_db = md.TransientShaper(attack_db=24, sustain_db=-24).gain_reduction(tone, RATE_HZ)
        assert np.abs(gains_db[:, RATE_HZ:]).max() <= 0.001


def test_refusals() -> None:
    for name, value in [
        ("attack_db", 25),
        ("sustain_db", np.nan),
        ("fast_ms", 0),
        ("slow_ms", 301),
        ("lookahead_ms", -1),
    ]:
        with pytest.raises(md.ParameterError, match=f"{name} = .* is out of range"):
            md.TransientShaper(**{name: value})
    with pytest.raises(md.ParameterError, match="TransientShaper takes no key"):
        md.TransientShaper()(np.zeros(100), RATE_HZ, key=np.zeros(100))
    with pytest.raises(TypeError, match=r"TransientShaper has no parameter atack_db: did you mean attack_db\?"):
        md.TransientShaper(atack_db=3)  # type: ignore[call-arg]
