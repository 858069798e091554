"""Calls that do not fit: the advice of each message is a call that fits, for every public callable."""

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
SONG = (0.25 * np.random.default_rng(1).uniform(-1, 1, (2, RATE_HZ))).astype(np.float32)
RECORDING = md.Recording(SONG, RATE_HZ)
BY_NAME = "parameters are given by name: "


def callables() -> Iterator[tuple[str, Callable[..., Any], inspect.Signature]]:
    """Public functions, effects, and methods, those that check how they are called."""
    for module in (md, md.display):
        for name in module.__all__:
            public = getattr(module, name)
            checked = inspect.isfunction(public) and hasattr(public, "__wrapped__")
            if checked or (hasattr(type(public), "__signature__") and name not in ("Band", "Effect")):
                yield name, public, inspect.signature(public)
    for owner in (md.Gain(), md.Mix(), md.Album(), md.LoudnessMeter(RATE_HZ, 2)):
        for name, function in inspect.getmembers(type(owner), inspect.isfunction):
            if not name.startswith("_") and hasattr(function, "__wrapped__"):
                method = getattr(owner, name)
                yield f"{type(owner).__name__}.{name}", method, inspect.signature(method)


CALLABLES = {name: (call, signature) for name, call, signature in callables()}
EFFECTS = {
    name for name in md.__all__ if inspect.isclass(getattr(md, name)) and issubclass(getattr(md, name), md.Effect)
}


@pytest.mark.parametrize(
    "extra", [3.0, RATE_HZ, "spotify", SONG, [1.0], ["a"], True, {"a": 1.0}, np.tanh, md.Gain()], ids=repr
)
def test_no_advice_is_wrong(extra: Any) -> None:
    """One value too many, of every kind, after audio and its rate: what is advised fits the signature."""
    advised = 0
    for name, (call, signature) in CALLABLES.items():
        places = [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        given = [SONG if place not in ("path", "name", "title") else "a" for place in places]
        given = [RATE_HZ if place.endswith("rate_hz") else value for place, value in zip(places, given, strict=True)]
        with pytest.raises(md.ParameterError) as told:
            call(*given, extra)
        line = str(told.value)
        assert "\n" not in line
        assert "array(" not in line
        if "goes to what it returns" in line:
            assert name in EFFECTS, line
        elif line.startswith(BY_NAME):
            advice = ast.parse(line.removeprefix(BY_NAME), mode="eval").body
            assert isinstance(advice, ast.Call)
            keywords = [str(keyword.arg) for keyword in advice.keywords]
            signature.bind_partial(*advice.args, **dict.fromkeys(keywords))
            assert ast.unparse(advice.func) == name
            assert len(advice.args) == len(places)
            if isinstance(extra, float):
                assert not keywords[0].endswith("sample_rate_hz"), line
            advised += 1
        else:
            assert f"by position, not {len(given) + 1} values" in line
    assert advised or isinstance(extra, np.ufunc)


def test_the_walk_meets_functions_methods_and_effects() -> None:
    assert {"master", "Mix.track", "Gain.process", "Compressor", "waveform", "read"} <= CALLABLES.keys()
    assert len(CALLABLES) > 100


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: md.master(SONG, RATE_HZ, "spotify"), f"{BY_NAME}master(audio, 48000, target='spotify')"),
        (lambda: md.master(SONG, RATE_HZ, -9), f"{BY_NAME}master(audio, 48000, target_lufs=-9)"),
        (lambda: md.normalize(SONG, RATE_HZ, -14), f"{BY_NAME}normalize(audio, 48000, target_lufs=-14)"),
        (lambda: md.spectrum(SONG, RATE_HZ, 3), f"{BY_NAME}spectrum(audio, 48000, fraction=3)"),
        (
            lambda: md.match(SONG, RATE_HZ, SONG, RATE_HZ, 0.5),
            f"{BY_NAME}match(audio, 48000, reference, 48000, amount=0.5)",
        ),
        (lambda: md.translation(SONG, RATE_HZ, ["phone"]), f"{BY_NAME}translation(stems, 48000, devices=['phone'])"),
        (lambda: md.Mix().track("a", SONG, -3), f"{BY_NAME}Mix.track('a', audio, fader_db=-3)"),
        (lambda: md.Gain()(SONG, RATE_HZ, SONG), f"{BY_NAME}Gain.process(audio, 48000, key=key)"),
        (lambda: md.read("song.wav", 1), f"{BY_NAME}read('song.wav', start_s=1)"),
        # A setting in the place of the rate.
        (lambda: md.codec_preview(RECORDING, "mp3:128"), f"{BY_NAME}codec_preview(audio, codec='mp3:128')"),
        (lambda: md.master(RECORDING, "spotify"), f"{BY_NAME}master(audio, target='spotify')"),
        (lambda: md.master(SONG, "spotify"), f"{BY_NAME}master(audio, sample_rate_hz, target='spotify')"),
        (
            lambda: md.check(SONG, RATE_HZ),
            "check takes path by position, not 2 values: by name it takes profiles, target, mix, limits",
        ),
        (
            lambda: md.ImpulseResponse(SONG, RATE_HZ),
            "ImpulseResponse takes samples by position, not 2 values: by name it takes rows, encoding",
        ),
    ],
)
def test_the_right_call_is_shown(call: Callable[[], Any], line: str) -> None:
    with pytest.raises(md.ParameterError) as told:
        call()
    assert str(told.value) == line
