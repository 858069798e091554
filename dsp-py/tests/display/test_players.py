"""Players as pages hold them: the samples given, the same bytes, honest remarks, one line for what does not fit."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import mixdown as md
from mixdown.display.players import ab_players, player
from pages import read_page

RATE_HZ = 44_100
#: Largest error of rounding to 16 bits with triangular dither of 2 LSB peak to peak.
ROUNDING = 1.5 / 32_768


def programme(seed: int = 1, seconds: float = 1.0, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    return (0.1 * np.random.default_rng(seed).standard_normal((2, round(seconds * rate_hz)))).astype(np.float32)


def sounds(page: str) -> list[tuple[NDArray[np.float64], int]]:
    """Return what the players of a page hold."""
    coded = re.findall(r'src="data:audio/flac;base64,([^"]+)"', page)
    read = (soundfile.read(io.BytesIO(base64.b64decode(text)), always_2d=True) for text in coded)
    return [(frames.T, rate_hz) for frames, rate_hz in read]


def test_the_sound_is_the_one_given() -> None:
    audio = programme()
    ((held, rate_hz),) = sounds(player(audio, RATE_HZ))
    assert rate_hz == RATE_HZ
    assert np.max(np.abs(held - audio)) <= ROUNDING
    # What has 16 bits already stays as it is, and mono stays mono.
    rounded = np.rint(audio[0] * 32_768) / 32_768
    ((held, _),) = sounds(player(rounded, RATE_HZ))
    np.testing.assert_array_equal(held, rounded[np.newaxis])


def test_the_same_sound_gives_the_same_bytes() -> None:
    versions = {"Mix": programme(), "Master": 2 * programme()}
    assert ab_players(versions, RATE_HZ) == ab_players(dict(versions), RATE_HZ)
    assert player(versions["Mix"], RATE_HZ) == player((versions["Mix"], RATE_HZ))
    ids = {
        re.search(r'id="(mixdown-\w+)"', page)[1]
        for page in (
            ab_players(versions, RATE_HZ),
            ab_players({**versions, "Master": programme(2)}, RATE_HZ),
            ab_players(dict(reversed(versions.items())), RATE_HZ),
            ab_players(versions, RATE_HZ, gains_db={"Mix": -1}),
        )
    }
    assert len(ids) == 4


def test_pages_parse_strictly_and_texts_are_escaped() -> None:
    hostile = "\"'><script>alert(1)</script>&amp;"
    page = ab_players({hostile: programme(), "B": programme(2)}, RATE_HZ, title=hostile)
    for text in (page, player(programme(), RATE_HZ, title=hostile)):
        parser = read_page(text)
        assert hostile in parser.texts
        assert set(parser.embedded) == {"data:audio/flac;base64"}
    assert page.count("<script>") == 1


def gains_db(page: str) -> list[float]:
    return [float(value) for value in re.findall(r'data-gain-db="([^"]+)"', page)]


def test_the_louder_versions_are_turned_down_to_the_quietest() -> None:
    audio = programme()
    assert gains_db(ab_players({"A": audio, "B": 2 * audio, "C": 0.5 * audio}, RATE_HZ)) == pytest.approx(
        [-6.0206, -12.0412, 0], abs=0.01
    )
    # Mono sounds from both loudspeakers; silence, and less than 400 ms, has no loudness.
    assert gains_db(ab_players({"A": audio, "B": audio[:1]}, RATE_HZ)) == pytest.approx([0, 0], abs=0.2)
    assert gains_db(ab_players({"A": audio, "B": 0 * audio, "C": audio[:, :1_000]}, RATE_HZ)) == [0, 0, 0]
    assert gains_db(ab_players({"A": audio, "B": 2 * audio}, RATE_HZ, gains_db={"B": -3})) == [0, -3]


def test_what_exceeds_full_scale_is_held_whole_and_turned_down_further() -> None:
    audio = programme()
    hot = audio * np.float32(2 / np.max(np.abs(audio)))
    page = player(hot, RATE_HZ)
    assert "Turned down by 6.1 dB: samples exceed full scale." in page
    ((held, _),) = sounds(page)
    assert np.max(np.abs(held * 10 ** (6.1 / 20) - hot)) <= 2.1 * ROUNDING
    page = ab_players({"Hot": hot, "Hotter": 2 * hot}, RATE_HZ)
    assert "Hot exceeds full scale by 6.0 dB: as delivered it clips." in page
    assert "Hotter exceeds full scale by 12.0 dB" in page
    # Both reach full scale at equal loudness.
    assert gains_db(page) == pytest.approx([-6.0206, -12.0412], abs=0.01)
    assert re.findall(r'data-stored-db="([^"]+)"', page) == ["6.1", "12.1"]


def test_of_long_sounds_the_loudest_part_is_played() -> None:
    audio = programme(seconds=6) / 3
    audio[:, 3 * RATE_HZ : 5 * RATE_HZ] *= 3
    page = player(audio, RATE_HZ, longest_s=2)
    assert "Excerpt: 0:03 to 0:05 of 0:06, the loudest 2 s." in page
    ((held, _),) = sounds(page)
    assert held.shape == (2, 2 * RATE_HZ)
    inner = slice(RATE_HZ // 10, -RATE_HZ // 10)
    assert np.max(np.abs(held[:, inner] - audio[:, 3 * RATE_HZ : 5 * RATE_HZ][:, inner])) <= ROUNDING
    assert abs(held[0, 0]) <= ROUNDING
    # Versions keep together, and are equally loud where they are heard.
    other = audio.copy()
    other[:, : 3 * RATE_HZ] *= 0.01
    page = ab_players({"A": audio, "B": 2 * other}, RATE_HZ, longest_s=2)
    assert gains_db(page) == pytest.approx([0, -6.0206], abs=0.01)
    one, two = (held for held, _ in sounds(page))
    assert np.max(np.abs(two[:, inner] - 2 * one[:, inner])) <= 3 * ROUNDING
    # What ends before has nothing to play there.
    page = ab_players({"A": audio, "Short": audio[:, :RATE_HZ]}, RATE_HZ, longest_s=2)
    assert [held.shape[1] for held, _ in sounds(page)] == [2 * RATE_HZ, 1]


@pytest.mark.parametrize(
    ("rate_hz", "held_hz"), [(8_000, 8_000), (48_000, 48_000), (88_200, 44_100), (96_000, 48_000), (50_000, 48_000)]
)
def test_rates_above_48_khz_are_converted(rate_hz: int, held_hz: int) -> None:
    page = player(programme(rate_hz=rate_hz), rate_hz)
    ((held, found_hz),) = sounds(page)
    assert found_hz == held_hz
    assert held.shape[1] == pytest.approx(held_hz, abs=1)
    assert (f"converted from {rate_hz / 1000:g} kHz" in page) == (rate_hz != held_hz)


AUDIO = programme()


@pytest.mark.parametrize(
    ("versions", "options", "line"),
    [
        ({"A": AUDIO}, {}, "versions holds 1: an A/B player takes 2 to 9"),
        ([AUDIO, AUDIO], {}, "versions = .* is not a mapping of names to audio"),
        ({1: AUDIO, 2: AUDIO}, {}, "versions: the name 1 is not a string"),
        ({"A": AUDIO, "B": AUDIO[:, :0]}, {}, r"versions\['B'\] has no frames"),
        ({"A": AUDIO, "B": np.full((2, 9), np.nan)}, {}, r"versions\['B'\] holds 18 non-finite samples"),
        ({"A": AUDIO, "B": np.zeros((9, 50))}, {}, r"versions\['B'\] has 9 channels: a player takes 1 to 8"),
        ({"A": (AUDIO, 48_000), "B": (AUDIO, 44_100)}, {}, "versions are of different rates: 44100 and 48000 Hz"),
        ({"A": AUDIO, "B": AUDIO}, {"gains_db": {"C": 0}}, r"gains_db\['C'\] is of no version: there are 'A', 'B'"),
        ({"A": AUDIO, "B": AUDIO}, {"gains_db": {"A": 1}}, r"gains_db\['A'\] = 1 is out of range: .* -120..0"),
        ({"A": AUDIO, "B": AUDIO}, {"gains_db": [0, 0]}, r"gains_db = \[0, 0\] is not a mapping of names to dB"),
        ({"A": AUDIO, "B": AUDIO}, {"longest_s": 0.5}, "longest_s = 0.5 is out of range: it must lie in 1..3600"),
        ({"A": AUDIO, "B": AUDIO}, {"titel": "x"}, "ab_players has no parameter titel: did you mean title?"),
        ({"A": AUDIO, "B": AUDIO}, {"title": 3}, "title = 3 is not a string"),
    ],
)
def test_what_does_not_fit_is_refused(versions: Any, options: dict[str, Any], line: str) -> None:
    rate_hz = None if isinstance(versions, dict) and isinstance(versions.get("A"), tuple) else RATE_HZ
    with pytest.raises((md.ParameterError, TypeError), match=line):
        ab_players(versions, rate_hz, **options)


def test_a_single_sound_is_checked_too() -> None:
    with pytest.raises(md.ParameterError, match="audio has no frames: there is nothing to play"):
        player(np.zeros((2, 0)), RATE_HZ)
    with pytest.raises(TypeError, match="sample_rate_hz is missing"):
        player(AUDIO)
    with pytest.raises(TypeError, match="title = None is not a string"):
        player(AUDIO, RATE_HZ, title=None)  # type: ignore[arg-type]
