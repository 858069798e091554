"""Judgement: what a mix does to its tracks, measured and explained."""

from mixdown.analysis.lead import LeadMasker, LeadReport, LeadSpan, lead_report
from mixdown.analysis.masking_matrix import Clash, Masking, masking
from mixdown.analysis.stems import Stems, StemsLike
from mixdown.analysis.suggestions import Suggestion

__all__ = [
    "Clash",
    "LeadMasker",
    "LeadReport",
    "LeadSpan",
    "Masking",
    "Stems",
    "StemsLike",
    "Suggestion",
    "lead_report",
    "masking",
]
