"""Grooves of programmes, and what is measured beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mixdown import _core
from mixdown._threads import each
from mixdown.delivery.vinyl.programmes import Programme
from mixdown.effects import Effect
from mixdown.meters import Loudness
from mixdown.meters.loudness_meter import LoudnessMeter, album_of

#: Frames between two reports of progress.
_STEP_FRAMES = 65_536


@dataclass(frozen=True, eq=False)
class Measured:
    """A programme, its groove and its levels."""

    programme: Programme
    groove: _core.Groove
    figures: Mapping[str, Any]
    meter: LoudnessMeter
    loudness: Loudness
    clipping: tuple[Mapping[str, Any], ...]


def measured(
    programmes: Sequence[Programme],
    fmt: str,
    limits: Mapping[str, float],
    progress: Callable[[float], None] | None = None,
) -> list[Measured]:
    """Measure programmes, on all cores."""

    def work(programme: Programme, progress: Callable[[float], None]) -> Measured:
        groove = grooved(programme, fmt, limits)
        progress(0.5)
        meter = _heard(programme)
        progress(0.6)
        # The same detection of clipping as the mix check has.
        made = _core.check_programme(
            programme.audio, programme.rate_hz, [], {}, lambda share: progress(0.6 + 0.4 * share)
        )
        clipping = tuple(finding for finding in made["findings"] if _is_clipped(finding))
        return Measured(programme, groove, groove.figures(), meter, meter.reading(), clipping)

    return [outcome for outcome in each(programmes, work, progress=progress) if isinstance(outcome, Measured)]


def grooved(programme: Programme, fmt: str, limits: Mapping[str, float], effect: Effect | None = None) -> _core.Groove:
    """Return the groove of a programme, behind an effect if there is one."""
    audio = programme.audio if effect is None else effect(programme.audio, programme.rate_hz)
    return _core.Groove(audio, programme.rate_hz, fmt, dict(limits))


def together_lufs(songs: Sequence[Measured]) -> float:
    """Return the loudness of all songs: the gates run over the union of their blocks."""
    return album_of(song.meter for song in songs)


def _heard(programme: Programme) -> LoudnessMeter:
    meter = LoudnessMeter(programme.rate_hz, programme.audio.shape[0], dual_mono=True)
    for start in range(0, programme.audio.shape[-1], _STEP_FRAMES):
        meter.observe(programme.audio[..., start : start + _STEP_FRAMES])
    return meter


def _is_clipped(finding: Mapping[str, Any]) -> bool:
    return finding["check"] == "clipping" and finding["severity"] in ("fault", "warning")
