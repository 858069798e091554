"""Packs: formats, names, rates, covers, and what is refused or ends the work."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pack_albums import RATE_HZ, cover, plain_album, plain_masters, song, tree
from PIL import Image

import mixdown as md
from mixdown.files import advanced_audio
from mixdown.files.tags import read_tags
from mixdown.pack import Delivery, delivering


def names(delivery: Delivery, folder: str) -> list[str]:
    return [file.path.removeprefix(f"{folder}/") for file in delivery.files if file.path.startswith(f"{folder}/")]


def findings(delivery: Delivery, place: str) -> list[str]:
    return [finding.message for where, finding in delivery.report.findings if where == place]


class TestContent:
    @pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
    def test_the_same_settings_at_any_rate(self, tmp_path: Path, rate_hz: int) -> None:
        album = md.Album(title="Rates")
        album.track(song(1, 4.5, rate_hz=rate_hz), title="One")
        album.track(song(2, 4.5, rate_hz=rate_hz), title="Two")
        formats = ["wav24", "flac16", "cd", "mp3:192", "opus:96", "ingest:cdbaby", "ingest:soundcloud"][:6]
        pack = album.master(target_lufs=-16).deliver(tmp_path / "pack", formats)
        rates = {file.path.split("/")[0]: file.sample_rate_hz for file in pack.files if file.frames}
        coded = 44_100 if rate_hz == 44_100 else 48_000
        assert rates == {
            "masters": rate_hz,
            "flac": rate_hz,
            "cd": 44_100,
            "mp3": coded,
            "opus": 48_000,
            "ingest": 44_100,
        }
        levels = {file.path: file.integrated_lufs for file in pack.files if file.path.endswith(("One.wav", "One.flac"))}
        assert np.ptp(list(levels.values())) < 0.01
        assert pack.report.masters.album_lufs == pytest.approx(-16, abs=0.02)
        assert not [where for where, finding in pack.report.findings if finding.severity == "fault"]

    def test_a_service_gets_the_rate_of_the_album_or_one_that_it_takes(self, tmp_path: Path) -> None:
        rates = {}
        for rate_hz, service in ((96_000, "soundcloud"), (96_000, "spotify"), (32_000, "spotify"), (48_000, "youtube")):
            album = md.Album()
            album.track(song(1, 2, rate_hz=rate_hz), title="One")
            place = tmp_path / f"{rate_hz}{service}"
            pack = album.master(target_lufs=-16).deliver(place, [f"ingest:{service}"])
            rates[rate_hz, service] = pack.files[0].sample_rate_hz
            assert pack.passed, pack.report.findings
        assert list(rates.values()) == [48_000, 96_000, 48_000, 48_000]

    def test_a_mono_song_alone(self, tmp_path: Path) -> None:
        album = md.Album(title="Mono")
        album.track((song(1)[0][0], RATE_HZ), title="Only")
        pack = album.master(target_lufs=-16).deliver(tmp_path / "pack", ["wav24", "cd", "vinyl:7in45", "aac"])
        assert names(pack, "masters") == ["01 Only.wav"]
        assert names(pack, "vinyl") == ["side-A.wav", "sides.json"]
        audio = soundfile.read(tmp_path / "pack/masters/01 Only.wav", always_2d=True)[0].T
        np.testing.assert_allclose(*audio, rtol=0, atol=2.0**-21)
        assert any("mono, made left and right" in change for change in pack.report.to_dict()["changes"])
        assert pack.report.seams == ()

    def test_word_lengths_are_those_asked_for_and_rounded_once(self, tmp_path: Path) -> None:
        masters = plain_album(1).master(target_lufs=-16, bit_depth=16, noise_shaping="weighted")
        pack = masters.deliver(tmp_path / "pack", ["wav24", "flac16"])
        bits = {file.path: file.bit_depth for file in pack.files if file.frames}
        assert bits == {"masters/01 Song 1.wav": 24, "flac/01 Song 1.flac": 16}
        coarse, fine = (soundfile.read(tmp_path / "pack" / path, dtype="int32", always_2d=True)[0] for path in bits)
        # From floating point, not from 16 bits.
        assert np.count_nonzero(fine % 65_536) > 0.9 * fine.size
        np.testing.assert_array_equal(coarse.T >> 16, np.round(masters.tracks[0].audio * 32_768).astype(int))
        floats = masters.deliver(tmp_path / "floats", ["wav32"])
        assert floats.files[0].bit_depth == 32

    def test_sheets_in_utf_8_keep_what_latin_1_lacks(self, tmp_path: Path) -> None:
        album = md.Album(title="Чайка", artist="B")
        album.track(song(1), title="日本語 🎵")
        masters = album.master(target_lufs=-16)
        latin, wide = (
            masters.deliver(tmp_path / encoding, ["cd"], cue_encoding=encoding) for encoding in ("latin-1", "utf-8")
        )
        assert 'TITLE "日本語 🎵"' in (wide.folder / "cd/album.cue").read_text("utf-8")
        assert 'TITLE "Chayka"' in (latin.folder / "cd/album.cue").read_text("latin-1")
        assert (latin.folder / "cd/album.cdt").read_bytes() == (wide.folder / "cd/album.cdt").read_bytes()
        for pack in (latin, wide):
            assert any("日本語" in note for note in findings(pack, "cd"))
            assert pack.passed

    def test_quotes_become_typographic_and_are_noted(self, tmp_path: Path) -> None:
        album = md.Album(title='The "Best" of')
        album.track(song(1), title='Say "no"')
        pack = album.master(target_lufs=-16).deliver(tmp_path / "pack", ["cd", "flac"], cue_encoding="utf-8")
        assert 'TITLE "Say “no”"' in (tmp_path / "pack/cd/album.cue").read_text("utf-8")
        assert len([note for note in findings(pack, "cd") if "double quotes" in note]) == 2
        assert names(pack, "flac") == ["01 Say _no_.flac"]
        with (tmp_path / "pack/flac/01 Say _no_.flac").open("rb") as file:
            assert read_tags(file).text("title") == 'Say "no"'

    def test_names_that_collide_or_hold_slashes(self, tmp_path: Path) -> None:
        album = md.Album()
        titles = ["AC/DC", "ac_dc", "..", "A\\B", "../../up", "CON", "x" * 300]
        for number, title in enumerate(titles):
            album.track(song(number % 4, 1), title=title)
        pack = album.master(target_lufs=-18).deliver(tmp_path / "pack", ["flac"])
        found = names(pack, "flac")
        assert len({name.casefold() for name in found}) == len(titles)
        assert found[:6] == [
            *("01 AC_DC.flac", "02 ac_dc (2).flac", "03 _.flac", "04 A_B.flac", "05 _._.._up.flac", "06 CON_.flac")
        ]
        assert {file.name for file in tmp_path.iterdir()} == {"pack"}
        assert all(len(name.encode()) < 140 for name in found)

    def test_songs_that_go_on_share_a_side_and_have_no_finding_at_their_borders(self, tmp_path: Path) -> None:
        whole = song(1, 9)[0]
        album = md.Album()
        for number in range(3):
            part = whole[:, number * 3 * RATE_HZ : (number + 1) * 3 * RATE_HZ]
            album.track((part, RATE_HZ), title=str(number), gapless=number > 0)
        pack = album.master(target_lufs=-16).deliver(tmp_path / "pack", ["wav24", "vinyl"])
        assert [side.titles for side in pack.report.sides] == [("0", "1", "2")]
        assert not [finding for _, finding in pack.report.findings if finding.check == "edges"]

    def test_sides_are_those_of_the_album(self, tmp_path: Path) -> None:
        album = plain_album(3)
        album.sides = [["Song 1"], ["Song 2"], ["Song 3"]]
        album.master(target_lufs=-16).deliver(tmp_path / "pack", ["vinyl:7in45"])
        plain = json.loads((tmp_path / "pack/vinyl/sides.json").read_bytes())
        assert [(side["side"], side["file"]) for side in plain["sides"]] == [
            (name, f"side-{name}.wav") for name in "ABC"
        ]
        audio, rate_hz = soundfile.read(tmp_path / "pack/vinyl/side-B.wav")
        assert len(audio) / rate_hz == pytest.approx(4.5)

    def test_progress_rises_to_one(self, tmp_path: Path) -> None:
        shares: list[float] = []
        plain_masters().deliver(tmp_path / "pack", ["wav24", "mp3", "cd"], progress=shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert len(shares) > 8

    def test_shares_of_songs_on_several_threads_never_fall(self) -> None:
        shares: list[float] = []
        note = delivering._rising(shares.append)
        for share in (0.2, 0.5, 0.4, 0.7, 1.1):
            note(share)
        assert shares == [0.2, 0.5, 0.5, 0.7, 1.0]

    def test_a_version_is_solved_once_while_it_is_in_use(self) -> None:
        masters = plain_masters()
        assert masters.at(44_100, 16) is masters.at(44_100, 16) or masters._disc is None
        disc = masters.disc
        assert masters.at(44_100, 16) is disc
        assert masters.layout.padded_frames == masters.disc_image().shape[1]

    def test_the_layout_is_known_before_the_disc_is_made(self) -> None:
        for rate_hz, seconds in ((48_000, 4.50001), (96_000, 4.10007), (44_100, 5.3)):
            album = md.Album()
            album.track(song(1, seconds, rate_hz=rate_hz), title="A")
            album.track(song(2, seconds, rate_hz=rate_hz), title="B", gapless=True)
            album.pregap(song(3, seconds, rate_hz=rate_hz))
            masters = album.master(target_lufs=-16)
            layout = masters.layout
            assert masters._disc is None
            hidden = masters.disc.hidden
            assert layout.frames == hidden.shape[1] + masters.disc.frames
            assert layout == masters.disc.layout


class TestCovers:
    def deliver(self, tmp_path: Path, picture: Path) -> Delivery:
        album = plain_album(1, 1, cover=picture)
        return album.master(target_lufs=-16).deliver(tmp_path / "pack", ["flac"])

    def pictures(self, pack: Delivery) -> int:
        with (pack.folder / "flac/01 Song 1.flac").open("rb") as file:
            return len(read_tags(file).pictures)

    def test_a_cover_that_fits(self, tmp_path: Path) -> None:
        pack = self.deliver(tmp_path, cover(tmp_path / "c.png"))
        assert pack.passed
        assert findings(pack, "cover") == []
        assert (pack.folder / "cover.png").read_bytes() == (tmp_path / "c.png").read_bytes()
        assert self.pictures(pack) == 1

    @pytest.mark.parametrize(
        ("name", "pixels", "mode", "message"),
        [("c.jpg", 3000, "CMYK", "holds CMYK"), ("c.png", 2999, "RGB", "has 2999 px, at least 3000 are needed")],
    )
    def test_faults_of_covers_are_reported(
        self, tmp_path: Path, name: str, pixels: int, mode: str, message: str
    ) -> None:
        pack = self.deliver(tmp_path, cover(tmp_path / name, pixels, mode))
        assert not pack.passed
        assert any(message in found for found in findings(pack, "cover"))
        assert json.loads((pack.folder / "qc/report.json").read_bytes())["passed"] is False
        assert self.pictures(pack) == 1

    @pytest.mark.parametrize("content", [b"no picture", b"\xff\xd8\xff\xe0" + b"\0" * 50, b""])
    def test_an_unreadable_cover_is_reported_and_left_out(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "c.jpg").write_bytes(content)
        pack = self.deliver(tmp_path, tmp_path / "c.jpg")
        assert not pack.passed
        assert any("is not a readable picture" in found for found in findings(pack, "cover"))
        assert any("stands in no tags" in found for found in findings(pack, "cover"))
        assert self.pictures(pack) == 0

    def test_a_cover_that_is_too_large_for_tags(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(1).integers(0, 256, (3000, 3000, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "c.png", compress_level=0)
        pack = self.deliver(tmp_path, tmp_path / "c.png")
        assert any("bytes, 10000000 are taken" in found for found in findings(pack, "cover"))
        assert self.pictures(pack) == 0
        assert (pack.folder / "cover.png").stat().st_size > 1 << 24

    def test_a_missing_cover_is_refused_before_any_work(self, tmp_path: Path, monkeypatch) -> None:
        with pytest.raises(FileNotFoundError, match=r"^cover = .*none\.jpg is not there"):
            md.Album(cover=tmp_path / "none.jpg")
        # It may go away later.
        (tmp_path / "none.jpg").touch()
        masters = plain_album(1, 1, cover=tmp_path / "none.jpg").master(target_lufs=-16)
        (tmp_path / "none.jpg").unlink()
        monkeypatch.setattr(md.MasteredAlbum, "at", None)
        with pytest.raises(FileNotFoundError, match=r"^cover = '.*none\.jpg' cannot be read: No such file"):
            masters.deliver(tmp_path / "pack", ["cd"])
        assert list(tmp_path.iterdir()) == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("formats", "error", "message"),
        [
            (["wav"], None, None),
            (["wav20"], md.ParameterError, r"^formats\[0\] = 'wav20' is unknown: formats are wav16"),
            (["flac", "flac"], md.ParameterError, r"^formats\[1\] = 'flac' has the folder of 'flac'"),
            (["wav24", "cd", "wav16"], md.ParameterError, r"^formats\[2\] = 'wav16' has the folder of 'wav24'"),
            (["mp3:320", "MP3:128"], md.ParameterError, r"^formats\[1\] = 'MP3:128' has the folder of 'mp3:320'"),
            ([], md.ParameterError, "^formats is empty"),
            ("flac", TypeError, "^formats = 'flac' is not a sequence"),
            ({"flac", "cd"}, TypeError, "is not a sequence of names"),
            ([3], TypeError, r"^formats\[0\] = 3 is not a text"),
            (["mp3:321"], md.ParameterError, r"^formats\[0\] = 'mp3:321': bitrate_kbps = 321 is not allowed: MP3"),
            (["opus:fast"], md.ParameterError, r"^formats\[0\] = 'opus:fast' is not allowed: kb/s follow"),
            (["vinyl:8in33"], md.ParameterError, r"^formats\[0\] = 'vinyl:8in33' is not allowed: did you mean"),
            (
                ["ingest:nowhere"],
                md.ParameterError,
                r"^formats\[0\] = 'ingest:nowhere' is not allowed: it must be",
            ),
            (["ingest"], md.ParameterError, r"^formats\[0\] = 'ingest' is not allowed: it must be one of"),
        ],
    )
    def test_formats(self, tmp_path: Path, formats, error, message) -> None:
        masters = plain_masters()
        if error is None:
            assert masters.deliver(tmp_path / "pack", formats).files
            return
        with pytest.raises(error, match=message):
            masters.deliver(tmp_path / "pack", formats)
        assert list(tmp_path.iterdir()) == []

    def test_a_word_that_is_no_encoding_and_other_types(self, tmp_path: Path) -> None:
        masters = plain_masters()
        with pytest.raises(md.ParameterError, match="cue_encoding = 'ascii' is not allowed"):
            masters.deliver(tmp_path / "pack", cue_encoding="ascii")
        with pytest.raises(TypeError, match="overwrite = 1 is not"):
            masters.deliver(tmp_path / "pack", overwrite=1)
        with pytest.raises(TypeError, match="progress = 3 is not a function"):
            masters.deliver(tmp_path / "pack", progress=3)
        with pytest.raises(TypeError, match="folder = 3 is not a path"):
            masters.deliver(3)

    def test_line_breaks_in_titles(self) -> None:
        for mark in ("\r", "\n"):
            with pytest.raises(md.ParameterError, match=r"title = .* must be one line"):
                md.Album(title=f"A{mark}B")

    def test_100_songs_with_a_disc_and_without(self, tmp_path: Path, monkeypatch) -> None:
        album = md.Album()
        for number in range(100):
            album.track(song(1, 0.5), title=str(number), gap_s=0)
        masters = album.master(target_lufs=-20)
        with monkeypatch.context() as patched:
            patched.setattr(md.MasteredAlbum, "at", None)
            with pytest.raises(md.ParameterError, match=r"holds 100: a CD takes 1\.\.99 tracks"):
                masters.deliver(tmp_path / "pack", ["ingest:cdbaby", "cd"])
        assert list(tmp_path.iterdir()) == []
        pack = masters.deliver(tmp_path / "pack", ["ingest:spotify"])
        assert names(pack, "ingest")[-1] == "album_01_100.wav"
        assert len(names(masters.deliver(tmp_path / "flac", ["flac"]), "flac")) == 100
        assert (tmp_path / "flac/flac/001 0.flac").is_file()

    def test_a_song_under_4_s_with_a_disc(self, tmp_path: Path, monkeypatch) -> None:
        album = plain_album(2)
        album.track(song(3, 3.9), title="Short")
        masters = album.master(target_lufs=-16)
        monkeypatch.setattr(md.MasteredAlbum, "at", None)
        with pytest.raises(md.ParameterError, match=r"'Short' lasts 3\.\d\d s: a CD track has 4 s or more"):
            masters.deliver(tmp_path / "pack", ["wav24", "cd"])
        assert list(tmp_path.iterdir()) == []

    def test_no_encoder_of_aac(self, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setattr(advanced_audio, "_pyav", lambda: None)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ValueError, match=r"^AAC needs an encoder.*mixdown\[aac\]") as error:
            plain_masters().deliver(tmp_path / "pack", ["wav24", "aac:256"])
        assert "\n" not in str(error.value)
        assert list(tmp_path.iterdir()) == []

    def test_a_bit_rate_that_the_rate_of_the_album_does_not_have(self, tmp_path: Path) -> None:
        album = md.Album()
        album.track(song(1, 1, rate_hz=22_050), title="Low")
        with pytest.raises(md.ParameterError, match=r"^formats\[1\] = 'mp3:320' of 'Low': bitrate_kbps = 320"):
            album.master(target_lufs=-16).deliver(tmp_path / "pack", ["wav24", "mp3:320"])
        assert list(tmp_path.iterdir()) == []


class TestPlaces:
    def test_a_folder_that_is_there(self, tmp_path: Path) -> None:
        masters, place = plain_masters(), tmp_path / "pack"
        masters.deliver(place, ["wav16"])
        before = tree(place)
        with pytest.raises(FileExistsError, match=r"pack' is there already: give overwrite"):
            masters.deliver(place, ["flac"])
        assert tree(place) == before
        masters.deliver(place, ["flac"], overwrite=True)
        assert {file.name for file in place.iterdir()} == {"SHA256SUMS", "flac", "manifest.json", "qc"}
        assert [file.name for file in tmp_path.iterdir()] == ["pack"]

    def test_overwrite_replaces_packs_and_empty_folders_alone(self, tmp_path: Path) -> None:
        place = tmp_path / "photos"
        place.mkdir()
        plain_masters().deliver(place, ["wav16"], overwrite=True)
        other = tmp_path / "music"
        other.mkdir()
        (other / "precious.txt").write_text("kept")
        (tmp_path / "music.old").mkdir()
        with pytest.raises(FileExistsError, match="music' holds other files than a pack: only packs are replaced"):
            plain_masters().deliver(other, ["wav16"], overwrite=True)
        assert tree(other) == {"precious.txt": b"kept"}
        assert (tmp_path / "music.old").is_dir()

    def test_nothing_is_replaced_that_is_not_of_the_pack(self, tmp_path: Path) -> None:
        def refused(place: Path, message: str) -> None:
            before = tree(place)
            with pytest.raises(FileExistsError, match=message):
                plain_masters().deliver(place, ["wav16"], overwrite=True)
            assert tree(place) == before

        # A manifest of something else, such as a web app's or a catalogue's.
        for name, text in (("app", '{"name": "web app"}'), ("songs", '{"settings": {}, "files": []}')):
            (tmp_path / name).mkdir()
            (tmp_path / name / "manifest.json").write_text(text)
            (tmp_path / name / "main.js").write_text("work")
            refused(tmp_path / name, "holds other files than a pack")
        pack = tmp_path / "pack"
        plain_masters().deliver(pack, ["wav16"])
        (pack / "masters" / "notes.txt").write_text("mine")
        refused(pack, "holds 'masters/notes.txt' beside the pack|holds masters/notes.txt beside the pack")
        (pack / "masters" / "notes.txt").unlink()
        part = tmp_path / "pack.part"
        part.mkdir()
        (part / "important").write_text("mine")
        refused(pack, r"which holds other files")
        assert (part / "important").read_text() == "mine"
        # What a killed process left is known by its mark.
        (part / ".mixdown-part").touch()
        plain_masters().deliver(pack, ["flac16"], overwrite=True)
        assert not part.exists()
        assert not any(path.startswith("masters") for path in tree(pack))

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_file_in_its_place(self, tmp_path: Path, overwrite: bool) -> None:
        (tmp_path / "pack").write_text("a file")
        with pytest.raises(NotADirectoryError, match="pack' is a file"):
            plain_masters().deliver(tmp_path / "pack", overwrite=overwrite)
        assert tree(tmp_path) == {"pack": b"a file"}

    def test_a_missing_parent(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r"nowhere/pack' cannot be made: '.*nowhere' is no folder"):
            plain_masters().deliver(tmp_path / "nowhere" / "pack")
        (tmp_path / "file").write_text("")
        with pytest.raises(FileNotFoundError, match=r"file' is no folder"):
            plain_masters().deliver(tmp_path / "file" / "pack")

    def test_what_a_killed_process_left_is_removed_and_a_file_is_not(self, tmp_path: Path) -> None:
        (tmp_path / "pack.part" / "deep").mkdir(parents=True)
        (tmp_path / "pack.part" / ".mixdown-part").touch()
        plain_masters().deliver(tmp_path / "pack", ["wav16"])
        assert [file.name for file in tmp_path.iterdir()] == ["pack"]
        (tmp_path / "other.part").write_text("kept")
        with pytest.raises(FileExistsError, match=r"other\.part', which is a file"):
            plain_masters().deliver(tmp_path / "other", ["wav16"])
        assert (tmp_path / "other.part").read_text() == "kept"

    def test_a_relative_folder_and_a_link(self, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "real").mkdir()
        os.symlink("real", "link")
        pack = plain_masters().deliver("link", ["wav16"], overwrite=True)
        assert pack.folder == Path("link")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real" / "manifest.json").is_file()

    @pytest.mark.parametrize("moment", [0.05, 0.3, 0.59, 0.7, 0.9, 1.0])
    def test_what_progress_raises_ends_the_work_and_leaves_nothing(self, tmp_path: Path, moment: float) -> None:
        place = tmp_path / "pack"
        masters = plain_masters()
        masters.deliver(place, ["wav16"])
        before = tree(tmp_path)

        def stop(share: float) -> None:
            if share >= moment:
                raise RuntimeError(f"at {moment}")

        for folder, overwrite in ((place, True), (tmp_path / "new", False)):
            with pytest.raises(RuntimeError, match=f"at {moment}"):
                masters.deliver(folder, ["wav24", "mp3", "cd"], overwrite=overwrite, progress=stop)
            assert tree(tmp_path) == before
            assert [file.name for file in tmp_path.iterdir()] == ["pack"]

    def test_a_failure_while_the_old_pack_is_replaced_brings_it_back(self, tmp_path: Path, monkeypatch) -> None:
        place = tmp_path / "pack"
        plain_masters().deliver(place, ["wav16"])
        before, rename = tree(tmp_path), Path.rename

        def fail(self: Path, target: Path) -> Path:
            if self.name == "pack.part":
                raise OSError(5, "Input/output error", str(self))
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", fail)
        with pytest.raises(OSError, match="Input/output error"):
            plain_masters().deliver(place, ["flac"], overwrite=True)
        assert tree(tmp_path) == before

    @pytest.mark.skipif(sys.platform == "win32", reason="signals")
    def test_ctrl_c_leaves_nothing(self, tmp_path: Path) -> None:
        script = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pack_albums import plain_album
        masters = plain_album(4, 20).master(target_lufs=-16)
        masters.deliver({str(tmp_path / "pack")!r}, ["wav16"])
        told = []
        def note(share):
            if not told:
                print("started", flush=True)
            told.append(share)
        while True:
            masters.deliver({str(tmp_path / "pack")!r}, ["mp3", "flac", "cd"], overwrite=True, progress=note)
        """
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            before = tree(tmp_path / "pack")
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        assert said.rstrip().endswith("KeyboardInterrupt"), said
        assert [file.name for file in tmp_path.iterdir()] == ["pack"]
        assert tree(tmp_path / "pack") == before

    @pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
    def test_a_disk_that_is_full_at_any_moment_leaves_what_was_there(self, tmp_path: Path) -> None:
        script = f"""
        import os, resource, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pack_albums import plain_album, tree
        from pathlib import Path
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        place = Path({str(tmp_path / "pack")!r})
        masters = plain_album(2).master(target_lufs=-16)
        masters.deliver(place, ["wav16"])
        before = tree(place)
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        formats = ["wav24", "flac", "mp3", "opus", "cd", "vinyl"]
        whole = masters.deliver(place.with_name("whole"), formats)
        import shutil
        sizes = sorted({{file.bytes for file in whole.files}})
        shutil.rmtree(whole.folder)
        for limit in (0, 100, 10_000, 60_000, *(size - 1 for size in sizes[-1::-4])):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
            try:
                masters.deliver(place, formats, overwrite=True)
            except OSError as error:
                assert ".part" not in str(error), error
                assert str(place) in str(error), error
            else:
                sys.exit(f"{{limit}} bytes were enough")
            assert tree(place) == before
            assert os.listdir(place.parent) == ["pack"]
        """
        command = [sys.executable, "-c", textwrap.dedent(script)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_damaged_source_is_a_fault_of_the_pack(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    md.write(tmp_path / "whole.wav", noise, 48_000)
    content = (tmp_path / "whole.wav").read_bytes()
    (tmp_path / "half.wav").write_bytes(content[: len(content) // 2])
    album = md.Album(title="Half")
    with pytest.warns(RuntimeWarning, match="promised"):
        album.track(tmp_path / "half.wav", title="Half")
    pack = album.master(target_lufs=-16).deliver(tmp_path / "pack", ["flac"])
    assert not pack.passed
    assert any(place == "Half" and "promised" in finding.message for place, finding in pack.report.findings)
