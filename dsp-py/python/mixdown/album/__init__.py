"""Albums: songs in order, measured beside each other, and mastered together."""

from mixdown.album.album import Album
from mixdown.album.master_of_song import AlbumChange, MasteredSong
from mixdown.album.mastered import MasteredAlbum
from mixdown.album.measuring import AlbumMeasurements, SongReading
from mixdown.album.settings import DeliverSettings, MasterSettings
from mixdown.album.songs import Song

__all__ = [
    "Album",
    "AlbumChange",
    "AlbumMeasurements",
    "DeliverSettings",
    "MasterSettings",
    "MasteredAlbum",
    "MasteredSong",
    "Song",
    "SongReading",
]
