"""Manifests of delivered files: sizes, checksums of files and of their samples, loudness."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from mixdown import _checks
from mixdown._core import ParameterError
from mixdown.display.html import Shown, Told
from mixdown.effects import without_infinities
from mixdown.files import READABLE, Blocks, replace_file
from mixdown.files.names import shown
from mixdown.files.tags import read_tags
from mixdown.meters import Loudness, LoudnessMeter

#: Names of the manifest and of its list of checksums.
MANIFEST, CHECKSUMS = "manifest.json", "SHA256SUMS"

#: Bits of one sample in the files whose samples have a checksum, by libsndfile's name of their format.
_SAMPLE_BITS = {"PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32}
#: Bytes and frames read at a time.
_STEP_BYTES, _STEP_FRAMES = 1 << 20, 65_536


@dataclass(frozen=True, repr=False)
class ManifestFile(Told):
    """One file of a manifest.

    Attributes
    ----------
    path : str
        Relative to the folder of the manifest, with ``/`` between its parts.
    bytes : int
    sha256 : str
        Of the file, in hexadecimal digits.
    audio_md5 : str or None
        MD5 of the samples, little-endian, in as many bytes each as their word length: the checksum in the header of
        FLAC files, and the same for a WAV file of the same samples. None where a lossy coder leaves no samples to rely
        on, and for files that hold no audio.
    sample_rate_hz, bit_depth, frames : int or None
        Of audio; a lossy file has no `bit_depth`.
    integrated_lufs, true_peak_dbtp : float or None
        Of audio, by the meter of certificates; -inf for silence.
    isrc : str or None
        Of audio, by its tags.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import mixdown as md
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "a.txt").write_text("text")
    ...     file = md.ManifestFile.of(pathlib.Path(folder, "a.txt"), folder)
    >>> file.bytes, file.sha256[:8]
    (4, '982d9e3e')
    """

    path: str
    bytes: int
    sha256: str
    audio_md5: str | None = None
    sample_rate_hz: int | None = None
    bit_depth: int | None = None
    frames: int | None = None
    integrated_lufs: float | None = None
    true_peak_dbtp: float | None = None
    isrc: str | None = None

    @classmethod
    def of(
        cls,
        file: str | os.PathLike[str],
        folder: str | os.PathLike[str],
        loudness: Loudness | None = None,
        isrc: str | None = None,
    ) -> ManifestFile:
        """Return the entry of a file in a folder.

        Parameters
        ----------
        file : path
            The file itself, within `folder`.
        folder : path
        loudness : Loudness, optional
            Known reading; by default audio is measured.
        isrc : str, optional
            Of audio whose file has no tags; else that of its tags.

        Returns
        -------
        ManifestFile

        Raises
        ------
        OSError
            If the file cannot be read.
        ParameterError
            If it does not lie in the folder.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(Path(folder) / "song.flac", np.full((2, 48_000), 0.5), 48_000, dither="none")
        ...     song = md.ManifestFile.of(Path(folder) / "song.flac", folder)
        >>> song.path, song.frames, song.bit_depth, song.audio_md5
        ('song.flac', 48000, 24, 'd4e6674ee15460bdbb8b519918814924')
        """
        place = Path(file)
        try:
            path = place.resolve().relative_to(Path(folder).resolve()).as_posix()
        except ValueError:
            raise ParameterError(f"file = {shown(place)} is not allowed: it must lie in {shown(folder)}") from None
        plain = cls(path=path, bytes=place.stat().st_size, sha256=sha256_of(place))
        return (
            dataclasses.replace(plain, **_of_audio(place, loudness, isrc))
            if place.suffix.lower() in READABLE
            else plain
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain values, without fields that are None.

        Returns
        -------
        dict
            Valid as strict JSON: an infinity is the word "inf" or "-inf".

        Examples
        --------
        >>> import mixdown as md
        >>> md.ManifestFile("a.txt", 1, "0a").to_dict()
        {'path': 'a.txt', 'bytes': 1, 'sha256': '0a'}
        """
        known = {name: value for name, value in vars(self).items() if value is not None}
        return cast(dict[str, Any], without_infinities(known))

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ManifestFile:
        """Return an entry from its plain values; other keys are ignored.

        Parameters
        ----------
        plain : mapping

        Returns
        -------
        ManifestFile

        Raises
        ------
        ParameterError
            For a value that is missing or of another kind.

        Examples
        --------
        >>> import mixdown as md
        >>> plain = {"path": "a.wav", "bytes": 44, "sha256": "0a", "true_peak_dbtp": "-inf"}
        >>> file = md.ManifestFile.from_dict(plain)
        >>> file.bytes, file.true_peak_dbtp
        (44, -inf)
        """
        values: dict[str, Any] = {}
        for entry in dataclasses.fields(cls):
            value = plain.get(entry.name)
            kinds = _KINDS[entry.name]
            if value in ("inf", "-inf") and float in kinds:
                value = float(value)
            required = entry.default is dataclasses.MISSING
            if (value is None and required) or not (value is None or type(value) in kinds):
                raise ParameterError(f"{entry.name} = {_checks.shown(value)} is not what a manifest holds there")
            values[entry.name] = value
        return cls(**values)


_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("path", "sha256", "audio_md5", "isrc"), (str,)),
    **dict.fromkeys(("bytes", "sample_rate_hz", "bit_depth", "frames"), (int,)),
    **dict.fromkeys(("integrated_lufs", "true_peak_dbtp"), (float, int)),
}


@dataclass(frozen=True, repr=False)
class Manifest(Shown):
    """The files of a delivery, with their checksums and loudness: the same files give the same bytes.

    Parameters
    ----------
    files : iterable of ManifestFile
        In any order; they are sorted by their paths. No path twice.
    about : mapping, optional
        Plain values that stand before the files: title, settings, ...

    Examples
    --------
    >>> import mixdown as md
    >>> manifest = md.Manifest([md.ManifestFile("b.txt", 2, "0b"), md.ManifestFile("a.txt", 1, "0a")])
    >>> [file.path for file in manifest.files], sum(file.bytes for file in manifest.files)
    (['a.txt', 'b.txt'], 3)
    """

    files: tuple[ManifestFile, ...]
    about: Mapping[str, Any] = field(default_factory=dict)

    def __init__(self, files: Iterable[ManifestFile], about: Mapping[str, Any] | None = None) -> None:
        listed = tuple(sorted(files, key=lambda file: file.path))
        for one, other in itertools.pairwise(listed):
            if one.path == other.path:
                raise ParameterError(f"files holds {shown(one.path)} twice")
        object.__setattr__(self, "files", listed)
        object.__setattr__(self, "about", dict(about or {}))
        if "files" in self.about:
            raise ParameterError("about.files is not allowed: the files have this name")

    def __repr__(self) -> str:
        megabytes = sum(file.bytes for file in self.files) / 1e6
        return f"<Manifest: {len(self.files)} file{'' if len(self.files) == 1 else 's'}, {megabytes:.1f} MB>"

    @classmethod
    def of_folder(
        cls,
        folder: str | os.PathLike[str],
        *,
        loudness: Mapping[str, Loudness] | None = None,
        isrc: Mapping[str, str] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> Manifest:
        """Return the manifest of all files in a folder, and in folders within it.

        Parameters
        ----------
        folder : path
        loudness : mapping of path to Loudness, optional
            Known readings, by paths as in the manifest; other audio is measured.
        isrc : mapping of path to str, optional
            Of audio whose files have no tags.
        about : mapping, optional
            See :class:`Manifest`.

        Returns
        -------
        Manifest
            Without a manifest and checksums that the folder itself holds.

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> tone = 0.5 * np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/song.wav", tone, 48_000, dither="none")
        ...     manifest = md.Manifest.of_folder(folder)
        >>> [(file.path, file.frames, round(file.integrated_lufs, 2)) for file in manifest.files]
        [('song.wav', 48000, -9.03)]
        """
        root, measured, codes = Path(folder), dict(loudness or {}), dict(isrc or {})
        own = {root / MANIFEST, root / CHECKSUMS}
        found = [file for file in sorted(root.rglob("*")) if file.is_file() and file not in own]
        paths = {file: file.relative_to(root).as_posix() for file in found}
        return cls(
            [ManifestFile.of(file, root, measured.get(path), codes.get(path)) for file, path in paths.items()], about
        )

    def to_json(self) -> bytes:
        """Return the bytes of ``manifest.json``.

        Returns
        -------
        bytes
            UTF-8, indented by 2.

        Examples
        --------
        >>> import mixdown as md
        >>> print(md.Manifest([md.ManifestFile("a.txt", 1, "0a")], {"title": "One"}).to_json().decode().rstrip())
        {
          "title": "One",
          "files": [
            {
              "path": "a.txt",
              "bytes": 1,
              "sha256": "0a"
            }
          ]
        }
        """
        plain = without_infinities({**self.about, "files": [file.to_dict() for file in self.files]})
        text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
        # Bytes of names that are no UTF-8 become escapes, which JSON reads.
        return f"{text}\n".encode("utf-8", "backslashreplace")

    def sums(self) -> bytes:
        """Return the bytes of ``SHA256SUMS``, as ``sha256sum -c`` reads them: all files, and ``manifest.json``.

        Returns
        -------
        bytes

        Examples
        --------
        >>> import mixdown as md
        >>> md.Manifest([md.ManifestFile("a.txt", 1, "0a")]).sums().decode().splitlines()[0]
        '0a  a.txt'
        """
        sums = {file.path: file.sha256 for file in self.files}
        sums[MANIFEST] = hashlib.sha256(self.to_json()).hexdigest()
        return b"".join(_sum_line(path, sums[path]) for path in sorted(sums))

    def write(self, folder: str | os.PathLike[str]) -> tuple[Path, Path]:
        """Write ``manifest.json`` and ``SHA256SUMS`` into a folder.

        Parameters
        ----------
        folder : path
            That of the files.

        Returns
        -------
        pair of paths

        Raises
        ------
        OSError
            If they cannot be written.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = pathlib.Path(folder, "a.txt").write_text("text")
        ...     [(file.name, file.stat().st_size) for file in md.Manifest.of_folder(folder).write(folder)]
        [('manifest.json', 157), ('SHA256SUMS', 152)]
        """
        manifest, sums = Path(folder) / MANIFEST, Path(folder) / CHECKSUMS
        replace_file(manifest, self.to_json())
        replace_file(sums, self.sums())
        return manifest, sums

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> Manifest:
        """Read the ``manifest.json`` of a folder.

        Parameters
        ----------
        folder : path

        Returns
        -------
        Manifest

        Raises
        ------
        OSError
            If there is none.
        ParameterError
            If it is not one.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = pathlib.Path(folder, "a.txt").write_text("text")
        ...     _ = md.Manifest.of_folder(folder, about={"title": "One"}).write(folder)
        ...     manifest = md.Manifest.read(folder)
        >>> manifest.about, manifest.files[0].bytes
        ({'title': 'One'}, 4)
        """
        file = Path(folder) / MANIFEST
        try:
            plain = json.loads(file.read_bytes())
            entries = plain.pop("files")
            return cls([ManifestFile.from_dict(entry) for entry in entries], plain)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ParameterError(f"{shown(file)} is not a manifest ({error})") from None

    def verify(self, folder: str | os.PathLike[str]) -> dict[str, str]:
        """Compare the files of a folder with the manifest.

        Parameters
        ----------
        folder : path

        Returns
        -------
        dict of path to str
            The fault of each file that is missing or differs; empty if all files match.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import mixdown as md
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = pathlib.Path(folder, "a.txt").write_text("text")
        ...     manifest = md.Manifest.of_folder(folder)
        ...     _ = pathlib.Path(folder, "a.txt").write_text("longer")
        ...     manifest.verify(folder)
        {'a.txt': '6 bytes, 4 listed'}
        """
        wrong = {}
        for listed in self.files:
            file = Path(folder) / listed.path
            if not file.is_file():
                wrong[listed.path] = "missing"
            elif file.stat().st_size != listed.bytes:
                wrong[listed.path] = f"{file.stat().st_size} bytes, {listed.bytes} listed"
            elif sha256_of(file) != listed.sha256:
                wrong[listed.path] = "other content of the same size"
        return wrong


def sha256_of(file: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits.

    Parameters
    ----------
    file : path

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    with Path(file).open("rb") as source:
        while part := source.read(_STEP_BYTES):
            digest.update(part)
    return digest.hexdigest()


def audio_md5(file: str | os.PathLike[str]) -> str | None:
    """Return the MD5 of the samples of a lossless file, decoded.

    Parameters
    ----------
    file : path

    Returns
    -------
    str or None
        See :class:`ManifestFile`.
    """
    return _samples(file)[0]


def _samples(file: str | os.PathLike[str]) -> tuple[str | None, int]:
    """Return the MD5 of the samples of a lossless file, decoded, and how many frames they are."""
    import soundfile

    digest, frames = hashlib.md5(usedforsecurity=False), 0
    with soundfile.SoundFile(os.fsencode(file)) as source:
        bits = _SAMPLE_BITS.get(source.subtype)
        if bits is None:
            return None, 0
        whole = source.subtype != "FLOAT"
        for block in source.blocks(_STEP_FRAMES, dtype="int32" if whole else "float32", always_2d=True):
            # libsndfile left-aligns whole numbers in 32 bits: the low bytes are empty.
            samples = np.ascontiguousarray(block, "<i4" if whole else "<f4").view(np.uint8).reshape(-1, 4)
            digest.update(samples[:, 4 - bits // 8 :].tobytes())
            frames += len(block)
    return digest.hexdigest(), frames


def _of_audio(file: Path, loudness: Loudness | None, isrc: str | None) -> dict[str, Any]:
    """Return what a manifest says of an audio file."""
    import soundfile

    with file.open("rb") as opened:
        texts = read_tags(opened).texts
    try:
        info = soundfile.info(os.fsencode(file))
        bits, rate_hz = _SAMPLE_BITS.get(info.subtype), int(info.samplerate)
        md5, frames = _samples(file)
    except soundfile.LibsndfileError:
        # Read through ffmpeg.
        bits = md5 = None
        rate_hz = frames = 0
    reading = loudness
    if reading is None or md5 is None:
        # Frames as they are decoded.
        with Blocks(file) as source:
            meter = LoudnessMeter(source.sample_rate_hz, source.channels, weights=source.weights, precision="reference")
            for block in source:
                if loudness is None:
                    meter.observe(block)
        reading = meter.reading() if loudness is None else loudness
        rate_hz, frames = source.sample_rate_hz, source.found_frames
    return {
        "audio_md5": md5,
        "sample_rate_hz": rate_hz,
        "bit_depth": bits,
        "frames": frames,
        "integrated_lufs": float(reading.integrated_lufs),
        "true_peak_dbtp": float(reading.true_peak_dbtp),
        "isrc": texts["isrc"][0] if isrc is None and "isrc" in texts else isrc,
    }


def _sum_line(path: str, sha256: str) -> bytes:
    """Return a line of ``sha256sum``: a name with a backslash or a line break is escaped, and marked so."""
    escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != path else ""
    return os.fsencode(f"{mark}{sha256}  {escaped}\n")
