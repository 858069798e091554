"""A start balance from loudness: every stem equally loud, the sum with headroom."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio, Source
from mixdown.conversion import resample
from mixdown.effects import Gain, range_of
from mixdown.meters import Loudness, loudness
from mixdown.session.mix import Mix

#: True peak of a start balance, in dBTP.
HEADROOM_DBTP = -6.0
#: A stem further than this below the loudest, in LU, counts as noise, bleed or single hits and is not raised.
#: It is also the most that a fader turns the loudest down.
NOISE_LU = 25.0
#: Shortest audio that has an integrated loudness, in s: one complete window of 400 ms.
_WINDOW_S = 0.4


@dataclass(frozen=True)
class Balance:
    """A start balance.

    Attributes
    ----------
    mix : Mix
        With all faders set; rendering it gives `audio`.
    audio : array, shape (2, frames)
        The mix.
    loudness : dict
        Reading of each stem; one shorter than 400 ms is padded with silence.
    left_alone : dict
        Stems that were not brought to the loudness of the others, with the reason.
    loudness_of_mix : Loudness
        Reading of `audio`.
    """

    mix: Mix
    audio: Audio
    loudness: dict[str, Loudness]
    loudness_of_mix: Loudness
    left_alone: dict[str, str]

    def __repr__(self) -> str:
        reading = self.loudness_of_mix
        measured = f"{reading.integrated_lufs:.2f} LUFS, {reading.true_peak_dbtp:.2f} dBTP"
        alone = f", left alone: {', '.join(self.left_alone)}" if self.left_alone else ""
        return f"<Balance of {len(self.loudness)} stems: {measured}{alone}>"


@_checks.named
def balance(
    stems: Mapping[str, Source],
    sample_rate_hz: float,
    progress: Callable[[float], None] | None = None,
) -> Balance:
    """Set faders so that all stems are equally loud, and the master so that the sum peaks at -6 dBTP.

    A stem more than 25 LU below the loudest counts as noise, bleed or single hits: it gets the fader of the
    loudest, and so keeps its distance from it.

    Parameters
    ----------
    stems : mapping of name to (audio, sample_rate_hz), as :func:`read` returns it
        Mono or stereo. Stems of other rates are resampled; shorter ones end in silence.
    sample_rate_hz : float
        Rate of the mix.
    progress : function, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    Balance
    """
    report = progress or (lambda share: None)
    steps = 2 * len(stems) + 2
    readings: dict[str, Loudness] = {}
    mix = Mix(sample_rate_hz=sample_rate_hz)
    for done, (name, stem) in enumerate(stems.items()):
        called = f"audio of {name!r}"
        audio, rate_hz = _checks.recording(stem, None, called)
        samples = resample(_checks.audio(audio, called), rate_hz, sample_rate_hz)
        report((2 * done + 1) / steps)
        readings[name] = loudness(_at_least_a_window(samples, sample_rate_hz), sample_rate_hz)
        mix.track(name, samples)
        report((2 * done + 2) / steps)
    faders_db, left_alone = _faders_db(readings)
    for name, fader_db in faders_db.items():
        mix[name].fader_db = fader_db
    measured = loudness(mix.render(), sample_rate_hz, precision="reference")
    report(1 - 1 / steps)
    if math.isfinite(measured.true_peak_dbtp):
        most_db = range_of("Gain", "gain_db")[1]
        mix.master(inserts=[Gain(gain_db=min(HEADROOM_DBTP - measured.true_peak_dbtp, most_db))])
    audio = mix.render()
    report(1.0)
    reading = loudness(_at_least_a_window(audio, sample_rate_hz), sample_rate_hz, precision="reference")
    return Balance(mix, audio, readings, reading, left_alone)


def _at_least_a_window(audio: Audio, sample_rate_hz: float) -> Audio:
    """Pad a short stem with silence, so that it reads as in a longer stem."""
    window = math.ceil(_WINDOW_S * sample_rate_hz)
    if audio.shape[-1] >= window:
        return audio
    return cast(Audio, np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [(window, window)]))


def _faders_db(readings: Mapping[str, Loudness]) -> tuple[dict[str, float], dict[str, str]]:
    """Return each stem's fader, and the reasons for stems not as loud as the others."""
    levels_lufs = {name: reading.integrated_lufs for name, reading in readings.items()}
    loudest = max((level for level in levels_lufs.values() if math.isfinite(level)), default=0.0)
    # The quietest stem keeps its level, so that every fader only turns down.
    quietest = min((level for level in levels_lufs.values() if level >= loudest - NOISE_LU), default=loudest)
    faders_db, left_alone = {}, {}
    for name, level in levels_lufs.items():
        if level >= loudest - NOISE_LU:
            faders_db[name] = quietest - level
            continue
        faders_db[name] = quietest - loudest
        if math.isinf(readings[name].sample_peak_dbfs):
            left_alone[name] = "silent"
        elif math.isinf(level):
            left_alone[name] = "below -70 LUFS: noise or silence"
        else:
            left_alone[name] = f"{loudest - level:.0f} LU below the loudest: noise, bleed or single sounds?"
    return faders_db, left_alone
