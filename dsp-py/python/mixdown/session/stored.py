"""Audio of no file, stored in a folder beside the document that needs it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio
from mixdown.files import read
from mixdown.files.recordings import Recording
from mixdown.files.writing import replace_file

Stamp = tuple[int, ...]
"""State of a file at a time."""

#: Comment of the audio files that are written; the names of the document and of what has the audio follow.
_MARK = "mixdown session: "


class AudioFolder:
    """The folder beside a document for the audio of no file: ``song audio`` beside ``song.toml``.

    Parameters
    ----------
    document : Path
        Absolute.
    named : iterable of str
        Files that the document names: none of them is replaced.
    """

    def __init__(self, document: Path, named: Iterable[str]) -> None:
        self._document = document
        self._folder = document.with_name(f"{document.stem} audio")
        self._taken = {_same_for_all(file) for file in named}

    def is_foreign(self, file: Path) -> bool:
        """Whether a file was written for another document, which may replace it."""
        mark = _mark(file)
        # A copy that was made by hand, at another place, belongs to no document.
        belongs = mark is not None and file.parent.name == f"{Path(mark[0]).stem} audio"
        return (
            mark is not None and belongs and (mark[0] != self._document.name or not _is_same(file.parent, self._folder))
        )

    def store(self, name: str, audio: Audio, sample_rate_hz: float) -> Path:
        """Write audio, and return its file: a new one, or what was written for the same name before."""
        mark = (self._document.name, name)
        file = self._free_file(mark)
        content = _wav(audio, sample_rate_hz, mark)
        self._folder.mkdir(exist_ok=True)
        replace_file(file, content)
        return file

    def _free_file(self, mark: tuple[str, str]) -> Path:
        """Return a file that is not there yet or was written for the same name, and that nothing else has."""
        plain = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", mark[1])[:80].strip(". ") or "track"
        file, number = self._folder / f"{plain}.wav", 2
        while _same_for_all(file) in self._taken or (os.path.lexists(file) and _mark(file) != mark):
            file, number = self._folder / f"{plain} {number}.wav", number + 1
        self._taken.add(_same_for_all(file))
        return file


def relative(file: str, folder: Path) -> str:
    """Return a path from a folder on, where there is one."""
    with contextlib.suppress(ValueError):
        return Path(os.path.relpath(file, folder)).as_posix()
    return file


def stamp_of(file: Path) -> Stamp:
    """Return what differs once a file is replaced or written into."""
    state = file.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def read_audio(file: Path) -> Recording | tuple[Audio, float]:
    """Return the audio of a file; 64-bit floating point as float64."""
    import soundfile

    with contextlib.suppress(soundfile.LibsndfileError):
        if soundfile.info(os.fsencode(file)).subtype == "DOUBLE":
            samples, rate_hz = soundfile.read(os.fsencode(file), dtype="float64", always_2d=True)
            return samples.T, float(rate_hz)
    return read(file)


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _same_for_all(file: str | Path) -> str:
    """Return a path in a form that is equal for names of the same file, on every system."""
    return os.path.realpath(file).casefold()


def _mark(file: Path) -> tuple[str, str] | None:
    """Return the names of the document and of what an audio file was written for, if it was."""
    import soundfile

    with contextlib.suppress(OSError, ValueError, soundfile.LibsndfileError):
        with soundfile.SoundFile(os.fsencode(file)) as opened:
            comment = opened.comment
        if comment.startswith(_MARK):
            document, name = json.loads(comment.removeprefix(_MARK))
            return str(document), str(name)
    return None


def _wav(audio: Audio, sample_rate_hz: float, mark: tuple[str, str]) -> bytes:
    """Return audio as a WAV file of its own format, so that nothing is rounded."""
    import soundfile

    target = io.BytesIO()
    subtype = "DOUBLE" if audio.dtype == np.float64 else "FLOAT"
    rate_hz = _checks.sample_rate(sample_rate_hz, whole=True)
    with soundfile.SoundFile(target, "w", int(rate_hz), audio.shape[0], subtype, format="WAV") as opened:
        opened.comment = _MARK + json.dumps(mark)
        opened.write(audio.T)
    return target.getvalue()
