"""The reports of a mix of 12 stereo stems of 3 minutes: spectra, masking, lead, mix check, translation, tonal balance."""

from __future__ import annotations

from collections.abc import Callable

import mixdown as md
import numpy as np
from mixdown.demo import stems as song
from numpy.typing import NDArray

RATE_HZ = 48_000
SECONDS = 180


def stems() -> dict[str, NDArray[np.float32]]:
    """Return the built-in song again and again, all in stereo."""
    frames = SECONDS * RATE_HZ
    tracks = {}
    for name, audio in song().items():
        rows = np.broadcast_to(np.atleast_2d(audio), (2, audio.shape[-1]))
        tracks[name] = np.tile(rows, (1, -(-frames // rows.shape[1])))[:, :frames].copy()
    return tracks


def jobs() -> dict[str, Callable[[], object]]:
    """Return all reports as one job, and each by itself with spectra that are there."""
    tracks = stems()
    mix = np.sum(list(tracks.values()), axis=0, dtype=np.float32)
    measured = md.Stems(tracks, RATE_HZ)
    lead = "lead"

    def all_reports() -> object:
        given = md.Stems(tracks, RATE_HZ)
        return (
            md.masking(given, lead=lead),
            md.lead_report(given, lead=lead),
            md.check_mix(mix, RATE_HZ, stems=given),
            md.translation(given),
            md.tonal_balance(mix, RATE_HZ),
        )

    return {
        "mixdown": all_reports,
        "spectra": lambda: md.Stems(tracks, RATE_HZ).spectra,
        "masking": lambda: md.masking(measured, lead=lead),
        "lead": lambda: md.lead_report(measured, lead=lead),
        "check": lambda: md.check_mix(mix, RATE_HZ, stems=measured),
        "translation": lambda: md.translation(measured),
    }
