"""The command line: figures and tables on narrow and plain terminals."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import mixdown as md
from mixdown import _checks
from mixdown.analysis.findings import stated
from mixdown.cli.terminal import figure, table
from running import call

_CELLS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z", "M", "Cf"]), min_size=1, max_size=40)


@given(st.data())
def test_tables_crop_nothing_and_fit(data: st.DataObject) -> None:
    columns = data.draw(st.integers(2, 10))
    figures = st.floats(-100, 100).map(lambda value: figure(value, "LUFS"))
    rows = data.draw(st.lists(st.tuples(_CELLS, *[figures] * (columns - 1)), min_size=1, max_size=5))
    headings = [f"Heading{column}" for column in range(columns)]
    text = table(headings, rows, 80)
    for line in text.splitlines():
        assert cell_len(line) <= 80
    squeezed = "".join(text.split())
    for row in rows:
        for cell in row[1:]:
            assert cell in text
    for character in "".join(name for name, *_ in rows):
        assert character in squeezed


def test_measured_tables_hold_every_figure(tmp_path: Path, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a rather long name of a song, take {number}.wav" for number in range(7)]
    for name in names:
        (tmp_path / name).write_bytes(song.read_bytes())
    reading = md.loudness(*md.read(song))
    for count in (1, 2, 7):
        for columns in ("80", "20", "300"):
            monkeypatch.setenv("COLUMNS", columns)
            done = call("measure", *(tmp_path / name for name in names[:count]))
            assert done.returncode == 0
            assert done.stdout.isascii()
            for value, unit in ((reading.integrated_lufs, "LUFS"), (reading.true_peak_dbtp, "dBTP")):
                assert done.stdout.count(f"{value:.2f} {unit}") >= count
            if columns != "20":
                assert max(map(len, done.stdout.splitlines())) <= int(columns)


def test_zero_has_no_sign_and_a_miss_is_no_zero() -> None:
    for value in (-0.0, -0.001, 0.0, 0.0049):
        assert figure(value, "dB") == figure(value, "dB", sign=True) == "0.00 dB"
    assert figure(1.0, "dB", sign=True) == "+1.00 dB"
    assert figure(-1.0, "dB", sign=True) == "-1.00 dB"
    assert figure(-np.inf, "LUFS") == "-inf LUFS"


@given(st.floats(1e-5, 50), st.sampled_from([0.0, 0.2, -1.0, -14.0]), st.sampled_from([-1, 1]))
def test_a_missed_limit_reads_as_missed(away: float, limit: float, side: int) -> None:
    value = limit + side * away
    text = _checks.apart(value, limit)
    assert (float(text) > limit) == (side > 0)
    assert float(text) != limit
    assert abs(float(text) - value) <= 0.051


@pytest.mark.parametrize(
    ("value", "limit", "message", "told"),
    [
        (-0.9979, -1.0, "It is -1.00 dBTP; the limit is -1 dBTP.", "It is -0.998 dBTP; the limit is -1 dBTP."),
        (-0.5, -1.0, "It is -0.50 dBTP; the limit is -1 dBTP.", "It is -0.50 dBTP; the limit is -1 dBTP."),
        (3.02, 3.0, "The peak is +3.0 dB; the limit is +3 dB.", "The peak is +3.02 dB; the limit is +3 dB."),
        (60.2, 60.0, "It rises by 60 µm; the limit is 60 µm.", "It rises by 60.2 µm; the limit is 60 µm."),
        (60.2, 60.0, "It rises by a lot; the limit is 60 µm.", "It rises by a lot; the limit is 60 µm."),
        (-1.0, -1.0, "It is -1.00 dBTP; the limit is -1 dBTP.", "It is -1.00 dBTP; the limit is -1 dBTP."),
    ],
)
def test_a_finding_does_not_read_as_the_limit_it_misses(value: float, limit: float, message: str, told: str) -> None:
    assert stated("overs", "warning", message, value, limit, "dBTP").message == told
