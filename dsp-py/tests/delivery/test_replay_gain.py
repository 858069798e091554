"""Gains for players: as an independent scanner finds them in the same files."""

from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from judges import judge
from mixdown.meters import LoudnessMeter
from mixdown.meters.loudness_meter import album_of

RATE_HZ = 48_000


def songs() -> list[np.ndarray]:
    """Two songs of dull noise whose loudness differs, each with loud and quiet parts."""
    random = np.random.default_rng(3)
    course = np.repeat([0.2, 0.05, 0.3, 0.1], 2 * RATE_HZ)
    # Up to half the sample rate, short interpolators read other true peaks.
    dull = np.ones(8) / 8
    made = []
    for level in (1.0, 0.4):
        rows = [np.convolve(row, dull, "same") for row in random.uniform(-1, 1, (2, len(course)))]
        made.append((level * course * rows).astype(np.float32))
    return made


def album() -> tuple[list[md.Loudness], float, float]:
    readings = [md.loudness(song, RATE_HZ) for song in songs()]
    lufs = md.album_loudness([(song, RATE_HZ) for song in songs()])
    return readings, lufs, 10 ** (max(reading.true_peak_dbtp for reading in readings) / 20)


def scanned(files: list[Path]) -> list[dict[str, str]]:
    """What loudgain finds: a row for each file and one for the album."""
    lines = judge("loudgain", "-a", "-O", "-q", *map(str, files)).stdout.splitlines()
    names, *rows = (line.split("\t") for line in lines if "\t" in line)
    return [dict(zip(names, row, strict=False)) for row in rows]


def test_gains_and_peaks_agree_with_loudgain(tmp_path: Path) -> None:
    readings, lufs, peak = album()
    files = [tmp_path / f"{number}.flac" for number in range(2)]
    for file, song, reading in zip(files, songs(), readings, strict=True):
        md.write(file, song, RATE_HZ, tags=md.replay_gain_tags(reading, album_lufs=lufs, album_peak=peak))
    rows = scanned(files)
    for file, row in zip(files, rows, strict=False):
        written = {}
        for name in ("track_gain", "track_peak", "album_gain", "album_peak"):
            said = judge("metaflac", f"--show-tag=REPLAYGAIN_{name.upper()}", str(file)).stdout.strip()
            written[name] = said.partition("=")[2]
        assert written["track_gain"].endswith(" dB")
        assert float(written["track_gain"].split()[0]) == pytest.approx(float(row["Gain"].split()[0]), abs=0.02)
        assert float(written["album_gain"].split()[0]) == pytest.approx(float(rows[-1]["Gain"].split()[0]), abs=0.02)
        assert float(written["track_peak"]) == pytest.approx(float(row["True_Peak"]), rel=0.01)
        assert float(written["album_peak"]) == pytest.approx(float(rows[-1]["True_Peak"]), rel=0.01)


@pytest.mark.parametrize("ending", ["mp3", "m4a", "ogg", "wav"])
def test_every_format_carries_them(tmp_path: Path, ending: str) -> None:
    reading = album()[0][0]
    file = tmp_path / f"a.{ending}"
    md.write(file, songs()[0], RATE_HZ, tags=md.replay_gain_tags(reading))
    said = judge("ffprobe", "-v", "error", "-show_entries", "format_tags:stream_tags", str(file)).stdout.lower()
    assert f"replaygain_track_gain={-18 - reading.integrated_lufs:.2f} db" in said


def test_gains_of_opus_agree_with_loudgain(tmp_path: Path) -> None:
    files, plain = [], []
    for number, song in enumerate(songs()):
        plain.append(tmp_path / f"plain{number}.opus")
        md.write(plain[-1], song, RATE_HZ)
    # Of the decoded samples, which the scanner measures.
    meters = []
    for number, file in enumerate(plain):
        decoded = md.read(file)
        meters.append(LoudnessMeter(RATE_HZ, 2))
        meters[-1].observe(decoded.audio)
        files.append((tmp_path / f"{number}.opus", md.loudness(decoded)))
    lufs = album_of(meters)
    for (file, reading), song in zip(files, songs(), strict=True):
        md.write(file, song, RATE_HZ, tags=md.r128_tags(reading, album_lufs=lufs))
    judge("loudgain", "-a", "-s", "i", "-q", *map(str, plain))
    for (file, _), other in zip(files, plain, strict=True):
        ours, theirs = ({}, {})
        for found, path in ((ours, file), (theirs, other)):
            for line in judge("opusinfo", str(path)).stdout.splitlines():
                name, _, value = line.strip().partition("=")
                if name.startswith("R128"):
                    found[name] = int(value)
        assert set(ours) == set(theirs) == {"R128_TRACK_GAIN", "R128_ALBUM_GAIN"}
        for name, value in theirs.items():
            assert ours[name] == pytest.approx(value, abs=1), name


def test_silence_has_no_gain() -> None:
    silent = md.loudness(np.zeros((2, RATE_HZ)), RATE_HZ)
    assert md.replay_gain_tags(silent, album_lufs=-14) == {
        "replaygain_track_peak": "0.000000",
        "replaygain_album_gain": "-4.00 dB",
    }
    assert md.r128_tags(silent) == {}


def test_what_is_no_reading_is_refused() -> None:
    with pytest.raises(TypeError, match=r"loudness = -14\.0 is not a Loudness"):
        md.replay_gain_tags(-14.0)
    with pytest.raises(md.ParameterError, match="album_peak = -1 is out of range: it is linear"):
        md.replay_gain_tags(album()[0][0], album_peak=-1)
