"""A notebook shows every kind of object, and a figure exactly once, with pyplot and without."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytest

#: Objects, and what their outputs must hold.
OBJECTS = {
    "recording": "<audio",
    "mastered": "mixdown-ab",
    "Loudness": "<svg",
    "Certificate": "LUFS of -14",
    "MixCheck": "not measurable",
    "Mix": "<svg",
    "MixReading": "dBFS",
    "Album": "ISRC",
    "mastered album": "<svg",
    "Masking": "<svg",
    "targets": "spotify",
    "Manifest": "SHA-256",
    "Chain": "<details>",
    "Compressor": "Static curve",
    "Reverb": "Impulse response",
}
BEFORE = f"""\
import pathlib, sys, tempfile
sys.path.insert(0, {str(Path(__file__).parent)!r})
import mixdown as md
from shown_objects import RATE_HZ, effects, results, song
shown = {{**results(pathlib.Path(tempfile.mkdtemp())), **effects()}}
assert "matplotlib.pyplot" not in sys.modules
"""
#: Figures without pyplot and with it: the value of a cell, and drawings into axes that are there.
ALONE = (
    "md.display.spectrum(song(), RATE_HZ)",
    "ax = md.display.response(md.Bell(gain_db=3))\nmd.display.response(md.LowShelf(gain_db=-3), ax=ax)",
    "md.display.mix(shown['Mix'])",
    "shown['TonalBalance'].plot()",
)
WITH_PYPLOT = (
    "import matplotlib.pyplot as plt\nmd.display.waveform(song(), RATE_HZ)",
    "fig, ax = plt.subplots()\nfor seed in (1, 2):\n    md.display.loudness(song(seed), RATE_HZ, ax)",
    "md.display.goniometer(song(), RATE_HZ)\nshown['Loudness']",
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Run a notebook, and return the outputs of each cell by its source."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient, which runs notebooks, is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat, which reads notebooks, is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel, in which notebooks run, is not installed")
    sources = [BEFORE, *ALONE, *(f"shown[{name!r}]" for name in OBJECTS), *WITH_PYPLOT]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    place = tmp_path_factory.mktemp("notebook")
    # What a kernel and its client warn of is theirs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(place)}}).execute()
    nbformat.write(notebook, Path(os.environ.get("MIXDOWN_TEST_NOTEBOOK", place / "shown.ipynb")))
    return {source: cell.outputs for source, cell in zip(sources, notebook.cells, strict=True)}


def pictures(outputs: list[Any]) -> list[str]:
    """Return the kinds of the pictures of a cell."""
    kinds = []
    for output in outputs:
        data = output.get("data", {})
        kinds += [kind for kind in ("image/svg+xml", "image/png") if kind in data]
        kinds += ["text/html"] * data.get("text/html", "").count("<svg")
    return kinds


def test_figures_show_themselves_once(outputs: dict[str, list[Any]]) -> None:
    for source in ALONE:
        assert pictures(outputs[source]) == ["image/svg+xml"], source
    assert [pictures(outputs[source]) for source in WITH_PYPLOT] == [
        ["image/png"],
        ["image/png"],
        # The page of an object is no figure of pyplot.
        ["text/html", "image/png"],
    ]


def test_objects_show_themselves(outputs: dict[str, list[Any]]) -> None:
    for name, part in OBJECTS.items():
        (output,) = outputs[f"shown[{name!r}]"]
        assert part in output["data"]["text/html"], name
        assert output["data"]["text/plain"], name
