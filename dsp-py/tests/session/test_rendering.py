"""A mix renders on several threads, and copies audio once."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import mixdown as md

#: 64 tracks, 8 groups and 4 returns.
SESSION = """\
import hashlib, os, numpy as np, mixdown as md
random = np.random.default_rng(1)
mix = md.Mix(sample_rate_hz=48_000)
for n in range(64):
    audio = (0.1 * random.standard_normal((1 + n % 2, 4_000))).astype(np.float32)
    inserts = [md.Bell(gain_db=n / 10 - 3), md.Compressor(threshold_db=-30)]
    pan = float(np.sin(n))
    mix.track(f"track {n}", audio, pan=pan, to=f"group {n % 8}", sends={f"return {n % 4}": -12}, inserts=inserts)
for n in range(8):
    mix.group(f"group {n}", [md.Compressor(threshold_db=-30)], to="master" if n < 4 else f"group {n - 4}")
for n in range(4):
    mix.returns(f"return {n}", [md.Plate(decay=0.3)])
mix.automate("track 5/fader_db", [(0.0, 0), (0.05, -12)])
def bits():
    return hashlib.sha256(mix.render(tail=0.1).tobytes()).hexdigest()
"""


def answer(program: str, threads: int) -> str:
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.strip()


def test_threads_change_no_bit() -> None:
    one, two = (answer(SESSION + "print(bits())", threads) for threads in (1, 2))
    assert len(one) == 64
    assert one == two


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_renders_after_its_parent_has() -> None:
    program = """
first = bits()
child = os.fork()
if child == 0:
    os._exit(0 if bits() == first else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert answer(SESSION + program, 2) == "0"


def test_ten_thousand_tracks() -> None:
    mix = md.Mix()
    for n in range(10_000):
        mix.track(f"{n}", np.full(100, 1e-3), pan=-1)
    np.testing.assert_allclose(mix.render(tail="none"), [np.full(100, 10.0), np.zeros(100)], atol=1e-9)


def test_a_track_is_copied_once() -> None:
    audio = np.zeros((2, 1_000_000), np.float32)
    tracemalloc.start()
    try:
        md.Mix().track("long", audio)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert audio.nbytes <= most < 1.1 * audio.nbytes


def test_nobody_writes_to_the_audio_of_a_mix() -> None:
    audio = np.random.default_rng(1).uniform(-0.1, 0.1, (2, 300_000))
    expected = audio.copy()
    mix = md.Mix()
    mix.track("writable", audio)
    audio.flags.writeable = False
    mix.track("read-only", audio)
    mix.track("resampled", audio, sample_rate_hz=44_100)
    mix.track("part", audio[:, ::2])
    audio.flags.writeable = True
    audio[...] = np.inf
    for track in copy.copy(mix), pickle.loads(pickle.dumps(mix)), mix:
        np.testing.assert_array_equal(track["writable"].audio, expected)
        np.testing.assert_array_equal(track["read-only"].audio, expected)
        np.testing.assert_array_equal(track["part"].audio, expected[:, ::2])
        for name in track:
            kept = track[name].audio
            with pytest.raises(ValueError, match="read-only"):
                kept[0, 0] = 1
            with pytest.raises(ValueError, match="WRITEABLE"):
                kept.flags.writeable = True


@pytest.mark.parametrize("insert", [md.Gain(), md.Gain(gain_db=-60), md.Gate(threshold_db=-30), md.Plate(decay=0.6)])
def test_stems_are_as_long_as_the_mix(insert) -> None:
    random = np.random.default_rng(1)
    mix = md.Mix()
    mix.track("kick", 0.1 * random.standard_normal(5_000), to="drums", sends={"hall": -6})
    mix.track("lead", 0.1 * random.standard_normal((2, 4_000)), sends={"hall": -12})
    mix.group("drums", [md.Compressor(threshold_db=-30)])
    mix.returns("hall", [md.Plate(decay=0.3)])
    whole = mix.render()
    # All that is after the sum: it may end the tail before that of its stems, or continue it.
    assert whole.shape[1] > 5_000
    stems = mix.stems()
    assert np.max(np.abs(sum(stems.values()) - whole)) < 1e-14
    mix.master_strip.inserts = [insert]
    whole = mix.render()
    for of in ("master_inputs", "tracks"):
        assert {stem.shape for stem in mix.stems(of=of).values()} == {whole.shape}
