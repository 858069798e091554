"""``mixdown vinyl``."""

import json
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from running import call

RATE_HZ = 48_000


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    noise = 0.05 * np.random.default_rng(1).standard_normal(3 * RATE_HZ)
    bass = 0.3 * np.sin(2 * np.pi * 60 * np.arange(3 * RATE_HZ) / RATE_HZ)
    for name, audio in (("one", np.stack([noise, noise])), ("two", np.stack([bass, -bass]))):
        md.write(tmp_path / f"{name}.wav", audio, RATE_HZ)
    return [tmp_path / "one.wav", tmp_path / "two.wav"]


def test_it_prints_songs_findings_and_what_mends_them(songs: list[Path]) -> None:
    done = call("vinyl", *songs, "--level", "0")
    assert done.returncode == 1, done.stderr
    assert "12in33: 0:08" in done.stdout
    assert "two.wav: The stylus rises by" in done.stdout
    assert "MidSide(" in done.stdout


def test_json_holds_what_the_library_says(songs: list[Path]) -> None:
    done = call("vinyl", songs[0], "--json", "--format", "7in45", "--gap", "1", "--limit", "subsonic_warning_db=-90")
    made = json.loads(done.stdout)
    check = md.vinyl_check({"one.wav": md.read(songs[0])}, fmt="7in45", gap_s=1, limits={"subsonic_warning_db": -90})
    assert made == json.loads(json.dumps(check.to_dict()))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--format", "lp"), "fmt = 'lp' is not allowed"),
        (("--gap", "x"), "--gap = 'x' is not a number: it must lie in 0..60"),
        (("--level", "50"), "--level = 50 is out of range"),
        (("--limit", "tip_um"), "--limit = 'tip_um' is not a number: NAME=VALUE"),
        (("--limit", "tip=3"), "limits has no parameter tip"),
    ],
)
def test_bad_options_are_one_line(songs: list[Path], options: tuple[str, ...], told: str) -> None:
    done = call("vinyl", songs[0], *options)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
