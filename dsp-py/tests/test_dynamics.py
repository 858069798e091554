"""Compressor, expander, gate and limiter from Python: curves, keys, gain reduction."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mixdown as md

RATE_HZ = 48_000


def sine(level_db: float, seconds: float = 0.5, channels: int = 1) -> np.ndarray:
    """A carrier of constant envelope."""
    tone = np.sin(2 * np.pi * 1000 / RATE_HZ * np.arange(int(seconds * RATE_HZ)))
    return np.tile(10 ** (level_db / 20) * tone, (channels, 1))


def level_db(audio: np.ndarray) -> float:
    """Level of a sine over whole periods."""
    return float(20 * np.log10(np.sqrt(2) * np.std(audio[..., -960:])))


compressors = st.builds(
    md.Compressor,
    threshold_db=st.floats(-60, 0),
    ratio=st.one_of(st.floats(1, 100), st.just(math.inf)),
    knee_db=st.floats(0, 24),
    attack_ms=st.floats(0.02, 250),
    release_ms=st.floats(5, 5000),
    makeup_db=st.floats(-12, 24),
    detector=st.sampled_from(["peak", "rms", "peak_hold"]),
    rms_ms=st.floats(1, 300),
    lookahead_ms=st.one_of(st.just(0.0), st.floats(0, 20)),
    link_percent=st.floats(0, 100),
    mix=st.floats(0, 1),
    range_db=st.one_of(st.floats(0, 60), st.just(math.inf)),
    key_high_pass_hz=st.one_of(st.just(0.0), st.floats(20, 500)),
    key_low_pass_hz=st.one_of(st.just(0.0), st.floats(50, 3_600)),
    release_mode=st.sampled_from(["manual", "dual", "auto"]),
    auto_makeup=st.booleans(),
    listen=st.booleans(),
)
expanders = st.builds(
    md.Expander,
    threshold_db=st.floats(-80, 0),
    ratio=st.floats(1, 100),
    knee_db=st.floats(0, 24),
    attack_ms=st.floats(0.02, 250),
    hold_ms=st.floats(0, 500),
    release_ms=st.floats(5, 5000),
    range_db=st.one_of(st.floats(0, 120), st.just(math.inf)),
    link_percent=st.floats(0, 100),
    detector=st.sampled_from(["rms", "peak"]),
    lookahead_ms=st.one_of(st.just(0.0), st.floats(0, 10)),
    key_high_pass_hz=st.one_of(st.just(0.0), st.floats(20, 3_600)),
    key_low_pass_hz=st.one_of(st.just(0.0), st.floats(50, 3_600)),
)
gates = st.builds(
    md.Gate,
    threshold_db=st.floats(-80, 0),
    attack_ms=st.floats(0.02, 250),
    hold_ms=st.floats(0, 500),
    release_ms=st.floats(5, 5000),
    range_db=st.one_of(st.floats(0, 120), st.just(math.inf)),
    hysteresis_db=st.floats(0, 12),
    link_percent=st.floats(0, 100),
    lookahead_ms=st.one_of(st.just(0.0), st.floats(0, 10)),
    key_high_pass_hz=st.one_of(st.just(0.0), st.floats(20, 3_600)),
    key_low_pass_hz=st.one_of(st.just(0.0), st.floats(50, 3_600)),
)


@settings(deadline=None, max_examples=60)
@given(
    effect=st.one_of(compressors, expanders, gates),
    rate_hz=st.sampled_from([8_000, 44_100, 48_000, 192_000]),
    channels=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_setting_is_finite_and_streams_as_it_runs_offline(
    effect: md.Effect, rate_hz: int, channels: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    audio = (10 ** random.uniform(-4, 1.5) * random.standard_normal((channels, 2_000))).astype(np.float32)
    audio[:, 700:900] = 0
    whole = effect(audio, rate_hz)
    assert np.isfinite(whole).all()
    stream = effect.stream(rate_hz, channels)
    latency = stream.latency_frames
    padded = np.concatenate([audio, np.zeros((channels, latency), np.float32)], axis=1)
    cuts = np.sort(random.integers(0, padded.shape[1], 7))
    parts = [stream.process(np.ascontiguousarray(part)) for part in np.split(padded, cuts, axis=1)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1)[:, latency:], whole)
    reduction = effect.gain_reduction(audio, rate_hz)  # type: ignore[attr-defined]
    assert reduction.shape == audio.shape
    assert (reduction >= 0).all()
    assert np.isfinite(reduction).all()


@settings(deadline=None, max_examples=40)
@given(
    threshold_db=st.floats(-60, 0),
    ratio=st.one_of(st.floats(1, 50), st.just(math.inf)),
    knee_db=st.floats(0, 24),
    input_db=st.floats(-70, 12),
)
def test_d1_steady_levels_follow_the_transfer_curve(
    threshold_db: float, ratio: float, knee_db: float, input_db: float
) -> None:
    effect = md.Compressor(threshold_db=threshold_db, ratio=ratio, knee_db=knee_db, attack_ms=1, release_ms=5)
    over = input_db - threshold_db
    if 2 * over > knee_db:
        expected = threshold_db + over / ratio
    elif 2 * over > -knee_db:
        expected = input_db + (1 / ratio - 1) * (over + knee_db / 2) ** 2 / (2 * knee_db)
    else:
        expected = input_db
    np.testing.assert_allclose(effect.transfer_curve([input_db]), [expected], atol=1e-5)
    # The release limit for static curves.
    assert abs(level_db(effect(sine(input_db), RATE_HZ)) - expected) <= 0.02


def test_reduction_is_what_the_gain_does(noise) -> None:
    audio = 4 * noise(2, 20_000).astype(np.float64)
    effect = md.Compressor(threshold_db=-24, ratio=6, lookahead_ms=3, link_percent=40)
    reduction = effect.gain_reduction(audio, RATE_HZ)
    assert reduction.max() > 6
    np.testing.assert_allclose(effect(audio, RATE_HZ), audio * 10 ** (-reduction / 20), rtol=2e-4, atol=1e-9)


def test_a_linked_compressor_keeps_the_stereo_image(noise) -> None:
    audio = noise(2, 20_000).astype(np.float64)
    audio[1] *= 0.1
    out = md.Compressor(threshold_db=-40)(audio, RATE_HZ)
    np.testing.assert_allclose(out[1] * audio[0], out[0] * audio[1], rtol=1e-12, atol=1e-18)


def test_the_key_decides(noise) -> None:
    audio = noise(2, 24_000)
    silent, loud = np.zeros((1, 24_000), np.float32), np.ones((1, 24_000), np.float32)
    effect = md.Compressor(threshold_db=-50)
    np.testing.assert_array_equal(effect(audio, RATE_HZ, key=silent), audio)
    ducked = effect(audio, RATE_HZ, key=loud)
    assert np.abs(ducked[:, 12_000:]).max() < 0.02 * np.abs(audio).max()
    # A constant reads 3 dB above its magnitude.
    assert effect.gain_reduction(audio, RATE_HZ, loud)[:, -1] == pytest.approx([39.76, 39.76], abs=0.02)
    held = effect.replace(detector="peak_hold").gain_reduction(audio, RATE_HZ, loud)
    assert held[:, -1] == pytest.approx([37.5, 37.5], abs=0.02)
    # A gate that is opened by another sound.
    gate = md.Gate(threshold_db=-20, range_db=math.inf)
    assert np.abs(gate(audio, RATE_HZ, key=silent)).max() < 1e-9
    np.testing.assert_array_equal(gate(audio, RATE_HZ, key=loud)[:, 12_000:], audio[:, 12_000:])


def test_a_stream_reports_its_reduction() -> None:
    stream = md.Compressor(threshold_db=-20, ratio=math.inf, knee_db=0, link_percent=0).stream(RATE_HZ, 2, "float64")
    stream.process(np.concatenate([sine(-8), sine(-30)]))
    assert stream.gain_reduction_db == pytest.approx([12.0, 0.0], abs=0.01)
    stream.reset()
    assert stream.gain_reduction_db == pytest.approx([0.0, 0.0])
    with pytest.raises(md.ParameterError, match="no gain reduction"):
        _ = md.Gain().stream(RATE_HZ, 2).gain_reduction_db


def test_a_compressor_tames_only_what_is_above() -> None:
    effect = md.Compressor(threshold_db=-20, knee_db=0, auto_makeup=True)
    assert effect.transfer_curve([-40, -20, 0]) == pytest.approx([-32.5, -12.5, -7.5])
    effect = md.Expander(threshold_db=-40, knee_db=0)
    assert effect.transfer_curve([-30, -50, -90]) == pytest.approx([-30, -60, -130])
    effect = md.Gate()
    assert effect.transfer_curve([[-30.0], [-50.0]]).shape == (2, 1)
    assert md.Limiter(gain_db=6).transfer_curve([-20, 0]) == pytest.approx([-14, -1], abs=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: md.Compressor(ratio=0.5), r"ratio = 0\.5 is out of range: it must lie in 1\.\.inf"),
        (lambda: md.Compressor(threshold_db=3), r"threshold_db = 3 is out of range: it must lie in -60\.\.0"),
        (lambda: md.Compressor(threshold_db=math.nan), "threshold_db = NaN is out of range: it must lie in -60..0"),
        (lambda: md.Compressor(attack_ms=0), r"attack_ms = 0 is out of range: it must lie in 0\.02\.\.250"),
        (lambda: md.Compressor(release_ms=math.inf), "release_ms = inf is out of range: it must lie in 5..5000"),
        (lambda: md.Compressor(mix=1.01), r"mix = 1\.01 is out of range: it must lie in 0\.\.1"),
        (lambda: md.Compressor(link_percent=101), r"link_percent = 101 is out of range: it must lie in 0\.\.100"),
        (lambda: md.Compressor(key_high_pass_hz=5), r"key_high_pass_hz = 5 is out of range: it must lie in 20\.\.500"),
        (lambda: md.Compressor(detector="loud"), "detector = 'loud' is not allowed"),  # type: ignore[arg-type]
        (lambda: md.Compressor(lookahead_ms=21), r"lookahead_ms = 21 is out of range: it must lie in 0\.\.20"),
        (lambda: md.Expander(ratio=101), r"ratio = 101 is out of range: it must lie in 1\.\.100"),
        (lambda: md.Gate(hysteresis_db=-1), r"hysteresis_db = -1 is out of range: it must lie in 0\.\.12"),
        (lambda: md.Gate(range_db=-1), r"range_db = -1 is out of range: it must lie in 0\.\.inf"),
    ],
)
def test_bad_settings_are_refused_in_one_line(make, message: str) -> None:
    with pytest.raises(md.ParameterError, match=message) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_a_click_is_acted_on_by_its_share_of_the_attack() -> None:
    click = np.zeros(RATE_HZ)
    click[1_000] = 1
    reduction = {
        detector: md.Compressor(threshold_db=-30, detector=detector).gain_reduction(click, RATE_HZ).max()
        for detector in ("peak", "rms", "peak_hold")
    }
    assert reduction["peak"] <= 1 < reduction["rms"] <= 2.1
    assert reduction["peak_hold"] > 17


def test_keys_that_do_not_fit_are_refused(noise) -> None:
    audio, effect = noise(2, 1000), md.Compressor()
    with pytest.raises(md.ShapeError, match="key has 999 frames: audio has 1000"):
        effect(audio, RATE_HZ, key=noise(1, 999))
    with pytest.raises(md.ShapeError, match="key has 999 frames: audio has 1000"):
        effect.gain_reduction(audio, RATE_HZ, noise(1, 999))
    with pytest.raises((md.ParameterError, md.ShapeError), match="3"):
        effect(audio, RATE_HZ, key=noise(3, 1000))
    with pytest.raises(TypeError, match="key must be float32"):
        effect(audio, RATE_HZ, key=noise(1, 1000).astype(np.float64))


class TestBands:
    def test_bands_at_rest_add_up_to_an_all_pass(self, noise) -> None:
        audio = noise(2, 2**14).astype(np.float64)
        effect = md.MultibandCompressor(bands=[md.Compressor(ratio=1)] * 3)
        spectrum = np.abs(np.fft.rfft(effect(np.eye(1, 2**14), RATE_HZ)[0]))
        np.testing.assert_allclose(20 * np.log10(spectrum), 0, atol=0.01)
        assert effect.gain_reduction(audio, RATE_HZ).shape == (3, 2, 2**14)

    def test_solos_add_up_and_bypassed_bands_are_left_alone(self, noise) -> None:
        audio = noise(2, 20_000).astype(np.float64)
        effect = md.MultibandCompressor(bands=[md.Compressor(threshold_db=-40)] * 3)
        alone = [effect.replace(solo=band)(audio, RATE_HZ) for band in range(3)]
        np.testing.assert_allclose(sum(alone), effect(audio, RATE_HZ), atol=1e-13)
        plain = effect.replace(bands=[md.Compressor(ratio=1)] * 3)(audio, RATE_HZ)
        np.testing.assert_array_equal(effect.replace(bypassed=[2, 0, 1])(audio, RATE_HZ), plain)
        assert effect.replace(bypassed=(2, 0, 0)) == effect.replace(bypassed=(0, 2))
        assert md.from_dict(effect.replace(solo=1, bypassed=[0]).to_dict()) == effect.replace(solo=1, bypassed=(0,))

    def test_a_band_that_is_bypassed_or_beside_a_solo_has_no_reduction(self, noise) -> None:
        audio = noise(2, 20_000)
        effect = md.MultibandCompressor(bands=[md.Compressor(threshold_db=-60)] * 3)
        for changed, acts in (
            (effect, [True] * 3),
            (effect.replace(bypassed=[1]), [True, False, True]),
            (effect.replace(solo=1), [False, True, False]),
        ):
            assert [bool(band.any()) for band in changed.gain_reduction(audio, RATE_HZ)] == acts
            stream = changed.stream(RATE_HZ, 2)
            stream.process(audio)
            assert [bool(band.any()) for band in stream.gain_reduction_db] == acts

    def test_a_dynamic_equalizer_at_rest_is_an_equalizer(self, noise) -> None:
        audio = noise(2, 10_000)
        shapes = [md.Bell(frequency_hz=2_000, gain_db=4), md.HighShelf(frequency_hz=9_000, gain_db=-3)]
        still = md.DynamicEqualizer(bands=[md.DynamicBand(shape=shape, ratio=1) for shape in shapes])
        np.testing.assert_array_equal(still(audio, RATE_HZ), md.Equalizer(bands=shapes)(audio, RATE_HZ))

    def test_a_dynamic_band_gives_way_by_its_curve(self) -> None:
        tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ)
        effect = md.DynamicEqualizer(bands=[md.DynamicBand(shape=md.Bell(), threshold_db=-20, ratio=2, range_db=12)])
        level = 20 * np.log10(0.5)
        expected = (level + 20) / 2
        assert effect.gain_reduction(tone, RATE_HZ)[0, 0, -1] == pytest.approx(expected, abs=0.1)
        out = effect(tone, RATE_HZ)[-4_800:]
        assert 20 * np.log10(np.std(out) / np.std(tone)) == pytest.approx(-expected, abs=0.1)

    @pytest.mark.parametrize(
        ("direction", "action", "moved"),
        [("above", "reduce", -5), ("above", "boost", 10), ("below", "reduce", -10), ("below", "boost", 5)],
    )
    def test_a_dynamic_band_acts_in_every_direction(self, direction, action, moved) -> None:
        over = 10 if direction == "above" else -10
        tone = 10 ** ((over - 30) / 20) * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE_HZ) / RATE_HZ)
        effect = md.DynamicEqualizer(bands=[md.DynamicBand(direction=direction, action=action)])
        out = effect(tone, RATE_HZ)[-4_800:]
        assert 20 * np.log10(np.std(out) / np.std(tone)) == pytest.approx(moved, abs=0.1)
        assert effect.gain_reduction(tone, RATE_HZ)[0, 0, -1] == pytest.approx(-moved, abs=0.1)

    @pytest.mark.parametrize(
        ("make", "error", "message"),
        [
            (lambda: md.MultibandCompressor(crossovers_hz=[2_000, 200]), ValueError, r"crossovers_hz"),
            (lambda: md.MultibandCompressor(bands=[md.Compressor()] * 2), ValueError, r"bands"),
            (lambda: md.MultibandCompressor(bands=[md.Gain()] * 3), TypeError, r"bands\[0\] = .* is not a Compressor"),
            (lambda: md.MultibandCompressor(slope_db_per_octave=18), ValueError, "slope_db_per_octave"),
            (lambda: md.MultibandCompressor(solo=3), ValueError, r"solo = 3 is out of range: it must lie in 0\.\.2"),
            (lambda: md.MultibandCompressor(solo=-1), ValueError, "solo"),
            (lambda: md.MultibandCompressor(bypassed=[1, 3]), ValueError, r"bypassed\[1\] = 3 is out of range"),
            (lambda: md.MultibandCompressor(bypassed=[0.5]), (TypeError, ValueError), "bypassed"),
            (lambda: md.MultibandCompressor(bypassed=1), TypeError, "bypassed"),
            (lambda: md.DeEsser(range_db=21), ValueError, r"range_db = 21 is out of range: it must lie in 0\.\.20"),
            (
                lambda: md.DeEsser(frequency_hz=math.nan),
                ValueError,
                "frequency_hz = NaN is out of range: it must lie in 1000..16000",
            ),
            (lambda: md.DynamicBand(ratio=0), ValueError, "ratio"),
            (lambda: md.DynamicBand(shape=md.Notch()), TypeError, "shape = .* is not"),
            (lambda: md.DynamicEqualizer(bands=[md.DynamicBand()] * 33), ValueError, "bands"),
            (lambda: md.DynamicEqualizer(bands=[3]), TypeError, r"bands\[0\] = 3 is not"),
        ],
    )
    def test_bad_settings_are_refused(self, make, error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message) as refused:
            make()
        assert "\n" not in str(refused.value)
