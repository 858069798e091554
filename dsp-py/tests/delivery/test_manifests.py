"""Manifests of delivered files."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from judges import judge
from mixdown.delivery import Manifest, ManifestFile
from signals import RATE_HZ
from signals import sine as one_tone


def sine() -> np.ndarray:
    return np.stack([one_tone(), one_tone(hz=660)])


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    (folder / "masters").mkdir(parents=True)
    audio = sine()
    md.write(folder / "masters/song.wav", audio, RATE_HZ, tags={"title": "Lied", "isrc": "USS1Z2600001"})
    md.write(folder / "masters/song.flac", audio, RATE_HZ, dither="none")
    md.write(folder / "masters/same.wav", audio, RATE_HZ, dither="none")
    md.write(folder / "short.wav", audio, RATE_HZ, bit_depth=16)
    md.write(folder / "float.wav", audio, RATE_HZ, bit_depth=32)
    (folder / "cover.jpg").write_bytes(b"no picture")
    (folder / "a\\b\nc.txt").write_bytes(b"odd name")
    (folder / "Grüße “zwei”.cue").write_text("TITLE")
    return folder


def test_it_says_what_files_hold(pack: Path) -> None:
    files = {file.path: file for file in Manifest.of_folder(pack).files}
    assert list(files) == sorted(files)
    song = files["masters/song.wav"]
    expected = md.loudness(md.read(pack / "masters/song.wav"), precision="reference")
    assert song.integrated_lufs == pytest.approx(expected.integrated_lufs, abs=1e-9)
    assert song.true_peak_dbtp == pytest.approx(expected.true_peak_dbtp, abs=1e-9)
    assert (song.sample_rate_hz, song.bit_depth, song.isrc) == (RATE_HZ, 24, "USS1Z2600001")
    assert song.frames == sine().shape[1]
    assert song.bytes == (pack / "masters/song.wav").stat().st_size
    assert song.sha256 == hashlib.sha256((pack / "masters/song.wav").read_bytes()).hexdigest()
    assert files["cover.jpg"] == ManifestFile("cover.jpg", 10, hashlib.sha256(b"no picture").hexdigest())


def test_a_checksum_of_samples_is_that_of_the_flac_header_and_of_the_wav_data(pack: Path) -> None:
    files = {file.path: file for file in Manifest.of_folder(pack).files}
    header = (pack / "masters/song.flac").read_bytes()[26:42]
    assert files["masters/song.flac"].audio_md5 == header.hex() == files["masters/same.wav"].audio_md5
    frames = sine().shape[1]
    for name, sample_bytes in (("short.wav", 2), ("float.wav", 4), ("masters/song.wav", 3)):
        data = (pack / name).read_bytes()[-frames * sine().shape[0] * sample_bytes :]
        assert files[name].audio_md5 == hashlib.md5(data).hexdigest(), name


def test_metaflac_and_ffmpeg_find_the_same_checksum_of_samples(pack: Path) -> None:
    files = {file.path: file for file in Manifest.of_folder(pack).files}
    wanted = files["masters/song.flac"].audio_md5
    assert judge("metaflac", "--show-md5sum", str(pack / "masters/song.flac")).stdout.strip() == wanted
    decoded = judge(
        *("ffmpeg", "-v", "error", "-i", str(pack / "masters/same.wav"), "-c:a", "pcm_s24le", "-f", "md5", "-")
    )
    assert decoded.stdout.strip() == f"MD5={wanted}"


def test_sha256sum_checks_the_folder_and_finds_an_altered_file(pack: Path) -> None:
    Manifest.of_folder(pack).write(pack)
    lines = judge("env", "-C", str(pack), "sha256sum", "--strict", "-c", "SHA256SUMS").stdout.splitlines()
    assert len(lines) == 9
    assert all(line.endswith(": OK") for line in lines)
    (pack / "cover.jpg").write_bytes(b"NO picture")
    altered = judge("env", "-C", str(pack), "sha256sum", "-c", "SHA256SUMS", check=False)
    assert altered.returncode == 1
    assert [line for line in altered.stdout.splitlines() if "OK" not in line] == ["cover.jpg: FAILED"]


def test_the_same_files_give_the_same_bytes_whatever_their_order_and_times(pack: Path) -> None:
    first = Manifest.of_folder(pack, about={"title": "Grüße"})
    first.write(pack)
    written = [(pack / name).read_bytes() for name in ("manifest.json", "SHA256SUMS")]
    for file in pack.rglob("*"):
        os.utime(file, (1, 1))
    again = Manifest.of_folder(pack, about={"title": "Grüße"})
    assert again == first
    assert Manifest(reversed(again.files), again.about).to_json() == first.to_json() == written[0]
    assert again.sums() == written[1]
    assert list(json.loads(written[0])) == ["title", "files"]


def test_it_reads_back_and_verifies(pack: Path, tmp_path: Path) -> None:
    md.write(pack / "silent.wav", np.zeros((2, 48_000), np.float32), RATE_HZ, dither="none")
    made = Manifest.of_folder(pack)
    made.write(pack)
    assert Manifest.read(pack) == made
    assert {file.path: file for file in made.files}["silent.wav"].integrated_lufs == -np.inf
    assert made.verify(pack) == {}
    (pack / "cover.jpg").write_bytes(b"NO picture")
    (pack / "float.wav").unlink()
    with (pack / "short.wav").open("ab") as file:
        file.write(b"x")
    size = (pack / "short.wav").stat().st_size
    assert made.verify(pack) == {
        "cover.jpg": "other content of the same size",
        "float.wav": "missing",
        "short.wav": f"{size} bytes, {size - 1} listed",
    }


def test_what_was_measured_is_not_measured_again(pack: Path) -> None:
    reading = md.loudness(sine(), RATE_HZ)
    made = Manifest.of_folder(pack, loudness={"short.wav": reading}, isrc={"short.wav": "USS1Z2600009"})
    short = {file.path: file for file in made.files}["short.wav"]
    assert short.isrc == "USS1Z2600009"
    assert (short.integrated_lufs, short.true_peak_dbtp) == (reading.integrated_lufs, reading.true_peak_dbtp)
    assert short.frames == sine().shape[1]


def test_lossy_audio_has_loudness_and_no_checksum_of_samples(pack: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(pack / "song.ogg", sine().T, RATE_HZ)
    lossy = ManifestFile.of(pack / "song.ogg", pack)
    assert (lossy.audio_md5, lossy.bit_depth, lossy.frames) == (None, None, sine().shape[1])
    assert lossy.integrated_lufs == pytest.approx(md.loudness(sine(), RATE_HZ).integrated_lufs, abs=0.1)


def test_a_name_that_is_no_utf_8_keeps_the_manifest_readable(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"x")
    made = Manifest.of_folder(tmp_path)
    made.write(tmp_path)
    (tmp_path / "manifest.json").read_bytes().decode("utf-8")
    assert Manifest.read(tmp_path) == made
    assert b"  caf\xe9.txt\n" in (tmp_path / "SHA256SUMS").read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[", "is not a manifest"),
        (b"{}", "is not a manifest"),
        (b'{"files": [{"path": "a", "bytes": "1", "sha256": ""}]}', "bytes = '1' is not what a manifest holds there"),
        (b'{"files": [{"path": "a", "bytes": 1}]}', "sha256 = None"),
    ],
)
def test_other_files_are_refused_as_manifests(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(md.ParameterError, match=r"manifest\.json is not a manifest") as refused:
        Manifest.read(tmp_path)
    assert said in str(refused.value)


def test_a_file_elsewhere_and_a_path_twice_are_refused(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_bytes(b"x")
    with pytest.raises(md.ParameterError, match="must lie in"):
        ManifestFile.of(tmp_path / "other.txt", pack)
    with pytest.raises(md.ParameterError, match=r"files holds a\.txt twice"):
        Manifest([ManifestFile("a.txt", 1, "0"), ManifestFile("a.txt", 2, "1")])
