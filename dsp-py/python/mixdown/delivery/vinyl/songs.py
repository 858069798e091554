"""A song on a side of a record."""

from __future__ import annotations

from dataclasses import dataclass

from mixdown.display.html import Told


@dataclass(frozen=True, repr=False)
class VinylSong(Told):
    """One song on a record side, cut at the level of the check. What cannot be measured is None.

    Attributes
    ----------
    title : str
    start_s, duration_s : float
        On the side.
    integrated_lufs, true_peak_dbtp, plr_lu : float or None
    flat_runs_per_minute : float
        Runs of samples held at the peak: clipping.
    outer_radius_mm, inner_radius_mm : float
        Where it begins and ends.
    slope_db : float
        Velocity over the speed of the groove; at 0 dB the back of the cutting stylus touches. 99.99 % of the samples
        do not exceed it, nor the curvature.
    curvature_db, round_curvature_db : float
        Curvature of the groove walls over that of an elliptical stylus (7.6 µm), of a round one (18 µm).
    outermost_curvature_db, innermost_curvature_db : float
        The first of them with the song at the outermost and at the innermost groove.
    lift_um, max_lift_um : float
        Vertical motion of the stylus: what 99.9 % of the samples do not exceed, and the largest.
    max_excursion_um, mean_pitch_um : float
        Largest lateral excursion, and the mean distance from groove to groove.
    bass_correlation, low_mid_correlation : float or None
        Of the channels below 150 and 300 Hz.
    out_of_phase_ms : float
        Longest time for which the bass has a negative correlation.
    subsonic_db, ultrasonic_db : float or None
        Power below 30 Hz and above 16 kHz over that of the whole.
    sibilance_db : float or None
        Peaks of 5 to 9 kHz over the whole song, both with the recording characteristic.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> bass = 0.3 * np.sin(2 * np.pi * 60 * np.arange(96_000) / 48_000)
    >>> song = md.vinyl_check(np.stack([bass, 0.5 * bass]), 48_000, level_db=0).songs[0]
    >>> print(f"correlation of the bass {song.bass_correlation:.2f}, lift {song.lift_um:.0f} µm")
    correlation of the bass 1.00, lift 17 µm
    """

    title: str
    start_s: float
    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    plr_lu: float | None
    flat_runs_per_minute: float
    outer_radius_mm: float
    inner_radius_mm: float
    slope_db: float
    curvature_db: float
    round_curvature_db: float
    outermost_curvature_db: float
    innermost_curvature_db: float
    lift_um: float
    max_lift_um: float
    max_excursion_um: float
    mean_pitch_um: float
    bass_correlation: float | None
    low_mid_correlation: float | None
    out_of_phase_ms: float
    subsonic_db: float | None
    ultrasonic_db: float | None
    sibilance_db: float | None


def clock(seconds: float) -> str:
    """Return a length as minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
