"""A job of a catalogue: one song, mastered once, whoever tries it and however often."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mixdown import _checks
from mixdown.catalog.attempts import attempt, is_attempt
from mixdown.catalog.records import CatalogRecord, read_record, record_file, write_record
from mixdown.catalog.settings import CatalogSettings
from mixdown.delivery import ManifestFile
from mixdown.delivery.manifest import sha256_of
from mixdown.files import Blocks, Recording
from mixdown.files.names import printable, shown
from mixdown.files.recordings import gathered
from mixdown.files.tags import MIX_MARK, Tags, read_tags


@dataclass(frozen=True)
class Job:
    """One song of a catalogue: it pickles, holds no audio, and means the same on every machine that sees the folders.

    Attributes
    ----------
    folder, source : path, str
        Folder of the songs, and the song in it.
    out, output : path, str
        Folder of the masters, and the master in it: its ending names its format.
    settings : CatalogSettings
    force : bool
        Whether it is done though it stands already.
    """

    folder: Path
    source: str
    out: Path
    output: str
    settings: CatalogSettings
    force: bool = False

    @property
    def source_file(self) -> Path:
        """The song."""
        return self.folder / self.source

    @property
    def output_file(self) -> Path:
        """The master."""
        return self.out / self.output

    def key(self) -> str:
        """Return what decides the bytes of the master: SHA-256 of the song, the settings, the version and its name.

        Returns
        -------
        str
            In hexadecimal digits.

        Raises
        ------
        OSError
            If the song cannot be read.
        """
        # The dither of a master depends on the name of its file.
        name = os.fsencode(self.output_file.name)
        parts = [sha256_of(self.source_file).encode(), self.settings.digest().encode(), name]
        return hashlib.sha256(b"\n".join(parts)).hexdigest()


def run(job: Job, progress: Callable[[float], object] | None = None) -> CatalogRecord:
    """Master a song, unless its master stands already; the record is written beside the master.

    Any number of attempts may be made, also at once: they write the same bytes, each beside their place, and move them
    there. What is wrong with a song raises nothing: it is a record that failed.

    Parameters
    ----------
    job : Job
    progress : function, optional
        Called with the share of the mastering that is done. What it raises ends the work.

    Returns
    -------
    CatalogRecord

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mixdown as md, numpy as np
    >>> from mixdown.catalog import Job, CatalogSettings, run
    >>> with tempfile.TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     md.write(folder / "tone.wav", 0.1 * np.sin(np.arange(48_000) / 10), 48_000)
    ...     job = Job(folder, "tone.wav", folder / "masters", "tone.wav", CatalogSettings(target_lufs=-16))
    ...     first, again = run(job), run(job)
    >>> round(first.file.integrated_lufs, 2), first.skipped, again.skipped
    (-16.0, False, True)
    """
    made = CatalogRecord(job.source, job.output, "failed")
    try:
        made = replace(made, key=job.key())
        standing = None if job.force else _standing(job, made.key)
        if standing is not None:
            return replace(standing, skipped=True)
        made = _mastered(job, made, progress)
    except Exception as error:
        # Whatever a damaged file brings about, the next one is to be tried.
        made = replace(made, message=_reason(error, job.source_file))
    try:
        write_record(job.output_file, made)
    except OSError as error:
        message = made.message or f"the record of the master cannot be written ({_reason(error, job.source_file)})"
        made = replace(made, status="failed", file=None, message=message)
    return made


def _standing(job: Job, key: str) -> CatalogRecord | None:
    """Return the record of a master that stands as this job would make it, to the byte."""
    found = read_record(record_file(job.output_file))
    if found is None or found.file is None or (found.status, found.key) != ("ok", key):
        return None
    file = job.output_file
    same = file.is_file() and file.stat().st_size == found.file.bytes and sha256_of(file) == found.file.sha256
    # The same song under another name has another record.
    return found if same and (found.source, found.output) == (job.source, job.output) else None


def _mastered(job: Job, begun: CatalogRecord, progress: Callable[[float], object] | None) -> CatalogRecord:
    source, output = job.source_file, job.output_file
    with _checks.collected_warnings() as said:
        song, tags = _read(source)
        mastered = job.settings.master(song, shown(output.name), progress)
        del song
        with attempt(output.parent) as beside:
            written = beside / output.name
            held = Tags() if job.settings.profile == "ingest" else tags
            mastered.write(written, tags=held, profile=job.settings.profile)
            isrc = next(iter(tags.texts.get("isrc", ())), None)
            file = ManifestFile.of(written, beside, mastered.certificate.loudness, isrc)
            written.replace(output)
    certificate = mastered.certificate
    return replace(
        begun,
        status="ok",
        file=replace(file, path=job.output),
        gain_db=certificate.gain_db,
        max_reduction_db=certificate.max_reduction_db,
        notes=(*(_sentence(text, source) for text in said), *certificate.notes),
    )


def _read(file: Path) -> tuple[Recording, Tags]:
    with Blocks(file) as blocks:
        song = gathered(blocks)
    with file.open("rb") as opened:
        return song, read_tags(opened).without(MIX_MARK)


def _sentence(text: str, source: Path) -> str:
    return printable(text.removeprefix(f"{shown(source)}: "))


def _reason(error: Exception, source: Path) -> str:
    """Return why a job failed, in one line that is the same on every machine."""
    if isinstance(error, OSError) and error.strerror:
        # Its own file is named by the record.
        file = None if error.filename is None else Path(os.fsdecode(error.filename))
        name = "" if file is None or file == source or is_attempt(file) else f"{shown(file)}: "
        return f"{name}{error.strerror[0].lower()}{error.strerror[1:]}"
    text = " ".join(str(error).split())
    expected = isinstance(error, (ValueError, TypeError, OSError)) and text
    return _sentence(text if expected else f"{type(error).__name__}: {text}", source)
