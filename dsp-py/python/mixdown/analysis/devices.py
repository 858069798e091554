"""Loudspeakers on which mixes are heard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from mixdown import _checks, _core
from mixdown._core import ParameterError
from mixdown._tables import aligned
from mixdown.display.html import Shown
from mixdown.effects import Chain, Effect, Width, from_dict

NoiseColour = Literal["pink", "road"]
_COLOURS: Sequence[str] = ("pink", "road")


@dataclass(frozen=True, kw_only=True)
class RoomNoise(Shown):
    """Background noise of a listening place, which masks the mix.

    Parameters
    ----------
    level_db_spl : float
        Sound pressure level from 20 Hz to 20 kHz, 0 to 120 dB.
    colour : "pink" or "road", default "pink"
        "pink": equal powers in equal parts of an octave. "road": equal density up to 100 Hz, falling by 6 dB per octave
        above, as in a car.

    Examples
    --------
    >>> import mixdown as md
    >>> train = md.RoomNoise(level_db_spl=70, colour="road")
    >>> md.Device(name="earbuds on a train", noise=train).noise.level_db_spl
    70.0
    """

    level_db_spl: float
    colour: NoiseColour = "pink"

    def __post_init__(self) -> None:
        object.__setattr__(self, "level_db_spl", _checks.in_range("level_db_spl", self.level_db_spl, 0, 120))
        _checks.one_of("colour", self.colour, _COLOURS)


@dataclass(frozen=True, kw_only=True)
class Device(Shown):
    """A loudspeaker, headphone or room, for :func:`translation`.

    Parameters
    ----------
    name : str
    effects : sequence of effects, default none
        Its response: linear effects in series, as an :class:`Equalizer` or a :class:`Convolution` of a measurement.
    mono_below_hz : float, default 0
        Below this frequency left and right are one: 0 nowhere, inf everywhere.
    level_db_spl : float, default 76
        Sound pressure level of the mean K-weighted power of a mix, 40 to 120 dB.
    noise : RoomNoise, optional
        None by default.
    source : str, default ""
        Where the figures come from.

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> kitchen = md.Device(name="kitchen radio", effects=[md.HighPass(frequency_hz=150)], mono_below_hz=float("inf"))
    >>> bass = 0.2 * np.sin(2 * np.pi * 50 * np.arange(96_000) / 48_000)
    >>> lead = 0.2 * np.sin(2 * np.pi * 1_000 * np.arange(96_000) / 48_000)
    >>> report = md.translation({"bass": bass, "lead": lead}, 48_000, devices=[kitchen])
    >>> {track: round(kept["kitchen radio"], 2) for track, kept in report.kept.items()}
    {'bass': 0.16, 'lead': 1.11}
    """

    name: str
    effects: tuple[Effect, ...] = ()
    mono_below_hz: float = 0.0
    level_db_spl: float = 76.0
    noise: RoomNoise | None = None
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ParameterError(f"name = {_checks.shown(self.name)} is not allowed: it must be a text")
        effects = _checks.items("effects", self.effects, "effects")
        for position, effect in enumerate(effects):
            if not isinstance(effect, Effect):
                raise TypeError(f"effects[{position}] = {_checks.shown(effect)} is not an effect")
        object.__setattr__(self, "effects", tuple(effects))
        object.__setattr__(self, "mono_below_hz", _checks.in_range("mono_below_hz", self.mono_below_hz, 0, math.inf))
        object.__setattr__(self, "level_db_spl", _checks.in_range("level_db_spl", self.level_db_spl, 40, 120))
        if self.noise is not None and not isinstance(self.noise, RoomNoise):
            raise TypeError(f"noise = {_checks.shown(self.noise)} is not a RoomNoise")

    def audition(self) -> Effect:
        """Return an effect that approximates the device: its response and mono fold, without level and noise.

        Returns
        -------
        Effect
            Approximate: a phone has more faults than its response. It takes stereo where the device folds to mono.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> tone = 0.1 * np.sin(2 * np.pi * 60 * np.arange(48_000) / 48_000)
        >>> heard = md.devices()["phone"].audition()(np.stack([tone, tone]), 48_000)[:, 24_000:]
        >>> print(f"{20 * np.log10(heard.std() / tone.std()):.0f} dB at 60 Hz")
        -56 dB at 60 Hz
        """
        fold = [] if self.mono_below_hz == 0 else [_folding(self.mono_below_hz)]
        return Chain([*self.effects, *fold])

    def to_dict(self) -> dict[str, Any]:
        """Return the device as plain values.

        Returns
        -------
        dict

        Examples
        --------
        >>> import mixdown as md
        >>> plain = md.devices()["car"].to_dict()
        >>> plain["level_db_spl"], plain["noise"]
        (78.0, {'level_db_spl': 68.0, 'colour': 'road'})
        """
        return self.engine(None)

    def engine(self, sample_rate_hz: float | None) -> dict[str, Any]:
        """Return the device as plain values for the engine, at the sample rate of the tracks.

        Parameters
        ----------
        sample_rate_hz : float or None
            Rate that impulse responses are converted to; None leaves them as they are.

        Returns
        -------
        dict

        Examples
        --------
        >>> import mixdown as md
        >>> radio = md.Device(name="radio", effects=[md.HighPass(frequency_hz=150)])
        >>> radio.engine(48_000)["effects"]
        [{'type': 'HighPass', 'frequency_hz': 150.0, 'slope_db_per_octave': 12.0}]
        """
        noise = self.noise and {"level_db_spl": self.noise.level_db_spl, "colour": self.noise.colour}
        below: float | str = "inf" if math.isinf(self.mono_below_hz) else self.mono_below_hz
        return {
            "name": self.name,
            "effects": [
                effect.to_dict() if sample_rate_hz is None else effect._engine(sample_rate_hz)
                for effect in self.effects
            ],
            "mono_below_hz": below,
            "level_db_spl": self.level_db_spl,
            "noise": noise,
            "source": self.source,
        }


def _folding(below_hz: float) -> Effect:
    return Width(width=0.0) if below_hz > 500 else Width(bass_mono_hz=max(below_hz, 20.0))


class Devices(Shown, dict[str, Device]):
    """Devices by their names, printed as a table."""

    __slots__ = ()

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """A row for each: name, level, what it folds to mono, noise, source."""
        return [
            (
                device.name,
                f"{device.level_db_spl:g}",
                _folded_to(device.mono_below_hz),
                "-" if device.noise is None else f"{device.noise.level_db_spl:g} dB SPL, {device.noise.colour}",
                device.source or "-",
            )
            for device in self.values()
        ]

    def __repr__(self) -> str:
        return aligned([("device", "dB SPL", "mono", "noise", "source"), *self.rows], left=(0, 2, 3, 4))


def _folded_to(mono_below_hz: float) -> str:
    if math.isinf(mono_below_hz):
        return "all"
    return f"below {mono_below_hz:g} Hz" if mono_below_hz > 0 else "-"


def devices() -> Devices:
    """Return the devices that :func:`translation` judges by default, with their sources.

    Returns
    -------
    dict of name to Device
        "phone", "laptop", "large laptop", "earbuds", "car", "club", "mono". Prints as a table.

    Examples
    --------
    >>> import mixdown as md
    >>> {name: device.level_db_spl for name, device in md.devices().items()}
    {'phone': 65.0, 'laptop': 68.0, 'large laptop': 70.0, 'earbuds': 72.0, 'car': 78.0, 'club': 96.0, 'mono': 76.0}
    """
    return Devices({made["name"]: _device_of(made) for made in _core.devices()})


def _device_of(made: dict[str, Any]) -> Device:
    noise = made["noise"]
    return Device(
        name=made["name"],
        effects=tuple(cast(Effect, from_dict(effect)) for effect in made["effects"]),
        mono_below_hz=float(made["mono_below_hz"]),
        level_db_spl=made["level_db_spl"],
        noise=None if noise is None else RoomNoise(**noise),
        source=made["source"],
    )


def devices_of(given: Iterable[Device | str] | None) -> list[Device]:
    """Return the devices of an argument: devices, or names of the default ones; all of those if None."""
    known = devices()
    if given is None:
        return list(known.values())
    chosen = []
    for position, device in enumerate(_checks.items("devices", given, "devices")):
        if isinstance(device, str):
            if device not in known:
                raise ParameterError(
                    f"devices[{position}] = {device!r} is unknown: it must be one of "
                    f"{', '.join(known)}{_checks.closest(device, known)}"
                )
            chosen.append(known[device])
        elif isinstance(device, Device):
            chosen.append(device)
        else:
            raise TypeError(f"devices[{position}] = {_checks.shown(device)} is not a Device or the name of one")
    names = [device.name for device in chosen]
    for name in names:
        if names.count(name) > 1:
            raise ParameterError(f"devices holds {name!r} twice")
    return chosen
