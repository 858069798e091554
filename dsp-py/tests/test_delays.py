"""Delay: echoes, times by a tempo, what is refused."""

import re

import numpy as np
import pytest
from scipy import signal

import mixdown as md

RATE_HZ = 48_000


def click(frames: int, channels: int | None = None) -> np.ndarray:
    audio = np.zeros(frames if channels is None else (channels, frames))
    audio[..., 0] = 1
    return audio


class TestEchoes:
    def test_come_at_multiples_of_the_time_with_powers_of_the_feedback(self) -> None:
        echoes = md.Delay(time_ms=20, feedback=-0.5)(click(5 * 960), RATE_HZ)
        assert np.flatnonzero(echoes).tolist() == [960, 1920, 2880, 3840]
        assert echoes[960::960].tolist() == [1, -0.5, 0.25, -0.125]

    def test_are_those_of_a_loop_in_numpy(self, noise) -> None:
        audio = noise(3, 20_000).astype(np.float64)
        wet = md.Delay(time_ms=7, feedback=0.8)(audio, RATE_HZ)
        expected = signal.lfilter([*np.zeros(336), 1], [1, *np.zeros(335), -0.8], audio)
        np.testing.assert_allclose(wet, expected, atol=1e-12)

    def test_pass_the_cuts_from_the_second_on(self) -> None:
        effect = md.Delay(time_ms=250, feedback=0.9, low_cut_hz=150, high_cut_hz=5000)
        wet = effect(click(48_000), RATE_HZ)
        np.testing.assert_array_equal(wet[12_000:24_000], click(12_000))
        once = click(12_000)
        for kind, corner_hz in (("highpass", 150), ("lowpass", 5000)):
            once = signal.lfilter(*signal.butter(2, corner_hz, kind, fs=RATE_HZ), once)
        np.testing.assert_allclose(wet[24_000:36_000], 0.9 * once, atol=1e-12)

    def test_of_a_fractional_time_are_late_by_a_fraction(self) -> None:
        wet = md.Delay(time_ms=1000 * 100.25 / RATE_HZ, feedback=0)(click(400), RATE_HZ)
        hz = np.array([50.0, 1000.0, 10_000.0, 18_000.0])
        found = np.exp(-2j * np.pi * np.outer(hz, np.arange(400)) / RATE_HZ) @ wet
        np.testing.assert_allclose(found, np.exp(-2j * np.pi * hz * 100.25 / RATE_HZ), atol=4e-4)

    @pytest.mark.parametrize("shape", [(6000,), (1, 6000), (2, 6000)])
    def test_alternate_between_the_sides(self, shape: tuple[int, ...]) -> None:
        audio = np.zeros(shape)
        audio[..., 0] = 1
        wet = md.Delay(time_ms=25, feedback=0.5, ping_pong=True)(audio, RATE_HZ)
        assert wet.shape == (2, 6000)
        assert [np.flatnonzero(side).tolist() for side in wet] == [[1200, 3600], [2400, 4800]]
        assert [wet[0, 1200], wet[1, 2400], wet[0, 3600]] == [1, 0.5, 0.25]

    def test_end_with_the_tail_and_go_on_from_a_feedback_of_1_on(self) -> None:
        audio = click(4800)
        wet = md.Delay(time_ms=100, feedback=0.1)(audio, RATE_HZ, tail="auto")
        # -120 dBFS after six echoes, and 100 ms of silence on a grid of as much.
        assert 7 * 4800 <= wet.size <= 10 * 4800
        stream = md.Delay(feedback=1).stream(RATE_HZ, 1)
        assert stream.tail_frames is None
        stream.set(md.Delay(feedback=0.5))
        assert stream.tail_frames is not None

    def test_give_way_to_the_input(self, noise) -> None:
        audio = noise(2, 48_000)
        plain, ducked = (md.Delay(time_ms=50, duck_db=duck_db)(audio, RATE_HZ)[:, 24_000:] for duck_db in (0, 12))
        np.testing.assert_allclose(ducked, plain * 10 ** (-12 / 20), rtol=1e-3, atol=1e-7)

    def test_have_the_response_that_is_stated(self) -> None:
        effect = md.Delay(time_ms=2.5, feedback=0.5, mix=0.5)
        hz = np.array([0, 200, 400, 12_345.0])
        turn = np.exp(-2j * np.pi * hz * 0.0025)
        np.testing.assert_allclose(effect.frequency_response(hz, RATE_HZ), 0.5 + 0.5 * turn / (1 - 0.5 * turn))
        for without, reason in [
            (md.Delay(ping_pong=True), "it treats channels differently"),
            (md.Delay(feedback=-1), "it has echoes that never end"),
            (md.Delay(duck_db=3), "it follows the level"),
        ]:
            with pytest.raises(md.ParameterError, match=f"Delay has no single frequency response: {reason}"):
                without.frequency_response([100], RATE_HZ)


class TestStreams:
    @pytest.mark.parametrize("time_change", ["fade", "repitch"])
    def test_go_to_another_time_without_a_click(self, time_change) -> None:
        time = np.arange(3 * RATE_HZ) / RATE_HZ
        audio = 0.5 * np.sin(2 * np.pi * 100 * time)
        stream = md.Delay(time_ms=300, feedback=0, time_change=time_change).stream(RATE_HZ, 1, "float64")
        parts = [stream.process(audio[np.newaxis, :RATE_HZ])]
        stream.set(md.Delay(tempo_bpm=150, note="1/8", feedback=0, time_change=time_change))
        wet = np.concatenate([*parts, stream.process(audio[np.newaxis, RATE_HZ:])], axis=1)[0]
        high = signal.sosfiltfilt(signal.butter(8, 1000, "highpass", fs=RATE_HZ, output="sos"), wet)
        assert np.abs(high[24_000:-4800]).max() <= 10 ** (-80 / 20)
        # At last by the note: 200 ms.
        np.testing.assert_allclose(wet[2 * RATE_HZ :], audio[2 * RATE_HZ - 9600 : -9600], atol=1e-9)

    @pytest.mark.parametrize(
        ("changed", "name"),
        [
            ({"ping_pong": True}, "ping_pong"),
            ({"time_change": "repitch"}, "time_change"),
            ({"max_time_ms": 500}, "max"),
        ],
    )
    def test_refuse_what_is_fixed(self, changed, name) -> None:
        stream = md.Delay().stream(RATE_HZ, 2)
        with pytest.raises(md.ParameterError, match=f"{name}.* cannot change"):
            stream.set(md.Delay(**changed))


class TestTempo:
    @pytest.mark.parametrize(("note", "frames"), [("1/8d", 18_000), ("1/4", 24_000), ("1/16", 6000), ("1/8t", 8000)])
    def test_a_note_sets_the_time(self, note, frames: int) -> None:
        echoes = md.Delay(tempo_bpm=120, note=note, feedback=0)(click(30_000), RATE_HZ)
        assert np.flatnonzero(echoes).tolist() == [frames]

    def test_values_hold_the_time_or_the_note(self) -> None:
        plain, synced = md.Delay(), md.Delay(tempo_bpm=120, note="1/8d")
        assert (plain.time_ms, plain.tempo_bpm, plain.note) == (375, None, None)
        assert (synced.time_ms, synced.tempo_bpm, synced.note) == (None, 120, "1/8d")
        audio = click(40_000)
        np.testing.assert_array_equal(plain(audio, RATE_HZ), synced(audio, RATE_HZ))
        assert plain != synced
        for effect in (plain, synced):
            assert md.from_dict(effect.to_dict()) == effect
            assert eval(repr(effect), vars(md)) == effect
            assert None not in effect.to_dict().values()

    def test_replace_drops_what_is_replaced(self) -> None:
        synced = md.Delay(tempo_bpm=120, note="1/8d", feedback=0.5)
        assert synced.replace(time_ms=100) == md.Delay(time_ms=100, feedback=0.5)
        assert md.Delay(time_ms=100).replace(tempo_bpm=90, note="1/4") == md.Delay(tempo_bpm=90, note="1/4")
        assert synced.replace(tempo_bpm=90) == md.Delay(tempo_bpm=90, note="1/8d", feedback=0.5)
        assert synced.replace(note="1/4") == md.Delay(tempo_bpm=120, note="1/4", feedback=0.5)
        assert synced.replace(feedback=0.5) == synced
        assert synced.replace(note="off") == md.Delay(feedback=0.5)

    def test_the_defaults_of_the_table_are_a_legal_setting(self) -> None:
        assert md.Delay(**{each.name: each.default for each in md.Delay.parameters()}) == md.Delay()

    def test_a_mix_automates_the_tempo_and_keeps_notes_in_its_file(self, tmp_path) -> None:
        mix = md.Mix(sample_rate_hz=RATE_HZ)
        synced = md.Delay(tempo_bpm=120, note="1/8", feedback=0)
        track = mix.track("guitar", click(2 * RATE_HZ).astype(np.float32), inserts=[synced])
        mix.save(tmp_path / "song.toml")
        assert md.Mix.from_file(tmp_path / "song.toml")["guitar"].inserts[0] == synced
        assert 'note = "1/8"' in (tmp_path / "song.toml").read_text()
        mix.automate("guitar/0/tempo_bpm", [(0.0, 120), (0.5, 60)])
        with pytest.raises(md.ParameterError, match="a note sets time_ms of Delay: automate tempo_bpm"):
            mix.automate("guitar/0/time_ms", [(0.0, 120), (0.5, 60)])
        with pytest.raises(md.ParameterError, match="tempo_bpm of Delay needs a note: automate time_ms"):
            track.inserts = [md.Delay()]
        assert track.inserts[0] == synced


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"time_ms": 2500}, "time_ms = 2500 is out of range: with max_time_ms = 2000 it must lie in 0.02..2000"),
        ({"time_ms": 200, "max_time_ms": 100}, "time_ms = 200 is out of range: with max_time_ms = 100 it must lie in"),
        ({"time_ms": 0}, "time_ms = 0 is out of range: it must lie in 0.02..10000"),
        ({"time_ms": float("nan")}, "time_ms = NaN is out of range"),
        ({"max_time_ms": 20_000}, "max_time_ms = 20000 is out of range: it must lie in 1..10000"),
        ({"feedback": 1.2}, "feedback = 1.2 is out of range: it must lie in -1.1..1.1"),
        ({"feedback": -1.11}, "feedback = -1.11 is out of range"),
        (
            {"time_ms": 200, "tempo_bpm": 120, "note": "1/8"},
            "time_ms = 200 and note = 1/8 are both given: either time_ms, or tempo_bpm and note",
        ),
        ({"time_ms": 200, "note": "1/8"}, "time_ms = 200 and note = 1/8 are both given"),
        ({"time_ms": 200, "tempo_bpm": 120}, "time_ms = 200 and tempo_bpm = 120 are both given"),
        ({"note": "1/8"}, "tempo_bpm is missing: note = 1/8 needs a tempo"),
        ({"tempo_bpm": 120}, 'note is missing: tempo_bpm = 120 needs a note, as "1/8d"'),
        ({"tempo_bpm": 0, "note": "1/8"}, "tempo_bpm = 0 is out of range: it must lie in 20..999"),
        ({"tempo_bpm": 0}, "tempo_bpm = 0 is out of range: it must lie in 20..999"),
        ({"tempo_bpm": float("inf"), "note": "1/8"}, "tempo_bpm = inf is out of range"),
        ({"tempo_bpm": 120, "note": "1/5"}, "note = '1/5' is not allowed: it must be one of off, 4/1, 4/1d, 4/1t, 2/1"),
        (
            {"tempo_bpm": 60, "note": "2/1"},
            "note = 2/1 at tempo_bpm = 60 makes time_ms = 8000: it must lie in 0.02..2000",
        ),
        ({"time_change": "jump"}, "time_change = 'jump' is not allowed: it must be one of fade, repitch"),
        ({"time": 3}, "Delay has no parameter time: did you mean time_ms?"),
    ],
)
def test_bad_settings_are_refused_in_one_line(given, message: str) -> None:
    with pytest.raises(md.ParameterError, match="^" + re.escape(message)) as caught:
        md.Delay(**given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [{"time_ms": "375"}, {"tempo_bpm": "120", "note": "1/8"}, {"ping_pong": 1}])
def test_other_types_are_refused(given) -> None:
    with pytest.raises(TypeError, match=f"^{next(iter(given))} = "):
        md.Delay(**given)


def test_ping_pong_takes_two_channels_at_the_most() -> None:
    with pytest.raises(ValueError, match="channels = 3 does not fit: 1 or 2 needed"):
        md.Delay(ping_pong=True)(np.zeros((3, 100)), RATE_HZ)
    settings = {"type": "Chain", "effects": [{"type": "Delay", "tempo_bpm": 20, "note": "4/1"}]}
    with pytest.raises(md.ParameterError, match=r"effects\[0\]\.note = 4/1 at tempo_bpm = 20 makes time_ms = 48000"):
        md.from_dict(settings)
