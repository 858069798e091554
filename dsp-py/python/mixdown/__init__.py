"""DSP for mixing and mastering music: numpy in, numpy out.

>>> import mixdown as md
>>> import numpy as np
>>> audio = np.ones((1, 4), dtype=np.float32)
>>> halved = md.Gain(gain_db=-6.0206)(audio, 48_000)
>>> (halved.dtype.name, halved.shape, round(float(halved[0, 0]), 4))
('float32', (1, 4), 0.5)
"""

from importlib.metadata import version as _version

from mixdown import display
from mixdown._checks import Audio
from mixdown._core import MixerError, ParameterError, ShapeError
from mixdown.conversion import resample, to_float
from mixdown.delivery import Certificate, Mastered, Target, master, normalize, playback_gain, targets
from mixdown.effects import (
    AllPass,
    Band,
    BandPass,
    Bell,
    Bypass,
    Chain,
    Compressor,
    Convolution,
    DeEsser,
    DynamicBand,
    DynamicEqualizer,
    Effect,
    Equalizer,
    Expander,
    Gain,
    Gate,
    HighPass,
    HighShelf,
    ImpulseResponse,
    Limiter,
    LinearPhaseEqualizer,
    LowPass,
    LowShelf,
    MidSide,
    MultibandCompressor,
    Notch,
    Pan,
    Parallel,
    Parameter,
    Placed,
    Plate,
    Reverb,
    Stream,
    Tilt,
    Width,
    from_dict,
)
from mixdown.files import Blocks, Recording, blocks, read, write
from mixdown.meters import Loudness, LoudnessMeter, album_loudness, loudness
from mixdown.session import Group, Mix, Return, Send, Strip, Track, Vca, balance

__version__ = _version("mixdown")

__all__ = [
    "AllPass",
    "Audio",
    "Band",
    "BandPass",
    "Bell",
    "Blocks",
    "Bypass",
    "Certificate",
    "Chain",
    "Compressor",
    "Convolution",
    "DeEsser",
    "DynamicBand",
    "DynamicEqualizer",
    "Effect",
    "Equalizer",
    "Expander",
    "Gain",
    "Gate",
    "Group",
    "HighPass",
    "HighShelf",
    "ImpulseResponse",
    "Limiter",
    "LinearPhaseEqualizer",
    "Loudness",
    "LoudnessMeter",
    "LowPass",
    "LowShelf",
    "Mastered",
    "MidSide",
    "Mix",
    "MixerError",
    "MultibandCompressor",
    "Notch",
    "Pan",
    "Parallel",
    "Parameter",
    "ParameterError",
    "Placed",
    "Plate",
    "Recording",
    "Return",
    "Reverb",
    "Send",
    "ShapeError",
    "Stream",
    "Strip",
    "Target",
    "Tilt",
    "Track",
    "Vca",
    "Width",
    "__version__",
    "album_loudness",
    "balance",
    "blocks",
    "display",
    "from_dict",
    "loudness",
    "master",
    "normalize",
    "playback_gain",
    "read",
    "resample",
    "targets",
    "to_float",
    "write",
]
