"""The strip of a mix: the settings that tracks, groups, returns and the master have in common."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Protocol, Self, cast, get_args

from mixdown import _checks, _core
from mixdown._core import MixerError, ParameterError, ShapeError
from mixdown.display.html import Shown
from mixdown.effects import Effect, PanLaw, Parameter, parameters_of
from mixdown.effects.setting import WholeFunction
from mixdown.session.automation import STRIP_LANES, Automated, Point, Points, is_points, lane, parameter_at, read_points
from mixdown.session.inserts import places_after
from mixdown.session.routing import MASTER, shown
from mixdown.session.sends import FrozenDict, Send
from mixdown.session.settings import StereoPan, effects_of, key_sources_of, sends_of, strip_name, text
from mixdown.session.words import listed, said

#: Rate for the check of a strip that is in no mix yet, in Hz.
_CHECK_RATE_HZ = 48_000.0
_SWITCHES = ("invert_polarity", "mute", "solo", "solo_safe")


class _Owner(Protocol):
    """The mix of a strip."""

    @property
    def sample_rate_hz(self) -> float: ...

    def get(self, name: str) -> Any: ...

    def rename(self, old: str, new: str) -> None: ...

    def _check_routes(self, strip: Strip) -> None: ...


@functools.cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(entry.name for entry in dataclasses.fields(kind))


@dataclass(eq=False, repr=False)
class Strip(Shown):
    """One strip of a :class:`Mix`: the settings that tracks, groups and returns share.

    They may be changed until the mix is rendered. Each new value is checked at once; a refused one changes nothing.

    Parameters
    ----------
    name : str
        Its name in the mix, without "/". Setting it is :meth:`Mix.rename`.
    fader_db : float or points, default 0
        Level, -inf to 12 dB; at -144 and below silence. Instead of a number it takes points in time, ``(seconds,
        value)`` or ``(seconds, value, shape)``, and reads back as a tuple of them; so do the pans and `mute`. The shape
        names the way that ends at the point: "linear", "db_linear" (for dB, where it is the default), "exponential",
        "s_curve" or "hold". An s-curve has gone 3u² - 2u³ of the way at the share u of its time, of a level in dB.
        Before the first point and after the last one their values hold; times rise, equal times are a step.
    pan : float or points, default 0
        -1 to 1: pan of a strip that is mono after its inserts, balance of a stereo one; without effect on one with
        `stereo_pan` "dual".
    pan_law : "constant_power", "-4.5dB", "-6dB" or "linear", default "constant_power"
        As in :class:`Pan`.
    width : float, default 1
        Stereo width after the inserts, 0 to 2; a strip that is mono there takes 1 only.
    trim_db : float, default 0
        Level before the inserts, -24 to 24 dB.
    invert_polarity : bool, default False
        Inverts the polarity before the inserts.
    inserts : sequence of effects, default none
        First to last; kept as a tuple. Automation and keys follow an effect that moves among them; one that is
        automated, or has a key by its position, is not removed; nor is a send that is automated.
    sends : mapping of name to float or Send, default none
        Further ways to groups and returns: a number is the level in dB of a :class:`Send` after fader and pan.
    to : str, default "master"
        Name of the group that it feeds, or "master".
    key_from : str, or mapping of int to str, optional
        Name of the strip that is the key of the first insert that takes one; or names by the positions of inserts. A
        key is taken after the inserts of its strip, before fader and mute.
    mute : bool or points, default False
        Mutes the strip and its sends, not the keys that it gives.
    solo : bool, default False
        While any strip is soloed, only soloed strips, their sources and destinations, and returns are heard.
    solo_safe : bool, default False
        Stays audible while other strips are soloed.
    stereo_pan : "balance" or "dual", default "balance"
        Placing of a strip that is stereo after its inserts: `pan` turns one side down, or left and right are panned by
        themselves.
    left_pan : float or points, default -1
        -1 to 1: position of the left channel, for "dual".
    right_pan : float or points, default 1
        -1 to 1: position of the right channel, for "dual".

    Examples
    --------
    >>> import mixdown as md, numpy as np
    >>> mix = md.Mix()
    >>> lead = mix.track("lead", np.full(480, 0.5), pan=-1, fader_db=-6.0206)
    >>> mix.render(tail="none")[:, 100].round(4).tolist()
    [0.25, 0.0]
    >>> lead.fader_db = 0
    >>> mix.render(tail="none")[:, 100].round(4).tolist()
    [0.5, 0.0]
    """

    name: str
    _: KW_ONLY
    fader_db: Automated = 0.0
    pan: Automated = 0.0
    pan_law: PanLaw = "constant_power"
    width: float = 1.0
    trim_db: float = 0.0
    invert_polarity: bool = False
    inserts: tuple[Effect, ...] = ()
    sends: Mapping[str, Send] = FrozenDict({})
    to: str = MASTER
    key_from: str | Mapping[int, str] | None = None
    mute: bool | Points = False
    solo: bool = False
    solo_safe: bool = False
    stereo_pan: StereoPan = "balance"
    left_pan: Automated = -1.0
    right_pan: Automated = 1.0

    #: Settings that a strip of this kind does not have.
    _without: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "_complete", True)
        self._check()

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a setting at once, and keep the old one."""
        owner = self._owner
        if name == "name" and owner is not None and owner.get(self.__dict__.get("name", "")) is self:
            owner.rename(self.name, value)
            return
        complete = "_complete" in self.__dict__
        known = [known for known in _names(cast(Any, type(self))) if not complete or known not in self._without]
        if name not in known:
            raise _checks.unknown(f"a {type(self).__name__.lower()}", name, known)
        plain = self._plain(name, value)
        if not complete:
            object.__setattr__(self, name, plain)
            return
        changes = {name: plain}
        if name in STRIP_LANES and isinstance(plain, tuple):
            changes["_under"] = {**self._constants, name: self._constant(name)}
        if name == "sends":
            self._refuse_automated(plain)
        if name == "inserts":
            changes.update(self._following(plain))
        self._change(changes)

    def _following(self, inserts: tuple[Effect, ...]) -> dict[str, Any]:
        """Return automation and keys with the places that their inserts have among others."""
        places = places_after(self.inserts, inserts)

        def place(position: int, what: str) -> int:
            if position in places or position >= len(self.inserts):
                return places.get(position, position)
            gone = f"{self.inserts[position]._name}, which was at {position}, is not among the new inserts"
            raise ParameterError(f"{self.name}/{what}: {gone}: take this off first")

        lanes = {}
        for path, points in self._lanes.items():
            position, _, parameter = path.partition("/")
            at = f"{place(int(position), path)}" if position.isdecimal() else position
            lanes[f"{at}/{parameter}"] = points
        changes: dict[str, Any] = {"_lanes": lanes}
        if isinstance(self.key_from, Mapping):
            keys = {place(position, "key_from"): source for position, source in self.key_from.items()}
            changes["key_from"] = FrozenDict(keys)
        return changes

    def _refuse_automated(self, sends: Mapping[str, Send]) -> None:
        """Refuse other sends without one that is automated."""
        for path in self._lanes:
            match path.split("/"):
                case ["sends", to, _] if to not in sends and to in self.sends:
                    gone = f"the send to {shown(to)} is not among the new sends"
                    raise ParameterError(f"{self.name}/{path}: {gone}: take this off first")

    def __delattr__(self, name: str) -> None:
        raise ParameterError(f"{name} cannot be deleted: a {type(self).__name__.lower()} always has it")

    def _change(self, changes: Mapping[str, Any]) -> None:
        """Change attributes whole or not at all."""
        before = dict(self.__dict__)
        self.__dict__.update(changes)
        try:
            self._check()
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Return the parameters with their units, ranges and defaults, in the order of the signal path.

        Returns
        -------
        tuple of Parameter

        Examples
        --------
        >>> import mixdown as md
        >>> fader = next(parameter for parameter in md.Strip.parameters() if parameter.name == "fader_db")
        >>> fader.minimum, fader.maximum, fader.default, fader.unit
        (-inf, 12.0, 0.0, 'dB')
        """
        return parameters_of("Strip")

    @property
    def automation(self) -> Mapping[str, tuple[Point, ...]]:
        """Points of all automated parameters, by the path of the parameter."""
        own = {name: getattr(self, name) for name in STRIP_LANES if isinstance(getattr(self, name), tuple)}
        return FrozenDict({**own, **self._lanes})

    def automate(self, parameter: str, points: Points | None) -> None:
        """Set automation points of a parameter; see :meth:`Mix.automate`.

        Parameters
        ----------
        parameter : str
            Its path from the strip, as ``fader_db``, ``2/threshold_db`` or ``sends/hall/level_db``.
        points : list of (seconds, value[, shape]), or None
            None makes it a constant again.

        Examples
        --------
        >>> import mixdown as md, numpy as np
        >>> mix = md.Mix()
        >>> lead = mix.track("lead", np.ones(48_000), pan=-1)
        >>> lead.automate("fader_db", [(0.0, 0), (1.0, -12)])
        >>> lead.automation
        {'fader_db': ((0.0, 0.0, 'db_linear'), (1.0, -12.0, 'db_linear'))}
        >>> print(f"{20 * np.log10(mix.render(tail='none')[0, 24_000]):.2f} dB halfway")
        -6.00 dB halfway
        """
        if not isinstance(parameter, str):
            raise TypeError(f"parameter = {_checks.shown(parameter)} is not a text")
        found = parameter_at(parameter, self.inserts, list(self.sends), self.name)
        if "/" not in parameter:
            if points is not None:
                setattr(self, parameter, read_points(parameter, points, found))
            else:
                setattr(self, parameter, self._constant(parameter))
            return
        lanes = {path: kept for path, kept in self._lanes.items() if path != parameter}
        if points is not None:
            lanes[parameter] = read_points(parameter, points, found)
        self._change({"_lanes": lanes})

    def _draw(self, lanes: Mapping[str, tuple[Point, ...]]) -> None:
        """Give several parameters of inserts and sends points at once."""
        self._change({"_lanes": {**self._lanes, **lanes}})

    def _is_bus(self) -> bool:
        """Whether other strips may feed it."""
        return True

    def _destinations(self) -> Iterator[tuple[str, str]]:
        """Names of the strips that it feeds, each with the setting that says so."""
        yield self.to, "to"
        for to in self.sends:
            yield to, "sends"

    def _key_sources(self) -> Iterator[str]:
        """Names of the strips that are its keys."""
        if isinstance(self.key_from, str):
            yield self.key_from
        elif self.key_from is not None:
            yield from self.key_from.values()

    def _renamed(self, old: str, new: str) -> None:
        """Follow the new name of another strip."""
        following: dict[str, Any] = {"to": new if self.to == old else self.to}
        following["sends"] = FrozenDict({new if to == old else to: send for to, send in self.sends.items()})
        if isinstance(self.key_from, str):
            following["key_from"] = new if self.key_from == old else self.key_from
        elif self.key_from is not None:
            keys = {insert: new if name == old else name for insert, name in self.key_from.items()}
            following["key_from"] = FrozenDict(keys)
        parts = {path: path.split("/") for path in self._lanes}
        following["_lanes"] = {
            f"sends/{new}/{parts[path][2]}" if parts[path][:2] == ["sends", old] else path: points
            for path, points in self._lanes.items()
        }
        self.__dict__.update(following)

    @property
    def _owner(self) -> _Owner | None:
        """The mix that it was made for, whose rate it has. A copy is in none."""
        return self.__dict__.get("_mix")

    def _copied(self, owner: _Owner) -> Self:
        """Return the same strip of another mix of the same rate."""
        copied = type(self).__new__(type(self))
        # None of the values is changed in place.
        copied.__dict__.update(self.__dict__, _mix=owner)
        return copied

    def _rate_hz(self) -> float | None:
        return None if self._owner is None else self._owner.sample_rate_hz

    @property
    def _lanes(self) -> dict[str, tuple[Point, ...]]:
        """Points of parameters of inserts and sends, by path."""
        return cast(dict[str, tuple[Point, ...]], self.__dict__.get("_lanes", {}))

    @property
    def _constants(self) -> dict[str, Any]:
        """Values that automated parameters had before."""
        return cast(dict[str, Any], self.__dict__.get("_under", {}))

    def _constant(self, name: str) -> Any:
        """Return the value of a parameter without its points."""
        value = getattr(self, name)
        if not isinstance(value, tuple):
            return value
        defaults = {entry.name: entry.default for entry in dataclasses.fields(self)}
        return self._constants.get(name, defaults[name])

    def _check(self) -> None:
        """Refuse illegal settings by the checks of the engine."""
        rate_hz = self._rate_hz() or _CHECK_RATE_HZ
        for path in self._lanes:
            # Of an insert or a send that may have been removed.
            parameter_at(path, self.inserts, list(self.sends), self.name)
        try:
            _core.check_strip(self._engine(rate_hz), rate_hz)
        except (ParameterError, ShapeError) as error:
            raise self._told(error) from None
        if self._owner is not None:
            self._owner._check_routes(self)

    def _told(self, error: ValueError) -> ValueError:
        """Return an error of the engine with the path and the time of a point instead of positions."""
        found = re.search(r'^strip ".*": automation\[(\d+)\]\.(?:points\[(\d+)\]\.)?', str(error), re.DOTALL)
        if found is None:
            return error
        path, points = list(self.automation.items())[int(found[1])]
        point = "" if found[2] is None else f"point {found[2]} (at {points[int(found[2])][0]:g} s): "
        return type(error)(f"{self.name}/{path}: {point}{str(error)[found.end() :]}")

    def _plain(self, name: str, value: Any) -> Any:
        """Return the value of a setting as stored."""
        if name == "name":
            return strip_name(value)
        if name in STRIP_LANES and is_points(value):
            return read_points(name, value, parameter_at(name, (), (), self.name))
        if name in _SWITCHES:
            return _checks.flag(name, value)
        match name:
            case "inserts":
                return effects_of(value)
            case "sends":
                return sends_of(value)
            case "key_from":
                return key_sources_of(value)
            case "to":
                return text(name, value)
            case "pan_law":
                return _checks.one_of(name, value, get_args(PanLaw))
            case "stereo_pan":
                return _checks.one_of(name, value, get_args(StereoPan))
        return _checks.number(name, value)

    def _input(self) -> dict[str, Any]:
        """Return what the strip receives, in plain values."""
        return {"type": "Group"}

    def _engine(self, sample_rate_hz: float) -> dict[str, Any]:
        """Return plain values for the compiled module, without audio."""
        inserts = [effect._engine(sample_rate_hz) for effect in self.inserts]
        params = {parameter.name: getattr(self, parameter.name, None) for parameter in self.parameters()}
        params |= {name: self._constant(name) for name in STRIP_LANES}
        positions = {to: position for position, to in enumerate(self.sends)}
        paths = {
            path: f"sends/{positions[path.split('/')[1]]}/{path.split('/')[2]}" if path.startswith("sends/") else path
            for path in self.automation
        }
        params["inserts"] = inserts
        params["keys"] = self._keys(inserts)
        params["sends"] = [send._to(to) for to, send in self.sends.items()]
        params["automation"] = [lane(paths[path], points) for path, points in self.automation.items()]
        return {"name": self.name, "input": self._input(), "params": params}

    def _functions(self) -> Iterator[tuple[str, WholeFunction]]:
        """Yield the functions of whole signals among its inserts, each with its place."""
        for position, effect in enumerate(self.inserts):
            for within, function in effect._functions():
                yield f"{self.name}/inserts/{position}/{within}".removesuffix("/"), function

    def _keys(self, inserts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self.key_from is None:
            return []
        if not isinstance(self.key_from, str):
            return [{"insert": insert, "from": name} for insert, name in self.key_from.items()]
        first = next((position for position, insert in enumerate(inserts) if _core.takes_key(insert)), None)
        if first is None:
            takers = "Compressor, Expander, Gate and DynamicEqualizer do"
            called = f"strip {shown(self.name)}: key_from = {shown(self.key_from)}"
            raise MixerError(f"{called}: none of its inserts takes a key: {takers}")
        return [{"insert": first, "from": self.key_from}]

    def _kind(self) -> str:
        """Return the kind of signal in one word."""
        return type(self).__name__.lower()

    def __repr__(self) -> str:
        parts = [*self._said(), f"fader {said(self.fader_db, ' dB')}"]
        defaults = {entry.name: entry.default for entry in dataclasses.fields(self)}
        for name in ("pan", "pan_law", "width", "trim_db", "invert_polarity", *_SWITCHES[1:], "stereo_pan"):
            if getattr(self, name) != defaults[name]:
                parts.append(f"{name} {said(getattr(self, name))}")
        if self.inserts:
            parts.append(f"inserts {listed([effect._name for effect in self.inserts], ' > ')}")
        if self.sends:
            parts.append(f"sends to {listed(list(self.sends), ', ')}")
        if self.to != MASTER:
            parts.append(f"to {self.to}")
        return f"<{type(self).__name__} {_checks.shown(self.name)}: {', '.join(parts)}>"

    def _said(self) -> list[str]:
        return []
