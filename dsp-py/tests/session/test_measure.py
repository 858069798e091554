"""Readings of the strips of a mix."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


@pytest.fixture
def mix(noise) -> md.Mix:
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("kick", noise(1, RATE_HZ), pan=-0.3, fader_db=-3, to="drums")
    squeeze = md.Chain([md.Gain(), md.Compressor(threshold_db=-30, lookahead_ms=5)])
    mix.track("lead", noise(2, 2 * RATE_HZ, seed=2), inserts=[squeeze], sends={"hall": -12})
    mix.track("off", noise(1, RATE_HZ), mute=True)
    mix.group("drums", [md.Gain(gain_db=12)], fader_db=6)
    mix.returns("hall", [md.Plate(decay=0.3)])
    return mix


@pytest.mark.parametrize("tail", ["auto", "none", 0.25])
def test_the_master_reads_as_the_mix_does(mix: md.Mix, tail: str | float) -> None:
    out = mix.render(tail=tail)
    reading = mix.measure(tail=tail)["master"]
    meter = md.LevelMeter(RATE_HZ, 2)
    meter.observe(out)
    level, loudness = meter.reading(), md.loudness(out, RATE_HZ)
    assert reading.peak_dbfs == level.sample_peak_dbfs
    assert reading.rms_dbfs == level.overall_rms_dbfs
    assert reading.clipped_samples == level.clipped_samples > 0
    assert reading.integrated_lufs == loudness.integrated_lufs
    assert reading.correlation == md.correlation(out, RATE_HZ).overall


def test_strips_read_as_their_stems(mix: md.Mix) -> None:
    readings = mix.measure(tail="none")
    assert list(readings) == ["kick", "lead", "off", "drums", "hall", "master"]
    stems = mix.stems(of="tracks", tail="none")
    for name in ("kick", "lead"):
        # A meter reads the samples of the mix, which are float32.
        stem = stems[name].astype(np.float32)
        assert readings[name].integrated_lufs == md.loudness(stem, RATE_HZ).integrated_lufs
    assert readings["kick"].correlation == pytest.approx(1)
    assert readings["lead"].gain_reduction_db > 5
    assert readings["drums"].gain_reduction_db == 0
    assert readings["off"] == md.StripReading(-math.inf, -math.inf, -math.inf, 0.0, 0.0, 0)
    # The render is what it was.
    np.testing.assert_array_equal(mix.render(tail="none"), mix.render(tail="none"))


def test_readings_print_as_a_table_and_as_json(mix: md.Mix) -> None:
    readings = mix.measure()
    lines = readings.table().splitlines()
    assert lines[0].split() == ["Strip", "Peak", "RMS", "Loudness", "Correlation", "Reduction", "Clipped"]
    assert [line.split()[0] for line in lines[1:]] == list(readings)
    assert lines[3].split() == ["off", "-inf", "dBFS", "-inf", "dBFS", "-inf", "LUFS", "0.00", "0.0", "dB", "0"]
    assert repr(readings).endswith(readings.table())
    plain = json.loads(json.dumps(readings.to_dict(), allow_nan=False))
    assert plain["off"]["peak_dbfs"] == "-inf"
    assert "lead" in readings
    assert 3 not in readings
    with pytest.raises(md.MixerError, match='there is no strip named "bass"'):
        readings["bass"]


def test_progress_and_refusals(mix: md.Mix) -> None:
    steps: list[tuple[int, int]] = []
    mix.measure(tail="none", progress=lambda done, frames: steps.append((done, frames)))
    assert steps[-1] == (2 * RATE_HZ, 2 * RATE_HZ)

    def stop(done: int, frames: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        mix.measure(progress=stop)
    with pytest.raises(md.ParameterError, match="tail"):
        mix.measure(tail="long")  # type: ignore[arg-type]
    with pytest.raises(md.MixerError, match="no tracks"):
        md.Mix().measure()
