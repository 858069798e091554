"""Reverb, plate, convolution and the linear-phase equalizer from Python."""

import math
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

import mixdown as md

RATE_HZ = 48_000

SPACES = {"room": (0.5, 0.25, 5), "club": (0.8, 0.35, 8), "chamber": (1.3, 0.45, 12), "hall": (2.2, 0.6, 20)}
SPACES["cathedral"] = (6.5, 1, 40)


def decay(rows: int, frames: int, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (0.05 * random.standard_normal((rows, frames)) * np.exp(-6.9 * np.arange(frames) / frames)).astype(
        np.float32
    )


class TestReverb:
    @pytest.mark.parametrize("space", SPACES)
    def test_a_space_fills_what_is_not_given(self, space: str) -> None:
        reverb = md.Reverb(space=space)  # type: ignore[arg-type]
        assert (reverb.t60_s, reverb.size, reverb.predelay_ms) == SPACES[space]
        assert reverb.early_db <= -3
        given = md.Reverb(space=space, t60_s=1.5)  # type: ignore[arg-type]
        assert (given.t60_s, given.size) == (1.5, reverb.size)

    def test_another_space_refills(self) -> None:
        hall = md.Reverb(mix=0.3, t60_s=3)
        assert hall.replace(space="room") == md.Reverb(space="room", mix=0.3)
        assert hall.replace(space="room", t60_s=0.4) == md.Reverb(space="room", t60_s=0.4, mix=0.3)
        assert hall.replace(width=0) == md.Reverb(mix=0.3, t60_s=3, width=0)
        with pytest.raises(md.ParameterError, match="Reverb has no parameter colour"):
            hall.replace(colour=1)

    @pytest.mark.parametrize("effect", [md.Reverb(space="club"), md.Plate()])
    def test_mono_becomes_stereo_and_the_tail_ends(self, effect: md.Effect, noise) -> None:
        audio = noise(1, 2_000)[0]
        wet = effect(audio, RATE_HZ, tail="auto")
        assert wet.shape[0] == 2
        assert wet.shape[1] > RATE_HZ // 4
        assert np.isfinite(wet).all()
        last = wet[:, -RATE_HZ // 10 :]
        assert 20 * np.log10(np.abs(last).max() / np.abs(wet).max()) < -60

    def test_a_predelay_longer_than_the_grid_does_not_end_the_tail(self) -> None:
        impulse = np.zeros(480, np.float32)
        impulse[0] = 0.5
        wet = md.Reverb(space="room", predelay_ms=250)(impulse, RATE_HZ, tail="auto")
        assert not wet[:, : RATE_HZ // 4].any()
        assert wet.shape[1] > RATE_HZ // 2
        mix = md.Mix(sample_rate_hz=RATE_HZ)
        mix.track("click", impulse, inserts=[md.Reverb(space="room", predelay_ms=250)])
        assert mix.render().shape[1] > RATE_HZ // 2

    def test_cuts_and_ducking_act_on_the_wet_signal(self) -> None:
        audio = 0.3 * np.random.default_rng(1).standard_normal((2, RATE_HZ))
        plain = md.Reverb(space="room")(audio, RATE_HZ)
        np.testing.assert_array_equal(
            md.Reverb(space="room", low_cut_hz=20, high_cut_hz=20_000, duck_db=0)(audio, RATE_HZ), plain
        )
        cut = md.Reverb(space="room", low_cut_hz=500, high_cut_hz=4_000)(audio, RATE_HZ)
        frequencies, before = signal.welch(plain[0], RATE_HZ, nperseg=4_096)
        after = signal.welch(cut[0], RATE_HZ, nperseg=4_096)[1]
        change_db = 10 * np.log10(after / before)
        assert abs(np.mean(change_db[(frequencies > 1_200) & (frequencies < 1_800)])) < 0.5
        assert np.all(change_db[(frequencies > 60) & (frequencies < 125)] < -20)
        assert np.all(change_db[(frequencies > 13_000) & (frequencies < 20_000)] < -18)
        ducked = md.Reverb(space="room", duck_db=9)(audio, RATE_HZ)
        fall_db = 20 * np.log10(np.std(ducked[:, RATE_HZ // 2 :]) / np.std(plain[:, RATE_HZ // 2 :]))
        assert fall_db == pytest.approx(-9, abs=0.1)

    def test_a_clap_has_no_hole(self) -> None:
        # As in the gates of the engine, at one rate: 3 ms windows of the response as shipped.
        impulse = np.zeros((2, RATE_HZ // 2), np.float32)
        impulse[:, 0] = 0.5
        for space in SPACES:
            for side in md.Reverb(space=space)(impulse, RATE_HZ).astype(np.float64):  # type: ignore[arg-type]
                onset = int(np.argmax(np.abs(side) > 1e-3 * np.abs(side).max()))
                energy = np.concatenate([[0.0], np.cumsum(side[onset:] ** 2)])
                first = np.arange(0, RATE_HZ * 150 // 1000, 24)
                levels = 10 * np.log10(energy[first + 144] - energy[first])
                before, after = np.maximum.accumulate(levels), np.maximum.accumulate(levels[::-1])[::-1]
                assert np.max(np.minimum(before, after) - levels) <= 6, space

    @settings(deadline=None, max_examples=25)
    @given(
        space=st.sampled_from(sorted(SPACES)),
        size=st.floats(0, 1),
        t60_s=st.floats(0.1, 5),
        diffusion=st.floats(0, 1),
        depth_ms=st.floats(0, 1),
        mix=st.floats(0, 1),
        rate_hz=st.sampled_from([8_000, 44_100, 96_000]),
    )
    def test_any_setting_streams_as_it_runs_offline(
        self, space: str, size: float, t60_s: float, diffusion: float, depth_ms: float, mix: float, rate_hz: int
    ) -> None:
        effect = md.Reverb(
            space=space,  # type: ignore[arg-type]
            size=size,
            t60_s=t60_s,
            diffusion=diffusion,
            modulation_depth_ms=depth_ms,
            mix=mix,
        )
        audio = np.random.default_rng(1).standard_normal((2, 5_000)).astype(np.float32)
        whole = effect(audio, rate_hz)
        assert np.isfinite(whole).all()
        stream = effect.stream(rate_hz, 2)
        parts = [stream.process(audio[:, start : start + 777]) for start in range(0, 5_000, 777)]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: md.Reverb(space="closet"), "space = 'closet' is not allowed: it must be one of room, club"),  # type: ignore[arg-type]
            (lambda: md.Reverb(t60_s=16), r"t60_s = 16 is out of range: with t60_low_ratio = 1.2 it must lie in 0\.1\.\.15"),
            (lambda: md.Reverb(size=1.1), r"size = 1\.1 is out of range: it must lie in 0\.\.1"),
            (lambda: md.Reverb(t60_s=math.nan), "t60_s = NaN is out of range"),
            (lambda: md.Plate(decay=1), r"decay = 1 is out of range: it must lie in 0\.\.0\.99"),
            (lambda: md.Plate(damping_hz=math.inf), "damping_hz = inf is out of range"),
        ],
    )
    def test_bad_settings_are_refused(self, make, message: str) -> None:
        with pytest.raises(md.ParameterError, match=message):
            make()


class TestPlate:
    def test_a_side_signal_sounds_and_the_width_is_kept(self, noise) -> None:
        mono = noise(1, 2 * RATE_HZ)[0]
        mid, side = (md.Plate()(np.stack([mono, sign * mono]), RATE_HZ) for sign in (1, -1))
        assert 20 * np.log10(np.std(side) / np.std(mid)) == pytest.approx(0, abs=1)
        narrow = md.Plate(width=0)(mono, RATE_HZ)
        np.testing.assert_array_equal(narrow[0], narrow[1])
        assert 20 * np.log10(np.std(narrow) / np.std(mid)) == pytest.approx(0, abs=1)

    @pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.97])
    def test_pink_noise_keeps_its_level(self, decay: float) -> None:
        frames = 36 * RATE_HZ
        spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal((2, frames)))
        hz = np.fft.rfftfreq(frames, 1 / RATE_HZ)
        spectrum *= (hz >= 20) / np.sqrt(np.maximum(hz, 20))
        audio = np.fft.irfft(spectrum)
        wet = md.Plate(decay=decay)(audio, RATE_HZ)[:, -8 * RATE_HZ :]
        assert 20 * np.log10(np.std(wet) / np.std(audio)) == pytest.approx(0, abs=1)


class TestConvolution:
    @pytest.mark.parametrize("rows", [1, 2, 4])
    def test_c1_it_is_the_convolution(self, rows: int, noise) -> None:
        audio, taps = noise(2, 30_000), decay(rows, 9_000)
        out = md.Convolution(impulse_response=taps)(audio, RATE_HZ).astype(np.float64)
        exact = np.zeros((2, 30_000))
        # LL LR RL RR of four rows; the diagonal of two; the same for both of one.
        routes = {1: [(0, 0, 0), (0, 1, 1)], 2: [(0, 0, 0), (1, 1, 1)], 4: [(0, 0, 0), (1, 0, 1), (2, 1, 0), (3, 1, 1)]}
        for row, source, target in routes[rows]:
            exact[target] += signal.fftconvolve(audio[source].astype(float), taps[row].astype(float))[:30_000]
        error = np.sqrt(np.mean((out - exact) ** 2) / np.mean(exact**2))
        assert 20 * np.log10(error) <= -120

    def test_mono_through_two_rows_is_stereo(self, noise) -> None:
        audio, taps = noise(1, 5_000)[0], decay(2, 500)
        both = md.Convolution(impulse_response=taps)(audio, RATE_HZ)
        assert both.shape == (2, 5_000)
        alone = [md.Convolution(impulse_response=row)(audio, RATE_HZ) for row in taps]
        np.testing.assert_allclose(both, alone, atol=1e-6)

    def test_a_response_is_a_value(self) -> None:
        taps = decay(2, 100)
        effect = md.Convolution(impulse_response=taps, mix=0.5)
        assert effect == md.Convolution(impulse_response=taps.copy(), mix=0.5)
        assert effect != md.Convolution(impulse_response=2 * taps, mix=0.5)
        assert len({effect, pickle.loads(pickle.dumps(effect))}) == 1
        assert md.from_dict(effect.to_dict()) == effect
        np.testing.assert_array_equal(np.asarray(effect.impulse_response), taps)
        taps[:] = 0
        assert np.abs(np.asarray(effect.impulse_response)).max() > 0
        assert "<2 x 100 float32, sha256 " in repr(effect)

    def test_files_and_rates(self, tmp_path: Path, noise) -> None:
        taps, audio = decay(2, 4_410), noise(2, 20_000)
        md.write(tmp_path / "room.wav", taps, 44_100, bit_depth=32)
        by_file = md.Convolution(impulse_response=tmp_path / "room.wav")
        assert eval(repr(by_file), vars(md)) == by_file
        by_array = md.Convolution(impulse_response=taps, impulse_response_rate_hz=44_100)
        np.testing.assert_array_equal(by_file(audio, RATE_HZ), by_array(audio, RATE_HZ))
        # A tone comes out at the same level, whatever the rate of the response.
        tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ)
        native = np.sin(2 * np.pi * 1000 * np.arange(44_100) / 44_100)
        level = np.std(by_array(tone, RATE_HZ)[0, -4_800:])
        assert level == pytest.approx(np.std(by_array(native, 44_100)[0, -4_410:]), rel=1e-4)

    def test_normalised_it_is_as_loud_as_what_goes_in(self) -> None:
        pink = np.cumsum(np.random.default_rng(2).standard_normal((2, 3 * RATE_HZ)), axis=1)
        pink = signal.sosfilt(signal.butter(2, 40, "highpass", fs=RATE_HZ, output="sos"), pink)
        pink *= 0.1 / np.std(pink)
        effect = md.Convolution(impulse_response=100 * decay(2, 20_000), normalize=True)
        before = md.loudness(pink, RATE_HZ).integrated_lufs
        assert md.loudness(effect(pink, RATE_HZ), RATE_HZ).integrated_lufs == pytest.approx(before, abs=3)

    @pytest.mark.parametrize(
        ("taps", "error", "message"),
        [
            (np.zeros(0), ValueError, "impulse_response is empty"),
            (np.zeros((2, 0)), ValueError, "impulse_response is empty"),
            (np.array([0.0, math.nan]), ValueError, "impulse_response"),
            (np.zeros((3, 10)), ValueError, "impulse_response has 3 rows: it must have 1, 2 or 4"),
            (np.zeros((100, 2)), ValueError, r"pass impulse_response\.T"),
            (np.zeros(10, np.int16), TypeError, "impulse_response is int16"),
            ("missing.wav", OSError, "impulse_response: missing.wav: No such file"),
        ],
    )
    def test_bad_responses_are_refused(self, taps, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            md.Convolution(impulse_response=taps)

    def test_unreadable_and_endless_responses_are_refused(self, tmp_path: Path, noise) -> None:
        (tmp_path / "text.wav").write_text("no audio")
        with pytest.raises(ValueError, match=r"impulse_response: .*not a readable audio file"):
            md.Convolution(impulse_response=tmp_path / "text.wav")
        endless = md.Convolution(impulse_response=np.ones(100 * RATE_HZ, np.float32))
        with pytest.raises(md.ParameterError, match=r"its length in s\) = 100 is out of range: it must lie in 0\.\.30"):
            endless(noise(1, 100), RATE_HZ)


def test_a_linear_phase_equalizer_has_the_magnitude_and_no_phase() -> None:
    bands = [md.Bell(frequency_hz=300, gain_db=6, q=1), md.HighShelf(frequency_hz=8_000, gain_db=-4)]
    flat = md.LinearPhaseEqualizer(bands=bands)
    frequencies = np.geomspace(60, 20_000, 50)
    response = flat.frequency_response(frequencies, RATE_HZ)
    wanted = np.abs(md.Equalizer(bands=bands).frequency_response(frequencies, RATE_HZ))
    np.testing.assert_allclose(20 * np.log10(np.abs(response) / wanted), 0, atol=0.1)
    np.testing.assert_allclose(np.angle(response), 0, atol=1e-6)
    assert flat.latency_frames(RATE_HZ) == 4096
    audio = np.random.default_rng(1).standard_normal(2_000)
    np.testing.assert_array_equal(md.LinearPhaseEqualizer()(audio, RATE_HZ), audio)
    with pytest.raises(md.ParameterError, match=r"length_ms = 4 is out of range: it must lie in 5\.\.680"):
        md.LinearPhaseEqualizer(length_ms=4)


def test_presets_with_a_length_in_frames_are_refused_by_name() -> None:
    preset = {"type": "LinearPhaseEqualizer", "bands": [], "length_frames": 8192}
    with pytest.raises(md.ParameterError, match=r"no parameter length_frames: did you mean length_ms\?"):
        md.from_dict(preset)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000, 192_000])
def test_l1_a_low_cut_is_as_exact_at_every_rate(rate_hz: int) -> None:
    flat = md.LinearPhaseEqualizer(bands=[md.HighPass(frequency_hz=30)])
    hz = np.geomspace(5, 1_000, 100)
    analog = 1 / np.sqrt(1 + (30 / hz) ** 4)
    error = 20 * np.log10(np.abs(flat.frequency_response(hz, rate_hz)) / analog)
    assert np.abs(error).max() <= 0.05
    assert flat.design_error_db(rate_hz) <= 0.05


def test_l2_a_short_design_warns_with_its_error(noise) -> None:
    short = md.LinearPhaseEqualizer(bands=[md.HighPass(frequency_hz=30)], length_ms=20)
    error = short.design_error_db(RATE_HZ)
    assert error > 0.5
    said = rf"length_ms = 20 is short for its bands: they are off by up to {error:.1f} dB at 48000 Hz"
    for effect in (short, md.Chain([md.Gain(), short])):
        with pytest.warns(RuntimeWarning, match=said):
            effect(noise(1, 10), RATE_HZ)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        md.LinearPhaseEqualizer(bands=short.bands)(noise(1, 10), RATE_HZ)


class TestResponsesOfAnotherRate:
    RATES = (
        *((44_100, 48_000), (48_000, 44_100), (44_100, 96_000), (48_000, 192_000), (44_055.5, 48_000)),
        *((96_000, 48_000), (96_000, 44_100), (192_000, 44_100), (192_000, 48_000)),
    )

    @pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
    def test_c6_level_and_colour_stay_from_the_first_sample_on(self, from_hz: float, to_hz: float) -> None:
        hz = np.array([20, 100, 1_000, 5_000, 10_000, 16_000, 19_000])
        click = np.array([1.0])
        cabinet = np.random.default_rng(1).standard_normal(3_000) * np.exp(-np.arange(3_000) / 60)
        cabinet = signal.sosfilt(signal.butter(8, 15_000, fs=from_hz, output="sos"), cabinet)
        # Its samples lie between those of the other rate: 0.46 dB of 16 kHz were lost from 96 to 48 kHz.
        decaying = np.exp(-np.arange(12_000) / 15)
        late = np.pad(decaying, (int(2e-4 * from_hz), 0))
        for taps in (click, cabinet, decaying, late):
            wanted = np.abs(np.exp(-2j * np.pi * np.outer(hz, np.arange(taps.size)) / from_hz) @ taps)
            effect = md.Convolution(impulse_response=taps, impulse_response_rate_hz=from_hz)
            response = np.abs(effect.frequency_response(hz, to_hz))
            # A click in the first sample came out 1.36 dB softer from 44.1 to 48 kHz, 4.2 dB from 48 to 192.
            heard = wanted > 1e-2 * wanted.max()
            np.testing.assert_allclose(20 * np.log10(response / wanted)[heard], 0, atol=0.005)

    def test_c6_what_begins_in_silence_keeps_its_waveform(self) -> None:
        taps = np.zeros(8_000)
        taps[3_000] = 1
        effect = md.Convolution(impulse_response=taps, impulse_response_rate_hz=48_000)
        out = effect(np.eye(1, 20_000), 96_000)[0]
        np.testing.assert_allclose(out[5_900:6_101], out[5_900:6_101][::-1], atol=1e-6)

    def test_c6_a_click_starts_at_once(self) -> None:
        effect = md.Convolution(impulse_response=np.array([1.0]), impulse_response_rate_hz=48_000)
        out = effect(np.eye(1, 4_000), 192_000)[0]
        assert np.argmax(np.abs(out)) / 192_000 <= 1e-4


class TestChangesOfAResponse:
    def test_c4_a_stream_takes_another_response_no_longer(self) -> None:
        audio = np.random.default_rng(3).standard_normal((2, 100_000))
        first, second = decay(2, 9_000), decay(2, 7_000, seed=2)
        stream = md.Convolution(impulse_response=first).stream(RATE_HZ, 2, np.float64)
        stream.process(audio[:, :1_000])
        stream.set(md.Convolution(impulse_response=second))
        out = stream.process(audio[:, 1_000:])
        expected = md.Convolution(impulse_response=second)(audio, RATE_HZ)
        np.testing.assert_allclose(out[:, -50_000:], expected[:, -50_000:], atol=1e-12)
        refused = r"impulse_response \(after trim_ms and decay\) = 9001 frames .* memory for 9000; build a new one"
        with pytest.raises(md.ParameterError, match=refused):
            stream.set(md.Convolution(impulse_response=decay(2, 9_001)))

    def test_c5_a_trim_beyond_the_response_is_refused(self) -> None:
        effect = md.Convolution(impulse_response=decay(1, 9_600), trim_ms=300)
        with pytest.raises(md.ParameterError, match=r"trim_ms = 300 .* length in ms\) = 200 it must lie in 0..199.979"):
            effect(np.zeros((1, 480)), 48_000)

    def test_c5_trim_and_decay(self) -> None:
        taps = decay(1, 48_000)
        impulse = np.eye(1, 48_000)
        trimmed = md.Convolution(impulse_response=taps, trim_ms=10)(impulse, RATE_HZ)
        np.testing.assert_allclose(trimmed[0, : 48_000 - 480], taps[0, 480:], atol=1e-7)
        shorter = md.Convolution(impulse_response=taps, decay=0.5)(impulse, RATE_HZ)[0]
        level = lambda y, s: np.log(np.std(y[int(s * RATE_HZ) : int((s + 0.05) * RATE_HZ)]))  # noqa: E731
        slope = (level(shorter, 0.3) - level(shorter, 0.05)) / (level(taps[0], 0.3) - level(taps[0], 0.05))
        assert slope == pytest.approx(2, rel=0.08)
