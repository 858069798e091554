"""``mixdown targets``: the delivery targets, with their rules and sources."""

from __future__ import annotations

import dataclasses
import math
from typing import Annotated

import typer

from mixdown._tables import aligned
from mixdown.cli.options import Json, Quiet, separate, target_names, words_from
from mixdown.cli.terminal import figure, say, say_json
from mixdown.delivery import Target, find_target
from mixdown.delivery import targets as all_targets

#: Rules in words.
_GAIN_UP = {"never": "never", "headroom": "as far as the peak allows", "limit": "up to the target"}
_ALBUM = {"off": "each song alone", "integrated": "by the whole album", "loudest": "by its loudest song"}


def targets(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="Only these; all by default.", autocompletion=words_from(target_names)),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print the delivery targets: loudness, ceiling, what becomes of quieter songs and of albums, source and date.

    Platforms change their rules and publish little: each target names its source and the date of it. A target of
    broadcasters has a tolerance; services reject nothing, and play everything equally loud.
    """
    found = [find_target(name) for name in separate(names)] or list(all_targets())
    if as_json:
        say_json({"targets": [dataclasses.asdict(target) for target in found]})
        return
    headings = (
        "Target",
        "Loudness",
        "Mono",
        "Tolerance",
        "Ceiling",
        "Quieter songs are raised",
        "Albums",
        "As of",
        "Source",
    )
    say(aligned([headings, *map(_row, found)], left=(0, 5, 6, 7, 8), ruled=True))


def _row(target: Target) -> tuple[str, ...]:
    ceiling = "-" if math.isinf(target.ceiling_dbtp) else figure(target.ceiling_dbtp, "dBTP", digits=1)
    tolerance = figure(target.tolerance_lu, "LU", digits=1) if target.tolerance_lu else "-"
    return (
        target.name,
        figure(target.integrated_lufs, "LUFS", digits=1),
        figure(target.mono_lufs, "LUFS", digits=1) if target.mono_lufs != target.integrated_lufs else "-",
        tolerance,
        ceiling,
        _GAIN_UP[target.gain_up],
        _ALBUM[target.album],
        target.date,
        target.source,
    )
