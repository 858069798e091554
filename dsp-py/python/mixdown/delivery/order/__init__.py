"""The order of an album: what it costs to play one song after another, and the order that costs least."""

from mixdown.delivery.order.orders import Order
from mixdown.delivery.order.seams import Place, Seam
from mixdown.delivery.order.songs import SongSummary
from mixdown.delivery.order.suggesting import suggest_order

__all__ = ["Order", "Place", "Seam", "SongSummary", "suggest_order"]
