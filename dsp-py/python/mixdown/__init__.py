"""DSP for mixing and mastering music: numpy in, numpy out.

>>> import mixdown as md
>>> import numpy as np
>>> audio = np.ones((1, 4), dtype=np.float32)
>>> halved = md.Gain(gain_db=-6.0206)(audio, 48_000)
>>> (halved.dtype.name, halved.shape, round(float(halved[0, 0]), 4))
('float32', (1, 4), 0.5)
"""

from importlib.metadata import version as _version
from typing import TYPE_CHECKING as _TYPE_CHECKING

from mixdown._core import MixerError, ParameterError, ShapeError, Stream
from mixdown.audio import Audio, Blocks, Recording, blocks, read, resample, to_float, write
from mixdown.balance import balance
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
    Plate,
    Reverb,
    Tilt,
    Width,
    from_dict,
)
from mixdown.meters import Loudness, LoudnessMeter, album_loudness, loudness
from mixdown.session import Mix, Track

if _TYPE_CHECKING:
    from types import ModuleType as _ModuleType

    from mixdown import plots as plots

__version__ = _version("mixdown")


def __getattr__(name: str) -> "_ModuleType":
    """Load what draws, and the plotting library with it, when it is first asked for."""
    if name == "plots":
        import importlib

        return importlib.import_module("mixdown.plots")
    raise AttributeError(f"module 'mixdown' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "plots"})


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
    "MixerError",
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
    "MultibandCompressor",
    "Notch",
    "Pan",
    "Parallel",
    "ParameterError",
    "Plate",
    "Recording",
    "Reverb",
    "ShapeError",
    "Stream",
    "Target",
    "Tilt",
    "Track",
    "Width",
    "__version__",
    "album_loudness",
    "balance",
    "blocks",
    "from_dict",
    "loudness",
    "master",
    "normalize",
    "playback_gain",
    "plots",
    "read",
    "resample",
    "targets",
    "to_float",
    "write",
]
