"""The folder of a pack: written beside its place, and renamed into it when it is complete."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from mixdown._core import ParameterError
from mixdown.delivery.manifest import CHECKSUMS, MANIFEST, Manifest
from mixdown.files.names import shown

#: What a manifest of a pack says of itself, and the file by which an incomplete folder is known.
PACK, MARK = "pack", ".mixdown-part"


def refuse_place(place: Path, asked: Path, overwrite: bool) -> None:
    """Refuse a folder that is there, unless it is a pack or empty and may be replaced; and one without a parent."""
    if os.path.lexists(place):
        if not place.is_dir():
            raise NotADirectoryError(f"folder = {shown(asked)!r} is a file: give another name")
        if not overwrite:
            raise FileExistsError(f"folder = {shown(asked)!r} is there already: give overwrite to replace it")
        refuse_others(place, asked)
    if not place.parent.is_dir():
        raise FileNotFoundError(f"folder = {shown(asked)!r} cannot be made: {shown(place.parent)!r} is no folder")
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"folder = {shown(asked)!r} cannot be made: {shown(place.parent)!r} is not writable")
    part = _part(place)
    if os.path.lexists(part) and (part.is_symlink() or not part.is_dir()):
        raise FileExistsError(f"folder = {shown(asked)!r} is written as {shown(part)!r}, which is a file: remove it")
    if part.is_dir() and any(part.iterdir()) and not (part / MARK).is_file():
        raise FileExistsError(f"folder = {shown(asked)!r} is written as {shown(part)!r}, which holds other files")


def refuse_others(place: Path, asked: Path) -> None:
    """Refuse to replace a folder that holds anything but a pack as it was written, or nothing."""
    files = {file.relative_to(place).as_posix() for file in place.rglob("*") if not file.is_dir()}
    if not files:
        return
    try:
        manifest = Manifest.read(place)
    except (OSError, ParameterError):
        manifest = None
    if manifest is None or PACK not in manifest.about:
        raise FileExistsError(f"folder = {shown(asked)!r} holds other files than a pack: only packs are replaced")
    others = sorted(files - {file.path for file in manifest.files} - {MANIFEST, CHECKSUMS})
    if others:
        raise FileExistsError(f"folder = {shown(asked)!r} holds {shown(others[0])!r} beside the pack: move it away")


@contextlib.contextmanager
def complete(place: Path, asked: Path) -> Iterator[Path]:
    """Yield a folder beside `place`, and rename it to `place` if nothing failed; else nothing is left of it."""
    part = _part(place)
    try:
        # What a process left that was killed.
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        (part / MARK).touch()
        yield part
        (part / MARK).unlink()
        _put(part, place)
    except OSError as error:
        name = os.fspath(error.filename or "")
        if error.errno is None or not name.startswith(os.fspath(part)):
            raise
        # Name the pack, not the folder beside it.
        told = f"{os.fspath(asked)}{name.removeprefix(os.fspath(part))}"
        raise OSError(error.errno, error.strerror or os.strerror(errno.EIO), told) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _part(place: Path) -> Path:
    return place.with_name(f"{place.name}.part")


def _put(part: Path, place: Path) -> None:
    """Rename a complete folder into its place; the old one is back there if that fails."""
    if not place.exists():
        part.rename(place)
        return
    old = place.with_name(f".mixdown-{os.getpid()}-{secrets.token_hex(4)}.old")
    place.rename(old)
    try:
        part.rename(place)
    except BaseException:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
