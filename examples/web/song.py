"""Renders the mix of the demo song into the file that is named: what the page plays."""

import sys
import tempfile
from pathlib import Path

import mixdown as md
from mixdown import demo

SAMPLE_RATE_HZ = 48_000


def main(path: Path) -> None:
    """Synthesise the stems, mix them by the song's session file, and write the mix as 16-bit FLAC."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "stems").mkdir()
        for name, stem in demo.stems(sample_rate_hz=SAMPLE_RATE_HZ).items():
            md.write(folder / "stems" / f"{name}.wav", stem, SAMPLE_RATE_HZ)
        (folder / "song.toml").write_text(demo.session(), encoding="utf-8")
        mix = md.Mix.from_file(folder / "song.toml").render()
    path.parent.mkdir(parents=True, exist_ok=True)
    md.write(path, mix, SAMPLE_RATE_HZ, bit_depth=16)
    print(f"{path.name}: {mix.shape[1] / SAMPLE_RATE_HZ:.1f} s, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
