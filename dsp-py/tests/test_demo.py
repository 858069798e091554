"""The demo song and its mix: what a listener hears, as figures."""

import tomllib

import numpy as np
import pytest

import mixdown as md
from mixdown import demo
from mixdown.analysis import Balance

RATE_HZ = 48_000
#: Of 11 songs the median is -24.6 dB.
TREBLE_DB = (-26, -22)


@pytest.fixture(scope="module")
def stems() -> dict[str, np.ndarray]:
    return demo.stems()


@pytest.fixture(scope="module")
def start(stems) -> Balance:
    return md.balance({name: (audio, RATE_HZ) for name, audio in stems.items()}, RATE_HZ)


@pytest.fixture(scope="module")
def mix(stems, tmp_path_factory) -> md.Mix:
    folder = tmp_path_factory.mktemp("song")
    (folder / "stems").mkdir()
    for name, audio in stems.items():
        md.write(folder / "stems" / f"{name}.wav", audio, RATE_HZ)
    (folder / "song.toml").write_text(demo.session())
    return md.Mix.from_file(folder / "song.toml")


@pytest.fixture(scope="module")
def started(start) -> dict[str, np.ndarray]:
    return start.mix.stems(of="tracks", tail="none")


@pytest.fixture(scope="module")
def mixed(mix) -> dict[str, np.ndarray]:
    return mix.stems(tail="none")


def power(audio: np.ndarray, low_hz: float, high_hz: float) -> float:
    # 43 of the 45 s: a length that transforms fast.
    spectrum = np.abs(np.fft.rfft(audio[:, : 1 << 21], axis=1)) ** 2
    frequencies = np.fft.rfftfreq(1 << 21, 1 / RATE_HZ)
    return float(spectrum[:, (frequencies >= low_hz) & (frequencies < high_hz)].sum())


def ratio_db(upper: float, lower: float) -> float:
    return 10 * np.log10(upper / lower)


def test_a_stem_by_itself_has_the_bits_it_has_among_all(stems) -> None:
    some = demo.stems(names=("bass", "kick"))
    assert list(some) == ["kick", "bass"]
    assert all(np.array_equal(audio, stems[name]) for name, audio in some.items())
    assert demo.stems(names=[]) == {}


def test_stems_of_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match="names = 'voice' is unknown: it must be one of kick, snare"):
        demo.stems(names=["kick", "voice"])
    with pytest.raises(TypeError, match="names = 'kick' is not a list of names"):
        demo.stems(names="kick")


def test_the_session_file_is_a_whole_mix(mix, stems) -> None:
    assert {name for name, strip in mix.items() if isinstance(strip, md.Track)} == set(stems)
    assert [name for name, strip in mix.items() if isinstance(strip, md.Return)] == ["hall", "plate", "echo"]
    assert any(isinstance(insert, md.Compressor) for insert in mix["drums"].inserts)
    assert dict(mix["bass"].key_from) == {4: "kick"}
    assert mix["lead"].automation
    assert mix["guitar_left"].pan < 0 < mix["guitar_right"].pan
    filtered = [name for name in stems if isinstance(mix[name].inserts[0], md.HighPass)]
    assert filtered == list(stems)
    # What stands in it is not the default: nothing is there for nothing.
    text = tomllib.loads(demo.session())
    written = mix.to_dict()
    assert [list(strip) for strip in text["track"]] == [
        [key for key in strip if key in given] for strip, given in zip(text["track"], written["track"], strict=True)
    ]


def test_treble_is_that_of_songs(stems, start, mix) -> None:
    plain = sum(np.broadcast_to(audio, (2, audio.shape[1])) for audio in stems.values())
    for name, audio in {"plain": plain, "start": start.audio, "mix": mix.render()}.items():
        share_db = ratio_db(power(audio, 8_000, 16_000), power(audio, 0, RATE_HZ))
        assert TREBLE_DB[0] < share_db < TREBLE_DB[1], name


def lead_levels_lu(parts: dict[str, np.ndarray]) -> np.ndarray:
    """Short-term loudness of the lead above all others, where it sings for most of 3 s."""
    rest = sum(part for name, part in parts.items() if name != "lead")
    lead, others = md.loudness(parts["lead"], RATE_HZ), md.loudness(rest, RATE_HZ)
    sings = lead.momentary_lufs > lead.integrated_lufs - 10
    mostly = np.convolve(sings, np.ones(27) / 27)[: sings.size] > 0.4
    return lead.short_term_lufs[mostly & sings] - others.short_term_lufs[mostly & sings]


def test_the_lead_is_in_front_and_steadier_than_in_the_start_balance(started, mixed) -> None:
    before, after = lead_levels_lu(started), lead_levels_lu(mixed)
    assert after.mean() > before.mean() + 1.2
    assert after.std() < 0.8 * before.std()
    assert -4.5 < after.mean() < -2


def test_the_lead_stands_over_its_maskers(started, mixed) -> None:
    gains = []
    for parts in (started, mixed):
        rest = sum(part for name, part in parts.items() if name != "lead")
        bands = ((500, 1_000), (1_000, 2_000), (2_000, 4_000))
        gains.append([ratio_db(power(parts["lead"], *band), power(rest, *band)) for band in bands])
    assert np.all(np.array(gains[1]) > np.array(gains[0]) + 1)
    assert max(gains[1]) > 4


def test_the_bass_leaves_room_for_the_kick(stems, mix) -> None:
    tracks = mix.stems(of="tracks", tail="none")
    low = [power(tracks[name], 45, 75) for name in ("kick", "bass")]
    assert ratio_db(*low) > ratio_db(*(power(stems[name], 45, 75) for name in ("kick", "bass")))
    bass = mix["bass"]
    keyed, strokes = tracks["bass"][0], np.abs(stems["kick"][0])
    bass.key_from, inserts = None, bass.inserts
    bass.inserts = inserts[:4]
    plain = mix.stems(of="tracks", tail="none")["bass"][0]
    bass.inserts, bass.key_from = inserts, {4: "kick"}
    # In blocks of 20 ms.
    blocks = slice(None, plain.size // 960 * 960)
    levels = [np.sqrt(np.mean(np.square(part[blocks].reshape(-1, 960)), axis=1)) for part in (keyed, plain)]
    kick = strokes[blocks].reshape(-1, 960).max(axis=1)
    sounding = levels[1] > 1e-3
    change_db = 20 * np.log10(levels[0][sounding] / levels[1][sounding])
    assert np.median(change_db[kick[sounding] > 0.4]) < -4
    assert np.median(change_db[kick[sounding] < 0.01]) > -0.5
