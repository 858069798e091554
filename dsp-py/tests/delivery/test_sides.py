"""Sides of a record: against all cuts of an album, brightness, refusals."""

import itertools
import json
import math

import numpy as np
import pytest

import mixdown as md
from mixdown.delivery.sides import brightness_db, vinyl_sides


def all_cuts(
    durations: list[int], brightness: list[int], count: int, gaps: list[int], runs_on: set[int]
) -> tuple[tuple[int, ...], ...]:
    """The best of all cuts, tried one after another."""
    songs = range(len(durations))
    found = []
    for inner in itertools.combinations(range(1, len(durations)), count - 1):
        if runs_on & set(inner):
            continue
        borders = (0, *inner, len(durations))
        sides = [tuple(songs[start:stop]) for start, stop in itertools.pairwise(borders)]
        lengths = [sum(durations[at] + gaps[at] for at in side) - gaps[side[0]] for side in sides]
        last = sum(brightness[side[-1]] for side in sides)
        found.append((max(lengths), max(lengths) - min(lengths), last, borders, tuple(sides)))
    return min(found)[-1]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(6))
def test_sides_are_the_best_of_all_cuts(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    songs = int(random.integers(6, 10))
    # Few lengths and levels, so that equal cuts are common.
    durations = [int(value) for value in random.choice([120, 180, 240, 600], songs)]
    brightness = [int(value) for value in random.choice([-30, -20, -10], songs)]
    gaps = [int(value) for value in random.choice([0, 2, 4], songs)]
    runs_on = {int(random.integers(1, songs))}
    cut = vinyl_sides(durations, brightness, count, gaps_s=gaps, runs_on=runs_on)
    assert cut.sides == all_cuts(durations, brightness, count, gaps, runs_on)
    assert cut.longest_s == pytest.approx(max(cut.durations_s))
    assert cut.last_brightness == tuple(brightness[side[-1]] for side in cut.sides)


def test_a_side_ends_with_the_less_bright_song() -> None:
    # Both cuts give 6:00 and 3:00.
    assert vinyl_sides([180, 180, 180], [-10, -20, -30], 2).sides == ((0, 1), (2,))
    assert vinyl_sides([180, 180, 180], [-20, -10, -30], 2).sides == ((0,), (1, 2))
    assert vinyl_sides([180, 180, 180], [-20, -20, -30], 2).sides == ((0,), (1, 2))
    assert vinyl_sides([180, 180, 180], [-math.inf, -20, -30], 2).last_brightness == (-math.inf, -30)


def test_gaps_count_between_songs_alone() -> None:
    cut = vinyl_sides([100, 100, 100, 100], [0] * 4, 2, gaps_s=[9, 2, 5, 3])
    assert cut.durations_s == (202, 203)
    assert cut.difference_s == pytest.approx(1)


def test_many_songs_are_cut_at_once() -> None:
    durations = [1200.0, *([30.0] * 98)]
    cut = vinyl_sides(durations, [float(-at % 7) for at in range(99)], 8)
    assert cut.longest_s == 1200
    assert cut.difference_s == 1200 - 14 * 30
    assert cut.titled([str(at) for at in range(99)])[0] == ("0",)
    assert len(cut.table().splitlines()) == 9


def test_sides_show_themselves() -> None:
    cut = vinyl_sides([200, 180, 3], [-10, -math.inf, -math.inf], 2, gaps_s=[0, 2, 2])
    assert cut.table().splitlines()[1:] == [
        "A     1        3:20                   -10.0",
        "B     2-3      3:05                    -inf",
    ]
    assert json.dumps(cut.to_dict(), allow_nan=False).count("-inf") == 1
    assert "3:05" in cut._repr_html_()
    axes = cut.plot()
    # The shortest song has no number.
    assert [text.get_text() for text in axes.texts] == ["1", "3:20", "2", "3:05"]
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(383 / 60)


def test_brightness_compares_highs_with_the_middle() -> None:
    time_s = np.arange(96_000) / 48_000

    def sines(*pairs: tuple[float, float]) -> np.ndarray:
        return sum(gain * np.sin(2 * np.pi * frequency_hz * time_s) for frequency_hz, gain in pairs)

    assert brightness_db(sines((1000, 1), (12_000, 0.1)), 48_000) == pytest.approx(-20, abs=0.1)
    # What lies between the bands and outside them does not count.
    outside = sines((1000, 1), (12_000, 0.1), (100, 1), (6000, 1), (18_500, 1))
    assert brightness_db(outside, 48_000) == pytest.approx(-20, abs=0.1)
    assert brightness_db((sines((1000, 1))[::6].copy(), 8_000)) == -math.inf
    assert brightness_db(np.zeros(48_000), 48_000) == -math.inf


REFUSED = [
    (([], [], 2), {}, "durations_s is empty: a side takes one song or more"),
    (([60, 60], [0], 2), {}, "brightness holds 1: there are 2 songs"),
    (([60, 60], [0, 0], 2), {"gaps_s": [1]}, "gaps_s holds 1: there are 2 songs"),
    (([60, -1], [0, 0], 2), {}, "durations_s[1] = -1 is out of range: it must lie in 0..100000"),
    (([60, 60], [0, math.nan], 2), {}, "brightness[1] = NaN is not allowed: it must be a number, or -inf"),
    (([60, 60], [0, 0], 9), {}, "count = 9 is out of range: it must lie in 1..8"),
    (([60, 60], [0, 0], 3), {}, "count = 3 is out of range: the album can be cut into 2 at most"),
    (([60, 60], [0, 0], 2), {"runs_on": [1]}, "count = 2 is out of range: the album can be cut into 1 at most"),
    (([60, 60], [0, 0], 2), {"runs_on": [2]}, "runs_on = 2 is out of range: it must lie in 0..1"),
]


@pytest.mark.parametrize(("given", "settings", "message"), REFUSED)
def test_refused_in_one_line(given: tuple[object, ...], settings: dict[str, object], message: str) -> None:
    with pytest.raises(md.ParameterError) as refusal:
        vinyl_sides(*given, **settings)  # type: ignore[arg-type]
    assert str(refusal.value) == message
