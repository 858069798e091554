"""Masters: what the certificate says is what the file measures."""

import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import scipy.fft
import scipy.signal

import mixdown as md
from mixdown import demo
from mixdown.delivery import find_target, verdict
from running import call as command

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
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, target_lufs=1), "target_lufs = 1 is out of range"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, ceiling_dbtp=1), "ceiling_dbtp = 1 is out of range"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, clip_db=30), "clip_db = 30 is out of range"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, clip_db="hard"), "clip_db = 'hard' is not allowed"),
        (lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, noise_shaping="pink"), "noise_shaping = 'pink'"),
        (lambda: md.master(np.ones(RATE_HZ), RATE_HZ, target_lufs=-70), "-70 is out of range: it must lie in -50..0"),
        (lambda: md.normalize(np.ones(RATE_HZ), RATE_HZ, target_lufs=-70), "-70 is out of range: .* lie in -50..0"),
        (lambda: md.normalize(np.ones(RATE_HZ), RATE_HZ, target_lufs=math.nan), "target_lufs = NaN is out of range"),
        (
            lambda: md.master(np.ones((2, RATE_HZ)), RATE_HZ, clip_db=None),
            'clip_db = None is not allowed: it must be "auto", "off" or dB, 0..24',
        ),
        (
            lambda: md.normalize(np.ones((2, RATE_HZ)), RATE_HZ, target_lufs=-14, clip_db=[3]),
            r'clip_db = \[3\] is not allowed: it must be "auto", "off" or dB, 0..24',
        ),
    ],
)
def test_what_cannot_be_met_is_refused_with_the_reason(make, message) -> None:
    with pytest.raises(md.ParameterError, match=message):
        make()


def transform_dbtp(audio: np.ndarray, points: int = 32) -> float:
    """Return the true peak by zero-padding the spectrum of the whole: the ideal interpolation between silences."""
    edge = 2_048
    peak = 0.0
    for channel in np.atleast_2d(audio).astype(np.float64):
        length = scipy.fft.next_fast_len(channel.size + 2 * edge, real=True)
        spectrum = scipy.fft.rfft(np.pad(channel, (edge, length - channel.size - edge)))
        turns = 2j * np.pi * scipy.fft.rfftfreq(length)
        for point in range(points):
            peak = max(peak, np.abs(scipy.fft.irfft(spectrum * np.exp(turns * point / points), length)).max())
    return 20 * math.log10(peak)


def clipped(top_hz: float, kind: str) -> np.ndarray:
    """Return two seconds at 44.1 kHz with content up to `top_hz`, swelling, clipped hard."""
    random = np.random.default_rng(7)
    seconds = np.arange(2 * 44_100) / 44_100
    if kind == "noise":
        low_pass = scipy.signal.firwin(2_047, top_hz, fs=44_100, window=("kaiser", 10.0))
        sound = scipy.signal.oaconvolve(random.standard_normal((2, seconds.size)), low_pass[None], "same", axes=-1)
    else:
        sound = np.zeros((2, seconds.size))
        for tone_hz in (220.0, 277.2, 329.6, 441.3):
            for partial in range(1, int(top_hz / tone_hz) + 1):
                phases = random.uniform(0, 2 * np.pi, (2, 1))
                sound += np.sin(2 * np.pi * tone_hz * partial * seconds + phases)
    swell = 0.15 + 0.85 * np.sin(np.pi * 1.7 * seconds) ** 4
    return np.clip(0.5 * swell * sound / sound.std(), -0.9, 0.9)


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


def test_the_limiters_settings_are_in_the_certificate(song) -> None:
    usual = md.master(song, RATE_HZ, target="spotify-loud").certificate
    assert (usual.limiter_hold_ms, usual.limiter_release_ms) == (8, None)
    assert usual.limiter_ceiling_db is not None
    assert usual.limiter_ceiling_db <= -2.05
    assert (usual.limiter_fell_back, usual.notes) == (False, ())
    assert "hold 8 ms, release auto" in usual.summary()
    # One shout every second over a whisper: the slow limiter holds the whisper down with it.
    seconds = np.arange(4 * RATE_HZ) / RATE_HZ
    shouts = np.sin(2 * np.pi * 200 * seconds) * np.where(seconds % 0.05 < 0.001, 1.0, 0.02)
    faster = md.master(np.stack([shouts, shouts]), RATE_HZ, target_lufs=-15.5, clip_db="off").certificate
    assert faster.limiter_fell_back
    assert (faster.limiter_hold_ms, faster.limiter_release_ms) == (8, 20)
    note = f"Limiter faster than usual: release {faster.limiter_release_ms:g} ms"
    assert any(note in line for line in faster.notes)
    assert note in faster.summary()
    assert faster.to_dict()["limiter_hold_ms"] == faster.limiter_hold_ms
    quiet = md.master(song * 0.01, RATE_HZ, target="r128", bit_depth=32).certificate
    unneeded = (quiet.limiter_ceiling_db, quiet.limiter_hold_ms, quiet.limiter_release_ms)
    assert unneeded == (None, None, None) or quiet.max_reduction_db > 0


def test_mono_is_counted_as_it_is_played(song) -> None:
    mono = song.mean(axis=0)
    one = md.master(mono, RATE_HZ, target="r128")
    two = md.master(mono, RATE_HZ, target="r128", dual_mono=True)
    assert one.certificate.gain_db - two.certificate.gain_db == pytest.approx(3.01, abs=0.05)
    assert md.loudness(two.audio, RATE_HZ, dual_mono=True).integrated_lufs == pytest.approx(-23, abs=0.02)
    assert md.loudness(one.audio, RATE_HZ).integrated_lufs == pytest.approx(-23, abs=0.02)
    assert "on two it is 3.0 LU louder" in one.certificate.notes[0]
    assert "dual mono" in two.certificate.notes[0]
    for policy in ("limit", "reduce", "fail"):
        level = md.normalize(mono, RATE_HZ, target_lufs=-30, policy=policy, dual_mono=True)  # type: ignore[arg-type]
        assert md.loudness(level, RATE_HZ).integrated_lufs == pytest.approx(-33.01, abs=0.02)


def test_podcasts_have_their_own_loudness_for_mono(song) -> None:
    podcast = find_target("podcast")
    mono = song.mean(axis=0)
    for audio, dual_mono, wanted_lufs in ((mono, False, -19), (mono, True, -16), (song, False, -16)):
        certificate = md.master(audio, RATE_HZ, target="podcast", dual_mono=dual_mono).certificate
        assert certificate.target_lufs == wanted_lufs
        assert certificate.loudness.integrated_lufs == pytest.approx(wanted_lufs, abs=0.02)
        assert certificate.playback_gain_db["podcast"] == pytest.approx(0, abs=0.02)
        channels = certificate.channels
        assert verdict(certificate.loudness, podcast, channels=channels, dual_mono=dual_mono) == "pass"


def test_spotify_wants_a_lower_ceiling_above_14_lufs() -> None:
    assert find_target("spotify-loud").ceiling_dbtp == -2
    tone = np.sin(2 * np.pi * 997 * np.arange(2 * RATE_HZ) / RATE_HZ)
    loud = md.loudness(10 ** (-1.5 / 20) * np.stack([tone, 0 * tone]), RATE_HZ)
    assert loud.integrated_lufs == pytest.approx(-4.51, abs=0.01)
    for name in ("spotify", "spotify-loud", "spotify-quiet"):
        assert "peak +0.5 dB" in verdict(loud, find_target(name)), name
    assert "over -2 dBTP" in verdict(loud, find_target("spotify"))
    assert "peak" not in verdict(loud, find_target("youtube"))
    certificate = md.master(np.stack([tone, 0 * tone]), RATE_HZ, target="spotify").certificate
    assert verdict(certificate.loudness, find_target("spotify")) == "pass"


def test_a_verdict_shows_what_it_found() -> None:
    tone = np.stack([np.sin(2 * np.pi * 997 * np.arange(2 * RATE_HZ) / RATE_HZ)] * 2)
    over = md.loudness(10 ** (-0.99 / 20) * tone, RATE_HZ)
    assert "peak +0.01 dB" in verdict(over, find_target("youtube"))
    near = md.loudness(10 ** (-22.79 / 20) * tone, RATE_HZ)
    assert verdict(near, find_target("r128")) == "+0.21 LU"


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


def test_the_command_line_says_what_the_certificate_says(tmp_path) -> None:
    def run(*arguments: object) -> str:
        command = [sys.executable, "-c", "from mixdown.cli import main; main()", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return " ".join(done.stdout.split())

    mono = clipped(21_000, "noise")[0]
    md.write(tmp_path / "mix.wav", 0.5 * mono + 0.01, 44_100)
    out = tmp_path / "master.wav"
    told = run("master", tmp_path / "mix.wav", "-o", out, "--target", "spotify-loud")
    assert "on two it is 3.0 LU louder" in told
    assert "hold 8 ms, release auto" in told
    told = run("master", tmp_path / "mix.wav", "-o", out, "--target", "spotify-loud", "--dual-mono", "--force")
    assert "1024 taps" in told
    assert "DC offset taken out: -" in told
    assert "dual mono" in told
    judged = run("measure", out, "--json", "--dual-mono", "--target", "spotify-loud", "--target", "spotify")
    verdicts = json.loads(judged)["files"][0]["targets"]
    assert verdicts == {"spotify-loud": "pass", "spotify": "+3.0 LU"}
    # Counted as one loudspeaker it is 3 LU quieter.
    (quiet,) = json.loads(run("measure", out, "--json", "--target", "spotify"))["files"]
    assert quiet["targets"] == {"spotify": "pass"}


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


def test_delivery_names_what_does_not_fit() -> None:
    tone = 0.1 * np.sin(np.arange(RATE_HZ))
    for call, message in (
        (lambda: md.master(tone, RATE_HZ, targett="x"), "master has no parameter targett: did you mean target"),
        (lambda: md.master(tone, RATE_HZ, "spotify"), "parameters are given by name: master"),
        (lambda: md.normalize(tone, RATE_HZ), "normalize needs target_lufs"),
        (lambda: md.master(tone, RATE_HZ, dual_mono=1), "dual_mono = 1 is not a boolean"),
        (lambda: md.normalize(tone, RATE_HZ, target_lufs="-14"), "target_lufs = '-14' is not a number"),
        (lambda: md.master(tone, RATE_HZ, progress=3), "progress = 3 is not a function"),
        (lambda: md.Gain()(tone, RATE_HZ, tial=3), "has no parameter tial: did you mean tail"),
        (
            lambda: md.Gain().stream(RATE_HZ, 1, keychannels=1),
            "has no parameter keychannels: did you mean key_channels",
        ),
        (lambda: md.read("x.wav", start=1), "read has no parameter start: did you mean start_s"),
        (lambda: md.read("x.wav", duration_s=True), "duration_s = True is not a number"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            call()
    mastered = md.master(tone, RATE_HZ)
    assert (
        np.zeros(2 * mastered.sample_rate_hz).size == np.zeros(2 * md.Mix(sample_rate_hz=RATE_HZ).sample_rate_hz).size
    )


def test_a_master_of_ones_own_figures_has_the_same_certificate(song) -> None:
    own = md.master(song, RATE_HZ, target_lufs=-9, ceiling_dbtp=-1.5)
    certificate = own.certificate
    assert certificate.loudness.integrated_lufs == pytest.approx(-9, abs=0.02)
    assert certificate.loudness.true_peak_dbtp <= -1.55
    assert (certificate.target_lufs, certificate.ceiling_dbtp) == (-9, -1.5)
    assert "Mastered for -9 LUFS at -1.5 dBTP: gain" in certificate.summary()
    assert verdict(certificate.loudness, certificate.target) == "pass"
    assert md.master(song, RATE_HZ, target_lufs=-20).certificate.ceiling_dbtp == -1
    lower = md.master(song, RATE_HZ, target="r128", ceiling_dbtp=-3).certificate
    assert (lower.target_lufs, lower.ceiling_dbtp, lower.target.name) == (-23, -3, "r128 at -3 dBTP")
    with pytest.raises(md.ParameterError, match="target = 'r128' and target_lufs = -9 exclude each other"):
        md.master(song, RATE_HZ, target="r128", target_lufs=-9)
    named = md.master(song, RATE_HZ, target="spotify").certificate
    alike = md.master(song, RATE_HZ, target_lufs=-14, ceiling_dbtp=-1).certificate
    assert (named.gain_db, named.loudness.true_peak_dbtp) == (alike.gain_db, alike.loudness.true_peak_dbtp)


def test_the_clip_is_automatic_off_or_set_and_in_the_certificate(song) -> None:
    automatic, off, fixed = (
        md.master(song, RATE_HZ, target_lufs=-9, bit_depth=32, clip_db=clip).certificate for clip in ("auto", "off", 2)
    )
    assert automatic.clip_db == "auto"
    assert automatic.clip_ceiling_db is not None
    assert automatic.clip_depth_db > 2
    assert 0 < automatic.clipped_percent < 20
    # 0.5 dB, and what two stages of the clip overshoot.
    assert automatic.max_reduction_db < 2
    assert f"clip at most {automatic.clip_depth_db:.1f} dB" in automatic.summary()
    assert (off.clip_db, off.clip_ceiling_db, off.clip_depth_db) == ("off", None, 0)
    assert off.max_reduction_db > automatic.max_reduction_db
    assert fixed.clip_db == 2
    assert fixed.clip_depth_db == pytest.approx(2)
    assert automatic.to_dict()["clip_db"] == "auto"
    gentle = md.master(song, RATE_HZ, target="r128").certificate
    assert (gentle.clip_db, gentle.clip_ceiling_db) == ("auto", None)


def test_a_refusal_says_what_could_be_had_and_how(song) -> None:
    def refusal(target_lufs: float, **options) -> str:
        with pytest.raises(md.ParameterError) as refused:
            md.normalize(song, RATE_HZ, target_lufs=target_lufs, **options)
        return str(refused.value)

    told = refusal(0)
    assert told.startswith("0 LUFS cannot be reached with ceiling -1 dBTP: the loudest possible here is -")
    assert told.endswith("LUFS, as more drive only adds distortion")
    limited = refusal(0, clip_db="off")
    assert "-1 dBTP and 0 dB of clipping: the loudest possible here is -" in limited
    assert 'LUFS, as more drive only adds gain reduction; "auto" clipping reaches -' in limited
    loudest_lufs = float(limited.split(" LUFS, as")[0].split()[-1])
    # The same for every question; it differed by 0.3 LU.
    nearer = refusal(loudest_lufs + 0.3, clip_db="off")
    assert f"the loudest possible here is {loudest_lufs} LUFS" in nearer
    assert nearer.endswith('; "auto" clipping reaches it')
    assert md.loudness(md.normalize(song, RATE_HZ, target_lufs=loudest_lufs + 0.3), RATE_HZ).integrated_lufs > -20
    reached = md.loudness(md.normalize(song, RATE_HZ, target_lufs=loudest_lufs, clip_db="off"), RATE_HZ)
    assert reached.integrated_lufs == pytest.approx(loudest_lufs, abs=0.02)


def test_the_certificate_tells_of_both_stages_and_of_deep_clipping(song) -> None:
    loud, gentle = (md.master(song, RATE_HZ, target_lufs=lufs).certificate for lufs in (-6, -20))
    clipped, limited = (
        f"clipped by at most {loud.clip_depth_db:.1f} dB",
        f"limited by at most {loud.max_reduction_db:.1f}",
    )
    assert f"{clipped}, {limited}" in repr(loud)
    assert "clipped" not in repr(gentle)
    (note,) = (note for note in loud.notes if "Clipped deeply" in note)
    assert f"{loud.clip_depth_db:.1f} dB of the highest peak, {loud.clipped_percent:.2g} % of the samples" in note
    assert note in loud.summary()
    assert gentle.notes == ()


def test_noise_shaping_that_does_nothing_is_refused_everywhere(tmp_path) -> None:
    tone, out = 0.1 * np.sin(np.arange(RATE_HZ)), tmp_path / "out.wav"
    md.write(tmp_path / "mix.wav", tone, RATE_HZ)
    for bits in (24, 32):
        message = (
            f"bit_depth = {bits} is not allowed: it must be 16 where noise_shaping is weighted, at 44100 to 96000 Hz"
        )
        with pytest.raises(md.ParameterError, match=message):
            md.write(out, tone, RATE_HZ, bit_depth=bits, noise_shaping="weighted")  # type: ignore[arg-type]
        with pytest.raises(md.ParameterError, match=message):
            md.master(tone, RATE_HZ, bit_depth=bits, noise_shaping="weighted")
        options = ("--bit-depth", bits, "--noise-shaping", "weighted")
        assert message in command("master", tmp_path / "mix.wav", "-o", out, *options).stderr
    for rate_hz in (22_050, 192_000):
        message = (
            f"sample_rate_hz = {rate_hz} is not allowed: it must be 44100 to 96000 where noise_shaping is weighted"
        )
        with pytest.raises(md.ParameterError, match=message):
            md.write(out, tone, rate_hz, bit_depth=16, noise_shaping="weighted")
        with pytest.raises(md.ParameterError, match=message):
            md.master(tone, rate_hz, bit_depth=16, noise_shaping="weighted")
    assert not out.exists()


def level_db(samples: np.ndarray) -> float:
    return 10 * math.log10(np.mean(np.square(samples, dtype=np.float64)))


def test_dither_of_files_is_independent_and_repeats(tmp_path) -> None:
    silence = np.zeros((2, 2 * RATE_HZ))
    for name in ("kick.wav", "snare.wav"):
        md.write(tmp_path / name, silence, RATE_HZ, bit_depth=16)
    kick, snare = (md.read(tmp_path / name).audio for name in ("kick.wav", "snare.wav"))
    assert level_db(kick) == pytest.approx(-96.33, abs=0.1)
    # Twice the same noise would be 6.02 dB louder.
    assert level_db(kick + snare) - level_db(kick) == pytest.approx(3.01, abs=0.1)
    (tmp_path / "again").mkdir()
    md.write(tmp_path / "again" / "kick.wav", silence, RATE_HZ, bit_depth=16)
    assert (tmp_path / "again" / "kick.wav").read_bytes() == (tmp_path / "kick.wav").read_bytes()
    # Other contents under the same name have other noise.
    tone = 0.1 * np.sin(np.arange(2 * RATE_HZ) * 0.1) * np.ones((2, 1))
    errors = []
    for offset in (0.0, 1e-9):
        md.write(tmp_path / "tone.wav", tone + offset, RATE_HZ, bit_depth=16)
        errors.append(md.read(tmp_path / "tone.wav").audio.astype(np.float64) - tone)
    assert level_db(errors[0] + errors[1]) - level_db(errors[0]) == pytest.approx(3.01, abs=0.1)


def test_masters_of_other_names_have_other_dither(song) -> None:
    one, same, other = (md.master(song, RATE_HZ, bit_depth=16, name=name).audio for name in ("a.wav", "a.wav", "b.wav"))
    np.testing.assert_array_equal(one, same)
    assert level_db(one - other) == pytest.approx(-96.33 + 3.01, abs=0.2)


def threshold_db(frequency_hz: np.ndarray) -> np.ndarray:
    """Return the threshold of hearing after Terhardt (1979)."""
    khz = frequency_hz / 1_000
    return 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4


@pytest.mark.parametrize(
    ("rate_hz", "audible_db", "total_db"),
    [(44_100, -15.7, 13.2), (48_000, -17.1, 12.4), (88_200, -24.0, 7.3), (96_000, -24.4, 6.7)],
)
def test_n2_shaped_noise_is_less_audible_by_its_measured_spectrum(rate_hz, audible_db, total_db, tmp_path) -> None:
    silence = np.zeros((1, 20 * rate_hz))
    spectra, levels = [], []
    for shaping in ("none", "weighted"):
        md.write(tmp_path / "noise.wav", silence, rate_hz, bit_depth=16, noise_shaping=shaping)  # type: ignore[arg-type]
        noise = md.read(tmp_path / "noise.wav").audio[0].astype(np.float64)
        frequency, spectrum = scipy.signal.welch(noise, rate_hz, nperseg=8_192)
        spectra.append(spectrum)
        levels.append(level_db(noise))
    heard = (frequency >= 50) & (frequency <= 20_000)
    weight = 10 ** (-threshold_db(frequency[heard]) / 10)
    flat, shaped = (np.sum(weight * spectrum[heard]) for spectrum in spectra)
    assert 10 * math.log10(shaped / flat) <= audible_db
    assert levels[1] - levels[0] == pytest.approx(total_db, abs=0.2)


def test_shaped_noise_of_loud_sound_clips_nothing_new(tmp_path) -> None:
    # Up to 0.01 dB below full scale: the noise has room.
    tone = 10 ** (-0.01 / 20) * np.sin(np.arange(4 * 44_100) * 0.05)
    md.write(tmp_path / "tone.wav", tone, 44_100, bit_depth=16, noise_shaping="weighted")
    error = md.read(tmp_path / "tone.wav").audio - tone
    assert np.abs(error).max() < 40 / 32_768
    with pytest.raises(md.ParameterError, match="it must be 44100 to 96000 where noise_shaping is weighted"):
        md.write(tmp_path / "low.wav", tone, 22_050, bit_depth=16, noise_shaping="weighted")
    assert not (tmp_path / "low.wav").exists()


def test_the_command_line_masters_to_figures_of_ones_own(tmp_path) -> None:
    command = [sys.executable, "-c", "from mixdown.cli import main; main()", "master", "mix.wav", "-o", "master.wav"]

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, "--force", *options], capture_output=True, text=True, check=False, cwd=tmp_path
        )

    md.write(tmp_path / "mix.wav", clipped(20_000, "noise"), 44_100)
    own = ("--target-lufs", "-7", "--ceiling-dbtp", "-1", "--bit-depth", "16", "--noise-shaping", "weighted")
    done = run(*own, "--clip-db", "auto")
    assert (done.returncode, done.stderr) == (0, "")
    told = " ".join(done.stdout.split())
    assert "Mastered for -7 LUFS at -1 dBTP: gain" in told
    assert "clip at most" in told
    reading = md.loudness(md.read(tmp_path / "master.wav"), precision="reference")
    assert reading.integrated_lufs == pytest.approx(-7, abs=0.02)
    assert reading.true_peak_dbtp <= -1.05
    for options, message in (
        (("--clip-db", "much"), "--clip-db = 'much' is not allowed: it must be auto, off or dB, 0..24"),
        (("--target-lufs", "3"), "--target-lufs = 3 is out of range: it must lie in -50..0"),
        (("--noise-shaping", "pink"), "noise_shaping = 'pink' is not allowed"),
        (("--target-lufs", "0"), "0 LUFS cannot be reached with ceiling -1 dBTP: the loudest possible here is"),
    ):
        refused = run(*options)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert message in refused.stderr
