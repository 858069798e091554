"""Pages of albums: songs, masters, discs, manifests, catalogues, packs."""

from __future__ import annotations

from mixdown import _checks
from mixdown.album import Album, MasteredAlbum, MasteredSong, Song, SongReading
from mixdown.album.measuring import draw_songs, length_text
from mixdown.catalog import Catalog
from mixdown.delivery import CdLayout, Manifest
from mixdown.display import html, style
from mixdown.display.html import page_of
from mixdown.display.pages import masters, meters, recordings
from mixdown.pack.delivering import Delivery
from mixdown.pack.quality import Quality


@page_of.register
def _album(album: Album) -> str:
    rows = []
    for number, song in enumerate(album, 1):
        join = f"crossfade {song.crossfade_s:g} s" if song.crossfade_s else "gapless" if song.gapless else ""
        before = join or ("" if number == 1 else f"{song.gap_s:g} s")
        rows.append((str(number), song.title, song.artist, song.isrc, before, length_text(song.duration_s)))
    headings = ("", "Song", "Artist", "ISRC", "Gap before", "Length")
    return html.page(html.title_of(album), html.table(headings, rows, left=5))


@page_of.register
def _song(song: Song) -> str:
    rows = html.fields_of(song, without=("audio", "stamp", "title", "tags"))
    title = f"Song {song.title}: {length_text(song.duration_s)}"
    return html.page(title, *recordings.sound(song.audio, song.sample_rate_hz), html.table((), rows))


@page_of.register
def _song_reading(reading: SongReading) -> str:
    rows = html.fields_of(reading, without=("title", "loudness", "tone"))
    parts = (meters.curve_of(reading.loudness), html.table((), [*meters.rows_of(reading.loudness), *rows]))
    return html.page(f"SongReading {reading.title}", *parts)


@page_of.register
def _mastered_album(album: MasteredAlbum) -> str:
    songs = [(song.title, song.loudness, song.duration_s) for song in album.tracks]
    axes = draw_songs(style.new_axes(8.0, 3.0), songs, album.album_lufs)
    return html.page(html.title_of(album), html.drawn(axes), html.text_table(album.table()))


@page_of.register
def _mastered_song(song: MasteredSong) -> str:
    title = f"MasteredSong {song.title}: {length_text(song.duration_s)}, {song.sample_rate_hz:g} Hz"
    return html.page(title, *recordings.sound(song.audio, song.sample_rate_hz), *masters.certified(song.certificate))


@page_of.register
def _cd_layout(layout: CdLayout) -> str:
    return html.page(html.title_of(layout), html.text_table(layout.pq_table()))


@page_of.register
def _manifest(manifest: Manifest) -> str:
    rows = []
    for file in manifest.files:
        levels = ((file.integrated_lufs, "LUFS"), (file.true_peak_dbtp, "dBTP"))
        told = ("" if value is None else f"{_checks.figure(value, 2)} {unit}" for value, unit in levels)
        rows.append((file.path, f"{file.bytes:,}".replace(",", " "), *told, f"{file.sha256[:12]}…"))
    headings = ("File", "Bytes", "Loudness", "True peak", "SHA-256")
    return html.page(html.title_of(manifest), html.table(headings, rows, left=1))


@page_of.register
def _catalog(catalog: Catalog) -> str:
    return html.page(html.title_of(catalog), html.text_table(catalog.table()))


@page_of.register
def _quality(quality: Quality) -> str:
    rows = [(place, finding.severity, finding.message) for place, finding in quality.findings]
    return html.page(f"Quality: {quality.verdict}", html.table(("Place", "", "Finding"), rows))


@page_of.register
def _delivery(delivery: Delivery) -> str:
    rows = [(file.path, f"{file.bytes:,}".replace(",", " ")) for file in delivery.files]
    return html.page(html.title_of(delivery), html.table(("File", "Bytes"), rows, left=1))
