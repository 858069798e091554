"""Groups, returns, sends, keys and VCA groups."""

import copy
import pickle

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


def gain(db: float) -> float:
    return 10 ** (db / 20)


def test_a_group_is_the_sum_of_what_feeds_it(noise) -> None:
    a, b = noise(1, 3000).astype(np.float64), noise(2, 2000, seed=2).astype(np.float64)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    # The order of writing is free.
    mix.track("a", a, pan=-1, to="drums")
    mix.track("b", b, to="drums", fader_db=-3)
    mix.group("drums", [md.Gain(gain_db=-6)], to="band")
    mix.group("band", fader_db=2)
    out = mix.render(tail="none")
    expected = np.zeros((2, 3000))
    expected[0] += a[0]
    expected[:, :2000] += gain(-3) * b
    np.testing.assert_allclose(out, gain(-4) * expected, atol=1e-15)


@pytest.mark.parametrize(
    ("send", "left", "right"),
    [
        (-6.0, gain(-9), 0.0),
        (md.Send(-6), gain(-9), 0.0),
        (md.Send(level_db=-6, tap="post_fader"), gain(-9) * np.sqrt(0.5), gain(-9) * np.sqrt(0.5)),
        (md.Send(level_db=-6, tap="post_fader", pan=1), 0.0, gain(-9)),
        (md.Send(level_db=-6, tap="pre_fader", pan=-1), gain(-6), 0.0),
        (md.Send(level_db=-6, tap="pre_insert", pan=-1), gain(-12), 0.0),
        (md.Send(mute=True), 0.0, 0.0),
        (-np.inf, 0.0, 0.0),
    ],
)
def test_taps_of_sends(send, left, right) -> None:
    mix = md.Mix()
    dry = np.full(2000, 0.5)
    mix.track("a", dry, trim_db=-6, inserts=[md.Gain(gain_db=6)], fader_db=-3, pan=-1, sends={"hall": send}, to="off")
    mix.returns("hall")
    mix.group("off", mute=True)
    np.testing.assert_allclose(mix.render(tail="none")[:, 1000], [0.5 * left, 0.5 * right], atol=1e-12)


def test_a_return_is_an_effect_on_the_send(noise) -> None:
    audio = noise(2, 9000)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("a", audio, sends={"hall": -18})
    mix.returns("hall", [md.Plate()])
    wet = md.Plate()(np.float32(gain(-18)) * audio, RATE_HZ)
    np.testing.assert_allclose(mix.render(tail="none"), audio + wet, atol=2e-7)


def test_paths_with_latency_stay_aligned(noise) -> None:
    audio = noise(2, 5000).astype(np.float64)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("a", audio, sends={"parallel": 0})
    mix.returns("parallel", [md.Bypass(md.Limiter(lookahead_ms=5))], trim_db=0, invert_polarity=True)
    np.testing.assert_array_equal(mix.render(tail="none"), np.zeros((2, 5000)))


def test_a_key_is_that_of_the_effect_alone(noise) -> None:
    kick = noise(1, 8000).astype(np.float64) * np.repeat([1.0, 0.0, 1.0, 0.0], 2000)
    bass = noise(1, 8000, seed=2).astype(np.float64)
    duck = md.Compressor(threshold_db=-30, attack_ms=1)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("bass", bass, pan=-1, inserts=[md.Gain(), duck, duck], key_from="kick")
    mix.track("kick", kick, mute=True, fader_db=-20, inserts=[md.Gain(gain_db=3)])
    once = duck(bass, RATE_HZ, key=md.Gain(gain_db=3)(kick, RATE_HZ))
    # The first insert that takes a key has it.
    np.testing.assert_allclose(mix.render(tail="none")[0], duck(once, RATE_HZ)[0], atol=1e-12)
    mix["bass"].key_from = {2: "kick"}
    twice = duck(duck(bass, RATE_HZ), RATE_HZ, key=md.Gain(gain_db=3)(kick, RATE_HZ))
    np.testing.assert_allclose(mix.render(tail="none")[0], twice[0], atol=1e-12)
    mix["bass"].key_from = None
    mix["bass"].inserts = [md.Gain(), duck >> md.Gain()]
    mix["bass"].key_from = "kick"
    np.testing.assert_allclose(mix.render(tail="none")[0], once[0], atol=1e-12)
    assert mix["bass"].key_from == "kick"


def test_solo_keeps_the_way_of_a_strip_and_returns() -> None:
    mix = md.Mix()
    for name, to in (("kick", "drums"), ("snare", "drums"), ("lead", "master")):
        mix.track(name, np.full(1000, 1.0), pan=-1, to=to, sends={"hall": 0})
    mix.group("drums")
    mix.returns("hall", fader_db=-6.0206)
    level = lambda: mix.render(tail="none")[0, -1]  # noqa: E731
    assert level() == pytest.approx(4.5, abs=1e-5)
    mix["kick"].solo = True
    assert level() == pytest.approx(1.5, abs=1e-5)
    mix["lead"].solo_safe = True
    assert level() == pytest.approx(3.0, abs=1e-5)


def test_a_vca_turns_its_members() -> None:
    mix = md.Mix()
    for name in ("kick", "snare", "lead"):
        mix.track(name, np.full(1000, 1.0), pan=-1)
    vca = mix.vca("drums", ["kick", "snare"], fader_db=-6.0206)
    assert mix.render(tail="none")[0, -1] == pytest.approx(2.0, abs=1e-5)
    vca.mute = True
    assert mix.render(tail="none")[0, -1] == pytest.approx(1.0, abs=1e-5)
    vca.members = ["kick"]
    mix.rename("kick", "bd")
    assert (vca.members, list(mix.vcas)) == (("bd",), ["drums"])
    with pytest.raises(md.ParameterError, match="fader_db = 13 is out of range"):
        vca.fader_db = 13
    with pytest.raises(md.ParameterError, match="a vca has no parameter fadr_db: did you mean fader_db"):
        vca.fadr_db = 1
    vca.members = ["bd", "tom"]
    with pytest.raises(md.MixerError, match='vca "drums": members: there is no strip named "tom"'):
        mix.render()
    del mix.vcas["drums"]
    assert mix.render(tail="none")[0, -1] == pytest.approx(3.0, abs=1e-5)


@pytest.mark.parametrize("tap", ["pre_insert", "pre_fader", "post_fader", "post_pan"])
def test_a_vca_mutes_the_sends_of_its_members(tap) -> None:
    mix = md.Mix()
    mix.track("lead", np.full(4800, 0.5), sends={"hall": md.Send(tap=tap)})
    mix.returns("hall")
    vca = mix.vca("all", ["lead"])
    assert np.any(mix.render())
    vca.mute = True
    assert not np.any(mix.render())
    # Beside a lane of the mute, too.
    mix["lead"].mute = [(0, False)]
    assert not np.any(mix.render())


def test_pans_of_a_stereo_strip() -> None:
    mix = md.Mix()
    mix.track("a", np.stack([np.full(1000, 1.0), np.full(1000, 0.5)]), stereo_pan="dual", left_pan=1, right_pan=-1)
    np.testing.assert_allclose(mix.render(tail="none")[:, -1], [0.5, 1.0], atol=1e-12)


def test_the_master_strip_is_a_strip() -> None:
    mix = md.Mix()
    mix.track("a", np.full(1000, 0.5), pan=-1)
    mix.master(inserts=[md.Gain(gain_db=-6.0206)], trim_db=-6.0206)
    assert mix.render(tail="none")[0, -1] == pytest.approx(0.125, abs=1e-5)
    strip = mix.master_strip
    strip.fader_db = 6.0206
    assert mix.render(tail="none")[0, -1] == pytest.approx(0.25, abs=1e-5)
    strip.inserts = [md.Compressor(threshold_db=-20, ratio=2)]
    alone = mix.render(tail="none")[0, -1]
    # The key is 6 dB louder than what it acts on.
    strip.key_from = "a"
    assert mix.render(tail="none")[0, -1] < 0.9 * alone
    mix.master(fader_db=0)
    assert strip is mix.master_strip
    assert (strip.key_from, strip.inserts) == (None, ())


def test_a_mix_is_a_mapping_of_all_its_strips(noise) -> None:
    mix = md.Mix()
    mix.track("kick", noise(1, 100), to="drums", sends={"hall": -12})
    mix.group("drums")
    mix.returns("hall")
    mix.track("bass", noise(1, 100), inserts=[md.Gate()], key_from="kick")
    assert list(mix) == ["kick", "drums", "hall", "bass"]
    assert mix["kick"].sends == {"hall": md.Send(level_db=-12)}
    with pytest.raises(TypeError):
        mix["kick"].sends["hall"] = -3
    before = mix.render()
    for old, new in (("drums", "kit"), ("hall", "room"), ("kick", "bd")):
        mix.rename(old, new)
    assert (mix["bd"].to, dict(mix["bd"].sends), mix["bass"].key_from) == ("kit", {"room": md.Send(-12)}, "bd")
    np.testing.assert_array_equal(mix.render(), before)
    for copied in (copy.copy(mix), copy.deepcopy(mix), pickle.loads(pickle.dumps(mix))):
        np.testing.assert_array_equal(copied.render(), before)
        assert copied["bd"] is not mix["bd"]
        # Read-only, as the audio of the mix itself.
        assert not copied["bd"].audio.flags.writeable
    assert repr(mix["bd"]) == "<Track 'bd': mono, 0.00 s, fader 0.0 dB, sends to room, to kit>"
    assert repr(mix) == f"<Mix: 48000 Hz, 2 tracks, 1 group, 1 return>\n{mix.table()}"
    assert repr(md.Mix()) == "<Mix: 48000 Hz, 0 tracks>"


def test_edits_of_a_copy_leave_the_mix(noise) -> None:
    mix = md.Mix()
    mix.track("kick", noise(1, 100), to="drums", sends={"hall": -12}, inserts=[md.Gate()])
    mix.group("drums")
    mix.returns("hall")
    mix.vca("v", ["kick"])
    mix.automate("kick/sends/hall/pan", [(0, 0.5)])
    plain, rendered = mix.to_dict(), mix.render()
    copied = copy.copy(mix)
    assert copied.to_dict() == plain
    assert copied["kick"].audio is mix["kick"].audio
    copied["kick"].fader_db = -10
    copied.automate("kick/sends/hall/pan", None)
    copied.automate("kick/0/threshold_db", [(0, -20)])
    copied.vcas["v"].mute = True
    copied.master(fader_db=-3)
    copied.master_strip.width = 0.5
    copied.rename("drums", "kit")
    copied["kit"].name = "drums and more"
    copied.group("further")
    copied.vca("w", [])
    del copied.vcas["v"]
    assert mix.to_dict() == plain
    np.testing.assert_array_equal(mix.render(), rendered)
    assert (list(copied), list(mix)) == (["kick", "drums and more", "hall", "further"], ["kick", "drums", "hall"])
    # A circle is one of the copy.
    with pytest.raises(md.MixerError, match="in a circle"):
        copied["further"].to = "further"


def test_a_name_that_is_not_there_has_a_default(noise) -> None:
    mix = md.Mix()
    assert mix.get("a", 3) == mix.vcas.get("a", 3) == 3
    assert mix.vcas.get("a") is None


def test_the_order_of_writing_changes_no_bit(noise) -> None:
    audio = {name: noise(2, 3000, seed=seed) for seed, name in enumerate("abcd")}
    parts = [
        *(lambda mix, name=name: mix.track(name, audio[name], to="x", sends={"r": -6}) for name in audio),
        lambda mix: mix.group("x", [md.Compressor()], to="y"),
        lambda mix: mix.group("y"),
        lambda mix: mix.returns("r", [md.Limiter()]),
    ]
    renders = []
    for order in (parts, parts[::-1]):
        mix = md.Mix()
        for part in order:
            part(mix)
        renders.append(mix.render())
    np.testing.assert_array_equal(*renders)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stems_of_the_master_add_up_to_it(noise, dtype) -> None:
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("kick", noise(1, 5000).astype(dtype), to="drums", sends={"hall": -6, "master": -10})
    mix.track("lead", noise(2, 7000, seed=2).astype(dtype), pan=0.3, fader_db=-2, inserts=[md.Limiter(lookahead_ms=3)])
    mix.track("off", noise(1, 100).astype(dtype), mute=True)
    mix.group("drums", [md.Compressor(lookahead_ms=2)])
    mix.returns("hall", [md.Plate(decay=0.3)])
    mix.master(inserts=[md.Limiter(lookahead_ms=10)])
    stems = mix.stems(tail=0.5)
    assert list(stems) == ["kick", "lead", "off", "drums", "hall"]
    mix.master()
    summed, whole = sum(stems.values()), mix.render(tail=0.5)
    assert all(stem.shape == whole.shape and stem.dtype == np.float64 for stem in stems.values())
    # Of float32 the whole is one rounding.
    limit_db = -150
    error = np.sqrt(np.mean((summed - whole) ** 2) / np.mean(whole.astype(np.float64) ** 2))
    assert 20 * np.log10(error + 1e-30) < limit_db
    assert not np.any(stems["off"])


def test_stems_of_tracks_are_what_they_give_to_their_bus(noise) -> None:
    kick = noise(1, 3000).astype(np.float64)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("kick", kick, pan=-1, fader_db=-6, to="drums", sends={"drums": 0})
    mix.track("late", noise(1, 500), inserts=[md.Limiter(lookahead_ms=8)], pan=1)
    mix.group("drums", [md.Gain(gain_db=-20)])
    stems = mix.stems(of="tracks", tail="none")
    assert list(stems) == ["kick", "late"]
    np.testing.assert_allclose(stems["kick"], [gain(-6) * kick[0], 0 * kick[0]], atol=1e-15)
    assert np.any(stems["late"][1, :400])
    assert not np.any(stems["late"][0])
    assert {stem.shape for stem in mix.stems().values()} == {mix.stems(tail="auto")["late"].shape}
