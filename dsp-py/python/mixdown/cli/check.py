"""``mixdown check``: faults of mixes, by the mix check and by a delivery target."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._threads import each
from mixdown.analysis.figures import Figures
from mixdown.analysis.findings import SEVERITIES, Finding, Severity
from mixdown.analysis.mix_check import MixCheck, checked, worst_first
from mixdown.analysis.stems import Stems, one_or_two_channels
from mixdown.cli.inputs import opened_file
from mixdown.cli.stems import stem_files, stems_as_they_are
from mixdown.cli.terminal import bar, complain, figure, one_line, say
from mixdown.delivery import Target, find_target
from mixdown.files import Blocks
from mixdown.files.names import shown
from mixdown.files.recordings import gathered
from mixdown.meters import Loudness, loudness


@dataclass(frozen=True)
class Checked:
    """A checked file."""

    name: str
    report: MixCheck


def check(
    files: Annotated[list[Path], typer.Argument(help="Audio files, mono or stereo; - is standard input.")],
    stems: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of the stems of one mix: those that cancel are found.")
    ] = None,
    lead: Annotated[str | None, typer.Option(metavar="NAME", help="Stem that leads.")] = None,
    target: Annotated[
        str | None, typer.Option("--for", metavar="TARGET", help="Check loudness and ceiling of this target, too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Check mixes: clipping, overs, DC, polarity, mono, dropouts, clicks, noise, hum, silence; stems that cancel.

    Each finding is a line, the worst first: fault, warning, note, not measurable. The exit code is 1 if any file has a
    fault or cannot be read.
    """
    judge = None if target is None else find_target(target)
    if stems is not None and len(files) > 1:
        raise ParameterError(f"--stems = {_checks.shown(str(stems))} is not allowed: stems are of one mix")
    if lead is not None and stems is None:
        raise ParameterError(f"--lead = {_checks.shown(lead)} needs --stems: a mix alone cannot tell")
    done: list[Checked] = []
    failed: dict[str, str] = {}

    def work(file: Path, progress: Callable[[float], None]) -> Checked:
        return check_file(file, progress, stems=stems, lead=lead, target=judge)

    with bar(f"Checking {shown(files[0].name) if len(files) == 1 else f'{len(files)} files'}") as progress:
        errors = (OSError, ValueError, MemoryError)
        outcomes = each(files, work, progress=progress, stays=lambda file: not os.path.isfile(file), errors=errors)
        for file, outcome in zip(files, outcomes, strict=True):
            if isinstance(outcome, Exception):
                failed[shown(file)] = one_line(outcome)
                complain(one_line(outcome))
            else:
                done.append(outcome)
    if as_json:
        results = [{"file": entry.name, **entry.report.to_dict()} for entry in done]
        say(json.dumps({"files": results, "failed": failed}, indent=2, allow_nan=False))
    else:
        _print_checked(done)
    if failed or not all(entry.report.passed for entry in done):
        raise typer.Exit(1)


def check_file(
    file: Path,
    progress: Callable[[float], None] | None = None,
    *,
    stems: Path | None = None,
    lead: str | None = None,
    target: Target | None = None,
) -> Checked:
    """Check a file, with its stems and by a target if they are given."""
    name = shown(file)
    with opened_file(file) as opened, Blocks(opened) as blocks:
        audio, rate_hz = gathered(blocks)
    try:
        programme = one_or_two_channels(audio)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    tracks = None if stems is None else _stems_of(stems, file, rate_hz)
    if tracks is not None and lead is not None:
        tracks.named("lead", lead)
    report = checked(programme, rate_hz, tracks, lead, progress=progress)
    if target is not None:
        reading = loudness(programme, rate_hz, precision="reference")
        more = target_findings(reading, target, report.channels)
        # The ceiling of the target takes the place of the headroom that a mix should have.
        kept = [finding for finding in report.findings if (finding.check, finding.severity) != ("overs", "note")]
        report = replace(report, findings=worst_first([*kept, *more]))
    return Checked(name, report)


def _stems_of(folder: Path, mix: Path, rate_hz: float) -> Stems:
    found, _ = stem_files(folder, folder / "mix.wav")
    found = [file for file in found if not (mix.exists() and file.samefile(mix))]
    return stems_as_they_are(found, rate_hz)


def target_findings(reading: Loudness, target: Target, channels: int) -> list[Finding]:
    """Return what a delivery target has to say on a loudness and a true peak."""
    lufs, peak_dbtp = reading.integrated_lufs, reading.true_peak_dbtp
    if not math.isfinite(lufs):
        return []
    found = []
    wanted = target.loudness_for(channels)
    deviation_lu = lufs - wanted
    if target.tolerance_lu and abs(deviation_lu) > target.tolerance_lu:
        allowed = f"{wanted:g} LUFS within {target.tolerance_lu:g} LU"
        message = f"{target.name} takes {allowed}: the mix has {figure(lufs, 'LUFS', digits=1)}."
        found.append(_of_target("loudness", "fault", message, lufs, wanted, "LUFS"))
    elif not target.tolerance_lu and abs(deviation_lu) > _AUDIBLE_LU:
        side = "above" if deviation_lu > 0 else "below"
        message = (
            f"{figure(lufs, 'LUFS', digits=1)} is {figure(abs(deviation_lu), 'LU', digits=1)} {side} the "
            f"{wanted:g} LUFS of {target.name}."
        )
        found.append(_of_target("loudness", "note", message, lufs, wanted, "LUFS"))
    ceiling_dbtp = target.ceiling_at(lufs)
    if peak_dbtp > ceiling_dbtp:
        message = (
            f"The true peak of {figure(peak_dbtp, 'dBTP')} exceeds the {ceiling_dbtp:g} dBTP that {target.name} allows "
            f"at {figure(lufs, 'LUFS', digits=1)}."
        )
        found.append(_of_target("ceiling", "fault", message, peak_dbtp, ceiling_dbtp, "dBTP"))
    return found


#: Deviation from the loudness of a service that is worth a note, in LU.
_AUDIBLE_LU = 0.5


def _of_target(check: str, severity: Severity, message: str, value: float, limit: float, unit: str) -> Finding:
    return Finding(check, severity, value, limit, unit, None, (), (), message, Figures({}), None)


def _print_checked(done: list[Checked]) -> None:
    widest = max((len(finding.check) for entry in done for finding in entry.report.findings), default=0)
    for position, entry in enumerate(done):
        if position:
            say()
        report = entry.report
        figures = [figure(report.duration_s, "s", digits=1)]
        figures += [figure(report.integrated_lufs, "LUFS", digits=1)] if report.integrated_lufs is not None else []
        figures += [figure(report.true_peak_dbtp, "dBTP", digits=1)] if report.true_peak_dbtp is not None else []
        verdict = "no fault" if report.passed else "faults"
        say(f"{entry.name}: {verdict} ({', '.join(figures)})")
        for finding in report.findings:
            say(f"  {SEVERITIES[finding.severity]:<14}  {finding.check.replace('_', ' '):<{widest}}  {finding.message}")
            if finding.suggestion is not None:
                say(f"  {'':<14}  {'':<{widest}}  -> {finding.suggestion.reason}")
