"""Session files written: the text, and the audio of no file beside it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from mixdown.files.writing import replace_file
from mixdown.session.kinds import Track
from mixdown.session.plain import KINDS, Session, kind_of, moved, plain_mix, source_file
from mixdown.session.settings import track_audio
from mixdown.session.stored import AudioFolder, Stamp, read_audio, relative, stamp_of
from mixdown.session.toml import written


def save(mix: Session, path: str | os.PathLike[str]) -> None:
    """Write a session file, and the audio of no file into a folder beside it."""
    place = Path(os.path.abspath(path))
    # Files that the mix names, also as impulse responses.
    named: list[str] = []

    def take(file: str) -> str:
        named.append(file)
        return file

    moved(plain_mix(mix), take)
    folder = AudioFolder(place, named)
    for strip in mix.values():
        if isinstance(strip, Track) and not _stays(strip, folder, mix.sample_rate_hz):
            file = folder.store(strip.name, strip.audio, mix.sample_rate_hz)
            remember(strip, file, stamp_of(file))
    plain = moved(plain_mix(mix), lambda file: relative(file, place.parent))
    left = {kind: iter(plain.get(kind, ())) for kind in KINDS}
    # In the order of the mix, whatever the kinds.
    tables = [(f"[[{kind_of(strip)}]]", next(left[kind_of(strip)])) for strip in mix.values()]
    tables += [("[[vca]]", vca) for vca in plain.get("vca", ())]
    tables += [("[master]", plain["master"])] if "master" in plain else []
    values = {name: plain[name] for name in ("version", "sample_rate_hz")}
    text = f"# A mix of mixdown. Paths are relative to this file.\n{written(values, tables)}"
    replace_file(place, text.encode())


def remember(strip: Track, file: Path, stamp: Stamp) -> None:
    """Note which file holds the audio of a track, and its state at that time."""
    strip.__dict__["_file"] = (str(file), strip.audio, stamp)


def _stays(strip: Track, folder: AudioFolder, sample_rate_hz: float) -> bool:
    """Whether a session file can name the file of a track: it has the same audio, and no other session writes it."""
    import soundfile

    name = source_file(strip)
    if name is None:
        return False
    file = Path(name)
    if folder.is_foreign(file):
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
