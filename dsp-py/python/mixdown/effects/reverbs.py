"""Algorithmic reverbs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from mixdown import _checks, _core
from mixdown.effects.effect import Effect

Space = Literal["room", "club", "chamber", "hall", "cathedral"]
"""What kind of space a reverb simulates."""


@dataclass(frozen=True, kw_only=True)
class Reverb(Effect):
    """Reverb of early reflections, diffusion and a feedback network of 16 delay lines. Always makes stereo.

    With the defaults, no window of 3 ms in the onset lies more than 4.5 dB below both of its neighbours. Other settings
    have gaps: in the hall, 62 dB at a diffusion of 0, 8 dB at 0.5; 9 dB at an `early_db` of 6; 6 dB at a `t60_s` of 15.

    Parameters
    ----------
    space : str, default "hall"
        "room", "club", "chamber", "hall" or "cathedral": the default of every other parameter.
        ``replace(space=...)`` sets them anew. Fixed while a stream runs.
    predelay_ms : float, default 5, 8, 12, 20, 40 by space
        Delay of the wet signal, 0 to 250 ms.
    size : float, default 0.25, 0.35, 0.45, 0.6, 1 by space
        Size of the space, 0 to 1.
    t60_s : float, default 0.5, 0.8, 1.3, 2.2, 6.5 by space
        Time to -60 dB between the two corners, 0.1 to 18 s; times the highest ratio at most 18.
    t60_low_ratio : float, default 1.2
        Time to -60 dB below the low corner, over `t60_s`: 0.2 to 3.
    t60_high_ratio : float, default 0.5
        Time to -60 dB above the high corner, over `t60_s`: 0.1 to 1.5.
    low_frequency_hz : float, default 250
        The low corner, 50 to 1000 Hz.
    high_frequency_hz : float, default 4000
        The high corner, 1000 to 16 000 Hz.
    diffusion : float, default 1
        Diffusion of the input, 0 to 1: rate at which the echo density builds up.
    modulation_hz : float, default 0.7
        Rate of the delay modulation, 0 to 3 Hz.
    modulation_depth_ms : float, default 0.15
        Depth of the delay modulation, 0 to 1 ms.
    early_db : float, default -8
        Level of the early reflections relative to the tail, -inf to 12 dB; -inf turns them off.
    width : float, default 1
        Stereo width of the wet signal, 0 to 2; 0 is mono.
    low_cut_hz : float, default 20
        Low cut of the wet signal, 12 dB per octave, 20 to 1000 Hz; 20 is off.
    high_cut_hz : float, default 20 000
        High cut of the wet signal, 12 dB per octave, 1000 to 20 000 Hz; 20 000 is off.
    duck_db : float, default 0
        Largest reduction of the wet signal while the input is loud, 0 to 40 dB: none up to -40 dBFS rms, all from
        -20 dBFS on, attack 10 ms, release 250 ms.
    freeze : bool, default False
        Holds the tail without decay and mutes its input.
    mix : float, default 1
        0 to 1: (1 - mix) dry + mix wet.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> click = np.eye(1, 48_000)[0]
    >>> tail = md.Reverb(space="chamber", t60_s=0.8, t60_high_ratio=1)(click, 48_000)
    >>> energy = np.cumsum((md.BandPass(frequency_hz=1_000)(tail, 48_000) ** 2).sum(0)[::-1])[::-1]
    >>> start, end = (np.argmax(energy < energy[0] / 10 ** (fall_db / 10)) for fall_db in (5, 35))
    >>> print(f"T60 at 1 kHz: {2 * (end - start) / 48_000:.2f} s")
    T60 at 1 kHz: 0.81 s
    """

    space: Space = "hall"
    predelay_ms: float
    size: float
    t60_s: float
    t60_low_ratio: float
    t60_high_ratio: float
    low_frequency_hz: float
    high_frequency_hz: float
    diffusion: float
    modulation_hz: float
    modulation_depth_ms: float
    early_db: float
    width: float
    low_cut_hz: float
    high_cut_hz: float
    duck_db: float
    freeze: bool
    mix: float

    def __init__(
        self,
        *,
        space: Space = "hall",
        predelay_ms: float | None = None,
        size: float | None = None,
        t60_s: float | None = None,
        t60_low_ratio: float | None = None,
        t60_high_ratio: float | None = None,
        low_frequency_hz: float | None = None,
        high_frequency_hz: float | None = None,
        diffusion: float | None = None,
        modulation_hz: float | None = None,
        modulation_depth_ms: float | None = None,
        early_db: float | None = None,
        width: float | None = None,
        low_cut_hz: float | None = None,
        high_cut_hz: float | None = None,
        duck_db: float | None = None,
        freeze: bool = False,
        mix: float = 1.0,
    ) -> None:
        given = {name: value for name, value in locals().items() if name in _REVERB_SETTINGS and value is not None}
        _checks.one_of("space", space, get_args(Space))
        for name, value in {**_core.reverb_space(space), **given}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other settings; another space resets every parameter that is not given.

        Parameters
        ----------
        **changes
            Parameters by name.

        Returns
        -------
        effect
            Of the same class.

        Examples
        --------
        >>> import mixdown as md
        >>> hall = md.Reverb(space="hall", mix=0.3)
        >>> hall.t60_s, hall.replace(t60_s=3).t60_s, hall.replace(space="room").t60_s, hall.replace(space="room").mix
        (2.2, 3.0, 0.5, 0.3)
        """
        self._refuse_unknown(changes)
        kept = ("freeze", "mix") if "space" in changes else _REVERB_SETTINGS
        return type(self)(**{**{name: getattr(self, name) for name in kept}, **changes})


_REVERB_SETTINGS = frozenset(entry.name for entry in dataclasses.fields(Reverb))


@dataclass(frozen=True, kw_only=True)
class Plate(Effect):
    """A plate reverb after Dattorro: bright, without early reflections.

    Always makes stereo. At full diffusion it is dense from 50 ms on, up to 20 kHz, at every sample rate.
    Music keeps its level at any decay, within 1.5 dB.

    Parameters
    ----------
    decay : float, default 0.5
        Feedback gain of each half of the tank, 0 to 0.99.
    predelay_ms : float, default 0
        Delay of the wet signal, 0 to 250 ms.
    diffusion : float, default 1
        Diffusion of the input, 0 to 1: factor on the gains of its all passes. At 0 they are a delay of 39 ms.
    damping_hz : float, default 7000
        Corner of the low pass in the tank, 200 to 20 000 Hz.
    modulation_hz : float, default 1
        Rate of the delay modulation, 0 to 3 Hz.
    modulation_depth_ms : float, default 0.1
        Depth of the delay modulation, 0 to 1 ms.
    low_cut_hz : float, default 20
        Low cut of the input of the plate, 12 dB per octave, 20 to 1000 Hz; 20 is off.
    width : float, default 1
        Stereo width of the wet signal, 0 to 2; 0 is mono.
    mix : float, default 1
        0 to 1: (1 - mix) dry + mix wet.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> click = np.eye(1, 48_000)[0]
    >>> tails = [md.Plate(decay=decay)(click, 48_000) for decay in (0.3, 0.7)]
    >>> ends_db = [10 * np.log10((tail[:, 24_000:] ** 2).sum() / (tail**2).sum()) for tail in tails]
    >>> print(f"after 0.5 s: {ends_db[0]:.0f} dB, {ends_db[1]:.0f} dB")
    after 0.5 s: -26 dB, -11 dB
    """

    decay: float = 0.5
    predelay_ms: float = 0.0
    diffusion: float = 1.0
    damping_hz: float = 7000.0
    modulation_hz: float = 1.0
    modulation_depth_ms: float = 0.1
    low_cut_hz: float = 20.0
    width: float = 1.0
    mix: float = 1.0
