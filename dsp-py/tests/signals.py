"""Signals that several files of tests use."""

import numpy as np

RATE_HZ = 48_000


def sine(frames: int = 48_000, level: float = 0.3, hz: float = 440.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz / RATE_HZ * np.arange(frames))).astype(np.float32)


def hiss(frames: int = 48_000, level: float = 0.3) -> np.ndarray:
    return (level * np.random.default_rng(1).uniform(-1, 1, frames)).astype(np.float32)
