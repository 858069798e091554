"""Signals that several tests use."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from browser import launched


@pytest.fixture(autouse=True)
def figures_closed() -> Iterator[None]:
    """Close what a test drew: once a test has imported pyplot, it holds the figures of all that follow."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True)
def any_width() -> Iterator[None]:
    """As in a pipe: pytest-xdist gives its workers a width of 80 columns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        yield


@pytest.fixture
def noise() -> Callable[..., NDArray[np.float32]]:
    """Noise at about -12 dBFS: ``noise(channels, frames)``."""

    def make(channels: int, frames: int, seed: int = 1) -> NDArray[np.float32]:
        random = np.random.default_rng(seed)
        return (0.25 * random.uniform(-1, 1, (channels, frames))).astype(np.float32)

    return make


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for the pages of a module."""
    yield from launched()
