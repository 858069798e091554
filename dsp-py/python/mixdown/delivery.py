"""Bringing a programme to a loudness, what platforms ask for, and the master that meets it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks, _core
from mixdown import audio as files
from mixdown._checks import Source
from mixdown._core import ParameterError
from mixdown.audio import Audio
from mixdown.effects import Chain, Effect, without_infinities
from mixdown.meters import Loudness
from mixdown.tags import Tags


@dataclass(frozen=True, repr=False)
class Target:
    """What a platform or broadcaster asks for.

    Attributes
    ----------
    name : str
        For look-up.
    integrated_lufs : float
        Loudness wanted.
    tolerance_lu : float
        Accepted deviation; 0 if nothing is rejected for its loudness.
    ceiling_dbtp : float
        Highest true peak; inf if none is asked for.
    gain_up : "never", "headroom" or "limit"
        What happens to quieter programmes: left alone, turned up as far as the peak allows, or up to the target.
    album : "off", "integrated" or "loudest"
        One gain per track, one from all tracks gated as one, or one from the loudest track.
    source, date : str
        Where and when this was read.
    """

    name: str
    integrated_lufs: float
    tolerance_lu: float
    ceiling_dbtp: float
    gain_up: Literal["never", "headroom", "limit"]
    album: Literal["off", "integrated", "loudest"]
    source: str
    date: str

    def __repr__(self) -> str:
        ceiling = "no ceiling" if math.isinf(self.ceiling_dbtp) else f"{self.ceiling_dbtp:g} dBTP"
        return f"<Target {self.name}: {self.integrated_lufs:g} LUFS, {ceiling}>"


class Targets(tuple[Target, ...]):
    """Delivery targets, printed as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        rows = [("target", "LUFS", "dBTP", "quieter", "album", "as of")]
        for target in self:
            ceiling = "-" if math.isinf(target.ceiling_dbtp) else f"{target.ceiling_dbtp:g}"
            rows.append(
                (target.name, f"{target.integrated_lufs:g}", ceiling, target.gain_up, target.album, target.date)
            )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def targets() -> Targets:
    """Return the delivery targets.

    Platforms change their rules and publish little; these are presets with their source and its date.

    Returns
    -------
    tuple of Target
        Prints as a table.
    """
    return Targets(Target(**entry) for entry in _core.targets())


def find_target(name: str) -> Target:
    """Return the delivery target called `name`.

    Parameters
    ----------
    name : str
        In any case.

    Returns
    -------
    Target

    Raises
    ------
    ParameterError
        For an unknown name, with all known ones.
    """
    known = {target.name: target for target in targets()}
    try:
        return known[str(name).lower()]
    except KeyError:
        raise ParameterError(f"target = {name!r} is unknown: it must be one of {', '.join(known)}") from None


def playback_gain(loudness: Loudness, target: str) -> float:
    """Return the gain with which a player that follows a target plays a programme.

    Parameters
    ----------
    loudness : Loudness
        Of the programme, or, on an album that is played as one, of the album with the highest true peak of its tracks.
    target : str
        Name of a target.

    Returns
    -------
    float
        dB. Louder programmes are turned down; quieter ones follow the target's gain-up rule.
    """
    return _core.playback_gain(loudness.integrated_lufs, loudness.true_peak_dbtp, target)


def normalize(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    target_lufs: float,
    ceiling_dbtp: float = -1.0,
    policy: Literal["limit", "reduce", "fail"] = "limit",
) -> Audio:
    """Bring a programme to a loudness.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,)
        At least 400 ms, not silent, finite.
    sample_rate_hz : float
        8 000 to 384 000.
    target_lufs : float
        Integrated loudness wanted, -70 to 0.
    ceiling_dbtp : float, default -1
        Highest true peak: -12 to 0 with "limit", else -60 to 20.
    policy : "limit", "reduce" or "fail", default "limit"
        If one gain for all cannot keep the ceiling: limit the peaks, stay below the target, or refuse.

    Returns
    -------
    array
        Shape and format of `audio`. With "limit" within 0.02 LU of the target and at least 0.05 dB below the ceiling.

    Raises
    ------
    ParameterError
        For silence, less than 400 ms, non-finite samples, a target out of reach, and with "fail" for a peak above the
        ceiling.
    """
    audio, sample_rate_hz = _checks.recording(audio, sample_rate_hz)
    if policy == "limit":
        return _core.deliver(audio, sample_rate_hz, target_lufs, ceiling_dbtp, 0, "none")[0]
    if policy not in ("reduce", "fail"):
        raise ParameterError(f"policy = {policy!r} is not allowed: it must be one of limit, reduce, fail")
    return _core.normalize(audio, sample_rate_hz, target_lufs, ceiling_dbtp, policy)[0]


@dataclass(frozen=True, eq=False)
class Certificate:
    """What a master measures: all of it read off the delivered samples.

    Attributes
    ----------
    target : Target
        What was asked for.
    sample_rate_hz, bit_depth : float, int
        Of the delivered samples; 32 bits are floating point.
    loudness : Loudness
        Of the delivered samples; true peak at the meter's high precision.
    gain_db : float
        Gain before the limiter.
    max_reduction_db, mean_reduction_db : float
        What the limiter took away: at most, and on average over all of the programme.
    active_percent : float
        Share of the time in which it took away more than 0.1 dB.
    playback_gain_db : mapping of target name to dB
        With which gain each platform's player plays it.
    reduction_curve_db : float64 array
        The largest gain reduction in each 10 ms; empty if the limiter was not needed.
    """

    target: Target
    sample_rate_hz: float
    bit_depth: int
    loudness: Loudness
    gain_db: float
    max_reduction_db: float
    mean_reduction_db: float
    active_percent: float
    playback_gain_db: Mapping[str, float]
    reduction_curve_db: NDArray[np.float64]

    def __repr__(self) -> str:
        lufs, dbtp = self.loudness.integrated_lufs, self.loudness.true_peak_dbtp
        measured = f"{_checks.figure(lufs, 2)} LUFS, {_checks.figure(dbtp, 2)} dBTP"
        gain = (
            f"gain {_checks.figure(self.gain_db, 2)} dB, limited by at most {_checks.figure(self.max_reduction_db)} dB"
        )
        return f"<Certificate {self.target.name}: {measured}, {gain}>"

    def to_dict(self) -> dict[str, Any]:
        """Return all single figures as plain values.

        Returns
        -------
        dict
            Strict JSON holds it: an infinity is the word "inf" or "-inf".
        """
        arrays = ("target", "loudness", "reduction_curve_db")
        plain = {name: value for name, value in vars(self).items() if name not in arrays}
        measured = {name: value for name, value in vars(self.loudness).items() if isinstance(value, float)}
        figures = {**plain, "playback_gain_db": dict(self.playback_gain_db), **measured}
        return cast(dict[str, Any], without_infinities({"target": asdict(self.target), **figures}))


@dataclass(frozen=True, eq=False)
class Mastered:
    """A master: the samples as they are delivered.

    Attributes
    ----------
    audio : array, shape (channels, frames)
        Already rounded to the word length.
    sample_rate_hz : float
        Rate of `audio`.
    certificate : Certificate
        What it measures.
    """

    audio: Audio
    sample_rate_hz: float
    certificate: Certificate

    def __repr__(self) -> str:
        seconds = self.audio.shape[-1] / self.sample_rate_hz
        return f"<Mastered: {seconds:.2f} s, {self.sample_rate_hz:g} Hz, {self.certificate!r}>"

    def write(self, path: str | os.PathLike[str], tags: Mapping[str, str] | Tags | None = None) -> None:
        """Write the samples, WAV or FLAC by the ending of the name; adds no dither.

        Parameters
        ----------
        path : path
        tags : mapping, optional
            See :func:`write`.
        """
        bit_depth = cast(files.BitDepth, self.certificate.bit_depth)
        files.write(path, self.audio, self.sample_rate_hz, bit_depth=bit_depth, dither="none", tags=tags)


def master(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    target: str = "spotify",
    effects: Effect | Sequence[Effect] | None = None,
    bit_depth: int = 24,
    dither: Literal["tpdf", "none"] = "tpdf",
    delivery_rate_hz: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Mastered:
    """Make a programme ready for delivery: effects, sample rate, loudness, ceiling, word length.

    Drive and ceiling of the limiter are solved on the samples that are delivered, at the rate of delivery, after
    dither: what the certificate says is what a meter reads on the file.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,)
        At least 400 ms, not silent, finite.
    sample_rate_hz : float
        8 000 to 384 000.
    target : str, default "spotify"
        One of :func:`targets`.
    effects : effect or sequence of effects, optional
        Before everything else.
    bit_depth : 16, 24 or 32, default 24
        32 is floating point: nothing is rounded.
    dither : "tpdf" or "none", default "tpdf"
        Added before rounding.
    delivery_rate_hz : float, optional
        Rate of the result; by default that of `audio`.
    progress : function, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    Mastered

    Raises
    ------
    ParameterError
        For what cannot be met, with the reason.
    """
    audio, sample_rate_hz = _checks.recording(audio, sample_rate_hz)
    if delivery_rate_hz is not None:
        delivery_rate_hz = _checks.sample_rate(delivery_rate_hz, "delivery_rate_hz", whole=True)
    wanted = find_target(target)
    if bit_depth not in (16, 24, 32):
        raise ParameterError(f"bit_depth = {bit_depth} is not allowed: it must be 16, 24 or 32")
    samples = files.planar(audio)
    bad = samples.size - int(np.count_nonzero(np.isfinite(samples)))
    if bad:
        raise ParameterError(f"audio holds {bad} non-finite samples")
    if effects is not None:
        samples = (effects if isinstance(effects, Effect) else Chain(list(effects)))(samples, sample_rate_hz)
    rate_hz = sample_rate_hz if delivery_rate_hz is None else delivery_rate_hz
    samples = files.resample(samples, sample_rate_hz, rate_hz)
    # A target without a ceiling still has to fit into whole numbers.
    ceiling_dbtp = min(wanted.ceiling_dbtp, 0.0)
    bits = 0 if bit_depth == 32 else bit_depth
    delivered, facts = _core.deliver(samples, rate_hz, wanted.integrated_lufs, ceiling_dbtp, bits, dither)
    loudness = Loudness(**facts["loudness"])
    certificate = Certificate(
        target=wanted,
        sample_rate_hz=rate_hz,
        bit_depth=bit_depth,
        loudness=loudness,
        gain_db=facts["gain_db"],
        max_reduction_db=facts["max_reduction_db"],
        mean_reduction_db=facts["mean_reduction_db"],
        active_percent=100 * facts["active_share"],
        reduction_curve_db=facts["reduction_curve_db"],
        playback_gain_db={other.name: playback_gain(loudness, other.name) for other in targets()},
    )
    if progress is not None:
        progress(1.0)
    return Mastered(delivered, rate_hz, certificate)
