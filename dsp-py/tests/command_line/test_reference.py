"""The command line: its page is what the help of its verbs says, and the help is whole."""

import re
from pathlib import Path

import pytest

from mixdown.cli.exits import EXIT_CODES
from mixdown.cli.reference import COMMAND, page, verbs_help
from mixdown.cli.verbs import VERBS
from running import call

HELP = {text.name: text for text in verbs_help()}
PAGE = Path(__file__).parents[3] / "docs" / "command-line.md"


@pytest.mark.skipif(not PAGE.parent.is_dir(), reason="the documentation is not beside these tests")
def test_the_page_is_as_the_help_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"docs/command-line.md is out of date: run {COMMAND}"


@pytest.mark.parametrize("verb", list(VERBS))
def test_help_is_whole(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text, done = HELP[verb], call(verb, "--help")
    assert done.returncode == 0
    assert call(verb, "-h").stdout == done.stdout
    printed = " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80
    for part in (*text.paragraphs, *(word for row in (*text.arguments, *text.options) for word in row)):
        assert part in printed
    for command, does in text.examples:
        assert f"  {command}\n      {does}\n" in done.stdout
    for code, meaning in text.exits:
        assert re.search(rf"\n  {code} +{re.escape(meaning.split()[0])}", done.stdout)
    assert {code for code, _ in text.exits} == set(EXIT_CODES)
    # One sentence first, and sentences throughout.
    assert text.paragraphs[0].count(". ") == 0
    for _, meaning in (*text.arguments, *text.options):
        assert meaning.endswith("."), meaning
        assert meaning[0].isupper() or meaning[0].isdigit() or meaning.split()[0] in WORDS, meaning


#: First words of a list of values.
WORDS = {"wav", "mp3,", "threads,"}


@pytest.mark.parametrize("verb", list(VERBS))
def test_options_tell_unit_range_and_default(verb: str) -> None:
    for written, meaning in HELP[verb].options:
        name, _, unit = written.rpartition(" ")
        flag = not name or name.endswith(",")
        assert flag or unit.isupper(), written
        if unit in ("DB", "LUFS", "DBTP", "HZ", "SECONDS", "SHARE"):
            assert re.search(r"-?\d+ to -?\d+", meaning), (written, meaning)
    shared = {"--json", "-q, --quiet", "-h, --help"}
    assert shared <= {written for written, _ in HELP[verb].options}


def test_an_option_of_several_verbs_is_the_same_in_each() -> None:
    meanings: dict[str, set[str]] = {}
    for text in HELP.values():
        for written, meaning in text.options:
            meanings.setdefault(written, set()).add(re.sub(r" (By default [^.]+\.[a-z]+|Required)\.$", "", meaning))
    # A verb that writes a folder replaces it; a folder or one kind of file is written where the verb says so; the
    # figures of a mix are judged by several targets, a master has one.
    own = {"-o, --output FILE", "-o, --output FOLDER", "--lead NAME", "--format NAME", "--amount SHARE"}
    assert {written for written, said in meanings.items() if len(said) > 1} <= own


def test_the_overview_names_every_verb_in_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = call()
    assert (done.returncode, done.stderr) == (0, "")
    for name, verb in VERBS.items():
        assert re.search(rf"\n{verb.group}:\n(?:  .+\n)*  {name} +{re.escape(verb.line)}\n", done.stdout), name
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stdout.count("\n  mixdown ") == 2
    monkeypatch.setenv("COLUMNS", "40")
    narrow = call().stdout
    assert set(done.stdout.split()) == set(narrow.split())
