"""The order of an album: what it costs to play one song after another, and the order that costs least."""

from mixdown.delivery.order.songs import Song
from mixdown.delivery.order.suggesting import Order, Place, Seam, suggest_order

__all__ = ["Order", "Place", "Seam", "Song", "suggest_order"]
