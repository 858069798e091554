"""Reports of masters: what they say, the same bytes, and refusals that leave nothing behind."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mixdown as md
from mixdown.delivery import verdict
from pages import read_page

RATE_HZ = 44_100
EFFECTS = [md.HighPass(frequency_hz=30), md.Equalizer(bands=[md.Bell(gain_db=2)])]
HOSTILE = "\"Song\" <script>alert('x')</script> $x^2$ &amp;"


@pytest.fixture(scope="module")
def mix() -> NDArray[np.float32]:
    """Three seconds with peaks that a limiter has to take."""
    noise = np.random.default_rng(3).standard_normal((2, 3 * RATE_HZ))
    beat = np.exp(-9.0 * (np.arange(3 * RATE_HZ) / RATE_HZ % 0.5))
    return (0.1 * noise * beat).astype(np.float32)


@pytest.fixture(scope="module")
def mastered(mix: NDArray[np.float32]) -> md.Mastered:
    return md.master(mix, RATE_HZ, target="spotify", effects=EFFECTS)


@pytest.fixture(scope="module")
def page(mix: NDArray[np.float32], mastered: md.Mastered, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("report") / "report.html"
    mastered.report(file, before=mix, title=HOSTILE)
    return file.read_text("utf-8")


def written(mastered: md.Mastered, file: Path, **options: Any) -> bytes:
    mastered.report(file, **options)
    return file.read_bytes()


def rows_of(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its head."""
    table = page[page.index(f"<h2>{heading}</h2>") :].partition("</table>")[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.S)[1:]
    return [[re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)] for row in rows]


def test_a_page_parses_strictly_and_needs_nothing_else(page: str) -> None:
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    parser = read_page(page)
    assert HOSTILE in parser.texts
    assert len(parser.ids) == len(set(parser.ids))
    assert parser.embedded == ["data:audio/flac;base64"] * 2
    assert not {"link", "img", "iframe", "object", "embed", "base"} & parser.seen
    assert page.count("<script>") == 1
    outside = re.sub("<metadata>.*?</metadata>", "", page, flags=re.S)
    assert set(re.findall(r"https?://[^\s\"'<>)]+", outside)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.search(r"url\((?!#)|@import", page)
    headings = ["Certificate", "Listen", "Over time", "Spectrum, at equal loudness", "Processing", "Targets"]
    assert re.findall("<h2>(.*?)</h2>", page) == headings
    # It tells its size, rounded.
    (size,) = re.findall(r"This page has ([\d.]+) MB", page)
    assert float(size) == pytest.approx(len(page.encode()) / 1e6, abs=0.06)


def test_the_certificate_stands_on_it(page: str, mix: NDArray[np.float32], mastered: md.Mastered) -> None:
    told = {row[0]: [cell.replace("−", "-") for cell in row[1:]] for row in rows_of(page, "Certificate")}
    for name, reading in (
        ("Mix", md.loudness(mix, RATE_HZ, precision="reference")),
        ("Master", mastered.certificate.loudness),
    ):
        assert told[name][:2] == [f"{reading.integrated_lufs:.2f}", f"{reading.true_peak_dbtp:.2f}"]
    assert told["Target, ceiling"][:2] == ["-14.00", "-1.00"]
    assert '<p class="pass">Pass: spotify.</p>' in page
    assert mastered.certificate.meter in page


def test_every_target_has_a_verdict_and_a_playback_gain(page: str, mastered: md.Mastered) -> None:
    reading = mastered.certificate.loudness
    rows = {row[0]: [cell.replace("−", "-") for cell in row[1:]] for row in rows_of(page, "Targets")}
    assert list(rows) == [target.name for target in md.targets()]
    for target in md.targets():
        said, lufs, _, gain_db, played_lufs = rows[target.name]
        # Broadcasters refuse a loudness, players turn it; both refuse peaks above the ceiling.
        found = verdict(reading, target).partition(" over ")[0]
        turned = f"turned {'up' if float(gain_db) > 0 else 'down'} {gain_db.lstrip('+-')} dB"
        player = "not turned up" if gain_db == "0.0" else turned
        refused = found if target.tolerance_lu else found[found.find("peak") :] if "peak" in found else ""
        assert said == ("pass" if found == "pass" else f"fail: {refused}" if refused else player)
        assert float(lufs) == target.integrated_lufs
        assert float(gain_db) == pytest.approx(md.playback_gain(reading, target.name), abs=0.051)
        assert float(played_lufs) == pytest.approx(reading.integrated_lufs + float(gain_db), abs=0.11)
    assert {rows["spotify"][0], rows["youtube"][0]} == {"pass"}
    assert rows["r128"][0] == "fail: +9.0 LU"
    assert rows["apple"][0] == "turned down 2.0 dB"
    assert rows["spotify-loud"][0].startswith("fail: peak +")


def test_what_a_player_does_is_no_fault_and_a_ceiling_that_moved_is_explained(tmp_path: Path) -> None:
    tone = 10 ** (-8.05 / 20) * np.sin(2 * np.pi * 997 * np.arange(RATE_HZ) / RATE_HZ)
    mastered = md.master(np.stack([tone, tone]), RATE_HZ, target_lufs=-9)
    page = written(mastered, tmp_path / "loud.html").decode()
    rows = {row[0]: row[1:] for row in rows_of(page, "Targets")}
    assert (rows["spotify"][0], rows["spotify"][2]) == ("turned down 5.0 dB", "*\N{MINUS SIGN}2.0")
    assert '<td>spotify</td><td class="text"><span>turned down 5.0 dB</span></td>' in page
    assert (
        "* The ceiling at \N{MINUS SIGN}9.0 LUFS; at the target&#x27;s own loudness: spotify \N{MINUS SIGN}1.0, "
        in page
    )
    faults = [name for name in rows if rows[name][0].startswith("fail: ")]
    assert faults == ["r128", "r128-s2", "atsc", "podcast", "netflix"]
    assert page.count('class="fault"') == len(faults)
    quiet = written(md.master(0.1 * tone, RATE_HZ, target_lufs=-20), tmp_path / "a.html").decode()
    rows = {row[0]: row[1:] for row in rows_of(quiet, "Targets")}
    assert (rows["spotify"][0], rows["spotify"][2]) == ("turned up 6.0 dB", "\N{MINUS SIGN}1.0")
    assert rows["youtube"][0] == "not turned up"
    assert "The ceiling at" not in quiet


def test_the_processing_is_told_in_order(page: str, mastered: md.Mastered) -> None:
    told = re.findall("<li>(.*?)</li>", page)
    assert told[:3] == [
        "HighPass(frequency_hz=30)",
        "Equalizer(bands=[Bell(gain_db=2)])",
        f"Gain +{mastered.certificate.gain_db:.2f} dB",
    ]
    assert told[-1] == "Rounded to 24 bits, TPDF dither"
    assert sum(line.startswith("Limiter at ") for line in told) == 1


def test_the_certificate_keeps_the_effects(mastered: md.Mastered) -> None:
    assert mastered.certificate.effects == md.Chain(EFFECTS)
    assert mastered.certificate.to_dict()["effects"] == md.Chain(EFFECTS).to_dict()


def test_figures_of_ones_own_are_the_first_row(mix: NDArray[np.float32], tmp_path: Path) -> None:
    mastered = md.master(mix, RATE_HZ, target_lufs=-20, bit_depth=32)
    page = written(mastered, tmp_path / "own.html").decode()
    first, second, *_ = rows_of(page, "Targets")
    assert first[:2] == ["-20 LUFS at -1 dBTP", "pass"]
    assert first[4:] == ["", ""]
    assert second[0] == "spotify"
    assert re.findall("<li>(.*?)</li>", page)[-1] == "32 bits, floating point"


def test_without_the_mix_it_tells_of_the_master_alone(mastered: md.Mastered, tmp_path: Path) -> None:
    page = written(mastered, tmp_path / "alone.html").decode()
    parser = read_page(page)
    assert parser.embedded == ["data:audio/flac;base64"]
    assert "<script>" not in page
    assert [row[0] for row in rows_of(page, "Certificate")] == ["Master", "Target, ceiling"]
    assert "<h1>Master</h1>" in page
    assert written(mastered, tmp_path / "alone.png").startswith(b"\x89PNG")


@pytest.mark.parametrize("ending", ["html", "pdf", "png", "PNG"])
def test_the_same_master_gives_the_same_bytes(
    mix: NDArray[np.float32], mastered: md.Mastered, tmp_path: Path, ending: str
) -> None:
    first, second = (written(mastered, tmp_path / f"{name}.{ending}", before=mix, title=HOSTILE) for name in "ab")
    assert first == second
    # Nothing is left beside them.
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"a.{ending}", f"b.{ending}"]
    if ending == "pdf":
        assert len(re.findall(rb"/Type\s*/Page\b", first)) == 1
        assert b"CreationDate" not in first
        (width, height) = (float(value) for value in re.search(rb"/MediaBox \[ 0 0 (\S+) (\S+) \]", first).groups())
        assert width / height == pytest.approx(2**0.5, abs=0.001)
    if ending.lower() == "png":
        assert (first[16:20], first[20:24]) == ((1600).to_bytes(4), (1131).to_bytes(4))


def test_a_mix_is_rendered_and_another_rate_converted(
    mix: NDArray[np.float32], mastered: md.Mastered, tmp_path: Path
) -> None:
    console = md.Mix(sample_rate_hz=RATE_HZ)
    console.track("noise", mix)
    assert written(mastered, tmp_path / "a.html", before=console) == written(
        mastered, tmp_path / "b.html", before=console.render()
    )
    other = md.resample(mix, RATE_HZ, 48_000)
    pages = [
        written(mastered, tmp_path / "c.html", before=(other, 48_000)),
        written(mastered, tmp_path / "d.html", before=other, before_rate_hz=48_000),
    ]
    assert pages[0] == pages[1]
    (mix_row, *_) = rows_of(pages[0].decode(), "Certificate")
    lufs = md.loudness(md.resample(other, 48_000, RATE_HZ), RATE_HZ).integrated_lufs
    assert float(mix_row[1].replace("−", "-")) == pytest.approx(lufs, abs=0.02)


def test_mono_of_one_dimension_and_silence_before_it(tmp_path: Path) -> None:
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    mastered = md.master(tone, RATE_HZ, target="podcast")
    page = written(mastered, tmp_path / "mono.html", before=np.zeros(RATE_HZ)).decode()
    assert "mono</p>" in page
    assert rows_of(page, "Certificate")[0][1] == "−∞"
    assert "<li>No limiting needed</li>" in page
    assert written(mastered, tmp_path / "mono.png", before=np.zeros(RATE_HZ)).startswith(b"\x89PNG")


REFUSED: list[tuple[Callable[[Path], Path], dict[str, Any], str]] = [
    (lambda place: place / "report.txt", {}, r"path = .*report.txt is not allowed: its name must end in .html, .pdf"),
    (lambda place: place / "report", {}, r"its name must end in .html, .pdf, .png"),
    (lambda place: place / "missing" / "report.html", {}, "No such file or directory: .*report.html"),
    (lambda place: place / "folder.html", {}, "Is a directory"),
    (lambda place: place / "a.html", {"title": 7}, "title = 7 is not a string"),
    (lambda place: place / "a.html", {"longest_s": 0}, "longest_s = 0 is out of range"),
    (lambda place: place / "a.html", {"before_rate_hz": 48_000}, "before_rate_hz is given without before"),
    (lambda place: place / "a.png", {"before": np.zeros((2, 99))}, "before has 99 frames, the master 132300: if it is"),
    (lambda place: place / "a.png", {"before": np.full((2, 3 * RATE_HZ), np.nan)}, "before holds 264600 non-finite"),
    (lambda place: place / "a.png", {"before": [0.0]}, "before"),
    (
        lambda place: place / "a.html",
        {"before": (np.zeros((2, 4 * RATE_HZ)), RATE_HZ)},
        r"before lasts 4.00 s, the master 3.00 s: it takes the mix that the master was made from",
    ),
    (lambda place: place / "a.png", {"befor": None}, "Mastered.report has no parameter befor: did you mean before?"),
]


@pytest.mark.parametrize(("file", "options", "line"), REFUSED)
def test_what_does_not_fit_leaves_nothing(
    mastered: md.Mastered, tmp_path: Path, file: Callable[[Path], Path], options: dict[str, Any], line: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    with pytest.raises((OSError, ValueError, TypeError), match=line):
        mastered.report(file(tmp_path), **options)
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.html"]


def test_a_report_is_replaced_whole(mastered: md.Mastered, tmp_path: Path) -> None:
    file = tmp_path / "report.png"
    file.write_bytes(b"older")
    assert written(mastered, file).startswith(b"\x89PNG")
    # The checksum of its last chunk: it was written to the end.
    assert file.read_bytes()[-4:] == zlib.crc32(b"IEND").to_bytes(4)
