"""All reports have the same bits on any number of threads, leave their audio alone, and survive pickling."""

import copy
import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mixdown as md

RATE_HZ = 48_000


def stems() -> dict[str, np.ndarray]:
    """Return four tracks that differ in spectrum, channels and format."""
    rng = np.random.default_rng(7)
    time_s = np.arange(6 * RATE_HZ) / RATE_HZ
    noise = rng.standard_normal((3, time_s.size))
    return {
        "bass": 0.2 * np.sin(2 * np.pi * 55 * time_s) + 0.01 * noise[0],
        "drums": (0.2 * noise[1] * np.exp(-8 * (time_s % 0.5))).astype(np.float32),
        "pad": 0.05 * np.stack([np.sin(2 * np.pi * 300 * time_s), np.sin(2 * np.pi * 301 * time_s)]),
        "lead": 0.1 * np.sin(2 * np.pi * 440 * time_s * (1 + 0.001 * np.sin(5 * time_s))) + 0.005 * noise[2],
    }


def reports(tracks: dict[str, np.ndarray]) -> dict[str, object]:
    """Return every report of the tracks and of their sum."""
    given = md.Stems(tracks, RATE_HZ)
    mix = sum(np.broadcast_to(np.atleast_2d(track), (2, 6 * RATE_HZ)) for track in tracks.values())
    return {
        "masking": md.masking(given, lead="lead"),
        "lead": md.lead_report(given, lead="lead"),
        "check": md.check_mix(mix, RATE_HZ, stems=given, lead="lead"),
        "translation": md.translation(given),
        "tonal": md.tonal_balance(mix, RATE_HZ),
        "match": md.match(mix, RATE_HZ, mix[:, ::-1] + 0.1 * mix, RATE_HZ),
        "spectrum": md.spectrum(mix, RATE_HZ),
        "balance": md.balance({name: (track, RATE_HZ) for name, track in tracks.items()}, RATE_HZ, lead="lead").mix,
    }


def digest() -> str:
    """Return the digest of all figures of all reports."""
    text = json.dumps({name: report.to_dict() for name, report in reports(stems()).items()}, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_any_number_of_threads_gives_the_same_bits() -> None:
    here = Path(__file__)
    program = f"import sys; sys.path.insert(0, {str(here.parent)!r}); import {here.stem} as t; print(t.digest())"
    found = set()
    for threads in (1, 2, 5):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1


@pytest.fixture(scope="module")
def made() -> dict[str, object]:
    tracks = stems()
    before = {name: track.copy() for name, track in tracks.items()}
    found = reports(tracks)
    for name, track in tracks.items():
        np.testing.assert_array_equal(track, before[name])
    return found


@pytest.mark.parametrize("name", ["masking", "lead", "check", "translation", "tonal", "match", "spectrum"])
def test_reports_are_values(made, name) -> None:
    report = made[name]
    for other in (pickle.loads(pickle.dumps(report)), copy.deepcopy(report)):
        assert other.to_dict() == report.to_dict()
    with pytest.raises(AttributeError):
        report.other = 1
    assert len(repr(report)) < 300
    if name != "spectrum":
        assert report.table()
        assert "<svg" in report._repr_html_()
        axes = report.plot()
        assert report.plot(axes) is axes


def test_figures_are_of_pyplot_where_that_is_in_use(made) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    before = pyplot.get_fignums()
    assert "<svg" in made["lead"]._repr_html_()
    assert pyplot.get_fignums() == before
    figure = made["lead"].plot().figure
    assert pyplot.gcf() is figure
    pyplot.close(figure)


def test_stems_are_values_too() -> None:
    given = md.Stems(stems(), RATE_HZ)
    report = md.translation(given, devices=["phone"])
    for copied in (copy.copy(given), copy.deepcopy(given), pickle.loads(pickle.dumps(given))):
        assert copied == given
        assert md.translation(copied, devices=["phone"]).to_dict() == report.to_dict()
    assert given != md.Stems(stems(), 44_100)
    assert given != md.Stems({**stems(), "lead": np.zeros(6 * RATE_HZ)}, RATE_HZ)
