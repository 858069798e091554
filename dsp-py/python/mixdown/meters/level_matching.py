"""Two versions of a programme at the same loudness, to be compared by ear."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError
from mixdown.display import html


class LevelMatched(NamedTuple):
    """Two versions of a programme at the same loudness; unpacks as ``before, after, before_gain_db, after_gain_db``.

    Attributes
    ----------
    before, after : array
        The louder one turned down to the quieter; shape and format as given.
    before_gain_db, after_gain_db : float
        Gain of each: one of them is 0, the other 0 or less.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = np.random.default_rng(1).standard_normal((2, 48_000)) / 10
    >>> md.level_matched(mix, md.Gain(gain_db=3)(mix, 48_000), 48_000)
    <LevelMatched: before 0.00 dB, after -3.00 dB>
    """

    before: Audio
    after: Audio
    before_gain_db: float
    after_gain_db: float

    def _repr_html_(self) -> str:
        # A named tuple takes no other base.
        return html.shown(self)

    def __repr__(self) -> str:
        before, after = (_checks.figure(gain_db, 2) for gain_db in (self.before_gain_db, self.after_gain_db))
        return f"<LevelMatched: before {before} dB, after {after} dB>"


@_checks.named
def level_matched(before: Source, after: Source, sample_rate_hz: float | None = None) -> LevelMatched:
    """Match two versions of a programme in integrated loudness: turn the louder one down.

    The louder of two versions sounds better: a comparison by ear is fair only at equal loudness.

    Parameters
    ----------
    before, after : array, or what :func:`read` returned
        Finite. Mono counts as two loudspeakers, so that a mono version can be compared with a stereo one.
    sample_rate_hz : float, optional
        Of both. May be left out where one of them is what :func:`read` returned.

    Returns
    -------
    LevelMatched
        Unchanged if one of them has no loudness: silence, or less than 400 ms.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = np.random.default_rng(1).standard_normal((2, 96_000)) / 10
    >>> before, after, *gains_db = md.level_matched(mix, 2 * mix, 48_000)
    >>> [round(gain_db, 2) for gain_db in gains_db]
    [0.0, -6.02]
    """
    rates_hz = [
        rate_hz for rate_hz in (_checks.unpack(before, "before")[1], _checks.unpack(after, "after")[1]) if rate_hz
    ]
    if len(set(rates_hz)) > 1:
        first, second = map(_checks.plain, rates_hz)
        raise ParameterError(f"before and after are of different rates: {first} and {second} Hz")
    known_hz = rates_hz[0] if rates_hz and sample_rate_hz is None else sample_rate_hz
    samples, rate_hz = _checks.recording(before, known_hz, "before")
    other, _ = _checks.recording(after, known_hz, "after")
    one = _checks.finite(_checks.audio(samples, "before"), "before")
    two = _checks.finite(_checks.audio(other, "after"), "after")
    difference_db = loudness_difference_lu(one, two, rate_hz)
    before_gain_db, after_gain_db = min(0.0, difference_db), min(0.0, -difference_db)
    return LevelMatched(scaled(one, before_gain_db), scaled(two, after_gain_db), before_gain_db, after_gain_db)


def loudness_difference_lu(before: Audio, after: Audio, sample_rate_hz: float) -> float:
    """Return the integrated loudness of one version minus that of another; 0 if one of them has none."""
    one, two = (integrated_lufs(samples, sample_rate_hz) for samples in (before, after))
    return two - one if math.isfinite(one) and math.isfinite(two) else 0.0


def scaled(samples: Audio, gain_db: float) -> Audio:
    """Return audio at another level, of the same format; the same array at 0 dB."""
    return samples if gain_db == 0.0 else np.asarray(samples * samples.dtype.type(10 ** (gain_db / 20)))


def integrated_lufs(samples: Audio, sample_rate_hz: float) -> float:
    """Return the integrated loudness without a search for true peaks; mono from both loudspeakers."""
    planar = _checks.planar(samples)
    settings = {
        "weights": "by_count",
        "dual_mono": planar.shape[0] == 1,
        "precision": "off",
        "memory": "exact",
    }
    meter = _core.LoudnessMeter(sample_rate_hz, planar.shape[0], settings)
    meter.observe(planar)
    return float(meter.reading()["integrated_lufs"])
