"""Figures: waveform, loudness, spectrum, gain reduction, the routing of a mix, the pages of reports, and players."""

from mixdown.display.figures import LoudnessLike, loudness_over_time, reduction, spectrum, waveform
from mixdown.display.mixing import MixStage, mix_report
from mixdown.display.players import ab_players, player
from mixdown.display.report import png, report
from mixdown.display.routing import mix

__all__ = [
    "LoudnessLike",
    "MixStage",
    "ab_players",
    "loudness_over_time",
    "mix",
    "mix_report",
    "player",
    "png",
    "reduction",
    "report",
    "spectrum",
    "waveform",
]
