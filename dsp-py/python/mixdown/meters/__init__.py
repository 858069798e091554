"""Meters: loudness (ITU-R BS.1770-5, EBU Tech 3341 and 3342), levels, correlation, mono compatibility, spectrum."""

from mixdown.meters.correlation_meter import Correlation, CorrelationMeter, CorrelationReading, correlation
from mixdown.meters.level_matching import LevelMatched, level_matched
from mixdown.meters.level_meter import ChannelLevel, Level, LevelMeter
from mixdown.meters.loudness_meter import Loudness, LoudnessMeter, album_loudness, album_of, loudness
from mixdown.meters.mono_fold import FoldBand, MonoCompatibility, mono_compatibility
from mixdown.meters.spectrum_meter import Spectrum, SpectrumMeter, spectrum

__all__ = [
    "ChannelLevel",
    "Correlation",
    "CorrelationMeter",
    "CorrelationReading",
    "FoldBand",
    "Level",
    "LevelMatched",
    "LevelMeter",
    "Loudness",
    "LoudnessMeter",
    "MonoCompatibility",
    "Spectrum",
    "SpectrumMeter",
    "album_loudness",
    "album_of",
    "correlation",
    "level_matched",
    "loudness",
    "mono_compatibility",
    "spectrum",
]
