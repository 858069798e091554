"""Streams and meters in several threads; long work ends with Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mixdown as md
from border import RATE_HZ


class TestThreads:
    def test_a_stream_is_set_and_read_while_it_processes(self) -> None:
        stream = (md.Gain() >> md.Reverb()).stream(RATE_HZ, 2, "float64")
        other = md.Gain(gain_db=-6) >> md.Reverb()
        block = np.zeros((2, 1_000_000))
        block[:, 0] = np.nan
        started, failures = threading.Event(), []

        def process() -> None:
            try:
                started.set()
                for _ in range(3):
                    stream.process(block)
            except BaseException as error:
                failures.append(error)

        worker = threading.Thread(target=process)
        worker.start()
        started.wait()
        changes = 0
        while worker.is_alive():
            stream.set(other)
            assert stream.faults >= 0
            assert stream.tail_frames
            assert stream.latency_frames == 0
            stream.reset()
            changes += 1
        worker.join()
        assert failures == []
        assert changes > 0
        stream.reset()
        assert stream.process(np.full((2, 10), 1.0)).shape == (2, 10)

    def test_readings_and_meters_wait(self) -> None:
        stream = md.Compressor().stream(RATE_HZ, 2, "float64")
        meter = md.LoudnessMeter(RATE_HZ, 2)
        block = np.random.default_rng(1).uniform(-1, 1, (2, 500_000))
        workers = [
            threading.Thread(target=stream.process, args=(block,)),
            threading.Thread(target=meter.observe, args=(block,)),
        ]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            assert stream.gain_reduction_db.shape == (2,)
            assert meter.reading().sample_peak_dbfs <= 0
        for worker in workers:
            worker.join()

    @pytest.mark.parametrize("work", ["effect", "tail", "loudness", "stream", "gain_reduction", "render"])
    def test_ctrl_c_ends_long_work(self, work: str) -> None:
        audio = np.random.default_rng(1).uniform(-0.1, 0.1, (2, 48_000 * 120)).astype(np.float32)
        mix = md.Mix()
        mix.track("a", audio[:1, : 48_000 * 100], inserts=[md.Plate(), *[md.Reverb()] * 10])
        # Seconds of work on any machine, so that there is something to end.
        slow = md.Chain([md.Plate(), *[md.Reverb()] * 30])
        band = md.DynamicBand(shape=md.Bell(), threshold_db=-60)
        slow_dynamics = md.DynamicEqualizer(bands=[band] * 32)
        calls: dict[str, Callable[[], Any]] = {
            "effect": lambda: slow(audio, RATE_HZ),
            "tail": lambda: (md.Reverb(space="cathedral") >> slow)(audio[:, :100], 384_000, tail="auto"),
            "loudness": lambda: md.loudness(audio, RATE_HZ, precision="reference"),
            "stream": lambda: slow.stream(RATE_HZ, 2).process(audio),
            "gain_reduction": lambda: slow_dynamics.gain_reduction(audio, RATE_HZ),
            "render": mix.render,
        }
        polls = []

        class StopError(Exception):
            pass

        def handler(number: int, frame: Any) -> None:
            polls.append(number)
            # One signal is looked at when a call that is deaf to them has ended, however many came: three are not.
            if len(polls) == 3:
                signal.setitimer(signal.ITIMER_REAL, 0)
                raise StopError

        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
            with pytest.raises(StopError):
                calls[work]()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert len(polls) == 3
