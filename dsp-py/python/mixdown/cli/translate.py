"""``mixdown translate``: what is left of a mix on other loudspeakers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mixdown.analysis import Stems, Translation, devices, translation
from mixdown.analysis.translating import PROGRAMME
from mixdown.cli.inputs import opened_file
from mixdown.cli.options import Json, Quiet, separate, words_from
from mixdown.cli.stems import stem_files, stems_as_they_are
from mixdown.cli.terminal import bar, figure, say, say_json, table
from mixdown.files import Blocks
from mixdown.files.names import shown
from mixdown.files.recordings import gathered
from mixdown.session import Mix


def translate(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="A mix (- is standard input), a session file (song.toml), or a folder of stems."
        ),
    ],
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            metavar="NAMES",
            help=f"Only these, with commas between, or repeated: {', '.join(devices())}.",
            autocompletion=words_from(devices),
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure what is left of a mix on a phone, a laptop, earbuds, in a car, in a club and in mono.

    With a session file or a folder of stems, which are taken as they are, each track is judged; of a mix alone the
    regions of its spectrum are. 1 is the share that a track has in the studio; below 0.25 it is lost, below 0.6 thin.
    """
    with bar(f"Translating {shown(source.name)}") as progress:
        report = translation(_stems_of(source), devices=separate(device) or None)
        progress(1.0)
    if as_json:
        say_json({"source": shown(source), **report.to_dict()})
    else:
        _print(report)


def _stems_of(source: Path) -> Stems:
    if source.is_dir():
        files, _ = stem_files(source, source / "mix.wav")
        return stems_as_they_are(files)
    if source.suffix.lower() == ".toml":
        return Stems(Mix.from_file(source))
    with opened_file(source) as opened, Blocks(opened) as blocks:
        return Stems({PROGRAMME: gathered(blocks)})


def _print(report: Translation) -> None:
    names = [device.name for device in report.devices]
    if not report.is_programme:
        rows = [
            (track, figure(report.studio_share[track], digits=3), *(_cell(report, track, name) for name in names))
            for track in report.tracks
        ]
        say(table(("Track", "Share", *names), rows))
        say()
    regions = list(report.bands[names[0]]) if names else []
    say(table(("Region", *names), [(region, *(_figure(report.bands[n][region]) for n in names)) for region in regions]))
    for note in report.notes:
        say()
        say(note)
    for suggestion in report.suggestions:
        after = suggestion.predicted["kept"][1]
        say()
        say(f"{suggestion.track}: {suggestion.reason} {suggestion.effect!r} makes it {after:.2f}.")


def _figure(kept: float | None) -> str:
    return "-" if kept is None else f"{kept:.2f}"


def _cell(report: Translation, track: str, device: str) -> str:
    verdict = report.verdicts[track][device]
    return _figure(report.kept[track][device]) + (f" {verdict}" if verdict in ("lost", "thin") else "")
