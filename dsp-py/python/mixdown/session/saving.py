"""Session files written: the text, and the audio of no file beside it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from pathlib import Path

import numpy as np
import soundfile

from mixdown import _checks
from mixdown._checks import Audio
from mixdown.files import read
from mixdown.files.writing import replace_file
from mixdown.session.kinds import Track
from mixdown.session.plain import KINDS, Session, kind_of, moved, plain_mix, source_file
from mixdown.session.settings import track_audio
from mixdown.session.toml import written

#: Comment of the audio files that are written; the names of session file and strip follow.
_MARK = "mixdown session: "


def save(mix: Session, path: str | os.PathLike[str]) -> None:
    """Write a session file, and the audio of no file into a folder beside it."""
    place = Path(os.path.abspath(path))
    folder = place.with_name(f"{place.stem} audio")
    # Files that the mix names, also as impulse responses: none of them is replaced.
    taken: set[str] = set()

    def take(file: str) -> str:
        taken.add(_same_for_all(file))
        return file

    moved(plain_mix(mix), take)
    for strip in mix.values():
        if isinstance(strip, Track) and not _stays(strip, place, folder, mix.sample_rate_hz):
            mark = (place.name, strip.name)
            file = _free_file(folder, mark, taken)
            content = _wav(strip.audio, mix.sample_rate_hz, mark)
            folder.mkdir(exist_ok=True)
            replace_file(file, content)
            remember(strip, file, stamp_of(file))
    relative = moved(plain_mix(mix), lambda file: _relative(file, place.parent))
    left = {kind: iter(relative.get(kind, ())) for kind in KINDS}
    # In the order of the mix, whatever the kinds.
    tables = [(f"[[{kind_of(strip)}]]", next(left[kind_of(strip)])) for strip in mix.values()]
    tables += [("[[vca]]", vca) for vca in relative.get("vca", ())]
    tables += [("[master]", relative["master"])] if "master" in relative else []
    values = {name: relative[name] for name in ("version", "sample_rate_hz")}
    text = f"# A mix of mixdown. Paths are relative to this file.\n{written(values, tables)}"
    replace_file(place, text.encode())


def _relative(file: str, folder: Path) -> str:
    with contextlib.suppress(ValueError):
        return Path(os.path.relpath(file, folder)).as_posix()
    return file


def remember(strip: Track, file: Path, stamp: tuple[int, ...]) -> None:
    """Note which file holds the audio of a track, and its state at that time."""
    strip.__dict__["_file"] = (str(file), strip.audio, stamp)


def stamp_of(file: Path) -> tuple[int, ...]:
    """Return what differs once a file is replaced or written into."""
    state = file.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _stays(strip: Track, place: Path, folder: Path, sample_rate_hz: float) -> bool:
    """Whether a session file can name the file of a track: it has the same audio, and no other session writes it."""
    name = source_file(strip)
    if name is None:
        return False
    file = Path(name)
    mark = _mark(file)
    # A copy that was made by hand, at another place, belongs to no session.
    belongs = mark is not None and file.parent.name == f"{Path(mark[0]).stem} audio"
    if mark is not None and belongs and (mark[0] != place.name or not _is_same(file.parent, folder)):
        return False
    try:
        stamp = stamp_of(file)
        if stamp != strip.__dict__["_file"][2]:
            audio = track_audio(strip.name, read_audio(file), None, sample_rate_hz)
            if audio.dtype != strip.audio.dtype or not np.array_equal(audio, strip.audio):
                return False
            remember(strip, file, stamp)
    except (OSError, ValueError, TypeError, soundfile.LibsndfileError):
        return False
    return True


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _same_for_all(file: str | Path) -> str:
    """Return a path in a form that is equal for names of the same file, on every system."""
    return os.path.realpath(file).casefold()


def _mark(file: Path) -> tuple[str, str] | None:
    """Return the names of the session file and of the strip that an audio file was written for, if it was."""
    with contextlib.suppress(OSError, ValueError, soundfile.LibsndfileError):
        with soundfile.SoundFile(os.fsencode(file)) as opened:
            comment = opened.comment
        if comment.startswith(_MARK):
            session, strip = json.loads(comment.removeprefix(_MARK))
            return str(session), str(strip)
    return None


def _free_file(folder: Path, mark: tuple[str, str], taken: set[str]) -> Path:
    """Return a file that is not there yet or was written for the same strip, and that no other strip has."""
    plain = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", mark[1])[:80].strip(". ") or "track"
    file, number = folder / f"{plain}.wav", 2
    while _same_for_all(file) in taken or (os.path.lexists(file) and _mark(file) != mark):
        file, number = folder / f"{plain} {number}.wav", number + 1
    taken.add(_same_for_all(file))
    return file


def _wav(audio: Audio, sample_rate_hz: float, mark: tuple[str, str]) -> bytes:
    """Return audio as a WAV file of its own format, so that nothing is rounded."""
    target = io.BytesIO()
    subtype = "DOUBLE" if audio.dtype == np.float64 else "FLOAT"
    rate_hz = _checks.sample_rate(sample_rate_hz, whole=True)
    with soundfile.SoundFile(target, "w", int(rate_hz), audio.shape[0], subtype, format="WAV") as opened:
        opened.comment = _MARK + json.dumps(mark)
        opened.write(audio.T)
    return target.getvalue()


def read_audio(file: Path) -> tuple[Audio, float]:
    """Return the audio of a file; 64-bit floating point as float64."""
    with contextlib.suppress(soundfile.LibsndfileError):
        if soundfile.info(os.fsencode(file)).subtype == "DOUBLE":
            samples, rate_hz = soundfile.read(os.fsencode(file), dtype="float64", always_2d=True)
            return samples.T, float(rate_hz)
    recording = read(file)
    return recording.audio, recording.sample_rate_hz
