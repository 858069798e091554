"""Times and rates that follow a tempo."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, ClassVar, Literal, Self, cast, get_args

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.effects.effect import Effect
from mixdown.effects.parameters import parameters_of, range_of
from mixdown.effects.setting import abstract

# fmt: off
Note = Literal[
    "off",
    "4/1", "4/1d", "4/1t", "2/1", "2/1d", "2/1t", "1/1", "1/1d", "1/1t",
    "1/2", "1/2d", "1/2t", "1/4", "1/4d", "1/4t", "1/8", "1/8d", "1/8t",
    "1/16", "1/16d", "1/16t", "1/32", "1/32d", "1/32t", "1/64", "1/64d", "1/64t",
]
# fmt: on
"""Note values: a part of a bar of 4/4, "d" dotted (3/2 as long), "t" of a triplet (2/3 as long)."""

#: Other ways to write what follows the note value.
_ENDINGS = (("d", r"[\s-]*(dotted|dot|\.)"), ("t", r"[\s-]*(triplets?|trip|tr)"))


def _note(note: Any) -> str:
    """Return a note value; of one in other words, as "1/8 dotted", the right one is told."""
    known = get_args(Note)
    for letter, ending in _ENDINGS:
        meant = re.sub(f"{ending}$", letter, note.lower()) if isinstance(note, str) else note
        if meant != note and meant in known:
            allowed = f"it must be one of {', '.join(known)}: did you mean {meant}?"
            raise ParameterError(f"note = {_checks.shown(note)} is not allowed: {allowed}")
    return _checks.one_of("note", note, known)


@abstract
class TempoEffect(Effect):
    """An effect with a time or rate of its own, which a note at a tempo may set instead.

    Either the number is set, and `tempo_bpm` and `note` are None, or these two are set and the number is None. A
    subclass declares all three, None by default.
    """

    #: The parameter that a note sets: "time_ms", "rate_hz".
    _timed: ClassVar[str]
    tempo_bpm: float | None
    note: Note | None

    def __post_init__(self) -> None:
        number, tempo_bpm, note = (getattr(self, name) for name in (self._timed, "tempo_bpm", "note"))
        if tempo_bpm is not None:
            tempo_bpm = _checks.in_range("tempo_bpm", tempo_bpm, *range_of(self._name, "tempo_bpm"))
        if note is not None and _note(note) == "off":
            # A tempo counts with a note alone.
            tempo_bpm = note = None
        if number is not None and (note is not None or tempo_bpm is not None):
            other = f"tempo_bpm = {_checks.plain(tempo_bpm)}" if note is None else f"note = {note}"
            given = f"{self._timed} = {_checks.shown(number)} and {other}"
            raise ParameterError(f"{given} are both given: either {self._timed}, or tempo_bpm and note")
        if note is None and tempo_bpm is not None:
            example = 'needs a note, as "1/8d"'
            raise ParameterError(f"note is missing: tempo_bpm = {_checks.plain(tempo_bpm)} {example}")
        if note is not None and tempo_bpm is None:
            raise ParameterError(f"tempo_bpm is missing: note = {note} needs a tempo")
        if note is None and number is None:
            number = next(each.default for each in parameters_of(self._name) if each.name == self._timed)
        for name, value in ((self._timed, number), ("tempo_bpm", tempo_bpm), ("note", note)):
            object.__setattr__(self, name, value)
        super().__post_init__()

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other settings; a time or rate replaces a note, and a note a time or rate.

        Parameters
        ----------
        **changes
            Parameters by name.

        Returns
        -------
        effect
            Of the same class.

        Examples
        --------
        >>> import mixdown as md
        >>> dotted = md.Delay(tempo_bpm=120, note="1/8d")
        >>> dotted.replace(time_ms=250).time_ms, dotted.replace(tempo_bpm=90).tempo_bpm
        (250.0, 90.0)
        """
        self._refuse_unknown(changes)
        given = {name for name, value in changes.items() if value is not None}
        dropped: dict[str, None] = {}
        if self._timed in given:
            dropped = {"tempo_bpm": None, "note": None}
        elif given & {"tempo_bpm", "note"} and changes.get("note") != "off":
            dropped = {self._timed: None}
        changed: Self = dataclasses.replace(cast(Any, self), **{**dropped, **changes})
        return changed

    def _written(self, inner: Any) -> dict[str, Any]:
        return {name: value for name, value in super()._written(inner).items() if value is not None}
