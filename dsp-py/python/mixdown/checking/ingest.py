"""A file against an ingest profile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mixdown.analysis.findings import Finding, Severity, stated
from mixdown.checking.container import Format
from mixdown.checking.profiles import Profile
from mixdown.checking.samples import Edges
from mixdown.files.containers.structure import Structure

#: Parts of a WAV that hold no metadata.
_BARE = ("fmt ", "data", "fact", "PEAK", "JUNK", "junk", "PAD ", "FLLR", "ds64", "COMM", "SSND", "FVER")
#: Blocks of a FLAC file that do.
_TAGGED = ("VORBIS_COMMENT", "PICTURE", "CUESHEET")
#: Frames of a sector of a compact disc.
_SECTOR_FRAMES = 588
#: Share of its nominal bit rate that a file with a variable one has at least.
_MEAN_SHARE = 0.9


def ingest_findings(
    profile: Profile, format_: Format, structure: Structure, edges: Edges, name: str, tagged: bool
) -> list[Finding]:
    """Return why a service would refuse a file, and what it would rather have.

    Parameters
    ----------
    profile : Profile
    format_ : Format
    structure : Structure
    edges : Edges
    name : str
        Of the file, without its folder.
    tagged : bool
        Whether the file holds tags or pictures.
    """
    found: list[Finding] = []

    def add(
        check: str,
        severity: Severity,
        takes: str,
        has: str,
        value: float | None = None,
        limit: float | None = None,
        unit: str = "",
    ) -> None:
        word = "takes" if severity == "fault" else "prefers"
        message = f"{profile.name} {word} {takes}: {has}."
        found.append(stated(check, severity, message, value, limit, unit, source=f"{profile.source}, {profile.date}"))

    kind = _kind(format_)
    taken = kind in profile.formats
    if not taken:
        add("format", "fault", _list(profile.formats), f"this is {kind}")
    elif profile.preferred and kind not in profile.preferred:
        add("format", "note", _list(profile.preferred), f"this is {kind}")
    if taken and format_.lossy and format_.bitrate_kbps < _MEAN_SHARE * profile.min_lossy_kbps:
        kbps = format_.bitrate_kbps
        takes = f"lossy files of at least {profile.min_lossy_kbps:g} kb/s"
        add("format", "fault", takes, f"this has {kbps:.0f}", kbps, profile.min_lossy_kbps, "kb/s")
    if structure.kind == "WAV" and profile.format_codes and structure.format_code not in profile.format_codes:
        codes = _list([f"{code}" for code in profile.format_codes])
        code = structure.format_code
        has = "there is none" if code is None else f"this has {code if code < 0xFFFE else f'0x{code:X}'}"
        add("format", "fault", f"WAV of format code {codes}", has, code, profile.format_codes[0])
    if profile.data_last and (structure.after_data or structure.bytes_after):
        behind = [name.strip() for name in structure.after_data]
        behind += [f"{structure.bytes_after} bytes"] if structure.bytes_after else []
        add(
            "chunks",
            "fault",
            "nothing behind the samples",
            f"there {'is' if len(behind) == 1 else 'are'} {_list(behind, 'and')}",
        )
    held = [] if profile.metadata == "any" else _metadata(structure, tagged, only_id3=profile.metadata == "no ID3")
    if held:
        takes = "no embedded metadata" if profile.metadata == "none" else "no ID3 tags"
        add("tags", "fault", takes, f"the file holds {_list(held, 'and')}")
    found += _figures(profile, format_, edges)
    stem = name.rpartition(".")[0] or name
    if profile.names and not re.fullmatch(profile.names, stem):
        add("name", "fault", f"names of {profile.names}", f"this is {stem!r}")
    # What was chosen, and not published, refuses nothing.
    return [replace(finding, severity="warning") if _is_chosen(profile, finding) else finding for finding in found]


def _is_chosen(profile: Profile, finding: Finding) -> bool:
    return finding.severity == "fault" and profile.source.startswith("[C]")


def _figures(profile: Profile, format_: Format, edges: Edges) -> list[Finding]:
    """Return what a service says to rate, word length, channels, length and silence."""
    found: list[Finding] = []
    source = f"{profile.source}, {profile.date}"

    def add(check: str, severity: Severity, message: str, value: float, limit: float, unit: str) -> None:
        found.append(stated(check, severity, f"{profile.name} {message}.", value, limit, unit, source=source))

    rate_hz, name = format_.sample_rate_hz, f"the file has {format_.sample_rate_hz} Hz"
    if profile.rates_hz and rate_hz not in profile.rates_hz:
        add("rate", "fault", f"takes {_list(profile.rates_hz)} Hz: {name}", rate_hz, profile.rates_hz[0], "Hz")
    elif rate_hz < profile.min_rate_hz:
        add("rate", "fault", f"takes {profile.min_rate_hz:g} Hz and more: {name}", rate_hz, profile.min_rate_hz, "Hz")
    elif rate_hz > profile.max_rate_hz:
        add("rate", "fault", f"takes up to {profile.max_rate_hz:g} Hz: {name}", rate_hz, profile.max_rate_hz, "Hz")
    elif profile.better_rates_hz and rate_hz not in profile.better_rates_hz:
        better = _list(profile.better_rates_hz)
        add("rate", "warning", f"recommends {better} Hz: {name}", rate_hz, profile.better_rates_hz[-1], "Hz")
    bits = format_.bits
    if bits is not None and profile.bits and bits not in profile.bits:
        add("bits", "fault", f"takes {_list(profile.bits)} bits: the file has {bits}", bits, profile.bits[-1], "bit")
    elif bits is not None and bits < profile.better_bits:
        message = f"recommends {profile.better_bits} bits: the file has {bits}"
        add("bits", "warning", message, bits, profile.better_bits, "bit")
    if profile.channels and format_.channels not in profile.channels:
        message = f"takes {_list(profile.channels)} channels: the file has {format_.channels}"
        add("channels", "fault", message, format_.channels, profile.channels[-1], "channels")
    length_s = format_.frames / rate_hz
    if length_s < profile.min_s:
        message = f"takes {profile.min_s:g} s and more: the file lasts {length_s:.2f} s"
        add("length", "fault", message, length_s, profile.min_s, "s")
    if length_s > profile.max_s:
        message = f"takes up to {profile.max_s:g} s: the file lasts {length_s:.2f} s"
        add("length", "fault", message, length_s, profile.max_s, "s")
    if profile.sectors and rate_hz in profile.rates_hz and format_.frames % _SECTOR_FRAMES:
        missing = -format_.frames % _SECTOR_FRAMES
        message = f"counts in sectors of {_SECTOR_FRAMES} frames: {missing} frames are missing from the last one"
        add("length", "note", message, format_.frames % _SECTOR_FRAMES, 0, "frames")
    for end, silence_s in (("begins", edges.head_silence_s), ("ends", edges.tail_silence_s)):
        if silence_s > profile.max_silence_s:
            message = f"takes up to {profile.max_silence_s:g} s of silence: the file {end} with {silence_s:.2f} s"
            add("silence", "fault", message, silence_s, profile.max_silence_s, "s")
    return found


def _kind(format_: Format) -> str:
    """Return container and coding in the words of profiles."""
    if format_.container == format_.coding:
        return format_.container
    return f"{format_.container} {format_.coding}"


def _metadata(structure: Structure, tagged: bool, only_id3: bool) -> list[str]:
    """Return the names of what holds metadata."""
    names = [part.name for part in structure.parts]
    if only_id3:
        held = [name.strip() for name in names if name.strip().lower() == "id3"]
    elif structure.kind == "FLAC":
        # An empty comment, with the name of the encoder alone, is part of every file.
        held = [name for name in names if name in _TAGGED] if tagged else []
    else:
        held = [name.strip() for name in names if name not in _BARE]
    held += ["an ID3 tag in front"] if structure.id3_in_front else []
    held += ["an ID3v1 tag"] if structure.id3v1 else []
    return held or (["tags"] if tagged and not only_id3 else [])


def _list(items: Sequence[object], last: str = "or") -> str:
    words = [str(item) for item in items]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
