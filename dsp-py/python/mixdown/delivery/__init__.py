"""Delivery: targets, normalisation, and masters measured as delivered."""

from mixdown.delivery.cd import CdEntry, CdLayout, CdTrack
from mixdown.delivery.certificate import Certificate, MatchedTo
from mixdown.delivery.codes import gtin, isrc
from mixdown.delivery.manifest import Manifest, ManifestFile
from mixdown.delivery.mastering import Mastered, master
from mixdown.delivery.normalizing import normalize
from mixdown.delivery.order import Order, Place, Seam, SongSummary, suggest_order
from mixdown.delivery.sides import VinylSides, brightness_db, vinyl_sides
from mixdown.delivery.targets import Target, find_target, playback_gain, targets, verdict

__all__ = [
    "CdEntry",
    "CdLayout",
    "CdTrack",
    "Certificate",
    "Manifest",
    "ManifestFile",
    "Mastered",
    "MatchedTo",
    "Order",
    "Place",
    "Seam",
    "SongSummary",
    "Target",
    "VinylSides",
    "brightness_db",
    "find_target",
    "gtin",
    "isrc",
    "master",
    "normalize",
    "playback_gain",
    "suggest_order",
    "targets",
    "verdict",
    "vinyl_sides",
]
