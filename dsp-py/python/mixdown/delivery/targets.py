"""Delivery targets of platforms and broadcasters, and verdicts on programmes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, SupportsIndex, overload

from mixdown import _checks, _core
from mixdown._core import ParameterError
from mixdown._tables import aligned
from mixdown.display.html import Shown
from mixdown.meters import Loudness


@dataclass(frozen=True, repr=False)
class Target(Shown):
    """The delivery target of a platform or broadcaster.

    Attributes
    ----------
    name : str
        For look-up.
    integrated_lufs : float
        Target loudness.
    mono_lufs : float
        The same for programmes of one channel that count as one loudspeaker; most targets make no difference.
    tolerance_lu : float
        Accepted deviation; 0 if nothing is rejected for its loudness.
    ceiling_dbtp : float
        Highest true peak; inf without a limit. See :meth:`ceiling_at`.
    gain_up : "never", "headroom" or "limit"
        Gain of quieter programmes: none, as far as the peak allows, or up to the target.
    album : "off", "integrated" or "loudest"
        One gain per track, one from all tracks gated as one, or one from the loudest track.
    source, date : str
        Source of the figures, and its date; empty for figures given instead of a name.

    Examples
    --------
    >>> import mixdown as md
    >>> spotify = next(target for target in md.targets() if target.name == "spotify")
    >>> spotify
    <Target spotify: -14 LUFS, -1 dBTP>
    >>> spotify.integrated_lufs, spotify.ceiling_dbtp, spotify.gain_up, spotify.album
    (-14.0, -1.0, 'headroom', 'integrated')
    """

    name: str
    integrated_lufs: float
    mono_lufs: float
    tolerance_lu: float
    ceiling_dbtp: float
    gain_up: Literal["never", "headroom", "limit"]
    album: Literal["off", "integrated", "loudest"]
    source: str
    date: str

    def __repr__(self) -> str:
        ceiling = "no ceiling" if math.isinf(self.ceiling_dbtp) else f"{self.ceiling_dbtp:g} dBTP"
        return f"<Target {self.name}: {self.integrated_lufs:g} LUFS, {ceiling}>"

    def loudness_for(self, channels: int, dual_mono: bool = False) -> float:
        """Return the target loudness for a programme with this many channels.

        Parameters
        ----------
        channels : int
        dual_mono : bool, default False
            A programme of one channel counts as two loudspeakers.

        Returns
        -------
        float
            LUFS.

        Examples
        --------
        >>> import mixdown as md
        >>> podcasts = next(target for target in md.targets() if target.mono_lufs != target.integrated_lufs)
        >>> podcasts.loudness_for(2), podcasts.loudness_for(1), podcasts.loudness_for(1, dual_mono=True)
        (-16.0, -19.0, -16.0)
        """
        return self.mono_lufs if channels == 1 and not dual_mono else self.integrated_lufs

    def ceiling_at(self, integrated_lufs: float) -> float:
        """Return the highest true peak allowed at a loudness: for Spotify -2 dBTP above -14 LUFS.

        Parameters
        ----------
        integrated_lufs : float

        Returns
        -------
        float
            dBTP; inf without a limit.

        Examples
        --------
        >>> import mixdown as md
        >>> spotify = next(target for target in md.targets() if target.name == "spotify")
        >>> spotify.ceiling_at(-14), spotify.ceiling_at(-9)
        (-1.0, -2.0)
        """
        return _core.ceiling_at(integrated_lufs, self.name) if self.source else self.ceiling_dbtp


class Targets(Shown, tuple[Target, ...]):
    """Delivery targets, by position and by name, printed as a table."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> Target: ...
    @overload
    def __getitem__(self, key: slice, /) -> tuple[Target, ...]: ...
    @overload
    def __getitem__(self, key: str, /) -> Target: ...
    def __getitem__(self, key: SupportsIndex | slice | str, /) -> Target | tuple[Target, ...]:
        if isinstance(key, str):
            return _checks.by_name("target", key, {target.name: target for target in self})
        return super().__getitem__(key)

    def __contains__(self, key: object, /) -> bool:
        """Whether a target, or one of this name, is among them."""
        return any(target.name == key for target in self) if isinstance(key, str) else super().__contains__(key)

    def __repr__(self) -> str:
        rows = [("target", "LUFS", "dBTP", "quieter", "album", "as of")]
        for target in self:
            ceiling = "-" if math.isinf(target.ceiling_dbtp) else f"{target.ceiling_dbtp:g}"
            rows.append(
                (target.name, f"{target.integrated_lufs:g}", ceiling, target.gain_up, target.album, target.date)
            )
        return aligned(rows, left=len(rows[0]))


def targets() -> Targets:
    """Return the delivery targets.

    Platforms change their rules and publish little; these are presets with their source and its date.

    Returns
    -------
    tuple of Target
        Prints as a table.

    Examples
    --------
    >>> import mixdown as md
    >>> {target.name: target.integrated_lufs for target in md.targets()[:4]}
    {'spotify': -14.0, 'spotify-loud': -11.0, 'spotify-quiet': -19.0, 'apple': -16.0}
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
    if isinstance(name, (int, float)):
        known = ", ".join(target.name for target in targets())
        hint = ": a loudness is given by target_lufs"
        raise ParameterError(f"target = {name!r} is unknown: it must be one of {known}{hint}")
    return _checks.by_name("target", name, {target.name: target for target in targets()})


#: The target of `master` unless one is named.
_DEFAULT = "spotify"
#: Ceiling beside a loudness that is given without one.
_CEILING_DBTP = -1.0


def figures_of(name: str | None, target_lufs: float | None, ceiling_dbtp: float | None) -> Target:
    """Return the target called `name`, or one of its own figures where they are given.

    Parameters
    ----------
    name : str, optional
        By default that of `master`.
    target_lufs : float, optional
        Instead of a named target; refused beside one.
    ceiling_dbtp : float, optional
        Instead of the ceiling of the named target, or of -1 dBTP.

    Returns
    -------
    Target
    """
    named = find_target(_DEFAULT if name is None else name)
    if target_lufs is None and ceiling_dbtp is None:
        return named
    ceiling_dbtp = _CEILING_DBTP if ceiling_dbtp is None else ceiling_dbtp
    ceiling_dbtp = _checks.in_range("ceiling_dbtp", ceiling_dbtp, *_core.delivery_range("ceiling_dbtp"))
    if target_lufs is None:
        return replace(named, name=f"{named.name} at {ceiling_dbtp:g} dBTP", ceiling_dbtp=ceiling_dbtp, source="")
    lufs = _checks.in_range("target_lufs", target_lufs, *_core.delivery_range("target_lufs"))
    if name is not None:
        raise ParameterError(f"target = {name!r} and target_lufs = {lufs:g} exclude each other: give one of them")
    return Target(
        name=f"{lufs:g} LUFS at {ceiling_dbtp:g} dBTP",
        integrated_lufs=lufs,
        mono_lufs=lufs,
        tolerance_lu=0.0,
        ceiling_dbtp=ceiling_dbtp,
        gain_up="never",
        album="off",
        source="",
        date="",
    )


@_checks.named
def playback_gain(loudness: Loudness, target: str, *, channels: int = 2, dual_mono: bool = False) -> float:
    """Return the playback gain of a programme on a platform.

    Parameters
    ----------
    loudness : Loudness
        Of the programme, or, on an album that is played as one, of the album with the highest true peak of its tracks.
    target : str
        Name of a target.
    channels : int, default 2
        Of the programme: some targets have another loudness for mono.
    dual_mono : bool, default False
        A programme of one channel was measured as two loudspeakers.

    Returns
    -------
    float
        dB. Louder programmes are turned down; quieter ones follow the target's gain-up rule.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> tone = 0.5 * np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000)
    >>> loud = md.loudness(np.stack([tone, tone]), 48_000)
    >>> print(f"{loud.integrated_lufs:.1f} LUFS is played at {md.playback_gain(loud, 'spotify'):.1f} dB")
    -6.0 LUFS is played at -8.0 dB
    """
    _checks.instance("loudness", loudness, Loudness, "a Loudness", "mixdown.loudness(audio, sample_rate_hz) makes one")
    name = _checks.by_name("target", target, {known.name: known for known in targets()}).name
    count = _checks.whole_number("channels", channels, 1, _checks.MAX_CHANNELS)
    both = _checks.flag("dual_mono", dual_mono)
    return _core.playback_gain(loudness.integrated_lufs, loudness.true_peak_dbtp, name, count, both)


def playback_gains(loudness: Loudness, channels: int, dual_mono: bool) -> dict[str, float]:
    """Return the playback gain of a programme for every target, by its name, in dB to four places.

    A master is at its target within a millionth of a dB: that is no gain.
    """
    return {
        target.name: round(playback_gain(loudness, target.name, channels=channels, dual_mono=dual_mono), 4) + 0.0
        for target in targets()
    }


#: Tolerance of services without one of their own, in LU: a smaller difference is inaudible.
AUDIBLE_LU = 0.5


def verdict(loudness: Loudness, target: Target, *, channels: int = 2, dual_mono: bool = False) -> str:
    """Judge a programme by a target.

    Parameters
    ----------
    loudness : Loudness
        Measured with precision "reference", as certificates are: other precisions read some tenths of a dB more or less
        of full-band sound near the ceiling.
    target : Target
    channels : int, default 2
        Of the programme.
    dual_mono : bool, default False
        A programme of one channel was measured as two loudspeakers.

    Returns
    -------
    str
        "pass", or the deviation in words: the loudness off by more than the tolerance (0.5 LU for services, which
        reject nothing but play everything equally loud), the true peak above the ceiling for that loudness. "silent" or
        "too short" for what has no loudness.
    """
    misses = [*_loudness_miss(loudness, target, channels, dual_mono), *_peak_miss(loudness, target)]
    return ", ".join(misses) or "pass"


def refusal(loudness: Loudness, target: Target, *, channels: int = 2, dual_mono: bool = False) -> str:
    """Return what a target refuses a programme for, in words; nothing where it takes it.

    Services refuse no loudness: they turn it up or down. Figures of one's own are wanted as they are.

    Parameters
    ----------
    loudness : Loudness
        Measured with precision "reference".
    target : Target
    channels : int, default 2
        Of the programme.
    dual_mono : bool, default False
        A programme of one channel was measured as two loudspeakers.

    Returns
    -------
    str
    """
    misses = _peak_miss(loudness, target)
    if target.tolerance_lu or not target.source or not math.isfinite(loudness.integrated_lufs):
        misses = [*_loudness_miss(loudness, target, channels, dual_mono), *misses]
    return ", ".join(misses)


def _loudness_miss(loudness: Loudness, target: Target, channels: int, dual_mono: bool) -> list[str]:
    if not math.isfinite(loudness.integrated_lufs):
        # Windows of 400 ms are not gated: what is silent for longer has them, too.
        sounds = math.isfinite(loudness.true_peak_dbtp)
        return ["too short" if sounds and not math.isfinite(loudness.max_momentary_lufs) else "silent"]
    deviation_lu = loudness.integrated_lufs - target.loudness_for(channels, dual_mono)
    tolerance_lu = target.tolerance_lu or AUDIBLE_LU
    return [] if abs(deviation_lu) <= tolerance_lu else [f"{_beyond(deviation_lu, tolerance_lu)} LU"]


def _peak_miss(loudness: Loudness, target: Target) -> list[str]:
    ceiling_dbtp = target.ceiling_at(loudness.integrated_lufs)
    excess_db = loudness.true_peak_dbtp - ceiling_dbtp
    if not excess_db > 0:
        return []
    # Where the ceiling depends on the loudness, it differs from the one in the table.
    over = f" over {ceiling_dbtp:g} dBTP" if ceiling_dbtp != target.ceiling_dbtp else ""
    return [f"peak {_beyond(excess_db, 0.0)} dB{over}"]


def _beyond(value: float, limit: float) -> str:
    """Return a figure with enough decimals to show that it exceeds `limit`."""
    return f"{'+' if value > 0 else '-'}{_checks.apart(abs(value), limit)}"
