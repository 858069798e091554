"""A chain in blocks from Python: gain, four bands, compressor and reverb, in microseconds per block."""

from __future__ import annotations

from collections.abc import Callable

import mixdown as md
import numpy as np
import pedalboard

RATE_HZ = 48_000
BLOCKS = (32, 64, 128, 512)
#: Short turns, many of them: the shortest counts.
TURNS = 40
TRACKS = 128
BANDS = [(80.0, 2.0, 0.7), (300.0, -3.0, 1.0), (2_500.0, 2.0, 1.0), (9_000.0, 1.5, 0.7)]

Jobs = dict[str, Callable[[], object]]


def ours() -> md.Stream:
    """Return our chain, running."""
    bands = [md.Bell(frequency_hz=hz, gain_db=gain_db, q=q) for hz, gain_db, q in BANDS]
    effects = [md.Gain(gain_db=-6), md.Equalizer(bands=bands), md.Compressor(threshold_db=-20), md.Reverb()]
    return md.Chain(effects).stream(RATE_HZ, 2)


def theirs() -> pedalboard.Pedalboard:
    """Return theirs."""
    bands = [pedalboard.PeakFilter(*band) for band in BANDS]
    return pedalboard.Pedalboard(
        [
            pedalboard.Gain(-6),
            *bands,
            pedalboard.Compressor(-20, 4, 10, 100),
            pedalboard.Reverb(wet_level=1, dry_level=0),
        ]
    )


def noise(frames: int) -> np.ndarray:
    """Return a block."""
    return (0.1 * np.random.default_rng(1).standard_normal((2, frames))).astype(np.float32)


def chain(frames: int) -> Jobs:
    """Return one block of each."""
    block = noise(frames)
    out = np.empty_like(block)
    stream, board = ours(), theirs()
    return {
        "mixdown": lambda: stream.process(block, out=out),
        "pedalboard": lambda: board.process(block, RATE_HZ, reset=False),
    }


def tracks() -> Jobs:
    """Return a block of 512 frames of 128 chains."""
    block = noise(512)
    out = np.empty_like(block)
    streams, boards = [ours() for _ in range(TRACKS)], [theirs() for _ in range(TRACKS)]
    return {
        "mixdown": lambda: [stream.process(block, out=out) for stream in streams],
        "pedalboard": lambda: [board.process(block, RATE_HZ, reset=False) for board in boards],
    }
