"""Targets: rules of playback, verdicts."""

import math

import numpy as np
import pytest

import mixdown as md
from mixdown.delivery import find_target, verdict

RATE_HZ = 48_000


def test_playback_follows_the_targets_rules() -> None:
    sine = 10 ** (-5 / 20) * np.sin(2 * np.pi * 997 * np.arange(2 * RATE_HZ) / RATE_HZ)
    reading = md.loudness(sine, RATE_HZ)
    assert reading.integrated_lufs == pytest.approx(-8.01, abs=0.01)
    assert md.playback_gain(reading, "spotify") == pytest.approx(-14 - reading.integrated_lufs)
    quiet = md.loudness(sine * 0.25, RATE_HZ)
    assert md.playback_gain(quiet, "youtube") == 0
    assert md.playback_gain(quiet, "spotify") == pytest.approx(-14 - quiet.integrated_lufs)
    with pytest.raises(md.ParameterError, match="target = 'gramophone' is unknown: it must be one of spotify"):
        md.playback_gain(reading, "gramophone")


def test_an_album_is_gated_as_one() -> None:
    loud = 0.5 * np.sin(2 * np.pi * 997 * np.arange(4 * RATE_HZ) / RATE_HZ)
    album = md.album_loudness([(loud, RATE_HZ), (loud * 0.01, RATE_HZ)])
    # The quiet song lies 40 LU below and does not pass the gate of the album.
    assert album == pytest.approx(md.loudness(loud, RATE_HZ).integrated_lufs, abs=0.1)
    assert md.album_loudness([]) == -math.inf


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
