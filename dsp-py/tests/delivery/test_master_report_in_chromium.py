"""The report of a master in a browser: silent console, no network, readable wherever it is read, one sheet of paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixdown as md
from browser import opened

RATE_HZ = 44_100
DARK, LIGHT = "rgb(20, 24, 29)", "rgb(255, 255, 255)"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mix = 0.05 * np.random.default_rng(3).standard_normal((2, 4 * RATE_HZ)).astype(np.float32)
    # As much as a report may have to tell: many effects, notes, a target of its own.
    effects = [md.HighPass(frequency_hz=30), *(md.Bell(frequency_hz=100.0 * band, gain_db=1) for band in range(1, 8))]
    mastered = md.master(mix + np.float32(0.01), RATE_HZ, target_lufs=-9, effects=effects)
    file = tmp_path_factory.mktemp("report") / "report.html"
    mastered.report(file, before=mix, title="A title of many words, " * 6 + "Without" * 12)
    return file


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable(chromium: Any, page_file: Path, width: int, scheme: str) -> None:
    with opened(chromium, page_file, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (DARK if scheme == "dark" else LIGHT)
        # Tables fold; one that goes on behind the edge has a shadow there.
        widths = "part => [part.scrollWidth - part.clientWidth, getComputedStyle(part).backgroundImage]"
        certificate, verdicts = page.evaluate(f"[...document.querySelectorAll('.wide')].map({widths})")
        assert verdicts[0] == 0
        assert certificate[0] == 0 or certificate[1].count("linear-gradient") == 4
        # Letters of figures have the colour of the page: contrast of the ratio that WCAG asks for.
        colours = page.evaluate(
            "[...document.querySelectorAll('svg[role=img] g[id*=text_] > *, h1, td, p, li')]"
            ".filter(part => part.getClientRects().length && getComputedStyle(part).color)"
            ".map(part => part.closest('svg') ? getComputedStyle(part).fill : getComputedStyle(part).color)"
        )
        assert len(colours) > 100
        ground = luminance(DARK if scheme == "dark" else LIGHT)
        for colour in set(colours) - {"none"}:
            high, low = sorted((luminance(colour), ground), reverse=True)
            assert (high + 0.05) / (low + 0.05) >= 4.5, colour
        page.locator(".mixdown-play").click()
        page.wait_for_function("document.querySelector('.mixdown-ab').mixdownPlayer.position() > 0.1")
        page.get_by_role("button", name="Master").click()
        assert page.evaluate("document.querySelector('.mixdown-ab').mixdownPlayer.version") == 1


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    red, green, blue = (int(value) / 255 for value in re.findall(r"\d+", colour)[:3])
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_it_prints_on_one_sheet(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file, color_scheme="dark") as page:
        sheet = page.pdf(prefer_css_page_size=True)
        page.emulate_media(media="print")
        # On white paper, whatever the screen; what cannot be heard there is left out.
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == LIGHT
        assert not page.locator(".listen").is_visible()
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    (width, height) = (float(value) for value in re.search(rb"/MediaBox \[0 0 (\S+) (\S+)\]", sheet).groups())
    assert (width, height) == (pytest.approx(595, abs=1), pytest.approx(842, abs=1))
