"""A session file with every kind of strip, and its audio."""

import pytest

import mixdown as md

RATE_HZ = 48_000

SONG = """\
# By hand.
version = 1
sample_rate_hz = 48_000

[[track]]
name = "kick"
audio = "kick.wav"
fader_db = -3
to = "drums"
sends = { hall = -18, plate = { level_db = -6, tap = "pre_fader" } }

[[group]]
name = "drums"
inserts = [
    { type = "HighPass", frequency_hz = 30 },
    { type = "Compressor", threshold_db = -20 },
]

[[track]]
name = "bass"
audio = "sub/bass.wav"
fader_db = [[0.0, -6], [0.1, 0, "linear"]]
inserts = [{ type = "Compressor", threshold_db = -30, range_db = inf }]
key_from = "kick"
automation = { "0/threshold_db" = [[0, -30], [0.1, -20]] }

[[return]]
name = "hall"
inserts = [{ type = "Reverb", space = "room" }]

[[return]]
name = "plate"

[[vca]]
name = "low"
members = ["kick", "bass"]
fader_db = -1

[master]
fader_db = -2
inserts = [{ type = "Limiter" }]
"""


@pytest.fixture
def folder(tmp_path, noise):
    (tmp_path / "sub").mkdir()
    md.write(tmp_path / "kick.wav", 0.1 * noise(1, 6000), RATE_HZ)
    md.write(tmp_path / "sub" / "bass.wav", 0.1 * noise(2, 4000, seed=2), 44_100)
    (tmp_path / "song.toml").write_text(SONG)
    return tmp_path
