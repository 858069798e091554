"""Masking: the report of a few tracks, its figures, and what it refuses."""

import json

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


def noise(seed: int, seconds: float = 2.0, channels: int = 2) -> md.Audio:
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, int(seconds * RATE_HZ)))


def low(audio: md.Audio, hz: float) -> md.Audio:
    return md.LowPass(frequency_hz=hz, slope_db_per_octave=24)(audio, RATE_HZ)


def tracks() -> dict[str, md.Audio]:
    hits = np.exp(-20 * (np.arange(8 * RATE_HZ) % 24_000) / RATE_HZ)
    bell = md.Bell(frequency_hz=80, gain_db=9, q=3)
    return {
        "bass": bell(low(noise(1, 8), 200), RATE_HZ) * 2,
        "kick": bell(low(noise(2, 8), 160) * hits * 4, RATE_HZ),
        "pad": noise(3, 8) * 0.1,
    }


def test_a_report_is_one_of_figures_by_name() -> None:
    report = md.masking(tracks(), RATE_HZ)
    assert report.names == ("bass", "kick", "pad")
    assert report.lead is None
    assert report.lost.shape == (3, 3)
    assert np.all(np.diag(report.lost) == 0)
    for masker in range(3):
        for track, name in enumerate(report.names):
            assert report.profile(masker, name).sum() == pytest.approx(report.lost[masker, track])
            assert report.unique(report.names[masker], name) <= report.lost[masker, track] + 1e-9
    assert set(report.words.values()) <= {"hidden", "low", "fine"}
    shares = [share for share in report.share.values() if share is not None]
    assert all(0 < share <= 1 for share in shares)
    clash = report.clashes(1)[0]
    assert set(clash.tracks) == {"bass", "kick"}
    assert clash.strong
    assert clash.frequency_hz == pytest.approx(80, rel=0.12)
    assert report.clashes(0) == ()
    assert len(report.clashes()) <= 5
    with pytest.raises(ValueError, match="limit = -1"):
        report.clashes(-1)
    with pytest.raises(md.ParameterError, match=r"masker = 'bas' is none of the tracks .* did you mean"):
        report.profile("bas", 0)


def test_it_can_be_read_printed_and_drawn() -> None:
    report = md.masking(tracks(), RATE_HZ, lead="pad")
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert told["names"] == ["bass", "kick", "pad"]
    assert told["all_clashes"][0]["score"] > 0.04
    assert "pad (lead)" in report.table()
    assert "compete" in report.table()
    assert repr(report).startswith("<Masking of 3 tracks")
    assert "score" in repr(report.clashes()[0])
    axes = report.plot()
    assert report.plot(axes) is axes
    assert "<svg" in report._repr_html_()
    assert "<table" not in repr(report)


def test_suggestions_go_into_a_mix_and_come_true() -> None:
    stems = tracks()
    report = md.masking(stems, RATE_HZ)
    first = report.suggest(1)[0]
    clash = next(clash for clash in report.all_clashes if first in clash.suggestions)
    assert first.track in clash.tracks
    assert first.track != clash.owner
    assert isinstance(first.effect, md.Bell)
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    for name, audio in stems.items():
        mix.track(name, audio)
    first.apply(mix)
    assert mix[first.track or ""].inserts == (first.effect,)
    after = md.masking(mix)
    owner = next(name for name in clash.tracks if name != first.track)
    before, promised, _ = first.predicted["local_lost"]
    found = after.local_lost(first.track or "", owner, clash.frequency_hz)
    assert report.local_lost(first.track or "", owner, clash.frequency_hz) == pytest.approx(before, abs=0.02)
    assert found == pytest.approx(promised, abs=0.02)
    assert promised < before
    lost = first.predicted["lost"]
    assert after.lost[after.names.index(first.track or ""), after.names.index(owner)] == pytest.approx(
        lost[1], abs=0.02
    )


def test_the_lead_never_yields_and_is_asked_for() -> None:
    stems = tracks()
    for lead in stems:
        for clash in md.masking(stems, RATE_HZ, lead=lead).all_clashes:
            assert all(suggestion.track != lead for suggestion in clash.suggestions)
    named = md.masking({"Lead Vocal": stems["bass"], "kick": stems["kick"]}, RATE_HZ)
    assert "Lead Vocal" in named.notes[0]
    assert "Lead Vocal" in named.table()


def test_limits_are_the_users() -> None:
    stems = tracks()
    report = md.masking(stems, RATE_HZ, limits={"shown_score": 0.0, "hidden_audibility": 1.0, "low_audibility": 1.0})
    assert len(report.all_clashes) > len(md.masking(stems, RATE_HZ).all_clashes)
    assert set(report.words.values()) == {"hidden"}
    with pytest.raises(md.ParameterError, match="did you mean strong_score"):
        md.masking(stems, RATE_HZ, limits={"strong_scor": 0.1})
    with pytest.raises(md.ParameterError, match="hidden_audibility = 2 is out of range"):
        md.masking(stems, RATE_HZ, limits={"hidden_audibility": 2})


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_short_silent_and_mono_tracks(rate_hz: int) -> None:
    frames = int(0.3 * rate_hz)
    stems = {"mono": noise(4)[0, :frames], "stereo": noise(5)[:, :frames], "silent": np.zeros(frames)}
    report = md.masking(stems, rate_hz)
    assert report.words["silent"] == "not measurable"
    assert report.audibility["silent"] is None
    assert report.audibility["mono"] is not None
    json.dumps(report.to_dict(), allow_nan=False)
    assert "not measurable" in report.table()
    report.plot()
    silence = md.masking({"a": np.zeros(frames), "b": np.zeros(frames)}, rate_hz)
    assert set(silence.words.values()) == {"not measurable"}
    assert "No two tracks compete" in silence.table()


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(md.ParameterError, match="stems has 1 entries: masking is of at least 2"):
        md.masking({"a": noise(6)}, RATE_HZ)
    with pytest.raises(md.ParameterError, match="lead = 'vox' is none of the stems"):
        md.masking(tracks(), RATE_HZ, lead="vox")
    bad = noise(7)
    bad[0, 9] = np.nan
    with pytest.raises(md.ParameterError, match="1 non-finite samples, the first at frame 9"):
        md.masking({"a": noise(6), "b": bad}, RATE_HZ)
    with pytest.raises(md.ParameterError, match="masking has no parameter leed: did you mean lead"):
        md.masking(tracks(), RATE_HZ, leed="kick")  # type: ignore[call-arg]
