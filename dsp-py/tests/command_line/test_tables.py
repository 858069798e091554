"""The command line: figures and tables on narrow and plain terminals."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import mixdown as md
from mixdown.cli.terminal import excess, figure, table
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


@given(st.floats(1e-9, 50), st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.sampled_from([-1, 1]))
def test_a_missed_limit_reads_as_missed(above: float, limit: float, sign: int) -> None:
    text = excess(sign * (limit + above), "dB", limit)
    value = float(text.split()[0])
    assert abs(value) > limit
    assert abs(value - sign * (limit + above)) <= 0.051
    assert text[0] == ("+" if sign > 0 else "-")
