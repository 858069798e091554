"""Mixes: tracks, groups, returns, sends, automation."""

from mixdown.session.kinds import Group, Return, Track
from mixdown.session.mix import Mix
from mixdown.session.readings import MixReading, StripReading
from mixdown.session.sends import Send
from mixdown.session.strips import Strip
from mixdown.session.vcas import Vca

__all__ = [
    "Group",
    "Mix",
    "MixReading",
    "Return",
    "Send",
    "Strip",
    "StripReading",
    "Track",
    "Vca",
]
