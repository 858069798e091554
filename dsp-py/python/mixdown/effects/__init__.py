"""Effects as values: frozen settings that process arrays, build streams, compare, print and pickle."""

from mixdown.effects.base import KINDS, Effect, Setting, from_dict, without_infinities
from mixdown.effects.combinations import Bypass, Chain, MidSide, Parallel
from mixdown.effects.dynamics import Compressor, Dynamics, Expander, Gate, Limiter
from mixdown.effects.filters import (
    AllPass,
    Band,
    BandPass,
    Bell,
    Design,
    Equalizer,
    HighPass,
    HighShelf,
    LowPass,
    LowShelf,
    Notch,
    Tilt,
)
from mixdown.effects.levels import Gain, Pan, PanLaw, Width

__all__ = [
    "KINDS",
    "AllPass",
    "Band",
    "BandPass",
    "Bell",
    "Bypass",
    "Chain",
    "Compressor",
    "Design",
    "Dynamics",
    "Effect",
    "Equalizer",
    "Expander",
    "Gain",
    "Gate",
    "HighPass",
    "HighShelf",
    "Limiter",
    "LowPass",
    "LowShelf",
    "MidSide",
    "Notch",
    "Pan",
    "PanLaw",
    "Parallel",
    "Setting",
    "Tilt",
    "Width",
    "from_dict",
    "without_infinities",
]
