"""The example for the browser, as `cargo xtask web` builds it into out/web, in headless Chromium."""

from __future__ import annotations

import base64
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import mixdown as md
from browser import samples

WEB = Path(__file__).parents[2] / "out" / "web"
RATE_HZ = 48_000
# A multiple of the worklet's block and of the time between two readings, 50 ms; in the chorus.
EXCERPT_FRAMES, EXCERPT_START_S = 192_000, 24.0
# What the chain does beyond its defaults, in every stage.
SETTINGS = [
    ("Low shelf", "gain_db", 3.0),
    ("Bell 1", "gain_db", -4.0),
    ("Bell 2", "q", 2.0),
    ("Bell 2", "gain_db", 5.0),
    ("High shelf", "gain_db", -2.0),
    ("Compressor", "ratio", 4.0),
    ("Saturator", "drive_db", 9.0),
    ("Reverb send", "gain_db", -12.0),
    ("Limiter", "gain_db", 6.0),
]
# Settings under which the chain is linear and its limiter only delays.
PLAIN = [
    ("Low shelf", "frequency_hz", 200.0),
    ("Compressor", "ratio", 1.0),
    ("Compressor", "makeup_db", 0.0),
    ("Saturator", "mix", 0.0),
    ("Reverb send", "gain_db", -np.inf),
    ("Limiter", "gain_db", 0.0),
]
# CPUs without fused multiply-add, which WebAssembly is like, agree with those that have it to this.
FUSED_NULL_DB = -140.0
# Of the changes of settings, above 1 kHz, for a tone at -6 dBFS: the crate's own limit.
CLICK_DBFS = -100.0
SONG_MISSING = "out/web/song.flac is missing: cargo xtask web"


class Server(http.server.SimpleHTTPRequestHandler):
    """Files of out/web, without a line for each."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not (WEB / "mixdown.wasm").is_file():
        pytest.skip("out/web is missing: cargo xtask web")
    handler = functools.partial(Server, directory=str(WEB))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Page:
    """The page, with what it complained of and asked for."""

    def __init__(self, browser: Any, address: str) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page = browser.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        self.page.wait_for_function("window.mixdown !== undefined")

    def set(self, settings: list[tuple[str, str, float]]) -> list[str | None]:
        """Set parameters; return why each was refused."""
        return self.page.evaluate(
            "all => all.map(([panel, name, value]) =>"
            " mixdown.editor.set(...mixdown.editor.place(panel, name), value) ?? null)",
            settings,
        )

    def native(self) -> md.Chain:
        """Return the same chain with the same settings, of the Python package."""
        named: dict[str, Any] = self.page.evaluate("() => mixdown.editor.named()")
        bands = [
            md.LowShelf(**named["Low shelf"]),
            md.Bell(**named["Bell 1"]),
            md.Bell(**named["Bell 2"]),
            md.HighShelf(**named["High shelf"]),
        ]
        send = md.Chain([md.Gain(**named["Reverb send"]), md.Reverb(**named["Reverb"])])
        return md.Chain(
            [
                md.Equalizer(bands=bands),
                md.Compressor(**named["Compressor"]),
                md.Saturator(**{**named["Saturator"], "oversample": int(named["Saturator"]["oversample"])}),
                md.Parallel([md.Gain(), send]),
                md.Limiter(**named["Limiter"]),
            ]
        )

    def render(self, audio: NDArray[np.float32], **options: Any) -> tuple[NDArray[np.float32], dict[str, float]]:
        """Render through the worklet, offline."""
        rendered = self.page.evaluate(
            """async ([channels, options]) => {
                const bytes = (text) => Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0));
                const text = (samples) => {
                    const all = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
                    let result = "";
                    for (let at = 0; at < all.length; at += 32768)
                        result += String.fromCharCode(...all.subarray(at, at + 32768));
                    return btoa(result);
                };
                const decoded = channels.map((channel) => new Float32Array(bytes(channel).buffer));
                const { channels: sound, readings } = await mixdown.render(decoded, options);
                return [sound.map(text), readings];
            }""",
            [[base64.b64encode(channel.tobytes()).decode() for channel in audio], options],
        )
        channels, readings = rendered
        return np.concatenate([samples(channel, 1) for channel in channels]), readings


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Page]:
    page = Page(chromium, address)
    yield page
    page.page.close()
    assert page.complaints == []
    assert all(url.startswith((address, "data:")) for url in page.requests)


@pytest.fixture(scope="module")
def excerpt() -> NDArray[np.float32]:
    song = WEB / "song.flac"
    if not song.is_file():
        pytest.skip(SONG_MISSING)
    audio = md.read(song, start_s=EXCERPT_START_S, duration_s=EXCERPT_FRAMES / RATE_HZ).audio
    return np.asarray(audio, np.float32)


def streamed(chain: md.Chain, audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The chain as a stream: delayed by its latency, like the worklet's."""
    return np.asarray(chain.stream(RATE_HZ, channels=2).process(audio))


def fuses() -> bool:
    """Whether this machine has fused multiply-add, whose bits the reproducible chain has."""
    cpus = Path("/proc/cpuinfo")
    return not cpus.is_file() or any(flag in cpus.read_text().split() for flag in ("fma", "asimd"))


def peak_dbfs(audio: NDArray[np.float32]) -> float:
    return float(20 * np.log10(np.max(np.abs(audio), initial=1e-12)))


def test_the_page_plays_and_follows_its_controls_without_errors_or_foreign_requests(page: Page, address: str) -> None:
    if not (WEB / "song.flac").is_file():
        pytest.skip(SONG_MISSING)
    own = page.page
    before = page.page.evaluate("() => mixdown.editor.response(new Float64Array([350]))[0]")
    own.click("#play")
    own.wait_for_function("mixdown.state() === 'running'")
    own.wait_for_function("/\\d/.test(document.querySelector('[data-reading=momentary_lufs]').textContent)")
    assert "frames" in own.inner_text("#latency")
    bell = page.page.evaluate("() => 'setting-' + mixdown.editor.place('Bell 1', 'gain_db').join('-')")
    own.focus(f"#{bell}")
    for _ in range(5):
        own.keyboard.press("ArrowRight")
    after = page.page.evaluate("() => mixdown.editor.response(new Float64Array([350]))[0]")
    assert after > before + 0.1
    lookahead = page.page.evaluate("() => 'setting-' + mixdown.editor.place('Limiter', 'lookahead_ms').join('-')")
    assert own.is_disabled(f"#{lookahead}")
    own.click("#bypass")
    own.click("#reset")
    own.wait_for_function("/\\d/.test(document.querySelector('[data-reading=integrated_lufs]').textContent)")
    own.click("#play")
    own.wait_for_function("mixdown.state() === undefined")
    assert not own.is_disabled(f"#{lookahead}")
    assert {f"{address}{name}" for name in ("song.flac", "mixdown.wasm")} <= set(page.requests)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_its_window(page: Page, width: int) -> None:
    page.page.set_viewport_size({"width": width, "height": 900})
    assert page.page.evaluate("() => document.documentElement.scrollWidth") <= width
    overflowing = page.page.evaluate(
        "() => [...document.querySelectorAll('output, label, select, button, h2, dd')]"
        ".filter((own) => own.scrollWidth > own.clientWidth + 1 && own.clientWidth > 0).map((own) => own.textContent)"
    )
    assert overflowing == []


def test_the_reproducible_chain_has_the_bits_of_the_native_one(page: Page, excerpt: NDArray[np.float32]) -> None:
    if not fuses():
        pytest.skip("this machine has no fused multiply-add")
    assert page.set(SETTINGS) == [None] * len(SETTINGS)
    native = streamed(page.native(), excerpt)
    exact, _ = page.render(excerpt, reproducible=True)
    np.testing.assert_array_equal(exact.view(np.uint32), native.view(np.uint32))
    fast, _ = page.render(excerpt)
    assert np.any(fast != native)
    assert peak_dbfs(fast.astype(np.float64) - native) < FUSED_NULL_DB


def test_a_change_glides_as_in_a_native_stream(page: Page) -> None:
    tone = 10 ** (-6 / 20) * np.sin(2 * np.pi * 100 * np.arange(EXCERPT_FRAMES) / RATE_HZ)
    audio = np.stack([tone, tone]).astype(np.float32)
    assert page.set(PLAIN) == [None] * len(PLAIN)
    change = [EXCERPT_FRAMES // 2, "Low shelf", "gain_db", -12.0]
    before = page.native()
    glided, _ = page.render(audio, reproducible=True, changes=[change])
    page.set([("Low shelf", "gain_db", -12.0)])
    stream = before.stream(RATE_HZ, channels=2)
    first = np.asarray(stream.process(audio[:, : change[0]]))
    stream.set(page.native())
    native = np.concatenate([first, np.asarray(stream.process(audio[:, change[0] :]))], axis=1)
    if fuses():
        np.testing.assert_array_equal(glided.view(np.uint32), native.view(np.uint32))
    middle = slice(RATE_HZ, None)
    assert peak_dbfs(glided[:, RATE_HZ : change[0]]) > peak_dbfs(glided[:, 3 * RATE_HZ :]) + 6
    high = md.HighPass(frequency_hz=1_000, slope_db_per_octave=96)
    assert peak_dbfs(high(glided.astype(np.float64), RATE_HZ)[:, middle]) < CLICK_DBFS


def test_meters_read_what_the_package_reads(page: Page, excerpt: NDArray[np.float32]) -> None:
    rendered, readings = page.render(excerpt)
    loudness = md.loudness(rendered, RATE_HZ)
    for name, expected in (
        ("momentary_lufs", loudness.momentary_lufs[-1]),
        ("short_term_lufs", loudness.short_term_lufs[-1]),
        ("integrated_lufs", loudness.integrated_lufs),
        ("true_peak_dbtp", loudness.true_peak_dbtp),
        ("sample_peak_dbfs", loudness.sample_peak_dbfs),
    ):
        assert readings[name] == pytest.approx(expected, abs=0.1), name
    assert 0 < readings["compressor_reduction_db"] < 20
    assert readings["non_finite_samples"] == 0


def test_curves_are_those_of_the_package(page: Page) -> None:
    page.set(SETTINGS)
    frequencies_hz, levels_db = [30.0, 100.0, 350.0, 3_000.0, 12_000.0], [-60.0, -21.0, -10.0, 0.0]
    equalizer, compressor = page.native()[0], page.native()[1]
    response = page.page.evaluate("hz => [...mixdown.editor.response(Float64Array.from(hz))]", frequencies_hz)
    expected = 20 * np.log10(np.abs(equalizer.frequency_response(np.array(frequencies_hz), RATE_HZ)))
    np.testing.assert_allclose(response, expected, atol=1e-9)
    transfer = page.page.evaluate("db => [...mixdown.editor.transfer(Float64Array.from(db))]", levels_db)
    np.testing.assert_allclose(transfer, compressor.transfer_curve(np.array(levels_db)), atol=1e-9)


def test_what_the_table_forbids_is_refused_in_one_line_and_changes_nothing(page: Page) -> None:
    before = page.page.evaluate("() => mixdown.editor.settings()")
    [refused] = page.set([("Compressor", "ratio", 0.5)])
    assert refused is not None
    assert refused.startswith("Compressor: ratio = 0.5")
    assert "1..inf" in refused
    assert page.page.evaluate("() => mixdown.editor.settings()") == before
