"""Samples on their way into a file: a known number of frames, in parts that follow each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

#: Frames written at a time; Python handles signals in between.
STEP_FRAMES = 262_144


@dataclass(frozen=True, eq=False)
class Frames:
    """Samples in rows of frames: whole numbers, or float32.

    Attributes
    ----------
    count, channels : int
    parts : iterable of array, shape (frames, channels)
        All of them once.
    """

    count: int
    channels: int
    parts: Iterable[NDArray[Any]]

    @classmethod
    def of(cls, samples: NDArray[Any]) -> Frames:
        """Return all samples of an array, shape (frames, channels)."""
        count, channels = samples.shape
        return cls(count, channels, (samples[start : start + STEP_FRAMES] for start in range(0, count, STEP_FRAMES)))
