"""Automation: points of faders, pans, mutes, sends and inserts."""

import math

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000
#: Error of a drawn curve.
LIMIT_DB = 0.01


def level_db(samples: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.abs(samples) + 1e-12)


@pytest.fixture
def mix() -> md.Mix:
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("a", np.ones(RATE_HZ), pan=-1)
    return mix


def test_a_fader_follows_its_points_in_db(mix) -> None:
    mix["a"].fader_db = [(0.25, -20), (0.5, -6), (0.75, 0, "linear")]
    assert mix["a"].fader_db == ((0.25, -20.0, "db_linear"), (0.5, -6.0, "db_linear"), (0.75, 0.0, "linear"))
    time_s = np.arange(RATE_HZ) / RATE_HZ
    drawn = np.interp(time_s, [0.25, 0.5], [-20, -6])
    last = time_s >= 0.5
    drawn[last] = 20 * np.log10(np.interp(time_s[last], [0.5, 0.75], [10 ** (-6 / 20), 1]))
    out = mix.render(tail="none")[0]
    assert np.max(np.abs(level_db(out) - drawn)) < LIMIT_DB
    assert repr(mix["a"]) == "<Track 'a': mono, 1.00 s, fader automated (3 points), pan -1.0>"


def test_a_number_instead_of_points_is_a_constant_again(mix) -> None:
    mix["a"].fader_db = -3
    mix["a"].fader_db = [(0, -20)]
    mix.automate("a/fader_db", None)
    assert mix["a"].fader_db == -3
    mix.automate("a/fader_db", [(0, -20)])
    mix["a"].fader_db = -5
    assert (mix["a"].fader_db, dict(mix["a"].automation)) == (-5, {})


def test_pan_and_mute(mix) -> None:
    mix["a"].pan = [(0.0, -1), (1.0, 1)]
    mix["a"].mute = [(0.0, False), (0.7, True)]
    assert mix["a"].mute == ((0.0, False, "hold"), (0.7, True, "hold"))
    out = mix.render(tail="none")
    angle = (np.arange(RATE_HZ) / RATE_HZ) * math.pi / 2
    audible = slice(0, int(0.7 * RATE_HZ))
    np.testing.assert_allclose(out[:, audible], np.stack([np.cos(angle), np.sin(angle)])[:, audible], atol=1e-6)
    assert not np.any(out[:, int(0.72 * RATE_HZ) :])


def test_sends_and_inserts(mix) -> None:
    mix["a"].inserts = [md.Gain(), md.Gain()]
    mix["a"].sends = {"b": -np.inf, "hall": -6}
    mix["a"].fader_db = -np.inf
    mix["a"].sends = {"b": md.Send(-np.inf), "hall": md.Send(-6, tap="pre_fader", pan=-1)}
    mix.returns("hall")
    mix.group("b")
    mix.automate("a/sends/hall/level_db", [(0.0, -12), (1.0, 0)])
    mix.automate("a/1/gain_db", [(0.5, 0), (0.5, -6, "hold")])
    level = level_db(mix.render(tail="none")[0])
    time_s = np.arange(RATE_HZ) / RATE_HZ
    drawn = -12 + 12 * time_s - 6 * (time_s >= 0.5)
    away = np.abs(time_s - 0.5) > 0.05
    assert np.max(np.abs(level - drawn)[away]) < LIMIT_DB
    # It follows the return to another name.
    mix.rename("hall", "plate")
    assert list(mix["a"].automation) == ["sends/plate/level_db", "1/gain_db"]
    np.testing.assert_array_equal(level_db(mix.render(tail="none")[0]), level)
    mix.automate("a/1/gain_db", None)
    mix.automate("a/sends/plate/level_db", None)
    np.testing.assert_allclose(level_db(mix.render(tail="none")[0, 1000:]), -6, atol=1e-6)


def test_what_has_points_is_not_removed_from_under_them(mix) -> None:
    mix["a"].inserts = [md.Gain()]
    mix["a"].sends = {"hall": -6}
    mix.automate("a/0/gain_db", [(0.0, -12)])
    with pytest.raises(md.ParameterError, match="a/0/gain_db: Gain, which was at 0, is not among the new inserts"):
        mix["a"].inserts = []
    with pytest.raises(md.ParameterError, match="0/gain_db: HighPass has no parameter gain_db"):
        mix["a"].inserts = [md.HighPass()]
    mix.automate("a/sends/hall/level_db", [(0.0, -12)])
    with pytest.raises(md.ParameterError, match=r'a/sends/hall/level_db: the send to "hall" .*: take this off first$'):
        mix["a"].sends = {}
    assert (len(mix["a"].inserts), len(mix["a"].sends)) == (1, 1)


def test_the_master_and_groups_take_points(mix) -> None:
    mix.group("b", to="master", fader_db=[(0, -6), (1, -6)])
    mix["a"].to = "b"
    mix.automate("master/fader_db", [(0, 0), (0.5, -12)])
    level = level_db(mix.render(tail="none")[0])
    assert level[0] == pytest.approx(-6, abs=LIMIT_DB)
    assert level[-1] == pytest.approx(-18, abs=LIMIT_DB)


def test_latency_before_a_lane_does_not_move_it(mix) -> None:
    mix["a"].inserts = [md.Bypass(md.Limiter(lookahead_ms=10))]
    mix["a"].fader_db = [(0.5, 0), (0.5, -20)]
    level = level_db(mix.render(tail="none")[0])
    assert abs(level[RATE_HZ // 2 - 1]) < LIMIT_DB
    assert level[RATE_HZ // 2 + 480] == pytest.approx(-20, abs=LIMIT_DB)


NESTED = [
    md.Chain([md.Gain(), md.Chain([md.Compressor(), md.Equalizer(bands=[md.Bell(), md.Placed(md.HighPass())])])]),
    md.MidSide(mid=[md.Gain()], side=[md.DynamicEqualizer(bands=[md.DynamicBand(shape=md.HighShelf()), md.Bell()])]),
    md.Parallel([md.Gain(), md.Bypass(md.Limiter())], gains_db=[0, -6]),
    md.MultibandCompressor(),
]
#: Paths inside them, and a value of each.
INSIDE = {
    "0/effects[0].gain_db": -3,
    "0/effects[0].invert_polarity": True,
    "0/effects[1].effects[0].threshold_db": -30,
    "0/effects[1].effects[1].bands[0].frequency_hz": 300,
    "0/effects[1].effects[1].bands[1].enabled": False,
    "0/effects[1].effects[1].bands[1].band.slope_db_per_octave": 24,
    "1/mid[0].gain_db": -3,
    "1/side[0].bands[0].threshold_db": -40,
    "1/side[0].bands[0].shape.gain_db": 3,
    "1/side[0].bands[1].q": 2,
    "2/effects[1].effect.ceiling_db": -3,
    "2/gains_db[1]": -9,
    "3/bands[1].threshold_db": -20,
    "3/crossovers_hz[0]": 150,
}


def nested(mix: md.Mix) -> md.Mix:
    mix.track("b", np.ones((2, RATE_HZ)) * 0.1, inserts=NESTED)
    return mix


@pytest.mark.parametrize(("path", "value"), INSIDE.items())
def test_parts_of_an_insert_take_points(mix, path, value) -> None:
    nested(mix).automate(f"b/{path}", [(0.0, value), (0.5, value)])
    (points,) = mix["b"].automation.values()
    stepped = isinstance(value, bool) or "slope" in path
    assert points[1][2] == (
        "hold" if stepped else "db_linear" if path.rstrip("]0123456789[").endswith("_db") else "linear"
    )
    assert mix.render(tail="none").shape == (2, RATE_HZ)


def test_a_part_follows_its_points(mix) -> None:
    mix["a"].inserts = [md.Chain([md.Gain(), md.Gain()]), md.Equalizer(bands=[md.LowShelf(frequency_hz=8000)])]
    mix.automate("a/0/effects[1].gain_db", [(0.2, 0), (0.8, -12)])
    level = level_db(mix.render(tail="none")[0])
    drawn = np.interp(np.arange(RATE_HZ) / RATE_HZ, [0.2, 0.8], [0, -12])
    assert np.max(np.abs(level - drawn)) < 0.2
    mix.automate("a/1/bands[0].gain_db", [(0.0, -6)])
    assert level_db(mix.render(tail="none")[0, -1]) == pytest.approx(-18, abs=0.01)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "0/effects[1].effects[1].bands[0].gain",
            "Bell has no parameter gain: did you mean effects[1].effects[1].bands[0].gain_db?",
        ),
        ("0/effects[2].gain_db", "Chain has no effects[2]: did you mean effects[0].gain_db?"),
        ("0/effects[00].gain_db", "Chain has no effects[00]: did you mean effects[0].gain_db?"),
        ("1/bands[0].threshold_db", "MidSide has no bands[0]: did you mean side[0].bands[0].threshold_db?"),
        ("3/bands[0].detector", "detector takes no automation; "),
        ("3/slope_db_per_octave", "slope_db_per_octave takes no automation; "),
        ("2/gains_db[2]", "Parallel has no parameter gains_db[2]: did you mean gains_db[1]?"),
        ("0/effects", "Chain has no parameter effects"),
        ("00/effects[0].gain_db", "no such parameter"),
    ],
)
def test_other_paths_are_refused(mix, path, text) -> None:
    with pytest.raises(md.ParameterError) as error:
        nested(mix).automate(f"b/{path}", [(0.0, 0)])
    assert str(error.value).startswith(f"b/{path}: {text}")
    assert not mix["b"].automation


def test_gains_that_are_not_given_take_no_points(mix) -> None:
    mix["a"].inserts = [md.Parallel([md.Gain(), md.Gain()])]
    with pytest.raises(md.ParameterError, match=r"^a/0/gains_db\[0\]: Parallel has no gains_db of its own: give it"):
        mix.automate("a/0/gains_db[0]", [(0.0, 3)])


def test_taps_take_no_points(mix) -> None:
    mix["a"].inserts = [md.LinearPhaseEqualizer(bands=[md.Bell()]), md.Convolution(impulse_response=np.ones(8))]
    with pytest.raises(md.ParameterError, match="bands of LinearPhaseEqualizer take no automation"):
        mix.automate("a/0/bands[0].gain_db", [(0.0, 3)])
    with pytest.raises(md.ParameterError, match=r"decay takes no automation; predelay_ms, mix of Convolution do$"):
        mix.automate("a/1/decay", [(0.0, 0.5)])
    mix.automate("a/1/mix", [(0.0, 0.5)])


def test_values_are_refused_at_their_places(mix) -> None:
    nested(mix)
    with pytest.raises(md.ParameterError) as error:
        mix.automate("b/0/effects[1].effects[1].bands[0].gain_db", [(0.0, 3), (1.0, 30)])
    assert str(error.value) == (
        "b/0/effects[1].effects[1].bands[0].gain_db: point 1 (at 1 s): effects[1].effects[1].bands[0].gain_db = 30 is "
        "out of range: it must lie in -24..24"
    )
    for path, value in [("0/effects[1].effects[0].ratio", 4), ("0/effects[1].effects[0].range_db", 6)]:
        with pytest.raises(md.ParameterError) as error:
            mix.automate(f"b/{path}", [(0.0, value), (1.0, math.inf)])
        assert str(error.value) == (
            f"b/{path}: point 1 (at 1 s): {path.split('.')[-1]} = inf is not allowed: it must be finite at both ends "
            "of a line: hold takes any value"
        )
        mix.automate(f"b/{path}", [(0.0, value), (1.0, math.inf, "hold")])


def test_lanes_of_an_insert_are_checked_together(mix, tmp_path) -> None:
    mix["a"].inserts = [md.MultibandCompressor()]
    low, high = "a/0/crossovers_hz[0]", "a/0/crossovers_hz[1]"
    rises = [(0.0, 200), (1.0, 3000)]
    with pytest.raises(md.ParameterError) as error:
        mix.automate(low, rises)
    told = "point 1 (at 1 s): crossovers_hz[1] = 2000 is out of range: it must lie in 3750..22000"
    assert str(error.value) == f"{low}: {told}"
    mix.automate(high, [(0.0, 4000), (1.0, 8000)])
    mix.automate(low, rises)
    # Points of the other as they are at each time.
    with pytest.raises(md.ParameterError, match=r"crossovers_hz\[1\] = 3500 is out of range: it must lie in 3750"):
        mix.automate(high, [(0.0, 4000), (1.0, 3500)])
    with pytest.raises(md.ParameterError, match=r"crossovers_hz\[1\] = 2000 is out of range"):
        mix.automate(high, None)
    assert mix["a"].automation["0/crossovers_hz[1]"] == ((0.0, 4000, "linear"), (1.0, 8000, "linear"))
    mix.save(tmp_path / "song.toml")
    assert md.Mix.from_file(tmp_path / "song.toml")["a"].automation == mix["a"].automation


def test_every_parameter_that_takes_automation_does() -> None:
    for kind in (
        md.Compressor,
        md.Gate,
        md.Limiter,
        md.Reverb,
        md.DeEsser,
        md.LowPass,
        md.Plate,
        md.Width,
        md.Convolution,
    ):
        mix = md.Mix(sample_rate_hz=RATE_HZ)
        insert = kind() if kind is not md.Convolution else md.Convolution(impulse_response=np.ones(8))
        mix.track("a", np.zeros((2, 100)), inserts=[insert])
        for parameter in kind.parameters():
            path = f"a/0/{parameter.name}"
            if parameter.takes_automation:
                mix.automate(path, [(0.0, getattr(insert, parameter.name))])
            else:
                with pytest.raises(md.ParameterError, match="takes no automation"):
                    mix.automate(path, [(0.0, 1)])


def keyed() -> md.Mix:
    mix = md.Mix()
    mix.track("kick", np.ones(480))
    compressors = [md.Compressor(ratio=2), md.Compressor(ratio=3)]
    mix.track("bass", np.ones(480), inserts=[md.HighPass(), *compressors], key_from={2: "kick"})
    mix.automate("bass/2/threshold_db", [(0.0, -20), (1.0, -10)])
    mix.automate("bass/0/frequency_hz", [(0.0, 20), (1.0, 40)])
    return mix


@pytest.mark.parametrize(
    ("change", "key", "low_cut"),
    [
        (lambda old: [md.Gain(), *old], 3, 1),
        (lambda old: [old[2], old[0], old[1]], 0, 1),
        (lambda old: [old[0], old[2]], 1, 0),
        (lambda old: [old[0], old[1], old[2].replace(ratio=5)], 2, 0),
        (lambda old: [old[0], old[1].replace(ratio=5), old[2]], 2, 0),
        (lambda old: [md.Gain(), old[0].replace(frequency_hz=30), md.Compressor(ratio=3)], 2, 1),
        (lambda old: old, 2, 0),
    ],
)
def test_automation_and_keys_follow_their_inserts(change, key, low_cut) -> None:
    mix = keyed()
    bass = mix["bass"]
    points = bass.automation["2/threshold_db"]
    bass.inserts = change(bass.inserts)
    assert dict(bass.key_from) == {key: "kick"}
    assert set(bass.automation) == {f"{key}/threshold_db", f"{low_cut}/frequency_hz"}
    assert bass.automation[f"{key}/threshold_db"] == points
    mix.render()


def test_an_insert_with_automation_or_a_key_is_not_removed() -> None:
    mix = keyed()
    bass = mix["bass"]
    before = (bass.inserts, bass.key_from, bass.automation)
    gone = "Compressor, which was at 2, is not among the new inserts: take this off first"
    with pytest.raises(md.ParameterError, match=f"^bass/2/threshold_db: {gone}$"):
        bass.inserts = [bass.inserts[0], bass.inserts[1]]
    assert (bass.inserts, bass.key_from, bass.automation) == before
    mix.automate("bass/2/threshold_db", None)
    with pytest.raises(md.ParameterError, match=f"^bass/key_from: {gone}$"):
        bass.inserts = [bass.inserts[0], bass.inserts[1]]
    bass.key_from = None
    bass.inserts = [bass.inserts[0], bass.inserts[1]]
    assert set(bass.automation) == {"0/frequency_hz"}
    # What takes the place of another has its automation where it has the parameter.
    mix = keyed()
    mix["bass"].key_from = None
    with pytest.raises(md.ParameterError, match="bass/2/threshold_db: Gain has no parameter threshold_db"):
        mix["bass"].inserts = [*mix["bass"].inserts[:2], md.Gain()]
    mix["bass"].inserts = [*mix["bass"].inserts[:2], md.Gate()]
    assert "2/threshold_db" in mix["bass"].automation
