"""DSP for mixing and mastering music: numpy in, numpy out.

>>> import mixdown as md
>>> import numpy as np
>>> audio = np.ones((1, 4), dtype=np.float32)
>>> md.Gain(gain_db=-6.0)(audio, 48_000).round(3).tolist()
[[0.501, 0.501, 0.501, 0.501]]
"""

from mixdown._core import GraphError, ParameterError, ShapeError, Stream
from mixdown.effects import (
    AllPass,
    Audio,
    Band,
    BandPass,
    Bell,
    Bypass,
    Chain,
    Effect,
    Equalizer,
    Gain,
    HighPass,
    HighShelf,
    LowPass,
    LowShelf,
    MidSide,
    Notch,
    Pan,
    Parallel,
    Tilt,
    Width,
    from_dict,
)

__all__ = [
    "AllPass",
    "Audio",
    "Band",
    "BandPass",
    "Bell",
    "Bypass",
    "Chain",
    "Effect",
    "Equalizer",
    "Gain",
    "GraphError",
    "HighPass",
    "HighShelf",
    "LowPass",
    "LowShelf",
    "MidSide",
    "Notch",
    "Pan",
    "Parallel",
    "ParameterError",
    "ShapeError",
    "Stream",
    "Tilt",
    "Width",
    "from_dict",
]
