"""One rule of sample rates: every entry point against every kind of rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mixdown as md
from border import RATE_HZ, TONE

#: Everything that takes a sample rate, and what it calls it.
RATES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "effect": ("sample_rate_hz", lambda hz: md.Gain()(TONE, hz)),
    "recording": ("sample_rate_hz", lambda hz: md.Gain()((TONE, hz))),
    "stream": ("sample_rate_hz", lambda hz: md.Gain().stream(hz, 1)),
    "latency_frames": ("sample_rate_hz", lambda hz: md.Gain().latency_frames(hz)),
    "frequency_response": ("sample_rate_hz", lambda hz: md.Bell().frequency_response([100], hz)),
    "gain_reduction": ("sample_rate_hz", lambda hz: md.Gate().gain_reduction(TONE, hz)),
    "loudness": ("sample_rate_hz", lambda hz: md.loudness(TONE, hz)),
    "meter": ("sample_rate_hz", lambda hz: md.LoudnessMeter(hz, 1)),
    "album_loudness": ("sample_rate_hz", lambda hz: md.album_loudness([(TONE, hz)])),
    "normalize": ("sample_rate_hz", lambda hz: md.normalize(TONE, hz, target_lufs=-20)),
    "master": ("sample_rate_hz", lambda hz: md.master(TONE, hz)),
    "delivery": ("delivery_rate_hz", lambda hz: md.master(TONE, RATE_HZ, delivery_rate_hz=hz)),
    "write": ("sample_rate_hz", lambda hz: md.write("/nowhere/x.wav", TONE, hz)),
    "resample from": ("from_rate_hz", lambda hz: md.resample(TONE, hz, RATE_HZ)),
    "resample recording": ("sample_rate_hz", lambda hz: md.resample((TONE, hz), to_rate_hz=RATE_HZ)),
    "resample to": ("to_rate_hz", lambda hz: md.resample(TONE, RATE_HZ, hz)),
    "mix": ("sample_rate_hz", lambda hz: md.Mix(sample_rate_hz=hz)),
    "track": ("sample_rate_hz", lambda hz: md.Mix().track("a", TONE, sample_rate_hz=hz)),
    "track recording": ("sample_rate_hz", lambda hz: md.Mix().track("a", (TONE, hz))),
    "response": (
        "impulse_response_rate_hz",
        lambda hz: md.Convolution(impulse_response=TONE[:9], impulse_response_rate_hz=hz),
    ),
}


@pytest.mark.parametrize("entry", RATES)
@pytest.mark.parametrize("hz", [math.nan, math.inf, -math.inf, 0, 1, 44.1, 1e-3, -48_000, 7_999.9, 384_001, 10**400])
def test_one_check_of_rates(entry: str, hz: Any) -> None:
    name, call = RATES[entry]
    with pytest.raises(md.ParameterError, match=rf"{name} = \S+ is out of range: it must lie in 8000\.\.384000"):
        call(hz)


@pytest.mark.parametrize("entry", RATES)
@pytest.mark.parametrize("hz", [True, np.True_, "48000", b"48000", 48_000j, [48_000], TONE, object()])
def test_a_rate_is_a_number(entry: str, hz: Any) -> None:
    name, call = RATES[entry]
    with pytest.raises(TypeError, match=rf"{name} = .* is not a number"):
        call(hz)
