"""Blocks of unknown number, stored on disk until all that a file begins with is known: its length, its dither."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio, AudioLike
from mixdown._core import ParameterError, ShapeError
from mixdown.files.frames import STEP_FRAMES, Frames


class Spool(contextlib.ExitStack):
    """Stores blocks in nameless files beside the one that is written, a channel each.

    Parameters
    ----------
    file : Path
        The file that is written: the one that errors name.

    Attributes
    ----------
    channels, count : int
        Channels and frames so far.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._channels: list[BinaryIO] = []
        self._format: np.dtype[Any] = np.dtype(np.float32)
        self.count = 0

    @property
    def channels(self) -> int:
        """How many there are; 0 before the first block."""
        return len(self._channels)

    def take(self, blocks: Iterator[AudioLike]) -> Self:
        """Store blocks to the last one; they must be of one format, and finite."""
        bad = 0
        for position, given in enumerate(blocks):
            block = _checks.planar(given, f"block {position}")
            if not self._channels:
                self._open(block)
            if len(block) != self.channels:
                said = f"block {position} has {len(block)} channels: the first one has {self.channels}"
                raise ShapeError(f"{said}, and so must all")
            if block.dtype != self._format:
                raise TypeError(
                    f"block {position} is {block.dtype}: the first one is {self._format}, and so must be all"
                )
            bad += _checks.non_finite(block)
            self._store(block)
        if not self._channels:
            raise ParameterError("audio yields no blocks: there is nothing to write")
        _checks.refuse_non_finite(bad)
        return self

    def _open(self, block: Audio) -> None:
        self._format = block.dtype
        folder = Path(os.path.realpath(self._file)).parent
        for _ in block:
            channel = self.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115
            self._channels.append(cast(BinaryIO, channel))

    def _store(self, block: Audio) -> None:
        try:
            for channel, samples in zip(self._channels, block, strict=True):
                channel.write(np.ascontiguousarray(samples).data)
        except OSError as error:
            # It is the file's place that is full.
            raise type(error)(error.errno, error.strerror, str(self._file)) from None
        self.count += block.shape[1]

    def quantized(
        self, sample_rate_hz: float, bit_depth: int, dither: str, noise_shaping: str, name: str
    ) -> tuple[Frames, _core.Quantizer | None]:
        """Return the samples rounded to their word length, and what has counted the clipped ones at the end."""
        if bit_depth == 32:
            rows = (np.asarray(part, dtype=np.float32).T for part in self._parts())
            return Frames(self.count, self.channels, rows), None
        settings = {"bits": bit_depth, "dither": dither, "noise_shaping": noise_shaping}
        quantizer = _core.Quantizer(settings, sample_rate_hz, self.channels, name)
        for channel in self._channels:
            channel.seek(0)
            while content := channel.read(STEP_FRAMES * self._format.itemsize):
                quantizer.hear(np.frombuffer(content, self._format))
            quantizer.end_channel(self.count)
        words = (quantizer.quantize(part).T for part in self._parts())
        return Frames(self.count, self.channels, words), quantizer

    def _parts(self) -> Iterator[Audio]:
        for channel in self._channels:
            channel.seek(0)
        step_bytes = STEP_FRAMES * self._format.itemsize
        for _ in range(0, self.count, STEP_FRAMES):
            yield np.stack([np.frombuffer(channel.read(step_bytes), self._format) for channel in self._channels])
