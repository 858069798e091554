"""Orders of songs: the exact search against all orders, the other one against the exact, costs, pins, refusals."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

import mixdown as md
from mixdown.delivery.order import Order, SongSummary, suggest_order
from mixdown.delivery.order.costs import ARCS, UNIT, costs_of
from mixdown.delivery.order.search import EXACT_SONGS, exact, improved

KEYS = [note + mode for note in ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B") for mode in ("", "m")]
#: The other search on 10 songs, measured on 24 drawings: 0.3 % on average, 3.2 % at worst.
MEAN_EXCESS = 0.01
WORST_EXCESS = 0.06


def album(seed: int, count: int) -> list[SongSummary]:
    random = np.random.default_rng(seed)
    return [
        SongSummary(
            f"Song {at}",
            float(random.uniform(-24, -8)),
            float(random.uniform(-24, -8)),
            float(random.uniform()),
            key=None if random.uniform() < 0.2 else str(random.choice(KEYS)),
            tempo_bpm=None if random.uniform() < 0.2 else float(random.uniform(60, 180)),
        )
        for at in range(count)
    ]


def by_hand(songs: list[SongSummary], arc: str) -> float:
    """The cost of an order, written out from its definition."""
    cost = 0.0
    circle = ["C", "G", "D", "A", "E", "B", "F#", "C#", "Ab", "Eb", "Bb", "F"]
    relative = dict(
        zip(["Am", "Em", "Bm", "F#m", "C#m", "Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm"], circle, strict=True)
    )
    for one, two in itertools.pairwise(songs):
        cost += max(0, abs(two.start_lufs - one.end_lufs) - 3) / 6
        if one.key and two.key:
            steps = abs(circle.index(relative.get(one.key, one.key)) - circle.index(relative.get(two.key, two.key)))
            cost += 0.5 * max(0, min(steps, 12 - steps) - 1) / 5
        if one.tempo_bpm and two.tempo_bpm:
            ratio = min(abs(np.log2(one.tempo_bpm / two.tempo_bpm * times)) for times in (0.5, 1, 2))
            cost += 0.5 * max(0, ratio - 0.06) / 0.44
    for at, song in enumerate(songs):
        if arc == "rise_fall":
            place = at / (len(songs) - 1)
            cost += abs(song.energy - (0.4 + 0.9 * place if place < 2 / 3 else 1 - 2.4 * (place - 2 / 3)))
        if arc == "front":
            cost += abs(song.energy - (1 - 0.8 * at / (len(songs) - 1)))
    return cost


@pytest.mark.parametrize("arc", ["rise_fall", "front", "flat"])
@pytest.mark.parametrize("count", [2, 3, 5, 7])
def test_11_the_exact_search_finds_the_cheapest_of_all_orders(count: int, arc: str) -> None:
    songs = album(count, count)
    # Of equal ones the first in the given order, which itertools goes by.
    best = min(itertools.permutations(songs), key=lambda order: round(by_hand(list(order), arc), 7))
    order = suggest_order(songs, arc=arc)
    assert order.titles == tuple(song.title for song in best)
    assert order.cost == pytest.approx(by_hand(list(best), arc), abs=1e-7)
    assert order.given_cost == pytest.approx(by_hand(songs, arc), abs=1e-7)
    assert order.exact


@pytest.mark.parametrize(("first", "last"), [("Song 4", None), (None, "Song 0"), ("Song 2", "Song 1")])
@pytest.mark.parametrize("count", [5, 6, 14])
def test_11_pinned_songs_stay_at_the_ends(count: int, first: str | None, last: str | None) -> None:
    songs = album(20 + count, count)
    order = suggest_order(songs, first=first, last=last)
    assert sorted(order.titles) == sorted(song.title for song in songs)
    assert first in (None, order.titles[0])
    assert last in (None, order.titles[-1])
    if count < 7:
        allowed = [
            row
            for row in itertools.permutations(songs)
            if first in (None, row[0].title) and last in (None, row[-1].title)
        ]
        assert order.cost == pytest.approx(min(by_hand(list(row), "rise_fall") for row in allowed), abs=1e-7)


def test_the_other_search_comes_close_to_the_exact_one() -> None:
    excess = []
    for seed in range(8):
        costs = costs_of(album(seed, 10), "rise_fall")
        excess.append(costs.of(improved(costs, None, None)) / costs.of(exact(costs, None, None)) - 1)
    assert min(excess) >= 0
    assert np.mean(excess) <= MEAN_EXCESS
    assert max(excess) <= WORST_EXCESS


def test_twelve_songs_are_exact_and_thirteen_are_searched() -> None:
    assert suggest_order(album(1, EXACT_SONGS)).exact
    order = suggest_order(album(1, EXACT_SONGS + 1))
    assert not order.exact
    assert order.cost < 0.7 * order.given_cost
    assert "a cheaper order may exist" in order.table()


@pytest.mark.parametrize("count", [1, 5, 12, 16])
def test_equal_orders_keep_the_given_one(count: int) -> None:
    songs = [SongSummary(f"Song {at}", -14, -14, 0.5) for at in range(count)]
    assert suggest_order(songs, arc="flat").titles == tuple(song.title for song in songs)


def test_the_answer_is_the_same_twice() -> None:
    assert suggest_order(album(3, 15)) == suggest_order(iter(album(3, 15)))


def seam(**after: object) -> Order:
    before = SongSummary("A", -14, -14, 0.5, key="C", tempo_bpm=100)
    return suggest_order([before, replace(before, title="B", **after)], arc="flat", first="A")


@pytest.mark.parametrize(
    ("after", "terms"),
    [
        ({}, (0, 0, 0)),
        ({"start_lufs": -11}, (0, 0, 0)),
        ({"start_lufs": -5}, (1, 0, 0)),
        ({"start_lufs": -20}, (0.5, 0, 0)),
        ({"key": "Am"}, (0, 0, 0)),
        ({"key": "8A"}, (0, 0, 0)),
        ({"key": "G"}, (0, 0, 0)),
        ({"key": "2B"}, (0, 0.5, 0)),
        ({"key": "D"}, (0, 0.1, 0)),
        ({"key": "F♯"}, (0, 0.5, 0)),
        ({"key": "Ebm"}, (0, 0.5, 0)),
        ({"tempo_bpm": 200}, (0, 0, 0)),
        ({"tempo_bpm": 50}, (0, 0, 0)),
        ({"tempo_bpm": 104}, (0, 0, 0)),
        ({"tempo_bpm": 100 * 2**0.5}, (0, 0, 0.5)),
        ({"tempo_bpm": 100 * 2**0.28}, (0, 0, 0.25)),
        ({"key": None, "tempo_bpm": None}, (0, None, None)),
    ],
)
def test_terms_of_a_seam(after: dict[str, object], terms: tuple[float | None, ...]) -> None:
    (found,) = seam(**after).seams
    assert (found.loudness, found.key, found.tempo) == tuple(
        term if term is None else pytest.approx(term, abs=1e-12) for term in terms
    )
    assert found.cost == pytest.approx(sum(term or 0 for term in terms))


@pytest.mark.parametrize("arc", ARCS)
def test_costs_add_up(arc: str) -> None:
    order = suggest_order(album(6, 9), arc=arc)
    parts = [seam.cost for seam in order.seams] + [place.cost for place in order.places]
    assert order.cost == pytest.approx(sum(parts), abs=50 * UNIT)
    assert all((place.wanted_energy is None) == (arc == "flat") for place in order.places)
    lines = order.table().splitlines()
    assert len(lines) == 11
    assert sum(float(line.split()[-1]) for line in lines[1:-1]) == pytest.approx(order.cost, abs=0.05)


@pytest.mark.parametrize("count", [1, 2, 13])
def test_an_order_shows_itself(count: int) -> None:
    songs = [replace(song, title=f"Ca$h $\\x {at} with a long title\n") for at, song in enumerate(album(8, count))]
    order = suggest_order(songs)
    assert f"cost {order.cost:.2f}" in repr(order)
    assert json.loads(json.dumps(order.to_dict(), allow_nan=False))["titles"] == list(order.titles)
    assert len(order.table().splitlines()) == count + 2
    axes = order.plot()
    bars = sum(bar.get_height() for bar in axes.patches)
    assert bars == pytest.approx(sum(seam.cost for seam in order.seams))
    assert "Ca$h" in order._repr_html_()


REFUSED = [
    ([], {}, "songs is empty: an order takes one song or more"),
    ([SongSummary("A", 0, 0, 0.5)] * 2, {}, "songs[1].title = 'A' is not allowed: songs[0] has it"),
    ([SongSummary("A", 0, 0, 1.5)], {}, "songs[0].energy = 1.5 is out of range: it must lie in 0..1"),
    ([SongSummary("A", -np.inf, 0, 0.5)], {}, "songs[0].start_lufs = -inf is out of range: it must lie in -100..20"),
    ([SongSummary("A", 0, np.nan, 0.5)], {}, "songs[0].end_lufs = NaN is out of range: it must lie in -100..20"),
    ([SongSummary("A", 0, 0, 0.5, tempo_bpm=0)], {}, "songs[0].tempo_bpm = 0 is out of range: it must lie in 20..400"),
    ([SongSummary("A", 0, 0, 0.5, key="H")], {}, "songs[0].key = 'H' is not allowed: write it as \"F#m\""),
    (album(1, 3), {"arc": "up"}, "arc = 'up' is not allowed: it must be one of rise_fall, front, wave, flat"),
    (
        album(1, 3),
        {"first": "X"},
        "first = 'X' is not allowed: it must be one of Song 0, Song 1, Song 2",
    ),
    (album(1, 3), {"first": "Song 1", "last": "Song 1"}, "first = 'Song 1' is last too"),
]


@pytest.mark.parametrize(("songs", "settings", "message"), REFUSED)
def test_refused_in_one_line(songs: list[SongSummary], settings: dict[str, str], message: str) -> None:
    with pytest.raises(md.ParameterError) as refusal:
        suggest_order(songs, **settings)
    assert str(refusal.value).startswith(message)
    assert len(str(refusal.value).splitlines()) == 1
