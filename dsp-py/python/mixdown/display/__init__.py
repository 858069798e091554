"""Figures: waveform, loudness, spectrum, gain reduction, the routing of a mix, and the page of a mastering report."""

from mixdown.display.bands import fractional_octave_spectrum
from mixdown.display.figures import LoudnessLike, loudness_over_time, reduction, spectrum, waveform
from mixdown.display.report import png, report
from mixdown.display.routing import routing

__all__ = [
    "LoudnessLike",
    "fractional_octave_spectrum",
    "loudness_over_time",
    "png",
    "reduction",
    "report",
    "routing",
    "spectrum",
    "waveform",
]
