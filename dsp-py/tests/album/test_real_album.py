"""An album of real songs: levels, targets and ceilings, by every policy."""

import os
from pathlib import Path

import numpy as np
import pytest

import mixdown as md

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

pytestmark = pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")


@pytest.fixture(scope="module")
def album() -> md.Album:
    folder = Path(_FOLDER or ".")
    stems = {file.stem: md.read(file) for file in sorted((folder / "multitrack-mdn").glob("*.mp3"))}
    made = md.Album(title="Three")
    for name in ("Lets_Go_Fishin", "Vibe_Ace"):
        made.track(folder / "songs" / f"{name}.ogg", title=name, level="move")
    mix = md.balance(stems, 48_000, lead="leadguitar").mix
    made.track((mix.render().astype(np.float32), 48_000), title="mdn", level="move")
    return made


@pytest.fixture(scope="module")
def before(album: md.Album) -> np.ndarray:
    return np.array([song.loudness.integrated_lufs for song in album.measure().songs])


@pytest.mark.parametrize("policy", ["album", "similar", "track"])
@pytest.mark.parametrize("target", ["spotify", "tidal", "apple", "r128"])
def test_every_policy_meets_every_target(album: md.Album, before: np.ndarray, policy: str, target: str) -> None:
    mastered = album.master(target, policy=policy)
    wanted = mastered.target
    after = np.array([track.loudness.integrated_lufs for track in mastered.tracks])
    assert all(track.loudness.true_peak_dbtp <= wanted.ceiling_dbtp - 0.05 for track in mastered.tracks)
    if policy == "track":
        assert after == pytest.approx([wanted.integrated_lufs] * 3, abs=0.02)
        return
    on_target = after.max() if wanted.album == "loudest" else mastered.album_lufs
    assert on_target == pytest.approx(wanted.integrated_lufs, abs=0.02)
    offsets = before - np.median(before)
    kept = offsets if policy == "album" else np.clip(offsets, -1, 1)
    # The limiter brings every song to its level within this.
    assert np.ptp(after - kept) <= 0.04


def test_the_disc_of_real_songs_meets_the_target_too(album: md.Album) -> None:
    disc = album.master("spotify", policy="similar").disc
    assert disc.album_lufs == pytest.approx(-14, abs=0.02)
    assert disc.true_peak_dbtp <= -1.05
    assert disc.layout.total_frames * 588 == disc.disc_image().shape[1]
