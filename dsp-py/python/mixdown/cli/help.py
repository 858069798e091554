"""Help of the verbs: what it says, as values, and as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mixdown._tables import aligned, fitted, room, wrapped
from mixdown.cli.exits import exit_codes
from mixdown.cli.options import taker_names, target_names
from mixdown.cli.verbs import FIRST_STEPS, VERBS

#: Columns of help: lines of text are read best at this width, in a pipe too.
_WIDEST = 80


@dataclass(frozen=True)
class VerbHelp:
    """What the help of a verb says.

    Attributes
    ----------
    name, usage : str
    paragraphs : tuple of str
        The first is the sentence that says what it does.
    arguments, options : tuple of (str, str)
        How they are written, and what they mean.
    examples : tuple of (str, str)
        Commands, and what they do.
    lists : tuple of (str, tuple of str)
        Names that it lists, by their heading.
    exits : tuple of (int, str)
        Exit codes and their meaning.
    """

    name: str
    usage: str
    paragraphs: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    examples: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, tuple[str, ...]], ...]
    exits: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, command: Any, parameters: Sequence[Any]) -> VerbHelp:
        """Read the help of a verb from its command."""
        verb = VERBS[command.name]
        arguments = [entry for entry in parameters if entry.param_type_name == "argument"]
        options = [entry for entry in parameters if entry.param_type_name == "option"]
        places = " ".join(map(_place, arguments))
        named = {"targets": ("Targets", target_names), "services": ("Services that take files", taker_names)}
        return cls(
            name=command.name,
            usage=f"mixdown {command.name} [OPTIONS] {places}",
            paragraphs=tuple(" ".join(part.split()) for part in (command.help or "").split("\n\n")),
            arguments=tuple((entry.metavar, _meaning(entry)) for entry in arguments),
            options=tuple((_written(entry), _meaning(entry)) for entry in options),
            examples=verb.examples,
            lists=tuple((heading, tuple(names())) for heading, names in map(named.__getitem__, verb.lists)),
            exits=tuple(exit_codes(verb.fault).items()),
        )

    def text(self) -> str:
        """Return it for a terminal."""
        with fitted(min(room() or _WIDEST, _WIDEST)):
            parts = [f"Usage: {self.usage}", *self.paragraphs]
            parts += [_section("Arguments", self.arguments)] if self.arguments else []
            parts += [_section("Options", self.options), _examples(self.examples)]
            parts += [f"{heading}: {', '.join(names)}." for heading, names in self.lists]
            parts.append(_section("Exit codes", [(str(code), meaning) for code, meaning in self.exits]))
            return "\n\n".join(map(_laid_out, parts))


def overview(version: str, options: Sequence[Any]) -> str:
    """Return the overview of all verbs, by their groups."""
    with fitted(min(room() or _WIDEST, _WIDEST)):
        parts = [f"mixdown {version}: mix and master music.", "Usage: mixdown VERB [OPTIONS] ..."]
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, verb in VERBS.items():
            groups.setdefault(verb.group, []).append((name, verb.line))
        widest = max(map(len, VERBS))
        parts += [
            _section(group, [(name.ljust(widest), line) for name, line in verbs]) for group, verbs in groups.items()
        ]
        parts += [
            _examples(FIRST_STEPS),
            _section("Options", [(_written(entry), _meaning(entry)) for entry in options]),
            _section("Exit codes", [(str(code), meaning) for code, meaning in exit_codes().items()]),
            "mixdown VERB --help says all about a verb.",
        ]
        return "\n\n".join(map(_laid_out, parts))


def _laid_out(part: str) -> str:
    return "\n".join(line for text in part.split("\n") for line in wrapped(text))


def _section(heading: str, rows: Sequence[tuple[str, str]]) -> str:
    return f"{heading}:\n{aligned(rows, left=2, headed=False, indent=2)}"


def _examples(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(("Examples:", *(line for command, does in rows for line in _example(command, does))))


def _example(command: str, does: str) -> Iterator[str]:
    yield f"  {command}"
    yield textwrap.indent(does, " " * 6)


def _place(argument: Any) -> str:
    return str(argument.metavar) if argument.required else f"[{argument.metavar}]"


def _written(option: Any) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag or option.metavar is None else f"{names} {option.metavar}"


def _meaning(parameter: Any) -> str:
    default = getattr(parameter, "default", None)
    text = " ".join((parameter.help or "").split())
    if parameter.required and parameter.param_type_name == "option":
        return f"{text} Required."
    if isinstance(default, (str, Path)) and not getattr(parameter, "is_flag", False):
        return f"{text} By default {default}."
    return text
