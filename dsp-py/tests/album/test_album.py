"""Albums: levels by policy, groups without gaps, timeline, and what is refused."""

import numpy as np
import pytest

import mixdown as md
from mixdown.meters.loudness_meter import album_of

RATE_HZ = 48_000


def song(seed: int, seconds: float = 8.0, level: float = 0.05, rate_hz: int = RATE_HZ) -> tuple[np.ndarray, int]:
    """Return stereo noise whose level moves like music: some dB of range."""
    frames = round(seconds * rate_hz)
    noise = np.random.default_rng(seed).standard_normal((2, frames))
    course = 1 + 0.5 * np.sin(2 * np.pi * 0.4 * np.arange(frames) / rate_hz + seed)
    smooth = (noise + np.roll(noise, 1, axis=1)) / 2
    return (level * course * smooth).astype(np.float32), rate_hz


def album_of_songs(levels: list[float], **settings) -> md.Album:
    album = md.Album(title="Test", **settings)
    for number, level in enumerate(levels):
        album.track(song(number, level=level), title=f"Song {number + 1}")
    return album


def union(mastered: md.MasteredAlbum) -> float:
    """Return the loudness of all songs as one, measured anew."""
    meters = []
    for track in mastered.tracks:
        meter = md.LoudnessMeter(track.sample_rate_hz, 2)
        meter.observe(track.audio)
        meters.append(meter)
    return album_of(meters)


class TestLevels:
    @pytest.mark.parametrize("target_lufs", [-14, -11])
    def test_the_album_policy_keeps_the_differences_and_meets_the_target(self, target_lufs: float) -> None:
        album = album_of_songs([0.05, 0.03, 0.08, 0.04])
        before = [song.loudness.integrated_lufs for song in album.measure().songs]
        mastered = album.master(target_lufs=target_lufs)
        after = [track.loudness.integrated_lufs for track in mastered.tracks]
        differences = np.array(after) - np.array(before)
        assert np.ptp(differences) <= 0.04
        assert mastered.album_lufs == pytest.approx(target_lufs, abs=0.02)
        assert union(mastered) == pytest.approx(target_lufs, abs=0.02)
        assert all(track.loudness.true_peak_dbtp <= -1.05 for track in mastered.tracks)

    def test_similar_brings_songs_within_the_window_and_no_nearer(self) -> None:
        album = album_of_songs([0.05, 0.035, 0.075, 0.052])
        levels = [reading.loudness.integrated_lufs for reading in album.measure().songs]
        mastered = album.master(target_lufs=-16, policy="similar", window_lu=1.5)
        after = np.array([track.loudness.integrated_lufs for track in mastered.tracks])
        offsets = np.array(levels) - np.median(levels)
        wanted = np.clip(offsets, -1.5, 1.5)
        assert after - after.mean() == pytest.approx(wanted - wanted.mean(), abs=0.04)
        assert mastered.album_lufs == pytest.approx(-16, abs=0.02)
        gains = [change.gain_db for change in mastered.changes]
        assert gains == pytest.approx(list(wanted - offsets), abs=1e-9)

    def test_track_brings_each_song_to_the_target(self) -> None:
        mastered = album_of_songs([0.05, 0.01, 0.07]).master(target_lufs=-16, policy="track")
        assert [t.loudness.integrated_lufs for t in mastered.tracks] == pytest.approx([-16] * 3, abs=0.02)

    def test_an_interlude_keeps_its_level_by_rule_and_by_request(self) -> None:
        album = album_of_songs([0.05, 0.05, 0.004])
        album.track(song(9, level=0.03), title="Kept", level="keep")
        before = [reading.loudness.integrated_lufs for reading in album.measure().songs]
        mastered = album.master(target_lufs=-16, policy="similar", window_lu=0)
        after = [track.loudness.integrated_lufs for track in mastered.tracks]
        reasons = [change.keep for change in mastered.changes]
        assert reasons[:2] == ["", ""]
        assert "its loudest 3 s" in reasons[2]
        assert reasons[3] == 'level = "keep"'
        # Beside the median of the songs that move.
        centre = np.mean(before[:2])
        assert after[2] - after[0] == pytest.approx(before[2] - centre, abs=0.04)
        assert after[3] - after[0] == pytest.approx(before[3] - centre, abs=0.04)
        assert "level kept" in mastered.table()

    def test_a_quiet_song_moves_when_it_is_to(self) -> None:
        album = album_of_songs([0.05, 0.05])
        album.track(song(9, level=0.004), title="Soft", level="move")
        mastered = album.master(target_lufs=-16, policy="similar", window_lu=0.5)
        levels = [track.loudness.integrated_lufs for track in mastered.tracks]
        assert max(levels) - min(levels) <= 0.6
        assert not any(change.keep for change in mastered.changes)

    def test_the_loudest_song_or_the_anchor_lies_on_the_target(self) -> None:
        album = album_of_songs([0.05, 0.02, 0.1])
        loudest = album.master(target_lufs=-16, reference="loudest")
        assert max(t.loudness.integrated_lufs for t in loudest.tracks) == pytest.approx(-16, abs=0.02)
        anchored = album.master(target_lufs=-16, reference="anchor", anchor="Song 2")
        assert anchored.tracks[1].loudness.integrated_lufs == pytest.approx(-16, abs=0.02)

    def test_the_rule_of_the_target_is_the_default(self) -> None:
        rules = {target.name: target.album for target in md.targets()}
        album = album_of_songs([0.05, 0.02])
        for name in ("spotify", "tidal"):
            mastered = album.master(name)
            levels = [track.loudness.integrated_lufs for track in mastered.tracks]
            on_target = max(levels) if rules[name] == "loudest" else mastered.album_lufs
            assert on_target == pytest.approx(mastered.target.integrated_lufs, abs=0.02)
        assert {rules["spotify"], rules["tidal"]} == {"integrated", "loudest"}

    def test_the_loud_part_compares_songs_with_quiet_verses(self) -> None:
        verse, chorus = song(1, 20, 0.03)[0], song(2, 10, 0.08)[0]
        album = md.Album()
        album.track((np.concatenate([verse, chorus], axis=1), RATE_HZ), title="Verses")
        album.track(song(3, 20, 0.08), title="Even")
        readings = {
            measure: album.master(target_lufs=-18, policy="similar", window_lu=0, measure=measure).tracks
            for measure in ("integrated", "loud_part")
        }
        choruses = {
            measure: [track.loudness.max_short_term_lufs for track in tracks] for measure, tracks in readings.items()
        }
        assert abs(np.subtract(*choruses["loud_part"])) < abs(np.subtract(*choruses["integrated"])) - 0.5

    def test_out_of_reach_names_the_song_and_the_level_that_can_be_had(self) -> None:
        album = album_of_songs([0.01, 0.1])
        with pytest.raises(md.ParameterError, match=r"target_lufs = -4 is out of reach: 'Song 2' would need") as error:
            album.master(target_lufs=-4, clip_db="off")
        had = float(str(error.value).rpartition("reaches ")[2].removesuffix(" LUFS."))
        assert had < -4
        album.master(target_lufs=had - 0.1, clip_db="off")

    def test_gain_db_stands_beside_the_policy(self) -> None:
        plain = album_of_songs([0.05, 0.05])
        lifted = md.Album()
        for number in range(2):
            lifted.track(song(number, level=0.05), title=f"Song {number + 1}", gain_db=2 * number)
        levels = [
            np.subtract(*[track.loudness.integrated_lufs for track in album.master(target_lufs=-16).tracks])
            for album in (plain, lifted)
        ]
        assert levels[0] - levels[1] == pytest.approx(2, abs=0.04)


class TestGroups:
    def pair(self, rate_hz: int = RATE_HZ, **settings) -> tuple[md.Album, np.ndarray]:
        whole, _ = song(5, 16, 0.15, rate_hz)
        border = round(7.3 * rate_hz) + 1
        album = md.Album(**settings)
        album.track((whole[:, :border], rate_hz), title="First")
        album.track((whole[:, border:], rate_hz), title="Second", gapless=True)
        return album, whole

    @pytest.mark.parametrize("rate_hz", [48_000, 44_100])
    def test_songs_without_a_gap_are_one_programme_bit_for_bit(self, rate_hz: int) -> None:
        album, whole = self.pair(rate_hz, sample_rate_hz=48_000)
        effects = [md.HighPass(frequency_hz=30), md.Bell(frequency_hz=1_000, gain_db=2)]
        mastered = album.master(target_lufs=-9, effects=effects)
        alone = md.Album(sample_rate_hz=48_000)
        alone.track((whole, rate_hz), title="First / Second")
        expected = alone.master(target_lufs=-9, effects=effects).tracks[0].audio
        pieces = np.concatenate([track.audio for track in mastered.tracks], axis=1)
        np.testing.assert_array_equal(pieces, expected)
        np.testing.assert_array_equal(mastered.programme(), expected)
        assert mastered.tracks[0].certificate.max_reduction_db > 0.5

    def test_at_another_rate_the_pieces_are_one_programme_too(self) -> None:
        album, _ = self.pair()
        disc = album.master(target_lufs=-12).at(44_100, 16)
        pieces = np.concatenate([track.audio for track in disc.tracks], axis=1)
        np.testing.assert_array_equal(pieces, disc.programme())
        assert disc.album_lufs == pytest.approx(-12, abs=0.02)
        assert max(track.loudness.true_peak_dbtp for track in disc.tracks) <= -1.05
        np.testing.assert_array_equal(pieces * 32_768, np.round(pieces * 32_768))
        assert disc.starts[1] == round((round(7.3 * 48_000) + 1) * 44_100 / 48_000)

    def test_each_song_of_a_group_has_readings_of_its_own(self) -> None:
        album, _ = self.pair()
        mastered = album.master(target_lufs=-14)
        for track in mastered.tracks:
            reading = md.loudness(track.audio, track.sample_rate_hz, precision="reference")
            assert track.loudness.integrated_lufs == reading.integrated_lufs
            assert track.loudness.true_peak_dbtp == reading.true_peak_dbtp

    def test_a_crossfade_has_equal_power_and_its_border_at_the_incoming_song(self) -> None:
        one, other = song(1, 8, 0.1)[0], song(2, 8, 0.1)[0]
        album = md.Album()
        album.track((one, RATE_HZ), title="One")
        album.track((other, RATE_HZ), title="Other", crossfade_s=2.0)
        mastered = album.master(target_lufs=-20)
        assert mastered.programme().shape[1] == 14 * RATE_HZ
        assert mastered.starts == (0, 6 * RATE_HZ)
        gain = 10 ** (mastered.tracks[0].certificate.gain_db / 20)
        t = (np.arange(2 * RATE_HZ) + 0.5) / (2 * RATE_HZ) * np.pi / 2
        expected = gain * (one[:, 6 * RATE_HZ :] * np.cos(t) + other[:, : 2 * RATE_HZ] * np.sin(t))
        found = mastered.programme()[:, 6 * RATE_HZ : 8 * RATE_HZ]
        assert np.abs(found - expected)[:, 4_800:-4_800].max() < 1e-5


class TestTimeline:
    def test_gaps_lie_between_songs_alone(self) -> None:
        album = md.Album()
        for number, gap_s in enumerate((5.0, None, 0.5)):
            album.track(song(number, 4), title=str(number), gap_s=gap_s)
        mastered = album.master(target_lufs=-18)
        assert mastered.pauses_s == (0.0, 2.0, 0.5)
        assert mastered.starts == (0, 6 * RATE_HZ, round(10.5 * RATE_HZ))
        programme = mastered.programme()
        assert programme.shape[1] == round(14.5 * RATE_HZ)
        assert not programme[:, 4 * RATE_HZ : 6 * RATE_HZ].any()
        assert [track.audio.shape[1] for track in mastered.tracks] == [4 * RATE_HZ] * 3

    def test_silence_is_trimmed_only_when_asked(self) -> None:
        audio = song(1, 4)[0]
        padded = np.concatenate([np.zeros((2, RATE_HZ)), audio, 1e-5 * song(2, 2)[0]], axis=1).astype(np.float32)
        lengths = {}
        for trim in ("none", "auto"):
            album = md.Album()
            album.track((padded, RATE_HZ), title="A", trim=trim)
            mastered = album.master(target_lufs=-18)
            lengths[trim] = mastered.tracks[0].duration_s
            assert ("cut off the head" in str(mastered.changes[0])) == (trim == "auto")
        assert lengths["none"] == pytest.approx(7)
        assert lengths["auto"] == pytest.approx(4.05, abs=0.011)

    def test_ends_that_are_cut_are_faded_and_others_are_left(self) -> None:
        audio = song(1, 4, 0.2)[0]
        album = md.Album()
        album.track((audio, RATE_HZ), title="Cut")
        whole = audio.copy()
        whole[:, :480] *= np.linspace(0, 1, 480)
        whole[:, -480:] *= np.linspace(1, 0, 480)
        album.track((whole, RATE_HZ), title="Whole")
        mastered = album.master(target_lufs=-20)
        assert len(mastered.changes[0].ends) == 2
        assert not mastered.changes[1].ends
        cut = mastered.tracks[0].audio
        assert np.abs(cut[:, [0, -1]]).max() <= 2**-22
        tail = np.abs(cut[:, -4_800:]).reshape(2, 10, 480).max(axis=(0, 2))
        assert np.all(np.diff(tail[2:]) < 0)

    def test_mono_and_other_rates_are_converted_and_named(self) -> None:
        album = md.Album(sample_rate_hz=48_000)
        album.track((song(1, 4)[0][0], RATE_HZ), title="Mono")
        album.track(song(2, 4, rate_hz=44_100), title="Other")
        mastered = album.master(target_lufs=-20)
        assert all(track.audio.shape[0] == 2 and track.sample_rate_hz == 48_000 for track in mastered.tracks)
        # Equal but for the dither, which each channel has of its own.
        np.testing.assert_allclose(*mastered.programme()[:, :RATE_HZ], rtol=0, atol=2**-21)
        assert "mono, made left and right" in mastered.changes[0].ends
        assert "from 44100 Hz to 48000 Hz" in mastered.changes[1].ends


class TestTone:
    def songs(self, seconds: float, gain_db: float) -> md.Album:
        album = md.Album()
        tilt = md.HighShelf(frequency_hz=6_000, gain_db=gain_db)
        for number in range(3):
            audio, rate_hz = song(number, seconds)
            album.track((tilt(audio, rate_hz) if number == 2 else audio, rate_hz), title=str(number))
        return album

    def test_a_shelf_is_found_and_half_of_it_taken_back(self) -> None:
        album = self.songs(64, -3)
        changes = album.master(target_lufs=-20, tone="gentle").changes
        assert all(change.tone is not None for change in changes)
        assert changes[0].tone.effect is None
        low_db, high_db = changes[2].tone.wanted_db
        assert (low_db, high_db) == (pytest.approx(0, abs=0.4), pytest.approx(3, abs=0.4))
        assert changes[2].tone.effect[1].gain_db == pytest.approx(high_db / 2, abs=0.01)
        assert album.measure().tonal_spread_db > 0.3

    @pytest.mark.parametrize(
        ("seconds", "gain_db", "why"),
        [(20, -3, "no evidence"), (64, -1, "less than 2 dB"), (64, -9, "another instrumentation")],
    )
    def test_without_evidence_nothing_is_moved(self, seconds: float, gain_db: float, why: str) -> None:
        change = self.songs(seconds, gain_db).master(target_lufs=-20, tone="gentle").changes[2]
        assert change.tone.effect is None
        assert why in change.tone.reason

    def test_treble_that_one_song_lacks_is_not_judged(self) -> None:
        album = self.songs(64, 0)
        dull = md.LowPass(frequency_hz=1_000, slope_db_per_octave=48)(*song(7, 64))
        album.track((dull, RATE_HZ), title="Dull")
        move = album.master(target_lufs=-20, tone="gentle").changes[3].tone
        assert move.wanted_db[1] == 0
        assert abs(move.wanted_db[0]) < 3
        assert "no treble to compare" in move.reason


class TestRefusals:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"gapless": True, "gap_s": 1.0}, r"gapless = True and gap_s = 1\.0 exclude each other"),
            ({"gap_s": 1.0, "crossfade_s": 1.0}, r"crossfade_s = 1\.0 and gap_s = 1\.0 exclude each other"),
            ({"gapless": True, "crossfade_s": 1.0}, r"gapless = True and crossfade_s = 1\.0 exclude each other"),
            ({"crossfade_s": 2.5}, r"crossfade_s = 2\.5 is out of range: it is at most half of a song, 'A' lasts 4"),
            ({"gapless": True, "gain_db": 1.0}, r"gain_db = 0\.0 of 'A' and 1\.0 of 'B' do not fit"),
            ({"gapless": True, "effects": md.Gain(gain_db=1)}, r"effects = None of 'A' and Gain\(gain_db=1.*of 'B'"),
            ({"gap_s": 61}, r"gap_s = 61 is out of range: it must lie in 0\.\.60"),
            ({"trim": "yes"}, r"trim = 'yes' is not allowed"),
            ({"level": "loud"}, r"level = 'loud' is not allowed"),
            ({"isrc": "XX"}, r"isrc = 'XX' is not allowed"),
            ({"isrc": "USS1Z2600001"}, r"isrc = USS1Z2600001 of 'B' is that of 'A'"),
            ({"key": "H#"}, r"key = 'H#'"),
            ({"tempo_bpm": 5}, r"tempo_bpm = 5 is out of range"),
            ({"index_points_s": [3, 2]}, r"index_points_s = \[3\.0, 2\.0\] is not allowed: times rise"),
            ({"index_points_s": [9]}, r"index_points_s holds 9: 'B' ends at 5\.000 s"),
            ({"title": "A"}, r"title = 'A' is there already"),
            ({"title": "A\nB"}, r"title = .* is not allowed: it must be one line"),
        ],
    )
    def test_songs_that_do_not_fit(self, settings: dict, message: str) -> None:
        album = md.Album()
        album.track(song(1, 4), title="A", isrc="US-S1Z-26-00001")
        with pytest.raises(md.ParameterError, match=message):
            album.track(song(2, 5), **{"title": "B", **settings})
        assert len(album) == 1

    @pytest.mark.parametrize(
        ("audio", "message"),
        [
            (np.zeros((2, RATE_HZ)), "audio of 'A' is silent"),
            (np.ones((2, 100)), r"audio of 'A' has a length of 0\.002 s"),
            (np.full((2, RATE_HZ), np.nan), r"audio of 'A' (holds|contains|has) .*non-finite"),
            (np.ones((3, RATE_HZ)), "audio of 'A' has 3 channels"),
        ],
    )
    def test_audio_without_a_level(self, audio: np.ndarray, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            md.Album().track((audio, RATE_HZ), title="A")

    def test_the_first_song_follows_none(self) -> None:
        with pytest.raises(md.ParameterError, match="'A' is the first song: it cannot go on from one before"):
            md.Album().track(song(1, 4), title="A", gapless=True)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"policy": "loud"}, "policy = 'loud' is not allowed"),
            ({"anchor": "C"}, r"anchor = 'C' is none of the songs \(Song 1\)"),
            ({"reference": "anchor"}, "needs anchor"),
            ({"window_lu": -1}, r"window_lu = -1 is out of range"),
            ({"tone": "strong"}, "tone = 'strong' is not allowed"),
            ({"target": "nowhere"}, "target = 'nowhere' is unknown"),
            ({"effects": 3}, "effects = 3 is neither an effect nor a sequence"),
        ],
    )
    def test_masters_that_cannot_be(self, settings: dict, message: str) -> None:
        with pytest.raises((ValueError, TypeError), match=message):
            album_of_songs([0.05]).master(**{"target_lufs": -16, **settings} if "target" not in settings else settings)

    @pytest.mark.parametrize("date", ["yesterday", "28.11.2026", "2026-13", "2026-11-32"])
    def test_dates_that_tags_do_not_hold(self, date: str) -> None:
        with pytest.raises(md.ParameterError, match=r"date = .* is not allowed: it must be YYYY"):
            md.Album(date=date)

    def test_an_empty_album_and_a_wrong_barcode(self) -> None:
        with pytest.raises(md.ParameterError, match="the album has no songs"):
            md.Album().master()
        with pytest.raises(md.ParameterError, match=r"barcode = '012345678906' .*5"):
            md.Album(barcode="012345678906")


def test_an_order_is_suggested_from_what_was_measured() -> None:
    album = md.Album()
    for number, (level, key, tempo) in enumerate([(0.1, "C", 120), (0.02, "Am", 118), (0.05, "F#", 90)]):
        album.track(song(number, 6, level), title=f"S{number}", key=key, tempo_bpm=tempo)
    order = album.suggest_order(first="S1")
    assert order.titles[0] == "S1"
    assert sorted(order.titles) == ["S0", "S1", "S2"]
    assert order.cost <= order.given_cost or order.titles[0] == "S1"


def test_an_order_keeps_together_what_has_no_gap() -> None:
    album = md.Album()
    for number, level in enumerate((0.1, 0.02, 0.05, 0.03)):
        album.track(song(number, 6, level), title=f"S{number}", gapless=number == 2)
    order = album.suggest_order(last="S1")
    assert order.titles[-1] == "S1 / S2"
    assert sorted(order.titles) == ["S0", "S1 / S2", "S3"]
    assert "with these ends" in order.table()


def test_a_group_has_the_ceiling_of_its_loudest_song() -> None:
    album = md.Album()
    album.track(song(1, 12, 0.03), title="Soft")
    album.track(song(2, 4, 0.06), title="Loud", gapless=True)
    mastered = album.master("spotify")
    levels = [track.loudness.integrated_lufs for track in mastered.tracks]
    assert levels[0] < -14 < levels[1]
    assert all(track.certificate.ceiling_dbtp == -2 for track in mastered.tracks)
    before = [change.before_lufs for change in mastered.changes]
    # The level of each song before, and not that of both.
    assert before[1] - before[0] == pytest.approx(20 * np.log10(2), abs=0.5)


def test_songs_louder_than_the_target_get_its_ceiling_for_them() -> None:
    mastered = album_of_songs([0.05, 0.02]).master("spotify")
    lufs = [track.loudness.integrated_lufs for track in mastered.tracks]
    assert lufs[0] > -14 > lufs[1]
    assert [track.certificate.ceiling_dbtp for track in mastered.tracks] == [-2, -1]
    assert mastered.tracks[0].loudness.true_peak_dbtp <= -2.05


def test_measurements_show_themselves() -> None:
    album = album_of_songs([0.05, 0.02])
    report = album.measure()
    assert "Song 2" in report.table()
    assert report.to_dict()["songs"][0]["title"] == "Song 1"
    assert "<svg" in report._repr_html_()
    assert "Song 1" in album.master(target_lufs=-20)._repr_html_()
    union_lufs = md.album_loudness([(one.audio, one.sample_rate_hz) for one in album])
    # Its songs are faded where they are cut.
    assert report.album_lufs == pytest.approx(union_lufs, abs=0.03)
