"""Bringing a programme to a loudness, and what platforms ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from mixdown import _core
from mixdown.effects import Audio


@dataclass(frozen=True)
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


def targets() -> tuple[Target, ...]:
    """Return the delivery targets.

    Platforms change their rules and publish little; these are presets with their source and its date.

    Returns
    -------
    tuple of Target
    """
    return tuple(Target(**entry) for entry in _core.targets())


@dataclass(frozen=True)
class Normalized:
    """A normalised programme and how it came about.

    Attributes
    ----------
    audio : array
        Shape and format of what went in.
    gain_db : float
        The gain applied.
    held_by : "loudness" or "ceiling"
        Which limit decided the gain.
    """

    audio: Audio
    gain_db: float
    held_by: Literal["loudness", "ceiling"]


def normalize(
    audio: ArrayLike,
    sample_rate_hz: float,
    *,
    target_lufs: float,
    ceiling_dbtp: float = -1.0,
    policy: Literal["reduce", "fail"] = "reduce",
) -> Audio:
    """Bring a programme to a loudness by one gain for all of it.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,)
        At least 400 ms, not silent, finite.
    sample_rate_hz : float
        8 000 to 384 000.
    target_lufs : float
        Integrated loudness wanted, -70 to 0.
    ceiling_dbtp : float, default -1
        Highest true peak, -60 to 20.
    policy : "reduce" or "fail", default "reduce"
        If both cannot be had: stay below the target, or refuse.

    Returns
    -------
    array
        Shape and format of `audio`.

    Raises
    ------
    ParameterError
        For silence, less than 400 ms, non-finite samples, and with "fail" for a peak above the ceiling.
    """
    return normalize_with_report(
        audio, sample_rate_hz, target_lufs=target_lufs, ceiling_dbtp=ceiling_dbtp, policy=policy
    ).audio


def normalize_with_report(
    audio: ArrayLike,
    sample_rate_hz: float,
    *,
    target_lufs: float,
    ceiling_dbtp: float = -1.0,
    policy: Literal["reduce", "fail"] = "reduce",
) -> Normalized:
    """Do as :func:`normalize` does, and tell the gain and what decided it.

    Parameters
    ----------
    audio, sample_rate_hz, target_lufs, ceiling_dbtp, policy
        See :func:`normalize`.

    Returns
    -------
    Normalized
    """
    samples, gain_db, held_by = _core.normalize(audio, sample_rate_hz, target_lufs, ceiling_dbtp, policy)
    return Normalized(samples, gain_db, held_by)
