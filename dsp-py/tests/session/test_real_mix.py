"""A mix of real stems from a session file: from the folder that MIXDOWN_TEST_AUDIO names, skipped without it."""

import os
from pathlib import Path

import numpy as np
import pytest

import mixdown as md

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

pytestmark = pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")

STEMS = Path(_FOLDER or ".") / "multitrack-mdn"

SONG = """\
version = 1
sample_rate_hz = 44100

[[track]]
name = "drums"
audio = "drums.mp3"
to = "kit"
sends = { room = -16 }

[[track]]
name = "bass"
audio = "bassguitar.mp3"
fader_db = -6
inserts = [
    { type = "HighPass", frequency_hz = 35 },
    { type = "Compressor", threshold_db = -36, ratio = 3, attack_ms = 2, release_ms = 90, range_db = 6 },
]
key_from = "drums"

[[track]]
name = "clav"
audio = "clav.mp3"
fader_db = -12
pan = -0.5

[[track]]
name = "horns"
audio = "horns.mp3"
fader_db = [[0, -16], [20, -14], [21, -18, "s_curve"]]
sends = { room = -12, hall = -14 }
automation = { "sends/hall/level_db" = [[0, -24], [40, -10]] }

[[track]]
name = "lead"
audio = "leadguitar.mp3"
fader_db = -5
pan = [[0, 0.2], [30, 0.5]]
inserts = [{ type = "HighPass", frequency_hz = 120 }]
sends = { hall = { level_db = -12, tap = "pre_fader" } }

[[group]]
name = "kit"
inserts = [{ type = "Compressor", threshold_db = -24, ratio = 3, makeup_db = 4 }]

[[return]]
name = "room"
inserts = [{ type = "Reverb", space = "room" }]

[[return]]
name = "hall"
inserts = [{ type = "Reverb", space = "hall" }]
"""

#: Frames of a window for levels, 50 ms.
WINDOW = 2205
#: One rounding of the whole to float32, relative to it.
ROUNDING_DB = -140


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> md.Mix:
    text = SONG.replace('audio = "', f'audio = "{STEMS.resolve().as_posix()}/')
    file = tmp_path_factory.mktemp("song") / "song.toml"
    file.write_text(text)
    return md.Mix.from_file(file)


def level_db(samples: np.ndarray) -> np.ndarray:
    """Level of mono in windows."""
    mono = samples.mean(axis=0)[: samples.shape[1] // WINDOW * WINDOW].astype(np.float64)
    return 10 * np.log10(np.mean(mono.reshape(-1, WINDOW) ** 2, axis=1) + 1e-12)


def test_stems_add_up_and_the_file_comes_back(mix: md.Mix, tmp_path: Path) -> None:
    out = mix.render()
    stems = mix.stems()
    assert list(stems) == ["bass", "clav", "horns", "lead", "kit", "room", "hall"]
    frames = min(out.shape[1], *(stem.shape[1] for stem in stems.values()))
    error = sum(stem[:, :frames].astype(np.float64) for stem in stems.values()) - out[:, :frames]
    assert 20 * np.log10(np.std(error) / np.std(out)) < ROUNDING_DB
    mix.save(tmp_path / "again.toml")
    again = md.Mix.from_file(tmp_path / "again.toml")
    assert again.to_dict() == mix.to_dict()
    np.testing.assert_array_equal(again.render(), out)


def test_the_bass_gives_way_to_the_drums_and_to_nothing_else(mix: md.Mix) -> None:
    ducked = level_db(mix.stems(tail="none")["bass"])
    mix["bass"].key_from, inserts = None, mix["bass"].inserts
    mix["bass"].inserts = inserts[:1]
    try:
        plain = level_db(mix.stems(tail="none")["bass"])
    finally:
        mix["bass"].inserts, mix["bass"].key_from = inserts, "drums"
    drums = level_db(mix["drums"].audio)[: plain.size]
    audible = plain > -50
    change_db = (ducked - plain)[audible]
    loud = drums[audible] > -24
    # Three times the release after the last drum.
    past = np.max([np.roll(drums, shift) for shift in range(7)], axis=0)
    quiet = past[audible] < -45
    assert np.median(change_db[loud]) < -5
    assert quiet.any()
    assert np.median(change_db[quiet]) > -0.5


def test_it_is_mastered_to_the_target(mix: md.Mix) -> None:
    mastered = md.master(mix.render(), mix.sample_rate_hz, target="spotify")
    reading = mastered.certificate.loudness
    assert reading.integrated_lufs == pytest.approx(-14, abs=0.1)
    assert reading.true_peak_dbtp <= -1
