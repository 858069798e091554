"""Packs: an album in the formats of services, listeners and plants, with manifest, checksums and report."""

from mixdown.pack.delivering import Delivery, deliver
from mixdown.pack.quality import Quality

__all__ = ["Delivery", "Quality", "deliver"]
