"""The command line: every verb on a short song, by the examples of its help, at every width and as JSON."""

import contextlib
import importlib
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from stage import set_up

import mixdown as md
from mixdown.cli.verbs import FIRST_STEPS, VERBS
from mixdown.demo import coda
from running import call
from signals import RATE_HZ, sine

WIDTHS = ("80", "60", "40")
#: The example that runs at every width, where it is not the first one: quicker, and as wide.
REPEATED = {"catalog": 1}
#: Verbs whose JSON is made once: they take longest.
ONCE = {"demo", "album", "catalog", "codec", "vinyl"}
#: A song this short, not mastered for CDs, has faults.
FAULTS = {"mixdown check mix.wav --for spotify,cd", "mixdown vinyl mix.wav reference.wav --format 7in45"}

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return set_up(tmp_path_factory.mktemp("stage") / "song")


def words_of(command: str) -> list[str]:
    """The arguments of an example, which may replace what another one has written."""
    program, *words = shlex.split(command)
    assert program == "mixdown"
    writes = "-o" in words or words[0] in ("demo", "master")
    return [*words, "--force"] if writes else words


def remembered(patch: pytest.MonkeyPatch, owner: object, *names: str) -> None:
    """Make functions return what they returned first: a demonstration takes long, and its figures stay the same."""
    for name in names:
        real, results = getattr(owner, name), {}

        def once(*arguments, real=real, results=results, **options):
            key = str(sorted((name, value) for name, value in options.items() if not callable(value)))
            if key not in results:
                results[key] = real(*arguments, **options)
            return results[key]

        patch.setattr(owner, name, once)


def shortened(patch: pytest.MonkeyPatch) -> None:
    """Make a demonstration of 3 s, whose second run goes by the figures of the first."""
    wide = {track["name"]: "width" in track for track in tomllib.loads(md.demo.session())["track"]}
    for song, names in ((md.demo, wide), (coda, {"guitar": False, "strings": True})):
        tones = {name: sine(3 * RATE_HZ, level=0.1, hz=110 * place) for place, name in enumerate(names, 1)}
        short = {name: np.stack([tone, -0.5 * tone]) if names[name] else tone for name, tone in tones.items()}
        patch.setattr(song, "stems", lambda short=short, **_: short)
    command = importlib.import_module("mixdown.cli.demo")
    remembered(patch, command, "judged", "make_master", "released", "balance_stems", "_stage", "loudness")
    remembered(patch, md.display, "mix_report", "png")
    remembered(patch, md.Mix, "render", "stems")


@pytest.fixture(scope="module", params=list(VERBS))
def runs(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    """What the examples of a verb print in a pipe; the first one also on terminals of several widths, and as JSON."""
    verb = request.param
    place = tmp_path_factory.mktemp(verb) / "song"
    shutil.copytree(folder, place)
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(place):
        patch.delenv("COLUMNS", raising=False)
        if verb == "demo":
            shortened(patch)
        if verb == "codec":
            remembered(patch, importlib.import_module("mixdown.cli.codec"), "codec_preview")
        examples = [command for command, _ in VERBS[verb].examples]
        done = {command: call(*words_of(command)) for command in examples}
        shown = examples[REPEATED.get(verb, 0)]
        for width in WIDTHS[1:2] if verb == "demo" else WIDTHS:
            patch.setenv("COLUMNS", width)
            done[width] = call(*words_of(shown))
        patch.delenv("COLUMNS")
        done["json"] = call(*words_of(shown), "--json")
        done["again"] = done["json"] if verb in ONCE else call(*words_of(shown), "--json")
        done["quiet"] = call(*words_of(shown), "--quiet")
        yield {"verb": verb, "piped": done[shown], **done}


def test_every_example_runs(runs: dict) -> None:
    for command, _ in VERBS[runs["verb"]].examples:
        done = runs[command]
        assert (done.returncode, done.stderr) == (int(command in FAULTS), ""), command
        assert done.stdout.strip(), command


#: A figure with its unit.
FIGURE = re.compile(r"[-+]?(?:\d+(?:\.\d+)?|\binf)(?: (?:LUFS|LU|dBTP|dBFS|dB|Hz|kHz|ms|s|mm|%|kb/s|MB|files)(?!\w))?")


def figures(text: str) -> set[str]:
    return set(FIGURE.findall(text))


def words(text: str) -> set[str]:
    """All words, without rules and without what is one long word."""
    return {word for word in text.split() if word.strip("-") and len(word) <= 12}


def test_no_figure_is_shortened_at_any_width(runs: dict) -> None:
    piped = runs["piped"].stdout
    assert figures(piped)
    for width in (width for width in WIDTHS if width in runs):
        text = runs[width].stdout
        assert figures(text) == figures(piped), width
        assert words(piped) <= words(text), width
        assert "…" not in text
        if int(width) >= 60:
            assert max(map(cell_len, text.splitlines())) <= int(width), width


UNITS = {"db", "dbtp", "dbfs", "lufs", "lu", "hz", "s", "ms", "mm", "um", "kbps", "percent", "octave", "minute", "bpm"}
#: Counts, shares, correlations and costs, which have no unit.
PLAIN = {
    *("amount", "audibility", "bands", "bands_in_quiet", "bass_correlation", "bit_depth", "bits", "bytes"),
    *("bytes_after", "bytes_in_all", "channels", "correlation", "cost", "dc_offsets", "effective_bits", "energy"),
    *("format_code", "frames", "given_cost", "held_share", "kept", "kept_in_quiet", "least_audibility", "lost"),
    *("loudness", "low_mid_correlation", "overs", "pan", "parts", "references", "running_audibility", "seed"),
    *("stated_bytes", "studio_share", "target", "turns", "wanted_energy"),
}


def unitless(value: object, keys: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of figures that tell no unit, neither their own nor one above them."""
    if isinstance(value, dict):
        # Settings of effects have names of their own.
        if not {"unit", "type"} & set(value):
            for key, item in value.items():
                yield from unitless(item, (*keys, key))
    elif isinstance(value, list):
        for item in value:
            yield from unitless(item, keys)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        parts = {part for key in keys for part in key.split("_")}
        if not parts & UNITS and not set(keys) & PLAIN:
            yield "/".join(keys)


def refused(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


def test_json_stands_alone_with_units_and_the_same_each_time(runs: dict) -> None:
    done = runs["json"]
    assert (done.returncode, done.stderr) == (runs["piped"].returncode, "")
    assert done.stdout == runs["again"].stdout
    values = json.loads(done.stdout, parse_constant=refused)
    assert isinstance(values, dict)
    assert values
    assert not sorted(set(unitless(values)))


def test_quiet_leaves_the_exit_code(runs: dict) -> None:
    done = runs["quiet"]
    assert (done.returncode, done.stdout, done.stderr) == (runs["piped"].returncode, "", "")


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("demo", "targets")])
def test_what_is_not_there_is_one_line(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "no [b]such\tthing\udcff.toml"
    more = {"compare": [name], "catalog": ["-o", "out"], "album": ["-o", "out"]}.get(verb, [])
    for options in ([], ["--json"], ["--quiet"]):
        done = call(verb, name, *more, *options)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1, done.stderr
        assert r"no [b]such\tthing\xff.toml" in done.stderr
        assert not list(tmp_path.iterdir())


def test_first_steps_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder, tmp_path / "song")
    monkeypatch.chdir(tmp_path / "song")
    (tmp_path / "song" / "mix.wav").unlink()
    for command, _ in FIRST_STEPS:
        # As they stand: nothing has to be replaced.
        done = call(*shlex.split(command)[1:])
        assert (done.returncode, done.stderr) == (0, ""), command
