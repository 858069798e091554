"""Catalogues: what is made, skipped, made anew, and refused."""

import json
import os
import pickle
import shutil
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from judges import judge
from mixdown.catalog import CatalogSettings, Job, catalog_jobs, run
from mixdown.catalog.attempts import attempt, clear_dead
from running import call
from signals import RATE_HZ


def hits(seed: int, seconds: float = 1.5, level: float = 0.3) -> np.ndarray:
    """Decaying noise: a limiter has something to do."""
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(seed).uniform(-1, 1, (2, time_s.size))
    return (level * noise * np.exp(-6 * (2 * time_s % 1))).astype(np.float32)


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    folder = tmp_path / "songs"
    (folder / "More").mkdir(parents=True)
    md.write(folder / "one.wav", hits(1), RATE_HZ, tags={"title": "Eins", "isrc": "USS1Z2600001"})
    md.write(folder / "two.flac", hits(2), RATE_HZ)
    md.write(folder / "More" / "three.wav", hits(3), RATE_HZ, bit_depth=16)
    md.write(folder / "More" / "vier ü.wav", hits(4), RATE_HZ)
    (folder / "notes.txt").write_text("no song")
    (folder / "._one.wav").write_bytes(b"no song")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def leftovers(folder: Path) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.name.endswith(".part")]


NAMES = ["More/three.wav", "More/vier ü.wav", "one.wav", "two.wav"]


def test_each_master_is_that_of_the_song_alone(songs: Path, tmp_path: Path) -> None:
    made = md.master_catalog(
        songs, tmp_path / "out", target_lufs=-11, bit_depth=16, effects=md.HighPass(frequency_hz=30)
    )
    assert [record.output for record in made.records] == NAMES
    for record in made.records:
        alone = md.master(
            md.read(songs / record.source),
            target_lufs=-11,
            bit_depth=16,
            effects=md.HighPass(frequency_hz=30),
            name=Path(record.output).name,
        )
        written = md.read(tmp_path / "out" / record.output)
        np.testing.assert_array_equal(written.audio, alone.audio.astype(np.float32))
        assert record.file is not None
        assert record.file.integrated_lufs == pytest.approx(alone.certificate.loudness.integrated_lufs)
        assert record.file.integrated_lufs == pytest.approx(-11, abs=0.02)
        assert record.gain_db == alone.certificate.gain_db
    one = made.records[2]
    assert one.file is not None
    assert (one.file.isrc, one.file.bit_depth, one.file.frames) == ("USS1Z2600001", 16, hits(1).shape[1])
    assert not leftovers(tmp_path)


def test_the_record_holds_what_the_master_is(songs: Path, tmp_path: Path) -> None:
    made = md.master_catalog(songs, tmp_path / "out")
    plain = json.loads((tmp_path / "out/one.wav.json").read_text())
    assert plain == made.records[2].to_dict()
    assert plain["status"] == "ok"
    assert plain["bytes"] == (tmp_path / "out/one.wav").stat().st_size
    sums = judge("env", "-C", str(tmp_path / "out"), "sha256sum", "--strict", "-c", "SHA256SUMS").stdout
    assert sums.count(": OK") == 5
    assert f"{plain['sha256']}  one.wav" in (tmp_path / "out/SHA256SUMS").read_text()
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert [file["path"] for file in manifest["files"]] == NAMES
    assert made.manifest.verify(tmp_path / "out") == {}


def test_masters_for_archives_and_for_services(songs: Path, tmp_path: Path) -> None:
    archive = md.master_catalog(songs, tmp_path / "archive", profile="archive")
    content = (tmp_path / "archive/one.wav").read_bytes()
    assert content[12:16] == b"bext"
    # LoudnessValue, in hundredths.
    assert int.from_bytes(content[20 + 412 : 20 + 414], "little", signed=True) == pytest.approx(-1400, abs=2)
    ingest = md.master_catalog(songs, tmp_path / "ingest", profile="ingest")
    content = (tmp_path / "ingest/one.wav").read_bytes()
    assert (content[12:16], content[36:40]) == (b"fmt ", b"data")
    one, other = archive.records[2].file, ingest.records[2].file
    assert one is not None
    assert other is not None
    # The manifest knows the code that the file does not hold.
    assert (one.audio_md5, one.isrc) == (other.audio_md5, other.isrc)
    assert other.isrc == "USS1Z2600001"
    assert len(md.master_catalog(songs, tmp_path / "ingest", profile="archive").mastered) == 4


def test_a_second_run_does_nothing(songs: Path, tmp_path: Path) -> None:
    first = md.master_catalog(songs, tmp_path / "out")
    before = contents(tmp_path / "out")
    os.utime(tmp_path / "out/one.wav", (1, 1))
    again = md.master_catalog(songs, tmp_path / "out")
    assert (len(first.mastered), len(again.mastered), len(again.skipped)) == (4, 0, 4)
    assert contents(tmp_path / "out") == before
    assert (tmp_path / "out/one.wav").stat().st_mtime == 1
    assert again.manifest == first.manifest
    forced = md.master_catalog(songs, tmp_path / "out", force=True)
    assert len(forced.mastered) == 4
    assert contents(tmp_path / "out") == before


def test_exactly_what_was_damaged_is_made_anew(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    md.write(songs / "five.wav", hits(5), RATE_HZ)
    md.master_catalog(songs, out)
    before = contents(out)
    (out / "one.wav").unlink()
    record = out / "two.wav.json"
    record.write_bytes(record.read_bytes()[:100])
    altered = bytearray((out / "More/three.wav").read_bytes())
    # Of the same size.
    altered[-1] ^= 1
    (out / "More/three.wav").write_bytes(altered)
    again = md.master_catalog(songs, out)
    assert [record.output for record in again.mastered] == ["More/three.wav", "one.wav", "two.wav"]
    assert len(again.skipped) == 2
    assert contents(out) == before


def test_other_settings_another_song_and_another_response_are_made_anew(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    response = tmp_path / "response.wav"
    md.write(response, np.array([[1.0, 0.5]], np.float32), RATE_HZ, bit_depth=32)
    effects = [md.Convolution(impulse_response=str(response)) >> md.Gain(gain_db=-1)]
    assert len(md.master_catalog(songs, out, effects=effects).mastered) == 4
    assert len(md.master_catalog(songs, out, effects=effects).skipped) == 4
    md.write(response, np.array([[1.0, 0.6]], np.float32), RATE_HZ, bit_depth=32)
    assert len(md.master_catalog(songs, out, effects=effects).mastered) == 4
    assert len(md.master_catalog(songs, out, effects=effects, bit_depth=16).mastered) == 4
    md.write(songs / "one.wav", hits(9), RATE_HZ)
    again = md.master_catalog(songs, out, effects=effects, bit_depth=16)
    assert [record.source for record in again.mastered] == ["one.wav"]


def test_equal_settings_are_the_same_however_they_are_written() -> None:
    plain = CatalogSettings(target="spotify", ceiling_dbtp=-1, clip_db=2, delivery_rate_hz=44_100, effects=[md.Gain()])
    other = CatalogSettings(
        target="Spotify",
        ceiling_dbtp=np.float32(-1),
        clip_db=2.0,
        bit_depth=np.int64(24),
        delivery_rate_hz=44_100.0,
        dual_mono=np.False_,
        effects=md.Gain(gain_db=np.float32(0)),
    )
    assert other == plain
    assert other.digest() == plain.digest() != CatalogSettings(target="spotify").digest()


def test_a_response_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    md.write(tmp_path / "response.wav", np.ones((1, 1), np.float32), RATE_HZ, bit_depth=32)
    monkeypatch.chdir(tmp_path)
    settings = CatalogSettings(effects=[md.Parallel([md.Convolution(impulse_response="response.wav"), md.Gain()])])
    digest = settings.digest()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert settings.digest() == digest
    assert str(tmp_path / "response.wav") in repr(settings.effects)


def test_songs_that_cannot_be_mastered_are_records_with_a_reason(songs: Path, tmp_path: Path) -> None:
    md.write(songs / "a silent.wav", np.zeros((2, RATE_HZ), np.float32), RATE_HZ)
    md.write(songs / "b short.wav", hits(1, 0.2), RATE_HZ)
    (songs / "c text.wav").write_text("no audio")
    nan = hits(1)
    nan[0, 5] = np.nan
    import soundfile

    soundfile.write(songs / "d nan.wav", nan.T, RATE_HZ, subtype="FLOAT")
    (songs / "e empty.flac").touch()
    (songs / "f gone.wav").symlink_to(tmp_path / "nowhere.wav")
    whole = (songs / "one.wav").read_bytes()
    (songs / "g cut.wav").write_bytes(whole[: len(whole) - 3000])
    made = md.master_catalog(songs, tmp_path / "out")
    reasons = {record.source: record.message for record in made.failed}
    assert list(reasons) == ["a silent.wav", "b short.wav", "c text.wav", "d nan.wav", "e empty.flac", "f gone.wav"]
    assert "silent" in reasons["a silent.wav"]
    assert "400 ms" in reasons["b short.wav"]
    assert "not a readable audio file" in reasons["c text.wav"]
    assert "audio holds 1 non-finite samples" in reasons["d nan.wav"]
    assert "no such file or directory" in reasons["f gone.wav"]
    assert all("\n" not in reason and str(tmp_path) not in reason for reason in reasons.values())
    assert len(made.mastered) == 5
    cut = {record.source: record for record in made.records}["g cut.wav"]
    assert cut.notes == ("72000 frames (1.50 s) promised, 71500 frames (1.49 s) found",)
    assert json.loads((tmp_path / "out/a silent.wav.json").read_text())["status"] == "failed"
    listed = [failed["source"] for failed in made.manifest.about["failed"]]
    assert listed == list(reasons)
    again = md.master_catalog(songs, tmp_path / "out")
    assert (len(again.skipped), len(again.failed)) == (5, 6)
    assert again.manifest == made.manifest
    assert {record.source: record.notes for record in again.records}["g cut.wav"] == cut.notes


def test_a_song_that_was_mended_is_mastered_and_one_that_broke_is_listed_no_more(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    md.master_catalog(songs, out)
    kept = (out / "one.wav").read_bytes()
    (songs / "one.wav").write_text("no audio")
    broken = md.master_catalog(songs, out)
    assert [record.source for record in broken.failed] == ["one.wav"]
    assert (out / "one.wav").read_bytes() == kept
    assert "one.wav" not in [file.path for file in broken.manifest.files]
    md.write(songs / "one.wav", hits(1), RATE_HZ)
    assert [record.source for record in md.master_catalog(songs, out).mastered] == ["one.wav"]


def test_a_place_that_cannot_be_written_is_a_record(songs: Path, tmp_path: Path) -> None:
    (tmp_path / "out/one.wav").mkdir(parents=True)
    made = md.master_catalog(songs, tmp_path / "out", force=True)
    assert [(record.source, record.message) for record in made.failed] == [("one.wav", "is a directory")]
    assert len(made.mastered) == 3
    assert not leftovers(tmp_path)


def test_a_job_is_a_value(songs: Path, tmp_path: Path) -> None:
    jobs = catalog_jobs(songs, tmp_path / "out", CatalogSettings(effects=md.Gain(gain_db=1)))
    assert pickle.loads(pickle.dumps(jobs)) == jobs
    assert len(pickle.dumps(jobs[0])) < 2_000
    with pytest.raises(AttributeError):
        jobs[0].source = "other.wav"


def test_many_attempts_at_once_are_harmless(songs: Path, tmp_path: Path) -> None:
    (job,) = (
        job for job in catalog_jobs(songs, tmp_path / "out", CatalogSettings(), force=True) if job.source == "one.wav"
    )
    run(job)
    before = contents(tmp_path / "out")
    seen, stop = [], threading.Event()

    def watch() -> None:
        while not stop.is_set():
            seen.append((tmp_path / "out/one.wav").read_bytes())

    reader = threading.Thread(target=watch)
    reader.start()
    with ThreadPoolExecutor(4) as pool:
        records = list(pool.map(run, [job] * 12))
    stop.set()
    reader.join()
    assert {record.status for record in records} == {"ok"}
    assert set(seen) == {before["one.wav"]}
    assert contents(tmp_path / "out") == before
    assert not leftovers(tmp_path)


def test_threads_and_processes_write_the_same_bytes(songs: Path, tmp_path: Path) -> None:
    (songs / "bad.wav").write_text("no audio")
    (songs / "cut.wav").write_bytes((songs / "one.wav").read_bytes()[:-3000])
    for name, more in (("serial", {"jobs": 1}), ("threads", {"jobs": 3}), ("processes", {"jobs": 2})):
        made = md.master_catalog(songs, tmp_path / name, scheduler=name.replace("serial", "threads"), **more)
        assert (len(made.mastered), len(made.failed)) == (5, 1)
    assert contents(tmp_path / "threads") == contents(tmp_path / "serial")
    assert contents(tmp_path / "processes") == contents(tmp_path / "serial")


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_what_progress_raises_ends_the_work(scheduler: str, songs: Path, tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    shares: list[float] = []

    def enough(share: float) -> None:
        shares.append(share)
        raise EnoughError

    with pytest.raises(EnoughError):
        md.master_catalog(songs, tmp_path / "out", scheduler=scheduler, jobs=1, progress=enough)
    assert shares == [0.25]
    assert not leftovers(tmp_path)
    made = md.master_catalog(songs, tmp_path / "out", scheduler=scheduler, progress=shares.append)
    assert len(made.skipped) >= 1
    assert shares[1:] == [0.25, 0.5, 0.75, 1.0]


def test_attempts_of_dead_processes_of_this_machine_are_removed(tmp_path: Path) -> None:
    host = socket.gethostname()
    dead = tmp_path / f".mixdown-{host}-4194999-abc.part"
    foreign = tmp_path / ".mixdown-elsewhere-4194999-abc.part"
    for folder in (dead, foreign):
        folder.mkdir()
        (folder / "song.wav").write_bytes(b"half")
    with attempt(tmp_path) as living:
        (living / "song.wav").write_bytes(b"half")
        clear_dead([tmp_path, tmp_path / "missing"])
        assert sorted(tmp_path.iterdir()) == sorted([foreign, living])
    assert list(tmp_path.iterdir()) == [foreign]


def test_masters_may_stand_below_the_songs(songs: Path) -> None:
    assert len(md.master_catalog(songs, songs / "masters").mastered) == 4
    assert len(md.master_catalog(songs, songs / "masters").skipped) == 4


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"scheduler": "slurm"}, "scheduler = 'slurm' is not allowed: it must be threads, processes, local or"),
        ({"scheduler": None}, "scheduler = None is not allowed"),
        ({"jobs": 0}, "jobs = 0 is out of range: it must lie in 1..1024"),
        ({"retries": -1}, "retries = -1 is out of range: it must lie in 0..100"),
        ({"target": "spotfy"}, "target = 'spotfy' is unknown"),
        ({"target_lufs": -60}, "target_lufs = -60 is out of range"),
        ({"clip_db": 99}, "clip_db = 99 is out of range"),
        ({"bit_depth": 20}, "bit_depth = 20 is not allowed"),
        ({"bit_depth": 32, "file_format": "flac"}, "bit_depth = 32 is not allowed: FLAC takes 16 or 24"),
        ({"profile": "flat"}, "profile = 'flat' is not allowed: it must be one of archive, ingest"),
        ({"profile": "archive", "file_format": "flac"}, "profile = 'archive' is not allowed: FLAC has none, WAV has"),
        ({"profile": "ingest", "bit_depth": 32}, "bit_depth = 32 is not allowed: it must be 16 or 24 with"),
        ({"file_format": "mp3"}, "file_format = 'mp3' is not allowed: it must be one of wav, flac"),
        ({"noise_shaping": "weighted"}, "bit_depth = 24 is not allowed"),
        ({"delivery_rate_hz": 7}, "delivery_rate_hz = 7 is out of range"),
        ({"traget": "spotify"}, "master_catalog has no parameter traget: did you mean target?"),
    ],
)
def test_settings_are_refused_before_any_work(more: dict, said: str, songs: Path, tmp_path: Path) -> None:
    with pytest.raises(md.ParameterError) as refused:
        md.master_catalog(songs, tmp_path / "out", **more)
    assert str(refused.value).startswith(said)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("effects", [3, [md.Gain(), "loud"], "louder"])
def test_what_is_no_effect_is_refused(effects: object, songs: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="effects"):
        md.master_catalog(songs, tmp_path / "out", effects=effects)
    assert not (tmp_path / "out").exists()


def test_folders_that_do_not_fit_are_refused(songs: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        md.master_catalog(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(NotADirectoryError, match=r"one\.wav: is not a folder"):
        md.master_catalog(songs / "one.wav", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(md.ParameterError, match="holds no audio files"):
        md.master_catalog(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(md.ParameterError, match="it is the folder of the songs"):
        md.master_catalog(songs, songs / "More" / "..")
    shutil.copy(songs / "two.flac", songs / "ONE.flac")
    with pytest.raises(md.ParameterError, match=r"would both become one\.wav|would both become ONE\.wav"):
        md.master_catalog(songs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_song_and_a_strange_file_are_never_replaced(songs: Path, tmp_path: Path) -> None:
    before = contents(songs)
    (songs / "songs").mkdir()
    shutil.copy(songs / "one.wav", songs / "songs" / "one.wav")
    # The master of songs/one.wav would be the song one.wav.
    with pytest.raises(md.ParameterError, match=r"songs/one\.wav is a song"):
        md.master_catalog(songs, tmp_path)
    shutil.rmtree(songs / "songs")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/one.wav").write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"one\.wav: exists already, and no catalogue made it"):
        md.master_catalog(songs, tmp_path / "out")
    assert contents(tmp_path / "out") == {"one.wav": b"precious"}
    assert contents(songs) == before
    assert len(md.master_catalog(songs, tmp_path / "out", force=True).mastered) == 4


@pytest.mark.parametrize("scheduler", ["local", "tcp://127.0.0.1:8786"])
def test_a_cluster_without_dask_names_the_package(
    scheduler: str, songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        md.ParameterError, match=r'needs dask, which is not installed: .* pip install "mixdown\[cluster\]"'
    ):
        md.master_catalog(songs, tmp_path / "out", scheduler=scheduler)
    assert not (tmp_path / "out").exists()


def test_the_command_prints_a_table_and_the_reasons(songs: Path, tmp_path: Path) -> None:
    (songs / "bad.wav").write_text("no audio")
    chain = tmp_path / "chain.json"
    chain.write_text(json.dumps(md.Chain([md.Gain(gain_db=2), md.HighPass()]).to_dict()))
    arguments = ("catalog", songs, "-o", tmp_path / "out", "--target-lufs", "-12", "--effects", chain, "--jobs", "2")
    done = call(*arguments)
    assert done.returncode == 1
    assert "mixdown: bad.wav: not a readable audio file" in done.stderr
    assert "5 songs: 4 mastered, 0 skipped, 1 failed" in done.stdout
    assert "-12.00" in done.stdout
    (songs / "bad.wav").unlink()
    again = call(*arguments, "--json", "--scheduler", "threads")
    assert again.returncode == 0, again.stderr
    plain = json.loads(again.stdout)
    assert [song["skipped"] for song in plain["songs"]] == [True] * 4
    assert [song["output"] for song in plain["songs"]] == NAMES


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "chain.json: Expecting value"),
        ('{"type": "Gain", "gain": 1}', "Gain has no parameter gain: did you mean gain_db?"),
        ('[{"type": "Gain", "gain_db": 100}]', "gain_db = 100"),
        ("[3]", "is not a mapping"),
        ('{"type": "DynamicBand"}', "DynamicBand is not an effect"),
    ],
)
def test_a_damaged_chain_is_refused(content: str, said: str, songs: Path, tmp_path: Path) -> None:
    (tmp_path / "chain.json").write_text(content)
    done = call("catalog", songs, "-o", tmp_path / "out", "--effects", tmp_path / "chain.json")
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_command_refuses_counts_and_a_missing_folder(songs: Path, tmp_path: Path) -> None:
    for jobs in ("0", "1.5", "many"):
        done = call("catalog", songs, "-o", tmp_path / "out", "--jobs", jobs)
        assert (done.returncode, "--jobs" in done.stderr) == (1, True)
    done = call("catalog", tmp_path / "nowhere", "-o", tmp_path / "out")
    assert (done.returncode, "nowhere: no such file or directory" in done.stderr) == (1, True)
    assert not (tmp_path / "out").exists()


def test_a_job_alone_needs_no_catalogue(songs: Path, tmp_path: Path) -> None:
    job = Job(songs, "one.wav", tmp_path / "out", "deep/one.flac", CatalogSettings(target_lufs=-20))
    assert run(job).status == "ok"
    assert run(job).skipped
    assert md.loudness(md.read(tmp_path / "out/deep/one.flac")).integrated_lufs == pytest.approx(-20, abs=0.02)
