"""The page about other libraries: each of its blocks runs, or is skipped with the name of the library it needs."""

import ast
import importlib.util
import os
import pathlib
import re
from typing import Any

import numpy as np
import pytest

import mixdown as md

#: Of the libraries themselves.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("DeprecationWarning", "SyntaxWarning", "FutureWarning")
]
pytestmark += [
    pytest.mark.filterwarnings("ignore:Couldn't find ff:RuntimeWarning"),
    # pydub leaves its file open.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <_io:pytest.PytestUnraisableExceptionWarning"),
]

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "site" / "how-to" / "interop.md"
#: What has to come out of a block that sets `audio` from the song: the samples of the 16-bit file, or the song itself.
STEP = 2.0**-16


def blocks() -> list[str]:
    """All code of the page, in its order."""
    found = re.findall(r"^```(?:\{code-cell\} )?python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    # The first moves the site's kernel into a folder of its own, as a fixture does here.
    return [re.sub(r"^:tags: .*\n", "", block) for block in found[1:]]


BLOCKS = blocks()


def missing(block: str) -> str | None:
    """The first library that a block imports and that is not installed."""
    for statement in ast.walk(ast.parse(block)):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            module = statement.module if isinstance(statement, ast.ImportFrom) else statement.names[0].name
            library = str(module).split(".")[0]
            if importlib.util.find_spec(library) is None:
                return library
    return None


@pytest.fixture
def page(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that all blocks share, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(BLOCKS[0], names)
    return names


def test_every_block_is_found() -> None:
    cells = PAGE.read_text().count("\n```{code-cell}") + PAGE.read_text().count("\n```python\n")
    assert len(BLOCKS) == cells - 1
    assert len(BLOCKS) > 15


@pytest.mark.parametrize("position", range(1, len(BLOCKS)), ids=lambda n: BLOCKS[n].split("\n")[0][:40])
def test_blocks_run(position: int, page: dict[str, Any]) -> None:
    block = BLOCKS[position]
    library = missing(block)
    if library is not None:
        pytest.skip(f"{library} is not installed")
    if "sounddevice" in block:
        pytest.skip("sounddevice needs a sound card")
    # What a block goes on with was defined above it.
    for earlier in BLOCKS[1:position]:
        names = set(re.findall(r"\b(with_it|chain|meter|measured)\b", block))
        if any(re.search(rf"^(def )?{name}\b", earlier, re.M) for name in names) and missing(earlier) is None:
            exec(earlier, page)
    page.pop("audio", None)
    exec(block, page)
    audio = page.get("audio")
    if audio is not None:
        assert isinstance(audio, np.ndarray)
        assert audio.shape[0] == 2
        assert np.isfinite(md.loudness(audio, page["rate_hz"]).integrated_lufs)


def same_song(block: str, page: dict[str, Any]) -> None:
    """Run the block that begins so, and expect the song in `audio`."""
    (found,) = [one for one in BLOCKS if one.startswith(block)]
    library = missing(found)
    if library is not None:
        pytest.skip(f"{library} is not installed")
    exec(found, page)
    assert page["audio"].shape == page["song"].shape
    assert np.abs(page["audio"] - page["song"]).max() <= STEP


@pytest.mark.parametrize("library", ["soundfile", "librosa", "pandas as pd"])
def test_importing_keeps_the_samples(library: str, page: dict[str, Any]) -> None:
    same_song(f"import {library}", page)


@pytest.mark.parametrize("package", ["scipy.io import wavfile", "pydub"])
def test_whole_numbers_keep_the_samples(package: str, page: dict[str, Any]) -> None:
    same_song(f"from {package}", page)
    if package == "pydub":
        back = np.array(page["segment"].get_array_of_samples()).reshape(-1, 2).T / 32_767
        assert np.abs(back - page["song"]).max() <= 2 * STEP


def test_24_bits_of_scipy_need_no_further_word(tmp_path: pathlib.Path) -> None:
    from scipy.io import wavfile

    song = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 480))
    md.write(tmp_path / "a.wav", song, 48_000, dither="none")
    _, samples = wavfile.read(tmp_path / "a.wav")
    assert np.abs(md.to_float(samples.T) - song).max() <= 2.0**-24 + 2.0**-25


class Tensor:
    """What has `__dlpack__` alone, as a tensor on the CPU."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **settings: Any) -> Any:
        return self.array.__dlpack__(**settings)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


def test_tensors_are_taken_without_a_copy() -> None:
    song = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 4_800)).astype(np.float32)
    assert np.shares_memory(md._checks.audio(Tensor(song)), song)
    np.testing.assert_array_equal(md.Limiter()(Tensor(song), 48_000), md.Limiter()(song, 48_000))
    np.testing.assert_array_equal(md.Function(lambda audio, _: Tensor(audio))(song, 48_000), song)


def test_the_table_names_what_the_page_shows() -> None:
    text = PAGE.read_text()
    for library in ("soundfile", "scipy.io", "librosa", "torch", "pydub", "pandas", "pedalboard", "jax", "sounddevice"):
        assert any(library in block for block in BLOCKS), library
        assert re.search(rf"^\| {library}", text, re.M | re.I), library


def test_nothing_is_written_elsewhere(page: dict[str, Any]) -> None:
    assert os.listdir() == ["song.wav"]
