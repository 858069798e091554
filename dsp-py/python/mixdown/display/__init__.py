"""Figures: waveform, loudness, spectrum, gain reduction, the routing of a mix, and the pages of reports."""

from mixdown.display.figures import LoudnessLike, loudness_over_time, reduction, spectrum, waveform
from mixdown.display.mixing import MixStage, mix_report
from mixdown.display.report import png, report
from mixdown.display.routing import mix

__all__ = [
    "LoudnessLike",
    "MixStage",
    "loudness_over_time",
    "mix",
    "mix_report",
    "png",
    "reduction",
    "report",
    "spectrum",
    "waveform",
]
