"""Judgement: what a mix does to its tracks, measured and explained."""

from mixdown.analysis.balancing import Balance, balance
from mixdown.analysis.devices import Device, RoomNoise, devices
from mixdown.analysis.findings import Finding
from mixdown.analysis.lead import LeadMasker, LeadReport, LeadSpan, lead_report
from mixdown.analysis.masking_matrix import Clash, Masking, masking
from mixdown.analysis.matching import Match, MatchCurve, match
from mixdown.analysis.mix_check import MixCheck, check_mix
from mixdown.analysis.reports import Limit, limits
from mixdown.analysis.stems import Stems, StemsLike
from mixdown.analysis.suggestions import Suggestion
from mixdown.analysis.tonal import TonalBalance, TonalRegion, tonal_balance
from mixdown.analysis.tonal_target import TonalTarget, tonal_target
from mixdown.analysis.translating import Translation, translation

__all__ = [
    "Balance",
    "Clash",
    "Device",
    "Finding",
    "LeadMasker",
    "LeadReport",
    "LeadSpan",
    "Limit",
    "Masking",
    "Match",
    "MatchCurve",
    "MixCheck",
    "RoomNoise",
    "Stems",
    "StemsLike",
    "Suggestion",
    "TonalBalance",
    "TonalRegion",
    "TonalTarget",
    "Translation",
    "balance",
    "check_mix",
    "devices",
    "lead_report",
    "limits",
    "masking",
    "match",
    "tonal_balance",
    "tonal_target",
    "translation",
]
