"""Readings of the strips of a mix."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from mixdown import _checks
from mixdown._core import MixerError
from mixdown._tables import aligned
from mixdown.display.html import Shown
from mixdown.effects.setting import without_infinities
from mixdown.session.routing import shown

#: Most strips that are printed with the readings.
_MOST_ROWS = 16
_HEADINGS = ("Strip", "Peak", "RMS", "Loudness", "Correlation", "Reduction", "Clipped")


@dataclass(frozen=True)
class StripReading(Shown):
    """Levels of one strip over a rendering, after fader, pan and mute. Silence is -inf, never NaN.

    Attributes
    ----------
    peak_dbfs : float
        Largest sample.
    rms_dbfs : float
        RMS level of both sides: a full-scale sine in both reads -3.01.
    integrated_lufs : float
        Gated loudness; -inf under 400 ms.
    correlation : float
        Of left and right, -1 to 1; 0 if one of them lies below -90 dBFS.
    gain_reduction_db : float
        Largest gain reduction of one of its inserts; 0 without dynamics.
    clipped_samples : int
        Samples at or beyond full scale.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix()
    >>> _ = mix.track("lead", np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000), fader_db=-6)
    >>> reading = mix.measure(tail="none")["lead"]
    >>> print(f"{reading.peak_dbfs:.1f} dBFS peak, {reading.integrated_lufs:.1f} LUFS")
    -9.0 dBFS peak, -9.0 LUFS
    """

    peak_dbfs: float
    rms_dbfs: float
    integrated_lufs: float
    correlation: float
    gain_reduction_db: float
    clipped_samples: int

    def __repr__(self) -> str:
        figures = (
            f"{_checks.figure(self.peak_dbfs)} dBFS peak",
            f"{_checks.figure(self.rms_dbfs)} dBFS RMS",
            f"{_checks.figure(self.integrated_lufs)} LUFS",
            f"correlation {_checks.figure(self.correlation, 2)}",
            f"{_checks.figure(self.gain_reduction_db)} dB reduction",
            f"{self.clipped_samples} clipped samples",
        )
        return f"<StripReading: {', '.join(figures)}>"

    def _row(self) -> tuple[str, ...]:
        return (
            f"{_checks.figure(self.peak_dbfs)} dBFS",
            f"{_checks.figure(self.rms_dbfs)} dBFS",
            f"{_checks.figure(self.integrated_lufs)} LUFS",
            _checks.figure(self.correlation, 2),
            f"{_checks.figure(self.gain_reduction_db)} dB",
            str(self.clipped_samples),
        )


class MixReading(Shown, Mapping[str, StripReading]):
    """Readings of the strips of a mix by name, in the order of the mix, the master last.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix()
    >>> _ = mix.track("lead", np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000))
    >>> readings = mix.measure(tail="none")
    >>> [(name, round(reading.peak_dbfs, 1)) for name, reading in readings.items()]
    [('lead', -3.0), ('master', -3.0)]
    """

    def __init__(self, readings: Mapping[str, StripReading]) -> None:
        self._readings = dict(readings)

    def __getitem__(self, name: str) -> StripReading:
        reading = self._readings.get(name) if isinstance(name, str) else None
        if reading is None:
            raise MixerError(f"there is no strip named {shown(name)}")
        return reading

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._readings

    def __iter__(self) -> Iterator[str]:
        return iter(self._readings)

    def __len__(self) -> int:
        return len(self._readings)

    def __repr__(self) -> str:
        head = f"<MixReading: {len(self)} strips>"
        return f"{head}\n{self.table()}" if len(self) <= _MOST_ROWS else head

    def table(self) -> str:
        """Return the readings as a table of text, the master last.

        Returns
        -------
        str

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("lead", np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000))
        >>> print(mix.measure(tail="none").table())
        Strip        Peak        RMS   Loudness  Correlation  Reduction  Clipped
        lead    -3.0 dBFS  -6.0 dBFS  -3.0 LUFS         1.00     0.0 dB        0
        master  -3.0 dBFS  -6.0 dBFS  -3.0 LUFS         1.00     0.0 dB        0
        """
        rows = [_HEADINGS, *((name, *reading._row()) for name, reading in self.items())]
        return aligned(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the readings as plain values by the names of the strips.

        Returns
        -------
        dict
            Valid as strict JSON: an infinity is the word "inf" or "-inf".

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> _ = mix.track("lead", np.full(48_000, 0.5), pan=-1)
        >>> round(mix.measure(tail="none").to_dict()["lead"]["peak_dbfs"], 2)
        -6.02
        """
        plain = {name: dataclasses.asdict(reading) for name, reading in self.items()}
        return cast(dict[str, Any], without_infinities(plain))
