"""Figures: waveform, loudness, spectrum, gain reduction, and the page of a mastering report."""

from mixdown.display.bands import fractional_octave_spectrum
from mixdown.display.figures import LoudnessLike, loudness_over_time, reduction, spectrum, waveform
from mixdown.display.report import png, report

__all__ = [
    "LoudnessLike",
    "fractional_octave_spectrum",
    "loudness_over_time",
    "png",
    "reduction",
    "report",
    "spectrum",
    "waveform",
]
