"""The command line as a person runs it: in a process of its own."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import mixdown as md
from running import call, run


@pytest.fixture
def stems(tmp_path, noise):
    folder = tmp_path / "stems"
    folder.mkdir()
    md.write(folder / "loud.wav", noise(2, 96_000) * 2, 48_000)
    md.write(folder / "short.flac", noise(1, 48_000, seed=2) * 0.1, 48_000)
    md.write(folder / "other rate.wav", noise(1, 88_200, seed=3), 44_100)
    (folder / "notes.txt").write_text("not a stem")
    return folder


def test_mix_and_measure(tmp_path, stems) -> None:
    done = run("mix", stems, "-o", tmp_path / "mix.wav")
    assert (done.returncode, done.stderr) == (0, "")
    info = soundfile.info(tmp_path / "mix.wav")
    assert (info.channels, info.samplerate, info.subtype) == (2, 48_000, "PCM_24")
    assert info.frames >= 96_000
    measured = run("measure", tmp_path / "mix.wav", stems / "loud.wav", "--json")
    assert measured.returncode == 0
    results = json.loads(measured.stdout)
    mix, loud = results["files"]
    assert loud["integrated_lufs"] > results["album_lufs"] > mix["integrated_lufs"]
    assert set(mix["targets"]) >= {"spotify", "r128"}
    assert mix["true_peak_dbtp"] == pytest.approx(-6, abs=0.02)
    audio, rate_hz = md.read(stems / "loud.wav")
    # The command streams the file; the function sees all of it.
    assert loud["integrated_lufs"] == pytest.approx(md.loudness(audio, rate_hz).integrated_lufs, abs=1e-9)
    table = run("measure", tmp_path / "mix.wav")
    assert "LUFS" in table.stdout


def test_demo(tmp_path) -> None:
    done = run("demo", tmp_path / "demo")
    assert (done.returncode, done.stderr) == (0, "")
    stems = list((tmp_path / "demo" / "stems").glob("*.wav"))
    assert len(stems) >= 9
    master, rate_hz = md.read(tmp_path / "demo" / "master.wav")
    reading = md.loudness(master, rate_hz)
    assert reading.true_peak_dbtp <= -1
    assert reading.integrated_lufs == pytest.approx(-14, abs=0.05)
    assert "Mastered for spotify" in done.stdout
    png = (tmp_path / "demo" / "report.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert len(png) > 20_000
    # The mix is that of the session file, which may be changed.
    song = tmp_path / "demo" / "song.toml"
    again = run("mix", song, "-o", tmp_path / "again.wav")
    assert (again.returncode, again.stderr) == (0, "")
    mixes = [md.read(file).audio for file in (tmp_path / "again.wav", tmp_path / "demo" / "mix.wav")]
    # Dither of 24 bits differs.
    np.testing.assert_allclose(*mixes, rtol=0, atol=2**-21)
    song.write_text(song.read_text().replace("pan = 0.85", "pan = 0.2"))
    assert run("mix", song, "-o", tmp_path / "changed.wav").returncode == 0
    assert np.abs(md.read(tmp_path / "changed.wav").audio - mixes[0]).max() > 0.01


def test_master(tmp_path, stems) -> None:
    done = run("master", stems / "loud.wav", "--target", "deezer", "-o", tmp_path / "master.flac", "--bit-depth", "16")
    assert (done.returncode, done.stderr) == (0, "")
    audio, rate_hz = md.read(tmp_path / "master.flac")
    reading = md.loudness(audio, rate_hz)
    assert reading.integrated_lufs == pytest.approx(-15, abs=0.05)
    assert reading.true_peak_dbtp <= -1
    judged = run("measure", tmp_path / "master.flac", "--target", "deezer", "--target", "r128", "--json")
    verdicts = json.loads(judged.stdout)["files"][0]["targets"]
    assert verdicts == {"deezer": "pass", "r128": "+8.0 LU"}


def test_help_and_version() -> None:
    for arguments in (["--help"], ["mix", "--help"], ["measure", "--help"], ["master", "--help"], ["demo", "--help"]):
        assert call(*arguments).returncode == 0
    assert run("--version").stdout.strip() == f"mixdown {md.__version__}"


def test_bad_input_is_one_line_and_writes_nothing(tmp_path, stems) -> None:
    empty, text, zero, nan, many = (tmp_path / name for name in ("empty", "text", "zero", "nan", "many"))
    for folder in (empty, text, zero, nan, many):
        folder.mkdir()
    (text / "a.wav").write_text("not audio at all")
    soundfile.write(zero / "a.wav", np.zeros((0, 1)), 48_000)
    soundfile.write(nan / "a.wav", np.array([0.0, np.nan]), 48_000, subtype="FLOAT")
    soundfile.write(many / "a.wav", np.zeros((100, 3)), 48_000)
    out = tmp_path / "out.wav"
    cases = [
        (["measure", tmp_path / "missing.wav"], "no such file"),
        (["measure", text / "a.wav"], "not a readable audio file"),
        (["measure", zero / "a.wav"], "holds no audio"),
        (["measure", nan / "a.wav"], "non-finite"),
        (["measure", empty], "is a directory"),
        (["measure"], "FILE... is missing: audio files"),
        (["mix", tmp_path / "missing", "-o", out], "no such file or folder"),
        (["mix", empty, "-o", out], "no stems"),
        (["mix", text, "-o", out], "not a readable audio file"),
        (["mix", zero, "-o", out], "holds no audio"),
        (["mix", nan, "-o", out], "non-finite"),
        (["mix", many, "-o", out], "3 channels"),
        (["mix", stems, "-o", tmp_path / "out.wma"], "must end in"),
        (["mix", stems, "-o", tmp_path / "nowhere" / "out.wav"], "nowhere does not exist"),
        (["mix", stems, "-o", out, "--bit-depth", "20"], "--bit-depth = 20"),
        (["master"], "MIX is missing"),
        (["master", tmp_path / "missing.wav", "-o", out], "no such file"),
        (["master", stems / "loud.wav", "--target", "vinyl", "-o", out], "target = 'vinyl' is unknown"),
        (["measure", stems / "loud.wav", "--target", "vinyl"], "target = 'vinyl' is unknown"),
        (["mix", stems, "--loud"], "--loud"),
    ]
    for arguments, message in cases:
        done = call(*arguments)
        assert done.returncode == 1, arguments
        assert done.stderr.count("\n") == 1, (arguments, done.stderr)
        assert done.stderr.startswith("mixdown: "), (arguments, done.stderr)
        assert message in done.stderr, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
    assert not out.exists()
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("command", "option", "legal"),
    [
        ("master", "--target-lufs", "lie in -50..0"),
        ("master", "--ceiling-dbtp", "lie in -12..0"),
        ("master", "--clip-db", "0..24"),
        ("master", "--rate", "lie in 8000..384000"),
        ("master", "--bit-depth", "be 16, 24 or 32"),
        ("mix", "--bit-depth", "be 16, 24 or 32"),
        ("demo", "--seed", "be a whole number, 0 or more"),
        ("measure", "--weights", "0..10"),
    ],
)
def test_a_number_that_is_none_is_told_with_option_value_and_range(command, option, legal, tmp_path, stems) -> None:
    source = {"mix": stems, "demo": tmp_path / "demo"}.get(command, stems / "loud.wav")
    output = ("-o", tmp_path / "out.wav") if command in ("mix", "master") else ()
    for word in ("loud", "nan", "-1e9", ""):
        done = call(command, source, *output, f"{option}={word}")
        assert done.returncode == 1, word
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith(f"mixdown: {option}"), done.stderr
        forms = {"nan": ("NaN", "'nan'"), "-1e9": ("-1000000000", "'-1e9'")}.get(word, (f"'{word}'",))
        assert any(f" = {form} is " in done.stderr for form in forms), done.stderr
        assert legal in done.stderr, done.stderr
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="no /dev/full here")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, stems, monkeypatch) -> None:
    # A device that is always full stands in for the file beside the target.
    script = (
        "import pathlib, mixdown.cli, mixdown.files\n"
        "real = pathlib.Path.open\n"
        "def full(self, mode='r', *a, **k):\n"
        "    return real(pathlib.Path('/dev/full') if self.name.endswith('.part') else self, mode, *a, **k)\n"
        "pathlib.Path.open = full\n"
        "mixdown.cli.main()\n"
    )
    target = tmp_path / "mix.wav"
    done = subprocess.run(
        [sys.executable, "-c", script, "mix", str(stems), "-o", str(target)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"mixdown: {target}: no space left on device\n"
    assert not target.exists()
