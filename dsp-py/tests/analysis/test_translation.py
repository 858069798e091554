"""Translation to other loudspeakers: known answers, devices, suggestions."""

import dataclasses
import json
import math

import numpy as np
import pytest

import mixdown as md
from running import run

RATE_HZ = 48_000
TIME_S = np.arange(3 * RATE_HZ) / RATE_HZ


def tones(hz: float, exponent: float, level: float = 0.1) -> np.ndarray:
    """Return harmonics up to 8 kHz of amplitudes 1 / k^exponent, with the energy of a sine of this amplitude."""
    harmonics = np.arange(1.0, int(8_000 / hz) + 1)
    amplitudes = harmonics**-exponent
    waves = amplitudes @ np.sin(2 * np.pi * hz * np.outer(harmonics, TIME_S))
    return level * waves / np.sqrt(np.sum(amplitudes**2))


def noise(seed: int, level: float) -> np.ndarray:
    return level * np.random.default_rng(seed).standard_normal(TIME_S.size)


def test_a_sine_bass_is_lost_on_a_phone_and_saturation_brings_it_back() -> None:
    stems = md.Stems({"bass": tones(50, 50), "keys": tones(440, 1.5, 0.02), "air": noise(1, 0.001)}, RATE_HZ)
    report = md.translation(stems)
    assert report.kept["bass"]["phone"] < 0.05
    assert report.kept["bass"]["laptop"] < 0.05
    assert report.kept["bass"]["club"] > 1
    assert report.verdicts["bass"]["phone"] == "lost"
    (suggestion,) = report.suggestions
    assert isinstance(suggestion.effect, md.Saturator)
    before, after, _ = suggestion.predicted["kept"]
    changed = md.translation({**stems, "bass": suggestion.effect(stems["bass"], RATE_HZ)}, RATE_HZ)
    assert (before, after) == pytest.approx((report.kept["bass"]["phone"], changed.kept["bass"]["phone"]), abs=0.02)
    assert after > before + 0.05
    # As an insert of a mix.
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("bass", stems["bass"])
    suggestion.apply(mix)
    assert mix["bass"].inserts == (suggestion.effect,)


def test_harmonics_keep_a_bass() -> None:
    report = md.translation({"bass": tones(50, 1), "keys": tones(440, 1.5, 0.02)}, RATE_HZ, devices=["phone"])
    assert report.kept["bass"]["phone"] > 0.6
    assert not report.suggestions


def test_what_is_out_of_phase_is_lost_in_mono() -> None:
    pad = noise(2, 0.05)
    stems = {"pad": np.stack([pad, -pad]), "keys": tones(440, 1.5, 0.05)}
    report = md.translation(stems, RATE_HZ, devices=["mono", "phone", "laptop"])
    assert report.kept["pad"]["mono"] < 0.02
    assert report.kept["pad"]["phone"] < 0.02
    assert report.kept["pad"]["laptop"] > 0.6


def test_a_mix_stands_for_its_tracks_after_fader_and_pan() -> None:
    mix = md.Mix(sample_rate_hz=RATE_HZ)
    mix.track("bass", tones(60, 1), fader_db=-3)
    mix.track("keys", tones(440, 1.5, 0.02), pan=0.5)
    placed = mix.stems(of="tracks")
    assert md.translation(mix).to_dict() == md.translation(placed, RATE_HZ).to_dict()
    quieter = {name: 0.1 * audio for name, audio in placed.items()}
    assert md.translation(quieter, RATE_HZ).studio_share == pytest.approx(md.translation(mix).studio_share, abs=1e-6)


def test_a_programme_alone_is_judged_by_regions() -> None:
    report = md.translation(tones(60, 1) + noise(3, 0.01), RATE_HZ)
    assert report.is_programme
    assert report.tracks == ("mix",)
    assert report.bands["phone"]["bass"] < 0.2 < report.bands["phone"]["mid"]
    assert "bass" in report.table()
    assert "mix" not in report.table()
    text = json.dumps(report.to_dict(), allow_nan=False)
    assert json.loads(text)["bands"]["mono"]["mid"] == pytest.approx(1, abs=0.05)
    assert "<svg" in report._repr_html_()
    assert len(report.plot().texts) == 6 * 7


def test_what_noise_takes_is_told_from_what_the_response_takes() -> None:
    stems = {"bass": tones(50, 50, 0.1), "lead": tones(440, 1, 0.05)}
    report = md.translation(stems, RATE_HZ)
    assert report.kept["bass"]["car"] < 0.6 < report.kept_in_quiet["bass"]["car"]
    assert report.kept_in_quiet["bass"]["phone"] < 0.05
    assert report.kept_in_quiet["bass"]["mono"] == report.kept["bass"]["mono"]
    car = report.devices[[device.name for device in report.devices].index("car")]
    quiet = md.translation(stems, RATE_HZ, devices=[dataclasses.replace(car, noise=None)])
    assert report.kept_in_quiet["bass"]["car"] == pytest.approx(quiet.kept["bass"]["car"], rel=1e-12)
    assert any(note.startswith("Without the noise of the car: bass ") for note in report.notes)
    programme = md.translation(stems["bass"] + stems["lead"], RATE_HZ)
    assert programme.bands["car"]["bass"] < 0.6 < programme.bands_in_quiet["car"]["bass"]
    assert "Without the noise of the car: bass " in programme.table()


def test_devices_of_the_user() -> None:
    radio = md.Device(name="radio", effects=[md.HighPass(frequency_hz=200)], mono_below_hz=math.inf)
    report = md.translation({"bass": tones(50, 50), "keys": tones(440, 1)}, RATE_HZ, devices=[radio, "club"])
    assert report.verdicts["bass"]["radio"] == "lost"
    wide = np.stack([noise(4, 0.1), -noise(4, 0.1)])
    assert np.abs(report.audition("radio")(wide, RATE_HZ)).max() < 1e-6
    assert report.audition("club") == md.devices()["club"].audition()
    response = np.zeros(64)
    response[0] = 1.0
    flat = md.Device(name="flat", effects=[md.Convolution(impulse_response=response)])
    kept = md.translation({"a": tones(100, 1), "b": tones(300, 1)}, RATE_HZ, devices=[flat]).kept
    assert kept["a"]["flat"] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"devices": ["fone"]}, r"devices\[0\] = 'fone' is unknown: it must be one of phone, laptop"),
        ({"devices": [md.devices()["phone"], "phone"]}, "devices holds 'phone' twice"),
        ({"limits": {"lsot": 0.1}}, "limits has no parameter lsot: did you mean lost?"),
        ({"limits": {"lost": 2}}, r"limits\.lost = 2 is out of range: it must lie in 0\.\.1"),
        (
            {"devices": [md.Device(name="tube", effects=[md.Saturator(drive_db=6)])]},
            'effects of "tube" have no frequency response',
        ),
    ],
)
def test_bad_arguments_are_refused(arguments, message) -> None:
    with pytest.raises(md.ParameterError, match=message):
        md.translation({"a": tones(100, 1)}, RATE_HZ, **arguments)


def test_bad_audio_is_refused() -> None:
    broken = tones(100, 1)
    broken[[7, 9]] = np.nan
    with pytest.raises(md.ParameterError, match="audio of 'a' holds 2 non-finite samples, the first at frame 7"):
        md.translation({"a": broken}, RATE_HZ)
    with pytest.raises(md.ParameterError, match=r"stems differ in length: 'b' is 0\.50 s, 'a' 3\.00 s"):
        md.translation({"a": tones(100, 1), "b": tones(100, 1)[: RATE_HZ // 2]}, RATE_HZ)
    with pytest.raises(md.ShapeError, match="audio of 'a' has 3 channels: reports are of mono and stereo"):
        md.translation({"a": np.zeros((3, 100))}, RATE_HZ)
    with pytest.raises(md.ParameterError, match="stems has 0 entries: translation is of at least 1"):
        md.translation({}, RATE_HZ)
    with pytest.raises(md.ParameterError, match="sample_rate_hz is missing"):
        md.translation({"a": tones(100, 1)})


@pytest.mark.parametrize("rate_hz", [8_000, 192_000])
@pytest.mark.parametrize("audio", [np.zeros(4_000), np.ones((2, 2)), np.zeros((1, 0)), noise(5, 0.1)[:2_400]])
def test_extremes_give_figures_or_none(rate_hz, audio) -> None:
    report = md.translation({"a": audio}, rate_hz)
    json.dumps(report.to_dict(), allow_nan=False)
    report.table()
    report.plot()


def test_the_command_line_judges_a_folder_and_a_mix(tmp_path) -> None:
    md.write(tmp_path / "bass.wav", tones(50, 50).astype(np.float32), RATE_HZ)
    md.write(tmp_path / "keys.wav", tones(440, 1.5, 0.02).astype(np.float32), RATE_HZ)
    done = run("translate", tmp_path)
    assert done.returncode == 0, done.stderr
    assert " lost" in done.stdout
    assert "Saturator(" in done.stdout
    done = run("translate", tmp_path / "bass.wav", "--device", "phone", "--json")
    assert json.loads(done.stdout)["bands"]["phone"]["bass"] < 0.01
    # Stems end when they end.
    md.write(tmp_path / "short.wav", tones(900, 1)[:RATE_HZ].astype(np.float32), RATE_HZ)
    assert run("translate", tmp_path).returncode == 0
    md.write(tmp_path / "mix.wav", tones(440, 1.5).astype(np.float32), RATE_HZ)
    checked = run("check", tmp_path / "mix.wav", "--stems", tmp_path, "--lead", "keys", "--for", "spotify", "--json")
    findings = json.loads(checked.stdout)["files"][0]["findings"]
    assert {"stems", "lead"} <= {finding["check"] for finding in findings}, checked.stderr
    done = run("translate", tmp_path / "none.wav")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_devices_print_as_a_table_and_stay_a_mapping() -> None:
    known = md.devices()
    assert known == dict(known.items())
    lines = repr(known).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["device", *known]
    assert lines[1].split()[:5] == ["phone", "65", "all", "40", "dB"]
    assert "below 100 Hz" in next(line for line in lines if line.startswith("club "))
    assert "Equalizer" not in repr(known)
    page = known._repr_html_()
    assert page.count("<tr>") == 1 + len(known)
    assert "below 100 Hz" in page
