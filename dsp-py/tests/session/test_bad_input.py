"""Bad input to a mix gets one clear line, and changes nothing."""

import math

import numpy as np
import pytest

import mixdown as md

TONE = np.sin(np.arange(1000) / 20)


@pytest.fixture
def mix() -> md.Mix:
    mix = md.Mix()
    mix.track("kick", TONE, to="drums", inserts=[md.Compressor()])
    mix.track("bass", TONE, pan=0.5, sends={"hall": -12}, inserts=[md.Compressor()], key_from="kick")
    mix.group("drums", to="band")
    mix.group("band")
    mix.returns("hall", [md.Plate(decay=0.2)])
    mix.vca("vca", ["kick"])
    return mix


def state(mix: md.Mix) -> object:
    strips = [*mix.values(), mix.master_strip]
    names = [name for name in strips[0].parameters() for name in [name.name] if name != "keys"]
    settings = [(s.name, s.key_from, *(getattr(s, name) for name in names)) for s in strips]
    return settings, [vca._engine() for vca in mix.vcas.values()]


REFUSED = {
    "duplicate name": (lambda mix: mix.track("kick", TONE), md.MixerError, 'a strip named "kick" already'),
    "name of a group": (lambda mix: mix.returns("drums"), md.MixerError, 'a strip named "drums" already'),
    "name of the master": (lambda mix: mix.group("master"), md.MixerError, 'a strip named "master" already'),
    "slash": (lambda mix: mix.group("a/b"), md.ParameterError, "name = 'a/b' is not allowed: / stands between"),
    "empty name": (lambda mix: mix.group(""), md.ParameterError, "name = '' is not allowed"),
    "cycle": (
        lambda mix: setattr(mix["band"], "to", "drums"),
        md.MixerError,
        "in a circle: band -> drums -> band$",
    ),
    "feeds itself": (lambda mix: mix.group("x", to="x"), md.MixerError, "in a circle: x -> x$"),
    "cycle by a send": (
        lambda mix: setattr(mix["hall"], "sends", {"hall": -10}),
        md.MixerError,
        "in a circle: hall -> hall$",
    ),
    "cycle by a key": (
        lambda mix: setattr(mix["kick"], "key_from", "bass"),
        md.MixerError,
        "in a circle: kick -> bass -> kick$",
    ),
    "fed strip": (lambda mix: mix.__delitem__("drums"), md.MixerError, '"drums" cannot be removed .* needed by kick$'),
    "fed by a send": (lambda mix: mix.__delitem__("hall"), md.MixerError, "needed by bass$"),
    "key": (lambda mix: mix.__delitem__("kick"), md.MixerError, "needed by bass$"),
    "rename to a name taken": (lambda mix: mix.rename("kick", "band"), md.MixerError, 'named "band" already'),
    "int16 audio": (lambda mix: setattr(mix["kick"], "audio", np.zeros(4, np.int16)), TypeError, "to_float"),
    "NaN audio": (
        lambda mix: setattr(mix["kick"], "audio", np.array([math.nan])),
        md.ParameterError,
        "audio of 'kick' holds 1 non-finite samples",
    ),
    "audio of a group": (
        lambda mix: setattr(mix["drums"], "audio", TONE),
        md.ParameterError,
        "a group has no parameter audio",
    ),
    "generator of numbers": (
        lambda mix: setattr(mix["kick"], "inserts", (n for n in range(3))),
        TypeError,
        r"inserts\[0\] = 0 is not an effect",
    ),
    "send out of range": (
        lambda mix: setattr(mix["kick"], "sends", {"hall": 13}),
        md.ParameterError,
        r"sends\['hall'\]: level_db = 13 is out of range",
    ),
    "list of sends": (
        lambda mix: mix.track("x", TONE, sends=["hall"]),
        TypeError,
        r"sends = \['hall'\] is not a mapping",
    ),
    "send of a word": (
        lambda mix: mix.track("x", TONE, sends={"hall": "-3"}),
        TypeError,
        "'-3' is not a level in dB or a",
    ),
    "unknown tap": (lambda mix: md.Send(0, tap="x"), md.ParameterError, "tap = 'x' is not allowed"),
    "key without a taker": (
        lambda mix: mix.track("x", TONE, inserts=[md.Gain()], key_from="kick"),
        md.MixerError,
        'strip "x": key_from = "kick": none of its inserts takes a key',
    ),
    "taker removed": (
        lambda mix: setattr(mix["bass"], "inserts", []),
        md.MixerError,
        "none of its inserts takes a key",
    ),
    "key of another insert": (
        lambda mix: setattr(mix["bass"], "key_from", {1: "kick"}),
        md.MixerError,
        r'strip "bass": inserts\[1\] takes no key; inserts\[0\] does',
    ),
    "position of a key": (
        lambda mix: setattr(mix["bass"], "key_from", {"0": "kick"}),
        TypeError,
        "is not a whole number",
    ),
    "key of a number": (lambda mix: setattr(mix["bass"], "key_from", 3), TypeError, "key_from = 3 is not a text"),
    "to a number": (lambda mix: setattr(mix["bass"], "to", 3), TypeError, "to = 3 is not a text"),
    "width of mono": (
        lambda mix: setattr(mix["kick"], "width", 0.5),
        md.ParameterError,
        "width = 0.5 is not allowed: it must be 1 on a strip that is mono after its inserts$",
    ),
    "send of the master": (
        lambda mix: setattr(mix.master_strip, "sends", {"hall": 0}),
        md.ParameterError,
        "a master has no parameter sends",
    ),
    "solo of the master": (lambda mix: mix.master(solo=True), md.ParameterError, "Mix.master has no parameter solo"),
    "name of the master set": (
        lambda mix: setattr(mix.master_strip, "name", "x"),
        md.ParameterError,
        "no parameter name",
    ),
    "misspelt setting": (
        lambda mix: mix.group("x", fadr_db=1),
        md.ParameterError,
        "Mix.group has no parameter fadr_db: did you mean fader_db",
    ),
    "vca out of range": (
        lambda mix: mix.vca("vca", [], fader_db=13),
        md.ParameterError,
        '^vca "vca": fader_db = 13 is out of range',
    ),
    "members of a vca": (lambda mix: mix.vca("vca", "kick"), TypeError, "members = 'kick' is not a list of names"),
    "falling times": (
        lambda mix: setattr(mix["kick"], "fader_db", [(1.0, 0), (0.5, -3)]),
        md.ParameterError,
        r"kick/fader_db: point 1 \(at 0.5 s\): time_s = 0.5 is out of range: it must be 1 or more$",
    ),
    "points out of range": (
        lambda mix: mix.automate("bass/0/threshold_db", [(0.0, -20), (2.0, 5)]),
        md.ParameterError,
        r"bass/0/threshold_db: point 1 \(at 2 s\): threshold_db = 5 is out of range: it must lie in -60..0: did you "
        r"mean -5\?$",
    ),
    "shape": (
        lambda mix: mix.automate("kick/pan", [(0.0, 0), (1.0, 1, "db_linear")]),
        md.ParameterError,
        "kick/pan: point 1 .*shape = db_linear is not allowed: it must be one of linear, exponential",
    ),
    "unknown shape": (
        lambda mix: mix.automate("kick/pan", [(0.0, 0), (1.0, 1, "log")]),
        md.ParameterError,
        r"pan\[1\]: shape = 'log' is not allowed: it must be one of linear",
    ),
    "automation of a vca": (
        lambda mix: mix.automate("vca/fader_db", [(0, 0)]),
        md.ParameterError,
        "^vca/fader_db: a vca takes no automation: automate the faders of its members$",
    ),
    "shape of a level": (
        lambda mix: mix.automate("kick/fader_db", [(0.0, 0), (1.0, -6, "exponential")]),
        md.ParameterError,
        "shape = exponential is not allowed: of a level it must be one of linear, db_linear, s_curve, hold$",
    ),
    "endless times": (
        lambda mix: mix.automate("kick/pan", [(1e308, 0), (-1e308, 1)]),
        md.ParameterError,
        "time_s = -1e308 is out of range: it must be 1e308 or more$",
    ),
    "key of three channels": (
        lambda mix: md.Compressor()(TONE, 48_000, key=np.stack([TONE] * 3)),
        md.ShapeError,
        "^key has 3 channels: 1, as the audio has, needed$",
    ),
    "no points": (lambda mix: mix.automate("kick/pan", []), md.ParameterError, "pan has no points"),
    "point of one": (lambda mix: mix.automate("kick/pan", [(1.0,)]), TypeError, r"pan\[0\] = \(1.0,\) is not a point"),
    "unknown strip": (
        lambda mix: mix.automate("kik/pan", [(0, 0)]),
        md.MixerError,
        'no strip named "kik": did you mean kick',
    ),
    "strip of no name": (lambda mix: mix["kik"], KeyError, '^there is no strip named "kik": did you mean kick\\?$'),
    "strip of no name removed": (lambda mix: mix.__delitem__("kik"), KeyError, "^there is no strip"),
    "strip of no name renamed": (lambda mix: mix.rename("kik", "x"), KeyError, "^there is no strip"),
    "an array renamed": (lambda mix: mix.rename(np.zeros(3), "x"), KeyError, "^there is no strip"),
    "vca of no name": (lambda mix: mix.vcas["vcb"], KeyError, '^there is no vca named "vcb": did you mean vca\\?$'),
    "master by name": (lambda mix: mix["master"], md.MixerError, "it is mix.master_strip$"),
    "master renamed": (lambda mix: mix.rename("master", "x"), md.MixerError, "mix.master_strip, keeps its name$"),
    "misspelt rate": (
        lambda mix: setattr(mix, "sample_rate", 44_100),
        md.ParameterError,
        "a mix has no parameter sample_rate: did you mean sample_rate_hz",
    ),
    "rate": (lambda mix: setattr(mix, "sample_rate_hz", 8_000), md.ParameterError, "sample_rate_hz of a mix cannot"),
    "strip as an attribute": (
        lambda mix: setattr(mix, "bass", TONE),
        md.ParameterError,
        "has no parameter bass: it has ",
    ),
    "time without end": (
        lambda mix: mix.automate("kick/pan", [(math.inf, 1)]),
        md.ParameterError,
        r"pan\[0\]: time_s = inf is not allowed: it must be finite$",
    ),
    "member of a vca": (lambda mix: mix.vca("x", ["kick", 3]), TypeError, r"^members\[1\] = 3 is not a text$"),
    "axes": (
        lambda mix: mix.graph(axes=3),
        TypeError,
        r"^axes = 3 is not matplotlib axes: figure\.add_subplot\(\) makes",
    ),
    "stems of no names": (lambda mix: md.balance([TONE], 48_000), TypeError, "is not a mapping of names to audio$"),
    "unknown parameter": (
        lambda mix: mix.automate("bass/0/treshold_db", [(0, 0)]),
        md.ParameterError,
        "^bass/0/treshold_db: Compressor has no parameter treshold_db: did you mean threshold_db?",
    ),
    "fixed parameter": (
        lambda mix: mix.automate("bass/0/lookahead_ms", [(0, 0)]),
        md.ParameterError,
        "lookahead_ms takes no automation; threshold_db, ratio",
    ),
    "no such insert": (
        lambda mix: mix.automate("bass/1/gain_db", [(0, 0)]),
        md.ParameterError,
        "^bass/1/gain_db: there is no insert 1: the strip has 1",
    ),
    "no such send": (
        lambda mix: mix.automate("bass/sends/hal/level_db", [(0, 0)]),
        md.ParameterError,
        "there is no send to 'hal': did you mean hall?",
    ),
    "no automation": (lambda mix: mix.automate("kick/width", [(0, 1)]), md.ParameterError, "width takes no automation"),
    "path of one part": (
        lambda mix: mix.automate("kick", [(0, 1)]),
        md.ParameterError,
        "kick/: no such parameter",
    ),
    "NaN time": (
        lambda mix: mix.automate("kick/pan", [(math.nan, 1)]),
        md.ParameterError,
        "time_s = NaN is out of range",
    ),
    "stems of what": (lambda mix: mix.stems(of="buses"), md.ParameterError, "of = 'buses' is not allowed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line_and_nothing_changes(mix, case) -> None:
    act, error, message = REFUSED[case]
    before, rendered = state(mix), mix.render()
    with pytest.raises(error, match=message) as refused:
        act(mix)
    assert "\n" not in str(refused.value)
    assert state(mix) == before
    np.testing.assert_array_equal(mix.render(), rendered)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda mix: setattr(mix["kick"], "to", "drum"), 'strip "kick": to: .* named "drum": did you mean drums'),
        (lambda mix: setattr(mix["kick"], "sends", {"hal": 0}), 'strip "kick": sends: .* "hal": did you mean hall'),
        (lambda mix: setattr(mix["bass"], "key_from", "kik"), 'strip "bass": key_from: .* "kik": did you mean kick'),
        (lambda mix: mix.vca("x", ["kik"]), 'vca "x": .* "kik": did you mean kick'),
        (lambda mix: setattr(mix["kick"], "to", "bass"), '"bass" is a track: only groups, returns and the master'),
    ],
)
def test_names_are_looked_up_when_it_is_rendered(mix, change, message) -> None:
    change(mix)
    for work in (mix.render, mix.stems):
        with pytest.raises(md.MixerError, match=message):
            work()


@pytest.mark.parametrize("rate_hz", [math.nan, 0, 1, 44.1, 1e9, math.inf, -48_000])
def test_rates_out_of_range(rate_hz) -> None:
    with pytest.raises(md.ParameterError, match=r"sample_rate_hz = \S+ is out of range"):
        md.Mix(sample_rate_hz=rate_hz)
    with pytest.raises(md.ParameterError, match=r"sample_rate_hz = \S+ is out of range"):
        md.Mix().track("a", TONE, sample_rate_hz=rate_hz)


def test_a_rate_is_a_number() -> None:
    with pytest.raises(TypeError, match="sample_rate_hz = '44100' is not a number"):
        md.Mix(sample_rate_hz="44100")


def test_unequal_rates_of_one_recording() -> None:
    with pytest.raises(
        md.ParameterError, match="sample_rate_hz = 48000 does not fit: audio of 'a' was recorded at 44100"
    ):
        md.Mix().track("a", (TONE, 44_100), sample_rate_hz=48_000)


def test_generators_as_inserts_are_read_once() -> None:
    mix = md.Mix()
    mix.track("a", TONE, inserts=(md.Gain(gain_db=-6) for _ in range(2)))
    mix.group("b", inserts=(md.Gain(gain_db=-6) for _ in range(2)))
    assert len(mix["a"].inserts) == len(mix["b"].inserts) == 2
    np.testing.assert_array_equal(mix.render(), mix.render())


def test_an_empty_mix_has_nothing_to_render() -> None:
    mix = md.Mix()
    for work in (mix.render, mix.stems):
        with pytest.raises(md.MixerError, match="the mix has no tracks"):
            work()
    mix.returns("hall", [md.Plate()])
    with pytest.raises(md.MixerError, match="the mix has no tracks"):
        mix.render()


def test_a_track_of_0_frames() -> None:
    mix = md.Mix()
    mix.track("a", np.zeros(0), sends={"hall": 0})
    mix.returns("hall", [md.Plate()])
    assert mix.render().shape == (2, 0)
    assert mix.render(tail="none").shape == (2, 0)
    assert mix.stems()["hall"].shape == (2, 0)
    mix.track("b", TONE)
    assert mix.render(tail="none").shape == (2, 1000)


def test_a_cycle_over_names_written_later_is_refused_when_it_closes() -> None:
    mix = md.Mix()
    mix.group("a", to="b")
    mix.group("b", to="c")
    with pytest.raises(md.MixerError, match=r"in a circle: c -> a -> b -> c$"):
        mix.group("c", to="a")
    assert list(mix) == ["a", "b"]


def test_thousands_of_tracks() -> None:
    mix = md.Mix(sample_rate_hz=8_000)
    for number in range(2_000):
        mix.track(f"track {number}", TONE[:100], fader_db=-6, to="sum")
    mix.group("sum")
    expected = 2_000 * 10 ** (-6 / 20) * np.sqrt(0.5) * TONE[:100]
    np.testing.assert_allclose(mix.render(tail="none")[0], expected, rtol=1e-9, atol=1e-9)
