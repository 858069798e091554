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
    with pytest.raises(md.ParameterError, match="there is no send to 'hall'"):
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
