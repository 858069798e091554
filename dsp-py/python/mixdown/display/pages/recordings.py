"""Pages of sound: a player, and the waveform."""

from __future__ import annotations

import numpy as np

from mixdown import _checks
from mixdown._checks import Audio
from mixdown.analysis import Stems
from mixdown.display import html, style
from mixdown.display.html import page_of
from mixdown.display.players import player
from mixdown.display.signals import lane_names, waveform
from mixdown.files import Recording

#: Longest sound within the page of an object, in s: of what is longer, the loudest part. 10 s of a song in stereo
#: are 1 to 1.5 MB of a notebook, with the player of a master and its programme twice as much.
LONGEST_S = 10.0
#: Most channels that a player plays.
_MOST_CHANNELS = 8


@page_of.register
def _recording(recording: Recording) -> str:
    return html.page(html.title_of(recording), *sound(recording.audio, recording.sample_rate_hz, recording))


def sound(audio: Audio, sample_rate_hz: float, source: object = None) -> tuple[str, str]:
    """Return the waveform and a player of a sound; where it cannot be played, why."""
    lanes = _checks.planar(audio)
    height = 0.9 + 0.55 * min(lanes.shape[0], 8)
    # What is not finite is told below the waveform, in which it is silent.
    finite = lanes if not _checks.non_finite(lanes) else np.nan_to_num(lanes, posinf=0.0, neginf=0.0)
    axes = waveform(finite, sample_rate_hz, style.new_axes(7.0, height))
    axes.set_yticks(axes.get_yticks(), lane_names(source, lanes.shape[0]))
    drawn = html.drawn(axes)
    return drawn, played(audio, sample_rate_hz)


def played(audio: Audio, sample_rate_hz: float) -> str:
    """Return a player, or the reason that there is none."""
    lanes = _checks.planar(audio)
    if lanes.shape[1] == 0:
        return html.line("No frames: nothing to play.")
    if lanes.shape[0] > _MOST_CHANNELS:
        return html.line(f"{lanes.shape[0]} channels: browsers play 1 to {_MOST_CHANNELS}.")
    bad = _checks.non_finite(lanes)
    return (
        html.line(f"{bad} non-finite samples, drawn as 0: no player.")
        if bad
        else player(audio, sample_rate_hz, longest_s=LONGEST_S)
    )


@page_of.register
def _stems(stems: Stems) -> str:
    rows = [
        (
            name,
            {1: "mono", 2: "stereo"}.get(len(_checks.planar(audio)), ""),
            f"{audio.shape[-1] / stems.sample_rate_hz:.2f} s",
        )
        for name, audio in stems.items()
    ]
    return html.page(html.title_of(stems), html.table(("Stem", "Channels", "Length"), rows, left=2))
