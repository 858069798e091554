"""What became of a song: the record beside its master."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.catalog.attempts import place
from mixdown.delivery import ManifestFile
from mixdown.display.html import Told
from mixdown.effects import without_infinities

Status = Literal["ok", "failed"]
"""Whether a song was mastered."""


@dataclass(frozen=True, repr=False)
class CatalogRecord(Told):
    """The result of mastering one song of a catalogue.

    Attributes
    ----------
    source : str
        Its file, relative to the folder of the catalogue.
    output : str
        Its master, relative to the folder of the masters.
    status : "ok" or "failed"
    key : str
        SHA-256 of the bytes of the source, the settings and the version of the package; empty if the source cannot be
        read.
    file : ManifestFile or None
        Of the master: size, checksums, loudness, true peak; None if there is none.
    gain_db, max_reduction_db : float or None
        Gain of the master, and gain reduction of its limiter at most.
    notes : tuple of str
        Remarks on source and master, a sentence each.
    message : str
        Why it failed; else empty.
    skipped : bool
        Whether it stood already as it had to become: nothing was done.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     songs = pathlib.Path(folder, "songs")
    ...     songs.mkdir()
    ...     md.write(songs / "song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 48_000)), 48_000)
    ...     record = md.master_catalog(songs, pathlib.Path(folder, "masters"), target="spotify").records[0]
    >>> record.source, record.status, round(record.gain_db, 1), round(record.file.integrated_lufs, 2)
    ('song.wav', 'ok', -0.1, -14.0)
    """

    source: str
    output: str
    status: Status
    key: str = ""
    file: ManifestFile | None = None
    gain_db: float | None = None
    max_reduction_db: float | None = None
    notes: tuple[str, ...] = ()
    message: str = ""
    skipped: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values, as stored beside the master.

        Returns
        -------
        dict
            Valid as strict JSON; what there is none of is left out.

        Examples
        --------
        >>> import mixdown as md
        >>> record = md.CatalogRecord("song.wav", "song.wav", "failed", message="song.wav: 0 frames")
        >>> record.to_dict()
        {'source': 'song.wav', 'output': 'song.wav', 'status': 'failed', 'key': '', 'message': 'song.wav: 0 frames'}
        """
        plain: dict[str, Any] = {"source": self.source, "output": self.output, "status": self.status, "key": self.key}
        if self.file is not None:
            plain |= {name: value for name, value in self.file.to_dict().items() if name != "path"}
            plain |= {"gain_db": self.gain_db, "max_reduction_db": self.max_reduction_db}
        plain |= {"notes": list(self.notes)} if self.notes else {}
        plain |= {"message": self.message} if self.message else {}
        return cast(dict[str, Any], without_infinities(plain))

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> CatalogRecord:
        """Return a record from its plain values.

        Parameters
        ----------
        plain : dict

        Returns
        -------
        CatalogRecord

        Raises
        ------
        ParameterError
            For values that are no record.

        Examples
        --------
        >>> import mixdown as md
        >>> plain = {"source": "song.wav", "output": "song.wav", "status": "failed", "key": "", "message": "0 frames"}
        >>> md.CatalogRecord.from_dict(plain).message
        '0 frames'
        """
        texts = {name: plain.get(name, "") for name in ("source", "output", "key", "message")}
        for name, text in texts.items():
            if not isinstance(text, str):
                raise ParameterError(f"{name} = {_checks.shown(text)} is not a text")
        status = cast(Status, _checks.one_of("status", plain.get("status"), get_args(Status)))
        made = cls(status=status, notes=tuple(map(str, plain.get("notes", ()))), **texts)
        if status == "failed":
            return made
        return replace(
            made,
            file=ManifestFile.from_dict({**plain, "path": made.output}),
            gain_db=_checks.number("gain_db", plain.get("gain_db")),
            max_reduction_db=_checks.number("max_reduction_db", plain.get("max_reduction_db")),
        )


def record_file(output: Path) -> Path:
    """Return the place of the record of a master.

    Parameters
    ----------
    output : path

    Returns
    -------
    path
    """
    return output.with_name(f"{output.name}.json")


def write_record(output: Path, record: CatalogRecord) -> None:
    """Write the record of a master beside it.

    Parameters
    ----------
    output : path
    record : CatalogRecord
    """
    text = json.dumps(record.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
    place(f"{text}\n".encode("utf-8", "backslashreplace"), record_file(output))


def read_record(file: Path) -> CatalogRecord | None:
    """Return a record.

    Parameters
    ----------
    file : path
        Of the record.

    Returns
    -------
    CatalogRecord or None
        None where there is none, or a damaged one.
    """
    try:
        plain = json.loads(file.read_bytes())
        return CatalogRecord.from_dict(plain) if isinstance(plain, dict) else None
    except (OSError, ValueError, TypeError):
        return None


def lost(source: str, output: str, file: Path, times: int) -> CatalogRecord:
    """Return the record of a job whose process or machine was lost each time, and write it.

    Parameters
    ----------
    source, output : str
    file : path
        The master's.
    times : int

    Returns
    -------
    CatalogRecord
    """
    message = f"what ran it was lost {times} time{'' if times == 1 else 's'}: killed, or out of memory"
    record = CatalogRecord(source, output, "failed", message=message)
    with contextlib.suppress(OSError):
        write_record(file, record)
    return record
