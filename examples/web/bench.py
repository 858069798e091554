"""Measures in headless Chromium how fast the chain of the example runs: ``python examples/web/bench.py``.

Needs ``out/web`` (``cargo xtask web``), ``chromium`` on the PATH and the package ``playwright``. It counts the processor
time of the page's thread, so that other programs of the machine matter little.
"""

import functools
import http.server
import shutil
import threading
from pathlib import Path

from playwright.sync_api import CDPSession, sync_playwright

WEB = Path(__file__).parents[2] / "out" / "web"
SECONDS = 20
# Noise at -18 dBFS; run once for the compiler of the browser before it is measured.
PREPARE = """async ([reproducible, frames]) => {
  let seed = 1;
  const noise = () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
  const channels = [0, 1].map(() => Float32Array.from({ length: frames }, () => 0.436 * noise()));
  window.run = await mixdown.runner(channels, { reproducible });
  window.run();
}"""


class Server(http.server.SimpleHTTPRequestHandler):
    """Files of out/web, without a line for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def processor_time_s(session: CDPSession) -> float:
    """Return the processor time that the page's thread has spent on tasks."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def main() -> None:
    """Print how many seconds of sound a second makes, in both forms."""
    handler = functools.partial(Server, directory=str(WEB))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_function("window.mixdown !== undefined")
        print(f"Chromium {browser.version}, {SECONDS} s of stereo at 48 kHz")
        for reproducible in (False, True):
            page.evaluate(PREPARE, [reproducible, SECONDS * 48_000])
            before = processor_time_s(session)
            page.evaluate("window.run()")
            factor = SECONDS / (processor_time_s(session) - before)
            print(f"{'bits of a native build' if reproducible else 'fast':24} {factor:8.1f} times real time")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
