"""The same work on many items, on all cores: results in the order of the items, whatever ends first."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

Progress = Callable[[float], None]
"""Called with the share done, 0 to 1; raises to end the work."""


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class _Stopped(BaseException):
    """The caller waits for nothing more."""


def each(
    items: Sequence[Item],
    work: Callable[[Item, Progress], Result],
    *,
    progress: Progress | None = None,
    stays: Callable[[Item], bool] = lambda _: False,
    errors: tuple[type[Exception], ...] = (),
) -> Iterator[Result | Exception]:
    """Yield the result of `work` on each item, in their order.

    The work has to release the interpreter lock to gain anything, and to call the progress that it is given often: that
    ends it after Ctrl-C. What it warns of is shown with its result, so that warnings keep the order too.

    Parameters
    ----------
    items : sequence
    work : function of an item and of a progress function
    progress : function, optional
        Called with the share done of all work, from any thread.
    stays : function of an item, optional
        Whether its work must stay on this thread: what waits for a pipe would not end.
    errors : tuple of exception classes
        Yielded in place of a result; others are raised.

    Yields
    ------
    result or exception
    """
    stop, shares = threading.Event(), [0.0] * len(items)

    def run(index: int) -> tuple[Result | Exception, list[tuple[Any, ...]]]:
        def note(share: float) -> None:
            if stop.is_set():
                raise _Stopped
            shares[index] = share
            if progress is not None:
                progress(sum(shares) / len(shares))

        said: list[tuple[Any, ...]] = []
        _thread.said = said
        try:
            return work(items[index], note), said
        except errors as error:
            return error, said
        finally:
            _thread.said = None

    threads = min(cores(), len(items))
    with contextlib.ExitStack() as closing:
        show = closing.enter_context(_kept_warnings())
        pool = ThreadPoolExecutor(threads) if threads > 1 else None
        if pool is not None:
            closing.callback(pool.shutdown, cancel_futures=True)
        closing.callback(stop.set)
        away = [None if pool is None or stays(item) else pool.submit(run, index) for index, item in enumerate(items)]
        for index, future in enumerate(away):
            result, said = run(index) if future is None else future.result()
            for warning in said:
                show(*warning)
            yield result


#: What the work of a thread has warned of, while there is any.
_thread = threading.local()


@contextlib.contextmanager
def _kept_warnings() -> Iterator[Callable[..., None]]:
    """Keep what is warned of during work; yield what shows it."""
    show = warnings.showwarning

    def keep(*warning: Any, **more: Any) -> None:
        said = getattr(_thread, "said", None)
        if said is None:
            show(*warning, **more)
        else:
            said.append(warning)

    warnings.showwarning = keep
    try:
        yield show
    finally:
        warnings.showwarning = show
