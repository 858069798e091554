"""Judgement: what a mix does to its tracks, measured and explained."""

from mixdown.analysis.matching import Match, MatchCurve, match
from mixdown.analysis.stems import Stems, StemsLike
from mixdown.analysis.suggestions import Suggestion
from mixdown.analysis.tonal import TonalBalance, TonalRegion, tonal_balance
from mixdown.analysis.tonal_target import TonalTarget, tonal_target

__all__ = [
    "Match",
    "MatchCurve",
    "Stems",
    "StemsLike",
    "Suggestion",
    "TonalBalance",
    "TonalRegion",
    "TonalTarget",
    "match",
    "tonal_balance",
    "tonal_target",
]
