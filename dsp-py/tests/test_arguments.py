"""One rule of arguments: booleans, numbers, words, names, and whatever else comes in."""

from __future__ import annotations

import contextlib
import math
import typing
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mixdown as md
from border import FIELDS, RATE_HZ, TONE, fields_of, kinds, made


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
        with pytest.raises(md.ParameterError, match=f"^{name} has no parameter loudness(: it has |$)"):
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
                r"parameters are given by name: Mix.track\('a', audio, fader_db=-3\)",
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
        limit = r"frequency_hz = 7000 is out of range: with sample_rate_hz = 8000 it must lie in 10\.\.3920"
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
        lambda: md.LevelMeter(anything(), anything(), rms_ms=anything(), hold_ms=anything(), fall_db_per_s=anything()),
        lambda: md.LevelMeter(RATE_HZ, 1, rms_ms=anything(), hold_ms=anything(), fall_db_per_s=anything()),
        lambda: md.CorrelationMeter(RATE_HZ, window_ms=anything()),
        lambda: md.correlation(anything(), anything(), window_ms=anything()),
        lambda: md.mono_compatibility(anything(), anything()),
        lambda: md.fader_db(anything(), taper=anything()),
        lambda: md.fader_db(anything()),
        lambda: md.fader_position(anything()),
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
        lambda: md.resample(anything(), anything(), anything(), quality=anything()),
        lambda: md.resample(np.zeros(3), RATE_HZ, 44_100, quality=anything()),
        lambda: md.to_float(anything(), bit_depth=anything()),
    ]
    with contextlib.suppress(EXPECTED):
        data.draw(st.sampled_from(calls))()
