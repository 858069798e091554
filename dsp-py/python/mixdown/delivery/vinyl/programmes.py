"""The programmes of a side, by their titles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio, Source
from mixdown._core import ParameterError
from mixdown.analysis.stems import one_or_two_channels

#: A programme, or several with their titles, in the order of the side.
Side: TypeAlias = Source | Mapping[str, Source] | Sequence[Source] | Sequence[tuple[str, Source]]

#: Title of a programme that stands alone.
_ALONE = "side"
#: Shortest programme that has a loudness, in s.
_SHORTEST_S = 0.4


@dataclass(frozen=True, eq=False)
class Programme:
    """A programme of one or two channels that sounds."""

    title: str
    audio: Audio
    rate_hz: float

    @property
    def duration_s(self) -> float:
        """Its length."""
        return float(self.audio.shape[-1] / self.rate_hz)


def programmes(side: Any, sample_rate_hz: float | None) -> list[Programme]:
    """Return the programmes of a side, or refuse what is none."""
    listed = list(_titled(side))
    if not listed:
        raise ParameterError("side has no programmes: it needs at least one")
    seen: set[str] = set()
    for title, _ in listed:
        if title in seen:
            raise ParameterError(f"side has two programmes called {title!r}: titles must differ")
        seen.add(title)
    return [_programme(title, source, sample_rate_hz) for title, source in listed]


def _titled(side: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(side, Mapping):
        for title in side:
            if not isinstance(title, str):
                raise TypeError(f"side has the title {_checks.shown(title)}: titles are words")
        return list(side.items())
    # What `read` returned is a tuple of audio and rate.
    if isinstance(side, tuple) and len(side) == 2 and np.ndim(side[1]) == 0 and not isinstance(side[1], str):
        return [(_ALONE, side)]
    if isinstance(side, (list, tuple)):
        return [_entry(number, entry) for number, entry in enumerate(side, start=1)]
    return [(_ALONE, side)]


def _entry(number: int, entry: Any) -> tuple[str, Any]:
    if isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str):
        return entry[0], entry[1]
    if isinstance(entry, (int, float)):
        raise TypeError("side is a list of numbers: audio is a numpy array; several programmes go into one list")
    return f"Song {number}", entry


def _programme(title: str, source: Any, sample_rate_hz: float | None) -> Programme:
    name = f"audio of {title!r}"
    given, own_hz = _checks.unpack(source, name)
    if own_hz is None:
        if sample_rate_hz is None:
            raise _checks.CallError(f"sample_rate_hz is missing: {name} has none of its own")
        own_hz = _checks.sample_rate(sample_rate_hz)
    samples = one_or_two_channels(given, name)
    programme = Programme(title, samples, own_hz)
    if programme.duration_s < _SHORTEST_S:
        raise ParameterError(f"{name} lasts {1e3 * programme.duration_s:.0f} ms: it must last at least 400 ms")
    if not samples.any():
        raise ParameterError(f"{name} is silent: there is nothing to cut")
    return programme
