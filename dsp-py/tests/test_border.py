"""One rule for whatever comes in: arrays, rates, booleans, numbers, words. Every entry point against every kind."""

from __future__ import annotations

import contextlib
import copy
import json
import math
import pickle
import signal
import tempfile
import threading
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import mixdown as md
from mixdown import effects

RATE_HZ = 48_000
FRAMES = 24_000
TONE = 0.1 * np.sin(2 * np.pi * 997 * np.arange(FRAMES) / RATE_HZ)


class Recording(NamedTuple):
    audio: np.ndarray
    sample_rate_hz: float


class ArrayOnly:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.array


class DLPackOnly:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class Broken:
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise RuntimeError("still on the other device")


def unaligned(array: np.ndarray) -> np.ndarray:
    record = np.zeros(array.size, dtype=[("gap", "u1"), ("sample", array.dtype)])
    record["sample"] = array
    return record["sample"]


class Subclass(np.ndarray):
    pass


def read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


def mixed(audio: Any) -> np.ndarray:
    mix = md.Mix()
    return mix.track("a", audio).audio


def set_later(audio: Any) -> np.ndarray:
    mix = md.Mix()
    track = mix.track("a", np.zeros(4))
    track.audio = audio
    return track.audio


def metered(audio: Any) -> md.Loudness:
    meter = md.LoudnessMeter(RATE_HZ, 1)
    meter.observe(audio)
    return meter.reading()


def keyed(audio: Any) -> np.ndarray:
    return md.Compressor()(np.zeros((1, FRAMES)), RATE_HZ, key=audio)


def stream_keyed(audio: Any) -> np.ndarray:
    stream = md.Compressor().stream(RATE_HZ, 1, "float64", key_channels=1)
    return stream.process(np.zeros((1, FRAMES)), key=audio)


def written(audio: Any) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.wav")
        md.write(file, audio, RATE_HZ, bit_depth=32)
        return soundfile.read(file, always_2d=True)[0].T


def drawn(audio: Any) -> np.ndarray:
    axes = Figure().add_subplot()
    md.display.waveform(axes, audio, RATE_HZ)
    return axes.collections[0].get_paths()[0].vertices.T if axes.collections else np.zeros((2, 0))


#: Everything that takes audio, but `to_float`, which takes whole numbers.
ENTRIES: dict[str, Callable[[Any], Any]] = {
    "effect": lambda audio: md.Bell(gain_db=3)(audio, RATE_HZ),
    "key": keyed,
    "gain_reduction": lambda audio: md.Compressor().gain_reduction(audio, RATE_HZ),
    "stream": lambda audio: md.Gain().stream(RATE_HZ, 1, "float64").process(audio),
    "stream key": stream_keyed,
    "loudness": lambda audio: md.loudness(audio, RATE_HZ),
    "meter": metered,
    "album_loudness": lambda audio: md.album_loudness([(audio, RATE_HZ)]),
    "normalize": lambda audio: md.normalize(audio, RATE_HZ, target_lufs=-30),
    "reduce": lambda audio: md.normalize(audio, RATE_HZ, target_lufs=-30, policy="reduce"),
    "master": lambda audio: md.master(audio, RATE_HZ).audio,
    "track": mixed,
    "track set later": set_later,
    "Convolution": lambda audio: md.Convolution(impulse_response=audio),
    "ImpulseResponse": lambda audio: md.ImpulseResponse(audio),
    "resample": lambda audio: md.resample(audio, RATE_HZ, 44_100),
    "balance": lambda audio: md.balance({"a": (audio, RATE_HZ)}, RATE_HZ).audio,
    "write": written,
    "fractional_octave_spectrum": lambda audio: md.display.fractional_octave_spectrum(audio, RATE_HZ)[1],
    "waveform": drawn,
}


def plain(result: Any) -> Any:
    """What can be compared of a result."""
    if isinstance(result, md.Loudness):
        return result.integrated_lufs
    return np.asarray(result) if not isinstance(result, (float, md.Effect)) else result


@pytest.mark.parametrize("entry", ENTRIES)
class TestOneRuleOfArrays:
    @pytest.mark.parametrize(
        "form",
        [
            lambda x: x.astype(">f8"),
            lambda x: np.repeat(x, 3)[::3],
            lambda x: x[::-1].copy()[::-1],
            lambda x: np.asfortranarray(x[np.newaxis].repeat(2, axis=0))[0],
            read_only,
            unaligned,
            ArrayOnly,
            DLPackOnly,
            lambda x: x.view(Subclass),
        ],
        ids=[
            *("big-endian", "strided", "reversed", "fortran", "read-only", "unaligned"),
            *("__array__", "__dlpack__", "subclass"),
        ],
    )
    def test_the_same_samples_in_any_form(self, entry: str, form: Callable[[np.ndarray], Any]) -> None:
        np.testing.assert_equal(plain(ENTRIES[entry](form(TONE))), plain(ENTRIES[entry](TONE)))

    @pytest.mark.parametrize(
        ("audio", "error", "message"),
        [
            ([0.0, 0.5], TypeError, "is list: audio is a numpy array; numpy.array makes one"),
            ([[0.0], [0.5]], TypeError, "is list: audio is a numpy array; numpy.array makes one"),
            (np.ma.masked_array(TONE, TONE > 0), TypeError, r"is MaskedArray: audio has no mask; its filled\(\)"),
            (np.zeros(FRAMES, np.longdouble), TypeError, r"is float\d+: audio is float32 or float64$"),
            (np.zeros(FRAMES, [("left", "f4")]), TypeError, r"is \[\('left', '<f4'\)\]: audio is float32 or float64$"),
            ("kick.raw", TypeError, "is str: audio is a numpy array"),
            (None, TypeError, "is NoneType: audio is a numpy array"),
            (0.5, TypeError, "is float: audio is a numpy array; audio comes first"),
            (np.zeros(FRAMES, np.int16), TypeError, r"is int16: .* mixdown\.to_float\(\S+\) converts"),
            (np.zeros(FRAMES, ">i4"), TypeError, r"is >i4: .* mixdown\.to_float\(\S+\) converts"),
            (np.zeros(FRAMES, np.uint8), TypeError, r"is uint8: .* mixdown\.to_float\(\S+\) converts"),
            (np.zeros(FRAMES, bool), TypeError, "is bool: audio is float32 or float64$"),
            (np.zeros(FRAMES, np.float16), TypeError, "is float16: audio is float32 or float64$"),
            (np.zeros(FRAMES, np.complex64), TypeError, "is complex64: audio is float32 or float64$"),
            (np.zeros(FRAMES, object), TypeError, "is object: audio is float32 or float64$"),
            (ArrayOnly(np.zeros(FRAMES, np.int16)), TypeError, "is int16"),
            (Broken(), TypeError, "does not turn into a numpy array: still on the other device"),
            (np.float64(0.5), md.ShapeError, r"has shape \[\]"),
            (
                np.zeros((1, 2, 3)),
                md.ShapeError,
                r"has shape \[1, 2, 3\]: audio is \(channels, frames\) or \(frames,\)",
            ),
            (np.zeros((65, 10)), md.ShapeError, r"has 65 rows: audio is .* 1\.\.64 channels; .* pass \S+\.T"),
            (np.zeros((0, 10)), md.ShapeError, "has 0 rows"),
        ],
        ids=lambda value: "" if isinstance(value, type) else None,
    )
    def test_the_same_refusals_in_the_same_words(self, entry: str, audio: Any, error: type, message: str) -> None:
        if isinstance(audio, str) and entry == "ImpulseResponse":
            error, message = md.ParameterError, "samples = 'kick.raw' is not Base64"
        elif isinstance(audio, str) and entry == "Convolution":
            error, message = FileNotFoundError, "impulse_response: kick.raw: No such file"
        elif audio is None and "key" in entry:
            # That is no key at all.
            audio, message = 3, "key is int: audio is a numpy array"
        with pytest.raises(error, match=message):
            ENTRIES[entry](audio)

    def test_no_frames(self, entry: str) -> None:
        if entry in ("key", "stream key"):
            with pytest.raises(md.ShapeError, match=r"key has 0 frames"):
                ENTRIES[entry](np.zeros((1, 0)))
        elif entry == "fractional_octave_spectrum":
            assert np.all(np.isneginf(ENTRIES[entry](np.zeros((1, 0)))))
        elif entry in ("normalize", "reduce", "master", "Convolution", "ImpulseResponse"):
            with pytest.raises(ValueError, match=r"too short|empty"):
                ENTRIES[entry](np.zeros((1, 0)))
        else:
            result = plain(ENTRIES[entry](np.zeros((1, 0))))
            assert result == -math.inf if isinstance(result, float) else result.shape[-1] == 0


class TestToFloat:
    WORDS = np.arange(-4, 4, dtype=np.int16)

    @pytest.mark.parametrize(
        "form",
        [lambda x: x.astype(">i2"), lambda x: np.repeat(x, 3)[::3], read_only, unaligned, ArrayOnly, DLPackOnly],
    )
    def test_the_same_words_in_any_form(self, form: Callable[[np.ndarray], Any]) -> None:
        np.testing.assert_array_equal(md.to_float(form(self.WORDS)), self.WORDS / np.float32(32768))

    def test_refusals(self) -> None:
        for words, message in (
            ([1, 2], "audio is list: audio is a numpy array; numpy.array makes one"),
            ("kick.raw", "audio is str: audio is a numpy array$"),
            (np.ma.masked_array(self.WORDS, self.WORDS > 0), "audio is MaskedArray: audio has no mask"),
            (self.WORDS.astype(float), "audio is float64: to_float takes whole numbers"),
            (self.WORDS > 0, "audio is bool: to_float takes whole numbers"),
            (self.WORDS.astype(object), "audio is object: to_float takes whole numbers"),
            (self.WORDS.astype(np.uint16), "audio is uint16: unsigned samples are 8 bit"),
        ):
            with pytest.raises(TypeError, match=message):
                md.to_float(words)


def test_a_recording_alone_is_enough() -> None:
    recording, same = Recording(TONE, RATE_HZ), md.Gain()
    np.testing.assert_array_equal(same(recording), TONE)
    compressor = md.Compressor()
    np.testing.assert_array_equal(compressor(recording, key=recording), compressor(TONE, RATE_HZ, key=TONE))
    np.testing.assert_array_equal(compressor.gain_reduction(recording), compressor.gain_reduction(TONE, RATE_HZ))
    assert md.loudness(recording).integrated_lufs == md.loudness(TONE, RATE_HZ).integrated_lufs
    assert md.album_loudness([recording]) == md.album_loudness([(TONE, RATE_HZ)])
    expected = md.normalize(TONE, RATE_HZ, target_lufs=-30)
    np.testing.assert_array_equal(md.normalize(recording, target_lufs=-30), expected)
    assert md.master(recording).sample_rate_hz == RATE_HZ
    response = md.Convolution(impulse_response=Recording(TONE[:100], 44_100))
    assert response == md.Convolution(impulse_response=TONE[:100], impulse_response_rate_hz=44_100)
    assert md.Mix(sample_rate_hz=96_000).track("a", recording).audio.shape == (1, 2 * FRAMES)
    # A rate of its own is not overruled.
    for call in (
        lambda: same(recording, 44_100),
        lambda: md.loudness(recording, 44_100),
        lambda: compressor(TONE, RATE_HZ, key=Recording(TONE, 44_100)),
    ):
        with pytest.raises(md.ParameterError, match=r"sample_rate_hz = \d+ does not fit: \w+ was recorded at \d+"):
            call()
    with pytest.raises(md.ParameterError, match="sample_rate_hz is missing"):
        same(TONE)


def test_gain_reduction_of_no_frames_keeps_its_shape() -> None:
    none = np.zeros((2, 0))
    assert md.Compressor().gain_reduction(none, RATE_HZ).shape == (2, 0)
    assert md.MultibandCompressor().gain_reduction(none, RATE_HZ).shape == (3, 2, 0)
    assert md.DynamicEqualizer(bands=[md.DynamicBand()] * 4).gain_reduction(none, RATE_HZ).shape == (4, 2, 0)
    assert md.DynamicEqualizer().gain_reduction(np.zeros((2, 10)), RATE_HZ).shape == (0, 2, 10)
    mix = md.Mix()
    mix.track("nothing", np.zeros((2, 0), np.float32))
    assert mix.render().shape == (2, 0)
    assert mix.render(tail=0.5).shape == (2, 24_000)


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
    "resample from": ("from_hz", lambda hz: md.resample(TONE, hz, RATE_HZ)),
    "resample to": ("to_hz", lambda hz: md.resample(TONE, RATE_HZ, hz)),
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


class TestTypesOfParameters:
    @pytest.mark.parametrize(("name", "field"), fields_of(bool))
    def test_booleans_are_booleans(self, name: str, field: str) -> None:
        assert getattr(made(name, **{field: np.True_}), field) is True
        for value in ("false", "true", 1, 0, 1.0, np.ones(1, bool), [], None):
            if value is None and name == "Reverb":
                continue
            with pytest.raises(TypeError, match=rf"{field} = .* is not a boolean: it must be True or False"):
                made(name, **{field: value})

    @pytest.mark.parametrize(("name", "field"), fields_of(float))
    def test_numbers_are_numbers(self, name: str, field: str) -> None:
        for value in ("3", b"3", True, np.True_, 3j, np.ones(1), [3]):
            with pytest.raises(TypeError, match=rf"{field} = .* is not a number"):
                made(name, **{field: value})
        given = getattr(made(name), field)
        assert made(name, **{field: np.float64(given)}) == made(name)

    @pytest.mark.parametrize(("name", "field"), fields_of(float))
    def test_nan_is_told_with_value_and_range(self, name: str, field: str) -> None:
        allowed = "it must (lie in |be )" if "slope" in field else "it must lie in "
        with pytest.raises(md.ParameterError, match=rf"{field} = NaN is .*: {allowed}\S"):
            made(name, **{field: math.nan})
        for value in (1e300, 10**400, -(10**400), -1e300):
            # Where infinity is legal, so is what lies before it.
            with contextlib.suppress(md.ParameterError):
                assert getattr(made(name, **{field: value}), field) in (value, math.inf, -math.inf)

    def test_track_and_master(self) -> None:
        track = md.Mix().track("a", np.zeros(4))
        for field in ("invert_polarity", "mute", "solo"):
            with pytest.raises(TypeError, match=rf"{field} = 'false' is not a boolean"):
                setattr(track, field, "false")
        for field in ("fader_db", "pan", "width", "trim_db"):
            with pytest.raises(TypeError, match=rf"{field} = '3' is not a number"):
                setattr(track, field, "3")
            with pytest.raises(md.ParameterError, match=rf"{field}( \(.*\))? = NaN is out of range"):
                setattr(track, field, math.nan)
        with pytest.raises(TypeError, match="fader_db = '3' is not a number"):
            md.Mix().master(fader_db="3")  # type: ignore[arg-type]

    def test_arrays_of_numbers(self) -> None:
        for values in (["100"], "100", [True], [1j], [[1], [1, 2]], [None]):
            with pytest.raises(TypeError, match=r"frequencies_hz = .* does not hold numbers alone"):
                md.Bell().frequency_response(values, RATE_HZ)
            with pytest.raises(TypeError, match=r"levels_db = .* does not hold numbers alone"):
                md.Gate().transfer_curve(values)

    @pytest.mark.parametrize(
        "call",
        [
            lambda count: md.Gain().stream(RATE_HZ, count),
            lambda count: md.Gain().latency_frames(RATE_HZ, count),
            lambda count: md.LoudnessMeter(RATE_HZ, count),
            lambda count: md.Compressor().stream(RATE_HZ, 1, key_channels=count),
        ],
    )
    def test_channels_are_whole_numbers(self, call: Callable[[Any], Any]) -> None:
        for count in ("2", 2.0, True, None):
            with pytest.raises(TypeError, match=r"channels = .* is not a whole number"):
                call(count)
        for count in (-1, 65, 10**30):
            with pytest.raises(
                md.ParameterError, match=rf"channels = {count} is out of range: it must lie in \d\.\.64"
            ):
                call(count)

    def test_types_for_checkers(self) -> None:
        hints = typing.get_type_hints(md.Convolution.__init__)["impulse_response"]
        said = str(hints)
        assert all(word in said for word in ("ndarray", "PathLike", "str", "tuple", "ImpulseResponse")), said


class TestWords:
    @pytest.mark.parametrize(("name", "field", "hint"), [entry for entry in FIELDS if get_origin(entry[2]) is Literal])
    def test_the_engine_knows_every_word(self, name: str, field: str, hint: Any) -> None:
        rows = {"stereo": 2, "true_stereo": 4}
        for word in get_args(hint):
            given = {"impulse_response": np.ones((rows.get(word, 1), 4))} if name == "Convolution" else {}
            assert getattr(made(name, **given, **{field: word}), field) == word

    @pytest.mark.parametrize("name", kinds())
    def test_every_misspelt_parameter(self, name: str) -> None:
        for field in typing.get_type_hints(kinds()[name].__init__):
            if len(field) < 4 or field == "return":
                continue
            wrong = field[:2] + field[3:]
            for make in (
                lambda wrong=wrong: made(name, **{wrong: 1}),
                lambda wrong=wrong: made(name).replace(**{wrong: 1}),
            ):
                with pytest.raises(md.ParameterError, match=f"^{name} has no parameter {wrong}: did you mean {field}"):
                    make()
        with pytest.raises(md.ParameterError, match=f"^{name} has no parameter loudness$"):
            made(name, loudness=1)

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: md.Gain(-6), r"parameters are given by name: Gain\(gain_db=-6\)"),
            (lambda: md.Bell(1000, -3), r"parameters are given by name: Bell\(frequency_hz=1000, gain_db=-3\)"),
            (lambda: md.Chain(md.Gain(), md.Gain()), "several go into one list"),
            (lambda: md.Parallel(), "Parallel needs effects"),
            (lambda: md.Convolution(), "Convolution needs impulse_response"),
            (lambda: md.Mix(48_000), r"parameters are given by name: Mix\(sample_rate_hz=48000\)"),
            (
                lambda: md.Mix().track("a", TONE, -3),
                r"parameters are given by name: Mix.track\('a', .*sample_rate_hz=-3\)",
            ),
            (
                lambda: md.Mix().track("a", TONE, fadr_db=-3),
                "Mix.track has no parameter fadr_db: did you mean fader_db?",
            ),
            (lambda: md.Mix().master(insert=[]), "Mix.master has no parameter insert: did you mean inserts?"),
            (
                lambda: md.loudness(TONE, RATE_HZ, dual_momo=True),
                "loudness has no parameter dual_momo: did you mean dual_mono",
            ),
            (
                lambda: setattr(md.Track("a", TONE), "fadr_db", 1),
                "a track has no parameter fadr_db: did you mean fader_db?",
            ),
            (lambda: md.from_dict({"type": "Gain", "gain": 1}), "Gain has no parameter gain: did you mean gain_db?"),
            (
                lambda: md.Mix().track("a", TONE, pan_law="x"),
                "pan_law = 'x' is not allowed: it must be one of constant_power",
            ),
            (
                lambda: md.Parallel([md.Gain()], gains_db=[0, 0]),
                r"gains_db has 2 entries: \d needed",
            ),
            (lambda: md.Gain()(TONE, RATE_HZ, tail=True), "tail = True is not allowed"),
            (lambda: md.Gain().stream(RATE_HZ, 1, "int16"), "dtype = 'int16' is not allowed"),
            (
                lambda: md.LinearPhaseEqualizer(length_ms=-5),
                r"length_ms = -5 is out of range: it must lie in 5\.\.680",
            ),
        ],
    )
    def test_calls_that_do_not_fit(self, call: Callable[[], Any], message: str) -> None:
        with pytest.raises(md.ParameterError, match=message) as refused:
            call()
        assert "line 1 column" not in str(refused.value)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: md.Chain(md.Gain()), r"effects = Gain\(.*\) is not a list of effects: put it into \[ \]"),
            (lambda: md.Chain("abc"), "effects = 'abc' is not a list of effects"),
            (lambda: md.Equalizer(bands=md.Bell()), r"bands = Bell\(.*\) is not a list of Bands"),
            (lambda: md.Chain([md.Gain(), 3]), r"effects\[1\] = 3 is not an effect"),
            (lambda: md.Mix().track("a", TONE, inserts=md.Gain()), r"inserts = Gain\(.*\) is not a list of effects"),
            (lambda: md.Gain()(RATE_HZ, TONE), "sample_rate_hz = array of shape .*: audio comes first"),
            (lambda: md.loudness(RATE_HZ, TONE), "sample_rate_hz = array of shape .*: audio comes first"),
            (lambda: md.normalize(RATE_HZ, TONE, target_lufs=-14), "sample_rate_hz = array .*: audio comes first"),
            (lambda: md.from_dict(3), "settings = 3 is not a mapping"),
            (lambda: md.MultibandCompressor(crossovers_hz=200), "crossovers_hz = 200 is not a list of numbers"),
        ],
    )
    def test_values_of_the_wrong_kind(self, call: Callable[[], Any], message: str) -> None:
        with pytest.raises(TypeError, match=message):
            call()

    def test_places_in_trees(self) -> None:
        high = md.Bell(frequency_hz=7_000)
        tree = md.Gain() >> md.Equalizer(bands=[md.Bell(frequency_hz=100), high])
        limit = r"frequency_hz = 7000 is out of range: it must lie in 10\.\.3920"
        for call, place in (
            (lambda: tree(TONE, 8_000), r"effects\[1\]\.bands\[1\]\."),
            (lambda: md.Parallel([md.Gain(), high])(TONE, 8_000), r"effects\[1\]\."),
            (lambda: md.MidSide(side=[high])(np.zeros((2, 9)), 8_000), r"side\[0\]\."),
            (lambda: md.Bypass(high).stream(8_000, 1), r"effect\."),
            (
                lambda: md.Mix(sample_rate_hz=8_000).track("a", TONE, inserts=[tree]),
                r'strip "a": inserts\[0\]\.effects\[1\]',
            ),
            (
                lambda: md.Mix(sample_rate_hz=8_000).master(inserts=[tree]),
                r'strip "master": inserts\[0\]\.effects\[1\]',
            ),
        ):
            with pytest.raises(md.ParameterError, match=rf"^{place}.*{limit}|^{place}{limit}"):
                call()

    def test_too_many_effects_within_each_other(self) -> None:
        def nest(effect: md.Effect, wrap: Callable[[md.Effect], md.Effect]) -> None:
            for _ in range(200):
                effect = wrap(effect)

        plain: dict[str, Any] = {"type": "Gain"}
        for _ in range(5000):
            plain = {"type": "Chain", "effects": [plain]}
        endless: dict[str, Any] = {"type": "Chain"}
        endless["effects"] = [endless]
        wraps: list[Callable[[md.Effect], md.Effect]] = [
            lambda effect: md.Chain([effect]),
            lambda effect: md.Parallel([effect]),
            md.Bypass,
            lambda effect: md.Bypass(md.Chain([effect])),
        ]
        calls = [lambda wrap=wrap: nest(md.Gain(), wrap) for wrap in wraps]
        for call in (*calls, lambda: md.from_dict(plain), lambda: md.from_dict(endless)):
            with pytest.raises(md.ParameterError, match="more than 32 deep within each other"):
                call()

    def test_signatures_are_those_of_the_parameters(self) -> None:
        import inspect

        assert list(inspect.signature(md.Gain).parameters) == ["gain_db", "invert_polarity"]
        assert list(inspect.signature(md.Chain).parameters) == ["effects"]


class TestEveryWayIn:
    @pytest.mark.parametrize(
        ("value", "error"),
        [
            (np.zeros(4, np.int16), TypeError),
            (np.array([0.0, math.nan]), md.ParameterError),
            (np.zeros((3, 4)), md.ShapeError),
            ([0.0], TypeError),
        ],
    )
    def test_audio(self, value: Any, error: type) -> None:
        mix = md.Mix()
        track = mix.track("a", TONE)
        for call in (
            lambda: mix.track("b", value),
            lambda: setattr(track, "audio", value),
            lambda: md.Track("b", value),
        ):
            with pytest.raises(error, match="audio of"):
                call()
        assert list(mix) == ["a"]
        np.testing.assert_array_equal(track.audio, TONE[np.newaxis])

    def test_audio_is_copied_and_kept(self) -> None:
        mix, buffer = md.Mix(), TONE.copy()
        mix.track("a", buffer)
        mix.track("b", TONE).audio = buffer
        before = mix.render(tail="none")
        buffer[:] = 0
        np.testing.assert_array_equal(mix.render(tail="none"), before)
        with pytest.raises(ValueError, match="read-only"):
            mix["a"].audio[0, 0] = math.nan
        mix["a"].audio = Recording(TONE, 24_000)
        assert mix["a"].audio.shape == (1, 2 * FRAMES)

    def test_inserts_are_frozen_wherever_they_come_in(self) -> None:
        effects = [md.Gain(gain_db=-6)]
        mix = md.Mix()
        mix.track("list", TONE, inserts=effects)
        mix.track("generator", TONE, inserts=(effect for effect in effects))
        mix.track("set", TONE).inserts = (effect for effect in effects)  # type: ignore[assignment]
        mix.master(inserts=(effect for effect in effects))
        effects.append(md.Gain(gain_db=-60))
        for name in mix:
            assert mix[name].inserts == (md.Gain(gain_db=-6),)
        assert mix.render(tail="none").max() == pytest.approx(3 * 0.1 * 10 ** (-15.0103 / 20), rel=1e-4)
        assert md.Chain(effect for effect in effects[:1]) == md.Chain(effects[:1])

    def test_names(self) -> None:
        mix = md.Mix()
        for name in ("a", "b", "c"):
            mix.track(name, TONE)
        assert "a" in mix
        assert "z" not in mix
        assert list(mix) == ["a", "b", "c"]
        assert list(mix.items()) == [(name, mix[name]) for name in "abc"]
        assert mix.get("z") is None
        mix["a"].name = "bd"
        assert list(mix) == ["bd", "b", "c"]
        assert mix["bd"].name == "bd"
        mix.rename("b", "sn")
        assert (mix["sn"].name, "b" in mix) == ("sn", False)
        for wrong, error in (("sn", md.MixerError), ("master", md.MixerError), ("", md.ParameterError), (3, TypeError)):
            for call in (
                lambda wrong=wrong: mix.rename("c", wrong),
                lambda wrong=wrong: setattr(mix["c"], "name", wrong),
                lambda wrong=wrong: mix.track(wrong, TONE),
            ):
                with pytest.raises(error):
                    call()
        with pytest.raises(md.MixerError, match='no strip named "z"'):
            mix.rename("z", "y")
        removed = mix["c"]
        del mix["c"]
        assert list(mix) == ["bd", "sn"]
        removed.name = "free"
        with pytest.raises(md.MixerError, match='no strip named "c"'):
            del mix["c"]
        other = copy.deepcopy(mix)
        other["bd"].name = "kick"
        assert list(mix) == ["bd", "sn"]
        assert list(pickle.loads(pickle.dumps(other))) == ["kick", "sn"]

    def test_a_refused_setting_leaves_the_old_one(self) -> None:
        mix = md.Mix(sample_rate_hz=8_000)
        track = mix.track("a", TONE, inserts=[md.Gain()])
        for name, value in (("inserts", [md.Bell(frequency_hz=9_000)]), ("pan", 2), ("width", 1.5), ("pan_law", "x")):
            before = getattr(track, name)
            with pytest.raises(ValueError, match=r"\w"):
                setattr(track, name, value)
            assert getattr(track, name) == before
        with pytest.raises(md.ParameterError, match="cannot be deleted"):
            del track.pan


class TestThreads:
    def test_a_stream_is_set_and_read_while_it_processes(self) -> None:
        stream = (md.Gain() >> md.Reverb()).stream(RATE_HZ, 2, "float64")
        other = md.Gain(gain_db=-6) >> md.Reverb()
        block = np.zeros((2, 1_000_000))
        block[:, 0] = np.nan
        started, failures = threading.Event(), []

        def process() -> None:
            try:
                started.set()
                for _ in range(3):
                    stream.process(block)
            except BaseException as error:
                failures.append(error)

        worker = threading.Thread(target=process)
        worker.start()
        started.wait()
        changes = 0
        while worker.is_alive():
            stream.set(other)
            assert stream.faults >= 0
            assert stream.tail_frames
            assert stream.latency_frames == 0
            stream.reset()
            changes += 1
        worker.join()
        assert failures == []
        assert changes > 0
        stream.reset()
        assert stream.process(np.full((2, 10), 1.0)).shape == (2, 10)

    def test_readings_and_meters_wait(self) -> None:
        stream = md.Compressor().stream(RATE_HZ, 2, "float64")
        meter = md.LoudnessMeter(RATE_HZ, 2)
        block = np.random.default_rng(1).uniform(-1, 1, (2, 500_000))
        workers = [
            threading.Thread(target=stream.process, args=(block,)),
            threading.Thread(target=meter.observe, args=(block,)),
        ]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            assert stream.gain_reduction_db.shape == (2,)
            assert meter.reading().sample_peak_dbfs <= 0
        for worker in workers:
            worker.join()

    @pytest.mark.parametrize("work", ["effect", "tail", "loudness", "stream", "gain_reduction", "render"])
    def test_ctrl_c_ends_long_work(self, work: str) -> None:
        audio = np.random.default_rng(1).uniform(-0.1, 0.1, (2, 48_000 * 120)).astype(np.float32)
        mix = md.Mix()
        mix.track("a", audio[:1, : 48_000 * 100], inserts=[md.Plate(), *[md.Reverb()] * 10])
        # Seconds of work on any machine, so that there is something to end.
        slow = md.Chain([md.Plate(), *[md.Reverb()] * 30])
        band = md.DynamicBand(shape=md.Bell(), threshold_db=-60)
        slow_dynamics = md.DynamicEqualizer(bands=[band] * 32)
        calls: dict[str, Callable[[], Any]] = {
            "effect": lambda: slow(audio, RATE_HZ),
            "tail": lambda: (md.Reverb(space="cathedral") >> slow)(audio[:, :100], 384_000, tail="auto"),
            "loudness": lambda: md.loudness(audio, RATE_HZ, precision="reference"),
            "stream": lambda: slow.stream(RATE_HZ, 2).process(audio),
            "gain_reduction": lambda: slow_dynamics.gain_reduction(audio, RATE_HZ),
            "render": mix.render,
        }
        polls = []

        class StopError(Exception):
            pass

        def handler(number: int, frame: Any) -> None:
            polls.append(number)
            # One signal is looked at when a call that is deaf to them has ended, however many came: three are not.
            if len(polls) == 3:
                signal.setitimer(signal.ITIMER_REAL, 0)
                raise StopError

        before = signal.signal(signal.SIGALRM, handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
            with pytest.raises(StopError):
                calls[work]()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert len(polls) == 3


class TestResults:
    def test_results_print_short(self) -> None:
        long = np.tile(TONE, 40)
        mix = md.Mix()
        for number in range(20):
            mix.track(f"track {number}", TONE, inserts=[md.Gain()])
        mastered = md.master(long, RATE_HZ)
        stream, meter = md.Reverb().stream(RATE_HZ, 2), md.LoudnessMeter(RATE_HZ, 2)
        for result in (
            md.loudness(long, RATE_HZ),
            mastered,
            mastered.certificate,
            mastered.certificate.target,
            mix,
            mix["track 3"],
            stream,
            meter,
            md.Convolution(impulse_response=long),
        ):
            text = repr(result)
            assert len(text) < 400, text
            assert " at 0x" not in text
            assert "array(" not in text
            assert "-0.0 " not in text
        assert "LUFS" in repr(md.loudness(long, RATE_HZ))
        assert "20 tracks" in repr(mix)

    def test_targets_print_as_a_table(self) -> None:
        targets = md.targets()
        lines = repr(targets).splitlines()
        assert len(lines) == len(targets) + 1
        assert max(map(len, lines)) <= 80
        assert isinstance(targets, tuple)
        for line, target in zip(lines[1:], targets, strict=True):
            assert line.startswith(target.name)

    def test_dictionaries_are_strict_json(self) -> None:
        for name in kinds():
            setting = made(name)
            if not isinstance(setting, md.Effect):
                continue
            text = json.dumps(setting.to_dict(), allow_nan=False)
            assert md.from_dict(json.loads(text)) == setting
        infinite = md.Chain(
            [md.Gain(gain_db=-math.inf), md.Compressor(ratio=math.inf), md.Parallel([md.Gain()], [-math.inf])]
        )
        assert md.from_dict(json.loads(json.dumps(infinite.to_dict(), allow_nan=False))) == infinite
        json.dumps(md.master(np.tile(TONE, 4), RATE_HZ, target="youtube").certificate.to_dict(), allow_nan=False)

    def test_names_that_are_reachable(self) -> None:
        assert callable(md.balance)
        assert callable(md.resample)
        assert callable(md.display.waveform)
        with pytest.raises(AttributeError, match="'plot'"):
            md.plot  # noqa: B018


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.lists(st.floats(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.floats(), max_size=2),
    st.sampled_from(
        [
            np.zeros(3),
            np.zeros((2, 3), np.float32),
            np.zeros(3, np.int16),
            np.float32(1),
            md.Gain(),
            md.Bell(),
            object(),
            int,
        ]
    ),
)
EXPECTED = (md.ParameterError, md.ShapeError, md.MixerError, TypeError, OSError)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(data=st.data())
def test_nothing_but_the_errors_that_are_promised(data: st.DataObject) -> None:
    anything = lambda: data.draw(ANYTHING)  # noqa: E731
    name = data.draw(st.sampled_from(sorted(kinds())))
    field = data.draw(st.sampled_from([field for owner, field, _ in FIELDS if owner == name]))
    calls: list[Callable[[], Any]] = [
        lambda: kinds()[name](anything()),
        lambda: made(name, **{field: anything()}),
        lambda: made(name).replace(**{field: anything()}),
        lambda: md.from_dict({"type": name, field: anything()}),
        lambda: md.from_dict(anything()),
        lambda: md.ImpulseResponse(anything()),
        lambda: md.Gain()(anything(), anything(), key=anything(), tail=anything(), out=anything()),
        lambda: md.Gain()(np.zeros(3), RATE_HZ, key=anything(), tail=anything(), out=anything()),
        lambda: md.Gain().stream(anything(), anything(), anything(), anything()),
        lambda: md.Gain().stream(RATE_HZ, 1, "float64").process(anything(), anything(), anything()),
        lambda: md.Gain().stream(RATE_HZ, 1).set(anything()),
        lambda: md.Bell().latency_frames(anything(), anything()),
        lambda: md.Bell().frequency_response(anything(), anything()),
        lambda: md.Gate().transfer_curve(anything()),
        lambda: md.Gate().gain_reduction(anything(), anything(), anything()),
        lambda: md.loudness(anything(), anything(), layout=anything(), weights=anything(), dual_mono=anything()),
        lambda: md.loudness(np.zeros((2, 9)), RATE_HZ, layout=anything(), weights=anything(), precision=anything()),
        lambda: md.LoudnessMeter(anything(), anything(), memory=anything()),
        lambda: md.album_loudness(anything()),
        lambda: md.normalize(
            anything(), anything(), target_lufs=anything(), ceiling_dbtp=anything(), policy=anything()
        ),
        lambda: md.Mix(sample_rate_hz=anything()),
        lambda: md.Mix().track(anything(), anything(), sample_rate_hz=anything()),
        lambda: md.Mix().track("a", np.zeros(3), inserts=anything(), fader_db=anything(), pan_law=anything()),
        lambda: md.Mix().master(inserts=anything(), fader_db=anything()),
        lambda: md.Mix().rename(anything(), anything()),
        lambda: md.Mix()[anything()],
        lambda: md.Track(anything(), anything(), mute=anything()),
        lambda: md.resample(anything(), anything(), anything()),
        lambda: md.to_float(anything(), bit_depth=anything()),
    ]
    with contextlib.suppress(EXPECTED):
        data.draw(st.sampled_from(calls))()
