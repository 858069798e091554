"""Packs, read by other people's programs: checksums, metadata, gains, the compact disc."""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mutagen.wave
import numpy as np
import pytest
import soundfile
from pack_albums import RATE_HZ, cover, song

import mixdown as md
from judges import judge
from mixdown.files.names import ascii_text
from mixdown.pack import Delivery

FORMATS = ["wav24", "flac", "cd", "mp3:320", "aac:256", "opus:128", "ogg:160", "vinyl:12in33", "ingest:spotify"]
#: Of the programme in frames at 48 kHz: hidden audio, two songs without a gap, a pause of 2 s, two with a crossfade.
PREGAP_S, BORDER, PAUSE_S, FADE_S = 5.0, round(4.7 * RATE_HZ) + 1, 2.0, 0.8
TITLES = ["Grüße „hier“", "Zweiter Satz", "Schluß / Ende", "日本 🎵"]


@dataclass(frozen=True)
class Pack:
    folder: Path
    delivery: Delivery
    masters: md.MasteredAlbum

    def files(self, folder: str) -> list[Path]:
        return sorted(file for file in (self.folder / folder).iterdir())


def gapless_whole() -> np.ndarray:
    return song(1, 9.6, 0.2)[0]


def album(place: Path) -> md.Album:
    made = md.Album(
        title="Über alles",
        artist="Die Ärzte",
        barcode="012345678905",
        date="2026-11-28",
        genre="Chamber",
        label="Öl",
        copyright="2026 Öl",
        cover=cover(place / "cover.png"),
        sample_rate_hz=RATE_HZ,
    )
    whole = gapless_whole()
    made.track((whole[:, :BORDER], RATE_HZ), title=TITLES[0], isrc="US-S1Z-26-00001")
    made.track((whole[:, BORDER:], RATE_HZ), title=TITLES[1], isrc="US-S1Z-26-00002", gapless=True)
    tags = {"songwriter": "Jürgen Öst"}
    made.track(song(2, 6.1, 0.19), title=TITLES[2], isrc="USS1Z2600003", index_points_s=[2.6], tags=tags)
    made.track(song(3, 6.3), title=TITLES[3], artist="Gäste", isrc="USS1Z2600004", crossfade_s=FADE_S)
    made.pregap(song(4, PREGAP_S, 0.05))
    return made


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    place = tmp_path_factory.mktemp("judged")
    masters = album(place).master(target_lufs=-12)
    return Pack(place / "pack", masters.deliver(place / "pack", FORMATS), masters)


@pytest.fixture(scope="module")
def manifest(pack: Pack) -> dict:
    return json.loads((pack.folder / "manifest.json").read_bytes())


def by_path(manifest: dict) -> dict[str, dict]:
    return {entry["path"]: entry for entry in manifest["files"]}


def test_3_flac_files_are_sound_and_their_checksums_are_those_of_the_masters(pack: Pack, manifest: dict) -> None:
    entries = by_path(manifest)
    flacs = pack.files("flac")
    assert len(flacs) == 4
    for flac in flacs:
        judge("flac", "-t", "-s", str(flac))
        stated = judge("metaflac", "--show-md5sum", str(flac)).stdout.strip()
        wave = pack.folder / "masters" / f"{flac.stem}.wav"
        coded = judge(
            "ffmpeg", "-v", "error", "-i", str(wave), "-map", "0:a", "-c:a", "pcm_s24le", "-f", "md5", "-"
        ).stdout
        assert coded.strip() == f"MD5={stated}"
        assert entries[f"flac/{flac.name}"]["audio_md5"] == entries[f"masters/{wave.name}"]["audio_md5"] == stated


def test_4_sha256sum_checks_every_file(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pack.folder)
    lines = judge("sha256sum", "--strict", "-c", "SHA256SUMS").stdout.splitlines()
    files = {f"{file.relative_to(pack.folder).as_posix()}: OK" for file in pack.folder.rglob("*") if file.is_file()}
    assert set(lines) == files - {"SHA256SUMS: OK"}
    assert len(lines) > 30


def test_5_two_runs_give_the_same_bytes(pack: Pack, tmp_path: Path) -> None:
    again = album(tmp_path).master(target_lufs=-12).deliver(tmp_path / "pack", FORMATS)
    assert len(again.files) == len(pack.delivery.files)
    judge("diff", "-r", str(pack.folder), str(tmp_path / "pack"))


def probed(file: Path) -> dict[str, str]:
    shown = judge("ffprobe", "-v", "error", "-show_entries", "format_tags:stream_tags", "-of", "json", str(file)).stdout
    found = json.loads(shown)
    tags = {**found.get("format", {}).get("tags", {})}
    for stream in found.get("streams", []):
        tags |= stream.get("tags", {})
    return {name.lower(): value for name, value in tags.items()}


@pytest.mark.parametrize("folder", ["flac", "mp3", "m4a", "ogg", "opus"])
def test_7_ffprobe_and_mediainfo_read_the_tags_of_listening_copies(pack: Pack, folder: str) -> None:
    files = pack.files(folder)
    assert len(files) == 4
    for number, (file, title) in enumerate(zip(files, TITLES, strict=True), 1):
        tags = probed(file)
        assert tags["title"] == title
        assert tags["artist"] == ("Gäste" if number == 4 else "Die Ärzte")
        assert tags["album"] == "Über alles"
        assert tags["track"].split("/")[0] == str(number)
        code = tags.get("tsrc") or tags["isrc"]
        assert code == f"USS1Z260000{number}"
        general, *streams = json.loads(judge("mediainfo", "--Output=JSON", str(file)).stdout)["media"]["track"]
        assert general["Title"] == title
        assert general["Album"] == "Über alles"
        assert general["Performer"] == tags["artist"]
        assert general["Cover"] == "Yes", streams


def test_7_archive_masters_carry_their_loudness_title_and_code(pack: Pack) -> None:
    for file, track, title in zip(pack.files("masters"), pack.masters.tracks, TITLES, strict=True):
        text = judge("mediainfo", "--Output=JSON", str(file)).stdout
        general = json.loads(text)["media"]["track"][0]
        reading = track.loudness
        # Of the texts of INFO, which are ASCII; ID3 has them whole.
        assert general["Title"] == ascii_text(title)
        assert str(mutagen.wave.WAVE(file).tags["TIT2"]) == title
        assert general["ISRC"].startswith("USS1Z26")
        for value in (reading.integrated_lufs, reading.loudness_range_lu, reading.true_peak_dbtp):
            assert f"{value:.2f}" in text


def test_7_atomicparsley_and_opusinfo_read_theirs(pack: Pack) -> None:
    shown = judge("AtomicParsley", str(pack.files("m4a")[0]), "-t").stdout
    assert re.search(r'Atom "©nam" contains: Grüße „hier“', shown)
    assert 'Atom "trkn" contains: 1 of 4' in shown
    assert "contains: USS1Z2600001" in shown
    assert "contains: 1 piece of artwork" in shown
    said = judge("opusinfo", str(pack.files("opus")[3])).stdout
    assert "TITLE=日本 🎵" in said
    assert "ISRC=USS1Z2600004" in said
    assert "WARNING" not in said


def test_7_ingest_files_hold_nothing_but_samples(pack: Pack) -> None:
    names = [file.name for file in pack.files("ingest")]
    assert names == [f"012345678905_01_00{number}.wav" for number in range(1, 5)]
    for file in pack.files("ingest"):
        head = file.read_bytes()[:44]
        assert (head[12:16], head[20:22], head[36:40]) == (b"fmt ", b"\x01\x00", b"data")
        assert file.stat().st_size == 44 + int.from_bytes(head[40:44], "little")
        assert not {"title", "isrc", "artist"} & set(probed(file))


@pytest.mark.parametrize("folder", ["flac", "mp3", "m4a", "ogg"])
def test_8_gains_are_those_that_loudgain_finds_in_the_files(pack: Pack, folder: str) -> None:
    files = pack.files(folder)
    lines = judge("loudgain", "-a", "-O", "-q", *map(str, files)).stdout.splitlines()
    names, *lines = (line.split("\t") for line in lines if "\t" in line)
    rows = [dict(zip(names, line, strict=False)) for line in lines]
    # The decoder of loudgain leaves silence behind AAC: one more block of 0.4 s, which songs as short as these feel.
    near = 0.06 if folder == "m4a" else 0.02
    for file, row in zip(files, rows, strict=False):
        tags = probed(file)
        for name, found in (("track", row), ("album", rows[-1])):
            gain = float(tags[f"replaygain_{name}_gain"].removesuffix(" dB"))
            assert gain == pytest.approx(float(found["Gain"].split()[0]), abs=near), (file.name, name)
            # Its interpolator is short: 0.2 dB.
            assert float(tags[f"replaygain_{name}_peak"]) == pytest.approx(float(found["True_Peak"]), rel=0.023)


def test_8_gains_of_opus_are_those_that_loudgain_writes(pack: Pack, tmp_path: Path) -> None:
    copies = [tmp_path / f"{number}.opus" for number in range(4)]
    for file, copy in zip(pack.files("opus"), copies, strict=True):
        copy.write_bytes(file.read_bytes())
    judge("loudgain", "-a", "-s", "i", "-q", *map(str, copies))
    for file, copy in zip(pack.files("opus"), copies, strict=True):
        ours, theirs = (
            {
                name: int(value)
                for name, _, value in (
                    line.strip().partition("=") for line in judge("opusinfo", str(path)).stdout.splitlines()
                )
                if name.startswith("R128")
            }
            for path in (file, copy)
        )
        assert set(ours) == set(theirs) == {"R128_TRACK_GAIN", "R128_ALBUM_GAIN"}
        for name, value in theirs.items():
            assert ours[name] == pytest.approx(value, abs=1), (file.name, name)


def read(file: Path) -> np.ndarray:
    return soundfile.read(file, dtype="int32", always_2d=True)[0].T


def test_9_native_songs_joined_are_the_programme_of_one_pass(pack: Pack) -> None:
    pieces = [read(file) for file in pack.files("masters")]
    # Two groups, each mastered at its target as if it were one recording.
    wanted = [one.certificate.target_lufs for one in pack.masters._solved.masters]
    third, fourth = song(2, 6.1, 0.19)[0], song(3, 6.3)[0]
    overlap = round(FADE_S * RATE_HZ)
    angle = (np.arange(overlap) + 0.5) * (math.pi / 2 / overlap)
    both = third[:, -overlap:] * np.cos(angle) + fourth[:, :overlap] * np.sin(angle)
    crossed = np.concatenate([third[:, :-overlap], both.astype(np.float32), fourth[:, overlap:]], axis=1)
    for audio, lufs, position in ((gapless_whole(), wanted[0], 0), (crossed, wanted[1], 2)):
        title = " / ".join(TITLES[position : position + 2])
        expected = md.master(audio, RATE_HZ, target_lufs=lufs, name=title, ceiling_dbtp=-1)
        assert expected.certificate.max_reduction_db > 0.3
        found = np.concatenate(pieces[position : position + 2], axis=1)
        np.testing.assert_array_equal(found, np.round(expected.audio * 2.0**31).astype(np.int64))
    # FLAC files and what services take hold the same samples.
    for folder in ("flac", "ingest"):
        for file, piece in zip(pack.files(folder), pieces, strict=True):
            np.testing.assert_array_equal(read(file), piece)


def test_9_the_image_of_the_disc_is_the_programme_of_one_pass(pack: Pack) -> None:
    image = read(pack.folder / "cd/album.wav") >> 16
    disc = pack.masters.at(44_100, 16)
    before = round(PREGAP_S * 44_100)
    programme = np.round(disc.programme() * 32_768).astype(int)
    np.testing.assert_array_equal(image[:, before : before + programme.shape[1]], programme)
    assert image[:, :before].any()
    assert not image[:, before + programme.shape[1] :].any()
    assert image.shape[1] % 588 == 0
    assert image.shape[1] - before - programme.shape[1] < 588
    # Without a gap, music goes on over the border: the group by itself, converted and delivered in one pass.
    whole = md.resample(gapless_whole(), RATE_HZ, 44_100)
    wanted = disc._solved.masters[0].certificate.target_lufs
    expected = md.master(whole, 44_100, target_lufs=wanted, name=" / ".join(TITLES[:2]), ceiling_dbtp=-1, bit_depth=16)
    np.testing.assert_array_equal(programme[:, : whole.shape[1]], np.round(expected.audio * 32_768).astype(int))


def sheet_points(text: str) -> Iterator[tuple[int, int, int]]:
    """Track, index and sector of each line of a CUE sheet."""
    track = 0
    for line in text.splitlines():
        if found := re.match(r" *TRACK (\d\d)", line):
            track = int(found[1])
        if found := re.match(r" *INDEX (\d\d) (\d\d):(\d\d):(\d\d)", line):
            index, minutes, seconds, sectors = map(int, found.groups())
            yield track, index, (60 * minutes + seconds) * 75 + sectors


def test_9_songs_that_shntool_splits_by_the_cue_sheet_are_those_of_the_album(pack: Pack, tmp_path: Path) -> None:
    cd = pack.folder / "cd"
    (tmp_path / "points").write_text(judge("cuebreakpoints", "--append-gaps", str(cd / "album.cue")).stdout)
    options = ("-q", "-f", str(tmp_path / "points"), "-d", str(tmp_path), "-a", "t")
    judge("shntool", "split", *options, str(cd / "album.wav"))
    pieces = [read(path) >> 16 for path in sorted(tmp_path.glob("t*.wav"))]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), read(cd / "album.wav") >> 16)
    disc = pack.masters.at(44_100, 16)
    before = round(PREGAP_S * 44_100)
    points = {(track, index): sector for track, index, sector in sheet_points((cd / "album.cue").read_text("latin-1"))}
    # The first piece begins with the hidden audio.
    starts = [0, *(588 * points[track, 1] for track in (2, 3, 4))]
    for number, (piece, start, track) in enumerate(zip(pieces, starts, disc.tracks, strict=True)):
        exact = before + disc.starts[number]
        head = exact - start
        # After silence the border lies before the song, so that nothing is cut off; in music nearest.
        if number == 0:
            assert head == before
        elif number == 2:
            assert 0 <= head < 588
        else:
            assert abs(head) <= 294
        samples = np.round(track.audio * 32_768).astype(int)
        first = max(head, 0)
        count = min(piece.shape[1] - first, samples.shape[1] - max(-head, 0))
        assert count >= samples.shape[1] - 294
        np.testing.assert_array_equal(
            piece[:, first : first + count], samples[:, max(-head, 0) : max(-head, 0) + count]
        )
    assert points[1, 1] * 588 <= before < (points[1, 1] + 1) * 588
    assert points[3, 2] == round((before + disc.starts[2] + 2.6 * 44_100) / 588)


def test_9_judges_read_every_position_of_the_disc_alike(pack: Pack, tmp_path: Path, monkeypatch) -> None:
    cd = pack.folder / "cd"
    monkeypatch.chdir(cd)
    shown = judge("cdrdao", "show-toc", "album.toc")
    assert "WARNING" not in shown.stderr.upper()
    assert "CATALOG NUMBER: 0012345678905" in " ".join(shown.stdout.split())
    assert re.findall(r"ISRC (US S1Z 26 0000\d)", shown.stdout) == [f"US S1Z 26 0000{n}" for n in range(1, 5)]
    points = list(sheet_points((cd / "album.cue").read_text("latin-1")))
    starts = [int(sector) for sector in re.findall(r"START\s+\d\d:\d\d:\d\d\(\s*(\d+)\)", shown.stdout)]
    assert starts == [sector for _, index, sector in points if index == 1]
    blocks = soundfile.info("album.wav").frames // 588
    assert f"Read {blocks} blocks." in judge("cdrdao", "read-test", "album.toc").stderr
    info = judge("shntool", "info", "album.wav").stdout
    for name, answer in (("CD quality", "yes"), ("Cut on sector boundary", "yes"), ("Extra RIFF chunks", "no")):
        assert re.search(rf"{name}: +{answer}$", info, re.M)
    flac = tmp_path / "album.flac"
    judge("flac", "--silent", "-o", str(flac), "album.wav")
    judge("metaflac", "--import-cuesheet-from=album.cue", str(flac))
    exported = judge("metaflac", "--export-cuesheet-to=-", str(flac)).stdout
    assert list(sheet_points(exported)) == points


def test_the_pack_lists_every_note_of_cd_text_and_its_files(pack: Pack, manifest: dict) -> None:
    report = json.loads((pack.folder / "qc/report.json").read_bytes())
    notes = [finding["message"] for finding in report["findings"] if finding["place"] == "cd"]
    assert any("日本" in note for note in notes), notes
    content = (pack.folder / "cd/album.cue").read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n")
    assert 'TITLE "Zweiter Satz"' in content.decode("latin-1")
    for entry in manifest["files"]:
        file = pack.folder / entry["path"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == entry["sha256"]
        assert file.stat().st_size == entry["bytes"]
