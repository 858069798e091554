"""The songs of a folder, and the masters that stand in another."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from mixdown._core import ParameterError
from mixdown.catalog.job import Job
from mixdown.catalog.records import read_record, record_file
from mixdown.catalog.settings import CatalogSettings
from mixdown.delivery import Manifest
from mixdown.delivery.manifest import MANIFEST
from mixdown.files import READABLE
from mixdown.files.names import shown

FileFormat = Literal["wav", "flac"]
"""Format of the masters."""


def catalog_jobs(
    folder: Path, out: Path, settings: CatalogSettings, file_format: FileFormat = "wav", force: bool = False
) -> tuple[Job, ...]:
    """Return the jobs of a catalogue, in the order of the names of its songs.

    Parameters
    ----------
    folder, out : path
    settings : CatalogSettings
    file_format : "wav" or "flac", default "wav"
    force : bool, default False

    Returns
    -------
    tuple of Job
    """
    # Workers may stand in another folder.
    source_root, out_root = folder.resolve(strict=True), out.resolve()
    if not source_root.is_dir():
        raise NotADirectoryError(f"{shown(folder)}: is not a folder")
    if source_root == out_root:
        raise ParameterError(f"out = {shown(out)} is not allowed: it is the folder of the songs")
    made: dict[str, Job] = {}
    for source in _songs(source_root, out_root):
        name = source.relative_to(source_root)
        job = Job(
            source_root, name.as_posix(), out_root, name.with_suffix(f".{file_format}").as_posix(), settings, force
        )
        # Some file systems do not tell such names apart.
        same = made.setdefault(unicodedata.normalize("NFC", job.output).casefold(), job)
        if same is not job:
            raise ParameterError(
                f"{shown(same.source)} and {shown(job.source)} would both become {shown(job.output)}: rename one"
            )
    jobs = tuple(sorted(made.values(), key=lambda job: job.source))
    if not jobs:
        raise ParameterError(f"folder = {shown(folder)} holds no audio files")
    sources = {os.path.realpath(job.source_file) for job in jobs}
    foreign = not (force or (out_root / MANIFEST).exists())
    for job in jobs:
        if os.path.realpath(job.output_file) in sources:
            raise ParameterError(f"out = {shown(out)} is not allowed: {shown(job.output_file)} is a song")
        if foreign and job.output_file.exists():
            raise FileExistsError(f"{shown(job.output_file)}: exists already, and no catalogue made it")
    return jobs


def _songs(folder: Path, out: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and Path(place, name) != out]
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in READABLE:
                yield Path(place, name)


def catalog_manifest(out: Path) -> Manifest:
    """Return the manifest of a folder of masters, from the records in it.

    Parameters
    ----------
    out : path

    Returns
    -------
    Manifest
        Masters that stand with their size, and under ``failed`` why songs failed.
    """
    files, failed = [], []
    for file in sorted(out.rglob("*.json")):
        record = read_record(file)
        if record is None or record_file(out / record.output) != file:
            continue
        if record.file is None:
            failed.append({"source": record.source, "message": record.message})
        elif (out / record.output).is_file() and (out / record.output).stat().st_size == record.file.bytes:
            files.append(record.file)
    return Manifest(files, {"failed": failed})
