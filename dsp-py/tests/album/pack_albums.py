"""Albums that the tests of packs deliver, and pictures for their covers."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import mixdown as md

RATE_HZ = 48_000


@functools.cache
def song(seed: int, seconds: float = 4.5, level: float = 0.15, rate_hz: int = RATE_HZ) -> tuple[Any, int]:
    """Return dull noise, whose peaks meters agree on: two channels, a level that moves, faded ends."""
    frames = round(seconds * rate_hz)
    random = np.random.default_rng(seed)
    both = random.standard_normal(frames + 7)
    rows = [np.convolve(both + 0.3 * random.standard_normal(frames + 7), np.ones(8) / 8, "valid") for _ in range(2)]
    course = 1 + 0.5 * np.sin(2 * np.pi * 0.4 * np.arange(frames) / rate_hz + seed)
    ends = np.minimum(1, np.minimum(np.arange(frames), np.arange(frames)[::-1]) / (0.02 * rate_hz))
    made: NDArray[np.float32] = (level * course * ends * rows).astype(np.float32)
    made.flags.writeable = False
    return made, rate_hz


def plain_album(count: int = 2, seconds: float = 4.5, **settings: Any) -> md.Album:
    """Return an album of some songs with pauses."""
    album = md.Album(**{"title": "Plain", "artist": "Someone", **settings})
    for number in range(1, count + 1):
        album.track(song(number % 4, seconds), title=f"Song {number}")
    return album


@functools.cache
def plain_masters(count: int = 2, seconds: float = 4.5) -> md.MasteredAlbum:
    """Return the masters of :func:`plain_album`."""
    return plain_album(count, seconds).master(target_lufs=-16)


def cover(path: Path, pixels: int = 3000, mode: str = "RGB") -> Path:
    """Write a picture of one colour."""
    Image.new(mode, (pixels, pixels), "teal" if mode == "RGB" else 0).save(path)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of all files in a folder by their paths in it."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
