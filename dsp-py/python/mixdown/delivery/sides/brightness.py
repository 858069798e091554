"""How bright a song is: what it needs of a groove near the centre of a record."""

from __future__ import annotations

import math

import numpy as np

from mixdown import _checks
from mixdown._checks import Source
from mixdown.meters import spectrum

#: Bands whose ratio is brightness, in Hz [C].
BRIGHT_HZ = (8_000.0, 16_000.0)
BODY_HZ = (500.0, 4_000.0)
#: Midbands of sixths of an octave lie within 1 % of the usual numbers.
_MIDBAND_TOLERANCE = 1.02


@_checks.named
def brightness_db(audio: Source, sample_rate_hz: float | None = None) -> float:
    """Measure how bright a song is: the power from 8 to 16 kHz against that from 0.5 to 4 kHz.

    Parameters
    ----------
    audio : array, or what `read` returned
    sample_rate_hz : float, optional

    Returns
    -------
    float
        dB, over sixths of an octave with their midbands in these ranges; -inf where there is nothing above 8 kHz.

    Examples
    --------
    >>> import numpy as np
    >>> from mixdown.delivery.sides import brightness_db
    >>> time_s = np.arange(96_000) / 48_000
    >>> sines = np.sin(2 * np.pi * 1000 * time_s) + 0.1 * np.sin(2 * np.pi * 10_000 * time_s)
    >>> round(brightness_db(sines, 48_000), 1)
    -20.0
    """
    measured = spectrum(audio, sample_rate_hz, fraction=6)
    power = 10 ** (measured.levels_db / 10)

    def between(low_hz: float, high_hz: float) -> float:
        inside = (measured.centres_hz >= low_hz / _MIDBAND_TOLERANCE) & (
            measured.centres_hz <= high_hz * _MIDBAND_TOLERANCE
        )
        return float(np.sum(power[inside]))

    bright, body = between(*BRIGHT_HZ), between(*BODY_HZ)
    if bright == 0:
        return -math.inf
    return math.inf if body == 0 else 10 * math.log10(bright / body)
