"""Packs: an album in all formats that are asked for, with manifest, checksums and report, all or nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._threads import Progress, each
from mixdown.album.songs import chain_of
from mixdown.analysis.findings import Finding
from mixdown.checking import FileCheck, check
from mixdown.delivery.manifest import Manifest, ManifestFile
from mixdown.effects import Effect
from mixdown.files.covers import check_cover
from mixdown.files.names import shown
from mixdown.files.tags import Picture
from mixdown.pack.formats import Format, formats_of
from mixdown.pack.masters import Masters
from mixdown.pack.page import write_report
from mixdown.pack.quality import Quality, quality_of
from mixdown.pack.writing import Side, Written, refuse_misfits, write_disc, write_ingest, write_sides, write_songs

#: What is delivered unless something is asked for.
USUAL = ("wav24", "flac")
CueEncoding = Literal["latin-1", "utf-8"]
"""Encoding of a CUE sheet."""


@dataclass(frozen=True, eq=False)
class Delivery:
    """A pack on disk.

    Attributes
    ----------
    folder : Path
    files : tuple of ManifestFile
        All of it but the manifest and its checksums.
    report : Quality
        Measurements and findings; also in ``qc/report.json`` and ``qc/report.html``.
    """

    folder: Path
    files: tuple[ManifestFile, ...] = field(repr=False)
    report: Quality = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether there is no fault."""
        return self.report.passed

    def __repr__(self) -> str:
        size = sum(file.bytes for file in self.files) / 1e6
        return f"<Delivery {shown(self.folder)}: {len(self.files)} files, {size:.1f} MB, {self.report.verdict}>"


@_checks.named
def deliver(
    mastered: Masters,
    folder: str | os.PathLike[str],
    formats: Sequence[str] = USUAL,
    *,
    overwrite: bool = False,
    cue_encoding: CueEncoding = "latin-1",
    vinyl_effects: Effect | Sequence[Effect] | None = None,
    progress: Callable[[float], object] | None = None,
) -> Delivery:
    """Write an album in several formats, with manifest, checksums and a report.

    Everything is written into ``FOLDER.part`` and renamed when it is complete: a failure leaves nothing. The same album
    and formats give the same bytes.

    Parameters
    ----------
    mastered : MasteredAlbum
    folder : path
        New, or replaced with `overwrite`.
    formats : sequence of str, default ("wav24", "flac")
        "wav16", "wav24", "wav32" (masters with all metadata), "flac", "flac16", "cd" (image, CUE, TOC, CD-TEXT, PQ
        table), "mp3:320", "aac:256", "ogg:160", "opus:128" (with other bit rates, too), "vinyl:12in33" (sides before
        the limiter), "ingest:spotify" (any of ``md.profiles()``: samples alone, as the service takes them).
    overwrite : bool, default False
    cue_encoding : "latin-1" or "utf-8", default "latin-1"
        Writing programs read Latin-1; UTF-8 is for players.
    vinyl_effects : effect or sequence of effects, optional
        On the sides of a record alone, such as the elliptical equalizer that :func:`vinyl_check` suggests.
    progress : function, optional
        Called with the share done, 0 to 1. What it raises ends the work.

    Returns
    -------
    Delivery

    Raises
    ------
    ParameterError
        For formats that the album does not fit, before anything is written.
    OSError
        For a folder that is there, or cannot be written.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile, mixdown as md
    >>> album = md.Album(title="One")
    >>> noise = 0.05 * np.random.default_rng(1).standard_normal((2, 240_000))
    >>> album.track((noise, 48_000), title="Noise")
    >>> with tempfile.TemporaryDirectory() as place:
    ...     pack = album.master(target_lufs=-16).deliver(pathlib.Path(place, "pack"), ["wav24"])
    >>> [file.path for file in pack.files]
    ['masters/01 Noise.wav', 'qc/report.html', 'qc/report.json']
    """
    asked = formats_of(formats)
    overwrite = _checks.flag("overwrite", overwrite)
    _checks.one_of("cue_encoding", cue_encoding, ("latin-1", "utf-8"))
    note = _checks.callback("progress", progress) or (lambda share: None)
    place = Path(folder)
    if place.exists() and not overwrite:
        raise FileExistsError(f"{shown(place)} is there already: give overwrite to replace it")
    if place.exists() and not place.is_dir():
        raise NotADirectoryError(f"{shown(place)} is there already, and no folder")
    elliptic = chain_of("vinyl_effects", vinyl_effects)
    if elliptic is not None and all(form.kind != "vinyl" for form in asked):
        raise ParameterError("vinyl_effects is given without a record among the formats: nothing would take them")
    refuse_misfits(mastered, asked)
    cover, cover_findings = _cover(mastered.label.cover)
    with _complete(place) as part:
        written, sides = _written(mastered, asked, part, cover, cue_encoding, elliptic, lambda share: note(0.6 * share))
        if cover is not None:
            (part / f"cover{'.png' if cover.mime == 'image/png' else '.jpg'}").write_bytes(cover.data)
        entries = _entries(part, written, lambda share: note(0.6 + 0.15 * share))
        checks = _checked(part, written, lambda share: note(0.75 + 0.2 * share))
        report = quality_of(mastered, asked, written, entries, checks, sides, cover_findings)
        write_report(report, part / "qc")
        entries += [ManifestFile.of(part / "qc" / name, part) for name in ("report.json", "report.html")]
        manifest = Manifest(entries, _about(mastered, asked))
        manifest.write(part)
    note(1.0)
    return Delivery(place, manifest.files, report)


def _cover(path: str | None) -> tuple[Picture | None, tuple[Finding, ...]]:
    """Return the cover and what a distributor would say of it; without a file it is refused."""
    if path is None:
        return None, ()
    findings = check_cover(path)
    with contextlib.suppress(ParameterError):
        return Picture.load(path), findings
    # Neither JPEG nor PNG: said in the report, and left out.
    return None, findings


@contextlib.contextmanager
def _complete(place: Path) -> Iterator[Path]:
    """Yield a folder beside `place`, and rename it to `place` if nothing failed."""
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=False)
    try:
        yield part
        if place.exists():
            old = place.with_name(f"{place.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            place.rename(old)
            part.rename(place)
            shutil.rmtree(old)
        else:
            part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _written(
    mastered: Masters,
    formats: Sequence[Format],
    folder: Path,
    cover: Picture | None,
    cue_encoding: str,
    vinyl_effects: Effect | None,
    progress: Progress,
) -> tuple[list[Written], list[Side]]:
    written: list[Written] = []
    sides: list[Side] = []
    for number, form in enumerate(formats):
        (folder / form.folder).mkdir()
        if form.kind == "disc":
            made = write_disc(mastered, form, folder, cue_encoding)
        elif form.kind == "vinyl":
            made = write_sides(mastered, form, folder, sides, vinyl_effects)
        elif form.kind == "ingest":
            made = write_ingest(mastered, form, folder)
        else:
            made = write_songs(mastered, form, folder, cover)
        for done, file in enumerate(made, 1):
            written.append(file)
            progress((number + min(done / (len(mastered) + 1), 1.0)) / len(formats))
    return written, sides


def _entries(folder: Path, written: Sequence[Written], progress: Progress) -> list[ManifestFile]:
    """Return the manifest's entries of what was written, and of the cover."""
    known = {file.path: file.loudness for file in written}
    files = sorted(file for file in folder.rglob("*") if file.is_file())

    def work(file: Path, note: Progress) -> ManifestFile:
        note(0.0)
        return ManifestFile.of(file, folder, known.get(file.relative_to(folder).as_posix()))

    return [entry for entry in each(files, work, progress=progress) if isinstance(entry, ManifestFile)]


def _checked(folder: Path, written: Sequence[Written], progress: Progress) -> dict[str, FileCheck]:
    """Return the checks of the masters and of what services are to take."""
    wanted = [file for file in written if file.profile is not None or file.path.startswith("masters/")]

    def work(file: Written, note: Progress) -> FileCheck:
        note(0.0)
        return check(folder / file.path, profiles=() if file.profile is None else (file.profile,), mix=False)

    checks = each(wanted, work, progress=progress)
    return {file.path: found for file, found in zip(wanted, checks, strict=True) if isinstance(found, FileCheck)}


def _about(mastered: Masters, formats: Sequence[Format]) -> dict[str, Any]:
    label = mastered.label
    return {
        "title": label.title,
        "artist": label.artist,
        "barcode": label.barcode,
        "formats": [form.name for form in formats],
        "master": mastered.settings,
        "album_lufs": mastered.album_lufs,
        "true_peak_dbtp": mastered.true_peak_dbtp,
        "mixdown": version("mixdown"),
    }
