"""Files that tests of the command line start from."""

from pathlib import Path

import pytest

import mixdown as md
from signals import RATE_HZ, sine


@pytest.fixture
def song(tmp_path: Path) -> Path:
    md.write(tmp_path / "song.wav", sine(), RATE_HZ)
    return tmp_path / "song.wav"


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    folder = tmp_path / "stems"
    folder.mkdir()
    md.write(folder / "lead.wav", sine(level=0.3), RATE_HZ)
    md.write(folder / "bass.flac", sine(level=0.1, hz=80), RATE_HZ)
    return folder
