"""``mixdown catalog``: all songs of a folder mastered, on all cores or on a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from mixdown import _checks, _core
from mixdown._core import ParameterError
from mixdown.catalog import Catalog, FileFormat, master_catalog
from mixdown.cli.options import Depth, Force, bits, clip_depth, number
from mixdown.cli.terminal import bar, complain, say
from mixdown.effects import Effect, from_dict
from mixdown.files import NoiseShaping, Profile
from mixdown.files.names import shown


def catalog(
    folder: Annotated[Path, typer.Argument(help="Folder of the songs, with folders in it.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the masters.")],
    target: Annotated[
        str | None, typer.Option(help="Delivery target; spotify where --target-lufs is not given either.")
    ] = None,
    target_lufs: Annotated[
        str | None, typer.Option(metavar="LUFS", help="Loudness instead of a named target, -50 to 0.")
    ] = None,
    ceiling_dbtp: Annotated[
        str | None,
        typer.Option(
            metavar="DBTP", help="Highest true peak instead of the target's, -12 to 0; -1 with --target-lufs."
        ),
    ] = None,
    effects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Effects before everything else: JSON, what effect.to_dict() returned."),
    ] = None,
    clip_db: Annotated[
        str, typer.Option(help="Clipping before the limiter: auto (beyond 3 dB of limiting), off, or dB, 0 to 24.")
    ] = "auto",
    bit_depth: Depth = "24",
    noise_shaping: Annotated[
        str, typer.Option(help="Spectrum of the rounding error: none or weighted (for 16 bits, 44.1 to 96 kHz).")
    ] = "none",
    rate: Annotated[
        str | None, typer.Option(metavar="HZ", help="Sample rate of the masters; default: each song's own.")
    ] = None,
    file_format: Annotated[str, typer.Option("--format", help="wav or flac.")] = "wav",
    profile: Annotated[
        str | None,
        typer.Option(
            help="Chunks of WAV files: archive (broadcast extension with the loudness, and all tags) "
            "or ingest (format and samples alone, as services take them)."
        ),
    ] = None,
    dual_mono: Annotated[bool, typer.Option(help="Count mono songs as two loudspeakers: 3 LU louder.")] = False,
    scheduler: Annotated[
        str, typer.Option(help="threads, processes, local (Dask on this machine) or tcp://host:8786 (a Dask cluster).")
    ] = "processes",
    jobs: Annotated[
        str | None, typer.Option(metavar="N", help="How many songs at once; default: one for each core.")
    ] = None,
    force: Force = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Master all songs of a folder; the next run goes on where this one is stopped, and makes anew what was altered.

    A song that cannot be mastered is a line; the exit code is 1 then. manifest.json and SHA256SUMS are written among
    the masters.
    """
    lufs, dbtp = (
        None if text is None else number(option, text, *_core.delivery_range(name))
        for option, name, text in (
            ("--target-lufs", "target_lufs", target_lufs),
            ("--ceiling-dbtp", "ceiling_dbtp", ceiling_dbtp),
        )
    )
    count = None if jobs is None else number("--jobs", jobs, 1, 1024)
    if count is not None and not count.is_integer():
        raise ParameterError(f"--jobs = {count:g} is not a whole number: it must lie in 1..1024")
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
            delivery_rate_hz=None if rate is None else number("--rate", rate, *_checks.RATE_RANGE_HZ),
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
        raise typer.Exit(1)


def _print(made: Catalog, out: Path, as_json: bool) -> None:
    for record in made.failed:
        complain(f"{shown(record.source)}: {record.message}")
    if as_json:
        say(json.dumps(made.to_dict(), indent=2, allow_nan=False))
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
