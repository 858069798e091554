"""Who runs the jobs of a catalogue on several machines: a Dask cluster."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mixdown._core import ParameterError
from mixdown.catalog.attempts import clear_dead
from mixdown.catalog.job import Job, run
from mixdown.catalog.records import CatalogRecord, lost
from mixdown.files.names import shown

#: How long a scheduler may take to answer, in s.
_PATIENCE_S = 10
#: How many lost workers a job may have sat on before it is held responsible, on a cluster of one machine.
_ALLOWED_FAILURES = 10


def on_cluster(jobs: Sequence[Job], address: str | None, workers: int, retries: int) -> Iterator[CatalogRecord]:
    """Yield the records of jobs in the order in which they end, though workers may be lost.

    Parameters
    ----------
    jobs : sequence of Job
    address : str or None
        Of a scheduler, ``tcp://host:8786``; None starts workers on this machine, which end with this process.
    workers : int
        Of a cluster on this machine.
    retries : int
        How often a job is repeated that raised. Jobs that sat on a lost worker are repeated by the scheduler, as often
        as its setting ``distributed.scheduler.allowed-failures`` says.

    Yields
    ------
    CatalogRecord
    """
    distributed = _distributed("local" if address is None else address)
    with contextlib.ExitStack() as closing:
        cluster: Any = address
        if address is None:
            import dask

            closing.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": _ALLOWED_FAILURES}))
            cluster = closing.enter_context(
                distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    env={"RAYON_NUM_THREADS": "1"},
                    # What it says of connections that end with it is of no use to anyone.
                    silence_logs=logging.CRITICAL,
                )
            )
        try:
            client = closing.enter_context(distributed.Client(cluster, timeout=_PATIENCE_S, set_as_default=False))
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split()) or "no answer"
            raise ParameterError(f"scheduler = {address!r} does not answer: {reason}") from None
        folders = _folders(jobs)
        if address is None:
            client.register_plugin(_deaf(distributed))
        else:
            _refuse_strangers(client, jobs[0], address)
            closing.callback(_clear_everywhere, client, folders)
            _clear_everywhere(client, folders)
        keys = [_key(job) for job in jobs]
        futures = client.map(run, jobs, key=keys, retries=retries, pure=False)
        by_key = dict(zip(keys, jobs, strict=True))
        for future in distributed.as_completed(futures, loop=client.loop):
            job = by_key[future.key]
            if future.status == "finished":
                record = future.result()
            else:
                cause = future.exception()
                if not isinstance(cause, distributed.KilledWorker):
                    raise cause
                record = lost(job.source, job.output, job.output_file, _times(cause))
            # The scheduler forgets it.
            future.release()
            yield record


def _distributed(scheduler: str) -> Any:
    try:
        import distributed
    except ImportError:
        hint = 'install it by pip install "mixdown[cluster]"'
        raise ParameterError(f"scheduler = {scheduler!r} needs dask, which is not installed: {hint}") from None
    return distributed


def _deaf(distributed: Any) -> Any:
    """Return what makes workers, also those started anew, leave Ctrl-C to the program that started them."""

    class Deaf(distributed.WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            # Only the main thread may, where there is another one no signal arrives.
            with contextlib.suppress(ValueError):
                signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf()


def _key(job: Job) -> str:
    """Return the name of a job on a cluster: only the same job of another client has it too."""
    return f"mixdown-{hashlib.sha256(pickle.dumps(job)).hexdigest()}"


def _folders(jobs: Sequence[Job]) -> list[Path]:
    return sorted({job.output_file.parent for job in jobs})


def _seen(folder: Path, out: Path) -> tuple[str, bool, bool]:
    """Return what a worker has: its version, and whether it sees the folders."""
    return _version(), folder.is_dir(), os.access(out, os.W_OK | os.X_OK)


def _version() -> str:
    from importlib.metadata import version

    return version("mixdown")


def _there(job: Job) -> tuple[Path, Path]:
    """Return the folders that each worker must see."""
    return job.folder, job.out


def _refuse_strangers(client: Any, job: Job, address: str) -> None:
    """Refuse a cluster whose workers are of another version, or do not share the folders."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_S)
    except TimeoutError:
        raise ParameterError(f"scheduler = {address!r} has no workers") from None
    folder, out = _there(job)
    found = client.run(_seen, folder, out, on_error="return")
    for worker, seen in sorted(found.items()):
        if isinstance(seen, BaseException):
            wrong = f"cannot run mixdown ({type(seen).__name__}: {' '.join(str(seen).split())})"
        elif seen[0] != _version():
            wrong = f"has mixdown {seen[0]}, this is {_version()}"
        elif not seen[1]:
            wrong = f"does not see {shown(folder)}"
        elif not seen[2]:
            wrong = f"cannot write into {shown(out)}"
        else:
            continue
        raise ParameterError(f"scheduler = {address!r}: its worker {worker} {wrong}")


def _clear_everywhere(client: Any, folders: list[Path]) -> None:
    """Let each machine remove what its dead workers have left."""
    with contextlib.suppress(OSError):
        client.run(clear_dead, folders, on_error="ignore")


def _times(cause: Any) -> int:
    return int(cause.allowed_failures) + 1
