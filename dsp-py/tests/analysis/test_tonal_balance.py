"""Tonal balance: targets, words, corrections, refusals."""

import json
import math

import numpy as np
import pytest
from numpy.typing import NDArray

import mixdown as md

RATE_HZ = 48_000


def programme(seed: int, seconds: float = 12, rate_hz: int = RATE_HZ, channels: int = 2) -> NDArray[np.float64]:
    """Noise that falls by 3 dB per octave of density and more above 4 kHz: level in thirds of an octave."""
    white = np.random.default_rng(seed).standard_normal((channels, int(seconds * rate_hz)))
    hz = np.fft.rfftfreq(white.shape[1], 1 / rate_hz)
    gain = 1 / np.sqrt(np.maximum(hz, 30)) / (1 + hz / 4_000)
    pink = np.fft.irfft(np.fft.rfft(white) * gain, white.shape[1])
    return np.asarray(0.1 * pink / np.std(pink))


def numbers(values: tuple[float | None, ...]) -> NDArray[np.float64]:
    """NaN in place of None."""
    return np.array(values, dtype=np.float64)


def test_13_a_tilt_is_the_change_of_slope() -> None:
    audio = programme(1)
    before = md.tonal_balance(audio, RATE_HZ).slope_db_per_octave
    assert before is not None
    spectrum = np.fft.rfft(audio)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(audio.shape[1], 1 / RATE_HZ), 10) / 1_000)
    for tilt in (-2, -1, 1, 2):
        tilted = np.fft.irfft(spectrum * 10 ** (tilt * octaves / 20), audio.shape[1])
        after = md.tonal_balance(tilted, RATE_HZ).slope_db_per_octave
        assert after == pytest.approx(before + tilt, abs=0.15)


def test_a_dark_programme_is_called_darker_and_is_corrected_towards_references_alone() -> None:
    target = md.tonal_target([(programme(seed), RATE_HZ) for seed in (2, 3, 4)])
    assert target.references == 3
    assert repr(target).startswith("<TonalTarget the references: 3 references, ")
    dark = md.Tilt(frequency_hz=700, gain_db=9)(programme(5), RATE_HZ)
    balance = md.tonal_balance(dark, RATE_HZ, target=target)
    assert balance.notes[0].startswith("Darker than most: ")
    assert balance.confidence == "medium"
    (suggestion,) = balance.suggest()
    assert isinstance(suggestion.effect, md.Equalizer)
    assert len(suggestion.effect.bands) <= 4
    # 6: the prediction is the report on the processed audio.
    after = md.tonal_balance(suggestion.effect(dark, RATE_HZ), RATE_HZ, target=target)
    before_db, after_db, unit = suggestion.predicted["rms_db"]
    assert unit == "dB"
    assert after_db < before_db
    assert after.rms_db == pytest.approx(after_db, abs=0.02)
    # No more than 3 dB anywhere.
    response = suggestion.effect.frequency_response(numbers(balance.frequencies_hz), RATE_HZ)
    assert np.max(np.abs(20 * np.log10(np.abs(response)))) <= 3.2
    # Against a generic curve: notes, no equalizer.
    beside_hits = md.tonal_balance(dark, RATE_HZ)
    assert beside_hits.suggest() == ()
    curve = md.tonal_target(frequencies_hz=target.frequencies_hz[5:], levels_db=numbers(target.level_db)[5:])
    assert md.tonal_balance(dark, RATE_HZ, target=curve).suggest() == ()


def test_a_pair_has_low_confidence_and_no_percentile() -> None:
    target = md.tonal_target([(programme(2), RATE_HZ)])
    balance = md.tonal_balance(programme(5), RATE_HZ, target=target)
    assert balance.confidence == "low"
    assert balance.percentiles == (None,) * 30
    assert balance.suggest() == ()
    assert balance.regions[3].word == "usual"


def test_loudness_and_channels_do_not_matter() -> None:
    audio = programme(6)
    one = md.tonal_balance(audio, RATE_HZ)
    for other in (0.1 * audio, audio.astype(np.float32), audio[::-1]):
        two = md.tonal_balance(other, RATE_HZ)
        np.testing.assert_allclose(numbers(one.deviation_db), numbers(two.deviation_db), atol=1e-3)


def test_percussion_lifts_the_ends_of_hits() -> None:
    audio = programme(7)
    sparse, heavy = (md.tonal_balance(audio, RATE_HZ, percussion=value) for value in (-1, 1))
    change = numbers(heavy.target.level_db) - numbers(sparse.target.level_db)
    assert change[27] - change[17] == pytest.approx(10, abs=1)
    with pytest.raises(md.ParameterError, match=r"percussion = 1\.5 is out of range: it must lie in -1\.\.1"):
        md.tonal_balance(audio, RATE_HZ, percussion=1.5)
    with pytest.raises(md.ParameterError, match="it changes hits alone"):
        md.tonal_balance(audio, RATE_HZ, percussion=1, target=md.tonal_target([(audio, RATE_HZ)]))


def test_views_are_plain_finite_and_drawn() -> None:
    balance = md.tonal_balance(programme(8), RATE_HZ)
    written = json.loads(json.dumps(balance.to_dict(), allow_nan=False))
    assert "inf" not in str(written)
    assert written["deviation_db"] == list(balance.deviation_db)
    json.dumps(balance.target.to_dict(), allow_nan=False)
    assert "high mids" in balance.table()
    assert repr(balance).startswith("<TonalBalance beside hits: ")
    assert "<svg" in balance._repr_html_()
    axes = balance.plot()
    assert balance.plot(axes) is axes
    assert "svg" in balance.target._repr_html_()


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.zeros((2, 10 * RATE_HZ)), r"audio sounds for 0\.00 s: it must sound for at least 3 s"),
        (programme(1, seconds=0.3), r"audio sounds for 0\.\d+ s: it must sound for at least 3 s"),
        (np.zeros(0), "audio sounds for 0"),
        (np.zeros((3, RATE_HZ)), "3 channels"),
        (np.where(np.arange(4 * RATE_HZ) == 7, np.nan, 0.1), "1 non-finite samples, the first at frame 7"),
    ],
)
def test_18_what_cannot_be_judged_is_refused_in_one_line(audio: NDArray[np.float64], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        md.tonal_balance(audio, RATE_HZ)
    assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match=message.replace("audio", r"references(\[0\])?")):
        md.tonal_target([(audio, RATE_HZ)])


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_18_other_rates_have_figures_where_there_is_a_band(rate_hz: int) -> None:
    balance = md.tonal_balance(programme(9, seconds=4, rate_hz=rate_hz, channels=1)[0], rate_hz)
    known, hz = np.isfinite(numbers(balance.deviation_db)), numbers(balance.frequencies_hz)
    assert known[hz < 0.4 * rate_hz][3:].all()
    assert not known[hz > 0.5 * rate_hz].any()
    assert balance.confidence == "low"
    json.dumps(balance.to_dict(), allow_nan=False)


def test_12_curves_are_refused_where_they_mean_nothing() -> None:
    hz = 50 * 2.0 ** np.arange(9)
    with pytest.raises(md.ParameterError, match="frequencies_hz has 7 entries"):
        md.tonal_target(frequencies_hz=hz[:7], levels_db=np.zeros(7))
    with pytest.raises(md.ParameterError, match="frequencies_hz do not rise: 400 follows 800 at 4"):
        md.tonal_target(frequencies_hz=hz[[0, 1, 2, 4, 3, 5, 6, 7, 8]], levels_db=np.zeros(9))
    with pytest.raises(md.ParameterError, match=r"levels_db\[2\] = NaN"):
        md.tonal_target(frequencies_hz=hz, levels_db=np.where(hz == 200, math.nan, 0))
    with pytest.raises(ValueError, match="8"):
        md.tonal_target(frequencies_hz=hz, levels_db=np.zeros(8))
    with pytest.raises(md.ParameterError, match="references"):
        md.tonal_target([])
    with pytest.raises(md.ParameterError, match="takes one of them"):
        md.tonal_target([(programme(1), RATE_HZ)], frequencies_hz=hz, levels_db=np.zeros(9))
    with pytest.raises(TypeError, match="needs references"):
        md.tonal_target()


def test_limits_are_checked_by_name_and_range() -> None:
    audio = programme(1, seconds=4)
    assert md.tonal_balance(audio, RATE_HZ, limits={"sure_s": 3}).confidence == "low"  # of no reference
    with pytest.raises(TypeError, match="did you mean sure_s"):
        md.tonal_balance(audio, RATE_HZ, limits={"sures": 3})
    with pytest.raises(md.ParameterError, match="least_s = 0 is out of range"):
        md.tonal_balance(audio, RATE_HZ, limits={"least_s": 0})
    with pytest.raises(md.ParameterError, match="target = 'misses' is not allowed"):
        md.tonal_balance(audio, RATE_HZ, target="misses")  # type: ignore[arg-type]
