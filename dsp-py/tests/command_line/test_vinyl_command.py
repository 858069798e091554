"""``mixdown vinyl``."""

import json
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from running import call, run

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
        (("--format", "lp"), "--format = 'lp' is not allowed"),
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


def test_an_album_file_is_checked_by_its_sides(tmp_path) -> None:
    rng = np.random.default_rng(1)
    for name in ("one", "two", "three"):
        noise = md.LowPass(frequency_hz=2_000)(0.1 * rng.standard_normal(96_000), 48_000)
        md.write(tmp_path / f"{name}.wav", np.stack([noise, noise]), 48_000)
    songs = "".join(f'[[track]]\nfile = "{name}.wav"\ntitle = "{name}"\n' for name in ("one", "two", "three"))
    text = f'version = 1\n[vinyl]\nformat = "7in45"\nsides = [["one", "two"], ["three"]]\n{songs}'
    (tmp_path / "album.toml").write_text(text)
    done = run("vinyl", tmp_path / "album.toml", "--json")
    sides = json.loads(done.stdout)["sides"]
    assert [(side["side"], side["titles"], side["fmt"]) for side in sides] == [
        ("A", ["one", "two"], "7in45"),
        ("B", ["three"], "7in45"),
    ]
    # Two songs of 2 s with a gap of 2 s.
    assert sides[0]["duration_s"] == pytest.approx(6, abs=0.01)
    # The level is one that groove, cutter and stylus bear.
    faults = {finding["check"] for side in sides for finding in side["findings"] if finding["severity"] == "fault"}
    assert not faults & {"slope", "curvature", "lift"}
    refused = run("vinyl", tmp_path / "album.toml", "--gap", "3")
    assert refused.returncode == 1
    assert "--gap is given for an album file" in refused.stderr
