"""Functions of whole signals as effects: anywhere an effect stands, with the bits of the effects around them."""

import copy
import functools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import signal

import mixdown as md

RATE_HZ = 48_000
FRAMES = 12_000


def same(audio: np.ndarray, sample_rate_hz: float) -> np.ndarray:
    return audio


IDENTITY = md.Function(same, tail_s=0)
#: Effects with latency, memory, modulation, pre-ringing, lookahead and another number of channels.
STAGES = [
    md.LinearPhaseEqualizer(bands=[md.Bell(frequency_hz=300, gain_db=6)], length_ms=20),
    md.Reverb(space="room", t60_s=0.3),
    md.Compressor(threshold_db=-30, lookahead_ms=2),
    md.Chorus(),
    md.Limiter(ceiling_db=-12, lookahead_ms=3),
]


@pytest.fixture(params=["float32", "float64"])
def stereo(request: pytest.FixtureRequest, noise: Callable[..., np.ndarray]) -> np.ndarray:
    return noise(2, FRAMES).astype(request.param)


@pytest.mark.parametrize("tail", ["none", "auto", 0.05])
@pytest.mark.parametrize("place", range(len(STAGES) + 1))
def test_an_identity_anywhere_in_a_chain_changes_no_bit(stereo: np.ndarray, place: int, tail: Any) -> None:
    without = md.Chain(STAGES)(stereo, RATE_HZ, tail=tail)
    chain = md.Chain([*STAGES[:place], IDENTITY, *STAGES[place:]])
    np.testing.assert_array_equal(chain(stereo, RATE_HZ, tail=tail), without)


def test_several_in_one_chain_are_called_in_its_order(stereo: np.ndarray) -> None:
    called = []

    def noted(name: str, audio: np.ndarray, rate_hz: float) -> np.ndarray:
        called.append((name, audio.shape, audio.dtype, rate_hz))
        return audio

    first, second = (md.Function(functools.partial(noted, name), tail_s=0) for name in ("first", "second"))
    chain = md.Chain([first, STAGES[1], second, md.Gain(gain_db=-3), IDENTITY])
    np.testing.assert_array_equal(chain(stereo, RATE_HZ), md.Chain([STAGES[1], md.Gain(gain_db=-3)])(stereo, RATE_HZ))
    assert called == [(name, (2, FRAMES), stereo.dtype, RATE_HZ) for name in ("first", "second")]


@pytest.mark.parametrize(
    "around",
    [
        lambda effects: md.Parallel([md.Chain(effects), md.Limiter(ceiling_db=-20)], gains_db=[0, -3]),
        lambda effects: md.MidSide(mid=effects, side=[md.Compressor(threshold_db=-40, lookahead_ms=4)]),
        lambda effects: md.MidSide(mid=[md.Gain(gain_db=1)], side=effects),
        lambda effects: md.Chain([md.Chain(effects), md.Parallel([md.Chain(effects), md.Gain()])]),
        lambda effects: md.Bypass(md.Chain(effects)),
    ],
    ids=["parallel", "mid", "side", "nested", "bypassed"],
)
def test_an_identity_in_any_combination_changes_no_bit(stereo: np.ndarray, around: Callable[..., md.Effect]) -> None:
    within = [STAGES[0], STAGES[4]]
    with_identity = around([IDENTITY, STAGES[0], IDENTITY, STAGES[4]])
    np.testing.assert_array_equal(with_identity(stereo, RATE_HZ), around(within)(stereo, RATE_HZ))


def test_a_key_reaches_what_stands_behind_in_time(stereo: np.ndarray, noise: Callable[..., np.ndarray]) -> None:
    key = noise(1, FRAMES, seed=2).astype(stereo.dtype)
    late = md.Function(lambda audio, _: np.pad(audio, ((0, 0), (480, 0)))[:, : audio.shape[1]], latency_frames=480)
    keyed = md.Compressor(threshold_db=-40, ratio=8)
    expected = (STAGES[4] >> keyed)(stereo, RATE_HZ, key=key)
    for function in (IDENTITY, late):
        np.testing.assert_array_equal(md.Chain([function, STAGES[4], keyed])(stereo, RATE_HZ, key=key), expected)
        np.testing.assert_array_equal(md.Chain([STAGES[4], function, keyed])(stereo, RATE_HZ, key=key), expected)
    with pytest.raises(md.ParameterError, match=r"^Function takes no key: Compressor, Expander, Gate and Dynamic"):
        IDENTITY(stereo, RATE_HZ, key=key)


def test_a_stated_latency_is_compensated_alone_and_beside_others(stereo: np.ndarray) -> None:
    def late(audio: np.ndarray, _: float) -> np.ndarray:
        return np.concatenate([np.zeros((len(audio), 100), audio.dtype), audio[:, :-100]], axis=1)

    function = md.Function(late, latency_frames=100)
    assert function.latency_frames(RATE_HZ) == 100
    assert (function >> md.Limiter()).latency_frames(RATE_HZ) == 100 + md.Limiter().latency_frames(RATE_HZ)
    np.testing.assert_array_equal(function(stereo, RATE_HZ), stereo)
    both = md.Parallel([md.Chain([]), function], gains_db=[0, 0])(stereo, RATE_HZ)
    np.testing.assert_array_equal(both, stereo + stereo)
    # Without the statement it is heard late.
    unstated = md.Function(late)(stereo, RATE_HZ)
    np.testing.assert_array_equal(unstated[:, 100:], stereo[:, :-100])


def test_a_tail_rings_out(stereo: np.ndarray) -> None:
    def echo(audio: np.ndarray, rate_hz: float) -> np.ndarray:
        out = audio.copy()
        late = round(1.5 * rate_hz)
        out[:, late:] += 0.5 * audio[:, : max(audio.shape[1] - late, 0)]
        return out

    wet = md.Function(echo)(stereo, RATE_HZ, tail="auto")
    # On the grid of 100 ms after the input.
    assert wet.shape[1] == FRAMES + 72_000
    np.testing.assert_array_equal(wet[:, 72_000:], stereo * stereo.dtype.type(0.5))
    assert md.Function(echo)(stereo, RATE_HZ, tail=0.5).shape[1] == FRAMES + 24_000
    assert md.Function(echo)(stereo, RATE_HZ).shape[1] == FRAMES
    given: list[int] = []
    counted = md.Function(lambda audio, _: (given.append(audio.shape[1]), audio)[1], tail_s=1)
    counted(stereo, RATE_HZ, tail="auto")
    counted(stereo, RATE_HZ)
    # What comes after is silent, and not given: later effects look ahead into silence.
    (counted >> md.Limiter(lookahead_ms=10))(stereo, RATE_HZ)
    assert given == [FRAMES + 48_000, FRAMES, FRAMES]


def test_what_sounds_beyond_both_ends_is_given_too() -> None:
    step = np.ones(FRAMES)
    given: list[np.ndarray] = []
    noted = md.Function(lambda audio, _: (given.append(audio.copy()), audio)[1], tail_s=0)
    ringing = md.LinearPhaseEqualizer(bands=[md.HighPass(frequency_hz=200)], length_ms=20)
    (ringing >> noted >> md.Limiter(lookahead_ms=5))(step, RATE_HZ)
    before, after = ringing.latency_frames(RATE_HZ), md.Limiter(lookahead_ms=5).latency_frames(RATE_HZ)
    assert FRAMES + before < given[0].shape[1] <= FRAMES + before + after
    assert np.abs(given[0][0, :before]).max() > 1e-3


def test_scipy_filters_as_the_same_filter_does(stereo: np.ndarray) -> None:
    ours = md.HighPass(frequency_hz=200, slope_db_per_octave=12)
    response = np.fft.irfft(ours.frequency_response(np.fft.rfftfreq(65_536, 1 / RATE_HZ), RATE_HZ))
    by_scipy = md.Function(
        lambda audio, _: signal.fftconvolve(audio, response[np.newaxis], axes=1)[:, : audio.shape[1]]
    )
    ours_then = md.Chain([ours, md.Compressor(threshold_db=-30)])(stereo, RATE_HZ)
    theirs_then = md.Chain([by_scipy, md.Compressor(threshold_db=-30)])(stereo, RATE_HZ)
    assert np.abs(ours_then - theirs_then).max() < 2e-6
    assert theirs_then.dtype == stereo.dtype


def test_pedalboard_plugs_in(stereo: np.ndarray) -> None:
    pedalboard = pytest.importorskip("pedalboard", reason="pedalboard is not installed")
    board = pedalboard.Pedalboard([pedalboard.Gain(gain_db=-6.0)])
    out = md.Chain([md.Function(board), md.Gain(gain_db=6)])(stereo, RATE_HZ)
    assert np.abs(out - stereo).max() < 1e-6
    assert md.Function(board).name == "Pedalboard"


# In a mix.


def song(noise: Callable[..., np.ndarray], wrap: Callable[[list[md.Effect]], list[md.Effect]]) -> md.Mix:
    """A mix with everything: groups, sends, keys, automation, latency, solo-safe and muted strips."""
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.group("drums", wrap([md.Compressor(threshold_db=-30, lookahead_ms=2)]), to="band")
    mix.group("band", wrap([md.Limiter(ceiling_db=-12)]), key_from=None)
    mix.track("kick", noise(1, 9_000, seed=3), to="drums", inserts=wrap([md.Gate(threshold_db=-50)]), pan=-0.5)
    mix.track("snare", noise(2, 7_000, seed=4), to="drums", sends={"hall": -12}, mute=[(0, False), (0.1, True)])
    bass = wrap([md.Compressor(threshold_db=-40), md.Saturator(drive_db=6)])
    mix.track("bass", noise(1, 8_000, seed=5), inserts=bass, key_from="kick", fader_db=[(0, -3), (0.1, -9)])
    mix.track("lead", noise(1, 8_000, seed=6), inserts=wrap([md.Gain()]), sends={"hall": md.Send(-6, tap="pre_fader")})
    mix.returns("hall", wrap([md.Reverb(space="room", t60_s=0.2)]), to="band")
    mix.master(wrap([md.LinearPhaseEqualizer(bands=[md.Tilt(gain_db=2)], length_ms=10), md.Limiter()]), fader_db=-1)
    return mix


def automated(mix: md.Mix, insert: int) -> md.Mix:
    mix.automate(f"lead/{insert}/gain_db", [(0.0, 0), (0.1, -12)])
    mix.automate("lead/sends/hall/level_db", [(0.0, -24), (0.1, 0)])
    return mix


def unchanged(effects: list[md.Effect]) -> list[md.Effect]:
    return effects


def with_identity(effects: list[md.Effect]) -> list[md.Effect]:
    return [IDENTITY, *effects, md.Chain([IDENTITY])]


@pytest.mark.parametrize("tail", ["none", "auto"])
def test_an_identity_on_every_strip_of_a_mix_changes_no_bit(noise: Callable[..., np.ndarray], tail: Any) -> None:
    plain, mix = automated(song(noise, unchanged), 0), automated(song(noise, with_identity), 1)
    np.testing.assert_array_equal(mix.render(tail=tail), plain.render(tail=tail))
    for of in ("master_inputs", "tracks"):
        stems, others = mix.stems(of=of, tail=tail), plain.stems(of=of, tail=tail)
        assert list(stems) == list(others)
        for name, stem in stems.items():
            np.testing.assert_array_equal(stem, others[name])
    assert mix.measure(tail=tail) == plain.measure(tail=tail)
    assert md.Stems(mix) == md.Stems(plain)


@pytest.mark.parametrize("edit", [{"solo": True}, {"mute": True}, {"solo_safe": True}])
def test_solo_and_mute_stay(noise: Callable[..., np.ndarray], edit: dict[str, bool]) -> None:
    plain, mix = song(noise, unchanged), song(noise, with_identity)
    for one in (plain, mix):
        for name, value in edit.items():
            setattr(one["bass"], name, value)
        one["kick"].solo = True
    np.testing.assert_array_equal(mix.render(), plain.render())


def test_functions_that_depend_on_others_come_after_them() -> None:
    """A function on the key, one on what it ducks, one on the group, one on the master: each hears the one before."""
    order = []

    def noted(name: str) -> md.Function:
        def half(audio: np.ndarray, _: float) -> np.ndarray:
            order.append(name)
            return audio * audio.dtype.type(0.5)

        return md.Function(half, name=name, tail_s=0)

    def halved(name: str) -> md.Gain:
        return md.Gain(gain_db=20 * np.log10(0.5))

    def mixed(make: Callable[[str], md.Effect]) -> np.ndarray:
        mix = md.Mix()
        rising = np.linspace(0, 0.5, 4_800)
        mix.master([make("master")])
        mix.group("all", [make("all")])
        ducked = [make("before"), md.Compressor(threshold_db=-20), make("after")]
        mix.track("bass", rising, to="all", inserts=ducked, key_from="kick")
        mix.track("kick", rising[::-1], to="all", inserts=[make("kick")])
        return mix.render(tail="none")

    made = mixed(noted)
    assert sorted(order) == ["after", "all", "before", "kick", "master"]
    assert order.index("kick") < order.index("after") < order.index("all") < order.index("master")
    assert np.abs(made - mixed(halved)).max() < 1e-12


def test_a_function_on_a_bus_hears_the_whole_bus(noise: Callable[..., np.ndarray]) -> None:
    def normal(audio: np.ndarray, _: float) -> np.ndarray:
        return audio / np.abs(audio).max()

    mix = md.Mix()
    mix.track("a", noise(2, 4_800).astype(float) * 0.1)
    mix.track("b", noise(2, 2_400, seed=2).astype(float) * 0.1)
    before = mix.render(tail="none")
    mix.master([md.Function(normal)])
    np.testing.assert_array_equal(mix.render(tail="none"), before / np.abs(before).max())


def test_automation_within_a_chain_with_a_function_goes_on() -> None:
    mix, plain = md.Mix(), md.Mix()
    for one, effects in ((mix, [IDENTITY, md.Gain()]), (plain, [md.Gain()])):
        one.track("a", np.full(9_600, 0.5), inserts=[md.Chain(effects)])
        one.automate(f"a/0/effects[{len(effects) - 1}].gain_db", [(0.0, 0), (0.2, -12)])
    np.testing.assert_array_equal(mix.render(), plain.render())
    with pytest.raises(md.ParameterError, match=r"^a/0/effects\[0\]\.tail_s: Function has no parameter tail_s"):
        mix.automate("a/0/effects[0].tail_s", [(0.0, 0)])


# What it is as a value, and what it refuses.


def test_equal_by_the_function_itself() -> None:
    one = md.Function(same)
    assert one == md.Function(same)
    assert hash(one) == hash(md.Function(same))
    assert one not in (md.Function(lambda audio, _: audio), md.Function(same, name="other"), md.Gain())
    assert md.Function(lambda audio, _: audio) != md.Function(lambda audio, _: audio)
    assert one != one.replace(latency_frames=3)
    assert one.replace(latency_frames=3).latency_frames(RATE_HZ) == 3
    assert copy.copy(one) == one
    assert pickle.loads(pickle.dumps(md.Chain([one, md.Gain()]))) == md.Chain([one, md.Gain()])
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(md.Function(lambda audio, _: audio))


def test_prints_its_name() -> None:
    assert repr(md.Function(same)) == "Function(same)"
    assert eval(repr(md.Function(same, latency_frames=3, tail_s=0)), {"Function": md.Function, "same": same}) == (
        md.Function(same, latency_frames=3, tail_s=0)
    )
    assert repr(md.Function(same, name="denoise")) == "Function(same, name='denoise')"
    assert md.Function(functools.partial(same)).name == "same"
    assert repr(md.Chain([IDENTITY])) == "Chain(effects=(Function(same, tail_s=0),))"


def raising(audio: np.ndarray, _: float) -> np.ndarray:
    raise KeyError("no model")


WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "nothing": (
        lambda audio, _: None,
        TypeError,
        "returned None: it must return an array of shape (2, 480), float",
    ),
    "a list": (lambda audio, _: [0.0], TypeError, "returned [0.0]: it must return an array of shape (2, 480), "),
    "int16": (
        lambda audio, _: audio.astype(np.int16),
        TypeError,
        "returned int16: it must return an array",
    ),
    "longer": (
        lambda audio, _: np.tile(audio, 2),
        md.ShapeError,
        "returned shape (2, 960): it must return an array",
    ),
    "turned": (
        lambda audio, _: audio.T,
        md.ShapeError,
        "returned shape (480, 2): it must return an array",
    ),
    "NaN": (lambda audio, _: audio * np.nan, md.ParameterError, "returned 960 non-finite samples: its result must be"),
    "too much": (
        lambda audio, _: np.full(audio.shape, 1e300),
        md.ParameterError,
        "returned 960 non-finite samples: its result must be finite",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_result_names_the_place_and_the_function(wrong: str) -> None:
    function, kind, said = WRONG[wrong]
    audio = np.full((2, 480), 0.5, np.float32)
    named = md.Function(function, name="model")
    with pytest.raises(kind) as alone:
        named(audio, RATE_HZ)
    assert str(alone.value).startswith(f"function model {said}")
    with pytest.raises(kind) as within:
        md.Chain([md.Gain(), md.Parallel([md.Gain(), named])])(audio, RATE_HZ)
    assert str(within.value).startswith(f"effects[1].effects[1]: function model {said}")
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("vocals", audio, inserts=[md.Gain(), IDENTITY, md.Chain([named])])
    for work in (lambda: mix.render(tail="none"), lambda: mix.stems(tail="none"), lambda: mix.measure(tail="none")):
        with pytest.raises(kind) as mixed:
            work()
        assert str(mixed.value).startswith(f"vocals/inserts/2/effects[0]: function model {said}")
        assert "\n" not in str(mixed.value)


def test_what_it_raises_comes_out_with_its_place() -> None:
    mix = md.Mix()
    mix.master([md.Function(raising)])
    mix.track("a", np.ones(480))
    with pytest.raises(KeyError, match="no model") as raised:
        mix.render()
    assert raised.value.__notes__ == ["raised by master/inserts/0: function raising"]

    def stopped(audio: np.ndarray, _: float) -> np.ndarray:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        md.Function(stopped)(np.ones(480), RATE_HZ)


def test_arguments_are_checked() -> None:
    with pytest.raises(TypeError, match=r"^function = 3 is not a function: it must be a function of \(audio, sample"):
        md.Function(3)  # type: ignore[arg-type]
    with pytest.raises(md.ParameterError, match=r"^latency_frames = -1 is out of range: it must lie in 0\.\.1\.04858e"):
        md.Function(same, latency_frames=-1)
    with pytest.raises(md.ParameterError, match=r"^tail_s = 61 is out of range: it must lie in 0\.\.60$"):
        md.Function(same, tail_s=61)
    with pytest.raises(md.ParameterError, match=r"^Function has no parameter latency: did you mean latency_frames\?$"):
        md.Function(same, latency=3)  # type: ignore[call-arg]
    with pytest.raises(md.ParameterError, match=r"^Function has no parameter tail: did you mean tail_s\?$"):
        md.Function(same).replace(tail=3)
    # The engine's own limits are those.
    md.Function(same, latency_frames=1_048_576)
    with pytest.raises(md.ParameterError, match=r"^latency_frames = 1048577 is out of range"):
        md._core.check_effect({"type": "Function", "latency_frames": 1_048_577, "tail_s": 1})
    with pytest.raises(md.ParameterError, match=r"^tail_s = 60\.5 is out of range"):
        md._core.check_effect({"type": "Function", "latency_frames": 0, "tail_s": 60.5})


def test_streams_responses_and_files_refuse_in_one_line() -> None:
    chain = md.Chain([md.Gain(), md.Function(same)])
    blocks = r"works on whole signals, a stream has only blocks: process the audio at once, as effect\(audio, "
    for work in (lambda: chain.stream(RATE_HZ, 2), lambda: md.Stream(chain, RATE_HZ, 2)):
        with pytest.raises(md.ParameterError, match=rf"^effects\[1\]: function same {blocks}"):
            work()
    with pytest.raises(md.ParameterError, match=rf"^function same {blocks}"):
        md.Gain().stream(RATE_HZ, 2).set(md.Function(same))
    response = r"^Chain has no single frequency response: effects\[1\] is a function of whole signals$"
    with pytest.raises(md.ParameterError, match=response):
        chain.frequency_response([100.0], RATE_HZ)
    with pytest.raises(md.ParameterError, match=r"^function same has no plain values: neither to_dict nor a session"):
        chain.to_dict()
    with pytest.raises(md.ParameterError, match=r"^type = 'Function' is not a kind of setting: "):
        md.from_dict({"type": "Function"})


def test_a_mix_with_one_is_not_saved_by_half(tmp_path: Any) -> None:
    mix = md.Mix()
    mix.track("a", np.ones(480))
    mix.group("b", [md.Function(same)])
    place = r"^b/inserts/0: function same has no plain values: no session file holds one$"
    with pytest.raises(md.ParameterError, match=place):
        mix.save(tmp_path / "song.toml")
    with pytest.raises(md.ParameterError, match=place):
        mix.to_dict()
    assert list(tmp_path.iterdir()) == []
    assert "Function" in mix.table()
    assert "Function" in repr(mix["b"])


def test_a_master_takes_one() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 997 * np.arange(2 * RATE_HZ) / RATE_HZ)
    mastered = md.master(tone, RATE_HZ, target="spotify", effects=[md.Function(lambda audio, _: -audio)])
    plain = md.master(-tone, RATE_HZ, target="spotify")
    np.testing.assert_array_equal(mastered.audio, plain.audio)
