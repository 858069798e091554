"""Match: known equalizers, the two forms of the effect, mid and side, refusals."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray

import mixdown as md

RATE_HZ = 48_000


def programme(seed: int, seconds: float = 12, rate_hz: int = RATE_HZ) -> NDArray[np.float64]:
    white = np.random.default_rng(seed).standard_normal((2, int(seconds * rate_hz)))
    hz = np.fft.rfftfreq(white.shape[1], 1 / rate_hz)
    pink = np.fft.irfft(np.fft.rfft(white) / np.sqrt(np.maximum(hz, 30)), white.shape[1])
    return np.asarray(0.1 * pink / np.std(pink))


EQUALIZER = md.Equalizer(
    bands=[
        md.LowShelf(frequency_hz=110, gain_db=-4),
        md.Bell(frequency_hz=300, gain_db=3, q=1),
        md.Bell(frequency_hz=1_500, gain_db=-3, q=1.4),
        md.Bell(frequency_hz=4_000, gain_db=4, q=0.8),
        md.HighShelf(frequency_hz=9_000, gain_db=-3),
    ]
)


def truth(hz: NDArray[np.float64], effect: md.Effect = EQUALIZER, rate_hz: int = RATE_HZ) -> NDArray[np.float64]:
    """The response of an effect in dB, about its median from 200 Hz to 4 kHz."""
    level_db = 20 * np.log10(np.abs(effect.frequency_response(hz, rate_hz)))
    return np.asarray(level_db - np.median(level_db[(hz >= 200) & (hz <= 4_000)]))


@pytest.mark.parametrize("bands", [8, None])
def test_14_a_match_to_itself_is_nothing_and_says_so(bands: int | None) -> None:
    audio = programme(1)
    found = md.match(audio, RATE_HZ, audio, bands=bands)
    assert np.max(np.abs(found.curve_db)) <= 0.01
    assert np.max(np.abs(found.fitted_db)) <= 0.01
    assert found.suggest() == ()
    assert found.notes == ("Both have the same spectrum, within 0.01 dB: there is nothing to match.",)


@pytest.mark.parametrize("bands", [8, None])
def test_14_a_known_equalizer_comes_back(bands: int | None) -> None:
    audio = programme(2, seconds=20)
    found = md.match(audio, RATE_HZ, EQUALIZER(audio, RATE_HZ), bands=bands, amount=1, smoothing_octaves=0, max_db=12)
    hz = found.frequencies_hz
    inside = (hz >= 60) & (hz <= 14_000)
    assert np.max(np.abs(found.curve_db - truth(hz))[inside]) < 0.4
    assert np.max(np.abs(found.fitted_db - truth(hz))[inside]) < 0.6
    assert found.confidence == "high"
    response = 20 * np.log10(np.abs(found.effect.frequency_response(hz, RATE_HZ)))
    np.testing.assert_allclose(response, found.fitted_db, atol=1e-3)
    if bands is None:
        assert isinstance(found.effect, md.Convolution)
        assert np.asarray(found.effect.impulse_response).shape == (1, 8_192)
    else:
        assert isinstance(found.effect, md.Equalizer)
        assert len(found.effect.bands) <= bands


def test_15_the_rest_falls_with_each_match_and_as_predicted() -> None:
    audio: md.Audio = programme(3)
    reference = EQUALIZER(programme(4), RATE_HZ)
    first = md.match(audio, RATE_HZ, reference, amount=0.5)
    audio = first.effect(audio, RATE_HZ)
    second = md.match(audio, RATE_HZ, reference, amount=1)
    audio = second.effect(audio, RATE_HZ)
    third = md.match(audio, RATE_HZ, reference)
    rest = [found.rms_difference_db for found in (first, second, third)]
    assert rest[1] < 0.7 * rest[0]
    assert rest[2] < 0.5 * rest[1]
    for found, measured in ((first, rest[1]), (second, rest[2])):
        assert found.suggest()[0].predicted["rms_difference_db"][1] == pytest.approx(measured, abs=0.02)


def test_loudness_is_reported_and_offered_as_a_gain() -> None:
    audio = programme(5)
    found = md.match(audio, RATE_HZ, 2 * audio)
    assert found.loudness_difference_lu == pytest.approx(6.02, abs=0.01)
    (gain,) = found.suggest()
    assert gain.effect == md.Gain(gain_db=6.0)
    assert np.max(np.abs(found.curve_db)) < 1e-4


def test_recordings_are_enough_and_rates_may_differ() -> None:
    mix = md.Recording(programme(6).astype(np.float32), RATE_HZ)
    at_44100 = md.Recording(md.resample(mix, to_rate_hz=44_100).astype(np.float32), 44_100)
    for found in (md.match(mix, at_44100), md.match(mix, reference=at_44100), md.match(mix.audio, RATE_HZ, *at_44100)):
        inside = (found.frequencies_hz > 60) & (found.frequencies_hz < 14_000)
        assert np.max(np.abs(found.curve_db[inside])) < 0.2
    with pytest.raises(TypeError, match="match needs reference"):
        md.match(mix)
    with pytest.raises(md.ParameterError, match="reference_rate_hz = 48000 does not fit"):
        md.match(mix, reference=at_44100, reference_rate_hz=48_000)


def test_mid_and_side_are_matched_by_themselves() -> None:
    audio = programme(7)
    audio[1] = 0.6 * audio[0] + 0.4 * audio[1]
    bell = md.Bell(frequency_hz=2_000, gain_db=5, q=1)
    reference = md.MidSide(side=[bell])(audio, RATE_HZ)
    for bands in (8, None):
        found = md.match(audio, RATE_HZ, reference, mid_side=True, amount=1, bands=bands)
        assert isinstance(found.effect, md.MidSide)
        assert found.side is not None
        band = int(np.argmin(np.abs(found.frequencies_hz - 2_000)))
        assert found.side.curve_db[band] > 3
        assert abs(found.curve_db[band]) < 0.05
        assert (found.side.curve_db[found.frequencies_hz < 150] == 0).all()
        assert found.effect(audio, RATE_HZ).shape == audio.shape
        json.dumps(found.to_dict(), allow_nan=False)
        assert "side reference" in found.table()
        assert "<svg" in found._repr_html_()
    with pytest.raises(md.ShapeError, match="reference is mono: mid_side needs two channels"):
        md.match(audio, RATE_HZ, reference[0], mid_side=True)


def test_views_are_plain_finite_and_drawn() -> None:
    audio = programme(8)
    for bands in (8, None):
        found = md.match(audio, RATE_HZ, EQUALIZER(audio, RATE_HZ), bands=bands)
        assert "inf" not in json.dumps(found.to_dict(), allow_nan=False)
        assert "Loudness: reference" in found.table()
        assert ("Bell" in found.table()) == (bands == 8)
        assert "<svg" in found._repr_html_()
        assert repr(found).startswith("<Match: differs by ")
        assert md.from_dict(found.effect.to_dict()) == found.effect


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"amount": 1.1}, "amount = 1.1 is out of range: it must lie in 0..1"),
        ({"bands": 0}, "bands = 0 is out of range: it must lie in 1..32"),
        ({"smoothing_octaves": 9}, "smoothing_octaves = 9 is out of range"),
        ({"max_db": -1}, "max_db = -1 is out of range"),
        ({"limits": {"range_db": 5}}, "range_db = 5 is out of range"),
    ],
)
def test_settings_are_refused_with_their_range(settings: dict[str, object], message: str) -> None:
    with pytest.raises(md.ParameterError, match=message):
        md.match(programme(1, seconds=4), RATE_HZ, programme(2, seconds=4), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((2, 10 * RATE_HZ)), r"sounds for 0\.00 s"),
        (programme(1, seconds=0.3), r"sounds for 0\.\d+ s"),
        (np.zeros((3, RATE_HZ)), "3 channels"),
        (np.where(np.arange(4 * RATE_HZ) == 7, np.inf, 0.1), "1 non-finite samples, the first at frame 7"),
    ],
)
def test_18_what_cannot_be_matched_is_refused_in_one_line(bad: NDArray[np.float64], message: str) -> None:
    good = programme(1, seconds=4)
    with pytest.raises(ValueError, match=f"^audio .*{message}"):
        md.match(bad, RATE_HZ, good)
    with pytest.raises(ValueError, match=f"^reference .*{message}"):
        md.match(good, RATE_HZ, bad)


@pytest.mark.parametrize(("rate_hz", "reference_hz"), [(8_000, 48_000), (48_000, 8_000), (192_000, 44_100)])
def test_18_other_rates_are_matched_where_both_have_a_band(rate_hz: int, reference_hz: int) -> None:
    audio, reference = programme(1, 4, rate_hz), programme(2, 4, reference_hz)
    for bands in (8, None):
        found = md.match(audio, rate_hz, reference[0], reference_hz, bands=bands)
        assert not found.trusted[found.frequencies_hz > 0.5 * min(rate_hz, reference_hz)].any()
        assert found.confidence == "low"
        json.dumps(found.to_dict(), allow_nan=False)
        assert np.isfinite(found.effect(audio, rate_hz)).all()
