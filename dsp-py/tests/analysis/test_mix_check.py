"""The mix check in Python: its values, its arguments, its command. Known answers are in the tests of the engine."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from mixdown import _core
from running import call
from signals import RATE_HZ


@pytest.fixture
def stereo(noise) -> np.ndarray:
    return 0.1 * noise(2, 4 * RATE_HZ)


def broken(stereo: np.ndarray) -> np.ndarray:
    """Inverted, with an offset and a dropout."""
    audio = np.stack([stereo[0], -stereo[0] + 0.01])
    audio[:, RATE_HZ : RATE_HZ + RATE_HZ // 50] = 0
    return audio


def test_a_clean_mix_passes(stereo) -> None:
    check = md.check_mix(stereo, RATE_HZ)
    assert check.passed
    assert [finding.check for finding in check.not_measurable] == ["noise_floor"]
    assert check.channels == 2
    assert check.duration_s == 4
    assert check.true_peak_dbtp == pytest.approx(md.loudness(stereo, RATE_HZ).true_peak_dbtp)
    assert check.correlation == pytest.approx(np.corrcoef(stereo)[0, 1], abs=1e-3)


def test_faults_come_first_and_say_where(stereo) -> None:
    check = md.check_mix(broken(stereo), RATE_HZ)
    assert not check.passed
    order = ["fault", "warning", "note", "not_measurable"]
    found = [finding.severity for finding in check.findings]
    assert found == sorted(found, key=order.index)
    (span,) = check.of("dropouts")[0].at_s
    assert span == pytest.approx((1.0, 1.02), abs=1e-4)
    (offset,) = check.of("dc")
    assert offset.channel == 1
    assert offset.suggestion is not None
    assert offset.suggestion.effect == md.HighPass(frequency_hz=20)
    restored = check.of("polarity")[0].suggestion.effect(broken(stereo), RATE_HZ)
    np.testing.assert_array_equal(restored, broken(stereo) * [[1], [-1]])


def test_views(stereo) -> None:
    check = md.check_mix(broken(stereo), RATE_HZ)
    plain = check.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["passed"] is False
    assert "_envelope" not in plain
    lines = check.table().splitlines()
    assert len(lines) == len(check.findings)
    assert lines[0].startswith("fault")
    assert check.findings[0].message in lines[0]
    assert repr(check).startswith("<MixCheck: faults; ")
    assert check._repr_html_().count("<svg") == 1
    axes = check.plot()
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[:2] == ["L", "R"]
    assert set(labels[2:]) == {finding.check.replace("_", " ") for finding in check.findings}
    assert check.plot(axes) is axes
    assert md.check_mix(np.zeros(100), RATE_HZ).plot() is not None
    assert md.check_mix(np.zeros((2, 0)), RATE_HZ).plot() is not None


def test_stems_in_every_form(noise) -> None:
    bass = md.LowPass(frequency_hz=2000)(0.2 * noise(1, 3 * RATE_HZ), RATE_HZ)
    keys = md.LowPass(frequency_hz=2000)(0.2 * noise(1, 3 * RATE_HZ, seed=2), RATE_HZ).astype(np.float32)
    stems = {"bass": bass, "keys": keys, "amp": -0.8 * bass}
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    for name, audio in stems.items():
        mix.track(name, audio)
    audio = mix.render(tail="none")
    for given in (stems, mix, md.Stems(stems, RATE_HZ)):
        (found,) = md.check_mix(audio, RATE_HZ, stems=given).of("cancellation")
        assert found.tracks == ("bass", "amp")
        assert found.value == pytest.approx(10 * np.log10(0.04 / 1.64), abs=0.01)
        before, after, _ = found.suggestion.predicted["change_120_300_hz_db"]
        assert after - before > 3
    found.suggestion.apply(mix)
    assert mix[found.suggestion.track].inserts[-1] == md.Gain(invert_polarity=True)
    assert not md.check_mix(mix.render(tail="none"), RATE_HZ, stems=mix).of("cancellation")


def test_one_clear_line(stereo) -> None:
    bad = stereo.copy()
    bad[1, 70] = np.nan
    for call_it, message in (
        (lambda: md.check_mix(bad, RATE_HZ), "audio holds 1 non-finite samples, the first at frame 70"),
        (lambda: md.check_mix(np.zeros((3, 9)), RATE_HZ), "audio has 3 channels: reports are of mono and stereo"),
        (lambda: md.check_mix(stereo, RATE_HZ, lead="vox"), "lead = 'vox' needs stems"),
        (lambda: md.check_mix(stereo, RATE_HZ, stems={"a": stereo}, lead="b"), "lead = 'b' is none of the stems"),
        (lambda: md.check_mix(stereo, RATE_HZ, stems=md.Stems({"a": stereo}, 44_100)), "sample_rate_hz = 48000 does"),
        (lambda: md.check_mix(stereo, RATE_HZ, limits={"dc_fault": -40}), "did you mean dc_fault_dbfs"),
        (lambda: md.check_mix(stereo, RATE_HZ, limits={"dc_fault_dbfs": 9}), "dc_fault_dbfs = 9 is out of range"),
    ):
        with pytest.raises(ValueError, match=re.escape(message)) as refused:
            call_it()
        assert "\n" not in str(refused.value)


def test_limits_say_where_they_come_from_and_act(stereo) -> None:
    limits = _core.limits("check_mix")
    assert all(limit["summary"].rstrip().endswith("]") for limit in limits)
    assert {limit["summary"].rpartition("[")[2][0] for limit in limits} <= set("PNC")
    assert not md.check_mix(0.3 * stereo, RATE_HZ).of("overs")
    (over,) = md.check_mix(0.3 * stereo, RATE_HZ, limits={"over_note_dbtp": -50}).of("overs")
    assert (over.severity, over.limit) == ("note", -50)


@pytest.mark.parametrize("rate_hz", [8_000, 192_000])
@pytest.mark.parametrize("shape", [(0,), (1,), (2, 2_400), (1, 14_400)])
def test_short_audio_at_the_ends_of_rates(noise, rate_hz, shape) -> None:
    audio = 0.1 * noise(2, 14_400)[: shape[0], : shape[-1]] if len(shape) > 1 else 0.1 * noise(1, 1)[0, : shape[0]]
    assert json.dumps(md.check_mix(audio, rate_hz).to_dict(), allow_nan=False)


def test_the_command(tmp_path: Path, stereo) -> None:
    md.write(tmp_path / "good.wav", stereo, RATE_HZ)
    md.write(tmp_path / "bad.wav", broken(stereo), RATE_HZ)
    done = call("check", tmp_path / "good.wav")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "good.wav: no fault (4.0 s, " in done.stdout
    done = call("check", tmp_path / "good.wav", tmp_path / "bad.wav")
    assert done.returncode == 1
    assert done.stdout.index("good.wav") < done.stdout.index("bad.wav: faults")
    assert "  fault           mono fold" in done.stdout
    done = call("check", tmp_path / "bad.wav", tmp_path / "none.wav", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    (file,) = told["files"]
    assert file["passed"] is False
    assert {"polarity", "dc", "dropouts"} <= {finding["check"] for finding in file["findings"]}
    assert list(told["failed"].values()) == [done.stderr.strip().removeprefix("mixdown: ")]


def test_the_command_with_stems(tmp_path: Path, noise) -> None:
    folder = tmp_path / "stems"
    folder.mkdir()
    bass = md.LowPass(frequency_hz=2000)(0.2 * noise(1, 3 * RATE_HZ), RATE_HZ)
    for name, audio in (("bass", bass), ("amp", -bass), ("mix", 0 * bass)):
        md.write(folder / f"{name}.wav", audio, RATE_HZ)
    md.write(tmp_path / "song.wav", bass, RATE_HZ)
    for mix in (tmp_path / "song.wav", folder / "mix.wav"):
        done = call("check", mix, "--stems", folder, "--lead", "bass")
        assert done.returncode == 1
        assert "fault           cancellation" in done.stdout
    for arguments, message in (
        ((tmp_path / "song.wav", "--stems", folder, "--lead", "box"), "lead = 'box' is none of the stems"),
        ((tmp_path / "song.wav", "--lead", "bass"), "--lead = 'bass' needs --stems"),
        ((folder / "amp.wav", folder / "bass.wav", "--stems", folder), "is not allowed: stems are of one mix"),
        ((tmp_path / "song.wav", "--for", "spotfy"), "target = 'spotfy' is unknown"),
    ):
        done = call("check", *arguments)
        assert done.returncode == 1
        assert message in done.stderr
        assert done.stderr.count("\n") == 1


def test_the_command_for_a_target(tmp_path: Path, stereo) -> None:
    loud = stereo * 10 ** ((-20 - md.loudness(stereo, RATE_HZ).integrated_lufs) / 20)
    md.write(tmp_path / "song.wav", loud, RATE_HZ)
    done = call("check", tmp_path / "song.wav", "--for", "spotify")
    assert done.returncode == 0
    assert "note            loudness     -20.0 LUFS is 6.0 LU below the -14 LUFS of spotify." in done.stdout
    done = call("check", tmp_path / "song.wav", "--for", "r128")
    assert done.returncode == 1
    assert "fault           loudness" in done.stdout
    peak = md.loudness(loud, RATE_HZ).true_peak_dbtp
    md.write(tmp_path / "song.wav", loud * 10 ** (-peak / 20), RATE_HZ, bit_depth=32)
    done = call("check", tmp_path / "song.wav", "--for", "spotify")
    assert "fault           ceiling" in done.stdout


def test_stems_that_are_not_all_of_the_mix_are_a_note() -> None:
    rng = np.random.default_rng(9)
    stems = {"a": 0.1 * rng.standard_normal(RATE_HZ), "b": 0.1 * rng.standard_normal(RATE_HZ)}
    whole = stems["a"] + stems["b"]
    assert not md.check_mix(0.5 * whole, RATE_HZ, stems=stems).of("stems")
    (note,) = md.check_mix(whole + 0.1 * rng.standard_normal(RATE_HZ), RATE_HZ, stems=stems).of("stems")
    assert note.severity == "note"
    assert note.value == pytest.approx(-4.8, abs=0.3)
    (copied,) = md.check_mix(2 * stems["a"], RATE_HZ, stems={"a": stems["a"], "again": stems["a"]}).of("stems")
    assert copied.tracks in {("a", "again"), ("again", "a")}


def test_the_dither_of_silence_is_silence() -> None:
    dither = (np.random.default_rng(1).integers(-1, 2, 4 * RATE_HZ) / 2**23).astype(np.float32)
    assert {finding.check for finding in md.check_mix(dither, RATE_HZ).findings} <= {"silence", "noise_floor", "hum"}
    assert set(md.translation(dither, RATE_HZ).bands["phone"].values()) == {None}


def test_the_lead_is_a_finding_with_the_word_of_both_reports() -> None:
    rng = np.random.default_rng(5)
    stems = {"lead": 0.05 * rng.standard_normal(4 * RATE_HZ), "band": 0.1 * rng.standard_normal(4 * RATE_HZ)}
    mix = stems["lead"] + stems["band"]
    for gain, severity, word in ((1.0, "note", "low"), (0.3, "warning", "hidden"), (2.0, None, "fine")):
        changed = {**stems, "lead": gain * stems["lead"]}
        found = md.check_mix(mix, RATE_HZ, stems=changed, lead="lead").of("lead")
        assert (found[0].severity if found else None) == severity
        assert md.masking(changed, RATE_HZ, lead="lead").words["lead"] == word
