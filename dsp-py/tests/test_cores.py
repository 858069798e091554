"""Work on several cores: the same results, in order, whatever ends first; errors of one item are its own."""

from __future__ import annotations

import _thread
import json
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import mixdown as md
from border import RATE_HZ
from mixdown import _threads
from running import call

Progress = Callable[[float], None]


@pytest.fixture(params=[1, 2, 5])
def cores(request, monkeypatch) -> int:
    """So many cores, whatever the machine has."""
    monkeypatch.setattr(_threads, "cores", lambda: request.param)
    return request.param


@pytest.fixture
def two_cores(monkeypatch) -> None:
    """Two cores, whatever the machine has."""
    monkeypatch.setattr(_threads, "cores", lambda: 2)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, also where the shell that started the tests has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def folder(tmp_path, noise) -> Path:
    """Seven files, the third no audio, the fifth shorter than its header says, the sixth one not finite."""
    for number in range(7):
        md.write(tmp_path / f"{number}.wav", noise(2, 40_000 + 9_000 * number, seed=number), RATE_HZ)
    (tmp_path / "2.wav").write_text("no audio")
    whole = (tmp_path / "4.wav").read_bytes()
    (tmp_path / "4.wav").write_bytes(whole[: len(whole) // 2])
    bad = np.zeros((30_000, 2), np.float32)
    bad[20_000] = np.nan
    soundfile.write(tmp_path / "5.wav", bad, RATE_HZ, subtype="FLOAT")
    return tmp_path


class TestEach:
    def test_the_order_is_that_of_the_items(self, two_cores) -> None:
        ended = threading.Event()

        def work(item: int, _: Progress) -> int:
            # The first one waits for the second.
            assert ended.wait(30) if item == 0 else not ended.set()
            return 10 * item

        assert list(_threads.each([0, 1, 2], work)) == [0, 10, 20]

    def test_an_error_is_that_of_its_item(self, cores) -> None:
        def work(item: int, _: Progress) -> float:
            return 1 / item

        outcomes = list(_threads.each([1, 0, 2], work, errors=(ZeroDivisionError,)))
        assert [outcomes[0], outcomes[2]] == [1, 0.5]
        assert isinstance(outcomes[1], ZeroDivisionError)
        with pytest.raises(ZeroDivisionError):
            list(_threads.each([1, 0, 2], work, errors=(KeyError,)))

    def test_warnings_keep_the_order(self, cores) -> None:
        def work(item: int, _: Progress) -> None:
            warnings.warn(f"{item}a", stacklevel=1)
            warnings.warn(f"{item}b", stacklevel=1)

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            before = warnings.showwarning
            list(_threads.each(range(6), work))
            assert warnings.showwarning is before
        assert [str(warning.message) for warning in caught] == [f"{item}{half}" for item in range(6) for half in "ab"]

    def test_the_progress_is_of_all(self, cores) -> None:
        shares: list[float] = []

        def work(_: int, progress: Progress) -> None:
            progress(0.5)
            progress(1.0)

        list(_threads.each(range(4), work, progress=shares.append))
        assert len(shares) == 8
        assert max(shares) == 1.0
        assert all(0 < share <= 1 for share in shares)

    def test_ctrl_c_ends_what_runs_and_starts_nothing_more(self, two_cores, interruptible) -> None:
        begun = []

        def work(item: int, progress: Progress) -> None:
            begun.append(item)
            if len(begun) == 2:
                _thread.interrupt_main()
            while True:
                # Ends it.
                progress(0.0)

        before = set(threading.enumerate())
        with pytest.raises(KeyboardInterrupt):
            list(_threads.each(range(10), work))
        assert len(begun) == 2
        for thread in set(threading.enumerate()) - before:
            # One that was just starting when the signal came.
            thread.join(30)
            assert not thread.is_alive()

    def test_what_must_stay_runs_on_the_callers_thread(self, two_cores) -> None:
        def work(_: int, __: Progress) -> bool:
            return threading.current_thread() is threading.main_thread()

        assert list(_threads.each(range(4), work, stays=lambda item: item % 2 == 1)) == [False, True, False, True]

    def test_nothing_is_nothing(self, cores) -> None:
        assert list(_threads.each([], lambda item, progress: item)) == []


class TestMeasure:
    def test_every_file_in_order_and_each_error_by_its_name(self, folder, cores) -> None:
        done = call("measure", *sorted(folder.glob("*.wav")), "--json")
        assert done.returncode == 1
        results = json.loads(done.stdout)
        assert [Path(entry["file"]).name for entry in results["files"]] == ["0.wav", "1.wav", "3.wav", "4.wav", "6.wav"]
        assert [Path(name).name for name in results["failed"]] == ["2.wav", "5.wav"]
        lines = done.stderr.splitlines()
        assert len(lines) == 3
        assert "2.wav: not a readable audio file" in lines[0]
        assert "4.wav:" in lines[1]
        assert "promised" in lines[1]
        assert "5.wav: audio holds 2 non-finite samples" in lines[2]

    def test_the_same_text_for_any_number_of_cores(self, folder, monkeypatch) -> None:
        texts = set()
        for count in (1, 2, 4):
            monkeypatch.setattr(_threads, "cores", lambda count=count: count)
            done = call("measure", *sorted(folder.glob("*.wav")))
            texts.add((done.stdout, done.stderr))
        assert len(texts) == 1


def test_an_album_on_any_number_of_cores(noise, monkeypatch) -> None:
    songs = [(noise(2, 100_000, seed=seed) * (seed + 1) / 4, RATE_HZ) for seed in range(4)]
    readings = set()
    for count in (1, 2, 4):
        monkeypatch.setattr(_threads, "cores", lambda count=count: count)
        readings.add(md.album_loudness(songs))
    assert len(readings) == 1
    bad = songs[1][0].copy()
    bad[0, 5] = np.nan
    with pytest.raises(md.ParameterError, match="audio holds 1 non-finite samples"):
        md.album_loudness([songs[0], (bad, RATE_HZ), songs[2]])


@pytest.mark.parametrize("threads", ["1", "2", "3"])
def test_a_mix_on_any_number_of_threads(threads, noise, monkeypatch) -> None:
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    for number in range(5):
        inserts = [md.Bell(gain_db=3), md.Compressor(threshold_db=-30)]
        mix.track(f"t{number}", noise(2, 30_000, seed=number), inserts=inserts, sends={"hall": -12})
    mix.returns("hall", [md.Reverb(t60_s=0.3)])
    monkeypatch.setenv("RAYON_NUM_THREADS", "1")
    expected = mix.render(tail="none")
    monkeypatch.setenv("RAYON_NUM_THREADS", threads)
    np.testing.assert_array_equal(mix.render(tail="none"), expected, strict=True)


def test_a_master_on_any_number_of_threads(noise, monkeypatch) -> None:
    """Through limiter, clip and dither, and a refusal that names the loudest there can be."""
    frames = 150_000
    hits = 0.1 + np.exp(-(np.arange(frames) % 24_000) / 900.0)
    song = (noise(2, frames, seed=3) * hits).astype(np.float32)
    masters, texts, reduced = [], set(), []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("RAYON_NUM_THREADS", threads)
        masters += [md.master(song, RATE_HZ, target_lufs=lufs, bit_depth=16) for lufs in (-16, -9)]
        reduced.append(md.normalize(song, RATE_HZ, target_lufs=-30, policy="reduce"))
        with pytest.raises(md.ParameterError) as refused:
            md.master(song, RATE_HZ, target_lufs=0, ceiling_dbtp=-6, clip_db="off")
        texts.add(str(refused.value))
    assert masters[1].certificate.max_reduction_db > 1
    for number, master in enumerate(masters):
        np.testing.assert_array_equal(master.audio, masters[number % 2].audio, strict=True)
        np.testing.assert_equal(vars(master.certificate.loudness), vars(masters[number % 2].certificate.loudness))
        assert repr(master) == repr(masters[number % 2])
    for array in reduced:
        np.testing.assert_array_equal(array, reduced[0], strict=True)
    assert len(texts) == 1
    monkeypatch.setenv("RAYON_NUM_THREADS", "3")
    song[1, 140_000] = np.nan
    with pytest.raises(md.ParameterError, match="audio holds 1 non-finite samples"):
        md.normalize(song, RATE_HZ, target_lufs=-14)
