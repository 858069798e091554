"""Samples of a file: numbers that are none, bits that are used, equal channels, both ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixdown._checks import Audio
from mixdown.analysis.findings import Finding, stated
from mixdown.checking.limits import mark_of

#: Frames looked at at a time.
_STEP_FRAMES = 1 << 20
_STEP_16_BIT = 2.0**-15
#: Word lengths of whole numbers that a float32 file may hold.
_WORDS = (8, 16, 20, 24)


class Edges(NamedTuple):
    """Both ends of a programme.

    Attributes
    ----------
    head_silence_s, tail_silence_s : float
        Time in which all samples are silent; of a silent programme its length, twice.
    first_dbfs, last_dbfs : float
        The larger sample of the channels; -inf for 0.
    """

    head_silence_s: float
    tail_silence_s: float
    first_dbfs: float
    last_dbfs: float


def finite(audio: Audio) -> tuple[Audio, int, int | None]:
    """Return audio with 0 in place of what is no number, how many samples were none, and the first such frame."""
    is_number = np.isfinite(audio)
    if is_number.all():
        return audio, 0, None
    first = int(np.argmin(is_number.all(axis=0)))
    cleaned: Audio = audio.copy()
    cleaned[~is_number] = 0
    return cleaned, int(audio.size - np.count_nonzero(is_number)), first


def effective_bits(audio: Audio, bits: int | None) -> int | None:
    """Return the word length that samples use: from the highest bit of full scale to the lowest that is ever set.

    Parameters
    ----------
    audio : array, shape (channels, frames)
    bits : int or None
        Word length of the file; None for floating point.

    Returns
    -------
    int or None
        Of floating point the least of 8, 16, 20 and 24 bits that hold all samples, else None; None for silence.

    Examples
    --------
    >>> words = np.arange(-100, 100)[np.newaxis] * 2.0**-15
    >>> effective_bits(words, 24), effective_bits(words / 2, 24), effective_bits(words / 3, None)
    (16, 17, None)
    """
    if not audio.any():
        return None
    word = 24 if bits is None else min(bits, 24)
    used = 0
    for start in range(0, audio.shape[1], _STEP_FRAMES):
        scaled = audio[:, start : start + _STEP_FRAMES].astype(np.float64) * 2.0 ** (word - 1)
        whole = scaled.astype(np.int64)
        if (whole != scaled).any():
            return bits
        used |= int(np.bitwise_or.reduce(np.abs(whole), axis=None))
    found = word - ((used & -used).bit_length() - 1)
    return found if bits is not None else next(size for size in _WORDS if size >= found)


def edges_of(audio: Audio, sample_rate_hz: float, quiet_steps: float) -> Edges:
    """Return what stands at both ends of a programme."""
    quiet = quiet_steps * _STEP_16_BIT
    length_s = audio.shape[1] / sample_rate_hz
    head = tail = audio.shape[1]
    for start in range(0, audio.shape[1], _STEP_FRAMES):
        heard = np.flatnonzero((np.abs(audio[:, start : start + _STEP_FRAMES]) > quiet).any(axis=0))
        if heard.size:
            head = start + int(heard[0])
            break
    for stop in range(audio.shape[1], 0, -_STEP_FRAMES):
        part = audio[:, max(stop - _STEP_FRAMES, 0) : stop]
        heard = np.flatnonzero((np.abs(part) > quiet).any(axis=0))
        if heard.size:
            tail = audio.shape[1] - stop + part.shape[1] - 1 - int(heard[-1])
            break
    first, last = (_dbfs(audio[:, frame]) for frame in (0, -1))
    return Edges(min(head / sample_rate_hz, length_s), min(tail / sample_rate_hz, length_s), first, last)


def _dbfs(samples: NDArray[np.float32] | NDArray[np.float64]) -> float:
    peak = float(np.abs(samples).max())
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def difference_steps(audio: Audio) -> float | None:
    """Return how far two channels are apart at most, in 16-bit steps; None for one channel, or more than two."""
    if audio.shape[0] != 2:
        return None
    parts = range(0, audio.shape[1], _STEP_FRAMES)
    apart = max(
        float(np.abs(audio[0, start : start + _STEP_FRAMES] - audio[1, start : start + _STEP_FRAMES]).max())
        for start in parts
    )
    return apart / _STEP_16_BIT


def sample_findings(
    audio: Audio,
    sample_rate_hz: float,
    *,
    bits: int | None,
    floating: bool,
    effective: int | None,
    edges: Edges,
    limits: Mapping[str, float],
) -> list[Finding]:
    """Return what the samples themselves say."""
    found = []
    if floating and effective is not None:
        message = (
            f"The floating-point samples hold whole numbers of {effective} bits: the file may be written with these."
        )
        found.append(stated("bits", "note", message, effective, None, "bit"))
    elif bits is not None and effective is not None and effective < bits and bits > 8:
        message = f"{bits} bits hold samples of {effective}: the lowest {bits - effective} are never set."
        found.append(stated("bits", "warning", message, effective, bits, "bit"))
    over = int(np.count_nonzero(np.abs(audio) > 1.0)) if floating else 0
    if over:
        message = f"{over} samples lie above full scale: whole numbers, as services take them, would clip them."
        found.append(stated("full_scale", "warning", message, over, 0))
    apart = difference_steps(audio)
    if apart is not None and apart <= limits["quiet_steps"] and audio.any():
        same = "are equal" if apart == 0 else f"differ by at most {apart:.1f} 16-bit steps"
        message = f"Both channels {same}: the programme is mono, in a stereo file."
        found.append(
            stated("dual_mono", "note", message, apart, limits["quiet_steps"], "steps", source=mark_of("quiet_steps"))
        )
    length_s = audio.shape[1] / sample_rate_hz
    for word, dbfs, at_s in (("first", edges.first_dbfs, 0.0), ("last", edges.last_dbfs, length_s)):
        if dbfs > limits["edge_dbfs"]:
            begins = "begins" if word == "first" else "ends"
            message = (
                f"The {word} sample lies at {dbfs:.1f} dBFS: the file {begins} within sound, which clicks unless "
                "another file joins it there."
            )
            found.append(
                stated(
                    *("edges", "warning", message, dbfs, limits["edge_dbfs"], "dBFS"),
                    at_s=((at_s, at_s),),
                    source=mark_of("edge_dbfs"),
                )
            )
    return found


def non_finite_findings(count: int, first_frame: int | None, sample_rate_hz: float) -> list[Finding]:
    """Return the fault of samples that are no numbers."""
    if first_frame is None:
        return []
    at_s = first_frame / sample_rate_hz
    message = f"{count} samples are not finite, the first at {at_s:.2f} s: the others were measured with 0 for them."
    return [stated("non_finite", "fault", message, count, 0, at_s=((at_s, at_s),))]
