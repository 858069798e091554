"""The command line: odd names, standard input and output, unreadable files, layouts."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import mixdown as md
from running import call, run
from signals import sine

RATE_HZ = 48_000


ODD_NAMES = [
    b"[bold]brackets[red].wav",
    b":smile: & 100 %.wav",
    b"two  blanks.wav",
    "Süßes Lied – 音楽.wav".encode(),
    b"\xff not UTF-8.wav",
    b"escape \x1b[31m and\nline.wav",
    b"n" * 251 + b".wav",
]


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are any bytes")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_are_shown_and_written_as_they_are(tmp_path: Path, encoding: str) -> None:
    stems = tmp_path / "stems"
    stems.mkdir()
    places = [os.fsencode(stems) + b"/" + name for name in ODD_NAMES]
    for place in places:
        md.write(os.fsdecode(place), sine(24_000), RATE_HZ)
    environment = os.environ | {"PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    measured = run("measure", *places, "missing [/b].wav", env=environment)
    assert measured.returncode == 1
    assert measured.stderr == "mixdown: missing [/b].wav: folder missing [ does not exist\n"
    unfolded = "".join(measured.stdout.split())
    for shown in (
        "[bold]brackets[red].wav",
        ":smile:&100%.wav",
        r"\xffnotUTF-8.wav",
        r"\x1b[31mand\nline",
    ):
        assert shown in unfolded, shown
    assert "\x1b" not in measured.stdout
    mixed = run("mix", stems, "-o", os.fsencode(tmp_path) + b"/\xff" + b"m" * 250 + b".wav", env=environment)
    assert (mixed.returncode, mixed.stderr) == (0, "")
    mastered = run("master", places[0], "-o", os.fsencode(tmp_path) + b"/[b]" + b"m" * 247 + b".flac", env=environment)
    assert (mastered.returncode, mastered.stderr) == (0, "")
    assert len([name for name in os.listdir(os.fsencode(tmp_path)) if len(name) == 255]) == 2


def test_errors_show_the_name_that_was_given(tmp_path: Path, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two  blanks [").mkdir()
    (tmp_path / "two  blanks [/b].wav").write_text("not audio at all")
    for arguments in (["measure"], ["master", "-o", "out.wav"]):
        done = call(arguments[0], "two  blanks [/b].wav", *arguments[1:])
        assert done.returncode == 1
        assert done.stderr.startswith("mixdown: two  blanks [/b].wav: not a readable audio file")
    done = call("master", "song.wav", "-o", "no such/[folder].wav")
    assert done.stderr == "mixdown: no such/[folder].wav: folder no such does not exist\n"


def test_standard_input(tmp_path: Path, song: Path) -> None:
    with song.open("rb") as opened:
        for options in ({"stdin": opened}, {"input": song.read_bytes()}):
            done = run("measure", "-", "--json", text=False, **options)
            assert (done.returncode, done.stderr) == (0, b"")
            assert json.loads(done.stdout)["files"][0]["duration_s"] == 1.0
    done = run("master", "-", "-o", tmp_path / "master.wav", input=song.read_bytes(), text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    # A pipe that has a name, as a shell's <(...).
    reading, writing = os.pipe()
    with open(writing, "wb") as target:
        target.write(song.read_bytes()[:40_000])
    done = run("measure", f"/dev/fd/{reading}", "--json", pass_fds=[reading])
    os.close(reading)
    assert done.returncode == 0
    assert json.loads(done.stdout)["files"][0]["duration_s"] == pytest.approx(40_000 / 3 / RATE_HZ, abs=0.01)
    assert "48000 frames (1.00 s) promised" in done.stderr


def test_a_reader_that_stops_reading_is_no_error(song: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run("measure", song, stdout=writing, stderr=subprocess.PIPE, capture_output=False)
    os.close(writing)
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == ""


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="no /dev/full here")
def test_output_that_cannot_be_printed_is_told_once(song: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = run("measure", song, stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert (done.returncode, done.stderr) == (1, "mixdown: no space left on device\n")


def test_one_unreadable_file_does_not_void_the_others(tmp_path: Path, song: Path) -> None:
    (tmp_path / "text.wav").write_text("no audio at all, and long enough")
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), RATE_HZ, subtype="FLOAT")
    done = call("measure", tmp_path / "text.wav", song, tmp_path, tmp_path / "nan.wav", song, "--json")
    assert done.returncode == 1
    assert [line.split(": ")[2][:9] for line in done.stderr.splitlines()] == [
        "not a rea",
        "is a dire",
        "samples h",
    ] or (done.stderr.count("\n") == 3)
    results = json.loads(done.stdout)
    assert [entry["file"] for entry in results["files"]] == [str(song)] * 2
    assert set(results["failed"]) == {str(tmp_path / "text.wav"), str(tmp_path), str(tmp_path / "nan.wav")}
    assert results["album_lufs"] is not None


def test_cut_files_are_told_by_every_command(tmp_path: Path, song: Path) -> None:
    stems = tmp_path / "stems"
    stems.mkdir()
    cut = stems / "cut.wav"
    cut.write_bytes(song.read_bytes()[:100_000])
    for arguments in (
        ["measure", cut],
        ["master", cut, "-o", tmp_path / "master.wav"],
        ["mix", stems, "-o", tmp_path / "mix.wav"],
    ):
        done = call(*arguments)
        assert done.returncode == 0
        assert done.stderr.count("\n") == 1, done.stderr
        assert "cut.wav: 48000 frames (1.00 s) promised, 33318 frames (0.69 s) found" in done.stderr


def test_layout_and_weights(tmp_path: Path) -> None:
    audio = np.stack([0 * sine(), 0 * sine(), sine(level=0.5, hz=997)])
    file = tmp_path / "a.wav"
    md.write(file, audio, RATE_HZ)

    def measured_lufs(*options: str) -> float | None:
        return json.loads(call("measure", file, "--json", *options).stdout)["files"][0]["integrated_lufs"]

    assert measured_lufs() == pytest.approx(-9.03, abs=0.02)
    assert measured_lufs("--weights", "1,1,0") is None
    assert measured_lufs("--weights", "1,1,2") == pytest.approx(-6.02, abs=0.02)
    assert measured_lufs("--layout", "3.0") == pytest.approx(-9.03, abs=0.02)
    md.write(file, np.concatenate([audio, audio[:, :]])[:6], RATE_HZ)
    for options, message in [
        (["--layout", "9.1"], "layout = '9.1' is unknown: it must be one of mono, stereo, 3.0"),
        (["--layout", "5.0"], "channels"),
        (["--weights", "1;2"], "--weights = '1;2' is not allowed"),
        (["--weights", "1,2"], "weights"),
        (["--weights", "1,1,1,1,1,11"], "weights[5] = 11 is out of range"),
    ]:
        done = call("measure", file, *options)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert message in done.stderr, done.stderr


def test_loudspeakers_of_a_file_count(tmp_path: Path) -> None:
    audio = np.stack([0.1 * sine(), 0.1 * sine(), sine(level=0.5, hz=60)])
    recording = md.Recording(audio, RATE_HZ)
    recording.positions = ("L", "R", "LFE")
    md.write(tmp_path / "a.wav", recording)
    without = md.loudness(audio[:2], RATE_HZ).integrated_lufs
    measured = json.loads(call("measure", tmp_path / "a.wav", "--json").stdout)["files"][0]
    assert measured["integrated_lufs"] == pytest.approx(without, abs=0.01)
    # A master of it would be balanced as if the effects channel were the centre.
    done = call("master", tmp_path / "a.wav", "-o", tmp_path / "out.wav")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "L R LFE" in done.stderr
