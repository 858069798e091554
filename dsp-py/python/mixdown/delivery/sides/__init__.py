"""Sides of a record: where an album is cut, and how bright its songs are."""

from mixdown.delivery.sides.brightness import brightness_db
from mixdown.delivery.sides.cutting import VinylSides, vinyl_sides

__all__ = ["VinylSides", "brightness_db", "vinyl_sides"]
