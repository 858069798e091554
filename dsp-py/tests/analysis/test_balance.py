"""The start balance: roles by names, the lead before the rest, pairs, sparse sounds."""

import numpy as np
import pytest

import mixdown as md
from mixdown.analysis import Balance
from mixdown.analysis.roles import pairs_of, roles_of

RATE_HZ = 48_000
FRAMES = 12 * RATE_HZ
#: Two decimals of a meter that reads blocks of 100 ms.
METER_LU = 0.05


def tone(hz: float, level: float = 0.1, *, spans_s: tuple[tuple[float, float], ...] = ((0, 12),)) -> np.ndarray:
    time_s = np.arange(FRAMES) / RATE_HZ
    sounding = np.any([(time_s >= start) & (time_s < end) for start, end in spans_s], axis=0)
    return level * np.sin(2 * np.pi * hz * time_s) * sounding


BAND = {
    "Kick": tone(60, 0.2),
    "snare": tone(200, 0.06),
    "hihat": tone(7000, 0.05),
    "tom": tone(110, 0.2, spans_s=((5, 5.3),)),
    "bass": tone(80, 0.3),
    "keys": tone(500, 0.05),
    "pad": tone(300, 0.2),
    "sampler": tone(900, 0.1, spans_s=((3, 3.4),)),
    "Lead Vox": tone(1000, 0.05, spans_s=((1, 4), (6, 10))),
    "backing vox": tone(1200, 0.15, spans_s=((6, 10),)),
}


def readings_of(balanced: Balance) -> dict[str, md.Loudness]:
    return {name: md.loudness(stem, RATE_HZ) for name, stem in balanced.mix.stems(of="tracks").items()}


def balanced(stems: dict[str, np.ndarray], **options) -> Balance:
    return md.balance({name: (audio, RATE_HZ) for name, audio in stems.items()}, RATE_HZ, **options)


@pytest.fixture(scope="module")
def band() -> Balance:
    return balanced(BAND)


def test_a_lead_by_its_name_is_2_lu_above_the_drums(band) -> None:
    stems = band.mix.stems(of="tracks")
    drums = md.loudness(sum(stems[name] for name in ("Kick", "snare", "tom", "hihat")), RATE_HZ).integrated_lufs
    lead = md.loudness(stems["Lead Vox"], RATE_HZ).integrated_lufs
    assert lead - drums == pytest.approx(2, abs=METER_LU)
    assert band.lead_level_lu == pytest.approx(md.lead_report(band.mix, lead="Lead Vox").level_lu, abs=0.05)
    assert md.loudness(band.audio, RATE_HZ).true_peak_dbtp == pytest.approx(-6, abs=0.02)


def test_stems_have_the_loudness_of_their_roles(band) -> None:
    level = {name: reading.integrated_lufs for name, reading in readings_of(band).items()}
    assert level["snare"] == pytest.approx(level["Kick"], abs=METER_LU)
    assert level["tom"] == pytest.approx(level["Kick"] - 4, abs=METER_LU)
    assert level["hihat"] == pytest.approx(level["Kick"] - 8, abs=METER_LU)
    stems = band.mix.stems(of="tracks")
    drums = md.loudness(sum(stems[name] for name in ("Kick", "snare", "tom", "hihat")), RATE_HZ).integrated_lufs
    for name, below_lu in {"bass": 1, "keys": 1, "backing vox": 1, "pad": 4}.items():
        assert level[name] == pytest.approx(drums - below_lu, abs=METER_LU), name
    assert band.roles["backing vox"] == "backing"


def test_a_sparse_sound_is_not_lifted_to_the_vocal(band) -> None:
    readings = readings_of(band)
    loudest = {name: reading.max_momentary_lufs for name, reading in readings.items()}
    # By name, and by being sparse.
    assert loudest["tom"] < readings["Lead Vox"].integrated_lufs - 6
    assert readings["sampler"].integrated_lufs == pytest.approx(readings["keys"].integrated_lufs - 4, abs=METER_LU)
    assert loudest["sampler"] < readings["Lead Vox"].integrated_lufs - 3


@pytest.mark.parametrize(("gain_db", "names"), [(-12, ("bass", "pad", "Kick")), (12, ("snare", "keys", "Lead Vox"))])
def test_gains_of_the_stems_change_nothing(band, gain_db, names) -> None:
    scaled = {name: audio * 10 ** (gain_db / 20 * (name in names)) for name, audio in BAND.items()}
    np.testing.assert_allclose(balanced(scaled).audio, band.audio, rtol=0, atol=1e-6)


def test_pairs_are_panned_and_count_as_one() -> None:
    left, right = "guitar left", "guitar right"
    found = balanced({left: tone(400), right: tone(450, 0.05), "bass": tone(80), "left over": tone(600)})
    assert {name: strip.pan for name, strip in found.mix.items()} == {left: -1, right: 1, "bass": 0, "left over": 0}
    stems = found.mix.stems(of="tracks")
    pair = md.loudness(stems[left] + stems[right], RATE_HZ).integrated_lufs
    assert pair == pytest.approx(md.loudness(stems["bass"], RATE_HZ).integrated_lufs, abs=METER_LU)
    # A stereo stem is placed already.
    stereo = balanced({left: np.stack([tone(400), tone(401)]), right: tone(450)})
    assert (stereo.mix[left].pan, stereo.mix[right].pan) == (0, 0)


def test_names_tell_pairs() -> None:
    pairs = [("OH_L", "OH_R"), ("KeysL", "KeysR"), ("gtr (l) 2", "gtr (r) 2"), ("Left fx", "Right fx")]
    names = [name for pair in pairs for name in pair]
    found = pairs_of([*names, "left", "right", "bass left", "R2", "gtr (l) 3", "L", "R"])
    assert {name: side.other for name, side in found.items()} == {
        **dict(pairs),
        **{right: left for left, right in pairs},
    }
    assert [found[name].pan for name in names] == [-1, 1] * len(pairs)


def test_names_tell_roles() -> None:
    names = {
        "kick": ("Kick In", "BD", "BassDrum", "01_kik"),
        "snare": ("SnareTop", "sn", "Snare_bottom"),
        "toms": ("Tom1", "floor tom", "TOMS"),
        "hats": ("HiHat", "hh", "Hats", "crash"),
        "overheads": ("OH_L", "RoomMics room", "percussion"),
        "drums": ("drums", "Drumkit"),
        "bass": ("bassguitar", "Sub", "Bass DI"),
        "backing": ("BackVox", "BV 1", "vocal double", "harmony"),
        "vocal": ("vox", "Lead Vocal", "singer"),
        "pad": ("pad", "Strings"),
        "effects": ("FX", "riser"),
        "other": ("clav", "guitar", "gtr 2", "Horns"),
        "unknown": ("single", "that", "bottom", "missing", "mushroom", "feedback", "harmonica"),
    }
    for role, given in names.items():
        assert {name: found.name for name, found in roles_of(given).items()} == dict.fromkeys(given, role)
    # Beside a singer, an instrument that leads is one of the others; the lead that is given leads.
    assert roles_of(["lead guitar"])["lead guitar"].name == "lead"
    assert roles_of(["lead guitar", "vocal"])["lead guitar"].name == "other"
    chosen = roles_of(["lead guitar", "vocal"], ["lead guitar"])
    assert (chosen["lead guitar"].name, chosen["vocal"].name) == ("lead", "other")


def test_spectra_tell_roles_where_names_do_not() -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(FRAMES)
    found = balanced({"a": noise, "b": tone(60), "c": tone(900), "keys": tone(500)})
    assert found.roles == {"a": "drums", "b": "bass", "c": "unknown", "keys": "other"}
    rules = {name: rule.partition(":")[0] for name, rule in found.rules.items()}
    assert rules == {"a": "by spectrum", "b": "by spectrum", "c": "nothing tells", "keys": "by name"}
    assert balanced({"b": tone(60), "c": tone(900)}, limits={"bass_share": 1.0}).roles["b"] == "unknown"


def test_groups_count_as_one() -> None:
    stems = {"a": tone(300), "b": tone(450), "c": tone(600)}
    found = balanced(stems, groups={"two": ["a", "b"]})
    placed = found.mix.stems(of="tracks")
    pair = md.loudness(placed["a"] + placed["b"], RATE_HZ).integrated_lufs
    assert pair == pytest.approx(md.loudness(placed["c"], RATE_HZ).integrated_lufs, abs=METER_LU)
    for groups, message in (
        ({"two": ["a", "z"]}, r"groups\['two'\] holds 'z', none of the stems"),
        ({"two": ["a"], "three": ["a"]}, "groups hold 'a' twice: in 'two' and 'three'"),
    ):
        with pytest.raises(md.ParameterError, match=message):
            balanced(stems, groups=groups)


def test_the_lead_is_one_of_the_stems() -> None:
    stems = {"a": tone(300), "b": tone(500, 0.03)}
    assert balanced(stems).lead_level_lu is None
    found = balanced(stems, lead="b")
    assert md.lead_report(found.mix, lead="b").audibility == pytest.approx(0.41, abs=0.005)
    assert found.rules["b"] == "given"
    louder = balanced({"a": 1.5 * stems["a"], "b": 0.7 * stems["b"]}, lead="b")
    assert louder.lead_level_lu == pytest.approx(found.lead_level_lu, abs=0.01)
    with pytest.raises(md.ParameterError, match="lead = 'vox' is none of the stems"):
        balanced(stems, lead="vox")
    with pytest.raises(TypeError, match="lead = 3 is not a text"):
        balanced(stems, lead=3)


def test_a_lead_alone_or_in_silence() -> None:
    assert balanced({"vocal": tone(500)}).lead_level_lu is None
    assert balanced({"vocal": tone(500), "bass": 0 * tone(80)}).left_alone == {"bass": "silent"}
    quiet = balanced({"vocal": 0 * tone(500), "bass": 0 * tone(80)})
    assert set(quiet.left_alone) == {"vocal", "bass"}


def test_arrays_are_at_the_rate_of_the_mix(band) -> None:
    np.testing.assert_array_equal(md.balance(BAND, RATE_HZ).audio, band.audio, strict=True)
