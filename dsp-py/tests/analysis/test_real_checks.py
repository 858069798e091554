"""The mix check on real music: what it finds of damage, and what it says without any.

Two songs, five stems and their sum, decoded from MP3 and Vorbis: clipping before the coding cannot be seen, and pauses
hold what the coder left of their noise. "Prototype" is the study that the limits come from, on 27 programmes.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import mixdown as md

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

pytestmark = pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")

FOLDER = Path(_FOLDER or ".")
NAMES = ["bassguitar", "clav", "drums", "horns", "leadguitar", "sum", "Lets_Go_Fishin", "Vibe_Ace"]
#: Checks that must be silent on undamaged music. Clicks are part of some music, overs of a lossy decode.
SILENT = ("clipping", "held_peaks", "dynamics", "dc", "polarity", "mono_fold", "dropouts", "hum")


@pytest.fixture(scope="module")
def programmes() -> dict[str, tuple[np.ndarray, float]]:
    stems = [md.read(FOLDER / "multitrack-mdn" / f"{name}.mp3") for name in NAMES[:5]]
    frames = max(stem.audio.shape[1] for stem in stems)
    padded = [np.pad(stem.audio, [(0, 0), (0, frames - stem.audio.shape[1])]) for stem in stems]
    loaded = {name: (audio, stems[0].sample_rate_hz) for name, audio in zip(NAMES, padded, strict=False)}
    total = np.sum(padded, axis=0, dtype=np.float64)
    loaded["sum"] = 0.5 * total / np.abs(total).max(), stems[0].sample_rate_hz
    for name in NAMES[6:]:
        loaded[name] = md.read(FOLDER / "songs" / f"{name}.ogg")
    return loaded


def faults(check: md.MixCheck, *names: str) -> list[md.Finding]:
    return [finding for name in names for finding in check.of(name) if finding.severity != "not_measurable"]


@pytest.mark.parametrize("name", NAMES)
def test_8_9_10_no_false_alarms(programmes, name) -> None:
    check = md.check_mix(*programmes[name])
    assert not faults(check, *SILENT), check.table()


@pytest.mark.parametrize("name", NAMES)
def test_8_clipping_of_a_thousandth(programmes, name) -> None:
    audio, rate_hz = programmes[name]
    level = np.quantile(np.abs(audio), 1 - 1e-3)
    check = md.check_mix(np.clip(audio, -level, level), rate_hz)
    assert check.of("clipping")[0].severity == "fault"


@pytest.mark.parametrize("name", NAMES)
def test_10_an_inverted_channel(programmes, name) -> None:
    audio, rate_hz = programmes[name]
    check = md.check_mix(audio * np.array([[1], [-1]], audio.dtype), rate_hz)
    assert check.of("polarity")
    assert check.of("mono_fold")[0].severity == "fault"
    restored = check.of("polarity")[0].suggestion.effect(audio * np.array([[1], [-1]], audio.dtype), rate_hz)
    np.testing.assert_array_equal(restored, audio)


@pytest.mark.parametrize("name", NAMES)
def test_11_an_offset(programmes, name) -> None:
    audio, rate_hz = programmes[name]
    own = md.check_mix(audio, rate_hz).dc_offsets
    check = md.check_mix(audio + np.array(0.005, audio.dtype), rate_hz)
    assert [finding.severity for finding in check.of("dc")] == ["fault", "fault"]
    # The songs have an offset of their own, up to 0.00013.
    assert np.subtract(check.dc_offsets, own) == pytest.approx(0.005, rel=0.01)


def test_9_dropouts(programmes) -> None:
    """Gaps of 6 to 60 ms in sound above -40 dBFS: 424 of 430; prototype 154 of 156."""
    random = np.random.default_rng(7)
    found = made = 0
    for audio, rate_hz in programmes.values():
        damaged = np.array(audio, np.float64)
        around = round(0.04 * rate_hz)
        places: list[int] = []
        for place in random.integers(rate_hz, audio.shape[1] - rate_hz, 4_000):
            gap = round(rate_hz * random.uniform(0.006, 0.06))
            sides = damaged[:, place - around : place], damaged[:, place + gap : place + gap + around]
            far = all(abs(place - other) > rate_hz for other in places)
            if far and min(np.mean(side**2) for side in sides) > 10 ** (-40 / 10):
                damaged[:, place : place + gap] = 0
                places.append(place)
            if len(places) == 60:
                break
        spans = [span for finding in md.check_mix(damaged, rate_hz).of("dropouts") for span in finding.at_s]
        hits = [any(start - 0.02 <= place / rate_hz <= end for start, end in spans) for place in places]
        found, made = found + sum(hits), made + len(hits)
    assert made > 400
    assert found / made >= 0.98


@pytest.mark.parametrize("name", NAMES[:5])
@pytest.mark.parametrize("late_ms", [0, 1])
def test_12_an_inverted_duplicate(programmes, name, late_ms) -> None:
    stems = dict(list(programmes.items())[:5])
    audio, rate_hz = stems[name]
    clean = md.check_mix(programmes["sum"], stems=stems)
    assert not clean.of("cancellation"), clean.table()
    late = round(rate_hz * late_ms / 1e3)
    copy = np.roll(-0.7 * audio, late, axis=1)
    check = md.check_mix(programmes["sum"], stems={**stems, "copy": (copy, rate_hz)})
    pairs = {frozenset(finding.tracks): finding for finding in check.of("cancellation")}
    found = pairs[frozenset({name, "copy"})]
    if late_ms == 0:
        before, after = min(
            (change[:2] for key, change in found.suggestion.predicted.items() if key.startswith("change"))
        )
        assert after - before > 3
