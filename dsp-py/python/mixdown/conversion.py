"""Conversions of audio in memory: of number formats and sample rates."""

from __future__ import annotations

import threading
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import Audio, AudioLike, Source
from mixdown._core import ParameterError


@_checks.named
def to_float(audio: AudioLike, *, bit_depth: int | None = None) -> NDArray[np.float32]:
    """Convert integers to float32 with full scale 1.0.

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

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> md.to_float(np.array([-32_768, 16_384], np.int16))
    array([-1. ,  0.5], dtype=float32)
    >>> md.to_float(np.array([4_194_304], np.int32), bit_depth=24)
    array([0.5], dtype=float32)
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


Quality = Literal["best", "high", "fast"]
"""Quality of a conversion of the sample rate."""

#: The recipes of soxr.
_RECIPES = {"best": "VHQ", "high": "HQ", "fast": "MQ"}


@_checks.named
def resample(
    audio: Source, from_rate_hz: float | None = None, to_rate_hz: float | None = None, *, quality: Quality = "best"
) -> Audio:
    """Convert the sample rate, with soxr.

    Linear phase, without delay: times stay the same at any rates. Non-finite samples count as 0. Between 44.1 and 48
    kHz, in float64 (float32 adds its rounding noise, -150 dB):

    ======= ===================== ================= =================
    quality distortion, noise, dB ripple, to 18 kHz aliases and images
    ======= ===================== ================= =================
    best    -187                  0.0013 dB         -174 dB
    high    -134                  0.0022 dB         -134 dB
    fast    -113                  0.12 dB           -109 dB
    ======= ===================== ================= =================

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,), or what :func:`read` returned
    from_rate_hz : float, optional
        Its sample rate, 8 000 to 384 000. May be left out for what :func:`read` returned.
    to_rate_hz : float
        The rate to convert to, 8 000 to 384 000.
    quality : "best", "high" or "fast", default "best"
        Of the conversion.

    Returns
    -------
    array
        Of the same format and channels, with ``round(frames * to_rate_hz / from_rate_hz)`` frames.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> md.resample(np.zeros((2, 44_100)), 44_100, 48_000).shape
    (2, 48000)
    """
    source, source_hz = _checks.recording(audio, from_rate_hz, rate_name="from_rate_hz")
    samples = _checks.audio(source)
    if to_rate_hz is None:
        raise _checks.CallError("to_rate_hz is missing: the rate to convert to")
    target_hz = _checks.sample_rate(to_rate_hz, "to_rate_hz")
    recipe = _RECIPES[_checks.one_of("quality", quality, list(_RECIPES))]
    converted = _at_rate(samples, source_hz, target_hz, recipe)
    return converted.copy() if converted is samples else converted


def at_rate(samples: Audio, from_hz: float, to_hz: float) -> Audio:
    """Return audio at another rate, at the best quality; the audio itself if the rates are equal."""
    return _at_rate(samples, from_hz, to_hz, _RECIPES["best"])


def _at_rate(samples: Audio, from_hz: float, to_hz: float, recipe: str) -> Audio:
    if from_hz == to_hz:
        return samples
    if samples.size == 0:
        return samples.copy()
    # One of them would spoil all that it is filtered with.
    finite = np.isfinite(samples)
    sound = samples if finite.all() else np.where(finite, samples, 0)
    return np.ascontiguousarray(_converted(sound.T, from_hz, to_hz, recipe).T)


def _converted(frames: NDArray[Any], from_hz: float, to_hz: float, recipe: str) -> NDArray[Any]:
    """Convert in another thread, as the library cannot be interrupted: the main thread keeps handling signals."""
    import soxr

    results: list[NDArray[Any]] = []
    errors: list[BaseException] = []

    def convert() -> None:
        try:
            results.append(soxr.resample(frames, from_hz, to_hz, quality=recipe))
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=convert, daemon=True)
    worker.start()
    worker.join()
    if errors:
        raise errors[0]
    return results[0]
