"""Gains for players, as tags: ReplayGain 2.0, and R128 of Opus."""

from __future__ import annotations

import math

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.meters.loudness_meter import Loudness

#: Loudness to which players bring a song, in LUFS: ReplayGain 2.0 specification; RFC 7845, 5.2.1.
REPLAY_GAIN_LUFS, R128_LUFS = -18.0, -23.0


@_checks.named
def replay_gain_tags(
    loudness: Loudness, album_lufs: float | None = None, album_peak: float | None = None
) -> dict[str, str]:
    """Return the ReplayGain tags of a song, for every format but Opus.

    Parameters
    ----------
    loudness : Loudness
        Of the samples in the file.
    album_lufs : float, optional
        Loudness of the whole album, as :func:`album_loudness` measures it.
    album_peak : float, optional
        Highest true peak of the album, linear: 1 is full scale.

    Returns
    -------
    dict of str to str
        For `tags` of :func:`write`. Gains lead to -18 LUFS; peaks are true peaks. Silence has no gain.

    Notes
    -----
    ReplayGain 2.0 specification (wiki.hydrogenaud.io).

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 0.1 * np.sin(2 * np.pi * 997 / 48_000 * np.arange(96_000))
    >>> md.replay_gain_tags(md.loudness(np.stack([tone, tone]), 48_000))
    {'replaygain_track_gain': '2.00 dB', 'replaygain_track_peak': '0.100005'}
    """
    peak = 10 ** (_of(loudness).true_peak_dbtp / 20)
    tags = {"replaygain_track_gain": _gain(loudness.integrated_lufs), "replaygain_track_peak": f"{peak:.6f}"}
    if album_lufs is not None:
        tags["replaygain_album_gain"] = _gain(_checks.number("album_lufs", album_lufs))
    if album_peak is not None:
        linear = _checks.number("album_peak", album_peak)
        if not 0 <= linear < math.inf:
            given = _checks.plain(linear)
            raise ParameterError(f"album_peak = {given} is out of range: it is linear, at least 0; 1 is full scale")
        tags["replaygain_album_peak"] = f"{linear:.6f}"
    return {name: text for name, text in tags.items() if text}


@_checks.named
def r128_tags(loudness: Loudness, album_lufs: float | None = None) -> dict[str, str]:
    """Return the gain tags of an Opus file.

    Parameters
    ----------
    loudness : Loudness
        Of the song.
    album_lufs : float, optional
        Loudness of the whole album.

    Returns
    -------
    dict of str to str
        For `tags` of :func:`write`. Gains lead to -23 LUFS, in steps of 1/256 dB; there are no peaks.

    Notes
    -----
    RFC 7845, 5.2.1.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 0.1 * np.sin(2 * np.pi * 997 / 48_000 * np.arange(96_000))
    >>> md.r128_tags(md.loudness(np.stack([tone, tone]), 48_000))
    {'r128_track_gain': '-768'}
    """
    tags = {"r128_track_gain": _steps(_of(loudness).integrated_lufs)}
    if album_lufs is not None:
        tags["r128_album_gain"] = _steps(_checks.number("album_lufs", album_lufs))
    return {name: text for name, text in tags.items() if text}


def _of(loudness: Loudness) -> Loudness:
    if not isinstance(loudness, Loudness):
        raise TypeError(f"loudness = {_checks.shown(loudness)} is not a Loudness, as md.loudness returns it")
    return loudness


def _gain(lufs: float) -> str:
    return f"{_checks.figure(REPLAY_GAIN_LUFS - lufs, 2)} dB" if math.isfinite(lufs) else ""


def _steps(lufs: float) -> str:
    """Return a gain in 1/256 dB, within 16 bits."""
    if not math.isfinite(lufs):
        return ""
    return str(min(max(round(256 * (R128_LUFS - lufs)), -32_768), 32_767))
