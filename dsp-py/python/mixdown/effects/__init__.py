"""Effects as values: frozen settings that process arrays, build streams, compare, print and pickle."""

from mixdown.effects.answers import answers
from mixdown.effects.combinations import Bypass, MidSide, Parallel
from mixdown.effects.convolution import Convolution, ImpulseResponse
from mixdown.effects.delays import Delay, TimeChange
from mixdown.effects.dynamics import (
    Compressor,
    DeEsser,
    DynamicBand,
    DynamicEqualizer,
    Dynamics,
    Expander,
    Gate,
    Limiter,
    MultibandCompressor,
    TransientShaper,
)
from mixdown.effects.effect import Chain, Effect, Stream, from_dict
from mixdown.effects.filters import (
    AllPass,
    Band,
    BandPass,
    Bell,
    Design,
    Equalizer,
    HighPass,
    HighShelf,
    LinearPhaseEqualizer,
    LowPass,
    LowShelf,
    Notch,
    Placed,
    Tilt,
)
from mixdown.effects.function import Function
from mixdown.effects.levels import Gain, Pan, PanLaw, Width
from mixdown.effects.modulation import Chorus, Flanger, Phaser, Tremolo, Vibrato
from mixdown.effects.parameters import Parameter, parameters_of, range_of
from mixdown.effects.reverbs import Plate, Reverb
from mixdown.effects.saturation import Clipper, Saturator, SaturatorCurve
from mixdown.effects.setting import KINDS, Setting, without_infinities
from mixdown.effects.tempo import Note

__all__ = [
    "KINDS",
    "AllPass",
    "Band",
    "BandPass",
    "Bell",
    "Bypass",
    "Chain",
    "Chorus",
    "Clipper",
    "Compressor",
    "Convolution",
    "DeEsser",
    "Delay",
    "Design",
    "DynamicBand",
    "DynamicEqualizer",
    "Dynamics",
    "Effect",
    "Equalizer",
    "Expander",
    "Flanger",
    "Function",
    "Gain",
    "Gate",
    "HighPass",
    "HighShelf",
    "ImpulseResponse",
    "Limiter",
    "LinearPhaseEqualizer",
    "LowPass",
    "LowShelf",
    "MidSide",
    "MultibandCompressor",
    "Notch",
    "Note",
    "Pan",
    "PanLaw",
    "Parallel",
    "Parameter",
    "Phaser",
    "Placed",
    "Plate",
    "Reverb",
    "Saturator",
    "SaturatorCurve",
    "Setting",
    "Stream",
    "Tilt",
    "TimeChange",
    "TransientShaper",
    "Tremolo",
    "Vibrato",
    "Width",
    "answers",
    "from_dict",
    "parameters_of",
    "range_of",
    "without_infinities",
]
