"""``mixdown catalog``: all songs of a folder mastered, on all cores or on a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from mixdown._core import ParameterError
from mixdown.catalog import Catalog, FileFormat, master_catalog
from mixdown.cli.exits import FAULT
from mixdown.cli.options import (
    CEILING_DBTP,
    RATE_HZ,
    TARGET_LUFS,
    Ceiling,
    Chunks,
    Clip,
    Depth,
    DualMono,
    Force,
    Json,
    Number,
    OneTarget,
    Quiet,
    Rate,
    Shaping,
    TargetLufs,
    bits,
    clip_depth,
    words_from,
)
from mixdown.cli.terminal import bar, complain, say, say_json
from mixdown.effects import Effect, from_dict
from mixdown.files import NoiseShaping, Profile
from mixdown.files.names import shown

#: Songs at once.
_JOBS = Number("--jobs", "N", 1, 1024, whole=True)
_SCHEDULERS = ("threads", "processes", "local", "tcp://")


def catalog(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the songs, with folders in it.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the masters.")],
    target: OneTarget = None,
    target_lufs: TargetLufs = None,
    ceiling_dbtp: Ceiling = None,
    effects: Annotated[
        Path | None,
        typer.Option(
            "--effects", metavar="FILE", help="Effects before everything else: JSON, what effect.to_dict() returned."
        ),
    ] = None,
    clip_db: Clip = "auto",
    bit_depth: Depth = "24",
    noise_shaping: Shaping = "none",
    rate: Rate = None,
    file_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="wav or flac.",
            autocompletion=words_from(lambda: get_args(FileFormat)),
        ),
    ] = "wav",
    profile: Chunks = None,
    dual_mono: DualMono = False,
    scheduler: Annotated[
        str,
        typer.Option(
            "--scheduler",
            metavar="NAME",
            help="threads, processes, local (Dask on this machine) or tcp://host:8786 (a Dask cluster).",
            autocompletion=words_from(lambda: _SCHEDULERS),
        ),
    ] = "processes",
    jobs: Annotated[str | None, _JOBS.declared("Songs at once", "By default one for each core.")] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Master all songs of a folder; the next run goes on where this one stopped, and makes anew what was altered.

    A song that cannot be mastered is told in a line, and the others go on. manifest.json and SHA256SUMS are written
    among the masters.
    """
    lufs, dbtp = TARGET_LUFS.read_given(target_lufs), CEILING_DBTP.read_given(ceiling_dbtp)
    count = _JOBS.read_given(jobs)
    with bar(f"Mastering {shown(folder.name)}") as progress:
        made = master_catalog(
            folder,
            out,
            target=target,
            target_lufs=lufs,
            ceiling_dbtp=dbtp,
            effects=None if effects is None else _effects(effects),
            clip_db=clip_depth(clip_db),
            bit_depth=bits(bit_depth),
            noise_shaping=cast(NoiseShaping, noise_shaping),
            delivery_rate_hz=RATE_HZ.read_given(rate),
            dual_mono=dual_mono,
            file_format=cast(FileFormat, file_format),
            profile=cast(Profile | None, profile),
            scheduler=scheduler,
            jobs=None if count is None else int(count),
            force=force,
            progress=progress,
        )
    _print(made, out, as_json)
    if made.failed:
        raise typer.Exit(FAULT)


def _print(made: Catalog, out: Path, as_json: bool) -> None:
    for record in made.failed:
        complain(f"{shown(record.source)}: {record.message}")
    if as_json:
        say_json(made.to_dict())
        return
    say(made.table())
    say()
    say(f"{shown(out)}: {made.summary()}")


def _effects(file: Path) -> list[Effect]:
    """Read the effects of a file: one, or a list of them."""
    try:
        plain: Any = json.loads(file.read_bytes())
        made = [from_dict(entry) for entry in (plain if isinstance(plain, list) else [plain])]
    except (ValueError, TypeError) as error:
        raise ParameterError(f"--effects {shown(file)}: {error}") from None
    for effect in made:
        if not isinstance(effect, Effect):
            raise ParameterError(f"--effects {shown(file)}: {type(effect).__name__} is not an effect")
    return made
