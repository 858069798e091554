"""Vinyl pre-flight: what fits on a side of a record, and what its grooves ask of cutter and stylus."""

from mixdown.delivery.vinyl.check import vinyl_check
from mixdown.delivery.vinyl.report import VinylCheck
from mixdown.delivery.vinyl.songs import VinylSong

__all__ = ["VinylCheck", "VinylSong", "vinyl_check"]
