"""The certificate of a master: its readings and its processing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown.delivery.targets import Target
from mixdown.display.html import Shown, Told
from mixdown.effects import Effect, Equalizer, without_infinities
from mixdown.meters import Loudness

#: The meter that certifies: ``md.loudness(audio, rate, precision="reference")``.
METER = "ITU-R BS.1770-5, true peak by 32 points per sample and 1024 taps (precision reference)"

#: Depth of the clip in dB, and the share of samples in %, from which on a note tells of it.
_DEEP_CLIP = (6.0, 1.0)
#: Gain reduction of the limiter in dB from which on a note tells of it: with "auto" clipping it stays below.
_DEEP_LIMITING_DB = 6.0


@dataclass(frozen=True, eq=False, repr=False)
class MatchedTo(Told):
    """The equalization towards a reference, applied before the limiter.

    Attributes
    ----------
    effect : Effect
        Applied after the effects of the master and before its gain.
    amount : float
        Share of the difference that was applied.
    rms_before_db, rms_after_db : float
        Root mean square difference of the smoothed spectra, without and with the effect.
    worst_residual_db : float
        Largest deviation of the effect from the wanted curve.
    confidence : str
        "low" if the programmes differ by less than twice what the halves of one of them do.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.05 * np.random.default_rng(1).standard_normal((2, 240_000))
    >>> dull = md.HighShelf(frequency_hz=4_000, gain_db=-6)(noise, 48_000)
    >>> matched = md.master(dull, 48_000, target_lufs=-20, reference=noise, amount=1.0).certificate.match
    >>> print(f"{matched.rms_before_db:.1f} dB apart, {matched.rms_after_db:.1f} dB after the match")
    2.5 dB apart, 0.1 dB after the match
    >>> print(matched.note.partition(":")[0])
    Matched to a reference by 100 %
    """

    effect: Effect
    amount: float
    rms_before_db: float
    rms_after_db: float
    worst_residual_db: float
    confidence: str

    @property
    def note(self) -> str:
        """The match in one sentence."""
        bands = len(self.effect.bands) if isinstance(self.effect, Equalizer) else 0
        differs = f"the spectra differed by {self.rms_before_db:.1f} dB rms, {self.rms_after_db:.1f} dB are left"
        fit = f"{bands} band{'' if bands == 1 else 's'}, within {self.worst_residual_db:.2f} dB of the curve"
        return f"Matched to a reference by {100 * self.amount:.0f} %: {differs}; {fit}; confidence {self.confidence}."


@dataclass(frozen=True, eq=False)
class Certificate(Shown):
    """Readings and processing of a master, measured on the delivered samples.

    Attributes
    ----------
    target : Target
        The target of the master.
    sample_rate_hz, bit_depth, channels : float, int, int
        Of the delivered samples; 32 bits are floating point.
    dual_mono : bool
        Whether a programme of one channel was counted as two loudspeakers.
    target_lufs, ceiling_dbtp : float
        The target's figures for this programme; 0 dBTP where it has no ceiling.
    meter : str
        The true-peak meter.
    loudness : Loudness
        Of the delivered samples, by that meter. The standard meter, too, reads no more than the ceiling.
    dc_offset_dbfs : float
        The largest DC offset removed from a channel of the programme; -inf if none was.
    gain_db : float
        Gain before the limiter.
    clip_db : "auto", "off" or float
        Setting of the clip before the limiter.
    clip_ceiling_db : float or None
        Ceiling of the clip in dBFS; None if nothing was clipped.
    clip_depth_db, clipped_percent : float
        Height of the highest peak above that ceiling, and the share of samples that were changed.
    limiter_ceiling_db, limiter_hold_ms, limiter_release_ms : float or None
        Settings of the limiter; None if it was not needed. The hold is 8 ms. The release is None where it is automatic;
        where that does not give the loudness 20 ms, which pumps more.
    max_reduction_db, mean_reduction_db : float
        Gain reduction of the limiter: maximum, and mean over the whole programme.
    active_percent : float
        Share of the time with a gain reduction above 0.1 dB.
    playback_gain_db : mapping of target name to dB
        Playback gain of each platform's player.
    dither, noise_shaping : str
        Of the rounding to `bit_depth`.
    reduction_curve_db : float64 array
        The largest gain reduction in each 10 ms; empty if the limiter was not needed.
    match : MatchedTo or None
        The equalization towards a reference, if one was given.
    effects : Effect or None
        What stood before everything else.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    >>> certificate = md.master(noise + 0.01, 48_000, target_lufs=-6).certificate
    >>> print(f"{certificate.loudness.integrated_lufs:.2f} LUFS, {certificate.loudness.true_peak_dbtp:.2f} dBTP")
    -6.00 LUFS, -1.05 dBTP
    >>> print(f"clipped by {certificate.clip_depth_db:.1f} dB, limited by {certificate.max_reduction_db:.1f} dB")
    clipped by 4.0 dB, limited by 1.8 dB
    >>> certificate.notes, certificate.limiter_fell_back
    (('DC offset taken out: -40.1 dBFS.',), False)
    """

    target: Target
    sample_rate_hz: float
    bit_depth: int
    channels: int
    dual_mono: bool
    target_lufs: float
    ceiling_dbtp: float
    meter: str
    loudness: Loudness
    dc_offset_dbfs: float
    gain_db: float
    clip_db: str | float
    clip_ceiling_db: float | None
    clip_depth_db: float
    clipped_percent: float
    limiter_ceiling_db: float | None
    limiter_hold_ms: float | None
    limiter_release_ms: float | None
    max_reduction_db: float
    mean_reduction_db: float
    active_percent: float
    playback_gain_db: Mapping[str, float]
    dither: str
    noise_shaping: str
    reduction_curve_db: NDArray[np.float64]
    match: MatchedTo | None = None
    effects: Effect | None = None

    def __repr__(self) -> str:
        lufs, dbtp = self.loudness.integrated_lufs, self.loudness.true_peak_dbtp
        measured = f"{_checks.figure(lufs, 2)} LUFS, {_checks.figure(dbtp, 2)} dBTP"
        stages = [f"gain {_checks.figure(self.gain_db, 2)} dB"]
        if self.clip_ceiling_db is not None:
            stages.append(f"clipped by at most {_checks.figure(self.clip_depth_db)} dB")
        stages.append(f"limited by at most {_checks.figure(self.max_reduction_db)} dB")
        return f"<Certificate {self.target.name}: {measured}, {', '.join(stages)}>"

    @property
    def limiter_fell_back(self) -> bool:
        """Whether the limiter had to be faster than its defaults to reach the loudness."""
        return self.limiter_release_ms is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the delivery, one sentence each; none for most masters."""
        notes = [] if self.match is None else [self.match.note]
        if self.dc_offset_dbfs > -math.inf:
            notes.append(f"DC offset taken out: {self.dc_offset_dbfs:.1f} dBFS.")
        if self.clip_depth_db >= _DEEP_CLIP[0] or self.clipped_percent >= _DEEP_CLIP[1]:
            notes.append(
                f"Clipped deeply: {self.clip_depth_db:.1f} dB of the highest peak, {self.clipped_percent:.2g} % of the "
                "samples. It distorts: listen, or lower the target."
            )
        if self.max_reduction_db >= _DEEP_LIMITING_DB:
            notes.append(
                f"Limited deeply: at most {self.max_reduction_db:.1f} dB, {self.mean_reduction_db:.1f} dB on average. "
                "It pumps: listen, lower the target, or let peaks be clipped."
            )
        if self.limiter_fell_back:
            notes.append(
                f"Limiter faster than usual: release {self.limiter_release_ms:g} ms, as the automatic release does not "
                "give this loudness. It pumps more: listen, or lower the target."
            )
        if self.channels == 1:
            notes.append(
                "Mono, counted as two loudspeakers (dual mono)."
                if self.dual_mono
                else "Mono, counted as one loudspeaker: on two it is 3.0 LU louder. For two, master with dual_mono."
            )
        return tuple(notes)

    def summary(self) -> str:
        """Return the certificate as lines of text.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> summary = md.master(noise, 48_000, target="spotify").certificate.summary()
        >>> print(summary.partition(" Meter:")[0])
        Mastered for spotify: gain -0.14 dB, no limiting needed.
        Certified: -14.00 LUFS of -14, -6.59 dBTP of -1.
        """
        limited = (
            f"limiter at most {self.max_reduction_db:.1f} dB, {self.mean_reduction_db:.2f} dB on average, "
            f"active {self.active_percent:.0f} % of the time, hold {self.limiter_hold_ms:g} ms, "
            + ("release auto" if self.limiter_release_ms is None else f"release {self.limiter_release_ms:g} ms")
            if self.max_reduction_db > 0
            else "no limiting needed"
        )
        clipped = (
            f"clip at most {self.clip_depth_db:.1f} dB in {self.clipped_percent:.2g} % of the samples, "
            if self.clip_ceiling_db is not None
            else ""
        )
        measured = (
            f"{self.loudness.integrated_lufs:.2f} LUFS of {self.target_lufs:g}, "
            f"{self.loudness.true_peak_dbtp:.2f} dBTP of {self.ceiling_dbtp:g}"
        )
        lines = (
            f"Mastered for {self.target.name}: gain {_checks.figure(self.gain_db, 2)} dB, {clipped}{limited}.",
            f"Certified: {measured}. Meter: {self.meter}.",
        )
        return "\n".join((*lines, *self.notes))

    def to_dict(self) -> dict[str, Any]:
        """Return all single figures as plain values.

        Returns
        -------
        dict
            Valid as strict JSON: an infinity is the word "inf" or "-inf".

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
        >>> plain = md.master(noise, 48_000, target="spotify").certificate.to_dict()
        >>> plain["bit_depth"], plain["target_lufs"], round(plain["integrated_lufs"], 2)
        (24, -14.0, -14.0)
        """
        arrays = ("target", "loudness", "reduction_curve_db", "match", "effects")
        plain = {name: value for name, value in vars(self).items() if name not in arrays}
        measured = {name: value for name, value in vars(self.loudness).items() if isinstance(value, float)}
        figures = {**plain, "notes": list(self.notes), "playback_gain_db": dict(self.playback_gain_db), **measured}
        if self.match is not None:
            figures["match"] = {**vars(self.match), "effect": self.match.effect.to_dict()}
        if self.effects is not None:
            figures["effects"] = self.effects.to_dict()
        return cast(dict[str, Any], without_infinities({"target": asdict(self.target), **figures}))
