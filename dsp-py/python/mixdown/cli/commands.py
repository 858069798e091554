"""The parser's commands, with our help, and refusals that suggest what was meant."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from mixdown import __version__, _checks
from mixdown._core import ParameterError
from mixdown.cli.help import VerbHelp, overview
from mixdown.cli.terminal import say


class VerbCommand(TyperCommand):
    """A verb."""

    def help_of(self, context: Any) -> VerbHelp:
        """Return what its help says."""
        return VerbHelp.of(self, self.get_params(context))

    def get_help(self, ctx: Any) -> str:
        """Return the help as text."""
        return self.help_of(ctx).text()

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option that prints the help."""
        return _printing_help(super().get_help_option(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; refusals name the verb, the option and what was meant."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            raise _refusal(error, str(self.name), self, ctx) from None


class Program(TyperGroup):
    """All verbs."""

    def get_help(self, ctx: Any) -> str:
        """Return the overview."""
        return overview(__version__, self.get_params(ctx))

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option that prints the overview."""
        return _printing_help(super().get_help_option(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the options before the verb; ``help`` stands for --help, before or without a verb."""
        if args[:1] == ["help"]:
            args = [*[word for word in args[1:] if not word.startswith("-")][:1], "--help"]
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            raise _refusal(error, "mixdown", self, ctx) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb, and suggest one for what is none."""
        name = str(args[0])
        if self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            meant = ": did you mean --version?" if name == "version" else _checks.closest(name, known)
            raise ParameterError(f"{_checks.shown(name)} is not a command: it must be one of {', '.join(known)}{meant}")
        return super().resolve_command(ctx, args)


def _printing_help(option: Any) -> Any:
    """Make an option print the help as all text is printed: its reader may have closed the pipe."""

    def show(context: typer.Context, _option: Any, wanted: bool) -> None:
        if wanted and not context.resilient_parsing:
            say(context.get_help())
            context.exit()

    if option is not None:
        option.callback = show
        option.help = "Print this text."
    return option


def _refusal(error: Exception, place: str, command: Any, context: Any) -> Exception:
    """Return a refusal of the parser in our words; other errors as they are."""
    parameter = getattr(error, "param", None)
    name = getattr(error, "option_name", None)
    if name is not None and not hasattr(error, "ctx"):
        return error
    kind = type(error).__name__
    if kind == "NoSuchOption":
        known = [opt for entry in command.get_params(context) for opt in getattr(entry, "opts", ())]
        known = [opt for opt in known if opt.startswith("-")]
        meant = _checks.closest(str(name), known)
        hint = "" if str(name).startswith("--") else "; a file whose name begins with - is given as ./-name"
        return ParameterError(f"{place} has no option {name}{meant or hint}")
    if kind == "MissingParameter" and parameter is not None:
        what = parameter.metavar if parameter.param_type_name == "argument" else max(parameter.opts, key=len)
        return ParameterError(f"{place}: {what} is missing: {_first_words(parameter.help)}")
    if kind == "BadOptionUsage":
        return ParameterError(f"{place}: {name} needs a value" if "requires" in str(error) else f"{place}: {error}")
    if kind == "UsageError" and "extra argument" in str(error):
        places = [entry.metavar for entry in command.params if entry.param_type_name == "argument"]
        return ParameterError(
            f"{place} takes {' and '.join(places)} alone: {str(error).rpartition('(')[2].rstrip(')')}"
        )
    return error


def _first_words(text: str | None) -> str:
    """Return the first sentence of a help text, to go on within a line."""
    sentence = (text or "").split(". ")[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:]
