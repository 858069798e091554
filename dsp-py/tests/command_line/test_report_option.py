"""``mixdown master --report``: the report beside the master, or one line and nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mixdown as md
from running import call
from signals import RATE_HZ, sine


@pytest.fixture
def titled(tmp_path: Path) -> Path:
    md.write(tmp_path / "mix.wav", sine(), RATE_HZ, tags={"title": "A <b>Song</b>"})
    return tmp_path / "mix.wav"


def test_a_report_is_written_beside_the_master(tmp_path: Path, titled: Path) -> None:
    output, report = tmp_path / "master.wav", tmp_path / "report.html"
    done = call("master", titled, "-o", output, "--report", report)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"Report: {report}, {report.stat().st_size / 1e6:.1f} MB"
    page = report.read_text("utf-8")
    # Mix and master, under the title of the mix.
    assert page.count("<audio") == 2
    assert "<h1>A &lt;b&gt;Song&lt;/b&gt;</h1>" in page
    # The page that Python makes of the same files.
    mix = md.read(titled)
    mastered = md.master(mix, name="master.wav")
    mastered.report(tmp_path / "again.html", before=mix, title="A <b>Song</b>")
    assert (tmp_path / "again.html").read_bytes() == report.read_bytes()


def test_json_names_the_report_and_tags_need_not_go_into_the_master(tmp_path: Path, titled: Path) -> None:
    report = tmp_path / "report.png"
    arguments = ("-o", tmp_path / "master.wav", "--profile", "ingest", "--report", report, "--json")
    done = call("master", titled, *arguments)
    assert json.loads(done.stdout)["report"] == str(report)
    assert report.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("report.txt", "--report = {file} is not allowed: its name must end in .html, .pdf, .png"),
        ("missing/report.html", "{file}: folder {file.parent} does not exist"),
        ("there.html", "{file}: exists already: --force replaces it"),
    ],
)
def test_a_report_that_cannot_be_written_stops_it_at_once(tmp_path: Path, titled: Path, name: str, line: str) -> None:
    (tmp_path / "there.html").write_text("kept")
    done = call("master", titled, "-o", tmp_path / "master.wav", "--report", tmp_path / name)
    assert (done.returncode, done.stderr) == (1, f"mixdown: {line.format(file=tmp_path / name)}\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mix.wav", "there.html"]
    assert (tmp_path / "there.html").read_text() == "kept"


def test_force_replaces_a_report(tmp_path: Path, titled: Path) -> None:
    (tmp_path / "report.pdf").write_text("older")
    done = call("master", titled, "-o", tmp_path / "master.wav", "--report", tmp_path / "report.pdf", "--force")
    assert done.returncode == 0
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
