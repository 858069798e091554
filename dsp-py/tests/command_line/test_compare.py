"""``mixdown compare``."""

import json
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from running import call

RATE_HZ = 48_000


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    audio = 0.1 * np.random.default_rng(1).standard_normal((2, 12 * RATE_HZ))
    md.write(tmp_path / "mix.wav", audio, RATE_HZ, tags={"title": "Noise"})
    return tmp_path / "mix.wav"


@pytest.fixture
def reference(tmp_path: Path, mix: Path) -> Path:
    bright = md.HighShelf(frequency_hz=3_000, gain_db=6)(md.read(mix))
    md.write(tmp_path / "reference.flac", 0.3 * bright, RATE_HZ)
    return tmp_path / "reference.flac"


def test_it_prints_balance_curve_bands_and_loudness(mix: Path, reference: Path) -> None:
    done = call("compare", mix, reference, "--amount", "1")
    assert done.returncode == 0, done.stderr
    assert "beside reference.flac" in done.stdout
    assert "HighShelf" in done.stdout
    assert "it is not matched" in done.stdout
    assert "high mids" in done.stdout


def test_json_holds_what_the_library_says(mix: Path, reference: Path) -> None:
    done = call("compare", mix, reference, "--json", "--bands", "0")
    made = json.loads(done.stdout)
    found = md.match(md.read(mix), md.read(reference), bands=None)
    assert made["match"]["rms_difference_db"] == pytest.approx(found.rms_difference_db)
    assert made["match"]["effect"]["type"] == "Convolution"
    assert {region["name"] for region in made["tonal_balance"]["regions"]} >= {"sub", "highs"}


def test_apply_writes_the_mix_through_the_equalizer_with_its_tags(mix: Path, reference: Path, tmp_path: Path) -> None:
    output = tmp_path / "matched.wav"
    done = call("compare", mix, reference, "--apply", "-o", output, "--amount", "1")
    assert done.returncode == 0, done.stderr
    assert "Written: " in done.stdout
    written = md.read(output)
    before, after = (md.match(audio, md.read(reference)).rms_difference_db for audio in (md.read(mix), written))
    assert after < 0.2 * before
    expected = md.match(md.read(mix), md.read(reference), amount=1).effect(md.read(mix))
    np.testing.assert_allclose(written.audio, expected, atol=2e-7 + 2**-22)
    # Nothing is replaced unasked.
    again = call("compare", mix, reference, "--apply", "-o", output)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert call("compare", mix, reference, "--apply", "-o", mix, "--force").returncode == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--apply"], "--apply needs a file to write"),
        (["-o", "out.wav"], "--output is given without --apply"),
        (["--amount", "2"], "--amount = 2 is out of range: it must lie in 0..1"),
        (["--bands", "2.5"], "--bands = 2.5 is not allowed: it must be a whole number"),
        (["--bands", "40"], "--bands = 40 is out of range: it must lie in 0..32"),
        (["--bit-depth", "8"], "--bit-depth = 8 is not allowed"),
        (["--apply", "-o", "out.wma"], "out.wma"),
    ],
)
def test_bad_options_are_one_line(mix: Path, options: list[str], message: str) -> None:
    done = call("compare", mix, mix, *options)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_silence_and_missing_files_are_one_line(mix: Path, tmp_path: Path) -> None:
    md.write(tmp_path / "silence.wav", np.zeros((2, 5 * RATE_HZ)), RATE_HZ)
    for arguments, message in (
        ((mix, tmp_path / "silence.wav"), "sounds for 0.00 s: it must sound for at least 3 s"),
        ((tmp_path / "none.wav", mix), "none.wav"),
    ):
        done = call("compare", *arguments)
        assert done.returncode == 1
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
