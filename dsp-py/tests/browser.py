"""Chromium, as tests of pages drive it; without it tests are skipped, with a line naming what is missing."""

from __future__ import annotations

import base64
import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

#: Names of the program; then arguments for a run without screen, network services and a first-run dialogue.
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launched() -> Iterator[Any]:
    """Yield a running browser, for a fixture."""
    program = next((found for found in map(shutil.which, _PROGRAMS) if found), None)
    if program is None:
        pytest.skip("chromium is not installed")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("playwright, which drives chromium, is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextlib.contextmanager
def opened(browser: Any, file: Path, **options: Any) -> Iterator[Any]:
    """Open a page from a file, without network; at the end it must have said nothing and asked for nothing else."""
    context = browser.new_context(offline=True, **options)
    page, told, asked = context.new_page(), [], []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    try:
        yield page
    finally:
        context.close()
    assert told == []
    # What is in the page itself is no request to a network.
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]


def samples(text: str, channels: int) -> NDArray[np.float32]:
    """Return samples that a page gave as float32 in base64, channel after channel."""
    assert sys.byteorder == "little"
    return np.frombuffer(base64.b64decode(text), np.float32).reshape(channels, -1)
