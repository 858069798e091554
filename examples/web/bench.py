"""Measures in headless Chromium how fast the chain of the example runs: ``python examples/web/bench.py``.

Needs ``out/web`` (``cargo xtask web``), ``chromium`` on the PATH and the package ``playwright``.
"""

import functools
import http.server
import shutil
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

WEB = Path(__file__).parents[2] / "out" / "web"
# Twenty seconds of noise at -18 dBFS; the best of three runs.
MEASURE = """async ([module, reproducible]) => {
  let seed = 1;
  const noise = () => (seed = (seed * 16807) % 2147483647) / 2147483647 - 0.5;
  const channels = [0, 1].map(() => Float32Array.from({ length: 20 * 48000 }, () => 0.436 * noise()));
  const runs = [];
  for (let run = 0; run < 3; run++)
    runs.push(await mixdown.realTimeFactor(channels, { module, reproducible }));
  return Math.max(...runs);
}"""


class Server(http.server.SimpleHTTPRequestHandler):
    """Files of out/web, without a line for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Print the real-time factor of each module, as it is and with the bits of a native build."""
    handler = functools.partial(Server, directory=str(WEB))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_function("window.mixdown !== undefined")
        print(f"Chromium {browser.version}")
        for module in ("simd128", "scalar"):
            for reproducible in (False, True):
                factor = page.evaluate(MEASURE, [module, reproducible])
                bits = "bits of a native build" if reproducible else "fast"
                print(f"{module:8} {bits:24} {factor:8.1f} times real time")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
