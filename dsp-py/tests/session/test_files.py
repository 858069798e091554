"""Session files: a mix as a text beside its audio."""

import json
import re

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


def test_a_text_is_the_mix_that_it_says(folder) -> None:
    mix = md.Mix.from_file(folder / "song.toml")
    assert list(mix) == ["kick", "drums", "bass", "hall", "plate"]
    by_hand = md.Mix(sample_rate_hz=48_000)
    sends = {"hall": -18, "plate": md.Send(-6, tap="pre_fader")}
    by_hand.track("kick", md.read(folder / "kick.wav"), fader_db=-3, to="drums", sends=sends)
    by_hand.group("drums", [md.HighPass(frequency_hz=30), md.Compressor(threshold_db=-20)])
    bass = by_hand.track("bass", md.read(folder / "sub" / "bass.wav"), fader_db=[(0, -6), (0.1, 0, "linear")])
    bass.inserts, bass.key_from = [md.Compressor(threshold_db=-30)], "kick"
    by_hand.automate("bass/0/threshold_db", [(0, -30), (0.1, -20)])
    by_hand.returns("hall", [md.Reverb(space="room")])
    by_hand.returns("plate")
    by_hand.vca("low", ["kick", "bass"], fader_db=-1)
    by_hand.master(fader_db=-2, inserts=[md.Limiter()])
    np.testing.assert_array_equal(mix.render(tail=0.1), by_hand.render(tail=0.1))
    assert by_hand.to_dict()["track"][1]["automation"] == {"0/threshold_db": [[0.0, -30.0], [0.1, -20.0]]}


@pytest.mark.parametrize("place", ["again.toml", "sub/again.toml"])
def test_saved_and_read_again_it_is_the_same(folder, place) -> None:
    mix = md.Mix.from_file(folder / "song.toml")
    mix.save(folder / place)
    again = md.Mix.from_file(folder / place)
    assert again.to_dict() == mix.to_dict()
    assert list(again) == list(mix)
    np.testing.assert_array_equal(again.render(tail=0.1), mix.render(tail=0.1))
    # Files are named, not copied.
    assert sorted(file.name for file in folder.rglob("*.wav")) == ["bass.wav", "kick.wav"]
    again.save(folder / place)
    assert md.Mix.from_file(folder / place).to_dict() == mix.to_dict()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_audio_of_no_file_is_written_beside_it(tmp_path, noise, dtype) -> None:
    mix = md.Mix(sample_rate_hz=44_100)
    names = ["a: b?", "A_ b_", "é \u202e", "con", "x" * 200, "track"]
    for seed, name in enumerate(names):
        mix.track(name, noise(1 + seed % 2, 500, seed=seed).astype(dtype), pan=0.1)
    response = noise(2, 30).astype(dtype)
    # Every kind of value: words, switches, infinities, lists, settings within settings, an impulse response.
    mix["track"].inserts = [
        md.Convolution(impulse_response=response, impulse_response_rate_hz=44_100),
        md.Bypass(
            md.Chain([md.Gain(gain_db=-np.inf), md.Equalizer(bands=[md.Placed(md.Bell(gain_db=1), place="mid")])])
        ),
        md.MultibandCompressor(crossovers_hz=[100], bands=[md.Compressor(ratio=np.inf), md.Compressor()]),
        md.Reverb(space="club", freeze=False, duck_db=3),
    ]
    mix["con"].mute = [(0.0, True), (0.001, False)]
    mix["con"].inserts = [md.Gate(), md.Compressor()]
    mix["con"].key_from = {1: "track"}
    mix.group('odd "name" \\ = #[x]', fader_db=-np.inf)
    mix["con"].sends = {'odd "name" \\ = #[x]': md.Send(-np.inf, mute=True)}
    mix.save(tmp_path / "song.toml")
    assert len(list((tmp_path / "song audio").iterdir())) == len(names)
    again = md.Mix.from_file(tmp_path / "song.toml")
    assert again.to_dict() == mix.to_dict()
    for name in names:
        assert again[name].audio.dtype == dtype
        np.testing.assert_array_equal(again[name].audio, mix[name].audio)
        assert again[name].inserts == mix[name].inserts
    np.testing.assert_array_equal(again.render(), mix.render())
    json.dumps(mix.to_dict(), allow_nan=False)
    # Other audio is written anew.
    again["con"].audio = np.zeros(10)
    again.save(tmp_path / "song.toml")
    assert md.Mix.from_file(tmp_path / "song.toml")["con"].audio.shape == (1, 10)


def audio_of(session) -> dict[str, float]:
    return {name: float(strip.audio[0, 0]) for name, strip in md.Mix.from_file(session).items()}


@pytest.mark.parametrize("new", ["a", "A"])
@pytest.mark.parametrize("read_again", [False, True])
def test_a_new_track_of_an_old_name_leaves_the_audio_of_the_renamed_one(tmp_path, read_again, new) -> None:
    song = tmp_path / "s.toml"
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("a", np.full(480, 0.125))
    mix.save(song)
    if read_again:
        mix = md.Mix.from_file(song)
    mix.rename("a", "b")
    mix.track(new, np.full(480, 0.875))
    mix.save(song)
    assert audio_of(song) == {"b": 0.125, new: 0.875}
    # Later audio of a strip takes the place of its earlier audio.
    files = sorted(tmp_path.rglob("*.wav"))
    mix = md.Mix.from_file(song)
    mix[new].audio = np.full(480, 0.25)
    mix.save(song)
    assert audio_of(song) == {"b": 0.125, new: 0.25}
    assert sorted(tmp_path.rglob("*.wav")) == files


@pytest.mark.parametrize("other", ["s2.toml", "s.txt", "sub/s.toml"])
@pytest.mark.parametrize("read_again", [False, True])
def test_audio_of_one_session_file_is_not_changed_by_another(tmp_path, other, read_again) -> None:
    (tmp_path / "sub").mkdir()
    song = tmp_path / "s.toml"
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("a", np.full(480, 0.125))
    mix.save(song)
    if read_again:
        mix = md.Mix.from_file(song)
    mix.save(tmp_path / other)
    for _ in range(2):
        fresh = md.Mix(sample_rate_hz=RATE_HZ)
        fresh.track("a", np.full(480, 0.875))
        fresh.save(song)
        assert audio_of(song) == {"a": 0.875}
        assert audio_of(tmp_path / other) == {"a": 0.125}
    # One file for each: the second time, a strip's own file was replaced.
    assert len(list(tmp_path.rglob("*.wav"))) == 2


@pytest.mark.parametrize("name", ["a.wav", "s audio/a.wav"])
def test_audio_whose_file_was_replaced_is_written_anew(tmp_path, name) -> None:
    song, file = tmp_path / "s.toml", tmp_path / name
    file.parent.mkdir(exist_ok=True)
    song.write_text(f'version = 1\nsample_rate_hz = 44100\n[[track]]\nname = "a"\naudio = "{name}"\n')
    md.write(file, np.full(480, 0.125), RATE_HZ, bit_depth=32)
    mix = md.Mix.from_file(song)
    kept = mix["a"].audio.copy()
    # The same samples in a new file: it is still the one that was read.
    md.write(file, np.full(480, 0.125), RATE_HZ, bit_depth=32)
    mix.save(song)
    assert mix.files() == [file]
    md.write(file, np.full(480, 0.875), RATE_HZ, bit_depth=32)
    mix.save(song)
    np.testing.assert_array_equal(md.Mix.from_file(song)["a"].audio, kept)
    assert md.read(file).audio[0, 0] == 0.875
    # So is audio whose file is gone.
    mix.files()[0].unlink()
    mix.save(song)
    np.testing.assert_array_equal(md.Mix.from_file(song)["a"].audio, kept)


def test_files_that_save_did_not_write_are_not_replaced(tmp_path) -> None:
    (tmp_path / "s audio").mkdir()
    file = tmp_path / "s audio" / "a.wav"
    md.write(file, np.full(480, 0.5), RATE_HZ, bit_depth=32)
    (tmp_path / "s audio" / "a 2.wav").write_text("no audio")
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("a", np.full(480, 0.125))
    mix.save(tmp_path / "s.toml")
    assert md.read(file).audio[0, 0] == 0.5
    assert mix.files() == [tmp_path / "s audio" / "a 3.wav"]
    # Neither is one that serves as an impulse response.
    mix["a"].inserts = [md.Convolution(impulse_response=mix.files()[0])]
    mix["a"].audio = np.full(480, 0.25)
    mix.save(tmp_path / "s.toml")
    assert md.read(tmp_path / "s audio" / "a 3.wav").audio[0, 0] == 0.125
    # A copy that was made by hand is the user's.
    copy = tmp_path / "copy.wav"
    copy.write_bytes(mix.files()[0].read_bytes())
    text = f'version = 1\nsample_rate_hz = {RATE_HZ}\n[[track]]\nname = "a"\naudio = "copy.wav"\n'
    (tmp_path / "t.toml").write_text(text)
    other = md.Mix.from_file(tmp_path / "t.toml")
    other.save(tmp_path / "t.toml")
    assert other.files() == [copy]


@pytest.mark.parametrize(
    ("old", "new", "error", "line", "message"),
    [
        ("fader_db = -3", "fadr_db = -3", md.ParameterError, 8, "a track has no fadr_db: did you mean fader_db?"),
        ("fader_db = -3", "fader_db = 13", md.ParameterError, 8, "fader_db = 13 is out of range"),
        ("fader_db = -3", "fader_db = true", TypeError, 8, "fader_db = True is not a number"),
        ("fader_db = -3", 'fader_db = "-3"', TypeError, 8, "fader_db = '-3' is not a number"),
        ('"kick.wav"', '"kik.wav"', FileNotFoundError, 7, "audio: there is no file kik.wav: did you mean kick.wav?"),
        ('audio = "kick.wav"', "", md.ParameterError, 5, "audio of track 'kick' is missing"),
        ('name = "kick"', "", md.ParameterError, 5, "a track needs a name"),
        ('name = "bass"', 'name = "kick"', md.MixerError, 20, 'there is a strip named "kick" already'),
        ('to = "drums"', 'to = "drum"', md.MixerError, 9, 'to: there is no strip named "drum": did you mean drums?'),
        ("{ hall = -18", "{ hal = -18", md.MixerError, 10, 'sends: there is no strip named "hal"'),
        (
            "level_db = -6, tap",
            "level_db = -6, tab",
            md.ParameterError,
            10,
            "Send has no parameter tab: did you mean tap",
        ),
        (
            'type = "HighPass"',
            'type = "HighPas"',
            md.ParameterError,
            15,
            "type = 'HighPas' is not an effect: did you mean HighPass",
        ),
        ("threshold_db = -20 }", "treshold_db = -20 }", md.ParameterError, 16, "did you mean threshold_db?"),
        ("threshold_db = -20 }", "threshold_db = 20 }", md.ParameterError, 16, "threshold_db = 20 is out of range"),
        ('key_from = "kick"', 'key_from = "kik"', md.MixerError, 24, 'key_from: there is no strip named "kik"'),
        ('"0/threshold_db"', '"0/treshold_db"', md.ParameterError, 25, "did you mean threshold_db?"),
        ("[0.1, 0, ", "[-1, 0, ", md.ParameterError, 22, "time_s = -1 is out of range"),
        ('["kick", "bass"]', '["kick", "bas"]', md.MixerError, 36, 'members: there is no strip named "bas"'),
        ("fader_db = -1", "fader = -1", md.ParameterError, 37, "a vca has no fader: did you mean fader_db"),
        ("fader_db = -2", "to = 'x'", md.ParameterError, 40, "a master has no to"),
        ("[master]", "[mastr]", md.ParameterError, 39, "mastr is no part of a mix: did you mean master?"),
        ("version = 1", "version = 2", md.ParameterError, 2, "version = 2 is not known: this mixdown reads up to 1"),
        ("version = 1", "", md.ParameterError, 1, "version is missing: it is 1 as"),
        # The version comes first: other versions may have other keys.
        ("version = 1\nsample_rate_hz = 48_000", "version = 0", md.ParameterError, 2, "version = 0 is not known"),
        (
            "sample_rate_hz = 48_000",
            "",
            md.ParameterError,
            1,
            "sample_rate_hz is missing: the rate of the mix, as 48000",
        ),
        ("48_000", "44", md.ParameterError, 3, "sample_rate_hz = 44 is out of range"),
        ('inserts = [{ type = "Limiter" }]', 'inserts = { type = "Limiter" }', TypeError, 41, "inserts"),
        ('name = "plate"', 'name = "plate"\nto = "bass"', md.MixerError, 33, '"bass" is a track'),
        ('name = "plate"', 'name = "plate"\nsends = { hall = 0 }\nto = "hall"', None, None, ""),
        ("[[group]]", "[group]", md.ParameterError, 12, r"group is one table: write \[\[group\]\]"),
        ("version = 1", "version = ", md.ParameterError, 2, r"Invalid value \(at column 11\)$"),
    ],
)
def test_errors_name_the_line(folder, old, new, error, line, message) -> None:
    file = folder / "song.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    if error is None:
        md.Mix.from_file(file)
        return
    with pytest.raises(error, match=message) as refused:
        md.Mix.from_file(file)
    assert "\n" not in str(refused.value)
    place = f":{line}: " if line else ""
    assert re.match(rf"{re.escape(str(file))}{place}", str(refused.value)), refused.value


def test_a_file_that_is_not_there(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        md.Mix.from_file(tmp_path / "song.toml")


def test_what_is_not_given_is_not_written(tmp_path, noise) -> None:
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    response = md.ImpulseResponse(np.ones(3, np.float32))
    mix.track(
        "a",
        noise(2, 100),
        inserts=[
            md.Convolution(impulse_response=response, mix=0.5),
            md.Equalizer(bands=[md.Bell(gain_db=1), md.Placed(md.LowShelf(q=1), place="side")]),
            md.DynamicEqualizer(bands=[md.DynamicBand(shape=md.Bell(frequency_hz=500)), md.Notch(q=2)]),
            md.MultibandCompressor(crossovers_hz=[100], bands=[md.Compressor(), md.Compressor(ratio=2)]),
            md.Reverb(space="club", size=0.5),
            md.Chain([md.Gain(gain_db=1), md.Bypass(md.Limiter())]),
            md.Parallel([md.Gain(), md.Gain()]),
            md.MidSide(side=[md.Gain(gain_db=-np.inf)]),
        ],
    )
    plain = [
        {"type": "Convolution", "impulse_response": response.to_dict(), "mix": 0.5},
        {
            "type": "Equalizer",
            "bands": [
                {"type": "Bell", "gain_db": 1.0},
                {"type": "Placed", "band": {"type": "LowShelf", "q": 1.0}, "place": "side"},
            ],
        },
        {
            "type": "DynamicEqualizer",
            "bands": [
                {"type": "DynamicBand", "shape": {"type": "Bell", "frequency_hz": 500.0}},
                {"type": "Notch", "q": 2.0},
            ],
        },
        {
            "type": "MultibandCompressor",
            "crossovers_hz": [100.0],
            "bands": [{"type": "Compressor"}, {"type": "Compressor", "ratio": 2.0}],
        },
        {"type": "Reverb", "space": "club", "size": 0.5},
        {
            "type": "Chain",
            "effects": [{"type": "Gain", "gain_db": 1.0}, {"type": "Bypass", "effect": {"type": "Limiter"}}],
        },
        {"type": "Parallel", "effects": [{"type": "Gain"}, {"type": "Gain"}]},
        {"type": "MidSide", "side": [{"type": "Gain", "gain_db": "-inf"}]},
    ]
    assert mix.to_dict()["track"][0]["inserts"] == plain
    mix.save(tmp_path / "song.toml")
    assert md.Mix.from_file(tmp_path / "song.toml")["a"].inserts == mix["a"].inserts


def test_the_shape_of_points_is_written_where_it_is_not_the_usual_one(folder) -> None:
    mix = md.Mix.from_file(folder / "song.toml")
    mix["kick"].fader_db = [(0, -3), (1, -6, "linear"), (2, -9, "s_curve")]
    mix["kick"].mute = [(0, False), (1, True)]
    mix["kick"].pan = [(0, 0), (1, 1, "hold")]
    mix.automate("kick/sends/hall/level_db", [(0, -3)])
    plain = mix.to_dict()["track"][0]
    assert plain["fader_db"] == [[0.0, -3.0], [1.0, -6.0, "linear"], [2.0, -9.0, "s_curve"]]
    assert plain["mute"] == [[0.0, False], [1.0, True]]
    assert plain["pan"] == [[0.0, 0.0], [1.0, 1.0, "hold"]]
    assert plain["automation"] == {"sends/hall/level_db": [[0.0, -3.0]]}
    mix.save(folder / "again.toml")
    again = md.Mix.from_file(folder / "again.toml")
    assert dict(again["kick"].automation) == dict(mix["kick"].automation)


def test_a_rate_that_is_not_whole_is_saved_without_audio_of_no_file(folder) -> None:
    text = (folder / "song.toml").read_text().replace("48_000", "44100.5")
    (folder / "song.toml").write_text(text)
    mix = md.Mix.from_file(folder / "song.toml")
    mix.save(folder / "again.toml")
    assert md.Mix.from_file(folder / "again.toml").sample_rate_hz == 44_100.5
    mix.track("a", np.zeros(10))
    with pytest.raises(md.ParameterError, match=r"sample_rate_hz = 44100.5 is not allowed: .* whole number"):
        mix.save(folder / "third.toml")


def test_paths_inside_inserts_come_back(folder) -> None:
    mix = md.Mix.from_file(folder / "song.toml")
    bell = md.Equalizer(bands=[md.Bell(gain_db=-3), md.Placed(md.HighPass())])
    mix["bass"].inserts = [md.Compressor(), md.Chain([md.Gain(), bell]), md.MultibandCompressor()]
    lanes = {
        "0/threshold_db": [(0.0, -30.0, "db_linear")],
        "1/effects[1].bands[0].frequency_hz": [(0.0, 80.0, "linear"), (0.1, 200.0, "exponential")],
        "1/effects[1].bands[1].band.slope_db_per_octave": [(0.0, 12.0, "hold"), (0.1, 24.0, "hold")],
        "1/effects[0].invert_polarity": [(0.0, False, "hold"), (0.1, True, "hold")],
        "2/crossovers_hz[0]": [(0.0, 150.0, "linear")],
    }
    for path, points in lanes.items():
        mix.automate(f"bass/{path}", points)
    mix.save(folder / "again.toml")
    again = md.Mix.from_file(folder / "again.toml")
    assert {path: list(points) for path, points in again["bass"].automation.items() if path != "fader_db"} == lanes
    assert again.to_dict() == mix.to_dict()
    text = (folder / "again.toml").read_text()
    assert '"1/effects[1].bands[0].frequency_hz"' in text
    (folder / "again.toml").write_text(text.replace("bands[0].frequency_hz", "bands[0].frequency"))
    with pytest.raises(md.ParameterError, match=r"again.toml:\d+: .*did you mean effects\[1\].bands\[0\].frequency_hz"):
        md.Mix.from_file(folder / "again.toml")


def test_lanes_that_depend_on_each_other_are_read_together(tmp_path) -> None:
    md.write(tmp_path / "a.wav", np.zeros((2, 480)), RATE_HZ)
    lanes = ['"0/crossovers_hz[0]" = [[0, 200], [1, 3000]]', '"0/crossovers_hz[1]" = [[0, 4000], [1, 8000]]']
    for order in (lanes, lanes[::-1]):
        (tmp_path / "song.toml").write_text(
            f"""\
version = 1
sample_rate_hz = {RATE_HZ}

[[track]]
name = "a"
audio = "a.wav"
inserts = [{{ type = "MultibandCompressor" }}]
automation = {{ {", ".join(order)} }}
"""
        )
        assert len(md.Mix.from_file(tmp_path / "song.toml")["a"].automation) == 2
