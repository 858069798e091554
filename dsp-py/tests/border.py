"""What the tests of all entry points share: a tone, and every kind of setting."""

from __future__ import annotations

import typing
from typing import Any, NamedTuple

import numpy as np

import mixdown as md
from mixdown import effects

RATE_HZ = 48_000
FRAMES = 24_000
TONE = 0.1 * np.sin(2 * np.pi * 997 * np.arange(FRAMES) / RATE_HZ)


class Recording(NamedTuple):
    audio: np.ndarray
    sample_rate_hz: float


def kinds() -> dict[str, type]:
    return {name: kind for name, kind in effects.KINDS.items() if name != "ImpulseResponse"}


def made(name: str, **changes: Any) -> Any:
    given: dict[str, dict[str, Any]] = {
        "Convolution": {"impulse_response": np.ones(4)},
        "Parallel": {"effects": [md.Gain(), md.Gain()]},
        "Bypass": {"effect": md.Gain()},
    }
    return kinds()[name](**{**given.get(name, {}), **changes})


FIELDS = [(name, field, hint) for name, kind in kinds().items() for field, hint in typing.get_type_hints(kind).items()]


def fields_of(kind: type) -> list[tuple[str, str]]:
    return [(name, field) for name, field, hint in FIELDS if hint is kind and not field.startswith("_")]
