"""The order of an album: costs of transitions, and the order of least cost."""

from mixdown.delivery.order.orders import Order
from mixdown.delivery.order.seams import Place, Seam
from mixdown.delivery.order.songs import SongSummary
from mixdown.delivery.order.suggesting import suggest_order

__all__ = ["Order", "Place", "Seam", "SongSummary", "suggest_order"]
