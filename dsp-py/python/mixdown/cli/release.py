"""The release of ``mixdown demo``: the song as a single, and an album of two songs for streaming, CD and vinyl."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from mixdown._checks import Audio
from mixdown.album import Album, MasteredAlbum
from mixdown.cli.terminal import figure, say, table
from mixdown.demo import coda
from mixdown.effects import HighPass, MidSide, Reverb, Width
from mixdown.files.names import shown
from mixdown.pack import Delivery
from mixdown.session import Mix

#: Formats of the single and of the album.
_SINGLE = ("wav24", "flac", "ingest:spotify")
_ALBUM = ("flac", "cd", "vinyl:7in45")


class Release(NamedTuple):
    """The packs of the single and of the album, and the album as it was mastered."""

    single: Delivery
    album: Delivery
    mastered: MasteredAlbum


def quiet_piece(sample_rate_hz: int, seed: int) -> Audio:
    """Return the second piece of the demo, mixed."""
    stems = coda.stems(seed=seed, sample_rate_hz=sample_rate_hz)
    mix = Mix(sample_rate_hz=sample_rate_hz)
    mix.track("guitar", stems["guitar"], fader_db=-7, pan=-0.2, sends={"hall": -10})
    mix.track("strings", stems["strings"], inserts=[Width(bass_mono_hz=250)], fader_db=-11, sends={"hall": -14})
    mix.returns("hall", [Reverb(space="hall", low_cut_hz=250)])
    return mix.render(tail="auto")


def released(folder: Path, song: Audio, sample_rate_hz: int, seed: int, progress: Callable[[float], None]) -> Release:
    """Write the single and the album into folders of their own."""
    single = Album(title="Demo", artist="mixdown", date="2026-11-28")
    single.track((song, sample_rate_hz), title="Demo")
    one = single.master("spotify").deliver(
        folder / "single", _SINGLE, overwrite=True, progress=lambda s: progress(0.3 * s)
    )
    album = Album(title="Demo and Coda", artist="mixdown", date="2026-11-28")
    album.track((song, sample_rate_hz), title="Demo")
    album.track((quiet_piece(sample_rate_hz, seed), sample_rate_hz), title="Coda", gap_s=1.5)
    mastered = album.master("spotify")
    progress(0.5)
    many = mastered.deliver(
        folder / "album",
        _ALBUM,
        overwrite=True,
        # A stylus does not follow bass out of phase.
        vinyl_effects=MidSide(side=[HighPass(frequency_hz=150, slope_db_per_octave=6)]),
        progress=lambda share: progress(0.5 + 0.5 * share),
    )
    return Release(one, many, mastered)


def plain_released(made: Release) -> dict[str, Any]:
    """Return what each pack holds and what was found in it, as plain values."""
    return {
        "packs": [
            {
                "folder": shown(pack.folder),
                "files": [file.to_dict() for file in pack.files],
                "report": pack.report.to_dict(),
            }
            for pack in (made.single, made.album)
        ]
    }


def print_released(made: Release) -> None:
    """Print the songs of the album, what each pack holds and what was found in it."""
    say(f"{made.mastered.table()}\n")
    rows = []
    for pack in (made.single, made.album):
        megabytes = sum(file.bytes for file in pack.files) / 1e6
        rows.append((shown(pack.folder), str(len(pack.files)), figure(megabytes, "MB"), pack.report.verdict))
    say(table(("Pack", "Files", "Size", "Report"), rows))
    say()
