"""Masking and lead of real stems: those of ``multitrack-mdn`` in the folder that MIXDOWN_TEST_AUDIO names."""

import os
from pathlib import Path

import numpy as np
import pytest

import mixdown as md

_FOLDER = os.environ.get("MIXDOWN_TEST_AUDIO")

pytestmark = pytest.mark.skipif(_FOLDER is None, reason="MIXDOWN_TEST_AUDIO names no folder of real audio")

NAMES = ("bassguitar", "clav", "drums", "horns", "leadguitar")
#: Of the stems of a song lowered by so much, the share that must become the least audible.
LEAST_AUDIBLE = {-12: 0.8, -6: 0.55}
#: How far a prediction may lie from the report on the processed audio.
PREDICTION = 0.02


@pytest.fixture(scope="module")
def stems() -> md.Stems:
    read = {name: md.read(Path(_FOLDER or ".") / "multitrack-mdn" / f"{name}.mp3") for name in NAMES}
    frames = max(recording.audio.shape[-1] for recording in read.values())
    padded = {
        name: np.pad(audio, [(0, 0), (0, frames - audio.shape[-1])]).astype(np.float32)
        for name, (audio, _) in read.items()
    }
    return md.Stems(padded, read["drums"].sample_rate_hz)


def moved(stems: md.Stems, name: str, db: float) -> dict[str, md.Audio]:
    return {**stems, name: (stems[name] * 10 ** (db / 20)).astype(np.float32)}


def through(stems: md.Stems, suggestion: md.Suggestion) -> dict[str, md.Audio]:
    """The stems after a suggestion."""
    assert suggestion.track is not None
    if suggestion.fader_db is not None:
        return moved(stems, suggestion.track, suggestion.fader_db)
    assert suggestion.effect is not None
    key = None if suggestion.key is None else stems[suggestion.key]
    return {
        **stems,
        suggestion.track: suggestion.effect.process(stems[suggestion.track], stems.sample_rate_hz, key=key),
    }


@pytest.mark.parametrize("db", LEAST_AUDIBLE)
def test_a_stem_turned_down_becomes_the_least_audible(stems: md.Stems, db: int) -> None:
    """Acceptance 3."""
    found = []
    for name in NAMES:
        audibility = md.masking(moved(stems, name, db), stems.sample_rate_hz).audibility
        found.append(name == min(NAMES, key=lambda other: audibility[other] or 0.0))
    assert np.mean(found) >= LEAST_AUDIBLE[db], found


def test_a_clash_made_on_purpose_is_found(stems: md.Stems) -> None:
    """Acceptance 5: where both have energy; the bass has none between its notes at 63 and 100 Hz."""
    rate_hz = stems.sample_rate_hz
    for frequency_hz in (50, 55, 60, 65, 95, 100, 110, 120):
        bell = md.Bell(frequency_hz=frequency_hz, gain_db=9, q=3)
        made = {**stems, **{name: bell(stems[name], rate_hz) for name in ("bassguitar", "drums")}}
        first = md.masking(made, rate_hz).clashes(3)
        pair = [clash for clash in first if set(clash.tracks) == {"bassguitar", "drums"}]
        near = [abs(np.log2(clash.frequency_hz / frequency_hz)) <= 1 / 6 for clash in pair]
        assert any(near), (frequency_hz, first)


def test_predictions_come_true(stems: md.Stems) -> None:
    """Acceptance 6."""
    report = md.masking(stems, lead="leadguitar")
    checked = 0
    for clash in report.all_clashes:
        for suggestion in clash.suggestions:
            cut = suggestion.track or ""
            owner = next(name for name in clash.tracks if name != cut)
            after = md.masking(through(stems, suggestion), stems.sample_rate_hz, lead="leadguitar")
            for at, told in enumerate((report, after)):
                local = told.local_lost(cut, owner, clash.frequency_hz)
                assert local == pytest.approx(suggestion.predicted["local_lost"][at], abs=PREDICTION), suggestion
                whole = told.lost[told.names.index(cut), told.names.index(owner)]
                assert whole == pytest.approx(suggestion.predicted["lost"][at], abs=PREDICTION), suggestion
            before, then, _ = suggestion.predicted["local_lost"]
            assert then < before
            checked += 1
    assert checked >= 5


def test_the_lead_is_never_cut(stems: md.Stems) -> None:
    """Acceptance 7."""
    for lead in NAMES:
        report = md.masking(stems, lead=lead)
        cuts = [suggestion.track for clash in report.all_clashes for suggestion in clash.suggestions]
        assert cuts
        assert lead not in cuts


def test_a_lead_guitar_moves_as_its_fader_does(stems: md.Stems) -> None:
    """Acceptance 4, with a lead guitar in place of a vocal, which the engineer set lower than those."""
    plain = md.lead_report(stems, lead="leadguitar")
    assert plain.verdict == "low"
    assert plain.level_lu is not None
    assert plain.fader_change_db is not None
    last = 0.0
    for db in (-12, -9, -6, -3, 0, 3, 6):
        found = md.lead_report(moved(stems, "leadguitar", db), stems.sample_rate_hz, lead="leadguitar")
        assert found.level_lu == pytest.approx(plain.level_lu + db, abs=0.01)
        assert found.audibility is not None
        assert found.audibility > last
        last = found.audibility
        assert found.fader_change_db == pytest.approx(plain.fader_change_db - db, abs=0.5)
        assert (found.verdict == "buried") == (db <= -6), (db, found.verdict)


def test_what_helps_the_lead_comes_true(stems: md.Stems) -> None:
    """Acceptance 6, of the lead report; the cut of the masker lies where it did in the songs that were measured."""
    report = md.lead_report(stems, lead="leadguitar")
    fader, bell, keyed = report.suggest()
    for suggestion in (fader, bell, keyed):
        after = md.lead_report(through(stems, suggestion), stems.sample_rate_hz, lead="leadguitar")
        assert after.audibility == pytest.approx(suggestion.predicted["audibility"][1], abs=PREDICTION)
    assert isinstance(bell.effect, md.Bell)
    assert 1_200 <= bell.effect.frequency_hz <= 3_500
    assert 0.5 <= bell.evidence["worth_db"][0] <= 1.3
    assert bell.track == "horns"
    assert keyed.key == "leadguitar"
