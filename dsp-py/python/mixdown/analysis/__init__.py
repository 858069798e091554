"""Judgement: what a mix does to its tracks, measured and explained."""

from mixdown.analysis.devices import Device, RoomNoise, devices
from mixdown.analysis.reports import Limit, limits
from mixdown.analysis.stems import Stems, StemsLike
from mixdown.analysis.suggestions import Suggestion
from mixdown.analysis.translating import Translation, translation

__all__ = [
    "Device",
    "Limit",
    "RoomNoise",
    "Stems",
    "StemsLike",
    "Suggestion",
    "Translation",
    "devices",
    "limits",
    "translation",
]
