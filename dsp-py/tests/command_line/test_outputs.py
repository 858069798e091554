"""The command line: what is written where, with which tags, and what is decoded by others."""

import base64
import json
import os
import stat
import sys
import threading
from pathlib import Path

import mutagen.flac
import mutagen.id3
import mutagen.mp3
import numpy as np
import pytest
import soundfile
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

import mixdown as md
from mixdown.cli import master as master_command
from running import call, run
from signals import sine

RATE_HZ = 48_000


def test_nothing_is_overwritten_by_surprise(tmp_path: Path, song: Path, stems: Path) -> None:
    before = song.read_bytes()
    (tmp_path / "link.wav").symlink_to(song)
    os.link(song, tmp_path / "hard.wav")
    for force in ([], ["--force"]):
        for output in (song, tmp_path / "link.wav", tmp_path / "hard.wav", tmp_path / "stems" / ".." / "song.wav"):
            done = call("master", song, "-o", output, *force)
            assert (done.returncode, done.stderr) == (
                1,
                f"mixdown: {output}: is also the input: choose another output\n",
            )
    with song.open("rb") as opened:
        done = run("master", "-", "-o", song, "--force", stdin=opened)
    assert "is also the input" in done.stderr
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
        (["master", song, "-o", tmp_path / "a.wma"], "a.wma is not allowed: its name must end in .wav, .flac"),
        (["master", song, "-o", tmp_path / "a.flac", "--bit-depth", "32"], "FLAC takes 16 or 24"),
        (["master", song, "-o", tmp_path / "a.wav", "--bit-depth", "20"], "--bit-depth = 20 is not allowed"),
        (["master", song, "-o", tmp_path / "none" / "a.wav"], "none/a.wav: folder "),
        (["master", song, "-o", song / "a.wav"], "not a directory"),
        (["master", song, "-o", tmp_path / "folder.wav"], "folder.wav: is a directory"),
        (["master", song, "-o", tmp_path / "a.wav", "--rate", "44100.5"], "sample_rate_hz = 44100.5 is not allowed"),
        (
            ["master", song, "-o", tmp_path / "a.wav", "--rate", "nan"],
            "--rate = NaN is out of range: it must lie in 8000..384000",
        ),
        (["master", song, "-o", tmp_path / "a.wav", "--rate", "inf"], "--rate = inf is out of range"),
        (["master", tmp_path / "odd.wav", "-o", tmp_path / "a.flac"], "sample_rate_hz = 88201 is not allowed: FLAC"),
        (["master", tmp_path / "nine.wav", "-o", tmp_path / "a.flac"], "9 channels: FLAC takes 1..8"),
        (["mix", stems, "-o", tmp_path / "a.wma"], "its name must end in"),
        (["mix", stems, "-o", tmp_path / "none" / "a.wav"], "none does not exist"),
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


def test_a_master_is_written_by_its_profile(tmp_path: Path) -> None:
    source = tmp_path / "song.flac"
    tagged(source)
    sizes = {}
    for profile, names in (("ingest", ["fmt ", "data"]), ("archive", ["bext", "fmt ", "LIST", "id3 ", "data"])):
        result = tmp_path / f"{profile}.wav"
        done = call("master", source, "-o", result, "--profile", profile)
        assert (done.returncode, done.stderr) == (0, "")
        content, at, found = result.read_bytes(), 12, []
        while at < len(content):
            found.append(content[at : at + 4].decode("ascii"))
            size = int.from_bytes(content[at + 4 : at + 8], "little")
            sizes[profile, found[-1]] = size
            at += 8 + size + size % 2
        assert (found, at) == (names, len(content))
    assert sizes["ingest", "data"] == sizes["archive", "data"]
    for arguments, message in [
        (
            ["-o", tmp_path / "a.wav", "--profile", "broadcast"],
            "--profile = 'broadcast' is not allowed: it must be one of",
        ),
        (["-o", tmp_path / "a.flac", "--profile", "archive"], "profile = 'archive' is not allowed: FLAC has none"),
        (["-o", tmp_path / "a.wav", "--profile", "ingest", "--bit-depth", "32"], "bit_depth = 32 is not allowed"),
    ]:
        done = call("master", source, *arguments)
        assert done.returncode == 1
        assert message in done.stderr
        assert done.stderr.count("\n") == 1


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
