"""The page of the command line, from the help of its verbs: ``python -m mixdown.cli.reference``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from mixdown.cli.exits import EXIT_CODES
from mixdown.cli.help import VerbHelp
from mixdown.cli.program import app
from mixdown.cli.verbs import FIRST_STEPS, VERBS

#: How the page is written anew, from the root of the repository.
COMMAND = "python -m mixdown.cli.reference docs/command-line.md"

_INTRODUCTION = f"""\
# Command line

<!-- Written by {COMMAND}: change the help of the verbs instead. -->

`mixdown` alone prints an overview, `mixdown VERB --help` what this page says of a verb.

- Results go to standard output; warnings, errors and progress to standard error. Progress is drawn on a terminal only,
  and not with `TERM=dumb`; `NO_COLOR` takes its colours away.
- Tables fit the terminal, or `COLUMNS`: they are laid out anew where it is narrow, and no figure, unit or name is cut.
  In a pipe each row is one line, however long.
- `--json` prints JSON alone on standard output, with the unit in the name of each figure. What is not finite, as the
  loudness of silence, is `null`.
- `--quiet` leaves errors, files, JSON and the exit code.
- `-` is standard input for `master`, `compare`, `check`, `codec`, `translate`, `measure` and `vinyl`. A file whose name
  begins with `-` is given as `./-name`.
- Existing files are replaced only with `--force`, and are never half-written: an output is written beside its place
  and renamed.
- Options that take several names take them with commas between, or are repeated.
- `mixdown --install-completion` makes bash, zsh, fish and PowerShell complete verbs, options, and the names of targets,
  services, codecs, formats and devices.
"""


def verbs_help() -> list[VerbHelp]:
    """Return the help of all verbs, in the order of the overview.

    Returns
    -------
    list of VerbHelp
    """
    group: Any = typer.main.get_command(app)
    with group.make_context("mixdown", [], resilient_parsing=True) as context:
        made = []
        for name in VERBS:
            command = group.get_command(context, name)
            with command.make_context(name, [], parent=context, resilient_parsing=True) as own:
                made.append(command.help_of(own))
        return made


def page() -> str:
    """Return the page as Markdown.

    Returns
    -------
    str
    """
    lines = [_INTRODUCTION, *_first_steps(), *_exits(EXIT_CODES.items())]
    for help_text in verbs_help():
        lines += _verb(help_text)
    return "\n".join(lines).rstrip() + "\n"


def _first_steps() -> Iterator[str]:
    yield from ("## Overview", "", "| verb | does |", "|---|---|")
    yield from (f"| [{name}](#{name}) | {verb.line} |" for name, verb in VERBS.items())
    yield ""
    yield from _commands(FIRST_STEPS)


def _exits(codes: Any) -> Iterator[str]:
    yield from ("## Exit codes", "", "| code | meaning |", "|---|---|")
    yield from (f"| {code} | {meaning} |" for code, meaning in codes)
    yield from ("", "Other reasons for exit code 1 are listed under each verb.", "")


def _verb(text: VerbHelp) -> Iterator[str]:
    yield from (f"## {text.name}", "", "```text", text.usage, "```", "")
    for paragraph in text.paragraphs:
        yield from (_escaped(paragraph), "")
    for heading, rows in (("argument", text.arguments), ("option", text.options)):
        if rows:
            yield from (f"| {heading} | meaning |", "|---|---|")
            yield from (f"| `{written}` | {_escaped(meaning)} |" for written, meaning in rows)
            yield ""
    yield from _commands(text.examples)
    for heading, names in text.lists:
        yield from (f"{heading}: {', '.join(f'`{name}`' for name in names)}.", "")
    fault = VERBS[text.name].fault
    if fault:
        yield from (f"Exit code: {fault}", "")


def _commands(examples: Sequence[tuple[str, str]]) -> Iterator[str]:
    widest = max(len(command) for command, _ in examples)
    yield "```sh"
    yield from (f"{command:<{widest}}  # {does}" for command, does in examples)
    yield from ("```", "")


def _escaped(text: str) -> str:
    """Return a text in which nothing is markup of Markdown."""
    return "".join(f"\\{character}" if character in "\\`*_[]<>|" else character for character in text)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Write the page of the command line.")
    parser.add_argument("file", type=Path)
    parser.parse_args().file.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    _main()
