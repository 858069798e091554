"""The file check: container, samples, past, tags, ingest profiles and targets, with the mix check."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mixdown import _checks
from mixdown._checks import Audio
from mixdown.analysis.findings import SEVERITIES, Finding, FindingsReport, stated
from mixdown.analysis.mix_check import MixCheck, checked, envelope_of, worst_first
from mixdown.analysis.reports import aligned
from mixdown.analysis.stems import Stems
from mixdown.checking.bandwidth import bandwidth_findings, steps
from mixdown.checking.container import Format, container_findings, format_of
from mixdown.checking.ingest import ingest_findings
from mixdown.checking.limits import limits_given
from mixdown.checking.metadata import sha256_of, tag_findings, text_of
from mixdown.checking.profiles import Profile, ProfilesLike, profiles_of
from mixdown.checking.samples import (
    edges_of,
    effective_bits,
    finite,
    non_finite_findings,
    sample_findings,
)
from mixdown.checking.targets import target_findings
from mixdown.checking.wave_chunks import chunk_findings, chunks_of
from mixdown.delivery import Target, find_target
from mixdown.display.style import new_axes
from mixdown.files import Blocks
from mixdown.files.containers.structure import Structure, structure_of
from mixdown.files.names import shown
from mixdown.files.recordings import gathered
from mixdown.files.tags import read_tags
from mixdown.meters import loudness

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, repr=False)
class FileCheck(FindingsReport):
    """The findings of a file check, and its measurements. What cannot be measured is None.

    Its findings are called, beside those of the mix check: "truncated", "chunks", "format", "checksum", "length" (of
    the container); "non_finite", "full_scale", "bits", "dual_mono", "edges" (of the samples); "lossy_source",
    "upsampled" (of their past); "tags", "isrc", "barcode", "encoding", "stated_loudness", "duplicate" (of the tags);
    "rate", "channels", "silence", "name" (of ingest profiles).

    Attributes
    ----------
    name : str
        Of the file.
    findings : tuple of Finding
        All of them, those of the mix check included; the worst first. A fault would be refused, or is damage; a warning
        sounds or shows worse.
    profiles, targets : tuple of str
        Services and targets of the check.
    format : Format
    structure : Structure
        Chunks and blocks in their order.
    duration_s : float
    effective_bits : int or None
        Word length that the samples use.
    cutoff_hz, cutoff_db : float or None
        Where the spectrum falls most within 1.2 kHz, from 10 to 20.5 kHz, and how far. From 40 dB on the programme was
        coded before; less does not mean that it was not: AAC at 256 kb/s leaves 10 dB.
    head_silence_s, tail_silence_s : float
    integrated_lufs, loudness_range_lu, true_peak_dbtp : float or None
        None for silence.
    title, isrc : str
        As tagged; empty if they are not.
    audio_sha256 : str
        Of the decoded samples: the same for the same samples in other containers.
    mix : MixCheck or None
        None if it was not asked for, or if there are more than two channels.

    Examples
    --------
    >>> import tempfile
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     md.write(f"{folder}/song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 96_000)), 48_000)
    ...     report = md.check(f"{folder}/song.wav", target="spotify")
    >>> print(f"{report.integrated_lufs:.1f} LUFS, {report.effective_bits} bits in use")
    -13.9 LUFS, 24 bits in use
    >>> report.passed, report.counts
    (True, '2 warnings, 1 note, 2 not measurable')
    >>> report.facts.split("; ")[:2]
    ['WAV, 24 bit, 48000 Hz, stereo', 'effective 24 bits']
    """

    name: str
    findings: tuple[Finding, ...]
    profiles: tuple[str, ...]
    targets: tuple[str, ...]
    format: Format
    structure: Structure
    duration_s: float
    effective_bits: int | None
    cutoff_hz: float | None
    cutoff_db: float | None
    head_silence_s: float
    tail_silence_s: float
    integrated_lufs: float | None
    loudness_range_lu: float | None
    true_peak_dbtp: float | None
    title: str
    isrc: str
    audio_sha256: str
    mix: MixCheck | None
    _envelope: NDArray[np.float32] = field(compare=False)

    def with_findings(self, more: Iterable[Finding]) -> FileCheck:
        """Return the report with further findings, such as those of a whole album.

        Parameters
        ----------
        more : iterable of Finding

        Returns
        -------
        FileCheck

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 96_000)), 48_000)
        ...     report = md.check(f"{folder}/song.wav", mix=False)
        >>> more = md.check_mix(np.ones((2, 48_000)), 48_000).findings
        >>> len(report.findings), len(report.with_findings(more).findings) - len(more)
        (3, 3)
        """
        return replace(self, findings=worst_first([*self.findings, *more]))

    @property
    def facts(self) -> str:
        """Format, word length in use and signs of lossy coding, in one line."""
        words = [str(self.format)]
        if self.effective_bits is not None and not self.format.lossy:
            words.append(f"effective {self.effective_bits} bits")
        if self.cutoff_db is not None and not self.format.lossy:
            detected = "detected" if self.of("lossy_source") else "not detected"
            at = f"{self.cutoff_db:.0f} dB at {self.cutoff_hz or 0:.0f} Hz"
            words.append(f"lossy source {detected} (largest fall {at})")
        return "; ".join(words)

    def __repr__(self) -> str:
        return f"<FileCheck {self.name}: {'passed' if self.passed else 'faults'}; {self.counts}>"

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values, those of the mix check beside those of the file.

        Returns
        -------
        dict
            Valid as strict JSON.

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 96_000)), 48_000)
        ...     plain = md.check(f"{folder}/song.wav").to_dict()
        >>> plain["duration_s"], plain["effective_bits"], round(plain["true_peak_dbtp"], 1)
        (2.0, 24, -6.5)
        """
        values = super().to_dict()
        del values["_envelope"], values["mix"]
        # 16 bytes are written as their digits.
        values["structure"]["md5"] = self.structure.md5.hex()
        mix = {} if self.mix is None else self.mix.to_dict()
        return {**mix, "passed": self.passed, **values}

    def table(self) -> str:
        """Return facts and findings as text, the worst first.

        Returns
        -------
        str

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 96_000)), 48_000)
        ...     table = md.check(f"{folder}/song.wav", profiles="cdbaby").table()
        >>> print(table.splitlines()[1].partition(":")[0])
        fault           rate         cdbaby takes 44100 Hz
        """
        rows = [[SEVERITIES[finding.severity], finding.check, finding.message] for finding in self.findings]
        return f"{self.name}: {self.facts}\n{aligned(rows, left=3, headed=False) if rows else 'Nothing found.'}"

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the waveform, and the findings where they are.

        Parameters
        ----------
        axes : matplotlib axes, optional
            New ones by default.

        Returns
        -------
        axes

        Examples
        --------
        >>> import tempfile
        >>> import mixdown as md, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     md.write(f"{folder}/song.wav", 0.1 * np.random.default_rng(1).standard_normal((2, 96_000)), 48_000)
        ...     axes = md.check(f"{folder}/song.wav").plot()
        >>> [round(float(end), 1) for end in axes.get_xlim()]
        [0.0, 2.0]
        """
        from mixdown.analysis.check_picture import draw_check

        drawn = new_axes(9.0, 3.2 + 0.3 * len({finding.check for finding in self.findings})) if axes is None else axes
        draw_check(drawn, self._envelope, self.duration_s, self.findings)
        return drawn


@_checks.named
def check(
    path: str | os.PathLike[str],
    *,
    profiles: ProfilesLike = (),
    target: str | Iterable[str] | None = None,
    mix: bool = True,
    limits: Mapping[str, float] | None = None,
) -> FileCheck:
    """Check a file for delivery: container, samples, signs of lossy coding, tags, requirements of services.

    Parameters
    ----------
    path : path
        Any file that :func:`read` reads.
    profiles : str, Profile or sequence of them, optional
        Requirements of services: names of :func:`profiles`, or your own profiles.
    target : str or sequence of str, optional
        Checks loudness and ceiling of these targets, too.
    mix : bool, default True
        Whether the mix check is made as well: clipping, overs, DC, polarity, mono and others. See :func:`check_mix`.
    limits : mapping of name to number, optional
        In place of those of ``md.limits("check")``, which say where they come from.

    Returns
    -------
    FileCheck
        It passed if it holds no fault.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not an audio file, or holds no audio.

    Examples
    --------
    >>> import tempfile
    >>> import mixdown as md, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     noise = 0.1 * np.random.default_rng(1).standard_normal((2, 96_000))
    ...     md.write(f"{folder}/song.wav", noise, 48_000, bit_depth=16)
    ...     report = md.check(f"{folder}/song.wav", profiles="cdbaby")
    >>> report.passed, [finding.value for finding in report.of("rate")], report.effective_bits
    (False, [48000], 16)
    """
    wanted = profiles_of(profiles)
    names = [] if target is None else [target] if isinstance(target, str) else _checks.items("target", target, "names")
    judges = tuple(find_target(name) for name in names)
    with_mix, values = _checks.flag("mix", mix), limits_given(limits)
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path = {_checks.shown(path)} is not a path: it must be a str or a pathlib.Path")
    return checked_file(Path(path), Path(path), wanted, judges, mix=with_mix, limits=values)


def checked_file(
    opened: Path | BinaryIO,
    path: Path,
    profiles: tuple[Profile, ...] = (),
    targets: tuple[Target, ...] = (),
    *,
    mix: bool = True,
    stems: Callable[[int], Stems] | None = None,
    lead: str | None = None,
    limits: Mapping[str, float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> FileCheck:
    """Check a file, or what was stored of a pipe; stems come from a function of the sample rate."""
    values = limits_given(None) if limits is None else limits
    with contextlib.nullcontext(opened) if not isinstance(opened, Path) else opened.open("rb") as file:
        structure = structure_of(file)
        tags = read_tags(file)
        chunks = chunks_of(file, structure)
    told: list[str] = []
    with Blocks(opened) as source:
        source._tell = told.append
        given = gathered(source)
    rate_hz = given.sample_rate_hz
    form = format_of(structure, source)
    audio, bad, first_bad = finite(given.audio)
    found = container_findings(structure, form, source.promised_frames, told)
    found += non_finite_findings(bad, first_bad, rate_hz)
    if structure.kind == "FLAC" and not found:
        found += _checksum_findings(audio, form, structure)
    floating = form.coding == "float"
    bits = None if form.lossy else effective_bits(audio, None if floating else form.bits)
    edges = edges_of(audio, rate_hz, values["quiet_steps"])
    found += sample_findings(
        audio,
        rate_hz,
        bits=None if form.lossy or floating else form.bits,
        floating=floating,
        effective=bits,
        edges=edges,
        limits=values,
    )
    cut, above = steps(audio, rate_hz, values)
    found += bandwidth_findings(cut, above, rate_hz, values, form.lossy)
    if form.lossy:
        message = f"The file is lossy ({form.coding}, {form.bitrate_kbps:.0f} kb/s): a service codes it once more."
        found.append(stated("format", "note", message, form.bitrate_kbps, None, "kb/s"))
    found += tag_findings(tags)
    for profile in profiles:
        found += ingest_findings(profile, form, structure, edges, path.name, bool(tags))
    reading = loudness(audio, rate_hz, weights=given.weights, precision="reference")
    found += chunk_findings(chunks, tags, reading, audio.shape[0], values)
    heard: list[Finding] = []
    report: MixCheck | None = None
    if mix and audio.shape[0] <= 2:
        tracks = None if stems is None else stems(rate_hz)
        if tracks is not None and lead is not None:
            tracks.named("lead", lead)
        report = checked(audio, rate_hz, tracks, lead, progress=progress)
        heard = list(report.findings)
    elif mix:
        message = f"The mix check takes one or two channels: the file has {audio.shape[0]}."
        heard = [stated("channels", "not_measurable", message, audio.shape[0], 2, "channels")]
    if targets:
        # The ceiling of the target takes the place of the headroom that a mix should have.
        heard = [finding for finding in heard if (finding.check, finding.severity) != ("overs", "note")]
    for target in targets:
        heard += target_findings(reading, target, audio.shape[0])
    sounds = np.isfinite(reading.integrated_lufs)
    return FileCheck(
        name=shown(path),
        findings=worst_first([*found, *heard]),
        profiles=tuple(profile.name for profile in profiles),
        targets=tuple(target.name for target in targets),
        format=form,
        structure=structure,
        duration_s=audio.shape[1] / rate_hz,
        effective_bits=bits,
        cutoff_hz=None if cut is None else cut.frequency_hz,
        cutoff_db=None if cut is None else cut.fall_db,
        head_silence_s=edges.head_silence_s,
        tail_silence_s=edges.tail_silence_s,
        integrated_lufs=reading.integrated_lufs if sounds else None,
        loudness_range_lu=reading.loudness_range_lu if sounds else None,
        true_peak_dbtp=reading.true_peak_dbtp if np.isfinite(reading.true_peak_dbtp) else None,
        title=text_of(tags, "title"),
        isrc=text_of(tags, "isrc").upper().replace("-", ""),
        audio_sha256=sha256_of(given.audio),
        mix=report,
        _envelope=_envelope(audio),
    )


def _checksum_findings(audio: Audio, form: Format, structure: Structure) -> list[Finding]:
    """Compare the samples of a FLAC file with the checksum that it states."""
    if structure.md5 == bytes(16) or form.bits not in (8, 16, 24) or form.channels > 2:
        return []
    whole = np.ascontiguousarray((audio.T.astype(np.float64) * 2.0 ** (form.bits - 1)).astype("<i4"))
    content = whole.view(np.uint8).reshape(-1, 4)[:, : form.bits // 8]
    if hashlib.md5(content.tobytes(), usedforsecurity=False).digest() == structure.md5:
        return []
    return [
        stated("checksum", "fault", "The samples do not have the checksum (MD5) that the file states: it is damaged.")
    ]


def _envelope(audio: Audio) -> NDArray[np.float32]:
    """Return the picture of one or two channels; of more, that of all of them in one."""
    made = envelope_of(audio)
    if len(made) <= 2:
        return made
    return np.stack([made[:, 0].min(axis=0), made[:, 1].max(axis=0)])[np.newaxis]
