"""Pictures for notebooks and papers: each function draws one thing into one axis, and returns the axis.

==========================  ============================================================
:func:`waveform`            least and greatest sample, a lane for each channel
:func:`loudness`            short-term, momentary and integrated loudness over time
:func:`spectrum`            levels in fractions of an octave
:func:`spectrogram`         level over time and frequency
:func:`goniometer`          left against right
:func:`compare`             spectra of two versions at equal loudness
:func:`response`            frequency response of linear effects, chains and equalizers
:func:`transfer`            static curve of dynamics, curve of a saturator
:func:`gain_reduction`      what dynamics do to a programme
:func:`decay`               impulse response of reverbs, delays and convolutions
:func:`mix`                 routing of a mix
:func:`player`              a sound with its controls, as HTML
:func:`ab_players`          versions switched in place at equal loudness, as HTML
==========================  ============================================================

Audio is an array with its rate, or what :func:`mixdown.read` returned alone. Without ``ax`` a figure is made that a
notebook shows: where pyplot is imported it is one of pyplot's, as ``plt.show()`` needs it, else it belongs to its axes
alone, and nothing is left behind. With ``ax`` everything is drawn there, as often as wanted: the colours go on, and
from the second drawing on there is a legend::

    ax = md.display.spectrum(mix, label="mix")
    md.display.spectrum(master, ax=ax, label="master").figure.savefig("spectra.png")

Objects show themselves: results, effects, chains, mixes, masters and albums have a page for notebooks, with their
figures, their curve, and players where there is sound.
"""

import mixdown.display.pages  # noqa: F401 (registers the pages of objects)
from mixdown.display.curves import decay, gain_reduction, response, transfer

# Not public: whole pages and their parts, for the reports and programs of the package.
from mixdown.display.figures import LoudnessLike as LoudnessLike
from mixdown.display.figures import loudness_over_time as loudness_over_time
from mixdown.display.figures import reduction as reduction
from mixdown.display.images import goniometer, spectrogram
from mixdown.display.mixing import MixStage as MixStage
from mixdown.display.mixing import mix_report as mix_report
from mixdown.display.players import ab_players, player
from mixdown.display.report import png as png
from mixdown.display.report import report as report
from mixdown.display.routing import mix
from mixdown.display.signals import compare, loudness, spectrum, waveform

__all__ = [
    "ab_players",
    "compare",
    "decay",
    "gain_reduction",
    "goniometer",
    "loudness",
    "mix",
    "player",
    "response",
    "spectrogram",
    "spectrum",
    "transfer",
    "waveform",
]


def __dir__() -> list[str]:
    return sorted(__all__)
