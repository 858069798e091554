"""The page of a pack: strict, without script and network, one sheet of paper."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pack_albums import RATE_HZ, cover, plain_album, song

import mixdown as md
from pages import read_page

FORMATS = ["wav24", "cd", "mp3:320", "vinyl:12in33"]


def awkward_album(count: int, place: Path) -> md.Album:
    """Titles that are long, hold marks of HTML, of mathematics, and letters that fonts of figures lack."""
    titles = ['<script>alert("x")</script> & Co', "$x^2$ \\frac", "日本語の歌 🎵", "A title of many words " * 6]
    album = md.Album(title="<b>Bold</b> & “Long” " + "Name " * 20, artist="A & B", cover=cover(place / "c.png", 200))
    for number in range(count):
        title = f"{titles[number % 4]} {number}" if number >= 4 else titles[number]
        album.track(song(number % 4), title=title)
    # Silence at first: the levels of no window are finite.
    late = np.concatenate([np.zeros((2, RATE_HZ), np.float32), song(1)[0]], axis=1)
    album.track((late, RATE_HZ), title="Late")
    return album


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("pages")
    albums = {"3": plain_album(3), "12": plain_album(12), "awkward": awkward_album(11, place)}
    made = {}
    for name, album in albums.items():
        album.master(target_lufs=-16).deliver(place / name, FORMATS)
        made[name] = place / name / "qc" / "report.html"
    return made


@pytest.mark.parametrize("name", ["3", "12", "awkward"])
def test_15_the_page_parses_strictly_without_script_and_network(pages: dict[str, Path], name: str) -> None:
    text = pages[name].read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>\n<html lang=")
    parser = read_page(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & parser.seen
    assert parser.embedded == []
    assert {"h1", "table", "svg", "pre"} <= parser.seen
    namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert set(re.findall(r"https?://[^\s\"'<>)]+", text)) <= namespaces | metadata_names(text)
    assert not re.search(r"url\((?!#)", text)
    assert "@import" not in text


def metadata_names(text: str) -> set[str]:
    """Names within the metadata of figures, which nothing loads."""
    inside = "".join(re.findall(r"<metadata>.*?</metadata>", text, re.S))
    return set(re.findall(r"https?://[^\s\"'<>)]+", inside))


def test_titles_stand_on_the_page_as_they_are(pages: dict[str, Path]) -> None:
    parser = read_page(pages["awkward"].read_text("utf-8"))
    whole = " ".join(parser.texts)
    for title in ('1  <script>alert("x")</script> & Co', "2  $x^2$ \\frac", "3  日本語の歌 🎵", "<b>Bold</b> & “Long”"):
        assert title in whole


def test_no_level_is_drawn_where_no_window_is_complete(pages: dict[str, Path]) -> None:
    # A line down to -70 LUFS would leave the axes: it would end far below the others.
    for name in ("3", "12", "awkward"):
        text = pages[name].read_text("utf-8")
        figure = text[text.index("<svg") : text.index("</svg>")]
        lines = re.findall(r'<path d="(M [^"z]*?)"[^>]*clip-path[^>]*stroke-width: 0\.8', figure, re.S)
        assert len(lines) >= 3
        box = [float(value) for value in re.search(r'viewBox="([^"]+)"', figure)[1].split()]
        for line in lines:
            heights = [float(y) for _, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", line)]
            assert 0 <= min(heights) <= max(heights) <= box[3]


def test_differences_of_nothing_have_no_sign() -> None:
    from mixdown.pack.page import _signed

    assert [_signed(value) for value in (-0.04, 0.0, 0.04, -0.06, 0.06, -3.21)] == [
        *("0.0", "0.0", "0.0", "-0.1", "+0.1", "-3.2")
    ]


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("chromium is not installed")


def browsed(page: Path, *options: str) -> str:
    """What a browser says while it opens a page: errors of its console among it."""
    command = [
        *(chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--enable-logging=stderr", "--v=0", f"--user-data-dir={page.parent.parent.parent / 'profile'}"),
        *("--virtual-time-budget=2000", *options, page.resolve().as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["3", "12", "awkward"])
def test_15_a_browser_opens_it_without_errors_and_prints_one_page(pages: dict[str, Path], name: str) -> None:
    sheet = pages[name].parent.parent.parent / f"{name}.pdf"
    said = browsed(pages[name], f"--print-to-pdf={sheet}", "--no-pdf-header-footer")
    assert ":CONSOLE" not in said
    assert len(re.findall(rb"/Type\s*/Page\b", sheet.read_bytes())) == 1
