"""The lead report: its figures, what it suggests, and what it refuses."""

import json

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


def noise(seed: int, seconds: float = 16.0, channels: int = 2) -> md.Audio:
    return 0.1 * np.random.default_rng(seed).standard_normal((channels, int(seconds * RATE_HZ)))


def stems(lead_db: float = 0.0) -> dict[str, md.Audio]:
    voice = noise(1)[0] * 10 ** (lead_db / 20)
    voice[: 2 * RATE_HZ] = 0
    voice[9 * RATE_HZ : 13 * RATE_HZ] *= 0.35
    return {"voice": voice, "guitar": 0.3 * noise(2), "keys": 0.3 * noise(3)[0]}


def test_level_and_audibility_are_those_of_the_lead() -> None:
    report = md.lead_report(stems(), RATE_HZ, lead="voice")
    assert report.level_lu is not None
    assert report.audibility is not None
    for db in (-6.0, 6.0):
        moved = md.lead_report(stems(db), RATE_HZ, lead="voice")
        assert moved.level_lu == pytest.approx(report.level_lu + db, abs=0.01)
        assert moved.audibility is not None
        assert (moved.audibility > report.audibility) == (db > 0)
    # Mono counts as two identical channels: the sum of others is 0.3 of a noise in each, and a mono one in both.
    others = md.Stems(stems(), RATE_HZ)
    ratio = 10 * np.log10(np.mean(noise(1)[0] ** 2) / np.mean((others["guitar"] + others["keys"]) ** 2))
    assert report.level_lu == pytest.approx(ratio, abs=1.5)


def test_the_target_is_reached() -> None:
    for target in (0.3, 0.41, 0.5):
        report = md.lead_report(stems(-10), RATE_HZ, lead="voice", target=target)
        assert report.target == target
        assert report.fader_change_db is not None
        moved = md.lead_report(stems(-10 + report.fader_change_db), RATE_HZ, lead="voice")
        # Half a dB is a sixtieth.
        assert moved.audibility == pytest.approx(target, abs=0.01)


def test_a_soft_stretch_is_marked() -> None:
    report = md.lead_report(stems(-10), RATE_HZ, lead="voice")
    assert report.verdict in ("low", "clear", "buried")
    assert any(span.start_s < 11 < span.end_s for span in report.spans), report.spans
    assert report.running_audibility[0] is None
    assert report.block_levels_lu[0] is None


def test_suggestions_go_into_a_mix_and_come_true() -> None:
    before = stems(-12)
    report = md.lead_report(before, RATE_HZ, lead="voice")
    kinds = []
    for suggestion in report.suggest():
        mix = md.Mix(sample_rate_hz=RATE_HZ)
        for name, audio in before.items():
            mix.track(name, np.vstack([audio, audio]) if audio.ndim == 1 else audio)
        suggestion.apply(mix)
        after = md.lead_report(mix, lead="voice")
        assert after.audibility == pytest.approx(suggestion.predicted["audibility"][1], abs=0.02)
        assert report.audibility is not None
        assert after.audibility is not None
        assert after.audibility > report.audibility
        kinds.append("fader" if suggestion.fader_db is not None else type(suggestion.effect).__name__)
        if suggestion.key is not None:
            assert suggestion.key == "voice"
            assert suggestion.track != "voice"
    assert kinds == ["fader", "Bell", "DynamicEqualizer"]


def test_it_can_be_read_printed_and_drawn() -> None:
    report = md.lead_report(stems(-8), RATE_HZ, lead="voice")
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert told["lead"] == "voice"
    assert told["maskers"][0]["lost"] > 0
    assert f"{abs(report.level_lu or 0):.1f} LU below the rest" in report.message
    assert "+1.7" in report.message
    assert report.message in report.table()
    assert "masker" in report.table()
    assert repr(report).startswith("<LeadReport of 'voice'")
    axes = report.plot()
    assert report.plot(axes) is axes
    assert "<svg" in report._repr_html_()


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_short_and_silent_leads(rate_hz: int) -> None:
    frames = int(0.3 * rate_hz)
    short = md.lead_report({"a": noise(4)[:, :frames], "b": noise(5)[0, :frames]}, rate_hz, lead="a")
    assert short.level_lu is None
    assert short.audibility is not None
    assert "not measurable" in short.message
    silent = md.lead_report({"a": np.zeros(frames), "b": noise(5)[0, :frames]}, rate_hz, lead="a")
    assert silent.verdict == "not measurable"
    assert silent.suggest() == ()
    for report in (short, silent):
        json.dumps(report.to_dict(), allow_nan=False)
        report.table()
        report.plot()


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(md.ParameterError, match=r"lead = 'vocie' is none of the stems .* did you mean"):
        md.lead_report(stems(), RATE_HZ, lead="vocie")
    with pytest.raises(md.ParameterError, match="a lead report is of at least 2"):
        md.lead_report({"voice": noise(1)}, RATE_HZ, lead="voice")
    with pytest.raises(md.ParameterError, match="target = 2 is out of range"):
        md.lead_report(stems(), RATE_HZ, lead="voice", target=2)
    with pytest.raises(md.ParameterError, match="lead_report needs lead"):
        md.lead_report(stems(), RATE_HZ)  # type: ignore[call-arg]
