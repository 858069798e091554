"""The demo song: 45 seconds of a band, synthesised from a seed, as raw stems, and its mix.

Kick and bass share 50 to 100 Hz, the hats are harsh between 6 and 8 kHz, the voice sings where guitars and
keys play, and every stem was recorded at another level. No sample data is used; numpy is the only dependency.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from . import instruments, score, voice
from .synthesis import Session, Signal

__all__ = ["RECORDED_PEAK_DBFS", "session", "stems"]

RECORDED_PEAK_DBFS = {
    "kick": -4.0,
    "snare": -3.0,
    "hats": -15.0,
    "toms": -5.0,
    "cymbals": -15.0,
    "bass": -6.0,
    "keys": -9.0,
    "guitar_left": -5.0,
    "guitar_right": -8.0,
    "pad": -12.0,
    "lead": -7.0,
    "harmony": -10.0,
}
"""Sample peak of each stem, and the order of the stems."""

SAMPLE_RATE_RANGE_HZ = (44_100, 192_000)


def stems(
    *, seed: int = 1, sample_rate_hz: int = 48_000, names: Collection[str] | None = None
) -> dict[str, NDArray[np.float32]]:
    """Synthesise the stems of the demo song.

    Parameters
    ----------
    seed
        The performance: timing, force, fills and turns of the melody. The same seed gives the same bits.
    sample_rate_hz
        44100..192000 Hz.
    names
        The stems to synthesise, by default all; each has the same bits whatever the others are.

    Returns
    -------
    dict
        float32 arrays by name, all of the same length: shape ``(1, frames)`` for kick, snare, hats, bass,
        guitar_left, guitar_right and lead, ``(2, frames)`` for toms, cymbals, keys, pad and harmony. They
        start silent, end with their natural decay and peak at `RECORDED_PEAK_DBFS`.

    Raises
    ------
    ValueError
        If the sample rate is outside its range, or a stem has another name.

    Examples
    --------
    >>> from mixdown import demo
    >>> {name: stem.shape for name, stem in demo.stems(names=["toms", "kick"]).items()}
    {'kick': (1, 2156267), 'toms': (2, 2156267)}
    """
    lowest_hz, highest_hz = SAMPLE_RATE_RANGE_HZ
    if not lowest_hz <= sample_rate_hz <= highest_hz:
        raise ValueError(f"sample_rate_hz = {sample_rate_hz} is outside {lowest_hz}..{highest_hz} Hz")
    if isinstance(names, str):
        raise TypeError(f"names = {names!r} is not a list of names")
    wanted = RECORDED_PEAK_DBFS.keys() if names is None else names
    for name in wanted:
        if name not in RECORDED_PEAK_DBFS:
            raise ValueError(f"names = {name!r} is unknown: it must be one of {', '.join(RECORDED_PEAK_DBFS)}")
    session = Session(float(sample_rate_hz), round(score.duration_s() * sample_rate_hz))
    return {
        name: _recorded(session, _PLAYERS[name](session, np.random.default_rng([seed, index])), peak_dbfs)
        for index, (name, peak_dbfs) in enumerate(RECORDED_PEAK_DBFS.items())
        if name in wanted
    }


def session() -> str:
    """Return the mix of the song as the text of a session file, which names the stems as ``stems/kick.wav``."""
    return resources.files(__name__).joinpath("song.toml").read_text("utf-8")


def _recorded(session: Session, stem: Signal, peak_dbfs: float) -> NDArray[np.float32]:
    """A stem as recorded: silent at both ends, at its level."""
    gain = 10.0 ** (peak_dbfs / 20.0) / np.max(np.abs(stem))
    recorded: NDArray[np.float32] = (gain * stem).astype(np.float32)
    count_in, fade_out = session.time_s(0.75 * score.COUNT_IN_S).size, session.time_s(0.25).size
    recorded[:, :count_in] = 0.0
    recorded[:, -fade_out:] *= np.linspace(1.0, 0.0, fade_out, dtype=np.float32)
    return recorded


def _hats(session: Session, rng: np.random.Generator) -> Signal:
    return instruments.hats(session, score.drum_part(score.HATS, rng, looseness_s=0.004), rng)


def _guitar_left(session: Session, rng: np.random.Generator) -> Signal:
    return instruments.guitar(session, score.arpeggio_part(rng), rng, pick_hz=5000.0, position=0.17)


def _guitar_right(session: Session, rng: np.random.Generator) -> Signal:
    return instruments.guitar(session, score.strum_part(rng), rng, pick_hz=7000.0, position=0.11)


def _lead(session: Session, rng: np.random.Generator) -> Signal:
    return voice.sing(session, score.sung_part(score.LEAD, rng), rng, voice.Character())


def _harmony(session: Session, rng: np.random.Generator) -> Signal:
    left = voice.Character(vibrato_hz=5.0, vibrato_cents=24.0, tract=0.96, breath=0.09)
    right = voice.Character(vibrato_hz=5.8, vibrato_cents=20.0, tract=0.9, breath=0.1)
    sides = ((score.HARMONY_LEFT, left, 0.8), (score.HARMONY_RIGHT, right, 0.2))
    stem = session.silence(2)
    for part, character, leftness in sides:
        sung = voice.sing(session, score.sung_part(part, rng, looseness_s=0.02), rng, character)
        stem += np.sqrt([[leftness], [1.0 - leftness]]) * sung
    return stem


_PLAYERS: dict[str, Callable[[Session, np.random.Generator], Signal]] = {
    "kick": lambda session, rng: instruments.kick(session, score.drum_part(score.KICK, rng), rng),
    "snare": lambda session, rng: instruments.snare(session, score.drum_part(score.SNARE, rng), rng),
    "hats": _hats,
    "toms": lambda session, rng: instruments.toms(session, score.drum_part(score.TOMS, rng), rng),
    "cymbals": lambda session, rng: instruments.cymbals(session, score.drum_part(score.CYMBALS, rng), rng),
    "bass": lambda session, rng: instruments.bass(session, score.bass_part(rng), rng),
    "keys": lambda session, rng: instruments.keys(session, score.keys_part(rng), rng),
    "guitar_left": _guitar_left,
    "guitar_right": _guitar_right,
    "pad": lambda session, rng: instruments.pad(session, score.pad_part(rng), rng),
    "lead": _lead,
    "harmony": _harmony,
}
