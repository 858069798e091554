"""Mixes."""

import math
import signal

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


def test_a_mix_is_the_sum_of_panned_tracks(noise) -> None:
    a, b = noise(1, 1000).astype(np.float64), noise(2, 700, seed=2).astype(np.float64)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("mono", a, fader_db=-3, pan=0.5)
    mix.track("stereo", b, pan=-0.25, pan_law="linear")
    out = mix.render(tail="none")
    assert out.shape == (2, 1000)
    theta = 1.5 * math.pi / 4
    fader = 10 ** (-3 / 20)
    expected = np.stack([fader * math.cos(theta) * a[0], fader * math.sin(theta) * a[0]])
    expected[:, :700] += b * np.array([[1.0], [0.75]])
    np.testing.assert_allclose(out, expected, atol=1e-15)


def test_format_follows_the_tracks(noise) -> None:
    mix = md.Mix()
    mix.track("a", noise(1, 100))
    assert mix.render().dtype == np.float32
    mix.track("b", noise(1, 100).astype(np.float64))
    assert mix.render().dtype == np.float64


def test_other_rates_are_resampled() -> None:
    mix = md.Mix(sample_rate_hz=48_000)
    sine = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    mix.track("a", (sine, 44_100.0), pan=-1)
    mix.track("b", sine, sample_rate_hz=44_100, pan=1)
    out = mix.render(tail="none")
    assert out.shape == (2, 48_000)
    np.testing.assert_array_equal(out[0], out[1])
    expected = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    np.testing.assert_allclose(out[0, 2000:-2000], expected[2000:-2000], atol=1e-6)


def test_inserts_master_mute_and_solo(noise) -> None:
    audio = noise(1, 5000)
    bell = md.Bell(frequency_hz=500, gain_db=-9)
    mix = md.Mix()
    mix.track("a", audio, inserts=[bell], pan=-1)
    mix.track("b", noise(1, 5000, seed=3), mute=True)
    mix.master(inserts=[md.Gain(gain_db=-6)], fader_db=6)
    np.testing.assert_allclose(mix.render(tail="none")[0], bell(audio[0], 48_000), rtol=0, atol=1e-7)
    mix["b"].solo = True
    assert not np.any(mix.render(tail="none"))
    mix["b"].mute = False
    assert np.any(mix.render(tail="none"))


def test_the_order_of_tracks_changes_no_bit(noise) -> None:
    tracks = {f"track {n}": noise(1 + n % 2, 3000, seed=n) for n in range(9)}
    renders = []
    for names in (list(tracks), list(tracks)[::-1]):
        mix = md.Mix()
        for name in names:
            mix.track(name, tracks[name], fader_db=-5, pan=0.1)
        renders.append(mix.render())
    np.testing.assert_array_equal(*renders)


def test_progress_reaches_the_end(noise) -> None:
    mix = md.Mix()
    mix.track("a", noise(2, 200_000))
    seen: list[tuple[int, int]] = []
    mix.render(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (200_000, 200_000)
    assert len(seen) == 4
    assert seen == sorted(seen)


@pytest.mark.parametrize("tail", ["none", "auto", 1.7])
def test_progress_is_that_of_the_longest_track(noise, tail) -> None:
    mix = md.Mix()
    mix.track("a", noise(2, 100_000), inserts=[md.Limiter()])
    mix.track("b", noise(1, 10), inserts=[md.Plate()])
    seen: list[tuple[int, int]] = []
    mix.render(tail, lambda done, total: seen.append((done, total)))
    assert seen[0] == (65_536, 100_000)
    assert seen[1] == seen[-1] == (100_000, 100_000)

    def refuse(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        mix.render(tail, refuse)
    with pytest.raises(TypeError, match="progress = 3 is not a function"):
        mix.render(tail, progress=3)  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers on this system")
def test_signals_are_handled_while_it_renders(noise) -> None:
    mix = md.Mix(sample_rate_hz=192_000)
    for position in range(8):
        mix.track(f"track {position}", noise(1, 100), inserts=[md.Reverb(freeze=True), md.Plate(decay=0.9)])
    rows = []

    def handle(number: int, frame: object) -> None:
        rows.append(number)
        # What is only seen when the work is done comes once, however often it was sent.
        if len(rows) == 5:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        with pytest.raises(KeyboardInterrupt):
            mix.render(tail=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("rate_hz", [11_025, 44_100, 48_000])
@pytest.mark.parametrize("tail", ["none", "auto", 0, 1.7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_mix_of_one_track_is_the_effect_on_it(noise, rate_hz, tail, dtype) -> None:
    effect = md.Limiter(lookahead_ms=7) >> md.Plate(predelay_ms=150, decay=0.3)
    audio = noise(2, 5000).astype(dtype)
    mix = md.Mix(sample_rate_hz=rate_hz)
    mix.track("a", audio, inserts=[effect])
    out = mix.render(tail)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, effect(audio, rate_hz, tail=tail))
    # The latency of a strip is made up for in all others.
    mix.track("b", audio)
    mix["a"].mute = True
    np.testing.assert_array_equal(mix.render("none"), audio)


def test_tail_of_a_mix() -> None:
    mix = md.Mix()
    click = np.zeros(4800)
    click[-1] = 1
    mix.track("a", click, inserts=[md.HighPass(frequency_hz=30)])
    assert mix.render(tail="none").shape[1] == 4800
    assert mix.render(tail=1.0).shape[1] == 4800 + 48_000
    assert 4800 < mix.render().shape[1] < 4800 + 48_000
    with pytest.raises(md.ParameterError, match="tail"):
        mix.render(tail="long")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("add", "error", "message"),
    [
        (lambda mix: mix.track("a", np.zeros(4)), md.MixerError, 'a strip named "a" already'),
        (lambda mix: mix.track("", np.zeros(4)), md.ParameterError, "name = '' is not allowed"),
        (lambda mix: mix.track("b", np.zeros((3, 4))), md.ShapeError, r"a track is \(1 or 2, frames\)"),
        (lambda mix: mix.track("b", np.zeros((400, 2))), md.ShapeError, r"pass audio\.T"),
        (lambda mix: mix.track("b", np.zeros(4, np.int16)), TypeError, "int16"),
        (lambda mix: mix.track("b", np.array([np.nan, 1.0])), md.ParameterError, "'b' holds 1 non-finite samples"),
        (lambda mix: mix.track("b", np.zeros(4), pan=2), md.ParameterError, r'strip "b": pan = 2 is out of range'),
        (lambda mix: mix.track("b", np.zeros(4), fader_db=13), md.ParameterError, "fader_db = 13 is out of range"),
        (
            lambda mix: mix.track("b", np.zeros(4), fader_db=math.nan),
            md.ParameterError,
            "fader_db = NaN is out of range",
        ),
        (lambda mix: mix.track("b", np.zeros(4), inserts=[3]), TypeError, r"inserts\[0\] = 3 is not an effect"),
        (lambda mix: mix.master(fader_db=99), md.ParameterError, 'strip "master": fader_db = 99'),
        (lambda mix: setattr(mix["a"], "pan", 7), md.ParameterError, "pan = 7 is out of range"),
        (lambda mix: setattr(mix["a"], "volume", 7), md.ParameterError, "a track has no parameter volume"),
        (lambda mix: mix["drums"], md.MixerError, 'there is no strip named "drums"'),
        (lambda mix: md.Mix().render(), md.MixerError, "the mix has no tracks"),
        (lambda mix: md.Mix(sample_rate_hz=1), md.ParameterError, "sample_rate_hz = 1"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(add, error, message, noise) -> None:
    mix = md.Mix()
    mix.track("a", noise(1, 100), pan=0.5)
    before = mix.render()
    with pytest.raises(error, match=message):
        add(mix)
    assert len(mix) == 1
    assert mix["a"].pan == 0.5
    np.testing.assert_array_equal(mix.render(), before)


def test_the_master_takes_its_inserts_as_groups_do() -> None:
    mix = md.Mix()
    mix.track("a", np.ones(480))
    mix.master([md.Gain(gain_db=-6)], fader_db=-1)
    assert mix.master_strip.inserts == (md.Gain(gain_db=-6),)
    assert mix.master_strip.fader_db == -1
    mix.master(inserts=[md.Gain()])
    assert (mix.master_strip.inserts, mix.master_strip.fader_db) == ((md.Gain(),), 0)
    with pytest.raises(md.ParameterError, match=r"^parameters are given by name: Mix.master\(\[\], fader_db=3\)$"):
        mix.master([], 3)


def test_every_public_name_of_a_mix_has_words() -> None:
    mix = md.Mix()
    things = [
        mix,
        mix.track("a", np.ones(480), sends={"h": -3}),
        mix.group("g"),
        mix.returns("h"),
        mix.master_strip,
        mix.vca("v", ["a"]),
        mix["a"].sends["h"],
    ]
    for thing in things:
        classes = "".join(cls.__doc__ or "" for cls in type(thing).__mro__)
        for name in dir(thing):
            if not name.startswith("_"):
                documented = getattr(type(thing), name, None)
                method = callable(documented) or isinstance(documented, property)
                assert documented.__doc__ if method else f" {name}" in classes, (type(thing), name)
