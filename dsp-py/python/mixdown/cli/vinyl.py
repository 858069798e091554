"""``mixdown vinyl``: a side of a record before it is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._tables import aligned
from mixdown.album import Album
from mixdown.album.songs import chain_of
from mixdown.analysis.findings import SEVERITIES
from mixdown.analysis.reports import limits
from mixdown.cli.exits import FAULT
from mixdown.cli.inputs import opened_file
from mixdown.cli.options import Json, Number, Quiet, words_from
from mixdown.cli.terminal import bar, figure, say, say_json, table
from mixdown.delivery.vinyl.check import checked
from mixdown.delivery.vinyl.report import VinylCheck
from mixdown.delivery.vinyl.songs import clock
from mixdown.files import Blocks
from mixdown.files.names import shown
from mixdown.files.recordings import gathered
from mixdown.pack.formats import RECORDS
from mixdown.pack.sides import checked_sides

_GAP = Number("--gap", "SECONDS", 0, 60)
_LEVEL = Number("--level", "DB", -40, 40)


def _limit_names(incomplete: str) -> list[str]:
    return [f"{name}=" for name in limits("vinyl_check") if name.startswith(incomplete)]


def vinyl(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Songs of one side, in their order, mono or stereo; or an album file, album.toml."
        ),
    ],
    fmt: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"Record, one of {', '.join(RECORDS)}. By default that of the album file, or {RECORDS[0]}.",
            autocompletion=words_from(lambda: RECORDS),
        ),
    ] = None,
    gap: Annotated[str, _GAP.declared("Silence between songs")] = "2",
    level: Annotated[str | None, _LEVEL.declared("Level to judge at, in place of the one that fits")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            metavar="NAME=VALUE",
            help="Change a limit; may be repeated.",
            autocompletion=_limit_names,
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a side of a record before it is cut: length, level, grooves, bass, sibilance.

    The level is that of a tone of -18 dBFS and 1 kHz re 5 cm/s. Slope is the velocity of the cutter over the speed of
    the groove, curvature that of the groove over that of the stylus; outside and inside say what it would be at either
    end of the side.

    Of an album file all sides are checked, each at the level that it can be cut at; its table "vinyl" says which songs
    they hold. --gap, --level and --limit are for files.
    """
    if len(files) == 1 and files[0].suffix.lower() == ".toml":
        _album(
            files[0], fmt, {"--gap": gap != "2", "--level": level is not None, "--limit": limit is not None}, as_json
        )
        return
    fmt = _checks.one_of("--format", fmt or RECORDS[0], RECORDS)
    gap_s, level_db = _GAP.read(gap), _LEVEL.read_given(level)
    limits = None if limit is None else dict(_limit(text) for text in limit)
    names = [shown(file.name) for file in files]
    titles = [name if names.count(name) == 1 else f"{index}: {name}" for index, name in enumerate(names, start=1)]
    with bar(f"Checking {fmt}") as progress:
        songs = {}
        for done, (title, file) in enumerate(zip(titles, files, strict=True), start=1):
            with opened_file(file) as opened, Blocks(opened) as blocks:
                songs[title] = gathered(blocks)
            progress(0.2 * done / len(files))
        report = checked(
            songs,
            fmt=fmt,
            gap_s=gap_s,
            level_db=level_db,
            limits=limits,
            progress=lambda share: progress(0.2 + 0.8 * share),
        )
    if as_json:
        say_json(report.to_dict())
    else:
        _print(report)
    if not report.passed:
        raise typer.Exit(FAULT)


def _album(source: Path, record: str | None, given: dict[str, bool], as_json: bool) -> None:
    """Check the sides of an album as its file cuts them."""
    extra = [name for name, is_given in given.items() if is_given]
    if extra:
        raise ParameterError(f"{extra[0]} is given for an album file: gaps stand in it, and levels are found")
    record = _checks.one_of("--format", record, RECORDS) if record is not None else None
    with bar(f"Reading {shown(source.name)}") as progress:
        album = Album.from_file(source, progress=progress)
    settings = album.deliver_settings
    with bar(f"Mastering {shown(source.name)}") as progress:
        mastered = album.master(progress=progress)
    with bar("Checking the sides") as progress:
        effects = chain_of("vinyl_effects", settings.vinyl_effects)
        sides = checked_sides(mastered, record or settings.record or RECORDS[0], effects, progress)
    if as_json:
        found = [{"side": side.name, "titles": list(side.titles), **side.check.to_dict()} for side in sides]
        say_json({"sides": found})
    else:
        for side in sides:
            say(f"Side {side.name}")
            _print(side.check)
            say()
    if not all(side.check.passed for side in sides):
        raise typer.Exit(FAULT)


def _limit(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        hint = "" if equals else ": NAME=VALUE"
        raise ParameterError(f"--limit = {_checks.shown(text)} is not a number{hint}") from None


def _print(report: VinylCheck) -> None:
    fits = "fits at no level" if report.fits_level_db is None else f"fits at {report.fits_level_db:+.1f} dB"
    say(
        f"{report.fmt}: {clock(report.duration_s)}, {report.turns:.0f} turns, {fits}, judged at "
        f"{report.level_db:+.1f} dB ({report.width_mm:.1f} of {report.span_mm:.1f} mm)"
    )
    rows = [
        (
            song.title,
            clock(song.duration_s),
            f"{song.outer_radius_mm:.0f}-{song.inner_radius_mm:.0f}",
            figure(song.slope_db, digits=1, sign=True),
            figure(song.curvature_db, digits=1, sign=True),
            figure(song.outermost_curvature_db, digits=1, sign=True),
            figure(song.innermost_curvature_db, digits=1, sign=True),
            figure(song.lift_um, digits=1),
            "-" if song.bass_correlation is None else figure(song.bass_correlation),
        )
        for song in report.songs
    ]
    headings = ("Song", "Length", "mm", "Slope dB", "Curvature dB", "outside", "inside", "Lift µm", "Bass phase")
    say(table(headings, rows))
    found = []
    for finding in report.findings:
        where = f"{finding.tracks[0]}: " if finding.tracks and len(report.songs) > 1 else ""
        found.append((SEVERITIES[finding.severity], finding.check.replace("_", " "), f"{where}{finding.message}"))
        if finding.suggestion is not None:
            found.append(("", "", f"-> {finding.suggestion.reason} {finding.suggestion.effect!r}"))
    say(aligned(found, left=3, headed=False) if found else "Nothing found.")
