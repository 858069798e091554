"""Catalogues of 40 files whose workers and whose client are killed while they write: nothing is lost."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from mixdown.catalog import CatalogSettings, Job, catalog_jobs
from mixdown.catalog.schedulers import in_processes
from running import START
from signals import RATE_HZ

SONGS, TARGET_LUFS, WORKERS = 40, -10, 2
#: Two of them cannot be mastered.
BAD = 2
#: Masters that stand when something is killed.
BEFORE = 6


def song(number: int) -> np.ndarray:
    time_s = np.arange(3 * RATE_HZ // 2) / RATE_HZ
    noise = np.random.default_rng(number).uniform(-1, 1, (2, time_s.size))
    return (0.2 * noise * np.exp(-(2 + 0.2 * number) * (2 * time_s % 1))).astype(np.float32)


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalog") / "songs"
    folder.mkdir()
    for number in range(SONGS - BAD):
        md.write(folder / f"song {number:02}.wav", song(number), RATE_HZ, bit_depth=16)
    md.write(folder / "silent.wav", np.zeros((2, RATE_HZ), np.float32), RATE_HZ)
    (folder / "text.wav").write_text("no audio")
    return folder


@pytest.fixture(scope="module")
def serial(songs: Path) -> dict[str, bytes]:
    """What one thread makes."""
    out = songs.parent / "serial"
    made = md.master_catalog(songs, out, target_lufs=TARGET_LUFS, jobs=1)
    assert (len(made.mastered), len(made.failed)) == (SONGS - BAD, BAD)
    return contents(out)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def records(out: Path) -> int:
    return len(list(out.glob("*.wav.json")))


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Yield the address of a Dask cluster of two workers, each under a nanny, in processes of their own."""
    distributed = pytest.importorskip("distributed", reason="dask[distributed] is not installed: mixdown[cluster]")
    scheduler_file = folder / "scheduler.json"
    scheduler = ["distributed.cli.dask_scheduler", "--port", "0"]
    worker = ["distributed.cli.dask_worker", "--nthreads", "1", "--local-directory", str(folder)]
    environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "10", "RAYON_NUM_THREADS": "1"}
    with contextlib.ExitStack() as closing, (folder / "cluster.log").open("w") as log:
        for number, command in enumerate([scheduler, *[worker] * WORKERS]):
            line = [sys.executable, "-m", *command, "--no-dashboard", "--scheduler-file", str(scheduler_file)]
            started = subprocess.Popen(line, stdout=log, stderr=log, env=environment)
            closing.callback(started.wait)
            closing.callback(started.terminate)
            if number == 0:
                wait_for(scheduler_file.exists)
        address = json.loads(scheduler_file.read_text())["address"]
        with distributed.Client(address, set_as_default=False) as watching:
            watching.wait_for_workers(WORKERS, timeout=60)
        yield address


@pytest.fixture(params=["processes", "cluster"])
def scheduler(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "processes":
        yield "processes"
    else:
        with cluster(tmp_path) as address:
            yield address


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.002)


def client(songs: Path, out: Path, scheduler: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    options = [
        str(songs),
        "-o",
        str(out),
        "--target-lufs",
        str(TARGET_LUFS),
        "--scheduler",
        scheduler,
        "--jobs",
        str(WORKERS),
    ]
    command = [sys.executable, "-c", f"{START}\nmixdown.cli.main()", "catalog", *options, "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def writer(out: Path) -> int:
    """Return the process that is writing a file at this moment, after some others stand."""
    found: list[int] = []

    def writing() -> bool:
        if records(out) >= BEFORE:
            names = os.listdir(out)
            found.extend(int(match[1]) for name in names if (match := re.search(r"-(\d+)-[^-]*\.part$", name)))
        return bool(found)

    wait_for(writing)
    return found[0]


def counts(text: str) -> tuple[int, int, int]:
    """Return how many songs were mastered, skipped, failed."""
    made = json.loads(text)["songs"]
    skipped = sum(entry["skipped"] for entry in made)
    failed = sum(entry["status"] == "failed" for entry in made)
    return len(made) - skipped - failed, skipped, failed


def test_a_worker_is_killed_while_it_writes_and_then_three_masters_are_damaged(
    scheduler: str, songs: Path, serial: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = client(songs, out, scheduler)
    victim = writer(out)
    os.kill(victim, signal.SIGKILL)
    stood = records(out)
    assert victim != running.pid
    printed, complaints = running.communicate(timeout=120)
    assert running.returncode == 1, complaints
    assert stood < SONGS
    mastered, skipped, failed = counts(printed)
    # A cluster runs what a lost worker had finished again, which finds it standing.
    assert (mastered + skipped, failed) == (SONGS - BAD, BAD)
    assert contents(out) == serial
    assert not list(out.glob(".mixdown-*"))
    assert counts(client(songs, out, scheduler).communicate(timeout=120)[0]) == (0, SONGS - BAD, BAD)
    (out / "song 03.wav").unlink()
    record = out / "song 11.wav.json"
    record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])
    altered = bytearray((out / "song 20.wav").read_bytes())
    altered[len(altered) // 2] ^= 1
    (out / "song 20.wav").write_bytes(altered)
    printed, _ = client(songs, out, scheduler).communicate(timeout=120)
    done = [song for song in json.loads(printed)["songs"] if song["status"] == "ok" and not song["skipped"]]
    assert [song["output"] for song in done] == ["song 03.wav", "song 11.wav", "song 20.wav"]
    assert contents(out) == serial


def test_the_client_is_killed_and_the_next_run_goes_on(
    scheduler: str, songs: Path, serial: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = client(songs, out, scheduler)
    wait_for(lambda: records(out) >= BEFORE)
    workers = children(running.pid)
    running.kill()
    running.communicate(timeout=60)
    # Its own workers end with it; those of a cluster end what is under way.
    wait_for(lambda: not any(map(lives, workers)))
    assert scheduler != "processes" or not list(out.glob(".mixdown-*"))
    before = records(out)
    ok = sum(json.loads(file.read_text())["status"] == "ok" for file in out.glob("*.wav.json"))
    assert BEFORE <= before < SONGS
    printed, complaints = client(songs, out, scheduler).communicate(timeout=120)
    mastered, skipped, failed = counts(printed)
    assert (skipped + mastered, failed) == (SONGS - BAD, BAD), complaints
    assert ok <= skipped <= ok + (0 if scheduler == "processes" else WORKERS)
    assert not list(out.glob(".mixdown-*"))
    assert contents(out) == serial


def test_workers_of_dask_on_this_machine_write_the_same(songs: Path, serial: dict[str, bytes], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="dask[distributed] is not installed: mixdown[cluster]")
    printed, complaints = client(songs, tmp_path / "out", "local").communicate(timeout=120)
    assert counts(printed) == (SONGS - BAD, 0, BAD)
    assert contents(tmp_path / "out") == serial
    # The two reasons; on a busy machine Dask warns of itself beside them.
    assert complaints.count("mixdown: silent.wav: ") == complaints.count("mixdown: text.wav: ") == 1, complaints
    assert "Traceback" not in complaints, complaints


@pytest.mark.parametrize("kind", ["processes", "local"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_and_leaves_nothing_half_written(
    number: signal.Signals, kind: str, songs: Path, serial: dict[str, bytes], tmp_path: Path
) -> None:
    if kind == "local":
        pytest.importorskip("distributed", reason="dask[distributed] is not installed: mixdown[cluster]")
    out = tmp_path / "out"
    running = client(songs, out, kind)
    wait_for(lambda: records(out) >= BEFORE)
    workers = children(running.pid)
    running.send_signal(number)
    _, complaints = running.communicate(timeout=60)
    assert running.returncode == 128 + number, complaints
    assert "Traceback" not in complaints
    assert len(workers) >= WORKERS
    wait_for(lambda: not any(map(lives, workers)), 10)
    assert not list(out.glob(".mixdown-*"))
    # What stands is whole.
    assert {
        name: content for name, content in contents(out).items() if name.startswith("song")
    }.items() <= serial.items()


class Deadly(CatalogSettings):
    """Takes its process with it."""

    def digest(self) -> str:
        os._exit(9)


def test_a_song_that_takes_its_process_with_it_is_found_out(songs: Path, tmp_path: Path) -> None:
    fine = catalog_jobs(songs, tmp_path, CatalogSettings(target_lufs=TARGET_LUFS))[2:10]
    deadly = Job(songs, "song 30.wav", tmp_path, "song 30.wav", Deadly())
    made = list(in_processes([*fine[:3], deadly, *fine[3:]], workers=WORKERS, retries=2))
    failed = {record.source: record.message for record in made if record.status == "failed"}
    assert failed == {"song 30.wav": "what ran it was lost 3 times: killed, or out of memory"}
    assert sorted(record.source for record in made) == sorted([*(job.source for job in fine), "song 30.wav"])
    assert json.loads((tmp_path / "song 30.wav.json").read_text())["status"] == "failed"


def test_a_cluster_that_does_not_fit_is_refused(songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="dask[distributed] is not installed: mixdown[cluster]")
    monkeypatch.setattr("mixdown.catalog.cluster._PATIENCE_S", 2)
    with pytest.raises(md.ParameterError, match=r"scheduler = 'tcp://127\.0\.0\.1:9' does not answer"):
        md.master_catalog(songs, tmp_path / "out", scheduler="tcp://127.0.0.1:9")
    assert not (tmp_path / "out").exists()
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as empty,
        pytest.raises(md.ParameterError, match="has no workers"),
    ):
        md.master_catalog(songs, tmp_path / "out", scheduler=empty.scheduler_address)


def test_workers_of_another_version_or_without_the_folders_are_refused(
    songs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster(tmp_path) as address:
        with monkeypatch.context() as patched:
            patched.setattr("mixdown.catalog.cluster._version", lambda: "9.9")
            with pytest.raises(md.ParameterError, match=r"its worker tcp://\S+ has mixdown \S+, this is 9\.9"):
                md.master_catalog(songs, tmp_path / "out", scheduler=address)
        with monkeypatch.context() as patched:
            patched.setattr("mixdown.catalog.cluster._there", lambda job: (tmp_path / "elsewhere", job.out))
            with pytest.raises(md.ParameterError, match=r"its worker tcp://\S+ does not see \S+/elsewhere"):
                md.master_catalog(songs, tmp_path / "out", scheduler=address)
    assert not (tmp_path / "out").exists()


def children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in listed for child in file.read_text().split()]


def lives(process: int) -> bool:
    with contextlib.suppress(OSError):
        # A zombie that nobody waits for is dead.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
