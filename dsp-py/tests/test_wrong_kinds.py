"""A wrong kind of object in the place of each argument of each public function: one clear line, never Python's own."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
SONG = (0.25 * np.random.default_rng(1).uniform(-1, 1, (2, RATE_HZ))).astype(np.float32)
STEMS = {"a": SONG, "b": SONG[::-1]}
LOUDNESS = md.loudness(SONG, RATE_HZ)
SUMMARY = md.SongSummary(title="a", start_lufs=-14.0, end_lufs=-14.0, energy=0.5)
NOISE = {"audio": SONG, "sample_rate_hz": RATE_HZ}

#: Functions with arguments that are legal.
CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    md.album_loudness: {"programmes": [(SONG, RATE_HZ)]},
    md.balance: {"stems": STEMS, "sample_rate_hz": RATE_HZ},
    md.blocks: {"path": "a.wav"},
    md.check: {"path": "a.wav", "profiles": "spotify", "target": "spotify"},
    md.check_cover: {"path": "a.png", "profile": "distributor"},
    md.check_mix: {**NOISE, "stems": STEMS, "lead": "a"},
    md.codec_preview: {**NOISE, "codec": "aac:256"},
    md.correlation: {**NOISE, "window_ms": 300.0},
    md.fader_db: {"position": 0.5},
    md.fader_position: {"level_db": 0.0},
    md.from_dict: {"settings": {"type": "Gain"}},
    md.gtin: {"text": "0123456789012"},
    md.isrc: {"text": "USRC17607839"},
    md.lead_report: {"stems": STEMS, "sample_rate_hz": RATE_HZ, "lead": "a"},
    md.level_matched: {"before": SONG, "after": SONG, "sample_rate_hz": RATE_HZ},
    md.limits: {"report": "balance"},
    md.loudness: {**NOISE, "layout": "stereo", "progress": None},
    md.masking: {"stems": STEMS, "sample_rate_hz": RATE_HZ, "lead": "a"},
    md.master: {**NOISE, "target": "spotify", "effects": None, "reference": None, "bit_depth": 24, "progress": None},
    md.master_catalog: {"folder": "none", "out": "out"},
    md.match: {**NOISE, "reference": SONG, "reference_rate_hz": RATE_HZ},
    md.mono_compatibility: NOISE,
    md.normalize: {**NOISE, "target_lufs": -14.0},
    md.playback_gain: {"loudness": LOUDNESS, "target": "spotify", "channels": 2, "dual_mono": False},
    md.r128_tags: {"loudness": LOUDNESS, "album_lufs": -14.0},
    md.read: {"path": "a.wav"},
    md.replay_gain_tags: {"loudness": LOUDNESS, "album_lufs": -14.0, "album_peak": 1.0},
    md.resample: {"audio": SONG, "from_rate_hz": RATE_HZ, "to_rate_hz": 44_100},
    md.spectrum: {**NOISE, "fraction": 6},
    md.suggest_order: {"songs": [SUMMARY, SUMMARY], "arc": "flat"},
    md.to_float: {"audio": SONG, "bit_depth": None},
    md.tonal_balance: {**NOISE, "target": "hits"},
    md.tonal_target: {"references": [(SONG, RATE_HZ)]},
    md.translation: {"stems": STEMS, "sample_rate_hz": RATE_HZ, "devices": ["phone"]},
    md.vinyl_check: {"side": SONG, "sample_rate_hz": RATE_HZ, "fmt": "12in33"},
    md.vinyl_sides: {"durations_s": [60.0, 60.0], "brightness": [0.5, 0.5], "count": 2},
    md.write: {"path": "a.wav", **NOISE, "tags": None, "bit_depth": 24},
    md.display.ab_players: {"versions": STEMS, "sample_rate_hz": RATE_HZ, "gains_db": None},
    md.display.compare: {"before": SONG, "after": SONG, "sample_rate_hz": RATE_HZ, "ax": None, "labels": ("a", "b")},
    md.display.decay: {"effect": md.Delay(time_ms=10), "sample_rate_hz": RATE_HZ, "ax": None},
    md.display.gain_reduction: {"effect": md.Limiter(), **NOISE, "ax": None},
    md.display.goniometer: {**NOISE, "ax": None},
    md.display.loudness: {**NOISE, "ax": None},
    md.display.mix: {"mix": md.Mix(), "ax": None},
    md.display.player: {**NOISE, "title": ""},
    md.display.png: {"figure": None},
    md.display.response: {"effects": md.Bell(), "sample_rate_hz": RATE_HZ, "ax": None},
    md.display.spectrogram: {**NOISE, "ax": None},
    md.display.spectrum: {**NOISE, "ax": None},
    md.display.transfer: {"effect": md.Compressor(), "ax": None},
    md.display.waveform: {**NOISE, "ax": None},
    md.Mastered.write: {"self": md.master(SONG, RATE_HZ), "path": "a.wav", "tags": None},
    md.Mastered.report: {"self": md.master(SONG, RATE_HZ), "path": "a.html", "before": None},
    md.Mix.track: {"self": md.Mix(), "name": "a", "audio": SONG, "inserts": [], "sends": {}, "to": "master"},
    md.Mix.automate: {"self": md.Mix(), "path": "master/fader_db", "points": [(0.0, 0.0)]},
    md.Mix.vca: {"self": md.Mix(), "name": "a", "members": []},
    md.Mix.render: {"self": md.Mix(), "progress": None},
    md.Mix.graph: {"self": md.Mix(), "axes": None},
    md.Stream.process: {"self": md.Gain().stream(RATE_HZ, 2), "block": SONG},
    md.Gain.process: {"self": md.Gain(), **NOISE, "key": None, "out": None},
    md.Gain.stream: {"self": md.Gain(), "sample_rate_hz": RATE_HZ, "channels": 2, "dtype": "float32"},
    md.Gain.process_blocks: {"self": md.Gain(), "blocks": [SONG], "sample_rate_hz": RATE_HZ},
    md.Gain.frequency_response: {"self": md.Gain(), "frequencies_hz": [100.0], "sample_rate_hz": RATE_HZ},
    md.Compressor.transfer_curve: {"self": md.Compressor(), "levels_db": [0.0]},
    md.Compressor.gain_reduction: {"self": md.Compressor(), **NOISE},
}
WRONG = [object(), -9, "x y", md.Compressor(), md.Mix(), [object()], {"a": object()}, print, 1j, b"a"]

#: How Python itself words an error.
PYTHON = re.compile(
    r"object has no attribute|object is not|not supported between|unsupported operand|must be real number|"
    r"unexpected keyword|positional argument|indices must be|not iterable|cannot unpack|can't multiply|"
    r"could not convert|"
    r"unhashable|expected str|must be str|not subscriptable|argument must|cannot be interpreted|cannot convert|ufunc"
)


def test_all_functions_are_called() -> None:
    named = {name for module in (md, md.display) for name in module.__all__}
    called = {function.__name__ for function in CALLS}
    assert {name for name in named if name.islower() and callable(getattr(md, name, None))} - called == {
        *("devices", "profiles", "targets")
    }


@pytest.mark.parametrize("function", CALLS, ids=lambda function: function.__qualname__)
def test_a_wrong_kind_is_told_in_one_line(function: Callable[..., Any], tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    legal = CALLS[function]
    bad = []
    for name in legal:
        for wrong in WRONG if name != "self" else ():
            try:
                given = {**legal, name: wrong}
                function(*[given.pop("self")] if "self" in given else [], **given)
            except Exception as error:
                line = str(error)
                told = isinstance(error, (ValueError, TypeError, OSError)) and not PYTHON.search(line)
                if not told or "\n" in line:
                    bad.append(f"{name}={type(wrong).__name__}: {type(error).__name__}: {line[:150]}")
    assert not bad, "\n".join(bad)
