"""Objects show themselves in notebooks: every kind has a page that is whole, short, and says what the object says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from shown_objects import HOSTILE, RATE_HZ, effects, results, song

import mixdown as md
from browser import opened

#: Largest page without sounds, and largest page with players of 10 s, in bytes.
LARGEST, LARGEST_WITH_SOUND = 200_000, 6_000_000
#: Elements without an end.
VOID = {"br", "hr", "img", "input", "meta"}
#: What is no result: bases, what measures or runs, errors.
NO_RESULTS = {
    *("Band", "Effect", "Strip"),
    *("Blocks", "CorrelationMeter", "LevelMeter", "LoudnessMeter", "SpectrumMeter", "Stream"),
    *("MixerError", "ParameterError", "ShapeError"),
}
FIGURE = re.compile(r"-?(?:\d+\.\d+|inf) (?:dBFS|dBTP|dB|LUFS|LU|Hz|s)\b")


class Parser(HTMLParser):
    """Refuses what is not closed in order; collects the text and the attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.elements: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)


def parsed(page: str) -> Parser:
    parser = Parser()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {**results(tmp_path_factory.mktemp("objects")), **effects()}


@pytest.fixture(scope="module")
def pages(objects: dict[str, Any]) -> dict[str, str]:
    # With pyplot in use: pages leave it alone.
    before = plt.get_fignums()
    made = {name: shown._repr_html_() for name, shown in objects.items()}
    assert plt.get_fignums() == before
    return made


def each(pages: dict[str, str]) -> Iterator[tuple[str, str]]:
    assert len(pages) > 90
    yield from pages.items()


def without_sounds(page: str) -> str:
    return re.sub(r'src="data:audio/flac;base64,[^"]*"', "", page)


def test_every_result_of_the_package_shows_itself(objects: dict[str, Any]) -> None:
    kinds = {name: kind for name in md.__all__ if isinstance(kind := getattr(md, name), type)}
    known = {name: kind for name, kind in kinds.items() if name not in NO_RESULTS}
    silent = [name for name, kind in known.items() if not hasattr(kind, "_repr_html_")]
    assert silent == []
    shown = {base for value in objects.values() for base in type(value).__mro__}
    unseen = {name for name, kind in known.items() if kind not in shown}
    assert unseen == set()


def test_pages_are_balanced_and_need_nothing_else(pages: dict[str, str]) -> None:
    for name, page in each(pages):
        parser = parsed(page)
        for tag, attribute, value in parser.attributes:
            if attribute.startswith("xmlns"):
                continue
            assert value.startswith("data:") or "http" not in value, (name, tag, attribute, value[:80])
            assert attribute not in ("src", "href", "xlink:href") or value.startswith(("data:", "#")), (
                name,
                value[:80],
            )
            assert not (tag == "script" and attribute == "src"), name
        assert "array(" not in page, name
        assert " at 0x" not in page, name


def test_a_browser_opens_all_of_them_without_a_word(chromium: Any, pages: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "pages.html"
    head = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Pages</title></head><body>'
    file.write_text(f"{head}{''.join(page for _, page in each(pages))}</body></html>", encoding="utf-8")
    # What it says and what it asks for is refused where it closes.
    with opened(chromium, file, viewport={"width": 1000, "height": 800}) as page:
        assert page.locator("b", has_text="Mastered for spotify").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 1000
        page.wait_for_function("[...document.querySelectorAll('audio')].every(sound => sound.readyState > 0)")
        assert page.evaluate("[...document.querySelectorAll('audio')].some(sound => sound.error)") is False


def test_names_of_elements_are_their_own(pages: dict[str, str]) -> None:
    # Else one figure clips by the frame of another, or not at all where that one is folded.
    for name, page in each(pages):
        if name == "Chain":
            page += pages["Compressor"] + pages["Equalizer"]
        names = [value for _, attribute, value in parsed(page).attributes if attribute == "id"]
        assert len(names) == len(set(names)), name
        used = set(re.findall(r"url\(#([^)]+)\)", page)) | set(re.findall(r'href="#([^"]+)"', page))
        assert used <= set(names), name


def test_names_stay_text(pages: dict[str, str]) -> None:
    held = [name for name, page in each(pages) if HOSTILE in "".join(parsed(page).words)]
    assert {"Album", "Song", "Mix", "Track", "MixReading", "Order", "seam", "mastered album"} <= set(held)
    for name, page in each(pages):
        elements = parsed(page).elements
        assert "i" not in elements, name
        # The title of a page is the only bold one.
        assert elements.count("b") <= 1 + ("Mix:" in page and name == "balance"), name


def test_pages_are_small(pages: dict[str, str]) -> None:
    for name, page in each(pages):
        assert len(without_sounds(page)) < LARGEST, name
        assert len(page) < LARGEST_WITH_SOUND, name


def test_pages_say_the_figures_that_the_object_prints(objects: dict[str, Any], pages: dict[str, str]) -> None:
    compared = 0
    for name, page in each(pages):
        words = " ".join(parsed(page).words)
        printed = repr(objects[name])
        table = objects[name].table() if hasattr(objects[name], "table") else ""
        figures = FIGURE.findall(printed) if printed.startswith("<") else []
        figures += FIGURE.findall(table)
        compared += len(figures)
        missing = [figure for figure in figures if figure not in words]
        assert missing == [], name
    assert compared > 150


def test_results_print_as_a_line_or_a_table_with_units(objects: dict[str, Any]) -> None:
    for name, shown in objects.items():
        text = repr(shown)
        if isinstance(shown, md.Effect) or not text.startswith("<"):
            # A value prints as the call that makes it, a table as lines.
            continue
        assert "array(" not in text, name
        assert " at 0x" not in text, name
        lines = text.splitlines()
        assert len(lines) == 1 or name in ("Mix", "MixReading"), name
        assert len(lines[0]) < 600, (name, lines[0])
    for name, part in (("Loudness", " LUFS integrated"), ("seam", "step -2 LU"), ("vinyl song", "integrated -")):
        assert part in repr(objects[name]), name


def test_effects_have_their_curve(pages: dict[str, str]) -> None:
    curves = {
        "Frequency response": ("Bell", "Equalizer", "LinearPhaseEqualizer", "DynamicEqualizer", "MidSide", "placed"),
        "Static curve": ("Compressor", "Expander", "Gate", "Limiter", "MultibandCompressor"),
        "Waveshaper curve": ("Saturator", "Clipper"),
        "Impulse response": ("Reverb", "Plate", "Delay", "Convolution"),
    }
    for title, names in curves.items():
        for name in names:
            assert title in pages[name], name
    for name in ("Gain", "Pan", "Width", "Chorus", "Tremolo", "TransientShaper", "DeEsser"):
        assert "<svg" not in pages[name], name
    # Of a chain a block for each member; what all do together where that is one response.
    assert pages["Chain"].count("<details>") == 3
    assert pages["Chain"].count("<svg") == 3
    assert pages["linear chain"].count("<svg") == 2


def test_parameters_stand_with_their_units(pages: dict[str, str]) -> None:
    for name, cells in (
        ("Compressor", ("threshold", "-18 dBFS", "range", "inf dB", "link", "100 %", "key high pass", "off")),
        ("Function", ("function", "tanh", "60 s")),
        ("Equalizer", ("HighPass", "40 Hz", "12 dB/octave", "-3 dB")),
        ("placed", ("side", "120 Hz", "enabled")),
        ("Reverb", ("hall", "2.2 s", "20000 Hz")),
        ("MultibandCompressor", ("200, 2000 Hz", "24 dB/octave")),
    ):
        words = parsed(pages[name]).words
        assert set(cells) <= set(words), (name, set(cells) - set(words))


def test_masters_are_played_beside_their_programme(pages: dict[str, str]) -> None:
    words = " ".join(parsed(pages["mastered"]).words)
    assert pages["mastered"].count("<audio") == 2
    assert "mixdown-ab" in pages["mastered"]
    assert "Spectrum at equal loudness" in words
    assert "Gain reduction" in words
    assert "LUFS of -14" in words


def test_the_excerpt_of_a_master_is_where_it_is_loudest() -> None:
    audio = np.concatenate([0.1 * song(1, 14), song(2, 12)], axis=1)
    mastered = md.master(audio, RATE_HZ)
    excerpt = mastered._excerpt
    assert excerpt is not None
    assert excerpt.length_s == pytest.approx(10)
    assert excerpt.start_s >= 13.5
    start = round(excerpt.start_s * RATE_HZ)
    np.testing.assert_array_equal(excerpt.audio, audio[:, start : start + 10 * RATE_HZ])
    assert "where it is loudest" in mastered._repr_html_()
    # Of another rate and of one channel as well.
    other = md.master(song(1, 1)[0], RATE_HZ, delivery_rate_hz=44_100)
    assert other._repr_html_().count("<audio") == 2


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros((2, RATE_HZ), np.float32),
        np.zeros((1, 1), np.float32),
        np.zeros((2, 0), np.float32),
        song(1, 1, channels=1),
        song(1, 1, channels=6),
        song(1, 1, channels=9),
        np.full((1, 100), np.nan, np.float32),
    ],
    ids=["silence", "one sample", "no frames", "mono", "six channels", "nine channels", "not finite"],
)
def test_any_sound_has_a_page(audio: np.ndarray) -> None:
    shown: list[Any] = [md.Recording(audio, RATE_HZ)]
    if np.isfinite(audio).all():
        weights = [1.0] * audio.shape[0]
        shown += [md.loudness(audio, RATE_HZ, weights=weights), md.spectrum(audio, RATE_HZ)]
        meter = md.LevelMeter(RATE_HZ, audio.shape[0])
        meter.observe(audio)
        shown.append(meter.reading())
    if audio.shape[0] == 2:
        shown += [md.correlation(audio, RATE_HZ), md.mono_compatibility(audio, RATE_HZ), md.check_mix(audio, RATE_HZ)]
    for one in shown:
        page = one._repr_html_()
        parsed(page)
        assert "nan" not in " ".join(parsed(page).words).lower().replace("finan", ""), type(one)
    players = parsed(shown[0]._repr_html_()).elements.count("audio")
    playable = audio.shape[1] > 0 and audio.shape[0] <= 8 and np.isfinite(audio).all()
    assert players == playable


def test_long_lists_are_cut_and_say_so() -> None:
    mix = md.Mix()
    for number in range(80):
        mix.track(f"track {number}", np.zeros(10))
    assert "and 64 more" in mix._repr_html_()
    manifest = md.Manifest([md.ManifestFile(f"{number:03}.wav", 1, "0" * 64) for number in range(100)])
    assert "and 36 more" in manifest._repr_html_()
    assert "<svg" in md.Chain([md.Bell(gain_db=1)] * 70)._repr_html_()


def test_the_same_object_gives_the_same_bytes() -> None:
    reading = md.loudness(song(), RATE_HZ)
    assert reading._repr_html_() == reading._repr_html_()
    assert md.Compressor()._repr_html_() == md.Compressor()._repr_html_()


def test_a_convolution_without_its_file_says_so_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "hall.wav"
    md.write(file, song(1, 0.2), RATE_HZ)
    convolution = md.Convolution(impulse_response=file)
    assert "Impulse response" in convolution._repr_html_()
    file.unlink()
    assert "hall.wav" in convolution._repr_html_()


def test_frozen_reverbs_have_no_decay() -> None:
    assert "<svg" not in md.Reverb(freeze=True)._repr_html_()
