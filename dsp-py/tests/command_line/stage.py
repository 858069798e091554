"""A short song in a folder, with all that examples of the help name: stems, mix, reference, session, album, songs."""

from pathlib import Path

import numpy as np

import mixdown as md
from signals import RATE_HZ

SECONDS = 4

SESSION = """version = 1
sample_rate_hz = 48000

[[track]]
name = "vox"
audio = "stems/vox.wav"
fader_db = -3
sends = { hall = -12 }
inserts = [{ type = "Compressor", threshold_db = -30.0 }, { type = "Bell", gain_db = 2.5 }]

[[track]]
name = "drums"
audio = "stems/drums.wav"
pan = 0.25

[[return]]
name = "hall"
inserts = [{ type = "Plate" }]
"""

ALBUM = """version = 1

[album]
title = "Two"
artist = "Band"
date = "2026"

[deliver]
formats = ["flac"]

[vinyl]
format = "7in45"
sides = [["One"], ["Two"]]

[[track]]
file = "songs/one.wav"
title = "One"

[[track]]
file = "songs/two.wav"
title = "Two"
gap_s = 1.0
"""


def stems() -> dict[str, np.ndarray]:
    """Drums, a bass and a voice: noise that falls, and two notes with harmonics."""
    random = np.random.default_rng(1)
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    decay = np.exp(-12 * (time_s % 0.5))
    voice = sum(np.sin(2 * np.pi * 220 * number * time_s) / number for number in range(1, 9))
    gate = 0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * time_s)
    return {
        "drums": 0.5 * decay * random.standard_normal(time_s.size) / 3,
        "bass": 0.3 * np.sin(2 * np.pi * 55 * time_s) * (0.7 + 0.3 * decay),
        "vox": 0.15 * gate * voice,
    }


def set_up(folder: Path) -> Path:
    """Write the song into a folder."""
    parts = stems()
    (folder / "stems").mkdir(parents=True)
    (folder / "songs").mkdir()
    for name, audio in parts.items():
        md.write(folder / "stems" / f"{name}.wav", audio, RATE_HZ)
    mix = np.stack([sum(parts.values()), sum(parts.values()) - 0.3 * parts["drums"]])
    mix *= 0.4 / np.abs(mix).max()
    md.write(folder / "mix.wav", mix, RATE_HZ)
    bright = md.HighShelf(frequency_hz=3_000, gain_db=6)(0.5 * mix, RATE_HZ)
    md.write(folder / "reference.wav", bright, RATE_HZ)
    for name, audio in (("one", mix), ("two", bright)):
        md.write(folder / "songs" / f"{name}.wav", audio, RATE_HZ)
    (folder / "song.toml").write_text(SESSION)
    (folder / "album.toml").write_text(ALBUM)
    return folder
