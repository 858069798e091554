"""Blocks through an effect: the latency taken off, the tail kept, whatever the length, in constant memory."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio, AudioLike

#: The grid on which a tail ends, in s, and the level under which it is over; those of a whole rendering.
_STEP_S = 0.1
_FLOOR = 1e-6
_LONGEST_STEPS = round(_checks.MAX_TAIL_S / _STEP_S)
#: Frames of silence that push out the latency.
_SILENCE_FRAMES = 65_536


class RunningEffect(Protocol):
    """A stream, as this module sees it."""

    @property
    def latency_frames(self) -> int:
        """Delay from input to output."""

    @property
    def tail_frames(self) -> int | None:
        """Frames to silence; None without end."""

    @property
    def faults(self) -> int:
        """Non-finite samples so far."""

    def process(self, block: AudioLike) -> Audio:
        """Process the next block."""


class ProcessedBlocks(Iterator[Audio]):
    """The blocks that :meth:`Effect.process_blocks` returns, shape (channels, frames).

    Attributes
    ----------
    sample_rate_hz : float
    positions : tuple of str, or None
        Loudspeakers of the channels, where the source names them: see :class:`Recording`.
    """

    def __init__(
        self,
        build: Callable[[int, Any], RunningEffect],
        blocks: Iterable[AudioLike],
        sample_rate_hz: float,
        tail: str | float,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.positions: tuple[str, ...] | None = getattr(blocks, "positions", None)
        self._blocks = self._processed(build, blocks, tail)

    def __next__(self) -> Audio:
        return next(self._blocks)

    def __repr__(self) -> str:
        return f"<ProcessedBlocks: {_checks.plain(self.sample_rate_hz)} Hz>"

    def _processed(
        self, build: Callable[[int, Any], RunningEffect], blocks: Iterable[AudioLike], tail: str | float
    ) -> Iterator[Audio]:
        given = (_checks.planar(block, f"block {position}") for position, block in enumerate(blocks))
        first = next(given, None)
        if first is None:
            return
        stream = build(len(first), first.dtype)
        silence = np.zeros((len(first), _SILENCE_FRAMES), first.dtype)
        early = stream.latency_frames
        for block in itertools.chain([first], given, _parts(silence, early)):
            made = stream.process(block)
            late = min(early, made.shape[1])
            early -= late
            yield made[:, late:]
        if tail == "auto":
            step = np.zeros((len(first), _rounded(_STEP_S * self.sample_rate_hz)), first.dtype)
            yield from _until_silent(stream, step)
        elif not isinstance(tail, str):
            yield from map(stream.process, _parts(silence, _rounded(tail * self.sample_rate_hz)))
        if stream.faults:
            _checks.warn(f"{stream.faults} non-finite samples were replaced by 0")


def _until_silent(stream: RunningEffect, step: Audio) -> Iterator[Audio]:
    """Yield the tail up to the last step that is above the floor; a pause within it does not end it."""
    frames = stream.tail_frames
    steps = _LONGEST_STEPS if frames is None else min(math.ceil(frames / step.shape[1]), _LONGEST_STEPS)
    quiet: list[Audio] = []
    for _ in range(steps):
        quiet.append(stream.process(step))
        if np.abs(quiet[-1]).max() >= _FLOOR:
            yield from quiet
            quiet.clear()


def _parts(silence: Audio, frames: int) -> Iterator[Audio]:
    """Yield so many frames of silence."""
    for start in range(0, frames, silence.shape[1]):
        yield silence[:, : frames - start]


def _rounded(value: float) -> int:
    """Return the nearest whole number, of two the higher: as the engine rounds."""
    return math.floor(value + 0.5)
