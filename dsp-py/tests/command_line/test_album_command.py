"""``mixdown album`` and ``mixdown order``."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mixdown as md
from running import call, run

RATE_HZ = 44_100
TEXT = """\
version = 1
album = { title = "Title", artist = "Artist", barcode = "012345678905" }
master = { target_lufs = -16 }
deliver = { formats = ["wav24", "flac"] }
track = [
    { file = "01.wav", title = "Löud", key = "C" },
    { file = "02.wav", title = "Soft", key = "Am" },
    { file = "03.wav", title = "Last", gap_s = 1.0, key = "F#" },
]
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("album")
    for number, level in enumerate((0.08, 0.04, 0.06), 1):
        noise = level * np.random.default_rng(number).standard_normal((2, 4 * RATE_HZ + number))
        md.write(folder / f"{number:02d}.wav", noise, RATE_HZ)
    (folder / "album.toml").write_text(TEXT, encoding="utf-8")
    return folder


@pytest.fixture
def file(sources: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sources, tmp_path / "source")) / "album.toml"


def files_in(folder: Path) -> list[str]:
    return sorted(entry.relative_to(folder).as_posix() for entry in folder.rglob("*") if entry.is_file())


def changed(file: Path, old: str, new: str) -> Path:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


class TestAlbum:
    def test_it_prints_what_it_did_and_delivers_what_the_library_does(self, file: Path, tmp_path: Path) -> None:
        done = call("album", file, "-o", tmp_path / "pack")
        # Songs of 4 s are shorter than services take, and have no ISRC: warnings and notes, no faults.
        assert done.returncode == 0, done.stderr
        album = md.Album.from_file(file)
        mastered = album.master()
        assert done.stdout.startswith("Album Artist – Title: 3 songs, 0:12\n\n")
        assert album.measure().table() in done.stdout
        assert mastered.table() in done.stdout
        pack = mastered.deliver(tmp_path / "again")
        assert pack.report.findings
        for place, finding in pack.report.findings:
            assert any(place in line and finding.message in line for line in done.stdout.splitlines())
        assert f"{len(pack.files)} files" in done.stdout.splitlines()[-1]
        assert files_in(tmp_path / "pack") == files_in(tmp_path / "again")
        for name in files_in(tmp_path / "pack"):
            assert (tmp_path / "pack" / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name
        assert not [entry for entry in tmp_path.iterdir() if entry.name not in ("source", "pack", "again")]

    def test_a_dry_run_names_the_files_of_every_format_and_writes_none(self, file: Path, tmp_path: Path) -> None:
        Image.new("RGB", (64, 64), "red").save(file.with_name("cover.png"))
        changed(file, 'artist = "Artist"', 'artist = "Artist", cover = "cover.png"')
        formats = "wav24,flac16,cd,mp3:320,ogg,opus:96,vinyl,ingest:spotify"
        done = call("album", file, "--dry-run", "--formats", formats)
        assert done.returncode == 0, done.stderr
        named = [line.strip() for line in done.stdout.partition("Would write:\n")[2].splitlines()]
        assert "Album -16.00 LUFS" in done.stdout
        assert [entry.name for entry in tmp_path.iterdir()] == ["source"]
        md.Album.from_file(file).master().deliver(tmp_path / "pack", formats.split(","))
        assert named == files_in(tmp_path / "pack")

    def test_json_holds_measurements_report_and_files(self, file: Path, tmp_path: Path) -> None:
        done = call("album", file, "-o", tmp_path / "pack", "--formats", "flac", "--json")
        made = json.loads(done.stdout)
        assert [song["title"] for song in made["measurements"]["songs"]] == ["Löud", "Soft", "Last"]
        # In files an infinity is a word, on standard output null.
        stored = (tmp_path / "pack" / "qc" / "report.json").read_text(encoding="utf-8").replace('"-inf"', "null")
        assert made["report"] == json.loads(stored)
        assert made["report"]["album_lufs"] == pytest.approx(-16, abs=0.02)
        on_disk = {*files_in(tmp_path / "pack")} - {"manifest.json", "SHA256SUMS"}
        assert {*made["files"]} == on_disk
        dry = json.loads(call("album", file, "--dry-run", "--formats", "flac", "--json").stdout)
        assert dry["would_write"] == files_in(tmp_path / "pack")
        assert dry["masters"]["album_lufs"] == made["report"]["album_lufs"]

    def test_the_record_of_the_file_stands_behind_vinyl(self, file: Path, tmp_path: Path) -> None:
        effects = 'effects = { type = "MidSide", side = [{ type = "HighPass" }] }'
        vinyl = f'vinyl = {{ format = "7in45", sides = [["Löud"], ["Soft", "Last"]], {effects} }}'
        changed(file, "track = [", f"{vinyl}\ntrack = [")
        done = call("album", file, "-o", tmp_path / "pack", "--formats", "vinyl")
        sides = json.loads((tmp_path / "pack" / "vinyl" / "sides.json").read_text(encoding="utf-8"))
        assert done.stderr == ""
        assert sides["record"] == "7in45"
        assert [[track["title"] for track in side["tracks"]] for side in sides["sides"]] == [["Löud"], ["Soft", "Last"]]
        # Without a record among the formats its effects wait.
        assert call("album", file, "-o", tmp_path / "other", "--formats", "flac").returncode == 0

    def test_faults_are_exit_code_1_and_the_pack_is_there(self, file: Path, tmp_path: Path) -> None:
        Image.new("CMYK", (64, 64)).save(file.with_name("cover.jpg"))
        changed(file, 'artist = "Artist"', 'artist = "Artist", cover = "cover.jpg"')
        done = call("album", file, "-o", tmp_path / "pack", "--formats", "flac")
        assert done.returncode == 1
        assert done.stderr == ""
        assert [line for line in done.stdout.splitlines() if line.startswith("fault ") and "cover" in line]
        assert (tmp_path / "pack" / "manifest.json").is_file()

    def test_a_pack_is_replaced_only_when_told(self, file: Path, tmp_path: Path) -> None:
        options = ("-o", tmp_path / "pack", "--formats")
        assert call("album", file, *options, "flac").returncode == 0
        before = files_in(tmp_path / "pack")
        done = call("album", file, *options, "flac16")
        assert (done.returncode, files_in(tmp_path / "pack")) == (1, before)
        assert "exists already: --force replaces it" in done.stderr
        (tmp_path / "pack" / "flac" / "old.flac").write_bytes(b"")
        done = call("album", file, *options, "flac", "--force")
        assert (done.returncode, "flac/old.flac" in done.stderr) == (1, True)
        (tmp_path / "pack" / "flac" / "old.flac").unlink()
        assert call("album", file, *options, "flac", "--overwrite").returncode == 0
        assert files_in(tmp_path / "pack") == before

    def test_folders_that_are_no_packs_or_hold_what_is_read_are_not_replaced(self, file: Path, tmp_path: Path) -> None:
        before = files_in(tmp_path)
        done = call("album", file, "-o", file.parent, "--overwrite")
        assert "holds other files than a pack: only packs are replaced" in done.stderr
        (file.parent / "manifest.json").write_text("{}")
        done = call("album", file, "-o", file.parent, "--overwrite")
        assert "holds other files than a pack: only packs are replaced" in done.stderr
        (file.parent / "manifest.json").write_text('{"pack": 1, "files": []}')
        done = call("album", file, "-o", file.parent, "--overwrite")
        assert "beside the pack: move it away" in done.stderr
        assert files_in(tmp_path) == sorted([*before, "source/manifest.json"])

    @pytest.mark.parametrize(
        ("change", "options", "told"),
        [
            (("Löud", "Löud"), (), "--output is missing"),
            (("Löud", "Löud"), ("-o", "nowhere/pack"), "there is no folder"),
            (("Löud", "Löud"), ("-o", "{}", "--formats", "flac,wav23"), "formats[1] = 'wav23' is unknown"),
            (("Löud", "Löud"), ("-o", "{}", "--formats", "flac,flac16"), "has the folder of 'flac'"),
            (("gap_s", "gaps"), ("-o", "{}"), "album.toml:8: a track has no gaps: did you mean gap_s?"),
            (("-16", "-2"), ("-o", "{}", "--formats", "flac"), "'Löud' would need"),
            (("-16", "-2"), ("--dry-run",), "'Löud' would need"),
        ],
    )
    def test_refusals_are_one_line_and_leave_nothing(
        self, file: Path, tmp_path: Path, change: tuple[str, str], options: tuple[str, ...], told: str
    ) -> None:
        changed(file, *change)
        before = files_in(tmp_path)
        done = call("album", file, *(option.format(tmp_path / "pack") for option in options))
        assert (done.returncode, done.stdout) == (1, "")
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert files_in(tmp_path) == before
        assert not (tmp_path / "pack.part").exists()

    def test_an_interrupted_run_leaves_nothing(self, file: Path, tmp_path: Path) -> None:
        script = """
import mixdown.pack.delivering as delivering
def stop(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)
    import time; time.sleep(30)
delivering.check = stop
"""
        done = run("album", file, "-o", tmp_path / "pack", script=script)
        assert done.returncode == 130, done.stderr
        assert [entry.name for entry in tmp_path.iterdir()] == ["source"]


class TestOrder:
    def test_it_prints_the_order_of_the_library(self, file: Path) -> None:
        done = call("order", file, "--arc", "front", "--last", "Löud")
        order = md.Album.from_file(file).suggest_order(arc="front", last="Löud")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{order.table()}\n"
        assert order.titles[-1] == "Löud"
        made = json.loads(call("order", file, "--arc", "front", "--first", "Last", "--json").stdout)
        assert made["titles"][0] == "Last"
        assert made["cost"] == pytest.approx(
            md.Album.from_file(file).suggest_order(arc="front", first="Last").cost, abs=1e-12
        )

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--arc", "circle"), "arc = 'circle' is not allowed: it must be one of rise_fall, front, wave, flat"),
            (("--first", "Lost"), "first = 'Lost' is none of the songs (Löud, Soft, Last)"),
            (("--first", "Last", "--last", "Last"), "first = 'Last' is last too"),
        ],
    )
    def test_bad_options_are_one_line(self, file: Path, options: tuple[str, ...], told: str) -> None:
        done = call("order", file, *options)
        assert (done.returncode, done.stdout) == (1, "")
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
