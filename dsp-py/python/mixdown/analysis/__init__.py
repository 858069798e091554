"""Judgement: what a mix does to its tracks, measured and explained."""

from mixdown.analysis.findings import Finding
from mixdown.analysis.mix_check import MixCheck, check_mix
from mixdown.analysis.stems import Stems, StemsLike
from mixdown.analysis.suggestions import Suggestion

__all__ = ["Finding", "MixCheck", "Stems", "StemsLike", "Suggestion", "check_mix"]
