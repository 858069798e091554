"""Functions of whole signals in effects and mixes: called by the engine, refused by what has no whole signal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mixdown._checks import Audio
from mixdown._core import ParameterError
from mixdown.effects.setting import WholeFunction

Answers = Callable[[int, Audio], Audio]
"""Called by the engine with the position of a function and what arrives there."""


def answers(functions: Iterable[tuple[str, WholeFunction]], sample_rate_hz: float) -> Answers | None:
    """Return what the engine calls with the position of a function and its audio; None without any function."""
    placed = list(functions)
    if not placed:
        return None

    def answer(position: int, audio: Audio) -> Audio:
        place, function = placed[position]
        return function._answer(audio, sample_rate_hz, place)

    return answer


def refuse_functions(functions: Iterable[tuple[str, WholeFunction]]) -> None:
    """Refuse functions of whole signals where there are only blocks."""
    for place, function in functions:
        hint = "process the audio at once, as effect(audio, sample_rate_hz)"
        raise ParameterError(f"{function._told(place)} works on whole signals, a stream has only blocks: {hint}")
