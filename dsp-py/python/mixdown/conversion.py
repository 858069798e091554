"""Conversions of audio in memory: of number formats and sample rates."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import Audio, AudioLike
from mixdown._core import ParameterError


@_checks.named
def to_float(audio: AudioLike, *, bit_depth: int | None = None) -> NDArray[np.float32]:
    """Convert whole numbers to float32 with full scale 1.0.

    Parameters
    ----------
    audio : array of whole numbers, any shape
        Signed, or unsigned 8 bit around 128.
    bit_depth : int, optional
        Bits of full scale; by default those of the format. 24 for 24-bit values stored in int32.

    Returns
    -------
    float32 array
        ``audio / 2**(bit_depth - 1)``.
    """
    numbers = _core.as_array(audio, "audio")
    if bit_depth is not None:
        bit_depth = _checks.whole_number("bit_depth", bit_depth)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"audio is {numbers.dtype}: to_float takes whole numbers")
    if numbers.dtype == np.uint8:
        numbers = numbers.astype(np.int16) - 128
        bit_depth = bit_depth or 8
    elif numbers.dtype.kind == "u":
        raise TypeError(f"audio is {numbers.dtype}: unsigned samples are 8 bit")
    bits = bit_depth or 8 * numbers.dtype.itemsize
    if not 2 <= bits <= 8 * max(numbers.dtype.itemsize, 2):
        raise ParameterError(f"bit_depth = {bits} is out of range: it must lie in 2..{8 * numbers.dtype.itemsize}")
    return (numbers / float(2 ** (bits - 1))).astype(np.float32)


@_checks.named
def resample(audio: AudioLike, from_hz: float, to_hz: float) -> Audio:
    """Convert the sample rate by soxr at its highest quality.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,)
    from_hz, to_hz : float
        8 000 to 384 000.

    Returns
    -------
    array
        Of the same format; the audio itself if the rates are equal.
    """
    samples = _checks.audio(audio)
    source_hz, target_hz = _checks.sample_rate(from_hz, "from_hz"), _checks.sample_rate(to_hz, "to_hz")
    if source_hz == target_hz:
        return samples
    if samples.size == 0:
        return samples.copy()
    return np.ascontiguousarray(_converted(samples.T, source_hz, target_hz).T)


def _converted(frames: NDArray[Any], from_hz: float, to_hz: float) -> NDArray[Any]:
    """Convert in another thread, as the library cannot be interrupted: the main thread keeps handling signals."""
    results: list[NDArray[Any]] = []
    errors: list[BaseException] = []

    def convert() -> None:
        try:
            results.append(soxr.resample(frames, from_hz, to_hz, quality="VHQ"))
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=convert, daemon=True)
    worker.start()
    worker.join()
    if errors:
        raise errors[0]
    return results[0]
