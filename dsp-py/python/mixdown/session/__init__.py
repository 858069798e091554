"""Mixes: tracks, groups, returns, sends, automation; and a start balance."""

from mixdown.session.balance import Balance, balance
from mixdown.session.mix import Mix
from mixdown.session.readings import MixReading, StripReading
from mixdown.session.sends import Send
from mixdown.session.strips import Group, Return, Strip, Track
from mixdown.session.vcas import Vca

__all__ = [
    "Balance",
    "Group",
    "Mix",
    "MixReading",
    "Return",
    "Send",
    "Strip",
    "StripReading",
    "Track",
    "Vca",
    "balance",
]
