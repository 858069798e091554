"""What people do with the command line: odd names, second runs, pipes, signals, narrow and plain terminals."""

import base64
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import mutagen.flac
import mutagen.id3
import mutagen.mp3
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from rich.cells import cell_len

import mixdown as md
from mixdown.cli import master as master_command
from mixdown.cli.program import app
from mixdown.cli.terminal import excess, figure, table
from mixdown.session import balance
from running import call, run

RATE_HZ = 48_000


def sine(frames: int = 48_000, level: float = 0.3, hz: float = 440.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz / RATE_HZ * np.arange(frames))).astype(np.float32)


def hiss(frames: int = 48_000, level: float = 0.3) -> np.ndarray:
    return (level * np.random.default_rng(1).uniform(-1, 1, frames)).astype(np.float32)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    md.write(tmp_path / "song.wav", sine(), RATE_HZ)
    return tmp_path / "song.wav"


# --- Names -----------------------------------------------------------------------------------------------------------

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
    assert measured.stderr == "mixdown: missing [/b].wav: no such file or directory\n"
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
    assert done.stderr == "mixdown: no such/[folder].wav: no such file or directory\n"


# --- Standard input and output ---------------------------------------------------------------------------------------


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


# --- Layouts ---------------------------------------------------------------------------------------------------------


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
        (["--weights", "1;2"], "weights = '1;2' is not allowed"),
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


# --- Mixes -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    folder = tmp_path / "stems"
    folder.mkdir()
    md.write(folder / "lead.wav", sine(level=0.3), RATE_HZ)
    md.write(folder / "bass.flac", sine(level=0.1, hz=80), RATE_HZ)
    return folder


@pytest.mark.parametrize("name", ["mix.wav", "mix.flac", "rough.wav", "rough.flac"])
def test_no_output_is_a_stem_of_the_next_mix(stems: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stems)
    first = call("mix", ".", "-o", name)
    assert (first.returncode, first.stderr) == (0, "")
    content = (stems / name).read_bytes()
    assert call("master", name, "-o", "master.wav").returncode == 0
    again = call("mix", ".", "-o", name, "--force")
    assert (again.returncode, again.stderr) == (0, "")
    assert (stems / name).read_bytes() == content
    assert f"{name} (the output)" in again.stdout
    assert "master.wav (by its name no stem)" in again.stdout
    other = call("mix", stems, "-o", "other.wav")
    assert other.returncode == 0
    audio = md.read(stems / name).audio
    np.testing.assert_allclose(md.read(stems / "other.wav").audio, audio, atol=2.0**-22)


def test_what_is_no_stem_is_told(tmp_path: Path, stems: Path) -> None:
    (stems / "folder.wav").mkdir()
    (stems / "drums").mkdir()
    (stems / "gone.wav").symlink_to("nowhere.wav")
    (stems / "notes.txt").write_text("x")
    (stems / ".hidden").write_text("x")
    os.mkfifo(stems / "pipe.wav")
    for ending in ("wave", "aifc", "w64", "caf", "opus", "MP3"):
        options = {"wave": {"format": "WAV"}, "aifc": {"format": "AIFF"}, "opus": {"format": "OGG", "subtype": "OPUS"}}
        soundfile.write(stems / f"{ending}.{ending}", sine(), RATE_HZ, **options.get(ending, {}))
    done = call("mix", stems, "-o", tmp_path / "out.wav")
    assert (done.returncode, done.stderr) == (0, "")
    others = next(line for line in done.stdout.splitlines() if line.startswith("Left out"))
    assert others == (
        "Left out: drums (a folder), folder.wav (a folder), gone.wav (a link to nothing), "
        "notes.txt (not audio by its ending), pipe.wav (not a file)."
    )
    for stem in ("bass", "lead", "wave", "aifc", "w64", "caf", "opus", "MP3"):
        assert f"\n{stem} " in done.stdout, stem


def test_a_session_file_is_mixed_as_it_says(tmp_path: Path, stems: Path) -> None:
    text = """version = 1
sample_rate_hz = 48000

[[track]]
name = "bass"
audio = "stems/bass.wav"
fader_db = -6
sends = { hall = -12 }

[[return]]
name = "hall"
inserts = [{ type = "Plate" }]
"""
    song = tmp_path / "song.toml"
    song.write_text(text.replace("stems/bass.wav", next(stems.glob("bass.*")).relative_to(tmp_path).as_posix()))
    done = call("mix", song, "-o", tmp_path / "mix.wav")
    assert (done.returncode, done.stderr) == (0, "")
    assert "hall -12.0 dB" in done.stdout
    expected = md.Mix.from_file(song).render()
    np.testing.assert_allclose(md.read(tmp_path / "mix.wav").audio, expected, atol=2**-22)
    again = call("mix", song, "-o", next(stems.glob("bass.*")), "--force")
    assert (again.returncode, "choose another output" in again.stderr) == (1, True)
    song.write_text(song.read_text().replace("fader_db", "fadr_db"))
    wrong = call("mix", song, "-o", tmp_path / "other.wav")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert wrong.stderr.endswith("song.toml:7: a track has no fadr_db: did you mean fader_db?\n")
    assert not (tmp_path / "other.wav").exists()


def test_no_stem_takes_the_place_of_another(tmp_path: Path) -> None:
    folder = tmp_path / "stems"
    folder.mkdir()
    for name in ("a.flac", "a.wav", "a.wav.flac", "a.wav.wav"):
        md.write(folder / name, sine(), RATE_HZ)
    done = call("mix", folder, "-o", tmp_path / "out.wav")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(" dB\n") == 4


def faders_db(stems: dict[str, np.ndarray]) -> dict[str, float]:
    mix = balance({name: (audio, RATE_HZ) for name, audio in stems.items()}, RATE_HZ).mix
    return {name: mix[name].fader_db for name in stems}


def test_a_short_stem_is_balanced_like_a_long_one() -> None:
    hit = sine(9_600, level=0.5, hz=300)
    in_silence = np.concatenate([np.zeros(48_000, np.float32), hit, np.zeros(48_000, np.float32)])
    for level in (1.0, 0.05):
        short = faders_db({"lead": sine(), "bass": sine(level=0.1), "hit": level * hit})
        long = faders_db({"lead": sine(), "bass": sine(level=0.1), "hit": level * in_silence})
        assert short == pytest.approx(long, abs=0.3)
    assert faders_db({"hit": hit}) == {"hit": 0.0}


@pytest.mark.parametrize("level", [1e-5, 1e-4, 3e-4, 0.0])
def test_noise_is_not_raised_to_the_voices(level: float) -> None:
    stems = {"lead": sine(), "bass": sine(level=0.1, hz=80), "noise": hiss(level=level)}
    faders = faders_db(stems)
    without = faders_db({name: audio for name, audio in stems.items() if name != "noise"})
    assert {name: faders[name] for name in without} == without
    # As far below the louder one as before.
    assert faders["noise"] == pytest.approx(without["lead"], abs=1e-9)
    # Quiet music is raised.
    assert faders_db({**stems, "noise": hiss(level=0.05)})["noise"] == 0.0


# --- Outputs ---------------------------------------------------------------------------------------------------------


def test_nothing_is_overwritten_by_surprise(tmp_path: Path, song: Path, stems: Path) -> None:
    before = song.read_bytes()
    (tmp_path / "link.wav").symlink_to(song)
    os.link(song, tmp_path / "hard.wav")
    for force in ([], ["--force"]):
        for output in (song, tmp_path / "link.wav", tmp_path / "hard.wav", tmp_path / "stems" / ".." / "song.wav"):
            done = call("master", song, "-o", output, *force)
            assert (done.returncode, done.stderr) == (
                1,
                f"mixdown: {output}: is what is read from: choose another output\n",
            )
    with song.open("rb") as opened:
        done = run("master", "-", "-o", song, "--force", stdin=opened)
    assert "is what is read from" in done.stderr
    kept = tmp_path / "kept.wav"
    kept.write_bytes(b"mine")
    for arguments in (["master", song], ["mix", stems]):
        done = call(*arguments, "-o", kept)
        assert (done.returncode, done.stderr) == (1, f"mixdown: {kept}: exists already: --force replaces it\n")
        assert kept.read_bytes() == b"mine"
    for arguments in (["master", song], ["mix", stems]):
        assert call(*arguments, "-o", kept, "--force").returncode == 0
        assert kept.read_bytes()[:4] == b"RIFF"
    assert song.read_bytes() == before
    (tmp_path / "demo" / "stems").mkdir(parents=True)
    done = call("demo", tmp_path / "demo")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "stems: exists already: --force replaces it" in done.stderr


def test_what_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, song: Path, stems: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "odd.wav", sine(44_100), 88_201)
    soundfile.write(tmp_path / "nine.wav", np.zeros((48_000, 9)), RATE_HZ)
    (tmp_path / "folder.wav").mkdir()
    work = master_command.make_master
    monkeypatch.setattr(master_command, "make_master", None)
    monkeypatch.setattr("mixdown.cli.stems.balance", None)
    for arguments, message in [
        (["master", song, "-o", tmp_path / "a.mp3"], "a.mp3 is not allowed: its name must end in .wav, .flac"),
        (["master", song, "-o", tmp_path / "a.flac", "--bit-depth", "32"], "FLAC takes 16 or 24"),
        (["master", song, "-o", tmp_path / "a.wav", "--bit-depth", "20"], "bit_depth = 20 is not allowed"),
        (["master", song, "-o", tmp_path / "none" / "a.wav"], "none/a.wav: no such file or directory"),
        (["master", song, "-o", song / "a.wav"], "not a directory"),
        (["master", song, "-o", tmp_path / "folder.wav"], "folder.wav: is a directory"),
        (["master", song, "-o", tmp_path / "a.wav", "--rate", "44100.5"], "sample_rate_hz = 44100.5 is not allowed"),
        (["master", song, "-o", tmp_path / "a.wav", "--rate", "nan"], "sample_rate_hz = nan is"),
        (["master", song, "-o", tmp_path / "a.wav", "--rate", "inf"], "sample_rate_hz = inf is"),
        (["master", tmp_path / "odd.wav", "-o", tmp_path / "a.flac"], "sample_rate_hz = 88201 is not allowed: FLAC"),
        (["master", tmp_path / "nine.wav", "-o", tmp_path / "a.flac"], "9 channels: FLAC takes 1..8"),
        (["mix", stems, "-o", tmp_path / "a.mp3"], "its name must end in"),
        (["mix", stems, "-o", tmp_path / "none" / "a.wav"], "no such file or directory"),
        (["mix", stems, "-o", tmp_path / "a.flac", "--bit-depth", "32"], "FLAC takes 16 or 24"),
    ]:
        done = call(*arguments)
        assert done.returncode == 1, arguments
        assert done.stderr.count("\n") == 1, done.stderr
        assert message in done.stderr, done.stderr
    # The rate of the file does not matter where another one is asked for.
    monkeypatch.setattr(master_command, "make_master", work)
    assert call("master", tmp_path / "odd.wav", "-o", tmp_path / "a.flac", "--rate", "44100").returncode == 0


def test_links_and_permissions_stay(tmp_path: Path) -> None:
    place = tmp_path / "real" / "a.wav"
    place.parent.mkdir()
    for exists in (False, True):
        link = tmp_path / f"link {exists}.wav"
        link.symlink_to(place)
        if exists:
            place.chmod(0o604)
        md.write(link, sine(), RATE_HZ)
        assert link.is_symlink()
        assert md.read(place).audio.shape == (1, 48_000)
    assert stat.S_IMODE(place.stat().st_mode) == 0o604
    md.write(tmp_path / "new.wav", sine(), RATE_HZ)
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new.wav").stat().st_mode) == 0o666 & ~mask
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link False.wav", "link True.wav", "new.wav", "real"]


COVER = bytes(range(256)) * 8


def tagged(file: Path) -> None:
    """Write a song with tags and a cover, as its format has them."""
    kinds = {".wav": "WAV", ".flac": "FLAC", ".mp3": "MP3", ".ogg": "OGG", ".aiff": "AIFF"}
    soundfile.write(file, sine(), RATE_HZ, format=kinds[file.suffix])
    picture = mutagen.flac.Picture()
    picture.data, picture.mime, picture.type = COVER, "image/png", 3
    if file.suffix in (".flac", ".ogg"):
        entries = mutagen.flac.FLAC(file) if file.suffix == ".flac" else OggVorbis(file)
        entries.update({"TITLE": "Süßes [b]Lied", "ARTIST": ["One", "Two"], "TRACKNUMBER": "3/9", "MOOD": "blue"})
        entries["REPLAYGAIN_TRACK_GAIN"] = "-3 dB"
        if file.suffix == ".flac":
            entries.add_picture(picture)
        else:
            entries["METADATA_BLOCK_PICTURE"] = base64.b64encode(picture.write()).decode()
        entries.save()
        return
    from mutagen.aiff import AIFF

    entries = {".wav": WAVE, ".mp3": mutagen.mp3.MP3, ".aiff": AIFF}[file.suffix](file)
    entries.add_tags()
    for entry in (
        mutagen.id3.TIT2(encoding=3, text="Süßes [b]Lied"),
        mutagen.id3.TPE1(encoding=3, text=["One", "Two"]),
        mutagen.id3.TRCK(encoding=3, text="3/9"),
        mutagen.id3.TXXX(encoding=3, desc="MOOD", text="blue"),
        mutagen.id3.TXXX(encoding=3, desc="REPLAYGAIN_TRACK_GAIN", text="-3 dB"),
        mutagen.id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=COVER),
    ):
        entries.tags.add(entry)
    entries.save()


@pytest.mark.parametrize("ending", [".wav", ".flac", ".mp3", ".ogg", ".aiff"])
def test_tags_and_covers_travel_through_a_master(tmp_path: Path, ending: str) -> None:
    source = tmp_path / f"song{ending}"
    tagged(source)
    for result in (tmp_path / "master.wav", tmp_path / "master.flac"):
        done = call("master", source, "-o", result)
        assert (done.returncode, done.stderr) == (0, "")
        if result.suffix == ".flac":
            entries = mutagen.flac.FLAC(result)
            assert entries["title"] == ["Süßes [b]Lied"]
            assert entries["artist"] == ["One", "Two"]
            assert entries["tracknumber"] == ["3/9"]
            assert entries["mood"] == ["blue"]
            assert "replaygain_track_gain" not in entries
            assert [(entry.data, entry.mime, entry.type) for entry in entries.pictures] == [(COVER, "image/png", 3)]
        else:
            entries = WAVE(result).tags
            assert entries["TIT2"].text == ["Süßes [b]Lied"]
            assert entries["TPE1"].text == ["One", "Two"]
            assert entries["TRCK"].text == ["3/9"]
            assert entries["TXXX:mood"].text == ["blue"]
            assert not [name for name in entries if "replaygain" in name.lower()]
            assert entries.getall("APIC")[0].data == COVER
            content = result.read_bytes()
            # Nothing follows the samples.
            at = content.index(b"data", 12)
            assert content.index(b"id3 ") < at
            assert at + 8 + int.from_bytes(content[at + 4 : at + 8], "little") == len(content)
        # The audio is untouched by them.
        assert md.read(result).audio.shape[1] == md.read(source).audio.shape[1]


# --- Signals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "name", "code", "said"),
    [
        ("wav", "SIGINT", 130, "mixdown: interrupted\n"),
        ("flac", "SIGINT", 130, "mixdown: interrupted\n"),
        ("wav", "SIGTERM", 143, ""),
        ("wav", "SIGHUP", 129, ""),
    ],
)
def test_a_signal_while_writing_leaves_nothing(
    tmp_path: Path, song: Path, ending: str, name: str, code: int, said: str
) -> None:
    output = tmp_path / f"out.{ending}"
    output.write_bytes(b"before")
    script = (
        # A test run in the background of a shell ignores Ctrl-C, and so would the program.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "real = os.fsync\n"
        f"def interrupted(file): os.kill(os.getpid(), signal.{name}); return real(file)\n"
        "os.fsync = interrupted\n"
    )
    done = run("master", song, "-o", output, "--force", script=script)
    assert (done.returncode, done.stderr) == (code, said)
    assert output.read_bytes() == b"before"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [f"out.{ending}", "song.wav"]


@pytest.mark.parametrize(
    "place", ["mixdown.files.Blocks.__next__", "mixdown.cli.master.make_master", "mixdown.cli.master.read_tags"]
)
def test_ctrl_c_is_one_line(tmp_path: Path, song: Path, place: str) -> None:
    script = f"def interrupted(*a, **k): raise KeyboardInterrupt\n{place} = interrupted"
    done = run("master", song, "-o", tmp_path / "out.wav", script=script)
    assert (done.returncode, done.stderr) == (130, "mixdown: interrupted\n")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["song.wav"]


# --- Figures and tables ----------------------------------------------------------------------------------------------

_CELLS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z", "M", "Cf"]), min_size=1, max_size=40)


@given(st.data())
def test_tables_crop_nothing_and_fit(data: st.DataObject) -> None:
    columns = data.draw(st.integers(2, 10))
    figures = st.floats(-100, 100).map(lambda value: figure(value, "LUFS"))
    rows = data.draw(st.lists(st.tuples(_CELLS, *[figures] * (columns - 1)), min_size=1, max_size=5))
    headings = [f"Heading{column}" for column in range(columns)]
    text = table(headings, rows, 80)
    for line in text.splitlines():
        assert cell_len(line) <= 80
    squeezed = "".join(text.split())
    for row in rows:
        for cell in row[1:]:
            assert cell in text
    for character in "".join(name for name, *_ in rows):
        assert character in squeezed


def test_measured_tables_hold_every_figure(tmp_path: Path, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a rather long name of a song, take {number}.wav" for number in range(7)]
    for name in names:
        (tmp_path / name).write_bytes(song.read_bytes())
    reading = md.loudness(*md.read(song))
    for count in (1, 2, 7):
        for columns in ("80", "20", "300"):
            monkeypatch.setenv("COLUMNS", columns)
            done = call("measure", *(tmp_path / name for name in names[:count]))
            assert done.returncode == 0
            assert done.stdout.isascii()
            for value, unit in ((reading.integrated_lufs, "LUFS"), (reading.true_peak_dbtp, "dBTP")):
                assert done.stdout.count(f"{value:.2f} {unit}") >= count
            if columns != "20":
                assert max(map(len, done.stdout.splitlines())) <= int(columns)


def test_zero_has_no_sign_and_a_miss_is_no_zero() -> None:
    for value in (-0.0, -0.001, 0.0, 0.0049):
        assert figure(value, "dB") == figure(value, "dB", sign=True) == "0.00 dB"
    assert figure(1.0, "dB", sign=True) == "+1.00 dB"
    assert figure(-1.0, "dB", sign=True) == "-1.00 dB"
    assert figure(-np.inf, "LUFS") == "-inf LUFS"


@given(st.floats(1e-9, 50), st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.sampled_from([-1, 1]))
def test_a_missed_limit_reads_as_missed(above: float, limit: float, sign: int) -> None:
    text = excess(sign * (limit + above), "dB", limit)
    value = float(text.split()[0])
    assert abs(value) > limit
    assert abs(value - sign * (limit + above)) <= 0.051
    assert text[0] == ("+" if sign > 0 else "-")


# --- Start and help --------------------------------------------------------------------------------------------------


def test_alone_it_prints_help() -> None:
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("demo", "mix", "master", "measure"):
        assert command in done.stdout
    assert done.stdout == call("--help").stdout
    module = subprocess.run([sys.executable, "-m", "mixdown"], capture_output=True, text=True, timeout=120, check=False)
    assert (module.returncode, module.stdout) == (0, done.stdout)


@pytest.mark.parametrize("command", ["master", "measure"])
def test_help_names_every_target(command: str) -> None:
    done = run(command, "--help", env=os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    words = re.split(r"[\s,.]+", done.stdout)
    for target in md.targets():
        assert target.name in words


def test_drawing_is_loaded_when_something_is_drawn() -> None:
    script = "assert 'matplotlib' not in sys.modules"
    assert run("--version", script=script).stderr == ""


def test_the_progress_of_a_master_is_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, song: Path) -> None:
    given_progress = []
    real = master_command.make_master

    def watched(*arguments, progress=None, **options):
        given_progress.append(progress)
        return real(*arguments, progress=progress, **options)

    monkeypatch.setattr(master_command, "make_master", watched)
    app(["master", str(song), "-o", str(tmp_path / "out.wav")], standalone_mode=False)
    assert callable(given_progress[0])


# --- Files that another program decodes ------------------------------------------------------------------------------


def mp4(file: Path) -> Path:
    """Something that begins as MP4 does."""
    file.write_bytes(b"\0\0\0\x1cftypM4A \0\0\2\0M4A isomiso2" + bytes(2_000))
    return file


@pytest.fixture
def ffmpeg(tmp_path: Path) -> Path:
    """A folder with a program that answers like ffmpeg: WAV on its output, sizes unknown."""
    audio = np.stack([0 * sine(), 0 * sine(), sine(level=0.5)])
    md.write(tmp_path / "decoded.wav", audio, RATE_HZ, bit_depth=32)
    content = bytearray((tmp_path / "decoded.wav").read_bytes())
    at = content.index(b"data", 12) + 4
    content[at : at + 4] = content[4:8] = b"\xff" * 4
    (tmp_path / "decoded.wav").write_bytes(content)
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "source = open(sys.argv[sys.argv.index('-i') + 1], 'rb').read()\n"
        "if b'broken' in source: sys.exit('first line\\nmoov atom not found')\n"
        f"sys.stdout.buffer.write(open({str(tmp_path / 'decoded.wav')!r}, 'rb').read())\n"
    )
    program.chmod(0o755)
    return program.parent


def test_other_formats_are_read_through_ffmpeg(tmp_path: Path, ffmpeg: Path) -> None:
    file = mp4(tmp_path / "-a [b].m4a")
    without = os.environ | {"PATH": str(tmp_path)}
    done = run("measure", file, env=without)
    assert done.returncode == 1
    assert (
        done.stderr
        == f"mixdown: {file}: MP4 (AAC or ALAC) is read through ffmpeg, which is not installed: install ffmpeg\n"
    )
    installed = os.environ | {"PATH": f"{ffmpeg}{os.pathsep}{os.environ['PATH']}"}
    done = run("measure", file, "--json", env=installed)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["files"][0]["duration_s"] == 1.0
    with file.open("rb") as opened:
        done = run("measure", "-", "--json", env=installed, stdin=opened)
    assert (done.returncode, done.stderr) == (0, "")
    file.write_bytes(file.read_bytes() + b"broken")
    done = run("measure", file, env=installed)
    assert done.stderr == f"mixdown: {file}: ffmpeg cannot read this MP4 (AAC or ALAC) file (moov atom not found)\n"


def test_a_stem_is_never_the_output(tmp_path):
    for name, hz in (("kick", 60), ("lead", 700)):
        md.write(tmp_path / f"{name}.wav", sine(hz=hz), 48_000)
    before = (tmp_path / "kick.wav").read_bytes()
    (tmp_path / "link.wav").symlink_to(tmp_path / "lead.wav")
    for output in ("kick.wav", "link.wav"):
        done = call("mix", tmp_path, "-o", tmp_path / output, "--force")
        assert done.returncode == 1
        assert "is one of the stems: choose another output" in done.stderr
    assert (tmp_path / "kick.wav").read_bytes() == before


def test_all_unreadable_stems_are_told_at_once(tmp_path):
    md.write(tmp_path / "lead.wav", sine(), 48_000)
    (tmp_path / "a.wav").write_bytes(b"")
    (tmp_path / "b.wav").write_bytes(b"no audio")
    done = call("mix", tmp_path, "-o", tmp_path / "mix.wav")
    assert done.returncode == 1
    assert "a.wav" in done.stderr
    assert "b.wav" in done.stderr


def test_one_sound_or_noise_pulls_nothing_down():
    click = np.zeros(6 * 48_000)
    click[1_000] = 0.5
    stems = {"lead": sine(6 * 48_000), "bass": sine(6 * 48_000, level=0.2, hz=80)}
    without = faders_db(stems)
    faint = {"click": click} | {f"hiss{index}": hiss(6 * 48_000, level=0.003 / index) for index in (1, 2, 3, 4)}
    faders = faders_db({**stems, **faint})
    assert {name: faders[name] for name in without} == without


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_mastered_with_its_tags(tmp_path):
    with soundfile.SoundFile(tmp_path / "mix.wav", "w", 48_000, 1, subtype="PCM_16") as file:
        # As workstations write them: a LIST INFO chunk.
        file.title, file.artist = "Title", "Artist"
        file.write(sine())
    os.mkfifo(tmp_path / "pipe")
    content = (tmp_path / "mix.wav").read_bytes()
    feeder = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(content))
    feeder.start()
    for source, output in (("pipe", "piped.flac"), ("mix.wav", "file.flac")):
        done = run("master", tmp_path / source, "-o", tmp_path / output)
        assert done.returncode == 0, done.stderr
        tags = mutagen.flac.FLAC(tmp_path / output)
        assert (tags["title"], tags["artist"]) == (["Title"], ["Artist"])
    feeder.join()
