"""Masters: what the certificate says is what the file measures."""

import math
import signal
from collections.abc import Callable

import numpy as np
import pytest

import mixdown as md
from full_band import clipped, transform_dbtp
from mixdown.delivery import find_target, verdict

RATE_HZ = 48_000


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
    assert all(abs(gain_db) == 0 or abs(gain_db) > 5e-5 for gain_db in certificate.playback_gain_db.values())
    assert certificate.playback_gain_db["r128"] == pytest.approx(-9, abs=0.05)
    assert certificate.max_reduction_db >= certificate.mean_reduction_db >= 0
    assert certificate.to_dict()["bit_depth"] == 32
    if certificate.max_reduction_db > 0:
        assert certificate.reduction_curve_db.shape == (1000,)
        assert np.max(certificate.reduction_curve_db) == pytest.approx(certificate.max_reduction_db, abs=1e-9)


@pytest.mark.parametrize("kind", ["noise", "chord"])
@pytest.mark.parametrize("top_hz", [20_000, 21_000, 21_800])
def test_masters_of_full_band_clipped_sound_pass_every_meter(top_hz, kind) -> None:
    sound = clipped(top_hz, kind)
    before = md.loudness(sound, 44_100)
    # 3 dB more than a gain alone would reach.
    loud = md.normalize(sound, 44_100, target_lufs=before.integrated_lufs - 1 - before.true_peak_dbtp + 3)
    assert transform_dbtp(loud) <= -1
    for precision in ("standard", "high", "reference"):
        assert md.loudness(loud, 44_100, precision=precision).true_peak_dbtp <= -1, precision  # type: ignore[arg-type]


def test_a_master_that_passed_passes_and_the_certificate_names_its_meter() -> None:
    target = find_target("spotify-loud")
    for kind, bit_depth in (("noise", 16), ("chord", 24)):
        sound = clipped(21_000, kind) * [[1.0], [0.6]]
        mastered = md.master(sound, 44_100, target=target.name, bit_depth=bit_depth)
        certificate = mastered.certificate
        assert "1024 taps" in certificate.meter
        assert certificate.meter in certificate.summary()
        assert transform_dbtp(mastered.audio) <= target.ceiling_dbtp
        reference = md.loudness(mastered.audio, 44_100, precision="reference")
        assert reference.true_peak_dbtp == certificate.loudness.true_peak_dbtp <= target.ceiling_dbtp - 0.05
        for reading in (reference, certificate.loudness, md.loudness(mastered.audio, 44_100)):
            assert reading.true_peak_dbtp <= target.ceiling_dbtp
            assert verdict(reading, target) == "pass"


@pytest.mark.parametrize(
    ("sound", "target_lufs"),
    [
        (lambda t: np.sin(2 * np.pi * 997 * t) * 10 ** (-55 / 20), -14),
        (lambda t: np.random.default_rng(3).standard_normal(t.size) * 10 ** (-69 / 20), -23),
        (lambda t: np.sin(2 * np.pi * 60 * t) * 10 ** (-50 / 20) * (0.2 + np.cos(np.pi * t) ** 2), -20),
    ],
)
def test_quiet_material_is_turned_up_as_far_as_it_takes(sound: Callable, target_lufs: float) -> None:
    quiet = np.stack([sound(np.arange(2 * RATE_HZ) / RATE_HZ)] * 2)
    loud = md.normalize(quiet, RATE_HZ, target_lufs=target_lufs)
    assert md.loudness(loud, RATE_HZ).integrated_lufs == pytest.approx(target_lufs, abs=0.02)
    # Beyond the ceiling there is a limit, and it is said.
    with pytest.raises(md.ParameterError, match="cannot be reached"):
        md.normalize(quiet, RATE_HZ, target_lufs=0, ceiling_dbtp=-12)


def test_dc_offset_is_taken_out_and_said_not_amplified() -> None:
    seconds = np.arange(2 * RATE_HZ) / RATE_HZ
    tone = 0.01 * np.sin(2 * np.pi * 440 * seconds)
    for offset, expected_dbfs in ((0.3, -10.46), (-0.002, -53.98), (1e-4, -80.0)):
        mastered = md.master(np.stack([tone + offset, tone]), RATE_HZ, bit_depth=32)
        certificate = mastered.certificate
        assert certificate.dc_offset_dbfs == pytest.approx(expected_dbfs, abs=0.01)
        assert f"DC offset taken out: {certificate.dc_offset_dbfs:.1f} dBFS." in certificate.notes
        assert np.abs(mastered.audio.mean(axis=1)).max() < 1e-3
        assert certificate.max_reduction_db == 0
    clean = md.master(np.stack([tone, tone]), RATE_HZ).certificate
    assert (clean.dc_offset_dbfs, clean.notes) == (-math.inf, ())
    assert clean.to_dict()["dc_offset_dbfs"] == "-inf"
    with pytest.raises(md.ParameterError, match="silent"):
        md.master(np.full((2, RATE_HZ), 0.3), RATE_HZ)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masters_keep_the_shape_of_the_programme(song, dtype) -> None:
    mono = song[0].astype(dtype)
    flat = md.master(mono, RATE_HZ, target="r128")
    row = md.master(mono[None], RATE_HZ, target="r128")
    assert (flat.audio.shape, row.audio.shape) == (mono.shape, (1, mono.size))
    assert flat.audio.dtype == row.audio.dtype == dtype
    np.testing.assert_array_equal(flat.audio, row.audio[0])
    wide = md.master(mono, RATE_HZ, target="r128", effects=md.Pan())
    assert wide.audio.shape == (2, mono.size)
    fast = md.master(mono, RATE_HZ, target="r128", delivery_rate_hz=44_100)
    assert fast.audio.shape == (441_000,)


def test_progress_rises_and_what_it_raises_ends_the_work(song) -> None:
    for work in (
        lambda progress: md.master(song, RATE_HZ, progress=progress),
        lambda progress: md.normalize(song, RATE_HZ, target_lufs=-14, progress=progress),
        lambda progress: md.normalize(song, RATE_HZ, target_lufs=-14, policy="reduce", progress=progress),
    ):
        shares: list[float] = []
        work(shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1

        def refuse(share: float) -> None:
            raise RuntimeError("enough")

        with pytest.raises(RuntimeError, match="enough"):
            work(refuse)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers on this system")
def test_signals_are_handled_while_it_works(song) -> None:
    long, rows = np.tile(song, 12), []

    def handle(number: int, frame: object) -> None:
        rows.append(number)
        # What is only seen when the work is done comes once, however often it was sent.
        if len(rows) == 5:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    try:
        with pytest.raises(KeyboardInterrupt):
            md.master(long, RATE_HZ, target="spotify-loud")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_target_beyond_a_plateau_is_reached() -> None:
    """Bursts over a noise floor: a limiter first makes them softer, then brings the floor up."""
    rng = np.random.default_rng(5)
    audio = 0.01 * rng.standard_normal((2, 6 * RATE_HZ))
    for start in range(0, audio.shape[1], RATE_HZ // 2):
        audio[:, start : start + 1_500] += 0.3 * rng.standard_normal((2, 1_500))
    for target_lufs in (-18, -17.5, -17, -16.5, -16, -15.5, -15, -14, -12):
        reading = md.loudness(md.normalize(audio, RATE_HZ, target_lufs=target_lufs), RATE_HZ)
        assert reading.integrated_lufs == pytest.approx(target_lufs, abs=0.02)
        assert reading.true_peak_dbtp <= -1


def test_a_master_at_its_target_already_has_no_gain(song) -> None:
    at_target = md.normalize(song, RATE_HZ, target_lufs=-14)
    summary = md.master(at_target, RATE_HZ, bit_depth=32).certificate.summary()
    assert "-0.00" not in summary
