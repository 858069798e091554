"""``mixdown measure``: loudness and true peak of files, judged by delivery targets."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._threads import each
from mixdown.cli.exits import FAULT
from mixdown.cli.inputs import opened_file
from mixdown.cli.options import DualMono, Json, Quiet, separate, target_names, words_from
from mixdown.cli.terminal import bar, complain, figure, one_line, say, say_json, table
from mixdown.delivery import Target, find_target, verdict
from mixdown.files import Blocks
from mixdown.files.names import shown
from mixdown.loudspeakers import LAYOUTS
from mixdown.meters import Loudness, LoudnessMeter, album_of


@dataclass(frozen=True)
class Measured:
    """A measured file."""

    name: str
    meter: LoudnessMeter
    reading: Loudness
    sample_rate_hz: int
    channels: int
    duration_s: float


def measure_file(
    file: Path,
    progress: Callable[[float], None] | None = None,
    *,
    layout: str | None = None,
    weights: Sequence[float] | None = None,
    dual_mono: bool = False,
) -> Measured:
    """Measure a file block by block, so that its length costs no memory."""
    with opened_file(file) as opened, Blocks(opened) as source:
        for name, count in (("layout", layout and LAYOUTS[layout]), ("weights", weights and len(weights))):
            if count and count != source.channels:
                raise ParameterError(f"{shown(file)}: {name} is for {count} channels, the file has {source.channels}")
        if layout is None and weights is None:
            weights = source.weights
        try:
            # The meter of certificates, so that certified masters pass here.
            meter = LoudnessMeter(
                source.sample_rate_hz,
                source.channels,
                layout=layout,
                weights=weights,
                dual_mono=dual_mono,
                precision="reference",
            )
            for block in source:
                meter.observe(block)
                if progress is not None:
                    progress(source.share_done)
        except ParameterError as error:
            raise ParameterError(f"{shown(file)}: {error}") from None
        duration_s = source.found_frames / source.sample_rate_hz
        return Measured(shown(file), meter, meter.reading(), source.sample_rate_hz, source.channels, duration_s)


#: Default targets.
_COMMON_TARGETS = ("spotify", "apple", "youtube", "tidal", "amazon", "deezer", "r128", "atsc")


def measurements(reading: Loudness) -> dict[str, float]:
    """Return the single figures of a reading."""
    names = (
        "integrated_lufs",
        "loudness_range_lu",
        "max_momentary_lufs",
        "max_short_term_lufs",
        "true_peak_dbtp",
        "sample_peak_dbfs",
        "plr_lu",
        "min_psr_lu",
    )
    return {name: float(getattr(reading, name)) for name in names}


def plain(entry: Measured) -> dict[str, Any]:
    """Return the figures of a file as plain values."""
    return {
        "file": entry.name,
        "sample_rate_hz": entry.sample_rate_hz,
        "channels": entry.channels,
        "duration_s": entry.duration_s,
        **measurements(entry.reading),
    }


def _parsed_weights(text: str) -> list[float]:
    words = text.split(",")
    try:
        weights = list(map(float, words))
    except ValueError:
        legal = "it must be numbers 0..10 with commas between, as 1,1,0"
        raise ParameterError(f"--weights = {text!r} is not allowed: {legal}") from None
    return [_checks.in_range(f"--weights[{index}]", weight, 0, 10) for index, weight in enumerate(weights)]


def _columns_of(measured: Sequence[Measured]) -> list[str]:
    """Return the names of files, as short as they stay different."""
    short = [shown(Path(entry.name).name) for entry in measured]
    return short if len(set(short)) == len(short) else [entry.name for entry in measured]


def measure(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Audio files; - is standard input.")],
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAMES",
            help=f"Judge by these targets, with commas between, or repeated. By default {', '.join(_COMMON_TARGETS)}.",
            autocompletion=words_from(target_names),
        ),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            "--layout",
            metavar="NAME",
            help=f"Loudspeakers, in place of what the file says: one of {', '.join(LAYOUTS)}.",
            autocompletion=words_from(lambda: LAYOUTS),
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="NUMBERS",
            help="How much each channel counts, in place of a layout: 0 to 10 each, as 1,1,0.",
        ),
    ] = None,
    dual_mono: DualMono = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure loudness and true peak of audio files, and judge them by delivery targets.

    A file passes if its loudness is within the target's tolerance (0.5 LU for services, which reject nothing but play
    everything equally loud) and its true peak at or below the ceiling. Several files are also measured as an album.
    Unreadable files are reported and skipped.
    """
    judges = [find_target(name) for name in separate(target) or _COMMON_TARGETS]
    if layout is not None and layout not in LAYOUTS:
        meant = _checks.closest(layout, LAYOUTS)
        raise ParameterError(f"layout = {layout!r} is unknown: it must be one of {', '.join(LAYOUTS)}{meant}")
    factors = None if weights is None else _parsed_weights(weights)
    measured: list[Measured] = []
    failed: dict[str, str] = {}

    def work(file: Path, progress: Callable[[float], None]) -> Measured:
        return measure_file(file, progress, layout=layout, weights=factors, dual_mono=dual_mono)

    with bar(f"Measuring {shown(files[0].name) if len(files) == 1 else f'{len(files)} files'}") as progress:
        errors = (OSError, ValueError, MemoryError)
        outcomes = each(files, work, progress=progress, stays=lambda file: not os.path.isfile(file), errors=errors)
        for file, outcome in zip(files, outcomes, strict=True):
            if isinstance(outcome, Exception):
                failed[shown(file)] = one_line(outcome)
                complain(one_line(outcome))
            else:
                measured.append(outcome)
    album_lufs = album_of([entry.meter for entry in measured]) if len(measured) > 1 else None
    if as_json:
        results = [
            {
                **plain(entry),
                "targets": {
                    judge.name: verdict(entry.reading, judge, channels=entry.channels, dual_mono=dual_mono)
                    for judge in judges
                },
            }
            for entry in measured
        ]
        say_json({"files": results, "album_lufs": album_lufs, "failed": failed})
    elif measured:
        _print_measured(measured, album_lufs, judges, dual_mono)
    if failed:
        raise typer.Exit(FAULT)


def _print_measured(
    measured: Sequence[Measured], album_lufs: float | None, judges: Sequence[Target], dual_mono: bool
) -> None:
    names = _columns_of(measured)
    rows = [
        (
            name,
            figure(entry.duration_s, "s", digits=1),
            figure(entry.reading.integrated_lufs, "LUFS"),
            figure(entry.reading.loudness_range_lu, "LU"),
            figure(entry.reading.max_momentary_lufs, "LUFS"),
            figure(entry.reading.max_short_term_lufs, "LUFS"),
            figure(entry.reading.true_peak_dbtp, "dBTP"),
            figure(entry.reading.sample_peak_dbfs, "dBFS"),
            _checks.figure_or_dash(entry.reading.plr_lu, "LU", 2),
        )
        for name, entry in zip(names, measured, strict=True)
    ]
    if album_lufs is not None:
        total_s = sum(entry.duration_s for entry in measured)
        peak_dbtp = max(entry.reading.true_peak_dbtp for entry in measured)
        figures = ("", "", "", figure(peak_dbtp, "dBTP"), "", "")
        rows.append(("Album", figure(total_s, "s", digits=1), figure(album_lufs, "LUFS"), *figures))
    say(table(("File", "Duration", "Integrated", "LRA", "Max M", "Max S", "True peak", "Sample peak", "PLR"), rows))
    say()
    verdicts = [
        (
            judge.name,
            figure(judge.integrated_lufs, "LUFS"),
            figure(judge.ceiling_dbtp, "dBTP"),
            *(verdict(entry.reading, judge, channels=entry.channels, dual_mono=dual_mono) for entry in measured),
        )
        for judge in judges
    ]
    say(table(("Target", "Loudness", "Ceiling", *names), verdicts))


def print_reading(output: Path, reading: Loudness) -> None:
    """Print loudness, true peak and range of a file in one line."""
    say(
        f"{shown(output)}: {figure(reading.integrated_lufs, 'LUFS')}, {figure(reading.true_peak_dbtp, 'dBTP')}, "
        f"LRA {figure(reading.loudness_range_lu, 'LU')}"
    )
