"""Effects as values, on arrays, in streams."""

import copy
import dataclasses
import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

import mixdown as md
from mixdown import _core
from mixdown.effects import KINDS

RATE_HZ = 48_000

#: Every kind of effect by its name.
CLASSES = {name: kind for name, kind in KINDS.items() if issubclass(kind, md.Effect)}

EXAMPLES = [
    md.Gain(gain_db=-6),
    md.Gain(gain_db=-math.inf, invert_polarity=True),
    md.Pan(pan=0.25, law="-4.5dB"),
    md.Width(width=0.5, bass_mono_hz=120),
    md.Bell(frequency_hz=3000, gain_db=4, q=2),
    md.LowShelf(frequency_hz=100, gain_db=-3),
    md.HighShelf(frequency_hz=8000, gain_db=2),
    md.LowPass(frequency_hz=9000, slope_db_per_octave=18),
    md.HighPass(frequency_hz=80, slope_db_per_octave=48),
    md.BandPass(frequency_hz=1000, q=3),
    md.Notch(frequency_hz=50, q=8),
    md.AllPass(frequency_hz=700),
    md.Tilt(gain_db=3),
    md.Equalizer(bands=[md.Bell(gain_db=3), md.HighPass(frequency_hz=40)], design="cookbook"),
    md.Equalizer(
        bands=[
            md.Bell(gain_db=3),
            md.Placed(md.HighPass(), place="side"),
            md.Placed(md.Tilt(gain_db=2), enabled=False),
        ],
        output_gain_db=-2,
    ),
    md.Limiter(ceiling_db=-20, gain_db=6, mode="master", release_mode="dual"),
    md.Compressor(threshold_db=-30, ratio=math.inf, range_db=20, lookahead_ms=2, release_mode="auto"),
    md.Expander(threshold_db=-20, ratio=3, range_db=math.inf),
    md.Gate(threshold_db=-14, range_db=60, hysteresis_db=6),
    md.DeEsser(frequency_hz=6000, range_db=9),
    md.MultibandCompressor(crossovers_hz=[300], bands=[md.Compressor(ratio=2), md.Compressor(threshold_db=-30)]),
    md.DynamicEqualizer(
        bands=[
            md.DynamicBand(shape=md.Bell(frequency_hz=3000, q=2), threshold_db=-40),
            md.DynamicBand(shape=md.HighShelf(gain_db=3), ratio=math.inf),
            md.HighPass(frequency_hz=60),
        ]
    ),
    md.TransientShaper(attack_db=6, sustain_db=-9, slow_ms=20, link_percent=50),
    md.Phaser(rate_hz=0.7, stages=8, feedback=-0.6),
    md.Tremolo(tempo_bpm=120, note="1/8d", depth=0.8, shape="square", stereo_phase_degrees=180),
    md.LinearPhaseEqualizer(bands=[md.Bell(frequency_hz=500, gain_db=-4)], length_ms=20),
    md.Delay(tempo_bpm=174, note="1/16t", feedback=-0.6, ping_pong=True, low_cut_hz=150),
    md.Saturator(drive_db=9, curve="cubic", bias=0.25, oversample=2),
    md.Clipper(ceiling_db=-6, knee_db=0, gain_db=6),
    md.Reverb(space="room", t60_s=0.3, early_db=-math.inf),
    md.Plate(decay=0.3, predelay_ms=12),
    md.Chorus(voices=4, depth_ms=3, low_cut_hz=150),
    md.Flanger(through_zero=True, feedback=-0.4),
    md.Vibrato(tempo_bpm=150, note="1/8", depth_cents=20),
    md.Convolution(
        impulse_response=np.array([[1.0, 0.0, 0.5], [0.5, 0.25, 0.0]], np.float32),
        predelay_ms=3,
        trim_ms=0.02,
        decay=0.5,
        mix=0.4,
    ),
    md.Chain([md.Gain(gain_db=1), md.Pan(pan=-1)]),
    md.Parallel([md.Chain([]), md.Gain(gain_db=-3)], gains_db=[0, -math.inf]),
    md.MidSide(mid=[md.Bell(gain_db=-2)], side=[md.HighPass(frequency_hz=150)]),
    md.Bypass(md.Gain(gain_db=9)),
]


def test_every_kind_has_an_example() -> None:
    assert {type(effect).__name__ for effect in EXAMPLES} == set(CLASSES)


@pytest.mark.parametrize("effect", EXAMPLES, ids=lambda effect: type(effect).__name__)
class TestValues:
    def test_print_and_evaluate(self, effect: md.Effect) -> None:
        if isinstance(effect, md.Convolution):
            # Samples are not printed: their shape and a digest are.
            assert "<2 x 3 float32, sha256 " in repr(effect)
            return
        assert eval(repr(effect), {**vars(md), "inf": math.inf}) == effect

    def test_pickle_copy_hash(self, effect: md.Effect) -> None:
        for other in (pickle.loads(pickle.dumps(effect)), copy.copy(effect), copy.deepcopy(effect)):
            assert other == effect
            assert hash(other) == hash(effect)

    def test_dict(self, effect: md.Effect) -> None:
        assert md.from_dict(effect.to_dict()) == effect

    def test_frozen(self, effect: md.Effect) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            effect.anything = 1  # type: ignore[attr-defined]

    def test_one_array_equals_blocks(self, effect: md.Effect, noise) -> None:
        audio = noise(2, 3000)
        whole = effect(audio, RATE_HZ)
        stream = effect.stream(RATE_HZ, 2)
        latency = stream.latency_frames
        assert latency == effect.latency_frames(RATE_HZ)
        delayed = (
            *(md.Limiter, md.Compressor, md.DeEsser, md.TransientShaper),
            *(md.LinearPhaseEqualizer, md.Saturator, md.Clipper, md.Vibrato, md.Flanger),
        )
        assert (latency > 0) == isinstance(effect, delayed)
        # Silence pushes out what the latency holds back.
        padded = np.concatenate([audio, np.zeros((2, latency), np.float32)], axis=1)
        parts = [stream.process(padded[:, start : start + 331]) for start in range(0, padded.shape[1], 331)]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1)[:, latency:], whole)
        assert whole.dtype == np.float32

    def test_reset_stream(self, effect: md.Effect, noise) -> None:
        stream = effect.stream(RATE_HZ, 2, dtype=np.float64)
        audio = noise(2, 500).astype(np.float64)
        first = stream.process(audio)
        stream.reset()
        np.testing.assert_array_equal(stream.process(audio), first)


def test_the_defaults_are_those_of_the_engine() -> None:
    for name in CLASSES:
        if name in ("Chain", "Parallel", "Bypass"):
            continue
        given = {"impulse_response": np.ones(1)} if name == "Convolution" else {}
        spare = CLASSES[name](**given)

        # Settings that name nothing but their type take the engine's defaults: the same bits must come out.
        audio = np.linspace(-0.5, 0.5, 2000).reshape(2, 1000)
        bare = _core.process({"type": name}, audio, RATE_HZ, None, "none", None)
        np.testing.assert_array_equal(bare, spare(audio, RATE_HZ))


class TestArrays:
    def test_shape_and_format_come_back(self, noise) -> None:
        gain = md.Gain(gain_db=-6)
        for dtype in (np.float32, np.float64):
            assert gain(noise(1, 10)[0].astype(dtype), RATE_HZ).shape == (10,)
            assert gain(noise(1, 10).astype(dtype), RATE_HZ).shape == (1, 10)
            assert gain(noise(5, 10).astype(dtype), RATE_HZ).dtype == dtype
        assert md.Pan()(noise(1, 10)[0], RATE_HZ).shape == (2, 10)
        assert gain(np.zeros((2, 0)), RATE_HZ).shape == (2, 0)

    def test_any_memory_order(self, noise) -> None:
        audio = noise(2, 1000)
        gain = md.Bell(gain_db=6)
        expected = gain(audio, RATE_HZ)
        fortran = np.asfortranarray(audio)
        strided = np.repeat(audio, 2, axis=1)[:, ::2]
        transposed = np.ascontiguousarray(audio.T).T
        reverse = audio[:, ::-1].copy()[:, ::-1]
        swapped = audio.astype(">f4")
        readonly = audio.copy()
        readonly.flags.writeable = False
        for variant in (fortran, strided, transposed, reverse, swapped, readonly):
            np.testing.assert_array_equal(gain(variant, RATE_HZ), expected)

    def test_array_and_dlpack_protocols(self) -> None:
        class Array:
            def __array__(self, dtype=None, copy=None):
                return np.ones((1, 4), np.float32)

        class Dlpack:
            def __init__(self):
                self.array = np.ones((1, 4), np.float32)

            def __dlpack__(self, **kwargs):
                return self.array.__dlpack__(**kwargs)

            def __dlpack_device__(self):
                return self.array.__dlpack_device__()

        for source in (Array(), Dlpack()):
            np.testing.assert_allclose(md.Gain(gain_db=6)(source, RATE_HZ), 1.9952623)

    def test_input_is_never_changed_unless_it_is_out(self, noise) -> None:
        audio = noise(2, 100)
        before = audio.copy()
        result = md.Gain(gain_db=3)(audio, RATE_HZ)
        np.testing.assert_array_equal(audio, before)
        assert md.Gain(gain_db=3)(audio, RATE_HZ, out=audio) is audio
        np.testing.assert_array_equal(audio, result)

    def test_out_must_fit(self, noise) -> None:
        audio = noise(2, 100)
        gain = md.Gain()
        with pytest.raises(md.ShapeError, match=r"out has shape \[2, 99\]: it must be \[2, 100\]"):
            gain(audio, RATE_HZ, out=np.zeros((2, 99), np.float32))
        with pytest.raises(TypeError, match="out is float64: it must be float32"):
            gain(audio, RATE_HZ, out=np.zeros((2, 100)))
        locked = np.zeros((2, 100), np.float32)
        locked.flags.writeable = False
        with pytest.raises(md.ShapeError, match="out is read-only"):
            gain(audio, RATE_HZ, out=locked)

    @pytest.mark.parametrize(
        ("audio", "error", "message"),
        [
            (np.zeros((70, 1000)), md.ShapeError, r"audio has 70 rows.*pass audio\.T"),
            (np.zeros((1000, 2)), md.ShapeError, r"pass audio\.T"),
            (np.zeros((2, 3, 4)), md.ShapeError, r"\[2, 3, 4\]"),
            (np.zeros((0, 10)), md.ShapeError, "0 rows"),
            (np.zeros(10, np.int16), TypeError, r"audio is int16.*mixdown\.to_float\(audio\)"),
            (np.zeros(10, np.float16), TypeError, "float16"),
            (np.zeros(10, np.complex64), TypeError, "complex64"),
            ([0.0, 1.0], TypeError, "audio is list"),
            (None, TypeError, "audio is NoneType"),
        ],
    )
    def test_what_is_no_audio_is_refused(self, audio, error, message) -> None:
        with pytest.raises(error, match=message):
            md.Gain()(audio, RATE_HZ)

    def test_non_finite_samples_warn_once(self) -> None:
        audio = np.array([1.0, np.nan, np.inf])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = md.Chain([md.Gain(), md.Gain()])(audio, RATE_HZ)
        assert [str(warning.message) for warning in caught] == ["2 non-finite samples were replaced by 0"]
        np.testing.assert_array_equal(result, [1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: md.Pan(pan=2), "pan = 2 is out of range: it must lie in -1..1"),
        (lambda: md.Gain(gain_db=61), "gain_db = 61 is out of range: it must lie in -inf..60"),
        (lambda: md.Gain(gain_db=math.nan), "gain_db = NaN is out of range: it must lie in -inf..60"),
        (lambda: md.Gain(gain_db=math.inf), "gain_db = inf is out of range: it must lie in -inf..60"),
        (lambda: md.Bell(gain_db=-math.inf), "gain_db = -inf is out of range: it must lie in -24..24"),
        (lambda: md.Bell(frequency_hz=30_000), "frequency_hz = 30000 is out of range: it must lie in 10..22000"),
        (
            lambda: md.LowPass(slope_db_per_octave=13),
            "slope_db_per_octave = 13 is not allowed: it must be a multiple of 6",
        ),
        (
            lambda: md.Equalizer(bands=[md.Bell()] * 33),
            r"bands has 33 entries: 0 to 32 needed",
        ),
        (lambda: md.Pan(law="loud"), "law = 'loud' is not allowed: it must be one of constant_power"),
        (lambda: md.Width(bass_mono_hz=5), "bass_mono_hz = 5 is out of range: it must lie in 20..500"),
        (lambda: md.Parallel([]), r"effects has 0 entries: 1 or more needed"),
        (lambda: md.Gain().replace(loudness=3), "Gain has no parameter loudness"),
        (lambda: md.from_dict({"type": "Gian"}), "type = 'Gian' is not a kind of setting: did you mean Gain"),
        (lambda: md.from_dict({"type": "zzzz"}), "type = 'zzzz' is not a kind of setting: it must be one of AllPass, "),
        (lambda: md.from_dict({"gain_db": 3}), "^type is missing"),
        (lambda: md.from_dict({"type": "Equalizer", "bands": [{"q": 1}]}), r"^bands\[0\]: type is missing"),
        (lambda: md.from_dict({"type": "Gain", "gain": 3}), "Gain has no parameter gain"),
        (lambda: md.Gain()(np.zeros(4), 100), "sample_rate_hz = 100 is out of range: it must lie in 8000..384000"),
        (
            lambda: md.Bell(frequency_hz=21_900)(np.zeros(4), 44_100),
            r"frequency_hz = 21900 is out of range: with sample_rate_hz = 44100 it must lie in 10..21609",
        ),
        (lambda: md.Gain()(np.zeros(4), RATE_HZ, tail="long"), "tail = 'long' is not allowed"),
        (lambda: md.Gain()(np.zeros(4), RATE_HZ, tail=61), "tail = 61 is not allowed"),
        (
            lambda: md.MultibandCompressor(crossovers_hz=[2_000, 200]),
            r"^crossovers_hz\[1\] = 200 is out of range: it must lie in 2500..22000$",
        ),
        (
            lambda: md.MultibandCompressor(crossovers_hz=[22_000])(np.zeros(4), 44_100),
            r"^crossovers_hz\[0\] = 22000 is out of range: it must lie in 20..21609$",
        ),
        (lambda: md.Placed(md.Bell(gain_db=3), place="centre"), "^place = 'centre' is not allowed"),
        (
            lambda: md.DynamicBand(threshold_db=3),
            r"^threshold_db = 3 is out of range: it must lie in -80..0: did you mean -3\?$",
        ),
        (
            lambda: md.DynamicBand(shape=md.Bell(gain_db=-20), range_db=20),
            "^range_db = 20 is out of range: with gain_db = -20 it must lie in 0..16$",
        ),
        (lambda: md.Bell().frequency_response([25_000], RATE_HZ), "frequencies_hz = 25000 is out of range"),
    ],
)
def test_settings_out_of_range_name_parameter_value_and_range(make, message) -> None:
    with pytest.raises(md.ParameterError, match=message):
        make()


def test_channels_that_do_not_fit() -> None:
    with pytest.raises(md.ShapeError, match="channels = 1 does not fit: 2 needed"):
        md.Width()(np.zeros(4), RATE_HZ)
    with pytest.raises(md.ShapeError, match="block has 1 channels: the stream has 2"):
        md.Gain().stream(RATE_HZ, 2).process(np.zeros(4, np.float32))
    with pytest.raises(TypeError, match="block must be float32 as the stream is"):
        md.Gain().stream(RATE_HZ, 1).process(np.zeros(4))


def test_wrong_types_are_named() -> None:
    with pytest.raises(TypeError, match=r"effects\[0\] = 3 is not an effect"):
        md.Chain([3])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="gain_db = '3' is not a number"):
        md.Gain(gain_db="3")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="gain_db = None is not a number"):
        md.Gain(gain_db=None)  # type: ignore[arg-type]


def test_chains_are_sequences() -> None:
    a, b, c = md.Gain(gain_db=1), md.Pan(pan=1), md.Width(width=0)
    chain = a >> b >> c
    assert list(chain) == [a, b, c]
    assert len(chain) == 3
    assert chain[1] == b
    assert chain[-2:] == md.Chain([b, c])
    assert b in chain
    assert chain.index(c) == 2
    assert (a >> (b >> c)) == chain
    assert a.replace(gain_db=2) == md.Gain(gain_db=2)


def test_a_chain_is_its_effects_one_by_one(noise) -> None:
    audio = noise(2, 2000).astype(np.float64)
    a, b = md.Bell(gain_db=6), md.HighPass(frequency_hz=200)
    np.testing.assert_array_equal((a >> b)(audio, RATE_HZ), b(a(audio, RATE_HZ), RATE_HZ))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    frequency_hz=st.floats(10, 20_000),
    gain_db=st.floats(-24, 24),
    q=st.floats(0.1, 40),
    rate_hz=st.sampled_from([44_100, 48_000, 96_000]),
)
def test_any_legal_bell_is_what_its_response_says(frequency_hz, gain_db, q, rate_hz) -> None:
    bell = md.Bell(frequency_hz=frequency_hz, gain_db=gain_db, q=q)
    # Long enough for the band to ring out, or as near to it as a second comes.
    impulse = np.zeros(rate_hz)
    impulse[0] = 1.0
    response = bell(impulse, rate_hz)
    assert np.all(np.isfinite(response))
    frequencies = np.array([50.0, 500.0, 5_000.0, 15_000.0])
    transform = np.exp(-2j * np.pi * np.outer(frequencies / rate_hz, np.arange(rate_hz))) @ response
    expected = bell.frequency_response(frequencies, rate_hz)
    # What a second cuts off: the slowest mode is a resonance of high q, or the slow one of two real poles of low q.
    root = 10 ** (abs(gain_db) / 40)
    low, high = 1 / (2 * q * root), root / (2 * q)
    slowest = min(low, high - math.sqrt(high**2 - 1) if high > 1 else 1.0)
    ringing = math.exp(-2 * math.pi * frequency_hz * slowest)
    np.testing.assert_allclose(transform, expected, rtol=1e-6, atol=1e-6 + 40 * ringing)


def test_cookbook_agrees_with_scipy(noise) -> None:
    w = 2 * np.pi * 1000 / RATE_HZ
    alpha, amplitude = np.sin(w) / (2 * 1.5), 10 ** (6 / 40)
    b = [1 + alpha * amplitude, -2 * np.cos(w), 1 - alpha * amplitude]
    a = [1 + alpha / amplitude, -2 * np.cos(w), 1 - alpha / amplitude]
    audio = noise(1, 5000).astype(np.float64)
    bell = md.Equalizer(bands=[md.Bell(frequency_hz=1000, gain_db=6, q=1.5)], design="cookbook")
    np.testing.assert_allclose(bell(audio, RATE_HZ), signal.lfilter(b, a, audio), rtol=0, atol=1e-14)


def test_the_matched_bell_does_not_cramp() -> None:
    bell = md.Bell(frequency_hz=12_000, gain_db=12, q=0.7071)
    f = np.geomspace(20, 20_000, 300)
    s = 1j * f / 12_000
    root = 10 ** (12 / 40)
    analog = (s * s + s * root / 0.7071 + 1) / (s * s + s / (root * 0.7071) + 1)
    error_db = 20 * np.log10(np.abs(bell.frequency_response(f, 44_100)) / np.abs(analog))
    assert np.max(np.abs(error_db)) <= 0.25  # gate E1
    cookbook = md.Equalizer(bands=[bell], design="cookbook")
    cramped_db = 20 * np.log10(np.abs(cookbook.frequency_response(f, 44_100)) / np.abs(analog))
    assert np.max(np.abs(cramped_db)) > 3


def test_tails() -> None:
    impulse = np.zeros(480)
    impulse[-1] = 1.0
    low = md.HighPass(frequency_hz=30)
    assert low(impulse, RATE_HZ).shape == (480,)
    assert low(impulse, RATE_HZ, tail=0.5).shape == (480 + 24_000,)
    auto = low(impulse, RATE_HZ, tail="auto")
    assert (auto.size - 480) % 4800 == 0
    assert 480 < auto.size < 480 + 10 * 4800
    assert np.max(np.abs(auto[-4800:])) >= 1e-6
    longer = low(impulse, RATE_HZ, tail=5.0)
    assert np.max(np.abs(longer[auto.size : auto.size + 4800])) < 1e-6
    np.testing.assert_array_equal(longer[: auto.size], auto)


def test_streams_glide(noise) -> None:
    stream = md.Gain(gain_db=0).stream(RATE_HZ, 1)
    stream.process(np.ones(480, np.float32))
    stream.set(md.Gain(gain_db=-20))
    moving = stream.process(np.ones(1440, np.float32))
    assert np.max(np.abs(np.diff(moving))) < 0.002
    np.testing.assert_allclose(moving[960:], 0.1, rtol=1e-6)
    with pytest.raises(md.ParameterError, match="another kind of effect"):
        stream.set(md.Pan())
    assert stream.faults == 0
    stream.process(np.array([np.nan], np.float32))
    assert stream.faults == 1
    assert stream.tail_frames == 0


def test_parallel_and_mid_side(noise) -> None:
    audio = noise(2, 400).astype(np.float64)
    both = md.Parallel([md.Chain([]), md.Gain(invert_polarity=True)])
    np.testing.assert_array_equal(both(audio, RATE_HZ), np.zeros_like(audio))
    swap = md.MidSide(side=[md.Gain(invert_polarity=True)])
    np.testing.assert_allclose(swap(audio, RATE_HZ), audio[::-1], atol=1e-15)
    response = md.Parallel([md.Bell(gain_db=6), md.Gain(gain_db=-6)], gains_db=[-6, 0])
    expected = 10 ** (-6 / 20) * (md.Bell(gain_db=6).frequency_response(1000.0, RATE_HZ) + 1)
    np.testing.assert_allclose(response.frequency_response(1000.0, RATE_HZ), expected)


def test_a_limiter_holds_its_ceiling_and_tells_what_it_did(noise) -> None:
    smooth = md.LowPass(frequency_hz=12_000, slope_db_per_octave=96)(noise(2, RATE_HZ), RATE_HZ)
    limiter = md.Limiter(ceiling_db=-6, gain_db=12, mode="master")
    limited = limiter(smooth, RATE_HZ)
    assert limited.shape == smooth.shape
    assert np.max(np.abs(limited)) <= 10 ** (-6 / 20)
    assert md.loudness(limited, RATE_HZ).true_peak_dbtp <= -6 + 0.05
    reduction_db = limiter.gain_reduction(smooth, RATE_HZ)
    assert reduction_db.shape == smooth.shape
    assert np.min(reduction_db) >= 0
    np.testing.assert_array_equal(reduction_db[0], reduction_db[1])
    expected = smooth * 10 ** ((12 - reduction_db) / 20)
    np.testing.assert_allclose(limited, expected, atol=2e-6)
    quiet = smooth * np.float32(0.01)
    np.testing.assert_array_equal(md.Limiter()(quiet, RATE_HZ), quiet)
    with pytest.raises(md.ParameterError, match="mode = 'loud' is not allowed"):
        md.Limiter(mode="loud")
    with pytest.raises(md.ParameterError, match=r"ceiling_db = 1 is out of range: it must lie in -20\.\.0"):
        md.Limiter(ceiling_db=1)
    stream = limiter.stream(RATE_HZ, 2)
    with pytest.raises(md.ParameterError, match="lookahead_ms cannot change while the processor runs"):
        stream.set(limiter.replace(lookahead_ms=3))
