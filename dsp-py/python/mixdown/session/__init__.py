"""Mixes in memory, and a start balance."""

from mixdown.session.balance import Balance, balance
from mixdown.session.mix import Mix
from mixdown.session.strips import Track

__all__ = ["Balance", "Mix", "Track", "balance"]
