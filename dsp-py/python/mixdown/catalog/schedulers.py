"""Who runs the jobs of a catalogue on one machine: threads or processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import TypeAlias

from mixdown._core import ParameterError
from mixdown.catalog.job import Job, run
from mixdown.catalog.records import CatalogRecord, lost

_Submit: TypeAlias = Callable[[Job], "Future[CatalogRecord]"]


class Stopped(BaseException):
    """Nobody waits for the job any more."""


def in_threads(jobs: Sequence[Job], workers: int) -> Iterator[CatalogRecord]:
    """Yield the records of jobs in the order in which they end.

    Parameters
    ----------
    jobs : sequence of Job
    workers : int

    Yields
    ------
    CatalogRecord
    """
    stop = threading.Event()

    def check(_: float) -> None:
        if stop.is_set():
            raise Stopped

    with contextlib.ExitStack() as closing:
        pool = ThreadPoolExecutor(workers)
        closing.callback(pool.shutdown, cancel_futures=True)
        closing.callback(stop.set)
        yield from _each(lambda job: pool.submit(run, job, check), deque(jobs), {}, workers)


def in_processes(jobs: Sequence[Job], workers: int, retries: int) -> Iterator[CatalogRecord]:
    """Yield the records of jobs in the order in which they end, though processes may be lost.

    When one is lost, so are the others of its pool. The jobs under way are then repeated one at a time, which tells the
    one that takes its process with it from those beside it.

    Parameters
    ----------
    jobs : sequence of Job
    workers : int
    retries : int
        How often a job is repeated that was lost with its process.

    Yields
    ------
    CatalogRecord
    """
    waiting = deque(jobs)
    while waiting:
        away: dict[Future[CatalogRecord], Job] = {}
        try:
            with _processes(workers) as submit:
                yield from _each(submit, waiting, away, workers)
        except BrokenProcessPool:
            wait(away)
        for future, job in away.items():
            yield future.result() if future.exception() is None else _alone(job, retries)


def _each(
    submit: _Submit, waiting: deque[Job], away: dict[Future[CatalogRecord], Job], workers: int
) -> Iterator[CatalogRecord]:
    """Run what waits, as many jobs at once as there are workers: what is away is under way."""
    while waiting or away:
        while waiting and len(away) < workers:
            future = submit(waiting[0])
            away[future] = waiting.popleft()
        for future in wait(away, return_when=FIRST_COMPLETED).done:
            record = future.result()
            del away[future]
            yield record


def _alone(job: Job, retries: int) -> CatalogRecord:
    for _ in range(retries):
        with contextlib.suppress(BrokenProcessPool), _processes(1) as submit:
            return submit(job).result()
    return lost(job.source, job.output, job.output_file, retries + 1)


@contextlib.contextmanager
def _processes(workers: int) -> Iterator[_Submit]:
    """Yield what submits a job to processes that end with this one, whatever ends it."""
    context = multiprocessing.get_context("spawn")
    # What reads it meets its end when this process closes the other end, or is killed.
    reading, writing = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, _begin, (reading,))
    try:
        try:
            # One for each worker: they start at once.
            next(as_completed([pool.submit(os.getpid) for _ in range(workers)])).result()
        except BrokenProcessPool:
            hint = 'a script must call it under if __name__ == "__main__"'
            raise ParameterError(
                f"scheduler = 'processes' is not allowed: its processes do not start; {hint}"
            ) from None
        yield lambda job: pool.submit(_run, job)
    except BaseException:
        writing.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        writing.close()
        reading.close()


#: Whether nobody waits for the work of this process any more.
_stop = threading.Event()
#: Held while a job runs.
_running = threading.Lock()


def _begin(life: Connection) -> None:
    """Prepare a process: one core for each, ended with its parent and by nothing typed at its terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["RAYON_NUM_THREADS"] = "1"

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            life.recv_bytes()
        _stop.set()
        # The job under way meets the flag, and removes what it has begun.
        with _running:
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _run(job: Job) -> CatalogRecord:
    def check(_: float) -> None:
        if _stop.is_set():
            raise Stopped

    with _running:
        return run(job, check)
