"""Compact discs: one layout, exact to the sector, and the files that are written from it.

There is no DDP: its specification is not public. CUE sheet, image and CD-TEXT file are what programs that hold the
licence, and pressing plants, make a DDP from.
"""

from mixdown.delivery.cd.entries import CdEntry, CdTrack
from mixdown.delivery.cd.layout import CdLayout

__all__ = ["CdEntry", "CdLayout", "CdTrack"]
