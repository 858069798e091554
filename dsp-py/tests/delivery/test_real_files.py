"""Real songs, delivered: from the folder that MIXDOWN_TEST_AUDIO names, skipped without it."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from judges import judge
from mixdown.files.encoding import decode

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

pytestmark = pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")

FOLDER = Path(_FOLDER or ".")
SONGS = ("songs/Vibe_Ace.ogg", "songs/Lets_Go_Fishin.ogg", "multitrack-mdn/drums.mp3")
#: Of each song, from 10 s on.
SECONDS = 20
#: loudgain prints hundredths; of its true peak, the shorter interpolator.
GAIN_DB = 0.02
PEAK_RATIO = 0.01


@pytest.fixture(scope="module")
def songs() -> list[md.Recording]:
    return [md.read(FOLDER / name, start_s=10, duration_s=SECONDS) for name in SONGS]


def test_gains_of_songs_agree_with_loudgain(songs: list[md.Recording], tmp_path: Path) -> None:
    readings = [md.loudness(song) for song in songs]
    lufs = md.album_loudness(songs)
    files = [tmp_path / f"{number}.wav" for number in range(len(songs))]
    for file, song in zip(files, songs, strict=True):
        md.write(file, song, bit_depth=32)
    lines = judge("loudgain", "-a", "-O", "-q", *map(str, files)).stdout.splitlines()
    names, *rows = (line.split("\t") for line in lines if "\t" in line)
    scanned = [dict(zip(names, row, strict=False)) for row in rows]
    assert len(scanned) == len(songs) + 1
    for reading, row in zip(readings, scanned, strict=False):
        tags = md.replay_gain_tags(reading, album_lufs=lufs)
        gains = [float(tags[name].split()[0]) for name in ("replaygain_track_gain", "replaygain_album_gain")]
        print(
            f"{gains[0]:.2f} of {row['Gain']}, album {gains[1]:.2f} of {scanned[-1]['Gain']}, peak "
            f"{tags['replaygain_track_peak']} of {row['True_Peak']}"
        )
        assert gains == pytest.approx([float(found["Gain"].split()[0]) for found in (row, scanned[-1])], abs=GAIN_DB)
        assert float(tags["replaygain_track_peak"]) == pytest.approx(float(row["True_Peak"]), rel=PEAK_RATIO)


def test_gains_of_opus_agree_with_loudgain(songs: list[md.Recording], tmp_path: Path) -> None:
    for song in songs:
        file = tmp_path / "a.opus"
        md.write(file, song)
        ours = md.r128_tags(md.loudness(md.read(file)))
        judge("loudgain", "-s", "i", "-q", str(file))
        said = judge("opusinfo", str(file)).stdout
        theirs = next(line.partition("=")[2] for line in said.splitlines() if "R128_TRACK_GAIN" in line)
        print(ours, theirs)
        assert int(ours["r128_track_gain"]) == pytest.approx(int(theirs), abs=1)


def test_an_archive_of_a_song_states_its_loudness(songs: list[md.Recording], tmp_path: Path) -> None:
    file = tmp_path / "a.wav"
    mastered = md.master(songs[0], target="spotify")
    mastered.write(file, tags={"title": "Vibe Ace", "isrc": "USS1Z2600001"}, profile="archive")
    general, audio = json.loads(judge("mediainfo", "--Output=JSON", str(file)).stdout)["media"]["track"]
    reading = mastered.certificate.loudness
    print(audio["extra"], reading)
    for name, value in [
        ("LoudnessValue", reading.integrated_lufs),
        ("LoudnessRange", reading.loudness_range_lu),
        ("MaxTruePeakLevel", reading.true_peak_dbtp),
        ("MaxMomentaryLoudness", reading.max_momentary_lufs),
        ("MaxShortTermLoudness", reading.max_short_term_lufs),
    ]:
        assert float(audio["extra"][name]) == pytest.approx(value, abs=0.00501), name
    assert general["ISRC"] == "USS1Z2600001"
    # And what is in the file has that loudness.
    summary = judge("ffmpeg", "-nostats", "-i", str(file), "-af", "ebur128=peak=true", "-f", "null", "-").stderr
    measured = summary[summary.rindex("Summary") :]
    integrated = float(measured.split("I:")[1].split("LUFS")[0])
    assert integrated == pytest.approx(float(audio["extra"]["LoudnessValue"]), abs=0.1)


@pytest.mark.parametrize(("ending", "least_db"), [("mp3", 40), ("ogg", 30), ("opus", 20), ("m4a", 35)])
def test_lossy_files_of_a_song_are_aligned_with_it(
    songs: list[md.Recording], tmp_path: Path, ending: str, least_db: float
) -> None:
    song = songs[0]
    file = tmp_path / f"a.{ending}"
    md.write(file, song, tags={"title": "Vibe Ace"})
    decoded = decode(file)
    original = song.audio if decoded.sample_rate_hz == song.sample_rate_hz else md.resample(song, to_rate_hz=48_000)
    assert decoded.audio.shape == original.shape
    ratio_db = 10 * np.log10(np.sum(original**2, dtype="f8") / np.sum((decoded.audio - original) ** 2, dtype="f8"))
    print(ending, ratio_db)
    # A shift by one sample alone would leave 26.6 dB, by three 19.
    assert ratio_db > least_db
