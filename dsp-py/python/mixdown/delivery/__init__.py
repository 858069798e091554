"""Delivery: targets, normalisation, and masters measured as delivered."""

from mixdown.delivery.certificate import Certificate, MatchedTo
from mixdown.delivery.manifest import Manifest, ManifestFile
from mixdown.delivery.mastering import Mastered, master
from mixdown.delivery.normalizing import normalize
from mixdown.delivery.targets import Target, find_target, playback_gain, targets, verdict

__all__ = [
    "Certificate",
    "Manifest",
    "ManifestFile",
    "Mastered",
    "MatchedTo",
    "Target",
    "find_target",
    "master",
    "normalize",
    "playback_gain",
    "targets",
    "verdict",
]
