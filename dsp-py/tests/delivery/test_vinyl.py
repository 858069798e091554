"""The vinyl check: geometry against published figures, findings against signals made for them."""

import json
import math

import matplotlib.figure
import numpy as np
import pytest

import mixdown as md
from mixdown import _core

RATE_HZ = 48_000
#: Amplitude of the tone that is cut at the cutting level.
REFERENCE = 10 ** (-18 / 20)


def tone(hz: float, seconds: float = 4.0, level: float = REFERENCE, rate_hz: int = RATE_HZ) -> np.ndarray:
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def faded(audio: np.ndarray) -> np.ndarray:
    """Return a tone that begins within half a second: an abrupt one swings the bass corner."""
    made = audio.copy()
    made[: RATE_HZ // 2] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(RATE_HZ // 2) / (RATE_HZ // 2))
    return made


def stereo(left: np.ndarray, right: np.ndarray | None = None) -> np.ndarray:
    return np.stack([left, left if right is None else right])


def groove(audio: np.ndarray, fmt: str = "12in33", rate_hz: float = RATE_HZ, **limits: float) -> _core.Groove:
    return _core.Groove(audio, rate_hz, fmt, limits)


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    """Ten seconds of noise that falls by 3 dB per octave, the bass in phase, the rest wide."""
    rng = np.random.default_rng(3)
    spectra = np.fft.rfft(rng.standard_normal((2, 10 * RATE_HZ)))
    hz = np.fft.rfftfreq(10 * RATE_HZ, 1 / RATE_HZ)
    spectra *= np.where((hz > 45) & (hz < 12_000), 1 / np.sqrt(np.maximum(hz, 45)), 0)
    wide = np.where(hz < 200, 0.0, 0.5)
    mid, side = spectra
    made = np.fft.irfft(np.stack([mid + wide * side, mid - wide * side]))
    return 0.1 * made / np.sqrt(np.mean(made**2))


def test_12_the_playback_characteristic_is_the_published_one() -> None:
    table = {20: 19.274, 100: 13.088, 1_000: 0.0, 10_000: -13.734, 20_000: -19.620}
    levels_db = _core.riaa_record_db([float(hz) for hz in table])
    for level_db, wanted_db in zip(levels_db, table.values(), strict=True):
        assert -level_db == pytest.approx(wanted_db, abs=0.001)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_12_the_reference_tone_is_cut_at_5_cm_per_s(rate_hz: int) -> None:
    figures = groove(faded(tone(1_000, rate_hz=rate_hz)), rate_hz=rate_hz).figures()
    # Counts of velocities are in bins of 0.07 dB.
    assert 100 * figures["velocity_m_per_s"] == pytest.approx(7.071, rel=0.005)
    # At 48 samples a period the crest lies up to half a sample, 0.2 %, beside one.
    assert figures["excursion_um"] == pytest.approx(11.254, rel=0.0022)


@pytest.mark.parametrize(
    ("fmt", "minutes", "prototype_db"),
    [
        ("12in33", (20, 16, 18, 22, 24, 28), (3.6, 1.8, -1.8, -3.7, -7.9)),
        ("12in45", (13.5, 10.5, 16), (3.5, -2.9)),
        ("7in45", (5, 4, 6), (3.3, -3.3)),
    ],
)
def test_12_the_level_that_fits_falls_with_the_length(
    music: np.ndarray, fmt: str, minutes: tuple[float, ...], prototype_db: tuple[float, ...]
) -> None:
    part = groove(music, fmt)
    fits = [_core.vinyl_level([part] * round(6 * length), fmt, 0.0, {"band_mm": 0.0}) for length in minutes]
    formats = {entry["name"]: entry for entry in _core.vinyl_formats()}
    span_um = 1e3 * (formats[fmt]["outer_radius_mm"] - formats[fmt]["inner_radius_mm"])

    def closed_db(length: float) -> float:
        return 20 * math.log10(span_um / (length * formats[fmt]["rpm"]) - 64)

    for length, level_db, wanted_db in zip(minutes[1:], fits[1:], prototype_db, strict=True):
        assert level_db - fits[0] == pytest.approx(wanted_db, abs=0.7), length
        assert level_db - fits[0] == pytest.approx(closed_db(length) - closed_db(minutes[0]), abs=0.7), length
    if fmt == "12in33":
        assert 3.0 <= fits[0] - fits[4] <= 4.5


def test_a_tone_fits_where_geometry_says() -> None:
    # 1 kHz of A µm in phase: the groove needs 2 A + 56 + 8 µm.
    part = groove(stereo(faded(tone(1_000, 10))))
    level_db = _core.vinyl_level([part] * 120, "12in33", 0.0, {"band_mm": 0.0})
    assert level_db is not None
    room_um = (86_000 / (20 * 100 / 3) - 64) / 2
    assert level_db == pytest.approx(20 * math.log10(room_um / 11.254), abs=0.1)


def test_vertical_motion_takes_room_by_lift_and_by_dip() -> None:
    # 25 µm are left at the top of the lift A, the dip A widens the groove by 2 A: 25 + 4 A + 8 µm from turn to turn.
    bass = faded(tone(100, 10))
    part = groove(stereo(bass, -bass))
    level_db = _core.vinyl_level([part] * 120, "12in33", 0.0, {"band_mm": 0.0})
    assert level_db is not None
    room_um = (86_000 / (20 * 100 / 3) - 33) / 4
    assert level_db == pytest.approx(20 * math.log10(room_um / part.figures()["lift_um"]), abs=0.3)


def test_bass_out_of_phase_lifts_the_stylus_by_what_the_formula_says() -> None:
    bass = tone(60, 10, level=10 ** (-10 / 20))
    check = md.vinyl_check(stereo(bass, -bass), RATE_HZ, level_db=0)
    hz, pi2 = 60.0, 2 * math.pi
    velocity = 0.0707107 * 10 ** (8 / 20) * 10 ** (_core.riaa_record_db([hz])[0] / 20)
    high_pass = 9 / math.sqrt(1 + 81)
    assert check.songs[0].lift_um == pytest.approx(1e6 * velocity / (pi2 * hz) * high_pass, rel=0.01)
    (lift,) = check.of("lift")
    assert (lift.severity, lift.limit, lift.source) == ("fault", 28, "P: pspatialaudio.com")
    (phase,) = check.of("bass_phase")
    assert phase.severity == "fault"
    assert phase.value == pytest.approx(9_950, abs=60)
    assert check.songs[0].bass_correlation == pytest.approx(-1)


def test_the_inside_has_15_db_less_room_for_treble_than_the_outside(music: np.ndarray) -> None:
    song = md.vinyl_check(music, RATE_HZ).songs[0]
    between_db = song.innermost_curvature_db - song.outermost_curvature_db
    assert between_db == pytest.approx(40 * math.log10(146.3 / 60.3), abs=0.05)
    assert song.outermost_curvature_db <= song.curvature_db <= song.innermost_curvature_db
    assert song.round_curvature_db - song.curvature_db == pytest.approx(20 * math.log10(18 / 7.6), abs=0.01)


def test_slope_and_curvature_of_a_tone_follow_from_its_speed() -> None:
    check = md.vinyl_check(stereo(tone(10_000, 10)), RATE_HZ, level_db=0)
    song = check.songs[0]
    speed = 2 * math.pi * 0.1463 * (100 / 3) / 60
    velocity = 0.0707107 * 10 ** (13.734 / 20)
    assert song.slope_db == pytest.approx(20 * math.log10(velocity / speed), abs=0.1)
    wall = velocity * 2 * math.pi * 10_000 / math.sqrt(2)
    assert song.curvature_db == pytest.approx(20 * math.log10(wall * 7.6e-6 / speed**2), abs=0.1)


def test_songs_lie_one_inside_the_other_with_a_band_between(music: np.ndarray) -> None:
    check = md.vinyl_check({"One": music, "Two": 0.25 * music}, RATE_HZ, level_db=0, gap_s=2.0)
    one, two = check.songs
    assert one.outer_radius_mm == 146.3
    # 1 mm of band, and the turns of 2 s of silence at 64 µm; those beside music are wider.
    assert one.inner_radius_mm - two.outer_radius_mm == pytest.approx(1.0 + 0.064 * 2 / 1.8, abs=0.02)
    assert two.start_s == 12.0
    assert check.duration_s == 22.0
    assert one.mean_pitch_um > two.mean_pitch_um > 64


def test_mono_is_equal_left_and_right(music: np.ndarray) -> None:
    mid = music.mean(axis=0)
    one, two = (md.vinyl_check(audio, RATE_HZ) for audio in (mid, stereo(mid)))
    assert one.to_dict() == two.to_dict()


def test_louder_by_6_db_fits_at_6_db_less(music: np.ndarray) -> None:
    quiet, loud = (md.vinyl_check(gain * music, RATE_HZ, fmt="7in33") for gain in (0.5, 1.0))
    assert quiet.fits_level_db - loud.fits_level_db == pytest.approx(20 * math.log10(2), abs=0.01)


def test_short_sides_are_judged_at_a_usual_level(music: np.ndarray) -> None:
    check = md.vinyl_check(music, RATE_HZ)
    assert check.fits_level_db > check.level_db
    assert check.programme_level_db == pytest.approx(md.limits("vinyl_check")["most_level_db"].default)
    higher = md.vinyl_check(music, RATE_HZ, limits={"most_level_db": 10})
    assert higher.level_db - check.level_db == pytest.approx(2)


def test_what_is_too_long_fits_at_no_level() -> None:
    # Twelve minutes of a quiet tone on 7 inches at 45: not even silence fits.
    check = md.vinyl_check(tone(200, 720, 0.01, 8_000), 8_000, fmt="7in45")
    assert check.fits_level_db is None
    assert [finding.severity for finding in check.of("level")] == ["fault"]
    (length,) = check.of("side_length")
    assert (length.severity, length.value, length.limit) == ("fault", 720, 360)
    assert not check.passed


def test_a_long_side_is_a_warning_before_it_is_a_fault() -> None:
    check = md.vinyl_check(tone(200, 320, 0.01, 8_000), 8_000, fmt="7in45")
    assert [finding.severity for finding in check.of("side_length")] == ["warning"]
    assert check.passed


def test_clean_music_has_nothing_to_find(music: np.ndarray) -> None:
    check = md.vinyl_check(music, RATE_HZ, level_db=-6)
    assert check.findings == ()
    assert check.table().endswith("Nothing found.")


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("sibilance", "fault"),
        ("subsonic", "warning"),
        ("ultrasonic", "warning"),
        ("curvature", "fault"),
        ("slope", "fault"),
        ("loudness", "warning"),
        ("clipping", "fault"),
        ("bass_phase", "warning"),
        ("low_mid_phase", "warning"),
        ("lift", "fault"),
        ("dynamics", "warning"),
    ],
)
def test_each_check_finds_what_it_is_for(music: np.ndarray, name: str, severity: str) -> None:
    rng = np.random.default_rng(4)
    level_db = -6.0
    if name == "sibilance":
        made = music.copy()
        burst = tone(7_000, 0.03, 1.2)
        for start in range(0, 10 * RATE_HZ, 4 * RATE_HZ):
            made[:, start : start + len(burst)] += burst
    elif name == "subsonic":
        made = music + tone(15, 10, 0.1)
    elif name == "ultrasonic":
        made = music + tone(18_000, 10, 0.02)
    elif name in ("curvature", "slope"):
        made, level_db = music, 25.0
    elif name == "loudness":
        made = np.clip(4 * music, -0.99, 0.99)
    elif name == "dynamics":
        made = 0.1 * np.sign(music)
    elif name == "clipping":
        made = np.clip(4 * music, -0.5, 0.5)
    elif name == "lift":
        bass = tone(60, 10, 0.3)
        made = music + stereo(bass, -bass)
        level_db = 0.0
    else:
        # Bass, or low mids, of which left and right know nothing of each other.
        low, high = (30, 100) if name == "bass_phase" else (170, 290)
        spectra = np.fft.rfft(rng.standard_normal((2, 10 * RATE_HZ)))
        hz = np.fft.rfftfreq(10 * RATE_HZ, 1 / RATE_HZ)
        noise = np.fft.irfft(spectra * ((hz > low) & (hz < high)))
        mid, side = noise
        share = 0.6 if name == "bass_phase" else 1.5
        noise = np.stack([mid + share * side, mid - share * side])
        made = music + (0.15 if name == "bass_phase" else 0.4) * noise / noise.std()
        level_db = -25.0
    limits = {"out_of_phase_ms": 10_000} if name == "bass_phase" else {}
    check = md.vinyl_check({"Song": made}, RATE_HZ, level_db=level_db, limits=limits)
    found = check.of(name)
    assert [finding.severity for finding in found] == [severity], check.table()
    assert found[0].tracks == ("Song",)
    assert found[0].value is not None
    assert found[0].limit is not None
    assert found[0].source
    is_below = name in ("bass_phase", "low_mid_phase", "dynamics")
    assert found[0].value < found[0].limit if is_below else found[0].value >= found[0].limit


def test_suggestions_predict_what_is_measured_behind_them(music: np.ndarray) -> None:
    bass = tone(60, 10, 0.3)
    burst = np.tile(np.concatenate([tone(7_000, 0.03, 0.9), np.zeros(2 * RATE_HZ - 1_440)]), 5)
    made = music + stereo(bass, -bass) + tone(15, 10, 0.1) + tone(18_000, 10, 0.02) + burst
    made = made[:, : 5 * RATE_HZ]
    check = md.vinyl_check(made, RATE_HZ, level_db=3)
    suggested = {finding.check: finding.suggestion for finding in check.findings if finding.suggestion}
    assert {"lift", "subsonic", "ultrasonic", "sibilance", "curvature"} <= set(suggested)
    assert isinstance(suggested["lift"].effect, md.MidSide)
    assert isinstance(suggested["sibilance"].effect, md.DeEsser)
    assert isinstance(suggested["subsonic"].effect, md.HighPass)
    assert isinstance(suggested["ultrasonic"].effect, md.LowPass)
    checks = {}
    for suggestion in suggested.values():
        if suggestion.effect not in checks:
            checks[suggestion.effect] = md.vinyl_check(suggestion.effect(made, RATE_HZ), RATE_HZ, level_db=3)
        after = checks[suggestion.effect]
        for name, (before, predicted, _unit) in suggestion.predicted.items():
            holder, now = (check, after) if name == "fits_level_db" else (check.songs[0], after.songs[0])
            assert getattr(holder, name) == before
            assert getattr(now, name) == predicted, (suggestion, name)


def test_the_elliptical_equalizer_leaves_the_mid_alone_and_lowers_the_lift(music: np.ndarray) -> None:
    bass = tone(60, 10, 0.3)
    made = music + stereo(bass, -bass)
    effect = md.vinyl_check(made, RATE_HZ, level_db=0).of("lift")[0].suggestion.effect
    mid = music.mean(axis=0)
    kept = effect(stereo(mid), RATE_HZ)
    np.testing.assert_array_equal(kept, stereo(mid))
    side = effect(stereo(tone(150, 10), -tone(150, 10)), RATE_HZ)[0, RATE_HZ:]
    assert 20 * np.log10(np.sqrt(2 * np.mean(side**2)) / REFERENCE) == pytest.approx(-3.01, abs=0.05)


def test_a_gain_is_suggested_where_no_high_cut_is_enough(music: np.ndarray) -> None:
    check = md.vinyl_check(music + tone(3_000, 10, 0.5), RATE_HZ, level_db=25)
    suggestion = check.of("slope")[0].suggestion
    assert isinstance(suggestion.effect, md.Gain)
    assert suggestion.predicted["slope_db"][1] <= -3


def test_where_the_rate_has_no_high_cut_a_gain_is_suggested() -> None:
    check = md.vinyl_check(tone(3_000, 10, 0.5, 16_000), 16_000, level_db=25)
    suggestion = check.of("curvature")[0].suggestion
    assert isinstance(suggestion.effect, md.Gain)
    assert suggestion.predicted["curvature_db"][1] <= 0


def test_what_an_effect_does_not_mend_is_suggested_with_less_confidence() -> None:
    bass = tone(100, 10, 0.3)
    (found,) = md.vinyl_check(stereo(bass, -bass), RATE_HZ, level_db=0).of("lift")
    before, after, _ = found.suggestion.predicted["lift_um"]
    assert found.suggestion.confidence == "medium"
    assert before > after > 15


def test_spans_are_from_the_start_of_their_song(music: np.ndarray) -> None:
    loud = music.copy()
    loud[:, : 5 * RATE_HZ] *= 0.01
    check = md.vinyl_check([("One", 0.01 * music), ("Two", loud)], RATE_HZ, level_db=25)
    (found,) = check.of("curvature")
    assert found.tracks == ("Two",)
    ((start_s, end_s),) = found.at_s
    assert 2.0 <= start_s <= 5.0
    assert end_s == pytest.approx(10.0)


def test_limits_are_the_users(music: np.ndarray) -> None:
    check = md.vinyl_check(music, RATE_HZ, level_db=-6, limits={"lift_warning_um": 0.5})
    (found,) = check.of("lift")
    assert (found.severity, found.limit, found.source) == ("warning", 0.5, "given")


def test_every_limit_says_where_it_comes_from() -> None:
    for limit in md.limits("vinyl_check").values():
        assert limit.meaning.rstrip("]") != limit.meaning, limit
        assert any(mark in limit.meaning for mark in ("[P", "[N", "[C")), limit


def test_results_are_plain_printable_and_drawn(music: np.ndarray) -> None:
    check = md.vinyl_check({"One": music, "Two": music}, RATE_HZ)
    values = json.loads(json.dumps(check.to_dict(), allow_nan=False))
    assert values["songs"][1]["title"] == "Two"
    assert "fits at" in repr(check)
    assert "One" in check.table()
    for axes in (check.plot(), check.plot_pitch()):
        assert isinstance(axes.figure, matplotlib.figure.Figure)
        assert len(axes.lines) >= 3
    assert "<svg" in check._repr_html_()


def test_programmes_come_in_any_form(music: np.ndarray) -> None:
    recording = (music, RATE_HZ)
    wanted = md.vinyl_check({"Song 1": music, "Song 2": music}, RATE_HZ).to_dict()
    for side in ([music, music], [recording, recording], [("Song 1", recording), ("Song 2", music)]):
        assert md.vinyl_check(side, RATE_HZ).to_dict() == wanted
    # Songs of other rates are cut at theirs.
    other = md.vinyl_check({"a": md.resample(music, RATE_HZ, 44_100)}, 44_100)
    own = md.vinyl_check({"a": music}, RATE_HZ)
    assert other.fits_level_db == pytest.approx(own.fits_level_db, abs=0.05)
    assert other.songs[0].curvature_db == pytest.approx(own.songs[0].curvature_db, abs=0.2)


@pytest.mark.parametrize(
    ("side", "options", "told"),
    [
        ({}, {}, "side has no programmes: it needs at least one"),
        ({"A": np.zeros(RATE_HZ)}, {}, "audio of 'A' is silent"),
        ({"A": 0.1 * np.ones(4_800)}, {}, "audio of 'A' lasts 100 ms: it must last at least 400 ms"),
        ({"A": np.full(RATE_HZ, np.nan)}, {}, "audio of 'A' holds 48000 non-finite samples"),
        ({"A": np.ones((3, RATE_HZ))}, {}, "audio of 'A' has 3 channels"),
        ([("A", np.ones(RATE_HZ)), ("A", np.ones(RATE_HZ))], {}, "two programmes called 'A'"),
        ([1.0, 2.0], {}, "side is a list of numbers"),
        ({1: np.ones(RATE_HZ)}, {}, "side has the title 1: titles are words"),
        (np.ones(RATE_HZ), {"fmt": "12in78"}, "fmt = '12in78' is not allowed: it must be one of 12in33,"),
        (np.ones(RATE_HZ), {"gap_s": -1}, "gap_s = -1 is out of range: it must lie in 0..60"),
        (np.ones(RATE_HZ), {"level_db": 41}, "level_db = 41 is out of range: it must lie in -40..40"),
        (np.ones(RATE_HZ), {"limits": {"lift_um": 1}}, "limits has no parameter lift_um: did you mean"),
        (np.ones(RATE_HZ), {"limits": {"tip_um": 99}}, "limits.tip_um = 99 is out of range"),
        (np.ones(RATE_HZ), {"limits": {"lift_warning_um": 40}}, "lift_warning_um = 40"),
        (np.ones(RATE_HZ), {"format": "12in33"}, "vinyl_check has no parameter format"),
    ],
)
def test_bad_input_is_refused_in_a_line(side: object, options: dict[str, object], told: str) -> None:
    with pytest.raises((ValueError, TypeError)) as refused:
        md.vinyl_check(side, RATE_HZ, **options)  # type: ignore[arg-type]
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_rate_is_named() -> None:
    with pytest.raises(ValueError, match="sample_rate_hz is missing: audio of 'A' has none of its own"):
        md.vinyl_check({"A": np.ones(RATE_HZ)})
