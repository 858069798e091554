"""The command line: silence as JSON, and names of every kind, with every verb that reads files."""

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import mixdown as md
from running import call
from signals import RATE_HZ, sine

NAME = b"-a [b]two  blanks \xff \xc3\xbc\xe9\x9f\xb3 :x:.wav"
SHOWN = r"-a [b]two  blanks \xff ü音 :x:.wav"


def refused(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


@pytest.mark.parametrize("verb", ["measure", "check", "codec", "vinyl", "translate", "master", "mix", "compare"])
def test_silence_is_null_or_one_line(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stems").mkdir()
    md.write("silence.wav", np.zeros((2, 4 * RATE_HZ)), RATE_HZ, bit_depth=32)
    md.write("stems/silence.wav", np.zeros((1, 4 * RATE_HZ)), RATE_HZ, bit_depth=32)
    more = {"codec": ["--codec", "vorbis:160"], "compare": ["silence.wav"]}.get(verb, [])
    done = call(verb, "stems" if verb == "mix" else "silence.wav", *more, "--json")
    if verb in ("master", "compare", "vinyl"):
        # Nothing to raise, to match, to cut.
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        return
    values = json.loads(done.stdout, parse_constant=refused)
    assert done.stderr == ""
    # In sentences it may be a word.
    assert not re.search(r'": "[-+]?(inf|nan)"|[-+]?(Infinity|NaN)', done.stdout)
    if verb == "measure":
        assert values["files"][0]["integrated_lufs"] is None
        assert values["files"][0]["true_peak_dbtp"] is None


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are any bytes")
@pytest.mark.parametrize(
    "verb", ["measure", "check", "codec", "vinyl", "translate", "master", "compare", "mix", "catalog"]
)
def test_names_of_every_kind(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = os.fsdecode(b"-f [b] \xff")
    os.mkdir(folder)
    tone = np.stack([sine(4 * RATE_HZ, level=0.2), sine(4 * RATE_HZ, level=0.1, hz=900)])
    md.write(os.path.join(folder, os.fsdecode(NAME)), tone, RATE_HZ)
    os.rename(os.path.join(folder, os.fsdecode(NAME)), os.fsdecode(NAME))
    md.write(os.path.join(folder, os.fsdecode(NAME)), tone, RATE_HZ)
    source = f"./{folder}" if verb in ("mix", "catalog") else f"./{os.fsdecode(NAME)}"
    out = os.fsdecode(b"./-o [b] \xff")
    more = {
        "codec": ["--codec", "vorbis:160", "-o", f"{out}.wav"],
        "compare": [source, "--apply", "-o", f"{out}.wav"],
        "master": ["-o", f"{out}.wav"],
        "mix": ["-o", f"{out}.wav"],
        "catalog": ["-o", out, "--scheduler", "threads"],
    }.get(verb, [])
    text = call(verb, source, *more)
    assert "Traceback" not in text.stderr
    # Two tones have faults of a mix, but are read.
    assert (text.returncode, text.stderr) in ((0, ""), (1, "")), text.stderr
    assert "\x1b" not in text.stdout
    shown = {"mix": SHOWN.removesuffix(".wav"), "master": r"-o [b] \xff.wav", "compare": "beside -a [b]two"}
    if verb not in ("translate", "codec"):
        assert shown.get(verb, SHOWN) in text.stdout
    if "-o" in more:
        assert os.path.exists(more[more.index("-o") + 1])
    plain = call(verb, source, *more, *(["--force"] if "-o" in more else []), "--json")
    assert plain.stderr == ""
    if verb not in ("compare", "vinyl"):
        assert "two  blanks" in plain.stdout or r"-o [b]" in plain.stdout
    json.loads(plain.stdout, parse_constant=refused)


def test_what_has_no_loudness_is_silent_or_too_short(tmp_path: Path) -> None:
    for name, audio in (("silent", np.zeros(48_000)), ("short", np.full(4_800, 0.5)), ("loud", np.full(4_800, 0.99))):
        md.write(tmp_path / f"{name}.wav", audio, 48_000)
    told = call("measure", *(tmp_path / f"{name}.wav" for name in ("silent", "short", "loud"))).stdout
    figures, verdicts = told.split("\n\n")
    assert [line.split()[-1] for line in figures.splitlines()[2:5]] == ["-", "-", "-"]
    assert re.search(r"^spotify .* silent +too short  too short, peak \+\S+ dB$", verdicts, re.M)
    assert "-inf LU " not in told
    assert "-inf LU\n" not in told
    plain = json.loads(call("measure", tmp_path / "short.wav", "--json").stdout)["files"][0]
    assert (plain["plr_lu"], plain["min_psr_lu"], plain["targets"]["r128"]) == (None, None, "too short")
