"""Judgement: what a mix does to its tracks, measured and explained."""

from mixdown.analysis.stems import Stems, StemsLike
from mixdown.analysis.suggestions import Suggestion

__all__ = ["Stems", "StemsLike", "Suggestion"]
