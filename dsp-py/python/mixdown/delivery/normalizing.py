"""Bringing a programme to a loudness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast, get_args

from mixdown import _checks, _core, loudspeakers
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError

Policy = Literal["limit", "reduce", "fail"]
"""What to do where one gain would raise peaks above the ceiling."""

ClipDb = float | Literal["auto", "off"]
"""Clipping before the limiter, in dB of the highest peak."""


def clip_settings(clip_db: object) -> dict[str, object]:
    """Return the settings of the clip before the limiter."""
    if isinstance(clip_db, str) and clip_db in ("auto", "off"):
        return {"clip_mode": "auto" if clip_db == "auto" else "fixed"}
    low, high = _core.delivery_range("clip_db")
    try:
        depth_db = _checks.number("clip_db", clip_db)
    except TypeError:
        allowed = f'"auto", "off" or dB, {low:g}..{high:g}'
        raise ParameterError(f"clip_db = {_checks.shown(clip_db)} is not allowed: it must be {allowed}") from None
    return {"clip_mode": "fixed", "clip_db": _checks.in_range("clip_db", depth_db, low, high)}


def refuse_loudspeakers(audio: object) -> None:
    """Refuse a recording whose loudspeakers form none of the layouts of normalisation."""
    if getattr(audio, "weights", None) is not None:
        positions = " ".join(getattr(audio, "positions", None) or ())
        raise ParameterError(
            f"audio has the loudspeakers {positions}: the layouts are {', '.join(loudspeakers.LAYOUTS)}"
        )


@_checks.named
def normalize(
    audio: Source,
    sample_rate_hz: float | None = None,
    *,
    target_lufs: float,
    ceiling_dbtp: float = -1.0,
    policy: Policy = "limit",
    clip_db: ClipDb = "auto",
    dual_mono: bool = False,
    progress: Callable[[float], object] | None = None,
) -> Audio:
    """Bring a programme to a loudness.

    Parameters
    ----------
    audio : array, float32 or float64, shape (channels, frames) or (frames,)
        At least 400 ms, not silent, finite.
    sample_rate_hz : float
        8 000 to 384 000.
    target_lufs : float
        Integrated loudness of the target, -50 to 0.
    ceiling_dbtp : float, default -1
        Highest true peak: -12 to 0 with "limit", else -60 to 20.
    policy : "limit", "reduce" or "fail", default "limit"
        If a static gain would exceed the ceiling: limit the peaks, stay below the target, or refuse.
    clip_db : "auto", "off" or float, default "auto"
        Clipping before the limiter with "limit", by the stage of :class:`Clipper`: by itself where the limiter would
        take more than 3 dB, none, or this many dB of the highest peak (0 to 24), though nothing below the ceiling; the
        other policies clip nothing and refuse a number. See :func:`master`.
    dual_mono : bool, default False
        A programme of one channel counts as two loudspeakers, which make it 3.01 LU louder.
    progress : function, optional
        Called with the share of the work that is done, rising from 0 to 1. What it raises ends the work.

    Returns
    -------
    array
        Shape and format of `audio`. With "limit" within 0.02 LU of the target and at least 0.05 dB below the ceiling.
        Both the standard meter and the "reference" precision read no more than the ceiling.

    Raises
    ------
    ParameterError
        For silence, less than 400 ms, non-finite samples, a target out of reach, with the highest loudness within
        reach, and with "fail" for a peak above the ceiling.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(96_000) / 48_000)
    >>> quieter = md.normalize(np.stack([tone, tone]), 48_000, target_lufs=-23)
    >>> print(f"{md.loudness(quieter, 48_000).integrated_lufs:.2f} LUFS")
    -23.00 LUFS
    """
    refuse_loudspeakers(audio)
    audio, sample_rate_hz = _checks.recording(audio, sample_rate_hz)
    dual_mono, progress = _checks.flag("dual_mono", dual_mono), _checks.callback("progress", progress)
    policy = cast(Policy, _checks.one_of("policy", policy, get_args(Policy)))
    wanted = {
        "target_lufs": _checks.number("target_lufs", target_lufs),
        "ceiling_dbtp": _checks.number("ceiling_dbtp", ceiling_dbtp),
    }
    if policy == "limit":
        # A normaliser leaves DC offset alone; `master` removes it.
        settings = {**wanted, **clip_settings(clip_db), "bits": 0, "dual_mono": dual_mono, "remove_dc": False}
        return _core.deliver(audio, sample_rate_hz, settings, progress)[0]
    if clip_db not in ("auto", "off"):
        given = _checks.shown(clip_db)
        raise ParameterError(f'clip_db = {given} does nothing with policy = {policy}: clipping belongs to "limit"')
    return _core.normalize(audio, sample_rate_hz, {**wanted, "policy": policy}, dual_mono, progress)
