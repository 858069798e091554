"""Tonal spread of the songs of an album, and gentle shelves that bring a song nearer to the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixdown._checks import Audio
from mixdown.effects import Chain, Effect, HighShelf, LowShelf

#: Transform of the long-term spectrum. All figures of this file are chosen.
_LENGTH, _HOP = 8192, 4096
_RANGE_HZ = (40.0, 16_000.0)
_MIDDLE_HZ = (200.0, 5_000.0)
#: Bands count within this of the loudest, in dB: a string orchestra would ask for 42 dB at 120 Hz else.
_WITHIN_DB = 30.0
#: Corners of the shelves, and their q.
_LOW_HZ, _HIGH_HZ, _Q = 120.0, 6_000.0, 0.7071
#: Share that is corrected, the largest move, what is too little to act on and what is another instrumentation, in dB.
_AMOUNT, _MOST_DB, _LEAST_DB, _OTHER_DB = 0.5, 1.5, 2.0, 6.0
#: Effect of a shelf of 1 dB on a band from which the band tells of it, and how many such bands do.
_HEARD_DB, _HEARD_BANDS = 0.5, 3
#: Sound below which there is no evidence to act on, in s.
_LEAST_S = 60.0
#: Residual in dB above which a band counts less.
_HUBER_DB = 2.0


@dataclass(frozen=True, eq=False)
class Tone:
    """Long-term spectrum of a song in thirds of an octave, without its level.

    Attributes
    ----------
    centres_hz : array
    levels_db : array
        Relative to the mean of 200 Hz to 5 kHz.
    counts : array of bool
        Whether a band lies within 30 dB of the loudest.
    duration_s : float
    """

    centres_hz: NDArray[np.float64]
    levels_db: NDArray[np.float64]
    counts: NDArray[np.bool_]
    duration_s: float

    @property
    def tilt_db(self) -> float:
        """Level from 2 to 8 kHz minus that from 60 to 250 Hz."""
        high, low = (
            self.levels_db[(self.centres_hz >= low_hz) & (self.centres_hz <= high_hz)]
            for low_hz, high_hz in ((2_000, 8_000), (60, 250))
        )
        return float(high.mean() - low.mean()) if high.size and low.size else 0.0


def tone_of(audio: Audio, rate_hz: float) -> Tone:
    """Return the tone of a song: of the frames at or above the median level."""
    starts = range(0, max(audio.shape[1] - _LENGTH, 0) + 1, _HOP)
    window = np.hanning(_LENGTH)
    levels, spectra = [], []
    for start in starts:
        part = np.zeros((audio.shape[0], _LENGTH))
        piece = audio[:, start : start + _LENGTH]
        part[:, : piece.shape[1]] = piece
        levels.append(float(np.mean(part**2)))
        spectra.append(np.sum(np.abs(np.fft.rfft(part * window, axis=1)) ** 2, axis=0).astype(np.float32))
    kept = np.array(levels) >= np.median(levels)
    power: NDArray[Any] = np.asarray(np.mean(np.array(spectra)[kept], axis=0, dtype=np.float64))
    centres = 1000.0 * 2.0 ** (np.arange(-14, 13) / 3)
    centres = centres[(centres >= _RANGE_HZ[0] * 0.97) & (centres <= min(_RANGE_HZ[1] * 1.03, 0.45 * rate_hz))]
    bins_hz: NDArray[Any] = np.fft.rfftfreq(_LENGTH, 1 / rate_hz)
    powers = np.array([_between(power, bins_hz, hz * 2 ** (-1 / 6), hz * 2 ** (1 / 6)) for hz in centres])
    levels_db = 10 * np.log10(np.maximum(powers, 1e-30))
    middle = (centres >= _MIDDLE_HZ[0]) & (centres <= _MIDDLE_HZ[1])
    counts = levels_db >= levels_db.max() - _WITHIN_DB
    return Tone(centres, levels_db - levels_db[middle].mean(), counts, audio.shape[1] / rate_hz)


def _between(power: NDArray[Any], bins_hz: NDArray[Any], low_hz: float, high_hz: float) -> float:
    """Return the power between two frequencies: bins count by the share of them that lies within."""
    width = bins_hz[1]
    share = np.clip((np.minimum(bins_hz + width / 2, high_hz) - np.maximum(bins_hz - width / 2, low_hz)) / width, 0, 1)
    return float(np.dot(power, share))


def spread_db(tones: Sequence[Tone]) -> float:
    """Return the standard deviation over songs, root mean square over bands."""
    bands = min(tone.levels_db.size for tone in tones)
    levels = np.array([tone.levels_db[:bands] for tone in tones])
    counted = np.all([tone.counts[:bands] for tone in tones], axis=0)
    return float(np.sqrt(np.mean(np.var(levels[:, counted], axis=0)))) if counted.any() else 0.0


def median_tone(tones: Sequence[Tone]) -> Tone:
    """Return the median song by band: the one that no song pulls to itself."""
    bands = min(tone.levels_db.size for tone in tones)
    levels = np.median([tone.levels_db[:bands] for tone in tones], axis=0)
    counts = np.mean([tone.counts[:bands] for tone in tones], axis=0) >= 0.5
    return Tone(tones[0].centres_hz[:bands], levels, counts, min(tone.duration_s for tone in tones))


@dataclass(frozen=True)
class Move:
    """What a song would need to sound like the reference, and what is done of it.

    Attributes
    ----------
    wanted_db : tuple of float
        Gains of a low shelf at 120 Hz and a high shelf at 6 kHz that lead to the reference.
    effect : Effect or None
        Half of it, at most 1.5 dB each.
    reason : str
        Why nothing is done, or what.
    """

    wanted_db: tuple[float, float]
    effect: Effect | None
    reason: str


def move_to(song: Tone, reference: Tone, rate_hz: float) -> Move:
    """Return the gentle shelves that bring a song nearer to a reference, if there is evidence for them."""
    bands = min(song.levels_db.size, reference.levels_db.size)
    counted = song.counts[:bands] & reference.counts[:bands]
    centres = song.centres_hz[:bands][counted]
    difference = (reference.levels_db[:bands] - song.levels_db[:bands])[counted]
    shelves = [LowShelf(frequency_hz=_LOW_HZ, gain_db=1, q=_Q), HighShelf(frequency_hz=_HIGH_HZ, gain_db=1, q=_Q)]
    # Decibels of a shelf are nearly proportional to its gain within a few dB.
    basis = np.array([20 * np.log10(np.abs(shelf.frequency_response(centres, rate_hz))) for shelf in shelves]).T
    # A shelf of which no band is loud enough in both songs cannot be told.
    heard = [bool((np.abs(column) > _HEARD_DB).sum() >= _HEARD_BANDS) for column in basis.T]
    if not any(heard):
        return Move((0.0, 0.0), None, "no bands of bass or treble are loud enough in both to compare")
    design = np.column_stack([basis[:, heard], np.ones(centres.size)])
    fitted = iter(_huber(design, difference))
    low_db, high_db = (float(next(fitted)) if told else 0.0 for told in heard)
    words = [
        f"{name} shelf {gain_db:+.1f} dB" if is_heard else f"no {part} to compare"
        for name, part, gain_db, is_heard in zip(
            ("low", "high"), ("bass", "treble"), (low_db, high_db), heard, strict=True
        )
    ]
    told = f"{', '.join(words)} would lead to the reference"
    largest = max(abs(low_db), abs(high_db))
    if min(song.duration_s, reference.duration_s) < _LEAST_S:
        return Move((low_db, high_db), None, f"{told}: not moved, less than {_LEAST_S:g} s are no evidence")
    if largest > _OTHER_DB:
        return Move(
            (low_db, high_db), None, f"{told}: not moved, more than {_OTHER_DB:g} dB is another instrumentation"
        )
    if largest < _LEAST_DB:
        return Move((low_db, high_db), None, f"{told}: not moved, less than {_LEAST_DB:g} dB")
    gains = [math.copysign(min(_AMOUNT * abs(db), _MOST_DB), db) for db in (low_db, high_db)]
    effect = Chain([shelf.replace(gain_db=round(gain, 2)) for shelf, gain in zip(shelves, gains, strict=True)])
    return Move((low_db, high_db), effect, f"{told}: moved by {gains[0]:+.1f} and {gains[1]:+.1f} dB")


def _huber(design: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return least squares in which outliers weigh less (P. J. Huber, 1964)."""
    weights: NDArray[Any] = np.ones(values.size)
    solution = np.zeros(design.shape[1])
    for _ in range(20):
        root = np.sqrt(weights)[:, None]
        solution = np.linalg.lstsq(design * root, values * root[:, 0], rcond=None)[0]
        residual = np.abs(values - design @ solution)
        weights = np.minimum(1.0, _HUBER_DB / np.maximum(residual, 1e-12))
    return solution
