"""Packs: an album in all formats that are asked for, with manifest, checksums and report, all or nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._threads import Progress, each
from mixdown.album.songs import chain_of
from mixdown.checking import FileCheck, Profile, check
from mixdown.delivery.manifest import Manifest, ManifestFile
from mixdown.display.html import Shown
from mixdown.effects import Effect
from mixdown.files.names import shown
from mixdown.files.tags import Picture
from mixdown.pack.cover import Cover
from mixdown.pack.formats import Format, formats_of
from mixdown.pack.masters import Masters
from mixdown.pack.page import write_report
from mixdown.pack.place import MARK, PACK, complete, refuse_place
from mixdown.pack.quality import Quality, quality_of
from mixdown.pack.sides import Side
from mixdown.pack.writing import (
    Written,
    refuse_misfits,
    version_of,
    write_coded,
    write_disc,
    write_ingest,
    write_sides,
    write_songs,
)

#: What is delivered unless something is asked for.
USUAL = ("wav24", "flac")
CueEncoding = Literal["latin-1", "utf-8"]
"""Encoding of a CUE sheet."""


@dataclass(frozen=True, eq=False)
class Delivery(Shown):
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
        Replace a pack that is there; a folder with other files is refused.
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
        For a folder that is there, or cannot be written, and for a cover that cannot be read.
    ValueError
        If an encoder is missing.

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
    note = _rising(_checks.callback("progress", progress))
    if not isinstance(folder, (str, os.PathLike)):
        raise TypeError(f"folder = {_checks.shown(folder)} is not a path: it must be a str or a pathlib.Path")
    elliptic = chain_of("vinyl_effects", vinyl_effects)
    if elliptic is not None and all(form.kind != "vinyl" for form in asked):
        raise ParameterError("vinyl_effects is given without a record among the formats: nothing would take them")
    # A link stays and points to the new pack.
    place = Path(os.path.realpath(folder))
    refuse_place(place, Path(folder), overwrite)
    cover = Cover.of(mastered.label.cover)
    refuse_misfits(mastered, asked)
    with complete(place, Path(folder)) as part:
        written, sides = _written(
            mastered, asked, part, cover.picture, cue_encoding, elliptic, lambda share: note(0.6 * share)
        )
        if cover.data:
            (part / f"cover{cover.suffix}").write_bytes(cover.data)
        entries = _entries(part, written, lambda share: note(0.6 + 0.15 * share))
        checks = _checked(part, written, lambda share: note(0.75 + 0.2 * share))
        report = quality_of(mastered, asked, written, entries, checks, sides, cover.findings)
        write_report(report, part / "qc")
        entries += [ManifestFile.of(part / "qc" / name, part) for name in ("report.json", "report.html")]
        manifest = Manifest(entries, _about(mastered, asked))
        manifest.write(part)
        note(1.0)
    return Delivery(Path(folder), manifest.files, report)


def _rising(progress: Callable[[float], object] | None) -> Progress:
    """Return a progress function that songs on several threads may call: its shares never fall."""
    lock, reached = threading.Lock(), 0.0

    def note(share: float) -> None:
        nonlocal reached
        if progress is None:
            return
        with lock:
            reached = max(reached, min(share, 1.0))
            progress(reached)

    return note


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
    needed = [version_of(form, mastered) for form in formats]
    # Each rate and word length is solved once, and kept until no format needs it.
    versions: dict[tuple[float, int], Masters] = {}
    for number, form in enumerate(formats):
        (folder / form.folder).mkdir()
        key = needed[number]
        source = versions.setdefault(key, mastered.at(*key))

        def note(share: float, number: int = number) -> None:
            progress((number + share) / len(formats))

        note(0.0)
        if form.kind == "disc":
            written += write_disc(mastered, form, folder, cue_encoding)
        elif form.kind == "vinyl":
            made, sides = write_sides(mastered, form, folder, vinyl_effects, note)
            written += made
        elif form.kind == "ingest":
            written += write_ingest(source, form, folder, note)
        elif form.kind == "lossy":
            written += write_coded(source, form, folder, cover, note)
        else:
            written += write_songs(source, form, folder, cover, note)
        note(1.0)
        versions = {key: version for key, version in versions.items() if key in needed[number + 1 :]}
    return written, sides


def _entries(folder: Path, written: Sequence[Written], progress: Progress) -> list[ManifestFile]:
    """Return the manifest's entries of what was written, and of the cover."""
    known = {file.path: file.loudness for file in written}
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != MARK)

    def work(file: Path, note: Progress) -> ManifestFile:
        note(0.0)
        return ManifestFile.of(file, folder, known.get(file.relative_to(folder).as_posix()))

    return [entry for entry in each(files, work, progress=progress) if isinstance(entry, ManifestFile)]


def _checked(folder: Path, written: Sequence[Written], progress: Progress) -> dict[str, FileCheck]:
    """Return the checks of the masters and of what services are to take."""
    wanted = [file for file in written if file.profile is not None or file.path.startswith("masters/")]

    def work(file: Written, note: Progress) -> FileCheck:
        note(0.0)
        is_master = file.profile is None
        return check(folder / file.path, profiles=() if is_master else (cast(Profile, file.profile),), mix=is_master)

    checks = each(wanted, work, progress=progress)
    return {file.path: found for file, found in zip(wanted, checks, strict=True) if isinstance(found, FileCheck)}


def _about(mastered: Masters, formats: Sequence[Format]) -> dict[str, Any]:
    from importlib.metadata import version

    label = mastered.label
    return {
        PACK: 1,
        "title": label.title,
        "artist": label.artist,
        "barcode": label.barcode,
        "formats": [form.name for form in formats],
        "master": mastered.settings,
        "album_lufs": mastered.album_lufs,
        "true_peak_dbtp": mastered.true_peak_dbtp,
        "mixdown": version("mixdown"),
    }
