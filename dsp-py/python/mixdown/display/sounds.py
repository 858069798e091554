"""Sounds as pages hold them: FLAC of 16 bits, at a rate that browsers play, the loudest part of long ones."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio
from mixdown._core import ParameterError
from mixdown.conversion import at_rate
from mixdown.meters import level_matching

#: FLAC and the browsers take no more.
_MOST_CHANNELS = 8
#: Sound is stored at up to this rate: what is above is not heard.
_HIGHEST_HZ = 48_000
#: Steps of the search for the loudest part, and ramps at the ends of a part.
_STEP_S, _FADE_S = 1.0, 0.005


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound as it is stored: its samples, and the gain in dB, 0 or less, by which they were stored."""

    name: str
    samples: Audio
    flac: bytes
    stored_db: float

    @property
    def excess_db(self) -> float:
        """By how much the highest sample exceeds full scale."""
        return max(0.0, 20 * math.log10(peak_of(self.samples) or 1.0))


@dataclass(frozen=True, eq=False)
class Programme:
    """The sounds of a player, their rate, and remarks on what is played."""

    sounds: tuple[Sound, ...]
    rate_hz: int
    notes: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """The longest sound's."""
        frames = max(sound.samples.shape[1] for sound in self.sounds)
        return float(frames / self.rate_hz)


def equal_gains_db(versions: Sequence[Audio], sample_rate_hz: float) -> list[float]:
    """Return the gain of each version, 0 or less, at which all are equally loud and none exceeds full scale."""
    lufs = [level_matching.integrated_lufs(version, sample_rate_hz) for version in versions]
    quietest = min((value for value in lufs if math.isfinite(value)), default=0.0)
    gains_db = [quietest - value if math.isfinite(value) else 0.0 for value in lufs]
    highest = max(peak_of(version) * 10 ** (gain_db / 20) for version, gain_db in zip(versions, gains_db, strict=True))
    return [gain_db - 20 * math.log10(max(highest, 1.0)) for gain_db in gains_db]


def peak_of(samples: Audio) -> float:
    """Return the largest sample."""
    return float(np.max(np.abs(samples)))


def place_of(name: str) -> str:
    """Return the place of a version in errors."""
    return f"versions[{name!r}]"


def programme_of(sources: Mapping[str, _checks.AudioLike], rate_hz: float, longest_s: float) -> Programme:
    """Return sounds as they are stored: at a rate that browsers play, the loudest part of long ones."""
    longest_s = _checks.in_range("longest_s", longest_s, 1, 3600)
    several = len(sources) > 1
    given = []
    for name, source in sources.items():
        place = place_of(name) if several else "audio"
        samples = _checks.finite(_checks.planar(source, place), place)
        if samples.shape[0] > _MOST_CHANNELS:
            raise ParameterError(f"{place} has {samples.shape[0]} channels: a player takes 1 to {_MOST_CHANNELS}")
        if samples.shape[1] == 0:
            raise ParameterError(f"{place} has no frames: there is nothing to play")
        given.append(samples)
    notes = []
    frames, most = max(samples.shape[1] for samples in given), round(longest_s * rate_hz)
    if frames > most:
        start = _loudest(given, rate_hz, most)
        given = [_part(samples, start, most, rate_hz) for samples in given]
        # What ends before the part starts is silent in it.
        span = f"{_clock(start / rate_hz)} to {_clock(start / rate_hz + longest_s)}"
        notes.append(f"Excerpt: {span} of {_clock(frames / rate_hz)}, the loudest {longest_s:g} s.")
    stored_hz = _stored_rate(rate_hz)
    if stored_hz != rate_hz:
        notes.append(f"Played at {stored_hz / 1000:g} kHz, converted from {rate_hz / 1000:g} kHz.")
        given = [at_rate(samples, rate_hz, stored_hz) for samples in given]
    sounds = [_stored(name, samples, stored_hz) for name, samples in zip(sources, given, strict=True)]
    return Programme(tuple(sounds), stored_hz, tuple(notes))


def _stored_rate(rate_hz: float) -> int:
    """Return the rate itself up to 48 kHz; above, the one of 44.1 and 48 kHz that divides it, else 48 kHz."""
    if rate_hz <= _HIGHEST_HZ:
        return round(rate_hz)
    return 44_100 if rate_hz % 44_100 == 0 else _HIGHEST_HZ


def _loudest(versions: Sequence[Audio], rate_hz: float, frames: int) -> int:
    """Return the start of the part with the most energy in all versions together, in whole seconds."""
    step = round(_STEP_S * rate_hz)
    steps = -(-max(version.shape[1] for version in versions) // step)
    energies = np.zeros(steps + 1)
    for version in versions:
        for index in range(-(-version.shape[1] // step)):
            part = version[:, index * step : (index + 1) * step]
            energies[index + 1] += float(np.sum(np.square(part, dtype=np.float64)))
    sums, span = np.cumsum(energies), frames // step
    return int(np.argmax(sums[span:] - sums[: sums.size - span])) * step


def _part(samples: Audio, start: int, frames: int, rate_hz: float) -> Audio:
    """Return a part, faded at the ends that were cut."""
    part = samples[:, start : start + frames]
    if part.shape[1] == 0:
        return np.zeros((samples.shape[0], 1), samples.dtype)
    ramp = np.linspace(0.0, 1.0, min(round(_FADE_S * rate_hz), part.shape[1]))
    gain = np.ones(part.shape[1])
    if start > 0:
        gain[: ramp.size] *= ramp
    if start + frames < samples.shape[1]:
        gain[-ramp.size :] *= ramp[::-1]
    return np.asarray(part * gain.astype(samples.dtype))


def _stored(name: str, samples: Audio, rate_hz: int) -> Sound:
    """Store samples as FLAC of 16 bits, turned down where they exceed full scale."""
    import soundfile

    peak, stored_db = peak_of(samples), 0.0
    if peak > 1.0:
        # In steps of 0.1 dB, so that the figure told is the gain.
        stored_db = -math.ceil(10 * 20 * math.log10(peak)) / 10
    scaled = level_matching.scaled(samples, stored_db)
    # What has 16 bits already stays as it is.
    exact = bool(np.all(scaled * 32_768.0 == np.rint(scaled * 32_768.0)))
    settings = {"bits": 16, "dither": "none" if exact else "tpdf", "noise_shaping": "none"}
    whole, _ = _core.quantize(np.ascontiguousarray(scaled), rate_hz, settings, "player")
    content = io.BytesIO()
    soundfile.write(content, whole.T.astype(np.int16), rate_hz, "PCM_16", format="FLAC", compression_level=1.0)
    return Sound(name, samples, content.getvalue(), stored_db)


def _clock(seconds: float) -> str:
    """Return a time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
