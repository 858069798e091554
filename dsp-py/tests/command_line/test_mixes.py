"""``mixdown mix``: what is a stem, and the balance."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

import mixdown as md
from mixdown.analysis import balance
from running import call
from signals import hiss, sine

RATE_HZ = 48_000


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
    assert done.stdout.count(" dB ") == 4


def test_the_lead_is_found_by_its_name_or_told(tmp_path: Path) -> None:
    folder = tmp_path / "stems"
    folder.mkdir()
    for place, name in enumerate(("clav", "drums", "LeadVox", "guitar left", "guitar right")):
        md.write(folder / f"{name}.wav", sine(hz=200 * (place + 1)), RATE_HZ)
    done = call("mix", folder, "-o", tmp_path / "out.wav")
    roles = {line.split("  ")[0]: line.split()[-6:] for line in done.stdout.splitlines()[2:7]}
    assert {name: row[0] for name, row in roles.items()} == {
        "LeadVox": "vocal",
        "clav": "other",
        "drums": "drums",
        "guitar left": "other",
        "guitar right": "other",
    }
    assert [roles[name][-1] for name in ("guitar left", "guitar right", "clav")] == ["-1", "1", "0"]
    assert re.search(r"The lead lies \d\.\d LU (above|below) the sum of all others while it sounds\.", done.stdout)
    told = call("mix", folder, "-o", tmp_path / "out.wav", "--lead", "clav", "--force")
    assert re.search(r"^clav +lead ", told.stdout, re.MULTILINE)
    wrong = call("mix", folder, "-o", tmp_path / "other.wav", "--lead", "clavs")
    assert wrong.stderr == "mixdown: lead = 'clavs' is none of the stems: did you mean clav?\n"


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
    assert faders_db({**stems, "air": hiss(level=0.05)})["air"] == 0.0


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
    # The click makes the mix float64.
    assert {name: faders[name] for name in without} == pytest.approx(without, abs=1e-6)
