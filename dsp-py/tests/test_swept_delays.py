"""Chorus, flanger and vibrato: what only Python shows, and bad input."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
CLASSES = [md.Chorus, md.Flanger, md.Vibrato]


def noise(channels: int, frames: int = 20_000) -> Any:
    return np.random.default_rng(1).normal(0, 0.1, (channels, frames)).astype(np.float32)


@pytest.mark.parametrize("kind", CLASSES)
def test_streams_and_arrays_agree(kind: Any) -> None:
    audio = noise(2)
    stream = kind().stream(RATE_HZ, 2)
    blocks = np.concatenate([stream.process(audio[:, at : at + 999]) for at in range(0, 20_000, 999)], axis=1)
    late = kind().latency_frames(RATE_HZ)
    np.testing.assert_array_equal(blocks[:, late:], kind()(audio, RATE_HZ)[:, : 20_000 - late])


def test_latencies() -> None:
    assert md.Chorus().latency_frames(RATE_HZ) == 0
    assert [md.Flanger(through_zero=on).latency_frames(RATE_HZ) for on in (False, True)] == [0, 144]
    assert md.Vibrato().latency_frames(RATE_HZ) == 248


def test_a_chorus_makes_stereo_of_mono() -> None:
    out = md.Chorus()(noise(1)[0], RATE_HZ)
    assert out.shape == (2, 20_000)
    assert abs(np.corrcoef(out)[0, 1]) < 0.9
    left, right = md.Chorus(width=0)(noise(1)[0], RATE_HZ)
    np.testing.assert_array_equal(left, right)


def test_no_depth_of_a_vibrato_changes_nothing() -> None:
    audio = noise(3)
    np.testing.assert_array_equal(md.Vibrato(depth_cents=0)(audio, RATE_HZ), audio)


def test_a_note_is_a_rate() -> None:
    audio = noise(2)
    # A dotted quarter at 90 bpm lasts a second.
    for kind in CLASSES:
        depth = {"depth_cents": 20} if kind is md.Vibrato else {}
        by_note = kind(tempo_bpm=90, note="1/4d", **depth)
        assert by_note.rate_hz is None
        by_rate = by_note.replace(rate_hz=1)
        assert (by_rate.tempo_bpm, by_rate.note) == (None, None)
        np.testing.assert_array_equal(by_note(audio, RATE_HZ), by_rate(audio, RATE_HZ))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: md.Chorus(tempo_bpm=0, note="1/4"), "tempo_bpm = 0 is out of range: it must lie in 20..999"),
        (lambda: md.Flanger(tempo_bpm=0), "tempo_bpm = 0 is out of range: it must lie in 20..999"),
        (lambda: md.Vibrato(tempo_bpm=float("inf"), note="1/4"), "tempo_bpm = inf is out of range"),
        (lambda: md.Chorus(rate_hz=1, tempo_bpm=90, note="1/4"), "rate_hz = 1 and note = 1/4 are both given"),
        (lambda: md.Flanger(note="1/4"), "tempo_bpm is missing: note = 1/4 needs a tempo"),
        (lambda: md.Vibrato(tempo_bpm=90), "note is missing: tempo_bpm = 90 needs a note"),
        (lambda: md.Chorus(tempo_bpm=90, note="1/5"), "note = '1/5' is not allowed"),
        (
            lambda: md.Chorus(delay_ms=3, depth_ms=5),
            "depth_ms = 5 is out of range: with delay_ms = 3 it must lie in 0..2",
        ),
        (
            lambda: md.Chorus(tempo_bpm=120, note="1/64"),
            "note = 1/64 at tempo_bpm = 120 makes rate_hz = 32: it must lie in 0.01..10",
        ),
        (lambda: md.Vibrato(rate_hz=1, depth_cents=60), "depth_cents = 60 is out of range: with rate_hz = 1"),
        (lambda: md.Flanger(feedback=1), "feedback = 1 is out of range: it must lie in -0.95..0.95"),
        (lambda: md.Chorus(voices=0), "voices = 0 is out of range: it must lie in 1..8"),
        (lambda: md.Chorus(rate_hz=float("nan")), "rate_hz = NaN is out of range: it must lie in 0.01..10"),
    ],
)
def test_bad_settings_get_one_clear_line(make: Any, message: str) -> None:
    with pytest.raises(md.ParameterError, match=re.escape(message)) as error:
        make()
    assert "\n" not in str(error.value)


def test_bad_use_gets_one_clear_line() -> None:
    with pytest.raises(md.ParameterError, match=r"Chorus has no parameter depth: did you mean depth_ms\?"):
        md.Chorus(depth=3)  # type: ignore[arg-type]
    with pytest.raises(md.ParameterError, match=r"delay_ms = 0\.5 is out of range: it must lie in 0\.875\.\.10"):
        md.Flanger(delay_ms=0.5)(noise(1), 8_000)
    with pytest.raises(ValueError, match="channels = 3 does not fit: 1 or 2 needed"):
        md.Chorus()(noise(3), RATE_HZ)
