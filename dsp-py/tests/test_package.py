"""The package as a whole."""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

import mixdown
from mixdown import demo

#: Libraries that are loaded when they are needed: reading and writing files, figures, the command line, clusters.
LATER = (
    *("matplotlib", "PIL", "mutagen", "soundfile", "soxr", "av", "scipy", "dask", "distributed", "rich", "typer"),
    *("email", "importlib.metadata", "multiprocessing"),
)


def test_import_loads_no_library_that_may_not_be_needed() -> None:
    told = f"import sys, mixdown; print(*[name for name in {LATER} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout.split()
    assert loaded == []


def test_completion_shows_public_names_alone() -> None:
    assert dir(mixdown) == sorted(mixdown.__all__)
    assert mixdown.__version__[0].isdigit()
    assert not hasattr(mixdown, "master_of_all")


def test_help_begins_with_an_overview() -> None:
    first, table, example = (mixdown.__doc__ or "").split("\n\n", 2)[0], *(mixdown.__doc__ or "").split("=\n")[1:3]
    assert first == "DSP for mixing and mastering music: numpy in, numpy out."
    groups = [line.split()[0] for line in table.splitlines() if line[:1].isalpha()]
    assert groups == ["mix", "effects", "meters", "master", "album", "judgement", "files", "display"]
    named = [name.removeprefix("display.") for name in re.findall(r"`([A-Za-z_.]+)`", table)]
    assert [name for name in named if name not in (*mixdown.__all__, *mixdown.display.__all__)] == []
    assert 6 <= example.count(">>> ") <= 8
    assert max(map(len, (mixdown.__doc__ or "").splitlines())) <= 84


def test_every_public_name_has_words() -> None:
    for name in mixdown.__all__:
        thing = getattr(mixdown, name)
        if callable(thing):
            assert thing.__doc__, name


def test_the_song_repeats_itself_to_the_bit() -> None:
    first, second, other = demo.stems(seed=5), demo.stems(seed=5), demo.stems(seed=6)
    assert len(first) >= 9
    assert {audio.shape[1] for audio in first.values()} == {next(iter(first.values())).shape[1]}
    for name, audio in first.items():
        assert audio.dtype == np.float32
        assert np.all(np.isfinite(audio))
        assert 0.1 < np.max(np.abs(audio)) < 1.0, name
        np.testing.assert_array_equal(audio, second[name])
    assert any(not np.array_equal(audio, other[name]) for name, audio in first.items())


def imported(file: Path, module: str, modules: set[str]) -> set[str]:
    """The package's own modules that a file imports, wherever in it."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source = ".".join([*parents, *filter(None, [node.module])])
            inner = {f"{source}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else source for name in inner}
    return found & modules


def test_imports_form_no_circle() -> None:
    root = Path(mixdown.__file__).parent
    files = {".".join(("mixdown", *file.relative_to(root).with_suffix("").parts)): file for file in root.rglob("*.py")}
    files = {module.removesuffix(".__init__"): file for module, file in files.items()}
    modules = {*files, "mixdown._core"}
    graph = {module: imported(file, module, modules) for module, file in files.items()}
    assert "mixdown.effects.setting" in graph["mixdown.effects.effect"]
    assert "mixdown.demo.synthesis" in graph["mixdown.demo"]
    graphlib.TopologicalSorter(graph).prepare()
