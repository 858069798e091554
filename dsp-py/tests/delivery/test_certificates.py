"""Certificates: what was done, in figures and words."""

import json
import subprocess
import sys

import numpy as np
import pytest

import mixdown as md
from full_band import clipped
from mixdown.delivery import verdict

RATE_HZ = 48_000


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
    for target in ("r128", "spotify"):
        with pytest.raises(md.ParameterError, match=f"target = '{target}' and target_lufs = -9 exclude each other"):
            md.master(song, RATE_HZ, target=target, target_lufs=-9)
    assert md.master(song, RATE_HZ, ceiling_dbtp=-3).certificate.target.name == "spotify at -3 dBTP"
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
    # 0.25 dB, and what the clip overshoots.
    assert automatic.max_reduction_db < 2
    assert f"clip at most {automatic.clip_depth_db:.1f} dB" in automatic.summary()
    assert (off.clip_db, off.clip_ceiling_db, off.clip_depth_db) == ("off", None, 0)
    assert off.max_reduction_db > automatic.max_reduction_db
    assert fixed.clip_db == 2
    assert fixed.clip_depth_db == pytest.approx(2)
    assert automatic.to_dict()["clip_db"] == "auto"
    gentle = md.master(song, RATE_HZ, target="r128").certificate
    assert (gentle.clip_db, gentle.clip_ceiling_db) == ("auto", None)


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


def test_the_certificate_tells_of_deep_limiting_alone() -> None:
    clicks = 0.02 * np.random.default_rng(1).standard_normal((2, 2 * RATE_HZ))
    clicks[:, :: RATE_HZ // 4] = 0.9
    off, automatic = (md.master(clicks, RATE_HZ, target_lufs=-18, clip_db=clip).certificate for clip in ("off", "auto"))
    figures = f"at most {off.max_reduction_db:.1f} dB, {off.mean_reduction_db:.1f} dB on average"
    assert off.notes[0].startswith(f"Limited deeply: {figures}. ")
    assert off.max_reduction_db > 6 > automatic.max_reduction_db
    assert [note for note in automatic.notes if "Limited deeply" in note] == []


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
        (("--target", "spotify", "--target-lufs", "-7"), "target = 'spotify' and target_lufs = -7 exclude each other"),
        (("--target-lufs", "3"), "--target-lufs = 3 is out of range: it must lie in -50..0"),
        (("--noise-shaping", "pink"), "noise_shaping = 'pink' is not allowed"),
        (("--target-lufs", "0"), "0 LUFS cannot be reached with ceiling -1 dBTP: the loudest possible here is"),
    ):
        refused = run(*options)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert message in refused.stderr
