"""Session files: a mix as a TOML text beside its audio files."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import soundfile

from mixdown import _checks, _core
from mixdown._checks import Audio
from mixdown._core import MixerError, ParameterError, ShapeError
from mixdown.effects import Effect, from_dict
from mixdown.files import read
from mixdown.files.names import shown
from mixdown.files.writing import replace_file
from mixdown.session.automation import nearest
from mixdown.session.routing import refuse_unknown
from mixdown.session.sends import Send
from mixdown.session.settings import track_audio
from mixdown.session.strips import Group, Master, Return, Strip, Track
from mixdown.session.toml import Lines, written
from mixdown.session.vcas import Vca, Vcas


class _Session(Protocol):
    """A :class:`Mix`, as this module sees it."""

    @property
    def track(self) -> Callable[..., Track]: ...

    @property
    def group(self) -> Callable[..., Group]: ...

    @property
    def returns(self) -> Callable[..., Return]: ...

    @property
    def master(self) -> Callable[..., None]: ...

    @property
    def vca(self) -> Callable[..., Vca]: ...

    @property
    def sample_rate_hz(self) -> float: ...

    @property
    def master_strip(self) -> Master: ...

    @property
    def vcas(self) -> Vcas: ...

    def values(self) -> Iterable[Strip]:
        """Return all strips but the master."""

    def _plain(self) -> dict[str, Any]: ...


_Mix = TypeVar("_Mix", bound=_Session)

#: Version of the schema that is written, and the newest that is read.
VERSION = 1
_KINDS: dict[str, type[Strip]] = {"track": Track, "group": Group, "return": Return}
#: Comment of the audio files that are written; the names of session file and strip follow.
_MARK = "mixdown session: "
_TOP = ("version", "sample_rate_hz", *_KINDS, "vca", "master")


def plain_mix(mix: _Session) -> dict[str, Any]:
    """Return a mix in plain values: what a session file holds. Audio of no file has no path."""
    plain: dict[str, Any] = {"version": VERSION, "sample_rate_hz": mix.sample_rate_hz}
    for strip in mix.values():
        plain.setdefault(_kind(strip), []).append(_plain_strip(strip))
    vcas = [_without_defaults(vca, {"members": list(vca.members)}) for vca in mix.vcas.values()]
    if vcas:
        plain["vca"] = vcas
    master = _plain_strip(mix.master_strip)
    return {**plain, "master": master} if master else plain


def _kind(strip: Strip) -> str:
    return next(name for name, kind in _KINDS.items() if isinstance(strip, kind))


def _without_defaults(settings: Any, as_plain: Mapping[str, Any]) -> dict[str, Any]:
    plain = {}
    for entry in dataclasses.fields(settings):
        value = getattr(settings, entry.name)
        if entry.name != "audio" and (entry.default is dataclasses.MISSING or value != entry.default):
            plain[entry.name] = as_plain.get(entry.name, value)
    return plain


def _plain_strip(strip: Strip) -> dict[str, Any]:
    key_from = strip.key_from
    if isinstance(key_from, Mapping):
        key_from = {str(insert): name for insert, name in key_from.items()}  # type: ignore[misc]
    as_plain: dict[str, Any] = {
        "inserts": [_plain_effect(effect) for effect in strip.inserts],
        "sends": {to: _plain_send(send) for to, send in strip.sends.items()},
        "key_from": key_from,
    }
    lanes = {path: [list(point) for point in points] for path, points in strip.automation.items()}
    plain = _without_defaults(strip, {**as_plain, **lanes})
    further = {path: points for path, points in lanes.items() if "/" in path}
    if further:
        plain["automation"] = further
    file = source_file(strip)
    if file is None:
        return plain
    name = plain.pop("name")
    return {"name": name, "audio": file, **plain}


def _plain_send(send: Send) -> Any:
    return send.level_db if send == Send(send.level_db) else _without_defaults(send, {})


def _plain_effect(effect: Effect) -> dict[str, Any]:
    """Return an effect in plain values, without defaults where they can be left out."""
    whole: dict[str, Any] = _with_infinities(effect.to_dict())
    short = whole
    with contextlib.suppress(ValueError):
        default = _with_infinities(type(effect)().to_dict())
        short = {name: value for name, value in whole.items() if name == "type" or default[name] != value}
    for name in ("effects", "mid", "side", "effect"):
        inner = getattr(effect, name, None)
        if name in short and isinstance(inner, Effect):
            short[name] = _plain_effect(inner)
        elif name in short and inner is not None:
            short[name] = [_plain_effect(item) for item in inner]
    return short if short is not whole and from_dict(short) == effect else whole


def _with_infinities(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_infinities(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_with_infinities(item) for item in value]
    return {"inf": float("inf"), "-inf": float("-inf")}.get(value, value) if isinstance(value, str) else value


def source_file(strip: Strip) -> str | None:
    """Return the file of a track whose audio is as it was read or written, or None."""
    file, audio, _ = strip.__dict__.get("_file", (None, None, None))
    return file if audio is not None and audio is strip.__dict__.get("audio") else None


def save(mix: _Session, path: str | os.PathLike[str]) -> None:
    """Write a session file, and the audio of no file into a folder beside it."""
    place = Path(os.path.abspath(path))
    folder = place.with_name(f"{place.stem} audio")
    # Files that the mix names, also as impulse responses: none of them is replaced.
    taken: set[str] = set()

    def take(file: str) -> str:
        taken.add(_same_for_all(file))
        return file

    _moved(plain_mix(mix), take)
    for strip in mix.values():
        if isinstance(strip, Track) and not _stays(strip, place, folder, mix.sample_rate_hz):
            mark = (place.name, strip.name)
            file = _free_file(folder, mark, taken)
            content = _wav(strip.audio, mix.sample_rate_hz, mark)
            folder.mkdir(exist_ok=True)
            replace_file(file, content)
            _remember(strip, file, _stamp(file))
    relative = _moved(plain_mix(mix), lambda file: _relative(file, place.parent))
    left = {kind: iter(relative.get(kind, ())) for kind in _KINDS}
    # In the order of the mix, whatever the kinds.
    tables = [(f"[[{_kind(strip)}]]", next(left[_kind(strip)])) for strip in mix.values()]
    tables += [("[[vca]]", vca) for vca in relative.get("vca", ())]
    tables += [("[master]", relative["master"])] if "master" in relative else []
    values = {name: relative[name] for name in ("version", "sample_rate_hz")}
    text = f"# A mix of mixdown. Paths are relative to this file.\n{written(values, tables)}"
    replace_file(place, text.encode())


def _relative(file: str, folder: Path) -> str:
    with contextlib.suppress(ValueError):
        return Path(os.path.relpath(file, folder)).as_posix()
    return file


def _remember(strip: Track, file: Path, stamp: tuple[int, ...]) -> None:
    """Note which file holds the audio of a track, and its state at that time."""
    strip.__dict__["_file"] = (str(file), strip.audio, stamp)


def _stamp(file: Path) -> tuple[int, ...]:
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
        stamp = _stamp(file)
        if stamp != strip.__dict__["_file"][2]:
            audio = track_audio(strip.name, _read_audio(file), None, sample_rate_hz)
            if audio.dtype != strip.audio.dtype or not np.array_equal(audio, strip.audio):
                return False
            _remember(strip, file, stamp)
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


def _read_audio(file: Path) -> tuple[Audio, float]:
    """Return the audio of a file; 64-bit floating point as float64."""
    with contextlib.suppress(soundfile.LibsndfileError):
        if soundfile.info(os.fsencode(file)).subtype == "DOUBLE":
            samples, rate_hz = soundfile.read(os.fsencode(file), dtype="float64", always_2d=True)
            return samples.T, float(rate_hz)
    recording = read(file)
    return recording.audio, recording.sample_rate_hz


def _moved(value: Any, move: Callable[[str], str]) -> Any:
    """Return plain values with other paths of audio files."""
    if isinstance(value, list):
        return [_moved(item, move) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: move(item) if isinstance(item, str) and name in ("audio", "impulse_response") else _moved(item, move)
        for name, item in value.items()
    }


def load(path: str | os.PathLike[str], make: Callable[..., _Mix]) -> _Mix:
    """Read a session file and the audio files that it names."""
    return _Reading(Path(path), make).mix


class _Reading(Generic[_Mix]):
    """The reading of a session file; each error names the file and the line."""

    def __init__(self, path: Path, make: Callable[..., _Mix]) -> None:
        self._path = path
        content = path.read_bytes()
        try:
            text = content.decode()
            document = tomllib.loads(text)
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ParameterError(f"{shown(path)}: {error}") from None
        self._lines = Lines(text)
        self._check_top(document)
        with self._told(0):
            self.mix = make(sample_rate_hz=document["sample_rate_hz"])
        starts = {}
        for line, kind, table in self._tables(document):
            with self._told(line):
                starts[self._add(kind, table)] = line
        for position, table in enumerate(document.get("vca", [])):
            with self._told(self._lines.table("vca", position)):
                vca = dict(_mapping("vca", table))
                self.mix.vca(vca.pop("name", None), vca.pop("members", ()), **vca)
        if "master" in document:
            with self._told(self._lines.table("master")):
                self.mix.master(**_settings("master", document["master"], Master))
                self._automate(self.mix.master_strip, document["master"])
        self._check_whole(starts)

    @contextlib.contextmanager
    def _told(self, start: int) -> Iterator[None]:
        """Write file and line before an error about the table at a line."""
        try:
            yield
        except (ValueError, TypeError, OSError) as error:
            line = self._lines.of(start, str(error))
            kind = next(
                known
                for known in (FileNotFoundError, OSError, MixerError, ParameterError, ShapeError, TypeError, ValueError)
                if isinstance(error, known)
            )
            raise kind(f"{shown(self._path)}:{line}: {error}") from error

    def _check_top(self, document: Mapping[str, Any]) -> None:
        for name in document:
            if name not in _TOP:
                with self._told(self._lines.table(name)):
                    raise ParameterError(f"{name} is no part of a mix{nearest(name, _TOP)}")
        with self._told(0):
            for name in ("version", "sample_rate_hz"):
                if name not in document:
                    raise ParameterError(f"{name} is missing")
            version = _checks.whole_number("version", document["version"])
            if not 1 <= version <= VERSION:
                raise ParameterError(f"version = {version} is not known: this mixdown reads up to {VERSION}")

    def _tables(self, document: Mapping[str, Any]) -> list[tuple[int, str, Any]]:
        """Return the strips in the order of the file, each with its line."""
        tables = []
        for kind in _KINDS:
            found = document.get(kind, [])
            with self._told(self._lines.table(kind)):
                if not isinstance(found, list):
                    raise ParameterError(f"{kind} is one table: write [[{kind}]]")
            tables += [(self._lines.table(kind, position), kind, table) for position, table in enumerate(found)]
        return sorted(tables, key=lambda table: table[0])

    def _add(self, kind: str, table: Any) -> str:
        given = dict(_mapping(kind, table))
        name, audio = given.pop("name", None), given.pop("audio", None) if kind == "track" else None
        if name is None:
            raise ParameterError(f"a {kind} needs a name")
        settings = _settings(kind, self._at_home(given), _KINDS[kind])
        strip: Strip
        if kind == "track":
            file, stamp, source = self._audio(name, audio)
            strip = self.mix.track(name, source, **settings)
            _remember(strip, file, stamp)
        else:
            strip = (self.mix.group if kind == "group" else self.mix.returns)(name, **settings)
        self._automate(strip, given)
        return strip.name

    def _at_home(self, given: Any) -> Any:
        return _moved(given, lambda file: os.path.abspath(self._path.parent / file))

    def _automate(self, strip: Strip, table: Mapping[str, Any]) -> None:
        for path, points in _mapping("automation", table.get("automation", {})).items():
            strip.automate(path, points)

    def _audio(self, name: Any, given: Any) -> tuple[Path, tuple[int, ...], tuple[Audio, float]]:
        if not isinstance(given, str):
            raise ParameterError(f"audio of track {_checks.shown(name)} is missing: the path of its file")
        file = Path(os.path.abspath(self._path.parent / given))
        if not file.is_file():
            beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
            raise FileNotFoundError(f"audio: there is no file {shown(given)}{nearest(file.name, beside)}")
        return file, _stamp(file), _read_audio(file)

    def _check_whole(self, starts: Mapping[str, int]) -> None:
        """Refuse names that are no strip's, and what only the whole mix shows."""
        strips = [*self.mix.values(), self.mix.master_strip]
        known = [strip.name for strip in strips]
        for strip in strips:
            with self._told(starts.get(strip.name, self._lines.table("master"))):
                refuse_unknown([strip], {}, known)
        for position, vca in enumerate(self.mix.vcas.values()):
            with self._told(self._lines.table("vca", position)):
                refuse_unknown([], {vca.name: vca.members}, known)
        with self._told(0):
            _core.check_mix(self.mix._plain(), self.mix.sample_rate_hz)


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} = {_checks.shown(value)} is not a table")
    return value


def _settings(kind: str, table: Mapping[str, Any], strip: type[Strip]) -> dict[str, Any]:
    """Return the settings of a strip from plain values."""
    known = [entry.name for entry in dataclasses.fields(strip) if entry.name not in ("audio", *strip._without)]
    settings = {}
    for name, value in _mapping(kind, table).items():
        if name == "automation":
            continue
        if name not in known:
            raise ParameterError(f"a {kind} has no {name}{nearest(name, [*known, 'audio', 'automation'])}")
        settings[name] = value
    if "inserts" in settings:
        inserts = settings["inserts"]
        if not isinstance(inserts, list):
            raise TypeError(f"inserts = {_checks.shown(inserts)} is not a list of effects: put it into [ ]")
        settings["inserts"] = [from_dict(effect) for effect in inserts]
    if "sends" in settings:
        settings["sends"] = {to: _send(to, send) for to, send in _mapping("sends", settings["sends"]).items()}
    if isinstance(settings.get("key_from"), Mapping):
        settings["key_from"] = {
            int(insert) if insert.isdecimal() else insert: name for insert, name in settings["key_from"].items()
        }
    return settings


def _send(to: str, value: Any) -> Any:
    return Send(**value) if isinstance(value, Mapping) else value
