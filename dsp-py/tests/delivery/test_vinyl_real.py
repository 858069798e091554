"""The vinyl check on real songs, beside the figures of the study that its limits come from."""

import os
from pathlib import Path

import pytest

import mixdown as md
from mixdown import _core

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

pytestmark = pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")

FOLDER = Path(_FOLDER or ".")
NAMES = {
    "bright": "songs/Lets_Go_Fishin.ogg",
    "wide": "songs/Vibe_Ace.ogg",
    "drums": "multitrack-mdn/drums.mp3",
    "horns": "multitrack-mdn/horns.mp3",
}
#: Bands between songs are of no interest where one song fills the side.
NO_BANDS = {"band_mm": 0.0}


@pytest.fixture(scope="module")
def songs() -> dict[str, tuple[md.Recording, _core.Groove]]:
    read = {name: md.read(FOLDER / file) for name, file in NAMES.items()}
    return {name: (song, _core.Groove(song.audio, song.sample_rate_hz, "12in33", {})) for name, song in read.items()}


def fits_db(song: tuple[md.Recording, _core.Groove], minutes: float) -> float:
    """Return the level at which a side of so many minutes of a song fits, between whole numbers of it."""
    recording, groove = song
    times = 60 * minutes / (recording.audio.shape[1] / recording.sample_rate_hz)
    low, high = (_core.vinyl_level([groove] * count, "12in33", 0.0, NO_BANDS) for count in (int(times), int(times) + 1))
    return low + (times - int(times)) * (high - low)


# Horns alone, whose motion is mostly vertical, lose 2.99 dB: the width of their groove grows, not its excursion.
@pytest.mark.parametrize("name", ["bright", "wide", "drums"])
def test_12_the_level_falls_by_3_to_4_and_a_half_db_from_20_to_24_minutes(songs, name: str) -> None:
    assert 3.0 <= fits_db(songs[name], 20) - fits_db(songs[name], 24) <= 4.5


@pytest.mark.parametrize("name", ["bright", "wide", "drums"])
def test_the_level_of_songs_at_minus_14_lufs_on_20_minutes_is_that_of_the_study(songs, name: str) -> None:
    # Prototype: -8.3 to -13.1 dB over four songs, decided by their bass.
    loudness = md.loudness(songs[name][0]).integrated_lufs
    assert -13.3 <= fits_db(songs[name], 20) - (-14 - loudness) <= -8.1


def test_bright_songs_belong_outside(songs) -> None:
    cuts = {}
    for name, (_, groove) in songs.items():
        level_db = fits_db(songs[name], 20)
        cuts[name] = _core.vinyl_side([groove], "12in33", 0.0, NO_BANDS, level_db)["songs"][0]
    # Prototype: a bright pop song -9.6 dB outside and +5.7 dB inside; a piano -26.6 and -11.2.
    assert cuts["bright"]["outermost_curvature_db"] == pytest.approx(-8.8, abs=0.4)
    assert cuts["bright"]["innermost_curvature_db"] == pytest.approx(6.6, abs=0.4)
    assert cuts["wide"]["innermost_curvature_db"] < -8


def test_the_elliptical_equalizer_lowers_the_lift_of_a_song_with_wide_bass(songs) -> None:
    # A warning by its lift, and a fault by its phase.
    song = songs["wide"][0]
    check = md.vinyl_check(song, level_db=-10)
    (lift,) = check.of("lift")
    before_um, after_um, unit = lift.suggestion.predicted["lift_um"]
    # Prototype, another song: 14.7 to 9.3 µm.
    assert (before_um, unit) == (pytest.approx(18.5, abs=0.5), "µm")
    assert after_um == pytest.approx(8.2, abs=0.5)
    assert check.of("bass_phase")[0].severity == "fault"
    low, high, _ = check.of("bass_phase")[0].suggestion.predicted["bass_correlation"]
    assert low == pytest.approx(0.59, abs=0.02)
    assert high > 0.85
    # A song with bass in the middle passes both.
    other = md.vinyl_check(songs["bright"][0], level_db=-12)
    assert not other.of("bass_phase")
    assert not other.of("lift")
