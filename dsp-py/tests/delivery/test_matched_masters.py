"""Masters that are matched to a reference before the solver."""

import json
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from running import call

RATE_HZ = 48_000
BRIGHT = md.HighShelf(frequency_hz=3_000, gain_db=6)


def test_the_match_stands_before_the_solver_and_in_the_certificate(song: np.ndarray) -> None:
    reference = BRIGHT(song, RATE_HZ)
    plain = md.master(song, RATE_HZ)
    mastered = md.master(song, RATE_HZ, reference=reference, amount=1)
    matched = mastered.certificate.match
    assert matched is not None
    assert matched == mastered.certificate.match
    assert matched.amount == 1
    assert matched.rms_after_db < 0.3 * matched.rms_before_db
    assert matched.worst_residual_db < 0.5
    assert isinstance(matched.effect, md.Equalizer)
    # What was delivered is brighter, and measures what it promises.
    bright, dark = (md.tonal_balance(made.audio, RATE_HZ).slope_db_per_octave for made in (mastered, plain))
    assert bright is not None
    assert dark is not None
    assert bright > dark + 0.7
    reading = md.loudness(mastered.audio, RATE_HZ, precision="reference")
    assert reading.integrated_lufs == mastered.certificate.loudness.integrated_lufs
    assert reading.integrated_lufs == pytest.approx(-14, abs=0.05)
    assert reading.true_peak_dbtp <= -1
    note = mastered.certificate.notes[0]
    assert note.startswith("Matched to a reference by 100 %: the spectra differed by ")
    assert note in mastered.certificate.summary()
    written = json.loads(json.dumps(mastered.certificate.to_dict(), allow_nan=False))
    assert written["match"]["amount"] == 1
    assert md.from_dict(written["match"]["effect"]) == matched.effect


def test_the_match_is_that_of_the_programme_after_the_effects(song: np.ndarray) -> None:
    reference = BRIGHT(song, RATE_HZ)
    matched = md.master(song, RATE_HZ, effects=BRIGHT, reference=(reference, RATE_HZ), amount=1).certificate.match
    assert matched is not None
    assert matched.effect == md.Equalizer()
    assert matched.rms_before_db < 0.01


def test_without_a_reference_nothing_is_matched(song: np.ndarray) -> None:
    certificate = md.master(song, RATE_HZ).certificate
    assert certificate.match is None
    assert "match" not in certificate.to_dict()
    with pytest.raises(md.ParameterError, match="amount is given without reference"):
        md.master(song, RATE_HZ, amount=1)
    with pytest.raises(md.ParameterError, match="reference_rate_hz is given without reference"):
        md.master(song, RATE_HZ, reference_rate_hz=RATE_HZ)
    with pytest.raises(md.ParameterError, match=r"amount = 2 is out of range: it must lie in 0\.\.1"):
        md.master(song, RATE_HZ, reference=song, amount=2)
    with pytest.raises(md.ParameterError, match=r"reference sounds for 0\.00 s"):
        md.master(song, RATE_HZ, reference=np.zeros_like(song))


def test_the_command_line_matches_too(song: np.ndarray, tmp_path: Path) -> None:
    mix, reference, output = (tmp_path / name for name in ("mix.wav", "reference.wav", "master.wav"))
    md.write(mix, song / np.abs(song).max(), RATE_HZ)
    md.write(reference, BRIGHT(song, RATE_HZ) / 4, RATE_HZ)
    done = call("master", mix, "-o", output, "--reference", reference, "--amount", "1")
    assert done.returncode == 0, done.stderr
    assert "Matched to a reference by 100 %: the spectra differed by " in done.stdout
    for options, message in (
        (["--amount", "1"], "--amount is given without --reference"),
        (["--reference", tmp_path / "none.wav"], "none.wav"),
        (["--reference", reference, "--amount", "two"], "--amount = 'two' is not a number: it must lie in 0..1"),
    ):
        refused = call("master", mix, "-o", tmp_path / "other.wav", *options)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert message in refused.stderr
