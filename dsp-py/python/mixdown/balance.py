"""A start balance from loudness: every stem equally loud, the sum with room to work in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mixdown.audio import Audio, resample
from mixdown.effects import Gain
from mixdown.meters import Loudness, loudness
from mixdown.session import Mix

#: True peak of a start balance, in dBTP.
HEADROOM_DBTP = -6.0


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
        What each stem measured.
    loudness_of_mix : Loudness
        What `audio` measured.
    """

    mix: Mix
    audio: Audio
    loudness: dict[str, Loudness]
    loudness_of_mix: Loudness


def balance(
    stems: Mapping[str, tuple[Audio, float]],
    sample_rate_hz: float,
    progress: Callable[[float], None] | None = None,
) -> Balance:
    """Set faders so that all stems are equally loud, and the master so that the sum peaks at -6 dBTP.

    Parameters
    ----------
    stems : mapping of name to (audio, sample_rate_hz)
        Mono or stereo. Stems of other rates are resampled; shorter ones end in silence; silent ones stay at 0 dB.
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
    for done, (name, (audio, rate_hz)) in enumerate(stems.items()):
        samples = resample(audio, rate_hz, sample_rate_hz)
        report((2 * done + 1) / steps)
        readings[name] = loudness(samples, sample_rate_hz)
        mix.track(name, samples)
        report((2 * done + 2) / steps)
    heard = [reading.integrated_lufs for reading in readings.values() if math.isfinite(reading.integrated_lufs)]
    # The quietest stem stays where it is, so that every fader only turns down.
    quietest = min(heard, default=0.0)
    for name, reading in readings.items():
        if math.isfinite(reading.integrated_lufs):
            mix[name].fader_db = quietest - reading.integrated_lufs
    measured = loudness(mix.render(), sample_rate_hz, precision="reference")
    report(1 - 1 / steps)
    if math.isfinite(measured.true_peak_dbtp):
        mix.master(inserts=[Gain(gain_db=min(HEADROOM_DBTP - measured.true_peak_dbtp, 60.0))])
    audio = mix.render()
    report(1.0)
    return Balance(mix, audio, readings, loudness(audio, sample_rate_hz, precision="reference"))
