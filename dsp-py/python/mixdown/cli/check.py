"""``mixdown check``: faults of files and mixes, by delivery targets and by what services take."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._tables import aligned
from mixdown._threads import each
from mixdown.analysis.findings import SEVERITIES
from mixdown.analysis.stems import Stems
from mixdown.checking import FileCheck, Profile, duplicates, profiles, profiles_of
from mixdown.checking.file_check import checked_file
from mixdown.cli.exits import FAULT
from mixdown.cli.inputs import opened_file
from mixdown.cli.options import Json, Quiet, separate, taker_names, target_names, words_from
from mixdown.cli.stems import stem_files, stems_as_they_are
from mixdown.cli.terminal import bar, complain, figure, one_line, say, say_json
from mixdown.delivery import Target, find_target
from mixdown.files.names import printable, shown


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Audio files; - is standard input.")],
    stems: Annotated[
        Path | None,
        typer.Option("--stems", metavar="FOLDER", help="Folder of the stems of one mix: those that cancel are found."),
    ] = None,
    lead: Annotated[str | None, typer.Option("--lead", metavar="NAME", help="Stem that leads.")] = None,
    wanted: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="NAMES",
            help="Check loudness and ceiling of these targets, and what these services take, too; with commas between, "
            "or repeated.",
            autocompletion=words_from(lambda: dict.fromkeys([*target_names(), *taker_names()])),
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check files for delivery: container, samples, signs of lossy coding, tags, faults of the mix; stems that cancel.

    Each finding is a line, the worst first: fault, warning, note, not measurable. A name that is both a target and a
    service stands for both.
    """
    judges, takers = named_for(wanted)
    if stems is not None and len(files) > 1:
        raise ParameterError(f"--stems = {_checks.shown(str(stems))} is not allowed: stems are of one mix")
    if lead is not None and stems is None:
        raise ParameterError(f"--lead = {_checks.shown(lead)} needs --stems: a mix alone cannot tell")
    done: list[FileCheck] = []
    failed: dict[str, str] = {}

    def work(file: Path, progress: Callable[[float], None]) -> FileCheck:
        tracks = None if stems is None else partial(_stems_of, stems, file)
        with opened_file(file) as opened:
            return checked_file(opened, file, takers, judges, stems=tracks, lead=lead, progress=progress)

    with bar(f"Checking {shown(files[0].name) if len(files) == 1 else f'{len(files)} files'}") as progress:
        errors = (OSError, ValueError, MemoryError)
        outcomes = each(files, work, progress=progress, stays=lambda file: not os.path.isfile(file), errors=errors)
        for file, outcome in zip(files, outcomes, strict=True):
            if isinstance(outcome, Exception):
                failed[shown(file)] = one_line(outcome)
                complain(one_line(outcome))
            else:
                done.append(outcome)
    for index, finding in duplicates(done):
        done[index] = done[index].with_findings([finding])
    if as_json:
        results = [{"file": report.name, **report.to_dict()} for report in done]
        say_json({"files": results, "failed": failed})
    else:
        _print_checked(done)
    if failed or not all(report.passed for report in done):
        raise typer.Exit(FAULT)


def named_for(names: list[str] | None) -> tuple[tuple[Target, ...], tuple[Profile, ...]]:
    """Return the targets and the ingest profiles of names, which may hold several with commas between."""
    known = {profile.name for profile in profiles()}
    judges: list[Target] = []
    takers: list[Profile] = []
    for name in map(str.lower, separate(names)):
        by_target = target_names()
        if name not in known and name not in by_target:
            takers_only = sorted(profile for profile in known if profile not in by_target)
            allowed = ", ".join([*by_target, *takers_only])
            meant = _checks.closest(name, [*by_target, *takers_only])
            raise ParameterError(f"target = {name!r} is unknown: it must be one of {allowed}{meant}")
        judges += [find_target(name)] if name in by_target else []
        takers += profiles_of(name) if name in known else ()
    return tuple(judges), tuple(takers)


def _stems_of(folder: Path, mix: Path, rate_hz: float) -> Stems:
    found, _ = stem_files(folder, folder / "mix.wav")
    found = [file for file in found if not (mix.exists() and file.samefile(mix))]
    return stems_as_they_are(found, rate_hz)


def _print_checked(done: list[FileCheck]) -> None:
    for position, report in enumerate(done):
        if position:
            say()
        figures = [figure(report.duration_s, "s", digits=1)]
        figures += [figure(report.integrated_lufs, "LUFS", digits=1)] if report.integrated_lufs is not None else []
        figures += [figure(report.true_peak_dbtp, "dBTP", digits=1)] if report.true_peak_dbtp is not None else []
        verdict = "no fault" if report.passed else "faults"
        say(f"{report.name}: {verdict} ({', '.join(figures)})")
        say(f"  {report.facts}")
        rows = []
        for finding in report.findings:
            said = printable(finding.message)
            # Marks of limits stand in the JSON alone.
            said += f" ({finding.source})" if finding.source and not finding.source.endswith("]") else ""
            rows.append((SEVERITIES[finding.severity], finding.check.replace("_", " "), said))
            if finding.suggestion is not None:
                rows.append(("", "", f"-> {finding.suggestion.reason}"))
        if rows:
            say(aligned(rows, left=3, headed=False, indent=2))
