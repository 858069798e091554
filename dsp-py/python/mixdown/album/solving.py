"""Levels of the songs of an album: what the policy wants of each, and the constant that meets the target."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from mixdown._checks import Audio
from mixdown._core import ParameterError
from mixdown._threads import Progress, each
from mixdown.album.measuring import Measure, SongReading, read_levels
from mixdown.album.songs import Level
from mixdown.delivery.mastering import Mastered, master
from mixdown.delivery.targets import Target
from mixdown.meters.loudness_meter import LoudnessMeter, album_of

Policy = Literal["album", "similar", "track"]
"""Relative levels of songs: as in the mixes, within a window, or each song on the target."""

Reference = Literal["album", "loudest", "anchor"]
"""Reference that meets the target: the union of all songs, the loudest song, or the anchor."""

#: Distance of the loudest 3 s from the album below which a song keeps its level by itself, in LU. Chosen.
_QUIET_LU = 4.0
#: Accepted deviation of the album, in LU, and deliveries until then.
_CLOSE_LU, _ROUNDS = 0.02, 4
_REFUSED = re.compile(r"the loudest possible here is (-?\d+(?:\.\d+)?) LUFS")


@dataclass(frozen=True, eq=False)
class Part:
    """A group of songs as it goes into the solver.

    Attributes
    ----------
    title : str
        Of its songs.
    audio : array
        After effects and tone, before gain and limiter.
    sample_rate_hz : float
    reading : SongReading
        Of all of it.
    level : "auto", "keep" or "move"
    keep : str
        Why it keeps the level of its mix; empty if it does not.
    gain_db : float
        Asked for beside the policy.
    louder_lu : float
        How far its loudest song lies above all of it.
    """

    title: str
    audio: Audio
    sample_rate_hz: float
    reading: SongReading
    level: Level
    keep: str
    gain_db: float
    louder_lu: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What each group is to be given before the constant.

    Attributes
    ----------
    gains_db : tuple of float
    reference : "album", "loudest" or "anchor"
    anchor : int or None
        Position of the anchor.
    centre_lufs : float or None
        With "track" the loudness to which each song is brought before the constant.
    """

    gains_db: tuple[float, ...]
    reference: Reference
    anchor: int | None
    centre_lufs: float | None


def kept_by_level(reading: SongReading, album_lufs: float) -> str:
    """Return why a song keeps its level by rule, or an empty text."""
    loudest = reading.loudness.max_short_term_lufs
    if np.isfinite(loudest) and loudest < album_lufs - _QUIET_LU:
        limit = f"more than {_QUIET_LU:g} LU below the album ({album_lufs:.1f} LUFS)"
        return f'its loudest 3 s ({loudest:.1f} LUFS) lie {limit}; level = "move" moves it'
    return ""


def planned(
    parts: Sequence[Part],
    policy: Policy,
    measure: Measure,
    window_lu: float,
    reference: Reference,
    anchor: int | None,
) -> Plan:
    """Return the gain of each group by the policy: relative levels are kept exactly, but for what the policy moves."""
    # A song by itself is heard at its integrated loudness.
    levels = [part.reading.level_lufs("integrated" if policy == "track" else measure) for part in parts]
    moving = [level for level, part in zip(levels, parts, strict=True) if not part.keep]
    centre = levels[anchor] if anchor is not None else float(np.median(moving or levels))
    window = {"album": None, "similar": window_lu, "track": 0.0}[policy]
    gains = []
    for level, part in zip(levels, parts, strict=True):
        offset = level - centre
        wanted = offset if window is None or part.keep else min(max(offset, -window), window)
        gains.append(wanted - offset + part.gain_db)
    return Plan(tuple(gains), reference, anchor, centre if policy == "track" else None)


@dataclass(frozen=True, eq=False)
class Solved:
    """Delivered groups.

    Attributes
    ----------
    masters : tuple of Mastered
    constant_db : float
        Gain of all songs beside their own.
    album_lufs : float
        Of what is delivered, all songs as one.
    rounds : int
    """

    masters: tuple[Mastered, ...]
    constant_db: float
    album_lufs: float
    rounds: int


def solved(
    parts: Sequence[Part],
    plan: Plan,
    target: Target,
    target_lufs: float,
    settings: dict[str, Any],
    progress: Callable[[float], object] | None,
    start_db: float | None = None,
) -> Solved:
    """Deliver all groups, each at its own target, so that the reference lies on the target of the album."""
    levels = [part.reading.loudness.integrated_lufs + gain for part, gain in zip(parts, plan.gains_db, strict=True)]
    if plan.centre_lufs is not None:
        # Each on the target by itself: there is no constant to be found.
        constant_db = target_lufs - plan.centre_lufs
    else:
        constant_db = target_lufs - _undelivered(parts, plan, levels) if start_db is None else start_db
    done = 0

    def note(share: float) -> None:
        if progress is not None:
            # Most albums take one round.
            progress(1 - 0.2**done * (1 - 0.8 * share))

    while True:
        masters = _delivered(parts, [level + constant_db for level in levels], target, target_lufs, settings, note)
        done += 1
        album_lufs = album_of(
            meter for meter in each(masters, lambda one, _: _meter(one)) if isinstance(meter, LoudnessMeter)
        )
        reached = {
            "album": album_lufs,
            "loudest": max(one.certificate.loudness.integrated_lufs for one in masters),
            "anchor": masters[plan.anchor or 0].certificate.loudness.integrated_lufs,
        }[plan.reference]
        if plan.centre_lufs is not None or abs(reached - target_lufs) <= _CLOSE_LU or done == _ROUNDS:
            return Solved(masters, constant_db, album_lufs, done)
        constant_db += target_lufs - reached


def _undelivered(parts: Sequence[Part], plan: Plan, levels: Sequence[float]) -> float:
    """Return the loudness of the reference with the gains of the plan, without limiting."""
    if plan.reference == "loudest":
        return max(levels)
    if plan.reference == "anchor":
        return levels[plan.anchor or 0]

    def work(job: tuple[Part, float], progress: Progress) -> LoudnessMeter:
        part, gain_db = job
        gained = cast(Audio, (part.audio * 10 ** (gain_db / 20)).astype(part.audio.dtype)) if gain_db else part.audio
        return read_levels(gained, part.sample_rate_hz, progress)[1]

    meters = each(list(zip(parts, plan.gains_db, strict=True)), work)
    return album_of(meter for meter in meters if isinstance(meter, LoudnessMeter))


def _meter(mastered: Mastered) -> LoudnessMeter:
    return read_levels(mastered.audio, mastered.sample_rate_hz)[1]


def _delivered(
    parts: Sequence[Part],
    targets_lufs: Sequence[float],
    target: Target,
    album_lufs: float,
    settings: dict[str, Any],
    progress: Progress,
) -> tuple[Mastered, ...]:
    def work(job: tuple[Part, float], note: Progress) -> Mastered:
        part, wanted_lufs = job
        if wanted_lufs > 0:
            raise _out_of_reach(part, wanted_lufs, 0.0, album_lufs)
        try:
            return master(
                part.audio,
                part.sample_rate_hz,
                target_lufs=wanted_lufs,
                ceiling_dbtp=ceiling_of(target, wanted_lufs + part.louder_lu),
                name=part.title,
                progress=note,
                **settings,
            )
        except ParameterError as error:
            found = _REFUSED.search(str(error))
            if found is None:
                raise ParameterError(f"{part.title!r}: {error}") from None
            raise _out_of_reach(part, wanted_lufs, float(found[1]), album_lufs) from None

    jobs = list(zip(parts, targets_lufs, strict=True))
    outcomes = list(each(jobs, work, progress=progress, errors=(_OutOfReachError,)))
    refused = [outcome for outcome in outcomes if isinstance(outcome, _OutOfReachError)]
    if refused:
        # The one that asks for the quietest album decides.
        raise ParameterError(str(min(refused, key=lambda error: error.album_lufs)))
    return tuple(_of_album(outcome, target, album_lufs) for outcome in outcomes if isinstance(outcome, Mastered))


def ceiling_of(target: Target, integrated_lufs: float) -> float:
    """Return the ceiling of a song: that of the target at its loudness, and full scale where there is none."""
    ceiling_dbtp = target.ceiling_at(integrated_lufs)
    return 0.0 if math.isinf(ceiling_dbtp) else ceiling_dbtp


class _OutOfReachError(ParameterError):
    """A song that does not reach its level."""

    album_lufs = 0.0


def _out_of_reach(part: Part, wanted_lufs: float, loudest_lufs: float, album_lufs: float) -> _OutOfReachError:
    had_lufs = album_lufs - (wanted_lufs - loudest_lufs)
    error = _OutOfReachError(
        f"target_lufs = {album_lufs:g} is out of reach: {part.title!r} would need {wanted_lufs:.2f} LUFS, and "
        f"{loudest_lufs:.1f} can be had. With these levels between the songs the album reaches {had_lufs:.1f} LUFS."
    )
    error.album_lufs = had_lufs
    return error


def _of_album(mastered: Mastered, target: Target, album_lufs: float) -> Mastered:
    """Return a master whose certificate names the target of the album."""
    certificate = dataclasses.replace(mastered.certificate, target=target)
    return dataclasses.replace(mastered, certificate=certificate)
