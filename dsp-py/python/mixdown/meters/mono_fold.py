"""Mono compatibility: what is lost when left and right are folded to mono."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown._checks import Audio, Source
from mixdown._tables import aligned
from mixdown.display.html import Shown
from mixdown.effects.setting import without_infinities
from mixdown.meters.correlation_meter import two_channels

#: Flagged bands from which the verdict is "fault".
_FAULT_BANDS = 3


@dataclass(frozen=True)
class FoldBand(Shown):
    """One third of an octave, left and right against their mono fold.

    Attributes
    ----------
    centre_hz : float
        Its midband.
    level_db : float
        Mean of the mean squares of both channels: a full-scale sine in both reads -3.01.
    loss_db : float
        Change of level by folding to mono: 0 for mono, -3.01 for independent channels, -inf for inverted polarity; 0
        for silence.
    correlation : float
        -1 to 1; 0 if a channel lies below -120 dBFS.
    is_flagged : bool
        It loses more than 6 dB, and its level is within 20 dB of the highest.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> left, right = np.random.default_rng(1).standard_normal((2, 96_000))
    >>> band = md.mono_compatibility(np.stack([left, left + right]), 48_000).bands[-4]
    >>> print(f"{band.centre_hz:.0f} Hz: {band.loss_db:.1f} dB in mono, correlation {band.correlation:.1f}")
    10000 Hz: -0.8 dB in mono, correlation 0.7
    """

    centre_hz: float
    level_db: float
    loss_db: float
    correlation: float
    is_flagged: bool

    def __repr__(self) -> str:
        flag = ", flagged" if self.is_flagged else ""
        level = f"level {_checks.figure(self.level_db)} dB"
        return f"<FoldBand: {self.centre_hz:.0f} Hz, {level}, {_checks.figure(self.loss_db)} dB in mono{flag}>"


@dataclass(frozen=True, repr=False)
class MonoCompatibility(Shown):
    """What a stereo signal loses when it is folded to mono, (L + R) / 2. -3.01 dB in a band is plain stereo, no fault.

    Attributes
    ----------
    overall_loss_db : float
        Change of level by the fold, over all frequencies.
    loudness_change_lu : float or None
        Integrated loudness of the fold from both loudspeakers minus that of the stereo signal; None where the stereo
        signal has none: silence, or less than 0.4 s.
    bands : tuple of FoldBand
        Thirds of an octave, 20 Hz to 20 kHz, as far as they lie below half the sample rate.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = np.random.default_rng(1).standard_normal(96_000)
    >>> late = md.mono_compatibility(np.stack([noise, np.roll(noise, 48)]), 48_000)
    >>> late.verdict, [round(band.centre_hz) for band in late.flagged]
    ('fault', [398, 501, 631, 1585, 2512])
    >>> print(f"{late.overall_loss_db:.1f} dB, most in a band {late.loss_db.min():.1f} dB")
    -3.0 dB, most in a band -19.5 dB
    """

    overall_loss_db: float
    loudness_change_lu: float | None
    bands: tuple[FoldBand, ...]

    @property
    def loss_db(self) -> NDArray[np.float64]:
        """Change of level of each band by the fold, in dB."""
        return np.array([band.loss_db for band in self.bands])

    @property
    def flagged(self) -> tuple[FoldBand, ...]:
        """The bands that lose more than 6 dB, and whose level is within 20 dB of the highest."""
        return tuple(band for band in self.bands if band.is_flagged)

    @property
    def verdict(self) -> Literal["fine", "warning", "fault"]:
        """Without flagged bands "fine", with one or two "warning", with three or more "fault"."""
        if not self.flagged:
            return "fine"
        return "fault" if len(self.flagged) >= _FAULT_BANDS else "warning"

    def __repr__(self) -> str:
        lost = ", ".join(f"{band.centre_hz:.0f} Hz {_checks.figure(band.loss_db)} dB" for band in self.flagged[:4])
        more = ", …" if len(self.flagged) > 4 else ""
        figures = f"{_checks.figure(self.overall_loss_db)} dB in mono"
        if self.loudness_change_lu is not None:
            figures = f"{_checks.figure(self.overall_loss_db)} dB, {_checks.figure(self.loudness_change_lu)} LU in mono"
        return f"<MonoCompatibility: {self.verdict}, {figures}{': ' if lost else ''}{lost}{more}>"

    def table(self) -> str:
        """Return the bands as a table of text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = np.random.default_rng(1).standard_normal(96_000)
        >>> late = md.mono_compatibility(np.stack([noise, np.roll(noise, 48)]), 48_000)
        >>> print(late.table().splitlines()[15])
          501 Hz  -23.9 dB  -19.5 dB        -0.98  lost
        """
        rows = [("Band", "Level", "In mono", "Correlation", "")]
        for band in self.bands:
            level, loss = (f"{_checks.figure(value)} dB" for value in (band.level_db, band.loss_db))
            r = _checks.figure(band.correlation, 2)
            rows.append((f"{band.centre_hz:.0f} Hz", level, loss, r, "lost" if band.is_flagged else ""))
        return aligned(rows, left=0)

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values.

        Returns
        -------
        dict
            Valid as strict JSON: an infinity is the word "inf" or "-inf".

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = np.random.default_rng(1).standard_normal(96_000)
        >>> plain = md.mono_compatibility(np.stack([noise, -noise]), 48_000).to_dict()
        >>> plain["overall_loss_db"], plain["verdict"], len(plain["bands"])
        ('-inf', 'fault', 31)
        """
        bands = [dataclasses.asdict(band) for band in self.bands]
        figures = {"overall_loss_db": self.overall_loss_db, "loudness_change_lu": self.loudness_change_lu}
        return cast(dict[str, Any], without_infinities({"verdict": self.verdict, **figures, "bands": bands}))


def _integrated_lufs(audio: Audio, sample_rate_hz: float) -> float:
    """Return the integrated loudness of stereo, or of mono from both loudspeakers, without a search for true peaks."""
    settings = {"weights": "by_count", "dual_mono": audio.ndim == 1, "precision": "off", "memory": "exact"}
    meter = _core.LoudnessMeter(sample_rate_hz, 1 if audio.ndim == 1 else 2, settings)
    meter.observe(audio)
    return float(meter.reading()["integrated_lufs"])


@_checks.named
def mono_compatibility(audio: Source, sample_rate_hz: float | None = None) -> MonoCompatibility:
    """Measure what a stereo signal loses in mono, in thirds of an octave.

    Parameters
    ----------
    audio : array, float32 or float64, shape (2, frames), or what :func:`read` returned
        Mono is refused: it has nothing to lose. Non-finite samples are refused.
    sample_rate_hz : float, optional
        8 000 to 384 000. May be left out for what :func:`read` returned.

    Returns
    -------
    MonoCompatibility

    Notes
    -----
    The loss of a band is 10 log10(2 E[((L + R) / 2)²] / (E[L²] + E[R²])). One side later by τ is a comb, whose first
    notch lies at 1 / (2 τ).

    Examples
    --------
    The right side is late by 1 ms: the first notch lies at 500 Hz.

    >>> import mixdown as md, numpy as np
    >>> noise = np.random.default_rng(1).standard_normal(480_048)
    >>> late = md.mono_compatibility(np.stack([noise[48:], noise[:-48]]), 48_000)
    >>> min(late.bands, key=lambda band: band.loss_db).centre_hz.__round__()
    501
    """
    given, rate_hz = _checks.recording(audio, sample_rate_hz)
    samples = two_channels(given, "mono compatibility")
    fold = _core.mono_fold(samples, rate_hz)
    half = samples.dtype.type(0.5)
    stereo_lufs = _integrated_lufs(samples, rate_hz)
    mono_lufs = _integrated_lufs(half * samples[0] + half * samples[1], rate_hz)
    return MonoCompatibility(
        overall_loss_db=fold["loss_db"],
        loudness_change_lu=mono_lufs - stereo_lufs if math.isfinite(stereo_lufs) else None,
        bands=tuple(FoldBand(*band) for band in fold["bands"]),
    )
