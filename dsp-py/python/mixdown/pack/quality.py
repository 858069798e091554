"""The report of a pack: its songs, what was found in its files, what codecs, disc and record make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from mixdown import _checks
from mixdown._threads import Progress, each
from mixdown.album.master_of_song import MasteredSong
from mixdown.album.measuring import edge_lufs
from mixdown.album.tone import Tone, tone_of
from mixdown.analysis.findings import SEVERITIES, Finding, stated
from mixdown.checking import FileCheck
from mixdown.delivery.manifest import ManifestFile
from mixdown.display.html import Shown
from mixdown.effects import without_infinities
from mixdown.pack.formats import Format
from mixdown.pack.masters import Masters
from mixdown.pack.sides import Side
from mixdown.pack.writing import Written

#: True peak of decoded audio above which a player clips.
_FULL_SCALE_DBTP = 0.0


@dataclass(frozen=True)
class Seam:
    """Two songs that follow each other.

    Attributes
    ----------
    before, after : str
        Titles.
    pause_s : float
    end_lufs, start_lufs : float
        Loudest short-term level within the last 10 s of the one and the first 10 s of the other.
    """

    before: str
    after: str
    pause_s: float
    end_lufs: float
    start_lufs: float


@dataclass(frozen=True)
class Coded:
    """A song after a lossy coder, decoded.

    Attributes
    ----------
    format : str
    title : str
    integrated_lufs, true_peak_dbtp : float
    bitrate_kbps : float
        Of the file without its tags and cover.
    """

    format: str
    title: str
    integrated_lufs: float
    true_peak_dbtp: float
    bitrate_kbps: float


@dataclass(frozen=True, eq=False)
class Quality(Shown):
    """The report of a pack.

    Attributes
    ----------
    masters : Masters
        What was delivered.
    formats : tuple of str
    findings : tuple of (place, Finding)
        The worst first; the place is a file, or "cover", "cd", "vinyl side A".
    seams : tuple of Seam
    coded : tuple of Coded
    sides : tuple of Side
    pq_table : str
        Of the compact disc; empty without one.
    tones : tuple of Tone
        Of the songs.
    files : int
    """

    masters: Masters = field(repr=False)
    formats: tuple[str, ...]
    findings: tuple[tuple[str, Finding], ...]
    seams: tuple[Seam, ...]
    coded: tuple[Coded, ...]
    sides: tuple[Side, ...]
    pq_table: str = field(repr=False)
    tones: tuple[Tone, ...] = field(repr=False)
    files: int

    @property
    def passed(self) -> bool:
        """Whether there is no fault."""
        return all(finding.severity != "fault" for _, finding in self.findings)

    @property
    def verdict(self) -> str:
        """How many findings there are, by severity."""
        counts = {
            word: sum(one.severity == severity for _, one in self.findings) for severity, word in SEVERITIES.items()
        }
        said = [
            f"{count} {word}{'s' if count > 1 and word != 'not measurable' else ''}"
            for word, count in counts.items()
            if count
        ]
        return ", ".join(said) or "nothing found"

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values.

        Returns
        -------
        dict
            Valid as strict JSON.
        """
        masters = self.masters
        songs = [
            {
                "title": track.title,
                "isrc": song.isrc,
                "duration_s": track.duration_s,
                "pause_s": pause_s,
                "certificate": track.certificate.to_dict(),
            }
            for track, song, pause_s in zip(masters.tracks, masters.songs, masters.pauses_s, strict=True)
        ]
        return cast(
            dict[str, Any],
            without_infinities(
                {
                    "passed": self.passed,
                    "title": masters.label.title,
                    "artist": masters.label.artist,
                    "barcode": masters.label.barcode,
                    "formats": list(self.formats),
                    "master": masters.settings,
                    "album_lufs": masters.album_lufs,
                    "true_peak_dbtp": masters.true_peak_dbtp,
                    "findings": [{"place": place, **finding.to_dict()} for place, finding in self.findings],
                    "songs": songs,
                    "changes": list(masters.changes_told),
                    "seams": [vars(seam) for seam in self.seams],
                    "codecs": [vars(coded) for coded in self.coded],
                    "sides": [
                        {"side": side.name, "titles": list(side.titles), **side.check.to_dict()} for side in self.sides
                    ],
                    "pq_table": self.pq_table,
                }
            ),
        )


def quality_of(
    masters: Masters,
    formats: Sequence[Format],
    written: Sequence[Written],
    entries: Sequence[ManifestFile],
    checks: Mapping[str, FileCheck],
    sides: Sequence[Side],
    cover_findings: Sequence[Finding],
) -> Quality:
    """Return the report of what was written."""
    found = [("cover", finding) for finding in cover_findings]
    by_path = {file.path: file for file in written}
    joined = _joined(masters)
    found += [
        (path, finding)
        for path, checked in checks.items()
        for finding in checked.findings
        # Files without metadata have no tags, and songs without a gap end within sound: both are meant.
        if not (finding.check == "tags" and by_path[path].profile is not None)
        and not (finding.check == "edges" and by_path[path].song in joined)
        # Headroom and what music hides concern mixes.
        and not (finding.severity == "not_measurable" or (finding.check, finding.severity) == ("overs", "note"))
    ]
    found += [(song.title, stated("source", "fault", told)) for song in masters.songs for told in song.damage]
    found += [(track.title, _told(note)) for track in masters.tracks for note in track.certificate.notes]
    found += [(_on_side(side, finding), finding) for side in sides for finding in side.check.findings]
    coded = _coded(masters, formats, written, entries)
    found += [(one.format, _over(one)) for one in coded if one.true_peak_dbtp > _FULL_SCALE_DBTP]
    pq = ""
    if any(form.kind == "disc" for form in formats):
        layout = masters.layout
        pq = layout.pq_table()
        found += [("cd", stated("cd_text", "note", note)) for note in layout.notes]
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    found.sort(key=lambda pair: order[pair[1].severity])
    return Quality(
        masters=masters,
        formats=tuple(form.name for form in formats),
        findings=tuple(found),
        seams=_seams(masters),
        coded=coded,
        sides=tuple(sides),
        pq_table=pq,
        tones=tuple(tone for tone in each(masters.tracks, _tone) if isinstance(tone, Tone)),
        files=len(entries),
    )


def _tone(track: MasteredSong, note: Progress) -> Tone:
    note(0.0)
    return tone_of(track.audio, track.sample_rate_hz)


def _told(note: str) -> Finding:
    """Return a remark of a certificate as a finding: what may be heard is a warning."""
    return stated("master", "warning" if "listen" in note else "note", note)


def _joined(masters: Masters) -> set[int]:
    """Return the songs that go on from the one before, or into the next."""
    follows = {position for position, song in enumerate(masters.songs) if song.is_joined}
    return follows | {position - 1 for position in follows}


def _on_side(side: Side, finding: Finding) -> str:
    """Return the place of a finding on a record: the side, and the song if it is of one."""
    return ", ".join((f"vinyl side {side.name}", *finding.tracks))


def _seams(masters: Masters) -> tuple[Seam, ...]:
    tracks = masters.tracks
    return tuple(
        Seam(
            one.title,
            other.title,
            pause_s,
            edge_lufs(one.loudness, first=False),
            edge_lufs(other.loudness, first=True),
        )
        for one, other, pause_s in zip(tracks, tracks[1:], masters.pauses_s[1:], strict=False)
    )


def _coded(
    masters: Masters, formats: Sequence[Format], written: Sequence[Written], entries: Sequence[ManifestFile]
) -> tuple[Coded, ...]:
    by_path = {entry.path: entry for entry in entries}
    lossy = {form.folder: form.name for form in formats if form.kind == "lossy"}
    found = []
    for file in written:
        name, entry = lossy.get(file.path.split("/")[0]), by_path[file.path]
        if name is None or file.song is None or entry.integrated_lufs is None or entry.true_peak_dbtp is None:
            continue
        track = masters.tracks[file.song]
        kbps = 8e-3 * (file.coded_bytes or entry.bytes) / track.duration_s
        found.append(Coded(name, track.title, entry.integrated_lufs, entry.true_peak_dbtp, kbps))
    return tuple(found)


def _over(coded: Coded) -> Finding:
    peak = _checks.figure(coded.true_peak_dbtp, 2)
    return stated(
        "codec_overs",
        "warning",
        f"{coded.title}: {peak} dBTP after decoding. Players clip above 0: lower the ceiling, or take more kb/s.",
        coded.true_peak_dbtp,
        _FULL_SCALE_DBTP,
        "dBTP",
        source="[C] full scale of players that decode to whole numbers",
    )
