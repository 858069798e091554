"""Measuring a mix: the readings of its strips over a whole rendering."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal

from mixdown import _checks, _core
from mixdown._checks import Audio
from mixdown.effects.answers import Answers
from mixdown.session.readings import MixReading, StripReading

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames there are."""


class Measured:
    """A mix that can be measured."""

    _sample_rate_hz: float

    @abstractmethod
    def _engine(self) -> tuple[dict[str, Any], list[Audio]]:
        """Return plain values for the compiled module, and the audio of the tracks in one format."""

    @abstractmethod
    def _answers(self) -> Answers | None:
        """Return what the compiled module calls for functions of whole signals, if there are any."""

    @_checks.named
    def measure(self, tail: Literal["none", "auto"] | float = "auto", progress: Progress | None = None) -> MixReading:
        """Measure every strip over the whole mix: after fader, pan and mute, the master at its output.

        Parameters
        ----------
        tail, progress
            As in :meth:`render`.

        Returns
        -------
        MixReading
            Of :class:`StripReading` by name, the master as "master".

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000)
        >>> _ = mix.track("lead", tone, fader_db=-6, inserts=[md.Compressor(threshold_db=-8, ratio=2)])
        >>> print(mix.measure(tail="none").table())
        Strip        Peak         RMS    Loudness  Correlation  Reduction  Clipped
        lead    -9.0 dBFS  -16.0 dBFS  -13.0 LUFS         1.00     4.0 dB        0
        master  -9.0 dBFS  -16.0 dBFS  -13.0 LUFS         1.00     0.0 dB        0
        """
        keep, report = _checks.tail(tail), _checks.callback("progress", progress)
        plain, tracks = self._engine()
        readings = _core.measure_mix(plain, tracks, self._sample_rate_hz, keep, report, self._answers())
        return MixReading({name: StripReading(**reading) for name, reading in readings.items()})
