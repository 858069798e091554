"""Catalogues: all songs of a folder mastered, resumed where they were left."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown._tables import aligned
from mixdown._threads import cores
from mixdown.catalog.attempts import clear_dead
from mixdown.catalog.job import Job
from mixdown.catalog.records import CatalogRecord
from mixdown.catalog.settings import CatalogSettings
from mixdown.catalog.songs import FileFormat, catalog_jobs, catalog_manifest
from mixdown.delivery import Manifest
from mixdown.delivery.normalizing import ClipDb
from mixdown.display.html import Shown
from mixdown.effects import Effect
from mixdown.files import NoiseShaping, Profile
from mixdown.files.names import shown

_SCHEDULERS = ("threads", "processes", "local")


@dataclass(frozen=True)
class Catalog(Shown):
    """The results of mastering a catalogue.

    Attributes
    ----------
    records : tuple of CatalogRecord
        One for each song, in the order of their names.
    manifest : Manifest
        Of all masters that stand in the folder, those of earlier runs too, with why songs failed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     songs = pathlib.Path(folder, "songs")
    ...     songs.mkdir()
    ...     md.write(songs / "song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000)
    ...     _ = (songs / "text.wav").write_text("no audio")
    ...     catalog = md.master_catalog(songs, pathlib.Path(folder, "masters"), target="spotify")
    >>> len(catalog.mastered), len(catalog.skipped), [record.source for record in catalog.failed]
    (1, 0, ['text.wav'])
    """

    records: tuple[CatalogRecord, ...]
    manifest: Manifest

    def __repr__(self) -> str:
        return f"<Catalog: {self.summary()}>"

    @property
    def mastered(self) -> tuple[CatalogRecord, ...]:
        """Songs that were mastered by this run."""
        return tuple(record for record in self.records if record.status == "ok" and not record.skipped)

    @property
    def skipped(self) -> tuple[CatalogRecord, ...]:
        """Songs whose masters existed already, with the same settings."""
        return tuple(record for record in self.records if record.skipped)

    @property
    def failed(self) -> tuple[CatalogRecord, ...]:
        """Songs without a master."""
        return tuple(record for record in self.records if record.status == "failed")

    def summary(self) -> str:
        """Return the number of songs mastered, skipped and failed, as a sentence.

        Returns
        -------
        str

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     songs = pathlib.Path(folder, "songs")
        ...     songs.mkdir()
        ...     md.write(songs / "song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000)
        ...     md.master_catalog(songs, pathlib.Path(folder, "masters"), target="spotify").summary()
        '1 song: 1 mastered, 0 skipped, 0 failed'
        """
        songs = f"{len(self.records)} song{'' if len(self.records) == 1 else 's'}"
        return f"{songs}: {len(self.mastered)} mastered, {len(self.skipped)} skipped, {len(self.failed)} failed"

    def table(self) -> str:
        """Return the records as text.

        Returns
        -------
        str

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     songs = pathlib.Path(folder, "songs")
        ...     songs.mkdir()
        ...     md.write(songs / "song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000)
        ...     print(md.master_catalog(songs, pathlib.Path(folder, "masters"), target="spotify").table())
        song      result      LUFS   dBTP  gain dB  limited dB  remarks
        song.wav  mastered  -14.00  -6.98    -0.12        0.00
        """
        rows = [("song", "result", "LUFS", "dBTP", "gain dB", "limited dB", "remarks"), *map(_row, self.records)]
        return aligned(rows, left=(0, 1, 6))

    def to_dict(self) -> dict[str, Any]:
        """Return the records as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     songs = pathlib.Path(folder, "songs")
        ...     songs.mkdir()
        ...     md.write(songs / "song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000)
        ...     plain = md.master_catalog(songs, pathlib.Path(folder, "masters"), target="spotify").to_dict()
        >>> plain["songs"][0]["output"], round(plain["songs"][0]["integrated_lufs"], 2)
        ('song.wav', -14.0)
        """
        return {"songs": [{**record.to_dict(), "skipped": record.skipped} for record in self.records]}


def _row(record: CatalogRecord) -> tuple[str, ...]:
    if record.file is None or record.gain_db is None or record.max_reduction_db is None:
        return shown(record.source), "failed", "", "", "", "", record.message
    result = "skipped" if record.skipped else "mastered"
    lufs, dbtp = record.file.integrated_lufs, record.file.true_peak_dbtp
    values = (lufs, dbtp, record.gain_db, record.max_reduction_db)
    figures = ("" if value is None else _checks.figure(value, 2) for value in values)
    return shown(record.source), result, *figures, " ".join(record.notes)


@_checks.named
def master_catalog(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    target: str | None = None,
    target_lufs: float | None = None,
    ceiling_dbtp: float | None = None,
    effects: Effect | Sequence[Effect] | None = None,
    clip_db: ClipDb = "auto",
    bit_depth: int = 24,
    noise_shaping: NoiseShaping = "none",
    delivery_rate_hz: float | None = None,
    dual_mono: bool = False,
    file_format: FileFormat = "wav",
    profile: Profile | None = None,
    scheduler: str = "threads",
    jobs: int | None = None,
    retries: int = 2,
    force: bool = False,
    progress: Callable[[float], object] | None = None,
) -> Catalog:
    """Master all songs of a folder, each on its own, and resume an earlier run.

    Each master has a record beside it, ``song.wav.json``, with a checksum of its source (the bytes of the song, all
    settings, the version of the package) and one of the master. If both still match, the song is skipped; masters that
    were altered, damaged, deleted, or made with other settings are made again. Masters and records are renamed into
    place whole, so that workers, machines, and the program itself may be killed at any time; the next run continues.
    The bytes of a master are the same under every scheduler.

    A song that cannot be mastered (silent, damaged, out of reach of the target) has a record with status "failed" and
    a message of one line; the run continues, and the next run tries it again. A master of it from an earlier run stays,
    but is no longer listed. Masters of songs that were removed stay, and stay listed.

    Parameters
    ----------
    folder : path
        All audio files in it and in its subfolders are songs; names that begin with a dot are skipped.
    out : path
        Folder of the masters, created if missing; masters have the names of their songs. ``manifest.json`` and
        ``SHA256SUMS`` are written into it, from the records.
    target, target_lufs, ceiling_dbtp, effects, clip_db, bit_depth, noise_shaping, delivery_rate_hz, dual_mono
        See :func:`master`.
    file_format : "wav" or "flac", default "wav"
    profile : "archive" or "ingest", optional
        Chunks of WAV files, see :func:`write`: all tags of the song and the loudness of the master, or none.
    scheduler : str, default "threads"
        "threads" or "processes" of this machine; "local": workers of Dask on this machine, which are started anew where
        they are lost; "tcp://host:8786": the workers of a Dask cluster, which must see both folders under the same
        paths. Both of Dask need ``mixdown[cluster]``. A script that uses "processes" or "local" must call this under
        ``if __name__ == "__main__"``.
    jobs : int, optional
        Number of songs at once, 1 to 1024; by default one for each core. A cluster decides itself.
    retries : int, default 2
        Number of retries for a song whose process was lost, 0 to 100. A cluster decides by its setting
        ``distributed.scheduler.allowed-failures``: 10 is usual where machines come and go.
    force : bool, default False
        Master existing songs again, and replace files in `out` that no catalogue made.
    progress : function, optional
        Called with the share of songs that are done, rising from 0 to 1. What it raises ends the work.

    Returns
    -------
    Catalog

    Raises
    ------
    OSError
        If a folder is missing, or cannot be written into.
    ParameterError
        For settings that :func:`master` refuses, songs that would become the same master, and a scheduler that is not
        there; before any work.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     songs = Path(folder) / "songs"
    ...     songs.mkdir()
    ...     for name, level in (("first", 0.5), ("second", 0.05)):
    ...         audio = level * np.sin(np.arange(48_000) / 10)
    ...         md.write(songs / f"{name}.wav", np.stack([audio, audio]), 48_000)
    ...     first = md.master_catalog(songs, Path(folder) / "masters", target="spotify")
    ...     again = md.master_catalog(songs, Path(folder) / "masters", target="spotify")
    >>> first, again
    (<Catalog: 2 songs: 2 mastered, 0 skipped, 0 failed>, <Catalog: 2 songs: 0 mastered, 2 skipped, 0 failed>)
    >>> [round(file.integrated_lufs, 2) for file in again.manifest.files]
    [-14.0, -14.0]
    """
    settings = CatalogSettings(
        target=target,
        target_lufs=target_lufs,
        ceiling_dbtp=ceiling_dbtp,
        effects=effects,
        clip_db=clip_db,
        bit_depth=bit_depth,
        noise_shaping=noise_shaping,
        delivery_rate_hz=delivery_rate_hz,
        dual_mono=dual_mono,
        profile=profile,
    )
    _checks.one_of("file_format", file_format, get_args(FileFormat))
    if bit_depth == 32 and file_format == "flac":
        raise ParameterError("bit_depth = 32 is not allowed: FLAC takes 16 or 24")
    if profile is not None and file_format == "flac":
        raise ParameterError(f"profile = {profile!r} is not allowed: FLAC has none, WAV has")
    workers = cores() if jobs is None else _checks.whole_number("jobs", jobs, 1, 1024)
    retries = _checks.whole_number("retries", retries, 0, 100)
    force, progress = _checks.flag("force", force), _checks.callback("progress", progress)
    if not isinstance(scheduler, str) or not (scheduler in _SCHEDULERS or "://" in scheduler):
        allowed = f"{', '.join(_SCHEDULERS)} or the address of a scheduler, as tcp://host:8786"
        raise ParameterError(f"scheduler = {_checks.shown(scheduler)} is not allowed: it must be {allowed}")
    all_jobs = catalog_jobs(_checks.path("folder", folder), _checks.path("out", out), settings, file_format, force)
    place = all_jobs[0].out
    new = not place.exists()
    place.mkdir(parents=True, exist_ok=True)
    folders = sorted({job.output_file.parent for job in all_jobs})
    clear_dead(folders)
    # It also marks the folder as one of masters.
    written = catalog_manifest(place).write(place)
    records: dict[str, CatalogRecord] = {}
    try:
        for record in _running(all_jobs, scheduler, min(workers, len(all_jobs)), retries):
            records[record.source] = record
            if progress is not None:
                progress(len(records) / len(all_jobs))
    except ParameterError:
        # Of a scheduler that is not there: nothing is left.
        if new and not records:
            _remove(written, place)
        raise
    finally:
        clear_dead(folders)
        if place.exists():
            made = catalog_manifest(place)
            made.write(place)
    return Catalog(tuple(records[job.source] for job in all_jobs), made)


def _remove(files: Sequence[Path], folder: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _running(jobs: Sequence[Job], scheduler: str, workers: int, retries: int) -> Iterator[CatalogRecord]:
    from mixdown.catalog.cluster import on_cluster
    from mixdown.catalog.schedulers import in_processes, in_threads

    if scheduler == "threads":
        return in_threads(jobs, workers)
    if scheduler == "processes":
        return in_processes(jobs, workers, retries)
    return on_cluster(jobs, None if scheduler == "local" else scheduler, workers, retries)
