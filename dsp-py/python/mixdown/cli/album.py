"""``mixdown album`` and ``mixdown order``: an album file mastered and delivered, and an order of its songs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._tables import aligned
from mixdown.album import Album, MasteredAlbum
from mixdown.analysis.findings import SEVERITIES
from mixdown.cli.exits import FAULT
from mixdown.cli.options import Json, Quiet, words_from
from mixdown.cli.terminal import bar, say, say_json
from mixdown.delivery.cd.layout import MOST_TRACKS
from mixdown.delivery.order.suggesting import Arc
from mixdown.files.names import printable, shown
from mixdown.files.tags import Picture
from mixdown.pack import Quality
from mixdown.pack.formats import Format, formats_of
from mixdown.pack.place import refuse_others
from mixdown.pack.sides import SIDE_NAMES, sides_of
from mixdown.pack.writing import named, refuse_misfits

Source = Annotated[Path, typer.Argument(metavar="ALBUM.TOML", help="Album file, as docs/album.md describes it.")]
_FORMATS = (
    *("wav16", "wav24", "wav32", "flac", "flac16", "cd", "mp3:320", "aac:256", "ogg:160", "opus:128"),
    *("vinyl:12in33", "ingest:spotify"),
)


def album(
    source: Source,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Folder to write; not needed for --dry-run.")
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--formats",
            metavar="NAMES",
            help=f"Formats in place of those of the file, with commas between: {', '.join(_FORMATS)}; other bit rates, "
            "records and services alike.",
            autocompletion=words_from(lambda: _FORMATS),
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure and master, and print what would be written.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--force", "--overwrite", help="Replace the folder.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Master an album as its file says and deliver it in all formats, with manifest, checksums and a report.

    The folder appears complete or not at all.
    """
    if output is None and not dry_run:
        raise ValueError("--output is missing: the folder to write")
    if output is not None:
        _check_folder(output, overwrite)
    asked = None if formats is None else [name.strip() for name in formats.split(",")]
    if asked is not None:
        formats_of(asked)
    with bar(f"Reading {shown(source.name)}") as progress:
        found = Album.from_file(source, progress=progress)
    if output is not None:
        _refuse_inputs(output, [source, *found.files()])
    names = found.deliver_settings.asked(asked)
    if "cd" in names and len(found) > MOST_TRACKS:
        raise ParameterError(f"{shown(source)}: the album has {len(found)} songs: a CD takes 1..{MOST_TRACKS}")
    with bar(f"Measuring {shown(source.name)}") as progress:
        measured = found.measure(progress=progress)
    with bar(f"Mastering {shown(source.name)}") as progress:
        mastered = found.master(progress=progress)
    results: dict[str, Any] = {"measurements": measured.to_dict()}
    if not as_json:
        say(f"{printable(repr(found)[1:-1])}\n\n{measured.table()}\n\n{mastered.table()}\n")
    if dry_run or output is None:
        report, files = None, list(_planned(mastered, formats_of(names)))
        results |= {"masters": _plain(mastered), "would_write": files}
    else:
        with bar(f"Writing {shown(output.name)}") as progress:
            pack = mastered.deliver(output, asked, overwrite=overwrite, progress=progress)
        report, files = pack.report, [file.path for file in pack.files]
        results |= {"report": report.to_dict(), "folder": str(output), "files": files}
    if as_json:
        say_json(results)
    elif report is None:
        say("\n".join(("Would write:", *(f"  {printable(file)}" for file in files))))
    else:
        _print_findings(report)
        size = sum(file.bytes for file in pack.files) / 1e6
        say(f"{shown(cast(Path, output))}: {len(files)} files, {size:.1f} MB, {report.verdict}")
    if report is not None and not report.passed:
        raise typer.Exit(FAULT)


def order(
    source: Source,
    arc: Annotated[
        str,
        typer.Option(
            "--arc",
            metavar="NAME",
            help=f"Course of the energy, one of {', '.join(get_args(Arc))}.",
            autocompletion=words_from(lambda: get_args(Arc)),
        ),
    ] = "rise_fall",
    first: Annotated[str | None, typer.Option("--first", metavar="TITLE", help="Song that stays at the start.")] = None,
    last: Annotated[str | None, typer.Option("--last", metavar="TITLE", help="Song that stays at the end.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Suggest an order of the songs of an album, with what each seam and place costs; nothing is reordered."""
    course = cast(Arc, _checks.one_of("--arc", arc, get_args(Arc)))
    with bar(f"Reading {shown(source.name)}") as progress:
        found = Album.from_file(source, progress=progress)
    with bar(f"Measuring {shown(source.name)}") as progress:
        suggested = found.suggest_order(arc=course, first=first, last=last, progress=progress)
    if as_json:
        say_json(suggested.to_dict())
    else:
        say(suggested.table())


def _check_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that cannot be made, or that is there and no pack to be replaced."""
    if not folder.absolute().parent.is_dir():
        raise FileNotFoundError(f"{shown(folder)}: there is no folder {shown(folder.absolute().parent)}")
    if not folder.exists():
        return
    if not overwrite:
        raise FileExistsError(f"{shown(folder)}: exists already: --force replaces it")
    if not folder.is_dir():
        raise NotADirectoryError(f"{shown(folder)}: is no folder")
    refuse_others(folder, folder)


def _refuse_inputs(folder: Path, files: Sequence[Path]) -> None:
    """Refuse a folder that holds what is read: it would be replaced with all that is in it."""
    for file in files:
        if folder.resolve() in file.resolve().parents:
            raise ValueError(f"{shown(folder)}: holds {shown(file)}, which is read: choose another folder")


def _plain(mastered: MasteredAlbum) -> dict[str, Any]:
    """Return the masters in plain values."""
    return {
        "master": mastered.settings,
        "album_lufs": mastered.album_lufs,
        "true_peak_dbtp": mastered.true_peak_dbtp,
        "songs": [
            {"title": track.title, "duration_s": track.duration_s, "certificate": track.certificate.to_dict()}
            for track in mastered.tracks
        ],
        "changes": list(mastered.changes_told),
    }


def _planned(mastered: MasteredAlbum, formats: Sequence[Format]) -> Iterator[str]:
    """Yield the files that a pack would hold, in the order of their paths."""
    refuse_misfits(mastered, formats)
    files = ["manifest.json", "SHA256SUMS", "qc/report.html", "qc/report.json"]
    if mastered.label.cover is not None:
        # What is neither JPEG nor PNG is a fault in the report, and left out.
        with contextlib.suppress(ParameterError):
            files.append("cover.png" if Picture.load(mastered.label.cover).mime == "image/png" else "cover.jpg")
    code = mastered.label.barcode or "album"
    for form in formats:
        if form.kind == "disc":
            names = ["album.wav", "album.cue", "album.toc", "album.cdt", "pq.txt"]
        elif form.kind == "vinyl":
            names = [*(f"side-{SIDE_NAMES[number]}.wav" for number in range(len(sides_of(mastered)))), "sides.json"]
        elif form.kind == "ingest":
            names = [f"{code}_01_{number:03d}.wav" for number in range(1, len(mastered) + 1)]
        else:
            names = [f"{name}{form.suffix}" for name in named(mastered)]
        files += [f"{form.folder}/{name}" for name in names]
    yield from sorted(files)


def _print_findings(report: Quality) -> None:
    """Print the findings, the worst first; the sources of limits stand in the report."""
    rows = []
    for place, finding in report.findings:
        rows.append((SEVERITIES[finding.severity], printable(place), printable(finding.message)))
        if finding.suggestion is not None:
            rows.append(("", "", f"-> {finding.suggestion.reason}"))
    if rows:
        say(aligned(rows, left=3, headed=False))
        say()
