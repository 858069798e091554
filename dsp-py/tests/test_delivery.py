"""Masters: what the certificate says is what the file measures."""

import math

import numpy as np
import pytest

import mixdown as md
from mixdown import demo

RATE_HZ = 48_000


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    """Ten seconds of the middle of the built-in song."""
    stems = demo.stems(seed=2)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    for name, audio in stems.items():
        mix.track(name, audio, fader_db=-6)
    return mix.render(tail="none")[:, 15 * RATE_HZ : 25 * RATE_HZ]


@pytest.mark.parametrize("target", ["spotify", "amazon", "r128", "aes77"])
@pytest.mark.parametrize("bit_depth", [16, 24])
def test_the_delivered_samples_hit_loudness_and_ceiling(song, target, bit_depth, tmp_path) -> None:
    mastered = md.master(song, RATE_HZ, target=target, bit_depth=bit_depth)
    wanted = next(entry for entry in md.targets() if entry.name == target)
    certificate = mastered.certificate
    assert certificate.loudness.integrated_lufs == pytest.approx(wanted.integrated_lufs, abs=0.05)
    assert certificate.loudness.true_peak_dbtp <= wanted.ceiling_dbtp - 0.05
    mastered.write(tmp_path / "master.wav", tags={"title": "Song"})
    back, rate_hz = md.read(tmp_path / "master.wav")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(back, mastered.audio)
    again = md.loudness(back, RATE_HZ)
    assert again.integrated_lufs == certificate.loudness.integrated_lufs
    assert again.true_peak_dbtp <= wanted.ceiling_dbtp


def test_another_delivery_rate_is_limited_at_that_rate(song) -> None:
    mastered = md.master(song, RATE_HZ, delivery_rate_hz=44_100, bit_depth=16)
    assert mastered.sample_rate_hz == 44_100
    assert mastered.audio.shape == (2, 441_000)
    reading = md.loudness(mastered.audio, 44_100)
    assert reading.integrated_lufs == pytest.approx(-14, abs=0.05)
    assert reading.true_peak_dbtp <= -1


def test_effects_come_first_and_the_certificate_tells_all(song) -> None:
    dull = md.master(song, RATE_HZ, effects=[md.LowPass(frequency_hz=2_000, slope_db_per_octave=48)], bit_depth=32)
    spectrum = np.abs(np.fft.rfft(dull.audio[0]))
    frequencies = np.fft.rfftfreq(dull.audio.shape[1], 1 / RATE_HZ)
    assert np.sum(spectrum[frequencies > 6_000] ** 2) < 1e-4 * np.sum(spectrum**2)
    certificate = dull.certificate
    assert certificate.playback_gain_db["spotify"] == pytest.approx(0, abs=0.05)
    assert certificate.playback_gain_db["r128"] == pytest.approx(-9, abs=0.05)
    assert certificate.max_reduction_db >= certificate.mean_reduction_db >= 0
    assert certificate.to_dict()["bit_depth"] == 32
    if certificate.max_reduction_db > 0:
        assert certificate.reduction_curve_db.shape == (1000,)
        assert np.max(certificate.reduction_curve_db) == pytest.approx(certificate.max_reduction_db, abs=1e-9)


def test_playback_follows_the_targets_rules() -> None:
    sine = 10 ** (-5 / 20) * np.sin(2 * np.pi * 997 * np.arange(2 * RATE_HZ) / RATE_HZ)
    reading = md.loudness(sine, RATE_HZ)
    assert reading.integrated_lufs == pytest.approx(-8.01, abs=0.01)
    assert md.playback_gain(reading, "spotify") == pytest.approx(-14 - reading.integrated_lufs)
    quiet = md.loudness(sine * 0.25, RATE_HZ)
    assert md.playback_gain(quiet, "youtube") == 0
    assert md.playback_gain(quiet, "spotify") == pytest.approx(-14 - quiet.integrated_lufs)
    with pytest.raises(md.ParameterError, match='target = "gramophone" is unknown: it must be one of spotify'):
        md.playback_gain(reading, "gramophone")


def test_an_album_is_gated_as_one() -> None:
    loud = 0.5 * np.sin(2 * np.pi * 997 * np.arange(4 * RATE_HZ) / RATE_HZ)
    album = md.album_loudness([(loud, RATE_HZ), (loud * 0.01, RATE_HZ)])
    # The quiet song lies 40 LU below and does not pass the gate of the album.
    assert album == pytest.approx(md.loudness(loud, RATE_HZ).integrated_lufs, abs=0.1)
    assert md.album_loudness([]) == -math.inf


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: md.master(np.zeros((2, RATE_HZ)), RATE_HZ), "silent"),
        (lambda: md.master(np.full((2, 19_199), 0.1), RATE_HZ), "too short to have a loudness: 19199 frames"),
        (lambda: md.master(np.array([[0.1, np.nan]]), RATE_HZ), "audio holds 1 non-finite samples"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, target="vinyl"), "target = 'vinyl' is unknown"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, bit_depth=20), "bit_depth = 20 is not allowed"),
        (lambda: md.normalize(np.ones((2, RATE_HZ)), RATE_HZ, target_lufs=5), "target_lufs = 5 is out of range"),
        (lambda: md.normalize(np.ones(RATE_HZ), RATE_HZ, target_lufs=-14, policy="hope"), "policy = 'hope'"),
        (lambda: md.normalize(np.ones(RATE_HZ), RATE_HZ, target_lufs=-14, ceiling_dbtp=2), "ceiling_dbtp = 2"),
    ],
)
def test_what_cannot_be_met_is_refused_with_the_reason(make, message) -> None:
    with pytest.raises(md.ParameterError, match=message):
        make()
