"""Jobs timed in turns."""

from __future__ import annotations

import time
from collections.abc import Callable

#: A job shorter than this is repeated within its turn.
SHORT_S = 2e-3


def shortest(jobs: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Return the shortest time of each job in seconds, all called in turns after a call that does not count."""
    best = dict.fromkeys(jobs, float("inf"))
    counts = {}
    for name, job in jobs.items():
        start = time.perf_counter()
        job()
        first = time.perf_counter() - start
        counts[name] = max(1, int(SHORT_S / first))
        # A long one has told enough: another call would take minutes in all.
        if first > 5:
            best[name] = first
    for _ in range(turns):
        for name, job in jobs.items():
            if best[name] > 5 and best[name] != float("inf"):
                continue
            start = time.perf_counter()
            for _ in range(counts[name]):
                job()
            best[name] = min(best[name], (time.perf_counter() - start) / counts[name])
    return best
